# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role and its playbooks, in real processes against the simulator, a real nameserver and real handshakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from simulator.process import KEY, SECRET, SERVER_ID, TOKEN, WEBAPP_ID, Simulator
from support.ansible import Ansible
from support.dns_server import DnsServer
from support.operator import HERE, Operator

APP = f"/servers/{SERVER_ID}/webapps/{WEBAPP_ID}"
ELSEWHERE = "203.0.113.9"


@pytest.fixture
def operator(ansible: Ansible, simulator: Simulator, dns: DnsServer) -> Operator:
    simulator.reset({"domains": ["network.example", "old.example"], "certificate": True})
    simulator.switch(ssl_issue="sync")
    return Operator(ansible, simulator, dns)


def test_twelve_new_names_are_one_order_and_the_preview_says_so_before(operator: Operator) -> None:
    names = ["network.example", "old.example", *(f"customer{number}.example" for number in range(12))]
    (operator.ansible.home / "domains.yml").write_text(yaml.safe_dump(names))

    preview = operator.result(operator.play("preview", file="domains.yml"))
    assert operator.writes() == []
    assert preview["preview"] is True
    assert "12 would be added" in preview["summary"][-1]

    first = operator.result(operator.play(file="domains.yml"))
    assert operator.writes() == [f"POST {APP}/domains"] * 12 + [f"PUT {APP}/ssl/4211"]
    assert len(operator.simulator.orders()) == 1
    assert operator.simulator.orders()[0]["names"] == names
    assert (first["plan"], first["orders"]) == (preview["plan"], preview["orders"])
    assert first["changed"] is preview["changed"] is True

    second = operator.result(operator.play(file="domains.yml"))
    assert operator.requests() == [
        f"GET /servers/{SERVER_ID}",
        f"GET {APP}/domains",
        f"GET {APP}/ssl/advanced",
        f"GET {APP}/ssl",
    ]
    assert second["changed"] is False
    assert {row["certificate"] for row in second["domains"]} == {"ok, 89 days left"}


def test_a_name_whose_dns_is_elsewhere_waits_and_comes_by_itself(operator: Operator) -> None:
    operator.dns.set("late.example", a=[ELSEWHERE])
    wanted = ["network.example", "old.example", "new.example", "late.example"]

    first = operator.result(operator.play(domains=wanted))
    assert operator.names() == {"network.example", "old.example", "new.example"}
    row = next(row for row in first["domains"] if row["name"] == "late.example")
    assert row["action"] == "held"
    assert "waiting for DNS" in row["waits_for"]
    assert ELSEWHERE in row["waits_for"]
    assert len(operator.simulator.orders()) == 1
    assert first["ok"]

    operator.dns.set("late.example", a=[HERE])
    second = operator.result(operator.play(domains=wanted))
    assert second["counts"]["added"] == 1
    assert len(operator.simulator.orders()) == 2


def test_in_advanced_mode_the_name_is_attached_and_only_its_certificate_waits(operator: Operator) -> None:
    operator.simulator.reset({"domains": [{"name": "network.example", "certificate": True}], "mode": "advanced"})
    operator.simulator.switch(ssl_issue="sync")
    operator.dns.set("late.example", a=[ELSEWHERE])
    result = operator.result(operator.play(domains=["network.example", "late.example", "new.example"]))
    assert operator.names() == {"network.example", "late.example", "new.example"}
    assert [order["names"] for order in operator.simulator.orders()] == [["new.example"]]
    assert [row["name"] for row in result["pending"]] == ["late.example"]

    strict = operator.result(operator.play(domains=["network.example", "later.example"], require_dns=True))
    assert strict["counts"]["added"] == 1
    operator.dns.set("latest.example", a=[ELSEWHERE])
    held = operator.result(operator.play(domains=["network.example", "latest.example"], require_dns=True))
    assert held["counts"]["held"] == 1
    assert "latest.example" not in operator.names()


def test_attached_name_with_broken_dns_stops_the_order_for_all_and_is_named(operator: Operator) -> None:
    operator.dns.set("old.example", a=[ELSEWHERE])
    outcome = operator.play(domains=["network.example", "old.example", "new.example"], rc=2)
    assert operator.simulator.orders() == []
    assert operator.names() == {"network.example", "old.example", "new.example"}
    result = operator.result(outcome)
    assert list(result["errors"]) == ["old.example"]
    assert "Correct its DNS" in result["errors"]["old.example"]


def test_purge_removes_within_its_limit_and_spares_what_is_excluded(operator: Operator) -> None:
    operator.simulator.reset({"domains": ["network.example", "a.example", "b.example", "c.dev.example"]})
    settings = {"domains": ["network.example", "a.example"], "purge": True, "ssl": False, "require_dns": False}
    refused = operator.play(**settings, rc=2, purge_limit="0")
    assert operator.writes() == []
    assert "purge_limit" in operator.result(refused)["fatal"]

    result = operator.result(operator.play(**settings, purge_limit="50%", exclude=["*.dev.example"]))
    assert operator.names() == {"network.example", "a.example", "c.dev.example"}
    assert [row["name"] for row in result["domains"] if row["action"] == "kept back"] == ["c.dev.example"]
    assert operator.requests("GET") == [f"GET {APP}/domains"] * 2


def test_one_name_failing_stops_neither_the_others_nor_the_certificates_and_fails_last(operator: Operator) -> None:
    operator.simulator.faults(
        {"method": "POST", "path": "/domains$", "body": "bad.example", "times": None,
         "action": {"status": 422, "body": {"message": "The given data was invalid."}}}
    )  # fmt: skip
    wanted = ["network.example", "old.example", "bad.example", "good.example"]
    outcome = operator.play(domains=wanted, report=str(operator.ansible.home), rc=2)
    assert "good.example" in operator.names()
    assert [order["names"] for order in operator.simulator.orders()] == [
        ["network.example", "old.example", "good.example"]
    ]
    last = outcome.tasks[-1]
    assert (last.task, last.status) == ("domain_sync : Fail where something has failed", "failed")
    assert "bad.example" in last.result["msg"]
    report = json.loads((operator.ansible.home / "report.json").read_text())
    assert report["counts"]["failed"] == 1
    assert report["changed"] is True
    assert outcome.stats["localhost"]["changed"] == 2


def test_what_concerns_everything_stops_before_the_first_write_and_is_reported(operator: Operator) -> None:
    outcome = operator.play(domains=["network.example"], api_token="wrong-token-0000000000", rc=2)
    assert operator.writes() == []
    result = operator.result(outcome)
    assert "401" in result["fatal"]
    assert result["summary"][-1].startswith("FAILED")
    assert "wrong-token-0000000000" not in json.dumps(result)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("domains.yml", None, ["domain_sync_file", "domains.yml", "No such file"]),
        ("domains.yml", "", ["domain_sync_file", "domains.yml", "empty"]),
        ("domains.csv", "host\na.example\n", ["domain_sync_file", "domains.csv", "name the columns"]),
        ("domains.yml", "- a.example\n- name: b_c.example\n", ["domain_sync_file[1]", "b_c.example", "underscore"]),
    ],
)
def test_bad_files_are_refused_before_any_request(
    operator: Operator, name: str, text: str | None, words: list[str]
) -> None:
    if text is not None:
        (operator.ansible.home / name).write_text(text)
    outcome = operator.play(file=name, rc=2)
    assert operator.requests() == []
    fatal = operator.result(outcome)["fatal"]
    for word in words:
        assert word in fatal


def test_bad_variables_are_refused_before_any_request(operator: Operator) -> None:
    for variables, words in [
        ({}, ["domain_sync_domains", "missing"]),
        ({"source": "file"}, ["domain_sync_file", "missing"]),
        ({"domains": [{"domain": "a.example", "www": "yes"}]}, ["domain_sync_domains[0]", "www", "'yes'"]),
        ({"domains": [{"domain": "a.example", "owner": 1}]}, ["domain_sync_domains[0]", "owner"]),
        ({"domains": "a.example"}, ["domain_sync_domains"]),
    ]:
        outcome = operator.play(**variables, rc=2)
        assert operator.requests() == []
        for word in words:
            assert word in outcome.output


def test_csv_list_and_file_mean_the_same(operator: Operator) -> None:
    (operator.ansible.home / "domains.csv").write_text(
        "domain,www,redirection,active\nnetwork.example,,,\nShop.Example.,true,non-www,yes\npaused.example,,,no\n"
    )
    operator.play(file="domains.csv", ssl=False, require_dns=False)
    assert operator.simulator.requests()[1]["body"] == {
        "name": "shop.example",
        "type": "alias",
        "www": True,
        "redirection": "non-www",
    }
    assert "paused.example" not in operator.names()
    items = [{"domain": "network.example"}, {"name": "shop.example", "www": True}]
    assert not operator.result(operator.play(domains=items, ssl=False, require_dns=False))["changed"]


def test_preview_fails_on_drift_only_where_there_is_some(operator: Operator) -> None:
    settings = {"ssl": False, "require_dns": False}
    drift = ("-e", "preview_fail_on_drift=true")
    operator.play("preview", *drift, domains=["network.example"], **settings)
    outcome = operator.play("preview", *drift, domains=["network.example", "new.example"], **settings, rc=2)
    assert "1 would be added" in outcome.tasks[-1].result["msg"]
    assert operator.writes() == []


def test_version_2_with_key_and_secret(operator: Operator) -> None:
    credentials = {"api_token": None, "api_url": operator.simulator.v2, "key": KEY, "secret": SECRET}
    wanted = ["network.example", {"domain": "old.example", "www": True}, "new.example"]
    result = operator.result(operator.play(domains=wanted, **credentials, rc=2))
    assert "new.example" in operator.names()
    assert "API v2" in result["errors"]["old.example"]
    assert len(operator.simulator.orders()) == 1


def test_an_inventory_that_says_otherwise_of_localhost_does_not_matter(operator: Operator) -> None:
    inventory = operator.ansible.home / "hosts.yml"
    inventory.write_text(
        yaml.safe_dump(
            {
                "all": {
                    "hosts": {
                        "localhost": {"ansible_connection": "ssh", "ansible_port": 1, "ansible_become": True},
                        "net1": {"ansible_host": "192.0.2.1"},
                    },
                    "vars": {"ansible_python_interpreter": "/nowhere/python", "domain_sync_hosts": "net1"},
                }
            }
        )
    )
    operator.play("sync", "-i", str(inventory), domains=["network.example", "new.example"])
    assert "new.example" in operator.names()


def test_reports_are_written_also_by_a_preview_and_are_no_change(operator: Operator) -> None:
    folder = operator.ansible.home / "reports"
    folder.mkdir()
    outcome = operator.play("preview", domains=["network.example", "b.example"], report=str(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json", "report.md"]
    assert "| b.example | would be added |" in (folder / "report.md").read_text()
    assert "<td>b.example</td>" in (folder / "report.html").read_text()
    assert outcome.stats["localhost"]["changed"] == 2


def test_no_secret_is_shown_at_the_highest_verbosity(operator: Operator, tmp_path: Path) -> None:
    playbook = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "roles": [{"role": "multisite.runcloud.domain_sync"}],
        }
    ]
    settings = {
        "domain_sync_domains": ["network.example", "new.example"],
        "domain_sync_server_id": SERVER_ID,
        "domain_sync_webapp_id": WEBAPP_ID,
        "domain_sync_dns_nameservers": [operator.dns.address],
        "domain_sync_ssl_verify_port": operator.simulator.tls_port,
    }
    environment = {"RUNCLOUD_API_TOKEN": TOKEN, "RUNCLOUD_API_URL": operator.simulator.v3}
    outcome = operator.ansible.run_playbook(
        playbook, extra_vars=settings, env=environment, verbosity=4, diff=True
    ).expect(0)
    assert "new.example" in operator.names()
    assert TOKEN not in outcome.output
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and TOKEN in path.read_text(errors="replace")]


def test_a_long_run_says_how_far_it_is(operator: Operator) -> None:
    operator.simulator.faults({"method": "POST", "path": "/domains$", "body": "slow.example", "action": {"delay": 6}})
    outcome = operator.play(domains=["network.example", "a.example", "slow.example"], ssl=False, require_dns=False)
    assert "domains: 1/2 done, next: add slow.example" in outcome.stdout
