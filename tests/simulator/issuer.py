# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Orders from the call to the installed certificate: at once or some time later (U8, U10), AutoSSL, renewal."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .acme import Authority, Request
from .clock import DAY, Clock
from .errors import refuse
from .state import Certificate, Domain, LogLine, Order, WebApp, World
from .switches import Switches

Job = Callable[[float], Awaitable[None]]
RENEW_BEFORE = 30 * DAY
# Looking for certificates to renew goes through all of them: once a simulated minute is enough.
SCAN_EVERY = 60.0


@dataclass(frozen=True)
class Target:
    """Where a certificate belongs: to a web application, or to one of its domains."""

    app: WebApp
    domain: Domain | None = None

    @property
    def certificate(self) -> Certificate | None:
        """What is installed there."""
        return self.app.certificate if self.domain is None else self.domain.certificate

    def install(self, cert: Certificate | None) -> None:
        """Put a certificate there, or None to take it away."""
        if self.domain is None:
            self.app.certificate = cert
        else:
            self.domain.certificate = cert

    def names(self, test_domains: bool) -> tuple[str, ...]:
        """Return the names an order for this place is for."""
        if self.domain is None:
            return self.app.served_names(test_domains)
        return tuple(self.domain.served_names())

    def attached(self) -> bool:
        """Say whether the domain is still there."""
        return self.domain is None or self.domain.id in self.app.domains


class Issuer:
    """Carries orders out; whatever is due is done by ``settle``."""

    def __init__(self, world: World, clock: Clock, switches: Switches) -> None:
        self._world = world
        self._clock = clock
        self._switches = switches
        self._authority = Authority(world.dns, switches)
        self._jobs: list[tuple[float, int, Job]] = []
        self._counter = itertools.count()
        self._order_numbers = itertools.count(1)
        self._lock = asyncio.Lock()
        self._waiting_for_auto: set[int] = set()
        self._scanned: float | None = None

    # ------------------------------------------------------------------ what is due

    def next_due(self) -> float | None:
        """Return when the next thing happens by itself, in simulated epoch seconds."""
        return self._jobs[0][0] if self._jobs else None

    async def settle(self) -> None:
        """Do everything that is due by now, in its order and at its own time."""
        now = self._clock.now()
        renewing = self._switches.auto_renew and abs(now - (self._scanned or 0)) >= SCAN_EVERY
        if not renewing and (not self._jobs or self._jobs[0][0] > now):
            return
        async with self._lock:
            if renewing:
                self._plan_renewals(now)
            while self._jobs and self._jobs[0][0] <= now:
                due, _number, job = heapq.heappop(self._jobs)
                await job(due)
                if renewing:
                    self._plan_renewals(now)
            if renewing:
                self._scanned = now

    def _later(self, due: float, job: Job) -> None:
        heapq.heappush(self._jobs, (due, next(self._counter), job))

    # ------------------------------------------------------------------ orders

    async def order(self, target: Target, cert: Certificate, via: str) -> None:
        """Order a certificate for ``target``, to be put into ``cert``.

        Where nothing is installed yet, ``cert`` is installed as pending; what is installed stays until the new
        one is there.
        Raises ApiError when orders are answered at once and this one fails (U10).
        """
        order = self._record(target, cert, via)
        request = self._request(target, cert, order)
        if self._switches.ssl_issue == "sync":
            await self._finish(order, request, target, cert, self._clock.now())
            if order.reason is not None:
                raise refuse(self._switches.acme_failure_status, _failure_text(order))
            return
        if target.certificate is None:
            target.install(cert)
        replaced = target.certificate

        async def complete(at: float) -> None:
            if target.attached() and target.certificate is replaced:
                await self._finish(order, request, target, cert, at)
            else:
                _fail(order, "the certificate was removed meanwhile")

        self._later(self._clock.now() + self._switches.ssl_issue_seconds, complete)

    def _record(self, target: Target, cert: Certificate, via: str, at: float | None = None) -> Order:
        order = Order(
            n=next(self._order_numbers),
            at=self._clock.now() if at is None else at,
            webapp=target.app.id,
            domain=target.domain.name if target.domain else None,
            via=via,
            names=target.names(self._switches.test_domains_in_orders),
            staging=cert.staging,
        )
        self._world.orders.append(order)
        return order

    def _request(self, target: Target, cert: Certificate, order: Order) -> Request:
        api = self._world.external_apis.get(cert.api_id or 0)
        return Request(
            names=order.names,
            authorization=cert.authorization or "http-01",
            staging=cert.staging,
            address=self._world.servers[target.app.server_id].ip_address,
            api_works=api is None or api.works,
        )

    async def _finish(self, order: Order, request: Request, target: Target, cert: Certificate, at: float) -> None:
        """Ask Let's Encrypt, then install what came, or log why nothing came and leave the old one."""
        reason = "there is no domain" if not order.names else await self._authority.examine(request, at)
        if reason is not None:
            _fail(order, reason)
            target.app.log.append(LogLine("SSL", _failure_text(order), at))
            if target.certificate is cert and not cert.ready:
                target.install(None)
            return
        order.result = "issued"
        self._issue(order, cert, at)
        target.install(cert)
        place = order.domain or f"web application {target.app.name}"
        target.app.log.append(LogLine("SSL", f"SSL certificate has been deployed for {place}", at))

    def _issue(self, order: Order, cert: Certificate, at: float) -> None:
        """Put what was issued into the certificate; a redeploy may keep its date, or only the row's (reference 4.6)."""
        until, told = cert.valid_until, cert.told_until
        redeployed = order.via == "PUT" and until is not None
        kept = redeployed and self._switches.redeploy_date == "kept"
        cert.replace(order.names, at, until if kept and until is not None else at + self._switches.validity_days * DAY)
        if redeployed and self._switches.redeploy_date == "stale":
            cert.stale_until = told

    # ------------------------------------------------------------------ by itself

    def domain_added(self, app: WebApp, domain: Domain) -> None:
        """Let AutoSSL take care of a new domain after its delay (reference 5.3)."""
        if not app.auto_ssl:
            return
        due = self._clock.now() + self._switches.auto_ssl_seconds
        if app.mode == "advanced":
            self._later(due, lambda at: self._auto_domain(Target(app, domain), at))
        elif app.id not in self._waiting_for_auto:
            self._waiting_for_auto.add(app.id)
            self._later(due, lambda at: self._auto_basic(Target(app), at))

    async def _auto_domain(self, target: Target, at: float) -> None:
        wanted = target.app.auto_ssl and target.app.mode == "advanced" and target.attached()
        if wanted and target.certificate is None:
            await self._by_itself(target, self.new_certificate(at), "AUTOSSL", at)

    async def _auto_basic(self, target: Target, at: float) -> None:
        self._waiting_for_auto.discard(target.app.id)
        cert = target.certificate
        names = target.names(self._switches.test_domains_in_orders)
        covered = cert is not None and set(names) <= set(cert.names)
        if target.app.auto_ssl and target.app.mode == "basic" and not covered:
            await self._by_itself(target, cert or self.new_certificate(at), "AUTOSSL", at)

    async def _by_itself(self, target: Target, cert: Certificate, via: str, at: float) -> None:
        order = self._record(target, cert, via, at)
        await self._finish(order, self._request(target, cert, order), target, cert, at)

    def new_certificate(self, at: float) -> Certificate:
        """Return a Let's Encrypt certificate to be, with the defaults of an order that says nothing else."""
        number = self._world.new_id("certificate")
        return Certificate(number, "letsencrypt", at, authorization="http-01")

    def _plan_renewals(self, now: float) -> None:
        """Queue the renewal of what has 30 days or less to go; a failed one is tried again a day later.

        None is dated before the last look, so that a certificate found near its end is renewed today and not back then.
        """
        floor = now if self._scanned is None else self._scanned
        for target in self._targets():
            cert = target.certificate
            if cert is None or cert.method != "letsencrypt" or cert.valid_until is None:
                continue
            due = max(cert.valid_until - RENEW_BEFORE, cert.next_renewal or 0, floor)
            if due <= now:
                cert.next_renewal = due + DAY
                self._later(due, self._renewal(target, cert))

    def _renewal(self, target: Target, cert: Certificate) -> Job:
        async def renew(at: float) -> None:
            if target.attached() and target.certificate is cert:
                await self._by_itself(target, cert, "RENEWAL", at)

        return renew

    def _targets(self) -> list[Target]:
        """Return all places that have a certificate in use by their application's mode."""
        targets = []
        for app in self._world.webapps():
            if app.mode == "basic":
                targets.append(Target(app))
            else:
                targets += [Target(app, domain) for domain in app.domains.values()]
        return targets


def _fail(order: Order, reason: str) -> None:
    order.result = "failed"
    order.reason = reason


def _failure_text(order: Order) -> str:
    """Return the sentence for the reply and the activity log."""
    return f"Failed to issue the Let's Encrypt certificate for {order.domain or 'the web application'}: {order.reason}"
