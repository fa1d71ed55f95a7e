# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is odd about a network as it was read, and whether it was read whole. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils._errors import UserError
from ...module_utils._names import WWW, HostnameError, normalise
from .network import CHECKING_STAGES, REST, STAGES, Inventory, Kinds, MappedDomain, Note

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def examined(
    inventory: Inventory,
    gaps: Sequence[Note] = (),
    *,
    network_id: int | None = None,
    base_domains: Sequence[str] = (),
) -> Inventory:
    """Return what was read with all notes, ``complete`` only where nothing can be missing.

    :param gaps: what the reading itself knows to be missing or in doubt.
    :param network_id: keep only this network.
    :param base_domains: those that the user named, normalised.
    :raises UserError: where there is no such network.
    """
    gaps = [*gaps, *_gaps(inventory)]
    if network_id is not None:
        inventory, others = _only(inventory, network_id)
        gaps += others
    own = {network.domain for network in inventory.networks}
    offered = (name for network in inventory.networks for name in network.base_domains if name not in own)
    inventory = dataclasses.replace(inventory, base_domains=tuple(dict.fromkeys((*base_domains, *offered))))
    return dataclasses.replace(inventory, complete=inventory.complete and not gaps, notes=(*gaps, *oddities(inventory)))


def oddities(inventory: Inventory) -> list[Note]:
    """List what is odd about an installation, each naming the row (plugin reference 2, 5.9 and 6)."""
    kinds = Kinds(inventory)
    blogs = {site.blog_id for site in inventory.sites}
    main_sites = {network.domain: network.main_site_id for network in inventory.networks}
    notes: list[Note] = []
    for row in inventory.domains:
        notes.extend(_row_oddities(row, kinds, blogs, main_sites))
    notes.extend(_shared_oddities(inventory, kinds))
    notes.extend(_www_oddities(inventory, kinds))
    notes.extend(_primary_oddities(inventory))
    notes.extend(_site_oddities(inventory))
    notes.extend(_network_oddities(inventory))
    notes.extend(_mapping_oddities(inventory))
    return notes


def _gaps(inventory: Inventory) -> Iterator[Note]:
    """Say why rows may be missing."""
    if not inventory.has_mappings:
        text = "the plugin's table of mapped domains does not exist: only WordPress' own names are known"
        yield Note("no_mappings", f"{text}, so nothing may be removed because of this list")
    if not inventory.sites:
        yield Note("no_sites", "the table of sites is empty, so nothing may be removed because of this list")
    if inventory.method == REST:
        # A leftover row looks the same as a list of sites that is cut short, and only the database tells them apart.
        blogs = {site.blog_id for site in inventory.sites}
        lost = sorted({row.blog_id for row in inventory.domains if row.blog_id not in blogs})
        if lost:
            shown = ", ".join(map(str, lost[:10])) + (", ..." if len(lost) > 10 else "")
            yield Note(
                "sites_missing",
                f"the REST API lists domains of sites that it does not list (site {shown}): the list of sites may be "
                "cut short, so nothing may be removed because of it; delete the rows if the sites are gone, or use "
                "method wp_cli or php",
            )


def _only(inventory: Inventory, network_id: int) -> tuple[Inventory, list[Note]]:
    """Return the part that belongs to one network, and a note where there are others."""
    networks = tuple(network for network in inventory.networks if network.id == network_id)
    if not networks:
        known = ", ".join(f"{network.id} ({network.domain})" for network in inventory.networks)
        raise UserError(f"network_id: there is no network {network_id} in this installation; there is {known}")
    sites = tuple(site for site in inventory.sites if site.network_id == network_id)
    # A row belongs to the network of its site; a row without a site to the network in whose table it stands.
    home = {site.blog_id: site.network_id for site in inventory.sites}
    domains = tuple(row for row in inventory.domains if home.get(row.blog_id, row.network_id) == network_id)
    others = ", ".join(network.domain for network in inventory.networks if network.id != network_id)
    text = (
        f"network_id: the other networks of this installation are left out ({others}); one web application normally "
        "serves them all, so nothing may be removed because of this list"
    )
    part = dataclasses.replace(inventory, networks=networks, sites=sites, domains=domains)
    return part, [Note("other_networks", text)] if others else []


def _row_oddities(
    row: MappedDomain, kinds: Kinds, blogs: set[int], main_sites: dict[str, int | None]
) -> Iterator[Note]:
    def note(code: str, text: str) -> Note:
        return Note(code, f"row {row.id}: {text}", row.id, row.domain, row.blog_id)

    bare = row.domain.removeprefix(WWW)
    own = next((name for name in (row.domain, bare, WWW + bare) if name in kinds.networks), None)
    if own and main_sites[own] not in (None, row.blog_id):
        what = "own domain" if own == row.domain else f"own domain {own} with or without www"
        yield note(
            "network_domain",
            f"{row.domain} is the network's {what}, mapped to site {row.blog_id}: it takes that name from the "
            "network's main site; delete the row if that is not meant",
        )
    if row.blog_id not in blogs:
        yield note("no_site", f"{row.domain} belongs to site {row.blog_id}, which does not exist: delete the row")
    problem = _name_problem(row.domain)
    if problem:
        yield note("no_host_name", problem)
    if row.stuck and row.stage in CHECKING_STAGES and row.active and row.blog_id in blogs:
        yield note(
            "not_queued",
            f"{row.domain} is in the stage {row.stage}, and no check of it waits in the plugin's queue: it stays there "
            "until it is put back (multisite_domain_requeue)",
        )
    if row.stage not in STAGES:
        yield note(
            "unknown_stage", f"{row.domain} has the stage {row.stage!r}, which is not one of {', '.join(STAGES)}"
        )


def _shared_oddities(inventory: Inventory, kinds: Kinds) -> Iterator[Note]:
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


def _www_oddities(inventory: Inventory, kinds: Kinds) -> Iterator[Note]:
    """One row serves a name and its www (plugin reference 2.2), so the two on different sites contend."""
    owners = {domain: sites[0].blog_id for domain, sites in kinds.sites.items()}
    owners.update((row.domain, row.blog_id) for row in reversed(inventory.domains))
    for row in inventory.domains:
        bare = row.domain.removeprefix(WWW)
        other = bare if bare != row.domain else WWW + bare
        owner = owners.get(other)
        # Where both stand in the table, it is told once: at the name with www.
        if owner is None or owner == row.blog_id or bare in kinds.networks or WWW + bare in kinds.networks:
            continue
        if bare != row.domain or not any(mapped.domain == other for mapped in inventory.domains):
            text = f"row {row.id}: {row.domain} is mapped to site {row.blog_id}, and {other} belongs to site {owner}"
            text += ": WordPress answers for both names by either, so only one site can be reached"
            yield Note("www_elsewhere", text, row.id, row.domain, row.blog_id)


def _primary_oddities(inventory: Inventory) -> Iterator[Note]:
    primaries: dict[int, list[MappedDomain]] = {}
    for row in inventory.domains:
        if row.primary:
            primaries.setdefault(row.blog_id, []).append(row)
    for blog_id, rows in primaries.items():
        if len(rows) > 1:
            which = ", ".join(f"{row.domain} (row {row.id})" for row in rows)
            text = f"site {blog_id} has several primary domains: {which}"
            yield Note("two_primaries", text, rows[0].id, None, blog_id)


def _site_oddities(inventory: Inventory) -> Iterator[Note]:
    mapped = {row.domain for row in inventory.domains}
    for site in inventory.sites:
        problem = None if site.domain in mapped else _name_problem(site.domain)
        if problem:
            yield Note("no_host_name", f"site {site.blog_id}: {problem}", None, site.domain, site.blog_id)


def _network_oddities(inventory: Inventory) -> Iterator[Note]:
    main = inventory.main_network_id or inventory.main_network.id
    for network in inventory.networks:
        if network.own_integration:
            yield Note(
                "own_integration",
                f"the plugin's own RunCloud integration is switched on in network {network.domain}: it goes on adding "
                "names with www on its own; switch it off in the plugin's settings, under Integrations",
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


def _mapping_oddities(inventory: Inventory) -> Iterator[Note]:
    """Say that visitors see nothing of what is mapped, however right RunCloud is (plugin reference 6)."""
    if not inventory.domains or inventory.mapping_enabled is not False:
        return
    if inventory.plugin is None:
        cause = "the plugin Ultimate Multisite is not installed"
    elif not inventory.plugin.active:
        cause = "the plugin Ultimate Multisite is not active in the network; activate it"
    else:
        cause = (
            "domain mapping is switched off; switch it on in the plugin's settings, under Domain Mapping, and save "
            "them, and check that wp-config.php sets SUNRISE to true"
        )
    yield Note("mapping_off", f"WordPress does not answer for mapped domains: {cause}")


def _name_problem(domain: str) -> str | None:
    try:
        normalise(domain)
    except HostnameError as exc:
        return f"not a host name: {exc}"
    return None
