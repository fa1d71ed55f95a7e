# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies against the documented examples, literally."""

from __future__ import annotations

from typing import Any

from simulator.process import Simulator

from .conftest import Api

YOG = "yog.alirahman.site"
SCHIMMEL = {
    "id": 693,
    "name": "schimmel.alirahman.site",
    "dns_integration": "cloudflare",
    "created_at": "2024-07-09 07:02:13",
}


def start(sim: Simulator, **more: Any) -> None:
    """Begin with the application of the reference's examples."""
    app = {"id": 646, "name": "app-schimmel", "domains": [SCHIMMEL], **more}
    server = {"id": 1903, "name": "server hello", "ipAddress": "139.162.123.253", "webapps": [app]}
    sim.reset({"servers": [server], "clock": {"set": "2024-07-09 07:05:41", "speed": 0}})


def test_ping(api: Api) -> None:
    assert api.get("//ping") == {"message": "pong"}
    assert api.get("//ping", version="v2") == {"message": "pong"}


def test_server(sim: Simulator, api: Api) -> None:
    start(sim)
    row = api.get("//servers/1903")
    created = row.pop("created_at")
    assert created == "2023-06-05 07:05:41"
    assert row == {
        "id": 1903,
        "name": "server hello",
        "provider": "Akamai (Linode)",
        "stack": "nginx",
        "ipAddress": "139.162.123.253",
        "country_iso_code": "JP",
        "os": "Ubuntu",
        "osVersion": "focal",
        "connected": True,
        "online": True,
        "agentVersion": "2.8.7-1+ubuntu20.04+11",
        "phpCLIVersion": "php81rc",
        "softwareUpdate": False,
        "securityUpdate": True,
        "transferStatus": "AVAILABLE",
        "tags": [],
    }
    assert api.get("//servers")["data"] == [{**row, "created_at": created}]


def test_server_that_never_connected(sim: Simulator, api: Api) -> None:
    sim.reset({"servers": [{"id": 1903, "connected": False, "online": False}]})
    row = api.get("//servers/1903")
    missing = [row["osVersion"], row["agentVersion"], row["country_iso_code"]]
    assert (row["connected"], row["online"], missing) == (False, False, [None] * 3)


def test_v2_server_lacks_what_came_later(api: Api) -> None:
    missing = set(api.get("//servers/1903")) - set(api.get("//servers/1903", version="v2"))
    assert missing == {"stack", "country_iso_code", "tags"}


def test_webapp(sim: Simulator, api: Api) -> None:
    start(sim)
    row = api.get("")
    secrets = {row.pop("pullKey1"), row.pop("pullKey2")}
    assert len(secrets) == 2
    assert row == {
        "id": 646,
        "server_user_id": 1647,
        "name": "app-schimmel",
        "rootPath": "/home/runcloud/webapps/app-schimmel",
        "publicPath": "/home/runcloud/webapps/app-schimmel",
        "phpVersion": "php81rc",
        "stack": "hybrid",
        "stackMode": "production",
        "type": "wordpress",
        "defaultApp": False,
        "alias": None,
        "created_at": "2023-07-09 07:05:41",
    }


def test_domain_is_added_and_listed(sim: Simulator, api: Api) -> None:
    start(sim)
    sim.seed({"webapps": [{"id": 646, "domains": [{"id": 709, "name": "between.example"}]}]})
    sim.panel("remove_domain", name="between.example")
    body = {"name": YOG, "www": False, "redirection": "non-www", "type": "alias"}
    added = {
        "id": 710,
        "name": YOG,
        "type": "alias",
        "www": 0,
        "redirection": "non-www",
        "wildcard": 0,
        "dns_integration": "none",
        "status": None,
        "created_at": "2024-07-09 07:05:41",
    }
    assert api.ok("POST", "/domains", body) == added
    primary = {
        "id": 693,
        "name": "schimmel.alirahman.site",
        "type": "primary",
        "www": 0,
        "redirection": "none",
        "wildcard": 0,
        "dns_integration": "cloudflare",
        "status": None,
        "created_at": "2024-07-09 07:02:13",
    }
    pages = {"total": 2, "count": 2, "per_page": 20, "current_page": 1, "total_pages": 1, "links": {}}
    reply = api("GET", "/domains")
    assert reply.json() == {"data": [primary, added], "meta": {"pagination": pages}}
    # 0 and False are equal in Python; the wire tells them apart.
    assert '"www":0,' in reply.text
    assert api.get("/domains/710") == added


def test_domain_is_changed_with_a_message(sim: Simulator, api: Api) -> None:
    start(sim)
    added = api.ok("POST", "/domains", {"name": YOG})
    body = {"type": "alias", "redirection": "non-www", "www": True}
    reply = api.ok("PATCH", f"/domains/{added['id']}/meta", body)
    assert reply == {"message": "Domain settings have been successfully updated."}
    changed = {**added, "redirection": "non-www", "www": 1}
    assert api.get(f"/domains/{added['id']}") == changed


def test_dns_instructions_show_www_although_it_is_off(sim: Simulator, api: Api) -> None:
    start(sim)
    assert api.get("/domains/693/dns") == [
        {"type": "A", "hostname": "schimmel.alirahman.site", "content": "139.162.123.253"},
        {"type": "CNAME", "hostname": "www.schimmel.alirahman.site", "content": "schimmel.alirahman.site"},
    ]


def test_deleted_domain_is_returned(sim: Simulator, api: Api) -> None:
    start(sim)
    added = api.ok("POST", "/domains", {"name": YOG})
    assert api.ok("DELETE", f"/domains/{added['id']}") == added
    assert [row["name"] for row in sim.domains()] == ["schimmel.alirahman.site"]


def test_bodies_seen_in_the_wild_are_accepted(api: Api) -> None:
    minimal = api.ok("POST", "/domains", {"name": "minimal.example"})
    assert (minimal["type"], minimal["www"], minimal["redirection"]) == ("alias", 0, "none")
    literal = api.ok("POST", "/domains", {"name": "www.pbac.pl", "www": 0, "redirection": "none"})
    assert (literal["name"], literal["www"]) == ("www.pbac.pl", 0)
    plugin = {"name": "shop.example", "www": True, "redirection": "non-www", "type": "alias"}
    assert api.ok("POST", "/domains", plugin)["www"] == 1


CERTIFICATE = {
    "id": 4211,
    "method": "letsencrypt",
    "privateKey": None,
    "certificate": None,
    "validUntil": "2024-10-07 06:02:13",
    "renewalDate": "2024-09-07 06:02:13",
    "enableHttp": True,
    "enableHsts": False,
    "enableHstsPreload": False,
    "authorizationMethod": "http-01",
    "staging": False,
    "api_id": None,
    "ssl_protocol_id": 2,
    "created_at": "2024-07-09 07:05:41",
}
SEEDED = {"valid_until": "2024-10-07 06:02:13", "created_at": "2024-07-09 07:05:41", "enableHttp": True}


def test_certificate_object(sim: Simulator, api: Api) -> None:
    start(sim, certificate=SEEDED)
    assert api.get("/ssl") == CERTIFICATE
    v2 = {key: value for key, value in CERTIFICATE.items() if key != "enableHstsPreload"}
    assert api.get("/ssl", version="v2") == v2


def test_certificate_list(sim: Simulator, api: Api) -> None:
    primary = {"id": 693, "name": "example.com", "certificate": {**SEEDED, "enableHttp": False}}
    start(sim, mode="advanced", domains=[primary, {"id": 710, "name": "www.example.com"}])
    nested = {
        "id": 4211,
        "method": "letsencrypt",
        "validUntil": "2024-10-07 06:02:13",
        "renewalDate": "2024-09-07 06:02:13",
        "enableHttp": False,
        "enableHsts": False,
        "enableHstsPreload": False,
        "authorizationMethod": "http-01",
        "staging": False,
        "created_at": "2024-07-09 07:05:41",
    }
    assert api.get("/ssl") == {
        "data": [
            {"id": 693, "name": "example.com", "ssl": nested},
            {"id": 710, "name": "www.example.com", "ssl": None},
        ]
    }


def test_no_certificate(api: Api) -> None:
    for version in ("v2", "v3"):
        assert api.refused("GET", "/ssl", version=version) == (404, {"message": "SSL not installed!"})


def test_method(api: Api) -> None:
    assert api.get("/ssl/advanced") == {"advancedSSL": False, "autoSSL": False}
    assert api.ok("POST", "/ssl/advanced", {"advancedSSL": True, "autoSSL": False}) == {
        "advancedSSL": True,
        "autoSSL": False,
    }
    assert api.get("/ssl/advanced") == {"advancedSSL": True, "autoSSL": False}


def test_protocols(api: Api) -> None:
    assert api.get("//static/ssl/protocols?webServer=nginx") == [
        {"id": 1, "protocols": "TLSv1.1 TLSv1.2 TLSv1.3"},
        {"id": 2, "protocols": "TLSv1.2 TLSv1.3"},
        {"id": 3, "protocols": "TLSv1.3"},
    ]


def test_external_api(sim: Simulator, api: Api) -> None:
    sim.reset({"clock": {"set": "2019-06-30 20:56:22", "speed": 0}})
    body = {"label": "Testing", "service": "digitalocean", "secret": "do-secret-0123456789"}
    entry = {
        "id": 28,
        "label": "Testing",
        "username": None,
        "secret": "do-secret-0123456789",
        "service": "Digital Ocean",
        "created_at": "2019-06-30 20:56:22",
    }
    assert api.ok("POST", "//settings/externalapi", body) == entry
    assert api.get("//settings/externalapi/28") == entry
    assert api.get("//settings/externalapi?search=test") == {"data": [{**entry, "secret": "do-s..."}]}
    assert api.get("//settings/externalapi?search=other") == {"data": []}
    assert api.ok("PATCH", "//settings/externalapi/28", {"label": "New"})["label"] == "New"
    assert api.ok("DELETE", "//settings/externalapi/28")["label"] == "New"
    assert api("GET", "//settings/externalapi/28").status_code == 404


def test_cloudflare_needs_a_user_name(api: Api) -> None:
    body = {"label": "CF", "service": "cloudflare", "secret": "cf-secret-0123456789"}
    status, reply = api.refused("POST", "//settings/externalapi", body)
    assert (status, list(reply["errors"])) == (422, ["username"])


def test_log(sim: Simulator, api: Api) -> None:
    line = {"kind": "WebApp", "content": "Web application has been created", "created_at": "2024-07-09 07:02:13"}
    sim.reset({"log": [line]})
    reply = api.get("/log")
    assert reply["data"] == [line]
    assert reply["meta"]["pagination"]["total"] == 1
