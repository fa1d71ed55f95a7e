# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""domain_dns_info as a task: what it takes, returns and refuses, against a real DNS server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.ansible import Ansible
from support.dns_server import DnsServer

HERE = "203.0.113.5"
HERE6 = "2001:db8::5"
OTHER = "198.51.100.7"


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer() as running:
        yield running


def run(ansible: Ansible, server: DnsServer, names: list[str], **options: Any) -> dict[str, Any]:
    given = {"names": names, "expect": [HERE], "nameservers": [server.address], **options}
    return ansible.run_module("domain_dns_info", given)


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
            "code": "ok",
        },
        {
            "name": "www.brand.example",
            "points_here": True,
            "addresses": [HERE, HERE6],
            "reason": f"points to {HERE} and {HERE6} by way of brand.example",
            "code": "ok",
        },
        {
            "name": "proxied.example",
            "points_here": True,
            "addresses": [OTHER],
            "reason": f"points to {OTHER}, accepted as 198.51.100.0/24",
            "code": "accepted",
        },
        {
            "name": "moved.example",
            "points_here": False,
            "addresses": ["192.0.2.9"],
            "reason": f"points to 192.0.2.9, not to {HERE} or {HERE6}",
            "code": "elsewhere",
        },
    ]
    assert [(row["name"], row["code"]) for row in result["names"][4:]] == [
        ("*.network.example", "ok"),
        ("xn--bcher-kva.example", "ok"),
        ("gone.example", "nxdomain"),
        ("broken.example", "servfail"),
    ]
    assert result["ready"] == [row["name"] for row in result["names"] if row["points_here"]]
    assert result["not_ready"] == ["moved.example", "gone.example", "broken.example"]


def test_a_name_is_ready_as_soon_as_its_dns_is_right(ansible: Ansible, server: DnsServer) -> None:
    server.set("brand.example", a=[OTHER])
    assert run(ansible, server, ["brand.example"])["not_ready"] == ["brand.example"]

    server.set("brand.example", a=[HERE])
    assert run(ansible, server, ["brand.example"])["ready"] == ["brand.example"]


def test_a_silent_nameserver_is_reported_for_each_name(ansible: Ansible, server: DnsServer) -> None:
    server.silent = True

    result = run(ansible, server, [f"brand-{number}.example" for number in range(200)], timeout=0.5)

    assert result["ready"] == []
    assert {row["reason"] for row in result["names"]} == {f"no answer from {server.address} within 0.5 s"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": []}, "names: at least one host name is needed"),
        ({"names": [""]}, "names: '': the name is empty"),
        ({"names": ["https://brand.example/"]}, "names: 'https://brand.example/': this is a URL"),
        ({"expect": []}, "expect: at least one address is needed"),
        ({"expect": ["server.example"]}, "expect: 'server.example' is not an IP address"),
        ({"accept": ["198.51.100.0/33"]}, "accept: '198.51.100.0/33' is neither"),
        ({"nameservers": ["dns.example"]}, "nameservers: 'dns.example' is neither"),
        ({"timeout": 0}, "timeout: 0.0 is not more than 0"),
    ],
)
def test_bad_input_names_the_option_and_the_value(
    module: Any, server: DnsServer, options: dict[str, Any], message: str
) -> None:
    given = {"names": ["brand.example"], "expect": [HERE], "nameservers": [server.address], **options}

    result = module("domain_dns_info", **given)

    assert result["failed"] is True
    assert result["msg"].startswith(message)
    assert server.queries == []


def test_without_dnspython_the_module_says_what_to_install(ansible: Ansible) -> None:
    """A folder in front of all others, in which importing dns fails as if it were not installed."""
    folder = ansible.home / "without" / "dns"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('No module named dns')\n")

    result = ansible.run_module(
        "domain_dns_info", {"names": ["brand.example"], "expect": [HERE]}, env={"PYTHONPATH": str(folder.parent)}
    )

    assert result["failed"] is True
    assert "dnspython" in result["msg"]
