# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules through pytest-ansible: each call is a task of its own, run by Ansible's own executor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.process import Simulator

Module = Callable[..., dict[str, Any]]


def test_a_domain_is_attached_once(module: Module, simulator: Simulator) -> None:
    from simulator.process import SERVER_ID, TOKEN, WEBAPP_ID

    simulator.reset({"domains": ["main.example"]})
    target = {"api_url": simulator.v3, "api_token": TOKEN, "server_id": SERVER_ID, "webapp_id": WEBAPP_ID}

    first = module("runcloud_domain", name="shop.example", **target)
    second = module("runcloud_domain", name="SHOP.example.", **target)

    assert first["changed"] is True, first
    assert second["changed"] is False, second
    assert {row["name"] for row in simulator.domains()} == {"main.example", "shop.example"}
    assert [entry["method"] for entry in simulator.requests()].count("POST") == 1


def test_a_failure_is_returned_with_its_reason(module: Module, simulator: Simulator) -> None:
    from simulator.process import SERVER_ID, WEBAPP_ID

    outcome = module(
        "runcloud_domain",
        name="shop.example",
        api_url=simulator.v3,
        api_token="not-the-token-of-anybody",
        server_id=SERVER_ID,
        webapp_id=WEBAPP_ID,
    )

    assert outcome["failed"] is True
    assert "401" in outcome["msg"]
    assert "not-the-token-of-anybody" not in str(outcome)
