# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark says of runs: situations, what is reckoned, the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.measure import Measured, Run
from benchmark.page import write
from benchmark.reckon import reckon
from benchmark.results import Results
from benchmark.situations import Kind, Situation


def measured(*walls: float, requests: int = 1) -> Measured:
    return Measured([Run(wall, wall / 2, 80.0, requests) for wall in walls])


@pytest.mark.parametrize(
    ("kind", "pages", "writes", "seeded"),
    [
        ("nothing to do", 25, 0, 1000),
        ("all new", 1, 999, 1),
        ("1 % changed", 25, 10, 1000),
        ("purge of 1 %", 26, 10, 1010),
    ],
)
def test_situations_say_what_they_need(kind: Kind, pages: int, writes: int, seeded: int) -> None:
    situation = Situation(1000, kind)
    assert (situation.pages, situation.writes) == (pages, writes)
    assert len(situation.seed()["domains"]) == situation.attached == seeded
    assert len(situation.wanted) == 1000
    assert sum(item.get("www", False) for item in situation.wanted) == (10 if kind == "1 % changed" else 0)


def test_a_loop_is_reckoned_by_what_it_starts_and_reads() -> None:
    known = {Situation(10): measured(5.0, requests=10), Situation(100): measured(50.0, requests=300)}
    found = reckon("loop", Situation(1000), known, {})
    assert found is not None
    assert found.reckoned
    assert found.median("requests") == 25_000
    assert found.median("wall") == pytest.approx(500 + 22_000 * 0.004)


def test_one_size_is_reckoned_from_the_floor() -> None:
    floor = {Situation(10): measured(1.0)}
    found = reckon("loop", Situation(20), {Situation(10): measured(6.0, requests=10)}, floor)
    assert found is not None
    assert found.median("wall") == pytest.approx(11.0)
    assert reckon("loop", Situation(20), {}, {}) is None


def test_ratios_are_those_of_pairs() -> None:
    sync, floor = measured(1.0, 4.0, 3.0), measured(1.0, 2.0, 3.0)
    assert sync.ratio(floor, "wall") == 1.0
    assert Measured([Run(9.0, 1.0, 1.0, 1)], reckoned=True).ratio(floor, "wall") == 4.5


def test_the_page_has_what_was_measured_and_nothing_else(tmp_path: Path) -> None:
    results = Results(tmp_path / "results")
    slow = Measured([Run(400.0, 300.0, 90.0, 25_000)], reckoned=True)
    results.save(
        "sizes", [(Situation(1000), {"floor": measured(2.0, requests=25), "sync": measured(3.0), "loop": slow})]
    )
    page = write(results, tmp_path, [("time.svg", "Times")]).read_text()
    assert "| 1,000 | nothing to do | 25 | 2.0 | 1 | ~25,000 | 1.50 x | ~200 x | 1.50 x | ~300 x |" in page
    assert "![Times](time.svg)" in page
    assert "one key" not in page
    assert results.rows("sizes")[0][0] == Situation(1000)
