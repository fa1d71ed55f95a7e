# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""However large a network is, the module reads it whole. Time and memory are shown, not judged."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.decide import decide
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.holders import wanted_by_network
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.policy import Policy
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.network import STAGES
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.wire import from_result

from support.playbooks import Ansible
from wordpress.installation import HERE, WP_CLI, Site

pytestmark = pytest.mark.wordpress

MODULE = "multisite.runcloud.multisite_domain_info"


def many_rows(count: int) -> list[dict[str, Any]]:
    """So many mapped domains of five sites, in all stages, some paused."""
    return [
        {
            "blog_id": 2 + number % 5,
            "domain": f"shop-{number}.customer-{number % 997}.example",
            "active": int(number % 50 != 0),
            "stage": STAGES[number % len(STAGES)],
        }
        for number in range(1, count + 1)
    ]


def measured(command: list[str], name: str, folder: Path) -> tuple[Path, Path]:
    """Make an executable that runs a command, and the file in which it notes what that needed."""
    notes = folder / f"{name}.measured"
    script = folder / name
    words = " ".join(f"'{word}'" for word in [sys.executable, str(HERE / "measured.py"), str(notes), *command])
    script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    script.chmod(0o755)
    return script, notes


@pytest.mark.parametrize("count", [130, 20_000])
def test_all_rows_come_through_ansible(
    subdomain: Site, ansible: Ansible, tmp_path: Path, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = many_rows(count)
    sites = ("alpha", "beta", "gamma", "delta", "epsilon")  # Those of the recorded network: they are there already.
    subdomain.fill(rows, sites=[{"domain": f"{site}.network.test"} for site in sites])
    php = shutil.which("php")
    assert php is not None
    programs = {
        "php": measured([php], "php", tmp_path),
        "wp_cli": measured([php, str(WP_CLI)], "wp", tmp_path),
        "python": measured([sys.executable], "python", tmp_path),
    }
    options = {"path": str(subdomain.root), "php": str(programs["php"][0]), "wp_cli": str(programs["wp_cli"][0])}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": str(programs["python"][0])},
        "tasks": [{"name": name, MODULE: {**options, "method": name}} for name in ("php", "wp_cli")],
    }
    started = time.monotonic()
    outcome = ansible.run_playbook([play], timeout=600).expect(0)
    whole = time.monotonic() - started

    expected = {row["domain"]: (row["blog_id"], bool(row["active"]), row["stage"]) for row in rows}
    for name in ("php", "wp_cli"):
        result = outcome.task(name).result
        mapped = [domain for domain in result["domains"] if domain["row"] is not None]
        assert result["complete"]
        assert {row["domain"]: (row["blog_id"], row["active"], row["stage"]) for row in mapped} == expected
        assert [row["row"] for row in mapped] == list(range(1, count + 1))

    started = time.monotonic()
    decision = decide(wanted_by_network(from_result(outcome.task("php").result), (), None), Policy(subdomains="never"))
    deciding = time.monotonic() - started
    assert len(decision.desired) == 1 + len([row for row in rows if row["active"]])

    lines = [f"{count} mapped domains, {whole:.1f} s for a playbook that reads them twice:"]
    for name, (_program, notes) in programs.items():
        for line in notes.read_text().splitlines():
            usage = json.loads(line)
            lines.append(f"  {name:7} {usage['seconds']:6.2f} s  {usage['mebibytes']:6.1f} MiB")
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *lines, f"  deciding {deciding:5.2f} s", ""]))
