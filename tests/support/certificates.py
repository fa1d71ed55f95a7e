# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as users bring them along: PEM texts with their keys, good ones and bad ones."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey


def new_key() -> Key:
    """Return a key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: Key, password: bytes | None = None) -> str:
    """Return a key as PEM, encrypted where there is a password."""
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        protection = serialization.BestAvailableEncryption(password)
    encoded = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
    return encoded.decode()


def certificate_pem(
    names: Sequence[str], key: Key, *, days: float = 90, starts: float = -1, issuer: tuple[str, Key] | None = None
) -> str:
    """Return a certificate as PEM; ``starts`` and ``days`` from now; self-signed where there is no issuer."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    signer, signing_key = issuer or (names[0], key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, signer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=min(starts, days - 1)))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    )
    return builder.sign(signing_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def own_certificate(*names: str, days: float = 90, starts: float = -1, chain: bool = False) -> dict[str, Any]:
    """Return the options ``certificate`` and ``private_key``; with ``chain`` its issuer's certificate follows."""
    key, authority_key = new_key(), new_key()
    leaf = certificate_pem(names, key, days=days, starts=starts, issuer=("Authority", authority_key))
    above = certificate_pem(["Authority"], authority_key, days=3650) if chain else ""
    return {"certificate": leaf + above, "private_key": key_pem(key)}
