# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Desired domains and attached domains -> what to do. Pure: no I/O, no Ansible, no clock.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._names import is_wildcard, matching_pattern, www_form
from .._runcloud.models import ALIAS, PRIMARY, Domain
from .desired import DesiredDomain, served_twice
from .removal import NO_PURGE, Case, Primary, Purge, Reasons, find_leaving, spared_names

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Action = t.Literal["add", "promote", "change", "remove"]
# In the order of work.
ACTIONS: tuple[Action, ...] = t.get_args(Action)
SETTINGS = ("type", "www", "redirection")


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
    """What a run will do, and what it leaves. Names are in the order they were asked for.

    ``errors`` are items that cannot be had (name -> why); the others are done. ``refusal`` says why purge removes
    nothing although it is on and should; ``notes`` are worth knowing, and no failure.
    """

    steps: tuple[Step, ...] = ()
    add: tuple[str, ...] = ()
    change: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    unmanaged: tuple[str, ...] = ()
    protected: Reasons = ()
    deferred: Reasons = ()
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    refusal: str = ""
    notes: tuple[str, ...] = ()
    before: tuple[Domain, ...] = ()
    after: tuple[Domain, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the value ``plan`` of the modules (design 2.3)."""
        names = {key: list(getattr(self, key)) for key in ("add", "change", "remove", "unchanged", "unmanaged")}
        reasons = {"protected": self.protected, "deferred": self.deferred}
        listed = {key: [{"name": name, "reason": reason} for name, reason in pairs] for key, pairs in reasons.items()}
        return {**names, **listed}


def plan_domains(
    desired: Sequence[DesiredDomain],
    rows: Sequence[Domain],
    *,
    purge: Purge = NO_PURGE,
    exclude: Sequence[str] = (),
    protected: Mapping[str, str] | None = None,
    deferred: Mapping[str, str] | None = None,
    can_update: bool = True,
) -> DomainPlan:
    """Decide how the attached domains become the desired ones.

    :param exclude: patterns of names that are never added, changed, removed or demoted.
    :param protected: names as they are attached -> why they are never removed or demoted.
    :param deferred: names -> why they must not be added now; one that is attached stays, and only its www waits.
    :param can_update: whether the API can change a domain (reference 3.5: v3 only).
    """
    asked = tuple(domain for domain in desired if matching_pattern(domain.name, exclude) is None)
    spared = spared_names(rows, exclude, protected or {})
    case = Case(asked, tuple(rows), purge, exclude, deferred or {}, spared, can_update)
    errors: dict[str, str] = {}
    served: frozenset[str] = frozenset()
    while True:
        # What turns out to be impossible, or to be there already, is taken out, and the rest is planned again.
        plan = _plan(case, errors, served)
        problems, also_served = _served_twice(case, plan)
        if not problems and not also_served:
            return dataclasses.replace(plan, notes=_notes(case, desired))
        errors = {**errors, **problems}
        served |= also_served


# ---------------------------------------------------------------------- what is asked for


def _plan(case: Case, errors: Mapping[str, str], served: frozenset[str]) -> DomainPlan:
    """Plan once. What has an error stays as it is; what is ``served`` by another row needs none of its own."""
    errors = dict(errors)
    waiting: list[tuple[str, str]] = []
    wanted: dict[str, DesiredDomain] = {}
    for domain in case.asked:
        if not domain.present or domain.name in errors or domain.name in served:
            continue
        ready = _without_waiting(domain, case, waiting)
        complaint = _complaint(ready, case) if ready is not None else None
        if complaint is not None:
            errors[domain.name] = complaint
        elif ready is not None:
            wanted[domain.name] = ready
    primary = _find_primary(case, wanted)
    for name in [name for name, domain in wanted.items() if _demotes_alone(domain, case, primary)]:
        errors[name] = (
            f"type: {name} is the primary domain and cannot become {wanted.pop(name).type} by itself; "
            "ask for type: primary on the domain that takes its place"
        )
    leaving = find_leaving(case, wanted, primary, errors)
    names: dict[str, list[str]] = {"add": [], "change": [], "unchanged": []}
    steps: list[Step] = []
    loses_www = frozenset(leaving.www)
    for domain in case.asked:
        if domain.name in wanted or domain.name in served:
            ready = wanted.get(domain.name)
            kind, needed = _steps(ready, case, primary, domain.name in loses_www) if ready else ("unchanged", ())
            names[kind].append(domain.name)
            steps.extend(needed)
    steps.extend(Step("remove", row, row) for row in map(primary.demoted, leaving.rows))
    steps.sort(key=lambda step: ACTIONS.index(step.action))
    after = _after(case, primary, steps)
    still_served = {name for row in after for name in row.served_names}
    www_gone = (name for name in map(www_form, leaving.www) if name not in still_served)
    return DomainPlan(
        steps=tuple(steps),
        add=tuple(names["add"]),
        change=tuple(names["change"]),
        unchanged=tuple(names["unchanged"]),
        remove=tuple(dict.fromkeys([*(row.name for row in leaving.rows), *www_gone])),
        unmanaged=leaving.unmanaged,
        protected=leaving.protected,
        deferred=tuple(waiting),
        errors=errors,
        refusal=leaving.refusal,
        before=case.rows,
        after=after,
    )


def _without_waiting(domain: DesiredDomain, case: Case, waiting: list[tuple[str, str]]) -> DesiredDomain | None:
    """Take out what has to wait: a new name as a whole, of an attached one a new www; each is noted in ``waiting``."""
    row = case.attached.get(domain.name)
    variant = www_form(domain.name)
    reason = case.deferred.get(domain.name) or (case.deferred.get(variant) if domain.www else None)
    if reason is not None and row is None and domain.name not in case.hosts:
        waiting.append((domain.name, reason))
        return None
    www_waits = reason is not None and domain.www and row is not None and row.www is False
    if reason is not None and www_waits:
        waiting.append((variant, reason))
    left = www_waits or matching_pattern(variant, case.exclude) is not None
    return dataclasses.replace(domain, www=None) if left else domain


def _complaint(domain: DesiredDomain, case: Case) -> str | None:
    """Say why a name cannot be brought into the state asked for; None where it can."""
    differing = _differing(domain, case.attached.get(domain.name))
    if not differing:
        return None
    if domain.name in case.unclear:
        return case.unclear[domain.name]
    if not case.can_update:
        return (
            "API v2 documents no way to change a domain's type, www or redirection: use an API v3 token, or change it "
            f"in RunCloud's panel ({', '.join(differing)})"
        )
    old = case.primary
    if domain.type == PRIMARY and old is not None and old.name != domain.name and case.left_alone(old.name):
        return (
            f"type: {domain.name} cannot become the primary domain, because that would demote {old.name}, "
            f"which is left alone ({case.left_alone(old.name)}); take type: primary out"
        )
    return None


def _differing(domain: DesiredDomain, row: Domain | None) -> list[str]:
    """List the attributes that would have to be changed after creation; what a row does not show does not count."""
    if row is None:
        return ["type: primary"] if domain.type == PRIMARY else []
    return differences(domain if domain.www or domain.www_firm else dataclasses.replace(domain, www=None), row)


def differences(first: DesiredDomain | Domain, second: Domain) -> list[str]:
    """List the settings of the first that differ from the second's; what one of them does not say does not count."""
    pairs = [(key, getattr(first, key), getattr(second, key)) for key in SETTINGS]
    differing = [pair for pair in pairs if None not in pair and pair[1] != pair[2]]
    return [f"{key}: {str(one).lower()} instead of {str(other).lower()}" for key, one, other in differing]


def _find_primary(case: Case, wanted: Mapping[str, DesiredDomain]) -> Primary:
    asked = [domain.name for domain in case.asked if domain.present and domain.type == PRIMARY]
    ready = [name for name in asked if name in wanted]
    is_so = {row.name for row in case.rows if row.type in (PRIMARY, None)}
    waiting = next((name for name in asked if name not in wanted), None)
    return Primary(next((name for name in ready if name not in is_so), None), waiting)


def _demotes_alone(domain: DesiredDomain, case: Case, primary: Primary) -> bool:
    """Say whether an item takes the primary domain's place away without one that follows."""
    row = case.attached.get(domain.name)
    if row is None or domain.type in (None, PRIMARY):
        return False
    return primary.demoted(row).type == PRIMARY and not primary.keeps(row)


def _steps(domain: DesiredDomain, case: Case, primary: Primary, loses_www: bool) -> tuple[str, tuple[Step, ...]]:
    """Return what one name takes: the key of the plan that lists it, and the steps."""
    row = case.attached.get(domain.name)
    if row is None:
        settings = domain.type or ALIAS, bool(domain.www), domain.redirection or "none"
        target = Domain(None, domain.name, *settings, is_wildcard(domain.name))
        if target.type != PRIMARY:
            return "add", (Step("add", target),)
        # A new primary domain is first added as an alias and then promoted (reference 3.4: prefer that).
        return "add", (Step("add", dataclasses.replace(target, type=ALIAS)), Step("promote", target))
    now = primary.demoted(row)
    www = domain.www if domain.www or loses_www else None
    target = dataclasses.replace(
        now,
        type=domain.type if domain.type and now.type and not primary.keeps(now) else now.type,
        www=www if www is not None and now.www is not None else now.www,
        redirection=domain.redirection if domain.redirection and now.redirection else now.redirection,
    )
    if target == row:
        return "unchanged", ()
    if domain.name == primary.next:
        return "change", (Step("promote", target, row),)
    return "change", (Step("change", target, now),) if target != now else ()


def _after(case: Case, primary: Primary, steps: Sequence[Step]) -> tuple[Domain, ...]:
    """Return the domains after the steps: each row in its place, as RunCloud lists them, and new ones at the end."""
    state = {row.name: primary.demoted(row) for row in case.rows}
    for step in steps:
        state[step.name] = step.target
    gone = {step.name for step in steps if step.action == "remove"}
    return tuple(row for name, row in state.items() if name not in gone)


def _served_twice(case: Case, plan: DomainPlan) -> tuple[dict[str, str], set[str]]:
    """Find www names that would be served by a row of their own as well as by another one (design 4).

    :returns: (name -> what is wrong with it, names that are served already as asked for).
    """
    known, desired = _doubles(case.rows), {domain.name: domain for domain in case.asked}
    problems: dict[str, str] = {}
    served: set[str] = set()
    for variant, name in _doubles(plan.after).items():
        if known.get(variant) == name:
            continue
        if variant in case.attached:
            problems[name] = served_twice(variant, name)
        elif variant in case.hosts and _asks_nothing_more(desired[variant]):
            served.add(variant)
        else:
            problems[variant] = served_twice(variant, name)
    return problems, served


def _doubles(rows: Sequence[Domain]) -> dict[str, str]:
    """Find www names that are rows beside the row that has them as its www: www name -> other row."""
    www_of = {www_form(row.name): row.name for row in rows if row.www}
    return {row.name: www_of[row.name] for row in rows if row.name in www_of}


def _asks_nothing_more(domain: DesiredDomain) -> bool:
    # Nothing but to be served, which the domain that it is the www name of may do.
    return domain.type in (None, ALIAS) and domain.redirection in (None, "none")


def _notes(case: Case, desired: Sequence[DesiredDomain]) -> tuple[str, ...]:
    """Say which names to keep match nothing, and why nothing is removed although purge is on."""
    if not case.purge.enabled:
        return ()
    present = [domain.name for domain in desired if domain.present]
    names = {form for name in [*present, *case.attached] for form in (name, www_form(name))}
    idle = [text for text in case.purge.keep if not any(matching_pattern(name, (text,)) for name in names)]
    notes = [f"purge_keep: {text} matches no name that is attached or wanted" for text in idle]
    withheld = case.purge.withheld
    return (*notes, f"purge: nothing was removed: {withheld}") if withheld else tuple(notes)
