# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a program or a server said, in a form that may be shown: short, plain, and without secrets. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import html
import json
import re
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Iterable

# Characters of a text that are shown, and that are looked at at all.
SHOWN = 300
_LOOKED_AT = 20_000
_HIDDEN = "********"


def plain(text: str, secrets: Iterable[str] = ()) -> str:
    """Cut a text to its first words, without markup, control characters and stack traces (they show arguments).

    :param text: as it was said.
    :param secrets: what must not be shown, in each form in which it may come back.
    """
    text = text[:_LOOKED_AT]
    text = re.sub(r"(?is)<(style|script|head)\b.*?</\1>", " ", text)
    text = html.unescape(re.sub(r"<[^>]{0,500}>", " ", text))
    text = re.sub(r"(?s)\bStack trace:.*?(?=\n\S|\Z)", "", text)
    text = " ".join(line.strip() for line in text.splitlines() if not re.match(r"\s*#\d+ ", line))
    text = "".join(character if character.isprintable() else " " for character in text)
    for secret in sorted(spellings(secrets), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def spellings(secrets: Iterable[str]) -> set[str]:
    """Return each secret as it was given, stripped, without line breaks, and as JSON writes it."""
    found = set()
    for secret in secrets:
        for form in (secret, secret.strip(), "".join(secret.split())):
            escaped = json.dumps(form)[1:-1]
            found |= {form, escaped, escaped.replace("/", "\\/")}
    return found - {""}
