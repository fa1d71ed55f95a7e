# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of runcloud_doctor: those of runcloud_sync that say what is wanted and where, and how far to search.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import typing as t

from .._sync import options as sync

if t.TYPE_CHECKING:
    from collections.abc import Callable

# What only says how changes are made, or told.
_CHANGES = (
    "fail_on_drift",
    "report",
    "rows",
    "ssl_enable_http",
    "ssl_enable_hsts",
    "ssl_enable_hsts_subdomains",
    "ssl_enable_hsts_preload",
    "ssl_tls_versions",
    "ssl_force",
    "ssl_wait",
    "ssl_wait_timeout",
    "ssl_max_orders",
)
DOCTOR_SPEC: dict[str, t.Any] = {
    **{name: spec for name, spec in sync.SYNC_SPEC.items() if name not in _CHANGES},
    "searches": {"type": "int", "default": 3},
}
VARIABLES = {
    **{variable: option for variable, option in sync.VARIABLES.items() if option not in _CHANGES},
    "doctor_searches": "searches",
}
# The role's variables are the same for both, so those of the other are no mistake here.
OTHER_VARIABLES = (sync.OTHER_VARIABLES | sync.VARIABLES.keys()) - VARIABLES.keys()


def option_names(prefix: str | None) -> Callable[[str], str]:
    """Return a function that says what the user calls an option: by the role's variables, where those are used.

    :param prefix: of the variables that stand in for options; None where they do not.
    """
    if not prefix:
        return lambda name: name
    variables = {option: variable for variable, option in VARIABLES.items()}
    return lambda name: f"{prefix}{variables.get(name, name)}"
