# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback plugin of the test-suite: every task's result as a line of JSON, in the file that RECORDER_FILE names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: recorder
type: aggregate
short_description: Records task results as JSON lines
description:
  - Used by the test-suite only.
"""


class CallbackModule(CallbackBase):
    """Appends to the file as things happen, so that a killed run has left what it did."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "recorder"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._file = Path(os.environ["RECORDER_FILE"])
        self._play = ""

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Remember the play that the results belong to."""
        self._play = play.get_name()

    def v2_runner_on_ok(self, result: Any) -> None:
        """Record a task that succeeded."""
        self._record("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Record a task that failed."""
        self._record("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Record a task that was skipped."""
        self._record("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Record a host that could not be reached."""
        self._record("unreachable", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Record the recap."""
        self._write({"stats": {host: stats.summarize(host) for host in sorted(stats.processed)}})

    def _record(self, status: str, result: Any) -> None:
        task = result._task
        self._write(
            {
                "status": status,
                "play": self._play,
                "task": task.get_name(include_role_fqcn=False),
                "action": task.resolved_action or task.action,
                "role": task._role.get_name() if task._role else None,
                "host": result._host.get_name(),
                # As a registered result has it; what callback plugins get says it by the method that is called.
                "result": {**result._result, "failed": status in ("failed", "ignored")},
            }
        )

    def _write(self, row: dict[str, Any]) -> None:
        with self._file.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(row, cls=AnsibleJSONEncoder) + "\n")
