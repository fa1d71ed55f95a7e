# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run came to, and how the modules return it: certificates, names and what changes, never keys. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._outcome import Status
from .model import ADVANCED, BASIC, LIVE, STAGING, CertificatesPlan
from .options import OPTION_NAMES

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._runcloud.errors import ApiError
    from .._runcloud.models import Certificate
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
        return mode_name(self.state.advanced)

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

    def diff(self) -> tuple[Side, Side]:
        """Return what changes, before and after: the mode, AutoSSL, and each certificate that a step touches."""
        before: Side = {"certificates": []}
        after: Side = {"certificates": []}
        for step in self.plan.steps:
            old = _before(step, self.plan)
            before["certificates"] += [old] * (old is not None)
            after["certificates"] += [] if step.action == "remove" else [_after(step, old or {})]
        after.update(self.method_change)
        if "mode" in self.method_change:
            before["mode"] = BASIC if after["mode"] == ADVANCED else ADVANCED
        if "auto_ssl" in self.method_change:
            before["auto_ssl"] = not after["auto_ssl"]
        return before, after

    def as_result(self) -> dict[str, t.Any]:
        """Return the state as the modules return it."""
        now = self.state.now
        return {
            "mode": self.mode,
            "auto_ssl": self.state.auto_ssl,
            "certificates": [
                _certificate_result(found, _reports(key, self.names), now)
                for key, found in self.certificates.items()
                if found is not None
            ],
            "names": [_name_result(report, now) for report in self.names.values()],
            "orders": [dict(order) for order in self.orders],
            "pending": [{"name": name, "reason": reason} for name, reason in self.pending.items()],
            "unverified": list(self.unverified),
            "ignored": list(self.ignored),
        }


def mode_name(advanced: bool) -> str:
    """Return the mode as the options call it."""
    return ADVANCED if advanced else BASIC


def _reports(key: Key, names: Mapping[str, NameReport]) -> list[NameReport]:
    return list(names.values()) if key is None else [names[key]] if key in names else []


def _certificate_result(
    certificate: Certificate, reports: Sequence[NameReport], now: datetime.datetime
) -> dict[str, object]:
    """Return a certificate as the modules return it. Dates are UTC, ``days_left`` whole days."""
    return {
        **{key: _shown(value) for key, value in vars(certificate).items() if key != "pem"},
        "days_left": _days(certificate.valid_until, now),
        "covers": [name for report in reports for name in report.covers],
        "missing": [name for report in reports for name in report.missing],
        "checked": bool(reports) and all(report.checked for report in reports),
    }


def _name_result(report: NameReport, now: datetime.datetime) -> dict[str, object]:
    return {**{key: _shown(value) for key, value in vars(report).items()}, "days_left": _days(report.expires, now)}


def _shown(value: object) -> object:
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return list(value) if isinstance(value, tuple) else value


def _days(moment: datetime.datetime | None, now: datetime.datetime) -> int | None:
    return (moment - now).days if moment else None


def _before(step: Step, plan: CertificatesPlan) -> Side | None:
    known = step.certificate
    if known is None:
        return None
    reports = _reports(step.key, plan.names)
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
