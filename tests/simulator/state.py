# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the simulated RunCloud knows: servers, web applications, domains, certificates, orders.

Only data and the rules that keep it consistent; what it looks like on the wire stands in wire.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

DomainType = Literal["primary", "alias", "redirect"]
Mode = Literal["basic", "advanced"]

# Each issued certificate gets its own number for as long as the process lives, so caches survive a reset.
_revisions = itertools.count(1)


def next_revision() -> int:
    """Return a number no certificate had before."""
    return next(_revisions)


@dataclass
class Certificate:
    """One installed certificate; ``valid_until`` is None while its order is pending (reference 4.2, U8)."""

    id: int
    method: str
    created_at: float
    names: tuple[str, ...] = ()
    issued_at: float | None = None
    valid_until: float | None = None
    enable_http: bool = False
    enable_hsts: bool = False
    enable_hsts_preload: bool = False
    enable_hsts_subdomains: bool = False
    authorization: str | None = None
    staging: bool = False
    api_id: int | None = None
    protocol_id: int | None = 2
    private_key: str | None = None
    certificate: str | None = None
    csr: dict[str, str] = field(default_factory=dict)
    next_renewal: float | None = None
    stale_until: float | None = None
    revision: int = 0

    @property
    def told_until(self) -> float | None:
        """The end that replies tell: the true one, but where a redeploy left the row as it was."""
        return self.stale_until or self.valid_until

    @property
    def ready(self) -> bool:
        """Whether there is something to serve."""
        return self.valid_until is not None

    def replace(self, names: tuple[str, ...], issued_at: float, valid_until: float) -> None:
        """Put a newly issued certificate in the place of what was there."""
        self.names = names
        self.issued_at = issued_at
        self.valid_until = valid_until
        self.next_renewal = None
        self.stale_until = None
        self.revision = next_revision()


@dataclass
class Domain:
    """One domain row of a web application (reference 3.1); ``name`` keeps the ``*.`` of a wildcard."""

    id: int
    name: str
    created_at: float
    type: DomainType = "alias"
    www: bool = False
    redirection: str = "none"
    dns_integration: str = "none"
    status: str | None = None
    certificate: Certificate | None = None

    @property
    def wildcard(self) -> bool:
        """Whether this row is a ``*.`` domain."""
        return self.name.startswith("*.")

    @property
    def test_domain(self) -> bool:
        """Whether it is one of RunCloud's own test names (reference 3.10)."""
        return self.name.endswith(".runcloud.link")

    def served_names(self) -> list[str]:
        """Return the host names the web server answers for because of this row."""
        name = self.name.lower()
        return [name, f"www.{name}"] if self.www and not self.wildcard else [name]


@dataclass
class LogLine:
    """One line of a web application's activity log (reference 2.3)."""

    kind: str
    content: str
    created_at: float


@dataclass
class WebApp:
    """One web application with its domains in the order they were added."""

    id: int
    server_id: int
    name: str
    created_at: float
    mode: Mode = "basic"
    auto_ssl: bool = False
    plan_advanced: bool = True
    domains: dict[int, Domain] = field(default_factory=dict)
    certificate: Certificate | None = None
    log: list[LogLine] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def primary(self) -> Domain | None:
        """Return the primary domain, if there is one."""
        return next((row for row in self.domains.values() if row.type == "primary"), None)

    def served_names(self, test_domains: bool = True) -> tuple[str, ...]:
        """Return all host names of the application, www variants included, each once."""
        rows = (row for row in self.domains.values() if test_domains or not row.test_domain)
        return tuple(dict.fromkeys(name for row in rows for name in row.served_names()))


@dataclass
class Server:
    """One server with its web applications."""

    id: int
    name: str
    created_at: float
    ip_address: str = "127.0.0.1"
    online: bool = True
    connected: bool = True
    shared: bool = False
    webapps: dict[int, WebApp] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Credential:
    """Who may call: a Bearer token, or a key and secret for HTTP Basic on v2."""

    name: str
    token: str | None = None
    key: str | None = None
    secret: str | None = None
    forbidden_servers: frozenset[int] = frozenset()
    read_only: bool = False


@dataclass
class ExternalApi:
    """A stored DNS provider key (reference 6.2)."""

    id: int
    label: str
    service: str
    username: str | None
    secret: str
    created_at: float
    works: bool = True


@dataclass
class Order:
    """One certificate order at Let's Encrypt."""

    n: int
    at: float
    webapp: int
    domain: str | None
    via: str
    names: tuple[str, ...]
    staging: bool
    result: Literal["pending", "issued", "failed"] = "pending"
    reason: str | None = None


@dataclass
class Dns:
    """What Let's Encrypt finds when it looks the names up."""

    unresolved: list[str] = field(default_factory=list)
    proxies: list[str] = field(default_factory=list)


class World:
    """All of the state, with the indexes that keep ten thousand domains quick."""

    def __init__(self) -> None:
        self.credentials: list[Credential] = []
        self.servers: dict[int, Server] = {}
        self.external_apis: dict[int, ExternalApi] = {}
        self.orders: list[Order] = []
        self.dns = Dns()
        self._by_name: dict[str, tuple[WebApp, Domain]] = {}
        # The first ids are those of the reference's examples.
        self._next = {"server": 1903, "webapp": 646, "domain": 693, "certificate": 4211, "external_api": 28}

    def new_id(self, kind: str, wanted: int | None = None) -> int:
        """Return ``wanted``, or the next free id of this kind."""
        number = self._next[kind] if wanted is None else wanted
        self._next[kind] = max(self._next[kind], number + 1)
        return number

    def webapps(self) -> Iterator[WebApp]:
        """Go through all web applications of all servers."""
        for server in self.servers.values():
            yield from server.webapps.values()

    def webapp(self, webapp_id: int | None = None) -> WebApp | None:
        """Return one web application by its id, or the first of all."""
        return next((app for app in self.webapps() if webapp_id is None or app.id == webapp_id), None)

    def find(self, name: str) -> tuple[WebApp, Domain] | None:
        """Return the row with this very name wherever it is attached (reference 3.9: in the whole workspace)."""
        return self._by_name.get(name.lower())

    def serving(self, host: str) -> tuple[WebApp, Domain] | None:
        """Return the row because of which a web server answers for ``host``: its own, its www, or a wildcard.

        A web server's wildcard takes names of any depth; the certificate's does not.
        """
        host = host.lower()
        found = self.find(host)
        if found is not None:
            return found
        if host.startswith("www."):
            bare = self.find(host[4:])
            if bare is not None and bare[1].www:
                return bare
        parent = host.partition(".")[2]
        while parent:
            wildcard = self.find(f"*.{parent}")
            if wildcard is not None:
                return wildcard
            parent = parent.partition(".")[2]
        return None

    def attach(self, app: WebApp, domain: Domain) -> None:
        """Add a row; a primary takes the place of the old one (U5, U6)."""
        app.domains[domain.id] = domain
        self._by_name[domain.name.lower()] = (app, domain)
        if domain.type == "primary":
            self.promote(app, domain)

    def detach(self, app: WebApp, domain: Domain) -> None:
        """Remove a row and with it its own certificate (U30)."""
        del app.domains[domain.id]
        self._by_name.pop(domain.name.lower(), None)

    def rename(self, app: WebApp, domain: Domain, name: str) -> None:
        """Give a row another name, which no API call can do (reference 3.5)."""
        self._by_name.pop(domain.name.lower(), None)
        domain.name = name
        self._by_name[name.lower()] = (app, domain)

    def promote(self, app: WebApp, domain: Domain) -> None:
        """Make a row the primary one; the old primary becomes an alias (U5)."""
        for other in app.domains.values():
            if other.type == "primary":
                other.type = "alias"
        domain.type = "primary"
