# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of runcloud_ssl_info: what runcloud_ssl reads and tells, without deciding anything.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .. import _module
from .._errors import UserError
from .._probe.tls import require_cryptography
from . import coverage as _ssl_coverage
from . import model as _ssl_model
from . import read as _ssl_state
from . import result as _ssl_result

if t.TYPE_CHECKING:
    from .._module import Context
    from .._runcloud.api import WebAppApi
    from .._runcloud.models import SslMethod

AUTO = "auto"
ALL = "all"


def read_certificates(context: Context) -> dict[str, t.Any]:
    """Read the certificates of a web application and what its server presents (design 2.3)."""
    options = context.options
    if options["renew_before"] < 0:
        raise UserError(f"renew_before: {options['renew_before']} is negative; give 0 or more days")
    attached = _module.read_attached(options)
    if options["verify"] == "tls":
        require_cryptography()
    app = context.webapp()
    domains = attached if attached is not None else tuple(app.domains())
    method = app.ssl_method()
    soon = context.client.now() + datetime.timedelta(days=options["renew_before"])
    reader = _ssl_state.Reader(
        app, _ssl_state.handshakes_for(context, app.server_id), options["details"] == ALL, lambda: soon
    )
    certificates, served = reader.read(method.advanced, domains, None)
    state = _ssl_model.SslState(
        advanced=method.advanced,
        auto_ssl=method.auto_ssl,
        domains=domains,
        certificates=certificates,
        served=served,
        changed=frozenset(),
        hold={},
        now=context.client.now(),
    )
    return {**_result(state, method, soon), **(_log(app) if options["log"] else {})}


def _result(state: _ssl_model.SslState, method: SslMethod, soon: datetime.datetime) -> dict[str, t.Any]:
    names = _ssl_coverage.report_names(state)
    return {
        "mode": _ssl_result.mode_name(method),
        "auto_ssl": method.auto_ssl,
        "certificates": _ssl_result.certificate_results(state, names),
        "names": [_ssl_result.name_result(report, state.now) for report in names.values()],
        "expiring": _ssl_coverage.expiring_names(state, soon),
    }


def _log(app: WebAppApi) -> dict[str, t.Any]:
    """Read the activity log; in which order RunCloud sends it is not documented (reference 2.3)."""
    entries = sorted(app.log(), key=lambda entry: entry.created_at, reverse=True)
    return {"log": [dataclasses.asdict(entry) for entry in entries]}
