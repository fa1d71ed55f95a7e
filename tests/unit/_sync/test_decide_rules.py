# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that hold for every network and every policy."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

from ansible_collections.multisite.runcloud.plugins.module_utils import _names as _hostnames
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.decide import Decision
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.policy import CHOICES, SKIPPABLE, Policy
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress import network as _inventory
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress import wire
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.network import (
    Inventory,
    MappedDomain,
    Network,
    Site,
)
from hypothesis import given
from hypothesis import strategies as st

from support.deciding import decide, decide_list

# Few names, so that they meet; with and without www, below networks and not, and some that are none.
BARE = ["network.test", "a.network.test", "second.test", "b.second.test", "shop.example", "brand.co.uk", "x.y.example"]
VALID = [*BARE, *(f"www.{name}" for name in BARE), "xn--bcher-kva.example"]
NAMES = st.sampled_from([*VALID, "under_score.example", "localhost", "*.network.test"])
PATTERNS = st.sampled_from(["*.example", "www.*", "shop.example", "*.network.test", "nothing.matches"])
FLAGS = st.booleans()


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    setting = st.sampled_from([None, "always", "main_only", "never"])
    kind = st.sampled_from([True, False, None])
    networks = [
        Network(1, draw(st.sampled_from(["network.test", "www.network.test"])), "/", draw(kind), 1, draw(setting))
    ]
    if draw(FLAGS):
        networks.append(Network(2, "second.test", "/", draw(kind), 2, draw(setting)))
    sites = [Site(1, networks[0].domain)]
    for blog_id in range(2, draw(st.integers(2, 6))):
        path = draw(st.sampled_from(["/", "/one/"]))
        network_id = draw(st.sampled_from(networks)).id
        sites.append(Site(blog_id, draw(NAMES), path, network_id, True, draw(FLAGS), draw(FLAGS), draw(FLAGS)))
    rows = [
        MappedDomain(
            number,
            draw(st.integers(1, 7)),
            draw(NAMES),
            draw(FLAGS),
            draw(FLAGS),
            draw(FLAGS),
            draw(st.sampled_from(_inventory.STAGES)),
            draw(st.sampled_from(networks)).id,
        )
        for number in range(1, draw(st.integers(1, 8)))
    ]
    rows.sort(key=lambda row: (row.network_id, row.id))  # As the tables are read.
    return Inventory(tuple(networks), tuple(sites), tuple(rows), main_network_id=1, complete=draw(FLAGS))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    attached = st.sampled_from([*VALID, "*.network.test", "*.second.test"])
    return Policy(
        www=draw(st.sampled_from(CHOICES)),
        subdomains=draw(st.sampled_from(CHOICES)),
        skip=frozenset(draw(st.lists(st.sampled_from(SKIPPABLE)))),
        auto_create_www=draw(st.sampled_from([None, "always", "main_only", "never"])),
        base_domains=tuple(draw(st.lists(st.sampled_from(["shop.example", "y.example"]), max_size=1))),
        attached=draw(st.dictionaries(attached, st.sampled_from([True, False, None]), max_size=5)),
        away=dict.fromkeys(draw(st.lists(st.sampled_from(VALID), max_size=4)), "does not point here"),
        exclude=tuple(draw(st.lists(PATTERNS, max_size=1))),
    )


def served(decision: Decision) -> Counter[str]:
    return Counter(
        name
        for domain in decision.desired
        if domain.present
        for name in _hostnames.served_names(domain.name, domain.www)
    )


def rules_of_every_decision(decision: Decision, policy: Policy) -> None:
    assert max(served(decision).values(), default=1) == 1, "a name is served twice"
    for domain in decision.desired:
        assert _hostnames.normalise(domain.name) == domain.name
        assert not (domain.www and not _hostnames.can_have_www(domain.name)), "www of a name that has none"
        assert domain.redirection in (None, "none") or domain.www is not False
        assert domain.reason
        for name in _hostnames.served_names(domain.name, domain.www) if domain.present else ():
            assert _hostnames.matching_pattern(name, policy.exclude) is None, "an excluded name is touched"
    left = {name.name for name in decision.left_out if not name.reason.startswith("served as www of ")}
    assert not set(served(decision)) & left, "served and left out"
    assert all(name.reason for name in decision.left_out)


def attach(decision: Decision, policy: Policy) -> Policy:
    """The policy of the next run, after everything desired was attached and everything else removed."""
    rows = {}
    for domain in decision.desired:
        before = policy.attached.get(domain.name, False)
        rows[domain.name] = before if domain.www is None else domain.www
    return dataclasses.replace(policy, attached=rows)


@given(inventories(), policies())
def test_networks(inventory: Inventory, policy: Policy) -> None:
    decision = decide(inventory, policy)
    rules_of_every_decision(decision, policy)
    asked = {row.domain for row in inventory.domains} | {site.domain for site in inventory.sites}
    asked |= {network.domain for network in inventory.networks} | set(policy.base_domains)
    left = {name.name for name in decision.left_out}
    left |= set(decision.errors) | set(decision.protected)
    accounted = set(served(decision)) | left
    assert asked <= accounted, "a name got lost"
    assert decision.complete == inventory.complete


@given(inventories(), policies())
def test_a_second_run_changes_nothing(inventory: Inventory, policy: Policy) -> None:
    first = attach(decide(inventory, policy), policy)
    second = attach(decide(inventory, first), first)
    assert second.attached == first.attached


@given(inventories(), policies())
def test_nothing_that_is_served_is_switched_off_by_dns_alone(inventory: Inventory, policy: Policy) -> None:
    settled = attach(decide(inventory, dataclasses.replace(policy, away={})), policy)
    before = decide(inventory, dataclasses.replace(settled, away={}))
    everything_away = decide(inventory, dataclasses.replace(settled, away=dict.fromkeys(VALID, "does not point here")))
    assert set(served(before)) <= set(served(everything_away)) | {
        name for name in served(before) if not settled.serves(name)
    }


@given(inventories())
def test_what_the_module_returns_is_the_same_inventory(inventory: Inventory) -> None:
    """The role decides on the controller, from what the module returned."""
    again = wire.from_result(inventory.as_result())
    decided = decide(again, Policy())
    expected = decide(inventory, Policy())
    assert decided.desired == expected.desired
    assert set(decided.left_out) == set(expected.left_out)
    assert decided.protected == expected.protected
    assert sorted(row.id for row in again.domains) == sorted(row.id for row in inventory.domains)


ITEMS = st.one_of(
    st.sampled_from(VALID),
    st.fixed_dictionaries(
        {"name": st.sampled_from(VALID)},
        optional={
            "www": st.booleans(),
            "state": st.sampled_from(["present", "absent"]),
            "active": st.sampled_from([True, False, "0", "1", 1]),
            "stage": st.sampled_from(_inventory.STAGES),
            "blog_id": st.integers(1, 5),
        },
    ),
)


@given(st.lists(ITEMS, max_size=8), policies())
def test_lists(items: list[Any], policy: Policy) -> None:
    try:
        decision = decide_list(items, policy)
    except UserError as exc:
        assert "domains" in str(exc)  # noqa: PT017 - what is refused is named; what is not refused follows the rules
        return
    rules_of_every_decision(decision, policy)
    asked = {item if isinstance(item, str) else item["name"] for item in items}
    accounted = {domain.name for domain in decision.desired} | {name.name for name in decision.left_out}
    assert asked <= accounted | set(served(decision))
