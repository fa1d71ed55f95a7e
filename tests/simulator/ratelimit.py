# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request limit: so many a minute for each credential, told in headers (reference 1.4, U16)."""

from __future__ import annotations

import math
from email.utils import formatdate

from .clock import Clock
from .errors import ApiError
from .state import Credential
from .switches import Switches


class RateLimiter:
    """Counts requests in windows that begin with a credential's first request, as Laravel's throttle does."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._windows: dict[str, tuple[float, int]] = {}

    def take(self, credential: Credential) -> dict[str, str]:
        """Count one request and return the headers for its reply; raises ApiError 429 when there were too many."""
        limit = self._switches.rate_limit
        if limit is None:
            return {}
        now = self._clock.now()
        start, used = self._windows.get(credential.name, (now, 0))
        if not start <= now < start + self._switches.rate_window:
            start, used = now, 0
        reset = start + self._switches.rate_window
        if used >= limit:
            headers = self._headers(limit, 0, reset) | self._retry_after(reset, now)
            raise ApiError(429, {"message": "Too Many Attempts."}, headers)
        self._windows[credential.name] = (start, used + 1)
        return self._headers(limit, limit - used - 1, reset)

    def _headers(self, limit: int, remaining: int, reset: float) -> dict[str, str]:
        headers = {}
        if self._switches.rate_headers:
            headers["X-RateLimit-Limit"] = str(limit)
            if self._switches.rate_remaining_header:
                headers["X-RateLimit-Remaining"] = str(remaining)
        if self._switches.rate_reset_header:
            headers["X-RateLimit-Reset"] = str(math.ceil(reset))
        return headers

    def _retry_after(self, reset: float, now: float) -> dict[str, str]:
        """Return how long to wait: in the caller's seconds or the simulated clock's, or as a date of that clock."""
        if self._switches.retry_after == "absent":
            return {}
        if self._switches.retry_after == "date":
            return {"Retry-After": formatdate(math.ceil(reset), usegmt=True)}
        seconds = reset - now if self._switches.retry_after == "simulated" else self._clock.wall_seconds(reset - now)
        return {"Retry-After": str(max(1, math.ceil(seconds)))}
