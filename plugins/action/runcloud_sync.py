# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a web application in line with a list of domains, in the process that Ansible has forked for the task."""

from __future__ import annotations

import pathlib
import typing as t

from ..plugin_utils._action import Call, ControllerAction, masked
from ..plugin_utils._sync.options import OTHER_VARIABLES, SYNC_SPEC, VARIABLES, option_namer

if t.TYPE_CHECKING:
    from ..plugin_utils._sync.run import Run


class ActionModule(ControllerAction):
    SPEC: t.ClassVar[t.Mapping[str, t.Any]] = SYNC_SPEC
    VARIABLES: t.ClassVar[t.Mapping[str, str]] = VARIABLES
    OTHER_VARIABLES: t.ClassVar[frozenset[str]] = OTHER_VARIABLES

    # What was done so far, also where the work is interrupted.
    _run: Run | None = None
    _call: Call | None = None

    def work(self, call: Call) -> dict[str, t.Any]:
        """Do it all and return the result."""
        from ..plugin_utils._sync.run import Job, Run, run_sync

        self._call = call
        self._run = Run(call.check_mode)
        job = Job(call.options, call.environment, call.base, call.check_mode)
        run_sync(job, self._run, call.progress, self.describe)
        return self._result(self._run)

    def stopped(self, message: str) -> dict[str, t.Any]:
        """Return a whole result where the work could not begin, or was interrupted."""
        from ..plugin_utils._sync.run import Run

        run = self._run or Run(bool(self._task.check_mode))
        run.fail(run.step or "read", message)
        run.interrupt()
        return self._result(run)

    def _result(self, run: Run) -> dict[str, t.Any]:
        from ..plugin_utils._sync.report import write_report
        from ..plugin_utils._sync.result import sync_result

        call = self._call
        options: t.Mapping[str, t.Any] = call.options if call else {}
        if call:
            call.hidden.update(run.hidden)
        folder = call.base / pathlib.Path(options["report"]).expanduser() if call and options["report"] else None
        result = sync_result(
            run,
            only_changed=options.get("rows") == "changed",
            fail_on_drift=bool(options.get("fail_on_drift")),
            report=str(folder or ""),
            named=option_namer(str(self._task.args.get("variables") or "")),
        )
        rows = result.pop("all_rows")
        problem = write_report(folder, masked({**result, "rows": rows}, self.hidden), run.rows) if folder else ""
        if problem:
            result["notes"].append(problem)
            result["summary"][-1] = f"WARNING: {problem}"
        result |= _diff(run)
        return result if result["ok"] else {**result, "failed": True, "msg": result["failure"]}


def _diff(run: Run) -> dict[str, t.Any]:
    """Return one diff of domains and certificates: only what changes; nothing where nothing was known."""
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    if run.domains is not None:
        before["domains"], after["domains"] = run.domains.diff()
    if run.certificates is not None:
        old, new = run.certificates.diff()
        before, after = before | old, after | new
    return {"diff": {"before": before, "after": after}} if before or after else {}
