# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every API request passes before its endpoint: log, faults, Accept, credentials, request limit (reference 1)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from .actions import Action
from .call import Call, Endpoint
from .errors import ApiError, not_found, refuse
from .simulation import Simulation
from .spoil import drip, json_reply, spoil
from .state import Credential

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOGIN = "<!DOCTYPE html><html><head><title>Login</title></head><body>Redirecting to /login</body></html>"


class Gateway:
    """Turns endpoints into handlers of the web framework."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim

    def handler(self, endpoint: Endpoint | None, versions: str) -> Handler:
        """Return the handler for an endpoint that exists in the given API versions ("v2 v3"); None answers 404."""

        async def handle(request: web.Request) -> web.StreamResponse:
            version = request.match_info["version"]
            return await self._serve(request, endpoint if version in versions else None, version)

        return handle

    async def _serve(self, request: web.Request, endpoint: Endpoint | None, version: str) -> web.StreamResponse:
        sim = self._sim
        path = request.path[len(f"/api/{version}") :]
        raw = await request.read()
        body = _parse(request, raw, version)
        world = sim.world
        entry = sim.log.open(sim.clock.text(), request.method, path, version, dict(request.query), body)
        if sim.faults.stopped():
            entry["fault"] = "stopped"
            return _hang_up(request)
        rule = sim.faults.find(request.method, path, version, raw.decode(errors="replace"))
        action = Action()
        if rule is not None:
            entry["fault"], action = rule.name, rule.action
            await asyncio.sleep(action.delay)
        await asyncio.sleep(sim.switches.latency)
        if sim.world is not world:
            # The simulator was reset meanwhile: the request was meant for what is no longer there.
            return _hang_up(request)
        response: web.Response | None = None
        if action.handled_first:
            response = await self._answer(request, endpoint, version, body, entry, action)
        response = spoil(action, response, body, request.headers.get("Authorization", ""))
        await asyncio.sleep(action.delay_reply)
        if response is None:
            entry["status"] = None
            return _hang_up(request)
        entry["status"] = response.status
        response.headers["Date"] = formatdate(sim.clock.now(), usegmt=True)
        return await drip(request, response, action.drip) if action.drip else response

    async def _answer(
        self,
        request: web.Request,
        endpoint: Endpoint | None,
        version: str,
        body: Any,
        entry: dict[str, Any],
        action: Action,
    ) -> web.Response:
        """Carry a request out and return the true reply."""
        sim = self._sim
        headers: dict[str, str] = {}
        wants_json = "json" in request.headers.get("Accept", "") or sim.switches.missing_accept == "ignore"
        if not wants_json and sim.switches.missing_accept == "redirect":
            return _redirect()
        try:
            credential = _authenticate(request, version, sim.world.credentials)
            entry["key"] = credential.name
            headers = sim.limiter.take(credential)
            await sim.issuer.settle()
            if endpoint is None:
                raise not_found()
            if credential.read_only and request.method != "GET":
                raise refuse(403, "Forbidden")
            fields = body if isinstance(body, dict) else {}
            address = f"{request.scheme}://{request.host}{request.path}"
            seen = sim.shadow() if action.no_effect else sim
            call = Call(seen, version, address, request.match_info, request.query, fields, credential, action.pages)
            return self._success(request.method, await endpoint(call), headers)
        except ApiError as error:
            if not wants_json:
                return _redirect()
            return json_reply(error.payload, error.status, {**headers, **error.headers})

    def _success(self, method: str, payload: Any, headers: Mapping[str, str]) -> web.Response:
        """Return a success with the status the switches give this method (U7)."""
        switches = self._sim.switches
        status = {
            "POST": switches.post_status,
            "PATCH": switches.patch_status,
            "PUT": switches.put_status,
            "DELETE": switches.delete_status,
        }.get(method, 200)
        return web.Response(status=204, headers=headers) if status == 204 else json_reply(payload, status, headers)


def _parse(request: web.Request, raw: bytes, version: str) -> Any:
    """Return the body's JSON (v2 also took forms, reference 1.1); what can't be read counts as nothing sent."""
    if not raw:
        return None
    if version == "v2" and request.content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))
    if "json" not in request.content_type:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _authenticate(request: web.Request, version: str, credentials: list[Credential]) -> Credential:
    """Return whose request it is: Bearer on both versions, Basic on v2 only (reference 1.1); raises 401."""
    kind, _sep, value = request.headers.get("Authorization", "").partition(" ")
    for credential in credentials:
        if kind == "Bearer" and credential.token is not None and _equal(value, credential.token):
            return credential
        pair = f"{credential.key}:{credential.secret}"
        if kind == "Basic" and version == "v2" and credential.key is not None and _equal(_decoded(value), pair):
            return credential
    raise refuse(401, "Unauthenticated.")


def _equal(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return ""


def _redirect() -> web.Response:
    """Return what a browser would get (U25)."""
    return web.Response(status=302, headers={"Location": "/login"}, text=_LOGIN, content_type="text/html")


def _hang_up(request: web.Request) -> web.Response:
    """Close the connection without a word; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()
