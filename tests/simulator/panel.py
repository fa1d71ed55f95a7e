# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edits by hand "in the panel": they change the state as they are told, also into states no API call could make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .csr import make_request
from .seed import SeedError, add_domain, certificate, change_server, change_webapp
from .simulation import Simulation
from .state import Domain, LogLine, WebApp
from .views import certificate_view, domain_view, webapp_view
from .wire import server_row

Json = Mapping[str, Any]
_DOMAIN_FIELDS = ("type", "www", "redirection", "dns_integration", "status")


def edit(sim: Simulation, body: Json) -> Any:
    """Carry out ``{"action": ..., ...}`` and return what it changed; raises SeedError for anything unclear."""
    action = _ACTIONS.get(str(body.get("action")))
    if action is None:
        raise SeedError(f"action is one of: {', '.join(sorted(_ACTIONS))}")
    try:
        return action(sim, body)
    except KeyError as error:
        raise SeedError(f"{body['action']} needs {error}") from error


def _app(sim: Simulation, body: Json) -> WebApp:
    app = sim.world.webapp(body.get("webapp"))
    if app is None:
        raise SeedError(f"there is no web application {body.get('webapp')}")
    return app


def _found(sim: Simulation, name: str) -> tuple[WebApp, Domain]:
    found = sim.world.find(name)
    if found is None:
        raise SeedError(f"no domain {name!r} is attached")
    return found


def _add_domain(sim: Simulation, body: Json) -> Any:
    raw = body["domain"]
    spec = dict(raw) if isinstance(raw, Mapping) else {"name": raw}
    spec.setdefault("created_at", sim.clock.text())
    return domain_view(add_domain(spec, _app(sim, body), sim.world, sim.clock), sim.switches)


def _change_domain(sim: Simulation, body: Json) -> Any:
    app, domain = _found(sim, body["name"])
    values = body["set"]
    unknown = set(values) - {*_DOMAIN_FIELDS, "name"}
    if unknown:
        raise SeedError(f"unknown fields of a domain: {', '.join(sorted(unknown))}")
    for field in _DOMAIN_FIELDS:
        setattr(domain, field, values.get(field, getattr(domain, field)))
    if "name" in values:
        sim.world.rename(app, domain, values["name"])
    return domain_view(domain, sim.switches)


def _remove_domain(sim: Simulation, body: Json) -> Any:
    app, domain = _found(sim, body["name"])
    sim.world.detach(app, domain)
    return domain_view(domain, sim.switches)


def _set_certificate(sim: Simulation, body: Json) -> Any:
    name = body.get("domain")
    if name is None:
        app = _app(sim, body)
        app.certificate = certificate(body.get("certificate", True), app.served_names(), sim.world, sim.clock)
        return certificate_view(app.certificate)
    _app_of, domain = _found(sim, name)
    domain.certificate = certificate(body.get("certificate", True), domain.served_names(), sim.world, sim.clock)
    return certificate_view(domain.certificate)


def _delete_certificate(sim: Simulation, body: Json) -> Any:
    name = body.get("domain")
    if name is None:
        _app(sim, body).certificate = None
    else:
        _found(sim, name)[1].certificate = None
    return None


def _set_webapp(sim: Simulation, body: Json) -> Any:
    app = _app(sim, body)
    change_webapp(app, body["set"])
    return webapp_view(app, sim.switches)


def _set_server(sim: Simulation, body: Json) -> Any:
    server = sim.world.servers.get(body["server"])
    if server is None:
        raise SeedError(f"there is no server {body['server']}")
    change_server(server, body["set"])
    return server_row(server, "v3")


def _set_dns(sim: Simulation, body: Json) -> Any:
    """Say which names don't resolve, and which addresses are proxies, from now on."""
    sim.world.dns.unresolved[:] = body.get("unresolved", sim.world.dns.unresolved)
    sim.world.dns.proxies[:] = body.get("proxies", sim.world.dns.proxies)
    return {"unresolved": sim.world.dns.unresolved, "proxies": sim.world.dns.proxies}


def _add_log(sim: Simulation, body: Json) -> Any:
    _app(sim, body).log.append(LogLine(body.get("kind", "SSL"), body["content"], sim.clock.now()))
    return None


def _fetch_csr(sim: Simulation, body: Json) -> Any:
    """Return the signing request of a certificate ordered with provider csr, as the panel offers it for download."""
    name = body.get("domain")
    app, domain = _found(sim, name) if name else (_app(sim, body), None)
    cert = domain.certificate if domain else app.certificate
    if cert is None or not cert.csr:
        raise SeedError("there is no signing request")
    names = domain.served_names() if domain else list(app.served_names())
    cert.private_key, request = make_request(cert.csr, names)
    return {"csr": request}


_ACTIONS: dict[str, Callable[[Simulation, Json], Any]] = {
    "add_domain": _add_domain,
    "change_domain": _change_domain,
    "remove_domain": _remove_domain,
    "set_certificate": _set_certificate,
    "delete_certificate": _delete_certificate,
    "set_webapp": _set_webapp,
    "set_server": _set_server,
    "set_dns": _set_dns,
    "add_log": _add_log,
    "fetch_csr": _fetch_csr,
}
