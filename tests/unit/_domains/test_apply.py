# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run does and says when RunCloud behaves in another way than the plan thought."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.desired import parse_desired
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.outcome import DomainsOutcome
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.plan import DomainPlan, plan_domains
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.removal import Purge
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.run import apply_domains
from ansible_collections.multisite.runcloud.plugins.module_utils._outcome import Status
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.errors import ApiError

from support.memory import PATH, Memory

LIST = ("GET", f"{PATH}/domains", None)


def planned(memory: Memory, items: list[Any], **options: Any) -> DomainPlan:
    """Plan, and forget the request that it took."""
    app = memory.app
    plan = plan_domains(parse_desired(items), app.domains(), can_update=app.can_update_domains, **options)
    memory.requests.clear()
    memory.usage.requests = 0
    return plan


def run(memory: Memory, items: list[Any], **options: Any) -> DomainsOutcome:
    return apply_domains(planned(memory, items, **options), memory.app)


def test_nothing_to_do_takes_no_request() -> None:
    memory = Memory.of("main.example")
    outcome = run(memory, ["main.example"])
    assert (outcome.changed, outcome.applied, outcome.errors) == (False, (), {})
    assert [row.name for row in outcome.after] == ["main.example"]
    assert memory.requests == []


def test_one_list_confirms_all_writes() -> None:
    memory = Memory.of("main.example", "a.example")
    outcome = run(memory, ["b.example", "c.example", {"name": "a.example", "www": True}])
    assert outcome.applied == ("b.example", "c.example", "a.example")
    assert memory.requests == [
        ("POST", f"{PATH}/domains", {"name": "b.example", "type": "alias", "www": False, "redirection": "none"}),
        ("POST", f"{PATH}/domains", {"name": "c.example", "type": "alias", "www": False, "redirection": "none"}),
        ("PATCH", f"{PATH}/domains/701/meta", {"type": "alias", "www": True, "redirection": "none"}),
        LIST,
    ]


def test_progress_tells_how_far_it_is() -> None:
    memory, said = Memory.of("main.example", "old.example"), list[tuple[str, int, int]]()
    plan = planned(memory, ["a.example", {"name": "b.example", "type": "primary"}], purge=Purge(True))
    apply_domains(plan, memory.app, lambda what, done=0, total=0: said.append((what, done, total)))
    assert said == [
        ("adding domains", 0, 2),
        ("adding domains", 1, 2),
        ("setting the primary domain", 0, 1),
        ("reading the list again", 3, 3),
    ]


# ---------------------------------------------------------------------- single names that fail


def test_one_name_does_not_stop_the_others() -> None:
    memory = Memory.of("main.example", "old.example", faults={"b.example": 422})
    outcome = run(memory, ["a.example", "b.example", "c.example"], purge=Purge(True, limit="5"))
    assert outcome.applied == ("a.example", "c.example", "old.example")
    assert list(outcome.errors) == ["b.example"]
    assert outcome.errors["b.example"].startswith(f"POST {PATH}/domains answered 422: spoiled. If the name is taken")
    assert (outcome.changed, outcome.stopped, outcome.not_attempted) == (True, "", ())


def test_what_depends_on_a_failed_name_is_not_tried() -> None:
    memory = Memory.of("main.example", faults={"next.example": 422})
    outcome = run(
        memory, [{"name": "next.example", "type": "primary"}, {"name": "main.example", "type": "redirect"}, "a.example"]
    )
    assert outcome.applied == ("a.example",)
    assert list(outcome.errors) == ["next.example"]
    assert outcome.not_attempted == ("main.example",)
    assert memory.rows[0]["type"] == "primary"


def test_a_primary_that_could_not_be_relieved_is_not_removed() -> None:
    memory = Memory.of("main.example", "next.example", faults={"next.example": 422})
    outcome = run(memory, [{"name": "next.example", "type": "primary"}], purge=Purge(True))
    assert outcome.not_attempted == ("main.example",)
    assert [method for method, _path, _body in memory.writes] == ["PATCH"]


def test_where_the_plan_of_the_account_ends_no_further_names_are_tried() -> None:
    memory = Memory.of("main.example", "old.example", faults={"b.example": 403})
    outcome = run(memory, ["a.example", "b.example", "c.example"], purge=Purge(True, limit="1"))
    assert outcome.applied == ("a.example", "old.example")
    assert list(outcome.errors) == ["b.example"]
    assert outcome.not_attempted == ("c.example",)


def test_a_server_that_is_ill_is_left_alone_after_three_names() -> None:
    names = [f"{letter}.example" for letter in "abcdef"]
    memory = Memory.of("main.example", faults=dict.fromkeys(names[1:], 500))
    outcome = run(memory, names)
    assert outcome.applied == ("a.example",)
    assert list(outcome.errors) == names[1:4]
    assert list(outcome.not_attempted) == names[4:]
    assert outcome.stopped.startswith("3 names in a row failed on RunCloud's side; stopped. Last: POST ")


def test_faults_in_between_do_not_add_up() -> None:
    names = [f"{letter}.example" for letter in "abcdef"]
    memory = Memory.of("main.example", faults=dict.fromkeys(names[::2], 500))
    outcome = run(memory, names)
    assert list(outcome.applied) == names[1::2]
    assert outcome.stopped == ""


@pytest.mark.parametrize("status", [401, 429])
def test_what_concerns_all_stops_all(status: int) -> None:
    memory = Memory.of("main.example", faults={"b.example": status})
    outcome = run(memory, ["a.example", "b.example", "c.example"])
    assert (outcome.applied, list(outcome.errors)) == (("a.example",), ["b.example"])
    assert outcome.not_attempted == ("c.example",)
    assert outcome.stopped == outcome.errors["b.example"]
    assert outcome.changed


# ---------------------------------------------------------------------- replies that were lost


def test_a_lost_reply_is_no_failure_where_the_list_shows_the_name() -> None:
    memory = Memory.of("main.example", faults={"a.example": "lost"})
    outcome = run(memory, ["a.example"])
    assert (outcome.changed, outcome.applied, outcome.errors) == (True, ("a.example",), {})
    assert (outcome.status, outcome.stopped, outcome.failure) == (Status.OK, "", None)


def test_without_retries_a_lost_reply_ends_the_run() -> None:
    memory = Memory.of("main.example", faults={"a.example": "drop"})
    outcome = run(memory, ["a.example", "b.example"])
    assert (outcome.changed, outcome.applied, outcome.not_attempted) == (False, (), ("b.example",))
    assert outcome.status is Status.FAILED
    assert outcome.errors == {"a.example": f"POST {PATH}/domains failed: spoiled"}
    assert outcome.stopped == outcome.errors["a.example"]


def lists(memory: Memory) -> int:
    return memory.requests.count(LIST)


def posts(memory: Memory) -> list[str]:
    return [body["name"] for method, _path, body in memory.requests if method == "POST"]


def test_one_look_serves_all_lost_replies_and_only_what_is_missing_is_sent_again() -> None:
    faults = {"a.example": "lost", "b.example": "drop", "d.example": 500}
    memory = Memory.of("main.example", faults=faults, retries=1)
    memory.on_write = lambda: memory.faults.pop("b.example", None) if len(posts(memory)) > 4 else None
    outcome = run(memory, [f"{letter}.example" for letter in "abcd"])
    assert posts(memory) == ["a.example", "b.example", "c.example", "d.example", "b.example", "d.example"]
    assert lists(memory) == 2
    assert outcome.applied == ("a.example", "b.example", "c.example")
    assert list(outcome.errors) == ["d.example"]
    assert memory.usage.retries == 2


def test_a_refused_post_among_many_domains_does_not_read_the_list_again_and_again() -> None:
    memory = Memory.of(*(f"d{number}.example" for number in range(400)), faults={"x.example": 500}, retries=5)
    outcome = run(memory, ["x.example"])
    assert lists(memory) == 2
    assert posts(memory) == ["x.example"] * 2
    assert list(outcome.errors) == ["x.example"]


def test_a_short_list_is_read_for_each_try() -> None:
    memory = Memory.of("main.example", faults={"x.example": "drop"}, retries=3)
    memory.on_write = lambda: memory.faults.clear() if len(posts(memory)) == 4 else None
    outcome = run(memory, ["x.example", "y.example"])
    assert posts(memory) == ["x.example", "y.example", "x.example", "x.example"]
    assert outcome.status is Status.OK


class Deaf(Memory):
    """Answers no list after the first write."""

    def list(self, path: str, query: Any = None) -> Any:
        if self.writes:
            raise ApiError("GET", path, status=503, message="spoiled")
        return super().list(path, query)


UNKNOWN = "t is not known whether {} was {}, because the list of domains could not be read afterwards: run again"


def test_what_cannot_be_read_back_is_never_told_as_done() -> None:
    memory = Deaf.of("main.example", "b.example", "old.example", faults={"n.example": 422})
    items = ["a.example", "n.example", {"name": "b.example", "www": True}]
    outcome = run(memory, items, purge=Purge(True))
    assert (outcome.status, outcome.confirmed, outcome.changed) == (Status.FAILED, False, True)
    assert (outcome.applied, outcome.not_attempted) == ((), ())
    assert outcome.errors == {
        "n.example": f"POST {PATH}/domains answered 422: spoiled",
        "a.example": "i" + UNKNOWN.format("a.example", "added"),
        "b.example": "i" + UNKNOWN.format("b.example", "changed"),
        "old.example": "i" + UNKNOWN.format("old.example", "removed"),
    }
    assert outcome.stopped == f"the changes could not be read back: GET {PATH}/domains answered 503: spoiled"
    assert [row.name for row in outcome.after] == ["main.example", "b.example", "old.example"]


def test_a_lost_reply_that_cannot_be_looked_up_is_told_as_unknown() -> None:
    outcome = run(Deaf.of("main.example", faults={"b.example": "lost"}), ["a.example", "b.example"])
    assert outcome.errors["b.example"] == (
        f"POST {PATH}/domains failed: spoiled. I" + UNKNOWN.format("b.example", "added")
    )


class Emptied(Memory):
    """From the first removal on, the list is empty or not found, and every removal is "gone already"."""

    def list(self, path: str, query: Any = None) -> Any:
        return [] if any(method == "DELETE" for method, _path, _body in self.requests) else super().list(path, query)

    def _write(self, method: str, path: str, body: Any) -> Any:
        if method == "DELETE":
            raise ApiError(method, path, status=404, message="Not found")
        return super()._write(method, path, body)


def test_removals_answered_with_404_are_not_told_as_done_where_the_list_is_not_to_be_relied_on() -> None:
    memory = Emptied.of("main.example", "a.example", "old.example")
    outcome = run(memory, ["main.example"], purge=Purge(True, limit="2"))
    assert (outcome.status, outcome.confirmed, outcome.applied) == (Status.FAILED, False, ())
    assert list(outcome.errors) == ["a.example", "old.example"]
    assert "lacks all domains that were attached before" in outcome.stopped


def test_a_removal_answered_with_404_is_done_only_where_the_list_no_longer_has_the_name() -> None:
    memory = Memory.of("main.example", "a.example", "old.example", faults={"a.example": 404, "old.example": 404})
    memory.on_write = lambda: setattr(memory, "rows", [row for row in memory.rows if row["name"] != "a.example"])
    outcome = run(memory, ["main.example"], purge=Purge(True, limit="2"))
    assert list(outcome.errors) == ["old.example"]
    assert "old.example is still attached" in outcome.errors["old.example"]


# ---------------------------------------------------------------------- someone else at work


def attach_before_writing(memory: Memory, **row: Any) -> None:
    """Let someone attach a domain just before the first write."""

    def attach() -> None:
        if row["name"] not in memory.names():
            memory.attach(row)

    memory.on_write = attach


def test_a_name_that_someone_else_attached_meanwhile_is_fine() -> None:
    memory = Memory.of("main.example")
    attach_before_writing(memory, name="a.example")
    outcome = run(memory, ["a.example"])
    assert (outcome.errors, outcome.applied, outcome.changed) == ({}, (), False)


@pytest.mark.parametrize("asked", [{"www": True}, {"type": "primary"}])
def test_a_name_that_someone_else_attached_in_another_way_is_not(asked: dict[str, Any]) -> None:
    memory = Memory.of("main.example")
    attach_before_writing(memory, name="a.example")
    outcome = run(memory, [{"name": "a.example", **asked}])
    assert "someone else attached a.example" in outcome.errors["a.example"]
    assert "run again" in outcome.errors["a.example"]
    assert run(memory, [{"name": "a.example", **asked}]).errors == {}


def test_a_name_that_someone_else_removed_meanwhile() -> None:
    memory = Memory.of("main.example", "a.example", "b.example")
    memory.on_write = lambda: setattr(memory, "rows", memory.rows[:1])
    items = [{"name": "a.example", "www": True}, {"name": "b.example", "state": "absent"}]
    outcome = run(memory, items)
    assert list(outcome.errors) == ["a.example"]
    assert "a.example may have been removed by someone else: run again." in outcome.errors["a.example"]
    # That b.example is gone is what was asked for.
    assert outcome.stopped == ""


class Vanishing(Memory):
    """A web application that goes with the second write."""

    def request(self, method: str, path: str, **options: Any) -> Any:
        if len(self.writes) >= 1 and path != "/servers/1903":
            self.requests.append((method, path, None))
            raise ApiError(method, path, status=404, message="Not found")
        return {"id": 1903, "name": "web1"} if path == "/servers/1903" else super().request(method, path, **options)


@pytest.mark.parametrize(
    "items", [["a.example", "b.example", "c.example"], ["a.example", {"name": "x.example", "www": True}, "c.example"]]
)
def test_an_application_that_goes_while_we_work(items: list[Any]) -> None:
    outcome = run(Vanishing.of("main.example", "x.example"), items)
    assert outcome.applied == ()
    assert "it is not known whether a.example was added" in outcome.errors["a.example"]
    assert outcome.stopped.startswith("webapp_id: server 1903 has no web application 646.")
    assert (outcome.changed, outcome.confirmed) == (True, False)


def test_whether_the_application_is_there_is_asked_once() -> None:
    memory = Memory.of("main.example", faults={f"{letter}.example": 404 for letter in "abc"})
    outcome = run(memory, [f"{letter}.example" for letter in "abcd"])
    assert outcome.applied == ("d.example",)
    assert len(outcome.errors) == 3
    assert [path for _method, path, _body in memory.requests].count(PATH) == 1


# ---------------------------------------------------------------------- RunCloud says yes and does no


class Forgetful(Memory):
    """Accepts everything and stores nothing, or takes nothing away."""

    def _write(self, *dummy: Any) -> Any:
        return {}


def test_what_was_accepted_and_not_done_is_an_error() -> None:
    memory = Forgetful.of("main.example", "a.example", "old.example")
    items = ["new.example", {"name": "a.example", "www": True, "redirection": "www"}]
    outcome = run(memory, items, purge=Purge(True, limit="1"))
    advice = "run again, and if that does not help, look into RunCloud's panel"
    assert outcome.errors == {
        "new.example": f"RunCloud accepted the change, but new.example is not attached; {advice}",
        "a.example": "RunCloud accepted the change, but still shows www: false instead of true, "
        f"redirection: none instead of www; {advice}",
        "old.example": f"RunCloud accepted the removal, but old.example is still attached; {advice}",
    }
    assert (outcome.changed, outcome.applied) == (False, ())


class Taciturn(Memory):
    """Answers a POST with nothing (reference 1.5: 204)."""

    def _add(self, body: Any) -> Any:
        super()._add(body)


def test_a_reply_that_does_not_show_the_row_costs_a_list_where_its_id_is_needed() -> None:
    memory = Taciturn.of("main.example")
    outcome = run(memory, ["a.example", {"name": "b.example", "type": "primary"}])
    assert outcome.errors == {}
    assert [(method, body and body["type"]) for method, _path, body in memory.requests] == [
        ("POST", "alias"),
        ("POST", "alias"),
        ("GET", None),
        ("PATCH", "primary"),
        ("GET", None),
    ]


class Secretive(Taciturn):
    """Never shows what was added."""

    def list(self, path: str, dummy: Any = None) -> Any:
        return [row for row in super().list(path) if row["name"] == "main.example"]


def test_a_row_that_is_never_shown_cannot_be_promoted() -> None:
    outcome = run(Secretive.of("main.example"), [{"name": "b.example", "type": "primary"}, "c.example"])
    assert "RunCloud does not list b.example" in outcome.errors["b.example"]


class NothingThere(Memory):
    """Answers every list as if nothing were attached."""

    def list(self, path: str, query: Any = None) -> Any:
        super().list(path, query)
        return []


def test_names_are_not_added_one_by_one_to_an_application_whose_list_is_wrong() -> None:
    names = [f"d{number}.example" for number in range(80)]
    memory = NothingThere.of(*names)
    outcome = run(memory, names)
    assert len(posts(memory)) == 3
    assert (outcome.status, outcome.changed, outcome.applied) == (Status.FAILED, False, ())
    assert "lacks all domains" in outcome.stopped
    assert len(outcome.errors) + len(outcome.not_attempted) == 80


def test_names_that_another_run_adds_at_the_same_time_are_seen_and_not_sent() -> None:
    names = [f"d{number}.example" for number in range(80)]
    memory = Memory.of("main.example")
    memory.on_write = lambda: [memory.attach({"name": name}) for name in names if name not in memory.names()] and None
    outcome = run(memory, names)
    assert (len(posts(memory)), lists(memory)) == (3, 2)
    assert (outcome.status, outcome.changed, outcome.errors) == (Status.OK, False, {})


@pytest.mark.parametrize(("fault", "gone"), [(None, True), ("ignore", False), (422, False)])
def test_a_host_name_is_not_taken_from_a_domain_before_another_one_is_seen_to_serve_it(fault: Any, gone: bool) -> None:
    memory = Memory.of("main.example", {"name": "a.example", "www": True}, faults={"www.a.example": fault})
    outcome = run(memory, ["www.a.example", {"name": "a.example", "state": "absent"}])
    assert ("a.example" not in memory.names()) is gone
    assert outcome.not_attempted == (() if gone else ("a.example",))


# ---------------------------------------------------------------------- where a refused name is


class Fleet(Memory):
    """More applications beside the one that is worked on: (server, application, name) -> domains."""

    others: dict[tuple[int, int, str], list[Any]]
    fail: str = ""

    def list(self, path: str, dummy: Any = None) -> Any:
        self.usage.requests += 1
        self.requests.append(("GET", path, None))
        if self.fail and path.endswith(self.fail):
            raise ApiError("GET", path, status=403, message="spoiled")
        if path == "/servers":
            return [{"id": number, "name": "s"} for number in dict.fromkeys([1904, 1903])]
        for (server, app, _name), rows in self.others.items():
            if path == f"/servers/{server}/webapps/{app}/domains":
                return rows
        if path.endswith("/webapps"):
            mine = [{"id": 646, "name": "network"}] if "/1903/" in path else []
            return mine + [
                {"id": app, "name": name} for (server, app, name) in self.others if path == f"/servers/{server}/webapps"
            ]
        return [dict(row) for row in self.rows]


def fleet(**faults: int) -> Fleet:
    memory = Fleet.of("main.example", faults={f"{name}.example": status for name, status in faults.items()})
    memory.others = {
        (1903, 700, "shop"): [{"id": 1, "name": "a.example", "www": 0}],
        (1904, 701, "blog"): [{"id": 2, "name": "b.example", "www": 1}, {"id": 3, "name": "www.c.example", "www": 0}],
    }
    return memory


def test_a_refused_name_is_looked_for_on_this_server_first() -> None:
    memory = fleet(a=422)
    outcome = run(memory, ["a.example"])
    assert outcome.errors["a.example"].endswith(
        "It is attached to web application 'shop' (700) of server 1903: detach it there first."
    )
    assert [path for _method, path, _body in memory.requests[2:]] == [
        "/servers/1903/webapps",
        "/servers/1903/webapps/700/domains",
    ]


def test_all_servers_are_searched_until_every_name_is_found() -> None:
    outcome = run(fleet(a=422, b=422, c=422, d=422), ["a.example", "www.b.example", "b.example", "d.example"])
    assert "(700) of server 1903" in outcome.errors["a.example"]
    assert "'blog' (701) of server 1904" in outcome.errors["b.example"]
    assert "look for it in RunCloud's panel" in outcome.errors["d.example"]
    assert outcome.applied == ("www.b.example",)


def test_the_www_of_a_name_may_be_what_is_taken() -> None:
    outcome = run(fleet(c=422), [{"name": "c.example", "www": True}])
    assert "(701) of server 1904" in outcome.errors["c.example"]


@pytest.mark.parametrize("part", ["/servers", "/1903/webapps", "/700/domains"])
def test_a_search_that_fails_changes_nothing_but_the_advice(part: str) -> None:
    memory = fleet(d=422)
    memory.fail = part
    outcome = run(memory, ["d.example"])
    assert "look for it in RunCloud's panel" in outcome.errors["d.example"]
    assert memory.requests[-1][1].endswith(part)


def test_the_search_does_not_wait_for_the_request_limit() -> None:
    memory = fleet(d=422)
    memory.limit.note({"X-RateLimit-Remaining": "0"})
    run(memory, ["d.example"])
    assert [path for _method, path, _body in memory.requests].count("/servers") == 0


def test_no_search_after_something_fatal() -> None:
    memory = fleet(a=422, b=401)
    outcome = run(memory, ["a.example", "b.example"])
    assert memory.requests[-1] == LIST
    assert "answered 422" in outcome.errors["a.example"]
