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
from .plan import SETTINGS, differences

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._runcloud.api import WebAppApi
    from .plan import DomainPlan, Step

_LOOK = "run again, and if that does not help, look into RunCloud's panel"
_DONE = {"add": "added", "promote": "made the primary domain", "change": "changed", "remove": "removed"}
_REFUSED = (404, 409, 422)


@dataclasses.dataclass(frozen=True)
class Applied:
    """What a run did. ``stopped`` says what ended it early; the rest is described at ``DomainsOutcome``."""

    changed: bool = False
    after: tuple[Domain, ...] = ()
    status: Status = Status.OK
    confirmed: bool = True
    applied: tuple[str, ...] = ()
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    not_attempted: tuple[str, ...] = ()
    stopped: str = ""
    failure: ApiError | None = None


@dataclasses.dataclass
class Work:
    """How far a run is. ``state`` is the last list with what was done since; ``sent`` may have had an effect.

    ``staying`` are the host names that are served after the run.
    """

    plan: DomainPlan
    app: WebAppApi
    progress: Progress
    listed: tuple[Domain, ...]
    state: dict[str, Domain]
    staying: frozenset[str]
    ids: set[int | None]
    sent: list[Step] = dataclasses.field(default_factory=list)
    failed: dict[str, ApiError] = dataclasses.field(default_factory=dict)
    skipped: dict[str, None] = dataclasses.field(default_factory=dict)
    forbidden: set[str] = dataclasses.field(default_factory=set)
    faults: int = 0
    target_checked: bool = False
    stopped: str = ""
    failure: ApiError | None = None

    def stop(self, reason: UserError | ApiError) -> None:
        """Send nothing more."""
        if not self.stopped:
            self.stopped = str(reason)
            self.failure = reason if isinstance(reason, ApiError) else None

    def look(self) -> None:
        """Read the list of domains anew."""
        self.listed = _known(self.app.domains(), self.plan)
        self.state = {row.name: row for row in self.listed}
        self.ids = {row.id for row in self.listed}

    def served_beside(self, name: str) -> set[str]:
        """Return the host names that other domains served when the list was read last."""
        return {host for row in self.listed if row.name != name for host in row.served_names}


def _known(rows: Sequence[Domain], plan: DomainPlan) -> tuple[Domain, ...]:
    """Return a list of domains as it was read, unless nothing is left in it of what has to be there.

    :raises ApiError: the list is not to be relied on.
    """
    stay = {row.name for row in plan.before} & {row.name for row in plan.after}
    if not rows or (stay and stay.isdisjoint(row.name for row in rows)):
        raise ApiError("GET", "/domains", message="the list that came lacks all domains that were attached before")
    return tuple(rows)


def conclude(work: Work) -> Applied:
    """Read the list once and compare: unknown fields are ignored silently (reference 4.1), PATCH says nothing."""
    work.app.client.reserve(0.0)
    if work.sent or any(exc.status in _REFUSED for exc in work.failed.values()):
        try:
            work.look()
        except (UserError, ApiError) as exc:
            return _unconfirmed(work, exc)
    errors: dict[str, str] = {}
    not_attempted: list[str] = []
    refused: dict[str, ApiError] = {}
    for name, step in {step.name: step for step in work.plan.steps}.items():
        row, failure = work.state.get(name), work.failed.get(name)
        complaint = _complaint(step, row)
        if complaint is None:
            # As it should be, also where the reply was lost or someone else did it.
            continue
        if failure is None and name in work.skipped:
            not_attempted.append(name)
        elif failure is None:
            errors[name] = complaint
        elif failure.status in (409, 422) and row is not None and name not in _names(work.plan.before):
            errors[name] = f"someone else attached {name} during this run, with other settings; run again"
        else:
            errors[name] = str(failure)
            if failure.status == 422 and row is None:
                refused[name] = failure
    if refused and not work.stopped:
        errors.update(_explain_refusals(work, refused))
    applied = _changed_names(work)
    stopped = work.stopped if errors or not_attempted else ""
    if stopped and isinstance(work.failure, RateLimited):
        left = len(errors) + len(not_attempted)
        total = len({step.name for step in work.plan.steps})
        stopped = (
            f"stopped at RunCloud's request limit: {total - left} of {total} names are done, {left} left. {stopped}"
        )
    return Applied(
        changed=bool(applied),
        after=work.listed,
        status=Status.FAILED if stopped else Status.PARTLY if errors or not_attempted else Status.OK,
        applied=applied,
        errors=errors,
        not_attempted=tuple(not_attempted),
        stopped=stopped,
        failure=work.failure if stopped else None,
    )


def _unconfirmed(work: Work, reason: UserError | ApiError) -> Applied:
    """Tell what was sent where nothing shows what became of it."""
    errors = {name: str(failure) for name, failure in work.failed.items()}
    for step in work.sent:
        said = f"{errors[step.name].rstrip('.')}. It" if step.name in work.failed else "it"
        errors[step.name] = (
            f"{said} is not known whether {step.name} was {_DONE[step.action]}, because the list of domains could not "
            "be read afterwards: run again"
        )
    stopped = f"the changes could not be read back: {reason}"
    return Applied(
        changed=bool(work.sent),
        after=work.listed,
        status=Status.FAILED,
        confirmed=False,
        errors=errors,
        not_attempted=tuple(name for name in work.skipped if name not in errors),
        stopped=f"{work.stopped.rstrip('.')}; {stopped}" if work.stopped else stopped,
        failure=reason if isinstance(reason, ApiError) else None,
    )


def _names(rows: Sequence[Domain]) -> set[str]:
    return {row.name for row in rows}


def _changed_names(work: Work) -> tuple[str, ...]:
    """List the names that the requests of this run changed, the demoted primary domain included."""
    before = {row.name: row for row in work.plan.before}
    names = [step.name for step in work.sent]
    if any(step.action == "promote" for step in work.sent):
        names += [row.name for row in work.plan.before if row.type == PRIMARY]
    return tuple(name for name in dict.fromkeys(names) if _differs(before.get(name), work.state.get(name)))


def _complaint(step: Step, row: Domain | None) -> str | None:
    """Say in what the state read back differs from what a step should have brought; None where it does not."""
    if step.action == "remove":
        return f"RunCloud accepted the removal, but {step.name} is still attached; {_LOOK}" if row is not None else None
    if row is None:
        return f"RunCloud accepted the change, but {step.name} is not attached; {_LOOK}"
    wrong = differences(row, step.target)
    return f"RunCloud accepted the change, but still shows {', '.join(wrong)}; {_LOOK}" if wrong else None


def _differs(before: Domain | None, after: Domain | None) -> bool:
    if before is None or after is None:
        return before is not after
    return any(getattr(before, key) != getattr(after, key) for key in SETTINGS)


def _explain_refusals(work: Work, refused: Mapping[str, ApiError]) -> dict[str, str]:
    """Say of refused names where they are attached already (reference 3.9)."""
    targets = {step.name: step.target for step in work.plan.steps if step.action == "add"}
    places = find_elsewhere(work.app, {name: targets[name].served_names for name in refused if name in targets})
    for name, exc in refused.items():
        if name in targets:
            exc.advice = (
                f"It is attached to {places[name]}: detach it there first."
                if name in places
                else "If the name is taken, look for it in RunCloud's panel: it may belong to another web application, "
                "server or workspace (module runcloud_webapp_info can search for it)."
            )
    return {name: str(exc) for name, exc in refused.items()}
