# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting and stopping: the HTTP server, the TLS listener, the clockwork, and the line that says where they are."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from .page import add_page
from .routes import add_api
from .routes_control import add_control
from .seed import SeedError
from .simulation import Simulation

_MAX_BODY = 64 * 1024 * 1024


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="simulator", description="A RunCloud API for tests and demos.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="HTTP port (default: a free one)")
    parser.add_argument("--tls-port", default="off", help="port for TLS handshakes; 0 takes a free one (default: off)")
    parser.add_argument("--seed", type=Path, help="JSON or YAML file with the state to start from")
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input is closed")
    return parser.parse_args(arguments)


def read_seed(path: Path | None) -> Mapping[str, Any]:
    """Return a seed from a JSON or YAML file (JSON is YAML); raises SeedError where it holds something else."""
    seed = {} if path is None else yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(seed, dict):
        raise SeedError(f"{path} does not hold an object")
    return seed


def build(sim: Simulation) -> web.Application:
    """Return the web application: API, control API, page."""
    app = web.Application(client_max_size=_MAX_BODY)
    add_api(app, sim)
    add_control(app, sim)
    add_page(app, sim)
    return app


async def serve(options: argparse.Namespace) -> None:
    """Run until SIGTERM, SIGINT or, if asked for, the end of standard input; prints one line when ready."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.stop_with_stdin:
        threading.Thread(target=_wait_for_end_of_stdin, args=(loop, stop), daemon=True).start()
    sim = Simulation(read_seed(options.seed))
    # aiohttp sets TCP_NODELAY on every connection, so Nagle's algorithm never holds replies back.
    runner = web.AppRunner(build(sim), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, options.host, options.port, backlog=1024)
    await site.start()
    port = runner.addresses[0][1]
    tls_port = None if options.tls_port == "off" else await sim.tls.start(options.host, int(options.tls_port))
    clockwork = asyncio.create_task(sim.run_clockwork())
    print(json.dumps(addresses(options.host, port, tls_port)), flush=True)
    await stop.wait()
    clockwork.cancel()
    await sim.tls.stop()
    await runner.cleanup()


def addresses(host: str, port: int, tls_port: int | None) -> dict[str, Any]:
    """Return what the line at the start says."""
    url = f"http://{host}:{port}"
    return {
        "url": url,
        "v2": f"{url}/api/v2",
        "v3": f"{url}/api/v3",
        "control": f"{url}/_sim",
        "tls_port": tls_port,
        "page": f"{url}/",
    }


def _wait_for_end_of_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Not through sys.stdin, whose lock this thread would still hold when the interpreter shuts down.
    while os.read(0, 4096):
        pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


def main(arguments: Sequence[str]) -> int:
    """Run the simulator; returns the exit code."""
    try:
        asyncio.run(serve(parse_arguments(arguments)))
    except (SeedError, OSError, yaml.YAMLError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 1
    return 0
