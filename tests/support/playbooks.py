# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the real Ansible commands in processes of their own, against the installed collection and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PLUGINS = Path(__file__).parent / "callback_plugins"
COLLECTION = "multisite.runcloud"

# Everything else of the environment stays outside: an account's credentials, a proxy, somebody's ansible.cfg.
INHERITED = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START", "LD_LIBRARY_PATH", "TZ")


@dataclass(frozen=True)
class TaskResult:
    """What one task did on one host; ``status`` is ok, failed, ignored, skipped or unreachable."""

    status: str
    play: str
    task: str
    action: str
    role: str | None
    host: str
    result: dict[str, Any]

    @property
    def changed(self) -> bool:
        """Whether the task says that it changed something."""
        return bool(self.result.get("changed"))


@dataclass(frozen=True)
class Result:
    """One finished process: what it printed, and what its tasks returned."""

    command: tuple[str, ...]
    rc: int
    stdout: str
    stderr: str
    tasks: tuple[TaskResult, ...] = ()
    stats: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def output(self) -> str:
        """All that was printed."""
        return self.stdout + self.stderr

    def task(self, name: str) -> TaskResult:
        """Return the last result of the task called ``name``, or of the module of that full name."""
        found = [task for task in self.tasks if name in (task.task, task.action)]
        if not found:
            raise LookupError(f"no task {name!r} ran, but {[task.task for task in self.tasks]}\n{self.output}")
        return found[-1]

    def expect(self, rc: int = 0) -> Result:
        """Return the result itself where the process ended with ``rc``; else raise, showing what it printed."""
        if self.rc != rc:
            raise AssertionError(f"{' '.join(self.command)} ended with {self.rc}, expected {rc}:\n{self.output}")
        return self


@dataclass(frozen=True)
class Ansible:
    """Ansible as one user on one machine has it: ``collections`` installed, ``home`` for everything it writes."""

    collections: Path
    home: Path

    def run_playbook(
        self,
        playbook: str | Path | Sequence[Mapping[str, Any]],
        *arguments: str,
        extra_vars: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = False,
        diff: bool = False,
        verbosity: int = 0,
        inventory: str | Path | None = None,
        cwd: Path | None = None,
        timeout: float = 180,
    ) -> Result:
        """Run ``ansible-playbook``.

        ``playbook`` is a file, the full name of a collection's playbook, or a list of plays. ``extra_vars`` are
        given as a file (a command line is not long enough for a network's domains), ``arguments`` as they are.
        ``timeout`` is in seconds.
        """
        command = ["ansible-playbook", *arguments]
        if inventory is not None:
            command += ["--inventory", str(inventory)]
        if extra_vars is not None:
            command += ["--extra-vars", f"@{self._write_json('extra_vars.json', extra_vars)}"]
        command += ["--check"] * check + ["--diff"] * diff
        if verbosity:
            command.append("-" + "v" * verbosity)
        if not isinstance(playbook, str | Path):
            playbook = self._write_json("playbook.yml", list(playbook))
        command.append(str(playbook))
        return self._record(command, env, cwd, timeout)

    def run_module(
        self,
        module: str,
        options: Mapping[str, Any] | None = None,
        *,
        env: Mapping[str, str] | None = None,
        check: bool = False,
        diff: bool = False,
        verbosity: int = 0,
        timeout: float = 180,
    ) -> dict[str, Any]:
        """Run one task on localhost and return what the module returned, whether it failed or not.

        A ``module`` without dots in its name is one of the collection.
        """
        full_name = module if "." in module else f"{COLLECTION}.{module}"
        task = {"name": "Module", full_name: dict(options or {})}
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
        outcome = self.run_playbook([play], env=env, check=check, diff=diff, verbosity=verbosity, timeout=timeout)
        return outcome.task("Module").result

    def run(
        self,
        *command: str,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 180,
    ) -> Result:
        """Run any command of the test environment, ``ansible-doc`` for example, in the same surroundings."""
        executable = Path(sys.executable).with_name(command[0])
        process = subprocess.Popen(
            [str(executable), *command[1:]],
            cwd=cwd or self.home,
            env={**self.environment(), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            raise AssertionError(f"{' '.join(command)} ran longer than {timeout} s:\n{stdout}{stderr}") from None
        return Result(command, process.returncode, stdout, stderr)

    def environment(self) -> dict[str, str]:
        """Return the whole environment that the processes get."""
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        settings = self.home / "ansible.cfg"
        settings.touch()
        return {
            **kept,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(settings),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
            "ANSIBLE_LOCAL_TEMP": str(self.home / "local"),
            "ANSIBLE_REMOTE_TEMP": str(self.home / "remote"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS),
            "ANSIBLE_CALLBACKS_ENABLED": "recorder",
        }

    def _record(self, command: list[str], env: Mapping[str, str] | None, cwd: Path | None, timeout: float) -> Result:
        """Run the command and add what the callback plugin has recorded."""
        records = self.home / "records.jsonl"
        records.write_text("")
        outcome = self.run(*command, env={"RECORDER_FILE": str(records), **(env or {})}, cwd=cwd, timeout=timeout)
        rows = [json.loads(line) for line in records.read_text().splitlines()]
        return Result(
            outcome.command,
            outcome.rc,
            outcome.stdout,
            outcome.stderr,
            tasks=tuple(TaskResult(**row) for row in rows if "task" in row),
            stats=next((row["stats"] for row in rows if "stats" in row), {}),
        )

    def _write_json(self, name: str, content: object) -> Path:
        file = self.home / name
        file.write_text(json.dumps(content))
        return file
