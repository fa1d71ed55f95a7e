# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make bench``: measures all parts, or some, and writes docs/benchmarks.md with its pictures.

    PYTHONPATH=tests .venv/bin/python -m benchmark [--quick] [--rounds 5] [--sizes 10,1000] [part ...]

What was measured is kept below .build, so parts that are not measured again stay on the page as they are.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator.process import Simulator
from tools.collection import BUILD, ROOT, installed

from . import compare, limits
from .compare import QUICK, Scale
from .measure import Bench
from .page import write
from .pictures import draw
from .results import Results

PARTS: dict[str, Callable[[Bench, Scale], Any]] = {
    "sizes": compare.sizes,
    "changes": compare.changes,
    "certificates": compare.certificates,
    "latency": compare.latency,
    "limit": compare.limit,
    "checks": compare.checks,
    "steady": limits.steady,
    "shared": limits.shared,
}


def read_arguments() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        prog="benchmark", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)}; all where none is given")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round; the page is written below .build")
    parser.add_argument("--rounds", type=int, help="turns of each way")
    parser.add_argument("--sizes", help="numbers of domains, with commas between them")
    parser.add_argument("--bearable", type=float, help="seconds that one run may take before it is reckoned instead")
    parser.add_argument("--page-only", action="store_true", help="measure nothing, write the page from what is kept")
    given = parser.parse_args()
    unknown = set(given.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown parts: {', '.join(sorted(unknown))}")
    return given


def scale_of(given: argparse.Namespace) -> Scale:
    """Return how much is measured."""
    scale = QUICK if given.quick else Scale()
    sizes = [int(size) for size in given.sizes.split(",")] if given.sizes else None
    values = {"rounds": given.rounds, "sizes": sizes, "fewer_sizes": sizes, "bearable": given.bearable}
    return dataclasses.replace(scale, **{name: value for name, value in values.items() if value is not None})


def main() -> None:
    """Measure and write."""
    given = read_arguments()
    target = BUILD / "benchmark" / "quick" if given.quick else ROOT / "docs"
    results = Results(BUILD / "benchmark" / ("quick-results" if given.quick else "results"))
    if not given.page_only:
        with Simulator() as sim, tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            bench = Bench(sim, installed(), Path(folder))
            for part in given.parts or PARTS:
                print(f"== {part}")
                results.save(part, PARTS[part](bench, scale_of(given)))
    target.mkdir(parents=True, exist_ok=True)
    print(write(results, target, draw(results, target)))


if __name__ == "__main__":
    main()
