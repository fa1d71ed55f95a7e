# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints the summary of a run as plain lines, and fails where it was not ok."""

from __future__ import annotations

import typing as t

from ansible import constants

from ..module_utils._errors import UserError
from ..plugin_utils._action import Call, ControllerAction

# Callbacks whose standard output is read by programs.
MACHINE_READABLE = ("json", "jsonl", "oneline", "ndjson", "null")


class ActionModule(ControllerAction):
    SPEC: t.ClassVar[t.Mapping[str, t.Any]] = {
        "result": {"type": "raw", "required": True},
        "requeued": {"type": "dict"},
    }

    def work(self, call: Call) -> dict[str, t.Any]:
        """Print the lines, and return whether all went well; where several hosts are played, with the host's name."""
        hosts = self.task_vars.get("ansible_play_hosts_all") or []
        heading = [f"[{self.task_vars.get('inventory_hostname')}]"] if len(hosts) > 1 else []
        result = self._registered(call.options["result"])
        failure = str(result.get("failure") or result.get("msg") or "the task left no result")
        requeued, fault = _requeue_lines(call.options["requeued"] or {})
        summary = [str(line) for line in result.get("summary") or [f"ERROR: {failure}"]]
        lines = [*heading, *requeued, *summary]
        callback = str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2]
        # One call, so that the lines of hosts that are played at once do not mix.
        self._display.display("\n".join(["", *lines]), stderr=callback in MACHINE_READABLE)
        # What is wrong stands above, and a failed task is shown twice by Ansible itself.
        failed = {"failed": True, "msg": "The run failed; the lines above say why."}
        return {"changed": False, "lines": len(lines), **({} if result.get("ok") and not fault else failed)}

    def _registered(self, given: object) -> t.Mapping[str, t.Any]:
        """Return what a task registered. A name spares it the way through a template, which looks at each of its rows."""
        found = self.task_vars.get(given) if isinstance(given, str) else given
        if not isinstance(found, dict):
            raise UserError(f"result: {str(given)[:60]!r} is not a variable that a task has registered; give its name")
        return found


def _requeue_lines(requeued: t.Mapping[str, t.Any]) -> tuple[list[str], str]:
    """Return what was put back into WordPress's queue, as lines, and why that failed."""
    put_back, kept = requeued.get("requeued", ()), requeued.get("not_requeued", ())
    lines = [f"{row['domain']}: back in WordPress's queue (was {row['before']})" for row in put_back]
    lines += [f"{row['domain']}: stays {row['stage']} in WordPress: {row['reason']}" for row in kept]
    if not requeued or ("requeued" in requeued and not requeued.get("errors")):
        return lines, ""
    fault = f"WordPress's queue: {requeued.get('msg') or 'the task left no result'}"
    return [f"ERROR: {fault}", *lines], fault
