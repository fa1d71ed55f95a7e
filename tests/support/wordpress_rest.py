# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST API of the plugin Ultimate Multisite, as far as it was recorded on a real network, over a real socket.

Both generations of paging, and what goes wrong around them. The recorded answers are in tests/fixtures/wordpress.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wordpress"

# Generations of the plugin: paging by page and per_page, with totals; by number and offset, and the id 0 for each
# site (up to 2.4.12, the stable release); no paging at all (the newest 100).
NEW, OLD, CAPPED = "new", "old", "capped"
# Pages that never end, each with new rows.
ENDLESS = "endless"

Answer = tuple[int, dict[str, str], bytes]


def recorded(name: str) -> bytes:
    """Return an answer of the real network, byte for byte."""
    return (FIXTURES / name).read_bytes()


def recorded_rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a recorded list."""
    rows: list[dict[str, Any]] = json.loads(recorded(name))
    return rows


def many_domains(count: int) -> list[dict[str, Any]]:
    """Return so many rows in the recorded form, newest first."""
    model = recorded_rows("rest-domain-list.json")[0]
    return [
        {**model, "id": str(number), "blog_id": "1", "domain": f"shop{number}.example.com"}
        for number in range(count, 0, -1)
    ]


class WordPressRest:
    """The server. A context manager; ``url`` is the address of the network."""

    def __init__(
        self,
        domains: list[dict[str, Any]] | None = None,
        sites: list[dict[str, Any]] | None = None,
        *,
        generation: str = NEW,
        pretty: bool = True,
        enabled: bool = True,
        prefix: str = "",
        fixed: Answer | None = None,
        silent: bool = False,
        drip: float | None = None,
    ) -> None:
        """Set up the network.

        ``pretty`` says whether /wp-json/ works, ``enabled`` whether the plugin's API is on, ``prefix`` stands in front
        of each answer (a PHP notice), ``fixed`` is given in place of any answer, ``silent`` answers nothing at all.
        ``drip`` goes on after each answer for ever, by a byte after so many seconds.
        """
        self.collections = {
            "domain": recorded_rows("rest-domain-list.json") if domains is None else domains,
            "site": recorded_rows("rest-site-list.json") if sites is None else sites,
        }
        self.generation = generation
        self.pretty = pretty
        self.enabled = enabled
        self.prefix = prefix
        self.fixed = fixed
        self.silent = silent
        self.drip = drip
        if generation == OLD:
            self.collections["site"] = [{**row, "id": 0} for row in self.collections["site"]]
        self.authorizations: list[str | None] = []
        self.key = "api-key-of-the-network"
        self.secret = "api-secret-of-the-network"
        self.requests: list[str] = []
        self._released = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> WordPressRest:
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, authorization: str | None) -> Answer:
        """Return status, headers and body for a request."""
        self.requests.append(path)
        self.authorizations.append(authorization)
        if self.silent:
            self._released.wait()
        if self.fixed is not None:
            return self.fixed
        parts = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if self.pretty and parts.path.startswith("/wp-json/"):
            route = parts.path.removeprefix("/wp-json")
        elif "rest_route" in query:
            route = query["rest_route"]
        else:
            return 404, {"Content-Type": "text/html"}, b"<!DOCTYPE html><title>Page not found</title>"
        collection = route.removeprefix("/wu/v2/")
        if not self.enabled or collection not in self.collections:
            return 404, {}, recorded("rest-domains-plural-404.json")
        expected = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        if authorization != f"Basic {expected}":
            return 401, {}, recorded("rest-domain-401.json")
        return self._list(self.collections[collection], query)

    def _list(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Answer:
        if self.generation == CAPPED:
            return 200, {}, _encode(rows[:100])
        if self.generation == ENDLESS:
            start = int(query["offset"])
            return 200, {}, _encode({**rows[0], "id": start + n, "blog_id": start + n} for n in range(100))
        if query.get("order") == "asc":
            rows = rows[::-1]
        if self.generation == OLD:
            start, size = int(query.get("offset", 0)), int(query.get("number", 100))
            return 200, {}, _encode(rows[start : start + size] if size else rows)
        size = int(query.get("per_page", 10))
        if not 1 <= size <= 100:
            return 400, {}, recorded("rest-domain-400-per_page.json")
        start = (int(query.get("page", 1)) - 1) * size
        totals = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(-(-len(rows) // size))}
        return 200, totals, _encode(rows[start : start + size])

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        network = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, headers, body = network.answer(self.path, self.headers.get("Authorization"))
                body = network.prefix.encode() + body
                self.send_response(status)
                for name, value in {"Content-Type": "application/json; charset=UTF-8", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body) + (1_000_000 if network.drip else 0)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True  # The other side has read enough.
                while network.drip and not network._released.wait(network.drip):
                    try:
                        self.wfile.write(b" ")
                    except OSError:
                        return

            def log_message(self, *unused: object) -> None:
                """Stay quiet."""

        return Handler


def _encode(rows: Iterable[dict[str, Any]]) -> bytes:
    """Write JSON as PHP does."""
    return json.dumps(list(rows), separators=(",", ":")).replace("/", "\\/").encode()
