# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real TLS listener on loopback that presents, name by name (SNI), what a test wants, and listeners that are none.

authority = Authority()
with TlsServer(default=authority.issue(["brand.example"])) as server:
    server.present("shop.example", make_certificate(["shop.example"]))      # self-signed
    server.refuse("unknown.example")
    ... 127.0.0.1, server.port ...
"""

from __future__ import annotations

import selectors
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
EVERYTHING = "ALL:@SECLEVEL=0"


# Certificates --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Identity:
    """A certificate, and what is needed to present it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def pem(self) -> bytes:
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return key + self.certificate.public_bytes(serialization.Encoding.PEM)

    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    """One key for all: making keys is what makes tests slow."""
    return ec.generate_private_key(ec.SECP256R1())


def make_certificate(
    names: Sequence[str],
    *,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    common_name: str | None = None,
    signed_by: Authority | None = None,
) -> Identity:
    """Make a certificate for names (subject alternative names; none: it has only a common name).

    It is valid from a day ago for 90 days, and signed by itself, unless said otherwise.
    """
    now = datetime.now(timezone.utc).replace(microsecond=0)
    subject = _name(common_name if common_name is not None else names[0])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if signed_by is None else signed_by.identity.certificate.subject)
        .public_key(_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before or now - timedelta(days=1))
        .not_valid_after(not_after or now + timedelta(days=89))
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
    return Identity(builder.sign(_key() if signed_by is None else signed_by.identity.key, hashes.SHA256()), _key())


class Authority:
    """A certificate authority that nobody trusts until they are given its certificate."""

    def __init__(self, name: str = "Test Authority") -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3650))
            .not_valid_after(now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.identity = Identity(certificate, key)

    def issue(
        self, names: Sequence[str], *, not_before: datetime | None = None, not_after: datetime | None = None
    ) -> Identity:
        return make_certificate(names, not_before=not_before, not_after=not_after, signed_by=self)

    def write(self, path: Path) -> Path:
        """Write its certificate, as a file for `ca_path`."""
        path.write_bytes(self.identity.certificate.public_bytes(serialization.Encoding.PEM))
        return path


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


# Listeners -----------------------------------------------------------------------------------------------------------


class _Listener:
    """Accepts connections and serves each in a thread of a pool."""

    threads = 32

    def __init__(self, host: str = HOST, port: int = 0) -> None:
        self.host = host
        self.connections = 0
        self._socket = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024
        )
        self.port: int = self._socket.getsockname()[1]
        self._closing = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="listener")
        self._acceptor = threading.Thread(target=self._accept, name="acceptor", daemon=True)

    def start(self) -> None:
        self._acceptor.start()

    def close(self) -> None:
        self._closing.set()
        self._wake.close()
        self._acceptor.join()
        self._pool.shutdown()
        self._socket.close()
        self._woken.close()

    def serve(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self._closing.is_set():
                for ready, _events in selector.select():
                    if ready.fileobj is self._socket:
                        connection, _peer = self._socket.accept()
                        self.connections += 1
                        self._pool.submit(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                self.serve(connection)
            except OSError:
                # The client went away, or got what it was meant to get.
                return


class TlsServer(_Listener):
    """Presents certificates by name; `default` for all other names, and to who asks for none.

    Without a default such a name is refused with the alert unrecognized_name. `on_ask` is called with each name, in
    the thread of its connection, before it is answered; `silent` stops all answers.
    """

    def __init__(
        self,
        *,
        default: Identity | None = None,
        host: str = HOST,
        port: int = 0,
        maximum_version: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    ) -> None:
        super().__init__(host, port)
        self._maximum_version = maximum_version
        self._folder = tempfile.TemporaryDirectory(prefix="tls-server-")
        self._contexts: dict[bytes, ssl.SSLContext] = {}
        self._presented: dict[str, ssl.SSLContext] = {}
        self._refused: set[str] = set()
        self._dropped: set[str] = set()
        self._silent: set[str] = set()
        self._asked: list[str | None] = []
        self.silent = False
        self.on_ask: Callable[[str | None], None] | None = None
        self._default = None if default is None else self._context_of(default)
        self._front = self._context()
        # The certificate of the first context is never presented: the callback always answers with another one.
        self._load(self._front, make_certificate(["unused.example"]))
        self._front.sni_callback = self._choose

    def __enter__(self) -> TlsServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._folder.cleanup()

    def present(self, name: str, identity: Identity) -> None:
        """Present a certificate to who asks for this name. `*.example.com`: for all names below that have no own."""
        self._forget(name)
        self._presented[name] = self._context_of(identity)

    def refuse(self, name: str) -> None:
        """Answer with the alert unrecognized_name."""
        self._forget(name)
        self._refused.add(name)

    def drop(self, name: str) -> None:
        """Close the connection without a word."""
        self._forget(name)
        self._dropped.add(name)

    def silence(self, name: str) -> None:
        """Never answer."""
        self._forget(name)
        self._silent.add(name)

    @property
    def asked(self) -> list[str | None]:
        """The names asked for so far; None for a handshake without one."""
        return list(self._asked)

    def serve(self, connection: socket.socket) -> None:
        with self._front.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as secured:
            secured.do_handshake()
            # Wait for the client to close, so that it never meets a reset while it still reads.
            secured.settimeout(5)
            secured.recv(1)

    def _choose(self, secured: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        self._asked.append(name)
        if self.on_ask is not None:
            self.on_ask(name)
        if self.silent or name in self._silent:
            self._closing.wait()
            return int(ssl.ALERT_DESCRIPTION_INTERNAL_ERROR)
        if name in self._dropped:
            # The callback is given the SSLSocket itself; its plain socket is what is shut.
            socket.socket.shutdown(secured, socket.SHUT_RDWR)  # type: ignore[arg-type]
            return int(ssl.ALERT_DESCRIPTION_INTERNAL_ERROR)
        context = None if name in self._refused else self._context_for(name)
        if context is None:
            return int(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)
        secured.context = context
        return None

    def _context_for(self, name: str | None) -> ssl.SSLContext | None:
        if name is None:
            return self._default
        below = f"*.{name.partition('.')[2]}"
        return self._presented.get(name) or self._presented.get(below) or self._default

    def _forget(self, name: str) -> None:
        self._presented.pop(name, None)
        for names in (self._refused, self._dropped, self._silent):
            names.discard(name)

    def _context_of(self, identity: Identity) -> ssl.SSLContext:
        der = identity.der()
        if der not in self._contexts:
            self._contexts[der] = self._context()
            self._load(self._contexts[der], identity)
        return self._contexts[der]

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = self._maximum_version
        context.set_ciphers(EVERYTHING)
        return context

    def _load(self, context: ssl.SSLContext, identity: Identity) -> None:
        """Load from a file, the only way that Python's ssl has."""
        path = Path(self._folder.name) / "identity.pem"
        path.write_bytes(identity.pem())
        context.load_cert_chain(path)


class PlainServer(_Listener):
    """A listener that speaks no TLS: says `greeting` and closes. None: it never says a word and keeps the connection.

    `reset`: it breaks the connection off instead of closing it.
    """

    def __init__(self, greeting: bytes | None = b"HTTP/1.1 400 Bad Request\r\n\r\n", *, reset: bool = False) -> None:
        super().__init__()
        self._greeting = greeting
        self._reset = reset

    def __enter__(self) -> PlainServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def serve(self, connection: socket.socket) -> None:
        connection.recv(4096)
        if self._greeting is None:
            self._closing.wait()
        elif self._reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            connection.sendall(self._greeting)


def closed_port() -> int:
    """Find a port on which nobody listens."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
