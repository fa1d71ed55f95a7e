# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""runcloud_domains against the simulator: the exact requests, the state after them, and what is returned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.target import Target, add, change, list_of, remove

if TYPE_CHECKING:
    from simulator.process import Simulator
    from support.playbooks import Ansible

TEST_DOMAIN = "app.x1-y2.p.runcloud.link"


@pytest.fixture
def target(simulator: Simulator) -> Target:
    simulator.reset({"domains": ["main.example", {"name": "a.example", "www": True}, "b.example", TEST_DOMAIN]})
    return Target(simulator)


# ---------------------------------------------------------------------- one run


def test_what_is_in_place_takes_one_list(target: Target) -> None:
    result = target.run(domains=["main.example", {"name": "a.example", "www": True}, "B.EXAMPLE."], diff=True)
    assert target.requests() == list_of()
    assert result["changed"] is False
    assert result["diff"] == {"before": {"domains": []}, "after": {"domains": []}}
    assert result["plan"] == {
        "add": [],
        "change": [],
        "remove": [],
        "unchanged": ["main.example", "a.example", "b.example"],
        "unmanaged": [],
        "protected": [{"name": TEST_DOMAIN, "reason": "it is a test domain of RunCloud"}],
        "deferred": [],
    }
    assert result["api"] == {"requests": 1, "retries": 0, "waited": 0.0}


def test_domains_are_returned_as_they_are(target: Target) -> None:
    result = target.run(domains=[])
    assert result["domains"][1] == {
        "id": target.ids()["a.example"],
        "name": "a.example",
        "type": "alias",
        "www": True,
        "redirection": "none",
        "wildcard": False,
        "dns_integration": "none",
        "status": None,
        "created_at": target.simulator.domains()[1]["created_at"],
    }


def test_a_preview_shows_new_domains_without_an_id(target: Target) -> None:
    result = target.run(domains=["new.example"], check=True)
    new = result["domains"][-1]
    assert (new["name"], new["id"], new["created_at"]) == ("new.example", None, None)
    assert target.writes() == []


def test_adding(target: Target) -> None:
    result = target.converge(
        domains=[
            "new.example",
            {"domain": "www.other.example"},
            {"name": "brand.example", "www": True, "redirection": "non-www", "type": "redirect"},
            "*.wild.example",
            "münchen.example",
        ]
    )
    assert target.requests() == [
        *list_of(),
        add("new.example"),
        add("www.other.example"),
        add("brand.example", "redirect", True, "non-www"),
        add("*.wild.example"),
        add("xn--mnchen-3ya.example"),
        *list_of(),
    ]
    names = ["new.example", "www.other.example", "brand.example", "*.wild.example", "xn--mnchen-3ya.example"]
    assert result["plan"]["add"] == names
    assert result["diff"]["before"] == {"domains": []}
    assert result["diff"]["after"]["domains"][1] == {
        "name": "brand.example",
        "type": "redirect",
        "www": True,
        "redirection": "non-www",
    }
    assert [row["wildcard"] for row in result["domains"] if row["name"] in names] == [False, False, False, True, False]


def test_changing_sends_all_three_settings(target: Target) -> None:
    result = target.converge(
        domains=[{"name": "a.example", "redirection": "www"}, {"name": "b.example", "type": "redirect"}]
    )
    ids = target.ids()
    assert target.requests() == [
        *list_of(),
        change(ids["a.example"], "alias", True, "www"),
        change(ids["b.example"], "redirect", False, "none"),
        *list_of(),
    ]
    assert result["plan"]["change"] == ["a.example", "b.example"]
    assert result["diff"]["before"]["domains"][0] == {
        "name": "a.example",
        "type": "alias",
        "www": True,
        "redirection": "none",
    }


def test_the_primary_changes_hands_before_the_old_one_goes(target: Target) -> None:
    ids = target.ids()
    result = target.converge(
        domains=[{"name": "b.example", "type": "primary"}, "a.example", {"name": "new.example", "www": True}],
        purge=True,
        purge_limit="1",
    )
    assert target.requests() == [
        *list_of(),
        add("new.example", www=True),
        change(ids["b.example"], "primary", False, "none"),
        remove(ids["main.example"]),
        *list_of(),
    ]
    assert result["plan"]["remove"] == result["plan"]["unmanaged"] == ["main.example"]
    assert target.rows()["b.example"] == ("primary", False, "none")
    assert target.rows()["a.example"] == ("alias", True, "none")


@pytest.mark.parametrize("post_primary", ["promote", "refuse"])
def test_a_new_primary_is_an_alias_first_whatever_runcloud_allows(target: Target, post_primary: str) -> None:
    """U6: whether a POST may say primary is unknown, so none does."""
    target.simulator.switch(post_primary=post_primary)
    target.converge(domains=["main.example", {"name": "new.example", "type": "primary"}])
    new = target.ids()["new.example"]
    assert target.requests() == [*list_of(), add("new.example"), change(new, "primary", False, "none"), *list_of()]
    assert target.rows()["main.example"][0] == "alias"


def test_what_is_absent_goes_and_what_is_not_there_is_no_work(target: Target) -> None:
    ids = target.ids()
    result = target.converge(
        domains=[{"name": "b.example", "state": "absent"}, {"name": "never.example", "state": "absent"}]
    )
    assert target.requests() == [*list_of(), remove(ids["b.example"]), *list_of()]
    assert result["plan"]["remove"] == ["b.example"]
    assert result["diff"]["after"] == {"domains": []}


def test_without_purge_the_rest_stays(target: Target) -> None:
    result = target.run(domains=["new.example"])
    assert result["plan"]["unmanaged"] == ["a.example", "b.example"]
    assert set(target.rows()) == {"main.example", "a.example", "b.example", TEST_DOMAIN, "new.example"}


def test_purge_removes_what_nobody_asked_for_and_spares_what_it_must(target: Target) -> None:
    ids = target.ids()
    result = target.converge(domains=["new.example"], purge=True, purge_keep=["A.*"], purge_limit="25%")
    assert target.writes() == [add("new.example"), remove(ids["b.example"])]
    assert result["plan"]["protected"] == [
        {"name": "main.example", "reason": "it is the primary domain"},
        {"name": "a.example", "reason": "purge_keep has a.*"},
        {"name": TEST_DOMAIN, "reason": "it is a test domain of RunCloud"},
    ]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(("limit", "allowed"), [("1", 1), ("20%", 1), ("49%", 1), ("0%", 0)])
def test_over_the_limit_nothing_is_removed_the_rest_is_done_and_the_run_fails(
    target: Target, limit: str, allowed: int, check: bool
) -> None:
    result = target.run(domains=["new.example"], purge=True, purge_limit=limit, check=check)
    assert result["failed"] is True
    assert f"purge_limit: '{limit}' allows the removal of {allowed} of 4 domains, but 2 would be" in result["msg"]
    assert result["changed"] is True
    assert result["plan"]["remove"] == []
    assert result["plan"]["unmanaged"] == ["a.example", "b.example"]
    assert result["applied"] == ([] if check else ["new.example"])
    assert target.writes() == ([] if check else [add("new.example")])


def test_www_that_is_switched_off_is_told_as_removed(target: Target) -> None:
    result = target.converge(domains=[{"name": "a.example", "www": False}])
    assert (result["plan"]["change"], result["plan"]["remove"]) == (["a.example"], ["www.a.example"])


def test_a_www_name_that_an_attached_domain_serves_is_in_place(target: Target) -> None:
    result = target.converge(domains=["a.example", "www.a.example"])
    assert result["plan"]["unchanged"] == ["a.example", "www.a.example"]
    assert target.requests() == list_of()


def test_one_name_that_cannot_be_had_does_not_stop_the_others(target: Target) -> None:
    target.simulator.reset({"domains": ["main.example", "www.b.example"]})
    items = ["new.example", {"name": "b.example", "www": True}, {"name": "main.example", "state": "absent"}]
    result = target.run(domains=items)
    assert result["failed"] is True
    assert list(result["errors"]) == ["b.example", "main.example"]
    assert "www.b.example would be served twice" in result["errors"]["b.example"]
    assert "main.example is the primary domain and cannot be removed; ask for type: primary" in result["msg"]
    assert result["applied"] == ["new.example"]
    assert target.writes() == [add("new.example")]


def test_patterns_to_keep_are_read_as_names_are(target: Target) -> None:
    target.simulator.reset({"domains": ["main.example", "a.xn--bcher-kva.example", "b.example"]})
    keep = ["*.BÜCHER.example."]
    result = target.run(domains=["main.example"], purge=True, purge_keep=keep)
    assert result["plan"]["remove"] == ["b.example"]
    assert [row["name"] for row in result["plan"]["protected"]] == ["a.xn--bcher-kva.example"]


# ---------------------------------------------------------------------- API v2


def test_v2_adds_and_removes(simulator: Simulator) -> None:
    simulator.reset({"domains": ["main.example", "old.example"]})
    target = Target(simulator, version=2)
    ids = target.ids()
    target.converge(domains=[{"name": "new.example", "www": True}, {"name": "old.example", "state": "absent"}])
    assert target.requests() == [*list_of(), add("new.example", www=True), remove(ids["old.example"]), *list_of()]


@pytest.mark.parametrize("repost", ["refuse", "update"])
@pytest.mark.parametrize("check", [True, False])
def test_v2_says_what_it_cannot_do_and_does_the_rest(simulator: Simulator, check: bool, repost: str) -> None:
    simulator.reset({"domains": ["main.example", "a.example"]})
    simulator.switch(v2_repost=repost)
    target = Target(simulator, version=2)
    items = ["new.example", {"name": "a.example", "www": True}, {"name": "next.example", "type": "primary"}]
    result = target.run(domains=items, check=check, diff=True)
    assert result["failed"]
    assert result["changed"] is True
    assert list(result["errors"]) == ["a.example", "next.example"]
    assert "API v2 documents no way" in result["errors"]["a.example"]
    assert "www: true instead of false" in result["errors"]["a.example"]
    assert result["plan"]["add"] == ["new.example"]
    assert result["applied"] == ([] if check else ["new.example"])
    assert target.writes() == ([] if check else [add("new.example")])


def test_v2_rows_that_say_little(simulator: Simulator) -> None:
    simulator.reset({"domains": ["main.example", {"name": "a.example", "www": True}]})
    simulator.switch(v2_rows="minimal")
    target = Target(simulator, version=2)
    result = target.converge(
        domains=[{"name": "a.example", "www": False}, {"name": "new.example", "www": True}], purge=True
    )
    assert target.writes() == [add("new.example", www=True)]
    assert result["plan"]["unchanged"] == ["a.example"]
    assert "does not say which domain is the primary one" in result["plan"]["protected"][0]["reason"]
    assert [(row["type"], row["www"]) for row in result["domains"]] == [(None, None)] * 3
    refused = target.run(domains=[{"name": "a.example", "state": "absent"}, "next.example"])
    assert refused["failed"]
    assert "remove a.example in RunCloud's panel" in refused["errors"]["a.example"]
    assert refused["applied"] == ["next.example"]


# ---------------------------------------------------------------------- spellings that nobody knows


@pytest.mark.parametrize(
    "switches",
    [
        {"post_status": 201, "patch_status": 200, "delete_status": 200},
        {"post_status": 204, "patch_status": 204, "delete_status": 204},
        {"domain_flags": "bool"},
        {"domain_flags": "string"},
        {"wildcard_name": "bare"},
        {"empty_links": "array"},
        {"per_page_over": "refuse"},
        {"message_style": "newer"},
        {"patch_omitted": "reset"},
        {"missing_accept": "redirect_errors"},
        {"missing_accept": "ignore"},
        {"demote_primary": "ignore"},
    ],
    ids=str,
)
def test_every_spelling_of_the_answers_leads_to_the_same_state(target: Target, switches: dict[str, Any]) -> None:
    """U7, U17, U25, and the spellings of reference 1.3, 1.5, 1.6 and 3.10."""
    target.simulator.switch(**switches)
    target.converge(
        domains=[
            {"name": "next.example", "type": "primary", "www": True},
            {"name": "main.example", "type": "redirect"},
            {"name": "a.example", "www": False},
            "*.wild.example",
        ],
        purge=True,
        purge_limit="50%",
    )
    rows = target.rows()
    rows = {name if name != "wild.example" else "*.wild.example": row for name, row in rows.items()}
    assert rows == {
        "next.example": ("primary", True, "none"),
        "main.example": ("redirect", False, "none"),
        "a.example": ("alias", False, "none"),
        "*.wild.example": ("alias", False, "none"),
        TEST_DOMAIN: ("alias", False, "none"),
    }


@pytest.mark.parametrize("field", ["www", "redirection", "type"])
@pytest.mark.parametrize("switch", ["ignored_post_fields", "ignored_meta_fields"])
def test_what_runcloud_accepts_and_ignores_is_not_taken_for_done(target: Target, switch: str, field: str) -> None:
    """U28: unknown or ignored fields raise no error, so that only a look afterwards tells."""
    target.simulator.switch(**{switch: [field]})
    values = {"www": True, "redirection": "www", "type": "redirect"}
    name = "new.example" if switch == "ignored_post_fields" else "b.example"
    result = target.run(domains=[{"name": name, field: values[field]}])
    assert result["failed"]
    assert f"RunCloud accepted the change, but still shows {field}:" in result["errors"][name]
    assert result["changed"] is (switch == "ignored_post_fields")
    assert result["applied"] == ([name] if result["changed"] else [])


# ---------------------------------------------------------------------- how many requests


@pytest.mark.parametrize("new", [0, 3])
def test_a_thousand_domains_take_no_more_requests_than_they_must(
    simulator: Simulator, new: int, record_property: Any
) -> None:
    names = ["main.example", *(f"d{number}.example" for number in range(1, 1000))]
    simulator.reset({"domains": ["main.example"], "domain_count": 999})
    target = Target(simulator)
    assert set(target.rows()) == set(names), "the simulator's names"
    wanted = names + [f"new{number}.example" for number in range(new)]
    result = target.run(domains=wanted, purge=True)
    requests = target.requests()
    gets = [request for request in requests if request[0] == "GET"]
    posts = [request for request in requests if request[0] == "POST"]
    text = f"1,000 domains in place, {new} new: {len(gets)} list requests and {len(posts)} POST"
    print(text)  # noqa: T201 - a number for the reader
    record_property("budget", text)
    assert gets == list_of(25) + (list_of(26) if new else [])
    assert posts == [add(name) for name in wanted[1000:]]
    assert len(requests) == len(gets) + len(posts)
    assert result["api"] == {"requests": len(requests), "retries": 0, "waited": 0.0}


# ---------------------------------------------------------------------- as users run it


def test_a_playbook_previews_applies_and_finds_nothing_more(ansible: Ansible, target: Target) -> None:
    task = {
        "name": "Domains",
        "multisite.runcloud.runcloud_domains": {
            "domains": [
                {"name": "next.example", "type": "primary", "www": True, "redirection": "non-www"},
                {"domain": "a.example", "www": False},
                "{{ from_a_variable }}",
            ],
            "purge": True,
            "purge_limit": "50%",
        },
    }
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": {"group/multisite.runcloud.runcloud": target.options},
        "vars": {"from_a_variable": "b.example"},
        "tasks": [task],
    }
    ids = target.ids()
    preview = ansible.run_playbook([play], check=True, diff=True).expect().task("Domains").result
    assert target.requests() == list_of()
    target.simulator.clear_requests()

    outcome = ansible.run_playbook([play], diff=True).expect()
    result = outcome.task("Domains").result
    new = target.ids()["next.example"]
    assert target.requests() == [
        *list_of(),
        add("next.example", www=True, redirection="non-www"),
        change(new, "primary", True, "non-www"),
        change(ids["a.example"], "alias", False, "none"),
        remove(ids["main.example"]),
        *list_of(),
    ]
    assert (preview["changed"], preview["plan"], preview["diff"]) == (True, result["plan"], result["diff"])
    assert '+            "name": "next.example"' in outcome.stdout

    again = ansible.run_playbook([play], diff=True).expect().task("Domains").result
    assert again["changed"] is False
    assert again["diff"] == {"before": {"domains": []}, "after": {"domains": []}}


def test_a_partial_failure_as_a_playbook_sees_it(ansible: Ansible, target: Target) -> None:
    target.simulator.faults(
        {
            "method": "POST",
            "path": "/domains$",
            "body": "bad.example",
            "action": {"status": 422, "body": {"message": "No."}},
        }
    )
    options = {**target.options, "domains": ["good.example", "bad.example", "fine.example"]}
    result = ansible.run_module("runcloud_domains", options)
    assert result["failed"] is True
    assert result["changed"] is True
    assert result["applied"] == ["good.example", "fine.example"]
    assert list(result["errors"]) == ["bad.example"]
    assert result["not_attempted"] == []
    assert result["msg"].startswith("bad.example: POST /servers/1903/webapps/646/domains answered 422: No. If the name")


def test_v2_through_ansible_with_everything_from_the_environment(ansible: Ansible, simulator: Simulator) -> None:
    from simulator.process import KEY, SECRET

    simulator.reset({"domains": ["main.example"]})
    env = {
        "WU_RUNCLOUD_API_KEY": KEY,
        "WU_RUNCLOUD_API_SECRET": SECRET,
        "RUNCLOUD_API_URL": simulator.v2,
        "WU_RUNCLOUD_SERVER_ID": "1903",
        "WU_RUNCLOUD_APP_ID": "646",
    }
    result = ansible.run_module("runcloud_domains", {"domains": ["new.example"]}, env=env)
    assert result["changed"] is True, result
    assert Target(simulator).requests() == [*list_of(), add("new.example"), *list_of()]
    assert {entry["version"] for entry in simulator.requests()} == {"v2"}


def test_a_comma_separated_text_is_a_list_as_everywhere_in_ansible(ansible: Ansible, target: Target) -> None:
    result = ansible.run_module("runcloud_domains", {**target.options, "domains": "x.example,y.example"}, check=True)
    assert result["plan"]["add"] == ["x.example", "y.example"]
    assert target.writes() == []
