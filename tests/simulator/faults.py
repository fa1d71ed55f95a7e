# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults on demand: rules that spoil chosen requests, and a point after which nothing is answered any more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_MATCH = {"name", "method", "path", "version", "body", "after", "times", "action"}
_ACTIONS = {"status", "body", "headers", "carry_out", "drop", "html", "truncate", "delay", "delay_reply"}
_KINDS = ("status", "drop", "html", "truncate")


class FaultError(ValueError):
    """A rule that makes no sense."""


@dataclass
class Action:
    """What happens to a request."""

    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    carry_out: bool = False
    drop: str | None = None
    html: int | None = None
    truncate: bool = False
    delay: float = 0.0
    delay_reply: float = 0.0

    @property
    def handled_first(self) -> bool:
        """Whether the request is carried out although its reply is spoiled."""
        return self.carry_out or self.truncate or self.drop == "after" or not self.spoils

    @property
    def spoils(self) -> bool:
        """Whether the reply is anything but the true one."""
        return self.status is not None or self.html is not None or self.drop is not None or self.truncate


@dataclass
class Rule:
    """Which requests to spoil: ``after`` matching ones are let through, then ``times`` are spoiled (None: all)."""

    name: str
    action: Action
    method: str = "*"
    path: str = ""
    version: str | None = None
    body: str | None = None
    after: int = 0
    times: int | None = 1
    seen: int = 0

    def applies(self, method: str, path: str, version: str, body: str) -> bool:
        """Say whether this request is to be spoiled, counting it when it matches."""
        if self.method not in ("*", method) or self.version not in (None, version):
            return False
        if not re.search(self.path, path) or (self.body is not None and self.body not in body):
            return False
        self.seen += 1
        return self.seen > self.after and (self.times is None or self.seen <= self.after + self.times)


class Faults:
    """All rules in force; the first that applies wins."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._left: int | None = None

    def add(self, rules: list[Mapping[str, Any]]) -> None:
        """Add rules, all or none; raises FaultError for one that can't be read."""
        self._rules += [_read(rule) for rule in rules]

    def stop_after(self, requests: int | None) -> None:
        """Answer that many requests more and then none, until cleared; None takes it back."""
        self._left = requests

    def clear(self) -> None:
        """Forget all rules."""
        self._rules.clear()
        self._left = None

    def stopped(self) -> bool:
        """Count a request and say whether it comes after the end."""
        if self._left is None:
            return False
        self._left -= 1
        return self._left < 0

    def find(self, method: str, path: str, version: str, body: str) -> Rule | None:
        """Return the rule for this request; each rule counts it until one applies."""
        return next((rule for rule in self._rules if rule.applies(method, path, version, body)), None)


def _read(raw: Mapping[str, Any]) -> Rule:
    """Return a rule from its JSON form."""
    unknown = set(raw) - _MATCH
    if unknown:
        raise FaultError(f"unknown keys in a fault rule: {', '.join(sorted(unknown))}")
    action = raw.get("action")
    if not isinstance(action, Mapping) or not action or set(action) - _ACTIONS:
        raise FaultError(f"a fault rule needs an action with keys of: {', '.join(sorted(_ACTIONS))}")
    if sum(1 for kind in _KINDS if action.get(kind)) > 1:
        raise FaultError(f"an action takes one of: {', '.join(_KINDS)}")
    if action.get("drop") not in (None, "before", "after"):
        raise FaultError('drop is "before" or "after"')
    for kind in ("status", "html"):
        if not isinstance(action.get(kind, 200), int) or not 200 <= action.get(kind, 200) <= 599:
            raise FaultError(f"{kind} is an HTTP status")
    try:
        re.compile(raw.get("path", ""))
    except re.error as error:
        raise FaultError(f"path is no regular expression: {error}") from error
    return Rule(
        name=raw.get("name") or _title(action),
        action=Action(**action),
        method=raw.get("method", "*"),
        path=raw.get("path", ""),
        version=raw.get("version"),
        body=raw.get("body"),
        after=raw.get("after", 0),
        times=raw.get("times", 1),
    )


def _title(action: Mapping[str, Any]) -> str:
    """Return a name for the request log: "status 503", "drop after", "truncate"."""
    for kind in _KINDS:
        if action.get(kind):
            return kind if action[kind] is True else f"{kind} {action[kind]}"
    return "delay"
