# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let's Encrypt as RunCloud meets it: may these names have a certificate, and if not, why (reference 4.8, 8)."""

from __future__ import annotations

import asyncio
import fnmatch
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.resolver

from .caa import forbidden_by_caa
from .le_limits import LeLimits
from .state import Dns
from .switches import Switches


@dataclass(frozen=True)
class Request:
    """What is ordered: the names, how they are proven, and where they ought to point."""

    names: Sequence[str]
    authorization: str
    staging: bool
    address: str
    api_works: bool = True


class Authority:
    """Decides about orders and counts them."""

    def __init__(self, dns_state: Dns, switches: Switches) -> None:
        self._dns = dns_state
        self._switches = switches
        self._limits = LeLimits()

    async def examine(self, request: Request, now: float) -> str | None:
        """Return why the order fails at ``now``, or None when the certificate is issued; counts it either way."""
        limited = self._switches.le_limits and not request.staging
        if limited:
            complaint = self._limits.complaint(request.names, now)
            if complaint:
                return complaint
            self._limits.ordered(now)
        failures = await self._validate(request)
        for name, _reason in failures:
            self._limits.failed(name, now)
        if failures:
            return "; ".join(f"{name}: {reason}" for name, reason in failures)
        if limited:
            self._limits.issued(request.names, now)
        return None

    async def _validate(self, request: Request) -> list[tuple[str, str]]:
        """Return the names that can't be proven, each with the reason."""
        reasons = await asyncio.gather(*(self._why_not(name, request) for name in request.names))
        return [(name, reason) for name, reason in zip(request.names, reasons, strict=True) if reason]

    async def _why_not(self, name: str, request: Request) -> str | None:
        """Return why Let's Encrypt issues nothing for ``name``: it is not proven, or its CAA records forbid it."""
        if request.authorization == "dns-01":
            reason = None if request.api_works else "DNS provider refused the API key"
        else:
            reason = await self._http_01(name, request.address)
        nameserver = self._switches.acme_resolver
        if reason is None and nameserver is not None and not name.endswith(".runcloud.link"):
            return await forbidden_by_caa(name, _resolver(nameserver))
        return reason

    async def _http_01(self, name: str, address: str) -> str | None:
        """Return why ``name`` can't be proven over HTTP, or None."""
        if name.startswith("*."):
            return "wildcards can only be proven by dns-01"
        if name.endswith(".runcloud.link"):
            return None
        if any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in self._dns.unresolved):
            return "DNS problem: NXDOMAIN looking up A for this name"
        if self._switches.acme_resolver is None:
            return None
        return await self._resolve(name, address, self._switches.acme_resolver)

    async def _resolve(self, name: str, address: str, nameserver: str) -> str | None:
        """Look ``name`` up at a real nameserver; every address it has must be the server's or a proxy's."""
        found: list[str] = []
        for kind in ("A", "AAAA"):
            try:
                answer = await _resolver(nameserver).resolve(name + ".", kind)
            except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
                continue
            except dns.exception.DNSException as error:
                return f"DNS problem: {type(error).__name__} looking up {kind} for this name"
            found += [str(record) for record in answer]
        if not found:
            return "DNS problem: no valid A or AAAA records for this name"
        wrong = [text for text in found if text != address and not self._is_proxy(text)]
        return f"Invalid response from {wrong[0]}: 404" if wrong else None

    def _is_proxy(self, text: str) -> bool:
        """Say whether an address belongs to a proxy that passes the challenge on."""
        address = ipaddress.ip_address(text)
        return any(address in ipaddress.ip_network(network, strict=False) for network in self._dns.proxies)


def _resolver(nameserver: str) -> dns.asyncresolver.Resolver:
    """Return a resolver that asks one ``address:port`` and gives up after two seconds."""
    host, _sep, port = nameserver.rpartition(":")
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = [host.strip("[]")]
    resolver.port = int(port)
    resolver.lifetime = 2.0
    return resolver
