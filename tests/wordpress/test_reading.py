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
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress import cli as _wordpress
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress import network as _inventory
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress.cli import Reading, WordPressError
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress.network import Inventory
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.decide import Policy, decide

from wordpress.installation import DATABASE_PASSWORD, ROOT, WP_CLI, Site

pytestmark = pytest.mark.wordpress

FIXTURES = ROOT / "tests" / "fixtures" / "wordpress"
RECORDED = json.loads((FIXTURES / "cli-eval-inventory.json").read_text())

Read = Callable[..., Reading]


def by_php(site: Site, **options: Any) -> Reading:
    return _wordpress.read_by_php(["php"], str(site.root), **options)


def by_wp_cli(site: Site, **options: Any) -> Reading:
    return _wordpress.read_by_wp_cli(["php", str(WP_CLI)], str(site.root), **options)


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
    with pytest.raises(WordPressError) as caught:
        read(site, **options)
    assert DATABASE_PASSWORD not in str(caught.value)
    return str(caught.value)


class TestTheRecordedNetwork:
    def test_is_read_as_it_was_recorded(self, subdomain: Site, read: Read) -> None:
        fill_recorded(subdomain)
        expected = dataclasses.replace(_inventory.parse(RECORDED), plugin=None, main_network_id=1)
        found = read(subdomain).inventory
        assert dataclasses.replace(found, wordpress=None) == dataclasses.replace(
            expected, networks=(dataclasses.replace(expected.networks[0], own_integration=False),)
        )
        assert found.wordpress
        assert found.complete

    def test_a_subdirectory_network(self, subdirectory: Site, read: Read) -> None:
        row = {"blog_id": 2, "domain": "one.example.com", "primary_domain": 1, "secure": 1, "stage": "done"}
        paths = [{"domain": "subdir.test", "path": path} for path in ("/one/", "/two/")]
        base = [{"domain": "base.example", "path": path} for path in ("/three/", "/four/")]
        subdirectory.fill([row], sites=[*paths, *base])
        found = read(subdirectory).inventory
        assert found.main_network.subdomain_install is False
        kinds = {name.domain: name.kind for name in _inventory.names(found)}
        assert kinds == {"subdir.test": "network", "base.example": "base", "one.example.com": "mapped"}


class TestWhatStandsInTheWay:
    """The reader needs the database and nothing else of WordPress."""

    @pytest.fixture(autouse=True)
    def _recorded(self, subdomain: Site) -> None:
        fill_recorded(subdomain)

    def test_notices(self, subdomain: Site, read: Read) -> None:
        subdomain.configure("define( 'WP_DEBUG', true ); echo '{\"a\": [1]}'; echo $undefined; trigger_error( 'x' );")
        assert len(read(subdomain).inventory.domains) == 14

    def test_a_plugin_that_is_switched_off(self, subdomain: Site, content: Path, read: Read) -> None:
        put_plugin(content)
        found = read(subdomain).inventory
        assert found.plugin == _inventory.Plugin("2.4.12", active=False)
        assert len(found.domains) == 14

    def test_a_plugin_that_is_switched_on_and_broken(self, subdomain: Site, content: Path, read: Read) -> None:
        subdomain.options(active_sitewide_plugins={"ultimate-multisite/ultimate-multisite.php": 1})
        put_plugin(content, "throw new Exception( 'broken' );")
        found = read(subdomain).inventory
        assert found.plugin == _inventory.Plugin("2.4.12", active=True)
        assert len(found.domains) == 14

    def test_a_sunrise_that_prints(self, subdomain: Site, content: Path, read: Read) -> None:
        (content / "sunrise.php").write_text("<?php echo '[sunrise]';")
        subdomain.configure("define( 'SUNRISE', true );")
        assert len(read(subdomain).inventory.domains) == 14

    @pytest.mark.parametrize("name", ["sunrise.php", "object-cache.php", "advanced-cache.php"])
    def test_a_drop_in_that_ends_everything(self, subdomain: Site, content: Path, name: str) -> None:
        (content / name).write_text("<?php exit( 'gone' );")
        subdomain.configure("define( 'SUNRISE', true ); define( 'WP_CACHE', true );")
        assert len(by_php(subdomain).inventory.domains) == 14

    def test_maintenance_mode(self, subdomain: Site) -> None:
        flag = subdomain.root / ".maintenance"
        flag.write_text("<?php $upgrading = time();")
        try:
            assert len(by_php(subdomain).inventory.domains) == 14
        finally:
            flag.unlink()

    def test_a_configuration_that_depends_on_the_host_name(self, subdomain: Site, read: Read) -> None:
        subdomain.configure("if ( 'network.test' !== $_SERVER['HTTP_HOST'] ) { exit( 1 ); }")
        assert len(read(subdomain, url="https://network.test/").inventory.domains) == 14
        assert "exit code 1" in failure(subdomain, by_php)

    def test_a_wordpress_that_is_older_than_the_filter(self, subdomain: Site) -> None:
        """Such a WordPress goes on loading; here it forgets the filter."""
        subdomain.configure("$wp_filter = array();")
        assert len(by_php(subdomain, url="network.test").inventory.domains) == 14


class TestThePluginsSettings:
    @pytest.fixture(autouse=True)
    def _recorded(self, subdomain: Site) -> None:
        fill_recorded(subdomain)

    @pytest.mark.parametrize("setting", ["always", "main_only", "never"])
    def test_www(self, subdomain: Site, read: Read, setting: str) -> None:
        subdomain.options(**{"wp-ultimo_v2_settings": {"auto_create_www_subdomain": setting}})
        assert read(subdomain).inventory.main_network.auto_create_www == setting

    def test_www_where_the_setting_was_never_touched(self, subdomain: Site, read: Read) -> None:
        assert read(subdomain).inventory.main_network.auto_create_www is None
        subdomain.options(**{"wp-ultimo_v2_settings": {"enable_sso": 1}})
        assert read(subdomain).inventory.main_network.auto_create_www == "always"

    @pytest.mark.parametrize(("value", "expected"), [({"runcloud": True}, True), ({"runcloud": False}, False)])
    def test_its_own_integration(self, subdomain: Site, read: Read, value: dict[str, bool], expected: bool) -> None:
        subdomain.options(wu_host_integrations_enabled=value)
        found = read(subdomain).inventory
        assert found.main_network.own_integration is expected
        assert [note.code for note in _inventory.oddities(found)] == ["own_integration"] * expected

    def test_credentials_in_the_database_are_noted_and_not_read(self, subdomain: Site, read: Read) -> None:
        subdomain.options(wu_hosting_credential_WU_RUNCLOUD_API_TOKEN="encrypted")
        found = read(subdomain, credentials=True)
        assert [note.code for note in _inventory.oddities(found.inventory)] == ["stored_credentials"]
        assert found.runcloud is not None
        assert found.runcloud.api_token is None

    def test_constants_of_both_generations(self, subdomain: Site, read: Read) -> None:
        names = ("API_TOKEN", "API_KEY", "API_SECRET", "SERVER_ID", "APP_ID")
        subdomain.configure("".join(f"define( 'WU_RUNCLOUD_{name}', 'the {name}' );" for name in names))
        without = read(subdomain).runcloud
        assert without is not None
        assert without.public() == {
            "server_id": "the SERVER_ID",
            "webapp_id": "the APP_ID",
            "has_token": True,
            "has_key": True,
        }
        assert (without.api_token, without.api_key, without.api_secret) == (None, None, None)
        found = read(subdomain, credentials=True).runcloud
        assert found is not None
        assert (found.api_token, found.api_key, found.api_secret) == ("the API_TOKEN", "the API_KEY", "the API_SECRET")


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
        found = read(subdomain).inventory
        assert {(note.code, note.row) for note in _inventory.oddities(found)} == {
            ("network_domain", 1),
            ("shared_domain", 2),
            ("no_site", 4),
            ("no_host_name", 5),
            ("two_primaries", 6),
            ("duplicate_row", 9),
        }

    def test_without_the_plugins_table(self, subdomain: Site, read: Read) -> None:
        subdomain.query("DROP TABLE IF EXISTS {prefix}wu_domain_mappings")
        found = read(subdomain).inventory
        assert (found.has_mappings, found.domains) == (False, ())
        assert [note.code for note in _inventory.oddities(found)] == ["no_mappings"]

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
            found = read(subdomain).inventory
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
        assert [note.code for note in _inventory.oddities(found)] == ["unserved_table"]
        assert [row.domain for row in found.only(2)[0].domains] == ["two.example"]


class TestFailures:
    def test_the_database_is_down(self, subdomain: Site, read: Read, tmp_path: Path) -> None:
        subdomain.configure("define( 'WP_DEBUG', true );", socket=tmp_path / "nobody-listens")
        text = failure(subdomain, read)
        assert "cannot reach its database" in text
        assert repr(str(subdomain.root)) in text

    def test_a_wordpress_that_is_no_network(self, subdomain: Site, read: Read) -> None:
        subdomain.configure(multisite=False)
        assert "no multisite network" in failure(subdomain, read)

    def test_no_wp_config(self, subdomain: Site, read: Read) -> None:
        (subdomain.root / "wp-config.php").unlink()
        assert "wp-config.php" in failure(subdomain, read)

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
        inventory: Inventory = by_php(site).inventory
        return {domain.name for domain in decide(inventory, Policy(subdomains="never")).desired}

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
