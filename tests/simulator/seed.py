# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filling a state from JSON: README.md beside this file describes the format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .clock import DAY, Clock, parse
from .pem import PemError, read_bundle
from .state import (
    Certificate,
    Credential,
    Domain,
    ExternalApi,
    LogLine,
    Server,
    WebApp,
    World,
)
from .switches import Switches

Json = Mapping[str, Any]

TOKEN = "sim-token-0123456789abcdef"
KEY = "sim-key-0123456789"
SECRET = "sim-secret-0123456789"

_WEBAPP_KEYS = {
    "domains",
    "domain_count",
    "domain_pattern",
    "domain_certificate",
    "certificate",
    "mode",
    "autoSSL",
    "plan_advanced",
    "log",
}
_TOP_KEYS = {"credentials", "servers", "webapps", "external_apis", "dns", "clock", "switches"} | _WEBAPP_KEYS


class SeedError(ValueError):
    """A seed that can't be read; the text says where."""


def plant(seed: Json, world: World, clock: Clock, switches: Switches) -> None:
    """Add what a seed describes to ``world``; raises SeedError.

    Whatever a seed leaves out gets a sensible default, so ``{"domains": ["a.example"]}`` is a whole one.
    """
    _no_others(seed, _TOP_KEYS, "the seed")
    try:
        _set_clock(seed.get("clock"), clock)
        switches.update(seed.get("switches", {}))
    except ValueError as error:
        raise SeedError(str(error)) from error
    _credentials(seed, world)
    for raw in seed.get("external_apis", []):
        _external_api(raw, world, clock)
    dns = seed.get("dns", {})
    _no_others(dns, {"unresolved", "proxies"}, "dns")
    world.dns.unresolved += dns.get("unresolved", [])
    world.dns.proxies += dns.get("proxies", [])
    for raw in _servers(seed, bool(world.servers)):
        _server(raw, world, clock)


def _no_others(raw: Json, known: set[str], where: str) -> None:
    if not isinstance(raw, Mapping):
        raise SeedError(f"{where} must be an object, not {raw!r}")
    if set(raw) - known:
        raise SeedError(f"unknown keys in {where}: {', '.join(sorted(set(raw) - known))}")


def _set_clock(raw: Any, clock: Clock) -> None:
    """Set the clock from a date, or from ``{"set": date, "speed": factor}``."""
    if isinstance(raw, str):
        clock.set(parse(raw))
    elif raw:
        _no_others(raw, {"set", "speed"}, "clock")
        clock.set_speed(raw.get("speed", clock.speed))
        if "set" in raw:
            clock.set(parse(raw["set"]))


def _credentials(seed: Json, world: World) -> None:
    raw = seed.get("credentials")
    if raw is None:
        if world.credentials:
            return
        raw = {"token": TOKEN, "key": KEY, "secret": SECRET}
    for entry in [raw] if isinstance(raw, Mapping) else raw:
        _no_others(entry, {"name", "token", "key", "secret", "forbidden_servers", "read_only"}, "credentials")
        world.credentials.append(
            Credential(
                name=entry.get("name", f"credential-{len(world.credentials) + 1}"),
                token=entry.get("token"),
                key=entry.get("key"),
                secret=entry.get("secret"),
                forbidden_servers=frozenset(entry.get("forbidden_servers", [])),
                read_only=entry.get("read_only", False),
            )
        )


def _external_api(raw: Json, world: World, clock: Clock) -> None:
    _no_others(raw, {"id", "label", "service", "username", "secret", "works"}, "external_apis")
    entry = ExternalApi(
        id=world.new_id("external_api", raw.get("id")),
        label=raw.get("label", "DNS"),
        service=raw.get("service", "cloudflare"),
        username=raw.get("username"),
        secret=raw.get("secret", "sim-dns-secret-0123456789"),
        created_at=clock.now() - 365 * DAY,
        works=raw.get("works", True),
    )
    world.external_apis[entry.id] = entry


def _servers(seed: Json, filled: bool) -> Sequence[Json]:
    """Return the servers of a seed; applications or domains at the top belong to the default server and application."""
    servers = list(seed.get("servers", []))
    webapps = list(seed.get("webapps", []))
    if set(seed) & _WEBAPP_KEYS:
        named = {} if filled or "domain_count" in seed else {"domains": ["primary.example"]}
        webapps.append({"id": 646, **named, **{key: seed[key] for key in _WEBAPP_KEYS if key in seed}})
    if webapps:
        servers.append({"id": 1903, "webapps": webapps})
    if not servers and not filled:
        servers.append({"id": 1903, "webapps": [{"id": 646, "domains": ["primary.example"]}]})
    return servers


def _server(raw: Json, world: World, clock: Clock) -> None:
    known = {"id", "name", "ipAddress", "online", "connected", "shared", "webapps", "extra"}
    _no_others(raw, known, "a server")
    server = world.servers.get(raw.get("id", -1))
    if server is None:
        number = world.new_id("server", raw.get("id"))
        server = Server(number, f"web{len(world.servers) + 1}", clock.now() - 400 * DAY)
        world.servers[number] = server
    change_server(server, {key: value for key, value in raw.items() if key in _SERVER_FIELDS})
    server.extra.update(raw.get("extra", {}))
    for webapp in raw.get("webapps", []):
        _webapp(webapp, server, world, clock)


_SERVER_FIELDS = {
    "name": "name",
    "ipAddress": "ip_address",
    "online": "online",
    "connected": "connected",
    "shared": "shared",
}


def change_server(server: Server, values: Json) -> None:
    """Set fields of a server by their names in a seed."""
    _no_others(values, set(_SERVER_FIELDS), "a server")
    for key, value in values.items():
        setattr(server, _SERVER_FIELDS[key], value)


def _webapp(raw: Json, server: Server, world: World, clock: Clock) -> None:
    _no_others(raw, {"id", "name", "extra"} | _WEBAPP_KEYS, "a web application")
    app = server.webapps.get(raw.get("id", -1))
    if app is None:
        number = world.new_id("webapp", raw.get("id"))
        if world.webapp(number) is not None:
            raise SeedError(f"web application {number} is on another server already")
        first = world.webapp() is None
        app = WebApp(number, server.id, "network" if first else f"app-{number}", clock.now() - 366 * DAY)
        server.webapps[number] = app
    app.name = raw.get("name", app.name)
    app.extra.update(raw.get("extra", {}))
    change_webapp(app, {key: raw[key] for key in ("mode", "autoSSL", "plan_advanced") if key in raw})
    for line in raw.get("log", []):
        app.log.append(LogLine(line.get("kind", "WebApp"), line["content"], _date(line, "created_at", clock.now())))
    _domains(raw, app, world, clock)
    if raw.get("certificate"):
        app.certificate = certificate(raw["certificate"], app.served_names(), world, clock)


def change_webapp(app: WebApp, values: Json) -> None:
    """Set mode, autoSSL and plan_advanced of an application, and nothing that would follow from them."""
    _no_others(values, {"mode", "autoSSL", "plan_advanced"}, "a web application")
    if values.get("mode", "basic") not in ("basic", "advanced"):
        raise SeedError(f"mode is basic or advanced, not {values['mode']!r}")
    app.mode = values.get("mode", app.mode)
    app.auto_ssl = values.get("autoSSL", app.auto_ssl)
    app.plan_advanced = values.get("plan_advanced", app.plan_advanced)


def _domains(raw: Json, app: WebApp, world: World, clock: Clock) -> None:
    rows = list(raw.get("domains", []))
    pattern = raw.get("domain_pattern", "d{n}.example")
    rows += [pattern.format(n=n) for n in range(1, raw.get("domain_count", 0) + 1)]
    shared = raw.get("domain_certificate")
    named = any(isinstance(row, Mapping) and row.get("type") == "primary" for row in rows)
    has_primary = named or app.primary() is not None
    for row in rows:
        spec = dict(row) if isinstance(row, Mapping) else {"name": row}
        if not has_primary:
            spec.setdefault("type", "primary")
            has_primary = True
        if shared:
            spec.setdefault("certificate", shared)
        add_domain(spec, app, world, clock)


def add_domain(raw: Json, app: WebApp, world: World, clock: Clock) -> Domain:
    """Attach a row as a seed describes it; raises SeedError where the name is attached already."""
    known = {"id", "name", "type", "www", "redirection", "dns_integration", "status", "created_at", "certificate"}
    _no_others(raw, known, "a domain")
    name = raw.get("name")
    if not isinstance(name, str) or world.find(name) is not None:
        raise SeedError(f"a domain needs a name that is not attached yet, not {name!r}")
    domain = Domain(
        id=world.new_id("domain", raw.get("id")),
        name=name,
        created_at=_date(raw, "created_at", clock.now() - 365 * DAY),
        type=raw.get("type", "alias"),
        www=bool(raw.get("www", False)),
        redirection=raw.get("redirection", "none"),
        dns_integration=raw.get("dns_integration", "none"),
        status=raw.get("status"),
    )
    world.attach(app, domain)
    if raw.get("certificate"):
        domain.certificate = certificate(raw["certificate"], domain.served_names(), world, clock)
    return domain


_CERTIFICATE_KEYS = {
    "id",
    "provider",
    "method",
    "names",
    "days_left",
    "valid_until",
    "created_at",
    "pending",
    "staging",
    "enableHttp",
    "enableHsts",
    "enableHstsPreload",
    "enableHstsSubdomains",
    "authorizationMethod",
    "api_id",
    "ssl_protocol_id",
    "privateKey",
    "certificate",
}


def certificate(raw: Json | bool, served: Sequence[str], world: World, clock: Clock) -> Certificate:
    """Return a certificate as a seed describes it; ``true`` is a good one for all names served."""
    spec: Json = {} if raw is True else raw  # type: ignore[assignment]
    _no_others(spec, _CERTIFICATE_KEYS, "a certificate")
    method = spec.get("method", spec.get("provider", "letsencrypt"))
    if method not in ("letsencrypt", "custom", "csr"):
        raise SeedError(f"a certificate is of letsencrypt, custom or csr, not {method!r}")
    until = _date(spec, "valid_until", clock.now() + spec.get("days_left", 60) * DAY)
    created = _date(spec, "created_at", min(until - 90 * DAY, clock.now()))
    cert = Certificate(
        id=world.new_id("certificate", spec.get("id")),
        method=method,
        created_at=created,
        enable_http=spec.get("enableHttp", False),
        enable_hsts=spec.get("enableHsts", False),
        enable_hsts_preload=spec.get("enableHstsPreload", False),
        enable_hsts_subdomains=spec.get("enableHstsSubdomains", False),
        authorization=spec.get("authorizationMethod", "http-01") if method == "letsencrypt" else None,
        staging=spec.get("staging", False),
        api_id=spec.get("api_id"),
        protocol_id=spec.get("ssl_protocol_id", 2),
    )
    if method == "custom" and "certificate" in spec:
        _bring(cert, spec["certificate"], spec.get("privateKey", ""))
    elif method != "csr" and not spec.get("pending"):
        cert.replace(tuple(name.lower() for name in spec.get("names", served)), created, until)
    return cert


def _bring(cert: Certificate, pem: str, key: str) -> None:
    """Install a certificate that comes with its own key."""
    try:
        bundle = read_bundle(pem, key)
    except PemError as error:
        raise SeedError(str(error)) from error
    cert.certificate, cert.private_key = pem, key
    cert.replace(bundle.names, bundle.valid_from, bundle.valid_until)


def _date(raw: Json, key: str, default: float) -> float:
    """Return a date of a seed, or the default."""
    if raw.get(key) is None:
        return default
    try:
        return parse(raw[key])
    except (ValueError, TypeError) as error:
        raise SeedError(f"{key} is no date (YYYY-MM-DD HH:MM:SS): {raw[key]!r}") from error
