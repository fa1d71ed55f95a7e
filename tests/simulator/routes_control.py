# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API under /_sim: seeding, reading, switches, faults, clock. JSON, no credentials, errors are 400."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from .clock import parse
from .panel import edit
from .seed import plant
from .simulation import Simulation
from .views import certificates_view, clock_view, order_view, state_view
from .wire import domain_row

Json = Mapping[str, Any]
_Control = Callable[[Json], Awaitable[Any]]


class Control:
    """The handlers of the control API."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim

    def routes(self) -> list[tuple[str, str, _Control]]:
        """Return method, path and handler of each call; a handler gets query and body in one object."""
        return [
            ("POST", "reset", self.reset),
            ("POST", "seed", self.seed),
            ("GET", "state", self.state),
            ("GET", "domains", self.domains),
            ("GET", "certificates", self.certificates),
            ("GET", "orders", self.orders),
            ("GET", "requests", self.requests),
            ("DELETE", "requests", self.clear_requests),
            ("GET", "switches", self.switches),
            ("PATCH", "switches", self.set_switches),
            ("POST", "faults", self.add_faults),
            ("DELETE", "faults", self.clear_faults),
            ("GET", "clock", self.clock),
            ("POST", "clock", self.set_clock),
            ("POST", "panel", self.panel),
            ("PATCH", "panel", self.panel),
            ("GET", "authorities", self.authorities),
        ]

    async def reset(self, body: Json) -> Any:
        """Start anew with ``seed``, or with the first one."""
        self._sim.reset(body.get("seed"))
        return clock_view(self._sim)

    async def seed(self, body: Json) -> Any:
        """Add to what is there."""
        plant(body.get("seed", body), self._sim.world, self._sim.clock, self._sim.switches)
        return await self._settled(clock_view(self._sim))

    async def _settled(self, reply: Any) -> Any:
        """Do what has become due before answering."""
        await self._sim.issuer.settle()
        self._sim.wake()
        return reply

    async def state(self, body: Json) -> Any:
        """Return everything."""
        await self._sim.issuer.settle()
        limit = body.get("limit")
        return state_view(self._sim, None if limit is None else int(limit))

    def _webapp_id(self, body: Json) -> int | None:
        return None if body.get("webapp") is None else int(body["webapp"])

    async def domains(self, body: Json) -> Any:
        """Return rows as v3 spells them."""
        await self._sim.issuer.settle()
        wanted = self._webapp_id(body)
        apps = [app for app in self._sim.world.webapps() if wanted in (None, app.id)]
        return [domain_row(row, "v3", self._sim.switches) for app in apps for row in app.domains.values()]

    async def certificates(self, body: Json) -> Any:
        """Return the certificates in use."""
        await self._sim.issuer.settle()
        return certificates_view(self._sim, self._webapp_id(body))

    async def orders(self, _body: Json) -> Any:
        """Return all orders."""
        await self._sim.issuer.settle()
        return [order_view(order) for order in self._sim.world.orders]

    async def requests(self, body: Json) -> Any:
        """Return the log after number ``since``."""
        return self._sim.log.since(int(body.get("since", 0)))

    async def clear_requests(self, _body: Json) -> Any:
        """Forget the log."""
        self._sim.log.clear()
        return {}

    async def switches(self, _body: Json) -> Any:
        """Return all switches."""
        return self._sim.switches.as_dict()

    async def set_switches(self, body: Json) -> Any:
        """Set the given switches, all or none."""
        self._sim.switches.update(body)
        return await self._settled(self._sim.switches.as_dict())

    async def add_faults(self, body: Json) -> Any:
        """Add ``rules`` and set ``stop_after``."""
        unknown = set(body) - {"rules", "stop_after"}
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        self._sim.faults.add(body.get("rules", []))
        if "stop_after" in body:
            self._sim.faults.stop_after(body["stop_after"])
        return {}

    async def clear_faults(self, _body: Json) -> Any:
        """Take all faults back."""
        self._sim.faults.clear()
        return {}

    async def clock(self, _body: Json) -> Any:
        """Return the simulated time."""
        return clock_view(self._sim)

    async def set_clock(self, body: Json) -> Any:
        """Set the clock (``set``), move it on (``advance``), change its pace (``speed``); what is due then happens."""
        unknown = set(body) - {"set", "advance", "speed"}
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        await self._sim.issuer.settle()
        if "speed" in body:
            # First, so that a clock that is stopped and set shows that very second.
            self._sim.clock.set_speed(float(body["speed"]))
        if "set" in body:
            self._sim.clock.set(parse(body["set"]))
        self._sim.clock.advance(float(body.get("advance", 0)))
        return await self._settled(clock_view(self._sim))

    async def panel(self, body: Json) -> Any:
        """Edit by hand."""
        return edit(self._sim, body)

    async def authorities(self, _body: Json) -> Any:
        """Return the roots of the TLS listener's certificates as PEM."""
        known = self._sim.authorities
        return {"live": known.live.root_pem, "staging": known.staging.root_pem, "other": known.other.root_pem}


def add_control(app: web.Application, sim: Simulation) -> None:
    """Put the control API under /_sim."""
    for method, path, handler in Control(sim).routes():
        app.router.add_route(method, f"/_sim/{path}", _wrap(handler))


def _body(raw: bytes) -> dict[str, Any]:
    body = json.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - wrong input, told with a 400 like any other
    return body


def _wrap(handler: _Control) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            return web.json_response(await handler({**request.query, **_body(raw)}))
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)

    return handle
