# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways side by side in situations: sizes, changes, certificates, latency, the request limit, DNS and handshakes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulator.process import SERVER_ID
from support.dns_server import DnsServer

from .measure import Bench, Measured, Run, take_turns
from .reckon import reckon, steps
from .situations import Certificates, Kind, Situation
from .ways import Way, command

WAYS: tuple[Way, ...] = ("floor", "sync", "loop", "uri")
KINDS: tuple[Kind, ...] = ("nothing to do", "all new", "1 % changed", "purge of 1 %")
# Under a limit of 60 a minute: a simulated minute takes two real seconds.
SPEED = 30.0


@dataclass(frozen=True)
class Scale:
    """How much is measured: sizes (and those of other situations than nothing to do), rounds, numbers of things.

    ``bearable`` is how many seconds one run may take before it is reckoned instead.
    """

    sizes: Sequence[int] = (10, 100, 1000, 10_000)
    fewer_sizes: Sequence[int] = (10, 100, 1000, 10_000)
    rounds: int = 5
    bearable: float = 120.0
    changes: int = 3000
    networks: int = 30
    checks: int = 1000

    def rounds_for(self, size: int) -> int:
        """Return how often; small sizes, where noise weighs most, are measured more often."""
        return max(1, self.rounds if size >= 1000 else 2 * self.rounds - 1)

    def fewer_rounds(self) -> Scale:
        """Return the same with half of the rounds."""
        return replace(self, rounds=max(1, self.rounds // 2))


QUICK = Scale(sizes=(10, 100), fewer_sizes=(10,), rounds=1, bearable=8.0, changes=120, networks=4, checks=20)

Row = tuple[Situation, dict[str, Measured]]


def rows(bench: Bench, scale: Scale, situations: Iterable[Situation], ways: Sequence[Way] = WAYS) -> list[Row]:
    """Measure each situation in each way.

    Loops and uri are reckoned where they would take too long, and left out where nothing smaller is known (at a second
    for each module that they start).
    """
    found: list[Row] = []
    for situation in situations:
        print(situation)
        alike = [(other, result) for other, result in found if replace(other, size=situation.size) == situation]
        floor = {other: result["floor"] for other, result in alike}
        reckoned: dict[str, Measured] = {}
        runners: dict[str, Callable[[], Run]] = {}
        for way in ways:
            known = {other: result[way] for other, result in alike if way in result}
            guess = reckon(way, situation, known, floor) if way in ("loop", "uri") else None
            if guess is not None and guess.median("wall") > scale.bearable:
                reckoned[way] = guess
            elif way in ("floor", "sync") or guess or steps(way, situation) < scale.bearable:
                runners[way] = _runner(bench, way, situation)
        found.append((situation, {**take_turns(scale.rounds_for(situation.size), runners), **reckoned}))
    return found


def _runner(bench: Bench, way: Way, situation: Situation) -> Callable[[], Run]:
    return lambda: bench.measure(way, situation, SPEED if situation.limit else 1.0)


def sizes(bench: Bench, scale: Scale) -> list[Row]:
    """Nothing to do: every size, every way."""
    return rows(bench, scale, [Situation(size) for size in scale.sizes])


def changes(bench: Bench, scale: Scale) -> list[Row]:
    """Something to do: every size, every way."""
    kinds = [kind for kind in KINDS if kind != "nothing to do"]
    pairs = itertools.product(kinds, scale.fewer_sizes)
    return rows(bench, scale.fewer_rounds(), [Situation(n, kind) for kind, n in pairs])


def certificates(bench: Bench, scale: Scale) -> list[Row]:
    """Certificates on, without handshakes; new names only as far as one certificate goes."""
    situations = []
    modes: tuple[Certificates, ...] = ("basic", "advanced")
    for mode in modes:
        situations += [Situation(size, "nothing to do", mode) for size in scale.fewer_sizes]
        situations.append(Situation(10, "all new", mode))
    return rows(bench, scale.fewer_rounds(), situations, ("floor", "sync"))


def latency(bench: Bench, scale: Scale) -> list[Row]:
    """Each reply takes 100 ms, as from the other side of the world."""
    far = [Situation(size, latency=0.1) for size in scale.fewer_sizes]
    far += [Situation(size, "1 % changed", latency=0.1) for size in scale.fewer_sizes if size <= 1000]
    return rows(bench, scale.fewer_rounds(), far, ("floor", "sync", "uri"))


def limit(bench: Bench, scale: Scale) -> list[Row]:
    """60 requests a minute in simulated time: what each way makes of it."""
    few = [Situation(size, limit=60) for size in scale.fewer_sizes]
    few += [Situation(size, "1 % changed", limit=60) for size in scale.fewer_sizes]
    return rows(bench, replace(scale, rounds=1), few, ("floor", "sync"))


def checks(bench: Bench, scale: Scale) -> dict[str, Measured]:
    """Sync with a DNS look-up and a handshake for each of so many names, side by side with the same without."""
    situation = Situation(scale.checks, certificates="advanced")
    with DnsServer(default=["127.0.0.1"]) as dns:
        asked = {
            "domain_sync_require_dns": True,
            "domain_sync_dns_nameservers": [dns.address],
            "domain_sync_dns_expect": ["127.0.0.1"],
            "domain_sync_ssl_check_served": True,
            "domain_sync_ssl_check_address": "127.0.0.1",
            "domain_sync_ssl_check_port": bench.sim.tls_port,
        }
        seed = situation.seed()
        bench.sim.reset({"servers": [{"id": SERVER_ID, "ipAddress": "127.0.0.1"}], **seed})

        def run(folder: str, variables: dict[str, Any]) -> Run:
            place = Path(bench.folder, folder)
            place.mkdir(exist_ok=True)
            return bench.start(command("sync", situation, bench.sim, place, **variables))

        # The simulator makes its certificates at their first handshake: that is not what is measured.
        run("with", asked)
        print(f"{scale.checks} look-ups and handshakes")
        return take_turns(
            scale.rounds, {"without": lambda: run("without", {}), "with checks": lambda: run("with", asked)}
        )
