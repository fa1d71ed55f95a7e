# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A network's domains, or a plain list -> the domains that the web application should have, each with the reason. Pure.

PRIVATE to the collection: may change without notice.

WordPress answers for a mapped domain and for its www variant, whichever was typed (plugin reference 2.2). So names of
WordPress are decided in pairs; names of a list are taken as they are written.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils import _names as _hostnames
from ...module_utils._domains import desired as _wishes
from ...module_utils._errors import UserError
from .._wordpress import network as _inventory

if t.TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

AUTO = "auto"
ALWAYS = "always"
NEVER = "never"
CHOICES = (AUTO, ALWAYS, NEVER)

LISTED = "listed"

# The values of the plugin's setting auto_create_www_subdomain (plugin reference 1.1, 2.2).
MAIN_ONLY = "main_only"
MULTI_PART_TLDS = (".co.uk", ".com.au", ".co.nz", ".com.br", ".co.in")

# What a row of the plugin's table, its REST API or multisite_domain_info has beside the attributes of a domain.
_NUMBERS = ("blog_id", "id", "row", "network_id", "row_network_id")
_SWITCHES = ("active", "primary_domain", "primary", "secure")
_IGNORED = ("kind", "model", "slug", "date_created", "date_modified", "migrated_from_id")
LIST_KEYS = (*_wishes.ITEM_KEYS, "stage", *_NUMBERS, *_SWITCHES, *_IGNORED)
_WIRE_SWITCHES = {"0": False, "1": True, "true": True, "false": False}

_RANK = (_inventory.NETWORK, _inventory.BASE, _inventory.SUBSITE, _inventory.MAPPED, LISTED)


@dataclasses.dataclass(frozen=True)
class Policy:
    """What the operator wants of the names. All names are normalised.

    ``attached`` are the domains that the application has now, each with whether it has www; ``not_here`` are the names
    whose DNS is known not to point at the server (a www variant counts as a name of its own); ``auto_create_www``
    stands in for the plugin's setting.
    """

    www: str = AUTO
    subdomains: str = AUTO
    include_failed: bool = True
    skip_inactive: bool = True
    skip_archived: bool = True
    skip_spam: bool = True
    skip_deleted: bool = True
    skip_missing: bool = True
    auto_create_www: str | None = None
    base_domains: tuple[str, ...] = ()
    attached: Mapping[str, bool | None] = dataclasses.field(default_factory=dict)
    not_here: frozenset[str] = frozenset()
    exclude: tuple[str, ...] = ()

    @classmethod
    def from_options(cls, options: Mapping[str, t.Any]) -> Policy:
        """Read a policy as a user gives it: names and lists of texts, switches, choices.

        :raises UserError: it names the option and the value.
        """
        values: dict[str, t.Any] = {}
        for field in dataclasses.fields(cls):
            value = options.get(field.name)
            if value is not None:
                values[field.name] = _OPTION_READERS[field.name](field.name, value)
        unknown = sorted(set(options) - {field.name for field in dataclasses.fields(cls)})
        if unknown:
            raise UserError(f"unknown option {', '.join(unknown)}")
        return cls(**values)

    def serves(self, name: str) -> bool:
        """Say whether the application answers for a name now; a domain of which www is not known counts as with www."""
        if name in self.attached:
            return True
        bare = name.removeprefix(_hostnames.WWW)
        return bare != name and self.attached.get(bare, False) is not False

    def unreachable(self, name: str) -> bool:
        """Say whether a name is not served yet and its DNS is known not to point here. What is served stays."""
        return name in self.not_here and not self.serves(name)


@dataclasses.dataclass(frozen=True)
class Row:
    """One holder of a name, wherever it comes from."""

    name: str
    kind: str
    origin: str
    blog_id: int | None = None
    site: _inventory.Site | None = None
    needs_site: bool = False
    active: bool = True
    stage: str | None = None
    www_setting: str | None = None
    wish: _wishes.DesiredDomain | None = None


@dataclasses.dataclass(frozen=True)
class DesiredDomain:
    """One domain that the application should have. An attribute that is None is left as it is."""

    name: str
    reason: str
    kind: str
    www: bool | None = None
    redirection: str | None = None
    type: str | None = None
    state: str = _wishes.PRESENT
    blog_id: int | None = None

    @property
    def served(self) -> tuple[str, ...]:
        """The host names that the domain is known to serve."""
        return _hostnames.served_names(self.name, self.www) if self.state == _wishes.PRESENT else ()

    def as_item(self) -> dict[str, t.Any]:
        """Give the item for the option ``domains`` of ``runcloud_domains``."""
        item: dict[str, t.Any] = {"name": self.name}
        if self.state != _wishes.PRESENT:
            item["state"] = self.state
        for key in ("type", "www", "redirection"):
            if getattr(self, key) is not None:
                item[key] = getattr(self, key)
        return item

    def as_dict(self) -> dict[str, t.Any]:
        """Give everything, for a report."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """A name that the application need not have, and why."""

    name: str
    reason: str
    blog_id: int | None = None

    def as_dict(self) -> dict[str, t.Any]:
        """Give it as plain data."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Decision:
    """What was decided. Where ``complete`` is false, the source was cut short and nothing may be removed."""

    desired: tuple[DesiredDomain, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[_inventory.Note, ...] = ()
    complete: bool = True

    def as_items(self) -> list[dict[str, t.Any]]:
        """Give the option ``domains`` of ``runcloud_domains``."""
        return [domain.as_item() for domain in self.desired]

    def as_dict(self) -> dict[str, t.Any]:
        """Give the decision as plain data."""
        return {
            "domains": self.as_items(),
            "desired": [domain.as_dict() for domain in self.desired],
            "left_out": [name.as_dict() for name in self.left_out],
            "notes": [note.as_dict() for note in self.notes],
            "complete": self.complete,
        }


def decide(inventory: _inventory.Inventory, policy: Policy) -> Decision:
    """Decide which domains a WordPress network needs.

    :param inventory: what was read of the network.
    :param policy: what the operator wants.
    """
    kinds = _inventory.Kinds(inventory, policy.base_domains)
    decision = _Decider(policy, kinds.parents).decide(_rows_of_inventory(inventory, kinds, policy))
    notes = [*_setting_notes(inventory, policy), *decision.notes]
    return dataclasses.replace(decision, complete=inventory.complete, notes=tuple(notes))


def decide_list(items: Sequence[object], policy: Policy, option: str = "domains") -> Decision:
    """Decide about a plain list of domains.

    :param items: names, or dicts with ``name`` (or ``domain``) and attributes; also rows of the plugin's own lists.
    :param policy: as for a network. Names below ``base_domains`` count as subdomains of the network, all others as
        mapped; ``www`` goes before what an item says, unless it is ``auto``.
    :param option: what error messages call the list.
    :raises UserError: one error for all that is wrong, each with index, key and value.
    """
    rows = _rows_of_list(items, policy, option)
    decision = _Decider(policy, set(policy.base_domains)).decide(rows)
    _refuse_served_twice(decision.desired, option)
    if not _is_capped(items):
        return decision
    text = (
        f"{option}: exactly {_inventory.SILENT_CAP} rows of the plugin's own list, which ends silently there: "
        "the list may be cut short, so nothing is removed because of it; read the network by multisite_domain_info"
    )
    return dataclasses.replace(decision, complete=False, notes=(*decision.notes, _inventory.Note("capped", text)))


def is_main_domain(name: str) -> bool:
    """Say whether a name is a registered domain itself, by the plugin's own rule of thumb (plugin reference 2.2)."""
    labels = name.count(".") + 1
    return labels <= 2 or (labels == 3 and name.endswith(MULTI_PART_TLDS))


class _Decider:
    """Sorts rows into desired domains and names left out."""

    def __init__(self, policy: Policy, parents: Collection[str]) -> None:
        self._policy = policy
        self._parents = parents
        self._wildcards = {name for name in policy.attached if _hostnames.is_wildcard(name)}

    def decide(self, rows: Sequence[Row]) -> Decision:
        """Decide about all rows. A name that several rows hold is wanted as soon as one of them wants it."""
        listed = {row.name for row in rows if row.wish and row.wish.present}
        self._wildcards.update(name for name in listed if _hostnames.is_wildcard(name))
        refused: dict[str, tuple[Row, str]] = {}
        pairs: dict[str, list[Row]] = {}
        desired: list[DesiredDomain] = []
        for row in rows:
            reason = self._refusal(row)
            if reason:
                refused.setdefault(row.name, (row, reason))
            elif row.wish:
                desired.append(self._as_listed(row, row.wish, listed))
            else:
                pairs.setdefault(row.name.removeprefix(_hostnames.WWW), []).append(row)
        desired = list({domain.name: domain for domain in desired}.values())
        for bare, holders in pairs.items():
            desired.extend(self._as_pair(bare, holders))
        desired.extend(self._covering_wildcards({domain.name for domain in desired}))
        known = {name for domain in desired for name in (domain.name, *domain.served)}
        left_out = [LeftOut(name, reason, row.blog_id) for name, (row, reason) in refused.items() if name not in known]
        return Decision(tuple(desired), tuple(left_out), tuple(self._notes(desired)))

    def _refusal(self, row: Row) -> str | None:
        """Say why a row does not ask for its name, or None where it does."""
        policy = self._policy
        pattern = self._excluded(row.name)
        if pattern:
            return f"excluded by {pattern}"
        return (
            _name_refusal(row)
            or _site_refusal(row, policy)
            or _mapping_refusal(row, policy)
            or self._subdomain_refusal(row)
        )

    def _excluded(self, name: str) -> str | None:
        return _hostnames.matching_pattern(name, self._policy.exclude)

    def _subdomain_refusal(self, row: Row) -> str | None:
        if row.kind != _inventory.SUBSITE or _hostnames.is_wildcard(row.name) or self._policy.subdomains == ALWAYS:
            return None
        if self._policy.subdomains == NEVER:
            return "an address below the network's domain (subdomains = never)"
        if _hostnames.covered_by(row.name, self._wildcards):
            return f"left to {_hostnames.WILDCARD}{row.name.partition('.')[2]}"
        return None

    def _as_listed(self, row: Row, wish: _wishes.DesiredDomain, listed: Collection[str]) -> DesiredDomain:
        """Take an item of a list as it is written, except for www where the policy says otherwise."""
        domain = DesiredDomain(
            wish.name, row.origin, row.kind, wish.www, wish.redirection, wish.type, wish.state, row.blog_id
        )
        if not wish.present:
            return domain
        if self._policy.www == NEVER:
            return dataclasses.replace(domain, www=False, redirection="none")
        variant = _hostnames.www_form(wish.name)
        if domain.www and self._excluded(variant):
            return dataclasses.replace(domain, www=None, reason=f"{row.origin}; {variant} is excluded")
        if self._policy.www == AUTO or not _hostnames.can_have_www(wish.name) or variant in listed:
            return domain
        www, why = self._reachable_www(wish.name, True, "www = always")
        return dataclasses.replace(domain, www=www, reason=f"{row.origin}; {why}")

    def _as_pair(self, bare: str, holders: list[Row]) -> list[DesiredDomain]:
        """Decide about a name and its www variant, of which at least one is held by a row of WordPress."""
        lead = min(holders, key=lambda row: _RANK.index(row.kind))
        typed = {row.name for row in holders}
        if _hostnames.www_form(bare) in typed:
            return self._www_was_typed(bare, bare in typed, lead)
        return self._bare_was_typed(bare, lead)

    def _www_was_typed(self, bare: str, bare_too: bool, lead: Row) -> list[DesiredDomain]:
        """The name that was mapped begins with www: the bare name carries it, so that WordPress gets both."""
        www = _hostnames.www_form(bare)
        if not bare_too:
            why_alone = self._why_without_bare(bare)
            if why_alone:
                return [_domain(lead, www, False, f"www was mapped; {why_alone}")]
        apart = self._why_apart(www, bare_too)
        if apart:
            return [_domain(lead, www, False, f"www was mapped; {apart}"), _domain(lead, bare, False, apart)]
        if bare_too:
            return [_domain(lead, bare, True, f"{www} was mapped too, WordPress redirects", "none")]
        return [_domain(lead, bare, True, f"{www} was mapped", "www")]

    def _why_without_bare(self, bare: str) -> str | None:
        """Say why a bare name that nobody mapped is not added to its www name."""
        if self._policy.www == NEVER:
            return f"{bare} is not added (www = never)"
        if self._excluded(bare):
            return f"{bare} is excluded"
        return f"{bare} does not point here" if self._policy.unreachable(bare) else None

    def _why_apart(self, www: str, bare_too: bool) -> str | None:
        """Say why a www name must be a domain of its own, beside its bare name."""
        if self._policy.www == NEVER:
            return "www = never"
        if www in self._policy.attached:
            return f"{www} is attached by itself"
        return f"{www} does not point here" if bare_too and self._policy.unreachable(www) else None

    def _bare_was_typed(self, bare: str, lead: Row) -> list[DesiredDomain]:
        """The name that was mapped does not begin with www: its www variant comes along as the setting says."""
        variant = _hostnames.www_form(bare)
        www, why = self._reachable_www(bare, *self._wants_www(lead))
        if www and variant in self._policy.attached:
            apart = f"{variant} is attached by itself"
            return [_domain(lead, bare, False, apart), _domain(lead, variant, False, apart)]
        return [_domain(lead, bare, www, why)]

    def _wants_www(self, row: Row) -> tuple[bool | None, str]:
        if self._policy.www == ALWAYS:
            return True, "www = always"
        if self._policy.www == NEVER:
            return False, "www = never"
        if row.kind in (_inventory.NETWORK, _inventory.BASE):
            # Set up by hand before any of this; nothing in WordPress says how.
            return None, ""
        if row.kind == _inventory.SUBSITE:
            # Nobody types it, and *.network in a certificate would not cover it.
            missing = f"{_hostnames.WILDCARD}{row.name.partition('.')[2]} is not attached"
            return False, missing if self._policy.subdomains == AUTO else "subdomains = always"
        main = is_main_domain(row.name)
        if row.www_setting is None:
            # Nothing is taken away on a guess.
            return (True, "with www (main domain, plugin's setting not known)") if main else (None, "")
        wanted = main if row.www_setting == MAIN_ONLY else row.www_setting != NEVER
        return wanted, f"{'with' if wanted else 'without'} www (plugin's setting: {row.www_setting})"

    def _reachable_www(self, name: str, www: bool | None, why: str) -> tuple[bool | None, str]:
        """Do not add a www variant that must not be touched, or that would only make a certificate order fail."""
        variant = _hostnames.www_form(name)
        if not www:
            return www, why
        if self._excluded(variant):
            return None, f"{variant} is excluded"
        if self._policy.unreachable(variant):
            return False, f"{variant} does not point here"
        return True, why

    def _covering_wildcards(self, known: Collection[str]) -> list[DesiredDomain]:
        """Keep the wildcards that sites are left to: they are wanted although no row asks for them."""
        if self._policy.subdomains == ALWAYS:
            return []
        return [
            DesiredDomain(wildcard, f"covers the addresses of sites below {parent}", _inventory.SUBSITE)
            for parent in sorted(self._parents)
            if (wildcard := _hostnames.WILDCARD + parent) in self._policy.attached
            and wildcard not in known
            and not self._excluded(wildcard)
        ]

    def _notes(self, desired: Iterable[DesiredDomain]) -> t.Iterator[_inventory.Note]:
        added = [
            domain.name
            for domain in desired
            if domain.kind == _inventory.SUBSITE
            and domain.name not in self._policy.attached
            and not _hostnames.is_wildcard(domain.name)
        ]
        if added and self._policy.subdomains == AUTO:
            wildcards = ", ".join(sorted({_hostnames.WILDCARD + name.partition(".")[2] for name in added}))
            yield _inventory.Note(
                "no_wildcard",
                f"{len(added)} addresses of sites are added one by one, and each takes a place in a certificate; "
                f"attach {wildcards} to leave them to it",
            )


def _domain(row: Row, name: str, www: bool | None, why: str, redirection: str | None = None) -> DesiredDomain:
    """Make a desired domain; the redirection follows the name that was mapped, unless it is given."""
    if redirection is None and www is not None:
        redirection = "non-www" if www else "none"
    reason = f"{row.origin}; {why}" if why else row.origin
    return DesiredDomain(name, reason, row.kind, www, redirection, blog_id=row.blog_id)


def _name_refusal(row: Row) -> str | None:
    if row.wish:
        return None
    try:
        _hostnames.normalise(row.name)
    except _hostnames.HostnameError as exc:
        return f"no host name: {exc}"
    if _hostnames.is_wildcard(row.name):
        return "a wildcard cannot be mapped to a site"
    return None


def _site_refusal(row: Row, policy: Policy) -> str | None:
    site = row.site
    if site is None:
        return f"site {row.blog_id} does not exist" if row.needs_site and policy.skip_missing else None
    states = (
        (site.deleted and policy.skip_deleted, "deleted"),
        (site.spam and policy.skip_spam, "marked as spam"),
        (site.archived and policy.skip_archived, "archived"),
    )
    return next((f"site {site.blog_id} is {word}" for wrong, word in states if wrong), None)


def _mapping_refusal(row: Row, policy: Policy) -> str | None:
    if not row.active and policy.skip_inactive:
        return "paused (active = false)" if row.wish else "paused in WordPress (active = 0)"
    if row.stage in _inventory.FAILED_STAGES and not policy.include_failed:
        return f"stage {row.stage} (include_failed = false)"
    return None


def _rows_of_inventory(inventory: _inventory.Inventory, kinds: _inventory.Kinds, policy: Policy) -> list[Row]:
    """List every holder of every name: networks, sites, declared base domains, rows of the plugin's table."""
    sites = {site.blog_id: site for site in inventory.sites}
    settings = {network.id: policy.auto_create_www or network.auto_create_www for network in inventory.networks}
    rows = [
        Row(network.domain, _inventory.NETWORK, "the network's own domain", network.main_site_id)
        for network in inventory.networks
    ]
    rows.extend(Row(name, _inventory.BASE, "a base domain of the network") for name in policy.base_domains)
    for site in inventory.sites:
        rows.append(
            Row(
                site.domain,
                kinds.of(site.domain),
                f"own address of site {site.blog_id}",
                site.blog_id,
                site,
                needs_site=True,
                www_setting=settings.get(site.network_id),
            )
        )
    for mapping in inventory.domains:
        home = sites.get(mapping.blog_id)
        failed = f", stage {mapping.stage}" if mapping.stage in _inventory.FAILED_STAGES else ""
        rows.append(
            Row(
                mapping.domain,
                kinds.of(mapping.domain),
                f"mapped to site {mapping.blog_id}{failed}",
                mapping.blog_id,
                home,
                needs_site=True,
                active=mapping.active,
                stage=mapping.stage,
                www_setting=settings.get(home.network_id if home else mapping.network_id),
            )
        )
    return rows


def _rows_of_list(items: Sequence[object], policy: Policy, option: str) -> list[Row]:
    problems: list[str] = []
    rows: list[Row] = []
    wishes: dict[str, tuple[int, _wishes.DesiredDomain]] = {}
    for index, item in enumerate(items):
        try:
            row = _row_of_item(item, policy)
        except UserError as exc:
            problems.append(f"{option}[{index}]: {exc}")
            continue
        rows.append(row)
        if row.wish is None or not (row.active or not policy.skip_inactive):
            continue
        first, wish = wishes.setdefault(row.name, (index, row.wish))
        if wish != row.wish:
            problems.append(
                f"{option}[{index}]: {row.name} is asked for with other attributes than in {option}[{first}]; "
                "keep one of the two"
            )
    _wishes.raise_problems(problems)
    return rows


def _row_of_item(item: object, policy: Policy) -> Row:
    if not isinstance(item, dict):
        wish = _wishes.parse_desired_item(item)
        return Row(wish.name, _list_kind(wish.name, policy), "listed", wish=wish)
    unknown = sorted(str(key) for key in item if key not in LIST_KEYS)
    if unknown:
        raise UserError(f"unknown key {', '.join(unknown)}; known are {', '.join(LIST_KEYS)}")
    wish = _wishes.parse_desired_item({key: value for key, value in item.items() if key in _wishes.ITEM_KEYS})
    switches = {key: _wire_switch(item, key) for key in _SWITCHES}
    numbers = {key: _wire_number(item, key) for key in _NUMBERS}
    return Row(
        wish.name,
        _list_kind(wish.name, policy),
        "listed",
        numbers["blog_id"],
        active=switches["active"] is not False,
        stage=_wishes.parse_choice(item, "stage", _inventory.STAGES),
        wish=wish,
    )


def _list_kind(name: str, policy: Policy) -> str:
    below = any(name != base and _hostnames.is_below(name, base) for base in policy.base_domains)
    return _inventory.SUBSITE if below else LISTED


def _wire_switch(item: Mapping[t.Any, object], key: str) -> bool | None:
    """Read a switch as the plugin's lists write it: true, false, 0, 1, also as texts."""
    value = item.get(key)
    if value is None or isinstance(value, bool):
        return value
    found = _WIRE_SWITCHES.get(str(value).lower()) if isinstance(value, (str, int)) else None
    if found is None:
        raise UserError(f"{key}: {value!r} is neither true nor false")
    return found


def _wire_number(item: Mapping[t.Any, object], key: str) -> int | None:
    value = item.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    raise UserError(f"{key}: {value!r} is no number")


def _is_capped(items: Sequence[object]) -> bool:
    return len(items) == _inventory.SILENT_CAP and all(
        isinstance(item, dict) and "primary_domain" in item and "stage" in item for item in items
    )


def _refuse_served_twice(desired: Iterable[DesiredDomain], option: str) -> None:
    by_name = {domain.name: domain for domain in desired if domain.state == _wishes.PRESENT}
    _wishes.raise_problems(
        [
            f"{option}: {variant} would be served twice, by itself and by {name} with www; leave one of them out"
            for name, domain in by_name.items()
            if domain.www and (variant := _hostnames.www_form(name)) in by_name
        ]
    )


def _setting_notes(inventory: _inventory.Inventory, policy: Policy) -> t.Iterator[_inventory.Note]:
    if policy.www != AUTO or policy.auto_create_www or not inventory.has_mappings:
        return
    for network in inventory.networks:
        if network.auto_create_www is None:
            yield _inventory.Note(
                "www_setting_unknown",
                f"the plugin's setting for www names is not known for network {network.domain}: main domains get www, "
                "others keep what they have; say www = always or never to decide",
                domain=network.domain,
            )


def _read_choice(name: str, value: object) -> str:
    if value not in CHOICES:
        raise UserError(f"{name}: {value!r} is not one of {', '.join(CHOICES)}")
    return str(value)


def _read_setting(name: str, value: object) -> str:
    choices = (ALWAYS, MAIN_ONLY, NEVER)
    if value not in choices:
        raise UserError(f"{name}: {value!r} is not one of {', '.join(choices)}")
    return str(value)


def _read_switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise UserError(f"{name}: {value!r} is neither true nor false")
    return value


def _read_texts(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, (list, tuple, set, frozenset)):
        raise UserError(f"{name}: {value!r} is no list")
    wrong = [item for item in value if not isinstance(item, str)]
    if wrong:
        raise UserError(f"{name}: {wrong[0]!r} is no text")
    return tuple(value)


def _read_names(name: str, value: object) -> tuple[str, ...]:
    try:
        return tuple(_hostnames.normalise(text) for text in _read_texts(name, value))
    except _hostnames.HostnameError as exc:
        raise UserError(f"{name}: {exc}") from exc


def _read_known_names(name: str, value: object) -> frozenset[str]:
    return frozenset(_hostnames.normalise_lenient(text) for text in _read_texts(name, value))


def _read_attached(name: str, value: object) -> dict[str, bool | None]:
    """Read the domains that ``runcloud_domain_info`` returned."""
    if not isinstance(value, list) or not all(
        isinstance(row, dict) and isinstance(row.get("name"), str) for row in value
    ):
        raise UserError(f"{name}: a list of domains as runcloud_domain_info returns them is wanted")
    return {_hostnames.normalise_lenient(row["name"]): _wishes.parse_bool(row, "www") for row in value}


_OPTION_READERS: dict[str, Callable[[str, object], t.Any]] = {
    "www": _read_choice,
    "subdomains": _read_choice,
    "include_failed": _read_switch,
    "skip_inactive": _read_switch,
    "skip_archived": _read_switch,
    "skip_spam": _read_switch,
    "skip_deleted": _read_switch,
    "skip_missing": _read_switch,
    "auto_create_www": _read_setting,
    "base_domains": _read_names,
    "attached": _read_attached,
    "not_here": _read_known_names,
    "exclude": _read_texts,
}
