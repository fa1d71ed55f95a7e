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

from ...module_utils._names import WWW
from ...module_utils._outcome import Status
from .defer import CERTIFICATE, DNS, OPERATOR, points_here
from .rows import (
    ACTIONS,
    ADD,
    ADDED,
    CHANGE,
    CHANGED,
    DEFERRED,
    DONE,
    FAILED,
    LEFT_OUT,
    MISSING,
    NOT_ATTEMPTED,
    NOT_CHECKED,
    OK,
    PROTECTED,
    REMOVE,
    REMOVED,
    UNCHANGED,
    UNMANAGED,
    Row,
    counts_of,
)
from .run import STEPS, Run
from .summary import summary_lines

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ...module_utils._certificates.model import NameReport

    Result = dict[str, t.Any]

_NO_PLAN: dict[str, list[t.Any]] = {
    key: [] for key in ("add", "change", "remove", "unchanged", "unmanaged", "protected", "deferred")
}
# Requests a minute that RunCloud lets through (reference 1.5), for the forecast.
_A_MINUTE = 60
_PAGE = 40


def sync_result(run: Run, *, only_changed: bool = False, fail_on_drift: bool = False, report: str = "") -> Result:
    """Put together what a run has found and done.

    :param only_changed: whether rows that only stay are left out; a report always has them all.
    :param fail_on_drift: whether the run fails where anything changes or is unmanaged.
    :param report: the folder in which the report is written, "" for none.
    :returns: the variable ``domain_sync_result``; ``all_rows`` are the rows for the report.
    """
    usage = run.cloud.client.usage if run.cloud else None
    now = run.cloud.client.now() if run.cloud else datetime.datetime.now(datetime.timezone.utc)
    rows = _rows_of(run, now)
    counts = counts_of(rows)
    outcomes = (run.domains, run.certificates)
    # What is not known to have stayed may have changed.
    changed = run.interrupted or any(outcome is not None and outcome.changed for outcome in outcomes)
    drift = changed or counts[UNMANAGED] > 0
    errors = _errors(run, {row.name for row in rows}, drift and fail_on_drift, changed)
    certificates = run.certificates
    result: Result = {
        "ok": not errors and counts[FAILED] == 0 and all(status is Status.OK for status in run.statuses.values()),
        "status": {step: run.statuses[step].value if step in run.statuses else "not done" for step in STEPS},
        "changed": changed,
        "preview": run.preview,
        "complete": run.decision.complete if run.decision else False,
        "drift": drift,
        "rows": [],
        "counts": counts,
        "plan": _plan(run),
        "mode": certificates.mode if certificates else None,
        "orders": list(certificates.orders) if certificates else [],
        "pending": [{"name": name, "reason": why} for name, why in certificates.pending.items()]
        if certificates
        else [],
        "certificates": certificates.as_result()["certificates"] if certificates else [],
        "unverified": list(certificates.unverified) if certificates else [],
        "notes": _notes(run),
        "errors": errors,
        "api": usage.as_dict() if usage else {"requests": 0, "retries": 0, "waited": 0.0},
        "forecast": _forecast(run),
        "requeue": _requeue(run),
        "report": report,
    }
    every = [dict(vars(row)) for row in rows]
    result["failure"] = failure_text(result, rows)
    result["summary"] = summary_lines(result, every)
    result["rows"] = [row for row, quiet in zip(every, rows, strict=True) if not (only_changed and quiet.quiet)]
    result["all_rows"] = every
    return result


def failure_text(result: Mapping[str, t.Any], rows: list[Row]) -> str:
    """Say in one short text why the run has failed; "" where it has not."""
    if result["ok"]:
        return ""
    failed = [row for row in rows if row.action == FAILED]
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


def _errors(run: Run, rows: set[str], drift: bool, changed: bool) -> list[str]:
    """List what failed and stands in no row."""
    found = [failure.text for failure in run.failures]
    for outcome in (run.domains, run.certificates):
        if outcome is not None and outcome.status is not Status.OK and outcome.message:
            named = {name: text for name, text in outcome.errors.items() if name}
            if outcome.failure is not None or not named or outcome.status is Status.FAILED:
                found.append(outcome.message)
        elsewhere = outcome.errors.items() if outcome is not None else ()
        found += [f"{name}: {text}" for name, text in elsewhere if name and name not in rows]
    refusal = run.domains.plan.refusal if run.domains else ""
    found.append(refusal)
    if drift:
        what = "something changes" if changed else "something is attached that is not in the list"
        found.append(f"drift: RunCloud differs from the list: {what} (fail_on_drift is true)")
    return list(dict.fromkeys(text for text in found if text))


def _plan(run: Run) -> dict[str, t.Any]:
    plan: dict[str, t.Any] = dict(run.domains.plan.as_dict()) if run.domains else dict(_NO_PLAN)
    waits = [{"name": name, "reason": wait.reason} for name, wait in run.www_waits.items()]
    return {**plan, "deferred": [*plan["deferred"], *waits]}


def _notes(run: Run) -> list[str]:
    found = [note.text for note in run.decision.notes] if run.decision else []
    if run.decision:
        found.append(run.decision.withheld)
    found += [run.warning, *run.idle_patterns]
    found += run.domains.plan.notes if run.domains else ()
    found += _dns_notes(run)
    found += run.certificates.warnings if run.certificates else ()
    return list(dict.fromkeys(text for text in found if text))


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
    if run.domains is None or not run.checks:
        return {"names": [], "secure_names": []}
    secure = {
        host for report in (run.certificates.names.values() if run.certificates else ()) for host in report.covers
    }
    hosts = dict.fromkeys(host for row in run.domains.after for host in row.served_names)
    names = [host for host in hosts if host in run.checks and run.checks[host].verdict.value == "here"]
    return {"names": names, "secure_names": [host for host in names if host in secure]}


# Rows


def _rows_of(run: Run, now: datetime.datetime) -> list[Row]:
    """Return a row for each name that is wanted, attached or was left out, the most urgent first.

    :param now: RunCloud's time.
    """
    decided = run.decision
    typed = {row.name: row.typed for row in decided.desired if row.typed} if decided else {}
    reasons = {left.name: left.reason for left in decided.left_out} if decided else {}
    reasons.update({row.name: row.reason for row in decided.desired} if decided else {})
    served = dict(run.certificates.names) if run.certificates else {}
    pending = {**run.certificates.pending} if run.certificates else {}
    faults = dict(run.certificates.errors) if run.certificates else {}
    found = []
    for name, (action, why) in _actions(run).items():
        attached = action not in (DEFERRED, REMOVED, LEFT_OUT, ADD) and not (action == FAILED and name not in served)
        word, days_left = _certificate(served.get(name), now) if attached else ("", None)
        waits_for, cause = _waits_for(run, name, action)
        row = Row(name, typed.get(name, ""), action, why or cause or reasons.get(name, ""), word, days_left, waits_for)
        if name in faults and action != FAILED:
            row = dataclasses.replace(row, action=FAILED, reason=faults[name], waits_for=OPERATOR)
        elif name in pending and attached:
            row = dataclasses.replace(
                row, certificate="pending", reason=pending[name], waits_for=waits_for or CERTIFICATE
            )
        found.append(row)
    return sorted(found, key=lambda row: (ACTIONS.index(row.action), row.waits_for == ""))


def _actions(run: Run) -> dict[str, tuple[str, str]]:
    """Return for each name what happened to it, and why where that is not what was asked for."""
    found: dict[str, tuple[str, str]] = {}
    for left in run.decision.left_out if run.decision else ():
        found[left.name] = (LEFT_OUT, left.reason)
    outcome = run.domains
    if outcome is not None:
        plan = outcome.plan
        found.update(dict.fromkeys(plan.unchanged, (UNCHANGED, "")))
        found.update(dict.fromkeys(plan.unmanaged, (UNMANAGED, "attached, and not in the list")))
        applied, waiting = set(outcome.applied), set(outcome.not_attempted)
        # A www name that was taken from its domain is a removal as well, and has no row of its own.
        served = {host for row in outcome.after for host in row.served_names}
        for action, names in ((ADD, plan.add), (CHANGE, plan.change), (REMOVE, plan.remove)):
            for name in names:
                if run.preview:
                    found[name] = (action, "")
                elif name in applied or (action == REMOVE and outcome.confirmed and name not in served):
                    found[name] = (DONE[action], "")
                elif name in waiting:
                    found[name] = (NOT_ATTEMPTED, "")
                else:
                    found[name] = (FAILED, f"{action}: it is not known whether it was done")
        found.update({name: (PROTECTED, reason) for name, reason in plan.protected})
        found.update({name: (DEFERRED, reason) for name, reason in plan.deferred})
        found.update({name: (FAILED, text) for name, text in outcome.errors.items() if name})
    found.update({name: (DEFERRED, wait.reason) for name, wait in {**run.waits, **run.www_waits}.items()})
    if run.decision:
        found.update({name: (FAILED, text) for name, text in run.decision.errors.items()})
    return found


def _waits_for(run: Run, name: str, action: str) -> tuple[str, str]:
    """Return for what or whom a name waits, and why where its row does not say it; "" where for nothing."""
    wait = run.waits.get(name) or run.www_waits.get(name)
    if wait:
        return wait.waits_for, wait.reason
    if action in (FAILED, NOT_ATTEMPTED, UNMANAGED):
        return OPERATOR, ""
    if action in (UNCHANGED, ADDED, CHANGED, ADD, CHANGE):
        for host in (name, f"{WWW}{name}"):
            if not points_here(run.checks, host):
                return DNS, run.checks[host].reason
    return "", ""


def _certificate(report: NameReport | None, now: datetime.datetime) -> tuple[str, int | None]:
    """Return the word for what visitors of a domain get, and how many whole days it is still valid."""
    if report is None:
        return "", None
    if not report.checked:
        return NOT_CHECKED, None
    days = (report.expires - now).days if report.expires else None
    return (MISSING if report.missing or report.error else OK), days


def _dns_notes(run: Run) -> list[str]:
    """Return what is to be said of attached names whose DNS went away."""
    attached = {host for row in run.rows or () for host in row.served_names}
    return [
        f"{name} {check.reason}"
        for name, check in run.checks.items()
        if name in attached and check.verdict.value == "elsewhere"
    ]
