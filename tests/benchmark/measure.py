# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running and measuring: whole process trees, taking turns, so that whatever else the machine does meets all alike."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.process import Simulator
from support.playbooks import Ansible

from .situations import Situation
from .ways import Way, command

SIMULATED = Path(__file__).with_name("simulated")
LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Run:
    """One whole process tree: real and CPU seconds, the largest process in MiB, the requests that came."""

    wall: float
    cpu: float
    memory: float
    requests: int
    refused: int = 0

    def value(self, measure: str) -> float:
        """Return one of the numbers by its name."""
        return float(getattr(self, measure))


@dataclass
class Measured:
    """All rounds of one way in one situation; ``reckoned`` ones were not run."""

    runs: list[Run] = field(default_factory=list)
    reckoned: bool = False

    def median(self, measure: str) -> float:
        """Return the median of ``wall``, ``cpu``, ``memory``, ``requests`` or ``refused``."""
        return statistics.median(run.value(measure) for run in self.runs)

    def ratio(self, other: Measured, measure: str) -> float:
        """Return how many times as much as ``other``: the median over the pairs of a round."""
        if self.reckoned or len(self.runs) != len(other.runs):
            return self.median(measure) / other.median(measure)
        pairs = zip(self.runs, other.runs, strict=True)
        return statistics.median(one.value(measure) / two.value(measure) for one, two in pairs)


@dataclass(frozen=True)
class Bench:
    """Where runs happen: a simulator, an installed collection, a folder for what is written on the way."""

    sim: Simulator
    collections: Path
    folder: Path

    def environment(self, home: Path, speed: float = 1.0) -> dict[str, str]:
        """Return the environment of a user who has only the collection; ``speed`` is that of simulated time."""
        environment = Ansible(self.collections, home).environment()
        for name in ("ANSIBLE_CALLBACK_PLUGINS", "ANSIBLE_CALLBACKS_ENABLED"):
            del environment[name]
        if speed != 1:
            environment |= {"PYTHONPATH": str(SIMULATED), "SIMULATED_CLOCK": f"{time.time()}:{speed}"}
        return environment

    def start(self, arguments: Sequence[str], *, speed: float = 1.0, output: Path | None = None) -> Run:
        """Run a command to its end in a fresh home; raises RuntimeError where it fails.

        Standard output and standard error go to ``output``, where it is given.
        """
        before = len(self.sim.requests())
        with tempfile.TemporaryDirectory(dir=self.folder) as home:
            environment = self.environment(Path(home), speed)
            printed = output or Path(home, "printed")
            command_line = [str(Path(sys.executable).with_name(arguments[0])), *arguments[1:]]
            launcher = [sys.executable, str(LAUNCHER), str(printed), *command_line]
            done = subprocess.run(launcher, cwd=home, env=environment, check=True, capture_output=True, text=True)
            took = json.loads(done.stdout)
            if took["code"]:
                raise RuntimeError(f"{' '.join(arguments)} ended with {took['code']}:\n{printed.read_text()}")
        log = self.sim.requests()[before:]
        refused = sum(entry["status"] == 429 for entry in log)
        return Run(took["wall"], took["cpu"], took["memory"], len(log), refused)

    def measure(self, way: Way, situation: Situation, speed: float = 1.0, **variables: Any) -> Run:
        """Run one way once from a fresh simulator; raises RuntimeError where it leaves anything undone."""
        self.sim.reset(situation.seed())
        if speed != 1:
            self.sim.clock(speed=speed)
        scratch = Path(tempfile.mkdtemp(dir=self.folder))
        run = self.start(command(way, situation, self.sim, scratch, **variables), speed=speed)
        shutil.rmtree(scratch)
        attached = {(row["name"], bool(row["www"])) for row in self.sim.domains()}
        if attached != {(item["domain"], item.get("www", False)) for item in situation.wanted}:
            raise RuntimeError(f"{way} did not do all of: {situation}")
        return run


def take_turns(
    rounds: int, runners: Mapping[str, Callable[[], Run]], say: Callable[[str], None] = print
) -> dict[str, Measured]:
    """Run each once, then each once again, and so on; returns all that was measured, by name."""
    measured = {name: Measured() for name in runners}
    for _round in range(rounds):
        for name, runner in runners.items():
            measured[name].runs.append(runner())
    for name, result in measured.items():
        say(f"  {name}: {result.median('wall'):.2f} s, {result.median('requests'):.0f} requests")
    return measured
