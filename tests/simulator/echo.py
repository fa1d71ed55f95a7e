# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Error replies that repeat what was sent, private keys and credentials included, in the spellings such texts get."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

FORMS: dict[str, Callable[[str], str]] = {
    "raw": lambda text: text,
    "stripped": str.strip,
    "escaped": lambda text: json.dumps(text)[1:-1],
    "escaped_twice": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "joined": lambda text: "".join(text.split("\n")),
    "spaced": lambda text: " ".join(text.split("\n")),
    "crlf": lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n"),
    "indented": lambda text: text.replace("\n", "\n    "),
    "body_only": lambda text: "".join(line for line in text.splitlines() if not line.startswith("-----")),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "url": lambda text: quote(text, safe=""),
    "html": lambda text: html.escape(text).replace("/", "&#x2F;").replace("+", "&#43;"),
}
"""How a text may come back: letter for letter, as JSON spells it, in one line, with other line breaks, encoded, ..."""


def echo(form: str, body: Any, authorization: str) -> dict[str, Any]:
    """Return the body of a 422 that repeats each text of the request's body, and its Authorization header."""
    spell = FORMS[form]
    sent = {key: text for key, text in body.items() if isinstance(text, str)} if isinstance(body, Mapping) else {}
    errors = {key: [f"The {key} is invalid: {spell(text)}"] for key, text in sent.items()}
    said = f"The given data was invalid: {'; '.join(spell(text) for text in sent.values())}"
    return {"message": f"{said} (Authorization: {spell(authorization)})", "errors": errors}
