# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can happen to a name, in the words of the result. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Iterable

FAILED = "failed"
NOT_ATTEMPTED = "not attempted"
DEFERRED = "deferred"
ADDED = "added"
CHANGED = "changed"
REMOVED = "removed"
ADD = "add"
CHANGE = "change"
REMOVE = "remove"
UNMANAGED = "unmanaged"
PROTECTED = "protected"
LEFT_OUT = "left out"
UNCHANGED = "unchanged"
# What needs a hand comes first, then what changed.
ACTIONS = (
    FAILED,
    NOT_ATTEMPTED,
    DEFERRED,
    ADDED,
    CHANGED,
    REMOVED,
    ADD,
    CHANGE,
    REMOVE,
    UNMANAGED,
    PROTECTED,
    LEFT_OUT,
    UNCHANGED,
)
DONE = {ADD: ADDED, CHANGE: CHANGED, REMOVE: REMOVED}

NOT_CHECKED = "not checked"
OK = "ok"
MISSING = "missing"


@dataclasses.dataclass(frozen=True)
class Row:
    """What happened to one name.

    ``typed`` is the name as it was written. ``certificate`` is ok, missing, pending, not checked or "" (it has none to
    have), ``days_left`` whole days or None. ``waits_for`` is DNS, certificate, operator or "".
    """

    name: str
    typed: str
    action: str
    reason: str = ""
    certificate: str = ""
    days_left: int | None = None
    waits_for: str = ""

    @property
    def quiet(self) -> bool:
        """Whether nothing happened to the name and nothing has to."""
        return self.action == UNCHANGED and not self.waits_for


def counts_of(rows: Iterable[Row]) -> dict[str, int]:
    """Return how many names each action befell."""
    counts = dict.fromkeys(ACTIONS, 0)
    for row in rows:
        counts[row.action] += 1
    return counts
