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

from ansible_collections.multisite.runcloud.plugins.module_utils import (
    _module,
    _own_certificate,
    _resources,
    _ssl_apply,
    _ssl_diff,
    _ssl_plan,
    _ssl_result,
    _ssl_served,
    _ssl_state,
    _ssl_wait,
    _tls,
    _wishes,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._ssl_result import ADVANCED
from ansible_collections.multisite.runcloud.plugins.module_utils._wishes import InputError

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ansible_collections.multisite.runcloud.plugins.module_utils._module import Context
    from ansible_collections.multisite.runcloud.plugins.module_utils._webapp import WebAppApi

_CSR_OPTIONS = tuple(f"csr_{name}" for name in _resources.CSR_FIELDS)


def synchronise(context: Context) -> dict[str, t.Any]:
    """Bring the certificates of a web application into the state asked for (design 2.5 and 4)."""
    options = context.options
    if options["verify"] == "tls" or options["provider"] == _resources.CUSTOM:
        _module.require("cryptography", _tls.HAS_CRYPTOGRAPHY, _tls.CRYPTOGRAPHY_IMPORT_ERROR, context.module)
    return _Run(context, _Request.read(options)).execute()


def read_wish(options: Mapping[str, t.Any]) -> _ssl_plan.SslWish:
    """Read what is asked for from the module's options, but for the id behind ``external_api``.

    :raises InputError: something is wrong with an option; nothing was asked of RunCloud yet.
    """
    for name in ("renew_before", "wait_timeout", "max_orders"):
        if options[name] < 0:
            raise InputError(f"{name}: {options[name]} is negative; give 0 or more")
    _refuse_misfits(options)
    own = None
    if options["provider"] == _resources.CUSTOM and options["state"] == _wishes.PRESENT:
        own = _own_certificate.read_own_certificate(
            options["certificate"], options["private_key"], datetime.datetime.now(datetime.timezone.utc)
        )
    csr = tuple((name, options[f"csr_{name}"]) for name in _resources.CSR_FIELDS if options[f"csr_{name}"])
    return _ssl_plan.SslWish(
        present=options["state"] == _wishes.PRESENT,
        domains=_names(options["domains"], "domains") if options["domains"] is not None else None,
        provider=options["provider"],
        environment=options["environment"],
        authorization_method=options["authorization_method"],
        options=_resources.CertificateOptions(**{name: options[name] for name in _ssl_plan.OPTION_NAMES}),
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
        raise InputError(
            "certificate: only goes with provider: custom; set it, or leave certificate and private_key out"
        )
    given = [name for name in _CSR_OPTIONS if options[name]]
    if provider != _resources.CSR and given:
        raise InputError(f"{given[0]}: only goes with provider: csr; set it, or leave {given[0]} out")
    method = options["authorization_method"]
    if method == _ssl_plan.DNS_01 and not options["external_api"]:
        raise InputError("external_api: missing; dns-01 needs the id or label of an API key of your DNS provider")
    if options["external_api"] and method != _ssl_plan.DNS_01:
        raise InputError("external_api: only goes with authorization_method: dns-01; set it, or leave external_api out")


def _names(names: Sequence[str], option: str) -> frozenset[str]:
    return frozenset(_wishes.parse_names(names, option))


@dataclasses.dataclass(frozen=True)
class _Request:
    """Everything that the options say, checked."""

    wish: _ssl_plan.SslWish
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


class _Run:
    """One run: what is read is kept, so that nothing is asked twice."""

    def __init__(self, context: Context, request: _Request) -> None:
        self.context = context
        self.options = context.options
        self.request = request
        self.app: WebAppApi = context.webapp()
        self.handshakes = _ssl_served.Handshakes(context, self.app.server_id)
        self.wish = dataclasses.replace(request.wish, external_api=self._external_api())

    def execute(self) -> dict[str, t.Any]:
        """Read, plan, apply, wait, tell."""
        domains = self.request.attached if self.request.attached is not None else tuple(self.app.domains())
        method, method_change = self._method()
        state = self._read(domains, method, emptied="mode" in method_change and self.context.check_mode)
        if self._is_waiting_for_earlier_orders(state):
            state = self._read(domains, method)
        plan = _ssl_plan.plan_certificates(self.wish, state)
        predicted = _ssl_apply.SslOutcome(changed=bool(plan.steps))
        outcome = self.context.carry_out(predicted, lambda: self._apply(plan))
        final = state
        if outcome.sent or outcome.updated:
            final = self._reread(state, plan)
            _ssl_apply.verify_options(outcome, final.certificates)
        elif outcome.changed and not self.wish.present and not self.context.check_mode:
            final = dataclasses.replace(state, certificates=_without(state.certificates, plan.steps, outcome))
        result = self._result(plan, outcome, final, method, method_change)
        for text in (*plan.warnings, *(f"RunCloud ignored {name}" for name in outcome.ignored)):
            self.context.module.warn(text)
        errors = {**plan.problems, **outcome.errors}
        if errors:
            shown = "; ".join(f"{name}: {text}" for name, text in list(errors.items())[:10])
            result.update(
                errors=errors,
                not_attempted=outcome.not_attempted,
                applied=[name for sent in outcome.sent for name in sent.step.names],
            )
            raise _module.PartlyFailed(shown, result)
        return result

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
            raise InputError(f"external_api: {what} the label {asked!r}; there are {labels}. Give the id if in doubt.")
        return found[0]

    def _method(self) -> tuple[_resources.SslMethod, dict[str, object]]:
        """Give the mode and AutoSSL as they are from now on, and what of them changes."""
        current = self.app.ssl_method()
        mode, auto_ssl = self.options["mode"], self.options["auto_ssl"]
        change: dict[str, object] = {}
        if mode is not None and (mode == ADVANCED) != current.advanced:
            if not self.options["switch_mode"]:
                raise InputError(
                    f"mode: {mode!r} is asked for, but the web application is in {_ssl_result.mode_name(current)} mode. Switching "
                    "deletes its certificates until new ones are there; set switch_mode: true if this is meant"
                )
            change["mode"] = mode
        if auto_ssl is not None and auto_ssl != bool(current.auto_ssl):
            change["auto_ssl"] = auto_ssl
        if not change:
            return current, {}
        wanted = _resources.SslMethod(
            advanced=mode == ADVANCED if "mode" in change else current.advanced,
            auto_ssl=auto_ssl if auto_ssl is not None else current.auto_ssl,
        )
        found = self.context.carry_out(wanted, lambda: self.app.set_ssl_method(wanted.advanced, wanted.auto_ssl))
        if found.advanced != wanted.advanced or (
            found.auto_ssl is not None and found.auto_ssl != bool(wanted.auto_ssl)
        ):
            raise InputError(
                f"mode: RunCloud accepted the request, but is still in {_ssl_result.mode_name(found)} mode; check the plan"
            )
        return dataclasses.replace(found, auto_ssl=wanted.auto_ssl), change

    def _reader(self) -> _ssl_state.Reader:
        wish = self.wish
        options_asked = any(getattr(wish.options, name) is not None for name in _ssl_plan.OPTION_NAMES)
        ask_all = wish.force or not wish.present or options_asked or wish.provider is not None
        return _ssl_state.Reader(self.app, self.handshakes, ask_all, self._soon)

    def _soon(self) -> datetime.datetime:
        return self.context.client.now() + self.wish.renew_before

    def _read(
        self, domains: Sequence[_resources.Domain], method: _resources.SslMethod, emptied: bool = False
    ) -> _ssl_plan.SslState:
        """Read the state; ``emptied`` takes all certificates as gone, as they are once the mode is switched (U14)."""
        if emptied:
            certificates: Mapping[str | None, _resources.Certificate | None] = {}
            served = None
        else:
            certificates, served = self._reader().read(method.advanced, domains, self.wish.domains)
        return _ssl_plan.SslState(
            advanced=method.advanced,
            auto_ssl=method.auto_ssl,
            domains=tuple(domains),
            certificates=certificates,
            served=served,
            changed=self.request.changed,
            hold=self.request.hold,
            now=self.context.client.now(),
        )

    def _is_waiting_for_earlier_orders(self, state: _ssl_plan.SslState) -> bool:
        """Wait for orders of an earlier run that are still open; say whether the state has to be read anew."""
        open_orders = [
            certificate
            for certificate in state.certificates.values()
            if certificate is not None and certificate.valid_until is None and certificate.provider != _resources.CSR
        ]
        if self.context.check_mode or not self.options["wait"] or not open_orders or not self.wish.present:
            return False
        rows = {row.name: row for row in state.domains}
        outcome = _ssl_apply.SslOutcome(
            sent=[
                _ssl_apply.Sent(
                    _ssl_plan.SslStep("install", row, None, row.served_names if row else self._all_names(state)), None
                )
                for row in (rows.get(certificate.domain or "") for certificate in open_orders)
            ]
        )
        self._wait(outcome, _ssl_wait.Activity(self.app))
        return True

    def _all_names(self, state: _ssl_plan.SslState) -> tuple[str, ...]:
        return tuple(name for row in state.domains for name in row.served_names)

    def _apply(self, plan: _ssl_plan.SslPlan) -> _ssl_apply.SslOutcome:
        wait = self.options["wait"] and bool(plan.orders)
        activity = _ssl_wait.Activity(self.app) if wait else None
        outcome = _ssl_apply.apply_certificates(plan, self.app, self.context.progress)
        self._wait(outcome, activity)
        return outcome

    def _wait(self, outcome: _ssl_apply.SslOutcome, activity: _ssl_wait.Activity | None) -> None:
        _ssl_wait.wait_for_certificates(
            outcome,
            self.app,
            activity,
            self.handshakes,
            timeout=self.options["wait_timeout"] if activity is not None else 0,
            progress=self.context.progress,
        )

    def _reread(self, state: _ssl_plan.SslState, plan: _ssl_plan.SslPlan) -> _ssl_plan.SslState:
        """Read the certificates that were written, to tell what is there now."""
        touched = [step.domain for step in plan.steps if step.domain is not None]
        reader = self._reader()
        if state.advanced and len(touched) == 1:
            read: Mapping[str | None, _resources.Certificate | None] = reader.of_domains(touched)
            served = self.handshakes(row.name for row in state.domains if row.id is not None)
        else:
            read, served = reader.read(state.advanced, state.domains, frozenset(row.name for row in touched) or None)
        return dataclasses.replace(
            state,
            certificates={**state.certificates, **read},
            served=served,
            changed=frozenset(),
            now=self.context.client.now(),
        )

    def _result(
        self,
        plan: _ssl_plan.SslPlan,
        outcome: _ssl_apply.SslOutcome,
        after: _ssl_plan.SslState,
        method: _resources.SslMethod,
        method_change: Mapping[str, object],
    ) -> dict[str, t.Any]:
        names = _ssl_plan.report_names(after)
        certificates = _ssl_result.certificate_results(after, names)
        pending = dict([*plan.pending, *outcome.pending])
        return {
            "changed": outcome.changed or bool(method_change),
            "mode": _ssl_result.mode_name(method),
            "auto_ssl": method.auto_ssl,
            "certificates": certificates,
            "names": [_ssl_result.name_result(report, after.now) for report in names.values()],
            "orders": plan.orders if self.context.check_mode else outcome.orders,
            "pending": [{"name": name, "reason": reason} for name, reason in pending.items()],
            "unverified": sorted(plan.unverified),
            "ignored": list(outcome.ignored),
            **self.context.diff(*_ssl_diff.both_sides(plan, method_change)),
        }


def _without(
    certificates: Mapping[str | None, _resources.Certificate | None],
    steps: Iterable[_ssl_plan.SslStep],
    outcome: _ssl_apply.SslOutcome,
) -> dict[str | None, _resources.Certificate | None]:
    """Take out the certificates that were removed: the replies have said that they are gone."""
    left = {*outcome.errors, *outcome.not_attempted}
    gone = {step.key for step in steps if _ssl_apply.name_of(step) not in left}
    return {key: None if key in gone else certificate for key, certificate in certificates.items()}
