# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pictures: how the ways grow, how many requests they make, what a long run makes of the limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .compare import Row
from .limits import LIMIT
from .results import Results

COLOURS = {"floor": "#6b7280", "sync": "#2563eb", "loop": "#d97706", "uri": "#059669"}

# The same numbers give the same file, and text stays text.
mpl.rcParams.update({"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 10})


def draw(results: Results, folder: Path) -> list[tuple[str, str]]:
    """Draw what was measured as SVG files into ``folder``; returns (file, description) of each."""
    drawn = []
    rows = results.rows("sizes")
    if rows:
        drawn.append(
            _picture(
                folder / "benchmarks-time.svg",
                "Nothing to do: time of the whole playbook, as a multiple of the floor's",
                lambda axes: _growth(axes, rows, "wall"),
            )
        )
        drawn.append(
            _picture(
                folder / "benchmarks-requests.svg",
                "Nothing to do: requests to RunCloud, as a multiple of the floor's",
                lambda axes: _growth(axes, rows, "requests"),
            )
        )
    steady = results.load("steady")
    if steady:
        title = f"{steady['changes']:,} changes under {LIMIT} requests a minute"
        drawn.append(_picture(folder / "benchmarks-limit.svg", title, lambda axes: _use(axes, steady["points"])))
    return drawn


def _picture(file: Path, title: str, fill: Callable[[Axes], None]) -> tuple[str, str]:
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=11)
    axes.grid(visible=True, alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    fill(axes)
    axes.legend(frameon=False)
    figure.savefig(file, metadata={"Date": None})
    text = file.read_text(encoding="utf-8")
    file.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")
    return file.name, title


def _growth(axes: Axes, rows: Sequence[Row], measure: str) -> None:
    """Draw each way's multiple of the floor over the number of domains; what is reckoned is dashed."""
    for way, colour in COLOURS.items():
        known = [(situation.size, found) for situation, found in rows if way in found]
        points = [(size, found[way].ratio(found["floor"], measure)) for size, found in known]
        run = [point for point, (_size, found) in zip(points, known, strict=True) if not found[way].reckoned]
        axes.plot(*zip(*points, strict=True), color=colour, linestyle=":", linewidth=1.5)
        axes.plot(*zip(*run, strict=True), color=colour, marker="o", markersize=4, linewidth=1.8, label=way)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("domains (dotted: reckoned)")
    axes.set_ylabel("times the floor")


def _use(axes: Axes, points: Sequence[tuple[float, int]]) -> None:
    """Draw the requests of a long run beside what the limit allows."""
    minutes = [minute for minute, _number in points]
    axes.plot(minutes, [LIMIT * minute for minute in minutes], color=COLOURS["floor"], linestyle="--", label="limit")
    axes.plot(minutes, [number for _minute, number in points], color=COLOURS["sync"], label="sync")
    axes.set_xlabel("simulated minutes")
    axes.set_ylabel("requests")
