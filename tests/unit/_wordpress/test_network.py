# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WordPress network as typed objects, and what is odd about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress import network as _inventory
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress.network import (
    Inventory,
    InventoryError,
    MappedDomain,
    Network,
    Note,
    Site,
)

FIXTURES = Path(__file__).parents[2] / "fixtures" / "wordpress"


def load(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


def network_with(*rows: MappedDomain, network: Network | None = None, sites: tuple[Site, ...] = ()) -> Inventory:
    default = (Site(1, "network.test"), Site(2, "alpha.network.test"), Site(3, "beta.network.test"))
    main = network or Network(1, "network.test", subdomain_install=True, main_site_id=1)
    return Inventory((main,), sites or default, rows, main_network_id=1)


def only_note(inventory: Inventory) -> Note:
    notes = _inventory.oddities(inventory)
    assert len(notes) == 1, notes
    return notes[0]


class TestParsing:
    def test_the_recorded_network_has_real_types(self) -> None:
        found = _inventory.parse(load("cli-eval-inventory.json"))
        assert found.networks == (Network(1, "network.test", "/", True, 1),)
        assert found.plugin == _inventory.Plugin("2.4.13-beta.1", active=True)
        assert found.sites[4] == Site(5, "delta.network.test", archived=True)
        assert found.domains[5] == MappedDomain(6, 2, "shop.example.com", primary=True, secure=True, stage="done")
        assert found.domains[11].active is False
        assert (len(found.sites), len(found.domains), found.complete) == (6, 14, True)

    def test_a_subdirectory_network(self) -> None:
        found = _inventory.parse(load("subdir-cli-eval-inventory.json"))
        assert found.main_network.subdomain_install is False
        assert [site.path for site in found.sites] == ["/", "/one/", "/two/"]

    @pytest.mark.parametrize("name", ["sql-domain-inventory.json", "rest-domain-list.json", "cli-wu-domain-list.json"])
    def test_every_way_out_gives_the_same_rows(self, name: str) -> None:
        rows = sorted((_inventory.parse_mapped_domain(row) for row in load(name)), key=lambda row: row.id)
        assert tuple(rows) == _inventory.parse(load("cli-eval-inventory.json")).domains

    def test_the_rest_apis_sites_are_the_same_sites(self) -> None:
        sites = sorted(
            (_inventory.parse_site(row) for row in load("rest-site-list.json")), key=lambda site: site.blog_id
        )
        assert tuple(sites) == _inventory.parse(load("cli-eval-inventory.json")).sites

    @pytest.mark.parametrize(("value", "expected"), [(1, True), ("1", True), (True, True), ("true", True), (0, False)])
    def test_switches_in_any_spelling(self, value: object, expected: bool) -> None:
        row = {"id": 1, "blog_id": "2", "domain": "A.Example.", "active": value}
        assert _inventory.parse_mapped_domain(row).active is expected

    def test_names_are_brought_into_one_form(self) -> None:
        row = {"id": 1, "blog_id": 2, "domain": "B\u00fccher.Example."}
        assert _inventory.parse_mapped_domain(row).domain == "xn--bcher-kva.example"

    def test_without_the_plugins_table(self) -> None:
        found = _inventory.parse({**load("cli-eval-inventory.json"), "domains": None, "plugin": None})
        assert (found.domains, found.has_mappings, found.plugin) == ((), False, None)

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"network": None}, "no network"),
            ({"sites": None}, "sites"),
            ({"sites": [5]}, "a site"),
            ({"domains": "many"}, "domains"),
            ({"domains": [{"id": "x", "blog_id": 1, "domain": "a.example"}]}, "id"),
            ({"domains": [{"id": 1, "blog_id": 1, "domain": None}]}, "domain"),
            ({"domains": [{"id": 1, "blog_id": 1, "domain": "a.example", "active": "maybe"}]}, "active"),
            ({"network": {"domain": "a.example", "subdomain_install": "perhaps"}}, "subdomain_install"),
        ],
    )
    def test_what_is_no_inventory_is_named(self, change: dict[str, Any], word: str) -> None:
        with pytest.raises(InventoryError, match=word):
            _inventory.parse({**load("cli-eval-inventory.json"), **change})

    def test_the_main_network_need_not_be_the_first(self) -> None:
        networks = [{"id": 1, "domain": "one.test"}, {"id": 2, "domain": "two.test"}]
        found = _inventory.parse({"networks": networks, "main_network": 2, "sites": [], "domains": []})
        assert found.main_network.domain == "two.test"

    @pytest.mark.parametrize("document", [None, [], "text"])
    def test_no_object(self, document: object) -> None:
        with pytest.raises(InventoryError, match="the answer"):
            _inventory.parse(document)

    def test_from_result_does_not_believe_in_completeness_by_itself(self) -> None:
        result = {"networks": [{"domain": "network.test"}], "sites": [], "domains": []}
        assert not _inventory.from_result(result).complete
        with pytest.raises(InventoryError, match="networks"):
            _inventory.from_result({**result, "networks": []})


class TestNames:
    def test_the_recorded_network(self) -> None:
        found = _inventory.names(_inventory.parse(load("cli-eval-inventory.json")))
        kinds = {name.domain: name.kind for name in found}
        assert len(found) == len(kinds) == 15
        assert {domain for domain, kind in kinds.items() if kind == "network"} == {"network.test"}
        assert {domain for domain, kind in kinds.items() if kind == "mapped"} == {
            *("shop.example.com", "example.org", "www.example.net", "example.co.uk", "bad-dns.example"),
            *("xn--bcher-kva.example", "paused.example.com", "mixed.example.com", "www.brand.example"),
        }
        assert all(kind == "subsite" for domain, kind in kinds.items() if domain.endswith(".network.test"))

    def test_a_sites_own_row_is_merged_into_its_address(self) -> None:
        found = _inventory.names(network_with(MappedDomain(4, 2, "alpha.network.test", stage="done")))
        alpha = next(name.as_dict() for name in found if name.domain == "alpha.network.test")
        assert alpha == {
            "domain": "alpha.network.test",
            "kind": "subsite",
            "network_id": 1,
            "blog_id": 2,
            "row": 4,
            "row_network_id": 1,
            "active": True,
            "stage": "done",
            "primary": False,
            "secure": False,
        }

    def test_a_name_without_a_row_has_no_stage(self) -> None:
        found = _inventory.names(network_with())[0].as_dict()
        assert (found["row"], found["stage"], found["primary"], found["active"]) == (None, None, None, True)

    def test_a_shared_base_domain_stands_once(self) -> None:
        sites = (
            Site(1, "network.test"),
            Site(4, "base.example", "/one/", archived=True),
            Site(5, "base.example", "/two/"),
        )
        found = [name for name in _inventory.names(network_with(sites=sites)) if name.domain == "base.example"]
        assert [(name.kind, name.blog_id) for name in found] == [("base", 5)]

    def test_a_single_site_in_a_folder_of_a_foreign_name_makes_it_a_base_domain(self) -> None:
        sites = (Site(1, "network.test"), Site(4, "base.example", "/one/"))
        assert [name.kind for name in _inventory.names(network_with(sites=sites))] == ["network", "base"]

    def test_declared_base_domains(self) -> None:
        sites = (Site(1, "network.test"), Site(4, "one.base.example"))
        found = _inventory.names(network_with(sites=sites), ["base.example"])
        assert [(name.domain, name.kind, name.blog_id) for name in found] == [
            ("network.test", "network", 1),
            ("one.base.example", "subsite", 4),
            ("base.example", "base", None),
        ]

    def test_only_one_network(self) -> None:
        networks = (Network(1, "network.test"), Network(2, "second.test"))
        sites = (Site(1, "network.test"), Site(2, "second.test", network_id=2))
        rows = (
            MappedDomain(1, 1, "one.example"),
            MappedDomain(2, 2, "two.example"),
            MappedDomain(3, 9, "lost.example"),
        )
        whole = Inventory(networks, sites, rows, main_network_id=1)
        second, notes = whole.only(2)
        assert [row.domain for row in second.domains] == ["two.example"]
        assert [row.domain for row in whole.only(1)[0].domains] == ["one.example", "lost.example"]
        assert second.main_network.domain == "second.test"
        assert [note.code for note in notes] == ["other_networks"]
        assert "network.test" in notes[0].text
        assert second.only(2) == (second, [])
        with pytest.raises(InventoryError, match=r"no network 3.*1 \(network.test\), 2 \(second.test\)"):
            whole.only(3)


class TestOddities:
    def test_the_recorded_network_has_none(self) -> None:
        assert _inventory.oddities(_inventory.parse(load("cli-eval-inventory.json"))) == []

    def test_the_networks_own_domain(self) -> None:
        note = only_note(network_with(MappedDomain(7, 2, "network.test")))
        assert (note.code, note.row, note.domain, note.blog_id) == ("network_domain", 7, "network.test", 2)

    def test_two_rows_of_several_sites(self) -> None:
        note = only_note(network_with(MappedDomain(7, 2, "shop.example.com"), MappedDomain(8, 3, "shop.example.com")))
        assert (note.code, note.row) == ("shared_domain", 7)
        assert "row 7, 8" in note.text
        assert "2, 3" in note.text

    def test_a_row_that_takes_a_base_domain_from_its_sites(self) -> None:
        sites = (Site(1, "network.test"), Site(4, "base.example", "/one/"), Site(5, "base.example", "/two/"))
        note = only_note(network_with(MappedDomain(7, 4, "base.example"), sites=sites))
        assert (note.code, note.row) == ("shared_domain", 7)

    def test_the_same_row_twice(self) -> None:
        note = only_note(network_with(MappedDomain(7, 2, "shop.example.com"), MappedDomain(9, 2, "shop.example.com")))
        assert (note.code, note.row) == ("duplicate_row", 9)

    def test_a_row_without_a_site(self) -> None:
        note = only_note(network_with(MappedDomain(7, 99, "shop.example.com")))
        assert (note.code, note.row, note.blog_id) == ("no_site", 7, 99)

    def test_no_host_name(self) -> None:
        note = only_note(network_with(MappedDomain(7, 2, "under_score.example")))
        assert (note.code, note.row, note.domain) == ("no_host_name", 7, "under_score.example")

    def test_a_site_whose_address_is_no_host_name(self) -> None:
        note = only_note(network_with(sites=(Site(1, "network.test"), Site(2, "localhost"))))
        assert (note.code, note.row, note.blog_id) == ("no_host_name", None, 2)

    def test_two_primaries(self) -> None:
        rows = (MappedDomain(7, 2, "a.example", primary=True), MappedDomain(8, 2, "b.example", primary=True))
        note = only_note(network_with(*rows, MappedDomain(9, 3, "c.example", primary=True)))
        assert (note.code, note.row, note.blog_id) == ("two_primaries", 7, 2)
        assert "a.example (row 7), b.example (row 8)" in note.text

    def test_a_stage_nobody_knows(self) -> None:
        note = only_note(network_with(MappedDomain(7, 2, "a.example", stage="waiting")))
        assert (note.code, note.row) == ("unknown_stage", 7)

    def test_the_plugins_own_integration(self) -> None:
        note = only_note(network_with(network=Network(1, "network.test", own_integration=True)))
        assert (note.code, note.domain) == ("own_integration", "network.test")

    def test_credentials_in_the_database(self) -> None:
        assert only_note(network_with(network=Network(1, "network.test", stored_credentials=True))).code == (
            "stored_credentials"
        )

    def test_rows_in_a_table_that_sunrise_does_not_read(self) -> None:
        networks = (Network(1, "network.test"), Network(2, "second.test"))
        sites = (Site(1, "network.test"), Site(2, "second.test", network_id=2))
        rows = (MappedDomain(1, 2, "two.example", network_id=2),)
        note = only_note(Inventory(networks, sites, rows, main_network_id=1))
        assert (note.code, note.row, note.domain) == ("unserved_table", 1, "second.test")

    def test_no_table(self) -> None:
        found = Inventory((Network(1, "network.test"),), (Site(1, "network.test"),), (), has_mappings=False)
        assert only_note(found).code == "no_mappings"
