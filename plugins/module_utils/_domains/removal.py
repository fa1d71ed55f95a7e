# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan is made from, and what of it is taken away, by request and by purge, or must be left alone. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t
from collections import Counter

from .._errors import UserError
from .._names import WWW, is_test_domain, matching_pattern, normalise_lenient, served_names, www_form
from .._runcloud.models import ALIAS, PRIMARY, Domain

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .desired import DesiredDomain

Reasons = tuple[tuple[str, str], ...]

_NO_PRIMARY_KNOWN = "RunCloud does not say which domain is the primary one, so nothing is removed"
_SHOWN_NAMES = 10


@dataclasses.dataclass(frozen=True)
class Purge:
    """Whether and how far domains that are not asked for are removed.

    ``keep`` are patterns of names to leave alone. ``limit`` is how many names may be taken away, a number or a
    percentage of all domains that are attached like ``20%``; what is asked to be absent does not count. ``withheld``
    says why nothing may be removed although purge is on: the list of what is wanted may be incomplete.

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
        """Return how many names may be taken away when so many domains are attached; 0% allows none."""
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
    exclude: Sequence[str]
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
        twice = [row.name for row in self.rows if row.id is None or ids[row.id] > 1 or names[row.name] > 1]
        found = dict.fromkeys(twice, "RunCloud lists its name or its id more than once, so it is left alone")
        odd = [row.name for row in self.rows if not row.readable]
        return found | dict.fromkeys(odd, "its name is not a host name, so it is left alone")

    @functools.cached_property
    def present(self) -> frozenset[str]:
        """The names that should be attached."""
        return frozenset(domain.name for domain in self.asked if domain.present)

    @functools.cached_property
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
        reason = f"exclude has {pattern}" if pattern else wanted.get(name) or wanted.get(name.removeprefix(WWW))
        if reason is not None:
            spared[name] = reason
    return spared


@dataclasses.dataclass(frozen=True)
class Primary:
    """Which name becomes the primary domain now, and which should but has to wait."""

    next: str | None = None
    waiting: str | None = None

    def demoted(self, row: Domain) -> Domain:
        """Return a row as it is once the new primary domain is set: the old one is an alias (reference 3.8, U5)."""
        demote = self.next is not None and row.type == PRIMARY
        return dataclasses.replace(row, type=ALIAS) if demote else row

    def keeps(self, row: Domain) -> bool:
        """Say whether the primary domain keeps its place because its successor has to wait."""
        return row.type == PRIMARY and self.waiting is not None


# ---------------------------------------------------------------------- what is taken away


@dataclasses.dataclass(frozen=True)
class Leaving:
    """What is taken away: rows, and of others (by name) the www variant; what could be, and what may not."""

    rows: tuple[Domain, ...]
    www: tuple[str, ...]
    unmanaged: tuple[str, ...]
    protected: Reasons
    refusal: str


def find_leaving(case: Case, wanted: Mapping[str, DesiredDomain], primary: Primary, errors: dict[str, str]) -> Leaving:
    """Decide what is taken away, by request and by purge; requests that cannot be met are added to ``errors``."""
    purge = case.purge
    protected: list[tuple[str, str]] = []
    # What is asked for and gets no row in this run: the rows that serve it have to stay.
    pending = _hosts(domain for domain in case.asked if domain.present) - _hosts(wanted.values())
    rows = _asked_to_go(case, primary, pending, errors, protected)
    with_www = {row.name for row in case.rows if row.www}
    losing = [name for name, domain in wanted.items() if domain.www is False and name in with_www]
    www = [name for name in losing if wanted[name].www_firm]
    derived = {name for name in losing if not wanted[name].www_firm and www_form(name) not in case.present}
    asked = {domain.name for domain in case.asked}
    # The host names that purge takes away, each with the row that serves it: one may be served by two.
    extra: list[tuple[str, Domain]] = []
    for row in case.rows:
        if row.name in asked and row.name not in derived:
            continue
        name = www_form(row.name) if row.name in derived else row.name
        reason = _why_kept(row, name, case, primary, pending)
        if reason is None:
            extra.append((name, row))
        else:
            protected.append((name, reason))
    # A www name that has a row of its own, or gets one, stays whatever the other domain loses.
    lost = [name for name in map(www_form, www) if name not in case.attached and name not in case.present]
    unmanaged = tuple(dict.fromkeys(name for name, _row in extra))
    refusal = _refusal(case, [*lost, *(unmanaged if purge.enabled else ())])
    if refusal or (purge.enabled and purge.withheld):
        held_back = [*(row.name for row in rows), *map(www_form, www)]
        protected.extend((name, "nothing is removed in a run in which removals are held back") for name in held_back)
        rows, www = [], []
    elif purge.enabled:
        rows += [row for name, row in extra if name == row.name]
        www += [row.name for name, row in extra if name != row.name]
    return Leaving(tuple(rows), tuple(www), unmanaged, tuple(protected), refusal)


def _hosts(domains: Iterable[DesiredDomain]) -> frozenset[str]:
    return frozenset(name for domain in domains for name in served_names(domain.name, domain.www))


def _asked_to_go(
    case: Case, primary: Primary, pending: frozenset[str], errors: dict[str, str], protected: list[tuple[str, str]]
) -> list[Domain]:
    """List the rows that go by request; what cannot go is added to ``errors``, what must not to ``protected``."""
    rows = []
    for domain in case.asked:
        row = case.attached.get(domain.name)
        if domain.present or row is None or domain.name in errors:
            continue
        if primary.keeps(row):
            protected.append((row.name, f"it is the primary domain until {primary.waiting} takes its place"))
        elif complaint := _cannot_go(row, case, primary):
            errors[row.name] = f"state: {complaint}"
        elif serves := sorted(pending.intersection(row.served_names)):
            protected.append((row.name, f"it serves {', '.join(serves)}, which is asked for"))
        else:
            rows.append(row)
    return rows


def _cannot_go(row: Domain, case: Case, primary: Primary) -> str:
    """Say why a domain that is asked to be absent stays; "" where it can go."""
    if reason := case.left_alone(row.name):
        return f"{row.name} cannot be removed: {reason}"
    if case.primary is None:
        return f"{_NO_PRIMARY_KNOWN}; remove {row.name} in RunCloud's panel"
    if primary.demoted(row).type == PRIMARY:
        return (
            f"{row.name} is the primary domain and cannot be removed; ask for type: primary on another domain in the "
            "same run (module runcloud_domains) or before it"
        )
    return ""


def _why_kept(row: Domain, name: str, case: Case, primary: Primary, pending: frozenset[str]) -> str | None:
    """Say why purge leaves a row, or only its www variant (then ``name`` is that), alone; None where it does not."""
    if name == row.name and primary.demoted(row).type == PRIMARY:
        return "it is the primary domain"
    if is_test_domain(row.name):
        return "it is a test domain of RunCloud"
    for taken in row.served_names if name == row.name else (name,):
        if reason := case.left_alone(taken):
            return reason
        if pattern := matching_pattern(taken, case.purge.keep):
            return f"purge_keep has {pattern}"
        if taken in pending:
            return f"it serves {taken}, which is asked for"
    if case.primary is None:
        return _NO_PRIMARY_KNOWN
    return None if name == row.name or case.can_update else "API v2 documents no way to take its www away"


def _refusal(case: Case, leaving: Sequence[str]) -> str:
    """Say why a guard lets none of these names go; "" where none does, or where nothing is removed anyway."""
    purge = case.purge
    if purge.enabled and purge.withheld:
        return ""
    if purge.enabled and not case.present:
        return (
            "purge: no domain is asked for at all, and purge would remove all that is attached; nothing was removed. "
            "Give the list, or set purge to false."
        )
    allowed = purge.allowed(len(case.rows))
    if len(leaving) <= allowed:
        return ""
    shown = ", ".join(leaving[:_SHOWN_NAMES]) + (", ..." if len(leaving) > _SHOWN_NAMES else "")
    return (
        f"purge_limit: {purge.limit!r} allows the removal of {allowed} of {len(case.rows)} domains, but "
        f"{len(leaving)} would be removed ({shown}); nothing was removed. "
        "If this is meant, raise purge_limit for this run."
    )
