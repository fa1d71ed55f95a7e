# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the simulator answers when it refuses: status codes and bodies of reference 1.5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

INVALID = "The given data was invalid."


class ApiError(Exception):
    """A reply other than success; ``payload`` is the JSON body."""

    def __init__(self, status: int, payload: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {payload}")
        self.status = status
        self.payload = payload
        self.headers = dict(headers or {})


def refuse(status: int, text: str) -> ApiError:
    """Return the error of a business rule: ``{"message": text}`` without ``errors`` (reference 1.5)."""
    return ApiError(status, {"message": text})


def not_found() -> ApiError:
    """Return the 404 of an unknown id or path (U19: clients must not match on its text)."""
    return refuse(404, "Not found")


class InvalidData(ApiError):
    """The 422 of a body that does not pass validation; values of ``errors`` are lists of texts (reference 1.5)."""

    def __init__(self, errors: Mapping[str, list[str]], style: str = "classic") -> None:
        super().__init__(422, {"message": _headline(errors, style), "errors": dict(errors)})


def _headline(errors: Mapping[str, list[str]], style: str) -> str:
    """Return the message of a 422: Laravel's fixed sentence, or in newer versions the first complaint."""
    texts = [text for group in errors.values() for text in group]
    if style == "classic" or not texts:
        return INVALID
    more = len(texts) - 1
    return texts[0] if not more else f"{texts[0]} (and {more} more error{'s' if more > 1 else ''})"
