# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A WordPress network as typed objects: its networks, sites and mapped domains, and what is odd about them. Pure.

PRIVATE to the collection: may change without notice.

"Plugin reference 2.3" names the section of the description of the plugin Ultimate Multisite that a fact comes from.
Numbers and booleans come as strings, numbers or booleans, depending on the way they were read (plugin reference 3).
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _names as _hostnames

# What a name is to the network.
NETWORK = "network"
SUBSITE = "subsite"
MAPPED = "mapped"
BASE = "base"

# Plugin reference 2.2.
FAILED_STAGES = ("failed", "ssl-failed")
STAGES = ("checking-dns", "checking-ssl-cert", "done-without-ssl", "done", *FAILED_STAGES)

# Plugin reference 3.1: `wp wu domain list` and, up to 2.4.12, the REST API end silently after so many rows.
SILENT_CAP = 100

_TRUE = ("1", "true")
_FALSE = ("0", "false", "")


class InventoryError(ValueError):
    """An answer that is no inventory of a network; the message says which field is wrong."""


@dataclasses.dataclass(frozen=True)
class Network:
    """One network of a WordPress installation (a row of ``wp_site`` and its options)."""

    id: int
    domain: str
    path: str = "/"
    subdomain_install: bool | None = None
    main_site_id: int | None = None
    auto_create_www: str | None = None
    own_integration: bool | None = None
    stored_credentials: bool = False


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
    """One row of the plugin's table of mapped domains."""

    id: int
    blog_id: int
    domain: str
    active: bool = True
    primary: bool = False
    secure: bool = False
    stage: str = "checking-dns"
    network_id: int = 1


@dataclasses.dataclass(frozen=True)
class Note:
    """Something odd that a person should see.

    ``code`` is fixed and for programs, ``text`` for people; ``row`` is the id in the plugin's table, if there is one.
    """

    code: str
    text: str
    row: int | None = None
    domain: str | None = None
    blog_id: int | None = None

    def as_dict(self) -> dict[str, t.Any]:
        """Give the note as plain data."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Inventory:
    """All that was read of one WordPress installation. ``complete`` is false where rows may be missing."""

    networks: tuple[Network, ...]
    sites: tuple[Site, ...]
    domains: tuple[MappedDomain, ...]
    plugin: Plugin | None = None
    main_network_id: int | None = None
    has_mappings: bool = True
    complete: bool = True
    wordpress: str | None = None

    @property
    def main_network(self) -> Network:
        """The network that WordPress treats as the main one."""
        return next((network for network in self.networks if network.id == self.main_network_id), self.networks[0])

    def only(self, network_id: int) -> tuple[Inventory, list[Note]]:
        """Give the part that belongs to one network, and a note where there are others.

        :raises InventoryError: where there is no such network.
        """
        networks = tuple(network for network in self.networks if network.id == network_id)
        if not networks:
            known = ", ".join(f"{network.id} ({network.domain})" for network in self.networks)
            raise InventoryError(f"there is no network {network_id} in this installation; there is {known}")
        sites = tuple(site for site in self.sites if site.network_id == network_id)
        # A row belongs to the network of its site; a row without a site to the network in whose table it stands.
        home = {site.blog_id: site.network_id for site in self.sites}
        domains = tuple(row for row in self.domains if home.get(row.blog_id, row.network_id) == network_id)
        others = ", ".join(network.domain for network in self.networks if network.id != network_id)
        text = f"the other networks of this installation are left out: {others}; where one web application serves them all, "
        text += "nothing may be removed because of this list"
        return (
            dataclasses.replace(self, networks=networks, sites=sites, domains=domains),
            [Note("other_networks", text)] if others else [],
        )


@dataclasses.dataclass(frozen=True)
class Name:
    """One name of the network, with the row that says most about it.

    ``row`` is None for a name that only WordPress core knows (``wp_site``, ``wp_blogs``). ``blog_id`` is None where the
    name belongs to no site in particular.
    """

    domain: str
    kind: str
    network_id: int
    blog_id: int | None = None
    row: MappedDomain | None = None

    def as_dict(self) -> dict[str, t.Any]:
        """Give the name as plain data."""
        row = self.row
        return {
            "domain": self.domain,
            "kind": self.kind,
            "network_id": self.network_id,
            "blog_id": self.blog_id,
            "row": row.id if row else None,
            "row_network_id": row.network_id if row else None,
            "active": row.active if row else True,
            "stage": row.stage if row else None,
            "primary": row.primary if row else None,
            "secure": row.secure if row else None,
        }


def parse(document: object) -> Inventory:
    """Read the answer of the PHP reader.

    Also reads the shorter form with one ``network`` (plugin reference 3.4).

    :param document: decoded JSON.
    :raises InventoryError: where it is not such an answer.
    """
    data = _mapping(document, "the answer")
    networks = tuple(_parse_network(item) for item in _network_documents(data))
    if not networks:
        raise InventoryError("the answer names no network: the table of networks is empty")
    rows = data.get("domains")
    return Inventory(
        networks=networks,
        sites=tuple(parse_site(item) for item in _list(data.get("sites"), "sites")),
        domains=tuple(parse_mapped_domain(item) for item in _list(rows or [], "domains")),
        plugin=_parse_plugin(data.get("plugin")),
        main_network_id=_optional_int(data, "main_network"),
        has_mappings=rows is not None,
        wordpress=_optional_text(data, "wordpress"),
    )


def parse_site(document: object) -> Site:
    """Read one site, as PHP, WP-CLI or the REST API write it.

    :raises InventoryError: where it is no site.
    """
    data = _mapping(document, "a site")
    return Site(
        blog_id=_int(data, "blog_id"),
        domain=_hostnames.normalise_lenient(_text(data, "domain")),
        path=_optional_text(data, "path") or "/",
        network_id=_optional_int(data, "network_id") or _optional_int(data, "site_id") or 1,
        public=_bool(data, "public", True),
        archived=_bool(data, "archived", False),
        spam=_bool(data, "spam", False),
        deleted=_bool(data, "deleted", False),
    )


def parse_mapped_domain(document: object) -> MappedDomain:
    """Read one row of the plugin's table, as PHP, WP-CLI or the REST API write it.

    :raises InventoryError: where it is no such row.
    """
    data = _mapping(document, "a mapped domain")
    return MappedDomain(
        id=_int(data, "id"),
        blog_id=_int(data, "blog_id"),
        domain=_hostnames.normalise_lenient(_text(data, "domain")),
        active=_bool(data, "active", True),
        primary=_bool(data, "primary_domain", False),
        secure=_bool(data, "secure", False),
        stage=_optional_text(data, "stage") or "checking-dns",
        network_id=_optional_int(data, "network_id") or 1,
    )


def from_result(result: t.Mapping[str, t.Any]) -> Inventory:
    """Build the inventory again from what ``multisite_domain_info`` returned.

    :raises InventoryError: where that is not such a result.
    """
    data = _mapping(result, "the result of multisite_domain_info")
    networks = tuple(_parse_network(item) for item in _list(data.get("networks"), "networks"))
    if not networks:
        raise InventoryError("networks: empty, and every installation has at least one")
    names = [_mapping(item, "a domain") for item in _list(data.get("domains"), "domains")]
    rows = [
        parse_mapped_domain(
            {
                **item,
                "id": item["row"],
                "network_id": item.get("row_network_id"),
                "primary_domain": item.get("primary"),
            }
        )
        for item in names
        if item.get("row") is not None
    ]
    main = data.get("network")
    return Inventory(
        networks=networks,
        sites=tuple(parse_site(item) for item in _list(data.get("sites"), "sites")),
        domains=tuple(sorted(rows, key=lambda row: (row.network_id, row.id))),
        plugin=_parse_plugin(data.get("plugin")),
        main_network_id=_optional_int(main, "id") if isinstance(main, t.Mapping) else None,
        has_mappings=_bool(data, "mappings", True),
        complete=_bool(data, "complete", False),
        wordpress=_optional_text(data, "wordpress"),
    )


def names(inventory: Inventory, base_domains: t.Iterable[str] = ()) -> list[Name]:
    """List every name of the installation: networks' own, sites' own and mapped ones (plugin reference 2.3).

    A name stands once, except where several rows of the plugin's table hold it: then once for each row.

    :param base_domains: further domains whose subdomains are sites of the network, normalised.
    """
    kinds = Kinds(inventory, base_domains)
    found: list[Name] = []
    places: dict[str, int] = {}

    def add(domain: str, network_id: int, blog_id: int | None) -> None:
        places[domain] = len(found)
        found.append(Name(domain, kinds.of(domain), network_id, blog_id))

    for network in inventory.networks:
        if network.domain not in places:
            add(network.domain, network.id, network.main_site_id)
    for domain, sites in kinds.sites.items():
        if domain not in places:
            best = min(sites, key=lambda site: (not site.live, site.blog_id))
            add(domain, best.network_id, best.blog_id)
    for base in kinds.declared:
        if base not in places:
            add(base, inventory.main_network.id, None)

    home = {site.blog_id: site.network_id for site in inventory.sites}
    for row in inventory.domains:
        network_id = home.get(row.blog_id, row.network_id)
        place = places.get(row.domain)
        if place is not None and found[place].row is None and found[place].blog_id == row.blog_id:
            found[place] = dataclasses.replace(found[place], row=row)
        else:
            found.append(Name(row.domain, kinds.of(row.domain), network_id, row.blog_id, row))
    return found


def oddities(inventory: Inventory) -> list[Note]:
    """List what is odd about an installation, each naming the row (plugin reference 2 and 5.9)."""
    kinds = Kinds(inventory)
    blogs = {site.blog_id for site in inventory.sites}
    notes: list[Note] = []
    for row in inventory.domains:
        notes.extend(_row_oddities(row, kinds, blogs))
    notes.extend(_shared_oddities(inventory, kinds))
    notes.extend(_primary_oddities(inventory))
    notes.extend(_site_oddities(inventory))
    notes.extend(_network_oddities(inventory))
    if not inventory.has_mappings:
        text = "the plugin's table of mapped domains does not exist: only WordPress' own names are known"
        notes.append(Note("no_mappings", text))
    return notes


class Kinds:
    """Tells what each name is to the installation."""

    def __init__(self, inventory: Inventory, base_domains: t.Iterable[str] = ()) -> None:
        """Look at an installation once.

        :param base_domains: further domains whose subdomains are sites of the network, normalised.
        """
        self.networks = {network.domain: network for network in inventory.networks}
        self.declared = tuple(dict.fromkeys(base_domains))
        # WordPress drops a www. in front of the network's name before it puts a site's own label there.
        self.parents = {
            network.domain.removeprefix(_hostnames.WWW)
            for network in inventory.networks
            if network.subdomain_install is not False
        }
        self.parents.update(self.declared)
        self._network_pairs = {domain.removeprefix(_hostnames.WWW) for domain in self.networks}
        self.sites: dict[str, list[Site]] = {}
        for site in inventory.sites:
            self.sites.setdefault(site.domain, []).append(site)

    def of(self, domain: str) -> str:
        """Give the kind of a name."""
        if domain in self.networks or domain.removeprefix(_hostnames.WWW) in self._network_pairs:
            return NETWORK
        if domain in self.declared or self._shared_by_paths(domain):
            return BASE
        if any(parent != domain and _hostnames.is_below(domain, parent) for parent in self.parents):
            return SUBSITE
        return MAPPED

    def _shared_by_paths(self, domain: str) -> bool:
        """Whether sites lie in folders below a foreign name: an alternate base domain (plugin reference 2.3)."""
        sites = self.sites.get(domain, [])
        return len(sites) > 1 or any(site.path.strip("/") for site in sites)


def _row_oddities(row: MappedDomain, kinds: Kinds, blogs: set[int]) -> t.Iterator[Note]:
    def note(code: str, text: str) -> Note:
        return Note(code, f"row {row.id}: {text}", row.id, row.domain, row.blog_id)

    if row.domain in kinds.networks:
        yield note(
            "network_domain",
            f"{row.domain} is the network's own domain, mapped to site {row.blog_id}: the row is a leftover, delete it",
        )
    if row.blog_id not in blogs:
        yield note("no_site", f"{row.domain} belongs to site {row.blog_id}, which does not exist: delete the row")
    problem = _name_problem(row.domain)
    if problem:
        yield note("no_host_name", problem)
    if row.stage not in STAGES:
        yield note("unknown_stage", f"{row.domain} has the stage {row.stage!r}, which is none of {', '.join(STAGES)}")


def _shared_oddities(inventory: Inventory, kinds: Kinds) -> t.Iterator[Note]:
    rows: dict[str, list[MappedDomain]] = {}
    for row in inventory.domains:
        rows.setdefault(row.domain, []).append(row)
    for domain, holders in rows.items():
        if domain in kinds.networks:
            continue
        owners = sorted({row.blog_id for row in holders} | {site.blog_id for site in kinds.sites.get(domain, ())})
        first = holders[0]
        if len(owners) > 1:
            ids = ", ".join(str(row.id) for row in holders)
            text = f"row {ids}: {domain} is held by several sites ({', '.join(map(str, owners))}): only one can answer"
            yield Note("shared_domain", text, first.id, domain, first.blog_id)
        for extra in holders[1:]:
            if extra.blog_id == first.blog_id:
                text = f"row {extra.id}: {domain} is already mapped to site {extra.blog_id} by row {first.id}"
                yield Note("duplicate_row", text, extra.id, domain, extra.blog_id)


def _primary_oddities(inventory: Inventory) -> t.Iterator[Note]:
    primaries: dict[int, list[MappedDomain]] = {}
    for row in inventory.domains:
        if row.primary:
            primaries.setdefault(row.blog_id, []).append(row)
    for blog_id, rows in primaries.items():
        if len(rows) > 1:
            which = ", ".join(f"{row.domain} (row {row.id})" for row in rows)
            text = f"site {blog_id} has several primary domains: {which}"
            yield Note("two_primaries", text, rows[0].id, None, blog_id)


def _site_oddities(inventory: Inventory) -> t.Iterator[Note]:
    mapped = {row.domain for row in inventory.domains}
    for site in inventory.sites:
        problem = None if site.domain in mapped else _name_problem(site.domain)
        if problem:
            yield Note("no_host_name", f"site {site.blog_id}: {problem}", None, site.domain, site.blog_id)


def _network_oddities(inventory: Inventory) -> t.Iterator[Note]:
    main = inventory.main_network.id
    for network in inventory.networks:
        if network.own_integration:
            yield Note(
                "own_integration",
                f"the plugin's own RunCloud integration is switched on in network {network.domain}: it goes on adding "
                "names with www behind this tool's back; switch it off in the plugin's settings, under Integrations",
                domain=network.domain,
            )
        if network.stored_credentials:
            yield Note(
                "stored_credentials",
                f"the plugin keeps RunCloud credentials encrypted in the database of network {network.domain}; "
                "only those in wp-config.php are read here",
                domain=network.domain,
            )
        rows = [row for row in inventory.domains if row.network_id == network.id]
        if network.id != main and rows:
            yield Note(
                "unserved_table",
                f"{len(rows)} rows are in the table of network {network.id}, but the plugin's sunrise.php reads only "
                f"that of network {main}: WordPress does not answer for them",
                rows[0].id,
                network.domain,
            )


def _name_problem(domain: str) -> str | None:
    try:
        _hostnames.normalise(domain)
    except _hostnames.HostnameError as exc:
        return f"no host name: {exc}"
    return None


def _network_documents(data: t.Mapping[str, t.Any]) -> list[object]:
    if "networks" in data:
        return _list(data["networks"], "networks")
    return [data["network"]] if data.get("network") else []


def _parse_network(document: object) -> Network:
    data = _mapping(document, "a network")
    return Network(
        id=_optional_int(data, "id") or 1,
        domain=_hostnames.normalise_lenient(_text(data, "domain")),
        path=_optional_text(data, "path") or "/",
        subdomain_install=_optional_bool(data, "subdomain_install"),
        main_site_id=_optional_int(data, "main_site_id"),
        auto_create_www=_optional_text(data, "auto_create_www"),
        own_integration=_optional_bool(data, "own_integration"),
        stored_credentials=_bool(data, "stored_credentials", False),
    )


def _parse_plugin(document: object) -> Plugin | None:
    if document is None:
        return None
    data = _mapping(document, "plugin")
    active = data.get("loaded", data.get("active"))
    return Plugin(_optional_text(data, "version"), bool(active))


def _mapping(value: object, what: str) -> t.Mapping[str, t.Any]:
    if not isinstance(value, t.Mapping):
        raise InventoryError(f"{what}: an object was expected, not {type(value).__name__}")
    return value


def _list(value: object, what: str) -> list[t.Any]:
    if not isinstance(value, list):
        raise InventoryError(f"{what}: a list was expected, not {type(value).__name__}")
    return value


def _text(data: t.Mapping[str, t.Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise InventoryError(f"{key}: a text was expected, not {value!r}")
    return value


def _optional_text(data: t.Mapping[str, t.Any], key: str) -> str | None:
    return None if data.get(key) is None else _text(data, key)


def _int(data: t.Mapping[str, t.Any], key: str) -> int:
    value = data.get(key)
    try:
        return int(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InventoryError(f"{key}: a number was expected, not {value!r}") from None


def _optional_int(data: t.Mapping[str, t.Any], key: str) -> int | None:
    return None if data.get(key) is None else _int(data, key)


def _optional_bool(data: t.Mapping[str, t.Any], key: str) -> bool | None:
    value = data.get(key)
    if value is None:
        return None
    text = str(int(value) if isinstance(value, bool) else value).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise InventoryError(f"{key}: 0 or 1 was expected, not {value!r}")


def _bool(data: t.Mapping[str, t.Any], key: str, default: bool) -> bool:
    value = _optional_bool(data, key)
    return default if value is None else value
