# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that follow from the names: the role with a certificate authority that really looks the names up."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.process import Simulator
from support.ansible import Ansible
from support.dns_server import DnsServer
from support.operator import HERE, Operator

ELSEWHERE = "203.0.113.9"
CUSTOMERS = [f"customer{number}.example" for number in range(90)]
WANTED = ["network.example", *CUSTOMERS]


@pytest.fixture
def operator(ansible: Ansible, simulator: Simulator, dns: DnsServer) -> Operator:
    simulator.reset({"domains": ["network.example"], "certificate": True})
    simulator.switch(ssl_issue="sync", acme_resolver=dns.address)
    return Operator(ansible, simulator, dns)


def orders(operator: Operator) -> list[tuple[int, str]]:
    """Return for each order how many names it was for, and how it ended."""
    return [(len(order["names"]), order["result"]) for order in operator.simulator.orders()]


def row(result: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what the result says of one domain."""
    return next(row for row in result["domains"] if row["name"] == name)


def test_ninety_new_names_are_one_order(operator: Operator) -> None:
    result = operator.result(operator.play(domains=WANTED))
    assert orders(operator) == [(91, "issued")]
    assert result["counts"]["added"] == 90
    assert row(result, "customer89.example")["days_left"] == 89
    assert not operator.result(operator.play(domains=WANTED))["changed"]
    assert len(orders(operator)) == 1


def test_seven_of_ninety_without_dns_do_not_stop_the_others_and_come_with_one_more_order(operator: Operator) -> None:
    late = CUSTOMERS[:7]
    for name in late:
        operator.dns.set(name, a=[ELSEWHERE])
    first = operator.result(operator.play(domains=WANTED))
    assert orders(operator) == [(84, "issued")]
    assert {entry["name"] for entry in first["pending"]} == set(late)
    assert {entry["name"] for entry in first["domains"] if entry["action"] == "held"} == set(late)
    assert ELSEWHERE in row(first, late[0])["waits_for"]

    for name in late:
        operator.dns.set(name, a=[HERE])
    second = operator.result(operator.play(domains=WANTED))
    assert orders(operator) == [(84, "issued"), (91, "issued")]
    assert second["counts"]["added"] == 7
    assert second["pending"] == []
    assert not operator.result(operator.play(domains=WANTED))["changed"]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"a": []}, "neither an A nor an AAAA record"),
        ({"cname": "parked.example"}, "parked.example"),
        ({"a": [HERE], "aaaa": ["2001:db8::1"]}, "2001:db8::1"),
        (None, "does not exist"),
    ],
)
def test_each_way_of_not_pointing_here_is_told_by_its_name(
    operator: Operator, record: dict[str, Any] | None, reason: str
) -> None:
    operator.dns.set("parked.example", a=[ELSEWHERE])
    if record is None:
        operator.dns.remove("late.example")
    else:
        operator.dns.set("late.example", **record)
    result = operator.result(operator.play(domains=["network.example", "late.example"]))
    assert reason in row(result, "late.example")["waits_for"]
    assert operator.names() == {"network.example"}
    assert orders(operator) == []


def test_a_proxy_that_was_accepted_counts_as_pointing_here(operator: Operator) -> None:
    operator.simulator.panel("set_dns", proxies=["198.51.100.0/24"])
    operator.dns.set("proxied.example", a=["198.51.100.7"])
    operator.play(domains=["network.example", "proxied.example"], dns_accept=["198.51.100.0/24"])
    assert operator.names() == {"network.example", "proxied.example"}
    assert orders(operator) == [(2, "issued")]


def test_a_www_name_without_dns_holds_back_its_domain_and_leaves_an_attached_one_as_it_is(operator: Operator) -> None:
    operator.dns.set("www.shop.example", a=[ELSEWHERE])
    operator.dns.set("shop.example", a=[HERE])
    shop = {"domain": "shop.example", "www": True}
    held = operator.result(operator.play(domains=["network.example", shop]))
    assert "www.shop.example" in row(held, "shop.example")["waits_for"]
    assert operator.names() == {"network.example"}

    operator.play(domains=["network.example", "shop.example"])
    again = operator.result(operator.play(domains=["network.example", shop]))
    assert row(again, "shop.example")["action"] == "held"
    assert [entry["www"] for entry in operator.simulator.domains() if entry["name"] == "shop.example"] == [0]

    operator.dns.set("www.shop.example", a=[HERE])
    operator.play(domains=["network.example", shop])
    assert orders(operator)[-1] == (3, "issued")


def test_a_wrong_state_made_by_hand_is_found_and_repaired(operator: Operator) -> None:
    wanted = ["network.example", "shop.example"]
    operator.play(domains=wanted)
    operator.simulator.panel("delete_certificate")
    operator.simulator.panel("remove_domain", name="shop.example")
    result = operator.result(operator.play(domains=wanted))
    assert [order["via"] for order in result["orders"]] == ["install"]
    assert row(result, "shop.example")["certificate"] == "ok, 89 days left"


def test_a_certificate_that_ends_soon_is_ordered_anew(operator: Operator) -> None:
    operator.simulator.reset({"domains": ["network.example"], "certificate": {"days_left": 5}})
    operator.simulator.switch(ssl_issue="sync")
    preview = operator.result(operator.play("preview", domains=["network.example"]))
    assert row(preview, "network.example")["days_left"] == 4
    result = operator.result(operator.play(domains=["network.example"]))
    assert [order["via"] for order in result["orders"]] == ["redeploy"]
    assert row(result, "network.example")["days_left"] == 89


def test_a_failed_order_is_told_and_leaves_the_old_certificate(operator: Operator) -> None:
    operator.simulator.switch(acme_resolver=None, ssl_issue="async", ssl_issue_seconds=1)
    operator.simulator.panel("set_dns", unresolved=["bad.example"])
    outcome = operator.play(domains=["network.example", "bad.example"], rc=2)
    result = operator.result(outcome)
    assert "bad.example" in str(result["errors"])
    assert len(operator.simulator.certificates()) == 1
    assert orders(operator) == [(2, "failed")]


def test_advanced_mode_orders_for_what_is_new_and_goes_on_where_it_stopped(operator: Operator) -> None:
    operator.simulator.reset({"domains": [{"name": "network.example", "certificate": True}], "mode": "advanced"})
    operator.simulator.switch(ssl_issue="sync")
    wanted = ["network.example", *CUSTOMERS[:5]]
    first = operator.result(operator.play(domains=wanted, ssl_max_orders=3))
    assert orders(operator) == [(1, "issued")] * 3
    assert len(first["pending"]) == 2
    second = operator.result(operator.play(domains=wanted, ssl_max_orders=3))
    assert orders(operator) == [(1, "issued")] * 5
    assert second["pending"] == []
    assert {entry["certificate"] for entry in second["domains"]} == {"ok, 59 days left", "ok, 89 days left"}
