# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let's Encrypt's own limits (reference 8), counted over windows of simulated time."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

HOUR = 3600.0
WEEK = 7 * 24 * HOUR
MAX_NAMES = 100

# Suffixes under which the public registers names in the third level; enough for tests, not the whole list.
_TWO_LEVELS = {"co.uk", "org.uk", "com.au", "co.nz", "com.br", "co.jp", "co.za"}


def registered_domain(name: str) -> str:
    """Return the name one buys: ``shop.brand.example`` and ``*.brand.example`` belong to ``brand.example``."""
    labels = name.lower().split(".")
    size = 3 if ".".join(labels[-2:]) in _TWO_LEVELS else 2
    return ".".join(labels[-size:])


class _Window:
    """Counts events of the last ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque()

    def count(self, now: float) -> int:
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()
        return len(self._times)

    def add(self, now: float) -> None:
        self._times.append(now)


class LeLimits:
    """300 orders in 3 hours; a week 5 equal certificates and 50 of a registered domain; 5 failures a host and hour."""

    def __init__(self) -> None:
        self._orders = _Window(3 * HOUR)
        self._equal: dict[frozenset[str], _Window] = defaultdict(lambda: _Window(WEEK))
        self._registered: dict[str, _Window] = defaultdict(lambda: _Window(WEEK))
        self._failures: dict[str, _Window] = defaultdict(lambda: _Window(HOUR))

    def complaint(self, names: Iterable[str], now: float) -> str | None:
        """Return why Let's Encrypt would not take an order for these names now, or None."""
        wanted = frozenset(names)
        if len(wanted) > MAX_NAMES:
            return f"Order included {len(wanted)} identifiers, more than the {MAX_NAMES} allowed"
        if self._orders.count(now) >= 300:
            return "too many new orders (300) from this account in the last 3h0m0s"
        if self._equal[wanted].count(now) >= 5:
            return f"too many certificates (5) already issued for this exact set in the last 168h0m0s: {_some(wanted)}"
        for domain in sorted({registered_domain(name) for name in wanted}):
            if self._registered[domain].count(now) >= 50:
                return f'too many certificates (50) already issued for "{domain}" in the last 168h0m0s'
        for name in sorted(wanted):
            if self._failures[name].count(now) >= 5:
                return f'too many failed authorizations (5) for "{name}" in the last 1h0m0s'
        return None

    def ordered(self, now: float) -> None:
        """Count a new order."""
        self._orders.add(now)

    def issued(self, names: Iterable[str], now: float) -> None:
        """Count an issued certificate."""
        wanted = frozenset(names)
        self._equal[wanted].add(now)
        for domain in {registered_domain(name) for name in wanted}:
            self._registered[domain].add(now)

    def failed(self, name: str, now: float) -> None:
        """Count a failed validation of a host."""
        self._failures[name].add(now)


def _some(names: frozenset[str]) -> str:
    """Return the first few names for an error text."""
    listed = sorted(names)
    return ", ".join(listed[:3]) + (", ..." if len(listed) > 3 else "")
