# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that the plugin has given up on, in a real WordPress with its table.

Action Scheduler, which the plugin brings along, is stood in for by three functions that keep their queue in an option.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.cli import Installation, read_network

from simulator.process import Simulator
from support.dns_server import DnsServer
from support.operator import Operator
from support.playbooks import COLLECTION, Ansible
from support.wordpress_host import run_here
from wordpress.installation import WP_CLI, Site

pytestmark = pytest.mark.wordpress

MODULE = "multisite_domain_requeue"
PLUGIN = "ultimate-multisite/ultimate-multisite.php"
CHECK = ["wu_async_process_domain_stage", {"domain_id": 10}, "domain"]
ROWS = (
    {"id": 6, "blog_id": 2, "domain": "shop.example.com", "stage": "done"},
    {"id": 10, "blog_id": 2, "domain": "late.example", "stage": "failed"},
    {"id": 11, "blog_id": 2, "domain": "secure.example", "stage": "ssl-failed"},
    {"id": 12, "blog_id": 2, "domain": "elsewhere.example", "stage": "failed"},
)
NAMES = ["late.example", "secure.example", "shop.example.com"]

WORKING = """
function as_enqueue_async_action( $hook, $args = array(), $group = '' ) {
    $queue   = get_site_option( 'test_queue', array() );
    $queue[] = array( $hook, $args, $group );
    update_site_option( 'test_queue', $queue );
    file_put_contents( __DIR__ . '/queue.json', json_encode( $queue ) );
    return count( $queue );
}
function as_has_scheduled_action( $hook, $args = null, $group = '' ) {
    return in_array( array( $hook, $args, $group ), get_site_option( 'test_queue', array() ), true );
}
"""
# What Action Scheduler before 3.3 has.
OLD = WORKING.replace("as_has_scheduled_action", "as_next_scheduled_action")
FORGETFUL = WORKING.replace("    $queue[] =", "    return 0; $queue[] =")
THROWING = WORKING.replace("    $queue[] =", "    throw new RuntimeException( 'no table for actions' ); $queue[] =")


# Notes what becomes of the object cache, and keeps its domains as the plugin does.
WATCHED = (
    WORKING
    + """
eval(
    'namespace WP_Ultimo\\\\Database\\\\Domains;'
    . 'class Domain_Query { protected $cache_group = "wu-domain_mappings"; }'
);
$GLOBALS['wp_object_cache'] = new class extends WP_Object_Cache {
    public function note( $what ) {
        file_put_contents( __DIR__ . '/cache.log', "$what\\n", FILE_APPEND );
    }
    public function flush() {
        $this->note( 'flush' );
        return parent::flush();
    }
    public function delete( $key, $group = 'default', $deprecated = false ) {
        $this->note( "$group $key" );
        return parent::delete( $key, $group );
    }
};
"""
)


@pytest.fixture
def network(subdomain: Site) -> Iterator[Site]:
    """A network with the plugin's table and the plugin switched on; its folder goes away again."""
    subdomain.fill(ROWS, sites=[{"domain": f"{name}.network.test"} for name in ("alpha", "beta")])
    subdomain.query("DELETE FROM {prefix}sitemeta WHERE meta_key = 'test_queue'")
    subdomain.options(active_sitewide_plugins={PLUGIN: 1})
    yield subdomain
    shutil.rmtree(folder(subdomain), ignore_errors=True)


def folder(site: Site) -> Path:
    return site.root / "wp-content" / "plugins" / "ultimate-multisite"


def put_plugin(site: Site, code: str) -> None:
    """Write the plugin: a header that says its version, and the queue that it brings along."""
    folder(site).mkdir(exist_ok=True)
    (folder(site) / "ultimate-multisite.php").write_text(f"<?php\n/*\nVersion: 2.4.12\n*/\n{code}")


def queue(site: Site) -> Any:
    file = folder(site) / "queue.json"
    return json.loads(file.read_text()) if file.exists() else []


def stages(site: Site) -> dict[str, str]:
    rows = read_network(run_here, Installation(str(site.root), "php")).domains
    return {row.domain: row.stage for row in rows}


def options(site: Site, **more: Any) -> dict[str, Any]:
    return {"path": str(site.root), "method": "php", "names": NAMES, **more}


@pytest.mark.parametrize("method", ["php", "wp_cli"])
@pytest.mark.parametrize("code", [WORKING, OLD], ids=["new", "old"])
def test_what_is_right_by_now_is_checked_again(network: Site, ansible: Ansible, method: str, code: str) -> None:
    put_plugin(network, code)
    given = options(network, method=method, wp_cli=f"php {WP_CLI}", secure_names=["secure.example"])

    preview = ansible.run_module(MODULE, given, check=True, diff=True)
    assert preview["changed"]
    assert stages(network)["late.example"] == "failed"

    result = ansible.run_module(MODULE, given, diff=True)
    assert (result["changed"], result["requeued"]) == (True, preview["requeued"])
    assert (
        result["diff"]
        == preview["diff"]
        == {
            "before": {"late.example": "failed", "secure.example": "ssl-failed"},
            "after": {"late.example": "checking-dns", "secure.example": "checking-ssl-cert"},
        }
    )
    assert [row["domain"] for row in result["not_requeued"]] == ["elsewhere.example"]
    assert stages(network) == {
        "shop.example.com": "done",
        "late.example": "checking-dns",
        "secure.example": "checking-ssl-cert",
        "elsewhere.example": "failed",
    }
    assert queue(network) == [CHECK, [CHECK[0], {"domain_id": 11}, "domain"]]

    again = ansible.run_module(MODULE, given)
    assert (again["changed"], again["requeued"]) == (False, [])
    assert len(queue(network)) == 2


def test_a_check_that_was_never_queued_is_queued(network: Site, ansible: Ansible) -> None:
    put_plugin(network, WORKING)
    network.query("UPDATE {prefix}wu_domain_mappings SET stage = 'checking-dns' WHERE id = 10")
    network.query("CREATE TABLE {prefix}actionscheduler_actions (hook VARCHAR(191), status VARCHAR(20), args TEXT)")
    try:
        preview = ansible.run_module(MODULE, options(network), check=True)
        assert queue(network) == []
        result = ansible.run_module(MODULE, options(network))
    finally:
        network.query("DROP TABLE {prefix}actionscheduler_actions")
    assert result["requeued"] == preview["requeued"]
    assert [(row["before"], row["after"]) for row in result["requeued"]] == [("checking-dns", "checking-dns")]
    assert queue(network) == [CHECK]


def test_only_what_belongs_to_the_row_leaves_the_object_cache(network: Site, ansible: Ansible) -> None:
    put_plugin(network, WATCHED)
    result = ansible.run_module(MODULE, options(network))
    assert [row["domain"] for row in result["requeued"]] == ["late.example"]
    log = (folder(network) / "cache.log").read_text().splitlines()
    assert "flush" not in log
    assert {
        "domain_mapping id:2",
        "domain_mappings domain:late.example",
        "domain_mappings domain:www.late.example",
        "wu-domain_mappings 10",
    } <= set(log)


def test_a_certificate_that_is_not_there_keeps_the_name_where_it_is(network: Site, ansible: Ansible) -> None:
    put_plugin(network, WORKING)
    result = ansible.run_module(MODULE, options(network))
    assert [row["domain"] for row in result["requeued"]] == ["late.example"]
    assert stages(network)["secure.example"] == "ssl-failed"
    reasons = {row["domain"]: row["reason"] for row in result["not_requeued"]}
    assert "certificate" in reasons["secure.example"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [(FORGETFUL, "without saying why"), (THROWING, "no table for actions")],
    ids=["forgets", "throws"],
)
def test_a_queue_that_does_not_take_it(network: Site, ansible: Ansible, code: str, reason: str) -> None:
    put_plugin(network, code)
    result = ansible.run_module(MODULE, options(network))
    assert (result["failed"], result["changed"], result["requeued"]) == (True, False, [])
    assert reason in result["errors"]["late.example"]
    # Not left waiting for a check that never comes.
    assert stages(network)["late.example"] == "failed"


def test_a_plugin_without_its_queue(network: Site, ansible: Ansible) -> None:
    put_plugin(network, "")
    result = ansible.run_module(MODULE, options(network))
    assert result["failed"]
    assert "Action Scheduler is not loaded" in result["msg"]
    assert stages(network)["late.example"] == "failed"


def test_a_plugin_that_is_switched_off(network: Site, ansible: Ansible) -> None:
    put_plugin(network, WORKING)
    network.options(active_sitewide_plugins={})
    result = ansible.run_module(MODULE, options(network))
    assert not result["changed"]
    assert {row["reason"] for row in result["not_requeued"] if row["domain"] == "late.example"} == {
        "the plugin is not active, so nothing would check it"
    }


def test_the_role_puts_back_what_it_has_attached(network: Site, ansible: Ansible) -> None:
    put_plugin(network, WORKING)
    with Simulator() as simulator, DnsServer(default=["127.0.0.1"]) as dns:
        simulator.reset({"domains": ["network.test"], "certificate": True, "switches": {"ssl_issue": "sync"}})
        dns.set("elsewhere.example", a=["203.0.113.9"])
        outcome = Operator(ansible, simulator, dns).play(
            www="never",
            source="wordpress",
            wordpress_path=str(network.root),
            wordpress_method="php",
            requeue_stuck=True,
        )
    result = outcome.task(f"{COLLECTION}.{MODULE}").result
    assert [row["domain"] for row in result["requeued"]] == ["late.example", "secure.example"]
    assert "late.example" in outcome.output
    assert stages(network) == {
        "shop.example.com": "done",
        "late.example": "checking-dns",
        "secure.example": "checking-ssl-cert",
        "elsewhere.example": "failed",
    }
