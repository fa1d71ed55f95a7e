# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs runcloud_sync inside this process against the simulator, a real nameserver and real handshakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unittest import mock

from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.client import Client

from simulator.process import SERVER_ID, TOKEN, WEBAPP_ID, Simulator

from .dns_server import DnsServer
from .in_process import run_action

APP = f"/servers/{SERVER_ID}/webapps/{WEBAPP_ID}"
NO_CHECKS = {"ssl": False, "require_dns": "false"}


@dataclass
class Sync:
    """One web application of the simulator, as the target of runcloud_sync."""

    simulator: Simulator
    dns: DnsServer

    def run(
        self, *domains: Any, check: bool = False, env: dict[str, str] | None = None, **options: Any
    ) -> dict[str, Any]:
        """Run it; where it would wait, the simulated clock moves on. Options that are None are not given."""
        self.simulator.clear_requests()
        given = {
            "api_url": self.simulator.v3,
            "api_token": TOKEN,
            "server_id": SERVER_ID,
            "webapp_id": WEBAPP_ID,
            "dns_nameservers": [self.dns.address],
            "ssl_check_port": self.simulator.tls_port,
            **({"domains": list(domains)} if domains else {}),
            **options,
        }

        def wait(client: Client, seconds: float) -> None:
            client.usage.waited += seconds
            self.simulator.clock(advance=seconds)

        with mock.patch.object(Client, "wait", wait):
            return run_action(
                "runcloud_sync",
                {name: value for name, value in given.items() if value is not None},
                check=check,
                env=env,
            )

    def requests(self, *methods: str) -> list[str]:
        """Return the requests of the last run, as far as they are of these methods, without the application's path."""
        log = self.simulator.requests()
        rows = [row for row in log if not methods or row["method"] in methods]
        return [f"{row['method']} {row['path'].removeprefix(APP)}" for row in rows]

    def writes(self) -> list[str]:
        """Return the requests of the last run that could change something."""
        return self.requests("POST", "PUT", "PATCH", "DELETE")

    def names(self) -> set[str]:
        """Return the names that are attached."""
        return {row["name"] for row in self.simulator.domains()}


def row(result: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what the result says of one name."""
    return next(row for row in result["rows"] if row["name"] == name)


def text_of(result: dict[str, Any]) -> str:
    """Return all that a run says to people."""
    return "\n".join([*result["summary"], result["failure"]])
