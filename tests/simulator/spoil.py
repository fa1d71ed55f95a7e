# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replies as faults leave them: made up, cut, changed in places, dripping."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web

from .actions import Action
from .echo import echo

_ENCODER = json.JSONEncoder(separators=(",", ":"))


def json_reply(payload: Any, status: int, headers: Mapping[str, str]) -> web.Response:
    """Return a JSON reply."""
    text = _ENCODER.encode(payload)
    return web.Response(body=text.encode(), status=status, headers=headers, content_type="application/json")


def spoil(action: Action, reply: web.Response | None, sent: Any, authorization: str) -> web.Response | None:
    """Return the reply as the fault leaves it, None for none at all.

    ``reply`` is the true one (None where the request was not carried out), ``sent`` the request's body as JSON.
    """
    if action.drop is not None:
        return None
    if action.replaces:
        return _made_up(action, sent, authorization)
    if reply is not None and isinstance(reply.body, bytes):
        if action.change or action.remove:
            reply.body = _changed(reply.body, action)
        if action.truncate:
            reply.body = reply.body[: len(reply.body) // 2]
    return reply


def _made_up(action: Action, sent: Any, authorization: str) -> web.Response:
    if action.html is not None:
        text = f"<html><head><title>{action.html}</title></head><body><h1>{action.html} from a proxy</h1></body></html>"
        return web.Response(status=action.html, text=text, content_type="text/html")
    status, payload = action.reply_status(), action.body
    if action.echo is not None:
        payload = echo(action.echo, sent, authorization)
    elif action.filler is not None:
        payload = {"message": "x" * action.filler}
    elif action.nested is not None:
        # By hand: the encoder itself would run out of stack.
        text = '{"data":' + "[" * action.nested + "]" * action.nested + "}"
        return web.Response(status=status, text=text, headers=action.headers, content_type="application/json")
    if isinstance(payload, str):
        return web.Response(status=status, text=payload, headers=action.headers)
    return json_reply({} if payload is None else payload, status, action.headers)


def _changed(body: bytes, action: Action) -> bytes:
    """Put values into a JSON body, and take others out; ``data.*.id`` is each row's id."""
    payload = json.loads(body)
    for path, value in action.change.items():
        for holder, key in list(_places(payload, path.split("."))):
            holder[key] = value
    for path in action.remove:
        # From the end, so that the numbers of a list's rows stay true.
        for holder, key in reversed(list(_places(payload, path.split(".")))):
            holder.pop(key) if isinstance(holder, list) else holder.pop(key, None)
    return _ENCODER.encode(payload).encode()


def _places(value: Any, path: list[str]) -> Iterator[tuple[Any, Any]]:
    """Go through the places a path stands for, each as holder and key; only its last step may be a new key."""
    step, rest = path[0], path[1:]
    keys: list[Any] = []
    if isinstance(value, list):
        numbers = range(len(value))
        keys = list(numbers) if step == "*" else [number for number in numbers if str(number) == step]
    elif isinstance(value, dict):
        keys = list(value) if step == "*" else [step] if step in value or not rest else []
    for key in keys:
        if rest:
            yield from _places(value[key], rest)
        else:
            yield value, key


async def drip(request: web.Request, reply: web.Response, seconds: float) -> web.StreamResponse:
    """Send the body byte by byte with so many real seconds between two, for as long as the client listens."""
    body = reply.body if isinstance(reply.body, bytes) else b""
    stream = web.StreamResponse(status=reply.status, headers=reply.headers)
    stream.content_length = len(body)
    with contextlib.suppress(ConnectionError):
        await stream.prepare(request)
        for number in body:
            await stream.write(bytes([number]))
            await asyncio.sleep(seconds)
    return stream
