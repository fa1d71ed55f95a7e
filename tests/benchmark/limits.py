# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Under the request limit, in simulated time: one long run, and many networks with one key at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulator.process import SERVER_ID

from .compare import Scale
from .measure import Bench
from .situations import Situation
from .ways import command, sync_variables

LIMIT = 60
# A simulated minute takes one real second in the long run, and three where many processes share two cores.
LONG_SPEED, SHARED_SPEED = 60.0, 20.0
DOMAINS_A_NETWORK = 200
FORKS = 10


def steady(bench: Bench, scale: Scale) -> dict[str, Any]:
    """Return what one run with so many changes made of the limit, and the progress it told."""
    situation = Situation(scale.changes + 1, "all new", limit=LIMIT)
    bench.sim.reset(situation.seed())
    bench.sim.clock(speed=LONG_SPEED)
    patient = {"domain_sync_api_rate_limit_timeout": 100 * scale.changes}
    output = bench.folder / "steady.txt"
    arguments = command("sync", situation, bench.sim, bench.folder, **patient)
    print(f"{scale.changes} changes under {LIMIT} a minute")
    run = bench.start(arguments, speed=LONG_SPEED, output=output)
    log = bench.sim.requests()
    told = _progress(output)
    print("  " + "\n  ".join(told[:3]))
    return _use(log, LONG_SPEED) | {"changes": scale.changes, "refused": run.refused, "progress": told}


def _progress(output: Path) -> list[str]:
    """Return the lines that told how far a run was."""
    lines = [line.strip() for line in output.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if " of " in line and any(sign.isdigit() for sign in line)]


def _use(log: Sequence[dict[str, Any]], speed: float) -> dict[str, Any]:
    """Return how many requests came in how many simulated minutes, and when (minute and count, thinned out)."""
    times = [(entry["wall"] - log[0]["wall"]) * speed / 60 for entry in log]
    minutes = times[-1]
    points = [[round(minute, 3), number] for number, minute in enumerate(times, 1)]
    thinned = points[:: max(1, len(points) // 200)]
    # A run may begin with a minute's requests at once, so a short one can be ahead of the rate.
    share = min(1.0, len(log) / (LIMIT * minutes))
    return {"requests": len(log), "minutes": minutes, "share": share, "points": [*thinned, points[-1]]}


def shared(bench: Bench, scale: Scale) -> dict[str, Any]:
    """Return what many networks, each with a run of its own, made of one key's limit at the same time."""
    numbers = range(1, scale.networks + 1)
    apps = [
        {"id": 1000 + number, "domains": [f"d{item}.n{number}.example" for item in range(DOMAINS_A_NETWORK)]}
        for number in numbers
    ]
    bench.sim.reset(
        {"servers": [{"id": SERVER_ID, "webapps": apps}], "switches": {"rate_limit": LIMIT, "retry_after": "simulated"}}
    )
    bench.sim.clock(speed=SHARED_SPEED)
    hosts = {
        f"network{app['id']}": {"domain_sync_webapp_id": app["id"], "domain_sync_domains": app["domains"]}
        for app in apps
    }
    everywhere = {"ansible_connection": "local", **sync_variables(bench.sim)}
    everywhere["domain_sync_api_rate_limit_timeout"] = 100_000
    del everywhere["domain_sync_webapp_id"]
    inventory = bench.folder / "networks.json"
    inventory.write_text(json.dumps({"all": {"vars": everywhere, "hosts": hosts}}), encoding="utf-8")
    arguments = ["ansible-playbook", "multisite.runcloud.sync", "--inventory", str(inventory), "--forks", str(FORKS)]
    print(f"{scale.networks} networks of {DOMAINS_A_NETWORK} domains in {FORKS} forks with one key")
    run = bench.start([*arguments, "--extra-vars", "domain_sync_hosts=all"], speed=SHARED_SPEED)
    floor = scale.networks * -(-DOMAINS_A_NETWORK // 40)
    print(f"  {run.requests} requests (floor {floor}), {run.refused} refused")
    return {
        "networks": scale.networks,
        "domains": DOMAINS_A_NETWORK,
        "forks": FORKS,
        "requests": run.requests,
        "floor": floor,
        "refused": run.refused,
    }
