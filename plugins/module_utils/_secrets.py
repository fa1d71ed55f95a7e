# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps secrets out of what others answer: every form of a secret is found, however it is repeated. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import base64
import re
import typing as t
import urllib.parse

if t.TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "********"
# A shorter secret would bend other text.
LEAST_LENGTH = 8
# What a message may hold: more is a whole page, which is of no use in an error.
MESSAGE_LENGTH = 300

# What may stand between two characters of a secret that was wrapped, joined or escaped.
_GAP = r"(?:\s|\\[nrt\\]?|<br ?/?>|%0[AaDd]|&#1[03];)*"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_PEM_LINE = re.compile(r"-----(?:BEGIN|END) [^-]*-----")


def basic_pair(key: str, secret: str) -> str:
    """Return key and secret as HTTP Basic sends them."""
    return base64.b64encode(f"{key}:{secret}".encode()).decode("ascii")


class Secrets:
    """The secrets of a run, and the way to take them out of a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._patterns: dict[str, re.Pattern[str]] = {}
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Hide a secret from now on; of a PEM text, its body."""
        for part in _PEM_LINE.split(secret):
            lines = part.split()
            # A text that is cut off in the middle still shows whole lines of a key.
            whole_lines = [line for line in lines if len(line) >= 2 * LEAST_LENGTH]
            for text in ("".join(lines), *whole_lines):
                if len(text) >= LEAST_LENGTH and text not in self._patterns:
                    self._patterns[text] = re.compile(_GAP.join(map(_any_spelling, text)), re.IGNORECASE)

    def hide(self, text: str) -> str:
        """Return a text without the secrets."""
        for pattern in self._patterns.values():
            text = pattern.sub(HIDDEN, text)
        return text

    def clean(self, text: object, length: int = MESSAGE_LENGTH) -> str:
        """Return what another program said as one line that may be shown: no secrets, no control characters, not long."""
        shown = " ".join(_CONTROL.sub(" ", self.hide(str(text))).split())
        return shown if len(shown) <= length else f"{shown[: length - 3]}..."


def _any_spelling(character: str) -> str:
    """Return a pattern for a character as it is, or escaped for JSON, a URL or HTML."""
    if character.isalnum():
        return character
    code = ord(character)
    quoted = "".join(f"%(?i:{byte:02x})" for byte in character.encode())
    return f"(?:{re.escape(character)}|{quoted}|\\\\u(?i:{code:04x})|&#0*{code};|&#x0*(?i:{code:x});)"


def other_forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it is and as a URL has it, for those who can only replace whole texts."""
    return tuple(dict.fromkeys((secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret))))
