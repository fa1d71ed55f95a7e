# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that sync and doctor share: read what is wanted, decide, look at DNS.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ...module_utils._errors import UserError
from ...module_utils._names import MASKED
from .._wordpress.wire import from_result
from .decide import decide
from .holders import Wanted, wanted_by_items, wanted_by_network
from .options import FILE, LIST, REST
from .source import read_file, read_items

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Iterable, Mapping

    from ...module_utils._outcome import Progress
    from ...module_utils._probe.dns import DnsCheck
    from ...module_utils._runcloud.api import RunCloud
    from ...module_utils._runcloud.models import Domain
    from .._wordpress.network import Inventory
    from .decide import Decision
    from .options import DnsSettings
    from .policy import Policy


def source_of(options: Mapping[str, t.Any]) -> str:
    """Return where the wanted domains come from; by default a file where one is given, else a list."""
    return str(options["source"] or (FILE if options["file"] else LIST))


def read_wanted(
    options: Mapping[str, t.Any], policy: Policy, base: pathlib.Path, environment: Mapping[str, str]
) -> tuple[Wanted, Inventory | None]:
    """Read what is wanted, from wherever the options say.

    :param base: what a relative path is relative to.
    :param environment: for the proxies by which a REST API is asked.
    :returns: what is wanted, and the network that it was read from, where it was one.
    :raises UserError: it cannot be read, or holds mistakes: one line for each, with its place.
    """
    source = source_of(options)
    inventory: Inventory | None = None
    if source == LIST:
        items = read_items(_required(options, "domains", source, "the list of domains (or give a file)"), "domains")
        wanted = wanted_by_items(items, policy.base_domains)
    elif source == FILE:
        items = read_file(_required(options, "file", source, "a YAML, JSON or CSV file"), base)
        wanted = wanted_by_items(items, policy.base_domains)
    else:
        inventory = _read_network(options, policy, environment)
        wanted = wanted_by_network(inventory, policy.base_domains, policy.auto_create_www)
    bent = [row.typed for row in wanted.holders if MASKED in row.typed]
    if bent:
        raise UserError(
            f"{source}: {bent[0]} is not what was written: Ansible has masked a part of it, because a secret is the same "
            "text; change that secret"
        )
    return wanted, inventory


def _read_network(options: Mapping[str, t.Any], policy: Policy, environment: Mapping[str, str]) -> Inventory:
    if source_of(options) == REST:
        from .._wordpress.rest import read_rest

        url, key, secret = (
            _required(options, f"rest_{name}", REST, what)
            for name, what in (("url", "the network's main URL"), ("key", "the API key"), ("secret", "the API secret"))
        )
        return read_rest(url, key, secret, base_domains=policy.base_domains, environment=environment)
    result = _required(options, "network", "wordpress", "what multisite_domain_info returned")
    if result.get("unreachable") or result.get("failed") or "networks" not in result:
        raise UserError(f"WordPress could not be read: {result.get('msg') or 'the reading left no result'}")
    return from_result(result)


def _required(options: Mapping[str, t.Any], name: str, source: str, what: str) -> t.Any:
    value = options[name]
    if value is None:
        raise UserError(f"{name}: missing; with source {source} it must be {what}")
    return value


def with_attached(policy: Policy, rows: Iterable[Domain]) -> Policy:
    """Return the policy with what is attached."""
    return dataclasses.replace(policy, attached={row.name: row.www for row in rows})


def server_address(cloud: RunCloud, server_id: int) -> Callable[[], str | None]:
    """Return a function that asks for the server's address when it is needed, and only once."""
    return functools.cache(lambda: cloud.server(server_id).address)


def look_at_dns(
    names: Iterable[str],
    settings: DnsSettings,
    address: Callable[[], str | None],
    progress: Progress,
    *,
    served_name: str | None = None,
    port: int = 443,
    prefix: str = "dns_",
) -> dict[str, DnsCheck]:
    """Find out where each name points.

    :param address: the server's address; asked only where ``expect`` is not given.
    :param served_name: a name that the server is known to serve, by which an IPv6 address that was not declared is
        compared with the server's own.
    :param port: where handshakes go.
    :param prefix: what stands in front of the options' names in messages.
    :raises UserError: an option cannot be read, or the server's address is not known.
    """
    from ...module_utils._probe.dns import check_names
    from ...module_utils._probe.tls import same_server

    expect = settings.expect or tuple(filter(None, (address(),)))
    if not expect:
        raise UserError(f"{prefix}expect: missing; RunCloud does not say the server's address, so give it here")
    same = functools.partial(same_server, expect[0], name=served_name, port=port) if served_name else None
    return check_names(
        names,
        expect=expect,
        accept=settings.accept,
        nameservers=settings.nameservers,
        timeout=settings.timeout,
        progress=progress,
        same_server=same,
        option_prefix=prefix,
    )


def decide_with_dns(wanted: Wanted, policy: Policy, checks: Mapping[str, DnsCheck]) -> Decision:
    """Decide again, knowing where the names point: www names that need not be are only added where they point here."""
    from ...module_utils._probe.dns import Verdict

    words = {Verdict.ELSEWHERE: "does not point here", Verdict.UNKNOWN: "is not known to point here"}
    away = {name: words[check.verdict] for name, check in checks.items() if check.verdict in words}
    return decide(wanted, dataclasses.replace(policy, away=away))
