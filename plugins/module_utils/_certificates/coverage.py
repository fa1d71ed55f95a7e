# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which names the certificates cover, and since when and how long, by what RunCloud says and the server presents. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from .._names import is_test_domain
from .._runcloud.models import LETSENCRYPT
from .model import NameReport

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from .._probe.served import ServedCertificate, ServedReport
    from .._runcloud.models import Certificate, Domain
    from .model import CertificatesState, Key

# Let's Encrypt dates its certificates back by about an hour, for visitors whose clocks are slow.
BACKDATED = datetime.timedelta(minutes=58)
# RunCloud may count a certificate's end itself, from when it was issued.
SAME_END = datetime.timedelta(days=1)
# No certificate of Let's Encrypt lives longer; shorter ones only make less known.
LONGEST_LIFE = datetime.timedelta(days=90)
_POSSIBLE = re.compile(r"[a-z0-9._*-]+\Z")
FOREIGN = "the server presents a certificate that cannot be the one that RunCloud has"


@dataclasses.dataclass(frozen=True)
class Found:
    """One certificate as RunCloud has it and, where that was seen, as the server presents it.

    ``domain`` is whose it is, None in basic mode; ``rows`` are all domains that it is for.
    ``known`` False: which names it covers is not known, because it was not seen, or something else was.
    ``foreign``: what the server presents instead is not an older certificate of RunCloud's either.
    """

    domain: Domain | None
    rows: tuple[Domain, ...]
    certificate: Certificate | None
    served: ServedCertificate | None = None
    known: bool = True
    foreign: bool = False

    @property
    def key(self) -> Key:
        """The name of the domain whose certificate it is, None in basic mode."""
        return self.domain.name if self.domain else None

    @property
    def names(self) -> tuple[str, ...]:
        """All names that it has to cover."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.served_names))

    @property
    def ends_at(self) -> datetime.datetime | None:
        """When it ends: the later of what RunCloud and the server say, since one may lag behind."""
        shown = self.certificate.valid_until if self.certificate else None
        return _latest(shown, self.served.not_after if self.served else None)

    @property
    def issued_at(self) -> datetime.datetime | None:
        """When it was issued, at the earliest: a redeploy may leave RunCloud's own date as it was."""
        certificate, begins = self.certificate, self.served.not_before + BACKDATED if self.served else None
        if certificate is None:
            return begins
        ends = certificate.valid_until if certificate.provider == LETSENCRYPT else None
        return _latest(certificate.created_at, begins, ends - LONGEST_LIFE if ends else None)


def _latest(*dates: datetime.datetime | None) -> datetime.datetime | None:
    return max((date for date in dates if date is not None), default=None)


def certifiable(state: CertificatesState) -> list[Domain]:
    """Return the domains that a certificate can be for: no test names (reference 3.10), and no impossible ones."""
    return [row for row in state.domains if not is_test_domain(row.name) and _POSSIBLE.match(row.name)]


def required_names(state: CertificatesState) -> tuple[str, ...]:
    """Return all names that the one certificate of basic mode has to cover."""
    return Found(None, tuple(certifiable(state)), None).names


def served_certificate(row: Domain, served: ServedReport | None) -> ServedCertificate | None:
    """Return the certificate that the server presents under a domain's name, None where none was seen."""
    entry = served.served.get(row.name) if served is not None else None
    return entry.certificate if entry is not None else None


def served_ok(row: Domain, served: ServedReport | None, after: datetime.datetime) -> bool:
    """Say whether the server presents a certificate for all names of a domain that is valid beyond a time."""
    found = served_certificate(row, served)
    return found is not None and found.not_after > after and all(found.covers(name) for name in row.served_names)


def find_certificates(state: CertificatesState) -> dict[Key, Found]:
    """Bring together what RunCloud says of each certificate and what the server presents, by name of the domain."""
    rows = tuple(certifiable(state))
    if state.advanced:
        return {row.name: _find(row, (row,), state) for row in rows}
    return {None: _find(None, rows, state)}


def _find(domain: Domain | None, rows: tuple[Domain, ...], state: CertificatesState) -> Found:
    key = domain.name if domain else None
    certificate = state.certificates.get(key)
    if certificate is None or certificate.valid_until is None:
        return Found(domain, rows, certificate, known=key in state.certificates)
    if domain is None:
        served, foreign = _among_all(certificate, rows, state)
    else:
        presented = served_certificate(domain, state.served)
        matches = presented is not None and presented.covers(domain.name) and _may_be(presented, certificate)
        served = presented if matches else None
        foreign = not matches and presented is not None and presented.not_after > certificate.valid_until
    return Found(domain, rows, certificate, served, known=served is not None, foreign=foreign)


def _among_all(
    certificate: Certificate, rows: Sequence[Domain], state: CertificatesState
) -> tuple[ServedCertificate | None, bool]:
    """Find, in basic mode, the application's certificate among what the server presents under the attached names.

    It is the one that ends when RunCloud says so, or, since that date may lag behind, the only one for any of the names.
    Anything else belongs to another application (reference 4.7), or to TLS inspection.
    """
    votes: dict[ServedCertificate, int] = {}
    for row in rows:
        served = served_certificate(row, state.served)
        if served is not None:
            votes[served] = votes.get(served, 0) + served.covers(row.name)
    own = [found for found, count in votes.items() if count]
    same = [found for found in votes if _same_end(found, certificate)]
    if not same and len(own) == 1:
        same = [found for found in own if _may_be(found, certificate)]
    best = max(same, key=lambda found: (votes[found], found.not_before), default=None)
    return best, best is None and len(own) != 1


def _same_end(served: ServedCertificate, certificate: Certificate) -> bool:
    return certificate.valid_until is not None and abs(served.not_after - certificate.valid_until) <= SAME_END


def _may_be(served: ServedCertificate, certificate: Certificate) -> bool:
    """Say whether what is presented can be what RunCloud has: it ends then, or was issued since, which may not show."""
    if _same_end(served, certificate):
        return True
    later = certificate.valid_until is not None and served.not_after > certificate.valid_until
    return later and (certificate.created_at is None or served.not_before + 2 * BACKDATED >= certificate.created_at)


def report_names(state: CertificatesState) -> dict[str, NameReport]:
    """Say of each domain which of its names the certificate covers that it is served with."""
    every = find_certificates(state).values()
    return {row.name: _name_report(row, found, state) for found in every for row in found.rows}


def _name_report(row: Domain, found: Found, state: CertificatesState) -> NameReport:
    required = row.served_names
    entry = state.served.served.get(row.name) if state.served is not None else None
    served = entry.certificate if entry is not None else None
    judged = found.served or served
    missing = tuple(name for name in required if judged is None or not judged.covers(name))
    # Where it is not known which certificate that is, only what visitors surely get counts.
    checked = found.known or (served is not None and not missing and not found.foreign)
    error = entry.error if entry is not None else ""
    return NameReport(
        name=row.name,
        checked=checked,
        covers=tuple(name for name in required if name not in missing) if checked else (),
        missing=missing if checked else (),
        expires=served.not_after if served else None,
        issuer=served.issuer if served else None,
        served_by_other=served is not None and not served.covers(row.name),
        error=FOREIGN if served is not None and not checked else error,
    )


def expiring_names(state: CertificatesState, before: datetime.datetime) -> list[str]:
    """Return the domains whose certificate ends before a time by RunCloud's clock, or has ended."""
    ends: dict[str, datetime.datetime | None] = {}
    reports = report_names(state)
    for found in find_certificates(state).values():
        for row in found.rows:
            end, served = found.ends_at, served_certificate(row, state.served)
            if found.domain is not None and end is None and served is not None and served.covers(row.name):
                end = served.not_after
            # A name that the certificate of basic mode lacks has none that could end.
            ends[row.name] = end if found.domain is not None or not reports[row.name].missing else None
    return [name for name, end in ends.items() if end is not None and end <= before]
