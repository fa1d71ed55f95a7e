# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as pointing here: the rules by themselves, then against a real DNS server on loopback."""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
import sys
import threading
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.asyncresolver
import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.module_utils._probe.dns import (
    Address,
    DnsCheck,
    Expected,
    Lookup,
    Verdict,
    check_names,
    judge,
    parse_accept,
    parse_address,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._probe.resolver import parse_nameserver
from dnslib import AAAA, QTYPE, RCODE, RR, A, DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from support.dns_server import DnsServer

HERE = "203.0.113.5"
HERE6 = "2001:db8::5"
OTHER = "198.51.100.7"
OTHER6 = "2001:db8:ffff::7"

ADDRESSES = st.ip_addresses()


# The rules -----------------------------------------------------------------------------------------------------------


def ip(*texts: str) -> frozenset[Address]:
    return frozenset(ipaddress.ip_address(text) for text in texts)


@given(found=st.frozensets(ADDRESSES, max_size=6), expect=st.frozensets(ADDRESSES, min_size=1, max_size=6))
def test_a_name_points_here_exactly_when_it_has_addresses_and_all_are_expected(
    found: frozenset[Address], expect: frozenset[Address]
) -> None:
    check = judge("brand.example", Lookup(found, missing="" if found else "does not exist"), Expected(expect))

    assert check.verdict is (Verdict.HERE if found and found <= expect else Verdict.ELSEWHERE)
    assert sorted(check.addresses) == sorted(map(str, found))


@given(found=st.frozensets(ADDRESSES, max_size=4), expect=st.frozensets(ADDRESSES, min_size=1, max_size=4))
def test_half_an_answer_never_counts_as_pointing_here(found: frozenset[Address], expect: frozenset[Address]) -> None:
    check = judge("brand.example", Lookup(found, unknown="no answer"), Expected(expect))

    assert check.verdict is (Verdict.UNKNOWN if found <= expect else Verdict.ELSEWHERE)


@given(
    found=st.frozensets(ADDRESSES, min_size=1, max_size=4),
    expect=st.frozensets(ADDRESSES, min_size=1, max_size=4),
    accepted=st.frozensets(ADDRESSES, max_size=4),
)
def test_accepting_more_never_makes_a_name_less_ready(
    found: frozenset[Address], expect: frozenset[Address], accepted: frozenset[Address]
) -> None:
    networks = tuple(ipaddress.ip_network(address) for address in accepted)

    with_accept = judge("brand.example", Lookup(found), Expected(expect, networks)).verdict is Verdict.HERE

    assert with_accept == (found <= expect | accepted)
    assert (judge("brand.example", Lookup(found), Expected(expect)).verdict is Verdict.HERE) <= with_accept


@given(addresses=st.lists(ADDRESSES, min_size=1, max_size=8))
def test_addresses_are_returned_in_an_order_that_does_not_change(addresses: list[Address]) -> None:
    check = judge("brand.example", Lookup(frozenset(addresses)), Expected(ip(HERE)))

    returned = [ipaddress.ip_address(address) for address in check.addresses]
    assert returned == sorted(set(addresses), key=lambda address: (address.version, int(address)))


def test_a_reason_names_what_was_found_and_what_was_expected() -> None:
    check = judge("brand.example", Lookup(ip(OTHER), ("shops.example",)), Expected(ip(HERE, HERE6)))

    assert check.reason == f"points to {OTHER} by way of shops.example, not to {HERE} or {HERE6}"


def test_a_reason_lists_only_some_of_many_addresses() -> None:
    check = judge("brand.example", Lookup(ip(*(f"10.0.0.{last}" for last in range(60)))), Expected(ip(HERE)))

    assert check.reason == (f"points to 10.0.0.0, 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4 and 55 more, not to {HERE}")
    assert len(check.addresses) == 60


def test_one_right_and_one_wrong_address_is_not_ready_and_says_which_is_which() -> None:
    check = judge("brand.example", Lookup(ip(HERE, OTHER)), Expected(ip(HERE)))

    assert check.verdict is Verdict.ELSEWHERE
    assert check.reason == f"points to {HERE}, which is right, but also to {OTHER}, which is not"


def test_expected_and_accepted_addresses_may_be_mixed() -> None:
    expected = Expected(ip(HERE), (ipaddress.ip_network("198.51.100.0/24"),))

    check = judge("brand.example", Lookup(ip(HERE, OTHER)), expected)

    assert check.verdict is Verdict.HERE
    assert check.reason == f"points to {OTHER} and {HERE}, accepted as 198.51.100.0/24"


@pytest.mark.parametrize(
    ("addresses", "proxy", "networks"),
    [
        (["104.21.5.7", "172.67.1.2"], "Cloudflare", "104.16.0.0/13, 172.64.0.0/13"),
        (["2606:4700:3030::6815:507"], "Cloudflare", "2606:4700::/32"),
        (["151.101.1.195"], "Fastly", "151.101.0.0/16"),
        (["192.88.134.9"], "Sucuri", "192.88.134.0/23"),
        (["45.60.1.1"], "Imperva", "45.60.0.0/16"),
    ],
)
def test_a_name_behind_a_known_proxy_is_told_which_and_what_to_accept(
    addresses: list[str], proxy: str, networks: str
) -> None:
    expected = Expected(ip(HERE), accept_option="domain_sync_dns_accept")

    check = judge("brand.example", Lookup(ip(*addresses)), expected)

    assert check.verdict is Verdict.ELSEWHERE
    assert check.reason.endswith(f", put {networks} into domain_sync_dns_accept")
    assert f"the proxy of {proxy}" in check.reason
    accepted = Expected(ip(HERE), tuple(ipaddress.ip_network(network) for network in networks.split(", ")))
    assert judge("brand.example", Lookup(ip(*addresses)), accepted).verdict is Verdict.HERE


def test_an_address_beside_the_proxy_is_no_proxy() -> None:
    assert "proxy" not in judge("brand.example", Lookup(ip("104.21.5.7", OTHER)), Expected(ip(HERE))).reason


# What may be given ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        (" 192.0.2.53 ", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
        ("::1", ("::1", 53)),
    ],
)
def test_nameservers(text: str, expected: tuple[str, int]) -> None:
    assert parse_nameserver(text, "nameservers") == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "dns.example", "dns.example:53", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "192.0.2.53:-1",
        "192.0.2.53:+53", "192.0.2.53:dns", "192.0.2.999", "[2001:db8::53", "[2001:db8::53]5353", "[]:53",
        "192.0.2.53:٥٣",
    ],
)  # fmt: skip
def test_bad_nameservers_are_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="nameservers: ") as caught:
        parse_nameserver(text, "nameservers")
    assert repr(text) in str(caught.value)


@given(address=ADDRESSES, port=st.integers(1, 65535))
def test_every_address_with_every_port_is_a_nameserver(address: Address, port: int) -> None:
    shown = f"[{address}]" if address.version == 6 else str(address)

    assert parse_nameserver(f"{shown}:{port}", "nameservers") == (str(address), port)
    assert parse_nameserver(str(address), "nameservers") == (str(address), 53)


@given(st.text())
def test_a_nameserver_is_parsed_or_refused_with_a_value_error(text: str) -> None:
    try:
        address, port = parse_nameserver(text, "nameservers")
    except ValueError:
        return
    ipaddress.ip_address(address)
    assert 0 < port < 65536


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", ipaddress.ip_network("192.0.2.1/32")),
        ("::ffff:192.0.2.1", ipaddress.ip_network("192.0.2.1/32")),
        ("192.0.2.0/24", ipaddress.ip_network("192.0.2.0/24")),
        ("192.0.2.77/24", ipaddress.ip_network("192.0.2.0/24")),
        ("2001:DB8::/32", ipaddress.ip_network("2001:db8::/32")),
        ("LB.Hosting.Example.", "lb.hosting.example"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_accept_takes_addresses_networks_and_names(text: str, expected: object) -> None:
    assert parse_accept(text, "accept") == expected


@pytest.mark.parametrize("text", ["", "300.1.2.3", "192.0.2.0/33", "http://lb.example", "*.lb.example", "lb example"])
def test_accept_refuses_anything_else_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="accept: ") as caught:
        parse_accept(text, "accept")
    assert repr(text) in str(caught.value)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_mapped_into_ipv6_is_the_ipv4_address(address: ipaddress.IPv4Address) -> None:
    assert parse_address(f"::ffff:{address}", "expect") == address


@pytest.mark.parametrize(
    ("names", "expect", "options", "message"),
    [
        (["brand.example"], [], {}, "expect: at least one address"),
        (["brand.example"], ["server.example"], {}, "expect: 'server.example' is not an IP address"),
        (["brand.example"], [HERE], {"timeout": 0}, "timeout: 0"),
        (["brand.example"], [HERE], {"timeout": float("nan")}, "timeout: nan"),
        (["brand.example"], [HERE], {"nameservers": ["nowhere"]}, "nameservers: 'nowhere'"),
        (["brand.example"], [HERE], {"accept": ["a b"]}, "accept: 'a b'"),
        (["brand.example"], [HERE], {"timeout": 1e20}, "timeout: 1e\\+20"),
        (
            ["brand.example"],
            [HERE],
            {"option_prefix": "domain_sync_dns_", "accept": ["a b"]},
            "domain_sync_dns_accept: ",
        ),
        (["a..example"], [HERE], {}, "'a..example' is not a host name"),
        (["a" * 64 + ".example"], [HERE], {}, "is not a host name"),
    ],
)
def test_bad_input_is_refused_before_any_question(
    names: list[str], expect: list[str], options: dict[str, typing.Any], message: str
) -> None:
    with DnsServer() as server, pytest.raises(ValueError, match=message):
        check_names(names, expect=expect, **{"nameservers": [server.address], **options})
    assert server.queries == []


# Against a real server -----------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer() as running:
        yield running


def check_one(server: DnsServer, name: str, expect: tuple[str, ...] = (HERE,), **options: typing.Any) -> DnsCheck:
    checks = check_names([name], expect=expect, **{"nameservers": [server.address], "timeout": 5.0, **options})
    return checks[name]


def test_a_name_that_points_here(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE])

    assert check_one(server, "brand.example") == DnsCheck("brand.example", Verdict.HERE, (HERE,), f"points to {HERE}")
    assert server.asked("brand.example", "A") == 1
    assert server.asked("brand.example", "AAAA") == 1


def test_both_kinds_of_addresses_point_here(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE], aaaa=[HERE6])

    check = check_one(server, "brand.example", (HERE, "2001:0DB8:0:0::0005"))

    assert (check.verdict, check.addresses) == (Verdict.HERE, (HERE, HERE6))


def test_only_ipv6_is_enough(server: DnsServer) -> None:
    server.set("brand.example", aaaa=[HERE6])

    assert check_one(server, "brand.example", (HERE, HERE6)).verdict is Verdict.HERE


def test_an_aaaa_that_hides_an_ipv4_address_is_that_address(server: DnsServer) -> None:
    server.set("brand.example", aaaa=[f"::ffff:{HERE}"])

    assert check_one(server, "brand.example") == DnsCheck("brand.example", Verdict.HERE, (HERE,), f"points to {HERE}")


def test_a_forgotten_aaaa_elsewhere_is_not_ready(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE], aaaa=[OTHER6])

    check = check_one(server, "brand.example")

    assert (check.verdict, check.addresses) == (Verdict.ELSEWHERE, (HERE, OTHER6))
    assert check.reason == (
        f"points to {HERE}, which is right, but also to {OTHER6}, which is not known to be this server; "
        "if it is this server's, put it into accept"
    )


def test_an_undeclared_aaaa_of_the_same_server_points_here(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE], aaaa=[OTHER6])
    server.set("shop.example", a=[HERE], aaaa=[OTHER6])
    server.set("moved.example", a=[OTHER], aaaa=["2001:db8:ffff::8"])
    asked: list[str] = []

    def same_server(address: str) -> bool:
        asked.append(address)
        return True

    checks = check_names(
        ["brand.example", "shop.example", "moved.example"],
        expect=[HERE],
        nameservers=[server.address],
        same_server=same_server,
    )

    assert [check.verdict for check in checks.values()] == [Verdict.HERE, Verdict.HERE, Verdict.ELSEWHERE]
    assert checks["brand.example"].reason == f"points to {HERE} and {OTHER6}, where the same server answers"
    assert asked == [OTHER6]


@pytest.mark.parametrize(
    ("answer", "words"), [(False, "presents another certificate"), (None, "is not known to be this server")]
)
def test_an_undeclared_aaaa_of_an_unknown_server_waits_and_the_reason_names_the_way_out(
    server: DnsServer, answer: bool | None, words: str
) -> None:
    server.set("brand.example", a=[HERE], aaaa=[OTHER6])

    check = check_one(server, "brand.example", same_server=lambda _address: answer, option_prefix="domain_sync_dns_")

    assert check.verdict is Verdict.ELSEWHERE
    assert words in check.reason
    assert check.reason.endswith("put it into domain_sync_dns_accept")


def test_an_accepted_aaaa_needs_no_question(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE], aaaa=[OTHER6])
    asked: list[str] = []

    check = check_one(server, "brand.example", accept=[OTHER6], same_server=asked.append)

    assert (check.verdict, asked) == (Verdict.HERE, [])


def test_a_second_a_record_elsewhere_is_not_ready(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE, OTHER])

    assert check_one(server, "brand.example").verdict is Verdict.ELSEWHERE


def test_a_name_that_points_elsewhere(server: DnsServer) -> None:
    server.set("brand.example", a=[OTHER])

    check = check_one(server, "brand.example")

    assert (check.verdict, check.reason) == (Verdict.ELSEWHERE, f"points to {OTHER}, not to {HERE}")


def test_a_cname_chain_to_here(server: DnsServer) -> None:
    server.set("www.brand.example", cname="brand.example")
    server.set("brand.example", cname="network.example")
    server.set("network.example", a=[HERE])

    check = check_one(server, "www.brand.example")

    assert check.verdict is Verdict.HERE
    assert check.reason == f"points to {HERE} by way of brand.example -> network.example"
    assert server.asked("network.example") == 0


def test_a_cname_is_followed_where_the_nameserver_gives_only_one_link() -> None:
    with DnsServer(follow=False) as server:
        server.set("www.brand.example", cname="brand.example")
        server.set("brand.example", cname="network.example")
        server.set("network.example", a=[HERE])

        check = check_one(server, "www.brand.example")

    assert check.reason == f"points to {HERE} by way of brand.example -> network.example"
    assert server.asked("network.example", "A") == 1


@pytest.mark.parametrize("follow", [True, False])
def test_cnames_in_a_circle(follow: bool) -> None:
    with DnsServer(follow=follow) as server:
        server.set("one.example", cname="two.example")
        server.set("two.example", cname="three.example")
        server.set("three.example", cname="two.example")

        check = check_one(server, "one.example")

    assert check.verdict is Verdict.ELSEWHERE
    assert "circle" in check.reason
    assert len(server.queries) < 50


def test_a_chain_without_end_is_not_followed_forever() -> None:
    with DnsServer(follow=False) as server:
        for number in range(40):
            server.set(f"link-{number}.example", cname=f"link-{number + 1}.example")

        check = check_one(server, "link-0.example")

    assert check.verdict is Verdict.ELSEWHERE
    assert server.asked("link-17.example") == 0


def test_a_name_that_does_not_exist(server: DnsServer) -> None:
    check = check_one(server, "brand.example")

    assert (check.verdict, check.addresses) == (Verdict.ELSEWHERE, ())
    assert check.reason == "does not exist in DNS (NXDOMAIN)"


def test_a_cname_to_a_name_that_does_not_exist(server: DnsServer) -> None:
    server.set("www.brand.example", cname="gone.example")

    check = check_one(server, "www.brand.example")

    assert check.verdict is Verdict.ELSEWHERE
    assert check.reason == "leads by CNAME to gone.example, which does not exist in DNS (NXDOMAIN)"


def test_a_name_without_addresses(server: DnsServer) -> None:
    server.set("brand.example")

    check = check_one(server, "brand.example")

    assert check.verdict is Verdict.ELSEWHERE
    assert check.reason == "exists in DNS, but has neither an A nor an AAAA record"


@pytest.mark.parametrize("follow", [True, False])
def test_a_cname_to_a_name_without_addresses(follow: bool) -> None:
    with DnsServer(follow=follow) as server:
        server.set("www.brand.example", cname="mail.example")
        server.set("mail.example")

        check = check_one(server, "www.brand.example")

    assert check.verdict is Verdict.ELSEWHERE
    assert check.reason.startswith("leads by CNAME to mail.example, which exists in DNS, but has neither")


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NOTIMP", "FORMERR"])
def test_what_the_nameserver_cannot_say_is_unknown(server: DnsServer, rcode: str) -> None:
    server.fail("brand.example", rcode)

    check = check_one(server, "brand.example")

    assert check.verdict is Verdict.UNKNOWN
    assert f"where it points is not known: the nameserver {server.address} answered {rcode}" in check.reason
    assert server.asked("brand.example", "A") == 1


def test_a_name_without_an_answer_is_unknown_and_holds_up_no_other(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE])
    server.silence("silent.example")

    checks = check_names(["silent.example", "brand.example"], expect=[HERE], nameservers=[server.address], timeout=0.5)

    assert checks["silent.example"] == DnsCheck(
        "silent.example",
        Verdict.UNKNOWN,
        (),
        f"where it points is not known: no answer from {server.address} within 0.5 s",
    )
    assert checks["brand.example"].verdict is Verdict.HERE
    assert server.asked("silent.example", "A") > 1


def test_a_slow_answer_is_waited_for(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE], delay=0.6)

    assert check_one(server, "brand.example", timeout=20).verdict is Verdict.HERE


def test_half_an_answer_is_not_known(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE], silent_types=["AAAA"])

    check = check_one(server, "brand.example", timeout=0.4)

    assert (check.verdict, check.addresses) == (Verdict.UNKNOWN, (HERE,))
    assert check.reason.startswith(f"points to {HERE}, but whether also elsewhere is not known: no answer")


def test_an_answer_too_long_for_udp_is_fetched_by_tcp(server: DnsServer) -> None:
    addresses = [f"10.0.0.{last}" for last in range(60)]
    server.set("brand.example", a=addresses)

    check = check_one(server, "brand.example", tuple(addresses))

    assert (check.verdict, len(check.addresses)) == (Verdict.HERE, 60)
    assert [q.transport for q in server.queries if q.type == "A"] == ["udp", "tcp"]


def test_a_wildcard_is_resolved_by_a_random_name_below_it(server: DnsServer) -> None:
    server.set("*.network.example", a=[HERE])
    server.set("www.network.example", a=[OTHER])

    first = check_one(server, "*.network.example")
    second = check_one(server, "*.network.example")

    assert first == second == DnsCheck("*.network.example", Verdict.HERE, (HERE,), f"points to {HERE}")
    asked = {query.name for query in server.queries if query.type == "A"}
    assert len(asked) == 2
    assert all(name.endswith(".network.example") and "*" not in name for name in asked)


def test_a_wildcard_is_not_ready_because_single_names_are(server: DnsServer) -> None:
    server.set("network.example", a=[HERE])
    server.set("www.network.example", a=[HERE])

    assert check_one(server, "*.network.example").verdict is Verdict.ELSEWHERE


def test_names_are_absolute(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE])

    assert check_one(server, "brand.example").verdict is Verdict.HERE
    assert {q.name for q in server.queries if q.type == "A"} == {"brand.example"}


def test_order_is_kept_and_each_name_is_asked_once(server: DnsServer) -> None:
    server.set("b.example", a=[HERE])
    server.set("a.example", a=[OTHER], delay=0.05)
    names = ["b.example", "a.example", "b.example", "c.example", "a.example"]

    checks = check_names(names, expect=[HERE], nameservers=[server.address])

    assert [(name, check.verdict) for name, check in checks.items()] == [
        ("b.example", Verdict.HERE),
        ("a.example", Verdict.ELSEWHERE),
        ("c.example", Verdict.ELSEWHERE),
    ]
    assert [server.asked(name, "A") for name in ("a.example", "b.example", "c.example")] == [1, 1, 1]


def test_no_names_need_no_answer(server: DnsServer) -> None:
    assert check_names([], expect=[HERE], nameservers=[server.address]) == {}


# Accepted ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "accepted_as"),
    [
        ([OTHER], OTHER),
        ([f"::ffff:{OTHER}"], OTHER),
        (["198.51.100.0/24"], "198.51.100.0/24"),
        (["2001:db8::/32", "198.51.0.0/16"], "198.51.0.0/16"),
        (["lb.example"], "lb.example"),
    ],
)
def test_addresses_of_a_proxy_are_accepted(server: DnsServer, accept: list[str], accepted_as: str) -> None:
    server.set("brand.example", a=[OTHER])
    server.set("lb.example", a=[OTHER])

    check = check_one(server, "brand.example", accept=accept)

    assert check == DnsCheck("brand.example", Verdict.HERE, (OTHER,), f"points to {OTHER}, accepted as {accepted_as}")


def test_a_cname_to_an_accepted_name_is_accepted_whatever_its_addresses(server: DnsServer) -> None:
    """As with a load balancer that gives each visitor other addresses."""
    server.set("shop.example", cname="lb.example")
    server.set("lb.example", cname="node-7.lb.example")
    server.set("node-7.lb.example", a=[OTHER])
    server.set("other.example", cname="node-8.lb.example")
    server.set("node-8.lb.example", a=["198.51.100.8"])

    by_name = check_one(server, "shop.example", accept=["lb.example"])
    past_it = check_one(server, "other.example", accept=["lb.example"])

    assert (by_name.verdict, past_it.verdict) == (Verdict.HERE, Verdict.ELSEWHERE)
    assert by_name.reason == f"points to {OTHER} by way of lb.example -> node-7.lb.example, accepted as lb.example"


def test_an_ipv6_address_of_the_proxy_must_be_accepted_too(server: DnsServer) -> None:
    server.set("brand.example", a=[OTHER], aaaa=[OTHER6])

    assert check_one(server, "brand.example", accept=["198.51.100.0/24"]).verdict is Verdict.ELSEWHERE
    assert check_one(server, "brand.example", accept=["198.51.100.0/24", "2001:db8:ffff::/48"]).verdict is Verdict.HERE


def test_an_accepted_name_that_cannot_be_looked_up_is_told(server: DnsServer) -> None:
    server.set("brand.example", a=[OTHER])

    check = check_one(server, "brand.example", accept=["lb.example"])

    assert check.verdict is Verdict.ELSEWHERE
    assert check.reason.endswith("; the accepted lb.example does not exist in DNS (NXDOMAIN)")


def test_while_an_accepted_name_has_no_answer_nobody_knows_what_points_here(server: DnsServer) -> None:
    server.set("brand.example", a=[OTHER])
    server.set("right.example", a=[HERE])
    server.fail("lb.example", "SERVFAIL")

    checks = check_names(
        ["brand.example", "right.example"], expect=[HERE], accept=["lb.example"], nameservers=[server.address]
    )

    assert [check.verdict for check in checks.values()] == [Verdict.UNKNOWN, Verdict.HERE]
    assert "the accepted lb.example could not be looked up: the nameserver" in checks["brand.example"].reason


def test_an_accepted_name_is_looked_up_once_for_all(server: DnsServer) -> None:
    server.set("lb.example", a=[OTHER])
    for number in range(20):
        server.set(f"brand-{number}.example", a=[OTHER])

    checks = check_names(
        [f"brand-{number}.example" for number in range(20)],
        expect=[HERE],
        accept=["lb.example"],
        nameservers=[server.address],
    )

    assert {check.verdict for check in checks.values()} == {Verdict.HERE}
    assert server.asked("lb.example", "A") == 1


# Nameservers ---------------------------------------------------------------------------------------------------------


def test_a_nameserver_on_ipv6() -> None:
    if not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with DnsServer(host="::1", default=[HERE]) as server:
        assert server.address.startswith("[::1]:")
        assert check_one(server, "brand.example").verdict is Verdict.HERE


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@contextmanager
def odd_nameserver(reply: Callable[[DNSRecord], bytes]) -> Iterator[str]:
    """A nameserver by UDP that answers each question with whatever bytes `reply` makes of it; gives its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.2", 0))
        host, port = listener.getsockname()

        def serve() -> None:
            while True:
                data, client = listener.recvfrom(512)
                if not data:
                    return
                listener.sendto(reply(DNSRecord.parse(data)), client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"{host}:{port}"
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as goodbye:
                goodbye.sendto(b"", (host, port))
            thread.join()


def nonexistent_with_address(question: DNSRecord) -> bytes:
    reply = question.reply()
    reply.header.rcode = RCODE.NXDOMAIN
    kind = QTYPE[question.q.qtype]
    if kind in ("A", "AAAA"):
        rdata = A(HERE) if kind == "A" else AAAA(HERE6)
        reply.add_answer(RR(question.q.qname, question.q.qtype, rdata=rdata))
    return bytes(reply.pack())


@pytest.mark.parametrize("reply", [lambda _question: b"\0\0", nonexistent_with_address])
def test_an_answer_without_sense_is_unknown_and_no_crash(reply: Callable[[DNSRecord], bytes]) -> None:
    with odd_nameserver(reply) as odd:
        checks = check_names(["brand.example"], expect=[HERE], nameservers=[odd], timeout=1.0)

    assert checks["brand.example"].verdict is Verdict.UNKNOWN
    assert checks["brand.example"].reason.startswith("where it points is not known: ")


def test_the_next_nameserver_is_asked_where_one_answers_without_sense(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE])
    with odd_nameserver(lambda _question: b"\0\0") as odd:
        assert check_one(server, "brand.example", nameservers=[odd, server.address]).verdict is Verdict.HERE


def test_the_next_nameserver_is_asked_where_one_fails(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE])
    with DnsServer(host="127.0.0.2") as failing:
        failing.fail("brand.example", "SERVFAIL")

        check = check_one(server, "brand.example", nameservers=[failing.address, server.address])

    assert check.verdict is Verdict.HERE
    assert failing.asked("brand.example", "A") == 1


def test_a_silent_nameserver_is_not_asked_where_another_answers(server: DnsServer) -> None:
    server.default = (HERE,)
    names = [f"brand-{number}.example" for number in range(30)]
    with DnsServer(host="127.0.0.2") as silent:
        silent.silent = True

        checks = check_names(names, expect=[HERE], nameservers=[silent.address, server.address])

    assert {check.verdict for check in checks.values()} == {Verdict.HERE}
    assert {query.type for query in silent.queries} == {"NS"}


def test_a_healthy_first_nameserver_is_asked_alone(server: DnsServer) -> None:
    """Two may know different things, as the one of a company network does."""
    server.set("brand.example", a=[HERE])
    with DnsServer(host="127.0.0.2", default=[OTHER]) as second:
        check = check_one(server, "brand.example", nameservers=[server.address, second.address])

    assert check.verdict is Verdict.HERE
    assert second.asked("brand.example") == 0


def test_a_silent_nameserver_costs_its_time_once_and_not_for_each_name() -> None:
    names = [f"brand-{number}.example" for number in range(500)]
    with DnsServer() as silent:
        silent.silent = True

        checks = check_names(names, expect=[HERE], nameservers=[silent.address], timeout=0.5)

    assert {check.verdict for check in checks.values()} == {Verdict.UNKNOWN}
    assert {check.reason for check in checks.values()} == {
        f"where it points is not known: no answer from {silent.address} within 0.5 s"
    }
    assert {query.name for query in silent.queries if query.type == "A"} == {names[0]}


def test_a_nameserver_that_only_answers_for_names_is_asked(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE])
    server.set(".", silent_types=["NS"])

    assert check_one(server, "brand.example", timeout=1.0).verdict is Verdict.HERE


def test_one_address_with_two_ports_is_refused(server: DnsServer) -> None:
    with pytest.raises(UserError, match="nameservers: an address is given with two ports"):
        check_one(server, "brand.example", nameservers=[server.address, "127.0.0.1:53"])


def test_the_nameservers_of_the_system_are_asked_by_default(
    server: DnsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_resolv_conf(tmp_path, monkeypatch, "nameserver 127.0.0.1\nsearch wrong.example\n", server.port)
    server.set("brand.example", a=[HERE])

    checks = check_names(["brand.example"], expect=[HERE])

    assert checks["brand.example"].verdict is Verdict.HERE
    assert not any(query.name.endswith("wrong.example") for query in server.queries)


@pytest.mark.parametrize("content", ["", "# nothing here\nsearch example\n", None])
def test_a_machine_without_nameservers_is_an_error_for_the_whole_call(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_resolv_conf(tmp_path, monkeypatch, content, 53)

    with pytest.raises(UserError, match="domain_sync_dns_nameservers: this machine has no nameserver configured; name"):
        check_names(["brand.example"], expect=[HERE], option_prefix="domain_sync_dns_")


def use_resolv_conf(folder: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, port: int) -> None:
    """Give dnspython another /etc/resolv.conf, and the port, which that file cannot name."""
    file = folder / "resolv.conf"
    if content is not None:
        file.write_text(content)
    real = dns.asyncresolver.Resolver

    def configured(configure: bool) -> dns.asyncresolver.Resolver:
        assert configure
        resolver = real(filename=str(file))
        resolver.port = port
        return resolver

    monkeypatch.setattr(dns.asyncresolver, "Resolver", configured)


def test_dnspython_is_needed_only_for_asking_and_then_missed_by_name() -> None:
    """Where it is not there, the rest of the collection works, the room itself included."""
    script = (
        "import sys; sys.modules['dns'] = None\n"
        "from ansible_collections.multisite.runcloud.plugins.module_utils._probe.dns import check_names\n"
        "from ansible_collections.multisite.runcloud.plugins.module_utils._errors import MissingLibrary\n"
        "try:\n    check_names(['brand.example'], expect=['192.0.2.1'])\n"
        "except MissingLibrary as error:\n    print(error.library)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)

    assert done.stdout == "dnspython\n"


# Many ----------------------------------------------------------------------------------------------------------------


def test_a_thousand_names_of_every_sort() -> None:
    with DnsServer(default=[HERE]) as server:
        for number in range(0, 1000, 5):
            server.set(f"brand-{number}.example", a=[OTHER])
            server.remove(f"brand-{number + 1}.example")
            server.set(f"brand-{number + 2}.example", cname="network.example")
        names = [f"brand-{number}.example" for number in range(1000)]
        seen: list[tuple[str, int, int]] = []

        checks = check_names(
            names,
            expect=[HERE],
            nameservers=[server.address],
            timeout=30,
            progress=lambda what, done=0, total=0: seen.append((what, done, total)),
        )

    assert list(checks) == names
    here, elsewhere = Verdict.HERE, Verdict.ELSEWHERE
    assert [check.verdict for check in checks.values()] == [elsewhere, elsewhere, here, here, here] * 200
    assert seen == [("DNS", done, 1000) for done in range(1, 1001)]
