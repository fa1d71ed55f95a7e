# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application's own certificate: validation, orders, redeploy, options, custom, csr, both sides of the switches."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.process import Simulator

from . import pems
from .conftest import Api

NAMES = ["primary.example", "shop.example", "www.shop.example"]
Body = dict[str, Any]


@pytest.fixture(autouse=True)
def two_domains(sim: Simulator) -> None:
    domains = ["primary.example", {"name": "shop.example", "www": True}]
    sim.reset({"domains": domains, "clock": {"set": "2026-01-01 00:00:00", "speed": 0}})


def results(sim: Simulator) -> list[tuple[str, str]]:
    return [(order["via"], order["result"]) for order in sim.orders()]


# ---------------------------------------------------------------------- installing


def test_order_completes_later(sim: Simulator, api: Api, install: Body) -> None:
    row = api.ok("POST", "/ssl", install)
    assert (row["id"], row["validUntil"], row["renewalDate"], row["enableHttp"]) == (4211, None, None, True)
    assert api.get("/ssl") == row
    sim.clock(advance=4)
    assert api.get("/ssl")["validUntil"] is None
    sim.clock(advance=1)
    done = api.get("/ssl")
    assert (done["validUntil"], done["renewalDate"]) == ("2026-04-01 00:00:05", "2026-03-02 00:00:05")
    assert sim.certificates()[0]["names"] == NAMES
    order = {"n": 1, "at": "2026-01-01 00:00:00", "webapp": 646, "domain": None, "via": "POST", "names": NAMES}
    assert sim.orders() == [{**order, "staging": False, "result": "issued", "reason": None}]
    assert "has been deployed" in api.get("/log")["data"][0]["content"]


def test_order_completes_at_once(sim: Simulator, api: Api, install: Body) -> None:
    sim.switch(ssl_issue="sync", validity_days=45)
    assert api.ok("POST", "/ssl", {**install, "environment": "staging"})["validUntil"] == "2026-02-15 00:00:00"
    assert (api.get("/ssl")["staging"], sim.orders()[0]["staging"]) == (True, True)


def test_short_body_has_defaults(api: Api) -> None:
    row = api.ok("POST", "/ssl", {"provider": "letsencrypt", "enableHttp": 1, "enableHsts": 0, "ssl_protocol_id": 1})
    assert (row["authorizationMethod"], row["staging"], row["ssl_protocol_id"]) == ("http-01", False, 1)
    assert (row["enableHttp"], row["enableHsts"]) == (True, False)


def test_body_of_old_scripts(api: Api, install: Body) -> None:
    extras = {"http2": True, "brotli": False, "privateKey": "", "certificate": "", "externalApi": None}
    body = {**install, **extras, "ssl_protocol_id": 2, "cancelToken": None}
    assert api.ok("POST", "/ssl", body, version="v2")["method"] == "letsencrypt"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider": None}, "provider"),
        ({"provider": "zerossl"}, "provider"),
        ({"enableHttp": None}, "enableHttp"),
        ({"enableHsts": "on"}, "enableHsts"),
        ({"environment": "production"}, "environment"),
        ({"authorizationMethod": "tls-alpn-01"}, "authorizationMethod"),
        ({"authorizationMethod": "dns-01"}, "externalApi"),
        ({"authorizationMethod": "dns-01", "externalApi": 99}, "externalApi"),
        ({"authorizationMethod": "dns-01", "externalApi": "mine"}, "externalApi"),
        ({"ssl_protocol_id": 4}, "ssl_protocol_id"),
        ({"enableHstsPreload": 3}, "enableHstsPreload"),
    ],
)
def test_bad_bodies(sim: Simulator, api: Api, install: Body, change: Body, field: str) -> None:
    status, reply = api.refused("POST", "/ssl", {**install, **change})
    assert (status, list(reply["errors"])) == (422, [field])
    assert (sim.orders(), sim.certificates()) == ([], [])


def test_protocol_may_be_required(sim: Simulator, api: Api, install: Body) -> None:
    sim.switch(ssl_protocol_required=True)
    assert list(api.refused("POST", "/ssl", install)[1]["errors"]) == ["ssl_protocol_id"]
    assert api("POST", "/ssl", {**install, "ssl_protocol_id": 2}).status_code == 200


def test_dns_01(sim: Simulator, api: Api, install: Body) -> None:
    sim.seed({"external_apis": [{"id": 5}, {"id": 6, "works": False}], "domains": ["*.wild.example"]})
    sim.switch(ssl_issue="sync")
    body = {**install, "authorizationMethod": "dns-01"}
    assert api("POST", "/ssl", {**body, "externalApi": 6}).status_code == 422
    row = api.ok("POST", "/ssl", {**body, "externalApi": 5})
    assert (row["authorizationMethod"], row["api_id"]) == ("dns-01", 5)
    assert "*.wild.example" in sim.certificates()[0]["names"]


def test_second_post(sim: Simulator, api: Api, install: Body) -> None:
    first = api.ok("POST", "/ssl", install)
    assert "already installed" in api.refused("POST", "/ssl", install)[1]["message"]
    sim.clock(advance=5)
    sim.switch(ssl_post_existing="replace")
    second = api.ok("POST", "/ssl", install)
    assert second["id"] != first["id"]
    assert api.get("/ssl")["id"] == first["id"]
    sim.clock(advance=5)
    assert api.get("/ssl")["id"] == second["id"]


def test_failed_replacement_leaves_the_old_one(sim: Simulator, api: Api, install: Body) -> None:
    sim.panel("set_certificate")
    sim.switch(ssl_post_existing="replace")
    before = api.get("/ssl")
    sim.panel("set_dns", unresolved=["shop.example"])
    api.ok("POST", "/ssl", install)
    sim.clock(advance=5)
    assert api.get("/ssl") == before


@pytest.mark.parametrize("shape", ["object", "empty"])
def test_reply_to_writes(sim: Simulator, api: Api, install: Body, shape: str) -> None:
    sim.switch(ssl_write_reply=shape)
    replies = [api.ok("POST", "/ssl", install), api.ok("PATCH", "/ssl/4211", {}), api.ok("PUT", "/ssl/4211")]
    assert [reply.get("id") for reply in replies] == [4211 if shape == "object" else None] * 3


# ---------------------------------------------------------------------- failure


def test_failure_later(sim: Simulator, api: Api, install: Body) -> None:
    sim.panel("set_dns", unresolved=["www.shop.example"])
    assert api.ok("POST", "/ssl", install)["validUntil"] is None
    sim.clock(advance=5)
    assert api("GET", "/ssl").status_code == 404
    assert results(sim) == [("POST", "failed")]
    line = api.get("/log")["data"][0]
    assert "www.shop.example: DNS problem" in line["content"]
    assert line["created_at"] == "2026-01-01 00:00:05"
    sim.panel("set_dns", unresolved=[])
    api.ok("POST", "/ssl", install)
    sim.clock(advance=5)
    assert results(sim) == [("POST", "failed"), ("POST", "issued")]


def test_failure_at_once(sim: Simulator, api: Api, install: Body) -> None:
    sim.panel("set_dns", unresolved=["*.example"])
    sim.switch(ssl_issue="sync", acme_failure_status=500)
    status, reply = api.refused("POST", "/ssl", install)
    assert (status, list(reply)) == (500, ["message"])
    assert "primary.example: DNS problem" in reply["message"]
    assert api("GET", "/ssl").status_code == 404


@pytest.mark.parametrize("issue", ["sync", "async"])
def test_failed_redeploy_leaves_the_old_one(sim: Simulator, api: Api, issue: str) -> None:
    sim.panel("set_certificate", certificate={"days_left": 10, "names": ["primary.example"]})
    before = sim.certificates()
    sim.panel("set_dns", unresolved=["shop.example"])
    sim.switch(ssl_issue=issue)
    assert api("PUT", "/ssl/4211").status_code == (422 if issue == "sync" else 200)
    sim.clock(advance=5)
    assert sim.certificates() == before
    assert results(sim) == [("PUT", "failed")]
    assert "shop.example" in api.get("/log")["data"][0]["content"]


def test_certificate_removed_while_it_is_ordered(sim: Simulator, api: Api, install: Body) -> None:
    api.ok("POST", "/ssl", install)
    api.ok("DELETE", "/ssl/4211")
    sim.clock(advance=5)
    assert (sim.certificates(), results(sim)) == ([], [("POST", "failed")])


def test_application_without_domains(sim: Simulator, api: Api, install: Body) -> None:
    sim.reset({"domains": [], "switches": {"ssl_issue": "sync"}})
    assert "no domain" in api.refused("POST", "/ssl", install)[1]["message"]


def test_wildcard_with_http_01(sim: Simulator, api: Api, install: Body) -> None:
    sim.seed({"domains": ["*.wild.example"]})
    api.ok("POST", "/ssl", install)
    sim.clock(advance=5)
    assert "*.wild.example: wildcards" in sim.orders()[0]["reason"]
    sim.switch(wildcard_http01="refuse")
    assert list(api.refused("POST", "/ssl", install)[1]["errors"]) == ["authorizationMethod"]
    assert len(sim.orders()) == 1


def test_runclouds_own_names(sim: Simulator, api: Api, install: Body) -> None:
    test_domain = "blockter.bdiakcml8h-e92498n216kr.p.runcloud.link"
    sim.seed({"domains": [test_domain], "switches": {"ssl_issue": "sync", "acme_resolver": None}})
    api.ok("POST", "/ssl", install)
    sim.switch(test_domains_in_orders=False)
    api.ok("PUT", "/ssl/4211")
    assert [test_domain in order["names"] for order in sim.orders()] == [True, False]


# ---------------------------------------------------------------------- one that is there


def test_redeploy_takes_the_names_of_now(sim: Simulator, api: Api, install: Body) -> None:
    api.ok("POST", "/ssl", install)
    sim.clock(advance=86400)
    api.ok("POST", "/domains", {"name": "new.example"})
    assert "new.example" not in sim.certificates()[0]["names"]
    before = api.ok("PUT", "/ssl/4211")
    api.ok("POST", "/domains", {"name": "too-late.example"})
    sim.clock(advance=5)
    after = api.get("/ssl")
    assert (before["validUntil"], after["validUntil"]) == ("2026-04-01 00:00:05", "2026-04-02 00:00:05")
    assert (after["id"], after["created_at"]) == (before["id"], before["created_at"])
    assert sim.certificates()[0]["names"] == [*NAMES, "new.example"]


def test_redeploy_may_give_a_new_id(sim: Simulator, api: Api) -> None:
    sim.panel("set_certificate")
    sim.switch(redeploy_id="new")
    assert api.ok("PUT", "/ssl/4211")["id"] == 4211
    sim.clock(advance=5)
    assert api.get("/ssl")["id"] == 4212
    assert api("PUT", "/ssl/4211").status_code == 404
    sim.switch(ssl_issue="sync")
    assert api.ok("PUT", "/ssl/4212")["id"] == 4213


@pytest.mark.parametrize("method", ["custom", "csr"])
def test_only_letsencrypt_is_redeployed(sim: Simulator, api: Api, method: str) -> None:
    sim.panel("set_certificate", certificate={"method": method})
    assert api("PUT", "/ssl/4211").status_code == 422
    assert sim.orders() == []


def test_options_change_without_an_order(sim: Simulator, api: Api) -> None:
    sim.panel("set_certificate", certificate={"enableHttp": True})
    row = api.ok("PATCH", "/ssl/4211", {"enableHsts": True, "ssl_protocol_id": 3, "enableHstsSubdomains": True})
    assert (row["enableHttp"], row["enableHsts"], row["ssl_protocol_id"]) == (True, True, 3)
    assert api.get("/ssl") == row
    assert sim.certificates()[0]["enableHstsSubdomains"] is True
    sim.switch(patch_omitted="reset")
    row = api.ok("PATCH", "/ssl/4211", {"ssl_protocol_id": 1, "environment": "staging"})
    assert (row["enableHttp"], row["enableHsts"], row["ssl_protocol_id"], row["staging"]) == (False, False, 1, False)
    assert sim.orders() == []


def test_bad_change_changes_nothing(sim: Simulator, api: Api) -> None:
    sim.panel("set_certificate")
    before = api.get("/ssl")
    body = {"enableHttp": True, "ssl_protocol_id": 9}
    assert list(api.refused("PATCH", "/ssl/4211", body)[1]["errors"]) == ["ssl_protocol_id"]
    assert api.get("/ssl") == before


def test_options_that_are_silently_ignored(sim: Simulator, api: Api, install: Body) -> None:
    sim.switch(ignored_ssl_fields=["enableHsts", "ssl_protocol_id"])
    row = api.ok("POST", "/ssl", {**install, "enableHsts": True, "ssl_protocol_id": 3})
    assert (row["enableHttp"], row["enableHsts"], row["ssl_protocol_id"]) == (True, False, 2)
    row = api.ok("PATCH", "/ssl/4211", {"enableHsts": True, "enableHttp": False})
    assert (row["enableHttp"], row["enableHsts"]) == (False, False)


def test_delete(sim: Simulator, api: Api) -> None:
    sim.panel("set_certificate")
    row = api.get("/ssl")
    assert api.ok("DELETE", "/ssl/4211") == row
    assert api("GET", "/ssl").status_code == 404
    sim.panel("set_certificate")
    sim.switch(ssl_delete_reply="message")
    assert list(api.ok("DELETE", "/ssl/4212")) == ["message"]


def test_removing_a_domain_leaves_the_certificate(sim: Simulator, api: Api) -> None:
    sim.panel("set_certificate")
    api.ok("DELETE", "/domains/694")
    assert sim.certificates()[0]["names"] == NAMES


# ---------------------------------------------------------------------- shapes


def test_shapes_of_get(sim: Simulator, api: Api) -> None:
    sim.panel("set_certificate")
    sim.switch(get_ssl_wrap=True)
    assert list(api.get("/ssl")) == ["data"]
    assert api.get("/ssl")["data"]["id"] == 4211
    sim.switch(get_ssl_wrap=False, get_ssl_shape="list")
    assert [(row["name"], row["ssl"] and row["ssl"]["id"]) for row in api.get("/ssl")["data"]] == [
        ("primary.example", 4211),
        ("shop.example", None),
    ]
    sim.switch(ssl_list_basic="every")
    assert [row["ssl"]["id"] for row in api.get("/ssl")["data"]] == [4211, 4211]
    assert "meta" not in api.get("/ssl")
    sim.switch(ssl_list_meta=True)
    reply = api.get("/ssl?perPage=1&page=2")
    assert [row["name"] for row in reply["data"]] == ["shop.example"]
    assert reply["meta"]["pagination"]["total_pages"] == 2
    assert api.get("/ssl", version="v2")["id"] == 4211


def test_missing_with_status_200(sim: Simulator, api: Api) -> None:
    sim.switch(ssl_missing_status=200)
    assert api.get("/ssl") == {"message": "SSL not installed!"}
    assert api.get("/domains/693/ssl") == {"message": "SSL not installed!"}


def test_log_variants(sim: Simulator, api: Api) -> None:
    sim.panel("add_log", content="first")
    sim.clock(advance=1)
    sim.panel("add_log", content="second")
    assert [line["content"] for line in api.get("/log")["data"]] == ["second", "first"]
    sim.switch(log_order="oldest")
    assert [line["content"] for line in api.get("/log")["data"]] == ["first", "second"]
    sim.switch(log_rows="other")
    assert [set(line) for line in api.get("/log")["data"]] == [{"action", "status", "time"}] * 2
    for status in (404, 500):
        sim.switch(log_status=status)
        assert api("GET", "/log").status_code == status


# ---------------------------------------------------------------------- custom and csr


def test_custom(sim: Simulator, api: Api) -> None:
    body = pems.custom(["primary.example", "www.primary.example"])
    row = api.ok("POST", "/ssl", body)
    assert (row["method"], row["validUntil"], row["renewalDate"]) == ("custom", "2031-05-17 12:30:15", None)
    assert (row["authorizationMethod"], row["enableHsts"], row["ssl_protocol_id"]) == (None, True, 3)
    assert (row["privateKey"], str(row["certificate"]).strip()) == (None, str(body["certificate"]).strip())
    assert sim.certificates()[0]["names"] == ["primary.example", "www.primary.example"]
    assert sim.orders() == []


def test_custom_is_replaced_by_patch(sim: Simulator, api: Api) -> None:
    api.ok("POST", "/ssl", pems.custom(["old.example"]))
    new = pems.custom(["new.example"])
    api.ok("PATCH", "/ssl/4211", {key: new[key] for key in ("certificate", "privateKey")})
    assert sim.certificates()[0]["names"] == ["new.example"]
    assert list(api.refused("PATCH", "/ssl/4211", {"certificate": new["certificate"]})[1]["errors"]) == ["privateKey"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"certificate": ""}, "certificate"),
        ({"privateKey": ""}, "privateKey"),
        ({"certificate": "nonsense"}, "certificate"),
        ({"privateKey": "nonsense"}, "privateKey"),
        ({"privateKey": pems.private_pem(ec.generate_private_key(ec.SECP256R1()))}, "privateKey"),
        ({"certificate": 5}, "certificate"),
    ],
)
def test_bad_custom(sim: Simulator, api: Api, change: Body, field: str) -> None:
    status, reply = api.refused("POST", "/ssl", {**pems.custom(["a.example"]), **change})
    assert (status, list(reply["errors"])) == (422, [field])
    assert sim.certificates() == []


def test_who_sees_the_private_key(sim: Simulator, api: Api) -> None:
    body = pems.custom(["a.example"])
    api.ok("POST", "/ssl", body)
    v2 = api.get("/ssl", version="v2")
    assert str(v2["privateKey"]).strip() == str(body["privateKey"]).strip()
    sim.switch(private_key_v2="absent", private_key_v3="present", certificate_v3="null")
    assert "privateKey" not in api.get("/ssl", version="v2")
    row = api.get("/ssl")
    assert str(row["privateKey"]).strip() == str(body["privateKey"]).strip()
    assert row["certificate"] is None
    sim.switch(private_key_v3="absent", certificate_v3="absent")
    assert not {"privateKey", "certificate"} & set(api.get("/ssl"))


CSR = {
    "provider": "csr",
    "enableHttp": True,
    "enableHsts": False,
    "csrKeyType": "ecdsa-p256",
    "organization": "Brand",
    "department": "IT",
    "city": "Berlin",
    "state": "Berlin",
    "country": "DE",
}


@pytest.mark.parametrize("field", ["csrKeyType", "organization", "department", "city", "state", "country"])
def test_bad_csr(api: Api, field: str) -> None:
    assert list(api.refused("POST", "/ssl", {**CSR, field: None})[1]["errors"]) == [field]


def test_csr_from_request_to_certificate(sim: Simulator, api: Api) -> None:
    row = api.ok("POST", "/ssl", CSR)
    assert (row["method"], row["validUntil"], row["renewalDate"]) == ("csr", None, None)
    signed = pems.certificate_pem(NAMES)
    assert list(api.refused("PATCH", "/ssl/4211", {"certificate": signed})[1]["errors"]) == ["certificate"]
    request = x509.load_pem_x509_csr(sim.panel("fetch_csr")["csr"].encode())
    assert "O=Brand" in request.subject.rfc4514_string()
    assert list(api.refused("PATCH", "/ssl/4211", {"certificate": signed})[1]["errors"]) == ["privateKey"]
    public_key = request.public_key()
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    row = api.ok("PATCH", "/ssl/4211", {"certificate": pems.certificate_pem(NAMES, public_key)})
    assert (row["validUntil"], row["privateKey"]) == ("2031-05-17 12:30:15", None)
    assert sim.certificates()[0]["names"] == NAMES
