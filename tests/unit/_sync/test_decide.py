# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which domains a WordPress network needs, and why."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.module_utils._names import normalise_lenient
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.decide import Decision
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.options import SYNC_SPEC, read_policy, read_purge
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.policy import SKIPPED, Policy
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress import network as _inventory
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress import wire
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.network import (
    Inventory,
    MappedDomain,
    Network,
    Site,
)

from support.deciding import decide, decide_list

FIXTURES = Path(__file__).parents[2] / "fixtures" / "wordpress"


def items_of(decision: Decision) -> list[dict[str, Any]]:
    """What is asked of each domain, without what is left as it is."""
    found = []
    for domain in decision.desired:
        item = {key: getattr(domain, key) for key in ("name", "state", "type", "www", "redirection")}
        if domain.present:
            del item["state"]
        found.append({key: value for key, value in item.items() if value is not None})
    return found


def recorded(name: str = "cli-eval-inventory.json") -> Inventory:
    return wire.parse(json.loads((FIXTURES / name).read_text()))


def network_with(
    *domains: MappedDomain, sites: tuple[Site, ...] = (), setting: str | None = "main_only", **attributes: Any
) -> Inventory:
    """A network of one site and the given rows, which belong to site 2."""
    network = Network(1, "network.test", subdomain_install=True, main_site_id=1, auto_create_www=setting)
    default = (Site(1, "network.test"), Site(2, "alpha.network.test"))
    return Inventory((network,), sites or default, domains, main_network_id=1, **attributes)


def mapped(domain: str, blog_id: int = 2, row: int = 1, **attributes: Any) -> MappedDomain:
    return MappedDomain(row, blog_id, domain, **attributes)


def asked_for(decision: Decision) -> dict[str, tuple[bool | None, str | None]]:
    return {domain.name: (domain.www, domain.redirection) for domain in decision.desired}


def reasons(decision: Decision) -> dict[str, str]:
    return {name.name: name.reason for name in decision.left_out}


def one(domain: str, policy: Policy, **attributes: Any) -> dict[str, tuple[bool | None, str | None]]:
    """What is asked for because of one mapped domain."""
    found = asked_for(decide(network_with(mapped(domain), **attributes), policy))
    return {name: value for name, value in found.items() if not name.endswith("network.test")}


class TestTheRecordedNetwork:
    def test_with_nothing_attached(self) -> None:
        decision = decide(recorded(), Policy())
        assert asked_for(decision) == {
            "network.test": (None, None),
            "alpha.network.test": (False, "none"),
            "beta.network.test": (False, "none"),
            "gamma.network.test": (False, "none"),
            "epsilon.network.test": (False, "none"),
            "shop.example.com": (None, None),
            "example.org": (True, "non-www"),
            "example.net": (True, "www"),
            "example.co.uk": (True, "non-www"),
            "xn--bcher-kva.example": (True, "non-www"),
            "mixed.example.com": (None, None),
            "brand.example": (True, "www"),
        }
        assert reasons(decision) == {
            "delta.network.test": "site 5 is archived",
            "bad-dns.example": "site 5 is archived",
            "paused.example.com": "paused in WordPress (active = 0)",
        }
        assert [note.code for note in decision.notes] == ["www_setting_unknown", "no_wildcard"]
        assert decision.complete

    def test_a_wildcard_takes_the_addresses_of_sites_and_is_kept(self) -> None:
        decision = decide(recorded(), Policy(attached={"network.test": True, "*.network.test": False}))
        assert reasons(decision)["alpha.network.test"] == "left to *.network.test"
        assert "*.network.test" in asked_for(decision)
        assert not {name for name in asked_for(decision) if name.endswith(".network.test")} - {"*.network.test"}
        assert "no_wildcard" not in [note.code for note in decision.notes]

    def test_a_subdirectory_network(self) -> None:
        decision = decide(recorded("subdir-cli-eval-inventory.json"), Policy(auto_create_www="always"))
        assert asked_for(decision) == {"subdir.test": (None, None), "one.example.com": (True, "non-www")}
        assert decision.left_out == ()

    def test_each_desired_domain_says_why(self) -> None:
        why = {domain.name: domain.reason for domain in decide(recorded(), Policy()).desired}
        assert why["network.test"] == "the network's own domain"
        assert why["alpha.network.test"] == "own address of site 2; *.network.test is not attached"
        assert why["brand.example"] == "mapped to site 1; www.brand.example was mapped"
        assert why["xn--bcher-kva.example"].startswith("mapped to site 6, stage ssl-failed; with www")

    def test_items_are_what_runcloud_domains_takes(self) -> None:
        items = items_of(decide(recorded(), Policy()))
        assert items[0] == {"name": "network.test"}
        assert {"name": "brand.example", "www": True, "redirection": "www"} in items


class TestWww:
    @pytest.mark.parametrize(
        ("setting", "domain", "expected"),
        [
            ("always", "shop.example.com", (True, "non-www")),
            ("always", "example.com", (True, "non-www")),
            ("main_only", "shop.example.com", (False, "none")),
            ("main_only", "example.co.uk", (True, "non-www")),
            ("main_only", "shop.example.co.uk", (False, "none")),
            ("main_only", "example.com", (True, "non-www")),
            ("never", "example.com", (False, "none")),
            (None, "example.com", (True, "non-www")),
            (None, "shop.example.com", (None, None)),
            ("what-comes-next", "shop.example.com", (True, "non-www")),
        ],
    )
    def test_auto_follows_the_plugins_setting(
        self, setting: str | None, domain: str, expected: tuple[bool | None, str | None]
    ) -> None:
        assert one(domain, Policy(), setting=setting) == {domain: expected}

    def test_the_policy_goes_before_the_setting(self) -> None:
        assert one("shop.example.com", Policy(www="always"), setting="never") == {"shop.example.com": (True, "non-www")}
        assert one("example.com", Policy(www="never"), setting="always") == {"example.com": (False, "none")}
        assert one("example.com", Policy(auto_create_www="never"), setting="always") == {"example.com": (False, "none")}

    @pytest.mark.parametrize("policy", [Policy(), Policy(www="always"), Policy(auto_create_www="never")])
    def test_a_www_name_brings_the_bare_one_and_is_what_visitors_see(self, policy: Policy) -> None:
        assert one("www.brand.example", policy) == {"brand.example": (True, "www")}

    def test_never_adds_nothing_to_a_www_name(self) -> None:
        assert one("www.brand.example", Policy(www="never")) == {"www.brand.example": (False, "none")}

    def test_where_both_were_mapped_wordpress_redirects(self) -> None:
        both = network_with(mapped("brand.example"), mapped("www.brand.example", row=2))
        assert asked_for(decide(both, Policy()))["brand.example"] == (True, "none")
        assert "www.brand.example" not in asked_for(decide(both, Policy()))

    def test_never_keeps_both_apart(self) -> None:
        both = network_with(mapped("brand.example"), mapped("www.brand.example", row=2))
        found = asked_for(decide(both, Policy(www="never")))
        assert found["brand.example"] == found["www.brand.example"] == (False, "none")

    def test_a_www_name_that_is_attached_by_itself_stays_so(self) -> None:
        """The plugin's own integration attaches names as they were typed."""
        attached = Policy(attached={"www.brand.example": True})
        apart = {"www.brand.example": (False, "none"), "brand.example": (False, "none")}
        assert one("www.brand.example", attached) == apart
        assert one("brand.example", attached) == apart

    def test_sites_own_addresses_get_www_only_when_told_so(self) -> None:
        plain = network_with(setting="always")
        assert asked_for(decide(plain, Policy()))["alpha.network.test"] == (False, "none")
        assert asked_for(decide(plain, Policy(www="always")))["alpha.network.test"] == (True, "non-www")

    def test_www_that_does_not_point_here_is_not_added(self) -> None:
        away = Policy(auto_create_www="always", away={"www.example.com": "does not point here"})
        assert one("example.com", away) == {"example.com": (False, "none")}

    @pytest.mark.parametrize("www", [True, None])
    def test_www_that_is_served_already_stays_although_its_dns_went_away(self, www: bool | None) -> None:
        away = Policy(
            auto_create_www="always", away={"www.example.com": "does not point here"}, attached={"example.com": www}
        )
        assert one("example.com", away) == {"example.com": (True, "non-www")}

    def test_a_bare_name_that_does_not_point_here_does_not_hold_up_the_www_name(self) -> None:
        away = Policy(away={"brand.example": "does not point here"})
        assert one("www.brand.example", away) == {"www.brand.example": (False, "none")}

    def test_of_two_mapped_names_the_one_that_points_here_does_not_wait(self) -> None:
        both = network_with(mapped("brand.example"), mapped("www.brand.example", row=2))
        found = asked_for(decide(both, Policy(away={"www.brand.example": "does not point here"})))
        assert found["brand.example"] == found["www.brand.example"] == (False, "none")

    def test_an_excluded_variant_is_not_touched(self) -> None:
        assert one("example.com", Policy(exclude=("www.*",))) == {"example.com": (None, None)}
        assert one("www.brand.example", Policy(exclude=("brand.example",))) == {"www.brand.example": (False, "none")}


class TestKinds:
    def test_a_name_of_wordpress_itself_without_a_row(self) -> None:
        sites = (Site(1, "network.test"), Site(3, "native.example.com"))
        decision = decide(network_with(sites=sites, setting="always"), Policy())
        assert asked_for(decision)["native.example.com"] == (True, "non-www")

    def test_a_base_domain_is_one_name_whatever_hangs_below(self) -> None:
        sites = (Site(1, "network.test"), Site(4, "base.example", "/one/"), Site(5, "base.example", "/two/"))
        decision = decide(network_with(sites=sites, setting="always"), Policy())
        assert asked_for(decision)["base.example"] == (None, None)
        assert [domain.kind for domain in decision.desired if domain.name == "base.example"] == ["base"]

    def test_a_declared_base_domain_and_the_sites_below_it(self) -> None:
        sites = (Site(1, "network.test"), Site(4, "one.base.example"))
        policy = Policy(base_domains=("base.example",), attached={"*.base.example": False})
        decision = decide(network_with(sites=sites), policy)
        assert set(asked_for(decision)) == {"network.test", "base.example", "*.base.example"}
        assert reasons(decision) == {"one.base.example": "left to *.base.example"}

    def test_a_network_under_its_www_name(self) -> None:
        network = Network(1, "www.network.test", subdomain_install=True, main_site_id=1)
        sites = (Site(1, "www.network.test"), Site(2, "alpha.network.test"))
        decision = decide(
            Inventory((network,), sites, (), main_network_id=1), Policy(attached={"*.network.test": False})
        )
        assert asked_for(decision) == {"network.test": (True, "www"), "*.network.test": (None, None)}
        assert reasons(decision) == {"alpha.network.test": "left to *.network.test"}

    def test_several_networks(self) -> None:
        networks = (
            Network(1, "network.test", subdomain_install=True, main_site_id=1, auto_create_www="never"),
            Network(2, "second.test", subdomain_install=True, main_site_id=7, auto_create_www="always"),
        )
        sites = (Site(1, "network.test"), Site(7, "second.test", network_id=2), Site(8, "a.second.test", network_id=2))
        rows = (mapped("one.example", 1), mapped("two.example", 8, row=2, network_id=2))
        decision = decide(Inventory(networks, sites, rows, main_network_id=1), Policy(subdomains="never"))
        assert asked_for(decision) == {
            "network.test": (None, None),
            "second.test": (None, None),
            "one.example": (False, "none"),
            "two.example": (True, "non-www"),
        }
        assert "a.second.test" in reasons(decision)

    def test_a_row_with_the_networks_own_domain_changes_nothing(self) -> None:
        odd = network_with(mapped("network.test", active=False), setting="always")
        assert asked_for(decide(odd, Policy()))["network.test"] == (None, None)
        assert "network.test" not in reasons(decide(odd, Policy()))

    def test_below_a_subdirectory_network_names_are_ordinary(self) -> None:
        network = Network(1, "subdir.test", subdomain_install=False, main_site_id=1, auto_create_www="main_only")
        inventory = Inventory((network,), (Site(1, "subdir.test"),), (mapped("shop.subdir.test", 1),))
        assert asked_for(decide(inventory, Policy(subdomains="never")))["shop.subdir.test"] == (False, "none")


class TestStates:
    @pytest.mark.parametrize(
        ("attributes", "state", "reason"),
        [
            ({"archived": True}, "archived", "site 2 is archived"),
            ({"spam": True}, "spam", "site 2 is marked as spam"),
            ({"deleted": True}, "deleted", "site 2 is deleted"),
        ],
    )
    def test_sites(self, attributes: dict[str, Any], state: str, reason: str) -> None:
        sites = (Site(1, "network.test"), Site(2, "alpha.network.test", **attributes))
        inventory = network_with(mapped("shop.example.com"), sites=sites)
        assert reasons(decide(inventory, Policy())) == {"alpha.network.test": reason, "shop.example.com": reason}
        assert "shop.example.com" in asked_for(decide(inventory, Policy(skip=frozenset(SKIPPED) - {state})))

    def test_a_site_that_does_not_exist(self) -> None:
        inventory = network_with(mapped("shop.example.com", 99))
        assert reasons(decide(inventory, Policy())) == {"shop.example.com": "site 99 does not exist"}

    def test_paused(self) -> None:
        inventory = network_with(mapped("shop.example.com", active=False))
        assert "shop.example.com" in asked_for(decide(inventory, Policy(skip=frozenset())))

    @pytest.mark.parametrize("stage", _inventory.STAGES)
    def test_stages(self, stage: str) -> None:
        inventory = network_with(mapped("shop.example.com", stage=stage))
        assert "shop.example.com" in asked_for(decide(inventory, Policy()))
        left = reasons(decide(inventory, Policy(skip=frozenset({"failed"}))))
        failed = stage in ("failed", "ssl-failed")
        assert left == ({"shop.example.com": f"stage {stage} (skip has failed)"} if failed else {})

    def test_a_paused_row_does_not_take_a_sites_own_address_away(self) -> None:
        inventory = network_with(mapped("alpha.network.test", active=False))
        assert "alpha.network.test" in asked_for(decide(inventory, Policy()))

    def test_of_two_holders_one_that_wants_the_name_is_enough(self) -> None:
        inventory = network_with(mapped("shop.example.com", 99), mapped("shop.example.com", 2, row=2))
        assert "shop.example.com" in asked_for(decide(inventory, Policy()))
        assert reasons(decide(inventory, Policy())) == {}

    def test_excluded(self) -> None:
        decision = decide(network_with(mapped("shop.example.com")), Policy(exclude=("*.example.com",)))
        assert reasons(decision) == {"shop.example.com": "excluded by *.example.com"}

    @pytest.mark.parametrize(
        "name",
        [
            "a.b_c.example.com",
            "faß_.example",
            "shop-.example.com",
            "shop.example.123",
            "my_shop.example.org",
            "*.shop.test",
        ],
    )
    def test_what_wordpress_wants_and_nobody_can_read_is_protected_in_the_spelling_that_is_attached(
        self, name: str
    ) -> None:
        attached = normalise_lenient(name)
        decision = decide(network_with(mapped(name)), Policy(attached={attached: False}))
        assert attached in decision.protected
        assert "mapped to site 2" in decision.protected[attached]
        assert decision.errors == {}
        assert name not in asked_for(decision)

    def test_what_cannot_be_attached_is_an_error_of_its_own_and_stops_no_other(self) -> None:
        decision = decide(network_with(mapped("my_shop.example.org"), mapped("good.example", row=2)), Policy())
        assert list(decision.errors) == ["my_shop.example.org"]
        assert "underscore" in decision.errors["my_shop.example.org"]
        assert "good.example" in asked_for(decision)

    def test_an_emoji_name_in_its_ascii_form_is_wanted_like_any_other(self) -> None:
        decision = decide(network_with(mapped("xn--ls8h.example")), Policy())
        assert "xn--ls8h.example" in asked_for(decision)
        assert decision.protected == decision.errors == {}

    def test_an_emoji_name_in_letters_is_protected_in_the_ascii_form_that_is_attached(self) -> None:
        wanted = network_with(mapped("\U0001f4a9.example"))
        assert "(xn--...)" in decide(wanted, Policy()).errors["\U0001f4a9.example"]
        decision = decide(wanted, Policy(attached={"xn--ls8h.example": False}))
        assert {"xn--ls8h.example", "www.xn--ls8h.example"} < set(decision.protected)
        assert decision.errors == {}

    def test_an_incomplete_inventory_stays_incomplete(self) -> None:
        assert not decide(network_with(complete=False), Policy()).complete


class TestSubdomains:
    def test_always_adds_them_and_lets_the_wildcard_go(self) -> None:
        decision = decide(network_with(), Policy(subdomains="always", attached={"*.network.test": False}))
        assert set(asked_for(decision)) == {"network.test", "alpha.network.test"}

    def test_never_leaves_them_and_keeps_the_wildcard(self) -> None:
        decision = decide(network_with(), Policy(subdomains="never", attached={"*.network.test": False}))
        assert set(asked_for(decision)) == {"network.test", "*.network.test"}

    def test_an_excluded_wildcard_is_not_touched(self) -> None:
        policy = Policy(attached={"*.network.test": False}, exclude=("[*].network.test",))
        assert "*.network.test" not in asked_for(decide(network_with(), policy))

    def test_a_wildcard_covers_one_label(self) -> None:
        sites = (Site(1, "network.test"), Site(2, "a.b.network.test"))
        decision = decide(network_with(sites=sites), Policy(attached={"*.network.test": False}))
        assert "a.b.network.test" in asked_for(decision)


class TestLists:
    def test_auto_takes_items_as_they_are(self) -> None:
        items = [
            "Shop.Example.com.",
            {"domain": "www.brand.example"},
            {"name": "example.org", "www": True, "redirection": "www", "type": "primary"},
            {"name": "old.example.com", "state": "absent"},
        ]
        decision = decide_list(items, Policy())
        assert items_of(decision) == [
            {"name": "shop.example.com"},
            {"name": "www.brand.example"},
            {"name": "example.org", "type": "primary", "www": True, "redirection": "www"},
            {"name": "old.example.com", "state": "absent"},
        ]

    def test_always_and_never(self) -> None:
        items = ["example.com", "www.brand.example", "*.example.org", {"name": "gone.example", "state": "absent"}]
        assert items_of(decide_list(items, Policy(www="always"))) == [
            {"name": "example.com", "www": True},
            {"name": "www.brand.example"},
            {"name": "*.example.org"},
            {"name": "gone.example", "state": "absent"},
        ]
        never = decide_list([{"name": "example.com", "www": True, "redirection": "www"}], Policy(www="never"))
        assert items_of(never) == [{"name": "example.com", "www": False, "redirection": "none"}]

    def test_always_does_not_serve_a_listed_www_name_twice(self) -> None:
        found = items_of(decide_list(["brand.example", "www.brand.example"], Policy(www="always")))
        assert found == [{"name": "brand.example"}, {"name": "www.brand.example"}]

    def test_always_leaves_out_a_www_that_does_not_point_here(self) -> None:
        policy = Policy(www="always", away={"www.example.com": "does not point here"})
        assert items_of(decide_list(["example.com"], policy)) == [{"name": "example.com", "www": False}]

    @pytest.mark.parametrize("item", ["xn--ls8h.example", {"name": "XN--LS8H.example", "state": "absent"}])
    def test_an_emoji_name_in_its_ascii_form_stops_nothing(self, item: Any) -> None:
        decision = decide_list([item, "good.example"], Policy(attached={"xn--ls8h.example": False}))
        assert [domain.name for domain in decision.desired] == ["xn--ls8h.example", "good.example"]

    def test_inactive_items_are_as_if_they_were_not_there(self) -> None:
        items = [{"name": "a.example", "active": False, "www": True}, {"name": "a.example"}]
        assert items_of(decide_list(items, Policy())) == [{"name": "a.example"}]
        assert items_of(decide_list(items[:1], Policy())) == []

    def test_the_same_item_twice_is_one(self) -> None:
        assert items_of(decide_list(["a.example", "A.example"], Policy())) == [{"name": "a.example"}]

    @pytest.mark.parametrize(
        ("item", "words"),
        [
            ({"name": "a.example", "wwww": True}, ["entry 2", "wwww"]),
            ({"name": "a.example", "www": "yes"}, ["entry 2", "www", "'yes'"]),
            ({"name": "a.example", "active": "maybe"}, ["entry 2", "active", "'maybe'"]),
            ({"name": "a.example", "primary_domain": 1}, ["entry 2", "primary_domain: not a known key"]),
            ({"name": "a.example", "blog_id": "two"}, ["entry 2", "blog_id", "'two'"]),
            ({"name": "a.example", "stage": "bogus"}, ["entry 2", "stage", "'bogus'"]),
            ({"name": 12}, ["entry 2", "12"]),
            (12, ["entry 2", "12"]),
            (None, ["entry 2", "None"]),
            ({"www": True}, ["entry 2", "no name"]),
            ("no host name", ["entry 2", "'no host name'"]),
            ({"name": "www.a.example", "www": True}, ["entry 2", "www.a.example"]),
            ({"name": "first.example", "www": True}, ["entry 2", "first.example", "entry 1"]),
        ],
    )
    def test_bad_items_are_named(self, item: object, words: list[str]) -> None:
        with pytest.raises(UserError) as caught:
            decide_list(["first.example", item], Policy(), option="domain_sync_domains")
        assert all(word in str(caught.value) for word in ["domain_sync_domains", *words])

    def test_two_entries_that_contradict_each_other_are_told_with_both_places_and_both_names(self) -> None:
        items = ["bücher.example", {"name": "XN--bcher-kva.example", "www": True}]
        primaries = [{"name": name, "type": "primary"} for name in ("a.example", "b.example")]
        with pytest.raises(UserError) as caught:
            decide_list([*items, *primaries], Policy(), option="domains")
        assert str(caught.value).splitlines() == [
            "domains, entry 2: XN--bcher-kva.example is asked for with other attributes than bücher.example in "
            "domains, entry 1; keep one of the two",
            "domains, entry 4: b.example cannot be primary beside a.example in domains, entry 3, because an "
            "application has one primary domain; keep one of them",
        ]

    def test_a_name_served_twice_is_an_error(self) -> None:
        with pytest.raises(UserError, match=r"www\.a\.example would be served twice"):
            decide_list([{"name": "a.example", "www": True}, "www.a.example"], Policy())


class TestOneNameInTwoItems:
    """A www name as an item beside its bare name: satisfied where one row serves both, never added twice."""

    def test_one_row_with_www_satisfies_both(self) -> None:
        items = ["shop.example", "www.shop.example"]
        decision = decide_list(items, Policy(attached={"shop.example": True}))
        assert items_of(decision) == [{"name": "shop.example", "www": True}]
        assert reasons(decision) == {"www.shop.example": "served as www of shop.example"}

    def test_a_www_name_that_is_attached_by_itself_satisfies_www(self) -> None:
        items = [{"name": "shop.example", "www": True}]
        decision = decide_list(items, Policy(attached={"www.shop.example": False}))
        assert [(domain.name, domain.www, domain.www_firm) for domain in decision.desired] == [
            ("shop.example", False, False),
            ("www.shop.example", None, True),
        ]


class TestOptions:
    def test_a_policy_is_read_from_options(self) -> None:
        policy = read_policy(defaults(www="never", base_domains=["Base.Example", ""], exclude=["*.BÜCHER.example."]))
        assert policy.base_domains == ("base.example",)
        assert policy.exclude == ("*.xn--bcher-kva.example",)
        assert (policy.www, policy.subdomains, policy.skip) == ("never", "auto", frozenset(SKIPPED))

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"base_domains": ["no name"]}, ["base_domains", "no name"]),
            ({"exclude": ["https://a.example/", "b c"]}, ["exclude: ", "https://a.example/", "\n", "b c"]),
        ],
    )
    def test_what_cannot_be_read_is_refused_one_mistake_a_line(self, options: dict[str, Any], words: list[str]) -> None:
        with pytest.raises(UserError) as caught:
            read_policy(defaults(**options))
        assert all(word in str(caught.value) for word in words)

    def test_what_is_kept_is_read_as_names_are(self) -> None:
        assert read_purge(defaults(purge_keep=["*.Bücher.example."])).keep == ("*.xn--bcher-kva.example",)
        with pytest.raises(UserError, match="purge_keep"):
            read_purge(defaults(purge_keep=["a b"]))


def defaults(**options: Any) -> dict[str, Any]:
    return {**{name: spec.get("default") for name, spec in SYNC_SPEC.items()}, **options}


def test_ten_thousand_names_are_decided_once_each() -> None:
    names = [f"d{number}.example" for number in range(10_000)]
    decision = decide_list(names, Policy(attached=dict.fromkeys(names, False)))
    assert len(decision.desired) == len(names)
    assert decision.names == names


def test_deciding_needs_neither_ansible_nor_requests() -> None:
    name = "ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.decide"
    code = f"import sys; sys.path[:] = {sys.path!r}; import {name}; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert name in loaded
    assert not {"ansible", "requests"} & set(loaded)
