# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user asks for, read and checked: the items of a list of domains. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _names as _hostnames
from .._errors import UserError
from .._runcloud import models as _resources

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PRESENT = "present"
ABSENT = "absent"
STATES = (PRESENT, ABSENT)
NAME_KEYS = ("name", "domain")
_CHOICES = {"state": STATES, "type": _resources.DOMAIN_TYPES, "redirection": _resources.REDIRECTIONS}
WISH_KEYS = (*NAME_KEYS, *_CHOICES, "www")
_SHOWN_PROBLEMS = 20


@dataclasses.dataclass(frozen=True)
class Wish:
    """What is asked for one name. An attribute that is None is left as it is."""

    name: str
    state: str = PRESENT
    type: str | None = None
    www: bool | None = None
    redirection: str | None = None

    @property
    def present(self) -> bool:
        """Say whether the name shall be attached."""
        return self.state == PRESENT


def parse_wishes(items: Sequence[object], option: str = "domains") -> list[Wish]:
    """Read a list of domains: each a name, or a dict with ``name`` (or ``domain``) and attributes.

    :param items: as a user gave them; nothing is converted silently.
    :param option: what the messages call the list.
    :returns: each name once, in the order given.
    :raises UserError: one error for all that is wrong, each with index and value.
    """
    problems: list[str] = []
    wishes: dict[str, Wish] = {}
    places: dict[str, int] = {}
    for index, item in enumerate(items):
        place = f"{option}[{index}]"
        try:
            wish = parse_wish(item)
        except UserError as exc:
            problems.append(f"{place}: {exc}")
            continue
        first = wishes.setdefault(wish.name, wish)
        if first != wish:
            problems.append(
                f"{place}: {wish.name} is asked for with other attributes than in {option}[{places[wish.name]}]; "
                "keep one of the two"
            )
        places.setdefault(wish.name, index)
    problems.extend(f"{option}: {problem}" for problem in _contradictions(wishes.values()))
    raise_problems(problems)
    return list(wishes.values())


def parse_wish(item: object) -> Wish:
    """Read one item of a list of domains.

    :raises UserError: it names the key and the value.
    """
    if isinstance(item, str):
        return Wish(name=parse_name(item))
    if not isinstance(item, dict):
        raise UserError(f"{item!r} is neither a name nor a dict of attributes; give one of both")
    unknown = sorted(str(key) for key in item if key not in WISH_KEYS)
    if unknown:
        raise UserError(f"unknown key {', '.join(unknown)}; use only {', '.join(WISH_KEYS)}")
    attributes = {key: parse_choice(item, key, choices) for key, choices in _CHOICES.items()}
    wish = Wish(
        name=parse_item_name(item),
        state=attributes["state"] or PRESENT,
        type=attributes["type"],
        www=parse_truth(item, "www"),
        redirection=attributes["redirection"],
    )
    if wish.www and not _hostnames.can_have_www(wish.name):
        kind = "is a wildcard" if _hostnames.is_wildcard(wish.name) else "begins with www. already"
        raise UserError(f"www: {wish.name} {kind}; leave www out or set it to false")
    return wish


def parse_hold(hold: Mapping[t.Any, object]) -> dict[str, str]:
    """Read names with the reason why each must wait.

    :raises UserError: a key is no host name.
    """
    try:
        return {parse_name(name): str(reason) for name, reason in hold.items()}
    except UserError as exc:
        raise UserError(f"hold: {exc}") from exc


def parse_item_name(item: Mapping[t.Any, object]) -> str:
    """Read the name of an item; ``domain`` and ``name`` mean the same.

    :raises UserError: no name, two of them, or none that is a host name.
    """
    given = [key for key in NAME_KEYS if item.get(key) is not None]
    if len(given) != 1:
        what = "has no name" if not given else "has both name and domain"
        raise UserError(f"{dict(item)!r} {what}; say name: shop.example.com")
    return parse_name(item[given[0]])


def parse_name(value: object) -> str:
    """Read a host name.

    :raises UserError: it is none.
    """
    if not isinstance(value, str):
        raise UserError(f"{value!r} is no text; a host name like shop.example.com is wanted (put it in quotes)")
    try:
        return _hostnames.normalise(value)
    except _hostnames.HostnameError as exc:
        raise UserError(str(exc)) from exc


def parse_names(values: Sequence[object], option: str) -> list[str]:
    """Read a list of host names; each comes once, in the order given.

    :raises UserError: one error for all that are none, each with index and value.
    """
    problems = []
    found: dict[str, None] = {}
    for index, value in enumerate(values):
        try:
            found[parse_name(value)] = None
        except UserError as exc:
            problems.append(f"{option}[{index}]: {exc}")
    raise_problems(problems)
    return list(found)


def parse_choice(item: Mapping[t.Any, object], key: str, choices: Iterable[str]) -> str | None:
    """Read an attribute that has a fixed set of values; None where it is not given.

    :raises UserError: another value.
    """
    value = item.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or value not in choices:
        raise UserError(f"{key}: {value!r} is none of {', '.join(choices)}; give one of these")
    return str(value)


def parse_truth(item: Mapping[t.Any, object], key: str) -> bool | None:
    """Read an attribute that is true or false; None where it is not given.

    :raises UserError: anything else, texts like "yes" and numbers included.
    """
    value = item.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise UserError(f"{key}: {value!r} is neither true nor false; write it without quotes")


def raise_problems(problems: Sequence[str]) -> None:
    """Raise one UserError for a list of problems; do nothing where it is empty."""
    if not problems:
        return
    text = "; ".join(problems[:_SHOWN_PROBLEMS])
    hidden = len(problems) - _SHOWN_PROBLEMS
    raise UserError(f"{text}; and {hidden} more" if hidden > 0 else text)


def _contradictions(wishes: Iterable[Wish]) -> list[str]:
    """Find what cannot be had at once among valid items."""
    present = [wish for wish in wishes if wish.present]
    primaries = [wish.name for wish in present if wish.type == _resources.PRIMARY]
    problems = []
    if len(primaries) > 1:
        problems.append(
            f"type: {' and '.join(primaries)} cannot all be primary, because an application has one primary domain; "
            "keep one of them"
        )
    names = {wish.name for wish in present}
    for wish in present:
        variant = _hostnames.www_form(wish.name)
        if wish.www and variant in names:
            problems.append(served_twice(variant, wish.name))
    return problems


def served_twice(variant: str, name: str) -> str:
    """Say that a www name would be served by itself and by the domain it belongs to (design 4)."""
    return (
        f"www: {variant} would be served twice, by itself and as www of {name}; "
        f"take {variant} out of the list (state: absent where it is attached), or set www: false on {name}"
    )
