# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stored keys of DNS providers (rows 26 and 27 of reference table 0, section 6.2)."""

from __future__ import annotations

from typing import Any

from .call import Call
from .errors import not_found
from .state import ExternalApi
from .wire import SERVICES, external_api_row


async def list_external_apis(call: Call) -> Any:
    """List the keys: ``data`` without ``meta``, secrets cut short."""
    wanted = call.query.get("search", "").lower()
    entries = [entry for entry in call.sim.world.external_apis.values() if wanted in entry.label.lower()]
    return {"data": [external_api_row(entry, in_list=True) for entry in entries]}


async def add_external_api(call: Call) -> Any:
    """Store a key; Cloudflare needs the user name too."""
    form = call.form()
    label = form.text("label", required=True)
    service = form.choice("service", list(SERVICES), required=True)
    username = form.text("username", required=service == "cloudflare")
    secret = form.text("secret", required=True)
    form.finish()
    world = call.sim.world
    entry = ExternalApi(
        id=world.new_id("external_api"),
        label=label or "",
        service=service or "",
        username=username,
        secret=secret or "",
        created_at=call.sim.clock.now(),
    )
    world.external_apis[entry.id] = entry
    return external_api_row(entry)


def _entry(call: Call) -> ExternalApi:
    entry = call.sim.world.external_apis.get(call.number("api"))
    if entry is None:
        raise not_found()
    return entry


async def get_external_api(call: Call) -> Any:
    """Return one key."""
    return external_api_row(_entry(call))


async def change_external_api(call: Call) -> Any:
    """Change what was sent of one key."""
    entry = _entry(call)
    form = call.form()
    label = form.text("label")
    service = form.choice("service", list(SERVICES), default=entry.service)
    username = form.text("username")
    secret = form.text("secret")
    form.finish()
    entry.label = label or entry.label
    entry.service = service or entry.service
    entry.username = username or entry.username
    entry.secret = secret or entry.secret
    return external_api_row(entry)


async def delete_external_api(call: Call) -> Any:
    """Delete one key and return it."""
    entry = _entry(call)
    del call.sim.world.external_apis[entry.id]
    return external_api_row(entry)
