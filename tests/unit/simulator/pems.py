# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of one's own, for the provider ``custom``."""

from __future__ import annotations

import datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

UNTIL = datetime.datetime(2031, 5, 17, 12, 30, 15, tzinfo=datetime.timezone.utc)


@cache
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(private: ec.EllipticCurvePrivateKey) -> str:
    plain = serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def certificate_pem(names: list[str], public_key: ec.EllipticCurvePublicKey | None = None) -> str:
    """Return a self-made certificate for names, valid until ``UNTIL``."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public_key or key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(UNTIL - datetime.timedelta(days=3650))
        .not_valid_after(UNTIL)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    )
    return builder.sign(key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def custom(names: list[str]) -> dict[str, object]:
    """Return the body that installs such a certificate."""
    pems = {"certificate": certificate_pem(names), "privateKey": private_pem(key())}
    return {"provider": "custom", "enableHttp": False, "enableHsts": True, "ssl_protocol_id": 3, **pems}
