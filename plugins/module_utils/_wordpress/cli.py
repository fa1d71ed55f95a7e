# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a WordPress network on its own host, by WP-CLI or by plain PHP.

PRIVATE to the collection: may change without notice.

The script goes in by standard input and the answer comes out by standard output, so neither the size of the network nor
the length of a command line is a limit, and nothing shows in the list of processes.
"""

from __future__ import annotations

import dataclasses
import html
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import typing as t
from pathlib import Path

from . import network as _inventory
from . import php as _wordpress_php

WP_CLI = "wp_cli"
PHP = "php"
REST = "rest"

# A web server's own user has often a bare PATH; both programs are usually installed here.
_USUAL_FOLDERS = ("/usr/local/bin", "/usr/bin", "/bin")
_EXCERPT = 300

# What WordPress, WP-CLI and PHP say when the cause lies outside of them, and what to do about it.
_CAUSES = (
    (
        re.compile(r"error establishing a database connection|database error", re.IGNORECASE),
        "WordPress cannot reach its database; check that it runs, and DB_HOST, DB_NAME, DB_USER and DB_PASSWORD",
    ),
    (
        re.compile(r"missing the mysql extension|mysqli.{0,30}not (?:installed|found)", re.IGNORECASE),
        "this PHP has no MySQL extension; install it, or name another PHP by the option php",
    ),
    (
        re.compile(r"seem to be a <code>wp-config|wp-config\.php.{0,20}not found", re.IGNORECASE),
        "there is no wp-config.php; path must be the folder of an installed WordPress",
    ),
    (
        re.compile(r"not seem to be a wordpress install", re.IGNORECASE),
        "WP-CLI finds no WordPress there; path must be the folder of wp-load.php",
    ),
    (
        re.compile(r"not a registered wp command|no such command", re.IGNORECASE),
        "this is no complete WP-CLI; name another by the option wp_cli, or use method=php",
    ),
    (
        re.compile(r"allowed memory size", re.IGNORECASE),
        "PHP's memory_limit is too small for this WordPress",
    ),
    (
        re.compile(r"site .{0,80}not found|could not find (?:the )?(?:site|network)|--url=", re.IGNORECASE),
        "WP-CLI finds no site for the host name; give the network's address by the option url",
    ),
)


class WordPressError(Exception):
    """A network that could not be read; the message names the option and the value, and says what to do."""


@dataclasses.dataclass(frozen=True)
class RunCloudConstants:
    """The plugin's own RunCloud settings in wp-config.php, of both of its generations. Secrets only when asked for."""

    server_id: str | None = None
    webapp_id: str | None = None
    has_token: bool = False
    has_key: bool = False
    api_token: str | None = dataclasses.field(default=None, repr=False)
    api_key: str | None = dataclasses.field(default=None, repr=False)
    api_secret: str | None = dataclasses.field(default=None, repr=False)

    def public(self) -> dict[str, t.Any]:
        """Give what is no secret."""
        return {
            "server_id": self.server_id,
            "webapp_id": self.webapp_id,
            "has_token": self.has_token,
            "has_key": self.has_key,
        }

    def secret(self) -> dict[str, t.Any]:
        """Give the credentials, together with what they are for."""
        return {
            "server_id": self.server_id,
            "webapp_id": self.webapp_id,
            "api_token": self.api_token,
            "api_key": self.api_key,
            "api_secret": self.api_secret,
        }


@dataclasses.dataclass(frozen=True)
class Reading:
    """What was read, by which method, and what the reading itself has to say."""

    method: str
    inventory: _inventory.Inventory
    notes: tuple[_inventory.Note, ...] = ()
    runcloud: RunCloudConstants | None = None


@dataclasses.dataclass(frozen=True)
class Output:
    """What a finished program left."""

    rc: int
    stdout: str
    stderr: str


def find_program(command: str | None, default: str) -> list[str] | None:
    """Find an executable.

    :param command: what the user gave; may have arguments, as in ``php8.2 /usr/local/bin/wp``.
    :param default: what is looked for otherwise.
    :returns: the command's words with the full path of the first, or None where there is no such program.
    """
    words = shlex.split(command or default)
    if not words:
        return None
    places = os.pathsep.join((os.environ.get("PATH", ""), *_USUAL_FOLDERS))
    program = shutil.which(words[0], path=places)
    return [program, *words[1:]] if program else None


def program_for(method: str, path: str, command: str | None) -> list[str]:
    """Find the program of a method, for a folder that holds a WordPress.

    :param method: ``wp_cli`` or ``php``.
    :param command: what the user gave for it.
    :raises WordPressError: where the folder is none, or there is no such program.
    """
    check_path(path)
    program = find_program(command, method)
    if program is None:
        hint = "install PHP or WP-CLI" if method == PHP else "install it, or use method=php"
        raise WordPressError(f"{method}: there is no program {command!r} on this host; {hint}")
    return program


def read_by_wp_cli(
    program: list[str], path: str, *, url: str | None = None, credentials: bool = False, timeout: float = 120
) -> Reading:
    """Read a network by ``wp eval-file -``.

    :param program: WP-CLI, as ``find_program`` gives it.
    :param path: folder of wp-load.php.
    :param url: the network's address, for an installation whose wp-config.php does not name it.
    :param credentials: whether to read the plugin's RunCloud secrets from wp-config.php too.
    :param timeout: seconds.
    :raises WordPressError: where it could not be read.
    """
    # The reader needs no plugin and no theme: what is not loaded can neither fail nor print, and costs no time.
    command = wp_cli_command(program, path, url, "--skip-plugins", "--skip-themes")
    return _reading(WP_CLI, path, ask(WP_CLI, path, command, _wordpress_php.wp_cli_script(credentials), timeout))


def read_by_php(
    program: list[str], path: str, *, url: str | None = None, credentials: bool = False, timeout: float = 120
) -> Reading:
    """Read a network by plain PHP and wp-load.php. Parameters and errors as in ``read_by_wp_cli``."""
    script = _wordpress_php.php_script(path, host_of(url), credentials)
    return _reading(PHP, path, ask(PHP, path, php_command(program), script, timeout))


def wp_cli_command(program: list[str], path: str, url: str | None, *flags: str) -> list[str]:
    """Give the command that evaluates PHP from standard input. Parameters as in ``read_by_wp_cli``."""
    command = [*program, "eval-file", "-", f"--path={path}", *flags, "--no-color"]
    if url:
        command.append(f"--url={url}")
    if os.geteuid() == 0:
        command.append("--allow-root")
    return command


def php_command(program: list[str]) -> list[str]:
    """Give the command that runs PHP from standard input."""
    # Errors must neither mix with the answer nor show the arguments of functions, among them the database's password.
    return [*program, "-d", "display_errors=stderr", "-d", "html_errors=0", "-d", "zend.exception_ignore_args=1"]


def host_of(url: str | None) -> str:
    """Give the host name that wp-config.php and WordPress see."""
    return re.sub(r"^[a-z]+://|/.*$", "", url or "localhost")


def ask(method: str, path: str, command: list[str], script: str, timeout: float) -> dict[str, t.Any]:
    """Run one of our scripts and give its answer.

    :param method: for messages, as are ``path`` and the command's first word.
    :param script: PHP that frames its answer as ``_wordpress_php`` does.
    :param timeout: seconds.
    :raises WordPressError: where there was no whole answer.
    """
    return _document(method, path, command, _run(command, script, timeout))


def check_path(path: str) -> None:
    """Check that a folder holds a WordPress.

    :raises WordPressError: where it does not, or cannot be read.
    """
    folder = Path(path)
    try:
        if not folder.is_dir():
            raise WordPressError(f"path: there is no folder {path!r} on this host; give the folder of wp-load.php")
        if not (folder / "wp-load.php").is_file():
            raise WordPressError(f"path: {path!r} holds no wp-load.php; give the folder that WordPress lies in")
    except PermissionError as exc:
        text = f"path: {path!r} may not be read by this user; use become with the user that WordPress runs as"
        raise WordPressError(text) from exc


def _run(command: list[str], script: str, timeout: float) -> Output:
    try:
        process = subprocess.Popen(  # noqa: S603 - the user names the program, and no shell is involved
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as exc:
        raise WordPressError(f"{command[0]} cannot be started: {exc.strerror}") from exc
    with process:
        try:
            stdout, stderr = process.communicate(script.encode(), timeout=timeout)
        except subprocess.TimeoutExpired:
            # WP-CLI may be a shell script: what it started must end too, or it would hold the pipes open.
            os.killpg(process.pid, signal.SIGKILL)
            raise WordPressError(
                f"{command[0]} gave no answer within {timeout:g} seconds (option timeout); WordPress hangs, or its "
                "database does"
            ) from None
    return Output(process.returncode, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))


def _reading(method: str, path: str, document: dict[str, t.Any]) -> Reading:
    try:
        inventory = _inventory.parse(document)
    except _inventory.InventoryError as exc:
        raise WordPressError(f"path: WordPress in {path!r} gave an answer that cannot be used: {exc}") from exc
    constants = t.cast(dict[str, t.Any], document.get("runcloud") or {})
    return Reading(method, inventory, (), RunCloudConstants(**constants))


def _document(method: str, path: str, command: list[str], output: Output) -> dict[str, t.Any]:
    """Find the answer between its two lines; everything else that was printed is noise, or the reason of a failure."""
    lines = [line.rstrip("\r") for line in output.stdout.split("\n")]
    _raise_reported(path, lines)
    if _wordpress_php.BEGIN in lines:
        start = lines.index(_wordpress_php.BEGIN)
        if _wordpress_php.END in lines[start + 2 : start + 3]:
            return t.cast(dict[str, t.Any], json.loads(lines[start + 1]))
        # The half answer may hold secrets.
        noise = "\n".join([*lines[:start], *lines[start + 2 :], output.stderr])
        problem = "the answer ends in the middle"
    else:
        noise = f"{output.stdout}\n{output.stderr}"
        problem = "no answer"
    cause = next((text for pattern, text in _CAUSES if pattern.search(noise)), None)
    said = _excerpt(noise)
    raise WordPressError(
        f"method {method}, path {path!r}: {problem} from {command[0]} (exit code {output.rc})"
        + (f": {cause}" if cause else "")
        + (f". It said: {said}" if said else ". It said nothing; a redirect in wp-config.php or a wrong url does that")
    )


def _raise_reported(path: str, lines: list[str]) -> None:
    reports = [line for line in lines if line.startswith(_wordpress_php.ERROR + " ")]
    if not reports:
        return
    report = json.loads(reports[-1].partition(" ")[2])
    if report["code"] == "not_multisite":
        raise WordPressError(
            f"path: {path!r} is a WordPress, but no multisite network ({report['text']}); give the network's folder"
        )
    if report["code"] == "no_queue":
        raise WordPressError(
            f"path: the plugin Ultimate Multisite is not at work in {path!r} ({report['text']}), so there is no queue; "
            "activate it in the network"
        )
    raise WordPressError(f"path: the database of WordPress in {path!r} refused a query: {report['text']}")


def _excerpt(noise: str) -> str:
    """Cut what a program printed to its first words, without markup and without stack traces (they show arguments)."""
    text = re.sub(r"(?is)<(style|script|head)\b.*?</\1>", " ", noise)
    text = html.unescape(re.sub(r"<[^>]{0,500}>", " ", text))
    text = re.sub(r"(?s)\bStack trace:.*?(?=\n\S|\Z)", "", text)
    text = " ".join(line.strip() for line in text.splitlines() if not re.match(r"\s*#\d+ ", line))
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 3] + "..."
