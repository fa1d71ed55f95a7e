# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who runs the collection's playbooks against the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.process import SERVER_ID, TOKEN, WEBAPP_ID, Simulator

from .dns_server import DnsServer
from .playbooks import COLLECTION, Ansible, Result

HERE = "127.0.0.1"


@dataclass
class Operator:
    """Somebody who runs the playbooks."""

    ansible: Ansible
    simulator: Simulator
    dns: DnsServer

    def play(self, playbook: str = "sync", *arguments: str, rc: int = 0, **variables: Any) -> Result:
        """Run a playbook of the collection with the variables of the role; their prefix is added."""
        self.simulator.clear_requests()
        settings = {
            "api_url": self.simulator.v3,
            "api_token": TOKEN,
            "server_id": SERVER_ID,
            "webapp_id": WEBAPP_ID,
            "dns_nameservers": [self.dns.address],
            "ssl_check_port": self.simulator.tls_port,
            **variables,
        }
        extra_vars = {f"domain_sync_{name}": value for name, value in settings.items() if value is not None}
        return self.ansible.run_playbook(
            f"{COLLECTION}.{playbook}", *arguments, extra_vars=extra_vars, cwd=self.ansible.home
        ).expect(rc)

    def result(self, outcome: Result) -> dict[str, Any]:
        """Return what the run left in domain_sync_result."""
        return dict(outcome.task(f"{COLLECTION}.runcloud_sync").result)

    def requests(self, *methods: str) -> list[str]:
        """Return the requests of the last run, as far as they are of these methods."""
        log = self.simulator.requests()
        return [f"{row['method']} {row['path']}" for row in log if not methods or row["method"] in methods]

    def writes(self) -> list[str]:
        """Return the requests of the last run that could change something."""
        return self.requests("POST", "PUT", "PATCH", "DELETE")

    def names(self) -> set[str]:
        """Return the names that are attached."""
        return {row["name"] for row in self.simulator.domains()}
