# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has WordPress check domains again, on the host of the task."""

from __future__ import annotations

import typing as t

from ..module_utils._names import normalise_lenient
from ..module_utils._outcome import carry_out
from ..plugin_utils._action import Call, ControllerAction
from ..plugin_utils._wordpress.cli import INSTALLATION_SPEC, Installation, read_network
from ..plugin_utils._wordpress.requeue import plan, put_back


class ActionModule(ControllerAction):
    _requires_connection = True

    SPEC: t.ClassVar[t.Mapping[str, t.Any]] = {
        **INSTALLATION_SPEC,
        "path": {"type": "str", "required": True},
        "names": {"type": "list", "elements": "str", "required": True},
        "secure_names": {"type": "list", "elements": "str", "default": []},
    }

    def work(self, call: Call) -> dict[str, t.Any]:
        options = call.options
        names, secure_names = ({normalise_lenient(name) for name in options[key]} for key in ("names", "secure_names"))
        where = Installation.from_options(options)
        inventory = read_network(self.command, where)
        requeue, kept = plan(inventory, names, secure_names)
        untouched: dict[str, str] = {}
        errors = carry_out(
            call.check_mode or not requeue, untouched, lambda: put_back(self.command, where, inventory, requeue)
        )
        done = [row for row in requeue if row["domain"] not in errors]
        result: dict[str, t.Any] = {"changed": bool(done), "requeued": done, "not_requeued": kept}
        if self._task.diff:
            before, after = ({row["domain"]: row[state] for row in done} for state in ("before", "after"))
            result["diff"] = {"before": before, "after": after}
        if errors:
            shown = "; ".join(f"{name}: {text}" for name, text in errors.items())
            text = f"{len(errors)} of the domains could not be put back. {shown}"
            result.update(failed=True, msg=text, errors=errors)
        return result
