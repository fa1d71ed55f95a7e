# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and names as the modules return them.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping

    from .._runcloud import models as _resources
    from . import model as _ssl_model

BASIC = "basic"
ADVANCED = "advanced"


def mode_name(method: _resources.SslMethod) -> str:
    """Give the mode as the options call it."""
    return ADVANCED if method.advanced else BASIC


def certificate_results(
    state: _ssl_model.SslState, names: Mapping[str, _ssl_model.NameReport]
) -> list[dict[str, object]]:
    """Give the certificates as the modules return them, without keys."""
    found = []
    for key, certificate in state.certificates.items():
        if certificate is not None:
            reports = list(names.values()) if key is None else [names[key]] if key in names else []
            found.append(certificate_result(certificate, reports, state.now))
    return found


def certificate_result(
    certificate: _resources.Certificate, reports: Iterable[_ssl_model.NameReport], now: datetime.datetime
) -> dict[str, object]:
    """Give one certificate as the modules return it. Dates are UTC, ``days_left`` whole days."""
    reports = list(reports)
    return {
        "id": certificate.id,
        "domain": certificate.domain,
        "provider": certificate.provider,
        "valid_until": _date(certificate.valid_until),
        "days_left": _days(certificate.valid_until, now),
        "renewal_date": _date(certificate.renewal_date),
        "created_at": _date(certificate.created_at),
        "staging": certificate.staging,
        "authorization_method": certificate.authorization_method,
        "external_api": certificate.external_api,
        "enable_http": certificate.enable_http,
        "enable_hsts": certificate.enable_hsts,
        "enable_hsts_preload": certificate.enable_hsts_preload,
        "tls_versions": certificate.tls_versions,
        "covers": [name for report in reports for name in report.covers],
        "missing": [name for report in reports for name in report.missing],
    }


def name_result(report: _ssl_model.NameReport, now: datetime.datetime) -> dict[str, object]:
    """Give what visitors of one domain get, as the modules return it."""
    return {
        "name": report.name,
        "covers": list(report.covers),
        "missing": list(report.missing),
        "expires": _date(report.expires),
        "days_left": _days(report.expires, now),
        "issuer": report.issuer,
        "served_by_other": report.served_by_other,
        "error": report.error,
    }


def _date(moment: datetime.datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else None


def _days(moment: datetime.datetime | None, now: datetime.datetime) -> int | None:
    return (moment - now).days if moment else None
