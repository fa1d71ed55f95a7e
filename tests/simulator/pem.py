# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the certificate and key somebody brings along (provider ``custom``, reference 4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PublicKeyTypes
from cryptography.x509.oid import NameOID


class PemError(ValueError):
    """A PEM text that can't be used; ``field`` is the request field to blame."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True)
class Bundle:
    """What a certificate says: its names and the end of its validity, in epoch seconds."""

    names: tuple[str, ...]
    valid_until: float
    valid_from: float


def read_bundle(certificate: str, private_key: str) -> Bundle:
    """Read a leaf (first of the PEM bundle) and its key; raises PemError when either is broken or they don't match."""
    leaf = _leaf(certificate)
    try:
        key = serialization.load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise PemError("privateKey", "The private key is invalid.") from error
    if _spki(key.public_key()) != _spki(leaf.public_key()):
        raise PemError("privateKey", "The private key does not match the certificate.")
    return Bundle(_names(leaf), leaf.not_valid_after_utc.timestamp(), leaf.not_valid_before_utc.timestamp())


def _leaf(certificate: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(certificate.encode())[0]
    except ValueError as error:
        raise PemError("certificate", "The certificate is invalid.") from error


def _spki(key: CertificatePublicKeyTypes | PublicKeyTypes) -> bytes:
    """Return a public key in the one form in which two can be compared."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    """Return the DNS names of a certificate, or its common name where it has none."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return tuple(names.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        return tuple(str(entry.value) for entry in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
