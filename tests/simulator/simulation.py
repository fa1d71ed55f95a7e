# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One simulated RunCloud: all its parts, and how it starts anew between tests."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from typing import Any

from .ca import Authorities
from .clock import Clock
from .faults import Faults
from .issuer import Issuer
from .ratelimit import RateLimiter
from .requestlog import RequestLog
from .seed import plant
from .state import World
from .switches import Switches
from .tls import TlsServer


class Simulation:
    """Everything a request may need; ``reset`` replaces the parts, so nobody keeps them for long."""

    world: World
    clock: Clock
    switches: Switches
    issuer: Issuer
    limiter: RateLimiter
    faults: Faults
    log: RequestLog

    def __init__(self, seed: Mapping[str, Any]) -> None:
        self._first_seed = seed
        self._changed = asyncio.Event()
        self.authorities = Authorities()
        self.tls = TlsServer(self.authorities)
        self.reset(None)

    def reset(self, seed: Mapping[str, Any] | None) -> None:
        """Start anew with ``seed``, or with the one given at the start; raises SeedError and changes nothing then."""
        clock, switches, world = Clock(), Switches(), World()
        plant(self._first_seed if seed is None else seed, world, clock, switches)
        self.world, self.clock, self.switches = world, clock, switches
        self.issuer = Issuer(world, clock, switches)
        self.limiter = RateLimiter(clock, switches)
        self.faults = Faults()
        self.log = RequestLog()
        self.tls.show(world, switches)
        self.wake()

    def shadow(self) -> Simulation:
        """Return a copy whose state may be changed without any effect on this one."""
        copied = copy.copy(self)
        copied.world = copy.deepcopy(self.world)
        copied.issuer = Issuer(copied.world, self.clock, self.switches)
        return copied

    def wake(self) -> None:
        """Make ``run_clockwork`` look again: something may be due earlier than it thinks."""
        self._changed.set()

    async def run_clockwork(self) -> None:
        """Let things happen when they are due, also while nobody asks; runs until it is cancelled."""
        while True:
            await self.issuer.settle()
            self._changed.clear()
            due = self.issuer.next_due()
            wait = None if due is None or not self.clock.speed else (due - self.clock.now()) / self.clock.speed
            try:
                await asyncio.wait_for(self._changed.wait(), None if wait is None else max(0.005, wait))
            except asyncio.TimeoutError:
                continue
