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


@pytest.mark.parametrize(
    ("records", "allowed"),
    [
        ({}, True),
        ({"www.shop.example": ['0 issue "letsencrypt.org"']}, True),
        ({"www.shop.example": ['0 issue "letsencrypt.org; validationmethods=http-01"']}, True),
        ({"www.shop.example": ['0 issue "other-ca.example"', '0 issue "letsencrypt.org"']}, True),
        ({"www.shop.example": ['0 iodef "mailto:ca@shop.example"']}, True),
        ({"www.shop.example": ['0 issuewild ";"']}, True),
        ({"www.shop.example": ['0 issue "other-ca.example"']}, False),
        ({"www.shop.example": ['0 issue ";"']}, False),
        ({"www.shop.example": ['128 tbs "unknown"']}, False),
        ({"shop.example": ['0 issue "other-ca.example"']}, False),
        ({"shop.example": ['0 issue ";"'], "www.shop.example": ['0 issue "letsencrypt.org"']}, False),
    ],
)
def test_caa_records(
    api: Api, dns: DnsServer, install: dict[str, Any], records: dict[str, list[str]], allowed: bool
) -> None:
    for name, caa in records.items():
        dns.set(name, a=["127.0.0.1"], caa=caa)
    answer = api("POST", "/ssl", install)
    assert answer.status_code == (200 if allowed else 422)
    assert allowed or f"CAA record for {next(iter(records))} prevents issuance" in answer.json()["message"]


def test_caa_records_that_cannot_be_read(api: Api, dns: DnsServer, install: dict[str, Any]) -> None:
    dns.set("shop.example", a=["127.0.0.1"], failing_types={"CAA": "SERVFAIL"})
    assert "SERVFAIL looking up CAA for shop.example" in api.refused("POST", "/ssl", install)[1]["message"]


def test_caa_of_a_wildcard(sim: Simulator, api: Api, dns: DnsServer, install: dict[str, Any]) -> None:
    dns.set("wild.example", caa=['0 issue "letsencrypt.org"', '0 issuewild ";"'])
    sim.reset({"domains": ["*.wild.example"], "switches": {"ssl_issue": "sync", "acme_resolver": dns.address}})
    number = api.ok("POST", "//settings/externalapi", {"label": "x", "service": "linode", "secret": "123456789"})["id"]
    body = {**install, "authorizationMethod": "dns-01", "externalApi": number}
    assert "CAA record for wild.example" in api.refused("POST", "/ssl", body)[1]["message"]
    dns.set("wild.example", caa=['0 issue ";"', '0 issuewild "letsencrypt.org"'])
    assert api("POST", "/ssl", body).status_code == 200
