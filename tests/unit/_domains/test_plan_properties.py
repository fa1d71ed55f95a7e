# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that all rests on, for any state and any desired state.

One run brings RunCloud there, the second one changes nothing, and check mode writes nothing and predicts exactly.
Nothing that must be left alone is ever removed or demoted, and nothing untrue is told, whatever goes wrong.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.multisite.runcloud.plugins.module_utils._domains.desired import (
    DesiredDomain,
    parse_desired,
    parse_desired_item,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.outcome import DomainsOutcome
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.plan import DomainPlan
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.removal import Purge
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.run import DomainsRequest, run_domains
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.module_utils._names import can_have_www, matching_pattern
from ansible_collections.multisite.runcloud.plugins.module_utils._outcome import Status
from hypothesis import event, given, settings
from hypothesis import strategies as st

from support.memory import Memory

NAMES = (
    "main.example",
    "brand.example",
    "www.brand.example",
    "shop.example",
    "*.shop.example",
    "old.example",
    "app.x1.p.runcloud.link",
    "xn--mnchen-3ya.example",
    "xn--ls8h.example",
)
ODD = ("my_shop.example", "<script>")
TYPES = st.sampled_from(["alias", "primary", "redirect"])
REDIRECTIONS = st.sampled_from(["none", "www", "non-www"])
EXAMPLES = 500


@dataclass
class Case:
    """A state, what is asked for, and on which API."""

    memory: Memory
    request: DomainsRequest

    def run(self, *, check: bool = False) -> DomainsOutcome:
        return run_domains(self.memory.app, self.request, check_mode=check)

    def with_purge(self, **options: Any) -> Case:
        return replace(self, request=replace(self.request, purge=replace(self.request.purge, **options)))

    @property
    def present(self) -> list[DesiredDomain]:
        return [domain for domain in self.request.desired if domain.present]

    def left_alone(self, name: str) -> bool:
        """Say whether a row may be neither removed nor demoted."""
        protected = {key.lower().removesuffix(".") for key in self.request.protected}
        return name in ODD or name in protected or matching_pattern(name, self.request.exclude) is not None

    def wanted_hosts(self) -> set[str]:
        """Return the host names that must never go, if they are there."""
        hosts = {name for domain in self.present for name in (domain.name, f"www.{domain.name}" if domain.www else "")}
        return hosts | {name for name in (*NAMES, *ODD) if self.left_alone(name)}


@st.composite
def states(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Any attached domains, one of them the primary one, a name and its www served twice included."""
    names = draw(st.lists(st.sampled_from(NAMES + ODD), unique=True, min_size=1))
    primary = draw(st.sampled_from(names))
    return [
        {
            "name": name,
            "type": "primary" if name == primary else draw(st.sampled_from(["alias", "redirect"])),
            "www": name not in ODD and can_have_www(name) and draw(st.booleans()),
            "redirection": draw(REDIRECTIONS),
        }
        for name in names
    ]


@st.composite
def desires(draw: st.DrawFn) -> list[DesiredDomain]:
    """Anything that can be asked for without contradicting itself."""
    items = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        item = {"name": name, "state": draw(st.sampled_from(["present", "present", "present", "absent"]))}
        item |= draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "type": TYPES,
                    "redirection": REDIRECTIONS,
                    "www": st.booleans() if can_have_www(name) else st.just(False),
                },
            )
        )
        items.append(item)
    try:
        desired = parse_desired(items)
    except UserError:
        event("contradicts itself")
        desired = [item for item in map(parse_desired_item, items) if item.type is None and not item.www]
    return [replace(domain, www_firm=domain.www is not False or draw(st.booleans())) for domain in desired]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    version, minimal = draw(st.sampled_from([(3, False), (3, False), (3, False), (2, False), (2, True)]))
    keep = tuple(draw(st.lists(st.sampled_from(["*.example", "old.*"]), unique=True)))
    return Case(
        Memory.of(*draw(states()), version=version, minimal=minimal),
        DomainsRequest(
            draw(desires()),
            Purge(draw(st.booleans()), keep, "100%", draw(st.sampled_from(["", "", "cut short"]))),
            tuple(draw(st.lists(st.sampled_from(["main.*", "*.shop.example"]), unique=True, max_size=1))),
            draw(st.dictionaries(st.sampled_from(["OLD.example.", "brand.example"]), st.just("wanted"), max_size=1)),
            draw(st.dictionaries(st.sampled_from(NAMES), st.just("its DNS points elsewhere"), max_size=2)),
        ),
    )


def visible(rows: Any) -> dict[str, tuple[Any, ...]]:
    """Return what a row says, without what RunCloud makes up."""
    return {row.name: (row.type, row.www, row.redirection) for row in rows}


def stored(memory: Memory) -> dict[str, tuple[Any, ...]]:
    return {row["name"]: (row["type"], bool(row["www"]), row["redirection"]) for row in memory.rows}


def hosts(memory: Memory) -> set[str]:
    return {name for row in memory.rows for name in (row["name"], f"www.{row['name']}" if row["www"] else "")} - {""}


def watch(case: Case) -> None:
    """Look before each write that no name is gone that has to stay."""
    memory, there = case.memory, hosts(case.memory) & case.wanted_hosts()
    memory.on_write = lambda: expect_all(there, memory)


def expect_all(there: set[str], memory: Memory) -> None:
    assert there <= hosts(memory)


@settings(max_examples=EXAMPLES, deadline=None)
@given(cases())
def test_one_run_brings_any_state_to_any_desired_state(case: Case) -> None:
    memory, before = case.memory, copy.deepcopy(case.memory.rows)
    preview = case.run(check=True)
    plan = preview.plan
    event(
        f"v{memory.version}, {min(len(plan.steps), 5)} steps, {min(len(plan.errors), 2)} errors, {bool(plan.refusal)}"
    )

    # A preview has written nothing ...
    assert memory.writes == []
    assert memory.rows == before

    memory.requests.clear()
    watch(case)
    outcome = case.run()

    # ... and was right in all it said.
    assert outcome.plan == plan
    assert (outcome.errors, outcome.status) == (preview.errors, preview.status)
    assert outcome.errors == plan.errors
    assert (outcome.status is Status.OK) is not bool(plan.errors or plan.refusal)
    assert (outcome.not_attempted, outcome.confirmed, outcome.failure) == ((), True, None)
    assert outcome.changed is preview.changed is bool(plan.steps)
    assert visible_to(case, outcome.after) == visible_to(case, plan.after)
    assert outcome.diff() == preview.diff()
    assert set(outcome.applied) == {step.name for step in plan.steps} | demoted(plan)

    assert_desired(case, plan, before)
    assert_left_alone(case, before)
    assert_no_more_requests_than_needed(case, plan)

    # The second run finds nothing to do.
    memory.requests.clear()
    again = case.run()
    assert (again.changed, again.plan.steps, again.diff()) == (False, (), ([], []))
    assert memory.writes == []
    assert again.plan.add == again.plan.change == again.plan.remove == ()


def demoted(plan: DomainPlan) -> set[str]:
    """Return the name that another one replaces as the primary domain."""
    promoted = any(step.action == "promote" for step in plan.steps)
    return {row.name for row in plan.before if row.type == "primary"} if promoted else set()


def visible_to(case: Case, rows: Any) -> object:
    return {row.name for row in rows} if case.memory.minimal else visible(rows)


def assert_desired(case: Case, plan: DomainPlan, before: list[dict[str, Any]]) -> None:
    """Compare the state with what was asked for, by the words of the design."""
    now = {row["name"]: row for row in case.memory.rows}
    was = {row["name"]: row for row in before}
    waiting = {name for name, _reason in plan.deferred}
    protected = {name for name, _reason in plan.protected}
    exclude = case.request.exclude
    excluded = {name for name in hosts_of(before) | case.wanted_hosts() if matching_pattern(name, exclude)}
    asked = {domain.name for domain in case.request.desired if not matching_pattern(domain.name, exclude)}

    assert [row["type"] for row in now.values()].count("primary") == 1
    for domain in case.request.desired:
        name, variant = domain.name, f"www.{domain.name}"
        if name in waiting or name in plan.errors or matching_pattern(name, exclude):
            assert (name in now) == (name in was)
            continue
        if not domain.present:
            assert name not in now or name in protected
            continue
        if name not in now:
            assert name in plan.unchanged
            assert name in hosts(case.memory), "served as the www of another domain"
            continue
        unseen = case.memory.minimal and name in was
        row = now[name]
        if domain.type is not None and not (row["type"] == "primary" or unseen):
            assert row["type"] == domain.type
        if domain.type == "primary" and case.memory.version == 3:
            assert row["type"] == "primary"
        if domain.www is not None and not unseen and variant not in waiting | protected | excluded:
            taken = domain.www_firm or variant in {*plan.unmanaged} & {*plan.remove}
            assert bool(row["www"]) is (domain.www or (bool(was[name]["www"]) and not taken if name in was else False))
        if domain.redirection is not None and not unseen:
            assert row["redirection"] == domain.redirection
    for name, row in was.items():
        if name in asked:
            continue
        # Not asked for: removed by purge and nothing else, otherwise as it was, but for a primary that was demoted.
        assert (name in now) == (name not in plan.remove)
        assert name in plan.unmanaged or name in protected
        assert name not in plan.remove or case.request.purge.enabled
        if name in now:
            changed = {"type": "alias"} if row["type"] == "primary" != now[name]["type"] else {}
            assert now[name] == row | changed
    assert set(now) <= set(was) | asked
    if case.memory.minimal or plan.refusal or (case.request.purge.enabled and case.request.purge.withheld):
        assert set(was) <= set(now), "where purge is refused or the primary is not known, nothing is removed"


def assert_left_alone(case: Case, before: list[dict[str, Any]]) -> None:
    now = {row["name"]: row for row in case.memory.rows}
    for row in before:
        name = row["name"]
        if name in ODD or matching_pattern(name, case.request.exclude) is not None:
            assert now[name] == row
        elif case.left_alone(name):
            assert (now[name]["type"] == "primary") == (row["type"] == "primary") or row["type"] != "primary"


def assert_no_more_requests_than_needed(case: Case, plan: DomainPlan) -> None:
    methods = [method for method, _path, _body in case.memory.writes]
    assert methods.count("POST") == len(plan.add)
    assert methods.count("DELETE") == len([name for name in plan.remove if name in {row.name for row in plan.before}])
    assert methods.count("PATCH") <= len(plan.change) + (1 if plan.add else 0)
    assert methods == sorted(methods, key=["POST", "PATCH", "DELETE"].index)
    lists = [path for method, path, _body in case.memory.requests if method == "GET"]
    # Where a host name moves from one row to another, the list is read in between.
    assert len(lists) in ((2, 3) if plan.steps else (1,))
    assert all(
        set(body) == {"type", "www", "redirection"} for method, _path, body in case.memory.writes if method == "PATCH"
    )


FAULTS = st.sampled_from([404, 422, 403, 500, "lost", "drop", "ignore"])


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    cases(),
    st.dictionaries(st.sampled_from(NAMES), FAULTS, min_size=1),
    st.sampled_from(["", "", "error", "empty"]),
    st.sampled_from([0, 2]),
)
def test_a_run_with_faults_tells_the_truth_and_the_next_one_heals(
    case: Case, faults: dict[str, int | str], blind: str, retries: int
) -> None:
    memory = case.memory
    preview = case.run(check=True)
    before, rows = stored(memory), copy.deepcopy(memory.rows)
    watch(case)
    memory.faults, memory.blind, memory.retries = faults, blind, retries
    outcome = case.run()
    memory.faults, memory.blind = {}, ""
    after = stored(memory)
    event(f"{outcome.status}, {outcome.confirmed}")

    plan = outcome.plan
    touched = {step.name for step in plan.steps} | demoted(plan)
    differing = {name for name in touched if before.get(name) != after.get(name)}
    planned = visible(plan.after)
    left = {step.name for step in plan.steps if planned.get(step.name) != after.get(step.name)}
    if memory.minimal:
        left = {name for name in touched if (name in planned) != (name in after)}

    # Nothing is told as done that is not, and nothing that is done is kept quiet.
    assert plan == preview.plan
    assert set(outcome.applied) <= differing
    assert outcome.changed or not differing
    assert left <= set(outcome.errors) | set(outcome.not_attempted)
    assert not set(outcome.errors) & set(outcome.not_attempted)
    assert (outcome.status is Status.OK) is not bool(outcome.message)
    if outcome.confirmed:
        assert set(outcome.applied) == differing
        assert outcome.changed is bool(differing)
        assert {row.name for row in outcome.after} == set(after)
        assert set(outcome.not_attempted) <= left
        assert set(outcome.errors) - set(plan.errors) <= left
    else:
        assert (outcome.status, outcome.applied) == (Status.FAILED, ())
        for name in differing - demoted(plan):
            assert f"not known whether {name} was" in outcome.errors[name]
    if outcome.status is Status.OK:
        assert not left

    # Whatever went wrong, what must stay has stayed.
    assert_left_alone(case, rows)
    expect_all(hosts_of(rows) & case.wanted_hosts(), memory)

    # What was left is done by the next run.
    case.run()
    again = case.run()
    assert again.plan.steps == ()
    assert visible_to(case, again.after) == visible_to(case, plan.after)


def hosts_of(rows: list[dict[str, Any]]) -> set[str]:
    return hosts(Memory(rows=rows))


@settings(max_examples=200, deadline=None)
@given(cases())
def test_the_order_of_the_list_makes_no_difference(case: Case) -> None:
    turned = replace(case, request=replace(case.request, desired=case.request.desired[::-1]))
    plan, other = case.run(check=True).plan, turned.run(check=True).plan
    assert visible(other.after) == visible(plan.after)
    assert set(other.add) == set(plan.add)
    assert set(other.remove) == set(plan.remove)
    assert other.errors == plan.errors
    assert other.unmanaged == plan.unmanaged


@settings(max_examples=200, deadline=None)
@given(cases(), st.integers(min_value=0, max_value=8))
def test_purge_never_removes_more_than_its_limit_and_over_it_does_all_the_rest(case: Case, limit: int) -> None:
    free, plan = case.run(check=True).plan, case.with_purge(limit=str(limit)).run(check=True).plan
    assert plan.unmanaged == free.unmanaged
    absent = {domain.name for domain in case.request.desired if not domain.present}
    if len([name for name in free.remove if name not in absent]) <= limit:
        assert plan == free
        return
    assert plan.refusal
    assert plan.remove == ()
    assert plan.add == free.add
