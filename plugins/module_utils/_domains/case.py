# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan is made from: what is asked for, what is attached, and what of it must be left alone. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t
from collections import Counter

from .._errors import UserError
from .._names import WWW, is_readable, matching_pattern, normalise_lenient, www_form
from .._runcloud.models import ALIAS, PRIMARY, Domain

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .desired import DesiredDomain


@dataclasses.dataclass(frozen=True)
class Purge:
    """Whether and how far domains that are not asked for are removed.

    ``keep`` are patterns of names to leave alone. ``limit`` is a number of names, or a percentage of all domains that
    are attached like ``20%``. ``withheld`` says why nothing may be removed although purge is on: the list of what is
    wanted may be incomplete.

    :raises UserError: the limit is neither.
    """

    enabled: bool = False
    keep: tuple[str, ...] = ()
    limit: str = "20%"
    withheld: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]+%?", self.limit):
            raise UserError(f"purge_limit: {self.limit!r} is neither a number nor a percentage; give one, like 20%")
        if self.limit.endswith("%") and int(self.limit[:-1]) > 100:
            raise UserError(f"purge_limit: {self.limit!r} is more than all; give at most 100%")

    def allowed(self, attached: int) -> int:
        """Return how many names may be removed when so many domains are attached; 0% allows none."""
        number = int(self.limit.removesuffix("%"))
        if not self.limit.endswith("%"):
            return number
        return max(1, attached * number // 100) if number else 0


NO_PURGE = Purge()


@dataclasses.dataclass(frozen=True)
class Case:
    """All that a plan is made from. ``spared`` are host names that are never taken away, with the reason."""

    asked: tuple[DesiredDomain, ...]
    rows: tuple[Domain, ...]
    purge: Purge
    exclude: tuple[str, ...]
    deferred: Mapping[str, str]
    spared: Mapping[str, str]
    can_update: bool

    @functools.cached_property
    def attached(self) -> dict[str, Domain]:
        """The rows by name."""
        return {row.name: row for row in self.rows}

    @functools.cached_property
    def hosts(self) -> frozenset[str]:
        """The host names that are served."""
        return frozenset(name for row in self.rows for name in row.served_names)

    @functools.cached_property
    def unclear(self) -> dict[str, str]:
        """Names of rows that no request may address by their id, with the reason."""
        ids, names = Counter(row.id for row in self.rows), Counter(row.name for row in self.rows)
        found = {}
        for row in self.rows:
            if not is_readable(row.name):
                found[row.name] = "its name is not a host name, so it is left alone"
            elif row.id is None or ids[row.id] > 1 or names[row.name] > 1:
                found[row.name] = "RunCloud lists its name or its id more than once, so it is left alone"
        return found

    @functools.cached_property
    def present(self) -> frozenset[str]:
        """The names that should be attached."""
        return frozenset(domain.name for domain in self.asked if domain.present)

    @property
    def primary(self) -> Domain | None:
        """The primary domain; None where RunCloud does not say which it is."""
        return next((row for row in self.rows if row.type == PRIMARY), None)

    def left_alone(self, name: str) -> str | None:
        """Say why a host name is never taken away and its row never demoted; None where it may be."""
        return self.unclear.get(name) or self.spared.get(name)


def spared_names(rows: Iterable[Domain], exclude: Sequence[str], protected: Mapping[str, str]) -> dict[str, str]:
    """Find which host names of the attached domains are excluded or protected, each with the reason."""
    wanted = {normalise_lenient(name): reason for name, reason in protected.items()}
    spared = {}
    for name in dict.fromkeys(name for row in rows for name in (row.name, www_form(row.name))):
        pattern = matching_pattern(name, exclude)
        bare = name.removeprefix(WWW)
        if pattern is not None:
            spared[name] = f"exclude has {pattern}"
        elif name in wanted or bare in wanted:
            spared[name] = wanted.get(name) or wanted[bare]
    return spared


@dataclasses.dataclass(frozen=True)
class Primary:
    """Which name becomes the primary domain now, and which should but has to wait."""

    next: str | None = None
    waiting: str | None = None

    def demoted(self, row: Domain) -> Domain:
        """Return a row as it is once the new primary domain is set: the old one is an alias (reference 3.8, U5)."""
        if self.next is not None and row.type == PRIMARY:
            return dataclasses.replace(row, type=ALIAS)
        return row

    def keeps(self, row: Domain) -> bool:
        """Say whether the primary domain keeps its place because its successor has to wait."""
        return row.type == PRIMARY and self.waiting is not None
