# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The web server's side of HTTPS: handshakes that present, for each name, what the state says (reference 4.7, 4.8)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
import time
from collections import OrderedDict
from pathlib import Path

from .ca import Authorities
from .clock import DAY
from .state import Certificate, World
from .switches import Switches

OTHER_TENANT = "other-tenant.example"
# Let's Encrypt dates its certificates back by an hour, for visitors whose clocks are slow.
_BACKDATED = 3600.0
_CACHE_SIZE = 12_000
_REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\nConnection: close\r\n\r\nsimulated site"

_HANG_UPS = (
    OSError,
    asyncio.CancelledError,
    asyncio.IncompleteReadError,
    asyncio.LimitOverrunError,
    asyncio.TimeoutError,
)


class TlsServer:
    """A TLS listener that picks the certificate by SNI from the current state."""

    def __init__(self, authorities: Authorities) -> None:
        self._authorities = authorities
        self._world = World()
        self._switches = Switches()
        self._inspected: dict[str, Certificate] = {}
        self._contexts: OrderedDict[int, ssl.SSLContext] = OrderedDict()
        self._folder = tempfile.TemporaryDirectory(prefix="simulator-tls-")
        now = time.time()
        self._default = self._load(*authorities.leaf(authorities.other, [OTHER_TENANT], now - DAY, now + 3650 * DAY))
        self._default.sni_callback = self._choose
        self._server: asyncio.Server | None = None
        self._visits: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def show(self, world: World, switches: Switches) -> None:
        """Serve this state from now on."""
        self._world, self._switches = world, switches

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(
            self._answer, host, port, ssl=self._default, backlog=1024, ssl_handshake_timeout=20.0
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening, hang up on whoever is still there, and remove what lay on disk."""
        if self._server is not None:
            self._server.close()
        for writer in self._visits.values():
            writer.transport.abort()
        if self._visits:
            await asyncio.wait(list(self._visits), timeout=1.0)
        self._folder.cleanup()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request with a line of text, for people who look with a browser or curl."""
        visit = asyncio.current_task()
        if visit is not None:
            self._visits[visit] = writer
            visit.add_done_callback(lambda done: self._visits.pop(done, None))
        # A visit that is cut off by the end of the process is over without a word, as any other.
        with contextlib.suppress(*_HANG_UPS):
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30.0)
            writer.write(_REPLY)
            await writer.drain()
        writer.close()

    def _choose(self, tls: ssl.SSLObject | ssl.SSLSocket, host: str | None, _context: ssl.SSLContext) -> None:
        """Put the right certificate into a handshake; without one the default vhost's stays (reference 4.7)."""
        if self._switches.served == "other":
            return
        cert = self._inspection(host) if self._switches.served == "inspected" else self._certificate_for(host)
        if cert is not None:
            tls.context = self._context_for(cert)

    def _certificate_for(self, host: str | None) -> Certificate | None:
        """Return the certificate the web server presents for a host name."""
        found = self._world.serving(host) if host else None
        if found is None:
            return None
        app, domain = found
        cert = app.certificate if app.mode == "basic" else domain.certificate
        return cert if cert is not None and cert.ready else None

    def _inspection(self, host: str | None) -> Certificate | None:
        """Return what a proxy that inspects TLS presents: its own certificate for whatever name is asked for."""
        if not host:
            return None
        if host not in self._inspected:
            cert = Certificate(0, "inspected", 0.0)
            cert.replace((host,), time.time() - DAY, time.time() + 365 * DAY)
            self._inspected[host] = cert
        return self._inspected[host]

    def _context_for(self, cert: Certificate) -> ssl.SSLContext:
        """Return the TLS context of a certificate, made at its first handshake."""
        context = self._contexts.get(cert.revision)
        if context is None:
            context = self._load(*self._pem(cert))
            self._contexts[cert.revision] = context
            if len(self._contexts) > _CACHE_SIZE:
                self._contexts.popitem(last=False)
        return context

    def _pem(self, cert: Certificate) -> tuple[str, str]:
        if cert.certificate is not None and cert.private_key is not None:
            return cert.certificate, cert.private_key
        authority = self._authorities.staging if cert.staging else self._authorities.live
        if cert.method == "inspected":
            authority = self._authorities.other
        issued, until = cert.issued_at or 0.0, cert.valid_until or 0.0
        return self._authorities.leaf(authority, cert.names, issued - _BACKDATED, until)

    def _load(self, certificate: str, private_key: str) -> ssl.SSLContext:
        """Return a context with this certificate; the ssl module reads it from files only."""
        path = Path(self._folder.name, "current.pem")
        path.write_text(private_key + certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context
