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
import secrets
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network

from .._errors import MissingLibrary, UserError
from .._names import MAX_NAME_LENGTH, is_wildcard, normalise
from .._outcome import no_progress
from .proxies import proxy_of

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType

    from .._outcome import Progress
    from .proxies import Address, Network
    from .resolver import Resolver

DNS_PORT = 53
# A reason stays a sentence also where a name has dozens of addresses.
MAX_LISTED = 5
MAX_ASKED_AT_ONCE = 8


class Verdict(enum.Enum):
    """Where a name points."""

    HERE = "here"
    ELSEWHERE = "elsewhere"
    # A time-out, SERVFAIL, REFUSED: not known, so never a reason to take something away.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class DnsCheck:
    """What DNS says about one name.

    :param addresses: all A and AAAA records that were found, IPv4 first, each in ascending order.
    :param reason: what was found, as the end of a sentence that begins with the name.
    :param proxy: the known proxy that the name is behind, where that is why it does not point here.
    """

    name: str
    verdict: Verdict
    addresses: tuple[str, ...]
    reason: str
    proxy: str | None = None


@dataclass(frozen=True)
class Lookup:
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

    :param hosts: accepted names, with the addresses that they have at this moment.
    :param unresolved: accepted names without addresses, with the reason; ``doubtful`` where that may be wrong.
    :param same: IPv6 addresses of which it is known whether they lead to the same server; None: could not be asked.
    :param accept_option: what the option is called by which more can be accepted.
    """

    addresses: frozenset[Address]
    networks: tuple[Network, ...] = ()
    hosts: dict[str, frozenset[Address]] = field(default_factory=dict)
    unresolved: dict[str, str] = field(default_factory=dict)
    doubtful: bool = False
    same: dict[Address, bool | None] = field(default_factory=dict)
    accept_option: str = "accept"


# What was asked for -------------------------------------------------------------------------------------------------


def parse_address(text: str, option: str) -> Address:
    """Read one IP address; one that is IPv4 mapped into IPv6 (::ffff:192.0.2.1) becomes IPv4.

    :raises UserError: it is something else; the message names the option.
    """
    try:
        return _unmapped(ip_address(text.strip()))
    except ValueError:
        raise UserError(f"{option}: {text!r} is not an IP address") from None


def parse_nameserver(text: str, option: str) -> tuple[str, int]:
    """Read ``address``, ``address:port`` or ``[address]:port`` as address and port.

    :raises UserError: it is something else; the message names the option.
    """
    wrong = UserError(f"{option}: {text!r} is not an IP address, address:port or [IPv6 address]:port")
    host, port = text.strip(), str(DNS_PORT)
    if host.startswith("["):
        host, bracket, rest = host[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise wrong
        port = rest[1:] if rest else port
    elif host.count(":") == 1:
        host, port = host.split(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise wrong
    try:
        return str(ip_address(host)), int(port)
    except ValueError:
        raise wrong from None


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


def check_timeout(timeout: float, option: str) -> None:
    """Refuse a time that no question can take.

    :raises UserError: it is not a number of seconds between 0 and a day; the message names the option.
    """
    if not 0 < timeout <= 86400:
        raise UserError(f"{option}: {timeout!r} is not a number of seconds above 0 and up to 86400")


def _unmapped(address: Address) -> Address:
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


# Judging ------------------------------------------------------------------------------------------------------------


def judge(name: str, found: Lookup, expected: Expected) -> DnsCheck:
    """Say whether what was found for a name is here. Pure."""
    addresses = _ordered(found.addresses)
    host = next((link for link in found.chain if link in expected.hosts), None)
    wrong = [a for a in addresses if host is None and not _is_here(a, expected)]

    def check(verdict: Verdict, reason: str, proxy: str | None = None) -> DnsCheck:
        return DnsCheck(name, verdict, tuple(map(str, addresses)), reason, proxy)

    if wrong and expected.doubtful:
        doubt = "; ".join(f"the accepted {h} could not be looked up: {why}" for h, why in expected.unresolved.items())
        return check(Verdict.UNKNOWN, f"{_points(found, wrong)}; whether that is right is not known: {doubt}")
    if wrong:
        right = [a for a in addresses if a not in wrong]
        if right:
            reason = f"{_points(found, right)}, which is right, but also to {_listed(wrong)}, {_what_is_wrong(wrong, expected)}"
        else:
            reason = f"{_points(found, wrong)}, not to {_listed(_ordered(expected.addresses), 'or')}"
        proxy, way_out = _way_out(wrong, expected)
        return check(Verdict.ELSEWHERE, f"{reason}{way_out}", proxy)
    if found.unknown:
        so_far = f"{_points(found, addresses)}, but whether also elsewhere" if addresses else "where it points"
        return check(Verdict.UNKNOWN, f"{so_far} is not known: {found.unknown}")
    if not addresses:
        end = f"leads by CNAME to {found.chain[-1]}, which" if found.chain else ""
        return check(Verdict.ELSEWHERE, f"{end} {found.missing}".strip())
    if all(a in expected.addresses for a in addresses):
        return check(Verdict.HERE, _points(found, addresses))
    return check(Verdict.HERE, f"{_points(found, addresses)}, {_accepted_as(addresses, expected, host)}")


def _is_here(address: Address, expected: Expected) -> bool:
    return (
        address in expected.addresses or bool(expected.same.get(address)) or _accepting(address, expected) is not None
    )


def _accepting(address: Address, expected: Expected) -> str | None:
    """Return what in the accepted entries an address belongs to."""
    for network in expected.networks:
        if address in network:
            return str(network.network_address if network.num_addresses == 1 else network)
    return next((host for host, addresses in expected.hosts.items() if address in addresses), None)


def _accepted_as(addresses: Sequence[Address], expected: Expected, host: str | None) -> str:
    others = [address for address in addresses if address not in expected.addresses]
    entries = [host] if host is not None else [_accepting(address, expected) for address in others]
    accepted = ", ".join(dict.fromkeys(entry for entry in entries if entry is not None))
    if not accepted:
        return "where the same server answers"
    return f"accepted as {accepted}"


def _what_is_wrong(wrong: Sequence[Address], expected: Expected) -> str:
    """Say of addresses beside right ones what is wrong; IPv6 addresses are often only not declared."""
    if any(address.version == 4 for address in wrong):
        return "which is not"
    differs = any(expected.same.get(address) is False for address in wrong)
    what = "which presents another certificate" if differs else "which is not known to be this server"
    return f"{what}; if it is this server's, put it into {expected.accept_option}"


def _way_out(wrong: Sequence[Address], expected: Expected) -> tuple[str | None, str]:
    """Say what to do about the addresses of a known proxy, which may pass visitors on to this server.

    :returns: the proxy, and the further words of the reason.
    """
    known = [proxy for proxy in map(proxy_of, wrong) if proxy is not None]
    if len(known) < len(wrong):
        return None, "".join(f"; the accepted {host} {why}" for host, why in expected.unresolved.items())
    proxy, networks = known[0][0], ", ".join(dict.fromkeys(str(network) for _proxy, network in known))
    hint = f"if it passes visitors on to this server, put {networks} into {expected.accept_option}"
    return proxy, f"; this is the proxy of {proxy}: {hint}"


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
    :param nameservers: see ``parse_nameserver``; none: those of this machine.
    :param timeout: seconds for one question, all nameservers together.
    :param same_server: asked about each distinct IPv6 address that is not declared, where nothing else is wrong with
        a name: whether the same server answers there, None where that cannot be found out. It may block.
    :param option_prefix: what stands in front of expect, accept, nameservers and timeout in the options' own names.
    :returns: name -> what was found, in the order given.
    :raises UserError: a value is not what it must be, or no nameserver is known. Nothing was asked then.
    :raises MissingLibrary: dnspython is missing.
    """
    wanted = list(dict.fromkeys(names))
    here = frozenset(parse_address(text, f"{option_prefix}expect") for text in expect)
    if not here:
        raise UserError(f"{option_prefix}expect: at least one address is needed")
    entries = [parse_accept(text, f"{option_prefix}accept") for text in accept]
    hosts = [entry for entry in entries if isinstance(entry, str)]
    resolver, library = open_resolver(nameservers, timeout, option_prefix)
    questions = {name: library.query_name(_asked(name)) for name in (*wanted, *hosts)}
    found: dict[str, Lookup] = {}

    async def look_up(name: str) -> None:
        found[name] = await _look_up(resolver, library, questions[name])
        progress("DNS", len(found), len(questions))

    library.run_for_each(resolver, list(questions), _asked(wanted[0]) if wanted else "", look_up)
    expected = Expected(
        addresses=here,
        networks=tuple(entry for entry in entries if not isinstance(entry, str)),
        hosts={host: found[host].addresses for host in hosts},
        unresolved={host: why for host in hosts if (why := found[host].unknown or found[host].missing)},
        doubtful=any(found[host].unknown for host in hosts),
        accept_option=f"{option_prefix}accept",
    )
    if same_server is not None:
        expected.same.update(_ask_same(same_server, [found[name] for name in wanted], expected))
    return {name: judge(name, found[name], expected) for name in wanted}


def open_resolver(nameservers: Iterable[str], timeout: float, option_prefix: str) -> tuple[Resolver, ModuleType]:
    """Make a resolver, and return it with the module that it comes from, which imports dnspython.

    :raises UserError: a value is not what it must be, or no nameserver is known.
    :raises MissingLibrary: dnspython is missing.
    """
    check_timeout(timeout, f"{option_prefix}timeout")
    option = f"{option_prefix}nameservers"
    servers = [parse_nameserver(text, option) for text in nameservers]
    from . import resolver

    if resolver.IMPORT_ERROR:
        raise MissingLibrary("dnspython", resolver.IMPORT_ERROR)
    return resolver.Resolver(servers, timeout, option), resolver


def _asked(name: str) -> str:
    """Return the name to ask for: a wildcard stands for any label, so a random one is asked."""
    return f"{secrets.token_hex(8)[: MAX_NAME_LENGTH + 1 - len(name)]}{name[1:]}" if is_wildcard(name) else name


async def _look_up(resolver: Resolver, library: ModuleType, name: t.Any) -> Lookup:
    """Look up both kinds of addresses. Some nameservers wrongly deny a name that only lacks one kind."""
    addresses: set[Address] = set()
    chain: tuple[str, ...] = ()
    missing: list[str] = []
    unknown = ""
    for kind in ("A", "AAAA"):
        try:
            answer = await resolver.resolve(name, kind)
        except library.Missing as error:
            missing.append(str(error))
            chain = max(chain, error.chain, key=len)
        except library.Unanswered as error:
            unknown = str(error)
            break
        else:
            addresses.update(_unmapped(ip_address(record.address)) for record in answer.records)
            chain = max(chain, answer.chain, key=len)
    if len(set(missing)) > 1:
        missing = ["exists in DNS, but has neither an A nor an AAAA record"]
    return Lookup(frozenset(addresses), chain, missing[0] if missing and not addresses else "", unknown)


def _ask_same(
    same_server: Callable[[str], bool | None], found: Iterable[Lookup], expected: Expected
) -> dict[Address, bool | None]:
    """Ask about the IPv6 addresses that are all that is wrong with a name, each once."""
    doubtful: dict[Address, None] = {}
    for lookup in found:
        wrong = [address for address in _ordered(lookup.addresses) if not _is_here(address, expected)]
        if not expected.hosts.keys() & set(lookup.chain) and all(address.version == 6 for address in wrong):
            doubtful.update(dict.fromkeys(wrong))
    pool = ThreadPoolExecutor(MAX_ASKED_AT_ONCE)
    try:
        return dict(zip(doubtful, pool.map(lambda address: same_server(str(address)), doubtful), strict=True))
    finally:
        # Where the run is stopped meanwhile, what was not asked yet is left.
        pool.shutdown(wait=False, cancel_futures=True)
