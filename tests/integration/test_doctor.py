# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor: each fault has its line and says what to do, none hides another, and only what is wrong is a failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.notes import examined
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.wire import parse

from simulator.process import KEY, SECRET, SERVER_ID, TOKEN, WEBAPP_ID, Simulator
from support.dns_server import DnsServer
from support.in_process import run_action
from support.playbooks import COLLECTION, Ansible
from support.wordpress_rest import WordPressRest, recorded

ADDRESS = "127.0.0.1"
HEALTHY = {"domains": ["network.example", "shop.example.com"], "certificate": {"days_left": 60}}
WANTED = ["network.example", "shop.example.com"]


class Visit:
    """One visit of the doctor: its lines by verdict."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.result = result
        self.output = json.dumps(result)

    def lines(self, verdict: str, area: str) -> list[str]:
        """Return the texts of one verdict in one area, with the name in front and what to do behind."""
        return [
            f"{row['name']}: {row['text']} -> {row['advice']}"
            for row in self.result["findings"]
            if (row["verdict"], row["area"]) == (verdict, area)
        ]

    def areas(self, verdict: str) -> set[str]:
        """Return the areas that have lines of a verdict."""
        return {row["area"] for row in self.result["findings"] if row["verdict"] == verdict}


See = Callable[..., Visit]


@pytest.fixture
def settings(simulator: Simulator, dns: DnsServer) -> dict[str, Any]:
    """The variables of a world where all is well."""
    simulator.reset(HEALTHY)
    return {
        "domain_sync_api_url": simulator.v3,
        "domain_sync_api_token": TOKEN,
        "domain_sync_api_retries": 0,
        "domain_sync_server_id": SERVER_ID,
        "domain_sync_webapp_id": WEBAPP_ID,
        "domain_sync_dns_nameservers": [dns.address],
        "domain_sync_ssl_check_port": simulator.tls_port,
        "domain_sync_domains": WANTED,
    }


@pytest.fixture
def see(settings: dict[str, Any], simulator: Simulator) -> See:
    """Run the doctor in this process; nothing may ever be written."""

    def visit(
        *, env: dict[str, str] | None = None, without: tuple[str, ...] = (), network: Any = None, **variables: Any
    ) -> Visit:
        given = {name: value for name, value in {**settings, **variables}.items() if name not in without}
        options = {"variables": "domain_sync_", **({"network": network} if network is not None else {})}
        result = run_action("runcloud_doctor", options, variables=given, env=env)
        assert {request["method"] for request in simulator.requests()} <= {"GET"}
        assert len(simulator.requests()) <= result["api"]["requests"]
        assert result["ok"] == (not result.get("failed")) == (result["counts"]["wrong"] == 0)
        assert not result["changed"]
        simulator.clear_requests()
        return Visit(result)

    return visit


def test_all_is_well(see: See) -> None:
    found = see()
    assert {verdict for verdict, count in found.result["counts"].items() if count} == {"ok"}
    assert found.areas("ok") == {
        "connection", "credentials", "server", "web application", "plan", "certificate", "source", "domain", "DNS",
        "CAA",
    }  # fmt: skip
    assert found.result["failure"] == ""
    assert TOKEN not in found.output


def test_all_is_well_costs_five_requests(see: See) -> None:
    """Server, web application, domains, mode, certificates: nothing is asked twice."""
    assert see().result["api"] == {"requests": 5, "retries": 0, "waited": 0.0}


# Access


def test_a_wrong_token(see: See) -> None:
    found = see(domain_sync_api_token="wrong-token-0123456789", env={"RUNCLOUD_API_TOKEN": "another-one-123456"})
    (line,) = found.lines("wrong", "credentials")
    assert "401" in line
    assert "domain_sync_api_token is mistyped or was regenerated" in line
    assert "allow-list" in line
    assert "RUNCLOUD_API_TOKEN is set as well, and ignored" in line
    assert found.areas("wrong") == {"credentials"}
    assert {"connection", "server", "web application", "certificate"} <= found.areas("not checked")
    assert "wrong-token" not in found.output


@pytest.mark.parametrize("status", [422, 400, 409, 403, 404, 500, 301])
def test_answers_that_prove_nothing_never_count_as_accepted_credentials(
    see: See, simulator: Simulator, status: int
) -> None:
    simulator.faults({"times": None, "action": {"status": status, "body": {"message": "no"}}})
    found = see()
    assert not found.areas("ok") & {"connection", "credentials", "server", "web application"}
    assert found.lines("not checked", "credentials")
    assert found.areas("wrong")
    # What does not need RunCloud is looked at all the same.
    assert found.lines("ok", "source")


def test_an_answer_of_another_shape_is_not_runclouds(see: See, simulator: Simulator) -> None:
    simulator.faults({"times": None, "action": {"status": 200, "body": {"hello": "world"}}})
    found = see()
    assert not found.areas("ok") & {"connection", "credentials", "server"}
    assert found.lines("not checked", "credentials")


def test_key_and_secret_for_v3(see: See) -> None:
    found = see(without=("domain_sync_api_token",), domain_sync_api_key=KEY, domain_sync_api_secret=SECRET)
    (line,) = found.lines("wrong", "credentials")
    assert "only good for API v2" in line


def test_no_credentials(see: See) -> None:
    found = see(without=("domain_sync_api_token",))
    assert "domain_sync_api_token: no credentials" in found.lines("wrong", "credentials")[0]
    assert found.result["api"]["requests"] == 0
    assert found.lines("ok", "source")


def test_an_address_that_is_not_allowed(see: See, simulator: Simulator) -> None:
    body = {"message": "Your IP address is not allowed."}
    simulator.faults({"times": None, "action": {"status": 401, "body": body}})
    assert "allow-list of the key: add it" in see().lines("wrong", "credentials")[0]


def test_no_connection(see: See) -> None:
    found = see(domain_sync_api_url="http://127.0.0.1:9/api/v3", domain_sync_dns_expect=[ADDRESS])
    assert "domain_sync_api_url" in found.lines("wrong", "connection")[0]
    assert found.lines("ok", "credentials") == []
    # What does not need RunCloud is looked at all the same.
    assert len(found.lines("ok", "DNS")) == 2


def test_several_mistakes_in_the_options_are_all_told_and_the_rest_is_looked_at(see: See) -> None:
    found = see(domain_sync_purge_limit="many", domain_sync_ssl_check_port=0, domain_sync_exclude=["a b"])
    assert {line.partition(": ")[2].partition(":")[0] for line in found.lines("wrong", "options")} == {
        "domain_sync_purge_limit",
        "domain_sync_ssl_check_port",
        "domain_sync_exclude",
    }
    assert {"connection", "credentials", "server", "web application"} <= found.areas("ok")


def test_a_mistyped_variable_is_named(see: See) -> None:
    found = see(domain_sync_prug=True)
    assert "did you mean domain_sync_purge" in found.lines("wrong", "options")[0]


# Server and web application


def test_a_wrong_server_id(see: See) -> None:
    found = see(domain_sync_server_id=7)
    (line,) = found.lines("wrong", "server")
    assert "no server 7" in line
    assert f"({SERVER_ID})" in line
    # The list of servers was answered, which proves both.
    assert {"connection", "credentials", "source"} <= found.areas("ok")


def test_a_server_that_is_not_named(see: See) -> None:
    found = see(without=("domain_sync_server_id",))
    assert f"({SERVER_ID})" in found.lines("wrong", "server")[0]


def test_a_server_that_these_credentials_may_not_see(see: See, simulator: Simulator) -> None:
    simulator.reset({**HEALTHY, "credentials": {"token": TOKEN, "forbidden_servers": [SERVER_ID]}})
    found = see()
    assert "403" in found.lines("wrong", "server")[0]
    assert found.lines("ok", "credentials")


def test_a_wrong_application_id(see: See) -> None:
    found = see(domain_sync_webapp_id=7)
    (line,) = found.lines("wrong", "web application")
    assert "no web application 7" in line
    assert f"({WEBAPP_ID})" in line
    assert len(found.lines("ok", "DNS")) == 2


def test_an_application_from_the_environment(see: See) -> None:
    names = {"RUNCLOUD_SERVER_ID": str(SERVER_ID), "WU_RUNCLOUD_APP_ID": str(WEBAPP_ID), "RUNCLOUD_API_TOKEN": TOKEN}
    found = see(without=("domain_sync_server_id", "domain_sync_webapp_id", "domain_sync_api_token"), env=names)
    assert found.result["ok"]
    assert "RUNCLOUD_API_TOKEN" in found.lines("ok", "credentials")[0]


def test_a_server_that_is_offline_is_no_case_for_another_run(see: See, simulator: Simulator) -> None:
    simulator.panel("set_server", server=SERVER_ID, set={"online": False})
    found = see(domain_sync_domains=[*WANTED, "new.example"])
    assert "offline" in found.lines("wrong", "server")[0]
    assert "must be online and connected first" in found.lines("warning", "domain")[0]
    assert "runcloud.sync" not in found.output


@pytest.mark.parametrize("path", ["/servers/1903", "/ssl", "/ssl/advanced"])
def test_one_look_that_fails_hides_no_other(see: See, simulator: Simulator, path: str) -> None:
    simulator.faults({"path": f"{path}$", "times": None, "action": {"status": 500, "body": {}}})
    found = see()
    assert found.areas("wrong")
    assert {"connection", "credentials", "web application", "source", "domain", "DNS"} <= found.areas("ok") | (
        {"DNS"} if path == "/servers/1903" else set()
    )


# Names


def test_a_domain_that_points_elsewhere(see: See, dns: DnsServer) -> None:
    dns.set("shop.example.com", a=["203.0.113.9"])
    (line,) = see(domain_sync_domains=[*WANTED, "new.example.com"]).lines("wrong", "DNS")
    assert line.startswith("shop.example.com: points to 203.0.113.9")
    assert "fails for all names: point it at the server" in line
    assert "domain_sync_dns_accept" in line


def test_a_name_behind_a_known_proxy_is_told_with_the_way_out(see: See, dns: DnsServer) -> None:
    dns.set("shop.example.com", a=["104.21.5.7", "172.67.1.2"])
    (line,) = see().lines("wrong", "DNS")
    assert "Cloudflare" in line
    assert "domain_sync_dns_accept" in line


def test_an_ipv6_address_that_nobody_declared_names_the_way_out(see: See, dns: DnsServer) -> None:
    dns.set("shop.example.com", a=[ADDRESS], aaaa=["2001:db8::7"])
    (line,) = see().lines("wrong", "DNS")
    assert "2001:db8::7" in line
    assert "domain_sync_dns_accept" in line


def test_dns_that_nobody_knows_is_not_checked_and_no_failure(see: See, dns: DnsServer) -> None:
    dns.fail("shop.example.com", "REFUSED")
    found = see()
    assert found.result["ok"]
    assert found.lines("not checked", "DNS")[0].startswith("shop.example.com: ")


def test_a_new_domain_that_waits_for_its_dns(see: See, dns: DnsServer) -> None:
    dns.set("new.example.com", a=["203.0.113.9"])
    found = see(domain_sync_domains=[*WANTED, "new.example.com"])
    assert found.result["ok"]
    assert "Its owner must point it at the server" in found.lines("warning", "DNS")[0]
    assert "not attached, waiting for DNS" in found.lines("warning", "domain")[0]


def test_a_domain_that_another_application_has(see: See, simulator: Simulator) -> None:
    simulator.seed({"servers": [{"id": 77, "name": "old", "webapps": [{"name": "left", "domains": ["new.example"]}]}]})
    found = see(domain_sync_domains=[*WANTED, "new.example", "nowhere.example"])
    (line,) = found.lines("wrong", "domain")
    assert "new.example: already attached elsewhere, to web application 'left'" in line
    assert "Remove it there first" in line
    assert found.lines("warning", "domain") == ["nowhere.example: not attached -> Run multisite.runcloud.sync."]


def test_searching_goes_through_the_applications_once_and_can_be_left_out(see: See, simulator: Simulator) -> None:
    names = [f"n{number}.example" for number in range(20)]
    least = see(domain_sync_domains=[*WANTED, *names], domain_sync_doctor_searches=0).result["api"]["requests"]
    simulator.seed({"servers": [{"id": 77, "name": "old", "webapps": [{"name": "left", "domains": ["a.example"]}]}]})
    found = see(domain_sync_domains=[*WANTED, *names], domain_sync_doctor_searches=2)
    # The applications of two servers, the list of servers, and the domains of the one other application.
    assert found.result["api"]["requests"] == least + 4


def test_what_is_attached_and_not_wanted_is_told_with_how_to_let_it_go(see: See, simulator: Simulator) -> None:
    simulator.reset({"domains": [*WANTED, "left.example", "kept.example"], "certificate": {"days_left": 60}})
    found = see(domain_sync_exclude=["kept.*"])
    assert found.result["ok"]
    (line,) = found.lines("warning", "domain")
    assert line == (
        "left.example: attached, but not wanted -> A run with domain_sync_purge=true removes it; an entry in the list "
        "or in domain_sync_exclude keeps it."
    )
    assert "as far as domain_sync_purge_limit allows" in see(domain_sync_purge=True).lines("warning", "domain")[0]


def test_international_names_are_shown_as_typed(see: See) -> None:
    found = see(domain_sync_domains=[*WANTED, "müller.example"])
    assert any("müller.example (xn--mller-kva.example): not attached" in line for line in found.result["summary"])


# Certificates


def test_no_certificate_yet_and_the_next_run_orders_one(see: See, simulator: Simulator) -> None:
    log = [{"kind": "SSL", "content": "Failed to issue: DNS problem", "created_at": "2026-01-01 00:00:00"}]
    simulator.reset({"domains": WANTED, "log": log})
    found = see()
    lines = found.lines("wrong", "certificate")
    assert "none yet; the activity log says: Failed to issue: DNS problem" in lines[0]
    assert len(lines) == 3
    assert all("Run multisite.runcloud.sync. It orders one." in line for line in lines)


def test_a_wildcard_that_stops_every_order_is_named_and_another_run_is_not_advised(
    see: See, simulator: Simulator
) -> None:
    simulator.reset({"domains": [*WANTED, "*.left.example"]})
    found = see()
    lines = found.lines("wrong", "certificate")
    assert any("*.left.example" in line and "dns-01" in line for line in lines)
    assert all("runcloud.sync" not in line for line in lines)
    assert any("attached, but not wanted" in line for line in found.lines("warning", "domain"))


def test_a_caa_record_that_forbids_the_order_is_named_and_another_run_is_not_advised(
    see: See, simulator: Simulator, dns: DnsServer
) -> None:
    simulator.reset({"domains": WANTED})
    dns.set("shop.example.com", a=[ADDRESS], caa=['0 issue "other-ca.example"'])
    found = see()
    (line,) = found.lines("wrong", "CAA")
    assert line.startswith("shop.example.com: ")
    assert "fails for all names: change the record, or remove the name" in line
    assert all("runcloud.sync" not in line for line in found.lines("wrong", "certificate"))


def test_a_name_that_the_certificate_lacks(see: See, simulator: Simulator) -> None:
    simulator.reset({"domains": WANTED, "certificate": {"names": ["network.example"]}})
    (line,) = see().lines("wrong", "certificate")
    assert line.startswith("shop.example.com: ")


def test_a_custom_certificate_that_lacks_a_name_is_replaced_and_never_ordered(see: See, simulator: Simulator) -> None:
    simulator.reset({"domains": WANTED, "certificate": {"method": "custom", "names": ["network.example"]}})
    (line,) = see().lines("wrong", "certificate")
    assert "custom certificate lacks it, and is never ordered: replace it" in line


def test_a_certificate_that_waits_for_dns(see: See, simulator: Simulator, dns: DnsServer) -> None:
    simulator.reset({"domains": WANTED, "certificate": {"names": ["network.example"]}})
    dns.set("shop.example.com", a=["203.0.113.9"])
    lines = see().lines("warning", "certificate")
    assert any("cannot be issued before shop.example.com can be: points to 203.0.113.9" in line for line in lines)


def test_names_that_could_not_be_looked_at_are_not_checked(see: See) -> None:
    found = see(domain_sync_ssl_check_port=9)
    assert len(found.lines("not checked", "certificate")) == 2
    assert all("domain_sync_ssl_check_port" in line for line in found.lines("not checked", "certificate"))
    assert not any("days left" in line for line in found.lines("ok", "certificate"))


def test_a_certificate_that_expires(see: See, simulator: Simulator) -> None:
    simulator.reset({**HEALTHY, "certificate": {"days_left": 5}})
    found = see()
    assert found.result["ok"]
    assert "expires in" in found.lines("warning", "certificate")[0]
    assert "It orders one." in found.lines("warning", "certificate")[0]


def test_a_certificate_that_has_expired(see: See, simulator: Simulator) -> None:
    simulator.reset({**HEALTHY, "certificate": {"days_left": -3}})
    assert "expired" in see().lines("wrong", "certificate")[0]


def test_a_staging_certificate(see: See, simulator: Simulator) -> None:
    simulator.reset({**HEALTHY, "certificate": {"days_left": 60, "staging": True}})
    assert "staging" in see().lines("warning", "certificate")[0]


def test_a_plan_without_advanced_ssl(see: See, simulator: Simulator) -> None:
    simulator.reset({**HEALTHY, "plan_advanced": False})
    simulator.switch(plan_get_advanced=403)
    assert "without advanced SSL" in see().lines("ok", "plan")[1]
    found = see(domain_sync_ssl_mode="advanced")
    assert "Business or Enterprise" in found.lines("wrong", "plan")[0]
    assert "domain_sync_ssl_allow_mode_switch" in found.lines("wrong", "certificate")[0]


def test_a_plan_that_may_not_allow_several_domains(see: See, simulator: Simulator) -> None:
    simulator.reset({"domains": ["network.example"], "certificate": True})
    assert "plan does not support several domains" in see().lines("not checked", "plan")[0]


def test_more_names_than_one_certificate_holds(see: See, simulator: Simulator) -> None:
    simulator.reset({"domain_count": 120, "certificate": {"names": ["d1.example"]}})
    found = see(domain_sync_domains=["d1.example"])
    assert "120 names need one certificate, and Let's Encrypt allows 100" in found.lines("wrong", "certificate")[0]
    assert "It orders one" not in found.output
    # What is well, and what is alike, is one line.
    assert len(found.result["findings"]) > 300
    assert len(found.result["summary"]) < 30


# Source and WordPress


def network(**changes: Any) -> dict[str, Any]:
    """Return what multisite_domain_info returns of the recorded installation; its document is changed as told."""
    document = {**json.loads(recorded("cli-eval-inventory.json")), **changes}
    return json.loads(json.dumps(examined(parse(document)).as_result()))  # type: ignore[no-any-return]


WORDPRESS = {"domain_sync_source": "wordpress"}


def recorded_network(**changes: Any) -> dict[str, Any]:
    """Return the recorded row of the network, changed as told."""
    return {**json.loads(recorded("cli-eval-inventory.json"))["network"], **changes}


def test_the_plugins_own_integration(see: See) -> None:
    found = see(network=network(network=recorded_network(own_integration=True)), **WORDPRESS)
    assert any("own RunCloud integration is switched on" in line for line in found.lines("warning", "WordPress"))
    off = see(network=network(network=recorded_network(own_integration=False)), **WORDPRESS)
    assert any("2.4.13-beta.1, active" in line for line in off.lines("ok", "WordPress"))
    assert any("integration is off" in line for line in off.lines("ok", "WordPress"))


def test_a_wordpress_that_does_not_serve_mapped_domains_is_wrong(see: See) -> None:
    off = see(network=network(network=recorded_network(mapping_enabled=False)), **WORDPRESS)
    assert any("does not answer for mapped domains" in line for line in off.lines("wrong", "WordPress"))
    inactive = see(network=network(plugin={"version": "2.4.12", "loaded": False}), **WORDPRESS)
    assert any("not active" in line for line in inactive.lines("wrong", "WordPress"))
    unknown = see(network=network(network=recorded_network(mapping_enabled=None)), **WORDPRESS)
    assert any("answers for mapped domains" in line for line in unknown.lines("not checked", "WordPress"))
    on = see(network=network(network=recorded_network(mapping_enabled=True)), **WORDPRESS)
    assert any("answers for mapped domains" in line for line in on.lines("ok", "WordPress"))


def test_ids_in_wp_config_that_are_others(see: See) -> None:
    constants = {"server_id": "11667", "webapp_id": str(WEBAPP_ID), "has_token": True, "has_key": False}
    lines = see(network={**network(), "runcloud": constants}, **WORDPRESS).lines("warning", "WordPress")
    (line,) = [line for line in lines if "WU_RUNCLOUD" in line]
    assert f"WU_RUNCLOUD_SERVER_ID 11667, and here {SERVER_ID} is used" in line


def test_names_that_the_plugin_has_given_up_on(see: See) -> None:
    lines = see(network=network(), **WORDPRESS).lines("warning", "WordPress")
    (stuck,) = [line for line in lines if "given up" in line]
    assert "domain_sync_requeue_stuck" in stuck


def test_a_wordpress_that_could_not_be_read_hides_nothing_else(see: See) -> None:
    found = see(network={"failed": True, "msg": "path: /no/such/folder does not exist"}, **WORDPRESS)
    (line,) = found.lines("wrong", "source")
    assert "/no/such/folder" in line
    assert len(found.lines("ok", "certificate")) == 3


def test_a_rest_api_that_refuses(see: See) -> None:
    with WordPressRest() as server:
        found = see(
            domain_sync_source="rest",
            domain_sync_rest_url=server.url,
            domain_sync_rest_key="not-the-key",
            domain_sync_rest_secret="not-the-secret",
        )
    assert "401" in found.lines("wrong", "source")[0]


def test_a_file_that_is_missing(see: See) -> None:
    found = see(without=("domain_sync_domains",), domain_sync_file="no-such-file.yml")
    assert "no-such-file.yml" in found.lines("wrong", "source")[0]


# As a playbook


def test_the_playbook_shows_a_table_last_and_fails_where_something_is_wrong(
    ansible: Ansible, settings: dict[str, Any], dns: DnsServer
) -> None:
    dns.set("shop.example.com", a=["203.0.113.9"])
    outcome = ansible.run_playbook(f"{COLLECTION}.doctor", extra_vars=settings).expect(2)
    table, dummy, rest = outcome.stdout.partition("\n\nDNS: shop.example.com: ")
    rows = table[table.index("\nWRONG ") :].strip().splitlines()
    assert rows[0].split()[:3] == ["WRONG", "DNS", "shop.example.com:"]
    assert max(map(len, rows)) <= 100
    assert "point it at the server" in rest.splitlines()[0]
    assert "FAILED: 1 wrong" in rest
    assert outcome.stdout.count("TASK [") <= 5
    assert "skipping" not in outcome.stdout
    assert TOKEN not in outcome.output


def test_a_wordpress_host_that_cannot_be_reached(ansible: Ansible, settings: dict[str, Any], tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all: {hosts: {wp1: {ansible_host: 127.0.0.1, ansible_port: 9}}}\n")
    given = {**settings, **WORDPRESS, "domain_sync_hosts": "all", "domain_sync_wordpress_path": "/srv/network"}
    outcome = ansible.run_playbook(f"{COLLECTION}.doctor", extra_vars=given, inventory=inventory)
    assert outcome.rc != 0
    found = Visit(outcome.task(f"{COLLECTION}.runcloud_doctor").result)
    assert "ssh" in found.lines("wrong", "source")[0].lower()
    assert len(found.lines("ok", "certificate")) == 3
