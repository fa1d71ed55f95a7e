# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as tests and the demo use it: a process that is started, steered and stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

Json = dict[str, Any]

TOKEN = "sim-token-0123456789abcdef"
KEY = "sim-key-0123456789"
SECRET = "sim-secret-0123456789"
SERVER_ID = 1903
WEBAPP_ID = 646


class SimulatorError(RuntimeError):
    """The simulator did not start, or refused a control call; the text is its own."""


class Simulator:
    """A simulator in a process of its own, on a free loopback port.

    ``with Simulator() as sim: ...``. Start one for a whole session and ``reset`` it before each test.
    """

    def __init__(
        self,
        seed: Path | None = None,
        *,
        tls: bool = True,
        port: int = 0,
        tls_port: int = 0,
        start_timeout: float = 60.0,
    ) -> None:
        self._command = [sys.executable, str(Path(__file__).parent), "--stop-with-stdin", "--port", str(port)]
        self._command += ["--tls-port", str(tls_port) if tls else "off"]
        self._command += [] if seed is None else ["--seed", str(seed)]
        self._start_timeout = start_timeout
        self._process: subprocess.Popen[str] | None = None
        self._session = requests.Session()
        # Neither proxies nor a netrc file may come between a test and its simulator.
        self._session.trust_env = False
        self.url = self.v2 = self.v3 = self.control = self.page = ""
        self.tls_port: int | None = None

    # ------------------------------------------------------------------ life

    def start(self) -> Simulator:
        """Start the process and wait until it listens; raises SimulatorError where it does not."""
        # Measuring the coverage of the simulator would only make it slow.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, text=True, env=environment)
        if self._process.stdout is None:
            raise SimulatorError("the simulator has no standard output")
        guard = threading.Timer(self._start_timeout, self._process.kill)
        guard.start()
        line = self._process.stdout.readline()
        guard.cancel()
        if not line:
            code = self._process.wait()
            raise SimulatorError(f"the simulator ended with code {code} before it was ready")
        where = json.loads(line)
        self.url, self.v2, self.v3 = where["url"], where["v2"], where["v3"]
        self.control, self.page, self.tls_port = where["control"], where["page"], where["tls_port"]
        return self

    def stop(self) -> int:
        """Stop the process and return its exit code; 0 where it was not running."""
        process, self._process = self._process, None
        self._session.close()
        if process is None:
            return 0
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.terminate()
        try:
            return process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return None if self._process is None else self._process.pid

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ------------------------------------------------------------------ control

    def _call(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Any:
        reply = self._session.request(method, f"{self.control}/{path}", json=body, params=query, timeout=60)
        if reply.status_code != 200:
            raise SimulatorError(f"{method} {path}: {reply.status_code} {reply.text}")
        return reply.json()

    def reset(self, seed: Json | None = None) -> None:
        """Start anew with ``seed``, or with the one of the start; switches, faults, clock and log are fresh too."""
        self._call("POST", "reset", {"seed": seed})

    def seed(self, seed: Json) -> None:
        """Add to what is there."""
        self._call("POST", "seed", {"seed": seed})

    def state(self) -> Json:
        """Return everything: clock, switches, servers with web applications, domains, certificates, log; orders."""
        return dict(self._call("GET", "state"))

    def requests(self, since: int = 0) -> list[Json]:
        """Return the API requests after number ``since``, oldest first."""
        return list(self._call("GET", "requests", query={"since": since}))

    def clear_requests(self) -> None:
        """Forget the API requests so far."""
        self._call("DELETE", "requests")

    def switch(self, **values: Any) -> None:
        """Set switches by their names; raises SimulatorError for unknown ones and bad values."""
        self._call("PATCH", "switches", values)

    def switches(self) -> Json:
        """Return all switches with their values."""
        return dict(self._call("GET", "switches"))

    def faults(self, *rules: Json) -> None:
        """Add fault rules (README.md has their form)."""
        self._call("POST", "faults", {"rules": list(rules)})

    def stop_after(self, requests: int | None) -> None:
        """Answer that many API requests more and then none, until ``clear_faults``; None takes it back."""
        self._call("POST", "faults", {"stop_after": requests})

    def clear_faults(self) -> None:
        """Take back all faults, ``stop_after`` too."""
        self._call("DELETE", "faults")

    def clock(
        self,
        advance: float | None = None,
        set: str | None = None,  # noqa: A002 - the control API's own word
        speed: float | None = None,
    ) -> Json:
        """Move the clock on by seconds, set it to a date, change its pace; returns ``{"now", "speed"}``.

        What is due by then has happened when this returns.
        """
        given = {"advance": advance, "set": set, "speed": speed}
        return dict(self._call("POST", "clock", {name: value for name, value in given.items() if value is not None}))

    def panel(self, action: str, **values: Any) -> Any:
        """Edit by hand as in the panel, e.g. ``panel("remove_domain", name="a.example")``."""
        return self._call("POST", "panel", {"action": action, **values})

    # ------------------------------------------------------------------ looking

    def domains(self, webapp_id: int | None = None) -> list[Json]:
        """Return the domain rows as v3 spells them, of one application or of all."""
        return list(self._call("GET", "domains", query={"webapp": webapp_id}))

    def certificates(self, webapp_id: int | None = None) -> list[Json]:
        """Return the certificates in use with ``webapp``, ``domain`` (None in basic mode) and ``names``."""
        return list(self._call("GET", "certificates", query={"webapp": webapp_id}))

    def orders(self) -> list[Json]:
        """Return all certificate orders, oldest first."""
        return list(self._call("GET", "orders"))

    def authorities(self) -> dict[str, str]:
        """Return the roots of the TLS listener's certificates as PEM: ``live``, ``staging``, ``other``."""
        return dict(self._call("GET", "authorities"))
