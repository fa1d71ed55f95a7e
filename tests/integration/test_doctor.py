# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook doctor: each fault has its line, says what to do, and only errors fail the playbook."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.process import KEY, SECRET, SERVER_ID, TOKEN, WEBAPP_ID, Simulator
from support.ansible import COLLECTION, Ansible, Result
from support.dns_server import DnsServer
from support.wordpress_rest import WordPressRest, recorded

ADDRESS = "127.0.0.1"
HEALTHY = {"domains": ["network.example", "shop.example.com"], "certificate": {"days_left": 60}}
WANTED = ["network.example", "shop.example.com"]


class Visit:
    """One run of the doctor: its lines by level, and how the playbook ended."""

    def __init__(self, result: Result) -> None:
        self.rc = result.rc
        self.output = result.output
        self.report: dict[str, Any] = result.task("domain_sync : Put together what was found").result["ansible_facts"][
            "domain_sync_doctor"
        ]

    def lines(self, level: str, area: str) -> list[str]:
        """Give the texts of one level in one area, with what to do."""
        return [
            f"{check['text']} -> {check['advice']}"
            for check in self.report["checks"]
            if (check["level"], check["area"]) == (level, area)
        ]

    def areas(self, level: str) -> set[str]:
        """Give the areas that have lines of a level."""
        return {check["area"] for check in self.report["checks"] if check["level"] == level}


See = Callable[..., Visit]


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer(default=[ADDRESS]) as server:
        yield server


@pytest.fixture
def see(ansible: Ansible, simulator: Simulator, dns: DnsServer) -> See:
    """Run the doctor, by default in a world where all is well; nothing may ever be written."""
    simulator.reset(HEALTHY)

    def visit(*, env: dict[str, str] | None = None, without: tuple[str, ...] = (), **variables: Any) -> Visit:
        settings: dict[str, Any] = {
            "domain_sync_api_url": simulator.v3,
            "domain_sync_api_token": TOKEN,
            "domain_sync_api_retries": 0,
            "domain_sync_server_id": SERVER_ID,
            "domain_sync_webapp_id": WEBAPP_ID,
            "domain_sync_dns_nameservers": [dns.address],
            "domain_sync_ssl_verify_port": simulator.tls_port,
            "domain_sync_domains": WANTED,
            **variables,
        }
        for name in without:
            del settings[name]
        result = ansible.run_playbook(f"{COLLECTION}.doctor", extra_vars=settings, env=env)
        assert {request["method"] for request in simulator.requests()} <= {"GET"}
        found = Visit(result)
        assert found.rc == (0 if found.report["ok"] else 2), result.output
        assert not result.stats["localhost"]["changed"]
        return found

    return visit


def test_all_is_well(see: See) -> None:
    found = see()
    assert (found.rc, found.report["counts"]["warning"], found.report["counts"]["error"]) == (0, 0, 0)
    assert found.areas("ok") == {
        "connection", "credentials", "server", "web application", "plan", "certificates", "source", "domain", "DNS",
        "certificate",
    }  # fmt: skip
    assert found.report["failure"] == ""
    assert TOKEN not in found.output


def test_a_wrong_token(see: See) -> None:
    found = see(domain_sync_api_token="wrong-token-0123456789", env={"RUNCLOUD_API_TOKEN": "another-one-123456"})
    (line,) = found.lines("error", "credentials")
    assert "401" in line
    assert "domain_sync_api_token is mistyped or was regenerated" in line
    assert "allow-list" in line
    assert "RUNCLOUD_API_TOKEN is set, too, and ignored" in line
    assert found.lines("ok", "connection")
    assert "wrong-token" not in found.output


def test_key_and_secret_for_v3(see: See) -> None:
    variables = {"domain_sync_api_key": KEY, "domain_sync_api_secret": SECRET}
    found = see(without=("domain_sync_api_token",), **variables)
    (line,) = found.lines("error", "credentials")
    assert "only good for API v2" in line


def test_no_credentials(see: See, simulator: Simulator) -> None:
    found = see(without=("domain_sync_api_token",))
    assert "api_token: no credentials" in found.lines("error", "credentials")[0]
    assert simulator.requests() == []


def test_an_address_that_is_not_allowed(see: See, simulator: Simulator) -> None:
    body = {"message": "Your IP address is not allowed."}
    simulator.faults({"times": None, "action": {"status": 401, "body": body}})
    assert "allow-list of the key: add it" in see().lines("error", "credentials")[0]


def test_no_connection(see: See) -> None:
    found = see(domain_sync_api_url="http://127.0.0.1:9/api/v3", domain_sync_dns_expect=[ADDRESS])
    assert "domain_sync_api_url" in found.lines("error", "connection")[0]
    assert found.lines("ok", "credentials") == []
    # What does not need RunCloud is looked at all the same.
    assert len(found.lines("ok", "DNS")) == 2


def test_a_wrong_server_id(see: See) -> None:
    found = see(domain_sync_server_id=7)
    (line,) = found.lines("error", "server")
    assert "no server 7" in line
    assert f"({SERVER_ID})" in line
    assert found.lines("ok", "credentials")
    assert found.areas("ok") >= {"source"}


def test_a_server_that_is_not_named(see: See) -> None:
    found = see(without=("domain_sync_server_id",))
    assert f"({SERVER_ID})" in found.lines("error", "server")[0]


def test_a_server_that_these_credentials_may_not_see(see: See, simulator: Simulator) -> None:
    simulator.reset({**HEALTHY, "credentials": {"token": TOKEN, "forbidden_servers": [SERVER_ID]}})
    found = see()
    assert "403" in found.lines("error", "server")[0]
    assert found.lines("ok", "credentials")


def test_a_wrong_application_id(see: See) -> None:
    found = see(domain_sync_webapp_id=7)
    (line,) = found.lines("error", "web application")
    assert "no web application 7" in line
    assert f"({WEBAPP_ID})" in line
    assert len(found.lines("ok", "DNS")) == 2


def test_an_application_from_the_environment(see: See) -> None:
    names = {"RUNCLOUD_SERVER_ID": str(SERVER_ID), "WU_RUNCLOUD_APP_ID": str(WEBAPP_ID), "RUNCLOUD_API_TOKEN": TOKEN}
    found = see(without=("domain_sync_server_id", "domain_sync_webapp_id", "domain_sync_api_token"), env=names)
    assert found.rc == 0
    assert "RUNCLOUD_API_TOKEN" in found.lines("ok", "credentials")[0]


def test_a_server_that_is_offline(see: See, simulator: Simulator) -> None:
    simulator.panel("set_server", server=SERVER_ID, set={"online": False})
    assert "offline" in see().lines("error", "server")[0]


def test_a_domain_that_points_elsewhere(see: See, dns: DnsServer) -> None:
    dns.set("shop.example.com", a=["203.0.113.9"])
    found = see(domain_sync_domains=[*WANTED, "new.example.com"])
    (line,) = found.lines("error", "DNS")
    assert "shop.example.com: points to 203.0.113.9" in line
    assert "point it at the server" in line


def test_a_new_domain_that_waits_for_its_dns(see: See, dns: DnsServer) -> None:
    dns.set("new.example.com", a=["203.0.113.9"])
    found = see(domain_sync_domains=[*WANTED, "new.example.com"])
    assert found.rc == 0
    assert "held back" in found.lines("warning", "DNS")[0]
    assert "waits for its DNS" in found.lines("warning", "domain")[0]


def test_a_domain_that_another_application_has(see: See, simulator: Simulator) -> None:
    simulator.seed({"servers": [{"id": 77, "name": "old", "webapps": [{"name": "left", "domains": ["new.example"]}]}]})
    found = see(domain_sync_domains=[*WANTED, "new.example", "nowhere.example"])
    (line,) = found.lines("error", "domain")
    assert "new.example: already added elsewhere, to web application left" in line
    assert "Remove it there first" in line
    assert [line for line in found.lines("warning", "domain") if "nowhere.example: not attached" in line]


def test_searching_is_bounded(see: See, simulator: Simulator) -> None:
    names = [f"n{number}.example" for number in range(20)]
    see(domain_sync_domains=[*WANTED, *names], domain_sync_doctor_searches=2)
    servers = [request for request in simulator.requests() if request["path"] == "/servers"]
    assert len(servers) == 2


def test_no_certificate_yet(see: See, simulator: Simulator) -> None:
    log = [{"kind": "SSL", "content": "Failed to issue: DNS problem", "created_at": "2026-01-01 00:00:00"}]
    simulator.reset({"domains": WANTED, "log": log})
    found = see()
    assert "none yet; the activity log says: Failed to issue: DNS problem" in found.lines("error", "certificates")[0]
    assert len(found.lines("error", "certificate")) == 2


def test_a_name_that_the_certificate_lacks(see: See, simulator: Simulator) -> None:
    simulator.reset({"domains": WANTED, "certificate": {"names": ["network.example"]}})
    (line,) = see().lines("error", "certificate")
    assert line.startswith("shop.example.com: ")
    assert "Not issued yet" in line


def test_a_certificate_that_waits_for_dns(see: See, simulator: Simulator, dns: DnsServer) -> None:
    simulator.reset({"domains": WANTED, "certificate": {"names": ["network.example"]}})
    dns.set("shop.example.com", a=["203.0.113.9"])
    assert "before the DNS of shop.example.com" in see().lines("warning", "certificate")[0]


def test_a_certificate_that_expires(see: See, simulator: Simulator) -> None:
    simulator.reset({**HEALTHY, "certificate": {"days_left": 5}})
    found = see()
    assert found.rc == 0
    assert "expires in" in found.lines("warning", "certificate")[0]


def test_a_certificate_that_has_expired(see: See, simulator: Simulator) -> None:
    simulator.reset({**HEALTHY, "certificate": {"days_left": -3}})
    assert "expired" in see().lines("error", "certificate")[0]


def test_a_staging_certificate(see: See, simulator: Simulator) -> None:
    simulator.reset({**HEALTHY, "certificate": {"days_left": 60, "staging": True}})
    assert "staging" in see().lines("warning", "certificates")[0]


def test_a_plan_without_advanced_ssl(see: See, simulator: Simulator) -> None:
    simulator.reset({**HEALTHY, "plan_advanced": False})
    simulator.switch(plan_get_advanced=403)
    assert "no advanced SSL" in see().lines("ok", "plan")[1]
    assert "Business or Enterprise" in see(domain_sync_ssl_mode="advanced").lines("error", "plan")[0]


def test_a_plan_that_may_not_allow_several_domains(see: See, simulator: Simulator) -> None:
    simulator.reset({"domains": ["network.example"], "certificate": True})
    assert "plan does not support several domains" in see().lines("warning", "plan")[0]


def test_more_names_than_one_certificate_holds(see: See, simulator: Simulator) -> None:
    simulator.reset({"domain_count": 120, "certificate": {"names": ["d1.example"]}})
    found = see(domain_sync_domains=["d1.example"])
    assert "Let's Encrypt allows 100" in found.lines("error", "certificates")[0]


# WordPress


@pytest.fixture
def wordpress(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Make a folder that looks like a WordPress with a WP-CLI that gives the recorded answer, changed as told."""

    def make(**changes: Any) -> dict[str, Any]:
        document = {**json.loads(recorded("cli-eval-inventory.json")), **changes}
        (tmp_path / "wp-load.php").touch()
        (tmp_path / "answer").write_text(f"MULTISITE-RUNCLOUD-BEGIN\n{json.dumps(document)}\nMULTISITE-RUNCLOUD-END\n")
        program = tmp_path / "wp"
        program.write_text(f"#!/bin/sh\ncat >/dev/null\ncat {shlex.quote(str(tmp_path))}/answer\n")
        program.chmod(0o755)
        return {
            "domain_sync_source": "wordpress",
            "domain_sync_wordpress_path": str(tmp_path),
            "domain_sync_wordpress_wp_cli": str(program),
        }

    return make


def test_the_plugins_own_integration(see: See, wordpress: Callable[..., dict[str, Any]]) -> None:
    network = json.loads(recorded("cli-eval-inventory.json"))["network"]
    found = see(without=("domain_sync_domains",), **wordpress(network={**network, "own_integration": True}))
    assert any("own RunCloud integration is switched on" in line for line in found.lines("warning", "WordPress"))
    off = see(without=("domain_sync_domains",), **wordpress(network={**network, "own_integration": False}))
    assert "2.4.13-beta.1, active" in off.lines("ok", "plugin")[0]
    assert "integration is off" in off.lines("ok", "plugin")[1]


def test_ids_in_wp_config_that_are_others(see: See, wordpress: Callable[..., dict[str, Any]]) -> None:
    constants = {"server_id": "11667", "webapp_id": str(WEBAPP_ID), "has_token": True, "has_key": False}
    found = see(without=("domain_sync_domains",), **wordpress(runcloud=constants))
    lines = [line for line in found.lines("warning", "plugin") if "WU_RUNCLOUD" in line]
    assert len(lines) == 1
    assert f"WU_RUNCLOUD_SERVER_ID 11667, and this run works on {SERVER_ID}" in lines[0]


def test_names_that_the_plugin_has_given_up_on(see: See, wordpress: Callable[..., dict[str, Any]]) -> None:
    found = see(without=("domain_sync_domains",), **wordpress())
    stuck = [line for line in found.lines("warning", "WordPress") if "given up" in line]
    assert len(stuck) == 1
    assert "domain_sync_requeue_stuck" in stuck[0]


def test_a_wrong_path(see: See) -> None:
    variables = {"domain_sync_source": "wordpress", "domain_sync_wordpress_path": "/no/such/folder"}
    found = see(without=("domain_sync_domains",), **variables)
    (line,) = found.lines("error", "WordPress")
    assert "/no/such/folder" in line
    assert "domain_sync_wordpress_path" in line
    # What is attached is looked at all the same.
    assert len(found.lines("ok", "certificate")) == 2


def test_a_rest_api_that_refuses(see: See) -> None:
    with WordPressRest() as server:
        variables = {
            "domain_sync_rest_url": server.url,
            "domain_sync_rest_key": "no",
            "domain_sync_rest_secret": "nono",
        }
        found = see(without=("domain_sync_domains",), domain_sync_source="rest", **variables)
    assert "401" in found.lines("error", "WordPress")[0]


def test_a_wordpress_host_that_cannot_be_reached(
    ansible: Ansible, simulator: Simulator, dns: DnsServer, tmp_path: Path
) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all: {hosts: {wp1: {ansible_host: 127.0.0.1, ansible_port: 9}}}\n")
    simulator.reset(HEALTHY)
    settings = {
        "domain_sync_hosts": "all",
        "domain_sync_api_url": simulator.v3,
        "domain_sync_api_token": TOKEN,
        "domain_sync_server_id": SERVER_ID,
        "domain_sync_webapp_id": WEBAPP_ID,
        "domain_sync_dns_nameservers": [dns.address],
        "domain_sync_ssl_verify_port": simulator.tls_port,
        "domain_sync_source": "wordpress",
        "domain_sync_wordpress_path": "/home/runcloud/webapps/network",
    }
    result = ansible.run_playbook(f"{COLLECTION}.doctor", extra_vars=settings, inventory=inventory)
    found = Visit(result)
    assert found.rc != 0
    assert "ssh" in found.lines("error", "WordPress")[0].lower()
    assert len(found.lines("ok", "certificate")) == 2


def test_a_file_that_is_missing(see: See) -> None:
    found = see(without=("domain_sync_domains",), domain_sync_file="no-such-file.yml")
    assert "no-such-file.yml" in found.lines("error", "source")[0]
