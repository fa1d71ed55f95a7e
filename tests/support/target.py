# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated web application as the target of a module: runs modules on it and tells the requests they made."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from unittest import mock
from urllib.parse import urlencode

from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.shared import Clock

from simulator.process import KEY, SECRET, SERVER_ID, TOKEN, WEBAPP_ID, Simulator
from support.in_process import run_module

PREFIX = f"/servers/{SERVER_ID}/webapps/{WEBAPP_ID}"

Request = tuple[str, str] | tuple[str, str, Any]


@dataclass
class Target:
    """One web application of the simulator, addressed by API version 2 or 3."""

    simulator: Simulator
    version: int = 3
    _kept: list[dict[str, Any]] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The options that say where and who, the same for every module."""
        if self.version == 3:
            who = {"api_url": self.simulator.v3, "api_token": TOKEN}
        else:
            who = {"api_url": self.simulator.v2, "api_key": KEY, "api_secret": SECRET}
        return {**who, "server_id": SERVER_ID, "webapp_id": WEBAPP_ID}

    def run(
        self,
        module: str = "runcloud_domains",
        *,
        check: bool = False,
        diff: bool = False,
        env: Mapping[str, str] | None = None,
        without: tuple[str, ...] = (),
        **options: Any,
    ) -> dict[str, Any]:
        """Run a module inside this process and return its result; where it would wait, the simulated clock moves on.

        ``without`` takes options of the target out.
        """
        self._kept = None
        given = {name: value for name, value in {**self.options, **options}.items() if name not in without}

        moved = 0.0

        def sleep(_clock: Clock, seconds: float) -> None:
            nonlocal moved
            moved += seconds
            self.simulator.clock(advance=seconds)

        def now(_clock: Clock) -> float:
            return time.time() + moved

        with mock.patch.object(Clock, "sleep", sleep), mock.patch.object(Clock, "now", now):
            return run_module(module, given, check=check, diff=diff, env=env)

    def converge(self, module: str = "runcloud_domains", **options: Any) -> dict[str, Any]:
        """Preview, run, and run again; return the result of the run.

        Raises AssertionError where the preview writes or is not exact, or the second run still finds something to do.
        ``requests`` then tells those of the run alone.
        """
        preview = self.run(module, check=True, diff=True, **options)
        written = self.writes()
        self.simulator.clear_requests()
        result = self.run(module, diff=True, **options)
        requests = self.simulator.requests()
        again = self.run(module, check=True, diff=True, **options)
        differing = {key for key in ("changed", "plan", "diff") if preview.get(key) != result.get(key)}
        shown = {"preview": preview, "result": result, "again": again}
        if written or differing or again.get("changed") is not False:
            raise AssertionError(f"preview wrote {written}, differs in {differing}, or is not done: {shown}")
        self.simulator.clear_requests()
        self._kept = requests
        return result

    def requests(self) -> list[Request]:
        """Return (method, path with query) or, where one was sent, (method, path, body) of each request.

        The path is without the server and the application.
        """
        return [_short(entry) for entry in (self.simulator.requests() if self._kept is None else self._kept)]

    def writes(self) -> list[Request]:
        """Return the requests that are no GET."""
        return [request for request in self.requests() if request[0] != "GET"]

    def rows(self) -> dict[str, tuple[str, bool, str]]:
        """Return (type, www, redirection) of each attached domain."""
        found = self.simulator.domains(WEBAPP_ID)
        return {row["name"]: (row["type"], bool(int(row["www"])), row["redirection"]) for row in found}

    def ids(self) -> dict[str, int]:
        """Return the id of each attached domain."""
        return {row["name"]: row["id"] for row in self.simulator.domains(WEBAPP_ID)}


def list_of(pages: int = 1) -> list[Request]:
    """Return the requests that read the list of domains once."""
    return [("GET", f"/domains?page={page}&perPage=40") for page in range(1, pages + 1)]


def add(name: str, type: str = "alias", www: bool = False, redirection: str = "none") -> Request:  # noqa: A002
    """Return the request that attaches a domain."""
    return ("POST", "/domains", {"name": name, "type": type, "www": www, "redirection": redirection})


def change(number: int, type: str, www: bool, redirection: str) -> Request:  # noqa: A002
    """Return the request that changes a domain."""
    return ("PATCH", f"/domains/{number}/meta", {"type": type, "www": www, "redirection": redirection})


def remove(number: int) -> Request:
    """Return the request that detaches a domain."""
    return ("DELETE", f"/domains/{number}")


def _short(entry: dict[str, Any]) -> Request:
    path = entry["path"].removeprefix(PREFIX)
    if entry["query"]:
        path += "?" + urlencode(entry["query"])
    return (entry["method"], path) if entry["body"] is None else (entry["method"], path, entry["body"])
