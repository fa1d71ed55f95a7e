# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs runcloud_ssl against the simulator and its TLS listener, in simulated time: whoever waits moves the clock on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.run import (
    CertificatesRequest,
    read_request,
)

from simulator.process import KEY, SECRET, SERVER_ID, TOKEN, WEBAPP_ID, Simulator
from support.in_process import MODULES, run_module

P = f"/servers/{SERVER_ID}/webapps/{WEBAPP_ID}"
CLIENT = "ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.client.Client"


@dataclass
class Outcome:
    """What one run came to: its result, the requests it made, the orders that came of it, its warnings."""

    result: dict[str, Any]
    requests: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    warnings: str

    @property
    def failed(self) -> bool:
        """Whether the module failed."""
        return bool(self.result.get("failed"))

    @property
    def changed(self) -> bool:
        """What the module says of itself."""
        return bool(self.result["changed"])

    @property
    def writes(self) -> list[str]:
        """The requests that change something, in short."""
        return [short(entry) for entry in self.requests if entry["method"] != "GET"]

    @property
    def reads(self) -> list[str]:
        """The requests that only read, in short."""
        return [short(entry) for entry in self.requests if entry["method"] == "GET"]

    @property
    def pending(self) -> dict[str, str]:
        """The names that wait, with the reason."""
        return {entry["name"]: entry["reason"] for entry in self.result["pending"]}

    @property
    def covered(self) -> dict[str, list[str]]:
        """The names that each certificate lacks."""
        return {entry["name"]: entry["missing"] for entry in self.result["names"]}


class Killed(BaseException):
    """The end of a run that is killed."""


def short(entry: Mapping[str, Any]) -> str:
    """Return method and path without what all paths begin with."""
    return f"{entry['method']} {entry['path'].removeprefix(P)}"


@dataclass
class Ssl:
    """The module with its connection options."""

    sim: Simulator
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, sim: Simulator, version: str = "v3") -> Ssl:
        """Return the module as it is set up for the simulator."""
        target = {"server_id": SERVER_ID, "webapp_id": WEBAPP_ID, "retries": 1}
        if version == "v3":
            return cls(sim, {**target, "api_url": sim.v3, "api_token": TOKEN})
        return cls(sim, {**target, "api_url": sim.v2, "api_key": KEY, "api_secret": SECRET})

    def module(self, name: str, *, check: bool = False, diff: bool = False, **options: Any) -> Outcome:
        """Run any module of the collection."""
        last = max((entry["n"] for entry in self.sim.requests()), default=0)
        ordered = len(self.sim.orders())
        # Inside the process of a test Ansible shows warnings instead of returning them.
        with mock.patch.object(AnsibleModule, "warn") as warn:
            result = run_module(name, {**self.options, **options}, check=check, diff=diff)
        warnings = "\n".join(str(call.args[0]) for call in warn.call_args_list)
        return Outcome(result, self.sim.requests(since=last), self.sim.orders()[ordered:], warnings)

    def __call__(self, *, check: bool = False, diff: bool = False, **options: Any) -> Outcome:
        """Run runcloud_ssl.

        ``changed``, ``deferred``, ``forbidden`` and ``dns_unknown`` are what runcloud_sync adds to the request.
        """
        added = options.keys() & {"changed", "deferred", "forbidden", "dns_unknown"}
        more = {key: options.pop(key) for key in added}
        if "changed" in more:
            more["changed"] = frozenset(more["changed"])
        forbidden = more.pop("forbidden", None)
        if forbidden is not None:
            more["forbids"] = lambda names, _method: {name: forbidden[name] for name in names if name in forbidden}

        def read(*arguments: Any) -> CertificatesRequest:
            return dataclasses.replace(read_request(*arguments), **more)

        with mock.patch(f"{MODULES}.runcloud_ssl.read_request", read):
            return self.module("runcloud_ssl", check=check, diff=diff, **{"check_port": self.sim.tls_port, **options})


def simulate_time(monkeypatch: pytest.MonkeyPatch, sim: Simulator) -> list[float]:
    """Let every wait of the client move the simulator's clock on instead; returns the seconds that were waited.

    A run whose requests are no longer answered (``stop_after``) counts as killed, and does not wait any more.
    """
    waits: list[float] = []

    def wait(self: Any, seconds: float) -> None:
        if any(entry["fault"] == "stopped" for entry in sim.requests()):
            raise Killed
        waits.append(seconds)
        self.usage.waited += seconds
        sim.clock(advance=seconds)

    monkeypatch.setattr(f"{CLIENT}.wait", wait)
    return waits
