# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret in anything that is printed, returned, logged or written, however it was given and whatever goes wrong."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.scripted_http import Received, ScriptedServer, reply
from support.target import Target

if TYPE_CHECKING:
    from simulator.process import Simulator
    from support.playbooks import Ansible, Result

# As long as real ones, and like nothing else that could be printed.
TOKEN = "tok-5d41402abc4b2a76b9719d911017c592"
KEY = "key-7d793037a0760186574b0282f2f435e7"
SECRET = "sec-9e107d9d372bb6826bd81d3542a419d6"
PAIR = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
HIDDEN = (TOKEN, KEY, SECRET, PAIR)

BY_OPTION = [{"api_token": TOKEN}, {"api_key": KEY, "api_secret": SECRET}]
BY_ENVIRONMENT = [
    {"RUNCLOUD_API_TOKEN": TOKEN},
    {"WU_RUNCLOUD_API_KEY": KEY, "WU_RUNCLOUD_API_SECRET": SECRET},
]


@pytest.fixture
def simulator_with_secrets(simulator: Simulator) -> Simulator:
    simulator.reset({"domains": ["main.example"], "credentials": {"token": TOKEN, "key": KEY, "secret": SECRET}})
    return simulator


@pytest.fixture
def echo() -> Iterator[ScriptedServer]:
    """A server that is ill and tells everything it was sent."""

    def answer(request: Received) -> bytes:
        seen = {"headers": request.headers, "again": [request.headers.get("authorization")]}
        return reply(500, {"message": f"Undefined index: {seen}", "errors": {"authorization": [str(seen)]}})

    with ScriptedServer(answer) as server:
        yield server


def surroundings(url: str) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Return (options, environment) for each way to give each kind of credentials."""
    by_kind = [url, url.replace("/v3", "/v2")]
    given = [({**who, "api_url": address}, {}) for who, address in zip(BY_OPTION, by_kind, strict=True)]
    found = [({"api_url": address}, env) for env, address in zip(BY_ENVIRONMENT, by_kind, strict=True)]
    return [*given, *found]


def play(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a play that runs the module once with each of these options, whatever happens, and prints the results."""
    tasks = [
        {
            "name": f"Step {number}",
            "multisite.runcloud.runcloud_domains": {"server_id": 1903, "webapp_id": 646, "retries": 0, **options},
            "ignore_errors": True,
            "register": f"result_{number}",
        }
        for number, options in enumerate(steps)
    ]
    prints = [{"ansible.builtin.debug": {"var": f"result_{number}"}} for number in range(len(steps))]
    return [{"hosts": "localhost", "gather_facts": False, "tasks": [*tasks, *prints]}]


def leaks(outcome: Result, home: Path, playbook: Path) -> list[str]:
    """Return where a secret can be read; the playbook that gives it does not count."""
    written = {str(file): file.read_bytes() for file in home.rglob("*") if file.is_file() and file != playbook}
    places = {"output": outcome.output.encode(), "results": repr(outcome.tasks).encode(), **written}
    return [
        f"{secret[:4]} in {place}" for place, text in places.items() for secret in HIDDEN if secret.encode() in text
    ]


@pytest.mark.parametrize("number", range(4), ids=["token option", "pair option", "token variable", "pair variable"])
def test_no_secret_leaves_a_playbook_with_all_verbosity(
    ansible: Ansible, simulator_with_secrets: Simulator, echo: ScriptedServer, number: int
) -> None:
    good, environment = surroundings(simulator_with_secrets.v3)[number]
    nobody = good["api_url"].replace(simulator_with_secrets.url.rsplit(":", 1)[1].split("/")[0], "9")
    ill = {**good, "api_url": echo.url if "/v3" in good["api_url"] else echo.url.replace("/v3", "/v2")}
    steps = [
        {**good, "domains": ["new.example", {"name": "brand.example", "www": True}]},
        {**good, "domains": ["a b"]},
        {**good, "domains": ["x.example"], "server_id": 5},
        {**ill, "domains": ["x.example"]},
        {**good, "api_url": nobody, "domains": ["x.example"]},
    ]
    outcome = ansible.run_playbook(play(steps), env=environment, diff=True, verbosity=4).expect()

    results = [outcome.task(f"Step {step}").result for step in range(len(steps))]
    assert results[0]["changed"] is True, results[0]
    assert [result.get("failed", False) for result in results] == [False, True, True, True, True]
    assert "answered 500: Undefined index" in results[3]["msg"]
    assert "********" in results[3]["msg"]
    assert "Connection refused" in results[4]["msg"]
    assert leaks(outcome, ansible.home, ansible.home / "playbook.yml") == []


def test_no_wrong_secret_is_shown_either(ansible: Ansible, simulator: Simulator) -> None:
    steps = [{**options, "domains": []} for options, _environment in surroundings(simulator.v3)[:2]]
    outcome = ansible.run_playbook(play(steps), diff=True, verbosity=4).expect()
    for step in range(2):
        assert "answered 401" in outcome.task(f"Step {step}").result["msg"]
    assert leaks(outcome, ansible.home, ansible.home / "playbook.yml") == []


def test_a_pull_key_or_a_private_key_has_no_place_in_a_result(simulator_with_secrets: Simulator) -> None:
    target = Target(simulator_with_secrets)
    result = target.run(domains=[], api_token=TOKEN, webapp_name="app-schimmel", without=("webapp_id",))
    assert "pullKey" not in str(result)
    assert "privateKey" not in str(result)
