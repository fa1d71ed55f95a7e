# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a fault does to a request, as JSON describes it (README.md has the table)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from .echo import FORMS

# Lists that do not hold together, see paging.py.
PAGES = ("short", "repeated", "overlapping", "skipping", "endless")
# Each of these makes a reply of its own in the place of the true one.
_REPLIES = ("body", "html", "echo", "filler", "nested")
# At most one of these says what the reply is.
_KINDS = ("status", "drop", "html", "truncate")
_CHOICES = {"drop": ("before", "after"), "pages": PAGES, "echo": tuple(FORMS)}
_STATUS = {"echo": 422, "filler": 500, "nested": 200}


class FaultError(ValueError):
    """A rule that makes no sense."""


@dataclasses.dataclass
class Action:
    """What happens to a request."""

    # a reply in the place of the true one
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    html: int | None = None
    echo: str | None = None
    filler: int | None = None
    nested: int | None = None
    carry_out: bool = False

    # no reply, or a part of it
    drop: str | None = None
    truncate: bool = False

    # the true reply, with changes
    no_effect: bool = False
    change: dict[str, Any] = dataclasses.field(default_factory=dict)
    remove: list[str] = dataclasses.field(default_factory=list)
    pages: str | None = None

    # how long it takes
    delay: float = 0.0
    delay_reply: float = 0.0
    drip: float = 0.0

    @property
    def replaces(self) -> bool:
        """Whether the reply is one that the fault has made up."""
        return self.status is not None or any(getattr(self, kind) is not None for kind in _REPLIES)

    @property
    def handled_first(self) -> bool:
        """Whether the request is carried out although its reply is spoiled."""
        return self.carry_out or self.drop == "after" or (not self.replaces and self.drop is None)

    def reply_status(self) -> int:
        """Return the status of a reply that the fault has made up."""
        if self.status is not None:
            return self.status
        return next((status for kind, status in _STATUS.items() if getattr(self, kind) is not None), 200)


def read_action(raw: Any) -> Action:
    """Return an action from its JSON form; raises FaultError for one that makes no sense."""
    known = {field.name for field in dataclasses.fields(Action)}
    if not isinstance(raw, Mapping) or not raw or set(raw) - known:
        raise FaultError(f"a fault rule needs an action with keys of: {', '.join(sorted(known))}")
    for group in (_KINDS, _REPLIES):
        if sum(1 for kind in group if raw.get(kind)) > 1:
            raise FaultError(f"an action takes one of: {', '.join(group)}")
    for key, choices in _CHOICES.items():
        if raw.get(key) not in (None, *choices):
            raise FaultError(f"{key} is one of: {', '.join(choices)}")
    for kind in ("status", "html"):
        if not isinstance(raw.get(kind, 200), int) or not 200 <= raw.get(kind, 200) <= 599:
            raise FaultError(f"{kind} is an HTTP status")
    action = Action(**raw)
    changes = action.change or action.remove or action.pages or action.no_effect
    if changes and (action.replaces or action.drop):
        raise FaultError("only the true reply can be changed")
    return action


def title(action: Action) -> str:
    """Return a name for the request log: "status 503", "drop after", "truncate", "pages endless"."""
    for kind in (*_KINDS, "echo", "pages", "filler", "nested"):
        value = getattr(action, kind)
        if value:
            return kind if value is True else f"{kind} {value}"
    if action.change or action.remove:
        return "change"
    return "no effect" if action.no_effect else "drip" if action.drip else "delay"
