# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of a run's work while it goes on, and what a list that is read afterwards shows of it.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import UserError
from .._outcome import Progress, Status
from .._runcloud.errors import ApiError, RateLimited
from .._runcloud.find import find_elsewhere
from .._runcloud.models import PRIMARY, Domain
from .plan import SETTINGS, DomainPlan, Step, differences

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._runcloud.api import WebAppApi

    Rows = list[dict[str, object]]

_LOOK = "run again, and if that does not help, look into RunCloud's panel"
_DONE = {"add": "added", "promote": "made the primary domain", "change": "changed", "remove": "removed"}
_SHOWN_ERRORS = 10


@dataclasses.dataclass(frozen=True)
class DomainsOutcome:
    """How a run ended. ``after`` is the state as last read, in check mode as planned.

    ``confirmed`` says whether ``after`` was read after the last write. ``applied`` lists the names that the confirming
    list shows changed, ``errors`` those that failed or cannot be had. ``stopped`` says what ended the run early.
    """

    plan: DomainPlan
    after: tuple[Domain, ...]
    changed: bool = False
    status: Status = Status.OK
    confirmed: bool = True
    applied: tuple[str, ...] = ()
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    not_attempted: tuple[str, ...] = ()
    stopped: str = ""
    failure: ApiError | None = None

    @property
    def message(self) -> str:
        """Say in one text why the status is not OK: what stopped the run, what was refused, and single names' errors."""
        reasons = [text for text in (self.stopped, self.plan.refusal) if text]
        reasons += [f"{name}: {text}" for name, text in [*self.errors.items()][:_SHOWN_ERRORS] if text not in reasons]
        if len(self.errors) > _SHOWN_ERRORS:
            reasons.append(f"and {len(self.errors) - _SHOWN_ERRORS} more (see errors)")
        if len(reasons) < 2 and not self.not_attempted:
            return "".join(reasons)
        counts = f"{len(self.errors)} failed, {len(self.applied)} applied, {len(self.not_attempted)} not attempted"
        return f"{counts}. " + "; ".join(reasons)

    def diff(self) -> tuple[Rows, Rows]:
        """Return the rows that change, before and after; the same in check mode as in a real run."""
        planned = {row.name: row for row in self.plan.after}
        # What RunCloud does not show of a row (old v2) is taken from the plan.
        after = [
            dataclasses.replace(
                row, **{key: getattr(planned[row.name], key) for key in SETTINGS if getattr(row, key) is None}
            )
            if row.name in planned
            else row
            for row in self.after
        ]
        return changed_rows(self.plan.before, after)

    def as_result(self) -> dict[str, t.Any]:
        """Return the result of the modules: ``changed``, ``plan``, ``domains``, and what failed (design 2.3)."""
        rows = [row.as_result() for row in self.after]
        result = {"changed": self.changed, "plan": self.plan.as_dict(), "domains": rows}
        if self.status is not Status.OK:
            result.update(applied=list(self.applied), errors=dict(self.errors), not_attempted=list(self.not_attempted))
        return result


def changed_rows(before: Iterable[Domain], after: Iterable[Domain]) -> tuple[Rows, Rows]:
    """Return both sides of a diff: only the rows that differ, and of them name, type, www and redirection."""
    keys = ("name", *SETTINGS)
    old, new = ({row.name: {key: getattr(row, key) for key in keys} for row in rows} for rows in (before, after))
    names = sorted(name for name in {**old, **new} if old.get(name) != new.get(name))
    return [old[name] for name in names if name in old], [new[name] for name in names if name in new]


@dataclasses.dataclass
class Work:
    """How far a run is. ``state`` is the last list with what was done since; ``sent`` may have had an effect.

    ``staying`` are the host names that are served after the run.
    """

    plan: DomainPlan
    app: WebAppApi
    progress: Progress
    sent: list[Step] = dataclasses.field(default_factory=list)
    failed: dict[str, ApiError] = dataclasses.field(default_factory=dict)
    skipped: dict[str, None] = dataclasses.field(default_factory=dict)
    forbidden: set[str] = dataclasses.field(default_factory=set)
    faults: int = 0
    target_checked: bool = False
    stopped: str = ""
    failure: ApiError | None = None

    def __post_init__(self) -> None:
        self.staying = frozenset(name for row in self.plan.after for name in row.served_names)
        self.note_list(self.plan.before)

    def note_list(self, rows: tuple[Domain, ...]) -> None:
        """Go on from what a list shows."""
        self.listed = rows
        self.state, self.ids = {row.name: row for row in rows}, {row.id for row in rows}

    def stop(self, reason: UserError | ApiError, text: str = "") -> None:
        """Send nothing more."""
        if not self.stopped:
            self.stopped = text or str(reason)
            self.failure = reason if isinstance(reason, ApiError) else None

    def look(self) -> None:
        """Read the list of domains anew.

        :raises ApiError: it could not be read, or nothing is left in it of what has to be there.
        """
        rows = tuple(self.app.domains())
        stay = {row.name for row in self.plan.before} & {row.name for row in self.plan.after}
        if not rows or (stay and stay.isdisjoint(row.name for row in rows)):
            raise ApiError("GET", "/domains", message="the list that came lacks all domains that were attached before")
        self.note_list(rows)

    def look_or_stop(self) -> bool:
        """Read the list anew; where that fails, nothing more is sent."""
        try:
            self.look()
        except (UserError, ApiError) as exc:
            self.stop(exc)
        return not self.stopped

    def served_beside(self, name: str) -> set[str]:
        """Return the host names that other domains served when the list was read last."""
        return {host for row in self.listed if row.name != name for host in row.served_names}


def conclude(work: Work) -> DomainsOutcome:
    """Read the list once and compare: unknown fields are ignored silently (reference 4.1), PATCH says nothing."""
    work.app.client.reserve(0.0)
    if work.sent or any(exc.status in (404, 409, 422) for exc in work.failed.values()):
        try:
            work.look()
        except (UserError, ApiError) as exc:
            return _unconfirmed(work, exc)
    errors: dict[str, str] = {}
    not_attempted: list[str] = []
    refused: dict[str, ApiError] = {}
    were_there = {row.name for row in work.plan.before}
    steps = {step.name: step for step in work.plan.steps}
    for name, step in steps.items():
        row, failure = work.state.get(name), work.failed.get(name)
        complaint = _complaint(step, row)
        if complaint is None:
            # As it should be, also where the reply was lost or someone else did it.
            continue
        if failure is None and name in work.skipped:
            not_attempted.append(name)
        elif failure is None:
            errors[name] = complaint
        elif failure.status in (409, 422) and row is not None and name not in were_there:
            errors[name] = f"someone else attached {name} during this run, with other settings; run again"
        else:
            errors[name] = str(failure)
            if failure.status == 422 and row is None and name not in were_there:
                refused[name] = failure
    if refused and not work.stopped:
        errors.update(_explain_refusals(work, {name: steps[name].target for name in refused}, refused))
    left = len(errors) + len(not_attempted)
    stopped = work.stopped if left else ""
    if stopped and isinstance(work.failure, RateLimited):
        done = f"{len(steps) - left} of {len(steps)} names are done, {left} left"
        stopped = f"stopped at RunCloud's request limit: {done}. {stopped}"
    # The names that the requests of this run changed, the demoted primary domain included.
    touched = [step.name for step in work.sent]
    if any(step.action == "promote" for step in work.sent):
        touched += [row.name for row in work.plan.before if row.type == PRIMARY]
    differing = {row["name"] for rows in changed_rows(work.plan.before, work.listed) for row in rows}
    applied = tuple(name for name in dict.fromkeys(touched) if name in differing)
    return DomainsOutcome(
        work.plan,
        work.listed,
        changed=bool(applied),
        status=Status.FAILED if stopped else Status.PARTLY if left else Status.OK,
        applied=applied,
        errors=errors,
        not_attempted=tuple(not_attempted),
        stopped=stopped,
        failure=work.failure if stopped else None,
    )


def _unconfirmed(work: Work, reason: UserError | ApiError) -> DomainsOutcome:
    """Tell what was sent where nothing shows what became of it."""
    errors = {name: str(failure) for name, failure in work.failed.items()}
    for step in work.sent:
        said = f"{errors[step.name].rstrip('.')}. It" if step.name in work.failed else "it"
        errors[step.name] = (
            f"{said} is not known whether {step.name} was {_DONE[step.action]}, because the list of domains could not "
            "be read afterwards: run again"
        )
    stopped = f"the changes could not be read back: {reason}"
    return DomainsOutcome(
        work.plan,
        work.listed,
        changed=bool(work.sent),
        status=Status.FAILED,
        confirmed=False,
        errors=errors,
        not_attempted=tuple(name for name in work.skipped if name not in errors),
        stopped=f"{work.stopped.rstrip('.')}; {stopped}" if work.stopped else stopped,
        failure=reason if isinstance(reason, ApiError) else None,
    )


def _complaint(step: Step, row: Domain | None) -> str | None:
    """Say in what the state read back differs from what a step should have brought; None where it does not."""
    if step.action == "remove":
        return f"RunCloud accepted the removal, but {step.name} is still attached; {_LOOK}" if row is not None else None
    if row is None:
        return f"RunCloud accepted the change, but {step.name} is not attached; {_LOOK}"
    wrong = differences(row, step.target)
    return f"RunCloud accepted the change, but still shows {', '.join(wrong)}; {_LOOK}" if wrong else None


def _explain_refusals(work: Work, targets: Mapping[str, Domain], refused: Mapping[str, ApiError]) -> dict[str, str]:
    """Say of names that could not be added where they are attached already (reference 3.9)."""
    places = find_elsewhere(work.app, {name: target.served_names for name, target in targets.items()})
    for name, exc in refused.items():
        exc.advice = (
            f"It is attached to {places[name]}: detach it there first."
            if name in places
            else "If the name is taken, look for it in RunCloud's panel: it may belong to another web application, "
            "server or workspace (module runcloud_webapp_info can search for it)."
        )
    return {name: str(exc) for name, exc in refused.items()}
