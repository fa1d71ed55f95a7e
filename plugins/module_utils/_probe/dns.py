# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks outside: resolves names, many at once, and says of each whether it points here.

PRIVATE to the collection. Knows nothing of Ansible or of RunCloud.

Why it matters: in basic mode one name whose DNS points elsewhere can fail the certificate order for all names of the
web application (reference 4.8). A wrong "does not point here" only delays a name, a wrong "points here" can cost all
of them their certificate, so whatever is not known for certain counts as not pointing here.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from math import isnan
from time import monotonic
from typing import Literal, Union, cast

from .._names import is_wildcard, normalise

DNSPYTHON_IMPORT_ERROR: str | None = None
try:
    import dns.asyncquery
    import dns.exception
    import dns.message
    import dns.name
    import dns.rcode
    import dns.rdatatype
    import dns.resolver
except ImportError:
    DNSPYTHON_IMPORT_ERROR = traceback.format_exc()

# As Union, because the pylint of ansible-test takes the other spelling for an addition.
Address = Union[IPv4Address, IPv6Address]
Network = Union[IPv4Network, IPv6Network]
Progress = Callable[[int, int], None]

Code = Literal[
    "ok",
    "accepted",
    "nxdomain",
    "no_address",
    "elsewhere",
    "partly",
    "timeout",
    "servfail",
    "refused",
    "cname_loop",
    "error",
]

DNS_PORT = 53
# Resolvers stop at 8 to 16 themselves; this only bounds the chains that are followed from here.
MAX_CNAMES = 16
# A reason stays a sentence also where somebody has dozens of addresses.
MAX_LISTED = 5


class DnsError(Exception):
    """The whole call is impossible: this machine has no nameserver and none was given."""


@dataclass(frozen=True)
class NameCheck:
    """What DNS says about one name.

    `points_here` is true for the codes ok and accepted only. `addresses` are all A and AAAA found, IPv4 first, each in
    ascending order. `reason` is a sentence for people, `code` the same for programs:

    ok          every address is an expected one
    accepted    every address is expected or accepted, at least one of them only accepted (a proxy, a load balancer)
    elsewhere   every address is another one
    partly      some addresses are right, some are not; Let's Encrypt may ask any of them
    nxdomain    the name, or the end of its CNAME chain, does not exist
    no_address  the name exists and has neither A nor AAAA
    cname_loop  its CNAME records go in a circle
    timeout     no nameserver answered in time
    servfail    the nameserver could not find out (the domain's own nameservers fail, or its DNSSEC is broken)
    refused     the nameserver does not answer this machine, or not for this name
    error       anything else, told in the reason
    """

    name: str
    points_here: bool
    addresses: tuple[str, ...]
    reason: str
    code: Code


@dataclass(frozen=True)
class Fault:
    """Why a lookup has no answer."""

    code: Code
    text: str


@dataclass(frozen=True)
class Lookup:
    """What was found for one name: addresses, the CNAME targets on the way, and what went wrong, if anything did."""

    addresses: frozenset[Address] = frozenset()
    chain: tuple[str, ...] = ()
    fault: Fault | None = None


@dataclass(frozen=True)
class Target:
    """What counts as here.

    `hosts` are accepted names with the addresses they have today, `unresolved` those of them that could not be looked
    up, with the reason.
    """

    expect: frozenset[Address]
    networks: tuple[Network, ...] = ()
    hosts: dict[str, frozenset[Address]] = field(default_factory=dict)
    unresolved: dict[str, str] = field(default_factory=dict)


# What was asked for -------------------------------------------------------------------------------------------------


def parse_address(text: str, option: str) -> Address:
    """One IP address; an IPv4 address in IPv6 clothes (::ffff:192.0.2.1) becomes IPv4. ValueError names the option."""
    try:
        return _unmapped(ip_address(text.strip()))
    except ValueError:
        raise ValueError(f"{option}: {text!r} is not an IP address") from None


def parse_nameserver(text: str) -> tuple[str, int]:
    """`address`, `address:port` or `[address]:port` as address and port. ValueError names the value."""
    host, port = text.strip(), str(DNS_PORT)
    if host.startswith("["):
        host, bracket, rest = host[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise _bad_nameserver(text)
        port = rest[1:] if rest else port
    elif host.count(":") == 1:
        host, port = host.split(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise _bad_nameserver(text)
    try:
        return str(ip_address(host)), int(port)
    except ValueError:
        raise _bad_nameserver(text) from None


def _bad_nameserver(text: str) -> ValueError:
    return ValueError(f"nameservers: {text!r} is neither an IP address nor address:port nor [IPv6 address]:port")


def parse_accept(text: str) -> Network | str:
    """One entry: an address (as a network of one), a network in CIDR notation, or a host name in its normal form.

    ValueError names the value.
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
        raise ValueError(f"accept: {text!r} is neither an IP address nor a network nor a host name")
    return host


def _unmapped(address: Address) -> Address:
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _query_name(name: str) -> dns.name.Name:
    """The absolute name to ask for: a wildcard stands for any label, so a random one is asked. ValueError."""
    plain = name.strip().lower().rstrip(".")
    if plain.startswith("*."):
        plain = f"{secrets.token_hex(8)}{plain[1:]}"
    try:
        if plain and plain.isascii():
            return dns.name.from_text(plain, origin=dns.name.root)
    except dns.exception.DNSException:
        pass
    raise ValueError(f"names: {name!r} is not a host name")


def _text(name: dns.name.Name) -> str:
    return name.canonicalize().to_text(omit_final_dot=True)


# Asking -------------------------------------------------------------------------------------------------------------


class _UnansweredError(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


@dataclass(eq=False)
class _Server:
    address: str
    port: int
    answered: bool = False

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"

    async def exchange(self, query: dns.message.Message, seconds: float) -> dns.message.Message:
        """One question by UDP, by TCP where the answer was cut. Raises what dnspython raises."""
        reply, _by_tcp = await dns.asyncquery.udp_with_fallback(
            query, self.address, timeout=max(seconds, 0.001), port=self.port, ignore_unexpected=True
        )
        self.answered = True
        return reply


class _Resolver:
    """Asks the given nameservers. All methods run in one event loop, so nothing needs a lock."""

    def __init__(self, servers: Sequence[tuple[str, int]], timeout: float) -> None:
        self._servers = [_Server(address, port) for address, port in servers]
        self._timeout = timeout
        self._patience_ends = monotonic() + timeout

    async def probe(self) -> None:
        """Ask each nameserver what every nameserver can tell at once: who serves the root.

        A nameserver that has told nothing at all in `timeout` seconds is not asked again. Without this question a
        healthy resolver would be given up when the first names happen to hang, which a resolver often does with
        domains whose own nameservers are gone.
        """
        question = dns.message.make_query(dns.name.root, dns.rdatatype.NS)
        await asyncio.gather(
            *(server.exchange(question, self._timeout) for server in self._servers), return_exceptions=True
        )

    async def lookup(self, name: dns.name.Name) -> Lookup:
        """A and AAAA of a name, at most `timeout` seconds. Never raises: what went wrong is in the result."""
        deadline = monotonic() + self._timeout
        return _merged(
            *await asyncio.gather(
                self._records(name, dns.rdatatype.A, deadline), self._records(name, dns.rdatatype.AAAA, deadline)
            )
        )

    async def _records(self, name: dns.name.Name, kind: dns.rdatatype.RdataType, deadline: float) -> Lookup:
        """Addresses of one kind. Resolvers follow CNAMEs themselves; an authoritative server stops at its border."""
        chain: list[dns.name.Name] = []
        try:
            while len(chain) <= MAX_CNAMES:
                reply = await self._ask(chain[-1] if chain else name, kind, deadline)
                result = _chained(reply)
                targets = [rrset[0].target for rrset in result.cnames]
                chain.extend(targets)
                if result.answer is not None:
                    found = frozenset(_unmapped(ip_address(record.address)) for record in result.answer)
                    return Lookup(found, _texts(chain))
                if reply.rcode() == dns.rcode.NXDOMAIN:
                    return Lookup(chain=_texts(chain), fault=_nxdomain(chain))
                if not targets or any(rrset.rdtype == dns.rdatatype.SOA for rrset in reply.authority):
                    return Lookup(chain=_texts(chain))
                if len(set(chain) | {name}) <= len(chain):
                    break
            return Lookup(chain=_texts(chain), fault=_circle())
        except _UnansweredError as unanswered:
            return Lookup(chain=_texts(chain), fault=unanswered.fault)

    async def _ask(
        self, name: dns.name.Name, kind: dns.rdatatype.RdataType, deadline: float
    ) -> dns.message.QueryMessage:
        """The first usable reply of any nameserver. Each gets a short first try and a longer second one."""
        query = dns.message.make_query(name, kind)
        faults: dict[_Server, Fault] = {}
        for part in (0.25, 1.0):
            waiting = [server for server in self._in_order() if server not in faults]
            until = monotonic() + (deadline - monotonic()) * part
            for position, server in enumerate(waiting):
                seconds = (until - monotonic()) / (len(waiting) - position)
                try:
                    reply = await server.exchange(query, seconds)
                except dns.exception.Timeout:
                    continue
                except (OSError, EOFError, dns.exception.DNSException) as error:
                    faults[server] = Fault("error", f"the nameserver {server} could not be asked: {_said(error)}")
                    continue
                if reply.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                    return cast("dns.message.QueryMessage", reply)
                faults[server] = _unusable(reply, server)
        raise _UnansweredError(next(iter(faults.values()), self._silence()))

    def _in_order(self) -> list[_Server]:
        """Those that have answered before first; after a while, those that never did not at all."""
        patient = monotonic() < self._patience_ends
        return sorted((s for s in self._servers if s.answered or patient), key=lambda server: not server.answered)

    def _silence(self) -> Fault:
        return Fault("timeout", f"no answer from {', '.join(map(str, self._servers))} within {self._timeout:g} s")


def _chained(reply: dns.message.QueryMessage) -> dns.message.ChainingResult:
    try:
        return reply.resolve_chaining()
    except dns.message.ChainTooLong:
        raise _UnansweredError(_circle()) from None
    except dns.exception.DNSException as error:
        raise _UnansweredError(Fault("error", f"the nameserver's answer makes no sense: {_said(error)}")) from None


def _texts(names: Iterable[dns.name.Name]) -> tuple[str, ...]:
    return tuple(_text(name) for name in names)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _nxdomain(chain: Sequence[dns.name.Name]) -> Fault:
    who = f"{_text(chain[-1])}, where its CNAME leads," if chain else "the name"
    return Fault("nxdomain", f"{who} does not exist in DNS (NXDOMAIN)")


def _circle() -> Fault:
    return Fault("cname_loop", f"its CNAME records go in a circle, or over more than {MAX_CNAMES} names")


def _unusable(reply: dns.message.Message, server: _Server) -> Fault:
    rcode = reply.rcode()
    if rcode == dns.rcode.SERVFAIL:
        return Fault(
            "servfail",
            f"the nameserver {server} answered SERVFAIL: the domain's own nameservers fail, or its DNSSEC is broken",
        )
    if rcode == dns.rcode.REFUSED:
        return Fault("refused", f"the nameserver {server} answered REFUSED: it does not serve this machine or name")
    return Fault("error", f"the nameserver {server} answered {dns.rcode.to_text(rcode)}")


def _merged(ipv4: Lookup, ipv6: Lookup) -> Lookup:
    """One lookup out of both kinds. Some nameservers wrongly deny a name altogether when it only has no AAAA."""
    addresses = ipv4.addresses | ipv6.addresses
    faults = [part.fault for part in (ipv4, ipv6) if part.fault is not None]
    if addresses:
        faults = [fault for fault in faults if fault.code != "nxdomain"]
    return Lookup(addresses, max(ipv4.chain, ipv6.chain, key=len), faults[0] if faults else None)


# Judging ------------------------------------------------------------------------------------------------------------


def judge(name: str, found: Lookup, target: Target) -> NameCheck:
    """Whether what was found for a name is here. Pure."""
    addresses = sorted(found.addresses, key=lambda address: (address.version, int(address)))
    accepting_host = next((link for link in found.chain if link in target.hosts), None)
    elsewhere = [a for a in addresses if accepting_host is None and not _is_here(a, target)]

    def verdict(code: Code, reason: str) -> NameCheck:
        return NameCheck(name, code in ("ok", "accepted"), tuple(map(str, addresses)), reason, code)

    if elsewhere and len(elsewhere) == len(addresses):
        return verdict("elsewhere", f"{_points(found, elsewhere)}, not to {_expected(target)}{_unresolved(target)}")
    if elsewhere:
        here = [a for a in addresses if a not in elsewhere]
        return verdict(
            "partly",
            f"{_points(found, here)}, which is right, but also to {_listed(elsewhere)}, which is not"
            f"{_unresolved(target)}",
        )
    if found.fault is not None:
        so_far = f"{_points(found, addresses)}, but " if addresses else ""
        return verdict(found.fault.code, f"{so_far}{found.fault.text}")
    if not addresses:
        end = f"{found.chain[-1]}, where its CNAME leads," if found.chain else "the name"
        return verdict("no_address", f"{end} exists in DNS, but has neither an A nor an AAAA record")
    if all(a in target.expect for a in addresses):
        return verdict("ok", _points(found, addresses))
    how = _accepted_as(addresses, target, accepting_host)
    return verdict("accepted", f"{_points(found, addresses)}, accepted as {how}")


def _is_here(address: Address, target: Target) -> bool:
    return address in target.expect or _accepting(address, target) is not None


def _accepting(address: Address, target: Target) -> str | None:
    """What in `accept` an address belongs to."""
    for network in target.networks:
        if address.version == network.version and address in network:
            return str(network.network_address if network.num_addresses == 1 else network)
    return next((host for host, addresses in target.hosts.items() if address in addresses), None)


def _accepted_as(addresses: Sequence[Address], target: Target, accepting_host: str | None) -> str:
    if accepting_host is not None:
        return accepting_host
    accepted = (_accepting(address, target) for address in addresses if address not in target.expect)
    return ", ".join(dict.fromkeys(entry for entry in accepted if entry is not None))


def _points(found: Lookup, addresses: Sequence[Address]) -> str:
    way = f" by way of {' -> '.join(found.chain)}" if found.chain else ""
    return f"points to {_listed(addresses)}{way}"


def _expected(target: Target) -> str:
    return _listed(sorted(target.expect, key=lambda address: (address.version, int(address))), "or")


def _listed(addresses: Sequence[Address], word: str = "and") -> str:
    shown = [str(address) for address in addresses[:MAX_LISTED]]
    if len(addresses) > len(shown):
        shown.append(f"{len(addresses) - len(shown)} more")
    *others, last = shown
    return f"{', '.join(others)} {word} {last}" if others else last


def _unresolved(target: Target) -> str:
    return "".join(f"; the accepted {host} could not be looked up: {why}" for host, why in target.unresolved.items())


# Many at once -------------------------------------------------------------------------------------------------------


def check_names(
    names: Iterable[str],
    expect: Iterable[str],
    *,
    accept: Iterable[str] = (),
    nameservers: Iterable[str] = (),
    timeout: float = 5.0,
    workers: int = 50,
    progress: Progress | None = None,
) -> list[NameCheck]:
    """Whether each name points here, in the order given; a name that is given twice is asked once.

    `expect`: the addresses that are here. `accept`: further addresses, networks (CIDR) and host names; a name is
    accepted by its addresses, and everything that is a CNAME to it is accepted too. `nameservers`: see
    `parse_nameserver`; without any, those of the system. `timeout`: seconds for one name, all nameservers together.
    `workers`: how many names at a time. `progress` is called with (done, total) after each name.

    A wildcard is resolved by a random label under it. Search lists and /etc/hosts play no part. A nameserver that has
    answered nothing at all for `timeout` seconds is not asked again, so a silent one costs its time once, not for
    each name; what is then left gets the code timeout, too.

    ValueError names a bad value; DnsError: no nameserver is known; ImportError: dnspython is missing.
    """
    if DNSPYTHON_IMPORT_ERROR is not None:
        raise ImportError("dnspython is needed to resolve names")
    if isnan(timeout) or timeout <= 0:
        raise ValueError(f"timeout: {timeout!r} is not more than 0")
    wanted = list(names)
    questions = {name: _query_name(name) for name in dict.fromkeys(wanted)}
    here = frozenset(parse_address(text, "expect") for text in expect)
    if not here:
        raise ValueError("expect: at least one address is needed")
    accepted = [parse_accept(text) for text in accept]
    servers = [parse_nameserver(text) for text in nameservers] or _system_nameservers()
    checks = asyncio.run(
        _check_all(questions, here, accepted, _Resolver(servers, timeout), workers=workers, progress=progress)
    )
    return [checks[name] for name in wanted]


def _system_nameservers() -> list[tuple[str, int]]:
    try:
        resolver = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration as error:
        raise DnsError(
            f"this machine has no nameserver configured ({error}): name one or more in `nameservers`"
        ) from error
    return [(str(server), resolver.port) for server in resolver.nameservers]


async def _check_all(
    questions: dict[str, dns.name.Name],
    expect: frozenset[Address],
    accept: Sequence[Network | str],
    resolver: _Resolver,
    *,
    workers: int,
    progress: Progress | None,
) -> dict[str, NameCheck]:
    probing = asyncio.create_task(resolver.probe())
    try:
        target = await _target(expect, accept, resolver)
        checks: dict[str, NameCheck] = {}

        async def check(name: str) -> None:
            checks[name] = judge(name, await resolver.lookup(questions[name]), target)
            if progress is not None:
                progress(len(checks), len(questions))

        await _for_each(questions, check, workers)
        return checks
    finally:
        probing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await probing


async def _target(expect: frozenset[Address], accept: Sequence[Network | str], resolver: _Resolver) -> Target:
    """Looks up the accepted host names."""
    networks = tuple(entry for entry in accept if not isinstance(entry, str))
    names = [entry for entry in accept if isinstance(entry, str)]
    found = dict(zip(names, await asyncio.gather(*(resolver.lookup(_query_name(n)) for n in names)), strict=True))
    return Target(
        expect,
        networks,
        {name: lookup.addresses for name, lookup in found.items()},
        {name: lookup.fault.text for name, lookup in found.items() if lookup.fault is not None},
    )


async def _for_each(names: Iterable[str], work: Callable[[str], Awaitable[None]], workers: int) -> None:
    """Runs `work` on each name, `workers` at a time; no task is made before its turn."""
    queue = iter(list(names))

    async def worker() -> None:
        for name in queue:
            await work(name)

    await asyncio.gather(*(worker() for _number in range(max(workers, 1))))
