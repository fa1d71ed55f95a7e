# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RunCloud's domains in memory, in the client's place: quick enough for thousands of runs.

It follows the reference as the simulator does, for one web application and nothing else, and speaks in wire rows, so
that all but the transport is the real code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud import client as _client
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.api import WebAppApi
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.errors import ApiError, LostReply
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.rate_limit import RateLimit

SERVER_ID, WEBAPP_ID = 1903, 646
PATH = f"/servers/{SERVER_ID}/webapps/{WEBAPP_ID}"
MINIMAL = ("id", "name", "created_at")

Row = dict[str, Any]


@dataclass
class Memory:
    """The client's face, with rows behind it.

    ``faults`` spoils the writes of a name: ``422``, ``500`` (not carried out), ``"lost"`` (no reply, carried out),
    ``"drop"`` (no reply, not carried out) or ``"ignore"`` (accepted, not carried out). ``blind`` spoils each list after
    the first write: an ``"error"``, or an ``"empty"`` one. ``on_write`` is called before each write. ``minimal`` shows
    rows as old v2 does.
    """

    rows: list[Row] = field(default_factory=list)
    version: int = 3
    minimal: bool = False
    retries: int = 0
    faults: dict[str, int | str] = field(default_factory=dict)
    blind: str = ""
    on_write: Callable[[], None] = lambda: None
    requests: list[tuple[str, str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.usage = _client.Usage()
        self.limit = RateLimit()

    @classmethod
    def of(cls, *rows: str | Row, **options: Any) -> Memory:
        """Make one with these domains; a text is a name, and the first row is the primary one where none says so."""
        memory = cls(**options)
        for row in rows:
            memory.attach({"name": row} if isinstance(row, str) else row)
        if memory.rows and not any(row["type"] == "primary" for row in memory.rows):
            memory.rows[0]["type"] = "primary"
        return memory

    @property
    def app(self) -> WebAppApi:
        """The web application, as the collection addresses it."""
        return WebAppApi(self, SERVER_ID, WEBAPP_ID)  # type: ignore[arg-type]

    @property
    def writes(self) -> list[tuple[str, str, Any]]:
        """The requests that may have changed something: (method, path, body)."""
        return [request for request in self.requests if request[0] != "GET"]

    def attach(self, body: Row) -> Row:
        """Add a row as it is."""
        row = {
            "id": 700 + len(self.rows) + len(self.requests),
            "name": body["name"],
            "type": body.get("type", "alias"),
            "www": int(body.get("www", False)),
            "redirection": body.get("redirection", "none"),
            "wildcard": int(body["name"].startswith("*.")),
            "dns_integration": "none",
            "status": None,
            "created_at": "2026-01-01 00:00:00",
        }
        self.rows.append(row)
        return row

    def names(self) -> list[str]:
        """The names that are attached."""
        return [row["name"] for row in self.rows]

    # ---------------------------------------------------------------- the client's face

    def reserve(self, seconds: float) -> None:
        """Keep nothing back: nothing here waits."""

    def wait(self, seconds: float) -> None:
        """Count what the real client would wait."""
        self.usage.waited += seconds

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """Read one resource."""
        return self.request("GET", path, query=query)

    def list(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """Read a list."""
        return self.request("GET", path, query=query)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: Any = None,
        repeatable: object = None,
    ) -> Any:
        """Answer a request, or spoil it."""
        del query, repeatable  # what they are for is the real client's business
        self.usage.requests += 1
        self.requests.append((method, path, body))
        if method == "GET":
            return self._read(path)
        self.on_write()
        fault = self.faults.get(self._name_of(path, body))
        if isinstance(fault, int):
            raise ApiError(method, path, status=fault, message="spoiled")
        if fault == "drop":
            raise LostReply(method, path, message="spoiled")
        if fault == "ignore":
            return {"message": "Done."}
        answer = self._write(method, path, body)
        if fault == "lost":
            raise LostReply(method, path, message="spoiled")
        return answer

    def _name_of(self, path: str, body: Any) -> str:
        if path == f"{PATH}/domains":
            return str(body["name"])
        return next((row["name"] for row in self.rows if row["id"] == _id_in(path)), "")

    def _read(self, path: str) -> Any:
        if path == f"{PATH}/domains" and self.blind and self.writes:
            if self.blind == "empty":
                return []
            raise ApiError("GET", path, status=500, message="spoiled")
        if path == f"{PATH}/domains":
            return [self._shown(row) for row in self.rows]
        if path == PATH:
            return {"id": WEBAPP_ID, "name": "network"}
        if path in ("/servers", f"/servers/{SERVER_ID}/webapps"):
            return []
        raise ApiError("GET", path, status=404, message="Not found")

    def _write(self, method: str, path: str, body: Any) -> Any:
        if method == "POST":
            return self._add(body)
        row = next((row for row in self.rows if row["id"] == _id_in(path)), None)
        if row is None or (method == "PATCH" and self.version < 3):
            raise ApiError(method, path, status=404, message="Not found")
        if method == "DELETE":
            self._refuse(row["type"] == "primary", method, path, "Primary domain cannot be deleted.")
            self.rows.remove(row)
            return self._shown(row)
        self._refuse(row["type"] == "primary" != body["type"], method, path, "The primary domain stays so.")
        if body["type"] == "primary":
            for other in self.rows:
                other["type"] = "alias" if other["type"] == "primary" else other["type"]
        row.update(type=body["type"], www=int(body["www"]), redirection=body["redirection"])
        return {"message": "Domain settings have been successfully updated."}

    def _add(self, body: Row) -> Row:
        self._refuse(body["name"] in self.names(), "POST", f"{PATH}/domains", "Domain already exists.")
        self._refuse(body["type"] == "primary", "POST", f"{PATH}/domains", "The selected type is invalid.")
        return self._shown(self.attach(body))

    def _shown(self, row: Row) -> Row:
        return {key: row[key] for key in MINIMAL} if self.minimal else dict(row)

    def _refuse(self, refused: bool, method: str, path: str, message: str) -> None:
        if refused:
            raise ApiError(method, path, status=422, message=message)


def _id_in(path: str) -> int:
    found = re.search(r"/domains/(\d+)", path)
    return int(found.group(1)) if found else 0
