# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of runcloud_ssl: options, read, plan, apply, wait, result.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .. import _module
from .._domains import desired as _wishes
from .._errors import UserError
from .._probe.tls import require_cryptography
from .._runcloud import client as _client
from .._runcloud import models as _resources
from . import activity as _ssl_underway
from . import apply as _ssl_apply
from . import coverage as _ssl_coverage
from . import diff as _ssl_diff
from . import model as _ssl_model
from . import options as _ssl_options
from . import own as _own_certificate
from . import plan as _ssl_plan
from . import read as _ssl_state
from . import result as _ssl_result
from . import wait as _ssl_wait
from .result import ADVANCED

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._module import Context
    from .._probe.served import ServedReport
    from .._runcloud.api import WebAppApi

_CSR_OPTIONS = tuple(f"csr_{name}" for name in _resources.CSR_FIELDS)


def synchronise(context: Context) -> dict[str, t.Any]:
    """Bring the certificates of a web application into the state asked for (design 2.5 and 4)."""
    options = context.options
    if options["verify"] == "tls" or options["provider"] == _resources.CUSTOM:
        require_cryptography()
    return _Run(context, _Request.read(options)).execute()


def read_wish(options: Mapping[str, t.Any]) -> _ssl_model.SslWish:
    """Read what is asked for from the module's options, but for the id behind ``external_api``.

    :raises UserError: something is wrong with an option; nothing was asked of RunCloud yet.
    """
    for name in ("renew_before", "wait_timeout", "max_orders"):
        if options[name] < 0:
            raise UserError(f"{name}: {options[name]} is negative; give 0 or more")
    _refuse_misfits(options)
    own = None
    if options["provider"] == _resources.CUSTOM and options["state"] == _wishes.PRESENT:
        own = _own_certificate.read_own_certificate(
            options["certificate"], options["private_key"], datetime.datetime.now(datetime.timezone.utc)
        )
    csr = tuple((name, options[f"csr_{name}"]) for name in _resources.CSR_FIELDS if options[f"csr_{name}"])
    return _ssl_model.SslWish(
        present=options["state"] == _wishes.PRESENT,
        domains=_names(options["domains"], "domains") if options["domains"] is not None else None,
        provider=options["provider"],
        environment=options["environment"],
        authorization_method=options["authorization_method"],
        options=_resources.CertificateOptions(**{name: options[name] for name in _ssl_options.OPTION_NAMES}),
        own=own,
        csr=csr if options["provider"] == _resources.CSR else (),
        renew_before=datetime.timedelta(days=options["renew_before"]),
        force=options["force"],
        max_orders=options["max_orders"],
    )


def _refuse_misfits(options: Mapping[str, t.Any]) -> None:
    """Refuse options that contradict each other."""
    provider = options["provider"]
    if provider != _resources.CUSTOM and (options["certificate"] or options["private_key"]):
        raise UserError(
            "certificate: only goes with provider: custom; set it, or leave certificate and private_key out"
        )
    given = [name for name in _CSR_OPTIONS if options[name]]
    if provider != _resources.CSR and given:
        raise UserError(f"{given[0]}: only goes with provider: csr; set it, or leave {given[0]} out")
    method = options["authorization_method"]
    if method == _ssl_model.DNS_01 and not options["external_api"]:
        raise UserError("external_api: missing; dns-01 needs the id or label of an API key of your DNS provider")
    if options["external_api"] and method != _ssl_model.DNS_01:
        raise UserError("external_api: only goes with authorization_method: dns-01; set it, or leave external_api out")


def _names(names: Sequence[str], option: str) -> frozenset[str]:
    return frozenset(_wishes.parse_names(names, option))


@dataclasses.dataclass(frozen=True)
class _Request:
    """Everything that the options say, checked."""

    wish: _ssl_model.SslWish
    attached: tuple[_resources.Domain, ...] | None
    changed: frozenset[str]
    hold: Mapping[str, str]

    @classmethod
    def read(cls, options: Mapping[str, t.Any]) -> _Request:
        return cls(
            wish=read_wish(options),
            attached=_module.read_attached(options),
            changed=_names(options["changed_names"], "changed_names"),
            hold=_wishes.parse_hold(options["hold"]),
        )


@dataclasses.dataclass
class _Done:
    """What a run came to: in check mode what it would come to, and ``after`` is the state as it is."""

    method: _resources.SslMethod
    plan: _ssl_model.SslPlan
    outcome: _ssl_apply.SslOutcome
    after: _ssl_model.SslState


class _Run:
    """One run: what is read is kept, so that nothing is asked twice."""

    def __init__(self, context: Context, request: _Request) -> None:
        self.context = context
        self.options = context.options
        self.request = request
        self.app: WebAppApi = context.webapp()
        self.handshakes = _ssl_state.handshakes_for(context, self.app.server_id)
        self.wish = dataclasses.replace(request.wish, external_api=self._external_api())
        self.log: tuple[_resources.LogEntry, ...] | None = None

    def execute(self) -> dict[str, t.Any]:
        """Read, plan, apply, wait, tell."""
        domains = self.request.attached if self.request.attached is not None else tuple(self.app.domains())
        current = self.app.ssl_method()
        method, change = self._wanted_method(current)
        state = self._read(domains, method, switched="mode" in change)
        plan = self._plan(state)
        predicted = _Done(method, plan, _ssl_apply.SslOutcome(changed=bool(plan.steps)), state)
        done = self.context.carry_out(predicted, lambda: self._carry_out(predicted, change))
        return self._tell(done, change)

    def _external_api(self) -> int | None:
        """Give the id of the DNS provider's key, looking its label up where no number is given."""
        asked = self.options["external_api"]
        if not asked:
            return None
        if asked.isdigit():
            return int(asked)
        keys = self.context.cloud.external_apis()
        found = [key.id for key in keys if key.label == asked]
        if len(found) != 1:
            labels = ", ".join(repr(key.label) for key in keys) or "none"
            what = "no key has" if not found else "several keys have"
            raise UserError(f"external_api: {what} the label {asked!r}; there are {labels}. Give the id if in doubt.")
        return found[0]

    # The mode

    def _wanted_method(self, current: _resources.SslMethod) -> tuple[_resources.SslMethod, dict[str, object]]:
        """Give the mode and AutoSSL as they shall be, and what of them changes."""
        mode, auto_ssl = self.options["mode"], self.options["auto_ssl"]
        change: dict[str, object] = {}
        if mode is not None and (mode == ADVANCED) != current.advanced:
            if not self.options["switch_mode"]:
                raise UserError(
                    f"mode: {mode!r} is asked for, but the web application is in {_ssl_result.mode_name(current)} "
                    "mode. Switching deletes its certificates until new ones are there; set switch_mode: true if this "
                    "is meant"
                )
            change["mode"] = mode
        if auto_ssl is not None and auto_ssl != bool(current.auto_ssl):
            change["auto_ssl"] = auto_ssl
        wanted = _resources.SslMethod(
            advanced=mode == ADVANCED if "mode" in change else current.advanced,
            auto_ssl=auto_ssl if "auto_ssl" in change else current.auto_ssl,
        )
        return wanted, change

    def _switch(self, wanted: _resources.SslMethod, change: Mapping[str, object]) -> _resources.SslMethod:
        """Change the mode or AutoSSL. That AutoSSL is off is only sent where it is asked for: it would switch it off."""
        auto_ssl = wanted.auto_ssl if "auto_ssl" in change or wanted.auto_ssl else None
        try:
            found = self.app.set_ssl_method(wanted.advanced, auto_ssl)
        except _client.ApiError as exc:
            if exc.status in (403, 422):
                exc.advice = "Advanced mode and AutoSSL need RunCloud's Business or Enterprise plan."
            raise
        if found.advanced != wanted.advanced or _ssl_options.differs(auto_ssl, found.auto_ssl):
            raise UserError(
                f"{'mode' if 'mode' in change else 'auto_ssl'}: RunCloud accepted the request, but is still in "
                f"{_ssl_result.mode_name(found)} mode with AutoSSL {'on' if found.auto_ssl else 'off'}; check the plan"
            )
        return dataclasses.replace(found, auto_ssl=wanted.auto_ssl)

    # Reading

    def _reader(self, handshakes: _ssl_state.Handshakes) -> _ssl_state.Reader:
        wish = self.wish
        options_asked = any(getattr(wish.options, name) is not None for name in _ssl_options.OPTION_NAMES)
        ask_all = wish.force or not wish.present or options_asked or wish.provider is not None
        return _ssl_state.Reader(self.app, handshakes, ask_all, self._soon, wish.options)

    def _soon(self) -> datetime.datetime:
        return self.context.client.now() + self.wish.renew_before

    def _read(
        self, domains: Sequence[_resources.Domain], method: _resources.SslMethod, switched: bool
    ) -> _ssl_model.SslState:
        """Read the state.

        :param switched: the mode will be switched: all certificates are taken as gone then (reference U14).
        """
        if switched:
            certificates: Mapping[str | None, _resources.Certificate | None] = {}
            served = None
        else:
            certificates, served = self._reader(self.handshakes).read(method.advanced, domains, self.wish.domains)
        return _ssl_model.SslState(
            advanced=method.advanced,
            auto_ssl=method.auto_ssl,
            domains=tuple(domains),
            certificates=certificates,
            served=served,
            changed=self.request.changed,
            hold=self.request.hold,
            now=self.context.client.now(),
        )

    def _read_switched(self, state: _ssl_model.SslState) -> _ssl_model.SslState:
        """Read the certificates after the mode was switched; what the server still presents is out of date."""
        reader = self._reader((lambda dummy: None) if state.advanced else self.handshakes)
        certificates, served = reader.read(state.advanced, state.domains, self.wish.domains)
        return dataclasses.replace(state, certificates=certificates, served=served, now=self.context.client.now())

    def _plan(self, state: _ssl_model.SslState) -> _ssl_model.SslPlan:
        """Plan. Where something is to be ordered, the activity log has a say: what has failed or was issued lately."""
        plan = _ssl_plan.plan_certificates(self.wish, state)
        if not plan.orders:
            return plan
        if self.log is None:
            self.log = tuple(self.app.log())
        return _ssl_plan.plan_certificates(self.wish, dataclasses.replace(state, log=self.log))

    # Doing

    def _carry_out(self, predicted: _Done, change: Mapping[str, object]) -> _Done:
        """Apply the plan and wait. After the first write, a failed request no longer hides what was done."""
        method, state, plan = predicted.method, predicted.after, predicted.plan
        outcome = _ssl_apply.SslOutcome()
        if change:
            method = self._switch(method, change)
        try:
            if "mode" in change:
                state = self._read_switched(state)
                plan = self._plan(state)
            state, plan = self._let_others_finish(state, plan)
            self._apply(plan, state, outcome)
            after = self._after(state, outcome)
        except _client.ApiError as exc:
            if not change and not outcome.touched and not outcome.removed:
                raise
            outcome.fault = exc
            after = _with_known(state, outcome)
        _ssl_apply.conclude(outcome, after.certificates)
        return _Done(method, plan, outcome, after)

    def _apply(self, plan: _ssl_model.SslPlan, state: _ssl_model.SslState, outcome: _ssl_apply.SslOutcome) -> None:
        activity = _ssl_apply.Activity(self.app, self.log or ())
        _ssl_apply.apply_certificates(plan, self.app, activity, outcome, self.context.progress)
        _ssl_wait.wait_for_certificates(outcome, self._around(state), activity, self._timeout())

    def _timeout(self) -> float:
        return float(self.options["wait_timeout"]) if self.options["wait"] else 0.0

    def _around(self, state: _ssl_model.SslState) -> _ssl_wait.Surroundings:
        return _ssl_wait.Surroundings(self.app, self.handshakes, state.served, self._soon(), self.context.progress)

    def _let_others_finish(
        self, state: _ssl_model.SslState, plan: _ssl_model.SslPlan
    ) -> tuple[_ssl_model.SslState, _ssl_model.SslPlan]:
        """Wait for orders of an earlier run that are still open, or may be, and plan anew."""
        if not self._timeout() or not self.wish.present:
            return state, plan
        open_orders = self._open_orders(state)
        fresh = _ssl_underway.unsettled(plan, state)
        if not open_orders and not fresh:
            return state, plan
        if open_orders:
            earlier = _ssl_apply.SslOutcome(sent=open_orders)
            activity = _ssl_apply.Activity(self.app, self.app.log() if self.log is None else self.log)
            _ssl_wait.wait_for_certificates(earlier, self._around(state), activity, self._timeout())
        else:
            left = max(_ssl_underway.settles_at(row) for row in fresh) - self.context.client.now()
            _ssl_wait.wait_for_others(fresh, self._around(state), min(self._timeout(), left.total_seconds()))
        certificates, served = self._reader(self.handshakes).read(state.advanced, state.domains, self.wish.domains)
        now = self.context.client.now()
        state = dataclasses.replace(state, certificates=certificates, served=served, now=now)
        self.log = None
        return state, self._plan(state)

    def _open_orders(self, state: _ssl_model.SslState) -> list[_ssl_apply.Sent]:
        """List the orders of earlier runs that RunCloud shows as not finished."""
        rows: dict[str | None, _resources.Domain | None] = {row.name: row for row in state.domains}
        if not state.advanced:
            rows = {None: None}
        found = []
        for key, certificate in state.certificates.items():
            meant = key is None or self.wish.domains is None or key in self.wish.domains
            if certificate is not None and key in rows and meant and _ssl_underway.is_under_way(certificate, state.now):
                row = rows[key]
                names = row.served_names if row else _ssl_coverage.required_names(state)
                step = _ssl_model.SslStep("install", row, None, names)
                found.append(_ssl_apply.Sent(step, certificate))
        return found

    # Telling

    def _after(self, state: _ssl_model.SslState, outcome: _ssl_apply.SslOutcome) -> _ssl_model.SslState:
        """Give the state after the run; what a reply has not shown is read."""
        touched = {step.key: step.domain for step in outcome.touched}
        if not touched and not outcome.removed:
            return state
        unknown = {key: row for key, row in touched.items() if key not in outcome.known}
        after = _with_known(state, outcome, self._reread(unknown))
        served = None
        if touched:
            served = self._served_after(state, [row.name for row in touched.values() if row is not None])
        return dataclasses.replace(after, served=served, now=self.context.client.now())

    def _reread(
        self, unknown: Mapping[str | None, _resources.Domain | None]
    ) -> dict[str | None, _resources.Certificate | None]:
        """Read the certificates of some domains: in basic mode, and where there are several, by one request."""
        if not unknown:
            return {}
        listed = self.app.certificates() if None in unknown or len(unknown) > 1 else None
        found: dict[str | None, _resources.Certificate | None] = {}
        for key, row in unknown.items():
            if row is None:
                found[key] = _ssl_state.single(listed)
            elif isinstance(listed, dict):
                found[key] = listed.get(row.name)
            else:
                found[key] = self.app.domain_certificate(row)
        return found

    def _served_after(self, state: _ssl_model.SslState, touched: Sequence[str]) -> ServedReport | None:
        """Ask the server anew for what was touched, in basic mode for all names."""
        again = self.handshakes(touched or [row.name for row in state.domains if row.id is not None])
        if again is None or state.served is None:
            return again
        return dataclasses.replace(again, served={**state.served.served, **again.served})

    def _tell(self, done: _Done, change: Mapping[str, object]) -> dict[str, t.Any]:
        """Give the result, or fail with it."""
        plan, outcome = done.plan, done.outcome
        result = self._result(done, change)
        for text in (*plan.warnings, *(f"RunCloud ignored {name}" for name in outcome.ignored)):
            self.context.module.warn(text)
        errors = {**plan.problems, **outcome.errors}
        if not errors and outcome.fault is None:
            return result
        shown = [f"{name}: {text}" for name, text in list(errors.items())[:10]]
        result.update(
            errors=errors,
            not_attempted=outcome.not_attempted,
            applied=[name for sent in outcome.done for name in sent.step.names],
        )
        if outcome.fault is not None:
            shown.append(str(outcome.fault))
            result["failure"] = _module.failure_of(outcome.fault)
        raise _module.PartlyFailed("; ".join(shown), result)

    def _result(self, done: _Done, change: Mapping[str, object]) -> dict[str, t.Any]:
        plan, outcome, after = done.plan, done.outcome, done.after
        names = _ssl_coverage.report_names(after)
        pending = dict([*plan.pending, *outcome.pending])
        return {
            "changed": outcome.changed or bool(change),
            "mode": _ssl_result.mode_name(done.method),
            "auto_ssl": done.method.auto_ssl,
            "certificates": _ssl_result.certificate_results(after, names),
            "names": [_ssl_result.name_result(report, after.now) for report in names.values()],
            "orders": plan.orders if self.context.check_mode else outcome.orders,
            "pending": [{"name": name, "reason": reason} for name, reason in pending.items()],
            "unverified": list(plan.unverified),
            "ignored": list(outcome.ignored),
            **self.context.diff(*_ssl_diff.both_sides(plan, change)),
        }


def _with_known(
    state: _ssl_model.SslState,
    outcome: _ssl_apply.SslOutcome,
    reread: Mapping[str | None, _resources.Certificate | None] | None = None,
) -> _ssl_model.SslState:
    """Give the state with the certificates as they were seen, or are known to be gone, in the run."""
    gone = {step.key: None for step in outcome.removed}
    return dataclasses.replace(
        state, certificates={**state.certificates, **gone, **outcome.known, **(reread or {})}, changed=frozenset()
    )
