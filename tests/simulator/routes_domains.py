# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domains of a web application (rows 7 to 12 of reference table 0, section 3)."""

from __future__ import annotations

import re
from typing import Any

from .call import Call
from .errors import InvalidData, refuse
from .forms import Form
from .paging import envelope
from .state import Domain, DomainType, WebApp
from .wire import domain_row

TYPES: tuple[DomainType, ...] = ("primary", "alias", "redirect")
REDIRECTIONS = ("none", "www", "non-www")
UPDATED = {"message": "Domain settings have been successfully updated."}

_NAME = re.compile(r"(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}", re.IGNORECASE)


def _row(domain: Domain, call: Call) -> Any:
    return domain_row(domain, call.version, call.switches)


async def list_domains(call: Call) -> Any:
    """List the domains in the order they were added; no search (reference 3.2)."""
    rows = call.webapp().domains.values()
    return envelope(rows, lambda domain: _row(domain, call), call)


async def get_domain(call: Call) -> Any:
    """Return one domain (reference 3.3)."""
    return _row(call.domain(), call)


async def add_domain(call: Call) -> Any:
    """Attach a domain and return its row (reference 3.4)."""
    app = call.webapp()
    call.need_agent()
    form = call.form()
    name = form.text("name", required=True)
    if name is not None and (len(name) > 253 or not _NAME.fullmatch(name)):
        form.complain("name", "The name format is invalid.")
    settings = _settings(form, None, call.switches.ignored_post_fields)
    form.finish()
    existing = call.sim.world.find(name or "")
    if existing is not None:
        return _already_there(call, app, existing, settings)
    limit = call.switches.domain_limit
    if limit is not None and len(app.domains) >= limit:
        raise refuse(403, "You have reached the maximum number of domains of your plan.")
    if settings["type"] == "primary" and call.switches.post_primary == "refuse":
        raise _invalid(call, "type", "The selected type is invalid.")
    world = call.sim.world
    domain = Domain(world.new_id("domain"), name or "", call.sim.clock.now(), **settings)
    world.attach(app, domain)
    call.sim.issuer.domain_added(app, domain)
    return _row(domain, call)


def _settings(form: Form, current: Domain | None, ignored: list[Any]) -> dict[str, Any]:
    """Return type, www and redirection from a body; what is missing or ignored stays as in ``current``, or default."""
    base = current or Domain(0, "", 0.0)
    settings = {
        "type": form.choice("type", TYPES, base.type),
        "www": form.flag("www", base.www),
        "redirection": form.choice("redirection", REDIRECTIONS, base.redirection),
    }
    return settings | {name: getattr(base, name) for name in ignored}


def _already_there(call: Call, app: WebApp, existing: tuple[WebApp, Domain], settings: dict[str, Any]) -> Any:
    """Answer the POST of a name that is attached somewhere (U3); v2 perhaps took it as an update (reference 3.5)."""
    owner, domain = existing
    if owner is app and call.version == "v2" and call.switches.v2_repost == "update":
        _apply(call, app, domain, settings)
        return _row(domain, call)
    if call.switches.duplicate_shape == "message":
        raise refuse(422, call.switches.duplicate_text)
    raise _invalid(call, "name", call.switches.duplicate_text)


def _invalid(call: Call, field: str, text: str) -> InvalidData:
    return InvalidData({field: [text]}, call.switches.message_style)


async def change_domain(call: Call) -> Any:
    """Change type, www and redirection; answers with a message only (reference 3.5)."""
    app, domain = call.webapp(), call.domain()
    call.need_agent()
    form = call.form()
    reset = Domain(0, "", 0.0, type=domain.type) if call.switches.patch_omitted == "reset" else domain
    settings = _settings(form, reset, [])
    form.finish()
    kept = {name: getattr(domain, name) for name in call.switches.ignored_meta_fields}
    _apply(call, app, domain, settings | kept)
    return UPDATED


def _apply(call: Call, app: WebApp, domain: Domain, settings: dict[str, Any]) -> None:
    """Put settings into a row; exactly one row is primary, before and after (reference 3.8, U5)."""
    if domain.type == "primary" and settings["type"] != "primary":
        if call.switches.demote_primary == "refuse":
            raise refuse(422, "The primary domain cannot be changed to another type.")
        settings = settings | {"type": "primary"}
    if settings["type"] == "primary":
        call.sim.world.promote(app, domain)
    domain.type = settings["type"]
    domain.www = settings["www"]
    domain.redirection = settings["redirection"]


async def get_dns(call: Call) -> Any:
    """Return the records the customer should create: a bare array, the www row always (reference 3.6)."""
    domain, server = call.domain(), call.server()
    name = domain.name
    rows = [{"type": "A", "hostname": name, "content": server.ip_address}]
    if not domain.wildcard:
        rows.append({"type": "CNAME", "hostname": f"www.{name}", "content": name})
    return rows


async def delete_domain(call: Call) -> Any:
    """Remove a domain and return what it was (reference 3.7); not the primary (U4)."""
    app, domain = call.webapp(), call.domain()
    call.need_agent()
    if domain.type == "primary":
        raise refuse(call.switches.delete_primary_status, call.switches.delete_primary_text)
    call.sim.world.detach(app, domain)
    return _row(domain, call)
