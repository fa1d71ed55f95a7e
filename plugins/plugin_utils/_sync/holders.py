# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who asks for a name: a WordPress network or the items of a list -> one holder each. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils._domains.desired import ITEM_KEYS, DesiredDomain, parse_desired_item
from ...module_utils._errors import UserError
from ...module_utils._names import HostnameError, is_below, is_wildcard, normalise
from ...module_utils._runcloud.models import PRIMARY
from ...module_utils._values import parse_bool, parse_choice, parse_integer
from .._wordpress.network import BASE, FAILED_STAGES, NETWORK, STAGES, SUBSITE, Inventory, Kinds, Note, Site
from .source import COLUMNS, OWN_KEYS

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .source import Item

LISTED = "listed"
CUT_SHORT = "the source of the domains may have been cut short, so nothing is removed because of it"


@dataclasses.dataclass(frozen=True)
class Holder:
    """One who asks for a name.

    ``item`` is what a list says of it. ``typed`` is the name as it was written, ``name`` its normal form; where it has
    none, ``problem`` says why and ``name`` is what was written. ``place`` says where an item of a list stands.
    """

    name: str
    kind: str
    origin: str
    blog_id: int | None = None
    site: Site | None = None
    needs_site: bool = False
    active: bool = True
    stage: str | None = None
    www_setting: str | None = None
    item: DesiredDomain | None = None
    typed: str = ""
    problem: str = ""
    place: str = ""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a source asks for.

    ``parents`` are the domains below which sites are made. ``withheld`` says why nothing may be removed because of it:
    it may not be whole. ``without_setting`` are the networks whose setting for www names is not known.
    """

    holders: tuple[Holder, ...]
    parents: frozenset[str] = frozenset()
    notes: tuple[Note, ...] = ()
    withheld: str = ""
    without_setting: tuple[str, ...] = ()


def wanted_by_network(inventory: Inventory, base_domains: Sequence[str], auto_create_www: str | None) -> Wanted:
    """List who asks for a name in a network: networks, base domains, sites, rows of the plugin's table.

    :param base_domains: further domains below which the network makes sites, normalised.
    :param auto_create_www: stands in for the plugin's setting.
    """
    kinds = Kinds(inventory, base_domains)
    sites = {site.blog_id: site for site in inventory.sites}
    settings = {network.id: auto_create_www or network.auto_create_www for network in inventory.networks}
    found = [
        _holder(network.domain, NETWORK, "the network's own domain", network.main_site_id)
        for network in inventory.networks
    ]
    found.extend(Holder(name, BASE, "a base domain of the network") for name in kinds.declared)
    for site in inventory.sites:
        setting = settings.get(site.network_id)
        kind, origin = kinds.of(site.domain), f"own address of site {site.blog_id}"
        found.append(_holder(site.domain, kind, origin, site.blog_id, site=site, needs_site=True, www_setting=setting))
    for row in inventory.domains:
        home = sites.get(row.blog_id)
        failed = f", stage {row.stage}" if row.stage in FAILED_STAGES else ""
        found.append(
            _holder(
                row.domain,
                kinds.of(row.domain),
                f"mapped to site {row.blog_id}{failed}",
                row.blog_id,
                site=home,
                needs_site=True,
                active=row.active,
                stage=row.stage,
                www_setting=settings.get(home.network_id if home else row.network_id),
            )
        )
    unknown_settings = [
        network.domain
        for network in inventory.networks
        if inventory.has_mappings and not auto_create_www and network.auto_create_www is None
    ]
    return Wanted(
        tuple(found),
        frozenset(kinds.parents),
        tuple(inventory.notes),
        "" if inventory.complete else CUT_SHORT,
        tuple(unknown_settings),
    )


def _holder(name: str, kind: str, origin: str, blog_id: int | None, **attributes: t.Any) -> Holder:
    """Make a holder of WordPress's; a name that has no normal form keeps its spelling and says why."""
    try:
        normal, problem = normalise(name), ""
        if is_wildcard(normal):
            problem = "a wildcard cannot be mapped to a site"
    except HostnameError as exc:
        normal, problem = name, str(exc)
    return Holder(normal, kind, origin, blog_id, typed=name, problem=problem, **attributes)


def wanted_by_items(items: Sequence[Item], base_domains: Sequence[str]) -> Wanted:
    """Read the items of a list.

    :param items: names, or dictionaries with ``name`` (or ``domain``) and attributes, each with its place.
    :param base_domains: names below these count as addresses of sites, normalised.
    :raises UserError: one error for all that is wrong, one line for each mistake, with its place.
    """
    found: list[Holder] = []
    problems: list[str] = []
    for item in items:
        try:
            found.append(_holder_of_item(item, base_domains))
        except UserError as exc:
            problems.extend(f"{item.place}: {line}" for line in str(exc).splitlines())
    problems.extend(_contradictions(holder for holder in found if holder.active))
    if problems:
        raise UserError("\n".join(problems))
    return Wanted(tuple(found), frozenset(base_domains))


def _holder_of_item(item: Item, base_domains: Sequence[str]) -> Holder:
    value = item.value
    own = {key: value[key] for key in OWN_KEYS if key in value} if isinstance(value, dict) else {}
    problems: list[str] = []
    if isinstance(value, dict):
        problems += [f"{key}: not a known key; use {', '.join(COLUMNS)}" for key in value if key not in COLUMNS]
        value = {key: value[key] for key in ITEM_KEYS if key in value}
    wanted = collected(problems, lambda: parse_desired_item(value))
    active = collected(problems, lambda: parse_bool(own.get("active"), "active"))
    stage = collected(problems, lambda: parse_choice(own.get("stage"), "stage", STAGES))
    blog_id = collected(problems, lambda: parse_integer(own.get("blog_id"), "blog_id", least=0, most=2**63 - 1))
    if problems or wanted is None:
        raise UserError("\n".join(problems))
    kind = SUBSITE if any(wanted.name != base and is_below(wanted.name, base) for base in base_domains) else LISTED
    return Holder(
        wanted.name,
        kind,
        "listed",
        blog_id,
        active=active is not False,
        stage=stage,
        item=wanted,
        typed=wanted.typed,
        place=item.place,
    )


T = t.TypeVar("T")


def collected(problems: list[str], read: Callable[[], T]) -> T | None:
    """Read something; where it is wrong, put that with the other problems."""
    try:
        return read()
    except UserError as exc:
        problems.append(str(exc))
        return None


def _contradictions(holders: t.Iterable[Holder]) -> t.Iterator[str]:
    """Find entries of which only one can be had: a name that is asked for in two ways, two primary domains."""
    first: dict[str, Holder] = {}
    for holder in holders:
        other = first.setdefault(holder.name, holder)
        if other.item != holder.item:
            yield (
                f"{holder.place}: {holder.typed} is asked for with other attributes than {other.typed} in "
                f"{other.place}; keep one of the two"
            )
    primaries = [one for one in first.values() if one.item and one.item.present and one.item.type == PRIMARY]
    for holder in primaries[1:]:
        other = primaries[0]
        yield (
            f"{holder.place}: {holder.typed} cannot be primary beside {other.typed} in {other.place}, because an "
            "application has one primary domain; keep one of them"
        )
