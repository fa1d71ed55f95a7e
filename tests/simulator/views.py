# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole state as tests and the page want to see it, names of certificates included."""

from __future__ import annotations

import itertools
from typing import Any

from .clock import stamp
from .simulation import Simulation
from .state import Certificate, Domain, Order, WebApp
from .switches import Switches
from .wire import certificate_row, domain_row, external_api_row, log_row, server_row, webapp_row


def certificate_view(cert: Certificate | None) -> dict[str, Any] | None:
    """Return a certificate as v3 shows it, with the names it covers and without its key."""
    if cert is None:
        return None
    shown = Switches(private_key_v3="absent", certificate_v3="absent")
    row = certificate_row(cert, "v3", shown)
    row["names"] = list(cert.names)
    row["pending"] = cert.method == "letsencrypt" and not cert.ready
    row["enableHstsSubdomains"] = cert.enable_hsts_subdomains
    return row


def domain_view(domain: Domain, switches: Switches) -> dict[str, Any]:
    """Return a domain row with the names it makes the server answer for, and its own certificate."""
    row = domain_row(domain, "v3", switches)
    row["served_names"] = domain.served_names()
    row["certificate"] = certificate_view(domain.certificate)
    return row


def order_view(order: Order) -> dict[str, Any]:
    """Return an order."""
    return {
        "n": order.n,
        "at": stamp(order.at),
        "webapp": order.webapp,
        "domain": order.domain,
        "via": order.via,
        "names": list(order.names),
        "staging": order.staging,
        "result": order.result,
        "reason": order.reason,
    }


def webapp_view(app: WebApp, switches: Switches, limit: int | None = None) -> dict[str, Any]:
    """Return an application with its domains (the first ``limit``), certificate and log."""
    row = webapp_row(app)
    del row["pullKey1"], row["pullKey2"]
    return row | {
        "mode": app.mode,
        "autoSSL": app.auto_ssl,
        "plan_advanced": app.plan_advanced,
        "domain_total": len(app.domains),
        "domains": [domain_view(domain, switches) for domain in itertools.islice(app.domains.values(), limit)],
        "certificate": certificate_view(app.certificate),
        "log": [log_row(line) for line in app.log[-100:]],
    }


def state_view(sim: Simulation, limit: int | None = None) -> dict[str, Any]:
    """Return everything; ``limit`` bounds the domains of each application."""
    servers = []
    for server in sim.world.servers.values():
        row = server_row(server, "v3")
        row["webapps"] = [webapp_view(app, sim.switches, limit) for app in server.webapps.values()]
        servers.append(row)
    return {
        "clock": clock_view(sim),
        "switches": sim.switches.as_dict(),
        "credentials": [credential.name for credential in sim.world.credentials],
        "servers": servers,
        "external_apis": [external_api_row(entry, in_list=True) for entry in sim.world.external_apis.values()],
        "dns": {"unresolved": sim.world.dns.unresolved, "proxies": sim.world.dns.proxies},
        "orders": [order_view(order) for order in sim.world.orders[-200:]],
    }


def clock_view(sim: Simulation) -> dict[str, Any]:
    """Return the simulated time."""
    return {"now": sim.clock.text(), "speed": sim.clock.speed}


def certificates_view(sim: Simulation, webapp_id: int | None) -> list[dict[str, Any]]:
    """Return the certificates in use: an application's, or its domains' in advanced mode."""
    rows = []
    for app in sim.world.webapps():
        if webapp_id not in (None, app.id):
            continue
        if app.mode == "basic":
            found: list[tuple[str | None, Certificate | None]] = [(None, app.certificate)]
        else:
            found = [(domain.name, domain.certificate) for domain in app.domains.values()]
        for name, cert in found:
            view = certificate_view(cert)
            if view is not None:
                rows.append({"webapp": app.id, "domain": name, **view})
    return rows
