# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Desired certificates x what RunCloud has and the server serves -> what to do. Pure: no I/O, no Ansible, no clock.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.multisite.runcloud.plugins.module_utils import _hostnames, _ssl_limits
from ansible_collections.multisite.runcloud.plugins.module_utils._resources import (
    CSR,
    CUSTOM,
    LETSENCRYPT,
    Certificate,
    CertificateOptions,
    CertificateRequest,
    Domain,
    KeyPair,
    LogEntry,
    parse_time,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._wishes import InputError

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.multisite.runcloud.plugins.module_utils._tls import ServedCertificate, ServedReport

HTTP_01 = "http-01"
DNS_01 = "dns-01"
LIVE = "live"
STAGING = "staging"

Via = t.Literal["install", "redeploy", "reissue"]
Action = t.Literal["install", "redeploy", "reissue", "update", "remove"]

# A www variant has no date of its own: whether a certificate that lacks it is older than it cannot be known. Then it is
# ordered again, but not more often than this: 5 identical certificates a week is Let's Encrypt's limit (reference 8).
AGAIN_AFTER = datetime.timedelta(hours=36)
# Let's Encrypt dates its certificates back by about an hour, for visitors whose clocks are slow.
BACKDATED = datetime.timedelta(minutes=58)
# An order that is open for longer will not be finished any more (reference 7: some 30 s; clients give up after minutes).
ORDER_TAKES = datetime.timedelta(hours=1)
# So long a new domain is left to AutoSSL (reference 5.3).
AUTO_SSL_TAKES = datetime.timedelta(minutes=15)
# So long after a domain was attached, an order for it by a run that was interrupted may still be under way.
SETTLES = datetime.timedelta(seconds=45)

# What RunCloud never shows again, or not everywhere: sent along, but never alone a reason for a change (design 2.5).
OPTION_NAMES = tuple(field.name for field in dataclasses.fields(CertificateOptions))


@dataclasses.dataclass(frozen=True)
class OwnCertificate:
    """The certificate a user brings along, with what is to know of it. Times are aware, ``sha256`` hexadecimal."""

    pair: KeyPair
    names: tuple[str, ...]
    not_after: datetime.datetime
    sha256: str


@dataclasses.dataclass(frozen=True)
class SslWish:
    """What is asked for. ``None`` leaves something as it is, and takes RunCloud's usual value for a new certificate."""

    present: bool = True
    domains: frozenset[str] | None = None
    provider: str | None = None
    environment: str = LIVE
    authorization_method: str | None = None
    external_api: int | None = None
    options: CertificateOptions = dataclasses.field(default_factory=CertificateOptions)
    own: OwnCertificate | None = None
    csr: tuple[tuple[str, str], ...] = ()
    renew_before: datetime.timedelta = datetime.timedelta(days=14)
    force: bool = False
    max_orders: int = 50


@dataclasses.dataclass(frozen=True)
class SslState:
    """What is known before the run.

    ``domains`` are all domains of the web application, those that only will be attached with ``id`` None.
    ``certificates``: by name of the domain, None for the one of basic mode; a name that is no key was not read.
    ``served``: what the server presents, None where it was not asked or could not be reached.
    ``changed``: names that this run added or changed. ``hold``: names for which nothing is ordered, with the reason.
    ``now``: by RunCloud's clock. ``log``: the activity log, which is read only where something is to be ordered.
    """

    advanced: bool
    auto_ssl: bool | None
    domains: tuple[Domain, ...]
    certificates: Mapping[str | None, Certificate | None]
    served: ServedReport | None
    changed: frozenset[str]
    hold: Mapping[str, str]
    now: datetime.datetime
    log: tuple[LogEntry, ...] = ()


@dataclasses.dataclass(frozen=True)
class SslStep:
    """One request that changes something. ``names`` are what the certificate covers after it."""

    action: Action
    domain: Domain | None
    certificate: Certificate | None
    names: tuple[str, ...] = ()
    request: CertificateRequest | None = None
    options: CertificateOptions | None = None
    pair: KeyPair | None = None

    @property
    def key(self) -> str | None:
        """The name whose certificate is worked on, None for the one of basic mode."""
        return self.domain.name if self.domain else None

    @property
    def is_order(self) -> bool:
        """Say whether a certificate authority is asked for a certificate."""
        ordered = self.request is None or self.request.provider == LETSENCRYPT
        return self.action in ("install", "redeploy", "reissue") and ordered


@dataclasses.dataclass(frozen=True)
class NameReport:
    """What visitors of one domain get. ``expires`` is what the server presents; None where it was not seen."""

    name: str
    required: tuple[str, ...]
    covers: tuple[str, ...]
    missing: tuple[str, ...]
    expires: datetime.datetime | None = None
    issuer: str | None = None
    served_by_other: bool = False
    error: str = ""


@dataclasses.dataclass(frozen=True)
class SslPlan:
    """What a run will do, and what it leaves. ``problems``: names for which what is asked for cannot be had."""

    steps: tuple[SslStep, ...] = ()
    pending: tuple[tuple[str, str], ...] = ()
    problems: Mapping[str, str] = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    names: Mapping[str, NameReport] = dataclasses.field(default_factory=dict)

    @property
    def orders(self) -> list[dict[str, object]]:
        """Give the return value ``orders`` of the module (design 2.3)."""
        return [{"via": step.action, "names": list(step.names)} for step in self.steps if step.is_order]


def plan_certificates(wish: SslWish, state: SslState) -> SslPlan:
    """Decide what is done for the certificates of a web application.

    :raises InputError: what is asked for does not fit the state; it names the option and the value.
    """
    planner = _Planner(wish, state)
    if not wish.present:
        return planner.absent()
    return planner.advanced() if state.advanced else planner.basic()


def report_names(state: SslState) -> dict[str, NameReport]:
    """Say of each domain which of its names the certificate that it is served with covers."""
    domains = _certifiable(state)
    if state.advanced:
        return {
            row.name: _name_report(
                row,
                state,
                state.certificates.get(row.name),
                _own_presented(row, state.served),
                seen=_presented(row, state.served) is not None,
            )
            for row in domains
        }
    certificate = state.certificates.get(None)
    application = application_certificate(domains, certificate, state.served)
    seen = any(_presented(row, state.served) is not None for row in domains)
    return {row.name: _name_report(row, state, certificate, application, seen) for row in domains}


def required_names(state: SslState) -> tuple[str, ...]:
    """List all names that the one certificate of basic mode has to cover."""
    return tuple(dict.fromkeys(name for row in _certifiable(state) for name in row.served_names))


def is_under_way(certificate: Certificate, now: datetime.datetime) -> bool:
    """Say whether the order of a certificate is still open; after an hour nothing comes of it any more."""
    if certificate.valid_until is not None or certificate.provider == CSR:
        return False
    return certificate.created_at is None or now - certificate.created_at < ORDER_TAKES


def settles_at(row: Domain) -> datetime.datetime:
    """Give when an order for a domain that was just attached must have shown its effect."""
    return (parse_time(row.created_at) or datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)) + SETTLES


def unsettled(plan: SslPlan, state: SslState) -> list[Domain]:
    """List the domains that a redeploy is planned for, and that somebody else has attached a moment ago.

    A redeploy that is under way does not show (reference 4.6): where a run was interrupted after its order, looking
    for a while saves the same order again.
    """
    ordered = {name for step in plan.steps if step.action == "redeploy" for name in step.names}
    return [
        row
        for row in state.domains
        if row.name in ordered
        and row.id is not None
        and row.name not in state.changed
        and plan.names[row.name].missing
        and state.now < settles_at(row)
    ]


def _attached_within(row: Domain, span: datetime.timedelta, now: datetime.datetime) -> bool:
    attached = parse_time(row.created_at)
    return attached is not None and now - attached < span


def expiring_names(state: SslState, soon: datetime.datetime) -> list[str]:
    """List the domains whose certificate ends before ``soon`` or has ended.

    :param state: what is known.
    :param soon: by RunCloud's clock.
    """
    domains = _certifiable(state)
    if state.advanced:
        ends = {row.name: _end(state.certificates.get(row.name), _own_presented(row, state.served)) for row in domains}
    else:
        certificate = state.certificates.get(None)
        end = _end(certificate, application_certificate(domains, certificate, state.served))
        ends = {name: end for name, report in report_names(state).items() if report.covers}
    return [name for name, end in ends.items() if end is not None and end <= soon]


def application_certificate(
    domains: Sequence[Domain], certificate: Certificate | None, served: ServedReport | None
) -> ServedCertificate | None:
    """Find, in basic mode, the application's certificate among what the server presents under the attached names.

    It is the one that ends when RunCloud says so; else the one that most of the names are in. Anything else is the
    certificate of another application (reference 4.7).
    """
    if certificate is None:
        return None
    votes: dict[ServedCertificate, int] = {}
    for row in domains:
        presented = _presented(row, served)
        if presented is not None:
            same_end = presented.not_after == certificate.valid_until
            covers = _hostnames.covered_by(row.name, presented.names)
            votes[presented] = votes.get(presented, 0) + len(domains) * same_end + covers
    best = max(votes, key=lambda found: (votes[found], found.not_after), default=None)
    return best if best is not None and votes[best] > 0 else None


def served_ok(domain: Domain, served: ServedReport | None, soon: datetime.datetime) -> bool:
    """Say whether the server presents a certificate for all names of a domain that is valid beyond ``soon``."""
    presented = _presented(domain, served)
    return (
        presented is not None
        and presented.not_after > soon
        and all(_hostnames.covered_by(name, presented.names) for name in domain.served_names)
    )


def _presented(domain: Domain, served: ServedReport | None) -> ServedCertificate | None:
    entry = served.served.get(domain.name) if served is not None else None
    return entry.certificate if entry is not None else None


def _own_presented(row: Domain, served: ServedReport | None) -> ServedCertificate | None:
    """Give what the server presents for a domain where it is the domain's own certificate."""
    presented = _presented(row, served)
    return presented if presented is not None and _hostnames.covered_by(row.name, presented.names) else None


def _end(certificate: Certificate | None, presented: ServedCertificate | None) -> datetime.datetime | None:
    """Give when a certificate ends, as RunCloud and the server tell: the later, since one may lag behind."""
    dates = [certificate.valid_until if certificate else None, presented.not_after if presented else None]
    return max((date for date in dates if date is not None), default=None)


def _issued(certificate: Certificate | None, presented: ServedCertificate | None) -> datetime.datetime | None:
    """Give when a certificate was issued, at the earliest: a redeploy may leave RunCloud's own date as it was."""
    created = certificate.created_at if certificate else None
    begins = presented.not_before + BACKDATED if presented else None
    return max((date for date in (created, begins) if date is not None), default=None)


def _certifiable(state: SslState) -> list[Domain]:
    """Leave out RunCloud's own test names, which RunCloud's own certificate is for (reference 3.10)."""
    return [row for row in state.domains if not _hostnames.is_test_domain(row.name)]


def _name_report(
    row: Domain, state: SslState, certificate: Certificate | None, own: ServedCertificate | None, seen: bool
) -> NameReport:
    """Say what a domain's visitors get.

    :param certificate: as RunCloud has it.
    :param own: the same as the server presents it.
    :param seen: whether the server presented anything that could have been it.
    """
    required = row.served_names
    entry = state.served.served.get(row.name) if state.served is not None else None
    presented = entry.certificate if entry is not None else None
    if seen or own is not None:
        names = own.names if own is not None else ()
        missing = tuple(name for name in required if not _hostnames.covered_by(name, names))
    else:
        # Nothing was seen: what this run did not touch is trusted, as far as there is a certificate.
        new = certificate is None or row.id is None or row.name in state.changed
        missing = required if new else ()
    return NameReport(
        name=row.name,
        required=required,
        covers=tuple(name for name in required if name not in missing),
        missing=missing,
        expires=presented.not_after if presented else None,
        issuer=presented.issuer if presented else None,
        served_by_other=presented is not None and not _hostnames.covered_by(row.name, presented.names),
        error=entry.error if entry is not None else "",
    )


class _Planner:
    """Holds what the single decisions have in common."""

    def __init__(self, wish: SslWish, state: SslState) -> None:
        self.wish = wish
        self.state = state
        self.soon = state.now + wish.renew_before
        self.domains = _certifiable(state)
        self.steps: list[SslStep] = []
        self.pending: list[tuple[str, str]] = []
        self.problems: dict[str, str] = {}
        self.warnings: list[str] = []
        self.unverified: set[str] = set()
        self.names = report_names(state)
        self.stale: list[str] = []

    def result(self) -> SslPlan:
        """Put the decisions together."""
        self._warn_of_stale()
        return SslPlan(
            steps=tuple(self.steps),
            pending=tuple(self.pending),
            problems=self.problems,
            warnings=tuple(self.warnings),
            unverified=tuple(sorted(self.unverified)),
            names=self.names,
        )

    # Absent

    def absent(self) -> SslPlan:
        """Remove what is there."""
        if self.state.advanced:
            for row in self._selected():
                self._remove(row, self.state.certificates.get(row.name))
        else:
            self._refuse_domains()
            self._remove(None, self.state.certificates.get(None))
        return self.result()

    def _remove(self, domain: Domain | None, certificate: Certificate | None) -> None:
        if certificate is not None:
            self.steps.append(SslStep("remove", domain, certificate))

    # Basic mode: one certificate for all names

    def basic(self) -> SslPlan:
        """Decide about the one certificate of the application."""
        self._refuse_domains()
        certificate = self.state.certificates.get(None)
        required = required_names(self.state)
        self._leave_held_out()
        self._update_options(None, certificate)
        if not required:
            return self.result()
        if self._keeps_own(certificate):
            self._own(None, certificate, required)
            return self.result()
        via = self._basic_order(certificate)
        waiting = [row.name for row in self.domains if row.name in self.state.hold and row.id is not None]
        if via is None:
            return self.result()
        if waiting:
            self._refuse_held(waiting)
        elif self._orderable(via, None, certificate, required):
            self.steps.append(self._order_step(via, None, certificate, required))
        return self.result()

    def _refuse_domains(self) -> None:
        if self.wish.domains is not None:
            raise InputError(
                "domains: the web application is in basic mode, where one certificate covers all its domains; "
                "leave domains out, or set mode: advanced and switch_mode: true"
            )

    def _leave_held_out(self) -> None:
        """Tell of the names that are held and so not attached."""
        attached = {row.name for row in self.state.domains}
        self.pending.extend((name, why) for name, why in self.state.hold.items() if name not in attached)

    def _refuse_held(self, waiting: Sequence[str]) -> None:
        for name in waiting:
            self.problems[name] = (
                f"{name} does not point to the server ({self.state.hold[name]}), so the order for the whole "
                "certificate would fail and nothing was ordered. Correct its DNS, or detach it"
            )

    def _basic_order(self, certificate: Certificate | None) -> Via | None:
        """Say in which way the certificate has to be ordered, None where it has not."""
        if certificate is None:
            return "install"
        if self._needs_reissue(certificate):
            return "reissue"
        if self.wish.force:
            return "redeploy"
        presented = application_certificate(self.domains, certificate, self.state.served)
        lacking = [row for row in self.domains if self.names[row.name].missing]
        if is_under_way(certificate, self.state.now) and (lacking or presented is None):
            self._wait_for(row.name for row in lacking or self.domains)
            return None
        if self._near_expiry(certificate, presented):
            return "redeploy"
        if any(self._can_bring(row, certificate, presented) for row in lacking):
            return "redeploy"
        self.pending.extend((row.name, self._stuck(row, certificate, presented)) for row in lacking)
        others = [row.name for row in self.domains if self.names[row.name].served_by_other and row not in lacking]
        outdated = presented is not None and presented.not_after <= self.soon
        self.stale.extend([row.name for row in self.domains] if outdated else others)
        return None

    # Advanced mode: a certificate for each domain

    def advanced(self) -> SslPlan:
        """Decide about the certificate of each domain."""
        wanted: list[tuple[SslStep, datetime.datetime | None]] = []
        for row in self._selected():
            wanted.extend(self._advanced_domain(row))
        self._leave_held_out()
        self._within_limits(wanted)
        return self.result()

    def _selected(self) -> list[Domain]:
        """Give the domains that are meant."""
        if self.wish.domains is None:
            return self.domains
        unknown = sorted(self.wish.domains - {row.name for row in self.domains} - set(self.state.hold))
        if unknown:
            raise InputError(
                f"domains: {', '.join(unknown)} not attached to the web application, or one of RunCloud's own test "
                "names; attach it first, or leave it out"
            )
        return [row for row in self.domains if row.name in self.wish.domains]

    def _advanced_domain(self, row: Domain) -> list[tuple[SslStep, datetime.datetime | None]]:
        """Decide about one domain: (the order it needs, when its certificate ends), or nothing."""
        certificate = self.state.certificates.get(row.name)
        own = _own_presented(row, self.state.served)
        self._update_options(row, certificate)
        if self._keeps_own(certificate):
            self._own(row, certificate, row.served_names)
            return []
        via = self._advanced_order(row, certificate, own)
        if via is None:
            return []
        if row.name in self.state.hold:
            self.pending.append((row.name, self.state.hold[row.name]))
            return []
        if not self._orderable(via, row, certificate, row.served_names):
            return []
        step = self._order_step(via, row, certificate, row.served_names)
        return [(step, _end(certificate, own))]

    def _advanced_order(
        self, row: Domain, certificate: Certificate | None, presented: ServedCertificate | None
    ) -> Via | None:
        """Say in which way a domain's certificate has to be ordered, None where it has not."""
        if certificate is None:
            return self._first_order(row)
        if self._needs_reissue(certificate):
            return "reissue"
        if self.wish.force:
            return "redeploy"
        if is_under_way(certificate, self.state.now) and (self.names[row.name].missing or presented is None):
            self._wait_for([row.name])
            return None
        if self._near_expiry(certificate, presented):
            return "redeploy"
        if self.names[row.name].missing:
            if self._can_bring(row, certificate, presented):
                return "redeploy"
            self.pending.append((row.name, self._stuck(row, certificate, presented)))
        elif presented is not None and presented.not_after <= self.soon:
            self.stale.append(row.name)
        return None

    def _first_order(self, row: Domain) -> Via | None:
        """Decide about a domain for which RunCloud shows no certificate, or was not asked for one."""
        if self.wish.force:
            return "install"
        if served_ok(row, self.state.served, self.soon):
            return None
        new = row.id is None or row.name in self.state.changed
        if self.state.auto_ssl and (new or _attached_within(row, AUTO_SSL_TAKES, self.state.now)):
            self.pending.append((row.name, "left to AutoSSL, which orders by itself for new domains"))
            return None
        return "install"

    def _within_limits(self, wanted: Sequence[tuple[SslStep, datetime.datetime | None]]) -> None:
        """Send the most urgent orders, and leave what is over a limit to the next run."""
        never = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
        urgent_first = sorted(wanted, key=lambda pair: pair[1] or never)
        budget = _ssl_limits.Budget(
            self.wish.max_orders, _ssl_limits.base_domain(self.state.domains), self._issued_dates(), self.state.now
        )
        for step, dummy in urgent_first:
            refusal = budget.refusal(step.names) if self.wish.environment == LIVE else budget.over_own_limit()
            if refusal is None:
                budget.take(step.names)
                self.steps.append(step)
            else:
                self.pending.append((step.names[0], refusal))
        if self.wish.environment == LIVE:
            self.warnings.extend(budget.warnings([step.names for step, dummy in wanted]))

    def _issued_dates(self) -> dict[str, datetime.datetime]:
        """Give when the certificate of each domain was issued, as far as it is known."""
        dates = {}
        for row in self.domains:
            issued = _issued(self.state.certificates.get(row.name), _own_presented(row, self.state.served))
            if issued is not None:
                dates[row.name] = issued
        return dates

    # What both modes share

    def _can_bring(self, row: Domain, certificate: Certificate, presented: ServedCertificate | None) -> bool:
        """Say whether a new order can be expected to bring the names that a certificate lacks.

        A certificate that is younger than the newest change and still lacks a name is not ordered again (design 4).
        """
        if row.id is None or row.name in self.state.changed:
            return True
        issued = _issued(certificate, presented)
        attached = parse_time(row.created_at)
        if issued is None or attached is None or attached > issued:
            return True
        only_www = row.name not in self.names[row.name].missing
        return only_www and self.state.now - issued >= AGAIN_AFTER

    def _stuck(self, row: Domain, certificate: Certificate, presented: ServedCertificate | None) -> str:
        """Say why a certificate that lacks names of a domain is not ordered again."""
        issued = _issued(certificate, presented) or self.state.now
        found = f"the certificate of {issued:%Y-%m-%d %H:%M} UTC is younger than the domain"
        if self.names[row.name].served_by_other and _presented(row, self.state.served) != presented:
            return (
                f"{found}, but the server presents one that is not for {row.name}; find out why (an error of the web "
                "server, another application with this name), then order with force: true"
            )
        return (
            f"{found} and still lacks {', '.join(self.names[row.name].missing)}; find out why (DNS, RunCloud's "
            "activity log), then order with force: true"
        )

    def _near_expiry(self, certificate: Certificate, presented: ServedCertificate | None) -> bool:
        ends = _end(certificate, presented)
        return ends is not None and ends <= self.soon

    def _needs_reissue(self, certificate: Certificate) -> bool:
        """Say whether what is asked for can only be had by a new certificate (design 4)."""
        wish = self.wish
        if certificate.provider is not None and wish.provider not in (None, certificate.provider):
            return True
        if certificate.provider in (CUSTOM, CSR):
            return False
        return (
            certificate.staging != (wish.environment == STAGING)
            or differs(wish.authorization_method, certificate.authorization_method)
            or differs(wish.external_api, certificate.external_api)
        )

    def _method_for(self, certificate: Certificate | None) -> str:
        """Give the authorization method that an order would use."""
        known = certificate.authorization_method if certificate else None
        return self.wish.authorization_method or known or HTTP_01

    def _orderable(
        self, via: Via, domain: Domain | None, certificate: Certificate | None, names: Sequence[str]
    ) -> bool:
        """Refuse, before anything is sent, orders that are sure to fail, with what to do instead."""
        key = domain.name if domain else names[0]
        problem = self._problem_of_order(via, domain, certificate, names)
        if problem is not None:
            self.problems[key] = problem
            return False
        if self.wish.max_orders == 0 and domain is None:
            self.pending.extend((name, "max_orders is 0: nothing is ordered") for name in self.names)
            return False
        failed = (
            None
            if self.wish.force
            else _ssl_limits.failed_too_often(self.state.log, domain.name if domain else None, self.state.now)
        )
        if failed is not None:
            self.pending.extend((name, failed) for name in ([key] if domain else self.names))
            return False
        return True

    def _problem_of_order(
        self, via: Via, domain: Domain | None, certificate: Certificate | None, names: Sequence[str]
    ) -> str | None:
        method = self._method_for(certificate)
        wildcard = next((name for name in names if _hostnames.is_wildcard(name)), None)
        if wildcard and method == HTTP_01:
            return (
                f"authorization_method: {wildcard} is a wildcard, for which Let's Encrypt wants dns-01; "
                "set authorization_method: dns-01 and external_api"
            )
        if via != "redeploy" and method == DNS_01 and self._api_for(certificate) is None:
            return "external_api: the certificate is one by dns-01, and RunCloud does not show its API key; give it"
        if len(names) > _ssl_limits.NAMES_IN_ONE_CERTIFICATE:
            return _ssl_limits.too_many_names(len(names))
        if self.wish.environment == LIVE and self._is_identical(via, names):
            key, since = (domain.name, parse_time(domain.created_at)) if domain else (None, self._newest_change())
            return _ssl_limits.identical_too_often(self.state.log, key, since, self.state.now)
        return None

    def _is_identical(self, via: Via, names: Sequence[str]) -> bool:
        """Say whether an order is known to be for exactly the names that the certificate has."""
        lacking = any(report.missing for name, report in self.names.items() if name in names)
        return via == "redeploy" and self.state.served is not None and not lacking

    def _newest_change(self) -> datetime.datetime | None:
        dates = [parse_time(row.created_at) for row in self.domains]
        return max((date for date in dates if date is not None), default=None)

    def _order_step(
        self, via: Via, domain: Domain | None, certificate: Certificate | None, names: Sequence[str]
    ) -> SslStep:
        request = None if via == "redeploy" else self._request(self.wish.provider or LETSENCRYPT, certificate)
        return SslStep(via, domain, certificate, tuple(names), request=request)

    def _request(self, provider: str, certificate: Certificate | None) -> CertificateRequest:
        wish = self.wish
        method = self._method_for(certificate) if provider == LETSENCRYPT else None
        return CertificateRequest(
            provider=provider,
            options=self._complete_options(certificate),
            environment=wish.environment,
            authorization_method=method,
            external_api=self._api_for(certificate) if method == DNS_01 else None,
            pair=wish.own.pair if provider == CUSTOM and wish.own else None,
            csr=wish.csr if provider == CSR else (),
        )

    def _api_for(self, certificate: Certificate | None) -> int | None:
        """Give the DNS provider's key that an order would use."""
        return self.wish.external_api or (certificate.external_api if certificate else None)

    def _wait_for(self, names: t.Iterable[str]) -> None:
        self.pending.extend((name, "an order is under way; RunCloud has not finished it") for name in names)

    def _warn_of_stale(self) -> None:
        """Tell of names whose certificate RunCloud has, while the server presents another one."""
        if self.stale:
            self.warnings.append(
                f"RunCloud has a good certificate for {_some(self.stale)}, but the server presents another one, or one "
                "that ends soon: reload the web server, or order with force: true."
            )

    # Certificates that no authority is asked for

    def _keeps_own(self, certificate: Certificate | None) -> bool:
        """Say whether the certificate is, or shall be, one that is not ordered from Let's Encrypt."""
        if self.wish.provider is not None:
            return self.wish.provider != LETSENCRYPT
        return certificate is not None and certificate.provider in (CUSTOM, CSR)

    def _own(self, domain: Domain | None, certificate: Certificate | None, names: Sequence[str]) -> None:
        """Bring a custom certificate or signing request in place; missing names are only told."""
        wish = self.wish
        own = wish.own
        if wish.provider is not None and (certificate is None or certificate.provider != wish.provider):
            action: Action = "install" if certificate is None else "reissue"
            request = self._request(wish.provider, certificate)
            self._drop_update(domain)
            self.steps.append(SslStep(action, domain, certificate, tuple(names), request=request))
        elif own is not None and certificate is not None and not self._is_installed(own, domain, certificate):
            self._drop_update(domain)
            options = self._complete_options(certificate)
            self.steps.append(SslStep("update", domain, certificate, tuple(names), options=options, pair=own.pair))
        self._warn_of_own(domain, certificate, names)

    def _warn_of_own(self, domain: Domain | None, certificate: Certificate | None, names: Sequence[str]) -> None:
        """Warn of what nobody repairs by itself: names that the certificate lacks, and its end."""
        own = self.wish.own
        if certificate is not None and certificate.provider == CSR and own is None:
            return
        rows = [domain] if domain else self.domains
        if own is not None:
            missing = [name for name in names if not _hostnames.covered_by(name, own.names)]
            ends: datetime.datetime | None = own.not_after
        else:
            missing = [name for row in rows for name in self.names[row.name].missing]
            ends = certificate.valid_until if certificate else None
        if missing and self.wish.provider != CSR:
            self.warnings.append(
                f"The custom certificate lacks {_some(missing)}: visitors of these names see an error. Install one "
                "that has them, or use provider: letsencrypt."
            )
        if ends is not None and ends <= self.soon:
            self.warnings.append(
                f"The custom certificate{f' of {domain.name}' if domain else ''} ends on {ends:%Y-%m-%d}, and nobody "
                "renews it: install a new one, or use provider: letsencrypt."
            )

    def _is_installed(self, own: OwnCertificate, domain: Domain | None, certificate: Certificate) -> bool:
        """Compare what RunCloud shows, else the fingerprint that the server presents, else the end."""
        if certificate.pem is not None:
            return _pem_blocks(certificate.pem) == _pem_blocks(own.pair.certificate)
        rows = [domain] if domain else self.domains
        presented = [found for row in rows if (found := _presented(row, self.state.served)) is not None]
        if any(found.sha256 == own.sha256 for found in presented):
            return True
        its_own = any(found.not_after == certificate.valid_until for found in presented)
        return not its_own and certificate.valid_until == own.not_after

    # Options

    def _complete_options(self, certificate: Certificate | None) -> CertificateOptions:
        """Give all options that go along with a write: as asked for, else as they are, else off (design 2.5)."""
        wish = self.wish.options
        known = _shown_options(certificate)
        return CertificateOptions(
            enable_http=_first(wish.enable_http, known.enable_http, False),
            enable_hsts=_first(wish.enable_hsts, known.enable_hsts, False),
            enable_hsts_subdomains=wish.enable_hsts_subdomains,
            enable_hsts_preload=_first(wish.enable_hsts_preload, known.enable_hsts_preload),
            tls_versions=wish.tls_versions or known.tls_versions,
        )

    def _update_options(self, domain: Domain | None, certificate: Certificate | None) -> None:
        """Plan a change of options where what RunCloud shows differs from what is asked for."""
        if self.wish.options.enable_hsts_subdomains is not None:
            self.unverified.add("enable_hsts_subdomains")
        if certificate is None:
            return
        self.unverified.update(unshown_options(self.wish.options, certificate))
        if (
            self.wish.external_api is not None
            and certificate.external_api is None
            and not self._needs_reissue(certificate)
        ):
            self.unverified.add("external_api")
        if differing_options(self.wish.options, certificate) and not self._needs_reissue(certificate):
            self.steps.append(SslStep("update", domain, certificate, options=self._complete_options(certificate)))

    def _drop_update(self, domain: Domain | None) -> None:
        """Take back a change of options that another write carries along."""
        key = domain.name if domain else None
        self.steps = [step for step in self.steps if not (step.action == "update" and step.key == key)]


def differing_options(asked: CertificateOptions, certificate: Certificate) -> list[str]:
    """List the options that RunCloud shows otherwise than asked for."""
    shown = _shown_options(certificate)
    pairs = {name: (getattr(asked, name), getattr(shown, name)) for name in OPTION_NAMES}
    return [name for name, (want, have) in pairs.items() if want is not None and have is not None and want != have]


def unshown_options(asked: CertificateOptions, certificate: Certificate) -> list[str]:
    """List the options that were asked for and that RunCloud does not show."""
    shown = _shown_options(certificate)
    return [name for name in OPTION_NAMES if getattr(asked, name) is not None and getattr(shown, name) is None]


def _shown_options(certificate: Certificate | None) -> CertificateOptions:
    """Give the options of a certificate as RunCloud shows them."""
    if certificate is None:
        return CertificateOptions()
    return CertificateOptions(
        enable_http=certificate.enable_http,
        enable_hsts=certificate.enable_hsts,
        enable_hsts_preload=certificate.enable_hsts_preload,
        tls_versions=certificate.tls_versions,
    )


def _first(*values: bool | None) -> bool | None:
    return next((value for value in values if value is not None), None)


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:10])}{' ...' if len(names) > 10 else ''}"


def _pem_blocks(pem: str) -> list[str]:
    """Give the certificates of a bundle, so that line ends and what stands around them do not matter."""
    parts = pem.split("-----BEGIN CERTIFICATE-----")[1:]
    return ["".join(part.partition("-----END CERTIFICATE-----")[0].split()) for part in parts]


def differs(wanted: object, known: object) -> bool:
    """Say whether something asked for is known to be otherwise."""
    return wanted is not None and known is not None and wanted != known
