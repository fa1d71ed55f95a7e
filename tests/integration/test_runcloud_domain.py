# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""runcloud_domain against the simulator: one domain, the exact requests, and what is returned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.target import Target, add, change, list_of, remove

if TYPE_CHECKING:
    from simulator.process import Simulator
    from support.playbooks import Ansible


@pytest.fixture
def target(simulator: Simulator) -> Target:
    simulator.reset({"domains": ["main.example", {"name": "a.example", "www": True, "redirection": "www"}]})
    return Target(simulator)


def test_a_new_domain_has_the_defaults(target: Target) -> None:
    result = target.converge("runcloud_domain", name="New.Example.")
    assert target.requests() == [*list_of(), add("new.example"), *list_of()]
    assert result["domain"] == {
        "id": target.ids()["new.example"],
        "name": "new.example",
        "type": "alias",
        "www": False,
        "redirection": "none",
        "wildcard": False,
        "dns_integration": "none",
        "status": None,
        "created_at": target.simulator.domains()[-1]["created_at"],
    }
    assert result["diff"] == {
        "before": {"domains": []},
        "after": {"domains": [{"name": "new.example", "type": "alias", "www": False, "redirection": "none"}]},
    }
    assert result["api"] == {"requests": 3, "retries": 0, "waited": 0.0}


def test_a_new_domain_has_what_is_asked_for(target: Target) -> None:
    target.converge("runcloud_domain", name="b.example", type="redirect", www=True, redirection="non-www")
    assert target.writes() == [add("b.example", "redirect", True, "non-www")]


def test_what_is_not_given_is_left_as_it_is(target: Target) -> None:
    result = target.run("runcloud_domain", name="a.example")
    assert (result["changed"], target.requests()) == (False, list_of())
    assert (result["domain"]["www"], result["domain"]["redirection"]) == (True, "www")

    target.converge("runcloud_domain", name="a.example", www=False)
    assert target.requests() == [*list_of(), change(target.ids()["a.example"], "alias", False, "www"), *list_of()]


def test_a_domain_becomes_the_primary_one(target: Target) -> None:
    result = target.converge("runcloud_domain", name="a.example", type="primary")
    assert target.writes() == [change(target.ids()["a.example"], "primary", True, "www")]
    assert target.rows()["main.example"] == ("alias", False, "none")
    assert [row["type"] for row in result["diff"]["after"]["domains"]] == ["primary", "alias"]


def test_a_new_domain_becomes_the_primary_one(target: Target) -> None:
    result = target.converge("runcloud_domain", name="new.example", type="primary")
    new = target.ids()["new.example"]
    assert target.requests() == [*list_of(), add("new.example"), change(new, "primary", False, "none"), *list_of()]
    assert result["domain"]["type"] == "primary"


def test_a_domain_is_removed_once(target: Target) -> None:
    number = target.ids()["a.example"]
    result = target.converge("runcloud_domain", name="a.example", state="absent")
    assert target.requests() == [*list_of(), remove(number), *list_of()]
    assert result["domain"] is None
    again = target.run("runcloud_domain", name="a.example", state="absent")
    assert (again["changed"], again["domain"]) == (False, None)


@pytest.mark.parametrize("switches", [{}, {"delete_primary_status": 403, "delete_primary_text": "Nope."}])
def test_the_primary_is_not_removed_whatever_runcloud_would_say(target: Target, switches: dict[str, Any]) -> None:
    """U4."""
    target.simulator.switch(**switches)
    result = target.run("runcloud_domain", name="main.example", state="absent")
    assert result["failed"]
    assert "main.example is the primary domain and cannot be removed; ask for type: primary on another" in result["msg"]
    assert target.requests() == list_of()


def test_the_primary_does_not_step_back_by_itself(target: Target) -> None:
    result = target.run("runcloud_domain", name="main.example", type="alias")
    assert result["failed"]
    assert "cannot become alias by itself; ask for type: primary on the domain that takes its place" in result["msg"]
    assert target.requests() == list_of()


def test_www_of_an_attached_name_is_in_place_and_has_no_attributes_of_its_own(target: Target) -> None:
    result = target.run("runcloud_domain", name="www.a.example")
    assert (result["changed"], result["domain"]["name"]) == (False, "a.example")
    assert target.requests() == list_of()
    result = target.run("runcloud_domain", name="www.a.example", type="redirect")
    assert result["failed"]
    assert "www: www.a.example would be served twice" in result["msg"]
    assert target.writes() == []


def test_v2_says_that_it_cannot_update(simulator: Simulator) -> None:
    simulator.reset({"domains": ["main.example", "a.example"]})
    target = Target(simulator, version=2)
    for check in (True, False):
        result = target.run("runcloud_domain", name="a.example", www=True, check=check)
        assert result["failed"]
        assert result["changed"] is False
        assert result["msg"].startswith("a.example: API v2 documents no way to change")
        assert result["domain"]["www"] is False
        assert "domains" not in result
        assert "plan" not in result
    assert target.writes() == []


def test_a_target_may_be_named(simulator: Simulator) -> None:
    simulator.reset({"servers": [{"id": 1903, "name": "web1", "webapps": [{"id": 646, "name": "network"}]}]})
    target = Target(simulator)
    result = target.run(
        "runcloud_domain",
        name="new.example",
        server_name="WEB1",
        webapp_name="network",
        without=("server_id", "webapp_id"),
    )
    assert result["changed"] is True, result
    assert [path for _method, path, *_body in target.requests()][:3] == [
        "/servers?search=WEB1&page=1&perPage=40",
        "/servers/1903/webapps?search=network&page=1&perPage=40",
        "/domains?page=1&perPage=40",
    ]


def test_the_application_may_be_called_app_id(target: Target) -> None:
    result = target.run("runcloud_domain", name="a.example", without=("webapp_id",), app_id=646)
    assert result["changed"] is False


def test_a_failure_tells_the_request_in_parts(target: Target) -> None:
    result = target.run("runcloud_domain", name="a.example", api_token="not-the-token-of-anybody")
    assert result["failure"] == {
        "method": "GET",
        "path": "/servers/1903/webapps/646/domains?page=1&perPage=40",
        "status": 401,
        "message": "Unauthenticated.",
        "fields": {},
    }


# ---------------------------------------------------------------------- as users run it


def test_a_domain_comes_changes_and_goes_by_ansible(ansible: Ansible, target: Target) -> None:
    options = {**target.options, "name": "new.example"}
    tasks = [
        {"name": "Preview", "check_mode": True, "multisite.runcloud.runcloud_domain": options},
        {"name": "Add", "multisite.runcloud.runcloud_domain": options},
        {"name": "Add again", "multisite.runcloud.runcloud_domain": {**options, "www": "no"}},
        {"name": "Change", "multisite.runcloud.runcloud_domain": {**options, "www": "yes", "redirection": "www"}},
        {"name": "Remove", "multisite.runcloud.runcloud_domain": {**options, "state": "absent"}},
        {"name": "Remove again", "multisite.runcloud.runcloud_domain": {**options, "state": "absent"}},
    ]
    outcome = ansible.run_playbook([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]).expect()
    assert [task.changed for task in outcome.tasks] == [True, True, False, True, True, False]
    written = target.writes()
    assert [request[0] for request in written] == ["POST", "PATCH", "DELETE"]
    assert written[0] == add("new.example")
    assert written[1][2] == {"type": "alias", "www": True, "redirection": "www"}
    preview, added = outcome.tasks[0].result, outcome.tasks[1].result
    assert preview["domain"]["id"] is None
    assert {**added["domain"], "id": None, "created_at": None, "dns_integration": None} == preview["domain"]


def test_defaults_for_the_group_and_credentials_from_the_environment(ansible: Ansible, target: Target) -> None:
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": {"group/multisite.runcloud.runcloud": {"server_id": 1903, "app_id": 646}},
        "tasks": [{"name": "Domain", "multisite.runcloud.runcloud_domain": {"name": "a.example"}}],
    }
    env = {"RUNCLOUD_API_TOKEN": target.options["api_token"], "RUNCLOUD_API_URL": target.options["api_url"]}
    result = ansible.run_playbook([play], env=env).expect().task("Domain").result
    assert result["domain"]["name"] == "a.example"


def test_an_option_that_ansible_checks_is_refused_by_it(ansible: Ansible, target: Target) -> None:
    result = ansible.run_module("runcloud_domain", {**target.options, "name": "a.example", "type": "main"})
    assert "value of type must be one of: alias, primary, redirect, got: main" in result["msg"]
    assert target.requests() == []
