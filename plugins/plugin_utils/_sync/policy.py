# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the operator wants of the names, and by that a name of WordPress and its www variant -> domains. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils._domains.desired import DesiredDomain
from ...module_utils._names import WILDCARD, WWW, matching_pattern, www_form
from .._wordpress.network import BASE, MAPPED, NETWORK, SUBSITE

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .holders import Holder

AUTO = "auto"
ALWAYS = "always"
NEVER = "never"
CHOICES = (AUTO, ALWAYS, NEVER)

INACTIVE = "inactive"
ARCHIVED = "archived"
SPAM = "spam"
DELETED = "deleted"
FAILED = "failed"
SKIPPABLE = (INACTIVE, ARCHIVED, SPAM, DELETED, FAILED)
SKIPPED = (INACTIVE, ARCHIVED, SPAM, DELETED)

# The values of the plugin's setting auto_create_www_subdomain (plugin reference 1.1, 2.2).
MAIN_ONLY = "main_only"
SETTINGS = (ALWAYS, MAIN_ONLY, NEVER)


@dataclasses.dataclass(frozen=True)
class Policy:
    """What the operator wants of the names, and what is known of them. All names are normalised.

    ``attached`` are the domains that the application has now, each with whether it has www; ``away`` are the names
    whose DNS is not known to point at the server, each with the words for it (a www variant is a name of its own);
    ``auto_create_www`` stands in for the plugin's setting.
    """

    www: str = AUTO
    subdomains: str = AUTO
    skip: frozenset[str] = frozenset(SKIPPED)
    auto_create_www: str | None = None
    base_domains: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    attached: Mapping[str, bool | None] = dataclasses.field(default_factory=dict)
    away: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def serves(self, name: str) -> bool:
        """Say whether the application answers for a name now; a domain of which www is not known counts as with www."""
        bare = name.removeprefix(WWW)
        return name in self.attached or (bare != name and self.attached.get(bare, False) is not False)

    def obstacle(self, name: str) -> str:
        """Say why a name must not be added because of its DNS; "" where nothing is against it. What is served stays."""
        return self.away[name] if name in self.away and not self.serves(name) else ""

    def excludes(self, name: str) -> str | None:
        """Return the pattern that says that a name is never touched."""
        return matching_pattern(name, self.exclude) if self.exclude else None


# Pairs: WordPress answers for a mapped domain and for its www variant, whichever was typed (plugin reference 2.2).

MULTI_PART_TLDS = (".co.uk", ".com.au", ".co.nz", ".com.br", ".co.in")
_RANK = (NETWORK, BASE, SUBSITE, MAPPED)


def as_pair(bare: str, holders: Sequence[Holder], policy: Policy) -> list[DesiredDomain]:
    """Decide about a name and its www variant, of which at least one is held by a row of WordPress."""
    lead = min(holders, key=lambda row: _RANK.index(row.kind))
    typed = {row.name for row in holders}
    if www_form(bare) in typed:
        return _www_was_typed(bare, bare in typed, lead, policy)
    return _bare_was_typed(bare, lead, policy)


def _www_was_typed(bare: str, bare_too: bool, lead: Holder, policy: Policy) -> list[DesiredDomain]:
    """The name that was mapped begins with www: the bare name carries it, so that WordPress gets both."""
    www = www_form(bare)
    if not bare_too:
        why_alone = _why_without_bare(bare, policy)
        if why_alone:
            return [_domain(lead, www, False, f"www was mapped; {why_alone}", policy)]
    apart = _why_apart(www, bare_too, policy)
    if apart:
        return [
            _domain(lead, www, False, f"www was mapped; {apart}", policy),
            _domain(lead, bare, False, apart, policy),
        ]
    if bare_too:
        return [_domain(lead, bare, True, f"{www} was mapped too, WordPress redirects", policy, "none")]
    return [_domain(lead, bare, True, f"{www} was mapped", policy, "www")]


def _why_without_bare(bare: str, policy: Policy) -> str | None:
    """Say why a bare name that is not mapped is not added to its www name."""
    if policy.www == NEVER:
        return f"{bare} is not added (www is never)"
    if policy.excludes(bare):
        return f"{bare} is excluded"
    obstacle = policy.obstacle(bare)
    return f"{bare} {obstacle}" if obstacle else None


def _why_apart(www: str, bare_too: bool, policy: Policy) -> str | None:
    """Say why a www name must be a domain of its own, beside its bare name."""
    if policy.www == NEVER:
        return "www is never"
    if www in policy.attached:
        return f"{www} is attached by itself"
    obstacle = policy.obstacle(www) if bare_too else ""
    return f"{www} {obstacle}" if obstacle else None


def _bare_was_typed(bare: str, lead: Holder, policy: Policy) -> list[DesiredDomain]:
    """The name that was mapped does not begin with www: its www variant comes along as the setting says."""
    variant = www_form(bare)
    www, why = reachable_www(bare, *_wants_www(lead, policy), policy)
    if www and variant in policy.attached:
        apart = f"{variant} is attached by itself"
        return [_domain(lead, bare, False, apart, policy), _domain(lead, variant, False, apart, policy)]
    return [_domain(lead, bare, www, why, policy)]


def _wants_www(row: Holder, policy: Policy) -> tuple[bool | None, str]:
    if policy.www == ALWAYS:
        return True, "www is always"
    if policy.www == NEVER:
        return False, "www is never"
    if row.kind in (NETWORK, BASE):
        # Set up by hand before any of this; nothing in WordPress says how.
        return None, ""
    if row.kind == SUBSITE:
        # Nobody types it, and *.network in a certificate would not cover it.
        missing = f"{WILDCARD}{row.name.partition('.')[2]} is not attached"
        return False, missing if policy.subdomains == AUTO else "subdomains is always"
    main = is_main_domain(row.name)
    if row.www_setting is None:
        # Nothing is taken away on a guess.
        return (True, "with www (main domain, plugin's setting not known)") if main else (None, "")
    wanted = main if row.www_setting == MAIN_ONLY else row.www_setting != NEVER
    return wanted, f"{'with' if wanted else 'without'} www (plugin's setting: {row.www_setting})"


def reachable_www(name: str, www: bool | None, why: str, policy: Policy) -> tuple[bool | None, str]:
    """Do not add a www variant that must not be touched, or that would only make a certificate order fail."""
    variant = www_form(name)
    if not www:
        return www, why
    if policy.excludes(variant):
        return None, f"{variant} is excluded"
    obstacle = policy.obstacle(variant)
    return (False, f"{variant} {obstacle}") if obstacle else (True, why)


def _domain(
    row: Holder, name: str, www: bool | None, why: str, policy: Policy, redirection: str | None = None
) -> DesiredDomain:
    """Make a desired domain; the redirection follows the name that was mapped, unless it is given."""
    if redirection is None and www is not None:
        redirection = "non-www" if www else "none"
    return DesiredDomain(
        name,
        www=www,
        redirection=redirection,
        reason=f"{row.origin}; {why}" if why else row.origin,
        kind=row.kind,
        blog_id=row.blog_id,
        typed=row.typed if row.name == name else "",
        # Only what was asked for is taken from an attached domain without purge.
        www_firm=www is not False or policy.www == NEVER,
    )


def is_main_domain(name: str) -> bool:
    """Say whether a name is a registered domain itself, by the plugin's own rule of thumb (plugin reference 2.2)."""
    labels = name.count(".") + 1
    return labels <= 2 or (labels == 3 and name.endswith(MULTI_PART_TLDS))
