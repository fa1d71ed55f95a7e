# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading by a program: what it is given, and what is made of its answer. The real thing is in tests/wordpress."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.cli import (
    Installation,
    read_network,
    script,
)
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.network import Inventory
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.wire import parse

from support.wordpress_host import run_here

FIXTURES = Path(__file__).parents[2] / "fixtures" / "wordpress"
ANSWER = (FIXTURES / "cli-eval-inventory.json").read_text().strip()
SECRET = "token-that-must-not-be-seen"
BEGIN, END, ERROR = (f"MULTISITE-RUNCLOUD-{word}" for word in ("BEGIN", "END", "ERROR"))

Program = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a WordPress."""
    found = tmp_path / "word press"
    found.mkdir()
    (found / "wp-load.php").touch()
    return found


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Makes a program that keeps what it was given and prints what it is told."""

    def make(stdout: str = "", stderr: str = "", rc: int = 0) -> str:
        for name, text in (("stdout", stdout), ("stderr", stderr)):
            (tmp_path / name).write_bytes(text.encode())
        file = tmp_path / "the program"
        here = shlex.quote(str(tmp_path))
        file.write_text(
            f"#!/bin/sh\npwd > {here}/folder\ncd {here}\nprintf '%s\\n' \"$@\" > arguments\ncat > input\n"
            f"cat stdout\ncat stderr >&2\nexit {rc}\n"
        )
        file.chmod(0o755)
        return shlex.quote(str(file))

    return make


def framed(document: str = ANSWER, before: str = "", after: str = "") -> str:
    return f"{before}\n{BEGIN}\n{document}\n{END}\n{after}"


def read(folder: Path, command: str, method: str = "php", **options: Any) -> Inventory:
    credentials = options.pop("credentials", False)
    where = Installation(**{"path": str(folder), "method": method, "wp_cli": command, "php": command, **options})
    return read_network(run_here, where, credentials=credentials)


def failure(folder: Path, command: str, method: str = "php", **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        read(folder, command, method, **options)
    assert SECRET not in str(caught.value)
    return str(caught.value)


class TestTheAnswer:
    @pytest.mark.parametrize("method", ["wp_cli", "php"])
    def test_the_recorded_network(self, folder: Path, program: Program, method: str) -> None:
        found = read(folder, program(framed()), method)
        whole = parse(json.loads(ANSWER))
        assert (found.sites, found.domains, found.complete, found.method) == (whole.sites, whole.domains, True, method)

    @pytest.mark.parametrize(
        "text",
        [
            framed(before='Notice: [see] {"this": "is not it"} on line 1\nDeprecated: ', after="\n<br>Warning: {"),
            framed().replace("\n", "\r\n"),
            framed(before=f"{BEGIN} is what comes\n"),
            f"<html>{framed().strip()}</html>".replace("\n", " "),
        ],
        ids=["notices", "windows line ends", "mark twice", "one line"],
    )
    def test_what_stands_around_it_does_no_harm(self, folder: Path, program: Program, text: str) -> None:
        assert len(read(folder, program(text, "noise")).domains) == 14

    def test_a_domain_that_looks_like_the_frame_does_not_break_it(self, folder: Path, program: Program) -> None:
        document = json.loads(ANSWER)
        document["domains"][0]["domain"] = f"\n{END}\n"
        assert len(read(folder, program(framed(json.dumps(document)))).domains) == 14

    def test_constants(self, folder: Path, program: Program) -> None:
        constants = {"server_id": "11667", "webapp_id": "940288", "has_token": True, "has_key": False}
        document = {**json.loads(ANSWER), "runcloud": {**constants, "api_token": SECRET}}
        found = read(folder, program(framed(json.dumps(document))), credentials=True).constants
        assert found is not None
        assert found.public() == constants
        assert found.secret() == {
            "server_id": "11667",
            "webapp_id": "940288",
            "api_token": SECRET,
            "api_key": None,
            "api_secret": None,
        }
        assert SECRET not in repr(found)

    @pytest.mark.parametrize("document", ["[]", "not JSON", '{"networks": 5}', "[" * 100_000, '{"a": 1} x'])
    def test_not_a_network(self, folder: Path, program: Program, document: str) -> None:
        text = failure(folder, program(framed(document)))
        assert repr(str(folder)) in text
        assert len(text) < 500


class TestTheCall:
    def test_wp_cli(self, folder: Path, program: Program, tmp_path: Path) -> None:
        read(folder, program(framed()) + " --quiet", "wp_cli", url="https://network.test/")
        assert (tmp_path / "arguments").read_text().splitlines() == [
            *("--quiet", "eval-file", "-", f"--path={folder}", "--skip-plugins", "--skip-themes", "--no-color"),
            "--url=https://network.test/",
            *["--allow-root"] * (os.geteuid() == 0),
        ]

    def test_php(self, folder: Path, program: Program, tmp_path: Path) -> None:
        read(folder, program(framed()))
        assert "zend.exception_ignore_args=1" in (tmp_path / "arguments").read_text().split()
        assert (tmp_path / "folder").read_text().strip() == str(folder)

    @pytest.mark.parametrize("credentials", [True, False])
    def test_nothing_secret_is_asked_for_unless_wanted(
        self, folder: Path, program: Program, tmp_path: Path, credentials: bool
    ) -> None:
        read(folder, program(framed()), credentials=credentials, url="https://network.test/x")
        text = (tmp_path / "input").read_text()
        assert text.startswith("<?php\n")
        encoded = re.search(r"base64_decode\( '([^']+)' \)", text)
        assert encoded is not None
        assert json.loads(base64.b64decode(encoded[1])) == {"host": "network.test", "credentials": credentials}

    @pytest.mark.parametrize("file", ["read.php", "requeue.php"])
    def test_a_program_is_one_php_file_and_nothing_in_it_needs_quoting(self, file: str) -> None:
        text = script(file, {"host": "'quoted'"})
        assert (text.count("<?php"), text.count("'quoted'")) == (1, 0)

    def test_wp_cli_where_it_is_there_and_php_where_not(self, folder: Path, program: Program) -> None:
        command = program(framed())
        assert read(folder, command, "auto").method == "wp_cli"
        assert read(folder, command, "auto", wp_cli="no-such-wp").method == "php"

    def test_a_folder_below_the_users_own(
        self, folder: Path, program: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(folder.parent))
        assert len(read(folder, program(framed()), path=f"~/{folder.name}").domains) == 14

    def test_words_reach_the_program_as_they_are(self, folder: Path, program: Program, tmp_path: Path) -> None:
        read(folder, program(framed()) + " '$(touch x); `y`' \"a b\"", "wp_cli")
        assert (tmp_path / "arguments").read_text().splitlines()[:2] == ["$(touch x); `y`", "a b"]


class TestFailures:
    @pytest.mark.parametrize(
        ("stdout", "stderr", "words"),
        [
            ("<style>b{}</style><h1>Error establishing a database connection</h1>", "", ["cannot reach its database"]),
            ("", "Error: Error establishing a database connection. Access denied", ["DB_PASSWORD", "Access denied"]),
            (
                "<h1>Error establishing a database connection</h1><strong>Database tables are missing.</strong>",
                "",
                ["$table_prefix"],
            ),
            ("<p>Your PHP installation appears to be missing the MySQL extension</p>", "", ["MySQL", "option php"]),
            ("", "Error: 'wp-config.php' not found.", ["wp-config.php", "path"]),
            ("", "Error: This does not seem to be a WordPress installation.", ["WP-CLI finds no WordPress"]),
            ("", "Error: 'eval-file' is not a registered wp command.", ["option wp_cli"]),
            ("", "PHP Fatal error: Allowed memory size of 1 bytes exhausted", ["memory_limit"]),
            ("", "Error: Site 'x.test/' not found. Verify `--url=<url>` matches", ["option url"]),
            ("", "something else", ["something else", "exit code 9"]),
            ("", "", ["said nothing", "wp-config.php"]),
        ],
    )
    def test_causes(self, folder: Path, program: Program, stdout: str, stderr: str, words: list[str]) -> None:
        text = failure(folder, program(stdout, stderr, 9), "wp_cli")
        assert repr(str(folder)) in text
        assert all(word in text for word in words), text

    def test_an_answer_that_ends_in_the_middle(self, folder: Path, program: Program) -> None:
        cut = f"\n{BEGIN}\n{ANSWER[:-40]}{SECRET}"
        text = failure(folder, program(cut, "PHP Fatal error: Allowed memory size exhausted", 255))
        assert "ends in the middle" in text
        assert "memory_limit" in text

    def test_something_else_between_the_marks(self, folder: Path, program: Program) -> None:
        text = failure(folder, program(framed(f"<b>{SECRET}</b>")))
        assert "between the marks of the answer stands something else" in text

    def test_stack_traces_are_not_shown(self, folder: Path, program: Program) -> None:
        trace = f"Uncaught Error: no.\nStack trace:\n#0 x.php(1): connect('{SECRET}')\n  #1 {{main}}\nend"
        assert "Uncaught Error: no." in failure(folder, program(trace, rc=255))

    def test_long_output_is_cut_and_freed_of_control_characters(self, folder: Path, program: Program) -> None:
        text = failure(folder, program("word\x1b[31m " * 10_000, rc=1))
        assert len(text) < 700
        assert text.isprintable()

    @pytest.mark.parametrize(
        ("report", "words"),
        [
            (
                {"code": "not_multisite", "text": "MULTISITE is off"},
                "is a WordPress, but not a multisite network (MULTI",
            ),
            ({"code": "no_tables", "text": "'wp_'"}, "none of its tables; $table_prefix in wp-config.php is 'wp_'"),
            ({"code": "no_configuration", "text": ""}, "holds no wp-config.php"),
        ],
    )
    def test_what_our_program_reports(self, folder: Path, program: Program, report: object, words: str) -> None:
        text = failure(folder, program(f"noise\n{ERROR} {json.dumps(report)}\n", rc=3))
        assert text.startswith("path: ")
        assert words in text

    def test_a_refused_query_after_half_the_answer(self, folder: Path, program: Program) -> None:
        report = f'\n{BEGIN}\n{{"networks":[\n{ERROR} {{"code":"database","text":"Lost connection"}}\n'
        assert "Lost connection" in failure(folder, program(report, rc=3))

    def test_a_program_that_hangs_is_stopped_with_all_it_started(self, folder: Path, tmp_path: Path) -> None:
        file = tmp_path / "program"
        file.write_text("#!/bin/sh\nsleep 600 &\nwait\n")
        file.chmod(0o755)
        assert "no answer within 1 seconds (option timeout)" in failure(folder, str(file), timeout=1)

    def test_no_folder(self, folder: Path) -> None:
        assert f"there is no folder '{folder}/none'" in failure(folder, "php", path=f"{folder}/none")

    def test_no_wordpress(self, folder: Path) -> None:
        (folder / "wp-load.php").unlink()
        assert "holds no wp-load.php" in failure(folder, "php")

    def test_no_program(self, folder: Path) -> None:
        assert "there is no program 'no-such-php --x'" in failure(folder, "no-such-php --x")
        assert "there is no program 'no-such-wp'" in failure(folder, "no-such-wp", "wp_cli")


OPTIONS: dict[str, Any] = {"path": "/srv/wp", "method": "auto", "wp_cli": "wp", "php": "php", "url": None, "timeout": 9}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"wp_cli": "wp 'eval"}, 'wp_cli: "wp \'eval" is not a command'),
        ({"wp_cli": "''"}, "names no program"),
        ({"wp_cli": " "}, "wp_cli: empty"),
        ({"php": "php\n--more"}, "php: empty, or with control characters"),
        ({"path": "/srv/\0wp"}, "path: empty, or with control characters"),
        ({"timeout": 0}, "timeout: must be between"),
        ({"timeout": 10**20}, "timeout: must be between"),
    ],
)
def test_odd_options_are_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=re.escape(words)):
        Installation.from_options({**OPTIONS, **given})
