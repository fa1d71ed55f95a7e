# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which names the certificates cover, and since when and how long, as RunCloud and the server tell. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import datetime
import typing as t

from .. import _names as _hostnames
from .model import NameReport

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from .._probe.served import ServedCertificate, ServedReport
    from .._runcloud.models import Certificate, Domain
    from .model import SslState

# Let's Encrypt dates its certificates back by about an hour, for visitors whose clocks are slow.
BACKDATED = datetime.timedelta(minutes=58)


def certifiable(state: SslState) -> list[Domain]:
    """Leave out RunCloud's own test names, which RunCloud's own certificate is for (reference 3.10)."""
    return [row for row in state.domains if not _hostnames.is_test_domain(row.name)]


def required_names(state: SslState) -> tuple[str, ...]:
    """List all names that the one certificate of basic mode has to cover."""
    return tuple(dict.fromkeys(name for row in certifiable(state) for name in row.served_names))


def report_names(state: SslState) -> dict[str, NameReport]:
    """Say of each domain which of its names the certificate that it is served with covers."""
    domains = certifiable(state)
    if state.advanced:
        return {
            row.name: _name_report(
                row,
                state,
                state.certificates.get(row.name),
                own_presented(row, state.served),
                seen=presented_under(row, state.served) is not None,
            )
            for row in domains
        }
    certificate = state.certificates.get(None)
    application = application_certificate(domains, certificate, state.served)
    seen = any(presented_under(row, state.served) is not None for row in domains)
    return {row.name: _name_report(row, state, certificate, application, seen) for row in domains}


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
        missing = tuple(name for name in required if own is None or not own.covers(name))
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
        served_by_other=presented is not None and not presented.covers(row.name),
        error=entry.error if entry is not None else "",
    )


def expiring_names(state: SslState, soon: datetime.datetime) -> list[str]:
    """List the domains whose certificate ends before ``soon`` or has ended.

    :param state: what is known.
    :param soon: by RunCloud's clock.
    """
    domains = certifiable(state)
    if state.advanced:
        ends = {
            row.name: ends_at(state.certificates.get(row.name), own_presented(row, state.served)) for row in domains
        }
    else:
        certificate = state.certificates.get(None)
        end = ends_at(certificate, application_certificate(domains, certificate, state.served))
        ends = {name: end for name, report in report_names(state).items() if report.covers}
    return [name for name, end in ends.items() if end is not None and end <= soon]


def issued_dates(state: SslState) -> dict[str, datetime.datetime]:
    """Give when the certificate of each domain was issued, as far as it is known."""
    dates = {}
    for row in certifiable(state):
        issued = issued_at(state.certificates.get(row.name), own_presented(row, state.served))
        if issued is not None:
            dates[row.name] = issued
    return dates


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
        presented = presented_under(row, served)
        if presented is not None:
            same_end = presented.not_after == certificate.valid_until
            votes[presented] = votes.get(presented, 0) + len(domains) * same_end + presented.covers(row.name)
    best = max(votes, key=lambda found: (votes[found], found.not_after), default=None)
    return best if best is not None and votes[best] > 0 else None


def served_ok(domain: Domain, served: ServedReport | None, soon: datetime.datetime) -> bool:
    """Say whether the server presents a certificate for all names of a domain that is valid beyond ``soon``."""
    presented = presented_under(domain, served)
    return (
        presented is not None
        and presented.not_after > soon
        and all(presented.covers(name) for name in domain.served_names)
    )


def presented_under(domain: Domain, served: ServedReport | None) -> ServedCertificate | None:
    """Give the certificate that the server presents under a domain's name, None where none was seen."""
    entry = served.served.get(domain.name) if served is not None else None
    return entry.certificate if entry is not None else None


def own_presented(row: Domain, served: ServedReport | None) -> ServedCertificate | None:
    """Give what the server presents for a domain where it is the domain's own certificate."""
    presented = presented_under(row, served)
    return presented if presented is not None and presented.covers(row.name) else None


def ends_at(certificate: Certificate | None, presented: ServedCertificate | None) -> datetime.datetime | None:
    """Give when a certificate ends, as RunCloud and the server tell: the later, since one may lag behind."""
    dates = [certificate.valid_until if certificate else None, presented.not_after if presented else None]
    return max((date for date in dates if date is not None), default=None)


def issued_at(certificate: Certificate | None, presented: ServedCertificate | None) -> datetime.datetime | None:
    """Give when a certificate was issued, at the earliest: a redeploy may leave RunCloud's own date as it was."""
    created = certificate.created_at if certificate else None
    begins = presented.not_before + BACKDATED if presented else None
    return max((date for date in (created, begins) if date is not None), default=None)
