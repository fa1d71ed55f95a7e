# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator process for all tests of this folder, fresh for each of them, and a client without any intelligence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from simulator.process import KEY, SECRET, SERVER_ID, TOKEN, WEBAPP_ID, Simulator


class Api:
    """Calls the simulated API as given; paths are relative to the web application unless they begin with ``//``."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self.session = requests.Session()
        self.session.trust_env = False
        self.auth: tuple[str, str] | str | None = TOKEN

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        base = self._sim.v2 if options.pop("version", "v3") == "v2" else self._sim.v3
        app = "" if path.startswith("//") else f"/servers/{SERVER_ID}/webapps/{WEBAPP_ID}"
        headers = {"Accept": "application/json", **options.pop("headers", {})}
        if isinstance(self.auth, str):
            headers["Authorization"] = f"Bearer {self.auth}"
        basic = self.auth if isinstance(self.auth, tuple) else None
        url = base + app + path.removeprefix("/" if path.startswith("//") else "")
        return self.session.request(
            method, url, json=body, headers=headers, auth=basic, allow_redirects=False, timeout=30, **options
        )

    def get(self, path: str, **options: Any) -> Any:
        """Return the body of a GET that must succeed."""
        return self.ok("GET", path, **options)

    def ok(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Return the body of a call that must succeed."""
        reply = self(method, path, body, **options)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def refused(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Return status and body of a call that must fail."""
        reply = self(method, path, body, **options)
        assert reply.status_code >= 400, reply.text
        return reply.status_code, reply.json()


BASIC = (KEY, SECRET)


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture
def sim(simulator_process: Simulator) -> Simulator:
    simulator_process.reset()
    return simulator_process


@pytest.fixture
def api(sim: Simulator) -> Iterator[Api]:
    client = Api(sim)
    yield client
    client.session.close()


INSTALL = {
    "provider": "letsencrypt",
    "enableHttp": True,
    "enableHsts": False,
    "authorizationMethod": "http-01",
    "environment": "live",
}


@pytest.fixture
def install() -> dict[str, Any]:
    """Return the body with which certificates are known to be ordered (reference 4.1)."""
    return dict(INSTALL)
