# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What finding 1,000 domains in place costs, side by side with a ping.

Whole ansible-playbook processes on localhost against the simulator, with the collection installed as a user would. The
two take turns, so that whatever else the machine does meets both. Not part of the tests:

    PYTHONPATH=tests .venv/bin/python tests/benchmark/domains.py [--domains 1000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.process import SERVER_ID, TOKEN, WEBAPP_ID, Simulator
from support.ansible import Ansible
from support.dns_server import DnsServer
from tools.collection import installed


@dataclass(frozen=True)
class Case:
    """Something to measure: a playbook and its variables."""

    playbook: str | Sequence[Mapping[str, Any]]
    variables: Mapping[str, Any] = field(default_factory=dict)


def task(module: str, options: Mapping[str, Any]) -> Case:
    """Return a play of one task on localhost."""
    return Case([{"hosts": "localhost", "gather_facts": False, "tasks": [{"name": "Task", module: dict(options)}]}])


def cases(simulator: Simulator, dns: DnsServer, names: Sequence[str]) -> dict[str, Case]:
    """Return what is compared; a ping comes first."""
    target = {"api_url": simulator.v3, "api_token": TOKEN, "server_id": SERVER_ID, "webapp_id": WEBAPP_ID}
    variables = {f"domain_sync_{name}": value for name, value in target.items()} | {"domain_sync_domains": names}
    bare = {"domain_sync_ssl": False, "domain_sync_require_dns": False}
    whole = {"domain_sync_dns_nameservers": [dns.address], "domain_sync_ssl_verify_port": simulator.tls_port}
    return {
        "ping": task("ansible.builtin.ping", {}),
        "runcloud_domains": task("multisite.runcloud.runcloud_domains", {**target, "domains": names}),
        "sync, names only": Case("multisite.runcloud.sync", {**variables, **bare}),
        "sync, DNS and TLS too": Case("multisite.runcloud.sync", {**variables, **whole}),
    }


def seconds(ansible: Ansible, case: Case) -> float:
    """Return how long a whole ansible-playbook took that finds nothing to do."""
    start = time.perf_counter()
    outcome = ansible.run_playbook(case.playbook, extra_vars=case.variables).expect()
    taken = time.perf_counter() - start
    if any(stats["changed"] for stats in outcome.stats.values()):
        raise RuntimeError("the run changed something")
    return taken


def measure(domains: int, rounds: int) -> None:
    """Take turns and print what each took, and its requests."""
    here = "127.0.0.1"
    with Simulator() as simulator, DnsServer(default=[here]) as dns, tempfile.TemporaryDirectory() as home:
        simulator.reset({"domains": ["main.example"], "domain_count": domains - 1, "certificate": True})
        ansible = Ansible(installed(), Path(home))
        compared = cases(simulator, dns, [row["name"] for row in simulator.domains()])
        taken: dict[str, list[float]] = {name: [] for name in compared}
        requests: dict[str, int] = {}
        for number in range(rounds + 1):
            for name, case in compared.items():
                simulator.clear_requests()
                spent = seconds(ansible, case)
                requests[name] = len(simulator.requests())
                if number:  # The first round only fills caches.
                    taken[name].append(spent)
    show(taken, requests, domains)


def show(taken: Mapping[str, Sequence[float]], requests: Mapping[str, int], domains: int) -> None:
    """Print the table; the last column is the median difference to the ping of the same round."""
    print(f"{domains} domains in place, {len(taken['ping'])} rounds\n")
    print(f"{'':<24}{'requests':>10}{'median s':>10}{'min s':>10}{'max s':>10}{'- ping':>10}")
    for name, values in taken.items():
        pairs = zip(values, taken["ping"], strict=True)
        difference = statistics.median(ours - ping for ours, ping in pairs)
        median = statistics.median(values)
        print(
            f"{name:<24}{requests[name]:>10}{median:>10.2f}{min(values):>10.2f}{max(values):>10.2f}{difference:>10.2f}"
        )


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", type=int, default=1000, help="how many are attached")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    arguments = parser.parse_args()
    measure(arguments.domains, arguments.rounds)


if __name__ == "__main__":
    main()
