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
from pathlib import Path
from typing import Any

from simulator.process import SERVER_ID, TOKEN, WEBAPP_ID, Simulator
from support.ansible import Ansible
from tools.collection import installed

Play = Mapping[str, Any]


def play(module: str, options: Mapping[str, Any]) -> list[Play]:
    """Return a play of one task on localhost."""
    return [{"hosts": "localhost", "gather_facts": False, "tasks": [{"name": "Task", module: dict(options)}]}]


def seconds(ansible: Ansible, plays: Sequence[Play]) -> float:
    """Return how long a whole ansible-playbook took that finds nothing to do."""
    start = time.perf_counter()
    outcome = ansible.run_playbook(plays).expect()
    taken = time.perf_counter() - start
    if outcome.task("Task").changed:
        raise RuntimeError("the run changed something")
    return taken


def measure(domains: int, rounds: int) -> None:
    """Take turns and print what both took, and the requests of one run."""
    with Simulator(tls=False) as simulator, tempfile.TemporaryDirectory() as home:
        simulator.reset({"domains": ["main.example"], "domain_count": domains - 1})
        names = [row["name"] for row in simulator.domains()]
        ansible = Ansible(installed(), Path(home))
        target = {"api_url": simulator.v3, "api_token": TOKEN, "server_id": SERVER_ID, "webapp_id": WEBAPP_ID}
        tasks = {
            "ansible.builtin.ping": play("ansible.builtin.ping", {}),
            "runcloud_domains": play("multisite.runcloud.runcloud_domains", {**target, "domains": names}),
        }
        taken: dict[str, list[float]] = {name: [] for name in tasks}
        for number in range(rounds + 1):
            simulator.clear_requests()
            for name, plays in tasks.items():
                spent = seconds(ansible, plays)
                if number:  # The first round only fills caches.
                    taken[name].append(spent)
        requests = len(simulator.requests())
    show(taken, domains, requests)


def show(taken: Mapping[str, Sequence[float]], domains: int, requests: int) -> None:
    """Print the table."""
    print(f"{domains} domains in place, {requests} requests, {len(taken['runcloud_domains'])} rounds\n")
    print(f"{'task':<24}{'median s':>10}{'min s':>10}{'max s':>10}")
    for name, values in taken.items():
        print(f"{name:<24}{statistics.median(values):>10.2f}{min(values):>10.2f}{max(values):>10.2f}")
    pairs = zip(taken["runcloud_domains"], taken["ansible.builtin.ping"], strict=True)
    print(f"{'difference':<24}{statistics.median(ours - ping for ours, ping in pairs):>10.2f}")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", type=int, default=1000, help="how many are attached")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    arguments = parser.parse_args()
    measure(arguments.domains, arguments.rounds)


if __name__ == "__main__":
    main()
