# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks outside: reads the certificates that a server really serves, many at once.

PRIVATE to the collection. Knows nothing of Ansible or of RunCloud.

RunCloud's API does not tell which names a certificate covers (reference 4.2, 4.8) and may answer before a certificate
is issued (reference 7); a handshake with the server's own address, with each name as SNI, is what decides.
"""

from __future__ import annotations

import re
import secrets
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from hashlib import sha256
from math import isnan
from pathlib import Path
from time import monotonic
from typing import Literal, TypeVar

from .._names import is_wildcard
from .served import Served, ServedCertificate, ServedReport

CRYPTOGRAPHY_IMPORT_ERROR: str | None = None
try:
    from cryptography import x509
    from cryptography.x509.oid import NameOID
except ImportError:
    CRYPTOGRAPHY_IMPORT_ERROR = traceback.format_exc()
HAS_CRYPTOGRAPHY = CRYPTOGRAPHY_IMPORT_ERROR is None

Progress = Callable[[int, int], None]

Result = TypeVar("Result")

# What ssl.OP_LEGACY_SERVER_CONNECT is, which Python names only since 3.12: also servers from before RFC 5746 are read.
LEGACY_SERVER_CONNECT = 0x4
# What OpenSSL says when the first bytes of the answer are no TLS record.
NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"})
# How many names are tried, one after the other, before a server that drops connections is taken for no TLS server.
PROBES = 3
# So many names in a row without an answer, and the server counts as gone: a firewall may have had enough of this.
GIVE_UP_AFTER = 100


def read_served(
    address: str,
    names: Iterable[str],
    *,
    port: int = 443,
    timeout: float = 10.0,
    workers: int = 50,
    ca_path: str | None = None,
    verify_chain: bool = False,
    progress: Progress | None = None,
) -> ServedReport:
    """The certificate that the server at `address` presents for each name (SNI).

    Nothing is verified on the way, so that self-signed, expired and wrong certificates can be read; a wildcard is
    asked for by a random label under it. `timeout`: seconds for one handshake with its connection. `workers`: how
    many at a time. `verify_chain`: also find out whether each certificate is trusted, by one more handshake for each
    distinct certificate; `ca_path` (a file or a folder) then takes the place of the system's roots. `progress` is
    called with (done, total), first for the names, then again for the distinct certificates.

    One connection is tried before all others: where the address is closed, silent or no TLS server, the report says
    so after the time of that one. The failed handshake of one name is that name's error. A server that stops
    answering is given up after 100 names in a row, and those left have that as their error.

    Raises ImportError where cryptography is missing, ValueError for a bad `timeout`, OSError (ssl.SSLError is one) for
    an unusable `ca_path`.
    """
    if CRYPTOGRAPHY_IMPORT_ERROR is not None:
        raise ImportError("cryptography is needed to read certificates")
    if isnan(timeout) or timeout <= 0:
        raise ValueError(f"timeout: {timeout!r} is not more than 0")
    wanted = list(dict.fromkeys(names))
    verifying = _verifying_context(ca_path) if verify_chain else None
    server, reason = _reachable_server(address, port, timeout, wanted)
    if server is None:
        return ServedReport(False, reason)
    reader = _Reader(server)
    served = dict(_each(lambda name: (name, reader.read(name)), wanted, workers, progress))
    if verifying is not None:
        served = _with_trust(served, server, verifying, workers, progress)
    return ServedReport(True, served={name: served[name] for name in wanted})


# One handshake ------------------------------------------------------------------------------------------------------


class HandshakeError(Exception):
    """No certificate, and why.

    unreachable: no connection; silent: no answer in time; dropped: the connection was closed without a word; not_tls:
    the answer is no TLS; refused: the server said in TLS that it does not want this handshake, or wants one that this
    machine cannot make.
    """

    def __init__(self, kind: Literal["unreachable", "silent", "dropped", "not_tls", "refused"], text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True)
class _Server:
    address: str
    port: int
    timeout: float

    def handshake(self, name: str | None, context: ssl.SSLContext) -> bytes:
        """The certificate presented for a name, in DER. HandshakeError; ssl.SSLCertVerificationError by context."""
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
            except ssl.SSLCertVerificationError:
                raise
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
        """None where this address speaks TLS, else what it does instead.

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
    """Takes whatever is presented, by whatever protocol this machine still can: it only reads."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
    context.options |= LEGACY_SERVER_CONNECT
    return context


def _verifying_context(ca_path: str | None) -> ssl.SSLContext:
    """Checks chain and dates, not the name: one certificate is checked once for all names it was served for."""
    if ca_path is None:
        context = ssl.create_default_context()
    elif Path(ca_path).is_dir():
        context = ssl.create_default_context(capath=ca_path)
    else:
        context = ssl.create_default_context(cafile=ca_path)
    context.check_hostname = False
    return context


# Reading a certificate ----------------------------------------------------------------------------------------------


def parse_certificate(der: bytes) -> ServedCertificate:
    """Reads a certificate in DER. ValueError where it is none."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        return ServedCertificate(
            names=_names_of(certificate),
            not_before=_utc(certificate, "not_valid_before"),
            not_after=_utc(certificate, "not_valid_after"),
            issuer=certificate.issuer.rfc4514_string(),
            serial=f"{certificate.serial_number:x}",
            sha256=sha256(der).hexdigest(),
            self_signed=certificate.issuer == certificate.subject,
        )
    except (x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType) as error:
        raise ValueError(str(error)) from error


def _names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = [str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return tuple(dict.fromkeys(name.lower().removesuffix(".") for name in names))


def _utc(certificate: x509.Certificate, attribute: str) -> datetime:
    """A date of a certificate; before cryptography 42 it comes without its time zone."""
    aware: datetime | None = getattr(certificate, f"{attribute}_utc", None)
    if aware is not None:
        return aware
    naive: datetime = getattr(certificate, attribute)
    return naive.replace(tzinfo=timezone.utc)


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
        """What the server presents for a name; what goes wrong is in the result."""
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
    """The first address behind `address` that speaks TLS, or why there is none."""
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


def _with_trust(
    served: dict[str, Served], server: _Server, context: ssl.SSLContext, workers: int, progress: Progress | None
) -> dict[str, Served]:
    """The same, with `trusted`; each distinct certificate is asked for under the first name it was served for."""
    first_names: dict[str, str] = {}
    for name, found in served.items():
        if found.certificate is not None:
            first_names.setdefault(found.certificate.sha256, name)

    def ask(fingerprint: str) -> tuple[str, bool | None]:
        return fingerprint, _is_trusted(server, first_names[fingerprint], context)

    trusted = dict(_each(ask, list(first_names), workers, progress))
    return {
        name: replace(found, trusted=trusted[found.certificate.sha256]) if found.certificate else found
        for name, found in served.items()
    }


def _is_trusted(server: _Server, name: str, context: ssl.SSLContext) -> bool | None:
    try:
        server.handshake(_sni(name), context)
    except ssl.SSLCertVerificationError:
        return False
    except HandshakeError:
        return None
    return True


def _each(
    work: Callable[[str], Result], things: Sequence[str], workers: int, progress: Progress | None
) -> Iterator[Result]:
    """The results of `work` on each thing, as they come in."""
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        running = [pool.submit(work, thing) for thing in things]
        for done, future in enumerate(as_completed(running), start=1):
            yield future.result()
            if progress is not None:
                progress(done, len(things))
