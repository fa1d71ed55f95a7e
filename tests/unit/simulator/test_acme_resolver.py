# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders that look names up at a real nameserver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulator.process import Simulator
from support.dns_server import DnsServer

from .conftest import Api


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.set("shop.example", a=["127.0.0.1"])
        server.set("www.shop.example", a=["127.0.0.1"])
        yield server


@pytest.fixture(autouse=True)
def two_names(sim: Simulator, dns: DnsServer) -> None:
    switches = {"ssl_issue": "sync", "acme_resolver": dns.address}
    sim.reset({"domains": [{"name": "shop.example", "www": True}], "switches": switches})


def test_names_that_point_here(api: Api, dns: DnsServer, install: dict[str, Any]) -> None:
    dns.set("www.shop.example", cname="shop.example")
    assert api("POST", "/ssl", install).status_code == 200
    assert dns.asked("shop.example", "A") >= 1


@pytest.mark.parametrize(
    ("addresses", "text"),
    [
        (["203.0.113.9"], "Invalid response from 203.0.113.9"),
        (["127.0.0.1", "203.0.113.9"], "Invalid response from 203.0.113.9"),
        ([], "no valid A or AAAA"),
    ],
)
def test_names_that_do_not(api: Api, dns: DnsServer, install: dict[str, Any], addresses: list[str], text: str) -> None:
    if addresses:
        dns.set("www.shop.example", a=addresses)
    else:
        dns.remove("www.shop.example")
    message = api.refused("POST", "/ssl", install)[1]["message"]
    assert "www.shop.example: " in message
    assert text in message
    assert " shop.example: DNS" not in message


def test_ipv6_that_leads_elsewhere(api: Api, dns: DnsServer, install: dict[str, Any]) -> None:
    dns.set("www.shop.example", a=["127.0.0.1"], aaaa=["2001:db8::1"])
    assert "2001:db8::1" in api.refused("POST", "/ssl", install)[1]["message"]


def test_server_failure(api: Api, dns: DnsServer, install: dict[str, Any]) -> None:
    dns.fail("shop.example", "SERVFAIL")
    assert "shop.example: DNS problem" in api.refused("POST", "/ssl", install)[1]["message"]


def test_proxies_pass_the_challenge_on(sim: Simulator, api: Api, dns: DnsServer, install: dict[str, Any]) -> None:
    dns.set("shop.example", a=["203.0.113.9"])
    sim.panel("set_dns", proxies=["203.0.113.0/24"])
    assert api("POST", "/ssl", install).status_code == 200


def test_records_may_be_corrected(sim: Simulator, api: Api, dns: DnsServer, install: dict[str, Any]) -> None:
    sim.switch(ssl_issue="async")
    dns.set("shop.example", a=["203.0.113.9"])
    api.ok("POST", "/ssl", install)
    sim.clock(advance=5)
    dns.set("shop.example", a=["127.0.0.1"])
    api.ok("POST", "/ssl", install)
    sim.clock(advance=5)
    assert [order["result"] for order in sim.orders()] == ["failed", "issued"]
