# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Desired certificates x what RunCloud has and the server serves -> what to do. Pure: no I/O, no Ansible, no clock.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import datetime
import typing as t

from .. import _names as _hostnames
from .._errors import UserError
from .._runcloud.models import CSR, LETSENCRYPT, parse_time
from . import activity as _ssl_underway
from . import coverage as _ssl_coverage
from . import custom as _ssl_custom
from . import limits as _ssl_limits
from . import options as _ssl_options
from . import request as _ssl_request
from .model import DNS_01, HTTP_01, LIVE, SslPlan, SslStep

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from .._probe.served import ServedCertificate
    from .._runcloud.models import Certificate, Domain
    from .model import Action, OwnCertificate, SslState, SslWish, Via

# A www variant has no date of its own: whether a certificate that lacks it is older than it cannot be known. Then it is
# ordered again, but not more often than this: 5 identical certificates a week is Let's Encrypt's limit (reference 8).
AGAIN_AFTER = datetime.timedelta(hours=36)


def plan_certificates(wish: SslWish, state: SslState) -> SslPlan:
    """Decide what is done for the certificates of a web application.

    :raises UserError: what is asked for does not fit the state; it names the option and the value.
    """
    planner = _Planner(wish, state)
    if not wish.present:
        return planner.absent()
    return planner.advanced() if state.advanced else planner.basic()


class _Planner:
    """Holds what the single decisions have in common."""

    def __init__(self, wish: SslWish, state: SslState) -> None:
        self.wish = wish
        self.state = state
        self.soon = state.now + wish.renew_before
        self.domains = _ssl_coverage.certifiable(state)
        self.steps: list[SslStep] = []
        self.pending: list[tuple[str, str]] = []
        self.problems: dict[str, str] = {}
        self.warnings: list[str] = []
        self.unverified: set[str] = set()
        self.names = _ssl_coverage.report_names(state)
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
        required = _ssl_coverage.required_names(self.state)
        self._leave_held_out()
        self._update_options(None, certificate)
        if not required:
            return self.result()
        if _ssl_custom.keeps_own(self.wish, certificate):
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
            raise UserError(
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
                "certificate would fail and nothing was ordered. Correct its DNS, accept the proxy "
                "that it points to (accept of domain_dns_info, domain_sync_dns_accept), or detach it"
            )

    def _basic_order(self, certificate: Certificate | None) -> Via | None:
        """Say in which way the certificate has to be ordered, None where it has not."""
        if certificate is None:
            return "install"
        if _ssl_request.needs_reissue(self.wish, certificate):
            return "reissue"
        if self.wish.force:
            return "redeploy"
        presented = _ssl_coverage.application_certificate(self.domains, certificate, self.state.served)
        lacking = [row for row in self.domains if self.names[row.name].missing]
        if _ssl_underway.is_under_way(certificate, self.state.now) and (lacking or presented is None):
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
            raise UserError(
                f"domains: {', '.join(unknown)} not attached to the web application, or one of RunCloud's own test "
                "names; attach it first, or leave it out"
            )
        return [row for row in self.domains if row.name in self.wish.domains]

    def _advanced_domain(self, row: Domain) -> list[tuple[SslStep, datetime.datetime | None]]:
        """Decide about one domain: (the order it needs, when its certificate ends), or nothing."""
        certificate = self.state.certificates.get(row.name)
        own = _ssl_coverage.own_presented(row, self.state.served)
        self._update_options(row, certificate)
        if _ssl_custom.keeps_own(self.wish, certificate):
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
        return [(step, _ssl_coverage.ends_at(certificate, own))]

    def _advanced_order(
        self, row: Domain, certificate: Certificate | None, presented: ServedCertificate | None
    ) -> Via | None:
        """Say in which way a domain's certificate has to be ordered, None where it has not."""
        if certificate is None:
            return self._first_order(row)
        if _ssl_request.needs_reissue(self.wish, certificate):
            return "reissue"
        if self.wish.force:
            return "redeploy"
        incomplete = self.names[row.name].missing or presented is None
        if incomplete and _ssl_underway.is_under_way(certificate, self.state.now):
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
        if _ssl_coverage.served_ok(row, self.state.served, self.soon):
            return None
        if _ssl_underway.is_left_to_auto_ssl(row, self.state):
            self.pending.append((row.name, "left to AutoSSL, which orders by itself for new domains"))
            return None
        return "install"

    def _within_limits(self, wanted: Sequence[tuple[SslStep, datetime.datetime | None]]) -> None:
        """Send the most urgent orders, and leave what is over a limit to the next run."""
        never = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
        urgent_first = sorted(wanted, key=lambda pair: pair[1] or never)
        budget = _ssl_limits.Budget(
            self.wish.max_orders,
            _ssl_limits.base_domain(self.state.domains),
            _ssl_coverage.issued_dates(self.state),
            self.state.now,
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

    # What both modes share

    def _can_bring(self, row: Domain, certificate: Certificate, presented: ServedCertificate | None) -> bool:
        """Say whether a new order can be expected to bring the names that a certificate lacks.

        A certificate that is younger than the newest change and still lacks a name is not ordered again (design 4).
        """
        if row.id is None or row.name in self.state.changed:
            return True
        issued = _ssl_coverage.issued_at(certificate, presented)
        attached = parse_time(row.created_at)
        if issued is None or attached is None or attached > issued:
            return True
        only_www = row.name not in self.names[row.name].missing
        return only_www and self.state.now - issued >= AGAIN_AFTER

    def _stuck(self, row: Domain, certificate: Certificate, presented: ServedCertificate | None) -> str:
        """Say why a certificate that lacks names of a domain is not ordered again."""
        issued = _ssl_coverage.issued_at(certificate, presented) or self.state.now
        found = f"the certificate of {issued:%Y-%m-%d %H:%M} UTC is younger than the domain"
        if self.names[row.name].served_by_other and _ssl_coverage.presented_under(row, self.state.served) != presented:
            return (
                f"{found}, but the server presents one that is not for {row.name}; find out why (an error of the web "
                "server, another application with this name), then order with force: true"
            )
        return (
            f"{found} and still lacks {', '.join(self.names[row.name].missing)}; find out why (DNS, RunCloud's "
            "activity log), then order with force: true"
        )

    def _near_expiry(self, certificate: Certificate, presented: ServedCertificate | None) -> bool:
        ends = _ssl_coverage.ends_at(certificate, presented)
        return ends is not None and ends <= self.soon

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
        method = _ssl_request.method_for(self.wish, certificate)
        wildcard = next((name for name in names if _hostnames.is_wildcard(name)), None)
        if wildcard and method == HTTP_01:
            return (
                f"authorization_method: {wildcard} is a wildcard, for which Let's Encrypt wants dns-01; "
                "set authorization_method: dns-01 and external_api"
            )
        if via != "redeploy" and method == DNS_01 and _ssl_request.api_for(self.wish, certificate) is None:
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
        request = None
        if via != "redeploy":
            request = _ssl_request.request_for(self.wish, self.wish.provider or LETSENCRYPT, certificate)
        return SslStep(via, domain, certificate, tuple(names), request=request)

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

    def _own(self, domain: Domain | None, certificate: Certificate | None, names: Sequence[str]) -> None:
        """Bring a custom certificate or signing request in place; missing names are only told."""
        wish = self.wish
        own = wish.own
        if wish.provider is not None and (certificate is None or certificate.provider != wish.provider):
            action: Action = "install" if certificate is None else "reissue"
            request = _ssl_request.request_for(wish, wish.provider, certificate)
            self._drop_update(domain)
            self.steps.append(SslStep(action, domain, certificate, tuple(names), request=request))
        elif own is not None and certificate is not None and not self._is_installed(own, domain, certificate):
            self._drop_update(domain)
            options = _ssl_options.complete_options(wish.options, certificate)
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
        rows = [domain] if domain else self.domains
        found = [_ssl_coverage.presented_under(row, self.state.served) for row in rows]
        return _ssl_custom.is_installed(own, certificate, [presented for presented in found if presented is not None])

    # Options

    def _update_options(self, domain: Domain | None, certificate: Certificate | None) -> None:
        """Plan a change of options where what RunCloud shows differs from what is asked for."""
        asked = self.wish.options
        if asked.enable_hsts_subdomains is not None:
            self.unverified.add("enable_hsts_subdomains")
        if certificate is None:
            return
        self.unverified.update(_ssl_options.unshown_options(asked, certificate))
        if _ssl_request.needs_reissue(self.wish, certificate):
            return
        if self.wish.external_api is not None and certificate.external_api is None:
            self.unverified.add("external_api")
        if _ssl_options.differing_options(asked, certificate):
            options = _ssl_options.complete_options(asked, certificate)
            self.steps.append(SslStep("update", domain, certificate, options=options))

    def _drop_update(self, domain: Domain | None) -> None:
        """Take back a change of options that another write carries along."""
        key = domain.name if domain else None
        self.steps = [step for step in self.steps if not (step.action == "update" and step.key == key)]


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:10])}{' ...' if len(names) > 10 else ''}"
