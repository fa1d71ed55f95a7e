# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would take too long to be run is reckoned from smaller sizes of the same way."""

from __future__ import annotations

from collections.abc import Mapping

from .measure import Measured, Run
from .situations import PAGE, Situation
from .ways import Way

# What one request costs in a process that runs already, where nothing better is known.
SECONDS_A_REQUEST = 0.004

Known = Mapping[Situation, Measured]


def steps(way: Way, situation: Situation) -> int:
    """Return how many modules a way starts: one for each domain, or one for each request."""
    if way == "loop":
        return situation.size + len(situation.surplus)
    return situation.pages + situation.writes


def reads(way: Way, situation: Situation) -> int:
    """Return how many list requests a way makes; each module of a loop reads the list as it has grown by then."""
    if way != "loop":
        return situation.pages
    grown = 1 if situation.kind == "all new" else 0
    return sum(-(-(situation.attached + grown * number) // PAGE) for number in range(steps(way, situation)))


def reckon(way: Way, situation: Situation, known: Known, floor: Known) -> Measured | None:
    """Return what a way would take in ``situation``, by the two largest that are known; None where none is.

    Time grows with the number of modules started (from that of ``floor``, where only one size is known); a request more
    or less in each of them adds its own. Requests are those of the largest size, scaled by what each module reads.
    """
    smaller = sorted((other for other in known if not known[other].reckoned), key=lambda other: steps(way, other))
    if not smaller:
        return None
    more = smaller[-1]
    less_steps, less = (steps(way, smaller[-2]), known[smaller[-2]]) if len(smaller) > 1 else (0, floor[more])
    grown = steps(way, more) - less_steps

    def line(measure: str) -> float:
        slope = (known[more].median(measure) - less.median(measure)) / grown if grown else 0.0
        return known[more].median(measure) + max(0.0, slope) * (steps(way, situation) - steps(way, more))

    share = (known[more].median("requests") - more.writes) / reads(way, more)
    requests = round(share * reads(way, situation)) + situation.writes
    cost = SECONDS_A_REQUEST + situation.latency
    added = max(0, reads(way, situation) - steps(way, situation) * reads(way, more) // steps(way, more)) * cost
    return Measured(
        [Run(line("wall") + added, line("cpu") + added, known[more].median("memory"), requests)], reckoned=True
    )
