# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The signing request behind provider ``csr`` (reference 4.1), made when somebody fetches it in the panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

KEY_TYPES: dict[str, Callable[[], SigningKey]] = {
    "rsa-2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-4096": lambda: rsa.generate_private_key(65537, 4096),
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
}
SUBJECT_FIELDS = {
    "organization": NameOID.ORGANIZATION_NAME,
    "department": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "city": NameOID.LOCALITY_NAME,
    "state": NameOID.STATE_OR_PROVINCE_NAME,
    "country": NameOID.COUNTRY_NAME,
}


def key_pem(key: SigningKey) -> str:
    """Return a private key as unencrypted PEM."""
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain).decode()


def make_request(fields: Mapping[str, str], names: Sequence[str]) -> tuple[str, str]:
    """Return (private key, signing request) as PEM for the fields of a csr order and the names it is for."""
    key = KEY_TYPES[fields["csrKeyType"]]()
    subject = [x509.NameAttribute(oid, fields[name]) for name, oid in SUBJECT_FIELDS.items() if fields.get(name)]
    subject.append(x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64]))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    request = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    return key_pem(key), request.public_bytes(serialization.Encoding.PEM).decode()
