# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which new names must wait, and why: their DNS, a CAA record, a wildcard that cannot be in the order. Pure.

PRIVATE to the collection: may change without notice.

In basic mode one certificate is for all names of the application, and one name that cannot be in the order costs the
others their certificate (design 4). What is attached already stays.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils._names import can_have_www, is_wildcard, served_names, www_form

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ...module_utils._domains.desired import DesiredDomain
    from ...module_utils._probe.dns import DnsCheck
    from .decide import Decision
    from .policy import Policy

DNS = "DNS"
OPERATOR = "operator"
CERTIFICATE = "certificate"


@dataclasses.dataclass(frozen=True)
class Wait:
    """Why a name waits, and for what or whom: its DNS, a certificate, the operator."""

    reason: str
    waits_for: str = DNS


def new_names(decision: Decision, policy: Policy) -> list[str]:
    """Return the host names that would be served by the application for the first time."""
    return [
        host
        for domain in decision.desired
        if domain.present
        for host in served_names(domain.name, domain.www)
        if not _is_served(host, domain, policy)
    ]


def waits_for_dns(decision: Decision, policy: Policy, checks: Mapping[str, DnsCheck]) -> dict[str, Wait]:
    """Find the new host names that are not known to point here."""
    return {host: Wait(checks[host].reason) for host in new_names(decision, policy) if not points_here(checks, host)}


def points_here(checks: Mapping[str, DnsCheck], host: str) -> bool:
    """Say whether nothing is known against a name's DNS; one that was not looked at counts as right."""
    return host not in checks or checks[host].verdict.value == "here"


def elsewhere(checks: Mapping[str, DnsCheck]) -> dict[str, str]:
    """Return the names that are known to point elsewhere, with the reason."""
    return {host: check.reason for host, check in checks.items() if check.verdict.value == "elsewhere"}


def unknown(checks: Mapping[str, DnsCheck]) -> dict[str, str]:
    """Return the names of which it could not be found out where they point, with the reason."""
    return {host: check.reason for host, check in checks.items() if check.verdict.value == "unknown"}


def waits_for_wildcards(decision: Decision, policy: Policy) -> dict[str, Wait]:
    """Find the new wildcards, which http-01 cannot check."""
    text = (
        "a wildcard is only issued with dns-01: set ssl_authorization_method to dns-01 and ssl_external_api, or switch "
        "to advanced mode"
    )
    return {host: Wait(text, OPERATOR) for host in new_names(decision, policy) if is_wildcard(host)}


def defer(
    decision: Decision, policy: Policy, waits: Mapping[str, Wait]
) -> tuple[Decision, dict[str, Wait], dict[str, Wait]]:
    """Hold back what waits: a new domain as a whole, also where only its www has to wait; of an attached one only www.

    :param waits: host names that must not be added now.
    :returns: the decision without the www names that wait, the domains that wait, and the www names that wait.
    """
    domains: dict[str, Wait] = {}
    variants: dict[str, Wait] = {}
    desired = []
    for domain in decision.desired:
        variant = www_form(domain.name)
        kept = domain
        if domain.present and domain.name not in policy.attached:
            if domain.name in waits:
                domains[domain.name] = waits[domain.name]
            elif domain.www and variant in waits:
                wait = waits[variant]
                domains[domain.name] = dataclasses.replace(wait, reason=f"{variant} {wait.reason}")
        elif domain.present and domain.www and can_have_www(domain.name) and variant in waits:
            variants[variant] = waits[variant]
            kept = dataclasses.replace(domain, www=None, redirection=None)
        desired.append(kept)
    return dataclasses.replace(decision, desired=tuple(desired)), domains, variants


def _is_served(host: str, domain: DesiredDomain, policy: Policy) -> bool:
    return host in policy.attached or (host != domain.name and policy.attached.get(domain.name) is True)
