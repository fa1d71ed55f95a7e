# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan in the making, and what speaks for and against an order. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._names import is_wildcard
from .._runcloud.models import LETSENCRYPT
from .._runcloud.wire import parse_time
from .activity import is_ordered, last_issue
from .coverage import served_certificate
from .limits import NAMES_IN_ONE_CERTIFICATE, failed_too_often, identical_too_often, too_many_names
from .model import DNS_01, HTTP_01, LIVE, Step
from .options import api_for, method_for, request_for

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._runcloud.models import Certificate, Domain
    from .coverage import Found
    from .model import CertificatesState, DesiredCertificates, Key, NameReport, Via

# A www variant has no date of its own: whether a certificate that lacks it is older than it cannot be known. Then it is
# ordered again, but not more often than this: 5 identical certificates a week is Let's Encrypt's limit (reference 8).
AGAIN_AFTER = datetime.timedelta(hours=36)


@dataclasses.dataclass
class Draft:
    """A plan in the making, and what all decisions look at."""

    desired: DesiredCertificates
    state: CertificatesState
    domains: list[Domain]
    found: Mapping[Key, Found]
    names: Mapping[str, NameReport]
    steps: list[Step] = dataclasses.field(default_factory=list)
    pending: dict[str, str] = dataclasses.field(default_factory=dict)
    problems: dict[str, str] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)
    unverified: set[str] = dataclasses.field(default_factory=set)
    stale: list[str] = dataclasses.field(default_factory=list)

    @property
    def expiry_threshold(self) -> datetime.datetime:
        """What ends before this time is ordered anew."""
        return self.state.now + self.desired.renew_before


def lacks(draft: Draft, row: Domain) -> bool:
    """Say whether a domain lacks a certificate: it is seen, or nobody looked and this run has changed the domain."""
    report = draft.names[row.name]
    if report.checked:
        return bool(report.missing)
    return (row.id is None or row.name in draft.state.changed) and not is_ordered(row, draft.state)


def held_by(draft: Draft, name: str, certificate: Certificate | None) -> str | None:
    """Say why nothing can be ordered for a name, None where something can."""
    elsewhere = draft.state.held.get(name) if method_for(draft.desired, certificate) != DNS_01 else None
    return draft.state.forbidden.get(name, elsewhere)


def ends_soon(draft: Draft, found: Found) -> bool:
    """Say whether a certificate ends so soon that it is ordered anew."""
    return found.ends_at is not None and found.ends_at <= draft.expiry_threshold


def _issued_at(draft: Draft, found: Found) -> datetime.datetime | None:
    known = (found.issued_at, last_issue(draft.state, found.certificate.domain if found.certificate else None))
    return max((moment for moment in known if moment is not None), default=None)


def can_bring(draft: Draft, row: Domain, found: Found) -> bool:
    """Say whether a new order can be expected to bring the names that a certificate lacks.

    A certificate that is younger than the newest change and still lacks a name is not ordered again (design 4).
    """
    if is_ordered(row, draft.state):
        return False
    if row.id is None or row.name in draft.state.changed:
        return True
    issued, attached = _issued_at(draft, found), parse_time(row.created_at)
    if issued is None or attached is None or attached > issued:
        return True
    only_www = row.name not in draft.names[row.name].missing
    return only_www and draft.state.now - issued >= AGAIN_AFTER


def why_stuck(draft: Draft, row: Domain, found: Found) -> str:
    """Say why a certificate that lacks names of a domain is not ordered again."""
    issued = _issued_at(draft, found) or draft.state.now
    since = f"the certificate of {issued:%Y-%m-%d %H:%M} UTC is younger than the domain"
    report = draft.names[row.name]
    if report.served_by_other and served_certificate(row, draft.state.served) != found.served:
        return (
            f"{since}, but the server presents one that is not for {row.name}; find out why (an error of the web "
            "server, another application with this name), then order with force: true"
        )
    return (
        f"{since} and still lacks {', '.join(report.missing)}; find out why (DNS, RunCloud's activity log), then order "
        "with force: true"
    )


def wait_for_order(draft: Draft, names: Iterable[str], since: datetime.datetime) -> None:
    """Leave names to an order that is in progress."""
    text = f"an order of {since:%H:%M} UTC is in progress; RunCloud has not finished it"
    draft.pending.update(dict.fromkeys(names, text))


def order_problem(draft: Draft, via: Via, domain: Domain | None, found: Found, names: Sequence[str]) -> str | None:
    """Refuse, before anything is sent, an order that is sure to fail, with what to do instead."""
    method = method_for(draft.desired, found.certificate)
    wildcard = next((name for name in names if is_wildcard(name)), None)
    if wildcard and method == HTTP_01:
        return needs_dns_01(wildcard)
    if via != "redeploy" and method == DNS_01 and api_for(draft.desired, found.certificate) is None:
        return "external_api: the certificate is one by dns-01, and RunCloud does not show its API key; give it"
    if len(names) > NAMES_IN_ONE_CERTIFICATE:
        return too_many_names(len(names))
    if draft.desired.environment == LIVE:
        reports = [draft.names[row.name] for row in ([domain] if domain else draft.domains)]
        same = via == "redeploy" and all(report.checked and not report.missing for report in reports)
        return identical_too_often(draft.state, domain.name if domain else None, names, same)
    return None


def needs_dns_01(wildcard: str) -> str:
    """Say what a wildcard needs."""
    return (
        f"{wildcard} is a wildcard, for which Let's Encrypt needs dns-01; "
        "set authorization_method: dns-01 and external_api"
    )


def held_back(draft: Draft, key: Key) -> str | None:
    """Say why an order is left to a later run, None where it is not."""
    if draft.desired.max_orders == 0:
        return "max_orders is 0: nothing is ordered"
    return None if draft.desired.force else failed_too_often(draft.state, key)


def order_step(
    draft: Draft, via: Via, domain: Domain | None, certificate: Certificate | None, names: Sequence[str]
) -> Step:
    """Return the step that orders a certificate."""
    request = None
    if via != "redeploy":
        request = request_for(draft.desired, draft.desired.provider or LETSENCRYPT, certificate)
    return Step(via, domain, certificate, tuple(names), request=request)


def note_stale(draft: Draft, rows: Sequence[Domain]) -> None:
    """Note names whose certificate RunCloud has, while the server presents another one, or one that ends soon."""
    for row in rows:
        served = served_certificate(row, draft.state.served)
        if served is not None and (served.not_after <= draft.expiry_threshold or not served.covers(row.name)):
            draft.stale.append(row.name)


def served_warnings(draft: Draft) -> list[str]:
    """Warn of what the server presents in place of RunCloud's certificates."""
    unknown = [name for name, report in draft.names.items() if not report.checked and report.expires is not None]
    stale = [name for name in draft.stale if name not in unknown]
    found = []
    if unknown:
        found.append(
            f"The server presents a certificate for {some(unknown)} that cannot be the one that RunCloud has (another "
            "site's, TLS inspection, a wrong check_address, or a web server that was not reloaded). Which names are "
            "covered is therefore not known, and nothing is ordered because of it."
        )
    if stale:
        found.append(
            f"RunCloud has a good certificate for {some(stale)}, but the server presents another one, or one "
            "that ends soon: reload the web server, or order with force: true."
        )
    return found


def some(names: Sequence[str]) -> str:
    """List the first names of many."""
    return f"{', '.join(names[:10])}{' ...' if len(names) > 10 else ''}"
