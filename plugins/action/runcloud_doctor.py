# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at everything that keeping domains in sync needs, in the process that Ansible has forked for the task."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Call, ControllerAction
from ..plugin_utils._sync import options as sync

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ..plugin_utils._doctor.run import Visit

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
    """Return what says how the user calls an option: by the role's variables, where there is a prefix of those."""
    if not prefix:
        return lambda name: name
    variables = {option: variable for variable, option in VARIABLES.items()}
    return lambda name: f"{prefix}{variables.get(name, name)}"


class ActionModule(ControllerAction):
    SPEC: t.ClassVar[t.Mapping[str, t.Any]] = DOCTOR_SPEC
    VARIABLES: t.ClassVar[t.Mapping[str, str]] = VARIABLES
    OTHER_VARIABLES: t.ClassVar[frozenset[str]] = OTHER_VARIABLES

    # What was seen so far, also where the work is interrupted.
    _visit: Visit | None = None

    def work(self, call: Call) -> dict[str, t.Any]:
        """Look at everything and return the result."""
        from ..plugin_utils._doctor.finding import Seen
        from ..plugin_utils._doctor.run import Visit, examine
        from ..plugin_utils._doctor.summary import diagnose
        from ..plugin_utils._sync.steps import source_of

        seen = Seen(call.options, option_names(call.options["variables"]), source_of(call.options))
        self._visit = Visit(seen, call.environment, call.base, call.progress, self.describe, call.hidden)
        examine(self._visit)
        return self._told(diagnose(seen))

    def stopped(self, message: str) -> dict[str, t.Any]:
        """Return a whole result where the work could not begin, or was interrupted."""
        from ..plugin_utils._doctor.summary import stopped_result

        return self._told(stopped_result(message, self._visit.seen if self._visit else None))

    def _told(self, result: dict[str, t.Any]) -> dict[str, t.Any]:
        cloud = self._visit.cloud if self._visit else None
        api = cloud.client.usage.as_dict() if cloud else {"requests": 0, "retries": 0, "waited": 0.0}
        told = {"changed": False, **result, "api": api}
        return told if result["ok"] else {**told, "failed": True, "msg": result["failure"]}
