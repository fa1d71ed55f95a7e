# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of certificates: asked for, shown by RunCloud, and sent along. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._runcloud.models import CertificateOptions

if t.TYPE_CHECKING:
    from .._runcloud.models import Certificate

# What RunCloud never shows again, or not everywhere, is sent along, but never alone a reason for a change (design 2.5).
OPTION_NAMES = tuple(field.name for field in dataclasses.fields(CertificateOptions))


def differs(wanted: object, known: object) -> bool:
    """Say whether something asked for is known to be otherwise."""
    return wanted is not None and known is not None and wanted != known


def differing_options(asked: CertificateOptions, certificate: Certificate) -> list[str]:
    """List the options that RunCloud shows otherwise than asked for."""
    shown = _shown_options(certificate)
    pairs = {name: (getattr(asked, name), getattr(shown, name)) for name in OPTION_NAMES}
    return [name for name, (want, have) in pairs.items() if differs(want, have)]


def unshown_options(asked: CertificateOptions, certificate: Certificate) -> list[str]:
    """List the options that were asked for and that RunCloud does not show."""
    shown = _shown_options(certificate)
    return [name for name in OPTION_NAMES if getattr(asked, name) is not None and getattr(shown, name) is None]


def complete_options(asked: CertificateOptions, certificate: Certificate | None) -> CertificateOptions:
    """Give all options that go along with a write: as asked for, else as they are, else off (design 2.5)."""
    known = _shown_options(certificate)
    return CertificateOptions(
        enable_http=_first(asked.enable_http, known.enable_http, False),
        enable_hsts=_first(asked.enable_hsts, known.enable_hsts, False),
        enable_hsts_subdomains=asked.enable_hsts_subdomains,
        enable_hsts_preload=_first(asked.enable_hsts_preload, known.enable_hsts_preload),
        tls_versions=asked.tls_versions or known.tls_versions,
    )


def _shown_options(certificate: Certificate | None) -> CertificateOptions:
    """Give the options of a certificate as RunCloud shows them."""
    if certificate is None:
        return CertificateOptions()
    return CertificateOptions(
        enable_http=certificate.enable_http,
        enable_hsts=certificate.enable_hsts,
        enable_hsts_preload=certificate.enable_hsts_preload,
        tls_versions=certificate.tls_versions,
    )


def _first(*values: bool | None) -> bool | None:
    return next((value for value in values if value is not None), None)
