# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request limit: staying under what the answers announce, alone or with other runs (reference 1.4).

PRIVATE to the collection: may change without notice.

The limit counts requests in windows. What is left of a window is used freely at first, and its last quarter at half the
allowed rate, so that the limit is reached but not run into, and other users of the same credential (the plugin in
WordPress) still get through.
"""

from __future__ import annotations

import contextlib
import email.utils
import math
import typing as t

from .shared import CLOCK

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from .shared import Clock, StateFile

# Reference 1.4: the limit is counted by the minute as far as anyone says; used where no header tells more.
LIMIT_WINDOW = 60.0
LEAST_LIMIT_WAIT = 0.5
# No window is longer: what a file says beyond that is not believed.
_LONGEST_WINDOW = 3600.0
_LOOK_AGAIN = 0.5
# Below this limit nothing is spread: the waits would be longer than what they save.
_LEAST_SPREAD = 20


class RateLimit:
    """What is known of the request limit.

    :param shared: the state of all runs with this credential on this controller; None: this run is on its own.
    """

    def __init__(self, clock: Clock = CLOCK, shared: StateFile | None = None) -> None:
        self._clock = clock
        self._shared = shared
        self._own: dict[str, t.Any] = {}

    def pause(self) -> float:
        """Return the seconds to wait before a request could be made, without making one."""
        with self._edit() as state:
            self._open_window(state)
            return max(0.0, state["ends"] - self._clock.now()) if state.get("left", 1) <= 0 else 0.0

    def take(self) -> tuple[float, bool]:
        """Take leave for one request: (seconds to wait, whether the request may be made after that).

        Where it may not, nothing is left of the window, and leave has to be taken again.
        """
        with self._edit() as state:
            now = self._clock.now()
            self._open_window(state)
            if "left" not in state:
                return 0.0, True
            if state["left"] <= 0:
                # Until the first answer of a window its end is a guess: look again soon.
                soon = _LOOK_AGAIN if state.get("fresh") else _LONGEST_WINDOW
                return min(soon, max(0.001, state["ends"] - now)), False
            slot = now
            limit, ends = state["limit"], state.get("ends")
            if ends is not None and limit >= _LEAST_SPREAD and state["left"] <= limit // 4:
                last = min(max(state.get("last", now), now - LIMIT_WINDOW), ends)
                slot = max(now, last + min((ends - last) / (state["left"] + 1), 2 * LIMIT_WINDOW / limit))
            state["left"] -= 1
            state["last"] = slot
            if ends is None:
                state["ends"] = slot + LIMIT_WINDOW
            return slot - now, True

    def note(self, headers: Mapping[str, str], sent: float | None = None) -> None:
        """Take in the headers of an answer, which are always right; ``sent``: when its request was sent."""
        remaining = _number(headers.get("X-RateLimit-Remaining"))
        if remaining is None:
            return
        told = _number(headers.get("X-RateLimit-Limit"))
        with self._edit(noting=True) as state:
            now = self._clock.now()
            if sent is not None and sent < state.get("opened", sent):
                # It tells of a window that is over.
                return
            limit = int(max(1, told or 0, remaining, state.get("limit", 1) if told is None else 0))
            left, fresh = state.get("left"), state.pop("fresh", False)
            # Answers overtake each other: what was sent before the last answer came proves nothing by having more left.
            later = sent is None or sent >= state.get("seen", sent)
            # Much more than before is a window that has begun meanwhile; under a small limit, what is under way looks so too.
            told_before = state.get("told", left) if limit < _LEAST_SPREAD else left
            begun = fresh or told_before is None or (later and remaining > told_before + max(1, limit // 5))
            state["told"] = int(remaining if begun else min(state.get("told", remaining), remaining))
            if left is None or begun:
                state["ends"] = now + LIMIT_WINDOW
                state["left"] = int(remaining) if left is None or not fresh else min(left, int(remaining))
                if fresh and remaining <= 0 and limit > 1:
                    # Not a window that begins anew, but one that slides: one request at a time becomes free.
                    state["ends"] = now + LIMIT_WINDOW / limit
            else:
                state["left"] = min(left, int(remaining))
            reset = reset_seconds(headers, now)
            if reset is not None:
                state["ends"] = now + min(reset, _LONGEST_WINDOW)
            state.update(limit=limit, seen=now)

    def refused(self, seconds: float) -> None:
        """Take in that nothing is allowed for some seconds."""
        with self._edit(noting=True) as state:
            now = self._clock.now()
            state.update(left=0, told=0, ends=now + seconds, seen=now)
            state.pop("fresh", None)

    def _open_window(self, state: dict[str, t.Any]) -> None:
        now, ends, limit = self._clock.now(), state.get("ends"), state.get("limit")
        if ends is None or now < ends <= now + _LONGEST_WINDOW:
            return
        state.clear()
        if limit is not None:
            # The new window begins with the next request, which tells when it ends.
            state.update(limit=limit, left=limit, fresh=True, opened=now)

    @contextlib.contextmanager
    def _edit(self, noting: bool = False) -> Iterator[dict[str, t.Any]]:
        if self._shared is None:
            yield self._own
        elif not (noting or self._own or self._shared.exists()):
            # Where no limit was ever announced, there is nothing to share.
            yield {}
        else:
            with self._shared.edit() as state:
                if state is None:
                    self._shared = None
                    yield self._own
                    return
                if not _is_sound(state):
                    state.clear()
                yield state
                self._own = dict(state)


def _is_sound(state: Mapping[str, t.Any]) -> bool:
    """Say whether a file holds what this class wrote."""
    numbers = [state[key] for key in ("limit", "left", "ends", "last", "seen", "opened", "told") if key in state]
    if not all(isinstance(number, (int, float)) and math.isfinite(number) for number in numbers):
        return False
    return "left" not in state or "ends" in state or (state["left"] > 0 and "limit" in state)


def reset_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """Read X-RateLimit-Reset: seconds from now, or a Unix time (reference 1.4: its form is inferred)."""
    value = _number(headers.get("X-RateLimit-Reset"))
    if value is None:
        return None
    if value > 1_000_000_000:
        with contextlib.suppress(KeyError, TypeError, ValueError):
            now = email.utils.parsedate_to_datetime(headers["Date"]).timestamp()
        value -= now
    return max(0.0, value)


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds to wait after a 429: Retry-After in seconds or as a date, else the reset, else a window.

    :param now: the time by RunCloud's clock.
    """
    value = headers.get("Retry-After", "")
    seconds = _number(value)
    if seconds is None and value:
        with contextlib.suppress(TypeError, ValueError):
            seconds = (email.utils.parsedate_to_datetime(value) - now).total_seconds()
    if seconds is None:
        seconds = reset_seconds(headers, now.timestamp())
    # Never at once: an answer that says 0 would otherwise be asked in a tight loop.
    return LIMIT_WINDOW if seconds is None else max(LEAST_LIMIT_WAIT, seconds)


def _number(text: str | None) -> float | None:
    """Read a finite number from a header; None where it holds none."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
