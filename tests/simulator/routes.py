# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoints of reference table 0, each in the API versions that have it."""

from __future__ import annotations

from aiohttp import web

from . import routes_domains as domains
from . import routes_servers as servers
from . import routes_settings as settings
from . import routes_ssl as certificates
from .call import Endpoint
from .gateway import Gateway
from .simulation import Simulation

_BOTH = "v2 v3"
_APP = r"/servers/{server:\d+}/webapps/{webapp:\d+}"
_DOMAIN = _APP + r"/domains/{domain:\d+}"
_SSL = r"/ssl/{ssl:\d+}"
_API = r"/settings/externalapi/{api:\d+}"

ENDPOINTS: list[tuple[str, str, Endpoint, str]] = [
    ("GET", "/ping", servers.ping, _BOTH),
    ("GET", "/servers", servers.list_servers, _BOTH),
    ("GET", "/servers/shared", servers.list_shared_servers, _BOTH),
    ("GET", r"/servers/{server:\d+}", servers.get_server, _BOTH),
    ("GET", r"/servers/{server:\d+}/webapps", servers.list_webapps, _BOTH),
    ("GET", _APP, servers.get_webapp, _BOTH),
    ("GET", _APP + "/log", servers.get_log, _BOTH),
    ("GET", "/static/ssl/protocols", servers.list_protocols, _BOTH),
    ("GET", _APP + "/domains", domains.list_domains, _BOTH),
    ("POST", _APP + "/domains", domains.add_domain, _BOTH),
    ("GET", _DOMAIN, domains.get_domain, _BOTH),
    ("DELETE", _DOMAIN, domains.delete_domain, _BOTH),
    ("PATCH", _DOMAIN + "/meta", domains.change_domain, "v3"),
    ("GET", _DOMAIN + "/dns", domains.get_dns, "v3"),
    ("GET", _APP + "/ssl/advanced", certificates.get_method, _BOTH),
    ("POST", _APP + "/ssl/advanced", certificates.set_method, _BOTH),
    ("GET", _APP + "/ssl", certificates.get_basic, _BOTH),
    ("POST", _APP + "/ssl", certificates.install_basic, _BOTH),
    ("PATCH", _APP + _SSL, certificates.change, _BOTH),
    ("PUT", _APP + _SSL, certificates.redeploy, _BOTH),
    ("DELETE", _APP + _SSL, certificates.delete, _BOTH),
    ("GET", _DOMAIN + "/ssl", certificates.get_for_domain, _BOTH),
    ("POST", _DOMAIN + "/ssl", certificates.install_for_domain, _BOTH),
    ("PATCH", _DOMAIN + _SSL, certificates.change, _BOTH),
    ("PUT", _DOMAIN + _SSL, certificates.redeploy, _BOTH),
    ("DELETE", _DOMAIN + _SSL, certificates.delete, _BOTH),
    ("GET", "/settings/externalapi", settings.list_external_apis, _BOTH),
    ("POST", "/settings/externalapi", settings.add_external_api, _BOTH),
    ("GET", _API, settings.get_external_api, _BOTH),
    ("PATCH", _API, settings.change_external_api, _BOTH),
    ("DELETE", _API, settings.delete_external_api, _BOTH),
]


def add_api(app: web.Application, sim: Simulation) -> None:
    """Put the API under /api/v2 and /api/v3; any other path there gets a 404 that is logged too."""
    gateway = Gateway(sim)
    for method, path, endpoint, versions in ENDPOINTS:
        app.router.add_route(method, "/api/{version:v2|v3}" + path, gateway.handler(endpoint, versions))
    app.router.add_route("*", "/api/{version:v2|v3}{rest:(/.*)?}", gateway.handler(None, _BOTH))
