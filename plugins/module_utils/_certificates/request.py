# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked for, taken together with a certificate that is there: the request for a new one. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import typing as t

from .._runcloud.models import CSR, CUSTOM, LETSENCRYPT, CertificateRequest
from . import options as _ssl_options
from .model import DNS_01, HTTP_01, STAGING

if t.TYPE_CHECKING:
    from .._runcloud.models import Certificate
    from .model import SslWish


def needs_reissue(wish: SslWish, certificate: Certificate) -> bool:
    """Say whether what is asked for can only be had by a new certificate (design 4)."""
    if certificate.provider is not None and wish.provider not in (None, certificate.provider):
        return True
    if certificate.provider in (CUSTOM, CSR):
        return False
    return (
        certificate.staging != (wish.environment == STAGING)
        or _ssl_options.differs(wish.authorization_method, certificate.authorization_method)
        or _ssl_options.differs(wish.external_api, certificate.external_api)
    )


def method_for(wish: SslWish, certificate: Certificate | None) -> str:
    """Give the authorization method that an order would use."""
    known = certificate.authorization_method if certificate else None
    return wish.authorization_method or known or HTTP_01


def api_for(wish: SslWish, certificate: Certificate | None) -> int | None:
    """Give the DNS provider's key that an order would use."""
    return wish.external_api or (certificate.external_api if certificate else None)


def request_for(wish: SslWish, provider: str, certificate: Certificate | None) -> CertificateRequest:
    """Give the request for a certificate of a provider; what is not asked for stays as it is."""
    method = method_for(wish, certificate) if provider == LETSENCRYPT else None
    return CertificateRequest(
        provider=provider,
        options=_ssl_options.complete_options(wish.options, certificate),
        environment=wish.environment,
        authorization_method=method,
        external_api=api_for(wish, certificate) if method == DNS_01 else None,
        pair=wish.own.pair if provider == CUSTOM and wish.own else None,
        csr=wish.csr if provider == CSR else (),
    )
