# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the certificates that a server really serves, many at once.

PRIVATE to the collection: may change without notice.

RunCloud's API does not tell which names a certificate covers (reference 4.2, 4.8) and may answer before a certificate
is issued (reference 7); a handshake with the server's own address, with each name as SNI, is what decides.
"""

from __future__ import annotations

import re
import secrets
import socket
import ssl
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from time import monotonic

from .._names import is_wildcard
from .._outcome import no_progress
from .served import Served, ServedCertificate, ServedReport, parse_certificate, require_cryptography

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .._outcome import Progress

HTTPS_PORT = 443
# How many handshakes are made at a time.
WORKERS = 50
# What ssl.OP_LEGACY_SERVER_CONNECT is, which Python names only since 3.12: also servers from before RFC 5746 are read.
LEGACY_SERVER_CONNECT = 0x4
# What OpenSSL says when the first bytes of the answer are not a TLS record.
NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"})
# How many names are tried, one after the other, before a server that drops connections is taken for not speaking TLS.
PROBES = 3
# So many names in a row without an answer, and the server counts as gone: a firewall may have had enough of this.
GIVE_UP_AFTER = 100


class TlsProber:
    """Asks one server what it presents, as often as wanted; only once where it has never been reachable.

    :param address: an address or a host name, or a function that finds it, called when it is needed first; None: it
        is not known.
    :param timeout: seconds for one handshake with its connection.
    :ivar reason: why the server could not be asked the last time; "" where it could.
    """

    def __init__(
        self,
        address: str | Callable[[], str | None],
        port: int = HTTPS_PORT,
        timeout: float = 10.0,
        progress: Progress = no_progress,
    ) -> None:
        self._address = address
        self._port = port
        self._timeout = timeout
        self._progress = progress
        self._is_there = False
        self.reason = ""

    def __call__(self, names: Iterable[str]) -> ServedReport | None:
        """Read what is presented for each name; None where there is no name, or the server cannot be asked.

        :raises MissingLibrary: cryptography is missing.
        """
        wanted = list(names)
        if not wanted or (self.reason and not self._is_there):
            return None
        address = self._address() if callable(self._address) else self._address
        if not address:
            self.reason = "the server's address is not known"
            return None
        self._address = address
        report = read_served(address, wanted, port=self._port, timeout=self._timeout, progress=self._progress)
        self.reason = report.reason
        self._is_there = self._is_there or report.reachable
        return report if report.reachable else None


def read_served(
    address: str,
    names: Iterable[str],
    *,
    port: int = HTTPS_PORT,
    timeout: float = 10.0,
    progress: Progress = no_progress,
) -> ServedReport:
    """Read the certificate that the server at ``address`` presents for each name (SNI).

    Nothing is verified on the way, so that self-signed, expired and wrong certificates can be read; a wildcard is
    asked for by a random label under it. One connection is tried before all others: where the address is closed,
    silent or does not speak TLS, the report says so after the time of that one. The failed handshake of one name is
    that name's error. A server that stops answering is given up after 100 names in a row, and those left have that
    as their error.

    :param timeout: seconds for one handshake with its connection.
    :raises MissingLibrary: cryptography is missing.
    """
    require_cryptography()
    wanted = list(dict.fromkeys(names))
    server, reason = _reachable_server(address, port, timeout, wanted)
    if server is None:
        return ServedReport(False, reason)
    reader = _Reader(server)
    served: dict[str, Served] = {}
    pool = ThreadPoolExecutor(WORKERS)
    try:
        for future in as_completed([pool.submit(reader.read, name) for name in wanted]):
            found = future.result()
            served[found.name] = found
            progress("handshakes", len(served), len(wanted))
    finally:
        # Where the run is stopped meanwhile, what was not asked yet is left.
        pool.shutdown(wait=False, cancel_futures=True)
    return ServedReport(True, served={name: served[name] for name in wanted})


def same_server(first: str, second: str, name: str, *, port: int = HTTPS_PORT, timeout: float = 5.0) -> bool | None:
    """Say whether two addresses present the same certificate for a name; None where one of them cannot be asked."""
    found = []
    for address in (first, second):
        try:
            found.append(_Server(address, port, timeout).handshake(_sni(name), _reading_context()))
        except HandshakeError:
            return None
    return found[0] == found[1]


# One handshake ------------------------------------------------------------------------------------------------------


class HandshakeError(Exception):
    """No certificate, and why.

    unreachable: no connection; silent: no answer in time; dropped: the connection was closed without a word; not_tls:
    the answer is not TLS; refused: the server said in TLS that it does not want this handshake, or wants one that this
    machine cannot make.
    """

    def __init__(self, kind: t.Literal["unreachable", "silent", "dropped", "not_tls", "refused"], text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True)
class _Server:
    address: str
    port: int
    timeout: float

    def handshake(self, name: str | None, context: ssl.SSLContext) -> bytes:
        """Return the certificate presented for a name, in DER.

        :raises HandshakeError: there is none.
        """
        deadline = monotonic() + self.timeout
        try:
            connection = socket.create_connection((self.address, self.port), self.timeout)
        except TimeoutError:
            raise HandshakeError("silent", f"accepts no connection within {self.timeout:g} s") from None
        except OSError as error:
            raise HandshakeError("unreachable", f"cannot be connected to: {error.strerror or error}") from None
        with connection:
            connection.settimeout(max(deadline - monotonic(), 0.001))
            try:
                with context.wrap_socket(connection, server_hostname=name) as secured:
                    return secured.getpeercert(binary_form=True) or b""
            except TimeoutError:
                text = f"accepts the connection, but answers no TLS handshake within {self.timeout:g} s"
                raise HandshakeError("silent", text) from None
            except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError):
                raise HandshakeError("dropped", "closes the connection during the TLS handshake") from None
            except ssl.SSLError as error:
                raise _refusal(error) from None
            except (OSError, ValueError) as error:
                raise HandshakeError("refused", f"cannot be asked for this name: {error}") from None

    def why_unreachable(self, names: Sequence[str]) -> str | None:
        """Return None where this address speaks TLS, else what it does instead.

        Some servers drop the connection for a name they do not know, so a drop counts only when several names, and a
        handshake without any, are dropped alike.
        """
        context = _reading_context()
        reason = None
        for name in [*map(_sni, names[:PROBES]), None]:
            try:
                self.handshake(name, context)
            except HandshakeError as error:
                reason = str(error)
                if error.kind == "refused":
                    return None
                if error.kind != "dropped":
                    return reason
            else:
                return None
        return reason


def _refusal(error: ssl.SSLError) -> HandshakeError:
    reason = error.reason or ""
    if reason in NOT_TLS:
        return HandshakeError("not_tls", "answers, but not in TLS")
    plain = re.sub(r"^(TLSV1|TLSV13|SSLV3)_(ALERT_)?", "", reason).replace("_", " ").lower()
    return HandshakeError("refused", f"refuses the TLS handshake: {plain or error}")


def _sni(name: str) -> str:
    return f"{secrets.token_hex(8)}{name[1:]}" if is_wildcard(name) else name


def _reading_context() -> ssl.SSLContext:
    """Take whatever is presented, by whatever protocol this machine still can: it only reads."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
    context.options |= LEGACY_SERVER_CONNECT
    return context


# Many at once -------------------------------------------------------------------------------------------------------


class _Reader:
    """Reads certificates from one server, each distinct one parsed once. Its methods may be called by many threads."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._context = _reading_context()
        self._parsed: dict[bytes, ServedCertificate] = {}
        self._silent_in_a_row = 0
        self._lock = threading.Lock()

    def read(self, name: str) -> Served:
        """Read what the server presents for a name; what goes wrong is in the result."""
        if self._silent_in_a_row >= GIVE_UP_AFTER:
            return Served(name, error="was not asked: the server has stopped answering")
        try:
            der = self._server.handshake(_sni(name), self._context)
            self._count(silent=False)
            return Served(name, self._parse(der))
        except HandshakeError as error:
            self._count(silent=error.kind == "silent")
            return Served(name, error=f"the server {error}")
        except ValueError as error:
            return Served(name, error=f"the server presents a certificate that cannot be read: {error}")

    def _count(self, *, silent: bool) -> None:
        with self._lock:
            self._silent_in_a_row = self._silent_in_a_row + 1 if silent else 0

    def _parse(self, der: bytes) -> ServedCertificate:
        with self._lock:
            if der not in self._parsed:
                self._parsed[der] = parse_certificate(der)
            return self._parsed[der]


def _reachable_server(address: str, port: int, timeout: float, names: Sequence[str]) -> tuple[_Server | None, str]:
    """Return the first address behind ``address`` that speaks TLS, or why there is none."""
    shown = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        return None, f"{shown} cannot be looked up: {error}"
    reason: str | None = "has no address"
    for candidate in dict.fromkeys(str(entry[4][0]) for entry in found):
        server = _Server(candidate, port, timeout)
        reason = server.why_unreachable(names)
        if reason is None:
            return server, ""
    return None, f"{shown} {reason}"
