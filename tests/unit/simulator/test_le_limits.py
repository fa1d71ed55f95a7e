# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let's Encrypt's limits: as counted, and as an order meets them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.le_limits import WEEK, LeLimits, registered_domain
from simulator.process import Simulator

from .conftest import Api


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("brand.example", "brand.example"),
        ("www.shop.brand.example", "brand.example"),
        ("*.brand.example", "brand.example"),
        ("shop.brand.co.uk", "brand.co.uk"),
        ("Brand.Example", "brand.example"),
    ],
)
def test_registered_domain(name: str, registered: str) -> None:
    assert registered_domain(name) == registered


def test_names_in_one_order() -> None:
    names = [f"d{n}.example" for n in range(101)]
    assert LeLimits().complaint(names[:100], 0) is None
    assert "101 identifiers" in (LeLimits().complaint(names, 0) or "")


@given(st.lists(st.integers(0, int(WEEK / 2)), min_size=5, max_size=5))
def test_equal_sets_are_counted_for_a_week_whatever_their_order(times: list[int]) -> None:
    limits = LeLimits()
    for at in sorted(times):
        limits.issued(["a.example", "b.example"], at)
    assert "exact set" in (limits.complaint(["b.example", "a.example"], WEEK / 2) or "")
    assert limits.complaint(["a.example"], WEEK / 2) is None
    assert limits.complaint(["a.example", "b.example"], max(times) + WEEK) is None


def test_certificates_of_one_registered_domain() -> None:
    limits = LeLimits()
    for n in range(50):
        limits.issued([f"s{n}.brand.example"], 0)
    assert '"brand.example"' in (limits.complaint(["new.brand.example"], 1) or "")
    assert limits.complaint(["other.example"], 1) is None
    assert limits.complaint(["new.brand.example"], WEEK) is None


def test_orders_of_the_account() -> None:
    limits = LeLimits()
    for _order in range(300):
        limits.ordered(0)
    assert "new orders" in (limits.complaint(["a.example"], 3 * 3600 - 1) or "")
    assert limits.complaint(["a.example"], 3 * 3600) is None


def test_failed_validations_of_one_host() -> None:
    limits = LeLimits()
    for _failure in range(5):
        limits.failed("a.example", 0)
    assert "failed authorizations" in (limits.complaint(["b.example", "a.example"], 3599) or "")
    assert limits.complaint(["b.example"], 3599) is None
    assert limits.complaint(["a.example"], 3600) is None


def order_often(api: Api, install: dict[str, Any], times: int) -> list[int]:
    statuses = [api("POST", "/ssl", install).status_code]
    return statuses + [api("PUT", "/ssl/4211").status_code for _time in range(times - 1)]


def test_sixth_equal_order_fails(sim: Simulator, api: Api, install: dict[str, Any]) -> None:
    sim.switch(ssl_issue="sync")
    assert order_often(api, install, 6) == [200] * 5 + [422]
    assert "exact set" in sim.orders()[-1]["reason"]
    api.ok("POST", "/domains", {"name": "other.example"})
    assert api("PUT", "/ssl/4211").status_code == 200
    sim.clock(advance=WEEK)
    assert order_often(api, install, 2) == [422, 200]


def test_staging_and_the_switch_know_no_limits(sim: Simulator, api: Api, install: dict[str, Any]) -> None:
    sim.switch(ssl_issue="sync")
    assert order_often(api, {**install, "environment": "staging"}, 7) == [200] * 7
    api.ok("DELETE", "/ssl/4211")
    sim.reset({"switches": {"ssl_issue": "sync", "le_limits": False}})
    assert order_often(api, install, 7) == [200] * 7


def test_order_with_too_many_names(sim: Simulator, api: Api, install: dict[str, Any]) -> None:
    sim.reset({"domain_count": 101, "switches": {"ssl_issue": "sync"}})
    assert "101 identifiers" in api.refused("POST", "/ssl", install)[1]["message"]
    api.ok("DELETE", "/domains/694")
    assert api("POST", "/ssl", install).status_code == 200
