# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run that all who manage domains share: read, plan, apply, result.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._outcome import Progress, Status, carry_out, no_progress
from .._runcloud.models import Domain
from .apply import apply_domains
from .confirm import Applied
from .plan import NO_PURGE, SETTINGS, DomainPlan, Purge, Rows, changed_rows, plan_domains

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._runcloud.api import WebAppApi
    from .._runcloud.errors import ApiError
    from .desired import DesiredDomain

_SHOWN_ERRORS = 10


@dataclasses.dataclass(frozen=True)
class DomainsRequest:
    """What is asked for: see ``plan_domains``."""

    desired: Sequence[DesiredDomain]
    purge: Purge = NO_PURGE
    exclude: tuple[str, ...] = ()
    protected: Mapping[str, str] = dataclasses.field(default_factory=dict)
    deferred: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class DomainsOutcome:
    """How a run ended. ``after`` is the state as last read, in check mode as planned.

    ``confirmed`` says whether ``after`` was read after the last write. ``applied`` lists the names that the confirming
    list shows changed. ``message`` says why the status is not OK.
    """

    status: Status
    changed: bool
    plan: DomainPlan
    before: tuple[Domain, ...]
    after: tuple[Domain, ...]
    confirmed: bool = True
    applied: tuple[str, ...] = ()
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    not_attempted: tuple[str, ...] = ()
    message: str = ""
    failure: ApiError | None = None

    def diff(self) -> tuple[Rows, Rows]:
        """Return the rows that change, before and after; the same in check mode as in a real run."""
        planned = {row.name: row for row in self.plan.after}
        return changed_rows(self.before, [_completed(row, planned.get(row.name)) for row in self.after])

    def as_result(self) -> dict[str, t.Any]:
        """Return the result of the modules: ``changed``, ``plan``, ``domains``, and what failed (design 2.3)."""
        result: dict[str, t.Any] = {
            "changed": self.changed,
            "plan": self.plan.as_dict(),
            "domains": [row.as_result() for row in self.after],
        }
        if self.status is not Status.OK:
            result.update(applied=list(self.applied), errors=dict(self.errors), not_attempted=list(self.not_attempted))
        return result


def run_domains(
    app: WebAppApi,
    request: DomainsRequest,
    *,
    rows: Sequence[Domain] | None = None,
    check_mode: bool = False,
    progress: Progress = no_progress,
) -> DomainsOutcome:
    """Bring the domains of a web application into the state that is asked for.

    :param rows: the attached domains where they have just been read; None reads the list.
    :param check_mode: plan only.
    :param progress: takes how far the work is.
    :returns: what was done and what was not; failures after the first write are in it.
    :raises ApiError: the list could not be read, so nothing was done.
    :raises UserError: the server or the web application does not exist.
    """
    before = tuple(app.domains() if rows is None else rows)
    plan = plan_domains(
        request.desired,
        before,
        purge=request.purge,
        exclude=request.exclude,
        protected=request.protected,
        deferred=request.deferred,
        can_update=app.can_update_domains,
    )
    predicted = Applied(changed=bool(plan.steps), after=plan.after)
    applied = carry_out(check_mode, predicted, lambda: apply_domains(plan, app, progress))
    errors = {**plan.errors, **applied.errors}
    status = applied.status & (Status.PARTLY if errors or plan.refusal else Status.OK)
    return DomainsOutcome(
        status=status,
        changed=applied.changed,
        plan=plan,
        before=before,
        after=applied.after,
        confirmed=applied.confirmed,
        applied=applied.applied,
        errors=errors,
        not_attempted=applied.not_attempted,
        message="" if status is Status.OK else _message(plan, applied, errors),
        failure=applied.failure,
    )


def _completed(row: Domain, planned: Domain | None) -> Domain:
    """Fill what RunCloud does not show of a row (old v2) with what was planned, so that a preview's diff is the same."""
    hidden = [key for key in SETTINGS if planned is not None and getattr(row, key) is None]
    return dataclasses.replace(row, **{key: getattr(planned, key) for key in hidden}) if hidden else row


def _message(plan: DomainPlan, applied: Applied, errors: Mapping[str, str]) -> str:
    """Say in one text why a run is not OK: what stopped it, what purge refused, and the errors of single names."""
    reasons = [text for text in (applied.stopped, plan.refusal) if text]
    reasons += [f"{name}: {text}" for name, text in list(errors.items())[:_SHOWN_ERRORS] if text not in reasons]
    if len(errors) > _SHOWN_ERRORS:
        reasons.append(f"and {len(errors) - _SHOWN_ERRORS} more (see errors)")
    if len(reasons) == 1 and not applied.not_attempted:
        return reasons[0]
    counts = f"{len(errors)} failed, {len(applied.applied)} applied, {len(applied.not_attempted)} not attempted"
    return f"{counts}. " + "; ".join(reasons)
