# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One certificate for each domain: modes, plans, AutoSSL, both sides of their switches."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.process import Simulator

from .conftest import Api

Body = dict[str, Any]


@pytest.fixture(autouse=True)
def advanced(sim: Simulator) -> None:
    seed_advanced(sim)


def seed_advanced(sim: Simulator, **more: Any) -> None:
    domains = ["primary.example", {"name": "shop.example", "www": True}]
    clock = {"set": "2026-01-01 00:00:00", "speed": 0}
    sim.reset({"mode": "advanced", "domains": domains, "clock": clock, **more})


def test_certificate_of_a_domain(sim: Simulator, api: Api, install: Body) -> None:
    assert api.refused("GET", "/domains/694/ssl") == (404, {"message": "SSL not installed!"})
    row = api.ok("POST", "/domains/694/ssl", install)
    assert row["validUntil"] is None
    assert api.get("/domains/694/ssl") == row
    sim.clock(advance=5)
    assert api.get("/domains/694/ssl")["validUntil"] == "2026-04-01 00:00:05"
    assert [(cert["domain"], cert["names"]) for cert in sim.certificates()] == [
        ("shop.example", ["shop.example", "www.shop.example"])
    ]
    assert sim.orders()[0]["domain"] == "shop.example"
    assert api("GET", "/domains/693/ssl").status_code == 404


def test_its_life(sim: Simulator, api: Api) -> None:
    sim.panel("set_certificate", domain="shop.example", certificate={"days_left": 3})
    assert api.ok("PATCH", "/domains/694/ssl/4211", {"enableHsts": True})["enableHsts"] is True
    api.ok("PUT", "/domains/694/ssl/4211")
    sim.clock(advance=5)
    assert api.get("/domains/694/ssl")["validUntil"] == "2026-04-01 00:00:05"
    assert api("PUT", "/domains/693/ssl/4211").status_code == 404
    assert api("PUT", "/ssl/4211").status_code == 404
    assert api.ok("DELETE", "/domains/694/ssl/4211")["id"] == 4211
    assert sim.certificates() == []


def test_failure_names_the_domain(sim: Simulator, api: Api, install: Body) -> None:
    sim.panel("set_dns", unresolved=["www.shop.example"])
    api.ok("POST", "/domains/694/ssl", install)
    sim.clock(advance=5)
    assert api("GET", "/domains/694/ssl").status_code == 404
    assert "certificate for shop.example: www.shop.example: DNS problem" in api.get("/log")["data"][0]["content"]


def test_certificate_goes_with_its_domain(sim: Simulator, api: Api) -> None:
    sim.panel("set_certificate", domain="shop.example")
    assert len(sim.certificates()) == 1
    api.ok("DELETE", "/domains/694")
    api.ok("POST", "/domains", {"name": "shop.example"})
    assert sim.certificates() == []


def test_domain_removed_while_its_certificate_is_ordered(sim: Simulator, api: Api, install: Body) -> None:
    api.ok("POST", "/domains/694/ssl", install)
    api.ok("DELETE", "/domains/694")
    sim.clock(advance=5)
    assert [order["result"] for order in sim.orders()] == ["failed"]


def test_list_is_the_answer_on_v3_only(sim: Simulator, api: Api) -> None:
    sim.panel("set_certificate", domain="shop.example")
    assert [row["ssl"] and row["ssl"]["id"] for row in api.get("/ssl")["data"]] == [None, 4211]
    assert api("GET", "/ssl", version="v2").status_code == 404
    sim.switch(get_ssl_shape="object")
    assert api("GET", "/ssl").status_code == 404


def test_basic_certificate_is_refused(sim: Simulator, api: Api, install: Body) -> None:
    assert api("POST", "/ssl", install).status_code == 422
    sim.switch(basic_ssl_in_advanced=403)
    assert api("POST", "/ssl", install).status_code == 403
    assert sim.orders() == []


# ---------------------------------------------------------------------- switching


def test_switching_deletes_or_keeps(sim: Simulator, api: Api) -> None:
    sim.panel("set_certificate", domain="shop.example")
    api.ok("POST", "/ssl/advanced", {"advancedSSL": False})
    assert api("GET", "/ssl").status_code == 404
    api.ok("POST", "/ssl/advanced", {"advancedSSL": True})
    assert sim.certificates() == []

    sim.panel("set_certificate", domain="shop.example")
    sim.switch(mode_switch="keep")
    api.ok("POST", "/ssl/advanced", {"advancedSSL": False})
    assert sim.certificates() == []
    assert api("GET", "/domains/694/ssl").status_code == 404
    api.ok("POST", "/ssl/advanced", {"advancedSSL": True})
    assert [cert["domain"] for cert in sim.certificates()] == ["shop.example"]


def test_same_mode_again_deletes_nothing(sim: Simulator, api: Api) -> None:
    sim.panel("set_certificate", domain="shop.example")
    api.ok("POST", "/ssl/advanced", {"advancedSSL": True, "autoSSL": True})
    assert len(sim.certificates()) == 1


def test_switch_needs_something_to_switch(api: Api) -> None:
    assert list(api.refused("POST", "/ssl/advanced", {})[1]["errors"]) == ["advancedSSL"]
    assert list(api.refused("POST", "/ssl/advanced", {"advancedSSL": "advanced"})[1]["errors"]) == ["advancedSSL"]
    assert api.ok("POST", "/ssl/advanced", {"autoSSL": True}) == {"advancedSSL": True, "autoSSL": True}


def test_domain_certificate_in_basic_mode(sim: Simulator, api: Api, install: Body) -> None:
    seed_advanced(sim, mode="basic", certificate=True)
    assert api("POST", "/domains/694/ssl", install).status_code == 422
    flagged = {**install, "advancedSSL": True, "autoSSL": False}
    sim.switch(domain_ssl_in_basic="refuse")
    assert api("POST", "/domains/694/ssl", flagged).status_code == 422
    assert len(sim.certificates()) == 1
    sim.switch(domain_ssl_in_basic="accept_with_flag", ssl_issue="sync")
    api.ok("POST", "/domains/694/ssl", flagged)
    assert [cert["domain"] for cert in sim.certificates()] == ["shop.example"]
    assert api.get("/ssl/advanced") == {"advancedSSL": True, "autoSSL": False}


def test_bad_body_does_not_switch_the_mode(sim: Simulator, api: Api, install: Body) -> None:
    seed_advanced(sim, mode="basic", certificate=True)
    body = {**install, "advancedSSL": True, "environment": "production"}
    assert list(api.refused("POST", "/domains/694/ssl", body)[1]["errors"]) == ["environment"]
    assert api.get("/ssl/advanced")["advancedSSL"] is False


def test_flag_that_contradicts_the_mode(api: Api, install: Body) -> None:
    assert api("POST", "/domains/694/ssl", {**install, "advancedSSL": False}).status_code == 422
    assert api.get("/ssl/advanced")["advancedSSL"] is True


def test_flag_switches_auto_ssl_off(api: Api, install: Body) -> None:
    api.ok("POST", "/ssl/advanced", {"autoSSL": True})
    api.ok("POST", "/domains/693/ssl", install)
    assert api.get("/ssl/advanced")["autoSSL"] is True
    api.ok("POST", "/domains/694/ssl", {**install, "advancedSSL": True, "autoSSL": False})
    assert api.get("/ssl/advanced")["autoSSL"] is False


def test_plan_without_advanced_ssl(sim: Simulator, api: Api, install: Body) -> None:
    seed_advanced(sim, mode="basic", plan_advanced=False, certificate=True)
    for body in ({"advancedSSL": True}, {"autoSSL": True}):
        status, reply = api.refused("POST", "/ssl/advanced", body)
        assert (status, list(reply)) == (403, ["message"])
    assert api("POST", "/domains/694/ssl", {**install, "advancedSSL": True}).status_code == 403
    assert api.get("/ssl/advanced") == {"advancedSSL": False, "autoSSL": False}
    sim.switch(plan_status=422, plan_get_advanced=404)
    assert api("POST", "/ssl/advanced", {"advancedSSL": True}).status_code == 422
    assert api("GET", "/ssl/advanced").status_code == 404
    assert len(sim.certificates()) == 1


# ---------------------------------------------------------------------- AutoSSL


def test_auto_ssl_takes_care_of_new_domains(sim: Simulator, api: Api) -> None:
    seed_advanced(sim, autoSSL=True)
    api.ok("POST", "/domains", {"name": "new.example", "www": True})
    sim.clock(advance=59)
    assert sim.orders() == []
    sim.clock(advance=1)
    assert [(order["via"], order["domain"], order["result"]) for order in sim.orders()] == [
        ("AUTOSSL", "new.example", "issued")
    ]
    cert = sim.certificates()[0]
    assert (cert["names"], cert["validUntil"]) == (["new.example", "www.new.example"], "2026-04-01 00:01:00")


def test_auto_ssl_orders_nothing_twice(sim: Simulator, api: Api, install: Body) -> None:
    seed_advanced(sim, autoSSL=True)
    number = api.ok("POST", "/domains", {"name": "new.example"})["id"]
    api.ok("POST", f"/domains/{number}/ssl", install)
    gone = api.ok("POST", "/domains", {"name": "gone.example"})["id"]
    api.ok("DELETE", f"/domains/{gone}")
    sim.clock(advance=61)
    assert [order["via"] for order in sim.orders()] == ["POST"]


def test_auto_ssl_in_basic_mode_orders_once_for_all(sim: Simulator, api: Api) -> None:
    seed_advanced(sim, mode="basic", autoSSL=True, certificate=True, switches={"auto_ssl_seconds": 5})
    for name in ("a.example", "b.example"):
        api.ok("POST", "/domains", {"name": name})
    sim.clock(advance=6)
    assert [order["via"] for order in sim.orders()] == ["AUTOSSL"]
    assert {"a.example", "b.example"} <= set(sim.certificates()[0]["names"])
    assert api.get("/ssl")["id"] == 4211


def test_auto_ssl_failure_is_logged(sim: Simulator, api: Api) -> None:
    seed_advanced(sim, autoSSL=True, dns={"unresolved": ["new.example"]})
    number = api.ok("POST", "/domains", {"name": "new.example"})["id"]
    sim.clock(advance=60)
    assert api("GET", f"/domains/{number}/ssl").status_code == 404
    assert "new.example" in api.get("/log")["data"][0]["content"]


# ---------------------------------------------------------------------- renewal


def test_renewal(sim: Simulator) -> None:
    sim.panel("set_certificate", domain="shop.example", certificate={"days_left": 40})
    sim.clock(advance=20 * 86400)
    assert sim.orders() == []
    sim.switch(auto_renew=True)
    order = sim.orders()[0]
    assert (order["via"], order["at"], order["result"]) == ("RENEWAL", "2026-01-21 00:00:00", "issued")
    assert sim.certificates()[0]["validUntil"] == "2026-04-21 00:00:00"
    sim.clock(advance=200 * 86400)
    assert [order["at"] for order in sim.orders()[1:]] == [
        "2026-03-22 00:00:00",
        "2026-05-21 00:00:00",
        "2026-07-20 00:00:00",
    ]


def test_failed_renewal_is_tried_every_day(sim: Simulator) -> None:
    sim.panel("set_certificate", domain="shop.example", certificate={"days_left": 31})
    sim.panel("set_dns", unresolved=["shop.example"])
    sim.switch(auto_renew=True)
    sim.clock(advance=3 * 86400)
    assert [(order["at"], order["result"]) for order in sim.orders()] == [
        ("2026-01-02 00:00:00", "failed"),
        ("2026-01-03 00:00:00", "failed"),
        ("2026-01-04 00:00:00", "failed"),
    ]
    sim.panel("set_dns", unresolved=[])
    sim.clock(advance=86400)
    assert sim.certificates()[0]["validUntil"] == "2026-04-05 00:00:00"


@pytest.mark.parametrize("method", ["custom", "csr"])
def test_what_never_renews(sim: Simulator, method: str) -> None:
    sim.panel("set_certificate", domain="shop.example", certificate={"method": method, "days_left": 1})
    sim.switch(auto_renew=True)
    sim.clock(advance=10 * 86400)
    assert sim.orders() == []
