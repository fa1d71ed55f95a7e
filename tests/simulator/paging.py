# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages and the envelope around lists (reference 1.3), and pages that do not hold together where a fault says so."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from .call import Call
from .errors import InvalidData
from .switches import Switches

DEFAULT_SIZE = 20
MAX_SIZE = 40
# Made-up rows of an endless list get ids that no seed uses.
_MADE_UP = 10_000_000

T = TypeVar("T")


def envelope(rows: Collection[T], spell: Callable[[T], Any], call: Call) -> dict[str, Any]:
    """Return the page of ``rows`` that a call asks for, in RunCloud's envelope.

    ``spell`` turns a row into JSON (only those of the page).
    Raises InvalidData for a perPage over 40 where the switch ``per_page_over`` says so (U17).
    """
    size = _size(call.query, call.switches)
    page = _number(call.query.get("page"), 1)
    pages = max(1, -(-len(rows) // size))
    first = _first(call.pages, page, size)
    data = [spell(row) for row in itertools.islice(rows, first, first + size)]
    total = len(rows)
    if call.pages == "short":
        data = data[: len(data) // 2] if page == 1 else data
    elif call.pages == "endless":
        data += [_made_up(data, spell, rows, page, number) for number in range(size - len(data))]
        total, pages = max(total, (page + 1) * size), max(pages, page + 1)
    return {
        "data": data,
        "meta": {
            "pagination": {
                "total": total,
                "count": len(data),
                "per_page": size,
                "current_page": page,
                "total_pages": pages,
                "links": _links(page, pages, size, call) or ([] if call.switches.empty_links == "array" else {}),
            }
        },
    }


def _size(query: Mapping[str, str], switches: Switches) -> int:
    """Return how many rows a page has (U17)."""
    size = _number(query.get("perPage"), DEFAULT_SIZE)
    if size > MAX_SIZE and switches.per_page_over == "refuse":
        errors = {"perPage": [f"The per page may not be greater than {MAX_SIZE}."]}
        raise InvalidData(errors, switches.message_style)
    return min(size, MAX_SIZE)


def _first(spoiled: str | None, page: int, size: int) -> int:
    """Return where a page begins; rows that come or go while a list is read shift all later ones."""
    if spoiled == "repeated":
        return 0
    shift = {"overlapping": -1, "skipping": 1}.get(spoiled or "", 0)
    return max(0, (page - 1) * (size + shift))


def _made_up(data: list[Any], spell: Callable[[T], Any], rows: Collection[T], page: int, number: int) -> Any:
    """Return a row that is like the first one but for id and name, so that a list goes on after its last row."""
    like = data[0] if data else next((spell(row) for row in rows), {})
    return {**like, "id": _MADE_UP + page * MAX_SIZE + number, "name": f"page-{page}-{number}.example", "type": "alias"}


def _number(text: str | None, default: int) -> int:
    """Return a positive number from a query, or the default for anything else."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and int(text) > 0 else default


def _links(page: int, pages: int, size: int, call: Call) -> dict[str, str]:
    """Return the URLs of the pages before and after, as League/Fractal does."""
    links = {}
    if page > 1:
        links["previous"] = f"{call.address}?page={page - 1}&perPage={size}"
    if page < pages:
        links["next"] = f"{call.address}?page={page + 1}&perPage={size}"
    return links
