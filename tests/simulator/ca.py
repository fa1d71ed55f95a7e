# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificate authorities of the simulated world: one that is trusted, one for staging, one of nobody's."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .csr import key_pem

# Long enough for any time the simulator's clock may be set to.
_FROM = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)
_UNTIL = datetime.datetime(2120, 1, 1, tzinfo=datetime.timezone.utc)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _time(epoch: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(epoch), tz=datetime.timezone.utc)


class CertificateAuthority:
    """An authority with its own root key."""

    def __init__(self, common_name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = _name(common_name)
        root = (
            x509.CertificateBuilder()
            .subject_name(self._subject)
            .issuer_name(self._subject)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_FROM)
            .not_valid_after(_UNTIL)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_ROOT_USAGE, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.root_pem = root.public_bytes(serialization.Encoding.PEM).decode()

    def sign(
        self, public_key: ec.EllipticCurvePublicKey, names: Sequence[str], valid_from: float, valid_until: float
    ) -> str:
        """Return a leaf for ``names`` as PEM, valid between two points in time (epoch seconds)."""
        # A row whose name is not a host name adds nothing to a certificate.
        ascii_names = [name for name in map(_ascii, names) if name] or ["invalid"]
        root_key = self._key.public_key()
        leaf = (
            x509.CertificateBuilder()
            .subject_name(_name(ascii_names[0]))
            .issuer_name(self._subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(_time(valid_from))
            .not_valid_after(_time(valid_until))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in ascii_names]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return leaf.public_bytes(serialization.Encoding.PEM).decode()


_ROOT_USAGE = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


def _ascii(name: str) -> str:
    """Return a name as certificates spell it, nothing for what cannot stand in one."""
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return ""


class Authorities:
    """The three authorities, and the one key that all leaves share so that a thousand of them cost little."""

    def __init__(self) -> None:
        self.live = CertificateAuthority("Simulator Test Root")
        self.staging = CertificateAuthority("(STAGING) Simulator Test Root")
        self.other = CertificateAuthority("Other Tenant Root")
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._key_pem = key_pem(self._key)

    def leaf(
        self, authority: CertificateAuthority, names: Sequence[str], valid_from: float, valid_until: float
    ) -> tuple[str, str]:
        """Return (certificate, private key) as PEM."""
        return authority.sign(self._key.public_key(), names, valid_from, valid_until), self._key_pem
