# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks nameservers, many questions at once. The only place that knows dnspython, imported only where it is used.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import asyncio
import typing as t

from .._errors import UserError

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

# Resolvers stop at 8 to 16 themselves; this only bounds the chains that are followed from here.
MAX_CNAMES = 16
# How many names are asked for at a time.
WORKERS = 50
# Seconds in which a healthy nameserver has told who serves the root.
PROBE_SECONDS = 0.5


class Missing(Exception):
    """It is known that there is no such record; the message says how, as the end of a sentence about the name.

    :ivar chain: the targets of the CNAME records on the way.
    """

    def __init__(self, text: str, chain: Sequence[str]) -> None:
        super().__init__(text)
        self.chain = tuple(chain)


class Unanswered(Exception):
    """Whether there is such a record is not known; the message is a clause that says why.

    :ivar servfail: the domain's own nameservers fail, or its DNSSEC is broken, as far as the nameserver tells.
    """

    def __init__(self, text: str, *, servfail: bool = False) -> None:
        super().__init__(text)
        self.servfail = servfail


class Answer(t.NamedTuple):
    """The records of one type, and the targets of the CNAME records on the way to them."""

    records: tuple[t.Any, ...]
    chain: tuple[str, ...]


class Resolver:
    """Resolves names by some nameservers. All of it runs in one event loop.

    :param nameservers: addresses with their ports; none: those of this machine.
    :param timeout: seconds for one question, all nameservers together.
    :param option: the name of the option that holds the nameservers.
    :raises UserError: this machine has no nameserver and none was given, or one was given with two ports.
    """

    def __init__(self, nameservers: Sequence[tuple[str, int]], timeout: float, option: str) -> None:
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=not nameservers)
        except dns.resolver.NoResolverConfiguration as error:
            raise UserError(f"{option}: this machine has no nameserver configured; name one or more") from error
        if nameservers:
            ports = dict(nameservers)
            if len(ports) < len(set(nameservers)):
                raise UserError(f"{option}: an address is given with two ports; give each address once")
            self._resolver.nameservers = list(ports)
            self._resolver.nameserver_ports = ports
        self._resolver.lifetime = timeout
        # A lost packet is sent again within the time, twice where there is one nameserver.
        self._resolver.timeout = timeout / 2.5
        self._silent = False

    @property
    def _shown(self) -> str:
        ports = self._resolver.nameserver_ports
        servers = [str(address) for address in self._resolver.nameservers]
        return ", ".join(_address(server, ports.get(server, self._resolver.port)) for server in servers)

    async def probe(self, first: dns.name.Name) -> None:
        """Find out who answers at all: each nameserver is asked who serves the root.

        Those that answer are asked first from now on: else a dead one would cost its time for each name. Where none
        does, all are tried with the first name, and if that is not answered either, nothing is asked any more.
        """
        addresses = [str(address) for address in self._resolver.nameservers]
        question = dns.message.make_query(dns.name.root, dns.rdatatype.NS)
        probes = {asyncio.ensure_future(self._is_there(question, address)): address for address in addresses}
        await asyncio.wait(probes, timeout=PROBE_SECONDS)
        answering = [address for task, address in probes.items() if task.done() and task.result()]
        self._resolver.nameservers = [*answering, *(address for address in addresses if address not in answering)]
        self._silent = not answering and not await self._is_answered(first)
        for task in probes:
            task.cancel()

    async def _is_there(self, question: dns.message.Message, address: str) -> bool:
        port = self._resolver.nameserver_ports.get(address, self._resolver.port)
        try:
            await dns.asyncquery.udp(question, address, timeout=self._resolver.lifetime, port=port)
        except (OSError, dns.exception.DNSException):
            return False
        return True

    async def _is_answered(self, name: dns.name.Name) -> bool:
        try:
            await self.resolve(name, "A")
        except Missing:
            return True
        except Unanswered:
            return False
        return True

    async def resolve(self, name: dns.name.Name, kind: str) -> Answer:
        """Resolve the records of one type; its CNAME records are followed.

        :param name: absolute, as ``query_name`` gives it.
        :raises Missing: there is none.
        :raises Unanswered: nobody could say.
        """
        chain: list[str] = []
        while len(chain) <= MAX_CNAMES:
            answer = await self._ask(name, kind, chain)
            chain.extend(_targets(answer.chaining_result.cnames))
            if answer.rrset is not None:
                return Answer(tuple(answer.rrset), tuple(chain))
            border = not any(rrset.rdtype == dns.rdatatype.SOA for rrset in answer.response.authority)
            if answer.canonical_name == name or not border:
                raise Missing(f"exists in DNS, but has no {kind} record", chain)
            # A resolver follows CNAME records itself; a server that is in charge of one zone stops at its border.
            name = answer.canonical_name
        raise _endless(chain)

    async def _ask(self, name: dns.name.Name, kind: str, chain: Sequence[str]) -> dns.resolver.Answer:
        if self._silent:
            raise self._silence()
        try:
            return await self._resolver.resolve(name, kind, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN as error:
            cnames = error.kwargs["responses"][name].resolve_chaining().cnames
            raise Missing("does not exist in DNS (NXDOMAIN)", [*chain, *_targets(cnames)]) from None
        except (dns.resolver.LifetimeTimeout, dns.resolver.NoNameservers) as error:
            # (nameserver, by TCP?, port, what went wrong, its answer)
            for nameserver, _tcp, port, wrong, _answer in error.kwargs["errors"]:
                if isinstance(wrong, dns.message.ChainTooLong):
                    raise _endless(chain) from None
                if not isinstance(wrong, dns.exception.Timeout):
                    raise _unusable(_address(nameserver, port), wrong) from None
            raise self._silence() from None
        except dns.exception.DNSException as error:
            raise Unanswered(f"the answer makes no sense: {error or type(error).__name__}") from None

    def _silence(self) -> Unanswered:
        return Unanswered(f"no answer from {self._shown} within {self._resolver.lifetime:g} s")


def _endless(chain: Sequence[str]) -> Missing:
    return Missing(f"has CNAME records that lead in a circle, or over more than {MAX_CNAMES} names", chain)


def _unusable(nameserver: str, wrong: object) -> Unanswered:
    if wrong == "SERVFAIL":
        text = "answered SERVFAIL: the domain's own nameservers fail, or its DNSSEC is broken"
    elif wrong == "REFUSED":
        text = "answered REFUSED: it does not serve this machine or this name"
    elif isinstance(wrong, OSError):
        text = f"cannot be asked: {wrong.strerror or wrong}"
    elif isinstance(wrong, Exception):
        text = f"gives an answer that makes no sense: {wrong or type(wrong).__name__}"
    else:
        text = f"answered {wrong}"
    return Unanswered(f"the nameserver {nameserver} {text}", servfail=wrong == "SERVFAIL")


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


def run_for_each(resolver: Resolver, names: Sequence[str], first: str, work: Callable[[str], Awaitable[None]]) -> None:
    """Run ``work`` on each name, some at a time, after the nameservers were probed.

    :param first: the name that the nameservers are tried with.
    """

    async def everything() -> None:
        await resolver.probe(query_name(first))
        queue = iter(names)

        async def worker() -> None:
            for name in queue:
                await work(name)

        await asyncio.gather(*(worker() for dummy in range(min(WORKERS, len(names)))))

    if names:
        asyncio.run(everything())
