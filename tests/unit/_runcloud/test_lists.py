# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists are read whole or not at all: pages that contradict each other are never taken for what is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.errors import ListUnknown
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.lists import MAX_UNCOUNTED_PAGES, read_list

Pages = Callable[[int], object]


def rows(first: int, count: int) -> list[dict[str, int]]:
    return [{"id": number} for number in range(first, first + count)]


def page(data: list[Any], **counted: object) -> dict[str, Any]:
    return {"data": data, "meta": {"pagination": counted}}


class Server:
    """Answers pages as a test says, and counts."""

    def __init__(self, answer: Pages) -> None:
        self._answer = answer
        self.asked: list[int] = []

    def __call__(self, number: int) -> object:
        self.asked.append(number)
        return self._answer(number)


def whole(total: int, size: int = 40) -> Pages:
    """Return a server with so many rows that counts as documented."""
    pages = max(1, -(-total // size))

    def answer(number: int) -> object:
        data = rows(1, total)[(number - 1) * size : number * size]
        counted = {"total": total, "count": len(data), "per_page": size, "current_page": number, "total_pages": pages}
        return page(data, **counted)

    return answer


@pytest.mark.parametrize("total", [0, 1, 39, 40, 41, 80, 400])
def test_all_pages_are_read_once(total: int) -> None:
    server = Server(whole(total))
    assert read_list(server, "/x") == rows(1, total)
    assert server.asked == list(range(1, max(1, -(-total // 40)) + 1))


def test_a_server_with_smaller_pages_is_believed() -> None:
    assert read_list(whole(50, size=20), "/x") == rows(1, 50)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("empty first page", lambda _page: page([], total=3, count=0, per_page=40, current_page=1, total_pages=1)),
        ("short first page", lambda _page: page(rows(1, 2), total=3, per_page=40, current_page=1, total_pages=1)),
        ("too many rows", lambda _page: page(rows(1, 4), total=3, per_page=40, current_page=1, total_pages=1)),
        ("no rows counted", lambda _page: page(rows(1, 2), total=0, per_page=40, current_page=1, total_pages=1)),
        ("count and rows", lambda _page: page(rows(1, 3), total=3, count=2, per_page=40, total_pages=1)),
        ("another page", lambda _page: page(rows(1, 3), total=3, count=3, current_page=2, total_pages=1)),
        ("one page twice", lambda _page: page(rows(1, 40), total=80, count=40, per_page=40, total_pages=2)),
        ("short second page", lambda number: page(rows(number * 100, 40 if number == 1 else 3), total=80)),
        ("an id twice", lambda _page: page([{"id": 1}, {"id": "1"}], total=2)),
        ("an odd id twice", lambda _page: page([{"id": [1]}, {"id": [1]}], total=2)),
        ("pages without rows", lambda _page: page(rows(1, 3), total=3, per_page=40, total_pages=10_000)),
        ("pages beyond reason", lambda _page: page(rows(1, 40), total=10**9, per_page=40, total_pages=25_000_000)),
    ],
)
def test_a_list_that_contradicts_itself_is_not_known(name: str, answer: Pages) -> None:
    server = Server(answer)
    with pytest.raises(ListUnknown) as caught:
        read_list(server, "/x")
    assert caught.value.fatal
    assert "the list cannot be relied on" in str(caught.value), name
    assert len(server.asked) <= 4


def test_rows_that_shift_while_they_are_read_are_read_again_once() -> None:
    readings = iter(
        [
            page(rows(1, 40), total=41, total_pages=2),
            page(rows(41, 2), total=42, total_pages=2),
            page(rows(1, 40), total=42, total_pages=2),
            page(rows(41, 2), total=42, total_pages=2),
        ]
    )
    assert read_list(lambda _page: next(readings), "/x") == rows(1, 42)


def test_a_list_that_shifts_each_time_is_not_known() -> None:
    server = Server(lambda _page: page(rows(len(server.asked) * 100, 40), total=80 + len(server.asked), total_pages=3))
    with pytest.raises(ListUnknown, match="page 1 counts"):
        read_list(server, "/x")
    assert server.asked == [1, 2, 1, 2]


# ---------------------------------------------------------------------- lists that do not count


@pytest.mark.parametrize("count", [0, 1, 40, 100])
def test_a_bare_array_is_whole(count: int) -> None:
    server = Server(lambda _page: rows(1, count))
    assert read_list(server, "/x") == rows(1, count)
    assert server.asked == [1]


def test_without_a_count_a_full_page_may_be_followed_by_another() -> None:
    server = Server(lambda number: {"data": rows(number * 100, 40 if number < 3 else 5)})
    assert len(read_list(server, "/x")) == 85
    assert server.asked == [1, 2, 3]


def test_a_server_that_ignores_the_number_of_the_page_is_whole() -> None:
    server = Server(lambda _page: {"data": rows(1, 40)})
    assert read_list(server, "/x") == rows(1, 40)
    assert server.asked == [1, 2]


def test_a_server_that_only_counts_pages_is_read_to_the_last() -> None:
    server = Server(lambda number: page(rows(number * 100, 3), total_pages="3"))
    assert len(read_list(server, "/x")) == 9
    assert server.asked == [1, 2, 3]


def test_a_server_with_no_last_page_is_left_at_some_point() -> None:
    server = Server(lambda _page: {"data": rows(len(server.asked) * 100, 40)})
    with pytest.raises(ListUnknown, match="there is no end to it"):
        read_list(server, "/x")
    assert len(server.asked) == 2 * MAX_UNCOUNTED_PAGES


@pytest.mark.parametrize("body", [{"data": {"id": 1}}, {"message": "pong"}, "text", 5, None])
def test_something_else_than_a_list_is_told_as_such(body: object) -> None:
    with pytest.raises(TypeError, match="a list was expected"):
        read_list(lambda _page: body, "/x")
