# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How work ended and how far it is: the words that all engines share.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import enum
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Callable

T = t.TypeVar("T")


class Status(enum.Enum):
    """How a piece of work ended. It is set where the outcome is known, never concluded from other values."""

    OK = "ok"
    # Some names failed, or a guard held something back; everything else was done.
    PARTLY = "partly failed"
    # It stopped early, or what was done is not known.
    FAILED = "failed"

    def __and__(self, other: Status) -> Status:
        """Return the worse of two."""
        order = list(Status)
        return max(self, other, key=order.index)


class Progress(t.Protocol):
    """Takes how far something is; ``total`` 0 means that there is no count."""

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        """Take one state of affairs; this must cost nothing."""


def no_progress(what: str, done: int = 0, total: int = 0) -> None:
    """Take progress where it is not shown."""


def carry_out(check_mode: bool, predicted: T, apply: Callable[[], T]) -> T:
    """Apply a plan, or in check mode return what it would come to. The one place that makes this difference."""
    return predicted if check_mode else apply()


def duration(seconds: float) -> str:
    """Return seconds as people say them."""
    return f"{max(1, round(seconds))} s" if seconds < 120 else f"{round(seconds / 60)} min"
