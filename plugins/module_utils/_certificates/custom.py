# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates that are not ordered from Let's Encrypt: the user's own ones, and signing requests. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import typing as t

from .._runcloud.models import CSR, CUSTOM, LETSENCRYPT

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from .._probe.served import ServedCertificate
    from .._runcloud.models import Certificate
    from .model import OwnCertificate, SslWish


def keeps_own(wish: SslWish, certificate: Certificate | None) -> bool:
    """Say whether the certificate is, or shall be, one that is not ordered from Let's Encrypt."""
    if wish.provider is not None:
        return wish.provider != LETSENCRYPT
    return certificate is not None and certificate.provider in (CUSTOM, CSR)


def is_installed(own: OwnCertificate, certificate: Certificate, presented: Sequence[ServedCertificate]) -> bool:
    """Compare what RunCloud shows, else the fingerprint that the server presents, else the end.

    :param own: the certificate that the user brings along.
    :param certificate: the one that RunCloud has.
    :param presented: what the server presents under the names that it is for.
    """
    if certificate.pem is not None:
        return _pem_blocks(certificate.pem) == _pem_blocks(own.pair.certificate)
    if any(one.sha256 == own.sha256 for one in presented):
        return True
    its_own = any(one.not_after == certificate.valid_until for one in presented)
    return not its_own and certificate.valid_until == own.not_after


def _pem_blocks(pem: str) -> list[str]:
    """Give the certificates of a bundle, so that line ends and what stands around them do not matter."""
    parts = pem.split("-----BEGIN CERTIFICATE-----")[1:]
    return ["".join(part.partition("-----END CERTIFICATE-----")[0].split()) for part in parts]
