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
    """Pages that do not fit together: somebody changed the list while it was read, or it is not to be relied on."""


def read_list(get: Callable[[int], object], path: str) -> Rows:
    """Read all pages of a list, each row once.

    :param get: reads one page, from 1.
    :param path: of the list, for errors.
    :returns: the rows of all pages.
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
        raise ListUnknown(
            "GET",
            path,
            message=f"the list cannot be relied on: {exc}",
            advice="Nothing was concluded from it. Run again; if it stays so, compare with RunCloud's panel.",
        ) from None


def _read_pages(get: Callable[[int], object]) -> Rows:
    body = get(1)
    rows = rows_of(body)
    counts = _Counts(body)
    if counts.total is None:
        rows = _read_uncounted(get, body, rows)
        _check_unique(rows)
        return rows
    counts.check(rows, 1)
    for number in range(2, counts.pages + 1):
        body = get(number)
        page = rows_of(body)
        found = _Counts(body)
        if (found.total, found.pages) != (counts.total, counts.pages):
            raise _Contradiction(f"page 1 counts {counts.total} rows, page {number} counts {found.total}")
        found.check(page, number)
        rows += page
    if len(rows) != counts.total:
        raise _Contradiction(f"it counts {counts.total} rows and has {len(rows)}")
    _check_unique(rows)
    return rows


class _Counts:
    """What one page says of the whole list; ``total`` None where it says nothing."""

    def __init__(self, body: object) -> None:
        pagination = pagination_of(body)
        self.total = _count(pagination.get("total"))
        self._count = _count(pagination.get("count"))
        self._current = _count(pagination.get("current_page"))
        size = _count(pagination.get("per_page")) or PER_PAGE
        pages = _count(pagination.get("total_pages"))
        least = -(-(self.total or 0) // size)
        self.pages = max(1, least if pages is None else pages)
        if self.total is not None and (self.pages > MAX_PAGES or self.pages > max(1, least)):
            raise _Contradiction(f"it counts {self.total} rows and {self.pages} pages of {size}")

    def check(self, rows: Rows, number: int) -> None:
        """Compare with the rows of this page."""
        if self._count is not None and self._count != len(rows):
            raise _Contradiction(f"page {number} counts {self._count} rows and has {len(rows)}")
        if self._current is not None and self._current != number:
            raise _Contradiction(f"page {self._current} was sent for page {number}")
        if self.total and not rows:
            raise _Contradiction(f"it counts {self.total} rows, but page {number} is empty")


def _read_uncounted(get: Callable[[int], object], body: object, rows: Rows) -> Rows:
    """Read on where no page counts: a bare array is whole (reference 3.6), else a full page may be followed by another."""
    pagination = pagination_of(body)
    pages = _count(pagination.get("total_pages"))
    size = _count(pagination.get("per_page")) or PER_PAGE
    page = rows
    for number in range(2, MAX_UNCOUNTED_PAGES + 1):
        last = len(page) < size if pages is None else number > pages
        if last or not isinstance(body, dict):
            return rows
        following = rows_of(get(number))
        # A server that ignores the number of the page sends the same rows again.
        if following == page:
            return rows
        page = following
        rows = [*rows, *page]
    raise _Contradiction(f"there is no end to it after {MAX_UNCOUNTED_PAGES} pages")


def _check_unique(rows: Rows) -> None:
    seen: set[str] = set()
    for row in rows:
        identity = row.get("id") if isinstance(row, dict) else None
        if identity is None:
            continue
        if str(identity) in seen:
            raise _Contradiction(f"the row with id {str(identity)[:20]} comes twice")
        seen.add(str(identity))


def rows_of(body: object) -> Rows:
    """Return the rows of one page.

    :raises TypeError: it is not a page of a list.
    """
    rows = body.get("data") if isinstance(body, dict) else body
    if not isinstance(rows, list):
        raise TypeError("a list was expected")
    return list(rows)


def pagination_of(body: object) -> Mapping[str, object]:
    """Return what a page says of the pages; empty where it says nothing."""
    meta = body.get("meta") if isinstance(body, dict) else None
    pagination = meta.get("pagination") if isinstance(meta, dict) else None
    return pagination if isinstance(pagination, dict) else {}


def page_count(body: object) -> int:
    """Return how many pages an answer says there are; 1 where it says nothing of pages."""
    return _count(pagination_of(body).get("total_pages")) or 1


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    try:
        number = int(value) if len(str(value)) < 20 else -1
    except ValueError:
        return None
    return number if number >= 0 else None
