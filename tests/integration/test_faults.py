# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""runcloud_domains while half of everything is broken: what is done, what is said, and that the next run heals it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from support.target import Target, add, change, list_of, remove

if TYPE_CHECKING:
    from simulator.process import Simulator
    from support.playbooks import Ansible

SEED = {
    "servers": [
        {
            "id": 1903,
            "name": "web1",
            "webapps": [
                {"id": 646, "name": "network", "domains": ["main.example", "a.example", "old.example"]},
                {"id": 700, "name": "shop", "domains": ["taken.example", {"name": "brand.example", "www": True}]},
            ],
        },
        {"id": 1904, "name": "web2", "webapps": [{"id": 701, "name": "blog", "domains": ["far.example"]}]},
    ]
}
# One of each kind of request: two additions, the primary changes hands, a change, a removal.
WANTED: dict[str, Any] = {
    "domains": [
        "main.example",
        "new.example",
        {"name": "next.example", "type": "primary", "www": True},
        {"name": "a.example", "redirection": "www"},
    ],
    "purge": True,
    "purge_limit": "1",
}
DONE = {
    "main.example": ("alias", False, "none"),
    "a.example": ("alias", False, "www"),
    "new.example": ("alias", False, "none"),
    "next.example": ("primary", True, "none"),
}


@pytest.fixture
def target(simulator: Simulator) -> Target:
    simulator.reset(SEED)
    return Target(simulator)


def fault(target: Target, /, *, method: str = "*", path: str = "/domains", **rule: Any) -> None:
    target.simulator.faults({"method": method, "path": path, **rule})


def heal(target: Target) -> dict[str, Any]:
    """Run once more without faults, and look that all is well then."""
    target.simulator.clear_faults()
    result = target.run(**WANTED)
    assert "failed" not in result, result
    assert target.rows() == DONE
    return result


def test_without_faults(target: Target) -> None:
    ids = target.ids()
    target.converge(**WANTED)
    assert target.rows() == DONE
    assert target.requests() == [
        *list_of(),
        add("new.example"),
        add("next.example", www=True),
        change(target.ids()["next.example"], "primary", True, "none"),
        change(ids["a.example"], "alias", False, "www"),
        remove(ids["old.example"]),
        *list_of(),
    ]


# ---------------------------------------------------------------------- one request goes wrong

PASSING = [
    {"status": 500, "body": {"message": "Server Error"}},
    {"status": 500, "body": {"message": "Server Error"}, "carry_out": True},
    {"status": 503, "body": "Service Unavailable"},
    {"html": 502},
    {"html": 504, "carry_out": True},
    {"drop": "before"},
    {"drop": "after"},
    {"truncate": True},
    {"status": 429, "body": {"message": "Too Many Attempts."}, "headers": {"Retry-After": "7"}},
    {"status": 429, "body": {"message": "Too Many Attempts."}},
]


@pytest.mark.parametrize("position", range(7))
@pytest.mark.parametrize("action", PASSING, ids=str)
def test_a_fault_that_passes_is_survived_at_every_request(
    target: Target, position: int, action: dict[str, Any]
) -> None:
    fault(target, after=position, action=action)
    result = target.run(**WANTED)
    assert "failed" not in result, result
    assert result["changed"] is True
    assert target.rows() == DONE
    assert result["api"]["requests"] == len(target.requests())
    created = [request[2]["name"] for request in target.requests() if request[0] == "POST"]
    carried_out = action.get("carry_out") or action.get("drop") == "after" or action.get("truncate")
    found = position in (1, 2) and carried_out
    assert result["api"]["retries"] == (0 if found else 1)
    assert len(created) == (3 if position in (1, 2) and not found else 2), "no POST is repeated that was done"


@pytest.mark.parametrize("position", range(7))
@pytest.mark.parametrize(
    "action",
    [
        {"status": 500, "body": {"message": "Server Error"}},
        {"drop": "before"},
        {"drop": "after"},
        {"status": 401, "body": {"message": "Unauthenticated."}},
        {"status": 422, "body": {"message": "No."}},
        {"status": 302, "headers": {"Location": "/login"}, "body": "<html>"},
        {"status": 200, "body": "<html>hello"},
        {"status": 404, "body": {"message": "Not found"}},
        {"status": 502, "body": {"message": "Bad gateway"}, "carry_out": True},
        {"no_effect": True},
    ],
    ids=str,
)
def test_a_fault_that_stays_is_told_truly_and_healed_by_the_next_run(
    target: Target, position: int, action: dict[str, Any]
) -> None:
    before = target.rows()
    fault(target, after=position, times=None, action=action)
    result = target.run(retries=1, **WANTED)
    after = target.rows()
    if "no_effect" in action and position == 6:
        assert after == DONE, "the list that confirms has no effect anyway"
        return
    assert result["failed"] is True
    differing = {name for name in before | after if before.get(name) != after.get(name)}
    unknown = {name for name, text in result.get("errors", {}).items() if "not known whether" in text}
    assert result.get("changed", False) or not differing
    assert set(result.get("applied", [])) <= differing
    assert differing - set(result.get("applied", [])) <= unknown | {"main.example"}
    if position:
        reported = {*result["applied"], *result["errors"], *result["not_attempted"]}
        assert reported >= {"new.example", "next.example", "a.example", "old.example"} or action.get("status") == 422
        assert not set(result["errors"]) & set(result["not_attempted"])
    elif "no_effect" not in action:
        assert result["msg"].startswith("GET /servers/1903/webapps/646/domains")
        assert target.writes() == []
    heal(target)


@pytest.mark.parametrize("answered", range(8))
def test_a_connection_that_dies_for_good(target: Target, answered: int) -> None:
    target.simulator.stop_after(answered)
    result = target.run(retries=1, **WANTED)
    if answered >= 7:
        assert "failed" not in result
        return
    assert result["failed"] is True
    # The first POST may have been carried out, although no answer came.
    assert result.get("changed", False) is (answered > 0)
    assert set(result.get("applied", [])) <= set(target.rows())
    assert "No answer came from http://127.0.0.1" in result["msg"]
    heal(target)


# ---------------------------------------------------------------------- answers that are not true

NOT_FOUND = {"status": 404, "body": {"message": "Not found"}}
UNREADABLE = {"status": 500, "body": {"message": "Server Error"}}


@pytest.mark.parametrize("path", ["/domains", "/webapps/646"])
def test_removals_answered_with_404_like_everything_after_them_are_not_told_as_done(target: Target, path: str) -> None:
    target.simulator.panel("add_domain", webapp=646, domain={"name": "older.example"})
    fault(target, path=path, after=1, times=None, action=NOT_FOUND)
    result = target.run(domains=["main.example", "a.example"], purge=True, purge_limit="2", retries=0)
    assert result["failed"] is True
    assert (result["applied"], result["changed"]) == ([], True)
    for name in ("old.example", "older.example"):
        assert f"it is not known whether {name} was removed" in result["errors"][name]
        assert name in target.rows()


@pytest.mark.parametrize("readable", [True, False])
def test_writes_that_are_accepted_without_effect_are_not_told_as_done(target: Target, readable: bool) -> None:
    before = target.rows()
    for method in ("POST", "PATCH", "DELETE"):
        fault(target, method=method, times=None, action={"no_effect": True})
    if not readable:
        fault(target, method="GET", after=1, times=None, action=UNREADABLE)
    items = ["main.example", "new.example", {"name": "a.example", "www": True}]
    result = target.run(domains=items, purge=True, purge_limit="1", retries=0)
    assert result["failed"] is True
    assert (result["applied"], result["changed"]) == ([], not readable)
    assert set(result["errors"]) == {"new.example", "a.example", "old.example"}
    assert target.rows() == before


@pytest.mark.parametrize("action", [{"pages": "short"}, NOT_FOUND, {"status": 200, "body": []}], ids=str)
def test_names_are_not_added_all_over_again_where_the_list_is_not_known(target: Target, action: dict[str, Any]) -> None:
    target.simulator.reset({"domains": ["main.example"], "domain_count": 83})
    names = list(target.rows())
    fault(target, method="GET", path="/domains", times=None, action=action)
    result = target.run(domains=names, purge=True, retries=0)
    assert result["failed"] is True
    assert result.get("applied", []) == []
    assert len(target.writes()) <= 3
    assert list(target.rows()) == names


def test_the_id_of_another_domain_in_a_reply_is_not_used(target: Target) -> None:
    ids = target.ids()
    fault(target, method="POST", action={"change": {"id": ids["a.example"]}})
    result = target.run(domains=["main.example", "a.example", {"name": "next.example", "type": "primary"}])
    assert "failed" not in result, result
    new = target.ids()["next.example"]
    assert target.requests()[1:] == [
        add("next.example"),
        *list_of(),
        change(new, "primary", False, "none"),
        *list_of(),
    ]


def test_a_row_that_is_not_a_host_name_is_left_alone(target: Target) -> None:
    odd = {"id": 9999, "name": "<script>", "type": "alias", "www": 0, "redirection": "none"}
    rows = [*target.simulator.domains(646), odd]
    fault(target, method="GET", times=None, action={"status": 200, "body": rows})
    result = target.run(domains=["main.example", "a.example", "old.example"], purge=True, purge_limit="100%")
    assert result["plan"]["protected"] == [
        {"name": "<script>", "reason": "its name is not a host name, so it is left alone"}
    ]
    assert target.requests() == list_of()


def test_one_refused_post_among_400_domains_costs_three_lists(target: Target) -> None:
    target.simulator.reset({"domains": ["main.example"], "domain_count": 399})
    fault(target, method="POST", times=None, action=UNREADABLE)
    result = target.run(domains=["x.example"])
    assert list(result["errors"]) == ["x.example"]
    assert [method for method, *_rest in target.requests()].count("GET") == 30
    assert target.writes() == [add("x.example")] * 2


# ---------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "switches", [{}, {"duplicate_shape": "message"}, {"duplicate_text": "Taken."}, {"message_style": "newer"}], ids=str
)
@pytest.mark.parametrize(
    ("item", "place"),
    [
        ("taken.example", "web application 'shop' (700) of server 1903"),
        ("far.example", "web application 'blog' (701) of server 1904"),
        ("www.brand.example", None),
    ],
)
def test_a_name_that_is_attached_elsewhere(
    target: Target, item: str, place: str | None, switches: dict[str, str]
) -> None:
    """U3: only the status says that a name is taken; where it is, the lists tell."""
    target.simulator.switch(**switches)
    result = target.run(domains=[item, "new.example"])
    if place is None:  # The simulator does not mind, and RunCloud may not either.
        assert result["changed"] is True
        return
    assert result["failed"] is True
    assert (result["changed"], result["applied"], result["not_attempted"]) == (True, ["new.example"], [])
    assert f"It is attached to {place}: detach it there first." in result["errors"][item]
    assert "answered 422" in result["errors"][item]
    assert result["msg"] == f"{item}: {result['errors'][item]}"


def test_a_name_that_is_refused_and_nowhere_to_be_found(target: Target) -> None:
    fault(target, method="POST", action={"status": 422, "body": {"message": "No.", "errors": {"name": ["Bad name."]}}})
    result = target.run(domains=["odd.example"])
    assert result["msg"] == (
        "odd.example: POST /servers/1903/webapps/646/domains answered 422: No (name: Bad name). If the name is taken, "
        "look for it in RunCloud's panel: it may belong to another web application, server or workspace (module "
        "runcloud_webapp_info can search for it)."
    )


def test_the_plan_of_the_account_has_a_limit(target: Target) -> None:
    target.simulator.switch(domain_limit=4)
    result = target.run(domains=["one.example", "two.example", "three.example"], purge=True, purge_limit="2")
    assert result["failed"] is True
    assert result["applied"] == ["one.example", "a.example", "old.example"]
    assert "answered 403: You have reached the maximum number of domains" in result["errors"]["two.example"]
    assert "plan or their permissions" in result["errors"]["two.example"]
    assert result["not_attempted"] == ["three.example"]


def test_credentials_that_may_only_read(simulator: Simulator) -> None:
    simulator.reset({**SEED, "credentials": {"token": "sim-token-0123456789abcdef", "read_only": True}})
    target = Target(simulator)
    result = target.run(**WANTED)
    assert result["failed"] is True
    assert result["changed"] is False
    assert sorted(result["errors"]) == ["a.example", "new.example", "old.example"]
    assert result["not_attempted"] == ["next.example"]
    assert [request[0] for request in target.writes()] == ["POST", "PATCH", "DELETE"]


def test_a_server_that_is_offline(target: Target) -> None:
    """U26."""
    target.simulator.panel("set_server", server=1903, set={"online": False})
    result = target.run(domains=[f"n{number}.example" for number in range(6)], retries=0)
    assert result["failed"] is True
    assert result["changed"] is False
    assert len(result["errors"]) == 3
    assert result["not_attempted"] == ["n3.example", "n4.example", "n5.example"]
    assert "3 names in a row failed on RunCloud's side; stopped" in result["msg"]
    assert "the server's agent cannot be reached" in result["msg"]


def test_one_name_that_fails_does_not_stop_the_others(target: Target) -> None:
    fault(target, method="POST", body="bad", times=None, action={"status": 500, "body": {"message": "Server Error"}})
    result = target.run(domains=["good.example", "bad.example", "fine.example"], retries=2)
    assert (result["changed"], result["applied"]) == (True, ["good.example", "fine.example"])
    assert list(result["errors"]) == ["bad.example"]
    assert result["msg"].startswith("bad.example: POST /servers/1903/webapps/646/domains answered 500: Server Error.")


def test_many_failures_are_counted_and_some_are_shown(target: Target) -> None:
    fault(target, method="POST", body="bad", times=None, action={"status": 422, "body": {"message": "No."}})
    names = [f"bad{number}.example" for number in range(12)]
    result = target.run(domains=[*names, "good.example"])
    assert result["msg"].startswith("12 failed, 1 applied, 0 not attempted. bad0.example: POST")
    assert result["msg"].endswith("and 2 more (see errors)")
    assert list(result["errors"]) == names


def test_the_application_is_removed_meanwhile(target: Target) -> None:
    gone = {"status": 404, "body": {"message": "Not found"}}
    fault(target, path="/webapps/646", after=2, times=None, action=gone)
    result = target.run(**WANTED)
    assert result["failed"] is True
    assert "webapp_id: server 1903 has no web application 646." in result["msg"]
    assert result["not_attempted"] == ["a.example", "old.example"]


def test_the_application_is_removed_while_a_lost_reply_is_looked_up(target: Target) -> None:
    fault(target, after=1, action={"drop": "before"})
    fault(target, path="/webapps/646", after=1, times=None, action={"status": 404, "body": {"message": "Not found"}})
    result = target.run(**WANTED)
    assert "webapp_id: server 1903 has no web application 646." in result["msg"]
    assert "It is not known whether new.example was added" in result["errors"]["new.example"]
    assert (result["changed"], result["applied"]) == (True, [])
    assert result["not_attempted"] == ["a.example", "old.example"]


def test_the_look_after_a_lost_reply_is_refused(target: Target) -> None:
    """The name may be attached then, and the result says that nobody knows."""
    fault(target, after=1, action={"drop": "after"})
    fault(target, after=1, times=None, action={"status": 401, "body": {"message": "Unauthenticated."}})
    result = target.run(**WANTED)
    assert "new.example" in target.rows()
    assert "It is not known whether" in result["errors"]["new.example"]
    heal(target)


# ---------------------------------------------------------------------- the request limit


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"rate_headers": False},
        {"rate_headers": False, "retry_after": "date"},
        {"rate_headers": False, "retry_after": "absent"},
        {"rate_headers": False, "retry_after": "absent", "rate_reset_header": True},
        {"rate_reset_header": True},
    ],
    ids=str,
)
def test_a_run_that_needs_more_requests_than_a_minute_has(target: Target, switches: dict[str, Any]) -> None:
    """U16: with headers the limit is never run into, without them it is waited out."""
    target.simulator.switch(rate_limit=10, **switches)
    names = [f"n{number}.example" for number in range(30)]
    result = target.run(domains=names)
    assert "failed" not in result, result
    assert set(names) <= set(target.rows())
    refused = [entry for entry in target.simulator.requests() if entry["status"] == 429]
    assert len(refused) == (0 if switches.get("rate_headers", True) else 3)
    assert result["api"]["waited"] >= 150
    posts = [request for request in target.requests() if request[0] == "POST"]
    assert len(posts) == 30 + sum(1 for entry in refused if entry["method"] == "POST")


def test_a_limit_that_takes_longer_than_allowed_stops_the_run_and_the_next_goes_on(target: Target) -> None:
    target.simulator.switch(rate_limit=10)
    names = [f"n{number}.example" for number in range(30)]
    result = target.run(domains=names, rate_limit_timeout=130)
    assert result["failed"] is True
    assert result["changed"] is True
    assert "raise rate_limit_timeout, or let the next run go on." in result["msg"]
    assert result["api"]["waited"] <= 130
    assert 0 < len(result["applied"]) < 30
    done = len(result["applied"])
    assert f"stopped at RunCloud's request limit: {done} of 30 names are done, {30 - done} left." in result["msg"]
    assert result["errors"] == {}
    assert set(result["applied"]) == {name for name in names if name in target.rows()}
    assert len(result["applied"]) + len(result["not_attempted"]) + len(result["errors"]) == 30
    assert "failed" not in target.run(domains=names)
    assert set(names) <= set(target.rows())


# ---------------------------------------------------------------------- someone else at work


@contextlib.contextmanager
def meanwhile(target: Target, act: Callable[[], object]) -> Any:
    """Let someone act after the list was read and before the first write."""
    from unittest import mock

    from ansible_collections.multisite.runcloud.plugins.module_utils._domains import run

    original = run.apply_domains

    def apply(*arguments: Any) -> Any:
        act()
        return original(*arguments)

    with mock.patch.object(run, "apply_domains", apply):
        yield target


def test_someone_attaches_the_same_name_meanwhile(target: Target) -> None:
    domain = {"name": "new.example"}
    with meanwhile(target, lambda: target.simulator.panel("add_domain", webapp=646, domain=domain)):
        result = target.run(domains=["new.example"])
    assert "failed" not in result, result
    assert result["changed"] is False
    assert target.requests() == [*list_of(), add("new.example"), *list_of()]


def test_someone_attaches_it_in_another_way_meanwhile(target: Target) -> None:
    domain = {"name": "new.example", "www": True}
    with meanwhile(target, lambda: target.simulator.panel("add_domain", webapp=646, domain=domain)):
        result = target.run(domains=[{"name": "new.example", "www": False}])
    assert result["failed"] is True
    assert "someone else attached new.example during this run" in result["errors"]["new.example"]
    assert target.run(domains=[{"name": "new.example", "www": False}])["changed"] is True


def test_someone_removes_names_meanwhile(target: Target) -> None:
    def act() -> None:
        for name in ("a.example", "old.example"):
            target.simulator.panel("remove_domain", name=name)

    with meanwhile(target, act):
        result = target.run(**WANTED)
    assert list(result["errors"]) == ["a.example"]
    assert "a.example may have been removed by someone else: run again" in result["errors"]["a.example"]
    heal(target)


# ---------------------------------------------------------------------- as users run it


def test_a_lost_reply_through_ansible(ansible: Ansible, target: Target) -> None:
    fault(target, method="POST", action={"drop": "after"})
    result = ansible.run_module("runcloud_domains", {**target.options, "domains": ["new.example"]})
    assert result["changed"] is True, result
    assert (result["api"]["requests"], result["api"]["retries"]) == (4, 0)
    assert target.requests() == [*list_of(), add("new.example"), *list_of(), *list_of()]


def test_nobody_listens(ansible: Ansible, target: Target) -> None:
    options = {**target.options, "api_url": "http://127.0.0.1:9/api/v3", "retries": 0}
    result = ansible.run_module("runcloud_domains", {**options, "domains": ["new.example"]})
    assert result["failed"] is True
    assert "failed: Connection refused. No answer came from http://127.0.0.1:9/api/v3: check api_url" in result["msg"]
    assert "Traceback" not in str(result)


def test_what_a_playbook_sees_of_a_run_that_was_cut_off(ansible: Ansible, target: Target) -> None:
    target.simulator.stop_after(2)
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Domains",
                "multisite.runcloud.runcloud_domains": {
                    **target.options,
                    "retries": 0,
                    "domains": ["x.example", "y.example"],
                },
            }
        ],
    }
    outcome = ansible.run_playbook([play]).expect(2)
    result = outcome.task("Domains").result
    assert result["changed"] is True
    assert result["applied"] == []
    assert "it is not known whether x.example was added" in result["errors"]["x.example"]
    assert "It is not known whether y.example was added" in result["errors"]["y.example"]
    assert outcome.stats["localhost"]["failures"] == 1
