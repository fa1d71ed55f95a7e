# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of certificates: as a user gives them, beside what RunCloud shows, and as they are sent along. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import typing as t

from .._errors import UserError
from .._names import HostnameError, normalise
from .._probe.served import parse_certificate, require_cryptography
from .._runcloud.models import CSR, CUSTOM, LETSENCRYPT, CertificateOptions, CertificateRequest, KeyPair
from .._values import raise_problems
from .model import DNS_01, HTTP_01, STAGING, CustomCertificate, DesiredCertificates

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._probe.served import ServedCertificate
    from .._runcloud.models import Certificate

# What RunCloud never shows again, or not everywhere, is sent along, but never alone a reason for a change (design 2.5).
OPTION_NAMES = tuple(field.name for field in dataclasses.fields(CertificateOptions))

# (least, most) of each number. Let's Encrypt's certificates last 90 days: who renews earlier renews in every run.
BOUNDS = {"renew_before": (0, 60), "wait_timeout": (0, 86400), "max_orders": (0, 10000), "check_port": (1, 65535)}


# Says for which names, by an authorization method, no certificate may be issued, and why.
Forbids = t.Callable[[t.Sequence[str], str], t.Mapping[str, str]]


@dataclasses.dataclass(frozen=True)
class CertificatesRequest:
    """What is asked for, and how it is gone about.

    ``mode``, ``auto_ssl``: None keeps today's. ``external_api``: id or label of the DNS provider's key.
    ``changed``: names that were added, or whose www was switched on, in this run.
    ``deferred``: name -> why nothing is ordered for it yet: it does not point here. One that is attached holds back the
    one order of basic mode, but not with dns-01. ``dns_unknown``: name -> why it is not known where it points: never a
    reason to hold back. ``forbids`` finds names for which Let's Encrypt may not issue; asked only before an order.
    """

    desired: DesiredCertificates = dataclasses.field(default_factory=DesiredCertificates)
    mode: str | None = None
    allow_mode_switch: bool = False
    auto_ssl: bool | None = None
    external_api: str | None = None
    check_served: bool = True
    check_address: str | None = None
    check_port: int = 443
    wait: bool = True
    wait_timeout: float = 180.0
    changed: frozenset[str] = frozenset()
    deferred: Mapping[str, str] = dataclasses.field(default_factory=dict)
    forbids: Forbids | None = None
    dns_unknown: Mapping[str, str] = dataclasses.field(default_factory=dict)


def check_bounds(options: Mapping[str, t.Any], names: Iterable[str]) -> None:
    """Refuse numbers out of bounds; the error names the option and the value."""
    for name in names:
        least, most = BOUNDS[name]
        if not least <= options[name] <= most:
            raise UserError(f"{name}: {options[name]} must be between {least} and {most}")


def read_request(options: Mapping[str, t.Any], now: datetime.datetime) -> CertificatesRequest:
    """Read a request from the options of runcloud_ssl; names and DNS are for the caller to add.

    :param now: an aware time; a custom certificate that has ended by then is refused.
    :raises UserError: it names the option, the value and what to do; also where the library cryptography is missing.
    """
    check_bounds(options, BOUNDS)
    _refuse_misfits(options)
    present = options["state"] == "present"
    custom = None
    if options["provider"] == CUSTOM and present:
        custom = _read_custom_certificate(options["certificate"], options["private_key"], now)
    desired = DesiredCertificates(
        present=present,
        domains=_read_names(options["domains"]) if options["domains"] is not None else None,
        options=CertificateOptions(**{name: options[name] for name in OPTION_NAMES}),
        custom=custom,
        renew_before=datetime.timedelta(days=options["renew_before"]),
        **{name: options[name] for name in ("provider", "environment", "authorization_method", "force", "max_orders")},
    )
    asis = ("mode", "allow_mode_switch", "auto_ssl", "check_served", "check_port", "wait")
    return CertificatesRequest(
        desired=desired,
        external_api=options["external_api"] or None,
        check_address=options["check_address"] or None,
        wait_timeout=float(options["wait_timeout"]),
        **{name: options[name] for name in asis},
    )


def _read_names(names: Iterable[str]) -> frozenset[str]:
    found, problems = [], []
    for index, name in enumerate(names):
        try:
            found.append(normalise(name))
        except HostnameError as exc:
            problems.append(f"domains[{index}]: {exc}")
    raise_problems(problems)
    return frozenset(found)


def _refuse_misfits(options: Mapping[str, t.Any]) -> None:
    pair = [options[name] or None for name in ("certificate", "private_key")]
    if options["provider"] != CUSTOM and any(pair):
        raise UserError("certificate: only with provider: custom; set it, or leave certificate and private_key out")
    if options["provider"] == CUSTOM and options["state"] == "present" and not all(pair):
        missing = "private_key" if pair[0] else "certificate"
        raise UserError(f"{missing}: missing; provider: custom needs certificate and private_key")
    method = options["authorization_method"]
    if method == DNS_01 and not options["external_api"]:
        raise UserError("external_api: missing; dns-01 needs the id or label of an API key of your DNS provider")
    if options["external_api"] and method != DNS_01:
        raise UserError("external_api: only with authorization_method: dns-01; set it, or leave external_api out")


# What is asked for beside what is there


def differs(wanted: object, known: object) -> bool:
    """Say whether something asked for is known to be otherwise."""
    return wanted is not None and known is not None and wanted != known


def differing_options(asked: CertificateOptions, certificate: Certificate) -> list[str]:
    """List the options that RunCloud shows otherwise than asked for."""
    return [name for name in OPTION_NAMES if differs(getattr(asked, name), getattr(certificate, name, None))]


def unshown_options(asked: CertificateOptions, certificate: Certificate) -> list[str]:
    """List the options that were asked for and that RunCloud does not show."""
    given = [name for name in OPTION_NAMES if getattr(asked, name) is not None]
    return [name for name in given if getattr(certificate, name, None) is None]


def complete_options(asked: CertificateOptions, certificate: Certificate | None) -> CertificateOptions:
    """Return all options that go along with a write: as asked for, else as they are, else off (design 2.5)."""
    layers = (asked, certificate, CertificateOptions(enable_http=False, enable_hsts=False))
    known = {name: [getattr(layer, name, None) for layer in layers] for name in OPTION_NAMES}
    return CertificateOptions(
        **{name: next((value for value in values if value is not None), None) for name, values in known.items()}
    )


def needs_reissue(desired: DesiredCertificates, certificate: Certificate) -> bool:
    """Say whether what is asked for can only be had by a new certificate (design 4)."""
    if certificate.provider is not None and desired.provider not in (None, certificate.provider):
        return True
    if certificate.provider in (CUSTOM, CSR):
        return False
    return (
        certificate.staging != (desired.environment == STAGING)
        or differs(desired.authorization_method, certificate.authorization_method)
        or differs(desired.external_api, certificate.external_api)
    )


def method_for(desired: DesiredCertificates, certificate: Certificate | None) -> str:
    """Return the authorization method that an order would use."""
    known = certificate.authorization_method if certificate else None
    return desired.authorization_method or known or HTTP_01


def api_for(desired: DesiredCertificates, certificate: Certificate | None) -> int | None:
    """Return the id of the DNS provider's key that an order would use."""
    return desired.external_api or (certificate.external_api if certificate else None)


def request_for(desired: DesiredCertificates, provider: str, certificate: Certificate | None) -> CertificateRequest:
    """Return the request for a certificate of a provider; what is not asked for stays as it is."""
    method = method_for(desired, certificate) if provider == LETSENCRYPT else None
    return CertificateRequest(
        provider=provider,
        options=complete_options(desired.options, certificate),
        environment=desired.environment,
        authorization_method=method,
        external_api=api_for(desired, certificate) if method == DNS_01 else None,
        pair=desired.custom.key_pair if provider == CUSTOM and desired.custom else None,
    )


# The user's own certificate


def _read_custom_certificate(certificate: str, private_key: str, now: datetime.datetime) -> CustomCertificate:
    """Read a bundle (the server's own certificate first, reference 4.1) and its key, both PEM, and check them.

    :raises UserError: the pair cannot be used; the message never shows the key.
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
    """Compare with the one that RunCloud has: by what it shows, else by the fingerprint served, else by the end."""
    if certificate.pem is not None:
        return _pem_blocks(certificate.pem) == _pem_blocks(custom.key_pair.certificate)
    if any(one.sha256 == custom.sha256 for one in served):
        return True
    shown = any(one.not_after == certificate.valid_until for one in served)
    return not shown and certificate.valid_until == custom.not_after


def _pem_blocks(pem: str) -> list[str]:
    # Line ends and text around the certificates do not matter.
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
