# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages and the envelope around lists (reference 1.3)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from .errors import InvalidData
from .switches import Switches

DEFAULT_SIZE = 20
MAX_SIZE = 40

T = TypeVar("T")


def envelope(
    rows: Collection[T], spell: Callable[[T], Any], query: Mapping[str, str], address: str, switches: Switches
) -> dict[str, Any]:
    """Return one page of ``rows`` in RunCloud's envelope.

    ``spell`` turns a row into JSON (only those of the page), ``address`` is the list's URL for the links.
    Raises InvalidData for a perPage over 40 where the switch ``per_page_over`` says so (U17).
    """
    size = _number(query.get("perPage"), DEFAULT_SIZE)
    if size > MAX_SIZE and switches.per_page_over == "refuse":
        errors = {"perPage": [f"The per page may not be greater than {MAX_SIZE}."]}
        raise InvalidData(errors, switches.message_style)
    size = min(size, MAX_SIZE)
    page = _number(query.get("page"), 1)
    pages = max(1, -(-len(rows) // size))
    data = [spell(row) for row in itertools.islice(rows, (page - 1) * size, page * size)]
    links = _links(page, pages, size, address)
    return {
        "data": data,
        "meta": {
            "pagination": {
                "total": len(rows),
                "count": len(data),
                "per_page": size,
                "current_page": page,
                "total_pages": pages,
                "links": links or ([] if switches.empty_links == "array" else {}),
            }
        },
    }


def _number(text: str | None, default: int) -> int:
    """Return a positive number from a query, or the default for anything else."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and int(text) > 0 else default


def _links(page: int, pages: int, size: int, address: str) -> dict[str, str]:
    """Return the URLs of the pages before and after, as League/Fractal does."""
    links = {}
    if page > 1:
        links["previous"] = f"{address}?page={page - 1}&perPage={size}"
    if page < pages:
        links["next"] = f"{address}?page={page + 1}&perPage={size}"
    return links
