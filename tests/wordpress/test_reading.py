# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real WordPress networks, read through a real database by both programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.decide import decide
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.holders import wanted_by_network
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.policy import Policy
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.cli import Installation, read_network
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.network import (
    Inventory,
    Plugin,
    names,
)
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.wire import parse

from support.wordpress_host import run_here
from wordpress.installation import DATABASE_PASSWORD, ROOT, SCRIPTS, WP_CLI, Site

pytestmark = pytest.mark.wordpress

FIXTURES = ROOT / "tests" / "fixtures" / "wordpress"
RECORDED = json.loads((FIXTURES / "cli-eval-inventory.json").read_text())

Read = Callable[..., Inventory]


def by_php(site: Site, *, url: str | None = None, **options: Any) -> Inventory:
    return read_network(run_here, Installation(str(site.root), "php", url=url), **options)


def by_wp_cli(site: Site, *, url: str | None = None, **options: Any) -> Inventory:
    return read_network(run_here, Installation(str(site.root), "wp_cli", f"php {WP_CLI}", url=url), **options)


@pytest.fixture(params=[by_php, by_wp_cli], ids=["php", "wp_cli"])
def read(request: pytest.FixtureRequest) -> Read:
    """Each way to read; a test that uses it holds for both."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def content(subdomain: Site) -> Iterator[Path]:
    """The folder wp-content of the subdomain network; what a test puts there goes away again."""
    folder = subdomain.root / "wp-content"
    yield folder
    for file in sorted(folder.rglob("*"), reverse=True):
        if file.name not in ("plugins", "wp-content"):
            file.rmdir() if file.is_dir() else file.unlink()


def fill_recorded(site: Site) -> None:
    sites = [{"domain": row["domain"], "archived": bool(row["archived"])} for row in RECORDED["sites"][1:]]
    site.fill(RECORDED["domains"], sites=sites)


def failure(site: Site, read: Read, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        read(site, **options)
    assert DATABASE_PASSWORD not in str(caught.value)
    return str(caught.value)


class TestTheRecordedNetwork:
    def test_is_read_as_it_was_recorded(self, subdomain: Site, read: Read) -> None:
        fill_recorded(subdomain)
        expected = parse(RECORDED)
        found = read(subdomain)
        network = dataclasses.replace(expected.networks[0], own_integration=False, mapping_enabled=False)
        assert (found.networks, found.sites, found.domains) == ((network,), expected.sites, expected.domains)
        assert found.wordpress
        assert found.complete

    def test_a_subdirectory_network(self, subdirectory: Site, read: Read) -> None:
        row = {"blog_id": 2, "domain": "one.example.com", "primary_domain": 1, "secure": 1, "stage": "done"}
        paths = [{"domain": "subdir.test", "path": path} for path in ("/one/", "/two/")]
        base = [{"domain": "base.example", "path": path} for path in ("/three/", "/four/")]
        subdirectory.fill([row], sites=[*paths, *base])
        found = read(subdirectory)
        assert found.main_network.subdomain_install is False
        kinds = {name["domain"]: name["kind"] for name in names(found)}
        assert kinds == {"subdir.test": "network", "base.example": "base", "one.example.com": "mapped"}


class TestWhatStandsInTheWay:
    """The reader needs the database and nothing else of WordPress."""

    @pytest.fixture(autouse=True)
    def _recorded(self, subdomain: Site) -> None:
        fill_recorded(subdomain)

    def test_notices(self, subdomain: Site, read: Read) -> None:
        subdomain.configure("define( 'WP_DEBUG', true ); echo '{\"a\": [1]}'; echo $undefined; trigger_error( 'x' );")
        assert len(read(subdomain).domains) == 14

    def test_a_plugin_that_is_switched_off(self, subdomain: Site, content: Path, read: Read) -> None:
        put_plugin(content)
        found = read(subdomain)
        assert found.plugin == Plugin("2.4.12", active=False)
        assert len(found.domains) == 14

    def test_a_plugin_that_is_switched_on_and_broken(self, subdomain: Site, content: Path, read: Read) -> None:
        subdomain.options(active_sitewide_plugins={"ultimate-multisite/ultimate-multisite.php": 1})
        put_plugin(content, "throw new Exception( 'broken' );")
        found = read(subdomain)
        assert found.plugin == Plugin("2.4.12", active=True)
        assert len(found.domains) == 14

    def test_a_sunrise_that_prints(self, subdomain: Site, content: Path, read: Read) -> None:
        (content / "sunrise.php").write_text("<?php echo '[sunrise]';")
        subdomain.configure("define( 'SUNRISE', true );")
        assert len(read(subdomain).domains) == 14

    @pytest.mark.parametrize("name", ["sunrise.php", "object-cache.php", "advanced-cache.php"])
    def test_a_drop_in_that_ends_everything(self, subdomain: Site, content: Path, name: str) -> None:
        (content / name).write_text("<?php exit( 'gone' );")
        subdomain.configure("define( 'SUNRISE', true ); define( 'WP_CACHE', true );")
        assert len(by_php(subdomain).domains) == 14

    def test_an_output_filter_that_changes_everything(self, subdomain: Site, read: Read) -> None:
        """As those do that pack HTML tighter or write every address anew."""
        subdomain.configure("ob_start( function ( $text ) { return '<!-- ' . strrev( $text ) . ' -->'; } );")
        assert len(read(subdomain).domains) == 14

    def test_numbers_that_core_and_privacy_plugins_write(self, subdomain: Site, read: Read) -> None:
        subdomain.query("UPDATE {prefix}blogs SET deleted = 2, archived = 2, public = -1 WHERE blog_id = 3")
        site = next(site for site in read(subdomain).sites if site.blog_id == 3)
        assert (site.deleted, site.archived, site.public) == (True, True, False)

    def test_maintenance_mode(self, subdomain: Site) -> None:
        flag = subdomain.root / ".maintenance"
        flag.write_text("<?php $upgrading = time();")
        try:
            assert len(by_php(subdomain).domains) == 14
        finally:
            flag.unlink()

    def test_a_configuration_that_depends_on_the_host_name(self, subdomain: Site, read: Read) -> None:
        subdomain.configure("if ( 'network.test' !== $_SERVER['HTTP_HOST'] ) { exit( 1 ); }")
        assert len(read(subdomain, url="https://network.test/").domains) == 14
        assert "exit code 1" in failure(subdomain, by_php)

    def test_a_wordpress_that_is_older_than_the_filter(self, subdomain: Site) -> None:
        """Such a WordPress goes on loading; here it forgets the filter."""
        subdomain.configure("$wp_filter = array();")
        assert len(by_php(subdomain, url="network.test").domains) == 14


class TestThePluginsSettings:
    @pytest.fixture(autouse=True)
    def _recorded(self, subdomain: Site) -> None:
        fill_recorded(subdomain)

    @pytest.mark.parametrize("setting", ["always", "main_only", "never"])
    def test_www(self, subdomain: Site, read: Read, setting: str) -> None:
        subdomain.options(**{"wp-ultimo_v2_settings": {"auto_create_www_subdomain": setting}})
        assert read(subdomain).main_network.auto_create_www == setting

    def test_www_where_the_setting_was_never_touched(self, subdomain: Site, read: Read) -> None:
        assert read(subdomain).main_network.auto_create_www is None
        subdomain.options(**{"wp-ultimo_v2_settings": {"enable_sso": 1}})
        assert read(subdomain).main_network.auto_create_www == "always"

    @pytest.mark.parametrize(("value", "expected"), [({"runcloud": True}, True), ({"runcloud": False}, False)])
    def test_its_own_integration(self, subdomain: Site, read: Read, value: dict[str, bool], expected: bool) -> None:
        subdomain.options(wu_host_integrations_enabled=value)
        found = read(subdomain)
        assert found.main_network.own_integration is expected
        assert ("own_integration" in [note.code for note in found.notes]) is expected

    def test_credentials_in_the_database_are_noted_and_not_read(self, subdomain: Site, read: Read) -> None:
        subdomain.options(wu_hosting_credential_WU_RUNCLOUD_API_TOKEN="encrypted")
        found = read(subdomain, credentials=True)
        assert "stored_credentials" in [note.code for note in found.notes]
        assert found.constants is not None
        assert found.constants.api_token is None

    def test_constants_of_both_generations(self, subdomain: Site, read: Read) -> None:
        names = ("API_TOKEN", "API_KEY", "API_SECRET", "SERVER_ID", "APP_ID")
        subdomain.configure("".join(f"define( 'WU_RUNCLOUD_{name}', 'the {name}' );" for name in names))
        without = read(subdomain).constants
        assert without is not None
        assert without.public() == {
            "server_id": "the SERVER_ID",
            "webapp_id": "the APP_ID",
            "has_token": True,
            "has_key": True,
        }
        assert (without.api_token, without.api_key, without.api_secret) == (None, None, None)
        found = read(subdomain, credentials=True).constants
        assert found is not None
        assert (found.api_token, found.api_key, found.api_secret) == ("the API_TOKEN", "the API_KEY", "the API_SECRET")

    @pytest.mark.parametrize(
        ("settings", "sunrise", "expected"),
        [
            (None, True, False),
            ({"enable_domain_mapping": True}, True, True),
            ({"enable_domain_mapping": 1}, False, False),
            ({"enable_domain_mapping": False}, True, False),
            ({"enable_sso": 1}, True, False),
        ],
    )
    def test_whether_mapped_domains_are_answered(
        self, subdomain: Site, content: Path, read: Read, settings: dict[str, Any] | None, sunrise: bool, expected: bool
    ) -> None:
        put_plugin(content)
        (content / "sunrise.php").write_text("<?php")
        subdomain.configure("define( 'SUNRISE', true );" if sunrise else "")
        subdomain.options(active_sitewide_plugins={"ultimate-multisite/ultimate-multisite.php": 1})
        if settings is not None:
            subdomain.options(**{"wp-ultimo_v2_settings": settings})
        found = read(subdomain)
        assert found.mapping_enabled is expected
        assert ("mapping_off" in [note.code for note in found.notes]) is not expected

    def test_base_domains_of_the_checkout_forms(self, subdomain: Site, read: Read) -> None:
        subdomain.query("CREATE TABLE {prefix}wu_forms (id INT, settings LONGTEXT)")
        fields = [{"fields": [{"available_domains": "network.test\nsites.example\r\nB.example"}]}, {"a": 1}]
        try:
            subdomain.run(SCRIPTS / "form.php", {"settings": fields})
            subdomain.run(
                SCRIPTS / "form.php", {"settings": [{"available_domains_multi": ["c.example", ["d.example"]]}]}
            )
            found = read(subdomain, base_domains=["own.example"])
        finally:
            subdomain.query("DROP TABLE {prefix}wu_forms")
        assert found.base_domains == ("own.example", "sites.example", "b.example", "c.example", "d.example")

    def test_checks_that_wait_in_the_plugins_queue(self, subdomain: Site, read: Read) -> None:
        assert {row.queued for row in read(subdomain).domains} == {None}
        subdomain.query(
            "CREATE TABLE {prefix}actionscheduler_actions (hook VARCHAR(191), status VARCHAR(20), args TEXT)"
        )
        try:
            for status, args in (("pending", '{"domain_id":1}'), ("complete", '{"domain_id":2}'), ("pending", "[3]")):
                subdomain.query(
                    "INSERT INTO {prefix}actionscheduler_actions VALUES "
                    f"('wu_async_process_domain_stage', '{status}', '{args}')"
                )
            found = read(subdomain)
        finally:
            subdomain.query("DROP TABLE {prefix}actionscheduler_actions")
        assert [row.id for row in found.domains if row.queued] == [1]
        stuck = {note.row for note in found.notes if note.code == "not_queued"}
        assert {2, 3} <= stuck
        assert 1 not in stuck


class TestOddities:
    def test_each_is_noted_with_its_row(self, subdomain: Site, read: Read) -> None:
        rows = [
            {"id": 1, "blog_id": 2, "domain": "network.test"},
            {"id": 2, "blog_id": 2, "domain": "shared.example"},
            {"id": 3, "blog_id": 3, "domain": "shared.example"},
            {"id": 4, "blog_id": 99, "domain": "lost.example"},
            {"id": 5, "blog_id": 2, "domain": "under_score.example"},
            {"id": 6, "blog_id": 3, "domain": "one.example", "primary_domain": 1},
            {"id": 7, "blog_id": 3, "domain": "two.example", "primary_domain": 1},
            {"id": 8, "blog_id": 2, "domain": "twice.example"},
            {"id": 9, "blog_id": 2, "domain": "Twice.Example"},
        ]
        subdomain.fill(rows, sites=[{"domain": "alpha.network.test"}, {"domain": "beta.network.test"}])
        found = read(subdomain)
        assert {(note.code, note.row) for note in found.notes} == {
            ("network_domain", 1),
            ("shared_domain", 2),
            ("no_site", 4),
            ("no_host_name", 5),
            ("two_primaries", 6),
            ("duplicate_row", 9),
            ("mapping_off", None),
        }

    def test_without_the_plugins_table(self, subdomain: Site, read: Read) -> None:
        subdomain.query("DROP TABLE IF EXISTS {prefix}wu_domain_mappings")
        found = read(subdomain)
        assert (found.has_mappings, found.domains) == (False, ())
        assert (found.complete, [note.code for note in found.notes]) == (False, ["no_mappings"])

    def test_several_networks(self, subdomain: Site, read: Read) -> None:
        first = [{"id": 1, "blog_id": 1, "domain": "one.example"}]
        second = [{"id": 1, "blog_id": 70, "domain": "two.example"}]
        subdomain.fill(tables={1: first, 2: second})
        subdomain.query("REPLACE INTO {prefix}site (id, domain, path) VALUES (2, 'second.test', '/')")
        subdomain.query(
            "REPLACE INTO {prefix}blogs (blog_id, site_id, domain, path, registered, last_updated) "
            "VALUES (70, 2, 'second.test', '/', NOW(), NOW())"
        )
        subdomain.query(
            "INSERT INTO {prefix}sitemeta (site_id, meta_key, meta_value) VALUES (2, 'wp-ultimo_v2_settings', "
            '\'a:1:{s:25:"auto_create_www_subdomain";s:5:"never";}\')'
        )
        try:
            found = read(subdomain)
        finally:
            subdomain.query("DELETE FROM {prefix}site WHERE id = 2")
            subdomain.query("DELETE FROM {prefix}sitemeta WHERE site_id = 2")
            subdomain.query("DELETE FROM {prefix}blogs WHERE site_id = 2")
            subdomain.query("DROP TABLE {prefix}wu_2_domain_mappings")
        second_network = found.networks[1]
        assert [network.domain for network in found.networks] == ["network.test", "second.test"]
        assert (second_network.main_site_id, second_network.auto_create_www) == (70, "never")
        assert found.main_network.domain == "network.test"
        assert [(row.network_id, row.domain) for row in found.domains] == [(1, "one.example"), (2, "two.example")]
        assert {note.code for note in found.notes} == {"unserved_table", "mapping_off"}
        assert found.complete


class TestFailures:
    def test_the_database_is_down(self, subdomain: Site, read: Read, tmp_path: Path) -> None:
        subdomain.configure("define( 'WP_DEBUG', true );", socket=tmp_path / "not-listening")
        text = failure(subdomain, read)
        assert "cannot reach its database" in text
        assert repr(str(subdomain.root)) in text

    def test_a_wordpress_that_is_not_a_network(self, subdomain: Site, read: Read) -> None:
        subdomain.configure(multisite=False)
        assert "not a multisite network" in failure(subdomain, read)

    def test_no_wp_config(self, subdomain: Site, read: Read) -> None:
        (subdomain.root / "wp-config.php").unlink()
        text = failure(subdomain, read)
        assert "no wp-config.php" in text or "'wp-config.php' not found" in text

    def test_a_wrong_table_prefix(self, subdomain: Site, read: Read) -> None:
        subdomain.configure("$table_prefix = 'wrong_';")
        text = failure(subdomain, read)
        assert "finds none of its tables" in text
        assert "$table_prefix" in text

    def test_a_wrong_table_prefix_is_told_with_the_right_one(self, subdomain: Site) -> None:
        subdomain.configure("$table_prefix = 'wrong_';")
        assert "'wrong_'; the database holds a network with 'net_'" in failure(subdomain, by_php)

    def test_a_table_that_is_damaged(self, subdomain: Site, read: Read) -> None:
        fill_recorded(subdomain)
        subdomain.query("ALTER TABLE {prefix}wu_domain_mappings DROP COLUMN secure")
        text = failure(subdomain, read)
        fill_recorded(subdomain)
        assert "refused a query" in text
        assert "secure" in text

    def test_a_fatal_error(self, subdomain: Site, read: Read) -> None:
        subdomain.configure("function f( $password ) { throw new Exception( 'broken' ); } f( DB_PASSWORD );")
        assert "broken" in failure(subdomain, read)


class TestDeciding:
    """What happens in WordPress shows in what RunCloud should have."""

    def desired(self, site: Site) -> set[str]:
        inventory: Inventory = by_php(site)
        return {
            domain.name for domain in decide(wanted_by_network(inventory, (), None), Policy(subdomains="never")).desired
        }

    def test_renamed_paused_archived(self, subdomain: Site) -> None:
        fill_recorded(subdomain)
        assert {"example.org", "mixed.example.com", "example.co.uk"} <= self.desired(subdomain)
        subdomain.query("UPDATE {prefix}wu_domain_mappings SET domain = 'renamed.example' WHERE domain = 'example.org'")
        subdomain.query("UPDATE {prefix}wu_domain_mappings SET active = 0 WHERE domain = 'mixed.example.com'")
        subdomain.query("UPDATE {prefix}blogs SET archived = 1 WHERE domain = 'gamma.network.test'")
        assert self.desired(subdomain) == {
            *("network.test", "shop.example.com", "renamed.example", "example.net", "xn--bcher-kva.example"),
            "brand.example",
        }


def put_plugin(content: Path, code: str = "") -> None:
    folder = content / "plugins" / "ultimate-multisite"
    folder.mkdir()
    header = "<?php\n/**\n * Plugin Name: Ultimate Multisite\n * Version: 2.4.12\n */\n"
    (folder / "ultimate-multisite.php").write_text(header + code)
