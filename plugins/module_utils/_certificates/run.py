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
from .apply import Applied, PlacedOrder, apply_certificates, finalize
from .coverage import find_certificates, report_names
from .memory import OrderMemory
from .mode import switch_method, wanted_method
from .model import CertificatesPlan, CertificatesState, DesiredCertificates, Step
from .options import CertificatesRequest, read_request
from .plan import plan_certificates
from .read import Reader, current_certificates, read_log
from .result import CertificatesOutcome
from .wait import WaitContext, wait_for_certificates

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._outcome import Progress
    from .._runcloud.api import WebAppApi
    from .._runcloud.models import Certificate, Domain, LogEntry
    from .model import Key
    from .read import Prober

__all__ = ["CertificatesOutcome", "CertificatesRequest", "read_certificates", "read_request", "run_certificates"]


@dataclasses.dataclass
class _Job:
    """What all steps of one run share. The activity log is read once, and only where it matters."""

    app: WebAppApi
    request: CertificatesRequest
    desired: DesiredCertificates
    prober: Prober | None
    reader: Reader
    memory: OrderMemory
    progress: Progress
    log: tuple[LogEntry, ...] | None = None
    log_was_read: bool = False

    def read_log(self) -> tuple[LogEntry, ...]:
        """Return the activity log as it was before the orders; empty where it cannot be read."""
        if not self.log_was_read:
            self.log, self.log_was_read = read_log(self.app), True
        return self.log or ()

    @property
    def timeout(self) -> float:
        """The seconds to wait for orders."""
        return self.request.wait_timeout if self.request.wait else 0.0


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

    :param domains: the attached domains, in check mode those that would be (``id`` None); None reads the list.
    :param method: the mode as it was just read; None reads it.
    :param prober: asks the server what it presents; None makes one as the request says.
    :param progress: told how far the work is.
    :raises UserError: what is asked for does not fit; nothing was changed.
    :raises ApiError: a request failed before anything was changed.
    """
    job = _job(app, request, prober, progress)
    rows = tuple(domains) if domains is not None else tuple(app.domains())
    method, change = wanted_method(request, method or app.ssl_method())
    # Switching deletes all certificates (reference U14).
    certificates, served = (
        ({}, None) if "mode" in change else job.reader.read(method.advanced, rows, job.desired.domains)
    )
    state = _state(job, method, rows, certificates, served)
    plan, state = _plan(job, state)
    predicted = _Done(method, plan, Applied(changed=bool(plan.steps)), state)
    done = carry_out(check_mode, predicted, lambda: _carry_out(job, predicted, change))
    return _outcome(job, done, change, plan.orders if check_mode else done.applied.orders)


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
    job = _job(app, request, prober, progress)
    rows = tuple(domains) if domains is not None else tuple(app.domains())
    method = app.ssl_method()
    reader = dataclasses.replace(job.reader, ask_all=ask_all)
    state = _state(job, method, rows, *reader.read(method.advanced, rows, None))
    names = report_names(state)
    return CertificatesOutcome(Status.OK, False, method, state, names, warnings=_probe_warnings(job))


def _job(app: WebAppApi, request: CertificatesRequest, prober: Prober | None, progress: Progress) -> _Job:
    if request.desired.custom is not None:
        app.client.hide(request.desired.custom.key_pair.private_key)
    desired = dataclasses.replace(request.desired, external_api=_external_api(app, request.external_api))
    used = (prober or _prober(app, request, progress)) if request.check_served else None
    reader = Reader.of(app, used, desired, lambda: app.client.now() + desired.renew_before)
    return _Job(app, request, desired, used, reader, OrderMemory(app), progress)


def _prober(app: WebAppApi, request: CertificatesRequest, progress: Progress) -> TlsProber:
    def address() -> str | None:
        try:
            return RunCloud(app.client).server(app.server_id).address
        except RateLimited:
            raise
        except ApiError:
            return None

    def tell(what: str, done: int = 0, total: int = 0) -> None:
        del what
        progress("checking certificates on the server", done, total)

    return TlsProber(request.check_address or address, request.check_port, progress=tell)


def _probe_warnings(job: _Job) -> tuple[str, ...]:
    reason = getattr(job.prober, "reason", "")
    if not reason:
        return ()
    return (f"What the server really serves could not be checked, so only what RunCloud says was used: {reason}.",)


def _external_api(app: WebAppApi, asked: str | None) -> int | None:
    """Return the id of the DNS provider's key, looking its label up where it is not a number."""
    if not asked:
        return None
    if asked.isdigit():
        return int(asked)
    keys = RunCloud(app.client).external_apis()
    found = [key.id for key in keys if key.label == asked]
    if len(found) != 1:
        labels = ", ".join(repr(key.label) for key in keys) or "none"
        what = "no key has" if not found else "several keys have"
        raise UserError(f"external_api: {what} the label {asked!r}; there are {labels}. Give the id if in doubt.")
    return found[0]


def _state(
    job: _Job,
    method: SslMethod,
    domains: tuple[Domain, ...],
    certificates: Mapping[Key, Certificate | None],
    served: t.Any,
) -> CertificatesState:
    request = job.request
    attached = {row.name for row in domains if row.id is not None}
    return CertificatesState(
        advanced=method.advanced,
        auto_ssl=method.auto_ssl,
        domains=domains,
        certificates=certificates,
        served=served,
        now=job.app.client.now(),
        changed=request.changed,
        held={
            name: why
            for name, why in request.deferred.items()
            if name not in attached or name not in request.dns_unknown
        },
        forbidden=request.forbidden,
        orders=job.memory.read(),
    )


def _plan(job: _Job, state: CertificatesState) -> tuple[CertificatesPlan, CertificatesState]:
    """Plan. Where something is to be ordered, or an order may be in progress, the activity log has a say."""
    plan = plan_certificates(job.desired, state)
    lately = any(not order.done for order in state.orders)
    if not plan.orders and not (plan.pending and lately):
        return plan, state
    state = dataclasses.replace(state, log=job.read_log())
    return plan_certificates(job.desired, state), state


# Doing


@dataclasses.dataclass
class _Done:
    """What a run came to: in check mode what it would come to, and ``after`` is the state as it is."""

    method: SslMethod
    plan: CertificatesPlan
    applied: Applied
    after: CertificatesState


def _carry_out(job: _Job, predicted: _Done, change: Mapping[str, object]) -> _Done:
    """Apply the plan and wait. After the first write, a failed request no longer hides what was done."""
    method, state, plan = predicted.method, predicted.after, predicted.plan
    applied = Applied()
    switched = False
    try:
        if change:
            method = switch_method(job.app, method, change)
            switched = True
        if "mode" in change:
            # What the server still presents is out of date after a switch to advanced mode.
            reader = dataclasses.replace(job.reader, prober=None) if state.advanced else job.reader
            certificates, served = reader.read(state.advanced, state.domains, job.desired.domains)
            plan, state = _plan(job, _state(job, method, state.domains, certificates, served))
        state, plan = _let_earlier_orders_finish(job, state, plan)
        context = _context(job, state, applied)
        apply_certificates(plan, context)
        if applied.fault is None:
            wait_for_certificates(context)
            after = _after(job, state, applied)
        else:
            after = _last_known(state, applied)
    except ApiError as exc:
        unknown = bool(change) and (isinstance(exc, LostReply) or (exc.status or 0) >= 500)
        if not switched and not applied.wrote and not unknown:
            raise
        applied.fault = exc
        applied.changed = applied.changed or bool(change)
        after = _last_known(state, applied)
    if applied.fault is not None:
        for placed in applied.effective:
            if placed.step.is_order and not placed.done:
                text = "ordered; it is not known whether the certificate was issued"
                applied.pending.update(dict.fromkeys([placed.step.key] if placed.step.key else placed.step.names, text))
    finalize(applied, after.certificates)
    return _Done(method, plan, applied, after)


def _context(job: _Job, state: CertificatesState, applied: Applied) -> WaitContext:
    watcher = ActivityLogWatcher(lambda: read_log(job.app), job.log if job.log_was_read else (), state.now)
    return WaitContext(
        app=job.app,
        watcher=watcher,
        memory=job.memory,
        applied=applied,
        progress=job.progress,
        probe=job.reader.probe,
        before=state.served,
        expiry_threshold=job.reader.expiry_threshold(),
        timeout=job.timeout,
    )


def _let_earlier_orders_finish(
    job: _Job, state: CertificatesState, plan: CertificatesPlan
) -> tuple[CertificatesState, CertificatesPlan]:
    """Wait for orders of an earlier run that are in progress, and plan anew."""
    earlier = _orders_in_progress(state, plan)
    if not earlier or not job.timeout or not job.desired.present:
        return state, plan
    job.read_log()
    wait_for_certificates(_context(job, state, Applied(placed=earlier)))
    certificates, served = job.reader.read(state.advanced, state.domains, job.desired.domains)
    job.log_was_read = False
    method = SslMethod(state.advanced, state.auto_ssl)
    plan, state = _plan(job, _state(job, method, state.domains, certificates, served))
    return state, plan


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


def _after(job: _Job, state: CertificatesState, applied: Applied) -> CertificatesState:
    """Return the state after the run; what a reply has not shown is read."""
    touched = {step.key: step.domain for step in applied.touched}
    if not touched and not applied.removed:
        return state
    known = _last_known(state, applied)
    unknown = {key: row for key, row in touched.items() if key not in applied.known}
    certificates = {**known.certificates, **current_certificates(job.app, unknown)}
    served = None
    if touched:
        rows = [row for row in touched.values() if row is not None] or [row for row in state.domains if row.id]
        served = job.reader.probe(row.name for row in rows)
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
    job: _Job, done: _Done, change: Mapping[str, object], orders: Sequence[Mapping[str, object]]
) -> CertificatesOutcome:
    plan, applied, after = done.plan, done.applied, done.after
    errors = {**plan.problems, **applied.errors}
    messages = [errors.pop("")] if "" in errors else []
    if applied.fault is not None:
        messages.append(str(applied.fault))
    status = Status.OK
    if messages or applied.not_attempted or (errors and not after.advanced):
        status = Status.FAILED
    elif errors:
        status = Status.PARTLY
    ignored = [f"RunCloud ignored {name}" for name in applied.ignored]
    return CertificatesOutcome(
        status=status,
        changed=applied.changed or bool(change),
        method=done.method,
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
