# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand, as a client meets them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from simulator.process import Simulator, SimulatorError

from .conftest import Api


def add(api: Api, name: str) -> int:
    return api("POST", "/domains", {"name": name}).status_code


def names(sim: Simulator) -> list[str]:
    return [row["name"] for row in sim.domains()][1:]


def test_reply_instead_of_the_work(sim: Simulator, api: Api) -> None:
    reply = {"status": 503, "body": {"message": "busy"}, "headers": {"Retry-After": "7"}}
    sim.faults({"method": "POST", "path": "/domains$", "action": reply})
    answer = api("POST", "/domains", {"name": "a.example"})
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (503, {"message": "busy"}, "7")
    assert names(sim) == []
    assert add(api, "a.example") == 200
    assert [(entry["status"], entry["fault"]) for entry in sim.requests()] == [(503, "status 503"), (200, None)]


def test_reply_after_the_work(sim: Simulator, api: Api) -> None:
    sim.faults({"action": {"status": 504, "body": "Gateway Timeout", "carry_out": True}})
    answer = api("POST", "/domains", {"name": "a.example"})
    assert (answer.status_code, answer.text) == (504, "Gateway Timeout")
    assert names(sim) == ["a.example"]


@pytest.mark.parametrize(("when", "done"), [("before", []), ("after", ["a.example"])])
def test_dropped_connection(sim: Simulator, api: Api, when: str, done: list[str]) -> None:
    sim.faults({"method": "POST", "action": {"drop": when}})
    with pytest.raises(requests.ConnectionError):
        add(api, "a.example")
    assert names(sim) == done
    assert [(entry["status"], entry["fault"]) for entry in sim.requests()] == [(None, f"drop {when}")]


def test_html_of_a_proxy(sim: Simulator, api: Api) -> None:
    sim.faults({"action": {"html": 502}})
    answer = api("GET", "/domains")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert "<html>" in answer.text


def test_half_a_reply(sim: Simulator, api: Api) -> None:
    whole = api("GET", "/domains").content
    sim.faults({"action": {"truncate": True}})
    answer = api("GET", "/domains")
    assert answer.content == whole[: len(whole) // 2]
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()


@pytest.mark.parametrize("kind", ["delay", "delay_reply"])
def test_delay_outlasts_a_timeout_yet_the_work_is_done(sim: Simulator, api: Api, kind: str) -> None:
    sim.faults({"method": "POST", "action": {kind: 0.3}})
    with pytest.raises(requests.ReadTimeout):
        api.session.post(
            f"{sim.v3}/servers/1903/webapps/646/domains",
            json={"name": "a.example"},
            headers={"Accept": "application/json", "Authorization": f"Bearer {api.auth}"},
            timeout=0.1,
        )
    while sim.requests()[0]["status"] is None:
        pass
    assert names(sim) == ["a.example"]
    assert sim.requests()[0]["fault"] == "delay"


def test_which_requests_are_spoiled(sim: Simulator, api: Api) -> None:
    rule = {"method": "POST", "path": r"/webapps/\d+/domains$", "body": "bad", "after": 1, "times": 2, "name": "mine"}
    sim.faults({**rule, "action": {"status": 500}})
    tried = ["bad1.example", "good.example", "bad2.example", "bad3.example", "bad4.example"]
    assert [add(api, name) for name in tried] == [200, 200, 500, 500, 200]
    assert api("GET", "/domains").status_code == 200
    assert [entry["fault"] for entry in sim.requests()] == [None, None, "mine", "mine", None, None]


def test_rules_without_end_and_by_version(sim: Simulator, api: Api) -> None:
    sim.faults({"version": "v2", "times": None, "action": {"status": 500}})
    assert [api("GET", "//ping", version="v2").status_code for _time in range(3)] == [500] * 3
    assert api("GET", "//ping").status_code == 200
    sim.clear_faults()
    assert api("GET", "//ping", version="v2").status_code == 200


def test_first_rule_that_applies_wins(sim: Simulator, api: Api) -> None:
    sim.faults({"path": "ping", "action": {"status": 500}}, {"times": None, "action": {"status": 503}})
    assert [api("GET", "//ping").status_code for _time in range(2)] == [500, 503]


def test_silence_after_a_number_of_requests(sim: Simulator, api: Api) -> None:
    sim.stop_after(2)
    assert [add(api, "a.example"), add(api, "b.example")] == [200, 200]
    for name in ("c.example", "d.example"):
        with pytest.raises(requests.ConnectionError):
            add(api, name)
    assert names(sim) == ["a.example", "b.example"]
    assert [entry["fault"] for entry in sim.requests()] == [None, None, "stopped", "stopped"]
    sim.clear_faults()
    assert add(api, "c.example") == 200
    sim.stop_after(0)
    sim.stop_after(None)
    assert add(api, "d.example") == 200


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"action": {}},
        {"action": {"explode": True}},
        {"action": {"status": 500}, "verb": "GET"},
        {"action": {"drop": "during"}},
        {"action": {"status": 500, "drop": "after"}},
        {"action": {"status": "500"}},
        {"action": {"html": 1}},
        {"action": {"status": 500}, "path": "("},
    ],
)
def test_rules_that_make_no_sense(sim: Simulator, api: Api, rule: dict[str, Any]) -> None:
    with pytest.raises(SimulatorError, match="400"):
        sim.faults({"action": {"status": 500}, "times": None}, rule)
    assert api("GET", "//ping").status_code == 200


def test_a_request_that_is_held_up_does_nothing_to_the_state_after_a_reset(sim: Simulator, api: Api) -> None:
    sim.faults({"method": "POST", "action": {"delay": 3}})
    with ThreadPoolExecutor(1) as pool:
        held_up = pool.submit(add, api, "late.example")
        while not sim.requests():
            pass
        sim.reset()
        with pytest.raises(requests.ConnectionError):
            held_up.result()
    assert names(sim) == []
