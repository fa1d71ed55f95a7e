# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of runcloud_sync, and the variables of the role that stand in for them.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ...module_utils._domains.removal import Purge
from ...module_utils._errors import UserError
from ...module_utils._names import normalise, read_pattern
from ...module_utils._options import CONNECTION_SPEC, SSL_SPEC, WEBAPP_SPEC
from .policy import CHOICES, SETTINGS, SKIPPABLE, SKIPPED, Policy

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LIST, FILE, WORDPRESS, REST = SOURCES = ("list", "file", "wordpress", "rest")

# Which of the certificates' options make sense where the names follow from the domains.
_SSL = {name: spec for name, spec in SSL_SPEC.items() if name not in ("state", "domains")}

TEXTS: dict[str, t.Any] = {"type": "list", "elements": "str", "default": []}
SOURCE_SPEC: dict[str, t.Any] = {
    "source": {"type": "str", "choices": list(SOURCES)},
    "domains": {"type": "raw"},
    "file": {"type": "path"},
    "network": {"type": "dict"},
    "rest_url": {"type": "str"},
    "rest_key": {"type": "str", "no_log": True},
    "rest_secret": {"type": "str", "no_log": True},
    "exclude": TEXTS,
    "base_domains": TEXTS,
    "www": {"type": "str", "choices": list(CHOICES), "default": "auto"},
    "subdomains": {"type": "str", "choices": list(CHOICES), "default": "auto"},
    "skip": {"type": "list", "elements": "str", "choices": list(SKIPPABLE), "default": list(SKIPPED)},
    "auto_create_www": {"type": "str", "choices": list(SETTINGS)},
}
DNS_SPEC: dict[str, t.Any] = {
    "require_dns": {"type": "str", "choices": ["auto", "true", "false"], "default": "auto"},
    "dns_nameservers": TEXTS,
    "dns_accept": TEXTS,
    "dns_expect": {"type": "list", "elements": "str"},
    "dns_timeout": {"type": "int", "default": 5},
}
SYNC_SPEC: dict[str, t.Any] = {
    **CONNECTION_SPEC,
    **WEBAPP_SPEC,
    **SOURCE_SPEC,
    "purge": {"type": "bool", "default": False},
    "purge_keep": TEXTS,
    "purge_limit": {"type": "str", "default": "20%"},
    **DNS_SPEC,
    "ssl": {"type": "bool", "default": True},
    **{f"ssl_{name}": spec for name, spec in _SSL.items()},
    "fail_on_drift": {"type": "bool", "default": False},
    "report": {"type": "path"},
    "rows": {"type": "str", "choices": ["all", "changed"], "default": "all"},
    "variables": {"type": "str"},
}

# The variables of the role, without their prefix, and the options they stand in for.
VARIABLES: dict[str, str] = {
    **{f"api_{name.removeprefix('api_')}": name for name in CONNECTION_SPEC},
    **{name: name for name in SYNC_SPEC if name not in (*CONNECTION_SPEC, "network", "variables")},
}
# Variables of the role that only its tasks use, or that it leaves.
OTHER_VARIABLES = frozenset(
    (
        "hosts",
        "wordpress_method",
        "wordpress_path",
        "wordpress_wp_cli",
        "wordpress_php",
        "wordpress_url",
        "wordpress_network_id",
        "requeue_stuck",
        "doctor_searches",
        "result",
        "requeued",
        "doctor",
    )
)


def option_namer(prefix: str) -> Callable[[str], str]:
    """Return a function that calls the options in a text as the user knows them.

    The engines know only their own (``allow_mode_switch``), which are others here (``ssl_allow_mode_switch``), and
    variables in the role. A name that is a word of English as well counts only where the text begins with it or sets it.

    :param prefix: of the variables that stand in for options; "" where they do not.
    """
    called = {option: f"{prefix}{variable}" if prefix else option for variable, option in VARIABLES.items()}
    called = {**{name: called[f"ssl_{name}"] for name in _SSL}, **called}
    plain = "|".join(name for name in called if "_" not in name)
    compound = "|".join(name for name in called if "_" in name)
    names = re.compile(
        rf"(?<![\w./-])(?:{compound})(?![\w-]|[./]\w)|^(?:{plain})(?=[:,])|(?<=[Ss]et )(?:{plain})(?= to |: )"
        rf"|(?<![\w./-])(?:{plain})(?=: (?:true|false|basic|advanced|custom|letsencrypt)\b)"
    )
    return lambda text: names.sub(lambda found: called[found.group()], text)


@dataclasses.dataclass(frozen=True)
class DnsSettings:
    """How names are looked up. ``require`` is auto, true or false; ``expect`` empty means the server's address."""

    require: str
    nameservers: tuple[str, ...]
    accept: tuple[str, ...]
    expect: tuple[str, ...]
    timeout: float

    @property
    def checked(self) -> bool:
        """Whether names are looked up at all."""
        return self.require != "false"


def read_policy(options: Mapping[str, t.Any]) -> Policy:
    """Read what the operator wants of the names.

    :raises UserError: one line for each base domain or pattern that cannot be read.
    """
    return Policy(
        www=options["www"],
        subdomains=options["subdomains"],
        skip=frozenset(options["skip"]),
        auto_create_www=options["auto_create_www"],
        base_domains=_read_each(options, "base_domains", normalise),
        exclude=_read_each(options, "exclude", read_pattern),
    )


def read_purge(options: Mapping[str, t.Any]) -> Purge:
    """Read what may be removed.

    :raises UserError: the limit, or a pattern of what is kept, cannot be read.
    """
    return Purge(options["purge"], _read_each(options, "purge_keep", read_pattern), options["purge_limit"].strip())


def read_dns(options: Mapping[str, t.Any]) -> DnsSettings:
    """Read how names are looked up.

    :raises UserError: the timeout is not positive.
    """
    if options["dns_timeout"] < 1:
        raise UserError(f"dns_timeout: {options['dns_timeout']} is too small; give 1 or more")
    return DnsSettings(
        options["require_dns"],
        nameservers=tuple(options["dns_nameservers"]),
        accept=tuple(options["dns_accept"]),
        expect=tuple(options["dns_expect"] or ()),
        timeout=options["dns_timeout"],
    )


def ssl_options(options: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the options of the certificates under their own names, complete as ``read_request`` takes them."""
    return {"state": "present", "domains": None, **{name: options[f"ssl_{name}"] for name in _SSL}}


def _read_each(options: Mapping[str, t.Any], option: str, read: Callable[[str], str]) -> tuple[str, ...]:
    """Read the entries of a list; empty ones are left out.

    :raises UserError: one line for each that cannot be read.
    """
    found, problems = [], []
    for value in options[option]:
        try:
            found += [read(value)] if value.strip() else []
        except UserError as exc:
            problems.append(f"{option}: {exc}")
    if problems:
        raise UserError("\n".join(problems))
    return tuple(found)
