# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that moves on by what is waited, and by what a test says: nothing really waits."""

from __future__ import annotations

from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.shared import Clock


class SimulatedClock(Clock):
    """Begins at a fixed time and remembers the waits."""

    def __init__(self, time: float = 1_767_261_600.0) -> None:
        self.time = time
        self.waits: list[float] = []

    def now(self) -> float:
        """Return the simulated time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.waits.append(seconds)
        self.time += seconds
