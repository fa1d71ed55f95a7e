# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults on demand: rules that choose requests to spoil, and a point after which nothing is answered any more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .actions import Action, FaultError, read_action, title

_MATCH = {"name", "method", "path", "version", "body", "after", "times", "onwards", "action"}


@dataclass
class Rule:
    """Which requests to spoil: ``after`` matching ones are let through, then ``times`` are spoiled (None: all).

    With ``onwards`` every later request is spoiled as well, whatever its method and path.
    """

    name: str
    action: Action
    method: str = "*"
    path: str = ""
    version: str | None = None
    body: str | None = None
    after: int = 0
    times: int | None = 1
    onwards: bool = False
    seen: int = 0

    def applies(self, method: str, path: str, version: str, body: str) -> bool:
        """Say whether this request is to be spoiled, counting it when it matches."""
        if self.onwards and self.seen > self.after:
            return True
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
    action = read_action(raw.get("action"))
    try:
        re.compile(raw.get("path", ""))
    except re.error as error:
        raise FaultError(f"path is not a regular expression: {error}") from error
    return Rule(
        name=raw.get("name") or title(action),
        action=action,
        method=raw.get("method", "*"),
        path=raw.get("path", ""),
        version=raw.get("version"),
        body=raw.get("body"),
        after=raw.get("after", 0),
        times=raw.get("times", 1),
        onwards=raw.get("onwards", False),
    )
