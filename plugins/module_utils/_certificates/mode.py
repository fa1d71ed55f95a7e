# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mode in which a web application keeps its certificates, and AutoSSL: what is to change, and changing it.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import UserError
from .._runcloud.errors import ApiError
from .._runcloud.models import SslMethod
from .model import ADVANCED
from .options import differs
from .result import mode_name

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from .._runcloud.api import WebAppApi
    from .options import CertificatesRequest


def wanted_method(request: CertificatesRequest, current: SslMethod) -> tuple[SslMethod, dict[str, object]]:
    """Return the mode and AutoSSL as they are to be, and what of them changes."""
    change: dict[str, object] = {}
    if request.mode is not None and (request.mode == ADVANCED) != current.advanced:
        if not request.allow_mode_switch:
            raise UserError(
                f"mode: {request.mode!r} is asked for, but the web application is in {mode_name(current)} mode. "
                "Switching deletes its certificates until new ones are there; set allow_mode_switch: true if this is "
                "meant"
            )
        change["mode"] = request.mode
    if request.auto_ssl is not None and request.auto_ssl != bool(current.auto_ssl):
        change["auto_ssl"] = request.auto_ssl
    wanted = SslMethod(
        advanced=request.mode == ADVANCED if "mode" in change else current.advanced,
        auto_ssl=request.auto_ssl if "auto_ssl" in change else current.auto_ssl,
    )
    return wanted, change


def switch_method(app: WebAppApi, wanted: SslMethod, change: Mapping[str, object]) -> SslMethod:
    """Change the mode or AutoSSL. That AutoSSL is off is only sent where it is asked for: it would switch it off."""
    auto_ssl = wanted.auto_ssl if "auto_ssl" in change or wanted.auto_ssl else None
    try:
        found = app.set_ssl_method(wanted.advanced, auto_ssl)
    except ApiError as exc:
        if exc.status in (403, 422):
            exc.advice = "Advanced mode and AutoSSL need RunCloud's Business or Enterprise plan."
        raise
    if found.advanced != wanted.advanced or differs(auto_ssl, found.auto_ssl):
        raise UserError(
            f"{'mode' if 'mode' in change else 'auto_ssl'}: RunCloud accepted the request, but is still in "
            f"{mode_name(found)} mode with AutoSSL {'on' if found.auto_ssl else 'off'}; check the plan"
        )
    return dataclasses.replace(found, auto_ssl=wanted.auto_ssl)
