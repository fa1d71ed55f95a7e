# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Desired domains x attached domains -> what to do. Pure: no I/O, no Ansible, no clock.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import _names as _hostnames
from .._errors import UserError
from .._runcloud.models import ALIAS, PRIMARY, Domain
from .desired import Wish, raise_problems, served_twice

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Action = t.Literal["add", "promote", "change", "remove"]

NO_PRIMARY_KNOWN = "RunCloud does not say which domain is the primary one, so nothing is removed"
NO_UPDATE = (
    "API v2 documents no way to change a domain's type, www or redirection: "
    "use an API v3 token, or change it in RunCloud's panel ({what})"
)


class PurgeRefused(UserError):
    """A purge that a guard stopped."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One request that changes something. ``target`` is the domain after it, ``before`` the row it starts from."""

    action: Action
    target: Domain
    before: Domain | None = None

    @property
    def name(self) -> str:
        """The name that is worked on."""
        return self.target.name


@dataclasses.dataclass(frozen=True)
class DomainPlan:
    """What a run will do, and what it leaves. Names are in the order they were asked for."""

    steps: tuple[Step, ...] = ()
    add: tuple[str, ...] = ()
    change: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    kept_back: tuple[tuple[str, str], ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    before: tuple[Domain, ...] = ()
    after: tuple[Domain, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Give the return value ``plan`` of the modules (design 2.3)."""
        return {
            "add": list(self.add),
            "change": list(self.change),
            "remove": list(self.remove),
            "keep": list(self.keep),
            "extra": list(self.extra),
            "kept_back": [{"name": name, "reason": reason} for name, reason in self.kept_back],
            "held": [{"name": name, "reason": reason} for name, reason in self.held],
        }


@dataclasses.dataclass(frozen=True)
class Purge:
    """Whether and how far domains that nobody asked for are removed.

    ``limit`` is a number of domains, or a percentage of all that are attached like ``20%``.
    """

    enabled: bool = False
    keep: tuple[str, ...] = ()
    limit: str = "20%"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]+%?", self.limit):
            raise UserError(f"purge_limit: {self.limit!r} is neither a number nor a percentage; give one, like 20%")
        if self.limit.endswith("%") and int(self.limit[:-1]) > 100:
            raise UserError(f"purge_limit: {self.limit!r} is more than all; give at most 100%")

    def allowed(self, attached: int) -> int:
        """Give how many domains may be removed when so many are attached."""
        if self.limit.endswith("%"):
            return max(1, attached * int(self.limit[:-1]) // 100)
        return int(self.limit)


NO_PURGE = Purge()


def refuse_purge_of_all(wishes: Iterable[Wish], purge: Purge) -> None:
    """Stop a purge that follows an empty list, which needs no look at what is attached.

    :raises PurgeRefused: purge is on, and no domain is asked for.
    """
    if purge.enabled and not any(wish.present for wish in wishes):
        raise PurgeRefused(
            "purge: domains asks for no domain at all, and purge would remove all that is attached; nothing was done. "
            "Give the list, or set purge to false."
        )


def plan_domains(
    wishes: Sequence[Wish],
    rows: Sequence[Domain],
    *,
    purge: Purge = NO_PURGE,
    hold: Mapping[str, str] | None = None,
    can_update: bool = True,
) -> DomainPlan:
    """Decide how the attached domains become the desired ones.

    :param wishes: what is asked for, each name once.
    :param rows: the attached domains.
    :param purge: what happens to those that nobody asked for.
    :param hold: names (normalised) that must not be added now, with the reason.
    :param can_update: whether the API can change a domain (reference 3.5: v3 only).
    :returns: the plan; its steps are in the order of work: add, promote, change, remove.
    :raises UserError: what is asked for contradicts itself or the state.
    :raises PurgeRefused: a guard of purge.
    """
    return _Planner(wishes, rows, purge, hold or {}, can_update).plan()


def changed_rows(before: Iterable[Domain], after: Iterable[Domain]) -> tuple[list[dict[str, object]], ...]:
    """Give both sides of a diff: only the rows that differ, and of them name, type, www and redirection."""
    old = {row.name: _shown(row) for row in before}
    new = {row.name: _shown(row) for row in after}
    names = sorted(name for name in {**old, **new} if old.get(name) != new.get(name))
    return [old[name] for name in names if name in old], [new[name] for name in names if name in new]


def _shown(row: Domain) -> dict[str, object]:
    return {"name": row.name, "type": row.type, "www": row.www, "redirection": row.redirection}


class _Planner:
    """Holds what the single decisions have in common."""

    def __init__(
        self, wishes: Sequence[Wish], rows: Sequence[Domain], purge: Purge, hold: Mapping[str, str], can_update: bool
    ) -> None:
        self.wishes = wishes
        self.rows = list(rows)
        self.purge = purge
        self.hold = hold
        self.can_update = can_update
        self.attached = {row.name: row for row in rows}
        self.primary = next((row for row in rows if row.type == PRIMARY), None)
        self.asked = {wish.name for wish in wishes}
        self.errors: dict[str, str] = {}
        self.held = [(wish.name, hold[wish.name]) for wish in wishes if self._is_held(wish)]
        held_names = {name for name, dummy in self.held}
        self.present = [wish for wish in wishes if wish.present and wish.name not in held_names]
        if not can_update:
            self._take_out_updates()
        self.promoted = self._find_promotion()
        self.successor = self._find_waiting_successor()

    def plan(self) -> DomainPlan:
        """Put the decisions together."""
        self._refuse_contradictions()
        adds, promotions, changes = [], [], []
        names: dict[str, list[str]] = {"add": [], "change": [], "keep": []}
        for wish in self.present:
            row = self.attached.get(wish.name)
            target = self._target(wish, row)
            if row is None:
                adds.append(Step("add", dataclasses.replace(target, type=_type_at_creation(target))))
                names["add"].append(wish.name)
                if target.type == PRIMARY:
                    promotions.append(Step("promote", target))
            elif target == row:
                names["keep"].append(wish.name)
            else:
                names["change"].append(wish.name)
                demoted = self._after_promotion(row)
                if wish.name == self.promoted:
                    promotions.append(Step("promote", target, row))
                elif target != demoted:
                    changes.append(Step("change", target, demoted))
        removals, extra, kept_back = self._removals()
        leaving = [self._after_promotion(row) for row in removals]
        steps = (*adds, *promotions, *changes, *(Step("remove", row, row) for row in leaving))
        after = self._after(steps)
        raise_problems(self._served_twice(after))
        return DomainPlan(
            steps=steps,
            add=tuple(names["add"]),
            change=tuple(names["change"]),
            remove=tuple(row.name for row in removals),
            keep=tuple(names["keep"]),
            extra=tuple(extra),
            kept_back=tuple(kept_back),
            held=tuple(self.held),
            errors=self.errors,
            before=tuple(self.rows),
            after=tuple(after),
        )

    def _is_held(self, wish: Wish) -> bool:
        """Say whether a name is kept out now: it is new, or its www variant would be."""
        if not wish.present or wish.name not in self.hold:
            return False
        row = self.attached.get(wish.name)
        return row is None or (bool(wish.www) and row.www is False)

    def _find_promotion(self) -> str | None:
        """Find the name that becomes the primary domain in this run."""
        for wish in self.present:
            row = self.attached.get(wish.name)
            if wish.type == PRIMARY and (row is None or row.type not in (PRIMARY, None)):
                return wish.name
        return None

    def _find_waiting_successor(self) -> str | None:
        """Find the name that shall become the primary domain, but is held back or cannot be set by this API."""
        ready = {wish.name for wish in self.present}
        waiting = (wish.name for wish in self.wishes if wish.present and wish.type == PRIMARY)
        return next((name for name in waiting if name not in ready), None)

    def _take_out_updates(self) -> None:
        """On API v2: report the names that would have to be changed; the others go on."""
        for wish in self.present:
            differing = _differing(wish, self.attached.get(wish.name))
            if differing:
                self.errors[wish.name] = NO_UPDATE.format(what=", ".join(differing))
        self.present = [wish for wish in self.present if wish.name not in self.errors]

    def _target(self, wish: Wish, row: Domain | None) -> Domain:
        """Give the domain as it shall be. What RunCloud does not say of a row cannot be compared, and stays."""
        if row is None:
            return Domain(
                id=None,
                name=wish.name,
                type=wish.type or ALIAS,
                www=bool(wish.www),
                redirection=wish.redirection or "none",
                wildcard=_hostnames.is_wildcard(wish.name),
            )
        row = self._after_promotion(row)
        return dataclasses.replace(
            row,
            type=wish.type if wish.type and row.type and not self._stays_primary(row) else row.type,
            www=wish.www if wish.www is not None and row.www is not None else row.www,
            redirection=wish.redirection if wish.redirection and row.redirection else row.redirection,
        )

    def _after_promotion(self, row: Domain) -> Domain:
        """Give a row as it is once the new primary domain is set: the old one is an alias (reference 3.8, U5)."""
        if self.promoted is not None and row.type == PRIMARY and row.name != self.promoted:
            return dataclasses.replace(row, type=ALIAS)
        return row

    def _stays_primary(self, row: Domain) -> bool:
        """Say whether the primary domain keeps its place because its successor is held back or cannot be set."""
        return row.type == PRIMARY and self.successor is not None

    def _refuse_contradictions(self) -> None:
        """Refuse what would leave the application without a primary domain."""
        problems = []
        for wish in self.wishes:
            row = self.attached.get(wish.name)
            if row is None or self._after_promotion(row).type != PRIMARY or self._stays_primary(row):
                continue
            if not wish.present:
                problems.append(
                    f"state: {wish.name} is the primary domain and cannot be removed; ask for type: primary on another "
                    "domain in the same run (module runcloud_domains) or before it"
                )
            elif wish.type not in (None, PRIMARY) and self.can_update:
                problems.append(
                    f"type: {wish.name} is the primary domain and cannot become {wish.type} by itself; "
                    "ask for type: primary on the domain that takes its place"
                )
        raise_problems(problems)

    def _served_twice(self, after: Iterable[Domain]) -> list[str]:
        """Find www names that would be served by a row of their own, too, unless it is so already and nobody asks."""
        known = _doubles(self.rows)
        wanted = {wish.name for wish in self.present}
        return [
            served_twice(variant, name)
            for variant, name in _doubles(after).items()
            if variant not in known or {variant, name} <= wanted
        ]

    def _removals(self) -> tuple[list[Domain], list[str], list[tuple[str, str]]]:
        """Decide what goes: (rows to remove, names purge would remove, names that are spared with the reason)."""
        asked_for, extra, kept_back = [], [], []
        for wish in self.wishes:
            if wish.present or wish.name not in self.attached:
                continue
            row = self.attached[wish.name]
            if self.primary is None:
                self.errors[wish.name] = f"state: {NO_PRIMARY_KNOWN}; remove {wish.name} in RunCloud's panel"
            elif self._stays_primary(row):
                kept_back.append((wish.name, f"it is the primary domain until {self.successor} takes its place"))
            else:
                asked_for.append(row)
        for row in self.rows:
            if row.name in self.asked:
                continue
            reason = self._spared(row)
            if reason is None:
                extra.append(row)
            else:
                kept_back.append((row.name, reason))
        if self.purge.enabled:
            self._guard_purge(extra)
            asked_for.extend(extra)
        return asked_for, [row.name for row in extra], kept_back

    def _spared(self, row: Domain) -> str | None:
        """Say why purge leaves a row alone, None where it does not."""
        if self._after_promotion(row).type == PRIMARY:
            return "it is the primary domain"
        if _hostnames.is_test_domain(row.name):
            return "it is a test domain of RunCloud"
        pattern = _hostnames.matching_pattern(row.name, self.purge.keep)
        if pattern is not None:
            return f"purge_keep has {pattern}"
        if self.primary is None:
            return NO_PRIMARY_KNOWN
        return None

    def _guard_purge(self, extra: Sequence[Domain]) -> None:
        refuse_purge_of_all(self.wishes, self.purge)
        allowed = self.purge.allowed(len(self.rows))
        if len(extra) > allowed:
            shown = ", ".join(row.name for row in extra[:10]) + (", ..." if len(extra) > 10 else "")
            raise PurgeRefused(
                f"purge_limit: {self.purge.limit!r} allows the removal of {allowed} of {len(self.rows)} domains, but "
                f"{len(extra)} would be removed ({shown}); nothing was done. "
                "If this is meant, raise purge_limit for this run."
            )

    def _after(self, steps: Sequence[Step]) -> list[Domain]:
        state = {row.name: self._after_promotion(row) for row in self.rows}
        for step in steps:
            if step.action == "remove":
                state.pop(step.name)
            else:
                state[step.name] = step.target
        return list(state.values())


def _type_at_creation(target: Domain) -> str | None:
    """A new primary domain is first added as an alias and then promoted (reference 3.4: prefer that)."""
    return ALIAS if target.type == PRIMARY else target.type


def _doubles(rows: Iterable[Domain]) -> dict[str, str]:
    """Find www names that are rows beside the row that has them as its www; gives (www name -> other row)."""
    rows = list(rows)
    www_of = {_hostnames.www_form(row.name): row.name for row in rows if row.www}
    return {row.name: www_of[row.name] for row in rows if row.name in www_of}


def _differing(wish: Wish, row: Domain | None) -> list[str]:
    """List the attributes that would have to be changed after creation; what a row does not show does not count."""
    if row is None:
        return ["type: primary"] if wish.type == PRIMARY else []
    pairs = (
        ("type", wish.type, row.type),
        ("www", wish.www, row.www),
        ("redirection", wish.redirection, row.redirection),
    )
    return [
        f"{key}: {str(new).lower()} instead of {str(old).lower()}"
        for key, new, old in pairs
        if new is not None and old is not None and new != old
    ]
