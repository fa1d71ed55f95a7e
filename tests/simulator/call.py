# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One API request as the endpoints see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import not_found, refuse
from .forms import Form
from .simulation import Simulation
from .state import Credential, Domain, Server, WebApp
from .switches import Switches


@dataclass(frozen=True)
class Call:
    """A request that has passed the gateway, with shortcuts to what its path names."""

    sim: Simulation
    version: str
    address: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    credential: Credential
    pages: str | None = None
    """How the pages of a list are spoiled, where a fault says so."""

    @property
    def switches(self) -> Switches:
        """The switches in force."""
        return self.sim.switches

    def form(self) -> Form:
        """Return a reader for the body."""
        return Form(self.body, self.switches.message_style)

    def number(self, name: str) -> int:
        """Return an id of the path."""
        return int(self.params[name])

    def server(self) -> Server:
        """Return the server of the path; raises 404 for an unknown one, 403 for one the caller may not use."""
        server = self.sim.world.servers.get(self.number("server"))
        if server is None:
            raise not_found()
        if server.id in self.credential.forbidden_servers:
            raise refuse(403, "Forbidden")
        return server

    def webapp(self) -> WebApp:
        """Return the web application of the path; raises 404 for an unknown one."""
        app = self.server().webapps.get(self.number("webapp"))
        if app is None:
            raise not_found()
        return app

    def domain(self) -> Domain:
        """Return the domain of the path; raises 404 for an unknown one."""
        domain = self.webapp().domains.get(self.number("domain"))
        if domain is None:
            raise not_found()
        return domain

    def need_agent(self) -> None:
        """Raise an error where a write needs the server's agent and that is not reachable (U26)."""
        server = self.server()
        reachable = server.online and server.connected
        if not reachable and self.switches.offline_writes == "refuse":
            raise refuse(self.switches.offline_status, "Unable to connect to the server. Please try again later.")


Endpoint = Callable[[Call], Awaitable[Any]]
