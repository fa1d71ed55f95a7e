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

from ...module_utils._domains.desired import DesiredDomain
from ...module_utils._errors import UserError
from ...module_utils._names import (
    WILDCARD,
    WWW,
    can_have_www,
    covered_by,
    is_wildcard,
    normalise_lenient,
    older_form,
    served_names,
    www_form,
)
from .._wordpress.network import FAILED_STAGES, SUBSITE, Note
from .policy import ALWAYS, ARCHIVED, AUTO, DELETED, FAILED, INACTIVE, NEVER, SPAM, Policy, as_pair, reachable_www

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from .holders import Holder, Wanted


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """A name that the application need not have, and why."""

    name: str
    reason: str
    blog_id: int | None = None


@dataclasses.dataclass(frozen=True)
class Decision:
    """What was decided.

    ``protected`` are names that are wanted and that our rules refuse, in the spelling they may be attached in, each
    with the reason: they are never removed. ``errors`` are those of them that nobody can attach, by the name as it was
    written. ``withheld`` says why nothing may be removed: the source may not be whole.
    """

    desired: tuple[DesiredDomain, ...]
    left_out: tuple[LeftOut, ...] = ()
    protected: Mapping[str, str] = dataclasses.field(default_factory=dict)
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    withheld: str = ""

    @property
    def complete(self) -> bool:
        """Whether the source is known to be whole."""
        return not self.withheld

    @property
    def names(self) -> list[str]:
        """The host names that the desired domains are known to serve."""
        return list(
            dict.fromkeys(
                name for domain in self.desired if domain.present for name in served_names(domain.name, domain.www)
            )
        )


def decide(wanted: Wanted, policy: Policy) -> Decision:
    """Decide which domains the application should have. A name that several hold is wanted as soon as one wants it.

    :raises UserError: a list asks for something twice in a way that cannot be had.
    """
    listed = {row.name for row in wanted.holders if row.item and row.item.present}
    wildcards = {name for name in (*policy.attached, *listed) if is_wildcard(name)}
    refused: dict[str, LeftOut] = {}
    unreadable: dict[str, Holder] = {}
    pairs: dict[str, list[Holder]] = {}
    desired: dict[str, DesiredDomain] = {}
    for row in wanted.holders:
        reason = _refusal(row, policy, wildcards)
        if reason:
            refused.setdefault(row.name, LeftOut(row.name, reason, row.blog_id))
        elif row.problem:
            unreadable.setdefault(row.name, row)
        elif row.item:
            desired[row.name] = _as_listed(row, row.item, policy, listed)
        else:
            pairs.setdefault(row.name.removeprefix(WWW), []).append(row)
    satisfied = _serve_once(desired, policy, wanted.holders) if listed else []
    for bare, asking in pairs.items():
        desired.update((domain.name, domain) for domain in as_pair(bare, asking, policy))
    desired.update((domain.name, domain) for domain in _covering_wildcards(desired, wanted.parents, policy))
    known = {name for domain in desired.values() for name in served_names(domain.name, domain.www)}
    left_out = [row for name, row in refused.items() if name not in known]
    protected, errors = _protect(unreadable.values(), policy)
    notes = (*wanted.notes, *_setting_notes(wanted, policy), *_wildcard_notes(desired.values(), policy))
    return Decision(tuple(desired.values()), (*left_out, *satisfied), protected, errors, notes, wanted.withheld)


def _protect(rows: Iterable[Holder], policy: Policy) -> tuple[dict[str, str], dict[str, str]]:
    """Sort names that are wanted and cannot be read into what is protected and what has failed."""
    protected: dict[str, str] = {}
    errors: dict[str, str] = {}
    for row in rows:
        spellings = [normalise_lenient(row.typed), older_form(normalise_lenient(row.typed))]
        why = f"WordPress wants {row.typed} ({row.origin}), which is not managed: {row.problem}"
        for bare in [spelling.removeprefix(WWW) for spelling in spellings]:
            protected.setdefault(bare, why)
            protected.setdefault(www_form(bare), why)
        if not any(map(policy.serves, spellings)):
            errors[row.typed] = f"{row.origin}, but it cannot be attached: {row.problem}"
    return protected, errors


def _refusal(row: Holder, policy: Policy, wildcards: Collection[str]) -> str | None:
    """Say why a holder does not ask for its name, or None where it does."""
    pattern = policy.excludes(row.name)
    if pattern:
        return f"excluded by {pattern}"
    return _site_refusal(row, policy) or _mapping_refusal(row, policy) or _subdomain_refusal(row, policy, wildcards)


def _site_refusal(row: Holder, policy: Policy) -> str | None:
    site = row.site
    if site is None:
        return f"site {row.blog_id} does not exist" if row.needs_site else None
    states = (
        (site.deleted, DELETED, DELETED),
        (site.spam, SPAM, "marked as spam"),
        (site.archived, ARCHIVED, ARCHIVED),
    )
    return next(
        (f"site {site.blog_id} is {words}" for is_so, skip, words in states if is_so and skip in policy.skip), None
    )


def _mapping_refusal(row: Holder, policy: Policy) -> str | None:
    if not row.active and (row.item or INACTIVE in policy.skip):
        return "paused (active: false)" if row.item else "paused in WordPress (active = 0)"
    if row.stage in FAILED_STAGES and FAILED in policy.skip:
        return f"stage {row.stage} (skip has {FAILED})"
    return None


def _subdomain_refusal(row: Holder, policy: Policy, wildcards: Collection[str]) -> str | None:
    if row.kind != SUBSITE or is_wildcard(row.name) or policy.subdomains == ALWAYS:
        return None
    if policy.subdomains == NEVER:
        return "an address below the network's domain (subdomains is never)"
    if covered_by(row.name, wildcards):
        return f"left to {WILDCARD}{row.name.partition('.')[2]}"
    return None


def _as_listed(row: Holder, item: DesiredDomain, policy: Policy, listed: Collection[str]) -> DesiredDomain:
    """Take an item of a list as it is written, except for www where the policy says otherwise."""
    wanted = dataclasses.replace(item, reason=row.origin, kind=row.kind, blog_id=row.blog_id, typed=row.typed)
    if not item.present:
        return wanted
    if policy.www == NEVER:
        return dataclasses.replace(wanted, www=False, redirection="none")
    variant = www_form(item.name)
    if item.www and policy.excludes(variant):
        return dataclasses.replace(wanted, www=None, reason=f"{row.origin}; {variant} is excluded")
    if policy.www == AUTO or not can_have_www(item.name) or variant in listed:
        return wanted
    www, why = reachable_www(item.name, True, "www is always", policy)
    return dataclasses.replace(wanted, www=www, www_firm=bool(www), reason=f"{row.origin}; {why}")


def _covering_wildcards(known: Collection[str], parents: Collection[str], policy: Policy) -> t.Iterator[DesiredDomain]:
    """Keep the wildcards that sites are left to: they are wanted although no row asks for them."""
    if policy.subdomains == ALWAYS:
        return
    for parent in sorted(parents):
        wildcard = WILDCARD + parent
        if wildcard in policy.attached and wildcard not in known and not policy.excludes(wildcard):
            yield DesiredDomain(wildcard, reason=f"covers the addresses of sites below {parent}", kind=SUBSITE)


def _serve_once(desired: dict[str, DesiredDomain], policy: Policy, holders: Iterable[Holder]) -> list[LeftOut]:
    """Settle what a list asks for twice: a www name as a domain of its own, and as the www of another.

    :param desired: is changed so that each host name is served once.
    :returns: names that another domain serves already.
    :raises UserError: it cannot be had, one line for each.
    """
    satisfied: list[LeftOut] = []
    problems: list[str] = []
    for name, domain in list(desired.items()):
        variant = www_form(name)
        other = desired.get(variant)
        if not domain.present or not can_have_www(name) or (other is not None and not other.present):
            continue
        by_itself = variant in policy.attached
        if domain.www and by_itself and policy.attached.get(name) is not True:
            reason = f"{domain.reason}; {variant} is attached by itself"
            desired[name] = dataclasses.replace(domain, www=False, www_firm=False, redirection=None, reason=reason)
            why = f"www of {name}, attached by itself"
            desired.setdefault(variant, DesiredDomain(variant, reason=why, kind=domain.kind))
        elif other is not None and domain.www is not False and policy.attached.get(name) and not by_itself:
            del desired[variant]
            desired[name] = dataclasses.replace(domain, www=True)
            satisfied.append(LeftOut(variant, f"served as www of {name}", other.blog_id))
        elif other is not None and domain.www:
            places = {row.name: row.place or row.name for row in holders}
            problems.append(
                f"{places[name]} and {places[variant]}: {variant} would be served twice, by itself and as www of "
                f"{name}; leave one of them out"
            )
    if problems:
        raise UserError("\n".join(problems))
    return satisfied


def _wildcard_notes(desired: Iterable[DesiredDomain], policy: Policy) -> t.Iterator[Note]:
    added = [
        domain.name
        for domain in desired
        if domain.kind == SUBSITE and domain.name not in policy.attached and not is_wildcard(domain.name)
    ]
    if added and policy.subdomains == AUTO:
        wildcards = ", ".join(sorted({WILDCARD + name.partition(".")[2] for name in added}))
        yield Note(
            "no_wildcard",
            f"{len(added)} addresses of sites are added one by one, and each takes a place in a certificate; "
            f"attach {wildcards} to leave them to it",
        )


def _setting_notes(wanted: Wanted, policy: Policy) -> t.Iterator[Note]:
    if policy.www != AUTO:
        return
    for network in wanted.without_setting:
        yield Note(
            "www_setting_unknown",
            f"the plugin's setting for www names is not known for network {network}: main domains get www, others keep "
            "what they have; set domain_sync_www to always or never to decide",
            domain=network,
        )
