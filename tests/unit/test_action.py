# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Showing how far a module is while it runs."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils import _module
from ansible_collections.multisite.runcloud.plugins.plugin_utils._action import Watcher, newest_line


def test_what_a_module_writes_is_shown_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "progress"
    monkeypatch.setenv(_module.PROGRESS_VARIABLE, str(file))
    write = _module.progress_writer()
    shown: queue.Queue[str] = queue.Queue()
    with Watcher(file, shown.put, every=0.01):
        write("first")
        assert shown.get(timeout=60).strip() == "first"
        write("second")
        while shown.get(timeout=60).strip() != "second":
            pass
    assert file.read_text() == "first\nsecond\n"


def test_nothing_is_shown_where_nothing_is_told(tmp_path: Path) -> None:
    shown: list[str] = []
    with Watcher(tmp_path / "missing", shown.append, every=0.001) as watcher:
        watcher._over.wait(0.05)
    assert shown == []


def test_a_line_that_is_still_being_written_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "progress"
    file.write_text("whole\nhal")
    assert newest_line(file) == "whole"
    file.write_text("hal")
    assert newest_line(file) == ""


def test_without_a_watcher_or_without_its_file_a_module_runs_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(_module.PROGRESS_VARIABLE, raising=False)
    _module.progress_writer()("told to nobody")
    monkeypatch.setenv(_module.PROGRESS_VARIABLE, str(tmp_path / "missing" / "file"))
    _module.progress_writer()("told to nobody")
    assert list(tmp_path.iterdir()) == []
