# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of a run: printed as it is, and failed where the run was not ok."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.utils.display import Display

from support.in_process import run_action


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(Display, "display", lambda _self, text, **_options: lines.extend(text.splitlines()))
    return lines


def tell(name: Any, **variables: Any) -> dict[str, Any]:
    return run_action("runcloud_summary", {"result": name}, variables=variables)


def test_the_lines_are_printed_as_they_are(printed: list[str]) -> None:
    told = tell("mine", mine={"ok": True, "summary": ["a.example  added", "{{ not a template }}"]})
    assert told == {"changed": False, "lines": 2}
    assert printed == ["", "a.example  added", "{{ not a template }}"]


@pytest.mark.parametrize(
    "result", [{"ok": False, "summary": ["ERROR: no"]}, {"msg": "no"}, {"failure": "no", "msg": "x"}]
)
def test_a_run_that_was_not_ok_fails(printed: list[str], result: dict[str, Any]) -> None:
    assert tell("mine", mine=result)["failed"]
    assert printed == ["", "ERROR: no"]


def test_each_host_has_its_heading(printed: list[str]) -> None:
    tell("mine", mine={"ok": True, "summary": ["done"]}, ansible_play_hosts_all=["a", "b"], inventory_hostname="b")
    assert printed == ["", "[b]", "done"]


def test_the_result_itself_does_as_well(printed: list[str]) -> None:
    assert tell({"ok": True, "summary": ["done"]}) == {"changed": False, "lines": 1}
    assert printed == ["", "done"]


@pytest.mark.parametrize("name", ["typed_wrong", 7])
def test_the_name_of_a_variable_is_wanted(printed: list[str], name: Any) -> None:
    told = tell(name, mine={"ok": True, "summary": []})
    assert told["failed"]
    assert "give its name" in told["msg"]
    assert printed == []
