# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run came to, and how the modules return it: certificates, names and what changes, never keys. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._outcome import Status
from .model import ADVANCED, BASIC, LIVE, STAGING, CertificatesPlan
from .options import OPTION_NAMES

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping, Sequence

    from .._runcloud.errors import ApiError
    from .._runcloud.models import Certificate, SslMethod
    from .model import CertificatesState, Key, NameReport, Step

    Side = dict[str, t.Any]

# What RunCloud never shows has no side before.
_SHOWN_OPTIONS = tuple(name for name in OPTION_NAMES if name != "enable_hsts_subdomains")
_SHOWN_ERRORS = 10


@dataclasses.dataclass(frozen=True)
class CertificatesOutcome:
    """What a run came to; in check mode what it would come to, beside the state as it is.

    ``state`` is as it was seen last, ``names`` what visitors get by it. ``errors``: by the name that is the cause.
    ``message``: what went wrong that belongs to no single name, "" otherwise. ``failure``: the request that ended the
    run early.
    """

    status: Status
    changed: bool
    method: SslMethod
    state: CertificatesState
    names: Mapping[str, NameReport]
    plan: CertificatesPlan = dataclasses.field(default_factory=CertificatesPlan)
    method_change: Mapping[str, object] = dataclasses.field(default_factory=dict)
    orders: Sequence[Mapping[str, object]] = ()
    pending: Mapping[str, str] = dataclasses.field(default_factory=dict)
    unverified: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    not_attempted: tuple[str, ...] = ()
    applied: tuple[str, ...] = ()
    message: str = ""
    failure: ApiError | None = None

    @property
    def mode(self) -> str:
        """How the web application keeps its certificates: ``basic`` or ``advanced``."""
        return mode_name(self.method)

    @property
    def auto_ssl(self) -> bool | None:
        """Whether AutoSSL is on; None where RunCloud does not say."""
        return self.method.auto_ssl

    @property
    def certificates(self) -> Mapping[Key, Certificate | None]:
        """The certificates by domain, the one of basic mode under None; a name that is not a key was not read."""
        return self.state.certificates

    @property
    def summary(self) -> str:
        """Say in one text why the outcome is not OK, "" where it is."""
        shown = [f"{name}: {text}" for name, text in list(self.errors.items())[:_SHOWN_ERRORS]]
        more = [f"and {len(self.errors) - _SHOWN_ERRORS} more (see errors)"] if len(self.errors) > _SHOWN_ERRORS else []
        return "; ".join([self.message] * bool(self.message) + shown + more)

    def diff(self) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
        """Return what changes, before and after."""
        return both_sides(self.plan, self.method_change)

    def as_result(self) -> dict[str, t.Any]:
        """Return the state as the modules return it."""
        return {
            "mode": self.mode,
            "auto_ssl": self.auto_ssl,
            "certificates": certificate_results(self.certificates, self.names, self.state.now),
            "names": [name_result(report, self.state.now) for report in self.names.values()],
            "orders": [dict(order) for order in self.orders],
            "pending": [{"name": name, "reason": reason} for name, reason in self.pending.items()],
            "unverified": list(self.unverified),
            "ignored": list(self.ignored),
        }


def mode_name(method: SslMethod) -> str:
    """Return the mode as the options call it."""
    return ADVANCED if method.advanced else BASIC


def certificate_results(
    certificates: Mapping[Key, Certificate | None], names: Mapping[str, NameReport], now: datetime.datetime
) -> list[dict[str, object]]:
    """Return the certificates as the modules return them. Dates are UTC, ``days_left`` whole days."""
    found = []
    for key, certificate in certificates.items():
        if certificate is not None:
            reports = names.values() if key is None else [names[key]] if key in names else []
            found.append(_certificate_result(certificate, reports, now))
    return found


def _certificate_result(
    certificate: Certificate, reports: Iterable[NameReport], now: datetime.datetime
) -> dict[str, object]:
    reports = list(reports)
    return {
        "id": certificate.id,
        "domain": certificate.domain,
        "provider": certificate.provider,
        "valid_until": _date(certificate.valid_until),
        "days_left": _days(certificate.valid_until, now),
        "renewal_date": _date(certificate.renewal_date),
        "created_at": _date(certificate.created_at),
        "staging": certificate.staging,
        "authorization_method": certificate.authorization_method,
        "external_api": certificate.external_api,
        "enable_http": certificate.enable_http,
        "enable_hsts": certificate.enable_hsts,
        "enable_hsts_preload": certificate.enable_hsts_preload,
        "tls_versions": certificate.tls_versions,
        "covers": [name for report in reports for name in report.covers],
        "missing": [name for report in reports for name in report.missing],
        "checked": bool(reports) and all(report.checked for report in reports),
    }


def name_result(report: NameReport, now: datetime.datetime) -> dict[str, object]:
    """Return what visitors of one domain get, as the modules return it."""
    return {
        "name": report.name,
        "checked": report.checked,
        "covers": list(report.covers),
        "missing": list(report.missing),
        "expires": _date(report.expires),
        "days_left": _days(report.expires, now),
        "issuer": report.issuer,
        "served_by_other": report.served_by_other,
        "error": report.error,
    }


def _date(moment: datetime.datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else None


def _days(moment: datetime.datetime | None, now: datetime.datetime) -> int | None:
    return (moment - now).days if moment else None


def both_sides(plan: CertificatesPlan, method_change: Mapping[str, object]) -> tuple[Side, Side]:
    """Return what changes, before and after: the mode, AutoSSL, and each certificate that a step touches.

    :param plan: the plan.
    :param method_change: the new values of ``mode`` (basic, advanced) and ``auto_ssl``, as far as they change.
    """
    sides = [_both_sides(step, plan) for step in plan.steps]
    before: Side = {"certificates": [old for old, dummy in sides if old is not None]}
    after: Side = {"certificates": [new for dummy, new in sides if new is not None]}
    if "mode" in method_change:
        after["mode"] = method_change["mode"]
        before["mode"] = BASIC if method_change["mode"] == ADVANCED else ADVANCED
    if "auto_ssl" in method_change:
        after["auto_ssl"] = method_change["auto_ssl"]
        before["auto_ssl"] = not method_change["auto_ssl"]
    return before, after


def _both_sides(step: Step, plan: CertificatesPlan) -> tuple[Side | None, Side | None]:
    old = _before(step, plan)
    return old, None if step.action == "remove" else _after(step, old or {})


def _before(step: Step, plan: CertificatesPlan) -> Side | None:
    known = step.certificate
    if known is None:
        return None
    reports = [report for name, report in plan.names.items() if step.domain is None or name == step.domain.name]
    return {
        "domain": step.key,
        "provider": known.provider,
        "environment": STAGING if known.staging else LIVE,
        "authorization_method": known.authorization_method,
        "covers": [name for report in reports for name in report.covers],
        **{name: getattr(known, name) for name in _SHOWN_OPTIONS},
    }


def _after(step: Step, old: Side) -> Side:
    new = {**old, "domain": step.key}
    options = step.options
    if step.names:
        new["covers"] = list(step.names)
    if step.request is not None:
        options = step.request.options
        new["provider"] = step.request.provider
        new["environment"] = step.request.environment
        new["authorization_method"] = step.request.authorization_method
    for name in _SHOWN_OPTIONS:
        if options is not None and getattr(options, name) is not None:
            new[name] = getattr(options, name)
    return new
