# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed runs and lost replies: the next run ends in the wished state, and nothing is ordered twice."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from simulator.process import Simulator
from support.ssl_runs import Killed, Ssl, simulate_time

OLD = ["main.example"]
NEW = [f"new{n}.example" for n in range(1, 6)]
LOST: list[dict[str, Any]] = [
    {"drop": "after"},
    {"drop": "before"},
    {"html": 504, "carry_out": True},
    {"truncate": True},
]


@pytest.fixture
def ssl(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Ssl:
    simulate_time(monkeypatch, simulator)
    found = Ssl.of(simulator)
    found.options["retries"] = 0
    return found


def seed(mode: str, issue: str) -> dict[str, Any]:
    """Return an application with one domain and its certificate."""
    switches = {"ssl_issue": issue}
    if mode == "basic":
        return {"domains": OLD, "certificate": True, "switches": switches}
    return {"mode": mode, "domains": [{"name": OLD[0], "certificate": True}], "switches": switches}


def add_and_order(ssl: Ssl) -> bool:
    """Attach five names and see to their certificates, as the role does; say whether the run came to its end."""
    attached = ssl.module("runcloud_domains", domains=[*OLD, *NEW])
    if attached.failed:
        return False
    plan = attached.result["plan"]
    return not ssl(changed=[*plan["add"], *plan["change"]]).failed


def needed(mode: str) -> int:
    """Say how many orders five new names take."""
    return 1 if mode == "basic" else len(NEW)


def covered(ssl: Ssl) -> set[str]:
    return {name for found in ssl.sim.certificates() for name in found["names"]}


def assert_wished_state(ssl: Ssl, mode: str) -> None:
    """All names are covered, by no more orders than it takes; a further run finds nothing to do.

    An order of which nobody knows whether it was carried out is repeated after a quarter of an hour.
    """
    if covered(ssl) != {*OLD, *NEW}:
        ordered = len(ssl.sim.orders())
        add_and_order(ssl)
        assert len(ssl.sim.orders()) == ordered
        ssl.sim.clock(advance=900)
        assert add_and_order(ssl)
    assert covered(ssl) == {*OLD, *NEW}
    assert [order["result"] for order in ssl.sim.orders()] == ["issued"] * needed(mode)
    ssl.sim.clear_requests()
    assert add_and_order(ssl)
    assert {entry["method"] for entry in ssl.sim.requests()} == {"GET"}


def requests_of_a_whole_run(ssl: Ssl, mode: str, issue: str) -> int:
    ssl.sim.reset(seed(mode, issue))
    assert add_and_order(ssl)
    return len(ssl.sim.requests())


@pytest.mark.parametrize("issue", ["sync", "async"])
@pytest.mark.parametrize("mode", ["basic", "advanced"])
def test_killed_after_each_request(
    ssl: Ssl, mode: str, issue: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also while waiting: the requests at the end are looks at the order."""
    total = requests_of_a_whole_run(ssl, mode, issue)
    assert total > 10
    for answered in range(total):
        ssl.sim.reset(seed(mode, issue))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / str(answered)))
        ssl.sim.stop_after(answered)
        with contextlib.suppress(Killed):
            assert not add_and_order(ssl), f"killed after {answered} of {total}"
        ssl.sim.clear_requests()
        ssl.sim.clear_faults()
        assert add_and_order(ssl)
        assert_wished_state(ssl, mode)


@pytest.mark.parametrize("mode", ["basic", "advanced"])
def test_killed_while_waiting_and_run_again_at_once(ssl: Ssl, mode: str) -> None:
    ssl.sim.reset(seed(mode, "async"))
    ssl.module("runcloud_domains", domains=[*OLD, *NEW])
    ssl(changed=NEW, wait=False)
    assert {order["result"] for order in ssl.sim.orders()} == {"pending"}
    assert add_and_order(ssl)
    assert_wished_state(ssl, mode)


@pytest.mark.parametrize("action", LOST, ids=str)
@pytest.mark.parametrize("issue", ["sync", "async", "slow"])
@pytest.mark.parametrize("mode", ["basic", "advanced"])
def test_a_lost_reply_is_looked_up(ssl: Ssl, mode: str, issue: str, action: dict[str, Any]) -> None:
    ssl.sim.reset(seed(mode, "async" if issue == "slow" else issue))
    if issue == "slow":
        ssl.sim.switch(ssl_issue_seconds=40)
    ssl.sim.faults(
        {"method": "PUT", "path": "/ssl/", "action": action}, {"method": "POST", "path": "/ssl$", "action": action}
    )
    carried_out = action != {"drop": "before"}
    assert add_and_order(ssl) == carried_out
    assert_wished_state(ssl, mode)


@pytest.mark.parametrize("issue", ["sync", "async"])
def test_a_lost_reply_to_an_order_that_fails(ssl: Ssl, issue: str) -> None:
    ssl.sim.reset({**seed("basic", issue), "dns": {"unresolved": [NEW[0]]}})
    ssl.sim.faults({"method": "PUT", "path": "/ssl/", "action": {"drop": "after"}})
    ssl.module("runcloud_domains", domains=[*OLD, *NEW])
    outcome = ssl(changed=NEW)
    assert f"{NEW[0]}: DNS problem" in outcome.result["msg"]
    assert len(outcome.orders) == 1
    assert outcome.result["changed"] is False


def test_a_lost_reply_in_a_reissue(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": OLD, "certificate": {"staging": True}})
    ssl.sim.faults({"method": "POST", "path": "/ssl$", "after": 1, "action": {"drop": "after"}})
    outcome = ssl()
    assert outcome.writes == ["POST /ssl", "DELETE /ssl/4211", "POST /ssl"]
    assert not outcome.failed
    assert [order["result"] for order in outcome.orders] == ["issued"]


def test_what_was_done_is_told_though_the_rest_fails(ssl: Ssl) -> None:
    ssl.sim.reset(seed("basic", "async"))
    ssl.sim.panel("add_domain", domain=NEW[0])
    ssl.sim.faults({"method": "GET", "path": "/ssl$", "after": 1, "times": None, "action": {"status": 500}})
    outcome = ssl(changed=NEW[:1])
    assert outcome.failed
    assert outcome.result["changed"] is True
    assert outcome.result["applied"] == [*OLD, NEW[0]]
    assert outcome.result["failure"]["status"] == 500


@pytest.mark.parametrize(
    ("issue", "text"),
    [("sync", "is now WITHOUT a certificate"), ("async", "is now WITHOUT a certificate")],
)
def test_a_failed_reissue_says_what_is_gone(ssl: Ssl, issue: str, text: str) -> None:
    ssl.sim.reset({"domains": OLD, "certificate": {"staging": True}, "dns": {"unresolved": OLD}})
    ssl.sim.switch(ssl_issue=issue)
    outcome = ssl()
    assert text in outcome.result["msg"]
    assert "DNS problem" in outcome.result["msg"]
    assert outcome.result["changed"] is True
    assert outcome.result["certificates"] == []


@pytest.mark.parametrize(
    "text",
    [
        "too many certificates (5) already issued for this exact set of domains in the last 168 hours",
        "DNS problem: NXDOMAIN looking up A for main.example - check that a DNS record exists for this domain",
        "The certificate could not be installed.",
    ],
)
def test_the_old_certificate_is_not_given_up_for_another_refusal(ssl: Ssl, text: str) -> None:
    ssl.sim.reset({"domains": OLD, "certificate": {"staging": True}})
    ssl.sim.faults({"method": "POST", "path": "/ssl$", "action": {"status": 422, "body": {"message": text}}})
    outcome = ssl()
    assert outcome.writes == ["POST /ssl"]
    assert text.rstrip(".") in outcome.result["msg"]
    assert outcome.result["changed"] is False
