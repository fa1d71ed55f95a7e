# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading request bodies: values, defaults and the complaints of a 422 (reference 1.5, U22, U23, U28)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .errors import InvalidData

_FLAGS: dict[Any, bool] = {True: True, False: False, "1": True, "0": False}


class Form:
    """A body that collects complaints while it is read; fields nobody asks for are ignored (U28)."""

    def __init__(self, body: Mapping[str, Any], style: str) -> None:
        self._body = body
        self._style = style
        self.errors: dict[str, list[str]] = {}

    def has(self, name: str) -> bool:
        """Say whether a field was sent with something in it; null and empty text count as nothing."""
        return self._body.get(name) not in (None, "")

    def complain(self, name: str, text: str) -> None:
        """Add a complaint about a field."""
        self.errors.setdefault(name, []).append(text)

    def finish(self) -> None:
        """Raise InvalidData when there were complaints."""
        if self.errors:
            raise InvalidData(self.errors, self._style)

    def _missing(self, name: str, required: bool) -> bool:
        if self.has(name):
            return False
        if required:
            self.complain(name, f"The {_words(name)} field is required.")
        return True

    def text(self, name: str, required: bool = False) -> str | None:
        """Return a text field, None where it is missing."""
        if self._missing(name, required):
            return None
        value = self._body[name]
        if not isinstance(value, str):
            self.complain(name, f"The {_words(name)} must be a string.")
            return None
        return value.strip()

    def choice(
        self, name: str, options: Sequence[str], default: str | None = None, required: bool = False
    ) -> str | None:
        """Return one of ``options``, or ``default`` where the field is missing."""
        if self._missing(name, required):
            return default
        value = self._body[name]
        if value not in options:
            self.complain(name, f"The selected {_words(name)} is invalid.")
            return default
        return str(value)

    def flag(self, name: str, default: bool | None = None, required: bool = False) -> bool | None:
        """Return a boolean (0 and 1 count, reference 1.6), or ``default`` where the field is missing."""
        if self._missing(name, required):
            return default
        value = self._body[name]
        if not isinstance(value, (bool, int, str)) or value not in _FLAGS:
            self.complain(name, f"The {_words(name)} field must be true or false.")
            return default
        return _FLAGS[value]

    def number(self, name: str, default: int | None = None, required: bool = False) -> int | None:
        """Return a whole number, or ``default`` where the field is missing."""
        if self._missing(name, required):
            return default
        value = self._body[name]
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            self.complain(name, f"The {_words(name)} must be an integer.")
            return default
        return value


def _words(name: str) -> str:
    """Return a field name as Laravel writes it in texts: ``ssl_protocol_id`` is "ssl protocol id"."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return spaced.replace("_", " ").strip()
