# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading by a program: what it is given, and what is made of its answer. The real thing is in tests/wordpress."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress import cli as _wordpress
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress import network as _inventory
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress.cli import WordPressError
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress.php import BEGIN, END, ERROR

FIXTURES = Path(__file__).parents[2] / "fixtures" / "wordpress"
ANSWER = (FIXTURES / "cli-eval-inventory.json").read_text().strip()
SECRET = "token-that-nobody-may-see"

Program = Callable[..., list[str]]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Makes a program that keeps what it was given and prints what it is told."""

    def make(stdout: str = "", stderr: str = "", rc: int = 0) -> list[str]:
        for name, text in (("stdout", stdout), ("stderr", stderr)):
            (tmp_path / name).write_text(text)
        script = tmp_path / "program"
        folder = shlex.quote(str(tmp_path))
        script.write_text(
            f"#!/bin/sh\ncd {folder}\nprintf '%s\\n' \"$@\" > arguments\ncat > input\n"
            f"cat stdout\ncat stderr >&2\nexit {rc}\n"
        )
        script.chmod(0o755)
        return [str(script)]

    return make


def framed(document: str = ANSWER, before: str = "", after: str = "") -> str:
    return f"{before}\n{BEGIN}\n{document}\n{END}\n{after}"


def failure(read: Callable[..., _wordpress.Reading], program: list[str], **options: Any) -> str:
    with pytest.raises(WordPressError) as caught:
        read(program, "/srv/wp", **options)
    assert SECRET not in str(caught.value)
    return str(caught.value)


class TestTheAnswer:
    def test_the_recorded_network(self, program: Program) -> None:
        found = _wordpress.read_by_wp_cli(program(framed()), "/srv/wp")
        assert found.inventory == _inventory.parse(json.loads(ANSWER))
        assert found.method == "wp_cli"

    def test_notices_around_it_do_no_harm(self, program: Program) -> None:
        before = 'Notice: [see] {"this": "is not it"} in x.php on line 1\nDeprecated: '
        found = _wordpress.read_by_php(program(framed(before=before, after="\n<br>Warning: {"), "noise"), "/srv/wp")
        assert len(found.inventory.domains) == 14

    def test_windows_line_ends_do_no_harm(self, program: Program) -> None:
        found = _wordpress.read_by_php(program(framed().replace("\n", "\r\n")), "/srv/wp")
        assert len(found.inventory.domains) == 14

    def test_a_domain_that_looks_like_the_frame_does_not_break_it(self, program: Program) -> None:
        document = json.loads(ANSWER)
        document["domains"][0]["domain"] = f"\n{END}\n"
        found = _wordpress.read_by_php(program(framed(json.dumps(document))), "/srv/wp")
        assert len(found.inventory.domains) == 14

    def test_constants(self, program: Program) -> None:
        constants = {"server_id": "11667", "webapp_id": "940288", "has_token": True, "has_key": False}
        document = {**json.loads(ANSWER), "runcloud": {**constants, "api_token": SECRET}}
        found = _wordpress.read_by_php(program(framed(json.dumps(document))), "/srv/wp", credentials=True).runcloud
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

    def test_no_inventory(self, program: Program) -> None:
        assert "'/srv/wp'" in failure(_wordpress.read_by_php, program(framed("[]")))


class TestTheCall:
    def test_wp_cli(self, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("os.geteuid", lambda: 1000)
        _wordpress.read_by_wp_cli(program(framed()), "/srv/wp")
        assert (tmp_path / "arguments").read_text().split() == [
            *("eval-file", "-", "--path=/srv/wp", "--skip-plugins", "--skip-themes", "--no-color")
        ]

    def test_wp_cli_as_root_and_with_an_address(
        self, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("os.geteuid", lambda: 0)
        _wordpress.read_by_wp_cli(program(framed()), "/srv/wp", url="https://network.test/")
        arguments = (tmp_path / "arguments").read_text().split()
        assert arguments[-2:] == ["--url=https://network.test/", "--allow-root"]

    def test_nothing_secret_is_asked_for_unless_wanted(self, program: Program, tmp_path: Path) -> None:
        _wordpress.read_by_wp_cli(program(framed()), "/srv/wp")
        without = (tmp_path / "input").read_text()
        _wordpress.read_by_wp_cli(program(framed()), "/srv/wp", credentials=True)
        assert (tmp_path / "input").read_text() != without
        assert without.startswith("<?php\n")

    def test_php_never_shows_the_arguments_of_functions(self, program: Program, tmp_path: Path) -> None:
        _wordpress.read_by_php(program(framed()), "/srv/wp")
        assert "zend.exception_ignore_args=1" in (tmp_path / "arguments").read_text().split()


class TestFailures:
    @pytest.mark.parametrize(
        ("stdout", "stderr", "words"),
        [
            ("<style>b{}</style><h1>Error establishing a database connection</h1>", "", ["cannot reach its database"]),
            ("", "Error: Error establishing a database connection. Access denied", ["DB_PASSWORD", "Access denied"]),
            ("<p>Your PHP installation appears to be missing the MySQL extension</p>", "", ["MySQL", "option php"]),
            ("", "Error: 'wp-config.php' not found.", ["wp-config.php", "path"]),
            ("", "Error: This does not seem to be a WordPress installation.", ["WP-CLI finds no WordPress"]),
            ("", "Error: 'eval-file' is not a registered wp command.", ["option wp_cli"]),
            ("", "PHP Fatal error: Allowed memory size of 1 bytes exhausted", ["memory_limit"]),
            ("", "Error: Site 'x.test/' not found. Verify `--url=<url>` matches", ["option url"]),
            ("", "something else", ["something else", "exit code 9"]),
            ("", "", ["said nothing", "redirect"]),
        ],
    )
    def test_causes(self, program: Program, stdout: str, stderr: str, words: list[str]) -> None:
        text = failure(_wordpress.read_by_wp_cli, program(stdout, stderr, 9))
        assert "'/srv/wp'" in text
        assert all(word in text for word in words), text

    def test_an_answer_that_ends_in_the_middle_is_none(self, program: Program) -> None:
        cut = f"\n{BEGIN}\n{ANSWER[:-40]}{SECRET}"
        text = failure(_wordpress.read_by_php, program(cut, "PHP Fatal error: Allowed memory size exhausted", 255))
        assert "ends in the middle" in text
        assert "memory_limit" in text

    def test_stack_traces_are_not_shown(self, program: Program) -> None:
        trace = f"Uncaught Error: no.\nStack trace:\n#0 x.php(1): connect('{SECRET}')\n  #1 {{main}}\nend"
        assert "Uncaught Error: no." in failure(_wordpress.read_by_php, program(trace, rc=255))

    def test_long_output_is_cut(self, program: Program) -> None:
        assert len(failure(_wordpress.read_by_php, program("word " * 10_000, rc=1))) < 700

    def test_not_a_network(self, program: Program) -> None:
        report = f'noise\n{ERROR} {{"code":"not_multisite","text":"MULTISITE is not switched on"}}\n'
        text = failure(_wordpress.read_by_php, program(report, rc=3))
        assert text.startswith("path: '/srv/wp' is a WordPress, but no multisite network")

    def test_a_refused_query_after_half_the_answer(self, program: Program) -> None:
        report = f'\n{BEGIN}\n{{"networks":[\n{ERROR} {{"code":"database","text":"Lost connection"}}\n'
        assert "Lost connection" in failure(_wordpress.read_by_php, program(report, rc=3))

    def test_a_program_that_hangs_is_stopped_with_all_it_started(self, tmp_path: Path) -> None:
        script = tmp_path / "program"
        script.write_text("#!/bin/sh\nsleep 600 &\nwait\n")
        script.chmod(0o755)
        assert "within 0.2 seconds (option timeout)" in failure(_wordpress.read_by_php, [str(script)], timeout=0.2)

    def test_a_program_that_does_not_start(self, tmp_path: Path) -> None:
        script = tmp_path / "program"
        script.write_text("#!/no/such/interpreter\n")
        script.chmod(0o755)
        assert "cannot be started" in failure(_wordpress.read_by_php, [str(script)])


class TestPrograms:
    def test_found_by_name_or_path_and_with_arguments(self, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        path = program()[0]
        monkeypatch.setenv("PATH", str(Path(path).parent))
        assert _wordpress.find_program("program --quiet", "wp") == [path, "--quiet"]
        assert _wordpress.find_program(None, "program") == [path]
        assert _wordpress.find_program(path, "wp") == [path]

    def test_not_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        assert _wordpress.find_program("no-such-program", "wp") is None
        assert _wordpress.find_program(" ", "wp") is None


class TestThePath:
    def test_a_wordpress(self, tmp_path: Path) -> None:
        (tmp_path / "wp-load.php").touch()
        _wordpress.check_path(str(tmp_path))

    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(WordPressError, match=r"path: there is no folder '.*/none'"):
            _wordpress.check_path(str(tmp_path / "none"))

    def test_no_wordpress(self, tmp_path: Path) -> None:
        with pytest.raises(WordPressError, match=r"holds no wp-load\.php"):
            _wordpress.check_path(str(tmp_path))

    def test_a_folder_that_may_not_be_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*unused: object) -> bool:
            raise PermissionError

        monkeypatch.setattr(Path, "is_dir", refuse)
        with pytest.raises(WordPressError, match="use become"):
            _wordpress.check_path(str(tmp_path))
