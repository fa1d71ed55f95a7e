# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run that runcloud_domain and runcloud_domains share: read, plan, apply, result.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._module import PartlyFailed
from . import apply as _apply
from . import plan as _plan

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._module import Context
    from .._runcloud.models import Domain
    from .desired import Wish

_SHOWN_ERRORS = 10


Report = t.Callable[[_plan.DomainPlan, t.Sequence["Domain"]], dict[str, object]]


def synchronise(
    context: Context,
    wishes: Sequence[Wish],
    report: Report,
    purge: _plan.Purge = _plan.NO_PURGE,
    hold: Mapping[str, str] | None = None,
    attached: Sequence[Domain] | None = None,
) -> dict[str, object]:
    """Make the domains of the web application what is asked for.

    :param report: gives the module's own result keys from the plan and the domains after it.
    :param attached: the domains as they are, where somebody has just read them; None reads the list.
    :returns: the result: ``changed``, ``diff``, and the module's own keys.
    :raises PartlyFailed: some names failed; its result tells which, and what was done.
    """
    _plan.refuse_purge_of_all(wishes, purge)
    app = context.webapp()
    rows = app.domains() if attached is None else [row for row in attached if row.id is not None]
    plan = _plan.plan_domains(wishes, rows, purge=purge, hold=hold, can_update=app.can_update_domains)
    predicted = _apply.Outcome(after=list(plan.after), changed=bool(plan.steps))
    outcome = context.carry_out(predicted, lambda: _apply.apply_domains(plan, app, context.progress))
    before, after = _plan.changed_rows(plan.before, _completed(outcome.after, plan))
    result: dict[str, object] = {
        "changed": outcome.changed,
        "preview": context.check_mode,
        **context.diff({"domains": before}, {"domains": after}),
        **report(plan, outcome.after),
    }
    errors = {**plan.errors, **outcome.errors}
    if errors or outcome.fatal:
        raise PartlyFailed(
            _summary(errors, outcome),
            {
                **result,
                "applied": outcome.applied,
                "errors": errors,
                "not_attempted": outcome.not_attempted,
            },
        )
    return result


def as_result(row: Domain) -> dict[str, object]:
    """Give a domain as the modules return it."""
    return dataclasses.asdict(row)


def _completed(rows: Sequence[Domain], plan: _plan.DomainPlan) -> list[Domain]:
    """Fill what RunCloud does not show of a row (old v2) with what was planned, so that a preview's diff is the same."""
    planned = {row.name: row for row in plan.after}
    return [
        dataclasses.replace(
            row,
            **{
                key: getattr(planned[row.name], key)
                for key in ("type", "www", "redirection")
                if row.name in planned and getattr(row, key) is None
            },
        )
        for row in rows
    ]


def _summary(errors: Mapping[str, str], outcome: _apply.Outcome) -> str:
    if len(errors) == 1 and not outcome.not_attempted:
        ((name, text),) = errors.items()
        return f"{name}: {text}"
    parts = [f"{name}: {text}" for name, text in list(errors.items())[:_SHOWN_ERRORS]]
    if len(errors) > _SHOWN_ERRORS:
        parts.append(f"and {len(errors) - _SHOWN_ERRORS} more (see errors)")
    counts = f"{len(errors)} failed, {len(outcome.applied)} applied, {len(outcome.not_attempted)} not attempted"
    if outcome.fatal and outcome.fatal not in errors.values():
        parts.insert(0, outcome.fatal)
    return f"{counts}. " + "; ".join(parts)
