# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that change true replies, or make up unbearable ones."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests

from simulator.echo import FORMS
from simulator.process import Simulator, SimulatorError

from . import pems
from .conftest import Api


def names(sim: Simulator) -> list[str]:
    return [row["name"] for row in sim.domains()]


def test_everything_after_the_first_delete(sim: Simulator, api: Api) -> None:
    sim.reset({"domains": ["a.example", "b.example", "c.example"]})
    ids = {row["name"]: row["id"] for row in sim.domains()}
    sim.faults({"method": "DELETE", "onwards": True, "action": {"status": 404}})
    assert api("GET", "/domains").status_code == 200
    answers = [api("DELETE", f"/domains/{ids['b.example']}"), api("GET", "/domains"), api("GET", "//ping")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert names(sim) == ["a.example", "b.example", "c.example"]


@pytest.mark.parametrize("after", [0, 2])
def test_onwards_begins_after_those_let_through(sim: Simulator, api: Api, after: int) -> None:
    sim.faults({"path": "ping", "after": after, "onwards": True, "action": {"status": 500}})
    seen = [api("GET", "//ping").status_code for _time in range(4)]
    assert seen == [200] * after + [500] * (4 - after)


def test_writes_without_effect(sim: Simulator, api: Api) -> None:
    sim.reset({"domains": ["a.example", "b.example"], "certificate": True})
    number = sim.domains()[1]["id"]
    before = sim.domains()
    sim.faults({"times": None, "action": {"no_effect": True}})
    assert api.ok("POST", "/domains", {"name": "new.example"})["name"] == "new.example"
    assert "message" in api.ok("PATCH", f"/domains/{number}/meta", {"type": "alias", "www": True})
    assert api.ok("DELETE", f"/domains/{number}")["id"] == number
    assert api("PUT", f"/ssl/{sim.certificates()[0]['id']}").status_code == 200
    assert api.refused("DELETE", f"/domains/{before[0]['id']}")[0] == 422
    assert (sim.domains(), sim.orders()) == (before, [])


def test_another_domains_id(sim: Simulator, api: Api) -> None:
    other = sim.domains()[0]["id"]
    sim.faults({"method": "POST", "action": {"change": {"id": other}}})
    assert api.ok("POST", "/domains", {"name": "new.example"})["id"] == other
    assert sim.domains()[1]["id"] != other


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"change": {"data.*.id": [1]}}, [([1], "a.example"), ([1], "b.example")]),
        ({"change": {"data.1.name": None}}, [(693, "a.example"), (694, None)]),
        ({"change": {"data.9.name": "x", "no.such": 1}}, [(693, "a.example"), (694, "b.example")]),
        ({"remove": ["data.0"]}, [(694, "b.example")]),
        ({"change": {"data": []}}, []),
    ],
)
def test_rows_are_changed(sim: Simulator, api: Api, action: dict[str, Any], expected: list[Any]) -> None:
    sim.reset({"domains": ["a.example", "b.example"]})
    sim.faults({"path": "/domains$", "action": action})
    reply = api.get("/domains")
    assert [(row["id"], row["name"]) for row in reply["data"]] == expected
    assert reply["meta"]["pagination"]["total"] == 2


def test_lists_without_meta_and_with_another_total(sim: Simulator, api: Api) -> None:
    sim.faults({"action": {"remove": ["meta"]}}, {"action": {"change": {"meta.pagination.total": 99}}})
    assert set(api.get("/domains")) == {"data"}
    assert api.get("/domains")["meta"]["pagination"]["total"] == 99


@pytest.mark.parametrize("form", list(FORMS))
def test_echoes_of_the_private_key(sim: Simulator, api: Api, form: str) -> None:
    key = pems.private_pem(pems.key())
    sim.faults({"method": "POST", "action": {"echo": form}})
    status, reply = api.refused("POST", "/ssl", pems.custom(["a.example"]))
    assert status == 422
    assert FORMS[form](key) in reply["errors"]["privateKey"][0]
    assert FORMS[form](key) in reply["message"]
    assert FORMS[form](f"Bearer {api.auth}") in reply["message"]
    assert sim.certificates() == []


def test_forms_of_an_echo_differ() -> None:
    text = "-----BEGIN KEY-----\nab+/\ncd==\n-----END KEY-----\n"
    assert FORMS["body_only"](text) == "ab+/cd=="
    assert FORMS["crlf"](text).count("\r\n") == 4
    assert json.loads(f'"{FORMS["escaped"](text)}"') == text
    assert base64.b64decode(FORMS["base64"](text)).decode() == text
    assert len({spell(text) for spell in FORMS.values()}) == len(FORMS)


def test_a_message_of_several_megabytes(sim: Simulator, api: Api) -> None:
    sim.faults({"action": {"filler": 3_000_000}}, {"action": {"filler": 10, "status": 422}})
    assert [len(api.refused("GET", "/domains")[1]["message"]) for _time in range(2)] == [3_000_000, 10]


def test_json_that_is_nested_too_deep(sim: Simulator, api: Api) -> None:
    sim.faults({"action": {"nested": 100_000}})
    answer = api("GET", "/domains")
    assert (answer.status_code, answer.text.count("["), answer.text.count("]")) == (200, 100_000, 100_000)


def test_a_dripping_body(sim: Simulator, api: Api) -> None:
    sim.faults({"path": "ping", "action": {"drip": 0.01}}, {"path": "domains", "action": {"drip": 0.1}})
    assert api.get("//ping") == {"message": "pong"}
    # The first byte is there long before the whole would be, and whoever hangs up does no harm.
    with api("GET", "/domains", stream=True) as answer:
        assert answer.status_code == 200
        assert next(answer.iter_content(1)) == b"{"
    assert api("GET", "//ping").status_code == 200


def test_a_dripping_error(sim: Simulator, api: Api) -> None:
    sim.faults({"action": {"drip": 0.001, "status": 503, "body": {"message": "busy"}}})
    answer = api("GET", "//ping")
    assert (answer.status_code, answer.json()) == (503, {"message": "busy"})


@pytest.mark.parametrize(
    "action",
    [
        {"echo": "rot13"},
        {"pages": "odd"},
        {"echo": "raw", "filler": 9},
        {"status": 500, "change": {"id": 1}},
        {"drop": "after", "no_effect": True},
    ],
)
def test_actions_that_make_no_sense(sim: Simulator, action: dict[str, Any]) -> None:
    with pytest.raises(SimulatorError, match="400"):
        sim.faults({"action": action})


def test_the_log_names_what_was_done(sim: Simulator, api: Api) -> None:
    actions = [{"echo": "crlf"}, {"pages": "endless"}, {"no_effect": True}, {"remove": ["meta"]}, {"drip": 0.0001}]
    sim.faults(*({"action": action} for action in actions))
    for _action in actions:
        api("GET", "/domains")
    assert [entry["fault"] for entry in sim.requests()] == ["echo crlf", "pages endless", "no effect", "change", "drip"]


def test_rows_whose_names_are_not_host_names(sim: Simulator, api: Api) -> None:
    odd = ["", "a example", "<script>alert(1)</script>", "my_shop.example", "a..example", "x" * 300, "shop.example.123"]
    sim.reset({"domains": ["main.example", *odd], "certificate": True})
    assert [row["name"] for row in api.get("/domains")["data"]] == ["main.example", *odd]
    number = next(row["id"] for row in sim.domains() if row["name"] == "")
    assert api.ok("DELETE", f"/domains/{number}")["name"] == ""


def test_latency(sim: Simulator, api: Api) -> None:
    sim.switch(latency=0.4)
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{sim.v3}/ping", timeout=0.05)
    sim.switch(latency=0)
    assert api("GET", "//ping").status_code == 200


def test_a_lost_redeploy_goes_on_for_its_time(sim: Simulator, api: Api) -> None:
    sim.reset({"domains": ["a.example"], "certificate": {"days_left": 20}, "switches": {"ssl_issue_seconds": 90}})
    sim.clock(speed=0)
    before = sim.certificates()[0]
    sim.faults({"method": "PUT", "path": "/ssl/", "action": {"drop": "after"}})
    with pytest.raises(requests.ConnectionError):
        api("PUT", f"/ssl/{before['id']}")
    sim.clock(advance=89)
    assert [order["result"] for order in sim.orders()] == ["pending"]
    assert api.get("/ssl")["validUntil"] == before["validUntil"]
    sim.clock(advance=1)
    assert [order["result"] for order in sim.orders()] == ["issued"]
    assert api.get("/ssl")["validUntil"] > before["validUntil"]
