# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server that answers as a test says, byte by byte: for what no well-behaved server would send."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass(frozen=True)
class Received:
    """A request as it arrived; ``path`` has the query, the names of ``headers`` are in lower case.

    ``connection`` is the client's port.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: str
    connection: int


# What is sent as it is, in pieces where there are several; None closes the connection without a byte.
Answer = bytes | Iterator[bytes] | None
Script = Answer | Callable[[Received], Answer]


def reply(
    status: int = 200,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> bytes:
    """Return a reply; ``body`` is a text as it is, or anything else as JSON; None sends an empty one."""
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    content = text.encode()
    lines = [f"HTTP/1.1 {status} Status", f"Content-Type: {content_type}", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


class ScriptedServer:
    """Gives its answers in order, one a request, and the last one to all that follow; with ``tls`` it speaks HTTPS.

    ``with ScriptedServer(reply(503), reply(200, {})) as server: ...``
    """

    def __init__(self, *answers: Script, tls: ssl.SSLContext | None = None) -> None:
        self.answers = list(answers)
        self.received: list[Received] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """The base URL, as if it were API v3."""
        return f"{self._scheme}://localhost:{self._server.server_port}/api/v3"

    @property
    def methods(self) -> list[str]:
        """The methods of the requests received, in order."""
        return [request.method for request in self.received]

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, request: Received) -> Answer:
        script = self.answers[min(len(self.received), len(self.answers)) - 1]
        return script(request) if callable(script) else script

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Received(self.command, self.path, headers, body, self.client_address[1])
                server.received.append(request)
                content = server._next(request)
                if content is None:
                    self.close_connection = True
                    return
                if not isinstance(content, bytes):
                    self.close_connection = True
                    with contextlib.suppress(OSError):
                        for piece in content:
                            self.wfile.write(piece)
                    return
                self.wfile.write(content)
                self.wfile.flush()
                # Whoever announces more bytes than it sends must hang up, or its client would wait for them.
                head, _end, sent = content.partition(b"\r\n\r\n")
                self.close_connection = b"Content-Length: %d" % len(sent) not in head

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the names of the base class

            def log_message(self, *arguments: object) -> None:
                """Keep the tests' output quiet."""

        return Handler
