# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single decisions of the plan, each by an example; test_plan_properties.py has the rules."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.desired import DesiredDomain, parse_desired
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.outcome import changed_rows
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.plan import DomainPlan, Step, plan_domains
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.removal import Purge
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.models import Domain, parse_domain

TEST_DOMAIN = "app.x1-y2.p.runcloud.link"


def row(name: str, type: str | None = "alias", www: bool | None = False, redirection: str | None = "none") -> Domain:  # noqa: A002
    return Domain(sum(map(ord, name)), name, type, www, redirection, name.startswith("*."), "none", None, "2026-01-01")


def unseen(name: str) -> Domain:
    """Return a row as old v2 shows it."""
    return row(name, None, None, None)


MAIN = row("main.example", "primary")


def plan(items: list[Any], *rows: Domain, **options: Any) -> DomainPlan:
    return plan_domains(parse_desired(items), rows, **options)


def complaints(items: list[Any], *rows: Domain, **options: Any) -> dict[str, str]:
    """Return what is said of the names that cannot be had."""
    return dict(plan(items, *rows, **options).errors)


def steps(planned: DomainPlan) -> list[tuple[str, str]]:
    return [(step.action, step.name) for step in planned.steps]


# ---------------------------------------------------------------------- adding and changing


def test_a_new_name_has_the_defaults() -> None:
    planned = plan(["new.example"], MAIN)
    assert planned.steps == (Step("add", Domain(None, "new.example", "alias", False, "none")),)
    assert planned.after == (MAIN, Domain(None, "new.example"))


def test_a_new_name_has_what_is_asked_for() -> None:
    planned = plan([{"name": "*.new.example", "type": "redirect", "redirection": "www"}], MAIN)
    assert planned.steps[0].target == Domain(None, "*.new.example", "redirect", False, "www", wildcard=True)


def test_what_is_not_given_is_left_as_it_is() -> None:
    attached = row("a.example", "redirect", True, "www")
    assert plan(["a.example"], MAIN, attached).steps == ()
    planned = plan([{"name": "a.example", "redirection": "none"}], MAIN, attached)
    assert planned.steps == (Step("change", row("a.example", "redirect", True, "none"), attached),)


def test_the_work_is_done_in_order() -> None:
    planned = plan(
        [
            {"name": "gone.example", "state": "absent"},
            {"name": "b.example", "www": True},
            {"name": "next.example", "type": "primary"},
            "new.example",
            {"name": "a.example", "www": True},
        ],
        MAIN,
        row("a.example"),
        row("b.example"),
        row("next.example"),
        row("gone.example"),
    )
    assert steps(planned) == [
        ("add", "new.example"),
        ("promote", "next.example"),
        ("change", "b.example"),
        ("change", "a.example"),
        ("remove", "gone.example"),
    ]


def test_names_are_told_in_the_order_given() -> None:
    planned = plan(
        ["z.example", "k2.example", {"name": "c2.example", "www": True}, "a.example", "k1.example"]
        + [{"name": "c1.example", "www": True}]
        + [{"name": name, "state": "absent"} for name in ("g2.example", "g1.example", "never.example")],
        MAIN,
        *(row(f"{letter}{number}.example") for number in (1, 2) for letter in "kcgx"),
    )
    assert planned.as_dict() == {
        "add": ["z.example", "a.example"],
        "change": ["c2.example", "c1.example"],
        "remove": ["g2.example", "g1.example"],
        "unchanged": ["k2.example", "k1.example"],
        "unmanaged": ["x1.example", "x2.example"],
        "protected": [{"name": "main.example", "reason": "it is the primary domain"}],
        "deferred": [],
    }


def test_an_absent_name_that_is_not_attached_is_no_work() -> None:
    planned = plan([{"name": "gone.example", "state": "absent"}], MAIN)
    assert planned.steps == planned.remove == planned.unchanged == ()


# ---------------------------------------------------------------------- the primary domain


def test_an_attached_name_takes_the_place_of_the_primary() -> None:
    planned = plan([{"name": "a.example", "type": "primary", "www": True}, "main.example"], MAIN, row("a.example"))
    assert planned.steps == (Step("promote", row("a.example", "primary", True), row("a.example")),)
    assert planned.change == ("a.example", "main.example")
    assert [(one.name, one.type) for one in planned.after] == [("main.example", "alias"), ("a.example", "primary")]


def test_a_new_primary_is_added_as_an_alias_first() -> None:
    planned = plan([{"name": "a.example", "type": "primary"}], MAIN)
    assert [(step.action, step.target.type) for step in planned.steps] == [("add", "alias"), ("promote", "primary")]
    assert planned.add == ("a.example",)
    assert planned.change == ()
    assert planned.unmanaged == ("main.example",)


def test_the_old_primary_is_unmanaged_like_any_other() -> None:
    planned = plan([{"name": "a.example", "type": "primary"}], MAIN, purge=Purge(True))
    assert steps(planned) == [("add", "a.example"), ("promote", "a.example"), ("remove", "main.example")]


def test_the_old_primary_may_be_told_to_go_or_to_become_something() -> None:
    new = {"name": "a.example", "type": "primary"}
    planned = plan([{"name": "main.example", "state": "absent"}, new], MAIN)
    assert steps(planned)[-1] == ("remove", "main.example")
    planned = plan([{"name": "main.example", "type": "redirect"}, new], MAIN)
    assert planned.steps[-1] == Step("change", row("main.example", "redirect"), row("main.example"))


def test_the_primary_is_not_left_without_a_successor_and_the_rest_is_done() -> None:
    planned = plan([{"name": "main.example", "state": "absent"}, "new.example"], MAIN)
    assert planned.add == ("new.example",)
    assert planned.errors == {
        "main.example": "state: main.example is the primary domain and cannot be removed; ask for type: primary on "
        "another domain in the same run (module runcloud_domains) or before it"
    }
    assert complaints([{"name": "main.example", "type": "alias"}], MAIN) == {
        "main.example": "type: main.example is the primary domain and cannot become alias by itself; ask for type: "
        "primary on the domain that takes its place"
    }


@pytest.mark.parametrize(
    "main", [{"name": "main.example", "state": "absent"}, {"name": "main.example", "type": "redirect"}]
)
def test_the_primary_stays_while_its_successor_is_deferred(main: dict[str, str]) -> None:
    planned = plan(
        [main, {"name": "a.example", "type": "primary"}, "b.example"], MAIN, deferred={"a.example": "no DNS"}
    )
    assert steps(planned) == [("add", "b.example")]
    assert planned.deferred == (("a.example", "no DNS"),)
    kept = (("main.example", "it is the primary domain until a.example takes its place"),)
    assert planned.protected == (kept if "state" in main else ())


def test_an_absent_successor_is_none() -> None:
    items = [{"name": "main.example", "type": "alias"}, {"name": "a.example", "type": "primary", "state": "absent"}]
    assert complaints(items, MAIN)["main.example"].startswith("type: main.example is the primary domain")


# ---------------------------------------------------------------------- names that would be served twice


def test_a_www_name_that_an_attached_domain_serves_is_told_as_it_should_be() -> None:
    for items in (["www.a.example"], ["a.example", "www.a.example"]):
        planned = plan([*items, "new.example"], MAIN, row("a.example", www=True))
        assert planned.errors == {}
        assert planned.add == ("new.example",)
        assert planned.unchanged == tuple(items)


@pytest.mark.parametrize("more", [{"type": "redirect"}, {"type": "primary"}, {"redirection": "non-www"}])
def test_a_www_name_that_is_served_and_asks_for_more_fails_alone(more: dict[str, str]) -> None:
    planned = plan([{"name": "www.a.example", **more}, "new.example"], MAIN, row("a.example", www=True))
    assert planned.errors["www.a.example"].startswith("www: www.a.example would be served twice, by itself and as www")
    assert steps(planned) == [("add", "new.example")]


def test_www_of_a_name_whose_www_is_attached_by_itself_fails_alone() -> None:
    planned = plan([{"name": "a.example", "www": True}, "new.example"], MAIN, row("www.a.example"))
    assert planned.errors["a.example"].startswith("www: www.a.example would be served twice, by itself and as www of a")
    assert steps(planned) == [("add", "new.example")]


def test_a_row_that_serves_an_asked_www_name_gives_it_a_row_of_its_own_before_it_goes() -> None:
    planned = plan(["www.a.example"], MAIN, row("a.example", www=True), purge=Purge(True))
    assert steps(planned) == [("add", "www.a.example"), ("remove", "a.example")]


def test_what_is_served_twice_already_and_not_asked_for_is_left() -> None:
    rows = MAIN, row("a.example", www=True), row("www.a.example")
    assert plan(["new.example"], *rows).add == ("new.example",)
    assert plan(["a.example"], *rows).steps == ()
    assert plan(["a.example", "www.a.example"], *rows).unchanged == ("a.example", "www.a.example")


def test_a_www_name_may_give_way_in_the_same_run() -> None:
    www = {"name": "a.example", "www": True}
    rows = MAIN, row("a.example"), row("www.a.example")
    planned = plan([www, {"name": "www.a.example", "state": "absent"}], *rows)
    assert steps(planned) == [("change", "a.example"), ("remove", "www.a.example")]
    assert steps(plan([www], *rows, purge=Purge(True, limit="1"))) == steps(planned)


# ---------------------------------------------------------------------- names that wait


def test_a_deferred_name_is_left_out_while_it_is_new() -> None:
    planned = plan(["a.example", "b.example"], MAIN, row("b.example"), deferred={"a.example": "A", "b.example": "B"})
    assert planned.deferred == (("a.example", "A"),)
    assert planned.unchanged == ("b.example",)
    assert planned.steps == ()


def test_a_new_name_waits_as_a_whole_where_only_its_www_has_to() -> None:
    planned = plan([{"name": "a.example", "www": True}], MAIN, deferred={"www.a.example": "A"})
    assert (planned.steps, planned.deferred) == ((), (("a.example", "A"),))
    assert plan(["a.example"], MAIN, deferred={"www.a.example": "A"}).add == ("a.example",)


@pytest.mark.parametrize("waiting", ["a.example", "www.a.example"])
def test_of_an_attached_name_only_a_new_www_waits_and_all_else_is_done(waiting: str) -> None:
    items = [{"name": "a.example", "www": True, "redirection": "www"}]
    planned = plan(items, MAIN, row("a.example"), deferred={waiting: "A"})
    assert planned.steps == (Step("change", row("a.example", redirection="www"), row("a.example")),)
    assert planned.deferred == (("www.a.example", "A"),)
    planned = plan(items, MAIN, row("a.example", www=True), deferred={waiting: "A"})
    assert (steps(planned), planned.deferred) == ([("change", "a.example")], ())


def test_what_should_go_is_not_deferred() -> None:
    planned = plan([{"name": "a.example", "state": "absent"}], MAIN, row("a.example"), deferred={"a.example": "A"})
    assert planned.remove == ("a.example",)
    assert planned.deferred == ()


def test_a_deferred_name_is_not_unmanaged() -> None:
    planned = plan(
        [{"name": "a.example", "www": True}, "main.example"],
        MAIN,
        row("a.example"),
        deferred={"a.example": "A"},
        purge=Purge(True),
    )
    assert planned.remove == planned.unmanaged == ()


# ---------------------------------------------------------------------- purge


def test_what_is_unmanaged_is_told_also_when_nothing_is_purged() -> None:
    planned = plan(["main.example"], MAIN, row("x.example"), row(TEST_DOMAIN), purge=Purge(keep=("y.*",)))
    assert planned.unmanaged == ("x.example",)
    assert planned.protected == ((TEST_DOMAIN, "it is a test domain of RunCloud"),)
    assert planned.steps == ()


def test_purge_spares_what_it_must() -> None:
    planned = plan(
        ["a.example"],
        MAIN,
        row(TEST_DOMAIN),
        row("a.example"),
        row("x.staging.example"),
        row("x.example"),
        purge=Purge(True, ("*.staging.example",), "100%"),
    )
    assert planned.remove == planned.unmanaged == ("x.example",)
    assert planned.protected == (
        ("main.example", "it is the primary domain"),
        (TEST_DOMAIN, "it is a test domain of RunCloud"),
        ("x.staging.example", "purge_keep has *.staging.example"),
    )


@pytest.mark.parametrize(
    ("limit", "attached", "allowed"),
    [
        ("20%", 1, 1),
        ("20%", 9, 1),
        ("20%", 10, 2),
        ("20%", 14, 2),
        ("20%", 1000, 200),
        ("0%", 1000, 0),
        ("100%", 7, 7),
        ("0", 1000, 0),
        ("3", 1, 3),
    ],
)
def test_the_limit_is_a_number_or_a_share_rounded_down_and_at_least_one_but_for_none(
    limit: str, attached: int, allowed: int
) -> None:
    assert Purge(limit=limit).allowed(attached) == allowed


@pytest.mark.parametrize("limit", ["", "many", "-1", "20 %", "0.2", "101%", "%", "1e3", "5\n"])
def test_a_limit_that_is_none_is_refused(limit: str) -> None:
    with pytest.raises(UserError) as caught:
        Purge(limit=limit)
    message = str(caught.value)
    assert message.startswith(f"purge_limit: {limit!r} is ")
    assert "give" in message


def test_taking_www_away_counts_against_the_limit_in_every_way_it_can_happen() -> None:
    names = ("a.example", "b.example", "c.example")
    rows = [MAIN, *(row(name, www=True) for name in names)]
    for firm in (True, False):
        desired = [DesiredDomain(name, www=False, www_firm=firm) for name in names]
        held = plan_domains([*desired, DesiredDomain("main.example")], rows, purge=Purge(not firm, limit="2"))
        assert held.refusal.startswith(
            "purge_limit: '2' allows the removal of 2 of 4 domains, but 3 would be removed "
            "(www.a.example, www.b.example, www.c.example); nothing was removed."
        )
        assert held.steps == held.remove == ()
        done = plan_domains([*desired, DesiredDomain("main.example")], rows, purge=Purge(not firm, limit="3"))
        assert done.remove == tuple(f"www.{name}" for name in names)
        assert done.refusal == ""


def test_what_is_asked_for_and_what_purge_finds_count_together() -> None:
    rows = MAIN, row("a.example", www=True), row("x.example")
    items = ["main.example", {"name": "a.example", "www": False, "redirection": "www"}]
    held = plan(items, *rows, purge=Purge(True, limit="1"))
    assert "2 would be removed (www.a.example, x.example)" in held.refusal
    assert [step.target for step in held.steps] == [row("a.example", www=True, redirection="www")]
    assert held.protected == (("www.a.example", "nothing is removed in a run in which removals are held back"),)
    assert plan(items, *rows, purge=Purge(True, limit="2")).remove == ("x.example", "www.a.example")


def test_what_is_asked_to_be_absent_does_not_count_against_the_limit() -> None:
    rows = MAIN, row("a.example", www=True), row("b.example", www=True)
    items = [{"name": name, "state": "absent"} for name in ("a.example", "b.example")]
    assert plan(["main.example", *items], *rows, purge=Purge(True, limit="0")).remove == ("a.example", "b.example")
    assert plan(items, *rows, purge=Purge(limit="0")).remove == ("a.example", "b.example")


def test_a_www_name_that_stays_by_itself_does_not_count_against_the_limit() -> None:
    www_off = {"name": "a.example", "www": False}
    moved = plan([www_off, "www.a.example"], MAIN, row("a.example", www=True), purge=Purge(limit="0"))
    assert (steps(moved), moved.refusal) == ([("add", "www.a.example"), ("change", "a.example")], "")
    twice = plan([www_off], MAIN, row("a.example", www=True), row("www.a.example"), purge=Purge(limit="0"))
    assert (steps(twice), twice.remove, twice.refusal) == ([("change", "a.example")], (), "")


def test_an_emoji_name_in_its_ascii_form_is_attached_changed_and_removed_like_any_other() -> None:
    emoji = "xn--ls8h.example"
    assert steps(plan([{"name": emoji, "www": True}], MAIN)) == [("add", emoji)]
    assert steps(plan([{"name": emoji, "www": True}], MAIN, row(emoji))) == [("change", emoji)]
    assert steps(plan([{"name": emoji.upper(), "state": "absent"}], MAIN, row(emoji))) == [("remove", emoji)]
    assert plan(["main.example"], MAIN, row(emoji), purge=Purge(True)).remove == (emoji,)


def test_over_the_limit_nothing_is_removed_and_the_rest_is_done() -> None:
    rows = [MAIN, *(row(f"x{number}.example") for number in range(14))]
    items = ["main.example", "new.example", {"name": "x0.example", "state": "absent"}]
    planned = plan(items, *rows, purge=Purge(True))
    assert planned.refusal == (
        "purge_limit: '20%' allows the removal of 3 of 15 domains, but 13 would be removed (x1.example, x2.example, "
        "x3.example, x4.example, x5.example, x6.example, x7.example, x8.example, x9.example, x10.example, ...); "
        "nothing was removed. If this is meant, raise purge_limit for this run."
    )
    assert steps(planned) == [("add", "new.example")]
    assert planned.remove == ()
    assert len(planned.unmanaged) == 13
    assert planned.protected == (("x0.example", "nothing is removed in a run in which removals are held back"),)
    assert len(plan(["main.example"], *rows, purge=Purge(True, limit="14")).remove) == 14
    assert plan(["main.example"], *rows[:2], purge=Purge(True)).remove == ("x0.example",)
    assert "(x0.example, x1.example);" in plan(["main.example"], *rows[:3], purge=Purge(True)).refusal
    assert plan(["main.example"], *rows[:2], purge=Purge(True, limit="0%")).remove == ()


def test_where_the_list_may_be_incomplete_nothing_is_removed_and_that_is_a_note() -> None:
    planned = plan(["new.example"], MAIN, row("x.example"), purge=Purge(True, withheld="only 1 of 2 networks was read"))
    assert (steps(planned), planned.unmanaged, planned.refusal) == ([("add", "new.example")], ("x.example",), "")
    assert planned.notes == ("purge: nothing was removed: only 1 of 2 networks was read",)


def test_names_asked_to_be_absent_do_not_count_for_the_limit() -> None:
    items = ["main.example", *({"name": f"x{number}.example", "state": "absent"} for number in range(5))]
    planned = plan(items, MAIN, *(row(f"x{number}.example") for number in range(5)), purge=Purge(True, limit="0"))
    assert len(planned.remove) == 5


@pytest.mark.parametrize("items", [[], [{"name": "x.example", "state": "absent"}]])
def test_purge_after_an_empty_list_removes_nothing(items: list[Any]) -> None:
    planned = plan(items, MAIN, row("x.example"), purge=Purge(True, limit="100%"))
    assert planned.steps == planned.remove == ()
    assert planned.refusal.startswith("purge: no domain is asked for at all")
    assert "nothing was removed. Give the list, or set purge to false." in planned.refusal


# ---------------------------------------------------------------------- www is a name like any other


DERIVED = DesiredDomain("a.example", www=False, www_firm=False)


def test_an_attached_www_stays_unless_it_is_asked_to_go() -> None:
    planned = plan_domains([DERIVED], [MAIN, row("a.example", www=True)])
    assert (planned.steps, planned.unchanged, planned.unmanaged) == ((), ("a.example",), ("www.a.example",))


def test_www_that_is_asked_to_go_is_told_as_removed() -> None:
    planned = plan([{"name": "a.example", "www": False}], MAIN, row("a.example", www=True))
    assert steps(planned) == [("change", "a.example")]
    assert (planned.change, planned.remove) == (("a.example",), ("www.a.example",))


@pytest.mark.parametrize(("limit", "removed"), [("2", ("x.example", "www.a.example")), ("1", ())])
def test_purge_takes_www_away_and_counts_it(limit: str, removed: tuple[str, ...]) -> None:
    rows = [MAIN, row("a.example", www=True), row("x.example")]
    planned = plan_domains([DERIVED], rows, purge=Purge(True, limit=limit))
    assert planned.remove == removed
    assert planned.unmanaged == ("www.a.example", "x.example")
    assert bool(planned.refusal) is not bool(removed)
    assert ("a.example" in planned.change) is bool(removed)


def test_purge_keeps_www_that_is_kept_excluded_protected_or_asked_for() -> None:
    rows = [MAIN, row("a.example", www=True)]
    options: list[dict[str, Any]] = [
        {"purge": Purge(True, ("www.*",))},
        {"purge": Purge(True), "exclude": ("www.*",)},
        {"purge": Purge(True), "protected": {"www.a.example": "wanted"}},
        {"purge": Purge(True, withheld="cut short")},
    ]
    for option in options:
        assert plan_domains([DERIVED], rows, **option).steps == ()
    asked = plan_domains([DERIVED, DesiredDomain("www.a.example")], rows, purge=Purge(True))
    assert (asked.steps, asked.unchanged) == ((), ("a.example", "www.a.example"))


# ---------------------------------------------------------------------- what is left alone


def test_what_is_excluded_is_neither_added_nor_changed_nor_removed() -> None:
    planned = plan(
        ["main.example", "new.shop.example", {"name": "a.shop.example", "www": True}],
        MAIN,
        row("a.shop.example"),
        row("b.shop.example"),
        exclude=("*.shop.example",),
        purge=Purge(True, limit="100%"),
    )
    assert planned.steps == planned.unmanaged == ()
    reason = "exclude has *.shop.example"
    assert planned.protected == (("a.shop.example", reason), ("b.shop.example", reason))


@pytest.mark.parametrize(
    "option", [{"exclude": ("main.*",)}, {"protected": {"MAIN.example.": "WordPress has it"}}], ids=str
)
def test_a_primary_that_is_left_alone_is_never_demoted(option: dict[str, Any]) -> None:
    planned = plan([{"name": "next.example", "type": "primary"}, "new.example"], MAIN, **option)
    assert steps(planned) == [("add", "new.example")]
    assert planned.errors["next.example"].startswith(
        "type: next.example cannot become the primary domain, because that would demote main.example, which is left"
    )


@pytest.mark.parametrize("name", ["", "a example", "<script>", "my_shop.example", "shop-.example", "faß_.example"])
def test_a_row_that_is_not_a_host_name_is_never_touched(name: str) -> None:
    odd = parse_domain({"id": 7, "name": name, "type": "alias"})
    planned = plan(["main.example"], MAIN, odd, purge=Purge(True, limit="100%"))
    assert planned.steps == ()
    assert planned.protected == ((name, "its name is not a host name, so it is left alone"),)


def test_rows_that_share_an_id_are_never_addressed_by_it() -> None:
    rows = [MAIN, Domain(7, "a.example"), Domain(7, "x.example"), Domain(8, "y.example")]
    planned = plan([{"name": "a.example", "www": True}], *rows, purge=Purge(True, limit="100%"))
    assert steps(planned) == [("remove", "y.example")]
    assert planned.errors == {"a.example": "RunCloud lists its name or its id more than once, so it is left alone"}


def test_what_is_protected_is_never_removed_in_any_spelling() -> None:
    rows = [MAIN, row("a.example"), row("www.a.example"), row("x.example")]
    planned = plan(["main.example"], *rows, purge=Purge(True, limit="9"), protected={"A.example.": "no site 9"})
    assert planned.remove == ("x.example",)
    assert planned.protected == (("a.example", "no site 9"), ("www.a.example", "no site 9"))


def test_a_name_to_keep_that_matches_nothing_is_a_note() -> None:
    planned = plan(["a.example"], MAIN, purge=Purge(True, ("main.*", "other.*")))
    assert planned.notes == ("purge_keep: other.* matches no name that is attached or wanted",)


# ---------------------------------------------------------------------- API v2


def test_v2_cannot_update_and_says_so_name_by_name() -> None:
    planned = plan(
        [
            {"name": "a.example", "type": "redirect", "www": True, "redirection": "none"},
            {"name": "b.example", "type": "primary"},
            {"name": "c.example", "www": True},
            {"name": "d.example", "www": False},
            {"name": "main.example", "type": "alias"},
        ],
        MAIN,
        row("a.example"),
        row("d.example"),
        can_update=False,
    )
    advice = (
        "API v2 documents no way to change a domain's type, www or redirection: use an API v3 token, or change it in "
        "RunCloud's panel"
    )
    assert planned.errors == {
        "a.example": f"{advice} (type: redirect instead of alias, www: true instead of false)",
        "b.example": f"{advice} (type: primary)",
        "main.example": f"{advice} (type: alias instead of primary)",
    }
    assert steps(planned) == [("add", "c.example")]
    assert planned.unchanged == ("d.example",)
    assert planned.deferred == ()


def test_on_v2_the_primary_stays_whose_successor_cannot_be_set() -> None:
    items = [{"name": "main.example", "state": "absent"}, {"name": "b.example", "type": "primary"}]
    planned = plan(items, MAIN, row("b.example"), can_update=False)
    assert planned.steps == ()
    assert list(planned.errors) == ["b.example"]
    assert planned.protected == (("main.example", "it is the primary domain until b.example takes its place"),)


def test_rows_that_say_little_are_not_compared() -> None:
    items = [{"name": "a.example", "type": "primary", "www": True, "redirection": "www"}]
    for can_update in (True, False):
        planned = plan(items, unseen("a.example"), can_update=can_update)
        assert planned.steps == ()
        assert planned.errors == {}
        assert planned.unchanged == ("a.example",)


def test_nothing_is_removed_where_the_primary_is_not_known() -> None:
    planned = plan(
        [{"name": "a.example", "state": "absent"}, "c.example"],
        unseen("a.example"),
        unseen("b.example"),
        purge=Purge(True, limit="100%"),
        can_update=False,
    )
    reason = "RunCloud does not say which domain is the primary one, so nothing is removed"
    assert steps(planned) == [("add", "c.example")]
    assert planned.errors == {"a.example": f"state: {reason}; remove a.example in RunCloud's panel"}
    assert planned.protected == (("b.example", reason),)
    assert planned.unmanaged == ()


# ---------------------------------------------------------------------- diff


def test_a_diff_has_only_what_changes_and_of_it_only_the_settings() -> None:
    before = [MAIN, row("b.example"), row("a.example"), row("gone.example")]
    after = [MAIN, row("b.example", www=True), row("a.example"), Domain(None, "added.example")]
    assert changed_rows(before, after) == (
        [
            {"name": "b.example", "type": "alias", "www": False, "redirection": "none"},
            {"name": "gone.example", "type": "alias", "www": False, "redirection": "none"},
        ],
        [
            {"name": "added.example", "type": "alias", "www": False, "redirection": "none"},
            {"name": "b.example", "type": "alias", "www": True, "redirection": "none"},
        ],
    )
    assert changed_rows(before, before) == ([], [])
