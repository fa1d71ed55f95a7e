# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""domain_dns_info as a task: what it takes, returns and refuses, against a real DNS server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._probe import resolver

from support.dns_server import DnsServer
from support.in_process import run_module
from support.playbooks import Ansible

HERE = "203.0.113.5"
HERE6 = "2001:db8::5"
OTHER = "198.51.100.7"


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer() as running:
        yield running


@pytest.mark.parametrize("check", [False, True])
def test_every_name_with_its_reason(ansible: Ansible, server: DnsServer, check: bool) -> None:
    server.set("brand.example", a=[HERE], aaaa=[HERE6])
    server.set("www.brand.example", cname="brand.example")
    server.set("proxied.example", a=[OTHER])
    server.set("moved.example", a=["192.0.2.9"])
    server.set("*.network.example", a=[HERE])
    server.set("xn--bcher-kva.example", a=[HERE])
    server.fail("broken.example", "SERVFAIL")
    names = ["Brand.Example.", "www.brand.example", "proxied.example", "moved.example", "*.network.example"]
    names += ["bücher.example", "gone.example", "broken.example", "brand.example"]

    result = ansible.run_module(
        "domain_dns_info",
        {
            "names": names,
            "expect": [HERE, HERE6],
            "accept": ["198.51.100.0/24"],
            "nameservers": [server.address],
        },
        check=check,
    )

    assert result["changed"] is False
    assert result["names"][:4] == [
        {
            "name": "brand.example",
            "points_here": True,
            "addresses": [HERE, HERE6],
            "reason": f"points to {HERE} and {HERE6}",
        },
        {
            "name": "www.brand.example",
            "points_here": True,
            "addresses": [HERE, HERE6],
            "reason": f"points to {HERE} and {HERE6} by way of brand.example",
        },
        {
            "name": "proxied.example",
            "points_here": True,
            "addresses": [OTHER],
            "reason": f"points to {OTHER}, accepted as 198.51.100.0/24",
        },
        {
            "name": "moved.example",
            "points_here": False,
            "addresses": ["192.0.2.9"],
            "reason": f"points to 192.0.2.9, not to {HERE} or {HERE6}",
        },
    ]
    assert [(row["name"], row["points_here"]) for row in result["names"][4:]] == [
        ("*.network.example", True),
        ("xn--bcher-kva.example", True),
        ("gone.example", False),
        ("broken.example", None),
    ]
    assert result["ready"] == [row["name"] for row in result["names"] if row["points_here"]]
    assert result["not_ready"] == ["moved.example", "gone.example"]
    assert result["unknown"] == ["broken.example"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": []}, "names: at least one host name is needed"),
        ({"names": [""]}, "names: '': the name is empty"),
        ({"names": ["https://brand.example/"]}, "names: 'https://brand.example/': this is a URL"),
        ({"expect": []}, "expect: at least one address is needed"),
        ({"expect": ["server.example"]}, "expect: 'server.example' is not an IP address"),
        ({"accept": ["198.51.100.0/33"]}, "accept: '198.51.100.0/33' is not an IP address, a network or a host name"),
        ({"nameservers": ["dns.example"]}, "nameservers: 'dns.example' is not an IP address, address:port or"),
        ({"timeout": 0}, "timeout: 0.0 is not a number of seconds above 0"),
    ],
)
def test_bad_input_names_the_option_and_the_value(server: DnsServer, options: dict[str, Any], message: str) -> None:
    given = {"names": ["brand.example"], "expect": [HERE], "nameservers": [server.address], **options}

    result = run_module("domain_dns_info", given)

    assert result["failed"] is True
    assert result["msg"].startswith(message)
    assert server.queries == []


def test_without_dnspython_the_module_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "IMPORT_ERROR", "No module named 'dns'")

    result = run_module("domain_dns_info", {"names": ["brand.example"], "expect": [HERE]})

    assert result["failed"] is True
    assert "dnspython" in result["msg"]


def test_it_does_without_requests() -> None:
    """A run that only asks DNS must not pay for, or need, an HTTP library."""
    script = (
        "import sys\n"
        "import ansible_collections.multisite.runcloud.plugins.modules.domain_dns_info\n"
        "assert not {'requests', 'cryptography'} & set(sys.modules), sorted(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
