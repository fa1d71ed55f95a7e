# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads lists page by page, and only believes pages that agree with each other (reference 1.3).

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import typing as t

from .errors import ListUnknown

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PER_PAGE = 40  # Reference 1.3: the maximum.
# 100,000 rows: more than anyone has. A server that always has another page must not hold a run for ever.
MAX_PAGES = 2_500
# Without a count there is less to go by.
MAX_UNCOUNTED_PAGES = 300

Rows = list[t.Any]


class _Contradiction(Exception):
    """Pages that do not fit together: the list was changed while it was read, or it is not to be relied on."""


def read_list(get: Callable[[int], object], path: str) -> Rows:
    """Read all pages of a list, each row once; ``get`` reads one page, from 1.

    :raises ListUnknown: pages contradict each other, twice in a row. The list is then not known, and never empty.
    """
    try:
        return _read_pages(get)
    except _Contradiction:
        # Rows that were added or removed meanwhile shift the others: the second reading is the one that counts.
        pass
    try:
        return _read_pages(get)
    except _Contradiction as exc:
        message = f"the list cannot be relied on: {exc}"
        advice = "Nothing was concluded from it. Run again; if it stays so, compare with RunCloud's panel."
        raise ListUnknown("GET", path, message=message, advice=advice) from None


class _Page:
    """One page: its rows, and what it says of the whole list; None where it says nothing."""

    def __init__(self, body: object, number: int) -> None:
        said = _pagination_of(body)
        self.bare = not isinstance(body, dict)
        self.rows = rows_of(body)
        self.total, count, current = (_count(said.get(key)) for key in ("total", "count", "current_page"))
        self.size = _count(said.get("per_page")) or PER_PAGE
        self.pages = _count(said.get("total_pages"))
        if self.total is None:
            return
        needed = max(1, -(-self.total // self.size))
        self.pages = needed if self.pages is None else max(1, self.pages)
        if self.pages > min(needed, MAX_PAGES):
            raise _Contradiction(f"it counts {self.total} rows and {self.pages} pages of {self.size}")
        if count not in (None, len(self.rows)):
            raise _Contradiction(f"page {number} counts {count} rows and has {len(self.rows)}")
        if current not in (None, number):
            raise _Contradiction(f"page {current} was sent for page {number}")
        if self.total and not self.rows:
            raise _Contradiction(f"it counts {self.total} rows, but page {number} is empty")


def _read_pages(get: Callable[[int], object]) -> Rows:
    first = _Page(get(1), 1)
    rows = list(first.rows)
    if first.total is None:
        rows += _read_uncounted(get, first)
    else:
        for number in range(2, (first.pages or 1) + 1):
            page = _Page(get(number), number)
            if (page.total, page.pages) != (first.total, first.pages):
                raise _Contradiction(f"page 1 counts {first.total} rows, page {number} counts {page.total}")
            rows += page.rows
        if len(rows) != first.total:
            raise _Contradiction(f"it counts {first.total} rows and has {len(rows)}")
    seen: set[str] = set()
    for row in rows:
        identity = row.get("id") if isinstance(row, dict) else None
        if identity is not None and str(identity) in seen:
            raise _Contradiction(f"the row with id {str(identity)[:20]} comes twice")
        seen.add(str(identity))
    return rows


def _read_uncounted(get: Callable[[int], object], first: _Page) -> Rows:
    """Read on where no page counts: a bare array is whole (reference 3.6), else a full page may be followed by another."""
    rows: Rows = []
    page = first.rows
    for number in range(2, MAX_UNCOUNTED_PAGES + 1):
        last = len(page) < first.size if first.pages is None else number > first.pages
        if last or first.bare:
            return rows
        following = rows_of(get(number))
        # A server that ignores the number of the page sends the same rows again.
        if following == page:
            return rows
        page = following
        rows += page
    raise _Contradiction(f"there is no end to it after {MAX_UNCOUNTED_PAGES} pages")


def rows_of(body: object) -> Rows:
    """Return the rows of one page.

    :raises TypeError: it is not a page of a list.
    """
    rows = body.get("data") if isinstance(body, dict) else body
    if not isinstance(rows, list):
        raise TypeError("a list was expected")
    return list(rows)


def page_count(body: object) -> int:
    """Return how many pages an answer says there are; 1 where it says nothing of pages."""
    return _count(_pagination_of(body).get("total_pages")) or 1


def _pagination_of(body: object) -> Mapping[str, object]:
    meta = body.get("meta") if isinstance(body, dict) else None
    pagination = meta.get("pagination") if isinstance(meta, dict) else None
    return pagination if isinstance(pagination, dict) else {}


def _count(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
