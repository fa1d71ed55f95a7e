# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule that all rests on, for any state and any desired state.

One run brings RunCloud there, the second one changes nothing, and check mode writes nothing and predicts exactly.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.multisite.runcloud.plugins.module_utils import _names as _hostnames
from ansible_collections.multisite.runcloud.plugins.module_utils._domains import apply as _apply
from ansible_collections.multisite.runcloud.plugins.module_utils._domains import desired as _wishes
from ansible_collections.multisite.runcloud.plugins.module_utils._domains import plan as _plan
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
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
)
TYPES = st.sampled_from(["alias", "primary", "redirect"])
REDIRECTIONS = st.sampled_from(["none", "www", "non-www"])
EXAMPLES = 1000


@dataclass
class Case:
    """A state, what is asked for, and on which API."""

    memory: Memory
    wishes: list[_wishes.Wish]
    purge: _plan.Purge
    hold: dict[str, str]

    def plan(self) -> _plan.DomainPlan:
        app = self.memory.app
        return _plan.plan_domains(
            self.wishes, app.domains(), purge=self.purge, hold=self.hold, can_update=app.can_update_domains
        )

    def apply(self, plan: _plan.DomainPlan) -> _apply.Outcome:
        return _apply.apply_domains(plan, self.memory.app)


@st.composite
def states(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Any attached domains, one of them the primary one, a name and its www served twice included."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    primary = draw(st.sampled_from(names))
    return [
        {
            "name": name,
            "type": "primary" if name == primary else draw(st.sampled_from(["alias", "redirect"])),
            "www": _hostnames.can_have_www(name) and draw(st.booleans()),
            "redirection": draw(REDIRECTIONS),
        }
        for name in names
    ]


@st.composite
def wishes(draw: st.DrawFn) -> list[_wishes.Wish]:
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
                    "www": st.booleans() if _hostnames.can_have_www(name) else st.just(False),
                },
            )
        )
        items.append(item)
    try:
        return _wishes.parse_wishes(items)
    except UserError:
        event("contradicts itself")
        return [wish for wish in map(_wishes.parse_wish, items) if wish.type is None and not wish.www]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    version, minimal = draw(st.sampled_from([(3, False), (3, False), (3, False), (2, False), (2, True)]))
    memory = Memory.of(*draw(states()), version=version, minimal=minimal)
    return Case(
        memory,
        draw(wishes()),
        _plan.Purge(draw(st.booleans()), tuple(draw(st.lists(st.sampled_from(["*.example", "old.*"])))), "100%"),
        draw(st.dictionaries(st.sampled_from(NAMES), st.just("its DNS points elsewhere"), max_size=2)),
    )


def visible(rows: Any) -> dict[str, tuple[Any, ...]]:
    """Return what a row says, without what RunCloud makes up."""
    return {row.name: (row.type, row.www, row.redirection) for row in rows}


@settings(max_examples=EXAMPLES, deadline=None)
@given(cases())
def test_one_run_brings_any_state_to_any_desired_state(case: Case) -> None:
    before = copy.deepcopy(case.memory.rows)
    try:
        plan = case.plan()
    except UserError as exc:
        refusal = str(exc)
        event(f"refused: {refusal.split(':', 1)[0]}")
        assert case.memory.writes == []
        assert is_justified(case, refusal)
        return
    event(f"v{case.memory.version}, {min(len(plan.steps), 5)} steps")

    # A preview is the plan. It has written nothing ...
    assert case.memory.writes == []
    assert case.memory.rows == before

    outcome = case.apply(plan)

    # ... and was right in all it said.
    assert outcome.errors == {}
    assert outcome.fatal is None
    assert outcome.not_attempted == []
    assert outcome.changed is bool(plan.steps)
    assert visible_to(case, outcome.after) == visible_to(case, plan.after)
    if not case.memory.minimal:
        assert _plan.changed_rows(plan.before, outcome.after) == _plan.changed_rows(plan.before, plan.after)
    assert set(outcome.applied) == {step.name for step in plan.steps} | relieved(plan)

    assert_desired(case, plan, before)
    assert_no_more_writes_than_needed(case, plan)

    # The second run finds nothing to do.
    case.memory.requests.clear()
    again = case.plan()
    assert again.steps == ()
    assert _plan.changed_rows(again.before, again.after) == ([], [])
    assert case.apply(again).changed is False
    assert case.memory.writes == []
    assert again.add == again.change == again.remove == ()


def relieved(plan: _plan.DomainPlan) -> set[str]:
    """Return the name that another one replaces as the primary domain."""
    promoted = any(step.action == "promote" for step in plan.steps)
    return {row.name for row in plan.before if row.type == "primary"} if promoted else set()


def visible_to(case: Case, rows: Any) -> object:
    return {row.name for row in rows} if case.memory.minimal else visible(rows)


def assert_desired(case: Case, plan: _plan.DomainPlan, before: list[dict[str, Any]]) -> None:
    """Compare the state with what was asked for, by the words of the design."""
    now = {row["name"]: row for row in case.memory.rows}
    was = {row["name"]: row for row in before}
    held = {name for name, _reason in plan.held}
    kept_back = {name for name, _reason in plan.kept_back}
    asked = {wish.name for wish in case.wishes}

    assert [row["type"] for row in now.values()].count("primary") == 1
    for wish in case.wishes:
        if wish.name in held or wish.name in plan.errors:
            continue
        if not wish.present:
            assert wish.name not in now or wish.name in kept_back
            continue
        row = now[wish.name]
        attached_unseen = case.memory.minimal and wish.name in was
        if wish.type is not None and not (row["type"] == "primary" or attached_unseen):
            assert row["type"] == wish.type
        if wish.www is not None and not attached_unseen:
            assert bool(row["www"]) is wish.www
        if wish.redirection is not None and not attached_unseen:
            assert row["redirection"] == wish.redirection
        if wish.type == "primary" and case.memory.version == 3:
            assert row["type"] == "primary"
    for name in held | set(plan.errors):
        assert (name in now) == (name in was)
    for name, row in was.items():
        if name in asked:
            continue
        # Not asked for: removed by purge and nothing else, otherwise as it was, but for a primary that was relieved.
        assert (name in now) == (not case.purge.enabled or name in kept_back)
        assert name in plan.extra or name in kept_back
        if name in now:
            relieved = {"type": "alias"} if row["type"] == "primary" != now[name]["type"] else {}
            assert now[name] == row | relieved
    assert set(now) <= set(was) | asked
    if case.memory.minimal:
        assert set(was) <= set(now), "where nobody knows the primary, nothing is removed"


def assert_no_more_writes_than_needed(case: Case, plan: _plan.DomainPlan) -> None:
    methods = [method for method, _path, _body in case.memory.writes]
    assert methods.count("POST") == len(plan.add)
    assert methods.count("DELETE") == len(plan.remove)
    assert methods.count("PATCH") <= len(plan.change) + (1 if plan.add else 0)
    assert methods == sorted(methods, key=["POST", "PATCH", "DELETE"].index)
    lists = [path for method, path, _body in case.memory.requests if method == "GET"]
    assert len(lists) == (2 if plan.steps else 1)
    assert all(
        set(body) == {"type", "www", "redirection"} for method, _path, body in case.memory.writes if method == "PATCH"
    )
    assert plan.steps or case.memory.writes == []


def is_justified(case: Case, refusal: str) -> bool:
    """Say whether a refusal has a reason, found without the planner."""
    rows = {row["name"]: row for row in case.memory.rows}
    present = [wish for wish in case.wishes if wish.present]
    if refusal.startswith("purge:"):
        return case.purge.enabled and not present
    if refusal.startswith(("state:", "type:")):
        losing = [wish for wish in case.wishes if rows.get(wish.name, {}).get("type") == "primary"]
        return bool(losing) and not any(wish.type == "primary" and wish.name != losing[0].name for wish in present)
    if refusal.startswith("www:"):
        by_name = {wish.name: wish for wish in case.wishes}
        bare, variant = by_name.get("brand.example"), by_name.get("www.brand.example")
        asked = [wish for wish in (bare, variant) if wish is not None and wish.present]
        return bool(asked)
    return False


@settings(max_examples=600, deadline=None)
@given(cases(), st.dictionaries(st.sampled_from(NAMES), st.sampled_from([422, 403, 500, "lost", "drop"]), min_size=1))
def test_a_run_with_faults_tells_the_truth_and_the_next_one_heals(case: Case, faults: dict[str, int | str]) -> None:
    try:
        plan = case.plan()
    except UserError:
        return
    before = visible(case.memory.app.domains())
    case.memory.faults = faults
    outcome = case.apply(plan)
    case.memory.faults = {}
    after = visible(case.memory.app.domains())

    assert outcome.changed is bool(outcome.applied)
    assert visible(outcome.after) == after
    touched = {step.name for step in plan.steps} | relieved(plan)
    assert {name for name in touched if before.get(name) != after.get(name)} == set(outcome.applied)
    if not case.memory.minimal:
        planned = visible(plan.after)
        left = {step.name for step in plan.steps if planned.get(step.name) != after.get(step.name)}
        assert left <= set(outcome.errors) | set(outcome.not_attempted)
    for name in outcome.not_attempted:
        assert name in touched
        assert name not in outcome.errors
    if outcome.fatal is None:
        assert set(outcome.errors) <= {name for name, fault in faults.items() if fault in (422, 403, 500)} & touched

    # What was left is done by the next run.
    again = case.plan()
    case.apply(again)
    assert case.plan().steps == ()
    assert visible_to(case, case.memory.app.domains()) == visible_to(case, plan.after)


@settings(max_examples=200, deadline=None)
@given(cases())
def test_the_order_of_the_list_makes_no_difference(case: Case) -> None:
    turned = replace(case, wishes=case.wishes[::-1])
    try:
        plan = case.plan()
    except UserError:
        return
    other = turned.plan()
    assert visible(other.after) == visible(plan.after)
    assert set(other.add) == set(plan.add)
    assert set(other.remove) == set(plan.remove)
    assert other.extra == plan.extra


@settings(max_examples=200, deadline=None)
@given(cases(), st.integers(min_value=0, max_value=8))
def test_purge_never_removes_more_than_its_limit(case: Case, limit: int) -> None:
    bounded = replace(case, purge=replace(case.purge, limit=str(limit)))
    try:
        free = case.plan()
    except UserError:
        return
    try:
        plan = bounded.plan()
    except _plan.PurgeRefused as exc:
        refusal = str(exc)
        assert case.purge.enabled
        assert len(free.extra) > limit
        assert f"allows the removal of {limit} of" in refusal
    else:
        assert not case.purge.enabled or len(plan.extra) <= limit
