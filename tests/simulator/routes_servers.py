# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ping, servers, web applications, activity log, static data (rows 1 to 6, 25 and 28 of reference table 0)."""

from __future__ import annotations

from typing import Any

from .call import Call
from .errors import refuse
from .paging import envelope
from .state import Server
from .wire import log_row, other_log_row, server_row, webapp_row

PROTOCOLS = {1: "TLSv1.1 TLSv1.2 TLSv1.3", 2: "TLSv1.2 TLSv1.3", 3: "TLSv1.3"}


async def ping(_call: Call) -> Any:
    """Answer the check of credentials (reference 1.2)."""
    return {"message": "pong"}


async def list_servers(call: Call) -> Any:
    """List the servers the caller may use (row 2)."""
    return _servers(call, shared=False)


async def list_shared_servers(call: Call) -> Any:
    """List the servers others share with the caller (row 4)."""
    return _servers(call, shared=True)


def _servers(call: Call, shared: bool) -> Any:
    forbidden = call.credential.forbidden_servers
    rows = [row for row in call.sim.world.servers.values() if row.shared is shared and row.id not in forbidden]
    rows = [row for row in rows if _named_like(row.name, call)]

    def spell(row: Server) -> Any:
        return server_row(row, call.version)

    return envelope(rows, spell, call)


def _named_like(name: str, call: Call) -> bool:
    """Say whether a name holds the text of ``search`` (reference 1.3)."""
    return call.query.get("search", "").lower() in name.lower()


async def get_server(call: Call) -> Any:
    """Return one server (row 3)."""
    return server_row(call.server(), call.version)


async def list_webapps(call: Call) -> Any:
    """List the web applications of a server (row 5)."""
    rows = [app for app in call.server().webapps.values() if _named_like(app.name, call)]
    return envelope(rows, webapp_row, call)


async def get_webapp(call: Call) -> Any:
    """Return one web application (row 6)."""
    return webapp_row(call.webapp())


async def get_log(call: Call) -> Any:
    """Return the activity log (row 28); some read a 404 as an empty one (reference 2.3)."""
    app = call.webapp()
    if call.switches.log_status != 200:
        raise refuse(call.switches.log_status, "Not found" if call.switches.log_status == 404 else "Server Error")
    rows = sorted(app.log, key=lambda line: line.created_at, reverse=call.switches.log_order == "newest")
    return envelope(rows, log_row if call.switches.log_rows == "documented" else other_log_row, call)


async def list_protocols(_call: Call) -> Any:
    """Return the TLS protocol sets (reference 6.1)."""
    return [{"id": number, "protocols": text} for number, text in PROTOCOLS.items()]
