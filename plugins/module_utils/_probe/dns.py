# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolves names, many at once, and says of each whether it points here.

PRIVATE to the collection: may change without notice.

Why it matters: in basic mode one name whose DNS points elsewhere can fail the certificate order for all names of the
web application (reference 4.8). There are three answers, never two: what could not be found out is neither here nor
elsewhere.
"""

from __future__ import annotations

import contextlib
import enum
import functools
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from .._errors import UserError
from .._names import asked_name, is_wildcard, normalise
from .._outcome import no_progress
from .resolver import Resolver, query_name

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .._outcome import Progress

Address = t.Union[IPv4Address, IPv6Address]
Network = t.Union[IPv4Network, IPv6Network]

# A reason stays a sentence also where a name has dozens of addresses.
MAX_LISTED = 5
MAX_ASKED_AT_ONCE = 8

# Only reasons become better by the address ranges that well-known proxies publish: one that is missing here never makes
# a name point here or elsewhere.
# cloudflare.com/ips, api.fastly.com/public-ip-list, docs.sucuri.net, docs.imperva.com; as of 2026.
PROXIES = {
    "Cloudflare": """
        173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18 190.93.240.0/20
        188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13 104.24.0.0/14 172.64.0.0/13
        131.0.72.0/22 2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 2405:8100::/32 2a06:98c0::/29
        2c0f:f248::/32
    """,
    "Fastly": """
        23.235.32.0/20 43.249.72.0/22 103.244.50.0/24 103.245.222.0/23 103.245.224.0/24 104.156.80.0/20 140.248.64.0/18
        140.248.128.0/17 146.75.0.0/17 151.101.0.0/16 157.52.64.0/18 167.82.0.0/17 167.82.128.0/20 167.82.160.0/20
        167.82.224.0/20 172.111.64.0/18 185.31.16.0/22 199.27.72.0/21 199.232.0.0/16 2a04:4e40::/32 2a04:4e42::/32
    """,
    "Sucuri": "192.88.134.0/23 185.93.228.0/22 66.248.200.0/22 208.109.0.0/22 2a02:fe80::/29",
    "Imperva": """
        199.83.128.0/21 198.143.32.0/19 149.126.72.0/21 103.28.248.0/22 45.64.64.0/22 185.11.124.0/22 192.230.64.0/18
        107.154.0.0/16 45.60.0.0/16 45.223.0.0/16 2a02:e980::/29
    """,
}


class Verdict(enum.Enum):
    """Where a name points. A time-out, SERVFAIL and REFUSED are unknown: never a reason to take something away."""

    HERE = "here"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


class DnsCheck(t.NamedTuple):
    """What DNS says about one name.

    :param addresses: all A and AAAA records that were found, IPv4 first, each in ascending order.
    :param reason: what was found, as the end of a sentence that begins with the name.
    """

    name: str
    verdict: Verdict
    addresses: tuple[str, ...]
    reason: str


class Lookup(t.NamedTuple):
    """What was found for one name.

    :param chain: the targets of the CNAME records on the way.
    :param missing: why it is known that there is no address.
    :param unknown: why it is not known which addresses (or which further ones) there are.
    """

    addresses: frozenset[Address] = frozenset()
    chain: tuple[str, ...] = ()
    missing: str = ""
    unknown: str = ""


@dataclass(frozen=True)
class Expected:
    """What counts as here.

    :param hosts: accepted names, as they were found at this moment.
    :param same: IPv6 addresses of which it is known whether they lead to the same server; None: could not be asked.
    :param accept_option: what the option is called by which more can be accepted.
    """

    addresses: frozenset[Address]
    networks: tuple[Network, ...] = ()
    hosts: dict[str, Lookup] = field(default_factory=dict)
    same: dict[Address, bool | None] = field(default_factory=dict)
    accept_option: str = "accept"

    def accepts(self, address: Address) -> str | None:
        """Return the accepted entry that an address belongs to; "" where it is here by itself, None where it is not."""
        if address in self.addresses or self.same.get(address):
            return ""
        for network in self.networks:
            if address in network:
                return str(network.network_address if network.num_addresses == 1 else network)
        return next((host for host, found in self.hosts.items() if address in found.addresses), None)

    def host_of(self, found: Lookup) -> str | None:
        """Return the accepted name that a name is a CNAME to, by whatever way."""
        return next((link for link in found.chain if link in self.hosts), None)

    def wrong(self, found: Lookup) -> list[Address]:
        """Return the addresses of a name that are not here."""
        return [a for a in _ordered(found.addresses) if not self.host_of(found) and self.accepts(a) is None]


# Judging ------------------------------------------------------------------------------------------------------------


def judge(name: str, found: Lookup, expected: Expected) -> DnsCheck:
    """Say whether what was found for a name is here. Pure."""
    addresses, wrong = _ordered(found.addresses), expected.wrong(found)
    if wrong:
        verdict, reason = _judge_wrong(wrong, found, expected)
    elif found.unknown:
        so_far = f"{_points(found, addresses)}, but whether also elsewhere" if addresses else "where it points"
        verdict, reason = Verdict.UNKNOWN, f"{so_far} is not known: {found.unknown}"
    elif addresses:
        verdict, reason = Verdict.HERE, f"{_points(found, addresses)}{_accepted_as(addresses, found, expected)}"
    else:
        way = f"leads by CNAME to {found.chain[-1]}, which " if found.chain else ""
        verdict, reason = Verdict.ELSEWHERE, way + found.missing
    return DnsCheck(name, verdict, tuple(map(str, addresses)), reason)


def _judge_wrong(wrong: Sequence[Address], found: Lookup, expected: Expected) -> tuple[Verdict, str]:
    """Judge a name of which some addresses are not here; it may still lead to an accepted name that is not known."""
    lost = {host: why for host, at in expected.hosts.items() if (why := at.unknown or at.missing)}
    if any(at.unknown for at in expected.hosts.values()):
        doubt = "; ".join(f"the accepted {host} could not be looked up: {why}" for host, why in lost.items())
        return Verdict.UNKNOWN, f"{_points(found, wrong)}; whether that is right is not known: {doubt}"
    right = [address for address in _ordered(found.addresses) if address not in wrong]
    if right:
        what = _what_is_wrong(wrong, expected)
        reason = f"{_points(found, right)}, which is right, but also to {_listed(wrong)}, {what}"
    else:
        reason = f"{_points(found, wrong)}, not to {_listed(_ordered(expected.addresses), 'or')}"
    proxies = [proxy_of(address) for address in wrong]
    known = dict(proxy for proxy in proxies if proxy)
    if all(proxies):
        networks = ", ".join(dict.fromkeys(str(network) for network in known))
        way_out = f"if it passes visitors on to this server, put {networks} into {expected.accept_option}"
        return Verdict.ELSEWHERE, f"{reason}; this is the proxy of {next(iter(known.values()))}: {way_out}"
    return Verdict.ELSEWHERE, reason + "".join(f"; the accepted {host} {why}" for host, why in lost.items())


def _accepted_as(addresses: Iterable[Address], found: Lookup, expected: Expected) -> str:
    """Say why addresses that are all here count as here, where they are not the expected ones."""
    if expected.addresses.issuperset(addresses):
        return ""
    entries = [expected.host_of(found) or expected.accepts(address) for address in addresses]
    accepted = ", ".join(dict.fromkeys(filter(None, entries)))
    return f", accepted as {accepted}" if accepted else ", where the same server answers"


def _what_is_wrong(wrong: Iterable[Address], expected: Expected) -> str:
    """Say of addresses beside right ones what is wrong; IPv6 addresses are often only not declared."""
    if any(address.version == 4 for address in wrong):
        return "which is not"
    differs = any(expected.same.get(address) is False for address in wrong)
    what = "which presents another certificate" if differs else "which is not known to be this server"
    return f"{what}; if it is this server's, put it into {expected.accept_option}"


def proxy_of(address: Address) -> tuple[Network, str] | None:
    """Return the network of a known proxy that an address belongs to, and the proxy; None where there is none."""
    return next(((network, proxy) for network, proxy in _proxy_networks() if address in network), None)


@functools.lru_cache(maxsize=1)
def _proxy_networks() -> list[tuple[Network, str]]:
    return [(ip_network(network), proxy) for proxy, ranges in PROXIES.items() for network in ranges.split()]


def _points(found: Lookup, addresses: Sequence[Address]) -> str:
    way = f" by way of {' -> '.join(found.chain)}" if found.chain else ""
    return f"points to {_listed(addresses)}{way}"


def _ordered(addresses: Iterable[Address]) -> list[Address]:
    return sorted(addresses, key=lambda address: (address.version, int(address)))


def _listed(addresses: Sequence[Address], word: str = "and") -> str:
    shown = [str(address) for address in addresses[:MAX_LISTED]]
    if len(addresses) > len(shown):
        shown.append(f"{len(addresses) - len(shown)} more")
    *others, last = shown
    return f"{', '.join(others)} {word} {last}" if others else last


# Many at once -------------------------------------------------------------------------------------------------------


def check_names(
    names: Iterable[str],
    *,
    expect: Iterable[str],
    accept: Iterable[str] = (),
    nameservers: Iterable[str] = (),
    timeout: float = 5.0,
    progress: Progress = no_progress,
    same_server: Callable[[str], bool | None] | None = None,
    option_prefix: str = "",
) -> dict[str, DnsCheck]:
    """Find out whether each name points here.

    A wildcard is resolved by a random label below it. Search lists and /etc/hosts play no part. Where no nameserver
    answers anything, that costs its time once, not for each name.

    :param names: host names in their normal form.
    :param expect: the addresses that are here.
    :param accept: further addresses, networks (CIDR) and host names; a name is accepted by its addresses, and
        whatever is a CNAME to it is accepted as well.
    :param nameservers: ``address``, ``address:port`` or ``[address]:port``; none: those of this machine.
    :param timeout: seconds for one question, all nameservers together.
    :param same_server: asked about each distinct IPv6 address that is not declared, where nothing else is wrong with
        a name: whether the same server answers there, None where that cannot be found out. It may block.
    :param option_prefix: what stands in front of expect, accept, nameservers and timeout in the options' own names.
    :raises UserError: a value is not what it must be, or no nameserver is known. Nothing was asked then.
    :raises MissingLibrary: dnspython is missing.
    """
    wanted = list(dict.fromkeys(names))
    here = frozenset(parse_address(text, f"{option_prefix}expect") for text in expect)
    if not here:
        raise UserError(f"{option_prefix}expect: at least one address is needed")
    entries = [parse_accept(text, f"{option_prefix}accept") for text in accept]
    hosts = [entry for entry in entries if isinstance(entry, str)]
    resolver = Resolver(nameservers, timeout, option_prefix)
    questions = {name: query_name(asked_name(name)) for name in (*wanted, *hosts)}
    found = resolver.run(list(questions), lambda name: _look_up(resolver, questions[name]), "DNS", progress)
    expected = Expected(
        here,
        tuple(entry for entry in entries if not isinstance(entry, str)),
        {host: found[host] for host in hosts},
        accept_option=f"{option_prefix}accept",
    )
    if same_server is not None:
        expected.same.update(_ask_same(same_server, [found[name] for name in wanted], expected))
    return {name: judge(name, found[name], expected) for name in wanted}


async def _look_up(resolver: Resolver, name: t.Any) -> Lookup:
    """Look up both kinds of addresses. Some nameservers wrongly deny a name that only lacks one kind."""
    answers = [await resolver.resolve(name, "A")]
    if not answers[0].unknown:
        answers.append(await resolver.resolve(name, "AAAA"))
    addresses = frozenset(_unmapped(ip_address(record.address)) for answer in answers for record in answer.records)
    missing = {answer.missing for answer in answers if answer.missing}
    if len(missing) > 1:
        missing = {"exists in DNS, but has neither an A nor an AAAA record"}
    chain = max((answer.chain for answer in answers), key=len)
    return Lookup(addresses, chain, "".join(missing) if not addresses else "", answers[-1].unknown)


def _ask_same(
    same_server: Callable[[str], bool | None], found: Iterable[Lookup], expected: Expected
) -> dict[Address, bool | None]:
    """Ask about the IPv6 addresses that are all that is wrong with a name, each once."""
    wrong = (expected.wrong(lookup) for lookup in found)
    doubtful = dict.fromkeys(a for addresses in wrong if all(a.version == 6 for a in addresses) for a in addresses)
    pool = ThreadPoolExecutor(MAX_ASKED_AT_ONCE)
    try:
        return dict(zip(doubtful, pool.map(lambda address: same_server(str(address)), doubtful), strict=True))
    finally:
        # Where the run is stopped meanwhile, what was not asked yet is left.
        pool.shutdown(wait=False, cancel_futures=True)


def parse_address(text: str, option: str) -> Address:
    """Read one IP address; one that is IPv4 mapped into IPv6 (::ffff:192.0.2.1) becomes IPv4.

    :raises UserError: it is something else; the message names the option.
    """
    try:
        return _unmapped(ip_address(text.strip()))
    except ValueError:
        raise UserError(f"{option}: {text!r} is not an IP address") from None


def parse_accept(text: str, option: str) -> Network | str:
    """Read an address (as a network of one), a network in CIDR notation, or a host name in its normal form.

    :raises UserError: it is something else; the message names the option.
    """
    value = text.strip()
    with contextlib.suppress(ValueError):
        return ip_network(_unmapped(ip_address(value)))
    with contextlib.suppress(ValueError):
        return ip_network(value, strict=False)
    try:
        host = normalise(value)
    except ValueError:
        host = ""
    if not host or is_wildcard(host):
        raise UserError(f"{option}: {text!r} is not an IP address, a network or a host name")
    return host


def _unmapped(address: Address) -> Address:
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
