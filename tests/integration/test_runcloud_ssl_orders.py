# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders: never repeated while one may be in progress, never for ever, and never reported as better than they were."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.process import Simulator
from support.certificates import own_certificate
from support.ssl_runs import Ssl, simulate_time

AB = ["a.example", "b.example"]


@pytest.fixture
def waits(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    return simulate_time(monkeypatch, simulator)


@pytest.fixture
def ssl(simulator: Simulator, waits: list[float]) -> Ssl:
    assert waits == []
    return Ssl.of(simulator)


def ago(**span: float) -> str:
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**span)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def lacking(**more: Any) -> dict[str, Any]:
    """Return an application whose certificate lacks the name that was attached a day ago."""
    return {
        "domains": ["a.example", {"name": "b.example", "created_at": ago(days=1)}],
        "certificate": {"names": ["a.example"]},
        **more,
    }


def memory_files() -> list[Path]:
    return list(Path(os.environ["XDG_CACHE_HOME"]).rglob("orders-*.json"))


# Never repeated


def test_an_ordinary_first_run_waits_for_its_own_order_only(ssl: Ssl, waits: list[float]) -> None:
    ssl.sim.reset({"domains": [{"name": "a.example", "created_at": ago(seconds=1)}], "switches": {"ssl_issue": "sync"}})
    assert not ssl(changed=["a.example"]).failed
    assert waits == []


@pytest.mark.parametrize("options", [{}, {"check_served": False, "changed": ["b.example"]}, {"force": True}], ids=str)
@pytest.mark.parametrize("mode", ["basic", "advanced"])
def test_three_runs_that_do_not_wait_send_one_order(ssl: Ssl, mode: str, options: dict[str, Any]) -> None:
    seed = lacking(switches={"ssl_issue_seconds": 120})
    if mode == "advanced":
        owned = {"name": "a.example", "certificate": True}
        seed = {"mode": mode, "domains": [owned, "b.example"], "switches": {"ssl_issue_seconds": 120}}
        options = {**options, "domains": ["b.example"]}
    ssl.sim.reset(seed)
    first = ssl(wait=False, **options)
    assert len(first.orders) == 1
    for dummy in range(2):
        again = ssl(wait=False, **options)
        assert (again.failed, again.writes, again.changed) == (False, [], False)
    assert len(ssl.sim.orders()) == 1


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"truncate": True}, {"html": 504, "carry_out": True}], ids=str)
def test_a_lost_reply_and_a_slow_order_are_one_order(ssl: Ssl, fault: dict[str, Any]) -> None:
    ssl.sim.reset(lacking(switches={"ssl_issue_seconds": 90}))
    ssl.sim.faults({"method": "PUT", "path": "/ssl/", "action": fault})
    outcome = ssl()
    assert (outcome.failed, outcome.changed, outcome.pending) == (False, True, {})
    assert outcome.covered["b.example"] == []
    assert len(ssl.sim.orders()) == 1


def test_an_order_that_was_lost_is_looked_for_a_quarter_of_an_hour_and_then_repeated(ssl: Ssl) -> None:
    ssl.sim.reset(lacking())
    ssl.sim.faults({"method": "PUT", "path": "/ssl/", "action": {"drop": "before"}})
    lost = ssl()
    assert lost.failed
    assert lost.changed
    assert "not known whether the order was carried out" in lost.result["msg"]
    assert lost.result["orders"] == [{"via": "redeploy", "names": AB}]
    again = ssl()
    assert (again.failed, again.writes) == (False, [])
    assert "is in progress" in again.pending["b.example"]
    ssl.sim.clock(advance=15 * 60)
    assert ssl().writes == ["PUT /ssl/4211"]


def test_a_new_name_waits_for_the_order_in_progress_and_is_then_ordered(ssl: Ssl) -> None:
    ssl.sim.reset(lacking(switches={"ssl_issue_seconds": 60}))
    ssl(wait=False)
    ssl.sim.panel("add_domain", domain="c.example")
    outcome = ssl(changed=["c.example"])
    assert [order["names"] for order in outcome.orders] == [[*AB, "c.example"]]
    assert [order["result"] for order in ssl.sim.orders()] == ["issued", "issued"]


def test_an_order_that_is_known_to_have_failed_is_tried_again_at_once(ssl: Ssl) -> None:
    ssl.sim.reset(lacking(dns={"unresolved": ["b.example"]}))
    failed = ssl()
    assert list(failed.result["errors"]) == ["b.example"]
    ssl.sim.panel("set_dns", unresolved=[])
    assert ssl().writes == ["PUT /ssl/4211"]


@pytest.mark.parametrize("refusal", ["ACME: order failed", "Too many failed authorizations"])
def test_an_order_that_is_refused_each_time_is_not_sent_for_ever_though_no_log_tells(ssl: Ssl, refusal: str) -> None:
    ssl.sim.reset(lacking())
    ssl.sim.switch(log_status=404)
    ssl.sim.faults(
        {"method": "PUT", "path": "/ssl/", "times": 99, "action": {"status": 422, "body": {"message": refusal}}}
    )
    outcomes = [ssl() for dummy in range(7)]
    assert [len(outcome.writes) for outcome in outcomes] == [1, 1, 1, 0, 0, 0, 0]
    assert "3 orders have failed within an hour" in outcomes[-1].result["pending"][0]["reason"]


def test_a_refusal_of_a_field_is_no_failed_order(ssl: Ssl) -> None:
    ssl.sim.reset(lacking())
    fields = {"errors": {"externalApi": ["The external api is invalid."]}}
    ssl.sim.faults({"method": "PUT", "path": "/ssl/", "times": 99, "action": {"status": 422, "body": fields}})
    assert [len(ssl().writes) for dummy in range(5)] == [1] * 5


def test_what_cannot_be_remembered_does_no_harm(ssl: Ssl, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "cache"
    file.write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    ssl.sim.reset(lacking())
    assert not ssl().failed


@pytest.mark.parametrize("content", ["", "{", "[1]", '[{"key": 1}]', "null", '{"a": {}}'])
def test_a_memory_that_cannot_be_read_does_no_harm(ssl: Ssl, content: str) -> None:
    ssl.sim.reset(lacking())
    ssl(wait=False)
    for file in memory_files():
        file.write_text(content)
    assert not ssl().failed


def test_a_preview_remembers_nothing(ssl: Ssl) -> None:
    ssl.sim.reset(lacking())
    assert ssl(check=True).changed
    assert memory_files() == []


# Never for ever


@pytest.mark.parametrize("date", ["new", "kept", "stale"])
@pytest.mark.parametrize("served", ["inspected", "other"])
@pytest.mark.parametrize("changed", [[], ["b.example"]])
def test_a_certificate_that_is_not_runclouds_leads_to_one_order_at_most(
    ssl: Ssl, served: str, date: str, changed: list[str]
) -> None:
    ssl.sim.reset(lacking(switches={"served": served, "redeploy_date": date}))
    first = ssl(changed=changed)
    assert "cannot be the one that RunCloud has" in first.warnings
    for dummy in range(6):
        ssl.sim.clock(advance=86400)
        assert not ssl().failed
    assert len(ssl.sim.orders()) == len(changed)


def test_names_under_a_certificate_that_is_not_runclouds_are_not_checked(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": AB, "certificate": True, "switches": {"served": "other"}})
    outcome = ssl()
    assert [(entry["checked"], entry["covers"]) for entry in outcome.result["names"]] == [(False, [])] * 2
    assert [(entry["checked"], entry["covers"]) for entry in outcome.result["certificates"]] == [(False, [])]


def test_a_redeploy_that_keeps_its_date_is_found_to_have_brought_the_names(ssl: Ssl) -> None:
    ssl.sim.reset(lacking(switches={"redeploy_date": "kept"}))
    assert not ssl().failed
    assert ssl().writes == []


# The log only helps


@pytest.mark.parametrize("switches", [{"log_status": 500}, {"log_status": 404}, {"log_rows": "other"}], ids=str)
def test_a_log_that_cannot_be_read_does_not_stop_an_order(ssl: Ssl, switches: dict[str, Any]) -> None:
    ssl.sim.reset(lacking(switches=switches))
    outcome = ssl()
    assert (outcome.failed, outcome.covered["b.example"]) == (False, [])


# Unknown is not wrong


def test_a_renewal_is_not_held_back_by_dns_that_nobody_knows(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": AB, "certificate": {"days_left": 5}})
    why = {"b.example": "its nameservers do not answer"}
    assert [order["names"] for order in ssl(deferred=why, dns_unknown=why).orders] == [AB]


# One name never costs the others theirs without being named


def test_a_wildcard_in_basic_mode_is_named_as_the_cause_with_both_ways_out(ssl: Ssl) -> None:
    ssl.sim.reset({**lacking(), "domains": [*lacking()["domains"], "*.net.example"]})
    outcome = ssl()
    assert outcome.writes == []
    assert list(outcome.result["errors"]) == ["*.net.example"]
    text = outcome.result["errors"]["*.net.example"]
    assert "dns-01" in text
    assert "detach *.net.example" in text
    assert outcome.pending == {
        "b.example": "waits for *.net.example: one order is for all attached names, and it would fail"
    }


def test_an_attached_name_that_nobody_asks_for_is_the_cause_with_both_ways_out(ssl: Ssl) -> None:
    ssl.sim.reset({**lacking(), "domains": [*lacking()["domains"], "old.example"]})
    outcome = ssl(deferred={"old.example": "its DNS points to 192.0.2.7"})
    assert list(outcome.result["errors"]) == ["old.example"]
    assert "192.0.2.7" in outcome.result["errors"]["old.example"]
    assert "use authorization_method: dns-01, or detach old.example" in outcome.result["errors"]["old.example"]
    assert "b.example" in outcome.pending


def test_dns_01_does_not_ask_where_a_name_points_but_what_forbids_issuance(ssl: Ssl) -> None:
    row = {"authorizationMethod": "dns-01", "api_id": 28, "names": ["a.example"]}
    ssl.sim.reset({**lacking(), "certificate": row, "external_apis": [{}]})
    why = {"b.example": "its CAA record only allows other-ca.example"}
    assert ssl(check=True, deferred={"b.example": "it points to 192.0.2.7"}).result["orders"] != []
    forbidden = ssl(forbidden=why)
    assert forbidden.writes == []
    assert "only allows other-ca.example" in forbidden.result["errors"]["b.example"]


@pytest.mark.parametrize("bent", [str, lambda key: key.replace("\n", "\\n"), lambda key: "".join(key.split())])
def test_a_private_key_that_a_refusal_repeats_is_not_shown(ssl: Ssl, bent: Callable[[str], str]) -> None:
    pair = own_certificate("a.example")
    ssl.sim.reset({"domains": ["a.example"]})
    refusal = {"message": "Bad key: " + bent(pair["private_key"])}
    ssl.sim.faults({"method": "POST", "path": "/ssl$", "action": {"status": 422, "body": refusal}})
    shown = str(ssl(provider="custom", **pair).result)
    assert "Bad key" in shown
    assert pair["private_key"].splitlines()[1] not in shown


def test_a_failed_order_is_put_to_the_name_that_caused_it(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": ["a.example", {"name": "b.example", "www": True}], "dns": {"unresolved": ["b.example"]}})
    assert list(ssl().result["errors"]) == ["b.example"]


# Never better than it was


@pytest.mark.parametrize("status", [500, 401, 502, 503])
@pytest.mark.parametrize("resolved", [True, False])
def test_an_order_whose_polls_fail_is_not_ok(ssl: Ssl, status: int, resolved: bool) -> None:
    dns = {"unresolved": [] if resolved else ["b.example"]}
    ssl.sim.reset(lacking(dns=dns, switches={"served": "other", "ssl_issue_seconds": 30}))
    ssl.sim.faults(
        {"method": "GET", "path": "/(ssl|log)", "after": 3, "times": None, "action": {"status": status}},
    )
    outcome = ssl(changed=["b.example"])
    assert outcome.failed
    assert outcome.changed
    assert outcome.result["orders"] == [{"via": "redeploy", "names": AB}]
    assert "1 certificate order was sent, and it is not known" in outcome.result["msg"]
    assert {entry["checked"] for entry in outcome.result["names"]} == {False}


def test_a_read_that_fails_after_the_mode_was_switched_shows_no_certificate_as_good(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": AB, "certificate": True})
    ssl.sim.faults({"method": "GET", "path": "/ssl$", "times": None, "action": {"status": 500}})
    outcome = ssl(mode="advanced", allow_mode_switch=True)
    assert outcome.failed
    assert outcome.changed
    assert outcome.result["certificates"] == []
    assert [(entry["checked"], entry["covers"]) for entry in outcome.result["names"]] == [(False, [])] * 2


@pytest.mark.parametrize("fault", [{"status": 500, "carry_out": True}, {"truncate": True}], ids=str)
def test_an_order_is_told_though_its_reply_was_lost(ssl: Ssl, fault: dict[str, Any]) -> None:
    ssl.sim.reset(lacking(switches={"ssl_issue_seconds": 500}))
    ssl.sim.faults({"method": "PUT", "path": "/ssl/", "action": fault})
    outcome = ssl()
    assert outcome.failed
    assert outcome.changed
    assert outcome.result["orders"] == [{"via": "redeploy", "names": AB}]
    assert "not known whether the order was carried out" in outcome.result["msg"]


@pytest.mark.parametrize("options", [{"check_port": 1}, {"check_served": False}], ids=str)
def test_names_that_were_not_looked_at_are_not_told_as_covered(ssl: Ssl, options: dict[str, Any]) -> None:
    ssl.sim.reset({"domains": AB, "certificate": True})
    outcome = ssl(**options)
    assert outcome.writes == []
    assert [(entry["checked"], entry["covers"]) for entry in outcome.result["names"]] == [(False, [])] * 2


def test_the_request_limit_stops_the_run_and_says_what_is_left(ssl: Ssl) -> None:
    ssl.sim.reset({"mode": "advanced", "domains": AB, "switches": {"ssl_issue": "sync"}})
    ssl.sim.faults(
        {
            "method": "POST",
            "path": "/ssl$",
            "after": 1,
            "times": None,
            "action": {"status": 429, "headers": {"Retry-After": "9999"}},
        }
    )
    outcome = ssl()
    assert outcome.failed
    assert outcome.result["applied"] == ["a.example"]
    assert outcome.result["not_attempted"] == ["b.example"]
    assert "b.example" not in outcome.result["errors"]


# Advanced mode without a list


def test_a_served_staging_certificate_is_replaced_where_live_is_wanted(ssl: Ssl) -> None:
    staging = {"name": "a.example", "certificate": {"staging": True}}
    good = {"name": "b.example", "certificate": True}
    ssl.sim.reset({"mode": "advanced", "domains": [staging, good], "switches": {"get_ssl_shape": "object"}})
    outcome = ssl()
    assert outcome.result["orders"] == [{"via": "reissue", "names": ["a.example"]}]
    assert "GET /domains/694/ssl" not in outcome.reads


def test_dns_01_is_not_ignored_where_runcloud_sends_no_list(ssl: Ssl) -> None:
    row = {"name": "a.example", "certificate": True}
    seed = {"mode": "advanced", "domains": [row], "external_apis": [{}], "switches": {"get_ssl_shape": "object"}}
    ssl.sim.reset(seed)
    outcome = ssl(authorization_method="dns-01", external_api="28")
    assert outcome.result["orders"] == [{"via": "reissue", "names": ["a.example"]}]
