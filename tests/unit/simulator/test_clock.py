# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's clock."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest

from simulator.clock import Clock, parse, stamp
from simulator.process import Simulator, SimulatorError

from .conftest import Api


def test_dates_are_utc_and_go_both_ways() -> None:
    assert parse("1970-01-02 00:00:01") == 86401.0
    assert stamp(86401.9) == "1970-01-02 00:00:01"
    with pytest.raises(ValueError, match="does not match"):
        parse("2026-01-01")


def test_starts_at_the_real_time() -> None:
    before = time.time()
    assert before - 1 <= Clock().now() <= time.time() + 1


def test_stopped_clock_moves_only_by_hand() -> None:
    clock = Clock()
    clock.set_speed(0)
    clock.set(1000)
    clock.advance(5.5)
    assert (clock.now(), clock.now(), clock.wall_seconds(7)) == (1005.5, 1005.5, 7)
    with pytest.raises(ValueError, match="negative"):
        clock.set_speed(-1)


def test_speed() -> None:
    clock = Clock()
    clock.set_speed(1_000_000)
    before = clock.now()
    while clock.now() - before < 1000:
        pass
    assert (clock.speed, clock.wall_seconds(1_000_000)) == (1_000_000, 1)


def test_by_remote_control(sim: Simulator, api: Api) -> None:
    assert sim.clock(set="2030-02-03 04:05:06", speed=0) == {"now": "2030-02-03 04:05:06", "speed": 0.0}
    assert sim.clock(advance=86400)["now"] == "2030-02-04 04:05:06"
    assert sim.clock()["now"] == "2030-02-04 04:05:06"
    assert api.ok("POST", "/domains", {"name": "a.example"})["created_at"] == "2030-02-04 04:05:06"
    date = parsedate_to_datetime(api("GET", "//ping").headers["Date"])
    assert date.isoformat() == "2030-02-04T04:05:06+00:00"
    sim.reset()
    assert not sim.clock()["now"].startswith("2030")


@pytest.mark.parametrize("values", [{"set": "tomorrow"}, {"speed": -1}])
def test_bad_values(sim: Simulator, values: dict[str, object]) -> None:
    with pytest.raises(SimulatorError, match="400"):
        sim.clock(**values)  # type: ignore[arg-type]
