# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that only read, against the simulator: what they return, and the requests that it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.process import KEY, SECRET, SERVER_ID, TOKEN, Simulator

Call = Callable[..., dict[str, Any]]


@pytest.fixture(params=["v3", "v2"])
def connection(request: pytest.FixtureRequest, simulator: Simulator) -> dict[str, Any]:
    """The options that both versions of the API are reached with."""
    if request.param == "v3":
        return {"api_url": simulator.v3, "api_token": TOKEN}
    return {"api_url": simulator.v2, "api_key": KEY, "api_secret": SECRET}


def requests_of(simulator: Simulator) -> list[str]:
    return [f"{entry['method']} {entry['path']}" for entry in simulator.requests()]


def test_one_server_costs_one_request(module: Call, simulator: Simulator, connection: dict[str, Any]) -> None:
    result = module("runcloud_server_info", server_id=SERVER_ID, **connection)
    print(result)
    assert requests_of(simulator) == [f"GET /servers/{SERVER_ID}"]
