# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is odd about a network, and whether it was read whole."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.network import (
    Inventory,
    MappedDomain,
    Network,
    Note,
    Plugin,
    Site,
)
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.notes import examined, oddities
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.wire import parse

FIXTURES = Path(__file__).parents[2] / "fixtures" / "wordpress"
ON = Plugin("2.4.12", active=True)


def load(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


def network_with(*rows: MappedDomain, network: Network | None = None, sites: tuple[Site, ...] = ()) -> Inventory:
    default = (Site(1, "network.test"), Site(2, "alpha.network.test"), Site(3, "beta.network.test"))
    main = network or Network(1, "network.test", subdomain_install=True, main_site_id=1)
    return Inventory((main,), sites or default, rows, plugin=ON, main_network_id=1)


def only_note(inventory: Inventory) -> Note:
    notes = oddities(inventory)
    assert len(notes) == 1, notes
    return notes[0]


class TestWhole:
    def test_the_recorded_network(self) -> None:
        found = examined(parse(load("cli-eval-inventory.json")))
        assert (found.complete, found.notes) == (True, ())

    def test_without_the_plugins_table(self) -> None:
        found = examined(dataclasses.replace(network_with(), has_mappings=False))
        assert (found.complete, [note.code for note in found.notes]) == (False, ["no_mappings"])

    def test_without_sites(self) -> None:
        found = examined(dataclasses.replace(network_with(), sites=()))
        assert (found.complete, [note.code for note in found.notes]) == (False, ["no_sites"])

    def test_a_reading_that_knows_what_it_lacks(self) -> None:
        gap = Note("capped", "the list may be cut short")
        found = examined(network_with(), [gap])
        assert (found.complete, found.notes) == (False, (gap,))

    def test_a_row_without_a_site_is_a_leftover_in_the_database_and_a_doubt_over_rest(self) -> None:
        network = network_with(MappedDomain(7, 99, "lost.example"))
        here, there = examined(network), examined(dataclasses.replace(network, method="rest"))
        assert (here.complete, [note.code for note in here.notes]) == (True, ["no_site"])
        assert (there.complete, [note.code for note in there.notes]) == (False, ["sites_missing", "no_site"])
        assert "site 99" in there.notes[0].text

    def test_one_network_of_several(self) -> None:
        networks = (Network(1, "network.test"), Network(2, "second.test"))
        sites = (Site(1, "network.test"), Site(2, "second.test", network_id=2))
        rows = (
            MappedDomain(1, 1, "one.example"),
            MappedDomain(2, 2, "two.example"),
            MappedDomain(3, 9, "lost.example"),
        )
        whole = Inventory(networks, sites, rows, plugin=ON, main_network_id=1)
        second = examined(whole, network_id=2)
        assert [row.domain for row in second.domains] == ["two.example"]
        assert [row.domain for row in examined(whole, network_id=1).domains] == ["one.example", "lost.example"]
        assert second.main_network.domain == "second.test"
        assert not second.complete
        assert [note.code for note in second.notes] == ["other_networks"]
        assert "network.test" in second.notes[0].text
        with pytest.raises(UserError, match=r"no network 3.*1 \(network.test\), 2 \(second.test\)"):
            examined(whole, network_id=3)

    def test_the_only_network_by_its_id_is_whole(self) -> None:
        assert examined(network_with(), network_id=1).complete

    def test_base_domains_of_the_user_and_of_the_plugin(self) -> None:
        network = Network(
            1, "network.test", main_site_id=1, base_domains=("network.test", "sites.example", "b.example")
        )
        found = examined(network_with(network=network), base_domains=["b.example", "own.example"])
        assert found.base_domains == ("b.example", "own.example", "sites.example")


class TestNeighbours:
    def test_a_domain_and_its_www_on_two_sites(self) -> None:
        rows = (MappedDomain(7, 2, "brand.example"), MappedDomain(8, 3, "www.brand.example"))
        for order in (rows, rows[::-1]):
            note = only_note(network_with(*order))
            assert (note.code, note.row) == ("www_elsewhere", 8)
            assert "site 3" in note.text
            assert "site 2" in note.text

    def test_a_domain_and_its_www_on_one_site(self) -> None:
        rows = (MappedDomain(7, 2, "brand.example"), MappedDomain(8, 2, "www.brand.example"))
        assert oddities(network_with(*rows)) == []

    @pytest.mark.parametrize("domain", ["www.network.test", "network.test"])
    def test_the_networks_own_name_with_www_on_another_site(self, domain: str) -> None:
        note = only_note(network_with(MappedDomain(7, 2, domain)))
        assert (note.code, note.row) == ("network_domain", 7)

    def test_the_own_name_of_a_network_that_is_www(self) -> None:
        network = Network(1, "www.network.test", subdomain_install=True, main_site_id=1)
        sites = (Site(1, "www.network.test"), Site(2, "alpha.network.test"))
        found = network_with(MappedDomain(7, 2, "network.test"), network=network, sites=sites)
        assert only_note(found).code == "network_domain"

    def test_the_main_site_of_a_second_network_keeps_its_own_row(self) -> None:
        networks = (Network(1, "network.test", main_site_id=1), Network(2, "second.test", main_site_id=2))
        sites = (Site(1, "network.test"), Site(2, "second.test", network_id=2))
        rows = (MappedDomain(1, 2, "second.test"),)
        assert oddities(Inventory(networks, sites, rows, plugin=ON, main_network_id=1)) == []


class TestMappingOff:
    ROW = MappedDomain(7, 2, "shop.example", stage="done")

    @pytest.mark.parametrize(
        ("plugin", "setting", "word"),
        [
            (None, None, "not installed"),
            (Plugin("2.4.12", active=False), True, "not active"),
            (ON, False, "switched off"),
        ],
    )
    def test_visitors_see_nothing_and_a_note_says_why(self, plugin: Plugin | None, setting: bool, word: str) -> None:
        network = Network(1, "network.test", main_site_id=1, mapping_enabled=setting)
        note = only_note(dataclasses.replace(network_with(self.ROW, network=network), plugin=plugin))
        assert note.code == "mapping_off"
        assert word in note.text

    @pytest.mark.parametrize("setting", [True, None])
    def test_on_or_unknown_is_no_note(self, setting: bool | None) -> None:
        network = Network(1, "network.test", main_site_id=1, mapping_enabled=setting)
        assert oddities(network_with(self.ROW, network=network)) == []


class TestTheQueue:
    @pytest.mark.parametrize("stage", ["checking-dns", "checking-ssl-cert"])
    def test_a_check_that_was_never_queued(self, stage: str) -> None:
        note = only_note(network_with(MappedDomain(7, 2, "a.example", stage=stage, queued=False)))
        assert (note.code, note.row) == ("not_queued", 7)

    @pytest.mark.parametrize(("stage", "queued"), [("checking-dns", True), ("checking-dns", None), ("done", False)])
    def test_all_else_goes_on_by_itself(self, stage: str, queued: bool | None) -> None:
        assert oddities(network_with(MappedDomain(7, 2, "a.example", stage=stage, queued=queued))) == []


class TestOddities:
    def test_the_recorded_network_has_none(self) -> None:
        assert oddities(parse(load("cli-eval-inventory.json"))) == []

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

    def test_not_a_host_name(self) -> None:
        note = only_note(network_with(MappedDomain(7, 2, "under_score.example")))
        assert (note.code, note.row, note.domain) == ("no_host_name", 7, "under_score.example")

    def test_a_site_whose_address_is_not_a_host_name(self) -> None:
        note = only_note(network_with(sites=(Site(1, "network.test"), Site(2, "localhost"))))
        assert (note.code, note.row, note.blog_id) == ("no_host_name", None, 2)

    def test_two_primaries(self) -> None:
        rows = (MappedDomain(7, 2, "a.example", primary=True), MappedDomain(8, 2, "b.example", primary=True))
        note = only_note(network_with(*rows, MappedDomain(9, 3, "c.example", primary=True)))
        assert (note.code, note.row, note.blog_id) == ("two_primaries", 7, 2)
        assert "a.example (row 7), b.example (row 8)" in note.text

    def test_an_unknown_stage(self) -> None:
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
        note = only_note(Inventory(networks, sites, rows, plugin=ON, main_network_id=1))
        assert (note.code, note.row, note.domain) == ("unserved_table", 1, "second.test")
