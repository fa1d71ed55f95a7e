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
import socket
import ssl
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor, as_completed
from time import monotonic

from .._names import asked_name
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

    :param address: an address or a host name, or a function that finds it, called when it is needed first.
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
        self._address, self._port, self._timeout, self._progress = address, port, timeout, progress
        self._was_there = False
        self.reason = ""

    def __call__(self, names: Iterable[str]) -> ServedReport | None:
        """Read what is presented for each name; None where there is no name, or the server cannot be asked.

        :raises MissingLibrary: cryptography is missing.
        """
        wanted = list(names)
        if not wanted or (self.reason and not self._was_there):
            return None
        address = self._address() if callable(self._address) else self._address
        if not address:
            self.reason = "the server's address is not known"
            return None
        self._address = address
        report = read_served(address, wanted, port=self._port, timeout=self._timeout, progress=self._progress)
        self.reason = report.reason
        self._was_there = self._was_there or report.reachable
        return report if report.reachable else None


def read_served(
    address: str, names: Iterable[str], *, port: int, timeout: float = 10.0, progress: Progress = no_progress
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
    try:
        server = _reachable_server(address, port, timeout, wanted)
    except HandshakeError as error:
        return ServedReport(False, f"{f'[{address}]' if ':' in address else address}:{port} {error}")
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
    try:
        one, other = (_Server(address, port, timeout).handshake(name) for address in (first, second))
    except HandshakeError:
        return None
    return one == other


class HandshakeError(Exception):
    """No certificate; the message says what the server does instead, ``kind`` which way it failed.

    unreachable: no connection, or no TLS; silent: no answer in time; dropped: the connection was closed without a word;
    refused: the server said in TLS that it does not want this handshake, or wants one that this machine cannot make.
    """

    def __init__(self, kind: t.Literal["unreachable", "silent", "dropped", "refused"], text: str) -> None:
        super().__init__(text)
        self.kind = kind


class _Server:
    """One address. Its methods may be called by many threads."""

    def __init__(self, address: str, port: int, timeout: float) -> None:
        self._place, self._timeout = (address, port), timeout
        # Take whatever is presented, by whatever protocol this machine still can: it only reads.
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE
        self._context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        self._context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
        self._context.options |= LEGACY_SERVER_CONNECT

    def handshake(self, name: str | None) -> bytes:
        """Return the certificate presented for a name, in DER; for a wildcard, that of a random name below it.

        :raises HandshakeError: there is none.
        """
        asked = asked_name(name) if name else name
        deadline = monotonic() + self._timeout
        try:
            connection = socket.create_connection(self._place, self._timeout)
        except TimeoutError:
            raise HandshakeError("silent", f"accepts no connection within {self._timeout:g} s") from None
        except OSError as error:
            raise HandshakeError("unreachable", f"cannot be connected to: {error.strerror or error}") from None
        with connection:
            connection.settimeout(max(deadline - monotonic(), 0.001))
            try:
                with self._context.wrap_socket(connection, server_hostname=asked) as secured:
                    return secured.getpeercert(binary_form=True) or b""
            except TimeoutError:
                text = f"accepts the connection, but answers no TLS handshake within {self._timeout:g} s"
                raise HandshakeError("silent", text) from None
            except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError):
                raise HandshakeError("dropped", "closes the connection during the TLS handshake") from None
            except ssl.SSLError as error:
                raise _refusal(error) from None
            except (OSError, ValueError) as error:
                raise HandshakeError("refused", f"cannot be asked for this name: {error}") from None

    def try_out(self, names: Sequence[str]) -> None:
        """Make sure that this address speaks TLS.

        Some servers drop the connection for a name they do not know, so a drop counts only when several names, and a
        handshake without any, are dropped alike.

        :raises HandshakeError: it does not.
        """
        for name in [*names[:PROBES], None]:
            try:
                self.handshake(name)
            except HandshakeError as error:
                if error.kind == "dropped" and name is not None:
                    continue
                if error.kind != "refused":
                    raise
            return


def _refusal(error: ssl.SSLError) -> HandshakeError:
    reason = error.reason or ""
    if reason in NOT_TLS:
        return HandshakeError("unreachable", "answers, but not in TLS")
    plain = re.sub(r"^(TLSV1|TLSV13|SSLV3)_(ALERT_)?", "", reason).replace("_", " ").lower()
    return HandshakeError("refused", f"refuses the TLS handshake: {plain or error}")


def _reachable_server(address: str, port: int, timeout: float, names: Sequence[str]) -> _Server:
    """Return the first address behind ``address`` that speaks TLS.

    :raises HandshakeError: there is none.
    """
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise HandshakeError("unreachable", f"cannot be looked up: {error}") from None
    last = HandshakeError("unreachable", "has no address")
    for candidate in dict.fromkeys(str(entry[4][0]) for entry in found):
        server = _Server(candidate, port, timeout)
        try:
            server.try_out(names)
        except HandshakeError as error:
            last = error
        else:
            return server
    raise last


class _Reader:
    """Reads certificates from one server, each distinct one parsed once. It may be used by many threads."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._parsed: dict[bytes, ServedCertificate] = {}
        self._silent_in_a_row = 0
        self._lock = threading.Lock()

    def read(self, name: str) -> Served:
        """Read what the server presents for a name; what goes wrong is in the result."""
        if self._silent_in_a_row >= GIVE_UP_AFTER:
            return Served(name, error="was not asked: the server has stopped answering")
        try:
            der = self._server.handshake(name)
        except HandshakeError as error:
            with self._lock:
                self._silent_in_a_row = self._silent_in_a_row + 1 if error.kind == "silent" else 0
            return Served(name, error=f"the server {error}")
        with self._lock:
            self._silent_in_a_row = 0
            try:
                self._parsed[der] = self._parsed.get(der) or parse_certificate(der)
            except ValueError as error:
                return Served(name, error=f"the server presents a certificate that cannot be read: {error}")
            return Served(name, self._parsed[der])
