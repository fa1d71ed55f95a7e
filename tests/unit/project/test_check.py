# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``make test`` says at its end is one count of everything, and never better than it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import check
from tools.check import Outcome, count, summary
from tools.collection import ROOT


def junit(file: Path, **numbers: int) -> None:
    """Write what pytest would have written."""
    numbers = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0, **numbers}
    attributes = " ".join(f'{name}="{number}"' for name, number in numbers.items())
    file.write_text(f"<testsuites><testsuite {attributes}/></testsuites>")


@pytest.mark.parametrize(
    ("code", "numbers", "passed", "failed", "skipped"),
    [
        (0, {"tests": 7, "skipped": 1}, 6, 0, 1),
        (1, {"tests": 7, "failures": 1, "errors": 1}, 5, 2, 0),
        # A crash that no test explains.
        (3, {"tests": 7}, 7, 1, 0),
    ],
)
def test_tests_are_counted(
    code: int,
    numbers: dict[str, int],
    passed: int,
    failed: int,
    skipped: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(check, "JUNIT", tmp_path / "junit.xml")
    junit(check.JUNIT, **numbers)
    assert count(code, 2.0) == Outcome("tests", 2.0, passed, failed, skipped)


def test_tests_that_left_no_report_have_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "JUNIT", tmp_path / "junit.xml")
    assert count(0, 2.0).failed == 1


def test_the_last_line_is_the_one_total(capsys: pytest.CaptureFixture[str]) -> None:
    code = summary(
        [Outcome("ruff check", 1.0, passed=1, failed=0), Outcome("tests", 9.0, passed=6, failed=1, skipped=2)]
    )
    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert lines[-1] == "7 passed, 1 failed"
    assert [line for line in lines if " passed" in line] == [lines[-1]]
    assert summary([Outcome("ruff check", 1.0, passed=1, failed=0)]) == 0
    assert summary([]) == 1


def test_what_the_quick_check_runs_is_there() -> None:
    paths = [name.removeprefix("--ignore=").partition("::")[0] for name in check.QUICK_TESTS]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_building_installs_nothing_but_ansible_core() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (build,) = [line for line in makefile.splitlines() if line.startswith("build:")]
    assert build.partition("##")[0] == "build: | $(BIN)/ansible-galaxy "
    rule = makefile[makefile.index("\n$(BIN)/ansible-galaxy:") :].split("\n\n")[0]
    assert rule.endswith('"ansible-core>=2.16"')
