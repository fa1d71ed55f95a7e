# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only real processes show: what an operator sees, how a play ends, and what reaches the role from outside.

What a run does is tested in one process, in test_runcloud_sync.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.process import SERVER_ID, TOKEN, WEBAPP_ID, Simulator
from support.dns_server import DnsServer
from support.operator import Operator
from support.playbooks import COLLECTION, Ansible, Result

ROLE = {"role": f"{COLLECTION}.domain_sync"}
BARE = {"ssl": False, "require_dns": False}


@pytest.fixture
def operator(ansible: Ansible, simulator: Simulator, dns: DnsServer) -> Operator:
    simulator.reset({"domains": ["network.example", "old.example"], "certificate": True})
    simulator.switch(ssl_issue="sync")
    return Operator(ansible, simulator, dns)


def connection(operator: Operator) -> dict[str, Any]:
    return {
        "domain_sync_api_url": operator.simulator.v3,
        "domain_sync_api_token": TOKEN,
        "domain_sync_server_id": SERVER_ID,
        "domain_sync_webapp_id": WEBAPP_ID,
        "domain_sync_require_dns": False,
        "domain_sync_ssl": False,
    }


def task_lines(outcome: Result) -> int:
    return sum(line.startswith("TASK [") for line in outcome.stdout.splitlines())


@pytest.mark.parametrize("playbook", ["sync", "preview"])
def test_a_file_is_at_most_five_task_lines_and_the_table_comes_last(operator: Operator, playbook: str) -> None:
    (operator.ansible.home / "domains.yml").write_text("- network.example\n- old.example\n- new-one.example\n")
    outcome = operator.play(playbook, file="domains.yml")
    assert task_lines(outcome) <= 5
    assert "skipping" not in outcome.stdout
    lines = outcome.stdout.splitlines()
    table = next(number for number, line in enumerate(lines) if line.startswith("domain  "))
    assert table > max(number for number, line in enumerate(lines) if line.startswith("TASK ["))
    assert lines[table + 2].startswith("new-one.example")
    assert (operator.writes() == []) is (playbook == "preview")
    assert outcome.stats["localhost"]["changed"] == 1


def test_messages_use_the_names_of_the_role(operator: Operator) -> None:
    operator.simulator.reset({"domains": ["network.example", *(f"d{number}.example" for number in range(10))]})
    shown = operator.play(domains=["network.example"], purge=True, fail_on_drift=True, **BARE, rc=2).stdout
    assert "ERROR: domain_sync_purge_limit: '20%' allows" in shown
    assert "raise domain_sync_purge_limit" in " ".join(shown.split())
    assert "domain_sync_fail_on_drift is true" in " ".join(shown.split())


def test_a_call_without_an_inventory_file_warns_of_nothing(operator: Operator) -> None:
    quiet = {"ANSIBLE_LOCALHOST_WARNING": "true", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "true"}
    variables = {**connection(operator), "domain_sync_domains": ["network.example"]}
    outcome = operator.ansible.run_playbook(
        f"{COLLECTION}.sync", "-i", "localhost,", extra_vars=variables, env=quiet
    ).expect(0)
    assert "WARNING" not in outcome.output


def test_a_failed_run_is_counted_as_changed_and_fails_last_in_short_words(operator: Operator) -> None:
    operator.simulator.faults(
        {"method": "POST", "path": "/domains$", "body": "bad.example", "times": None,
         "action": {"status": 422, "body": {"message": "The given data was invalid."}}}
    )  # fmt: skip
    wanted = ["network.example", "old.example", "bad.example", "good.example"]
    outcome = operator.play(domains=wanted, **BARE, rc=2)
    last = outcome.tasks[-1]
    assert (last.action, last.status) == (f"{COLLECTION}.runcloud_summary", "failed")
    assert len(last.result["msg"]) < 100
    fatal = next(line for line in outcome.stdout.splitlines() if line.startswith("fatal: "))
    assert len(fatal) < 200
    assert outcome.stats["localhost"]["changed"] == 1
    assert operator.result(outcome)["counts"]["failed"] == 1


def test_the_table_is_shown_where_successful_tasks_are_hidden(operator: Operator) -> None:
    variables = {**connection(operator), "domain_sync_domains": ["network.example"]}
    hidden = operator.ansible.run_playbook(
        f"{COLLECTION}.sync", extra_vars=variables, env={"ANSIBLE_DISPLAY_OK_HOSTS": "false"}
    ).expect(0)
    assert "network.example" in hidden.stdout


def test_output_for_programs_stays_readable_by_them(operator: Operator) -> None:
    variables = {**connection(operator), "domain_sync_domains": ["network.example"]}
    outcome = operator.ansible.run_playbook(
        f"{COLLECTION}.sync", extra_vars=variables, env={"ANSIBLE_STDOUT_CALLBACK": "oneline"}
    ).expect(0)
    assert "old.example" not in [line.split()[0] for line in outcome.stdout.splitlines() if line.strip()]
    assert "\nold.example" in outcome.stderr


def test_twice_in_one_play_the_second_says_only_what_itself_did(operator: Operator) -> None:
    first = {**connection(operator), "domain_sync_domains": ["network.example", "new.example"]}
    second = {**first, "domain_sync_domains": ["bad_name.example"]}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.include_role": {"name": f"{COLLECTION}.domain_sync"}, "vars": first},
            {
                "block": [{"ansible.builtin.include_role": {"name": f"{COLLECTION}.domain_sync"}, "vars": second}],
                "rescue": [{"name": "Look", "ansible.builtin.debug": {"var": "domain_sync_result"}}],
            },
        ],
    }
    outcome = operator.ansible.run_playbook([play]).expect(0)
    result = outcome.task("Look").result["domain_sync_result"]
    assert (result["changed"], result["ok"], result["plan"]["add"], result["orders"]) == (False, False, [], [])
    assert "bad_name" in result["failure"]


def test_an_unreachable_wordpress_host_is_reported_and_fails(operator: Operator) -> None:
    inventory = operator.ansible.home / "hosts.yml"
    host = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_connection": "ssh"}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"wp": host}}}))
    outcome = operator.play(
        "sync", "-i", str(inventory), hosts="wp", source="wordpress", wordpress_path="/srv/wp", report="out", rc=2
    )
    assert operator.requests() == []
    result = operator.result(outcome)
    assert "WordPress could not be read" in result["errors"][0]
    report = json.loads((operator.ansible.home / "out" / "report.json").read_text())
    assert report["errors"] == result["errors"]
    assert "ERROR: " in outcome.stdout


def test_runcloud_is_asked_from_the_controller_whatever_an_inventory_says_of_the_host(operator: Operator) -> None:
    inventory = operator.ansible.home / "hosts.yml"
    host = {"ansible_host": "192.0.2.1", "ansible_become": True, "ansible_python_interpreter": "/nowhere/python"}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"net1": host}}}))
    operator.play("sync", "-i", str(inventory), hosts="net1", domains=["network.example", "new.example"], **BARE)
    assert "new.example" in operator.names()


def test_text_from_a_survey_is_understood_and_a_typing_error_is_not_passed_over(operator: Operator) -> None:
    names = (
        "server_name",
        "exclude",
        "purge_keep",
        "api_retries",
        "ssl_mode",
        "www",
        "purge",
        "skip",
        "source",
        "file",
    )
    texts = {
        "domains": "network.example\nnew.example",
        "server_id": str(SERVER_ID),
        "require_dns": "false",
        "ssl": "no",
    }
    operator.play(**dict.fromkeys(names, ""), **texts, api_token=f"{TOKEN}\n")
    assert "new.example" in operator.names()

    outcome = operator.play(domains=["network.example"], prug=True, rc=2)
    assert operator.requests() == []
    assert "domain_sync_prug: there is no such variable; did you mean domain_sync_purge?" in outcome.stdout


def test_no_secret_is_shown_at_the_highest_verbosity(operator: Operator, tmp_path: Path) -> None:
    playbook = [{"hosts": "localhost", "gather_facts": False, "roles": [ROLE]}]
    settings = {
        "domain_sync_domains": ["network.example", "new.example"],
        "domain_sync_server_id": SERVER_ID,
        "domain_sync_webapp_id": WEBAPP_ID,
        "domain_sync_dns_nameservers": [operator.dns.address],
        "domain_sync_ssl_check_port": operator.simulator.tls_port,
    }
    environment = {"RUNCLOUD_API_TOKEN": TOKEN, "RUNCLOUD_API_URL": operator.simulator.v3}
    outcome = operator.ansible.run_playbook(
        playbook, extra_vars=settings, env=environment, verbosity=4, diff=True
    ).expect(0)
    assert "new.example" in operator.names()
    assert TOKEN not in outcome.output
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and TOKEN in path.read_text(errors="replace")]


def test_a_task_of_ones_own_takes_environment_and_timeout(operator: Operator) -> None:
    task = {
        "name": "Sync",
        f"{COLLECTION}.runcloud_sync": {
            "server_id": SERVER_ID,
            "webapp_id": WEBAPP_ID,
            "domains": ["network.example", "slow.example"],
            "ssl": False,
            "require_dns": "false",
        },
        "environment": {"RUNCLOUD_API_TOKEN": TOKEN, "RUNCLOUD_API_URL": operator.simulator.v3},
        "timeout": 2,
    }
    operator.simulator.faults({"method": "POST", "path": "/domains$", "body": "slow.example", "action": {"delay": 30}})
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
    result = operator.ansible.run_playbook([play]).expect(2).task("Sync").result
    assert "the task's timeout of 2 seconds is over" in result["msg"]
    assert result["status"]["domains"] == "failed"
    # It is not known whether RunCloud has done it.
    assert result["changed"] is True
    assert TOKEN not in json.dumps(result)
