# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module and meanwhile shows how far it is: a module is mute until it ends.

PRIVATE to the collection: may change without notice.

The module appends lines to a file (``_module.progress_writer``), a thread shows the newest one every few seconds. This only
works where the module runs on the controller; elsewhere the module runs as any other.
"""

from __future__ import annotations

import os
import pathlib
import tempfile
import threading
import typing as t

from ansible.plugins.action import ActionBase

from ..module_utils._module import PROGRESS_VARIABLE

if t.TYPE_CHECKING:
    from collections.abc import Callable

# Seconds between two lines. What is over before that says nothing.
EVERY = 5.0
LOCAL_CONNECTIONS = ("local", "ansible.builtin.local")


class ProgressAction(ActionBase):
    """Runs the module of the task, with its progress shown."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module; its result is the result."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        del tmp
        asynchronous = bool(self._task.async_val)
        if asynchronous or self._connection.transport not in LOCAL_CONNECTIONS:
            result.update(self._execute_module(task_vars=task_vars, wrap_async=asynchronous))
            return result
        handle, name = tempfile.mkstemp(prefix="progress-")
        os.close(handle)
        file = pathlib.Path(name)
        environment = self._task.environment
        self._task.environment = [*(environment or []), {PROGRESS_VARIABLE: name}]
        try:
            with Watcher(file, self._display.display):
                result.update(self._execute_module(task_vars=task_vars))
        finally:
            self._task.environment = environment
            file.unlink(missing_ok=True)
        return result


class Watcher:
    """Shows the newest line of a file again and again, from a thread, as a context manager.

    :param file: what is watched.
    :param show: shows one line.
    :param every: seconds between two lines.
    """

    def __init__(self, file: pathlib.Path, show: Callable[[str], object], every: float = EVERY) -> None:
        self._file = file
        self._show = show
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._every):
            line = newest_line(self._file)
            if line:
                self._show(f"    {line}")


def newest_line(file: pathlib.Path) -> str:
    """Read the last whole line of a file; "" where there is none (yet)."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    lines = text.splitlines(keepends=True)
    whole = [line for line in lines[-2:] if line.endswith("\n")]
    return whole[-1].strip() if whole else ""
