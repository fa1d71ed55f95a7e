# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several networks in one play: each its own server, application and list, and one request limit for all of them."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from simulator.process import TOKEN, Simulator
from support.playbooks import COLLECTION, Ansible
from tools.collection import ROOT

# The everyday size; NETWORKS=30 is what the collection was measured with.
NETWORKS = int(os.environ.get("NETWORKS", "10"))
DOMAINS = 200
FORKS = 10
LIMIT = 60
# The simulator's minute: 60 requests in so many seconds. What is announced is in the same seconds.
MINUTE = 3


def wanted(number: int) -> list[str]:
    return [f"d{domain}.network{number}.example" for domain in range(DOMAINS)]


def world() -> dict[str, Any]:
    """Each network has its own server and application; one domain is missing there, and one is too many."""
    servers = []
    for number in range(NETWORKS):
        domains = [*wanted(number)[:-1], f"left.network{number}.example"]
        webapp = {"id": 1000 + number, "name": f"app{number}", "mode": "advanced", "autoSSL": True, "domains": domains}
        webapp["domain_certificate"] = {"days_left": 60}
        servers.append({"id": 500 + number, "name": f"server{number}", "webapps": [webapp]})
    switches = {"rate_limit": LIMIT, "rate_window": MINUTE, "rate_reset_header": True}
    return {"servers": servers, "switches": switches}


def inventory(folder: Path, simulator: Simulator) -> Path:
    hosts = {
        f"network{number}": {
            "domain_sync_server_id": 500 + number,
            "domain_sync_webapp_id": 1000 + number,
            "domain_sync_domains": wanted(number),
        }
        for number in range(NETWORKS)
    }
    shared = {
        "domain_sync_api_url": simulator.v3,
        "domain_sync_api_token": TOKEN,
        "domain_sync_purge": True,
        "domain_sync_require_dns": False,
        "domain_sync_ssl_check_served": False,
        "domain_sync_ssl_wait": False,
    }
    file = folder / "networks.json"
    file.write_text(json.dumps({"all": {"hosts": hosts, "vars": shared}}))
    return file


def test_many_networks_share_one_request_limit(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator.reset(world())
    began = time.monotonic()
    outcome = ansible.run_playbook(
        f"{COLLECTION}.sync",
        f"--forks={FORKS}",
        inventory=inventory(tmp_path, simulator),
        extra_vars={"domain_sync_hosts": "all"},
        timeout=600,
    ).expect(0)
    seconds = time.monotonic() - began

    for number in range(NETWORKS):
        names = {row["name"] for row in simulator.domains(webapp_id=1000 + number)}
        assert names == set(wanted(number)), number
    assert all(not stats["failures"] and not stats["unreachable"] for stats in outcome.stats.values())

    log = simulator.requests()
    refused = sum(request["status"] == 429 for request in log)
    statuses = Counter(request["status"] for request in log)
    assert set(statuses) <= {200, 429}
    methods = Counter(request["method"] for request in log if request["status"] != 429)
    # Each write once, however often a request had to wait.
    assert (methods["POST"], methods["DELETE"]) == (NETWORKS, NETWORKS)
    pages = DOMAINS // 40
    # The list before and after, one addition, one removal, and for the certificates the mode and the list.
    floor = NETWORKS * (pages + 2 + pages + 2)
    assert len(log) - refused == floor
    # Requests that were under way when the last one of a window was given away cannot know of it.
    windows = len(log) // LIMIT + 1
    assert refused <= windows * FORKS
    with capsys.disabled():
        sys.stdout.write(
            f"\n{NETWORKS} networks of {DOMAINS} domains, {FORKS} forks, {LIMIT} requests in {MINUTE} s: "
            f"{seconds:.1f} s (the limit alone: {floor // LIMIT * MINUTE} s), "
            f"{len(log) - refused} requests (floor: {floor}), {refused} refused with 429\n"
        )


def test_a_network_that_fails_stops_no_other(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.reset({**world(), "switches": {}})
    file = inventory(tmp_path, simulator)
    content = json.loads(file.read_text())
    hosts = {name: content["all"]["hosts"][name] for name in ("network0", "network1", "network2")}
    # Each with credentials of its own, one of them wrong.
    for name, values in hosts.items():
        values["domain_sync_api_token"] = "wrong-token-0123456789" if name == "network1" else TOKEN
    content["all"]["hosts"] = hosts
    file.write_text(json.dumps(content))
    outcome = ansible.run_playbook(
        f"{COLLECTION}.sync", inventory=file, extra_vars={"domain_sync_hosts": "all"}
    ).expect(2)
    failures = {host: stats["failures"] for host, stats in outcome.stats.items()}
    assert failures == {"network0": 0, "network1": 1, "network2": 0}
    for number in (0, 2):
        assert {row["name"] for row in simulator.domains(webapp_id=1000 + number)} == set(wanted(number))


def test_the_example_is_an_inventory(ansible: Ansible) -> None:
    example = ROOT / "examples" / "networks"
    outcome = ansible.run("ansible-inventory", "-i", str(example / "inventory.yml"), "--list").expect(0)
    hosts = json.loads(outcome.stdout)["_meta"]["hostvars"]
    assert set(hosts) == {"flowers", "books", "wine", "bakery"}
    for name, values in hosts.items():
        assert {"domain_sync_server_id", "domain_sync_server_name"} & set(values), name
        assert {"domain_sync_webapp_id", "domain_sync_webapp_name"} & set(values), name
        assert values["domain_sync_purge"] is True
    assert "domain_sync_api_token" in hosts["bakery"]
    assert "domain_sync_api_token" not in hosts["flowers"]


def test_the_example_plays(ansible: Ansible, simulator: Simulator) -> None:
    """The bakery's part of it, with its own token, against a RunCloud that has one domain of two."""
    example = ROOT / "examples" / "networks"
    webapps = [{"id": 12, "name": "bakery", "domains": ["bakery.example"], "certificate": {"days_left": 60}}]
    simulator.reset({"servers": [{"id": 77, "name": "own", "webapps": webapps}]})
    variables = {
        "domain_sync_hosts": "all",
        "vault_bakery_runcloud_token": TOKEN,
        "domain_sync_api_url": simulator.v3,
        "domain_sync_require_dns": False,
        "domain_sync_ssl_check_port": simulator.tls_port,
        "domain_sync_report": str(ansible.home / "reports" / "bakery"),
    }
    ansible.run_playbook(
        f"{COLLECTION}.preview", "--limit=bakery", inventory=example / "inventory.yml", extra_vars=variables
    ).expect(0)
    report = json.loads((ansible.home / "reports" / "bakery" / "report.json").read_text())
    assert report["plan"]["add"] == ["bread.example"]
