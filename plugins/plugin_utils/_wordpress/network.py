# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A WordPress network as typed objects: its networks, sites and mapped domains, and what each name is to it. Pure.

PRIVATE to the collection: may change without notice.

"Plugin reference 2.3" names the section of the description of the plugin Ultimate Multisite that a fact comes from.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils._names import WWW, is_below

if t.TYPE_CHECKING:
    from collections.abc import Iterable

# How a network is read.
WP_CLI = "wp_cli"
PHP = "php"
REST = "rest"

# What a name is to the network.
NETWORK = "network"
SUBSITE = "subsite"
MAPPED = "mapped"
BASE = "base"

# Plugin reference 2.2.
CHECKING_DNS, CHECKING_SSL = "checking-dns", "checking-ssl-cert"
FAILED, SSL_FAILED = "failed", "ssl-failed"
CHECKING_STAGES = (CHECKING_DNS, CHECKING_SSL)
FAILED_STAGES = (FAILED, SSL_FAILED)
STAGES = (*CHECKING_STAGES, "done-without-ssl", "done", *FAILED_STAGES)

# Plugin reference 3.1: `wp wu domain list` and, up to 2.4.12, the REST API end silently after so many rows.
SILENT_CAP = 100


@dataclasses.dataclass(frozen=True)
class Network:
    """One network of a WordPress installation: a row of ``wp_site`` and its options. None is what is not known.

    ``base_domains`` are those that the plugin offers for new sites (plugin reference 6).
    """

    id: int
    domain: str
    path: str = "/"
    subdomain_install: bool | None = None
    main_site_id: int | None = None
    auto_create_www: str | None = None
    own_integration: bool | None = None
    stored_credentials: bool = False
    mapping_enabled: bool | None = None
    base_domains: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Plugin:
    """The plugin Ultimate Multisite, under whichever of its names."""

    version: str | None
    active: bool


@dataclasses.dataclass(frozen=True)
class Site:
    """One site (a row of ``wp_blogs``)."""

    blog_id: int
    domain: str
    path: str = "/"
    network_id: int = 1
    public: bool = True
    archived: bool = False
    spam: bool = False
    deleted: bool = False

    @property
    def live(self) -> bool:
        """Whether WordPress serves the site to everybody."""
        return not (self.archived or self.spam or self.deleted)


@dataclasses.dataclass(frozen=True)
class MappedDomain:
    """One row of the plugin's table of mapped domains; ``queued`` is None where nobody knows the plugin's queue."""

    id: int
    blog_id: int
    domain: str
    active: bool = True
    primary: bool = False
    secure: bool = False
    stage: str = CHECKING_DNS
    network_id: int = 1
    queued: bool | None = None

    @property
    def stuck(self) -> bool:
        """Whether the plugin never goes on with it by itself: it has given up, or nothing waits in its queue."""
        return self.stage in FAILED_STAGES or (self.stage in CHECKING_STAGES and self.queued is False)


@dataclasses.dataclass(frozen=True)
class Note:
    """Something odd that a person should see: a fixed ``code`` for programs; ``row`` is an id in the plugin's table."""

    code: str
    text: str
    row: int | None = None
    domain: str | None = None
    blog_id: int | None = None


@dataclasses.dataclass(frozen=True)
class Constants:
    """The plugin's own RunCloud settings in wp-config.php, of both of its generations. Secrets only when asked for."""

    server_id: str | None = None
    webapp_id: str | None = None
    has_token: bool = False
    has_key: bool = False
    api_token: str | None = dataclasses.field(default=None, repr=False)
    api_key: str | None = dataclasses.field(default=None, repr=False)
    api_secret: str | None = dataclasses.field(default=None, repr=False)

    def public(self) -> dict[str, t.Any]:
        """Return what is no secret."""
        return {name: getattr(self, name) for name in ("server_id", "webapp_id", "has_token", "has_key")}

    def secret(self) -> dict[str, t.Any]:
        """Return the credentials, together with what they are for."""
        return {name: getattr(self, name) for name in ("server_id", "webapp_id", "api_token", "api_key", "api_secret")}


@dataclasses.dataclass(frozen=True)
class Inventory:
    """All that was read of one WordPress installation; not ``complete`` where rows may be missing, and a note says why.

    ``base_domains`` are further domains below which sites have their addresses: the plugin's and the user's own.
    """

    networks: tuple[Network, ...]
    sites: tuple[Site, ...]
    domains: tuple[MappedDomain, ...]
    plugin: Plugin | None = None
    main_network_id: int | None = None
    has_mappings: bool = True
    complete: bool = True
    wordpress: str | None = None
    method: str = WP_CLI
    base_domains: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    constants: Constants | None = None

    @property
    def main_network(self) -> Network:
        """The network that WordPress treats as the main one."""
        return next((network for network in self.networks if network.id == self.main_network_id), self.networks[0])

    @property
    def mapping_enabled(self) -> bool | None:
        """Whether WordPress answers for mapped domains at all; None where that is not known."""
        if self.plugin is None or not self.plugin.active:
            return False
        return self.main_network.mapping_enabled

    def as_result(self) -> dict[str, t.Any]:
        """Return what ``multisite_domain_info`` returns, without credentials."""
        plain = [{**dataclasses.asdict(network), "base_domains": [*network.base_domains]} for network in self.networks]
        return {
            "method": self.method,
            "complete": self.complete,
            "network": plain[self.networks.index(self.main_network)],
            "networks": plain,
            "sites": [dataclasses.asdict(site) for site in self.sites],
            "domains": names(self),
            "mappings": self.has_mappings,
            "mapping_enabled": self.mapping_enabled,
            "base_domains": list(self.base_domains),
            "notes": [dataclasses.asdict(note) for note in self.notes],
            "plugin": dataclasses.asdict(self.plugin) if self.plugin else None,
            "wordpress": self.wordpress,
            "runcloud": self.constants.public() if self.constants else None,
        }


def names(inventory: Inventory) -> list[dict[str, t.Any]]:
    """List every name of the installation: networks' own, sites' own and mapped ones (plugin reference 2.3).

    A name stands once, except where several rows of the plugin's table hold it: then once for each row. ``row`` is None
    for a name that only WordPress core knows, ``blog_id`` for one that belongs to no site in particular.
    """
    kinds = Kinds(inventory)
    found: dict[str, dict[str, t.Any]] = {}
    more: list[dict[str, t.Any]] = []

    def add(domain: str, network_id: int, blog_id: int | None) -> None:
        if domain not in found:
            found[domain] = _name(domain, kinds, network_id, blog_id)

    for network in inventory.networks:
        add(network.domain, network.id, network.main_site_id)
    for domain, sites in kinds.sites.items():
        best = min(sites, key=lambda site: (not site.live, site.blog_id))
        add(domain, best.network_id, best.blog_id)
    for base in inventory.base_domains:
        add(base, inventory.main_network.id, None)

    home = {site.blog_id: site.network_id for site in inventory.sites}
    for row in inventory.domains:
        name = _name(row.domain, kinds, home.get(row.blog_id, row.network_id), row.blog_id, row)
        same = found.get(row.domain)
        if same and same["row"] is None and same["blog_id"] == row.blog_id:
            found[row.domain] = {**name, "network_id": same["network_id"]}
        else:
            more.append(name)
    return [*found.values(), *more]


def _name(
    domain: str, kinds: Kinds, network_id: int, blog_id: int | None, row: MappedDomain | None = None
) -> dict[str, t.Any]:
    name = {"domain": domain, "kind": kinds.of(domain), "network_id": network_id, "blog_id": blog_id}
    of_row = {"row": row and row.id, "row_network_id": row and row.network_id, "active": row.active if row else True}
    return {**name, **of_row, **{key: getattr(row, key, None) for key in ("stage", "primary", "secure", "queued")}}


class Kinds:
    """Tells what each name is to the installation."""

    def __init__(self, inventory: Inventory, base_domains: Iterable[str] = ()) -> None:
        """Look at an installation once; ``base_domains`` are more of them, which only the caller knows, normalised."""
        self.networks = {network.domain: network for network in inventory.networks}
        self.declared = tuple(dict.fromkeys((*inventory.base_domains, *base_domains)))
        # WordPress drops a www. in front of the network's name before it puts a site's own label there.
        self.parents = {
            network.domain.removeprefix(WWW) for network in inventory.networks if network.subdomain_install is not False
        }
        self.parents.update(self.declared)
        self._network_pairs = {domain.removeprefix(WWW) for domain in self.networks}
        self.sites: dict[str, list[Site]] = {}
        for site in inventory.sites:
            self.sites.setdefault(site.domain, []).append(site)

    def of(self, domain: str) -> str:
        """Return the kind of a name. Sites in folders below a foreign name make it a base domain (reference 2.3)."""
        if domain in self.networks or domain.removeprefix(WWW) in self._network_pairs:
            return NETWORK
        sites = self.sites.get(domain, [])
        if domain in self.declared or len(sites) > 1 or any(site.path.strip("/") for site in sites):
            return BASE
        if any(parent != domain and is_below(domain, parent) for parent in self.parents):
            return SUBSITE
        return MAPPED
