# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as pointing here: the rules by themselves, then against a real DNS server on loopback."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.resolver
import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._probe import dns as _dns
from ansible_collections.multisite.runcloud.plugins.module_utils._probe.dns import (
    DnsError,
    Fault,
    Lookup,
    NameCheck,
    Target,
    check_names,
    judge,
    parse_accept,
    parse_address,
    parse_nameserver,
)
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


def ip(*texts: str) -> frozenset[_dns.Address]:
    return frozenset(ipaddress.ip_address(text) for text in texts)


@given(found=st.frozensets(ADDRESSES, max_size=6), expect=st.frozensets(ADDRESSES, min_size=1, max_size=6))
def test_a_name_points_here_exactly_when_it_has_addresses_and_all_are_expected(
    found: frozenset[_dns.Address], expect: frozenset[_dns.Address]
) -> None:
    check = judge("brand.example", Lookup(found), Target(expect))

    assert check.points_here == (bool(found) and found <= expect)
    assert sorted(check.addresses) == sorted(map(str, found))
    expected_code = (
        "no_address" if not found else "ok" if found <= expect else "partly" if found & expect else "elsewhere"
    )
    assert check.code == expected_code


@given(found=st.frozensets(ADDRESSES, max_size=4), expect=st.frozensets(ADDRESSES, min_size=1, max_size=4))
def test_a_fault_never_counts_as_pointing_here(found: frozenset[_dns.Address], expect: frozenset[_dns.Address]) -> None:
    check = judge("brand.example", Lookup(found, fault=Fault("timeout", "no answer")), Target(expect))

    assert not check.points_here
    assert check.code in {"timeout", "elsewhere", "partly"}


@given(
    found=st.frozensets(ADDRESSES, max_size=4),
    expect=st.frozensets(ADDRESSES, min_size=1, max_size=4),
    accepted=st.frozensets(ADDRESSES, max_size=4),
)
def test_accepting_more_never_makes_a_name_less_ready(
    found: frozenset[_dns.Address], expect: frozenset[_dns.Address], accepted: frozenset[_dns.Address]
) -> None:
    networks = tuple(ipaddress.ip_network(address) for address in accepted)

    with_accept = judge("brand.example", Lookup(found), Target(expect, networks))

    assert with_accept.points_here == (bool(found) and found <= expect | accepted)
    assert judge("brand.example", Lookup(found), Target(expect)).points_here <= with_accept.points_here


@given(addresses=st.lists(ADDRESSES, min_size=1, max_size=8))
def test_addresses_are_returned_in_an_order_that_does_not_change(addresses: list[_dns.Address]) -> None:
    check = judge("brand.example", Lookup(frozenset(addresses)), Target(ip(HERE)))

    returned = [ipaddress.ip_address(address) for address in check.addresses]
    assert returned == sorted(set(addresses), key=lambda address: (address.version, int(address)))


def test_a_reason_names_what_was_found_and_what_was_expected() -> None:
    check = judge("brand.example", Lookup(ip(OTHER), ("shops.example",)), Target(ip(HERE, HERE6)))

    assert check.reason == f"points to {OTHER} by way of shops.example, not to {HERE} or {HERE6}"


def test_a_reason_lists_only_some_of_many_addresses() -> None:
    check = judge("brand.example", Lookup(ip(*(f"10.0.0.{last}" for last in range(60)))), Target(ip(HERE)))

    assert check.reason == (f"points to 10.0.0.0, 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4 and 55 more, not to {HERE}")
    assert len(check.addresses) == 60


def test_one_right_and_one_wrong_address_is_not_ready_and_says_which_is_which() -> None:
    check = judge("brand.example", Lookup(ip(HERE, OTHER6)), Target(ip(HERE)))

    assert check == NameCheck(
        "brand.example",
        False,
        (HERE, OTHER6),
        f"points to {HERE}, which is right, but also to {OTHER6}, which is not",
        "partly",
    )


def test_expected_and_accepted_addresses_may_be_mixed() -> None:
    target = Target(ip(HERE), (ipaddress.ip_network("198.51.100.0/24"),))

    check = judge("brand.example", Lookup(ip(HERE, OTHER)), target)

    assert (check.code, check.reason) == ("accepted", f"points to {OTHER} and {HERE}, accepted as 198.51.100.0/24")


def test_a_wrong_address_outweighs_a_fault() -> None:
    check = judge("brand.example", Lookup(ip(OTHER), fault=Fault("timeout", "no answer")), Target(ip(HERE)))

    assert check.code == "elsewhere"


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
    assert parse_nameserver(text) == expected


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
        parse_nameserver(text)
    assert repr(text) in str(caught.value)


@given(address=ADDRESSES, port=st.integers(1, 65535))
def test_every_address_with_every_port_is_a_nameserver(address: _dns.Address, port: int) -> None:
    shown = f"[{address}]" if address.version == 6 else str(address)

    assert parse_nameserver(f"{shown}:{port}") == (str(address), port)
    assert parse_nameserver(str(address)) == (str(address), 53)


@given(st.text())
def test_a_nameserver_is_parsed_or_refused_with_a_value_error(text: str) -> None:
    try:
        address, port = parse_nameserver(text)
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
    assert parse_accept(text) == expected


@pytest.mark.parametrize("text", ["", "300.1.2.3", "192.0.2.0/33", "http://lb.example", "*.lb.example", "lb example"])
def test_accept_refuses_anything_else_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="accept: ") as caught:
        parse_accept(text)
    assert repr(text) in str(caught.value)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothes_is_the_ipv4_address(address: ipaddress.IPv4Address) -> None:
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
        ([""], [HERE], {}, "names: '' is not a host name"),
        (["."], [HERE], {}, "names: '.' is not a host name"),
        (["a..example"], [HERE], {}, "names: 'a..example' is not a host name"),
        (["bücher.example"], [HERE], {}, "names: 'bücher.example' is not a host name"),
        (["a" * 64 + ".example"], [HERE], {}, "is not a host name"),
    ],
)
def test_bad_input_is_refused_before_any_question(
    names: list[str], expect: list[str], options: dict[str, typing.Any], message: str
) -> None:
    with DnsServer() as server, pytest.raises(ValueError, match=message):
        check_names(names, expect, **{"nameservers": [server.address], **options})
    assert server.queries == []


# Against a real server -----------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer() as running:
        yield running


def check_one(server: DnsServer, name: str, expect: tuple[str, ...] = (HERE,), **options: typing.Any) -> NameCheck:
    [check] = check_names([name], expect, **{"nameservers": [server.address], "timeout": 5.0, **options})
    return check


def test_a_name_that_points_here(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE])

    assert check_one(server, "brand.example") == NameCheck("brand.example", True, (HERE,), f"points to {HERE}", "ok")
    assert server.asked("brand.example", "A") == 1
    assert server.asked("brand.example", "AAAA") == 1


def test_both_kinds_of_addresses_point_here(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE], aaaa=[HERE6])

    check = check_one(server, "brand.example", (HERE, "2001:0DB8:0:0::0005"))

    assert (check.code, check.addresses) == ("ok", (HERE, HERE6))


def test_only_ipv6_is_enough(server: DnsServer) -> None:
    server.set("brand.example", aaaa=[HERE6])

    assert check_one(server, "brand.example", (HERE, HERE6)).code == "ok"


def test_an_aaaa_that_hides_an_ipv4_address_is_that_address(server: DnsServer) -> None:
    server.set("brand.example", aaaa=[f"::ffff:{HERE}"])

    assert check_one(server, "brand.example") == NameCheck("brand.example", True, (HERE,), f"points to {HERE}", "ok")


def test_a_forgotten_aaaa_elsewhere_is_not_ready(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE], aaaa=[OTHER6])

    check = check_one(server, "brand.example")

    assert (check.points_here, check.code, check.addresses) == (False, "partly", (HERE, OTHER6))


def test_a_second_a_record_elsewhere_is_not_ready(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE, OTHER])

    assert check_one(server, "brand.example").code == "partly"


def test_a_name_that_points_elsewhere(server: DnsServer) -> None:
    server.set("brand.example", a=[OTHER])

    check = check_one(server, "brand.example")

    assert (check.code, check.reason) == ("elsewhere", f"points to {OTHER}, not to {HERE}")


def test_a_cname_chain_to_here(server: DnsServer) -> None:
    server.set("www.brand.example", cname="brand.example")
    server.set("brand.example", cname="network.example")
    server.set("network.example", a=[HERE])

    check = check_one(server, "www.brand.example")

    assert check.code == "ok"
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

    assert (check.points_here, check.code) == (False, "cname_loop")
    assert "circle" in check.reason
    assert len(server.queries) < 20


def test_a_chain_that_never_ends_is_not_followed_for_ever() -> None:
    with DnsServer(follow=False) as server:
        for number in range(40):
            server.set(f"link-{number}.example", cname=f"link-{number + 1}.example")

        check = check_one(server, "link-0.example")

    assert check.code == "cname_loop"
    assert server.asked("link-17.example") == 0


def test_a_name_that_does_not_exist(server: DnsServer) -> None:
    check = check_one(server, "brand.example")

    assert (check.points_here, check.code, check.addresses) == (False, "nxdomain", ())
    assert check.reason == "the name does not exist in DNS (NXDOMAIN)"


def test_a_cname_to_a_name_that_does_not_exist(server: DnsServer) -> None:
    server.set("www.brand.example", cname="gone.example")

    check = check_one(server, "www.brand.example")

    assert check.code == "nxdomain"
    assert check.reason == "gone.example, where its CNAME leads, does not exist in DNS (NXDOMAIN)"


def test_a_name_without_addresses(server: DnsServer) -> None:
    server.set("brand.example")

    check = check_one(server, "brand.example")

    assert (check.code, check.reason) == (
        "no_address",
        "the name exists in DNS, but has neither an A nor an AAAA record",
    )


@pytest.mark.parametrize("follow", [True, False])
def test_a_cname_to_a_name_without_addresses(follow: bool) -> None:
    with DnsServer(follow=follow) as server:
        server.set("www.brand.example", cname="mail.example")
        server.set("mail.example")

        check = check_one(server, "www.brand.example")

    assert check.code == "no_address"
    assert "mail.example, where its CNAME leads," in check.reason


@pytest.mark.parametrize(
    ("rcode", "code"), [("SERVFAIL", "servfail"), ("REFUSED", "refused"), ("NOTIMP", "error"), ("FORMERR", "error")]
)
def test_errors_of_the_nameserver_are_told_apart(server: DnsServer, rcode: str, code: str) -> None:
    server.fail("brand.example", rcode)

    check = check_one(server, "brand.example")

    assert (check.points_here, check.code) == (False, code)
    assert f"{server.address} answered {rcode}" in check.reason
    assert server.asked("brand.example", "A") == 1


def test_a_name_without_an_answer(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE])
    server.silence("silent.example")

    silent, other = check_names(
        ["silent.example", "brand.example"], [HERE], nameservers=[server.address], timeout=1.0, workers=1
    )

    assert (silent.points_here, silent.code) == (False, "timeout")
    assert silent.reason == f"no answer from {server.address} within 1 s"
    assert other.code == "ok"
    assert server.asked("silent.example", "A") == 2


def test_a_slow_answer_is_waited_for(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE], delay=0.6)

    assert check_one(server, "brand.example", timeout=20).code == "ok"


def test_half_an_answer_is_none(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE], silent_types=["AAAA"])

    check = check_one(server, "brand.example", timeout=0.4)

    assert (check.points_here, check.code, check.addresses) == (False, "timeout", (HERE,))
    assert check.reason.startswith(f"points to {HERE}, but no answer")


def test_an_answer_too_long_for_udp_is_fetched_by_tcp(server: DnsServer) -> None:
    addresses = [f"10.0.0.{last}" for last in range(60)]
    server.set("brand.example", a=addresses)

    check = check_one(server, "brand.example", tuple(addresses))

    assert (check.code, len(check.addresses)) == ("ok", 60)
    assert [q.transport for q in server.queries if q.type == "A"] == ["udp", "tcp"]


def test_a_wildcard_is_resolved_by_a_random_name_below_it(server: DnsServer) -> None:
    server.set("*.network.example", a=[HERE])
    server.set("www.network.example", a=[OTHER])

    first = check_one(server, "*.network.example")
    second = check_one(server, "*.network.example")

    assert first == second == NameCheck("*.network.example", True, (HERE,), f"points to {HERE}", "ok")
    asked = {query.name for query in server.queries if query.type == "A"}
    assert len(asked) == 2
    assert all(name.endswith(".network.example") and "*" not in name for name in asked)


def test_a_wildcard_is_not_ready_because_single_names_are(server: DnsServer) -> None:
    server.set("network.example", a=[HERE])
    server.set("www.network.example", a=[HERE])

    assert check_one(server, "*.network.example").code == "nxdomain"


def test_names_are_absolute_and_in_lower_case(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE])

    check = check_one(server, "Brand.Example.")

    assert (check.name, check.code) == ("Brand.Example.", "ok")
    assert {q.name for q in server.queries if q.type == "A"} == {"brand.example"}


def test_order_is_kept_and_each_name_is_asked_once(server: DnsServer) -> None:
    server.set("b.example", a=[HERE])
    server.set("a.example", a=[OTHER], delay=0.05)
    names = ["b.example", "a.example", "b.example", "c.example", "a.example"]

    checks = check_names(names, [HERE], nameservers=[server.address])

    assert [(check.name, check.code) for check in checks] == [
        ("b.example", "ok"),
        ("a.example", "elsewhere"),
        ("b.example", "ok"),
        ("c.example", "nxdomain"),
        ("a.example", "elsewhere"),
    ]
    assert [server.asked(name, "A") for name in ("a.example", "b.example", "c.example")] == [1, 1, 1]


def test_no_names_need_no_answer(server: DnsServer) -> None:
    assert check_names([], [HERE], nameservers=[server.address]) == []


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

    assert check == NameCheck(
        "brand.example", True, (OTHER,), f"points to {OTHER}, accepted as {accepted_as}", "accepted"
    )


def test_a_cname_to_an_accepted_name_is_accepted_whatever_its_addresses(server: DnsServer) -> None:
    """As with a load balancer that gives everybody other addresses."""
    server.set("shop.example", cname="lb.example")
    server.set("lb.example", cname="node-7.lb.example")
    server.set("node-7.lb.example", a=[OTHER])
    server.set("other.example", cname="node-8.lb.example")
    server.set("node-8.lb.example", a=["198.51.100.8"])

    by_name = check_one(server, "shop.example", accept=["lb.example"])
    past_it = check_one(server, "other.example", accept=["lb.example"])

    assert (by_name.code, past_it.code) == ("accepted", "elsewhere")
    assert by_name.reason == f"points to {OTHER} by way of lb.example -> node-7.lb.example, accepted as lb.example"


def test_an_ipv6_address_of_the_proxy_must_be_accepted_too(server: DnsServer) -> None:
    server.set("brand.example", a=[OTHER], aaaa=[OTHER6])

    assert check_one(server, "brand.example", accept=["198.51.100.0/24"]).code == "partly"
    assert check_one(server, "brand.example", accept=["198.51.100.0/24", "2001:db8:ffff::/48"]).code == "accepted"


def test_an_accepted_name_that_cannot_be_looked_up_is_told(server: DnsServer) -> None:
    server.set("brand.example", a=[OTHER])

    check = check_one(server, "brand.example", accept=["lb.example"])

    assert check.code == "elsewhere"
    assert check.reason.endswith(
        "the accepted lb.example could not be looked up: the name does not exist in DNS (NXDOMAIN)"
    )


def test_an_accepted_name_is_looked_up_once_for_all(server: DnsServer) -> None:
    server.set("lb.example", a=[OTHER])
    for number in range(20):
        server.set(f"brand-{number}.example", a=[OTHER])

    checks = check_names(
        [f"brand-{number}.example" for number in range(20)], [HERE], accept=["lb.example"], nameservers=[server.address]
    )

    assert {check.code for check in checks} == {"accepted"}
    assert server.asked("lb.example", "A") == 1


# Nameservers ---------------------------------------------------------------------------------------------------------


def test_a_nameserver_on_ipv6() -> None:
    if not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with DnsServer(host="::1", default=[HERE]) as server:
        assert server.address.startswith("[::1]:")
        assert check_one(server, "brand.example").code == "ok"


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
        listener.bind(("127.0.0.1", 0))
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


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (lambda _question: b"\0\0", "the nameserver .* could not be asked: "),
        (nonexistent_with_address, "the nameserver's answer makes no sense: "),
    ],
)
def test_an_answer_without_sense_is_an_error_and_no_crash(
    reply: Callable[[DNSRecord], bytes], reason: str, server: DnsServer
) -> None:
    with odd_nameserver(reply) as odd:
        check = check_one(server, "brand.example", nameservers=[odd])

    assert (check.points_here, check.code) == (False, "error")
    assert re.match(reason, check.reason)


def test_the_next_nameserver_is_asked_where_one_answers_without_sense(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE])
    with odd_nameserver(lambda _question: b"\0\0") as odd:
        assert check_one(server, "brand.example", nameservers=[odd, server.address]).code == "ok"


def test_the_next_nameserver_is_asked_where_one_fails(server: DnsServer) -> None:
    server.set("brand.example", a=[HERE])
    with DnsServer() as failing:
        failing.fail("brand.example", "SERVFAIL")

        check = check_one(server, "brand.example", nameservers=[failing.address, server.address])

    assert check.code == "ok"
    assert failing.asked("brand.example", "A") == 1


def test_a_silent_nameserver_is_asked_last_once_another_has_answered(server: DnsServer) -> None:
    server.default = (HERE,)
    names = [f"brand-{number}.example" for number in range(30)]
    with DnsServer() as silent:
        silent.silent = True

        checks = check_names(names, [HERE], nameservers=[silent.address, server.address], timeout=2.0, workers=2)

    assert {check.code for check in checks} == {"ok"}
    assert len({query.name for query in silent.queries if query.type == "A"}) <= 2


def test_a_silent_nameserver_costs_its_time_once_and_not_for_each_name() -> None:
    names = [f"brand-{number}.example" for number in range(500)]
    with DnsServer() as silent:
        silent.silent = True

        checks = check_names(names, [HERE], nameservers=[silent.address], timeout=0.5, workers=10)

    assert {check.code for check in checks} == {"timeout"}
    assert {check.reason for check in checks} == {f"no answer from {silent.address} within 0.5 s"}
    assert {query.name for query in silent.queries if query.type == "A"} == set(names[:10])


def test_names_that_hang_do_not_make_a_healthy_nameserver_count_as_silent(server: DnsServer) -> None:
    server.silence("one.example")
    server.silence("two.example")
    server.set("brand.example", a=[HERE])

    checks = check_names(
        ["one.example", "two.example", "brand.example"], [HERE], nameservers=[server.address], timeout=1.0, workers=1
    )

    assert [check.code for check in checks] == ["timeout", "timeout", "ok"]


def test_the_nameservers_of_the_system_are_asked_by_default(
    server: DnsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_resolv_conf(tmp_path, monkeypatch, "nameserver 127.0.0.1\nsearch wrong.example\n", server.port)
    server.set("brand.example", a=[HERE])

    [check] = check_names(["brand.example"], [HERE])

    assert check.code == "ok"
    assert not any(query.name.endswith("wrong.example") for query in server.queries)


@pytest.mark.parametrize("content", ["", "# nothing here\nsearch example\n", None])
def test_a_machine_without_nameservers_is_an_error_for_the_whole_call(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_resolv_conf(tmp_path, monkeypatch, content, 53)

    with pytest.raises(DnsError, match=r"no nameserver configured .* in `nameservers`"):
        check_names(["brand.example"], [HERE])


def use_resolv_conf(folder: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, port: int) -> None:
    """Give dnspython another /etc/resolv.conf, and the port, which that file cannot name."""
    file = folder / "resolv.conf"
    if content is not None:
        file.write_text(content)
    real = dns.resolver.Resolver

    def configured() -> dns.resolver.Resolver:
        resolver = real(filename=str(file))
        resolver.port = port
        return resolver

    monkeypatch.setattr(dns.resolver, "Resolver", configured)


def test_without_dnspython_the_call_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_dns, "DNSPYTHON_IMPORT_ERROR", "Traceback ...")

    with pytest.raises(ImportError, match="dnspython"):
        check_names(["brand.example"], [HERE])


# Many ----------------------------------------------------------------------------------------------------------------


def test_a_thousand_names_of_every_sort() -> None:
    with DnsServer(default=[HERE]) as server:
        for number in range(0, 1000, 5):
            server.set(f"brand-{number}.example", a=[OTHER])
            server.remove(f"brand-{number + 1}.example")
            server.set(f"brand-{number + 2}.example", cname="network.example")
        names = [f"brand-{number}.example" for number in range(1000)]
        seen: list[tuple[int, int]] = []

        checks = check_names(
            names,
            [HERE],
            nameservers=[server.address],
            timeout=30,
            progress=lambda done, total: seen.append((done, total)),
        )

    assert [check.name for check in checks] == names
    assert [check.code for check in checks] == ["elsewhere", "nxdomain", "ok", "ok", "ok"] * 200
    assert seen == [(done, 1000) for done in range(1, 1001)]


def test_no_more_names_are_under_way_than_workers() -> None:
    with DnsServer(default=[HERE]) as server:
        names = [f"brand-{number}.example" for number in range(12)]
        for name in names:
            server.set(name, a=[HERE], delay=0.05)
        under_way: list[int] = []

        def done(count: int, _total: int) -> None:
            asked = {query.name for query in server.queries if query.name in names}
            under_way.append(len(asked) - count)

        check_names(names, [HERE], nameservers=[server.address], workers=3, progress=done)

    assert len(under_way) == 12
    assert max(under_way) <= 3


def test_every_code_has_a_meaning_in_the_documentation() -> None:
    documentation = NameCheck.__doc__ or ""

    assert all(f"    {code} " in documentation for code in typing.get_args(_dns.Code))
