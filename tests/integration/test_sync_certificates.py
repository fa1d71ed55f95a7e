# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that follow from the names: whole runs with a certificate authority that really looks the names up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.process import Simulator
from support.dns_server import DnsServer
from support.syncing import Sync, row

HERE = "127.0.0.1"

ELSEWHERE = "203.0.113.9"
CUSTOMERS = [f"customer{number}.example" for number in range(90)]
WANTED = ["network.example", *CUSTOMERS]


@pytest.fixture
def sync(simulator: Simulator, dns: DnsServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sync:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    simulator.reset({"domains": ["network.example"], "certificate": True})
    simulator.switch(ssl_issue="sync", acme_resolver=dns.address)
    return Sync(simulator, dns)


def orders(sync: Sync) -> list[tuple[int, str]]:
    """Return for each order how many names it was for, and how it ended."""
    return [(len(order["names"]), order["result"]) for order in sync.simulator.orders()]


def test_ninety_new_names_are_one_order(sync: Sync) -> None:
    result = sync.run(*WANTED)
    assert orders(sync) == [(91, "issued")]
    assert result["counts"]["added"] == 90
    assert row(result, "customer89.example")["days_left"] == 89
    assert not sync.run(*WANTED)["changed"]
    assert len(orders(sync)) == 1


def test_seven_of_ninety_without_dns_do_not_stop_the_others_and_come_with_one_more_order(sync: Sync) -> None:
    late = CUSTOMERS[:7]
    for name in late:
        sync.dns.set(name, a=[ELSEWHERE])
    first = sync.run(*WANTED)
    assert orders(sync) == [(84, "issued")]
    assert {entry["name"] for entry in first["pending"]} == set(late)
    assert {entry["name"] for entry in first["rows"] if entry["action"] == "deferred"} == set(late)
    assert ELSEWHERE in row(first, late[0])["reason"]

    for name in late:
        sync.dns.set(name, a=[HERE])
    second = sync.run(*WANTED)
    assert orders(sync) == [(84, "issued"), (91, "issued")]
    assert second["counts"]["added"] == 7
    assert second["pending"] == []
    assert not sync.run(*WANTED)["changed"]


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
    sync: Sync, record: dict[str, Any] | None, reason: str
) -> None:
    sync.dns.set("parked.example", a=[ELSEWHERE])
    if record is None:
        sync.dns.remove("late.example")
    else:
        sync.dns.set("late.example", **record)
    result = sync.run("network.example", "late.example")
    assert reason in row(result, "late.example")["reason"]
    assert sync.names() == {"network.example"}
    assert orders(sync) == []


def test_a_proxy_that_was_accepted_counts_as_pointing_here(sync: Sync) -> None:
    sync.simulator.panel("set_dns", proxies=["198.51.100.0/24"])
    sync.dns.set("proxied.example", a=["198.51.100.7"])
    sync.run("network.example", "proxied.example", dns_accept=["198.51.100.0/24"])
    assert sync.names() == {"network.example", "proxied.example"}
    assert orders(sync) == [(2, "issued")]


def test_a_www_name_without_dns_holds_back_its_domain_and_leaves_an_attached_one_as_it_is(sync: Sync) -> None:
    sync.dns.set("www.shop.example", a=[ELSEWHERE])
    sync.dns.set("shop.example", a=[HERE])
    shop = {"domain": "shop.example", "www": True}
    held = sync.run("network.example", shop)
    assert "www.shop.example" in row(held, "shop.example")["reason"]
    assert sync.names() == {"network.example"}

    sync.run("network.example", "shop.example")
    again = sync.run("network.example", shop)
    assert row(again, "shop.example")["action"] == "unchanged"
    assert row(again, "www.shop.example")["action"] == "deferred"
    assert [entry["www"] for entry in sync.simulator.domains() if entry["name"] == "shop.example"] == [0]

    sync.dns.set("www.shop.example", a=[HERE])
    sync.run("network.example", shop)
    assert orders(sync)[-1] == (3, "issued")


def test_a_wrong_state_made_by_hand_is_found_and_repaired(sync: Sync) -> None:
    wanted = ["network.example", "shop.example"]
    sync.run(*wanted)
    sync.simulator.panel("delete_certificate")
    sync.simulator.panel("remove_domain", name="shop.example")
    result = sync.run(*wanted)
    assert [order["via"] for order in result["orders"]] == ["install"]
    assert row(result, "shop.example")["days_left"] == 89


def test_a_certificate_that_ends_soon_is_ordered_anew(sync: Sync) -> None:
    sync.simulator.reset({"domains": ["network.example"], "certificate": {"days_left": 5}})
    sync.simulator.switch(ssl_issue="sync")
    preview = sync.run("network.example", check=True)
    assert row(preview, "network.example")["days_left"] == 4
    result = sync.run("network.example")
    assert [order["via"] for order in result["orders"]] == ["redeploy"]
    assert row(result, "network.example")["days_left"] == 89


def test_a_failed_order_is_told_and_leaves_the_old_certificate(sync: Sync) -> None:
    sync.simulator.switch(acme_resolver=None, ssl_issue="async", ssl_issue_seconds=1)
    sync.simulator.panel("set_dns", unresolved=["bad.example"])
    result = sync.run("network.example", "bad.example")
    assert result["failed"]
    assert "bad.example" in result["failure"]
    assert len(sync.simulator.certificates()) == 1
    assert orders(sync) == [(2, "failed")]


def test_advanced_mode_orders_for_what_is_new_and_goes_on_where_it_stopped(sync: Sync) -> None:
    sync.simulator.reset({"domains": [{"name": "network.example", "certificate": True}], "mode": "advanced"})
    sync.simulator.switch(ssl_issue="sync")
    wanted = ["network.example", *CUSTOMERS[:5]]
    first = sync.run(*wanted, ssl_max_orders=3)
    assert orders(sync) == [(1, "issued")] * 3
    assert len(first["pending"]) == 2
    second = sync.run(*wanted, ssl_max_orders=3)
    assert orders(sync) == [(1, "issued")] * 5
    assert second["pending"] == []
    assert {(entry["certificate"], entry["days_left"]) for entry in second["rows"]} == {("ok", 59), ("ok", 89)}
