# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Custom certificates: reads the user's own with its key, and compares it with the installed one. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import itertools
import typing as t

from .._errors import UserError
from .._probe.served import parse_certificate, require_cryptography
from .._runcloud.models import CSR, CUSTOM, LETSENCRYPT, KeyPair
from .model import CustomCertificate

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from .._probe.served import ServedCertificate
    from .._runcloud.models import Certificate
    from .model import DesiredCertificates


def read_custom_certificate(certificate: str, private_key: str, now: datetime.datetime) -> CustomCertificate:
    """Read a certificate (the server's own first, then its chain) and its key, both PEM.

    :param certificate: one bundle (reference 4.1).
    :param private_key: the key of the server's own certificate, not encrypted.
    :param now: an aware time; a certificate that has ended by then is refused.
    :raises UserError: the pair cannot be used; the message never shows the key.
    :raises MissingLibrary: the library cryptography is missing.
    """
    require_cryptography()
    from cryptography.hazmat.primitives import serialization

    bundle = _read_bundle(certificate)
    own = bundle[0]
    key = _public_bytes(_read_key(private_key).public_key())
    if key != _public_bytes(own.public_key()):
        if any(key == _public_bytes(other.public_key()) for other in bundle[1:]):
            raise UserError("certificate: begins with its chain; put the server's own certificate first")
        raise UserError("private_key: does not belong to certificate; give the key that the certificate was made with")
    for below, above in itertools.pairwise(bundle):
        if above.subject != below.issuer:
            raise UserError(
                "certificate: its chain is not in order; each certificate must be followed by that of its issuer"
            )
    read = parse_certificate(own.public_bytes(serialization.Encoding.DER))
    if read.not_after <= now:
        raise UserError(f"certificate: ended on {read.not_after:%Y-%m-%d}; give one that is valid")
    if read.not_before > now:
        raise UserError(f"certificate: is valid only from {read.not_before:%Y-%m-%d %H:%M} UTC; wait, or give another")
    return CustomCertificate(KeyPair(certificate, private_key), read.names, read.not_after, read.sha256)


def keeps_custom(desired: DesiredCertificates, certificate: Certificate | None) -> bool:
    """Say whether the certificate is, or is to be, one that is not ordered from Let's Encrypt."""
    if desired.provider is not None:
        return desired.provider != LETSENCRYPT
    return certificate is not None and certificate.provider in (CUSTOM, CSR)


def is_installed(custom: CustomCertificate, certificate: Certificate, served: Sequence[ServedCertificate]) -> bool:
    """Compare with the installed one: by what RunCloud shows, else by fingerprint, else by the end.

    :param custom: the certificate that the user gave.
    :param certificate: the one that RunCloud has.
    :param served: what the server presents under the names that it is for.
    """
    if certificate.pem is not None:
        return _pem_blocks(certificate.pem) == _pem_blocks(custom.key_pair.certificate)
    if any(one.sha256 == custom.sha256 for one in served):
        return True
    shown = any(one.not_after == certificate.valid_until for one in served)
    return not shown and certificate.valid_until == custom.not_after


def _pem_blocks(pem: str) -> list[str]:
    """Return the certificates of a bundle, so that line ends and text around them do not matter."""
    parts = pem.split("-----BEGIN CERTIFICATE-----")[1:]
    return ["".join(part.partition("-----END CERTIFICATE-----")[0].split()) for part in parts]


def _read_bundle(certificate: str) -> list[t.Any]:
    from cryptography import x509

    try:
        return list(x509.load_pem_x509_certificates(certificate.encode()))
    except ValueError as exc:
        raise UserError(
            "certificate: does not hold a certificate in PEM; give the text that begins with "
            "-----BEGIN CERTIFICATE-----, the server's own certificate first and then its chain"
        ) from exc


def _read_key(private_key: str) -> t.Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    try:
        return serialization.load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UserError(
            "private_key: does not hold an unencrypted private key in PEM; give the text that begins with -----BEGIN"
        ) from None


def _public_bytes(key: t.Any) -> bytes:
    from cryptography.hazmat.primitives import serialization

    encoded: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded
