# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module's ``main`` or an action inside this process: the real one and real requests, without what starts it.

It makes tests of many cases quick. What Ansible itself does around a module is tested with ``support.playbooks``.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any
from unittest import mock

from ansible.module_utils import basic
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.action import ActionBase
from ansible.template import Templar

PLUGINS = "ansible_collections.multisite.runcloud.plugins"
MODULES = f"{PLUGINS}.modules"
ACTIONS = f"{PLUGINS}.action"


def run_module(
    name: str,
    options: Mapping[str, Any],
    *,
    check: bool = False,
    diff: bool = False,
    env: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run a module of the collection by its short name and return what it printed, which Ansible would have read.

    ``env`` is added to the environment for the time of the run.
    """
    module = importlib.import_module(f"{MODULES}.{name}")
    printed = io.StringIO()
    arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": diff, "_ansible_remote_tmp": "/nowhere"}
    with _arguments(arguments), mock.patch.dict(os.environ, env or {}), contextlib.redirect_stdout(printed):
        try:
            module.main()
        except SystemExit:
            pass
        else:
            raise AssertionError(f"{name} ended without a result")
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


def run_action(
    action: str | type[ActionBase],
    options: Mapping[str, Any],
    *,
    check: bool = False,
    diff: bool = False,
    env: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    variables: Mapping[str, Any] | None = None,
    async_seconds: int = 0,
) -> dict[str, Any]:
    """Run an action of the collection, by its short name or as a class, and return its result.

    ``env`` is added to the environment of this process, ``environment`` is that of the task; ``variables`` are those of
    the host.
    """
    kind = importlib.import_module(f"{ACTIONS}.{action}").ActionModule if isinstance(action, str) else action
    task = SimpleNamespace(
        action=f"multisite.runcloud.{action}",
        args=dict(options),
        async_val=async_seconds,
        check_mode=check,
        diff=diff,
        environment=[dict(environment)] if environment else None,
        no_log=False,
        timeout=0,
    )
    shell = SimpleNamespace(tmpdir="/nowhere", env_prefix=lambda **dummy: "")
    loader = DataLoader()
    templar = Templar(loader=loader, variables=dict(variables or {}))
    plugin = kind(task, SimpleNamespace(_shell=shell), SimpleNamespace(), loader, templar, None)
    with mock.patch.dict(os.environ, env or {}):
        result: dict[str, Any] = plugin.run(task_vars=dict(variables or {}))
    return result


@contextlib.contextmanager
def _arguments(arguments: Mapping[str, Any]) -> Iterator[None]:
    """Hand over the arguments in the place where Ansible's wrapper puts them."""
    encoded = json.dumps({"ANSIBLE_MODULE_ARGS": dict(arguments)}).encode()
    with (
        mock.patch.object(basic, "_ANSIBLE_ARGS", encoded),
        mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True),
    ):
        yield
