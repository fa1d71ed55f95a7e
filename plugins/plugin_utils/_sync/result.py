# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run found and did -> domain_sync_result. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t
from collections import Counter

from ...module_utils._domains.plan import DomainPlan, differences
from ...module_utils._names import WWW
from ...module_utils._outcome import Status
from .defer import CERTIFICATE, DNS, OPERATOR, elsewhere, points_here
from .run import STEPS, Run
from .summary import ACTIONS, Action, Row, summary_lines

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ...module_utils._certificates.model import NameReport

    Result = dict[str, t.Any]

_DONE = {Action.ADD: Action.ADDED, Action.CHANGE: Action.CHANGED, Action.REMOVE: Action.REMOVED}
_NO_CERTIFICATES: Result = {"mode": None, "orders": [], "pending": [], "certificates": [], "unverified": []}
# Requests a minute that RunCloud lets through (reference 1.5), for the forecast.
_A_MINUTE = 60
_PAGE = 40


def sync_result(
    run: Run,
    *,
    only_changed: bool = False,
    fail_on_drift: bool = False,
    report: str = "",
    named: Callable[[str], str] = str,
) -> Result:
    """Put together what a run has found and done.

    :param only_changed: whether rows that only stay are left out; a report always has them all.
    :param fail_on_drift: whether the run fails where anything changes or is unmanaged.
    :param report: the folder in which the report is written, "" for none.
    :param named: calls the options in a text as the user knows them.
    :returns: the variable ``domain_sync_result``; ``all_rows`` are the rows for the report.
    """
    client = run.cloud.client if run.cloud else None
    now = client.now() if client else datetime.datetime.now(datetime.timezone.utc)
    rows = [dataclasses.replace(row, reason=named(row.reason)) if row.reason else row for row in _rows_of(run, now)]
    counted = Counter(row.action for row in rows)
    # What is not known to have stayed may have changed.
    changed = run.interrupted or any(outcome is not None and outcome.changed for outcome in _outcomes(run))
    drift = changed or counted[Action.UNMANAGED] > 0
    errors = _errors(run, {row.name for row in rows})
    if drift and fail_on_drift:
        what = "something changes" if changed else "something is attached that is not in the list"
        errors.append(f"drift: RunCloud differs from the list: {what} (fail_on_drift is true)")
    certificates = run.certificates.as_result() if run.certificates else {}
    every = [dict(vars(row)) for row in rows]
    result: Result = {
        "ok": not errors
        and not counted[Action.FAILED]
        and all(status is Status.OK for status in run.statuses.values()),
        "status": {step: run.statuses[step].value if step in run.statuses else "not done" for step in STEPS},
        "changed": changed,
        "preview": run.preview,
        "complete": bool(run.decision and run.decision.complete),
        "drift": drift,
        "rows": [told for told, row in zip(every, rows, strict=True) if not (only_changed and row.quiet)],
        "all_rows": every,
        "counts": {action: counted[action] for action in ACTIONS},
        "plan": _plan(run, named),
        **{key: certificates.get(key, empty) for key, empty in _NO_CERTIFICATES.items()},
        "notes": _each_once(named(text) for text in _notes(run)),
        "errors": [named(text) for text in errors],
        "api": client.usage.as_dict() if client else {"requests": 0, "retries": 0, "waited": 0.0},
        "forecast": _forecast(run),
        "requeue": _requeue(run),
        "report": report,
    }
    result["failure"] = "" if result["ok"] else _failure(result, [row for row in rows if row.action == Action.FAILED])
    result["summary"] = summary_lines(result, every)
    return result


def _outcomes(run: Run) -> tuple[t.Any, ...]:
    return tuple(outcome for outcome in (run.domains, run.certificates) if outcome is not None)


def _each_once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _failure(result: Result, failed: list[Row]) -> str:
    """Say in one short text why the run has failed."""
    parts = list(result["errors"][:3])
    if len(result["errors"]) > len(parts):
        parts.append(f"and {len(result['errors']) - len(parts)} more errors")
    if failed:
        shown = "; ".join(f"{row.name}: {row.reason}" for row in failed[:3])
        more = f"; and {len(failed) - 3} more" if len(failed) > 3 else ""
        parts.append(f"{len(failed)} name{'' if len(failed) == 1 else 's'} failed: {shown}{more}")
    if not parts:
        parts = [f"{step}: {word}" for step, word in result["status"].items() if word not in ("ok", "not done")]
    return "\n".join(parts)


def _errors(run: Run, rows: set[str]) -> list[str]:
    """List what failed and stands in no row."""
    found = list(run.failures)
    for outcome in _outcomes(run):
        named = {name: text for name, text in outcome.errors.items() if name}
        if outcome.status is Status.FAILED or (outcome.status is Status.PARTLY and (outcome.failure or not named)):
            found.append(outcome.message)
        found += [f"{name}: {text}" for name, text in named.items() if name not in rows]
    return _each_once([*found, run.domains.plan.refusal if run.domains else ""])


def _plan(run: Run, named: Callable[[str], str]) -> Result:
    plan: Result = dict((run.domains.plan if run.domains else DomainPlan()).as_dict())
    plan["deferred"] += [{"name": name, "reason": wait.reason} for name, wait in run.www_waits.items()]
    told = {key: [{**one, "reason": named(one["reason"])} for one in plan[key]] for key in ("protected", "deferred")}
    return {**plan, **told}


def _notes(run: Run) -> list[str]:
    """Return what is worth knowing and no failure, with attached names whose DNS went away."""
    decided = [*(note.text for note in run.decision.notes), run.decision.withheld] if run.decision else []
    attached = {host for row in run.rows or () for host in row.served_names}
    away = [f"{name} {reason}" for name, reason in elsewhere(run.checks).items() if name in attached]
    planned = run.domains.plan.notes if run.domains else ()
    warnings = run.certificates.warnings if run.certificates else ()
    return [*decided, run.warning, *run.idle_patterns, *planned, *away, *warnings]


def _forecast(run: Run) -> dict[str, int] | None:
    """Say how many requests and about how many seconds a real run takes; None but in a preview that changes something."""
    if not run.preview or run.cloud is None or run.domains is None:
        return None
    writes = len(run.domains.plan.steps)
    orders = len(run.certificates.orders) if run.certificates else 0
    if not writes and not orders:
        return None
    pages = -(-max(1, len(run.domains.after)) // _PAGE)
    requests = run.cloud.client.usage.requests + writes + (pages if writes else 0) + orders * 3
    return {"requests": requests, "seconds": round(requests / _A_MINUTE * 60) if requests > _A_MINUTE else requests}


def _requeue(run: Run) -> dict[str, list[str]]:
    """Return the names that WordPress may check again: attached and pointing here, and which of them have HTTPS."""
    hosts = dict.fromkeys(host for row in (run.domains.after if run.domains else ()) for host in row.served_names)
    names = [host for host in hosts if host in run.checks and points_here(run.checks, host)]
    reports = run.certificates.names.values() if run.certificates else ()
    secure = {host for report in reports for host in report.covers}
    return {"names": names, "secure_names": [host for host in names if host in secure]}


# Rows


def _rows_of(run: Run, now: datetime.datetime) -> list[Row]:
    """Return a row for each name that is wanted, attached or was left out, the most urgent first.

    :param now: RunCloud's time.
    """
    desired = run.decision.desired if run.decision else ()
    typed = {domain.name: domain.typed for domain in desired if domain.typed}
    # Why a name is not wanted is also why it goes.
    reasons = {left.name: left.reason for left in (run.decision.left_out if run.decision else ())}
    reasons |= {domain.name: domain.reason for domain in desired}
    certificates = run.certificates
    reports: Mapping[str, NameReport] = certificates.names if certificates else {}
    pending, faults = (certificates.pending, certificates.errors) if certificates else ({}, {})
    found = []
    for name, (action, why) in _actions(run).items():
        attached = action not in (Action.DEFERRED, Action.REMOVED, Action.LEFT_OUT, Action.ADD)
        attached = attached and (action != Action.FAILED or name in reports)
        word, days_left = _certificate(reports.get(name), now) if attached else ("", None)
        waits_for, cause = _waits_for(run, name, action)
        row = Row(name, typed.get(name, ""), action, why or cause or reasons.get(name, ""), word, days_left, waits_for)
        if name in faults and action != Action.FAILED:
            row = dataclasses.replace(row, action=Action.FAILED, reason=faults[name], waits_for=OPERATOR)
        elif name in pending and attached:
            waits_for = waits_for or CERTIFICATE
            row = dataclasses.replace(row, certificate="pending", reason=pending[name], waits_for=waits_for)
        found.append(row)
    return sorted(found, key=lambda row: (ACTIONS.index(row.action), row.waits_for == ""))


def _actions(run: Run) -> dict[str, tuple[str, str]]:
    """Return for each name what happened to it, and why where that is not what was asked for."""
    decided, outcome = run.decision, run.domains
    found = {left.name: (Action.LEFT_OUT, left.reason) for left in decided.left_out} if decided else {}
    if outcome is not None:
        plan = outcome.plan
        found.update(dict.fromkeys(plan.unchanged, (Action.UNCHANGED, "")))
        for name in plan.unmanaged:
            found[name] = (Action.UNMANAGED, found[name][1] if name in found else "attached, and not in the list")
        applied, waiting = set(outcome.applied), set(outcome.not_attempted)
        # A www name that was taken from its domain is a removal as well, and has no row of its own.
        served = {host for row in outcome.after for host in row.served_names}
        planned = {row.name: row for row in plan.after}
        # What a list shows as wanted although no request of this run did it: someone else did.
        met = {row.name for row in outcome.after if row.name in planned and not differences(row, planned[row.name])}
        for action, names in ((Action.ADD, plan.add), (Action.CHANGE, plan.change), (Action.REMOVE, plan.remove)):
            for name in names:
                if run.preview:
                    found[name] = (action, "")
                elif name in applied or (action == Action.REMOVE and outcome.confirmed and name not in served):
                    found[name] = (_DONE[action], "")
                elif name in waiting:
                    found[name] = (Action.NOT_ATTEMPTED, "")
                elif action != Action.REMOVE and outcome.confirmed and name in met:
                    found[name] = (Action.UNCHANGED, "is as wanted already: done by someone else during this run")
                else:
                    found[name] = (Action.FAILED, f"{action}: it is not known whether it was done")
        found.update({name: (Action.PROTECTED, reason) for name, reason in plan.protected})
        found.update({name: (Action.DEFERRED, reason) for name, reason in plan.deferred})
        found.update({name: (Action.FAILED, text) for name, text in outcome.errors.items() if name})
    found.update({name: (Action.DEFERRED, wait.reason) for name, wait in {**run.waits, **run.www_waits}.items()})
    found.update({name: (Action.FAILED, text) for name, text in (decided.errors if decided else {}).items()})
    return found


def _waits_for(run: Run, name: str, action: str) -> tuple[str, str]:
    """Return for what or whom a name waits, and why where its row does not say it; "" where for nothing."""
    wait = run.waits.get(name) or run.www_waits.get(name)
    if wait:
        return wait.waits_for, wait.reason
    if action in (Action.FAILED, Action.NOT_ATTEMPTED, Action.UNMANAGED):
        return OPERATOR, ""
    if action in (Action.UNCHANGED, Action.ADDED, Action.CHANGED, Action.ADD, Action.CHANGE):
        for host in (name, f"{WWW}{name}"):
            if not points_here(run.checks, host):
                return DNS, run.checks[host].reason
    return "", ""


def _certificate(report: NameReport | None, now: datetime.datetime) -> tuple[str, int | None]:
    """Return the word for what visitors of a domain get, and how many whole days it is still valid."""
    if report is None:
        return "", None
    if not report.checked:
        return "not checked", None
    days = (report.expires - now).days if report.expires else None
    return ("missing" if report.missing or report.error else "ok"), days
