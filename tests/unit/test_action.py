# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all actions share: how a task ends, what is masked, and how far it says it is."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.utils.display import Display
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import MissingLibrary, UserError
from ansible_collections.multisite.runcloud.plugins.plugin_utils._action import (
    Call,
    ControllerAction,
    ProgressLines,
    masked,
)

from support.in_process import run_action

SECRET = "a-secret-of-length"


class TaskTimeoutError(BaseException):
    """What ansible-core raises, by its name."""


def action(work: Callable[[Call], dict[str, Any]]) -> type[ControllerAction]:
    class Action(ControllerAction):
        SPEC: ClassVar[Mapping[str, Any]] = {
            "name": {"type": "str"},
            "number": {"type": "int", "default": 3},
            "token": {"type": "str", "no_log": True},
        }

        def work(self, call: Call) -> dict[str, Any]:
            return work(call)

    return Action


def refuse(error: BaseException) -> Callable[[Call], dict[str, Any]]:
    def work(call: Call) -> dict[str, Any]:
        call.progress("attaching b.example", 1, 4)
        raise error

    return work


def test_options_are_checked_converted_and_blank_ones_are_as_if_not_given() -> None:
    seen: list[Call] = []
    work = action(lambda call: seen.append(call) or {"changed": False})  # type: ignore[func-returns-value]
    assert run_action(work, {"name": "", "number": "7"}, check=True) == {"changed": False}
    assert seen[0].options == {"name": None, "number": 7, "token": None}
    assert seen[0].check_mode
    assert seen[0].base == Path.cwd()


def test_the_tasks_environment_lies_over_the_process_and_never_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROM_OUTSIDE", "1")
    monkeypatch.delenv("OF_THE_TASK", raising=False)

    def work(call: Call) -> dict[str, Any]:
        assert "OF_THE_TASK" not in os.environ
        return {name: call.environment.get(name) for name in ("FROM_OUTSIDE", "OF_THE_TASK")}

    result = run_action(action(work), {}, environment={"OF_THE_TASK": "2"})
    assert result == {"FROM_OUTSIDE": "1", "OF_THE_TASK": "2"}


def test_unknown_options_are_refused() -> None:
    result = run_action(action(lambda dummy: {}), {"nmae": "x"})
    assert result["failed"]
    assert "nmae" in result["msg"]


def test_secrets_are_masked_whole_and_short_ones_bend_nothing() -> None:
    def work(call: Call) -> dict[str, Any]:
        call.hidden.update({"from-the-environment", "short"})
        return {"text": f"before {call.options['token']} after", "list": ["from-the-environment", "a short one"]}

    result = run_action(action(work), {"token": SECRET})
    assert SECRET not in str(result)
    assert result["list"][0] != "from-the-environment"
    assert result["list"][1] == "a short one"
    assert masked({"key": "value"}, {""}) == {"key": "value"}


@pytest.mark.parametrize("by", ["option", "variable", "environment", "process"])
def test_a_run_that_fails_before_its_work_shows_no_secret(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://someone-here:hush-3f9a77@api.example/api/v3"
    options: dict[str, Any] = {"rows": [url, SECRET], "source": url, "variables": "domain_sync_"}
    given: dict[str, Any] = {}
    if by == "option":
        options |= {"api_url": url, "api_token": SECRET}
    elif by == "variable":
        given["variables"] = {"domain_sync_api_url": url, "domain_sync_api_token": SECRET}
    else:
        variables = {"RUNCLOUD_API_URL": url, "RUNCLOUD_API_TOKEN": SECRET}
        given["environment" if by == "environment" else "env"] = variables
    shown: list[str] = []
    monkeypatch.setattr(Display, "vvv", shown.append)
    result = run_action("runcloud_sync", options, **given)
    assert result["failed"]
    assert "domain_sync_source: " in result["msg"]
    assert "invocation" not in result
    assert not [secret for secret in ("someone-here", "hush-3f9a77", SECRET) if secret in f"{result}{shown}"]


def test_a_traceback_at_vvv_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(Display, "vvv", shown.append)
    result = run_action(action(refuse(KeyError(SECRET))), {"token": SECRET})
    assert "KeyError" in shown[0]
    assert SECRET not in f"{result}{shown}"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UserError("domains: missing"), ["domains: missing"]),
        (MissingLibrary("dnspython", "ImportError"), ["dnspython", "Python library"]),
        (KeyError("row"), ["unexpected KeyError", "please report it"]),
        (TaskTimeoutError("over"), ["timeout", "attaching b.example", "1 of 4 done"]),
    ],
)
def test_whatever_ends_the_work_ends_as_a_failure_that_can_be_read(error: BaseException, words: list[str]) -> None:
    result = run_action(action(refuse(error)), {"token": SECRET})
    assert result["failed"]
    assert "exception" not in result
    for word in words:
        assert word in result["msg"]


def test_an_interrupt_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        run_action(action(refuse(KeyboardInterrupt())), {})


@pytest.mark.parametrize("secret", ['with "quotes"', "of\ntwo lines", "back\\slash", "grün-und-blau"])
def test_a_secret_is_found_whatever_is_in_it(secret: str) -> None:
    result = {"rows": [{"text": f"before {secret} after", "number": 1}], secret: None}
    assert secret not in str(masked(result, {secret})["rows"][0]["text"])
    assert masked({"rows": [{"number": 12345678}]}, {"12345678"}) != {"rows": [{"number": 12345678}]}
    assert masked({"rows": [1]}, {secret}) == {"rows": [1]}


@pytest.mark.parametrize("kind", [action(lambda dummy: {"changed": True}), "runcloud_sync", "runcloud_doctor"])
def test_a_background_job_is_refused_in_plain_words(kind: Any) -> None:
    result = run_action(kind, {}, async_seconds=30)
    assert result["failed"]
    assert "async" in result["msg"]


def test_how_far_it_is_is_shown_with_rate_and_end() -> None:
    now = [100.0]
    lines = ProgressLines(print, clock=lambda: now[0])
    assert lines.line() == ""
    lines("reading the list")
    assert lines.line() == "reading the list"
    lines("attaching a.example", 0, 400)
    assert lines.line() == "0 of 400 done: attaching a.example"
    now[0] += 60
    lines("attaching b.example", 40, 400)
    assert lines.line() == "40 of 400 done: attaching b.example (40 a minute, about 9 min left)"
    assert lines.state() == "it was at: attaching b.example, 40 of 400 done"


def test_a_wait_in_the_middle_of_counted_work_is_part_of_it() -> None:
    now = [0.0]
    lines = ProgressLines(print, clock=lambda: now[0])
    lines("adding domains", 0, 300)
    now[0] += 60
    lines("adding domains", 60, 300)
    lines("waiting 1 s for RunCloud's request limit")
    assert lines.line() == (
        "60 of 300 done: adding domains; waiting 1 s for RunCloud's request limit (60 a minute, about 4 min left)"
    )
    now[0] += 60
    lines("adding domains", 120, 300)
    assert lines.line() == "120 of 300 done: adding domains (60 a minute, about 3 min left)"
    lines("reading the list again", 300, 300)
    assert lines.line() == "reading the list again"
    lines("waiting for the certificate")
    assert lines.line() == "waiting for the certificate"


def test_lines_come_while_the_work_goes_on_and_hold_no_control_characters() -> None:
    shown: queue.Queue[str] = queue.Queue()
    with ProgressLines(shown.put, every=0.01) as lines:
        lines("waiting for \x1b[31mred\x1b[0m\r\n")
        assert shown.get(timeout=60).strip() == "waiting for  [31mred [0m"


def test_nothing_is_shown_where_nothing_is_said() -> None:
    shown: list[str] = []
    with ProgressLines(shown.append, every=0.001) as lines:
        lines._over.wait(0.05)
    assert shown == []


class TestCommandsOnTheHost:
    """The host of the task is asked by core's own command module."""

    @staticmethod
    def action(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> type[ControllerAction]:
        class Action(ControllerAction):
            def work(self, call: Call) -> dict[str, Any]:
                found = self.command(["wp", "$HOME"], "<?php")
                return {"found": list(found), "check_mode": call.check_mode and self._task.check_mode}

            def _execute_module(self, **given: Any) -> dict[str, Any]:
                given["check_mode"], given["no_log"] = self._task.check_mode, self._task.no_log
                return answer(given)

        return Action

    def test_in_check_mode_too_and_word_for_word(self) -> None:
        seen: list[dict[str, Any]] = []

        def answer(given: dict[str, Any]) -> dict[str, Any]:
            seen.append(given)
            return {"rc": 3, "stdout": "out", "stderr": "err", "failed": True}

        result = run_action(self.action(answer), {}, check=True, variables={"a": 1})
        assert result == {"found": [3, "out", "err"], "check_mode": True}
        (given,) = seen
        assert (given["module_name"], given["task_vars"]) == ("ansible.legacy.command", {"a": 1})
        assert (given["check_mode"], given["no_log"]) == (False, True)
        arguments = given["module_args"]
        assert (arguments["argv"], arguments["stdin"]) == (["wp", "$HOME"], "<?php")
        assert not any(arguments[name] for name in ("expand_argument_vars", "stdin_add_newline", "strip_empty_ends"))

    def test_a_host_that_cannot_run_it_is_a_failure_in_words(self) -> None:
        result = run_action(self.action(lambda dummy: {"failed": True, "msg": "no Python"}), {})
        assert result["failed"]
        assert result["msg"] == "the host cannot run a command: no Python"

    def test_an_unreachable_host_is_ansibles_to_tell(self) -> None:
        def answer(dummy: dict[str, Any]) -> dict[str, Any]:
            raise AnsibleConnectionFailure("no route")

        with pytest.raises(AnsibleConnectionFailure):
            run_action(self.action(answer), {})


def test_each_value_that_cannot_be_used_is_told_in_one_plain_line() -> None:
    wrong = {"retries": "x", "purge": "maybe", "skip": ["bogus"], "www": "perhaps", "dns_timeout": "soon"}
    result = run_action("runcloud_sync", {"domains": ["a.example"], **wrong})
    lines = [line for line in result["summary"] if line.startswith("ERROR: ")]
    assert sorted(lines) == [
        "ERROR: dns_timeout: 'soon' is not a whole number",
        "ERROR: purge: 'maybe' is not true or false",
        "ERROR: retries: 'x' is not a whole number",
        "ERROR: skip: 'bogus' is not one of inactive, archived, spam, deleted, failed",
        "ERROR: www: 'perhaps' is not one of auto, always, never",
    ]
