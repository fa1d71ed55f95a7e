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
    inventory: Inventory, gaps: Sequence[Note] = (), *, network_id: int | None = None, base_domains: Sequence[str] = ()
) -> Inventory:
    """Return what was read with all notes, ``complete`` only where nothing can be missing.

    :param gaps: what the reading itself knows to be missing or in doubt.
    :param network_id: keep only this network.
    :param base_domains: further domains below which sites have their addresses, as the user named them, normalised.
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
    looks = (_row_oddities, _shared_oddities, _www_oddities, _site_oddities, _network_oddities, _mapping_oddities)
    return [note for look in looks for note in look(inventory, kinds)]


def _gaps(inventory: Inventory) -> Iterator[Note]:
    """Say why rows may be missing."""
    if not inventory.has_mappings:
        text = "the plugin's table of mapped domains does not exist: only WordPress' own names are known"
        yield Note("no_mappings", f"{text}, so nothing may be removed because of this list")
    if not inventory.sites:
        yield Note("no_sites", "the table of sites is empty, so nothing may be removed because of this list")
    # A leftover row looks the same as a list of sites that is cut short, and only the database tells them apart.
    lost = sorted({row.blog_id for row in inventory.domains} - {site.blog_id for site in inventory.sites})
    if lost and inventory.method == REST:
        shown = ", ".join(map(str, lost[:10])) + (", ..." if len(lost) > 10 else "")
        text = (
            f"the REST API lists domains of sites that it does not list (site {shown}): the list of sites may be cut "
            "short, so nothing may be removed because of it; delete the rows if the sites are gone, or use method "
            "wp_cli or php"
        )
        yield Note("sites_missing", text)


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


def _note(code: str, row: MappedDomain, text: str) -> Note:
    return Note(code, f"row {row.id}: {text}", row.id, row.domain, row.blog_id)


def _row_oddities(inventory: Inventory, kinds: Kinds) -> Iterator[Note]:
    blogs = {site.blog_id for site in inventory.sites}
    for row in inventory.domains:
        bare = row.domain.removeprefix(WWW)
        own = next((name for name in (row.domain, bare, WWW + bare) if name in kinds.networks), None)
        if own and kinds.networks[own].main_site_id not in (None, row.blog_id):
            what = "own domain" if own == row.domain else f"own domain {own} with or without www"
            text = f"{row.domain} is the network's {what}, mapped to site {row.blog_id}: it takes that name from the "
            yield _note("network_domain", row, f"{text}network's main site; delete the row if that is not meant")
        if row.blog_id not in blogs:
            text = f"{row.domain} belongs to site {row.blog_id}, which does not exist: delete the row"
            yield _note("no_site", row, text)
        problem = _name_problem(row.domain)
        if problem:
            yield _note("no_host_name", row, problem)
        if row.stuck and row.stage in CHECKING_STAGES and row.active and row.blog_id in blogs:
            text = (
                f"{row.domain} is in the stage {row.stage}, and no check of it waits in the plugin's queue: it stays "
            )
            yield _note("not_queued", row, f"{text}there until it is put back (multisite_domain_requeue)")
        if row.stage not in STAGES:
            text = f"{row.domain} has the stage {row.stage!r}, which is not one of {', '.join(STAGES)}"
            yield _note("unknown_stage", row, text)


def _shared_oddities(inventory: Inventory, kinds: Kinds) -> Iterator[Note]:
    rows: dict[str, list[MappedDomain]] = {}
    primaries: dict[int, list[MappedDomain]] = {}
    for row in inventory.domains:
        rows.setdefault(row.domain, []).append(row)
        if row.primary:
            primaries.setdefault(row.blog_id, []).append(row)
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
                text = f"{domain} is already mapped to site {extra.blog_id} by row {first.id}"
                yield _note("duplicate_row", extra, text)
    for blog_id, holders in primaries.items():
        if len(holders) > 1:
            which = ", ".join(f"{row.domain} (row {row.id})" for row in holders)
            text = f"site {blog_id} has several primary domains: {which}"
            yield Note("two_primaries", text, holders[0].id, None, blog_id)


def _www_oddities(inventory: Inventory, kinds: Kinds) -> Iterator[Note]:
    """One row serves a name and its www (plugin reference 2.2), so the two on different sites contend."""
    mapped = {row.domain: row.blog_id for row in reversed(inventory.domains)}
    owners = {domain: sites[0].blog_id for domain, sites in kinds.sites.items()} | mapped
    for row in inventory.domains:
        bare = row.domain.removeprefix(WWW)
        other = bare if bare != row.domain else WWW + bare
        owner = owners.get(other)
        # Where both stand in the table, it is told once: at the name with www.
        told_there = bare == row.domain and other in mapped
        own = bare in kinds.networks or WWW + bare in kinds.networks
        if owner not in (None, row.blog_id) and not told_there and not own:
            text = f"{row.domain} is mapped to site {row.blog_id}, and {other} belongs to site {owner}: WordPress "
            yield _note("www_elsewhere", row, f"{text}answers for both names by either, so only one can be reached")


def _site_oddities(inventory: Inventory, _kinds: Kinds) -> Iterator[Note]:
    mapped = {row.domain for row in inventory.domains}
    for site in inventory.sites:
        problem = None if site.domain in mapped else _name_problem(site.domain)
        if problem:
            yield Note("no_host_name", f"site {site.blog_id}: {problem}", None, site.domain, site.blog_id)


def _network_oddities(inventory: Inventory, _kinds: Kinds) -> Iterator[Note]:
    main = inventory.main_network_id or inventory.main_network.id
    for network in inventory.networks:
        if network.own_integration:
            text = (
                f"the plugin's own RunCloud integration is switched on in network {network.domain}: it goes on adding "
                "names with www on its own; switch it off in the plugin's settings, under Integrations"
            )
            yield Note("own_integration", text, domain=network.domain)
        if network.stored_credentials:
            text = f"the plugin keeps RunCloud credentials encrypted in the database of network {network.domain}; "
            text += "only those in wp-config.php are read here"
            yield Note("stored_credentials", text, domain=network.domain)
        rows = [row for row in inventory.domains if row.network_id == network.id]
        if network.id != main and rows:
            text = (
                f"{len(rows)} rows are in the table of network {network.id}, but the plugin's sunrise.php reads only "
                f"that of network {main}: WordPress does not answer for them"
            )
            yield Note("unserved_table", text, rows[0].id, network.domain)


def _mapping_oddities(inventory: Inventory, _kinds: Kinds) -> Iterator[Note]:
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
