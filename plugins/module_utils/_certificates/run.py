# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run for the certificates of a web application: read, plan, apply, wait, outcome.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import UserError
from .._outcome import Status, carry_out, no_progress
from .._probe.tls import TlsProber
from .._runcloud.api import RunCloud
from .._runcloud.errors import ApiError, LostReply, RateLimited
from .._runcloud.models import SslMethod
from .activity import ActivityLogWatcher, order_in_progress, recent_orders
from .apply import Applied, PlacedOrder, Work, apply_certificates, finalize
from .coverage import find_certificates, report_names
from .memory import OrderMemory
from .model import ADVANCED, CertificatesPlan, CertificatesState, Step, told_orders
from .options import CertificatesRequest, differs, method_for, read_request
from .plan import plan_certificates
from .read import Job, asks_for_what_only_runcloud_shows, current_certificates, read_log
from .result import CertificatesOutcome, mode_name
from .wait import wait_for_certificates

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._outcome import Progress
    from .._runcloud.api import WebAppApi
    from .._runcloud.models import Certificate, Domain
    from .model import Key
    from .read import Prober

__all__ = ["CertificatesOutcome", "CertificatesRequest", "read_certificates", "read_request", "run_certificates"]


def run_certificates(
    app: WebAppApi,
    request: CertificatesRequest,
    *,
    domains: Sequence[Domain] | None = None,
    prober: Prober | None = None,
    method: SslMethod | None = None,
    check_mode: bool = False,
    progress: Progress = no_progress,
) -> CertificatesOutcome:
    """Bring the certificates of a web application into the state asked for (design 2.5 and 4).

    :param domains: the attached domains, in check mode those that would be (``id`` None).
    :param prober: asks the server what it presents; made as the request says where it is not given. ``domains`` and
        ``method`` are read then.
    :raises UserError: what is asked for does not fit; nothing was changed.
    :raises ApiError: a request failed before anything was changed.
    """
    job = _job(app, request, prober, progress)
    rows = tuple(domains) if domains is not None else tuple(app.domains())
    method, change = _wanted_method(request, method or app.ssl_method())
    # Switching deletes all certificates (reference U14).
    state = _state(job, method, rows, ({}, None)) if "mode" in change else _read_state(job, method, rows)
    plan, state = _plan(job, state)
    predicted = _Done(plan, Applied(changed=bool(plan.steps)), state)
    done = carry_out(check_mode, predicted, lambda: _carry_out(job, predicted, change))
    ordered = plan.steps if check_mode else [placed.step for placed in done.applied.placed]
    return _outcome(job, done, change, told_orders(ordered))


def read_certificates(
    app: WebAppApi,
    request: CertificatesRequest,
    *,
    domains: Sequence[Domain] | None = None,
    prober: Prober | None = None,
    ask_all: bool = False,
    progress: Progress = no_progress,
) -> CertificatesOutcome:
    """Read the same state without deciding anything; of the request, only how to check and ``renew_before`` matter.

    :param ask_all: in advanced mode without a list, whether RunCloud is asked for each certificate.
    :raises ApiError: a request failed.
    """
    job = dataclasses.replace(_job(app, request, prober, progress), ask_all=ask_all)
    rows = tuple(domains) if domains is not None else tuple(app.domains())
    method = app.ssl_method()
    state = _read_state(job, method, rows)
    return CertificatesOutcome(Status.OK, False, state, report_names(state), warnings=tuple(_probe_warnings(job)))


def _job(app: WebAppApi, request: CertificatesRequest, prober: Prober | None, progress: Progress) -> Job:
    if request.desired.custom is not None:
        app.client.hide(request.desired.custom.key_pair.private_key)
    desired = dataclasses.replace(request.desired, external_api=_external_api(app, request.external_api))
    used = (prober or _prober(app, request)) if request.check_served else None
    return Job(app, request, desired, used, OrderMemory(app), asks_for_what_only_runcloud_shows(desired), progress)


def _prober(app: WebAppApi, request: CertificatesRequest) -> TlsProber:
    def address() -> str | None:
        try:
            return RunCloud(app.client).server(app.server_id).address
        except RateLimited:
            raise
        except ApiError:
            return None

    return TlsProber(request.check_address or address, request.check_port)


def _probe_warnings(job: Job) -> list[str]:
    reason = getattr(job.prober, "reason", "")
    text = f"What the server really serves could not be checked, so only what RunCloud says was used: {reason}."
    return [text] if reason else []


def _external_api(app: WebAppApi, asked: str | None) -> int | None:
    """Return the id of the DNS provider's key, looking its label up where it is not a number."""
    if not asked or asked.isdigit():
        return int(asked) if asked else None
    keys = RunCloud(app.client).external_apis()
    found = [key.id for key in keys if key.label == asked]
    if len(found) != 1:
        labels = ", ".join(repr(key.label) for key in keys) or "none"
        what = "no key has" if not found else "several keys have"
        raise UserError(f"external_api: {what} the label {asked!r}; there are {labels}. Give the id if in doubt.")
    return found[0]


def _read_state(job: Job, method: SslMethod, domains: tuple[Domain, ...]) -> CertificatesState:
    return _state(job, method, domains, job.read(method.advanced, domains))


def _state(
    job: Job, method: SslMethod, domains: tuple[Domain, ...], found: tuple[Mapping[Key, Certificate | None], t.Any]
) -> CertificatesState:
    request = job.request
    attached = {host for row in domains if row.id is not None for host in row.served_names}
    unknown = attached & request.dns_unknown.keys()
    return CertificatesState(
        advanced=method.advanced,
        auto_ssl=method.auto_ssl,
        domains=domains,
        certificates=found[0],
        served=found[1],
        now=job.app.client.now(),
        changed=request.changed,
        held={name: why for name, why in request.deferred.items() if name not in unknown},
        orders=job.memory.read(),
        failed_orders=job.memory.read_failed(),
    )


def _plan(job: Job, state: CertificatesState) -> tuple[CertificatesPlan, CertificatesState]:
    """Plan. Where something is to be ordered, or an order may be in progress, the log and CAA records have a say."""
    plan = plan_certificates(job.desired, state)
    lately = any(not order.done for order in state.orders)
    if not plan.orders and not (plan.pending and lately):
        return plan, state
    state = dataclasses.replace(state, log=job.log_before())
    names = list(dict.fromkeys(name for step in plan.steps if step.is_order for name in step.names))
    if names and job.request.forbids is not None:
        certificate = next(step.certificate for step in plan.steps if step.is_order)
        forbidden = job.request.forbids(names, method_for(job.desired, certificate))
        state = dataclasses.replace(state, forbidden=forbidden)
    return plan_certificates(job.desired, state), state


# Doing


@dataclasses.dataclass
class _Done:
    """What a run came to: in check mode what it would come to, and ``after`` is the state as it is."""

    plan: CertificatesPlan
    applied: Applied
    after: CertificatesState


def _carry_out(job: Job, predicted: _Done, change: Mapping[str, object]) -> _Done:
    """Apply the plan and wait. After the first write, a failed request no longer hides what was done."""
    state, plan = predicted.after, predicted.plan
    method = SslMethod(state.advanced, state.auto_ssl)
    applied = Applied()
    switched = False
    try:
        if change:
            _switch_method(job.app, method, change)
            switched = True
        if "mode" in change:
            # What the server still presents is out of date after a switch to advanced mode.
            reader = dataclasses.replace(job, prober=None) if state.advanced else job
            plan, state = _plan(job, _read_state(reader, method, state.domains))
        plan, state = _let_earlier_orders_finish(job, plan, state)
        work = _work(job, state, applied)
        apply_certificates(plan, work)
        if applied.fault is None:
            wait_for_certificates(work)
        after = _after(job, state, applied) if applied.fault is None else _last_known(state, applied)
    except ApiError as exc:
        unknown = bool(change) and (isinstance(exc, LostReply) or (exc.status or 0) >= 500)
        if not switched and not (applied.touched or applied.removed) and not unknown:
            raise
        applied.fault = exc
        applied.changed = applied.changed or bool(change)
        after = _last_known(state, applied)
    for placed in applied.effective if applied.fault is not None else ():
        if placed.step.is_order and not placed.done:
            text = "ordered; it is not known whether the certificate was issued"
            applied.pending.update(dict.fromkeys(placed.step.concerns, text))
    finalize(applied, after.certificates)
    return _Done(plan, applied, after)


def _work(job: Job, state: CertificatesState, applied: Applied) -> Work:
    watcher = ActivityLogWatcher(lambda: read_log(job.app), job.log if job.log_was_read else (), state.now)
    return Work(job, state, applied, watcher)


def _wanted_method(request: CertificatesRequest, current: SslMethod) -> tuple[SslMethod, dict[str, object]]:
    change: dict[str, object] = {}
    if request.mode is not None and request.mode != mode_name(current.advanced):
        if not request.allow_mode_switch:
            raise UserError(
                f"mode: {request.mode!r} is asked for, but the web application is in {mode_name(current.advanced)} mode. "
                "Switching deletes its certificates until new ones are there; set allow_mode_switch: true if this is "
                "meant"
            )
        change["mode"] = request.mode
    if request.auto_ssl is not None and request.auto_ssl != bool(current.auto_ssl):
        change["auto_ssl"] = request.auto_ssl
    advanced = request.mode == ADVANCED if "mode" in change else current.advanced
    return SslMethod(advanced, request.auto_ssl if "auto_ssl" in change else current.auto_ssl), change


def _switch_method(app: WebAppApi, wanted: SslMethod, change: Mapping[str, object]) -> None:
    """Change the mode or AutoSSL. That AutoSSL is off is only sent where it is asked for: it would switch it off."""
    auto_ssl = wanted.auto_ssl if "auto_ssl" in change or wanted.auto_ssl else None
    try:
        found = app.set_ssl_method(wanted.advanced, auto_ssl)
    except ApiError as exc:
        if exc.status in (403, 422):
            exc.advice = "Advanced mode and AutoSSL need RunCloud's Business or Enterprise plan."
        raise
    if found.advanced != wanted.advanced or differs(auto_ssl, found.auto_ssl):
        raise UserError(
            f"{'mode' if 'mode' in change else 'auto_ssl'}: RunCloud accepted the request, but is still in "
            f"{mode_name(found.advanced)} mode with AutoSSL {'on' if found.auto_ssl else 'off'}; check the plan"
        )


def _let_earlier_orders_finish(
    job: Job, plan: CertificatesPlan, state: CertificatesState
) -> tuple[CertificatesPlan, CertificatesState]:
    work = _work(job, state, Applied(placed=_orders_in_progress(state, plan)))
    if not work.applied.placed or not work.timeout or not job.desired.present:
        return plan, state
    job.log_before()
    wait_for_certificates(_work(job, state, work.applied))
    job.log_was_read = False
    return _plan(job, _read_state(job, SslMethod(state.advanced, state.auto_ssl), state.domains))


def _orders_in_progress(state: CertificatesState, plan: CertificatesPlan) -> list[PlacedOrder]:
    """List the orders of earlier runs that are in progress, and that something waits for."""
    placed = []
    for key, found in find_certificates(state).items():
        if not any(row.name in plan.pending for row in found.rows) or order_in_progress(state, found) is None:
            continue
        ready = found.certificate if found.certificate and found.certificate.valid_until else None
        step = Step("redeploy" if ready else "install", found.domain, ready, found.names)
        placed.append(PlacedOrder(step, found.certificate, next(reversed(recent_orders(state, key)), None)))
    return placed


# Telling


def _after(job: Job, state: CertificatesState, applied: Applied) -> CertificatesState:
    """Return the state after the run; what a reply has not shown is read."""
    touched = {step.key: step.domain for step in applied.touched}
    if not touched and not applied.removed:
        return state
    known = _last_known(state, applied)
    unread = {key: row for key, row in touched.items() if key not in applied.known}
    certificates = {**known.certificates, **current_certificates(job.app, unread)}
    served = None
    if touched:
        rows = [row for row in touched.values() if row is not None] or [row for row in state.domains if row.id]
        served = job.probe(row.name for row in rows)
        if served is not None and state.served is not None:
            served = dataclasses.replace(served, served={**state.served.served, **served.served})
    return dataclasses.replace(known, certificates=certificates, served=served, now=job.app.client.now())


def _last_known(state: CertificatesState, applied: Applied) -> CertificatesState:
    """Return the state as far as it is known after the writes, without asking anything again."""
    touched = {step.key for step in applied.touched}
    gone: dict[Key, Certificate | None] = {step.key: None for step in applied.removed}
    certificates = {key: found for key, found in state.certificates.items() if key not in touched}
    served = state.served
    if served is not None and touched:
        kept = {} if None in touched else {name: one for name, one in served.served.items() if name not in touched}
        served = dataclasses.replace(served, served=kept)
    return dataclasses.replace(
        state, certificates={**certificates, **gone, **applied.known}, served=served, changed=frozenset()
    )


def _outcome(
    job: Job, done: _Done, change: Mapping[str, object], orders: Sequence[Mapping[str, object]]
) -> CertificatesOutcome:
    plan, applied, after = done.plan, done.applied, done.after
    errors = {**plan.problems, **applied.errors}
    messages = [text for text in (errors.pop("", ""), str(applied.fault or "")) if text]
    unknown = sum(one.step.is_order and not one.done for one in applied.effective) if applied.fault else 0
    if unknown:
        messages.append(
            f"Before that, {unknown} certificate order{'s were' if unknown > 1 else ' was'} sent, and it is not known "
            "whether RunCloud carried that out: run again in 15 minutes"
        )
    status = Status.PARTLY if errors else Status.OK
    if messages or applied.not_attempted or (errors and not after.advanced):
        status = Status.FAILED
    ignored = [f"RunCloud ignored {name}" for name in applied.ignored]
    return CertificatesOutcome(
        status=status,
        changed=applied.changed or bool(change),
        state=after,
        names=report_names(after),
        plan=plan,
        method_change=change,
        orders=orders,
        pending={**plan.pending, **applied.pending},
        unverified=plan.unverified,
        ignored=tuple(applied.ignored),
        warnings=(*_probe_warnings(job), *plan.warnings, *ignored),
        errors=errors,
        not_attempted=tuple(applied.not_attempted),
        applied=tuple(name for one in applied.effective for name in one.step.names),
        message="; ".join(messages),
        failure=applied.fault,
    )
