# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real DNS server on loopback, by UDP and TCP, whose records a test changes while it runs.

    with DnsServer(default=["127.0.0.1"]) as dns:
        dns.set("brand.example", a=["203.0.113.9"])
        dns.set("www.brand.example", cname="brand.example")
        dns.remove("gone.example")
        dns.fail("broken.example", "SERVFAIL")
        dns.silence("slow.example")
        ... dns.address is what goes into `nameservers` ...
        assert dns.asked("brand.example", "A") == 1

Built on dnslib, so that it shares no code with the resolver under test.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import TracebackType
from typing import Any, cast

from dnslib import AAAA, CAA, CNAME, QTYPE, RCODE, RR, SOA, A, DNSRecord

UDP_LIMIT = 512
MAX_CNAMES = 16
TTL = 60


@dataclass(frozen=True)
class Records:
    """What is known of one name. `rcode` other than NOERROR, or `silent`, takes the place of any record."""

    addresses: tuple[str, ...] = ()
    caa: tuple[str, ...] = ()
    cname: str | None = None
    rcode: str = "NOERROR"
    silent: bool = False
    delay: float = 0.0
    silent_types: frozenset[str] = frozenset()
    failing_types: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Query:
    name: str
    type: str
    transport: str


class DnsServer:
    """A resolver for names that exist only here.

    `default` are the addresses of every name that is not set; without it such a name does not exist (NXDOMAIN).
    `follow`: answer with the whole CNAME chain, as a resolver does; false gives only the first link, as a server that
    is in charge of one zone only. Setting `silent` stops all answers.
    """

    def __init__(
        self, *, default: Sequence[str] = (), host: str = "127.0.0.1", port: int = 0, follow: bool = True
    ) -> None:
        self.default = tuple(default)
        self.host = host
        self.port = port
        self.follow = follow
        self.silent = False
        self._records: dict[str, Records] = {}
        self._queries: list[Query] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="dns-server", daemon=True)
        self._ready = threading.Event()
        self._closing: asyncio.Event | None = None

    # For tests ---------------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def set(
        self,
        name: str,
        *,
        a: Sequence[str] = (),
        aaaa: Sequence[str] = (),
        caa: Sequence[str] = (),
        cname: str | None = None,
        delay: float = 0.0,
        silent_types: Sequence[str] = (),
        failing_types: Mapping[str, str] | None = None,
    ) -> None:
        """Replace what is known of a name; `*.example.com` stands for all names below that are not set.

        Nothing but the name: it exists without any address. `caa`: as in a zone file, `0 issue "letsencrypt.org"`.
        `silent_types`: questions for these get no answer; `failing_types`: they get an error, {"CAA": "SERVFAIL"}.
        """
        self._records[_key(name)] = Records(
            addresses=(*a, *aaaa),
            caa=tuple(caa),
            cname=None if cname is None else _key(cname),
            delay=delay,
            silent_types=frozenset(silent_types),
            failing_types=dict(failing_types or {}),
        )

    def remove(self, name: str) -> None:
        """Make that a name does not exist (NXDOMAIN), also where there is a default or a wildcard."""
        self.fail(name, "NXDOMAIN")

    def fail(self, name: str, rcode: str) -> None:
        """Answer questions for a name with an error: SERVFAIL, REFUSED, NXDOMAIN, ..."""
        self._records[_key(name)] = Records(rcode=rcode)

    def silence(self, name: str) -> None:
        """Give no answer to questions for a name."""
        self._records[_key(name)] = Records(silent=True)

    def reset(self) -> None:
        """Forget all records and all questions."""
        self._records.clear()
        self._queries.clear()

    @property
    def queries(self) -> list[Query]:
        """All questions so far, in the order of their arrival."""
        return list(self._queries)

    def asked(self, name: str, kind: str | None = None) -> int:
        """Count the questions for a name, of one type or of all."""
        return sum(q.name == _key(name) and kind in (None, q.type) for q in self.queries)

    # Life --------------------------------------------------------------------------------------------------------

    def __enter__(self) -> DnsServer:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._closing is not None:
            self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        self._closing = asyncio.Event()
        udp_socket, tcp_socket = _sockets(self.host, self.port)
        self.port = udp_socket.getsockname()[1]
        udp, _protocol = await self._loop.create_datagram_endpoint(lambda: _Udp(self), sock=udp_socket)
        tcp = await asyncio.start_server(self._talk, sock=tcp_socket)
        self._ready.set()
        await self._closing.wait()
        udp.close()
        tcp.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            length = int.from_bytes(await reader.readexactly(2), "big")
            question = DNSRecord.parse(await reader.readexactly(length))
            reply, delay = self.answer(question, "tcp")
            await asyncio.sleep(delay)
            if reply is not None:
                packed = reply.pack()
                writer.write(len(packed).to_bytes(2, "big") + packed)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    # Answers -----------------------------------------------------------------------------------------------------

    def answer(self, question: Any, transport: str) -> tuple[Any, float]:
        """Give the reply to a question, or None for silence, and the seconds to wait before it is sent."""
        name, kind = _key(str(question.q.qname)), QTYPE[question.q.qtype]
        self._queries.append(Query(name, kind, transport))
        found = self._find(name)
        if self.silent or found.silent or kind in found.silent_types:
            return None, 0.0
        reply = question.reply()
        reply.header.rcode = getattr(RCODE, self._fill(reply, name, kind))
        if transport == "udp" and len(reply.pack()) > UDP_LIMIT:
            reply = question.reply()
            reply.header.tc = 1
        return reply, found.delay

    def _fill(self, reply: Any, name: str, kind: str) -> str:
        """Put the records into a reply and give its rcode."""
        for owner, records in self._chain(name):
            if records.cname is not None:
                reply.add_answer(RR(owner, QTYPE.CNAME, rdata=CNAME(records.cname), ttl=TTL))
                if not self.follow:
                    return "NOERROR"
            for address in records.addresses:
                if _type_of(address) == kind:
                    rdata = A(address) if kind == "A" else AAAA(tuple(ip_address(address).packed))
                    reply.add_answer(RR(owner, getattr(QTYPE, kind), rdata=rdata, ttl=TTL))
            for text in records.caa if kind == "CAA" else ():
                flags, tag, value = text.split(" ", 2)
                reply.add_answer(RR(owner, QTYPE.CAA, rdata=CAA(int(flags), tag, value.strip('"')), ttl=TTL))
            rcode = records.failing_types.get(kind, records.rcode)
            if rcode != "NOERROR":
                return rcode
        if not any(QTYPE[record.rtype] == kind for record in reply.rr):
            reply.add_auth(RR("example", QTYPE.SOA, rdata=SOA("ns.example", "admin.example"), ttl=TTL))
        return "NOERROR"

    def _chain(self, name: str) -> Iterator[tuple[str, Records]]:
        """Each name on the way along the CNAMEs, as far as a resolver would go."""
        for _link in range(MAX_CNAMES + 1):
            records = self._find(name)
            yield name, records
            if records.cname is None:
                return
            name = records.cname

    def _find(self, name: str) -> Records:
        if name in self._records:
            return self._records[name]
        below = f".{name}"
        if any(known.endswith(below) for known in self._records):
            return Records()
        labels = name.split(".")
        for start in range(1, len(labels)):
            wildcard = self._records.get(".".join(["*", *labels[start:]]))
            if wildcard is not None:
                return wildcard
        return Records(self.default) if self.default else Records(rcode="NXDOMAIN")


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        reply, delay = self._server.answer(DNSRecord.parse(data), "udp")
        if reply is None or self._transport is None:
            return
        asyncio.get_running_loop().call_later(delay, self._transport.sendto, reply.pack(), addr)


def _sockets(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on the same port; where the port is left to the system, until one is free for both."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        tcp = socket.socket(family, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            udp.bind((host, port))
            tcp.bind((host, udp.getsockname()[1]))
        except OSError:
            udp.close()
            tcp.close()
            if port:
                raise
            continue
        tcp.listen()
        return udp, tcp


def _key(name: str) -> str:
    return name.lower().rstrip(".")


def _type_of(address: str) -> str:
    return "A" if ip_address(address).version == 4 else "AAAA"
