# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the collection at work: real playbooks against a simulated RunCloud, act by act."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from simulator.process import SERVER_ID, TOKEN, WEBAPP_ID, Simulator
from support.dns_server import DnsServer
from support.playbooks import COLLECTION, Ansible, Result
from tools.collection import installed

ADDRESS = "127.0.0.1"
ELSEWHERE = "203.0.113.9"
NETWORK = Path(__file__).parents[1] / "fixtures" / "wordpress" / "cli-eval-inventory.json"
WIDTH = 100

# What RunCloud has before the first act: somebody has mapped some domains by hand, and ordered a certificate then.
SEED = {
    "servers": [
        {
            "id": SERVER_ID,
            "name": "web1",
            "ipAddress": ADDRESS,
            "webapps": [
                {
                    "id": WEBAPP_ID,
                    "name": "network",
                    "domains": [
                        "network.example",
                        {"name": "flowers.example", "www": True, "redirection": "non-www"},
                        "bakery.example",
                        "closed-last-year.example",
                    ],
                    "certificate": {"days_left": 61},
                }
            ],
        }
    ],
    "switches": {"ssl_issue_seconds": 2},
}
DOMAINS: list[Any] = [
    "network.example",
    {"domain": "flowers.example", "www": True, "redirection": "non-www"},
    {"domain": "bakery.example", "www": True, "redirection": "non-www"},
    "books.example",
    {"domain": "Bücher.example", "www": True},
    "moving.example",
]

# The second act: what the plugin's own integration has left behind on the web application of a real network.
NETWORK_SEED = {
    "servers": [
        {
            "id": SERVER_ID,
            "name": "web1",
            "ipAddress": ADDRESS,
            "webapps": [
                {
                    "id": WEBAPP_ID,
                    "name": "network",
                    "domains": [
                        "network.test",
                        {"name": "shop.example.com", "www": True, "redirection": "non-www"},
                        {"name": "www.brand.example", "www": True, "redirection": "non-www"},
                        {"name": "paused.example.com", "www": True, "redirection": "non-www"},
                        {"name": "name-before-the-rename.example", "www": True, "redirection": "non-www"},
                    ],
                    "certificate": {"days_left": 61, "names": ["network.test", "shop.example.com"]},
                }
            ],
        }
    ],
    "switches": {"ssl_issue_seconds": 2},
}


class Stage:
    """Where the acts are played: a simulated RunCloud, a nameserver, and a folder with the operator's files."""

    def __init__(self, simulator: Simulator, dns: DnsServer, folder: Path) -> None:
        self.simulator = simulator
        self.dns = dns
        self.folder = folder
        self.ansible = Ansible(installed(), folder)

    def write_domains(self, domains: list[Any]) -> None:
        """Write the operator's domain file."""
        text = yaml.safe_dump(domains, allow_unicode=True, sort_keys=False)
        (self.folder / "domains.yml").write_text(text, encoding="utf-8")

    def play(self, playbook: str, **variables: Any) -> dict[str, Any]:
        """Run a playbook of the collection and show what its operator sees; return the run's result."""
        outcome = self._run(playbook, variables)
        return dict(outcome.task(f"{COLLECTION}.runcloud_sync").result)

    def examine(self, **variables: Any) -> None:
        """Run the doctor and show what it says."""
        self._run("doctor", variables)

    def _run(self, playbook: str, variables: Mapping[str, Any]) -> Result:
        """Run a playbook and show its last words, as they stand there."""
        settings = {
            "domain_sync_api_url": self.simulator.v3,
            "domain_sync_api_token": TOKEN,
            "domain_sync_server_id": SERVER_ID,
            "domain_sync_webapp_id": WEBAPP_ID,
            "domain_sync_dns_nameservers": [self.dns.address],
            "domain_sync_ssl_check_port": self.simulator.tls_port,
            "domain_sync_report": str(self.folder / "report"),
            **variables,
        }
        shown = " ".join(f"-e {name}={value}" for name, value in variables.items())
        print(f"\n  $ ansible-playbook {COLLECTION}.{playbook} {shown}\n", flush=True)
        self.simulator.clear_requests()
        began = time.monotonic()
        outcome = self.ansible.run_playbook(f"{COLLECTION}.{playbook}", extra_vars=settings, cwd=self.folder).expect(0)
        for line in last_words(outcome.stdout):
            print(f"    {line}")
        print(f"\n    RunCloud was asked: {self._requests()}   ({time.monotonic() - began:.1f} s)", flush=True)
        return outcome

    def _requests(self) -> str:
        counts = Counter(request["method"] for request in self.simulator.requests())
        return ", ".join(f"{count} {method}" for method, count in sorted(counts.items())) or "nothing"


def main() -> int:
    """Play all acts; every act also checks that it ended as it says."""
    print("Setting up: a simulated RunCloud, a nameserver, and an installation of the collection ...", flush=True)
    with tempfile.TemporaryDirectory() as folder, Simulator() as simulator, DnsServer(default=[ADDRESS]) as dns:
        stage = Stage(simulator, dns, Path(folder))
        print(f"A simulated RunCloud listens on {simulator.url} (open it in a browser to watch).")
        simulator.reset(SEED)
        act_list(stage)
        simulator.reset(NETWORK_SEED)
        dns.reset()
        act_wordpress(stage)
    print("\nDone: everything is stopped again.")
    return 0


def act_list(stage: Stage) -> None:
    """First act: a file of domains is the truth, and RunCloud is kept in sync with it."""
    stage.write_domains(DOMAINS)
    stage.dns.set("moving.example", a=[ELSEWHERE])
    source = {"domain_sync_file": "domains.yml"}

    heading("1. Preview: what would change? (The DNS of moving.example still points elsewhere.)")
    preview = stage.play("preview", **source)
    check("nothing was written", not writes(stage))

    heading("2. The first run does just that: names first, then one certificate order for all of them.")
    first = stage.play("sync", **source)
    print(first["plan"], preview["plan"], first["orders"], preview["orders"])
    check("the preview was exact", first["plan"] == preview["plan"] and first["orders"] == preview["orders"])
    check("one order", len(stage.simulator.orders()) == 1)

    heading("3. The second run finds nothing to do.")
    second = stage.play("sync", **source)
    check("nothing changed", not second["changed"] and not writes(stage))

    heading("4. The DNS of moving.example is right now, nothing else has changed.")
    stage.dns.set("moving.example", a=[ADDRESS])
    fourth = stage.play("sync", **source)
    check("it is attached, with one more order", counts(fourth, added=1) and len(stage.simulator.orders()) == 2)

    heading("5. A customer leaves: bakery.example is unmapped, and purge removes what is not in the list any more.")
    stage.write_domains([item for item in DOMAINS if item not in ("bakery.example", DOMAINS[2])])
    last = stage.play("sync", **source, domain_sync_purge=True, domain_sync_purge_limit="30%")
    check("both left, and nothing was ordered for it", counts(last, removed=2) and len(stage.simulator.orders()) == 2)


def act_wordpress(stage: Stage) -> None:
    """Second act: the list comes from a real WordPress network, as it was recorded."""
    source = {
        "domain_sync_source": "wordpress",
        "domain_sync_wordpress_path": str(stage.folder),
        "domain_sync_wordpress_wp_cli": str(write_wp_cli(stage.folder)),
        "domain_sync_purge": True,
        "domain_sync_purge_limit": "60%",
    }
    # The network has no address for www names below it, and one customer has not pointed the domain here yet.
    stage.dns.set("example.org", a=[ELSEWHERE])

    heading("6. The list is read from WordPress: a recorded network, with what the plugin left in RunCloud. Preview:")
    preview = stage.play("preview", **source)
    show_reasons(preview)
    check("nothing was written", not writes(stage))
    check("the renamed and the paused domain would go", {"paused.example.com"} < set(preview["plan"]["remove"]))

    heading("7. The run does just that, and one order covers all names.")
    run = stage.play("sync", **source)
    check("the preview was exact", run["plan"] == preview["plan"] and run["orders"] == preview["orders"])
    check("one order", len(stage.simulator.orders()) == 1)
    check("example.org waits for its DNS", run["plan"]["deferred"][0]["name"] == "example.org")

    heading("8. The doctor says what is left to do, and for whom.")
    stage.examine(**source)
    check("nothing was written", not writes(stage))


def write_wp_cli(folder: Path) -> Path:
    """Put a stand-in for WP-CLI into a folder, which gives the recorded answer; return the executable."""
    (folder / "wp-load.php").touch()
    recorded = json.dumps(json.loads(NETWORK.read_text(encoding="utf-8")))
    answer = f"MULTISITE-RUNCLOUD-BEGIN\n{recorded}\nMULTISITE-RUNCLOUD-END\n"
    (folder / "answer").write_text(answer, encoding="utf-8")
    program = folder / "wp"
    program.write_text('#!/bin/sh\ncat >/dev/null\ncat "$(dirname "$0")/answer"\n', encoding="utf-8")
    program.chmod(0o755)
    return program


def show_reasons(result: Mapping[str, Any]) -> None:
    """Print why each name is wanted, or is not."""
    print("\n    Why:")
    for row in result["rows"]:
        if row["reason"]:
            print(f"    {row['name']:32} {row['reason']}")


def last_words(output: str) -> list[str]:
    """Return what the last task of a play prints, without what Ansible adds."""
    lines = output.splitlines()
    start = max(number for number, line in enumerate(lines) if line.startswith("TASK ["))
    end = next(number for number, line in enumerate(lines) if line.startswith("PLAY RECAP"))
    return [line for line in lines[start + 1 : end] if not line.startswith("ok: [")]


def heading(text: str) -> None:
    """Print what is shown next."""
    print(f"\n{'=' * WIDTH}\n{text}\n{'=' * WIDTH}")


def check(what: str, holds: bool) -> None:
    """Stop the demo where it does not show what it says."""
    if not holds:
        raise SystemExit(f"\nThis should not have happened. Expected: {what}.")
    print(f"    => {what}")


def writes(stage: Stage) -> list[Mapping[str, Any]]:
    """Return the requests of the last act that change something."""
    return [request for request in stage.simulator.requests() if request["method"] != "GET"]


def counts(result: Mapping[str, Any], **expected: int) -> bool:
    """Say whether so many names were added, changed or removed."""
    return all(result["counts"][action] == number for action, number in expected.items())


if __name__ == "__main__":
    sys.exit(main())
