# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server presented, and under which names; reads certificates. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import typing as t

from .._errors import MissingLibrary
from .._names import covered_by

if t.TYPE_CHECKING:
    from cryptography import x509


class ServedCertificate(t.NamedTuple):
    """A certificate as it was presented, trusted or not.

    :param names: the DNS names it is for, in lower case; the common name where it has no alternative names.
    :param not_before: the beginning of its validity, as ``not_after`` an aware time in UTC.
    :param issuer: who signed it; this is only reported, nothing is decided by it.
    :param sha256: the fingerprint, hexadecimal in lower case.
    """

    names: tuple[str, ...]
    not_before: datetime.datetime
    not_after: datetime.datetime
    issuer: str
    sha256: str

    def covers(self, name: str) -> bool:
        """Say whether it is valid for a name, dates left aside. A wildcard is covered by the same wildcard only."""
        return covered_by(name, self.names)


class Served(t.NamedTuple):
    """What was presented for one name: a certificate, its own or another, or why none is known."""

    name: str
    certificate: ServedCertificate | None = None
    error: str = ""


@dataclasses.dataclass(frozen=True)
class ServedReport:
    """What a server presented. Where it is not reachable, ``reason`` says why and ``served`` is empty."""

    reachable: bool
    reason: str = ""
    served: dict[str, Served] = dataclasses.field(default_factory=dict)


def parse_certificate(der: bytes) -> ServedCertificate:
    """Read a certificate in DER.

    :raises ValueError: it is not one.
    :raises MissingLibrary: cryptography is missing.
    """
    require_cryptography()
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        certificate = x509.load_der_x509_certificate(der)
        try:
            alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            names = alternative.value.get_values_for_type(x509.DNSName)
        except x509.ExtensionNotFound:
            names = [str(part.value) for part in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        return ServedCertificate(
            tuple(dict.fromkeys(name.lower().removesuffix(".") for name in names)),
            _utc(certificate, "not_valid_before"),
            _utc(certificate, "not_valid_after"),
            certificate.issuer.rfc4514_string(),
            hashlib.sha256(der).hexdigest(),
        )
    except (x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType) as error:
        raise ValueError(str(error)) from error


def require_cryptography() -> None:
    """Make sure that certificates can be read.

    :raises MissingLibrary: cryptography is missing.
    """
    try:
        import cryptography.x509  # noqa: F401
    except ImportError as error:
        raise MissingLibrary("cryptography", str(error)) from error


def _utc(certificate: x509.Certificate, attribute: str) -> datetime.datetime:
    """Return a date of a certificate; before cryptography 42 it comes without its time zone."""
    found: datetime.datetime = getattr(certificate, f"{attribute}_utc", None) or getattr(certificate, attribute)
    return found.replace(tzinfo=datetime.timezone.utc)
