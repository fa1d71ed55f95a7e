# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists: pages, their limits, the envelope."""

from __future__ import annotations

import pytest

from simulator.process import Simulator

from .conftest import Api


@pytest.fixture(autouse=True)
def hundred(sim: Simulator) -> None:
    sim.reset({"domain_count": 100})


@pytest.mark.parametrize(
    ("query", "size", "page", "pages", "count"),
    [
        ("", 20, 1, 5, 20),
        ("?perPage=40", 40, 1, 3, 40),
        ("?perPage=40&page=3", 40, 3, 3, 20),
        ("?perPage=40&page=9", 40, 9, 3, 0),
        ("?perPage=50", 40, 1, 3, 40),
        ("?perPage=0&page=0", 20, 1, 5, 20),
        ("?perPage=x&page=-1", 20, 1, 5, 20),
        ("?perPage=1&page=100", 1, 100, 100, 1),
    ],
)
def test_pages(api: Api, query: str, size: int, page: int, pages: int, count: int) -> None:
    reply = api.get("/domains" + query)
    found = reply["meta"]["pagination"]
    assert len(reply["data"]) == count
    assert (found["total"], found["count"], found["per_page"]) == (100, count, size)
    assert (found["current_page"], found["total_pages"]) == (page, pages)


def test_all_pages_together_are_all_rows_in_the_order_they_were_added(api: Api) -> None:
    names = [row["name"] for page in (1, 2, 3) for row in api.get(f"/domains?perPage=40&page={page}")["data"]]
    assert names == [f"d{n}.example" for n in range(1, 101)]


def test_links_lead_to_the_neighbours(api: Api) -> None:
    links = api.get("/domains?perPage=40&page=2")["meta"]["pagination"]["links"]
    assert set(links) == {"previous", "next"}
    next_page = api.session.get(
        links["next"], headers={"Accept": "application/json", "Authorization": f"Bearer {api.auth}"}
    )
    assert next_page.json()["meta"]["pagination"]["current_page"] == 3


def test_no_links_on_a_single_page(sim: Simulator, api: Api) -> None:
    assert api.get("//servers")["meta"]["pagination"]["links"] == {}
    sim.switch(empty_links="array")
    assert api.get("//servers")["meta"]["pagination"]["links"] == []


def test_empty_list(sim: Simulator, api: Api) -> None:
    sim.reset({"domains": []})
    assert api.get("/domains") == {
        "data": [],
        "meta": {
            "pagination": {"total": 0, "count": 0, "per_page": 20, "current_page": 1, "total_pages": 1, "links": {}}
        },
    }


def test_too_large_pages_refused(sim: Simulator, api: Api) -> None:
    sim.switch(per_page_over="refuse")
    assert api("GET", "/domains?perPage=40").status_code == 200
    status, reply = api.refused("GET", "/domains?perPage=41")
    assert (status, list(reply["errors"])) == (422, ["perPage"])


def read(api: Api, pages: int) -> list[list[str]]:
    """Return the names on each page of forty."""
    found = [api.get(f"/domains?perPage=40&page={page}") for page in range(1, pages + 1)]
    return [[row["name"] for row in reply["data"]] for reply in found]


@pytest.mark.parametrize(
    ("kind", "sizes", "different"),
    [
        ("short", [20, 40, 20], 80),
        ("repeated", [40, 40, 40], 40),
        ("overlapping", [40, 40, 22], 100),
        ("skipping", [40, 40, 18], 98),
    ],
)
def test_pages_that_do_not_hold_together(sim: Simulator, api: Api, kind: str, sizes: list[int], different: int) -> None:
    sim.faults({"path": "/domains$", "times": None, "action": {"pages": kind}})
    pages = read(api, 3)
    assert [len(page) for page in pages] == sizes
    assert len({name for page in pages for name in page}) == different
    assert api.get("/domains")["meta"]["pagination"]["total"] == 100


def test_a_list_without_end(sim: Simulator, api: Api) -> None:
    sim.faults({"path": "/domains$", "times": None, "action": {"pages": "endless"}})
    replies = [api.get(f"/domains?perPage=40&page={page}") for page in (1, 3, 4, 5000)]
    assert [len(reply["data"]) for reply in replies] == [40] * 4
    assert len({row["id"] for reply in replies for row in reply["data"]}) == 160
    for reply in replies:
        found = reply["meta"]["pagination"]
        assert found["total_pages"] > found["current_page"]
        assert found["total"] > found["current_page"] * 40 - 1
