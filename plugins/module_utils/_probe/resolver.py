# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks nameservers, many questions at once. The only place that knows dnspython.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import asyncio
import re
import typing as t
from ipaddress import ip_address

from .._errors import MissingLibrary, UserError
from .._names import WILDCARD

IMPORT_ERROR = ""
try:
    import dns.asyncquery
    import dns.asyncresolver
    import dns.exception
    import dns.message
    import dns.name
    import dns.rdatatype
    import dns.resolver
except ImportError as error:
    IMPORT_ERROR = str(error)

if t.TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from .._outcome import Progress

T = t.TypeVar("T")

DNS_PORT = 53
# Resolvers stop at 8 to 16 themselves; this only bounds the chains that are followed from here.
MAX_CNAMES = 16
# How many names are asked for at a time.
WORKERS = 50
# Seconds in which a healthy nameserver has told who serves the root.
PROBE_SECONDS = 0.5


class Answer(t.NamedTuple):
    """The records of one type, or why there are none.

    ``chain`` has the targets of the CNAME records on the way. ``missing`` says how it is known that there is no record,
    as the end of a sentence about the name; ``unknown`` is a clause that says why it is not known. ``servfail``: the
    domain's own nameservers fail, or its DNSSEC is broken, as far as the nameserver tells.
    """

    records: tuple[t.Any, ...] = ()
    chain: tuple[str, ...] = ()
    missing: str = ""
    unknown: str = ""
    servfail: bool = False


class Resolver:
    """Resolves names by some nameservers. All of it runs in one event loop.

    :param nameservers: see ``parse_nameserver``; none: those of this machine.
    :param timeout: seconds for one question, all nameservers together.
    :param option_prefix: what stands in front of nameservers and timeout in the options' own names.
    :raises UserError: a value is not what it must be, or this machine has no nameserver and none was given.
    :raises MissingLibrary: dnspython is missing.
    """

    def __init__(self, nameservers: Iterable[str], timeout: float, option_prefix: str) -> None:
        if not 0 < timeout <= 86400:
            raise UserError(f"{option_prefix}timeout: {timeout!r} is not a number of seconds above 0 and up to 86400")
        option = f"{option_prefix}nameservers"
        servers = [parse_nameserver(text, option) for text in nameservers]
        if IMPORT_ERROR:
            raise MissingLibrary("dnspython", IMPORT_ERROR)
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=not servers)
        except dns.resolver.NoResolverConfiguration as error:
            raise UserError(f"{option}: this machine has no nameserver configured; name one or more") from error
        if servers:
            ports = dict(servers)
            if len(ports) < len(set(servers)):
                raise UserError(f"{option}: an address is given with two ports; give each address once")
            self._resolver.nameservers = list(ports)
            self._resolver.nameserver_ports = ports
        self._resolver.lifetime = timeout
        # A lost packet is sent again within the time, twice where there is one nameserver.
        self._resolver.timeout = timeout / 2.5
        self._silent = False

    def run(
        self, names: Sequence[str], work: Callable[[str], Awaitable[T]], what: str, progress: Progress
    ) -> dict[str, T]:
        """Do ``work`` for each name, some at a time; ``what`` is what the progress counts."""
        found: dict[str, T] = {}

        async def everything() -> None:
            await self._probe(names[0].removeprefix(WILDCARD))
            queue = iter(names)

            async def worker() -> None:
                for name in queue:
                    found[name] = await work(name)
                    progress(what, len(found), len(names))

            await asyncio.gather(*(worker() for dummy in range(min(WORKERS, len(names)))))

        if names:
            asyncio.run(everything())
        return found

    async def _probe(self, first: str) -> None:
        """Find out who answers at all: each nameserver is asked who serves the root.

        Those that answer are asked first from now on: else a dead one would cost its time for each name. Where none
        does, all are tried with the first name, and if that is not answered either, nothing is asked any more.
        """
        addresses = [str(address) for address in self._resolver.nameservers]
        question = dns.message.make_query(dns.name.root, dns.rdatatype.NS)
        probes = {asyncio.ensure_future(self._is_there(question, address)): address for address in addresses}
        await asyncio.wait(probes, timeout=PROBE_SECONDS)
        answering = [address for task, address in probes.items() if task.done() and task.result()]
        self._resolver.nameservers = sorted(addresses, key=lambda address: address not in answering)
        self._silent = not answering and bool((await self.resolve(query_name(first), "A")).unknown)
        for task in probes:
            task.cancel()

    async def _is_there(self, question: dns.message.Message, address: str) -> bool:
        port = self._resolver.nameserver_ports.get(address, self._resolver.port)
        try:
            await dns.asyncquery.udp(question, address, timeout=self._resolver.lifetime, port=port)
        except (OSError, dns.exception.DNSException):
            return False
        return True

    async def resolve(self, name: dns.name.Name, kind: str) -> Answer:
        """Resolve the records of one type; CNAME records are followed.

        :param name: absolute, as ``query_name`` gives it.
        """
        chain: tuple[str, ...] = ()
        while len(chain) <= MAX_CNAMES:
            if self._silent:
                return self._silence()
            try:
                answer = await self._resolver.resolve(name, kind, raise_on_no_answer=False, search=False)
            except dns.resolver.NXDOMAIN as error:
                cnames = error.kwargs["responses"][name].resolve_chaining().cnames
                return Answer(chain=(*chain, *_targets(cnames)), missing="does not exist in DNS (NXDOMAIN)")
            except (dns.resolver.LifetimeTimeout, dns.resolver.NoNameservers) as error:
                return self._unanswered(error.kwargs["errors"], chain)
            except dns.exception.DNSException as error:
                return Answer(unknown=f"the answer makes no sense: {error or type(error).__name__}")
            chain = (*chain, *_targets(answer.chaining_result.cnames))
            if answer.rrset is not None:
                return Answer(tuple(answer.rrset), chain)
            border = not any(rrset.rdtype == dns.rdatatype.SOA for rrset in answer.response.authority)
            if answer.canonical_name == name or not border:
                return Answer(chain=chain, missing=f"exists in DNS, but has no {kind} record")
            # A resolver follows CNAME records itself; a server that is in charge of one zone stops at its border.
            name = answer.canonical_name
        return _endless(chain)

    def _unanswered(self, errors: Iterable[tuple[str, bool, int, object, object]], chain: tuple[str, ...]) -> Answer:
        """Say why no nameserver answered: (nameserver, by TCP?, port, what went wrong, its answer) for each attempt."""
        for nameserver, _tcp, port, wrong, _answer in errors:
            if isinstance(wrong, dns.message.ChainTooLong):
                return _endless(chain)
            if not isinstance(wrong, dns.exception.Timeout):
                unknown = f"the nameserver {_address(nameserver, port)} {_in_words(wrong)}"
                return Answer(unknown=unknown, servfail=wrong == "SERVFAIL")
        return self._silence()

    def _silence(self) -> Answer:
        resolver, ports = self._resolver, self._resolver.nameserver_ports
        asked = ", ".join(_address(str(one), ports.get(str(one), resolver.port)) for one in resolver.nameservers)
        return Answer(unknown=f"no answer from {asked} within {resolver.lifetime:g} s")


def _endless(chain: tuple[str, ...]) -> Answer:
    text = f"has CNAME records that lead in a circle, or over more than {MAX_CNAMES} names"
    return Answer(chain=chain, missing=text)


def _in_words(wrong: object) -> str:
    if wrong == "SERVFAIL":
        return "answered SERVFAIL: the domain's own nameservers fail, or its DNSSEC is broken"
    if wrong == "REFUSED":
        return "answered REFUSED: it does not serve this machine or this name"
    if isinstance(wrong, OSError):
        return f"cannot be asked: {wrong.strerror or wrong}"
    if isinstance(wrong, Exception):
        return f"gives an answer that makes no sense: {wrong or type(wrong).__name__}"
    return f"answered {wrong}"


def _address(nameserver: str, port: int) -> str:
    """Show an address with its port; some versions of dnspython say ``Do53:address@port``."""
    host = nameserver.removeprefix("Do53:").partition("@")[0]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _targets(cnames: Iterable[t.Any]) -> list[str]:
    return [rrset[0].target.canonicalize().to_text(omit_final_dot=True) for rrset in cnames]


def query_name(name: str) -> dns.name.Name:
    """Return the absolute name to ask for. ``name`` is in its normal form, without a wildcard.

    :raises UserError: it is not a host name.
    """
    try:
        return dns.name.from_text(name, origin=dns.name.root)
    except dns.exception.DNSException:
        raise UserError(f"{name!r} is not a host name") from None


def parse_nameserver(text: str, option: str) -> tuple[str, int]:
    """Read ``address``, ``address:port`` or ``[address]:port`` as address and port.

    :raises UserError: it is something else; the message names the option.
    """
    match = re.fullmatch(r"(?:\[(.+)\]|([^:]+))(?::([0-9]{1,5}))?", text.strip())
    bracketed, plain, port = match.groups() if match else (None, text.strip(), None)
    try:
        address, number = str(ip_address(bracketed or plain)), int(port or DNS_PORT)
    except ValueError:
        number = 0
    if not 0 < number < 65536:
        raise UserError(f"{option}: {text!r} is not an IP address, address:port or [IPv6 address]:port")
    return address, number
