# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a WordPress network on its own host, by WP-CLI or by plain PHP.

PRIVATE to the collection: may change without notice.

The program goes in by standard input and the answer comes out by standard output, so neither the size of the network
nor the length of a command line is a limit. How a command gets to the host is the caller's matter.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import pathlib
import re
import shlex
import typing as t

from ...module_utils._errors import UserError
from .network import PHP, WP_CLI, Inventory
from .notes import examined
from .wire import parse, plain

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    # Runs a command on the host of WordPress: its words and its standard input -> exit code, output, error output.
    Run = Callable[[Sequence[str], str], tuple[int, str, str]]

# The options of an installation.
INSTALLATION_SPEC: dict[str, t.Any] = {
    "path": {"type": "str"},
    "method": {"type": "str", "choices": ["auto", "wp_cli", "php"], "default": "auto"},
    "wp_cli": {"type": "str", "default": "wp"},
    "php": {"type": "str", "default": "php"},
    "url": {"type": "str"},
    "timeout": {"type": "int", "default": 120},
}

_BEGIN = "MULTISITE-RUNCLOUD-BEGIN"
_END = "MULTISITE-RUNCLOUD-END"
_ERROR = re.compile(r"^MULTISITE-RUNCLOUD-ERROR (.*?)\r?$", re.MULTILINE)
_METHOD = re.compile(r"^MULTISITE-RUNCLOUD-METHOD (\w+)\r?$", re.MULTILINE)

# How `timeout` ends what takes too long: by a request, and if that is not heard, by force.
_TIMED_OUT = (124, 137)

# What WordPress, WP-CLI and PHP say when the cause lies outside of them, and what to do about it.
_CAUSES = {
    r"database tables (?:are|is) missing|tables? .{0,80}doesn.t exist|site you have requested is not installed": (
        "WordPress finds none of its tables; check $table_prefix in wp-config.php, and DB_NAME"
    ),
    r"error establishing a database connection|database error": (
        "WordPress cannot reach its database; check that it runs, and DB_HOST, DB_NAME, DB_USER and DB_PASSWORD"
    ),
    r"missing the mysql extension|mysqli.{0,30}not (?:installed|found)": (
        "this PHP has no MySQL extension; install it, or name another PHP by the option php"
    ),
    r"seem to be a <code>wp-config|wp-config\.php.{0,20}not found": (
        "there is no wp-config.php; path must be the folder of an installed WordPress"
    ),
    r"not seem to be a wordpress install": "WP-CLI finds no WordPress there; path must be the folder of wp-load.php",
    r"not a registered wp command|no such command": (
        "this is not a complete WP-CLI; name another by the option wp_cli, or use method=php"
    ),
    r"allowed memory size": "PHP's memory_limit is too small for this WordPress",
    r"site .{0,80}not found|could not find (?:the )?(?:site|network)|--url=": (
        "WP-CLI finds no site for the host name; give the network's address by the option url"
    ),
}

# What our own programs report, with the folder and their text.
_REPORTS = {
    "no_folder": "path: there is no folder {path} on this host that this user may open; give the folder of wp-load.php, "
    "and use become with the user that WordPress runs as",
    "no_wordpress": "path: {path} holds no wp-load.php; give the folder that WordPress lies in",
    "unreadable": "path: {path} may not be read by this user; use become with the user that WordPress runs as",
    "no_timeout": "timeout: the program timeout (GNU coreutils or BusyBox) is not on this host; install it",
    "no_wp_cli": "wp_cli: there is no program {wp_cli} on this host; install it, or use method=php",
    "no_php": "php: there is no program {php} on this host; install PHP or WP-CLI",
    "no_configuration": "path: {path} holds no wp-config.php: WordPress is not set up there; give the folder of an "
    "installed WordPress",
    "no_tables": "path: WordPress in {path} finds none of its tables; $table_prefix in wp-config.php is {text}",
    "not_multisite": "path: {path} is a WordPress, but not a multisite network ({text}); give the network's folder",
    "no_queue": "path: the plugin Ultimate Multisite is not at work in {path} ({text}), so there is no queue; activate "
    "it in the network",
    "database": "path: the database of WordPress in {path} refused a query: {text}",
}


@dataclasses.dataclass(frozen=True)
class Installation:
    """Where a WordPress lies and how it is reached: the options of the same names. ``timeout`` is in seconds.

    :raises UserError: where one of them cannot be used.
    """

    path: str
    method: str = "auto"
    wp_cli: str = "wp"
    php: str = "php"
    url: str | None = None
    timeout: int = 120

    @classmethod
    def from_options(cls, options: Mapping[str, t.Any]) -> Installation:
        """Take the options of an action."""
        return cls(**{field.name: options[field.name] for field in dataclasses.fields(cls)})

    def __post_init__(self) -> None:
        for name in ("path", WP_CLI, PHP, "url"):
            value = getattr(self, name)
            if value is not None and not (value.isprintable() and value.strip()):
                raise UserError(f"{name}: empty, or with control characters; remove them")
        for name in (WP_CLI, PHP):
            self.words(name)
        if not 1 <= self.timeout <= 86400:
            raise UserError(f"timeout: must be between 1 and 86400 seconds, not {self.timeout}")

    def words(self, option: str) -> str:
        """Return a program with its arguments so that a shell takes it as these words and nothing else."""
        command = getattr(self, option)
        try:
            words = shlex.split(command)
        except ValueError as exc:
            raise UserError(f"{option}: {command!r} is not a command: {exc}; correct the quotes") from None
        if not words or not words[0]:
            raise UserError(f"{option}: {command!r} names no program; give its name or path")
        return shlex.join(words)


def read_network(
    run: Run,
    where: Installation,
    *,
    network_id: int | None = None,
    base_domains: Sequence[str] = (),
    credentials: bool = False,
) -> Inventory:
    """Read a network; ``network_id`` and ``base_domains`` are those of ``examined``.

    :param credentials: whether to read the plugin's RunCloud secrets from wp-config.php too.
    :raises UserError: where it could not be read.
    """
    settings = {"host": host_of(where.url), "credentials": credentials}
    # The reader needs no plugin and no theme: what is not loaded can neither fail nor print, and costs no time.
    method, document = ask(run, where, "read.php", settings, "--skip-plugins", "--skip-themes")
    try:
        inventory = parse(document, method)
    except UserError as exc:
        said = plain(str(exc))
        raise UserError(f"path: WordPress in {where.path!r} gave an answer that cannot be used: {said}") from exc
    return examined(inventory, network_id=network_id, base_domains=base_domains)


def ask(
    run: Run, where: Installation, program: str, settings: Mapping[str, object], *flags: str
) -> tuple[str, dict[str, t.Any]]:
    """Run one of our PHP programs, which finds ``settings`` in ``$multisite_runcloud``.

    :param flags: what else WP-CLI is told.
    :returns: the method that was used, and the answer.
    :raises UserError: where there was no whole answer.
    """
    command = ["/bin/sh", "-c", _file("run.sh"), "multisite.runcloud", str(where.timeout), where.method, where.path]
    command += [where.url or "", where.words(WP_CLI), where.words(PHP), *flags]
    rc, text, errors = run(command, script(program, settings))
    found = _METHOD.search(text)
    method = found[1] if found else where.method
    # The answer stands between its marks; everything else that was printed is noise, or the reason of a failure.
    for start in (match.end() for match in re.finditer(_BEGIN, text)):
        try:
            document, end = json.JSONDecoder().raw_decode(text, len(text) - len(text[start:].lstrip()))
        except (ValueError, RecursionError):
            continue
        if text[end:].lstrip().startswith(_END) and isinstance(document, dict):
            return method, document
    raise UserError(_reported(where, text) or f"method {method}, path {where.path!r}: {_lack(where, rc, text, errors)}")


def script(program: str, settings: Mapping[str, object]) -> str:
    """Return a whole PHP program: its settings, what all programs share, and what its file holds."""
    encoded = base64.b64encode(json.dumps(settings).encode()).decode("ascii")
    parts = [_file(name).removeprefix("<?php\n") for name in ("common.php", program)]
    # In base64 nothing needs quoting.
    return "\n".join(("<?php", f"$multisite_runcloud = json_decode( base64_decode( '{encoded}' ), true );", *parts))


def host_of(url: str | None) -> str:
    """Return the host name that wp-config.php and WordPress see."""
    return re.sub(r"^[a-z]+://|/.*$", "", url or "localhost")


def _file(name: str) -> str:
    return pathlib.Path(__file__).with_name(name).read_text(encoding="utf-8")


def _reported(where: Installation, text: str) -> str:
    """Return the failure that our program reports; "" where it reports none."""
    for reported in reversed(_ERROR.findall(text)):
        try:
            report = json.loads(reported)
            words = _REPORTS[report["code"]]
        except (ValueError, RecursionError, TypeError, KeyError):
            continue
        values = {name: repr(getattr(where, name)) for name in ("path", WP_CLI, PHP)}
        return words.format(**values, text=plain(str(report.get("text"))))
    return ""


def _lack(where: Installation, rc: int, text: str, errors: str) -> str:
    """Say why there is no answer, by all else that was printed."""
    if rc in _TIMED_OUT:
        return f"no answer within {where.timeout} seconds (option timeout); WordPress hangs, or its database does"
    # A half answer may hold secrets.
    noise, begun, rest = text.partition(_BEGIN)
    problem = "the answer ends in the middle" if begun else "no answer"
    if _END in rest:
        problem = "between the marks of the answer stands something else than the answer"
    noise = f"{_METHOD.sub('', noise)}\n{errors}"
    causes = (f": {words}" for pattern, words in _CAUSES.items() if re.search(pattern, noise, re.I | re.S))
    said = plain(noise)
    said = f". It said: {said}" if said else ". It said nothing; an exit or a redirect in wp-config.php does that"
    return f"{problem} (exit code {rc}){next(causes, '')}{said}"
