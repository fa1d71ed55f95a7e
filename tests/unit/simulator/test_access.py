# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may call what: credentials, Accept, ids, versions, request limit."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from simulator.process import SECRET, TOKEN, Simulator

from .conftest import BASIC, Api


@pytest.mark.parametrize("auth", [None, "wrong-token-0123456789", "", ("sim-key-0123456789", "wrong"), ("", "")])
@pytest.mark.parametrize("version", ["v2", "v3"])
def test_wrong_credentials(api: Api, auth: str | tuple[str, str] | None, version: str) -> None:
    api.auth = auth
    assert api.refused("GET", "//ping", version=version) == (401, {"message": "Unauthenticated."})


def test_token_works_on_both_versions_key_and_secret_on_v2_only(api: Api) -> None:
    assert api("GET", "//ping", version="v2").status_code == 200
    api.auth = BASIC
    assert api("GET", "//ping", version="v2").status_code == 200
    assert api("GET", "//ping", version="v3").status_code == 401


def test_credentials_without_a_key_take_no_basic(sim: Simulator, api: Api) -> None:
    sim.reset({"credentials": {"token": TOKEN}})
    api.auth = ("None", "None")
    assert api("GET", "//ping", version="v2").status_code == 401


def test_broken_authorization_headers_are_no_crash(api: Api) -> None:
    api.auth = None
    for value in ("Basic ???", "Basic", "Bearer", "Digest x", "Basic " + "\u00e9"):
        headers = {"Authorization": value.encode("latin-1")}
        assert api("GET", "//ping", version="v2", headers=headers).status_code == 401


def test_missing_accept_redirects(sim: Simulator, api: Api) -> None:
    for headers in ({"Accept": "*/*"}, {"Accept": "text/html"}):
        reply = api("GET", "//ping", headers=headers)
        assert (reply.status_code, reply.headers["Location"]) == (302, "/login")
        assert reply.headers["Content-Type"].startswith("text/html")
    sim.switch(missing_accept="redirect_errors")
    assert api("GET", "//ping", headers={"Accept": "*/*"}).status_code == 200
    assert api("GET", "//servers/1", headers={"Accept": "*/*"}).status_code == 302
    sim.switch(missing_accept="ignore")
    assert api("GET", "//servers/1", headers={"Accept": "*/*"}).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "//servers/1",
        "//servers/1/webapps",
        "//servers/1903/webapps/1",
        "//servers/1903/webapps/1/domains",
        "/domains/1",
        "/domains/1/ssl",
        "/nothing",
        "//nothing",
        "//servers/abc",
        "//settings/externalapi/1",
    ],
)
def test_unknown_ids_and_paths(api: Api, path: str) -> None:
    assert api.refused("GET", path) == (404, {"message": "Not found"})


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_unknown_certificate(api: Api, method: str) -> None:
    assert api(method, "/ssl/1", {}).status_code == 404
    assert api(method, "/domains/693/ssl/1", {}).status_code == 404


def test_v3_only_endpoints(api: Api) -> None:
    assert api("GET", "/domains/693/dns").status_code == 200
    assert api("GET", "/domains/693/dns", version="v2").status_code == 404
    assert api("PATCH", "/domains/693/meta", {"www": True}).status_code == 200
    assert api("PATCH", "/domains/693/meta", {"www": True}, version="v2").status_code == 404


def test_forbidden_server(sim: Simulator, api: Api) -> None:
    servers = [{"id": 1903, "webapps": [{"id": 646}]}, {"id": 1904, "name": "theirs"}]
    sim.reset({"credentials": {"token": TOKEN, "forbidden_servers": [1904]}, "servers": servers})
    assert [row["id"] for row in api.get("//servers")["data"]] == [1903]
    for path in ("//servers/1904", "//servers/1904/webapps"):
        assert api.refused("GET", path) == (403, {"message": "Forbidden"})
    assert api("GET", "//servers/1903").status_code == 200


def test_read_only_credential(sim: Simulator, api: Api) -> None:
    credentials = [{"name": "reader", "token": TOKEN, "read_only": True}, {"name": "writer", "token": "other-token-1"}]
    sim.reset({"credentials": credentials})
    assert api("GET", "/domains").status_code == 200
    assert api("POST", "/domains", {"name": "a.example"}).status_code == 403
    api.auth = "other-token-1"
    assert api("POST", "/domains", {"name": "a.example"}).status_code == 200
    assert [entry["key"] for entry in sim.requests()] == ["reader", "reader", "writer"]


def test_servers_are_searched_and_shared_ones_apart(sim: Simulator, api: Api) -> None:
    sim.reset({"servers": [{"name": "web-Berlin"}, {"name": "web-paris"}, {"name": "guest", "shared": True}]})
    assert [row["name"] for row in api.get("//servers?search=berlin")["data"]] == ["web-Berlin"]
    assert [row["name"] for row in api.get("//servers/shared")["data"]] == ["guest"]
    assert len(api.get("//servers")["data"]) == 2


def test_webapps_are_searched(sim: Simulator, api: Api) -> None:
    sim.reset({"webapps": [{"name": "shop"}, {"name": "blog"}]})
    assert [row["name"] for row in api.get("//servers/1903/webapps?search=BLO")["data"]] == ["blog"]


def test_rate_limit(sim: Simulator, api: Api) -> None:
    assert not [name for name in api("GET", "//ping").headers if name.startswith("X-RateLimit")]
    sim.clock(speed=0)
    sim.switch(rate_limit=2)
    for remaining in ("1", "0"):
        headers = api("GET", "//ping").headers
        assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("2", remaining)
    sim.clock(advance=20)
    reply = api("GET", "//ping")
    assert (reply.status_code, reply.json()) == (429, {"message": "Too Many Attempts."})
    assert (reply.headers["Retry-After"], reply.headers["X-RateLimit-Remaining"]) == ("40", "0")
    assert "X-RateLimit-Reset" not in reply.headers
    sim.clock(advance=40)
    assert api("GET", "//ping").status_code == 200


def test_rate_limit_holds_for_errors_and_for_each_credential(sim: Simulator, api: Api) -> None:
    sim.reset({"credentials": [{"token": TOKEN}, {"token": "other-token-1"}], "switches": {"rate_limit": 1}})
    assert api("GET", "//servers/1").headers["X-RateLimit-Remaining"] == "0"
    assert api("GET", "//ping").status_code == 429
    api.auth = "other-token-1"
    assert api("GET", "//ping").status_code == 200


def test_rate_limit_variants(sim: Simulator, api: Api) -> None:
    sim.clock(set="2026-01-01 00:00:00", speed=0)
    sim.switch(rate_limit=1, rate_window=10, rate_reset_header=True, rate_headers=False, retry_after="date")
    assert "X-RateLimit-Limit" not in api("GET", "//ping").headers
    reply = api("GET", "//ping")
    assert parsedate_to_datetime(reply.headers["Retry-After"]).isoformat() == "2026-01-01T00:00:10+00:00"
    assert reply.headers["X-RateLimit-Reset"] == "1767225610"
    sim.clock(speed=10)
    sim.switch(retry_after="seconds", rate_window=600)
    seconds = int(api("GET", "//ping").headers["Retry-After"])
    sim.switch(retry_after="simulated")
    assert int(api("GET", "//ping").headers["Retry-After"]) > 5 * seconds > 0
    sim.switch(retry_after="absent")
    assert "Retry-After" not in api("GET", "//ping").headers
    sim.switch(rate_headers=True, rate_remaining_header=False)
    headers = api("GET", "//ping").headers
    assert ("X-RateLimit-Limit" in headers, "X-RateLimit-Remaining" in headers) == (True, False)


def test_secrets_stay_out_of_the_log(sim: Simulator, api: Api) -> None:
    api("GET", "//ping")
    api.auth = BASIC
    api("GET", "//ping", version="v2")
    text = repr(sim.requests()) + repr(sim.state())
    assert TOKEN not in text
    assert SECRET not in text
