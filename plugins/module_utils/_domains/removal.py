# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is taken away, by request and by purge, and what purge must spare. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._names import is_test_domain, matching_pattern, served_names, www_form
from .._runcloud.models import PRIMARY, Domain

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .case import Case, Primary
    from .desired import DesiredDomain

NO_PRIMARY_KNOWN = "RunCloud does not say which domain is the primary one, so nothing is removed"
NO_WWW_ON_V2 = "API v2 documents no way to take its www away"
_SHOWN_NAMES = 10


@dataclasses.dataclass(frozen=True)
class Leaving:
    """What is taken away: rows, and of others (by name) the www variant; what could be, and what may not."""

    rows: tuple[Domain, ...]
    www: tuple[str, ...]
    unmanaged: tuple[str, ...]
    protected: tuple[tuple[str, str], ...]
    refusal: str


def find_leaving(
    case: Case,
    wanted: Mapping[str, DesiredDomain],
    primary: Primary,
    errors: dict[str, str],
) -> Leaving:
    """Decide what is removed, by request and by purge; requests that cannot be met are added to ``errors``."""
    protected: list[tuple[str, str]] = []
    pending = _pending(case, wanted)
    rows = _asked_to_go(case, primary, pending, errors, protected)
    www = [name for name, domain in wanted.items() if _loses_www(domain, case) and domain.www_firm]
    asked = {domain.name for domain in case.asked}
    extra_rows: list[Domain] = []
    extra_www: list[str] = []
    unmanaged: dict[str, None] = {}
    for row in case.rows:
        domain = wanted.get(row.name)
        only_www = domain is not None and _loses_www(domain, case) and not domain.www_firm
        if row.name in asked and (not only_www or www_form(row.name) in case.present):
            continue
        name = www_form(row.name) if only_www else row.name
        reason = _why_kept(row, name, case, primary, pending)
        if reason is not None:
            protected.append((name, reason))
            continue
        unmanaged[name] = None
        if only_www:
            extra_www.append(row.name)
        else:
            extra_rows.append(row)
    refusal = _refusal(case, list(unmanaged))
    if case.purge.enabled and (case.purge.withheld or refusal):
        held_back = [*(row.name for row in rows), *map(www_form, www)]
        protected.extend((name, "nothing is removed in a run in which purge is held back") for name in held_back)
        rows, www = [], []
    elif case.purge.enabled:
        rows, www = [*rows, *extra_rows], [*www, *extra_www]
    return Leaving(tuple(rows), tuple(www), tuple(unmanaged), tuple(protected), refusal)


def _pending(case: Case, wanted: Mapping[str, DesiredDomain]) -> frozenset[str]:
    """Return the host names that are asked for and get no row in this run: the rows that serve them have to stay."""
    asked = {name for domain in case.asked if domain.present for name in served_names(domain.name, domain.www)}
    return frozenset(asked - {name for domain in wanted.values() for name in served_names(domain.name, domain.www)})


def _serves(names: Iterable[str]) -> str:
    return f"it serves {', '.join(sorted(names))}, which is asked for"


def _asked_to_go(
    case: Case,
    primary: Primary,
    pending: frozenset[str],
    errors: dict[str, str],
    protected: list[tuple[str, str]],
) -> list[Domain]:
    rows = []
    for domain in case.asked:
        row = case.attached.get(domain.name)
        if domain.present or row is None or domain.name in errors:
            continue
        if primary.keeps(row):
            protected.append((row.name, f"it is the primary domain until {primary.waiting} takes its place"))
        elif (complaint := _cannot_go(row, case, primary)) is not None:
            errors[row.name] = complaint
        elif pending & set(row.served_names):
            protected.append((row.name, _serves(pending & set(row.served_names))))
        else:
            rows.append(row)
    return rows


def _loses_www(domain: DesiredDomain, case: Case) -> bool:
    """Say whether an item takes the www variant of an attached domain away."""
    row = case.attached.get(domain.name)
    return row is not None and domain.www is False and row.www is True


def _cannot_go(row: Domain, case: Case, primary: Primary) -> str | None:
    """Say why a domain that is asked to be absent stays; None where it can go."""
    if case.left_alone(row.name):
        return f"state: {row.name} cannot be removed: {case.left_alone(row.name)}"
    if case.primary is None:
        return f"state: {NO_PRIMARY_KNOWN}; remove {row.name} in RunCloud's panel"
    if primary.demoted(row).type == PRIMARY:
        return (
            f"state: {row.name} is the primary domain and cannot be removed; ask for type: primary on another "
            "domain in the same run (module runcloud_domains) or before it"
        )
    return None


def _why_kept(row: Domain, name: str, case: Case, primary: Primary, pending: frozenset[str]) -> str | None:
    """Say why purge leaves a row, or only its www variant (then ``name`` is that), alone; None where it does not."""
    taken = row.served_names if name == row.name else (name,)
    if name == row.name and primary.demoted(row).type == PRIMARY:
        return "it is the primary domain"
    if is_test_domain(row.name):
        return "it is a test domain of RunCloud"
    for taken_name in taken:
        if case.left_alone(taken_name):
            return case.left_alone(taken_name)
        pattern = matching_pattern(taken_name, case.purge.keep)
        if pattern is not None:
            return f"purge_keep has {pattern}"
        if taken_name in pending:
            return _serves({taken_name})
    if case.primary is None:
        return NO_PRIMARY_KNOWN
    if name != row.name and not case.can_update:
        return NO_WWW_ON_V2
    return None


def _refusal(case: Case, unmanaged: list[str]) -> str:
    """Say why a guard of purge lets nothing go; "" where none does, or where nothing is removed anyway."""
    purge = case.purge
    if not purge.enabled or purge.withheld:
        return ""
    if not case.present:
        return (
            "purge: no domain is asked for at all, and purge would remove all that is attached; nothing was removed. "
            "Give the list, or set purge to false."
        )
    allowed = purge.allowed(len(case.rows))
    if len(unmanaged) <= allowed:
        return ""
    shown = ", ".join(unmanaged[:_SHOWN_NAMES]) + (", ..." if len(unmanaged) > _SHOWN_NAMES else "")
    return (
        f"purge_limit: {purge.limit!r} allows the removal of {allowed} of {len(case.rows)} domains, but "
        f"{len(unmanaged)} would be removed ({shown}); nothing was removed. "
        "If this is meant, raise purge_limit for this run."
    )
