# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on one controller share: one run at a time on a web application, and files of state."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.connection import (
    Connection,
    Credentials,
    Target,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.shared import (
    Busy,
    StateFile,
    cache_folder,
    one_at_a_time,
)

from support.clock import SimulatedClock

CONNECTION = Connection("https://api.example/api/v3", 3, Credentials(token="token-3f9a77c1d0"))
APP = Target(server_id=1903, webapp_id=646)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


def test_the_second_run_waits_for_the_first_and_says_so(clock: SimulatedClock) -> None:
    said: list[str] = []
    first = one_at_a_time(CONNECTION, APP)
    assert first.__enter__() == ""

    class Ending(SimulatedClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.waits) == 3:
                first.__exit__(None, None, None)

    clock = Ending()
    with one_at_a_time(CONNECTION, APP, said.append, clock=clock) as warning:  # type: ignore[arg-type]
        assert warning == ""
    assert said == ["waiting for another run on this controller that works on the same web application"] * 3


def test_a_run_that_never_ends_is_not_waited_for_for_ever(clock: SimulatedClock) -> None:
    with (
        one_at_a_time(CONNECTION, APP),
        pytest.raises(Busy, match="has been working on the same web application for 30 s"),
        one_at_a_time(CONNECTION, APP, timeout=30, clock=clock),
    ):
        pytest.fail("both at once")
    with one_at_a_time(CONNECTION, APP, timeout=0) as warning:
        assert warning == ""


def test_another_web_application_is_not_waited_for() -> None:
    with one_at_a_time(CONNECTION, APP), one_at_a_time(CONNECTION, Target(1903, None, 647), timeout=0) as warning:
        assert warning == ""


def test_without_a_folder_or_library_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with one_at_a_time(CONNECTION, APP):
        monkeypatch.setitem(sys.modules, "filelock", None)  # type: ignore[arg-type]
        with one_at_a_time(CONNECTION, APP) as warning:
            assert "filelock is missing" in warning
        monkeypatch.undo()
        monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
        with one_at_a_time(CONNECTION, APP) as warning:
            assert "cannot be written" in warning


def test_files_lie_in_a_folder_of_the_user_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = cache_folder()
    assert folder == tmp_path / "cache" / "multisite.runcloud"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.chdir(tmp_path)
    assert cache_folder() is None


def test_state_is_kept_for_the_next_one_and_only_written_when_it_changes() -> None:
    with StateFile("state").edit() as state:
        assert state == {}
        state["left"] = 5
    with StateFile("state").edit() as state:
        assert state == {"left": 5}


def test_long_state_is_read_whole_and_may_become_short_again() -> None:
    names = [f"shop-{number}.example" for number in range(200)]
    for state in ({"names": names}, {"names": []}):
        with StateFile("long").edit() as kept:
            assert kept is not None
            kept.update(state)
        with StateFile("long").edit() as kept:
            assert kept == state


def test_names_of_files_hold_no_secret() -> None:
    with one_at_a_time(CONNECTION, APP), StateFile(f"limit-{CONNECTION.fingerprint}").edit() as state:
        assert state is not None
        state["left"] = 1
    folder = cache_folder()
    assert folder is not None
    for file in folder.iterdir():
        assert "token-3f9a77c1d0" not in file.name + file.read_text()
