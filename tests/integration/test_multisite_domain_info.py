# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action multisite_domain_info in real Ansible runs. A real WordPress is read in tests/wordpress."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from support.in_process import run_action
from support.playbooks import Ansible, Result
from support.wordpress_rest import CAPPED, WordPressRest, many_domains, recorded

SECRET = "token-that-must-not-be-seen"
CONSTANTS = {"server_id": "11667", "webapp_id": "940288", "has_token": True, "has_key": False}


@pytest.fixture
def wordpress(tmp_path: Path) -> Path:
    """A folder that looks like a WordPress, and in it programs that give the recorded answer."""
    folder = tmp_path / "wordpress"
    folder.mkdir()
    (folder / "wp-load.php").touch()
    document = {**json.loads(recorded("cli-eval-inventory.json")), "runcloud": CONSTANTS}
    secrets = {**document, "runcloud": {**CONSTANTS, "api_token": SECRET}}
    for name, content in (("plain", document), ("secret", secrets)):
        framed = f"Notice: x\nMULTISITE-RUNCLOUD-BEGIN\n{json.dumps(content)}\nMULTISITE-RUNCLOUD-END\n"
        (folder / name).write_text(framed)
    for name in ("wp", "php", "wp-with-secrets"):
        answer = folder / ("secret" if "secrets" in name else "plain")
        program = folder / name
        program.write_text(
            f"#!/bin/sh\ncat >/dev/null\necho {name} >> {shlex.quote(str(folder))}/calls\ncat {answer}\n"
        )
        program.chmod(0o755)
    return folder


def calls(wordpress: Path) -> list[str]:
    return (wordpress / "calls").read_text().split()


def test_by_wp_cli(ansible: Ansible, wordpress: Path) -> None:
    result = ansible.run_module("multisite_domain_info", {"path": str(wordpress), "wp_cli": f"{wordpress}/wp"})
    assert (result["changed"], result["method"], result["complete"]) == (False, "wp_cli", True)
    assert calls(wordpress) == ["wp"]
    assert result["network"]["domain"] == "network.test"
    assert result["networks"] == [result["network"]]
    assert len(result["sites"]) == 6
    assert len(result["domains"]) == 15
    assert result["notes"] == []
    assert result["plugin"] == {"version": "2.4.13-beta.1", "active": True}
    assert result["runcloud"] == CONSTANTS
    assert "credentials" not in result


def test_php_where_wp_cli_is_missing_also_in_check_mode(ansible: Ansible, wordpress: Path) -> None:
    options = {"path": str(wordpress), "wp_cli": "no-such-wp", "php": f"{wordpress}/php", "base_domains": ["B.example"]}
    result = ansible.run_module("multisite_domain_info", options, check=True)
    assert (result["method"], len(result["domains"])) == ("php", 16)
    assert ("b.example", "base") in [(domain["domain"], domain["kind"]) for domain in result["domains"]]
    assert calls(wordpress) == ["php"]


def test_by_rest() -> None:
    with WordPressRest() as server:
        result = run_action("multisite_domain_info", rest_options(server))
    assert (result["method"], result["complete"], len(result["domains"])) == ("rest", True, 15)
    assert (result["runcloud"], result["wordpress"]) == (None, None)
    shop = next(domain for domain in result["domains"] if domain["domain"] == "shop.example.com")
    assert (shop["row"], shop["blog_id"], shop["primary"], shop["kind"]) == (6, 2, True, "mapped")


def test_a_capped_list_is_not_complete() -> None:
    with WordPressRest(many_domains(130), generation=CAPPED) as server:
        result = run_action("multisite_domain_info", rest_options(server))
    assert not result["complete"]
    assert [note["code"] for note in result["notes"]] == ["capped"]


def test_the_rest_credentials_are_never_printed(ansible: Ansible) -> None:
    with WordPressRest() as server:
        play = one_task({**rest_options(server), "rest_secret": "wrong-secret-of-the-network"})
        outcome = ansible.run_playbook([play], verbosity=4).expect(2)
    assert "401" in outcome.task("Read").result["msg"]
    assert "wrong-secret-of-the-network" not in outcome.output
    assert server.key not in outcome.output


def test_credentials_need_no_log(ansible: Ansible, wordpress: Path) -> None:
    options = {"path": str(wordpress), "wp_cli": f"{wordpress}/wp-with-secrets", "read_credentials": True}
    outcome = ansible.run_playbook([one_task(options)], verbosity=4).expect(2)
    assert "no_log: true" in outcome.task("Read").result["msg"]
    assert SECRET not in outcome.output
    assert not (wordpress / "calls").exists()


def test_credentials_can_be_used_and_are_not_shown(ansible: Ansible, wordpress: Path) -> None:
    options = {"path": str(wordpress), "wp_cli": f"{wordpress}/wp-with-secrets", "read_credentials": True}
    outcome = run_with_credentials(ansible, options)
    assert outcome.task("Use").result["msg"] == f"{len(SECRET)} 11667 940288"
    assert SECRET not in outcome.output


def run_with_credentials(ansible: Ansible, options: dict[str, Any]) -> Result:
    play = one_task(options, no_log=True)
    found = "network.credentials"
    message = f"{{{{ {found}.api_token | length }}}} {{{{ {found}.server_id }}}} {{{{ {found}.webapp_id }}}}"
    play["tasks"].append({"name": "Use", "ansible.builtin.debug": {"msg": message}})
    return ansible.run_playbook([play], verbosity=4).expect(0)


REST = {"rest_url": "https://x.test", "rest_key": "the-key-of-it", "rest_secret": "the-secret-of-it"}
BAD_OPTIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, ["path", "rest_url"]),
    "no path": ({"method": "php"}, ["method php", "path"]),
    "no key": ({"method": "rest", "rest_url": "https://network.test"}, ["method rest", "rest_key, rest_secret"]),
    "no base domain": ({"path": "{folder}", "base_domains": ["no name"]}, ["base_domains", "no name"]),
    "no folder": ({"path": "/no/such/folder"}, ["path", "/no/such/folder"]),
    "no wp": ({"path": "{folder}", "method": "wp_cli", "wp_cli": "no-such-wp"}, ["wp_cli", "no-such-wp", "method=php"]),
    "no php": ({"path": "{folder}", "method": "php", "php": "no-such-php"}, ["php", "no-such-php"]),
    "no network": ({"path": "{folder}", "wp_cli": "{folder}/wp", "network_id": 7}, ["no network 7", "network.test"]),
    "odd command": ({"path": "{folder}", "wp_cli": "wp 'x"}, ["wp_cli", "not a command"]),
    "login": (
        {"rest_url": "https://u:pass-of-u@x.test", "rest_key": "k" * 9, "rest_secret": "s" * 9},
        ["rest_url", "login"],
    ),
    "short key": ({"rest_url": "https://x.test", "rest_key": "brand", "rest_secret": "s" * 9}, ["rest_key", "8 char"]),
}


def test_bad_options_are_named(ansible: Ansible, wordpress: Path) -> None:
    tasks = []
    for name, (options, _words) in BAD_OPTIONS.items():
        filled = json.loads(json.dumps(options).replace("{folder}", str(wordpress)))
        tasks.append({**one_task(filled)["tasks"][0], "name": name, "ignore_errors": True})
    outcome = ansible.run_playbook([{**one_task({}), "tasks": tasks}], verbosity=3).expect(0)
    assert "pass-of-u" not in outcome.output
    for name, (_options, words) in BAD_OPTIONS.items():
        task = outcome.task(name)
        assert task.status == "ignored"
        assert all(word in task.result["msg"] for word in words), task.result["msg"]


def rest_options(server: WordPressRest) -> dict[str, Any]:
    return {"rest_url": server.url, "rest_key": server.key, "rest_secret": server.secret}


def one_task(options: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    name = "multisite.runcloud.multisite_domain_info"
    task = {"name": "Read", name: options, "register": "network", **attributes}
    return {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
