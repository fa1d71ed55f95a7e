# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WordPress network as typed objects, and what is odd about it."""

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
    names,
)
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.wire import (
    from_result,
    parse,
    parse_mapped_domain,
    parse_site,
)

FIXTURES = Path(__file__).parents[2] / "fixtures" / "wordpress"


def load(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


def network_with(*rows: MappedDomain, network: Network | None = None, sites: tuple[Site, ...] = ()) -> Inventory:
    default = (Site(1, "network.test"), Site(2, "alpha.network.test"), Site(3, "beta.network.test"))
    main = network or Network(1, "network.test", subdomain_install=True, main_site_id=1)
    return Inventory((main,), sites or default, rows, main_network_id=1)


class TestParsing:
    def test_the_recorded_network_has_real_types(self) -> None:
        found = parse(load("cli-eval-inventory.json"))
        assert found.networks == (Network(1, "network.test", "/", True, 1),)
        assert found.plugin == Plugin("2.4.13-beta.1", active=True)
        assert found.sites[4] == Site(5, "delta.network.test", archived=True)
        assert found.domains[5] == MappedDomain(6, 2, "shop.example.com", primary=True, secure=True, stage="done")
        assert found.domains[11].active is False
        assert (len(found.sites), len(found.domains), found.complete) == (6, 14, True)

    def test_a_subdirectory_network(self) -> None:
        found = parse(load("subdir-cli-eval-inventory.json"))
        assert found.main_network.subdomain_install is False
        assert [site.path for site in found.sites] == ["/", "/one/", "/two/"]

    @pytest.mark.parametrize("name", ["sql-domain-inventory.json", "rest-domain-list.json", "cli-wu-domain-list.json"])
    def test_every_way_out_gives_the_same_rows(self, name: str) -> None:
        rows = sorted((parse_mapped_domain(row) for row in load(name)), key=lambda row: row.id)
        assert tuple(rows) == parse(load("cli-eval-inventory.json")).domains

    def test_the_rest_apis_sites_are_the_same_sites(self) -> None:
        sites = sorted((parse_site(row) for row in load("rest-site-list.json")), key=lambda site: site.blog_id)
        assert tuple(sites) == parse(load("cli-eval-inventory.json")).sites

    @pytest.mark.parametrize(("value", "expected"), [(1, True), ("1", True), (True, True), ("true", True), (0, False)])
    def test_switches_in_any_spelling(self, value: object, expected: bool) -> None:
        row = {"id": 1, "blog_id": "2", "domain": "A.Example.", "active": value}
        assert parse_mapped_domain(row).active is expected

    @pytest.mark.parametrize("value", ["2", 2, -1, "1.0"])
    def test_core_writes_other_numbers_than_one(self, value: object) -> None:
        row = {"blog_id": 2, "domain": "a.example", "deleted": value, "archived": value, "spam": value}
        site = parse_site({**row, "public": "-1"})
        assert (site.deleted, site.archived, site.spam, site.public) == (True, True, True, False)

    @pytest.mark.parametrize("value", ["unlisted", None, {}, 7])
    def test_a_field_that_no_decision_uses_is_never_a_reason_to_fail(self, value: object) -> None:
        assert parse_site({"blog_id": 2, "domain": "a.example", "public": value}).blog_id == 2
        row = {"id": 1, "blog_id": 2, "domain": "a.example", "secure": value, "primary_domain": value}
        assert parse_mapped_domain(row).id == 1

    @pytest.mark.parametrize("value", [[], {}, "x", 1e999, None, "9" * 5000])
    def test_an_id_that_is_not_a_number(self, value: object) -> None:
        with pytest.raises(UserError, match="id: a number was expected") as caught:
            parse_mapped_domain({"id": value, "blog_id": 2, "domain": "a.example"})
        assert len(str(caught.value)) < 200

    def test_sites_are_told_apart_by_blog_id(self) -> None:
        """Up to plugin 2.4.12 the REST API gives each site the id 0."""
        assert parse_site({"id": 0, "blog_id": "7", "domain": "a.example"}).blog_id == 7

    def test_which_rows_have_a_check_in_the_queue(self) -> None:
        rows = [{"id": number, "blog_id": 1, "domain": f"{number}.example"} for number in (1, 2)]
        document = {"networks": [{"domain": "network.test"}], "sites": [], "domains": rows}
        assert [row.queued for row in parse({**document, "queued": [2]}).domains] == [False, True]
        assert [row.queued for row in parse(document).domains] == [None, None]

    def test_names_are_brought_into_one_form(self) -> None:
        row = {"id": 1, "blog_id": 2, "domain": "B\u00fccher.Example."}
        assert parse_mapped_domain(row).domain == "xn--bcher-kva.example"

    def test_without_the_plugins_table(self) -> None:
        found = parse({**load("cli-eval-inventory.json"), "domains": None, "plugin": None})
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
        with pytest.raises(UserError, match=word):
            parse({**load("cli-eval-inventory.json"), **change})

    def test_the_main_network_need_not_be_the_first(self) -> None:
        networks = [{"id": 1, "domain": "one.test"}, {"id": 2, "domain": "two.test"}]
        found = parse({"networks": networks, "main_network": 2, "sites": [], "domains": []})
        assert found.main_network.domain == "two.test"

    @pytest.mark.parametrize("document", [None, [], "text"])
    def test_no_object(self, document: object) -> None:
        with pytest.raises(UserError, match="the answer"):
            parse(document)

    def test_from_result_does_not_believe_in_completeness_by_itself(self) -> None:
        result = {"networks": [{"domain": "network.test"}], "sites": [], "domains": []}
        assert not from_result(result).complete
        with pytest.raises(UserError, match="networks"):
            from_result({**result, "networks": []})


class TestNames:
    def test_the_recorded_network(self) -> None:
        found = names(parse(load("cli-eval-inventory.json")))
        kinds = {name["domain"]: name["kind"] for name in found}
        assert len(found) == len(kinds) == 15
        assert {domain for domain, kind in kinds.items() if kind == "network"} == {"network.test"}
        assert {domain for domain, kind in kinds.items() if kind == "mapped"} == {
            *("shop.example.com", "example.org", "www.example.net", "example.co.uk", "bad-dns.example"),
            *("xn--bcher-kva.example", "paused.example.com", "mixed.example.com", "www.brand.example"),
        }
        assert all(kind == "subsite" for domain, kind in kinds.items() if domain.endswith(".network.test"))

    def test_a_sites_own_row_is_merged_into_its_address(self) -> None:
        found = names(network_with(MappedDomain(4, 2, "alpha.network.test", stage="done")))
        alpha = next(name for name in found if name["domain"] == "alpha.network.test")
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
            "queued": None,
        }

    def test_a_name_without_a_row_has_no_stage(self) -> None:
        found = names(network_with())[0]
        assert (found["row"], found["stage"], found["primary"], found["active"]) == (None, None, None, True)

    def test_a_shared_base_domain_stands_once(self) -> None:
        sites = (
            Site(1, "network.test"),
            Site(4, "base.example", "/one/", archived=True),
            Site(5, "base.example", "/two/"),
        )
        found = [name for name in names(network_with(sites=sites)) if name["domain"] == "base.example"]
        assert [(name["kind"], name["blog_id"]) for name in found] == [("base", 5)]

    def test_a_single_site_in_a_folder_of_a_foreign_name_makes_it_a_base_domain(self) -> None:
        sites = (Site(1, "network.test"), Site(4, "base.example", "/one/"))
        assert [name["kind"] for name in names(network_with(sites=sites))] == ["network", "base"]

    def test_declared_base_domains(self) -> None:
        sites = (Site(1, "network.test"), Site(4, "one.base.example"))
        found = names(dataclasses.replace(network_with(sites=sites), base_domains=("base.example",)))
        assert [(name["domain"], name["kind"], name["blog_id"]) for name in found] == [
            ("network.test", "network", 1),
            ("one.base.example", "subsite", 4),
            ("base.example", "base", None),
        ]


class TestTheResult:
    @pytest.mark.parametrize("name", ["cli-eval-inventory.json", "subdir-cli-eval-inventory.json"])
    def test_what_the_module_returns_gives_the_same_network_again(self, name: str) -> None:
        found = dataclasses.replace(
            parse(load(name)),
            notes=(Note("no_site", "row 7: it is gone", 7, "lost.example", 9),),
            base_domains=("base.example",),
            main_network_id=1,
            constants=None,
        )
        assert from_result(json.loads(json.dumps(found.as_result()))) == found

    def test_secrets_of_wp_config_are_not_in_it(self) -> None:
        constants = {"server_id": "11667", "has_token": True, "api_token": "token-never-to-be-seen"}
        found = parse({**load("cli-eval-inventory.json"), "runcloud": constants})
        assert found.as_result()["runcloud"] == {
            "server_id": "11667",
            "webapp_id": None,
            "has_token": True,
            "has_key": False,
        }
        assert found.constants is not None
        assert found.constants.secret()["api_token"] == "token-never-to-be-seen"
        assert "token-never-to-be-seen" not in repr(found)

    def test_a_masked_name_stops_the_run(self) -> None:
        result = network_with(MappedDomain(1, 2, "brand.example")).as_result()
        result["domains"][-1]["domain"] = "********.example"
        with pytest.raises(UserError, match="masked"):
            from_result(result)

    def test_what_our_rules_refuse_reaches_the_caller(self) -> None:
        odd = ["my_shop.example.org", "xn--ls8h.example", "shop-.example.com", "shop.example.123", "a b.example", ""]
        rows = (MappedDomain(number, 2, name) for number, name in enumerate(odd, 1))
        listed = [name["domain"] for name in network_with(*rows).as_result()["domains"]]
        assert listed[-len(odd) :] == odd

    @pytest.mark.parametrize(
        ("plugin", "setting", "expected"),
        [
            (Plugin("2.4.12", active=True), True, True),
            (Plugin("2.4.12", active=True), False, False),
            (Plugin(None, active=True), None, None),
            (Plugin("2.4.12", active=False), True, False),
            (None, None, False),
        ],
    )
    def test_whether_wordpress_answers_for_mapped_domains(
        self, plugin: Plugin | None, setting: bool | None, expected: bool | None
    ) -> None:
        network = Network(1, "network.test", mapping_enabled=setting)
        found = dataclasses.replace(network_with(network=network), plugin=plugin)
        assert found.mapping_enabled is expected
        assert found.as_result()["mapping_enabled"] is expected
