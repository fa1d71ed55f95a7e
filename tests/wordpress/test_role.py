# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way: what is done in a real WordPress arrives in RunCloud with the next run of the role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulator.process import Simulator
from support.dns_server import DnsServer
from support.operator import HERE, Operator
from support.playbooks import Ansible
from support.wordpress_rest import CAPPED, WordPressRest, many_domains
from wordpress.installation import Site

pytestmark = pytest.mark.wordpress

SITES = ("alpha", "beta", "gamma", "delta", "epsilon")
ROWS = (
    {"id": 1, "blog_id": 2, "domain": "alpha.network.test", "stage": "done"},
    {"id": 6, "blog_id": 2, "domain": "shop.example.com", "stage": "done"},
    {"id": 7, "blog_id": 3, "domain": "old-name.example.org", "stage": "done"},
    {"id": 8, "blog_id": 4, "domain": "pausing.example.net", "stage": "done"},
    {"id": 9, "blog_id": 5, "domain": "archived.example.net", "stage": "done"},
)
FIRST = {
    "network.test",
    *(f"{name}.network.test" for name in SITES),
    "shop.example.com",
    "old-name.example.org",
    "pausing.example.net",
    "archived.example.net",
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator() as process:
        yield process


@pytest.fixture(scope="module")
def dns() -> Iterator[DnsServer]:
    with DnsServer(default=[HERE]) as server:
        yield server


class Job(Operator):
    """The main job, with purge."""

    def run(self, **variables: Any) -> dict[str, Any]:
        """Run it; return what it has left in domain_sync_result."""
        return self.result(self.play(**{"www": "never", "purge": True, "purge_limit": "30%", **variables}))

    def orders(self) -> int:
        """Return how many certificates have been ordered so far."""
        return len(self.simulator.orders())


@pytest.fixture
def operator(ansible: Ansible, simulator: Simulator, dns: DnsServer) -> Job:
    dns.reset()
    simulator.reset({"domains": ["network.test"], "certificate": True, "switches": {"ssl_issue": "sync"}})
    return Job(ansible, simulator, dns)


def change(site: Site, domain: str, column: str, value: str) -> None:
    """Change a row of the plugin's table, as the plugin itself would."""
    site.query(f"UPDATE {{prefix}}wu_domain_mappings SET {column} = '{value}' WHERE domain = '{domain}'")


def test_what_happens_in_wordpress_happens_in_runcloud(subdomain: Site, operator: Job) -> None:
    subdomain.fill(ROWS, sites=[{"domain": f"{name}.network.test"} for name in SITES])
    source = {"source": "wordpress", "wordpress_path": str(subdomain.root), "wordpress_method": "php"}

    first = operator.run(**source)
    assert operator.names() == FIRST
    assert (first["counts"]["added"], operator.orders()) == (9, 1)
    assert not operator.run(**source)["changed"]

    change(subdomain, "old-name.example.org", "domain", "new-name.example.org")
    renamed = operator.run(**source)
    assert (renamed["plan"]["add"], renamed["plan"]["remove"]) == (["new-name.example.org"], ["old-name.example.org"])
    expected = (FIRST - {"old-name.example.org"}) | {"new-name.example.org"}
    assert operator.names() == expected
    assert operator.orders() == 2

    change(subdomain, "pausing.example.net", "active", "0")
    paused = operator.run(**source)
    assert paused["plan"]["remove"] == ["pausing.example.net"]
    expected -= {"pausing.example.net"}
    assert operator.names() == expected

    subdomain.query("UPDATE {prefix}blogs SET archived = 1 WHERE domain = 'delta.network.test'")
    archived = operator.run(**source)
    assert set(archived["plan"]["remove"]) == {"delta.network.test", "archived.example.net"}
    expected -= {"delta.network.test", "archived.example.net"}
    assert operator.names() == expected
    reasons = {row["name"]: row["reason"] for row in archived["rows"] if row["action"] == "removed"}
    assert all("archived" in reason for reason in reasons.values())

    # Nothing is ordered because of what left.
    assert operator.orders() == 2
    assert not operator.run(**source)["changed"]


def test_www_follows_the_plugins_setting(subdomain: Site, operator: Job) -> None:
    subdomain.fill(ROWS[1:3], sites=[{"domain": f"{name}.network.test"} for name in SITES])
    subdomain.options(**{"wp-ultimo_v2_settings": {"auto_create_www_subdomain": "always"}})
    operator.dns.set("old-name.example.org", a=[HERE])
    operator.dns.set("www.old-name.example.org", a=["203.0.113.9"])
    source = {"source": "wordpress", "wordpress_path": str(subdomain.root), "wordpress_method": "php"}
    operator.run(**source, www="auto")
    rows = {row["name"]: row for row in operator.simulator.domains()}
    assert (bool(rows["shop.example.com"]["www"]), rows["shop.example.com"]["redirection"]) == (True, "non-www")
    # Its DNS does not point here, so the name comes without it.
    assert not rows["old-name.example.org"]["www"]


def test_a_source_that_was_cut_short_removes_nothing(operator: Job) -> None:
    """The plugin up to 2.4.12 gives the newest 100 of 130 rows, and does not say so."""
    sites = [{"blog_id": "1", "domain": "network.test", "path": "/"}]
    names = [f"shop{number}.example.com" for number in range(1, 31)]
    operator.simulator.reset({"domains": ["network.test", *names, "left.example.com"], "mode": "advanced"})
    with WordPressRest(many_domains(130), sites, generation=CAPPED) as server:
        result = operator.run(
            source="rest",
            rest_url=server.url,
            rest_key=server.key,
            rest_secret=server.secret,
            require_dns=False,
            ssl=False,
            purge_limit="100%",
        )
    assert not result["complete"]
    assert result["plan"]["remove"] == []
    # The 30 that were cut off are there still, and the 100 that were read have come.
    assert {*names, "left.example.com"} < operator.names()
    assert result["counts"]["added"] == 100
