# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what users give as typed values. Each reader raises a UserError that names the option and the value.

PRIVATE to the collection: may change without notice.

``what`` is the name of the option or key, as the user wrote it. An empty text counts as not given: surveys of AWX
have nothing else for a field that was left empty.
"""

from __future__ import annotations

import contextlib
import json
import typing as t

from ._errors import UserError

if t.TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_SHOWN_PROBLEMS = 10
_TRUE = frozenset(("true", "yes", "on", "1"))
_FALSE = frozenset(("false", "no", "off", "0"))


def parse_bool(value: object, what: str, *, texts: bool = False) -> bool | None:
    """Read true or false, with ``texts`` also from one like ``yes``; None where it is not given."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) and texts else ""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise UserError(f"{what}: {value!r} is not true or false")


def parse_choice(value: object, what: str, choices: Collection[str]) -> str | None:
    """Read one of a fixed set of texts; None where it is not given."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or value not in choices:
        raise UserError(f"{what}: {value!r} is not one of {', '.join(choices)}")
    return value


def parse_text(value: object, what: str) -> str | None:
    """Read a text without blanks and line breaks at its ends; None where nothing is left."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise UserError(f"{what}: {value!r} is not a text; put it in quotes")
    return value.strip() or None


def parse_integer(value: object, what: str, *, least: int, most: int) -> int | None:
    """Read a whole number between two bounds, also from a text; None where it is not given."""
    if value is None or value == "":
        return None
    number: int | None = None
    if isinstance(value, str) and len(value) <= 30:
        with contextlib.suppress(ValueError):
            number = int(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and value == value // 1:
        number = int(value)
    if number is None:
        raise UserError(f"{what}: {value!r} is not a whole number")
    if not least <= number <= most:
        raise UserError(f"{what}: {value!r} must be between {least} and {most}")
    return number


def parse_list(text: str) -> list[t.Any]:
    """Read a list that was given as a text: JSON, or one item a line, or items between commas."""
    if text.strip().startswith("["):
        # A pattern may begin so as well.
        with contextlib.suppress(ValueError, RecursionError):
            return t.cast("list[t.Any]", json.loads(text))
    parts = text.splitlines() if "\n" in text.strip() else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def raise_problems(problems: Sequence[str]) -> None:
    """Raise one UserError for a list of problems; do nothing where it is empty."""
    if not problems:
        return
    text = "; ".join(problems[:_SHOWN_PROBLEMS])
    hidden = len(problems) - _SHOWN_PROBLEMS
    raise UserError(f"{text}; and {hidden} more" if hidden > 0 else text)
