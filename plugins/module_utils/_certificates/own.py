# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a certificate that the user has, with its key, and refuses what no server could use. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import datetime
import itertools
import traceback
import typing as t

from .._errors import UserError
from .._probe.tls import parse_certificate
from .._runcloud.models import KeyPair
from .model import OwnCertificate

CRYPTOGRAPHY_IMPORT_ERROR: str | None = None
try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
except ImportError:
    CRYPTOGRAPHY_IMPORT_ERROR = traceback.format_exc()
HAS_CRYPTOGRAPHY = CRYPTOGRAPHY_IMPORT_ERROR is None


def read_own_certificate(certificate: str, private_key: str, now: datetime.datetime) -> OwnCertificate:
    """Read a certificate (the leaf first, then its chain) and its key, both PEM.

    :param certificate: one bundle (reference 4.1).
    :param private_key: the key of the leaf, not encrypted.
    :param now: an aware time; a certificate that has ended by then is refused.
    :raises UserError: the pair cannot be used; the message never shows the key.
    """
    bundle = _read_bundle(certificate)
    key = _public_bytes(_read_key(private_key).public_key())
    if key != _public_bytes(bundle[0].public_key()):
        if any(key == _public_bytes(other.public_key()) for other in bundle[1:]):
            raise UserError("certificate: begins with its chain; put the server's own certificate first")
        raise UserError("private_key: does not belong to certificate; give the key that the certificate was made with")
    for above, below in itertools.pairwise(reversed(bundle)):
        if above.subject != below.issuer:
            raise UserError(
                "certificate: its chain is not in order; after each certificate comes the one that it was issued by"
            )
    read = parse_certificate(bundle[0].public_bytes(serialization.Encoding.DER))
    if read.not_after <= now:
        raise UserError(f"certificate: ended on {read.not_after:%Y-%m-%d}; give one that is valid")
    if read.not_before > now:
        raise UserError(
            f"certificate: is valid only from {read.not_before:%Y-%m-%d %H:%M} UTC on; wait, or give another"
        )
    return OwnCertificate(KeyPair(certificate, private_key), read.names, read.not_after, read.sha256)


def _read_bundle(certificate: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(certificate.encode())
    except ValueError as exc:
        raise UserError(
            "certificate: holds no certificate in PEM; give the text that begins with -----BEGIN CERTIFICATE-----, "
            "the server's own certificate first and then its chain"
        ) from exc


def _read_key(private_key: str) -> t.Any:
    try:
        return serialization.load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UserError(
            "private_key: holds no unencrypted private key in PEM; give the text that begins with -----BEGIN"
        ) from None


def _public_bytes(key: t.Any) -> bytes:
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded
