# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked for, read and checked: the items of a list of domains. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import UserError
from .._names import HostnameError, can_have_www, is_wildcard, normalise, read_pattern, www_form
from .._runcloud.models import DOMAIN_TYPES, PRIMARY, REDIRECTIONS
from .._values import parse_bool, parse_choice, raise_problems

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PRESENT = "present"
STATES = (PRESENT, "absent")
NAME_KEYS = ("name", "domain")
_CHOICES = {"state": STATES, "type": DOMAIN_TYPES, "redirection": REDIRECTIONS}
ITEM_KEYS = (*NAME_KEYS, *_CHOICES, "www")


@dataclasses.dataclass(frozen=True)
class DesiredDomain:
    """What is asked for one name. An attribute that is None is left as it is.

    ``www_firm`` False says that ``www=False`` was derived, not asked for: an attached www variant is then only taken
    away by purge. ``typed`` is the name as it was written; ``reason``, ``kind`` and ``blog_id`` say where it comes from.
    """

    name: str
    state: str = PRESENT
    type: str | None = None
    www: bool | None = None
    redirection: str | None = None
    reason: str = ""
    kind: str = "listed"
    blog_id: int | None = None
    typed: str = dataclasses.field(default="", compare=False)
    www_firm: bool = True

    @property
    def present(self) -> bool:
        """Say whether the name should be attached."""
        return self.state == PRESENT


def parse_desired(items: Sequence[object], option: str = "domains") -> list[DesiredDomain]:
    """Read a list of domains: each a name, or a dict with ``name`` (or ``domain``) and attributes.

    :param option: what the messages call the list.
    :returns: each name once, in the order given.
    :raises UserError: one error for all that is wrong, each with index and value.
    """
    problems: list[str] = []
    found: dict[str, tuple[int, DesiredDomain]] = {}
    for index, item in enumerate(items):
        try:
            domain = parse_desired_item(item)
        except UserError as exc:
            problems.append(f"{option}[{index}]: {exc}")
            continue
        place, first = found.setdefault(domain.name, (index, domain))
        if first != domain:
            problems.append(
                f"{option}[{index}]: {domain.name} is asked for with other attributes than in {option}[{place}]; "
                "keep one of the two"
            )
    desired = [domain for _place, domain in found.values()]
    raise_problems([*problems, *(f"{option}: {problem}" for problem in _contradictions(desired))])
    return desired


def parse_desired_item(item: object) -> DesiredDomain:
    """Read one item of a list of domains; a UserError names the key and the value."""
    if isinstance(item, str):
        return DesiredDomain(parse_name(item), typed=item)
    if not isinstance(item, dict):
        raise UserError(f"{item!r} is neither a name nor a dict of attributes; give one of the two")
    unknown = sorted(str(key) for key in item if key not in ITEM_KEYS)
    if unknown:
        raise UserError(f"unknown key {', '.join(unknown)}; use only {', '.join(ITEM_KEYS)}")
    chosen = {key: parse_choice(item.get(key), key, choices) for key, choices in _CHOICES.items()}
    names = [item[key] for key in NAME_KEYS if item.get(key) is not None]
    if len(names) != 1:
        what = "has both name and domain" if names else "has no name"
        raise UserError(f"{item!r} {what}; give name: shop.example.com")
    name, www = parse_name(names[0]), parse_bool(item.get("www"), "www")
    if www and not can_have_www(name):
        kind = "is a wildcard" if is_wildcard(name) else "already begins with www."
        raise UserError(f"www: {name} {kind}; leave www out or set it to false")
    return DesiredDomain(
        name, chosen["state"] or PRESENT, chosen["type"], www, chosen["redirection"], typed=str(names[0])
    )


def parse_name(value: object) -> str:
    """Read a host name; a UserError says why it is not one."""
    if not isinstance(value, str):
        raise UserError(f"{value!r} is not text; give a host name like shop.example.com (in quotes)")
    return normalise(value)


def parse_patterns(values: Sequence[object], option: str) -> tuple[str, ...]:
    """Read protective entries: names and shell patterns of names, by one rule (``read_pattern``).

    :raises UserError: one error for all that cannot be read, each with index and value.
    """
    problems = []
    found: dict[str, None] = {}
    for index, value in enumerate(values):
        try:
            found[read_pattern(value)] = None
        except HostnameError as exc:
            problems.append(f"{option}[{index}]: {exc}")
    raise_problems(problems)
    return tuple(found)


def _contradictions(domains: Iterable[DesiredDomain]) -> list[str]:
    """Find what cannot be had at once among valid items."""
    present = {domain.name: domain for domain in domains if domain.present}
    primaries = [domain.name for domain in present.values() if domain.type == PRIMARY]
    several = f"type: {' and '.join(primaries)} cannot all be primary, because an application has one primary domain; "
    problems = [f"{several}keep one of them"] if len(primaries) > 1 else []
    twice = [name for name, domain in present.items() if domain.www and www_form(name) in present]
    return problems + [served_twice(www_form(name), name) for name in twice]


def served_twice(variant: str, name: str) -> str:
    """Say that a www name would be served by itself and by the domain it belongs to (design 4)."""
    return (
        f"www: {variant} would be served twice, by itself and as www of {name}; "
        f"take {variant} out of the list (state: absent where it is attached), or set www: false on {name}"
    )
