# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page at /: what there is and what just happened, refreshing itself."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from .simulation import Simulation
from .views import state_view

_PAGE = Path(__file__).with_name("page.html")
_DOMAINS_SHOWN = 200
_REQUESTS_SHOWN = 25


def add_page(app: web.Application, sim: Simulation) -> None:
    """Put the page at / and what it shows at /_sim/page."""

    async def page(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_PAGE)

    async def content(_request: web.Request) -> web.Response:
        await sim.issuer.settle()
        shown = ("n", "at", "method", "path", "version", "status", "fault")
        requests = [{key: entry[key] for key in shown} for entry in sim.log.last(_REQUESTS_SHOWN)]
        return web.json_response({**state_view(sim, _DOMAINS_SHOWN), "requests": requests})

    app.router.add_get("/", page)
    app.router.add_get("/_sim/page", content)
