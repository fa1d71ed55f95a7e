# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's own time: it can be set, moved on and sped up without anybody waiting."""

from __future__ import annotations

import calendar
import functools
import time

FORMAT = "%Y-%m-%d %H:%M:%S"
DAY = 86400.0


def stamp(epoch: float) -> str:
    """Return a point in time (epoch seconds) as the wire spells it, UTC (reference 1.6 and U20)."""
    return _stamp(int(epoch))


@functools.lru_cache(maxsize=4096)
def _stamp(second: int) -> str:
    return time.strftime(FORMAT, time.gmtime(second))


def optional_stamp(epoch: float | None) -> str | None:
    """Return ``stamp(epoch)``, or None where there is no point in time."""
    return None if epoch is None else stamp(epoch)


def parse(text: str) -> float:
    """Return the epoch seconds of ``YYYY-MM-DD HH:MM:SS`` (UTC); raises ValueError on anything else."""
    return float(calendar.timegm(time.strptime(text, FORMAT)))


class Clock:
    """Time in epoch seconds that runs ``speed`` times as fast as the wall's; a speed of 0 stops it."""

    def __init__(self) -> None:
        self._base = time.time()
        self._since = time.monotonic()
        self._speed = 1.0

    @property
    def speed(self) -> float:
        """How many simulated seconds pass in one real second."""
        return self._speed

    def now(self) -> float:
        """Return the simulated time in epoch seconds."""
        return self._base + (time.monotonic() - self._since) * self._speed

    def text(self) -> str:
        """Return the simulated time as the wire spells it."""
        return stamp(self.now())

    def set(self, epoch: float) -> None:
        """Make it ``epoch`` now; the clock runs on from there."""
        self._base = epoch
        self._since = time.monotonic()

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds`` (back where negative)."""
        self.set(self.now() + seconds)

    def set_speed(self, factor: float) -> None:
        """Run ``factor`` times as fast from now on; raises ValueError for a negative factor."""
        if factor < 0:
            raise ValueError("speed must not be negative")
        self.set(self.now())
        self._speed = factor

    def wall_seconds(self, seconds: float) -> float:
        """Return how many real seconds ``seconds`` of simulated time take (as many again where the clock stands)."""
        return seconds / self._speed if self._speed else seconds
