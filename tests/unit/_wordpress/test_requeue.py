# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names go back into the plugin's queue, and what is believed of that."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress import requeue as _requeue
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.network import (
    Inventory,
    MappedDomain,
    Network,
    Plugin,
    Site,
)

ROW = MappedDomain(10, 2, "shop.example", stage="failed")
NETWORK = Inventory(
    networks=(Network(1, "network.test"), Network(2, "second.test")),
    sites=(Site(1, "network.test"), Site(2, "alpha.network.test")),
    domains=(ROW,),
    plugin=Plugin("2.4.12", active=True),
    main_network_id=1,
)
WANTED = {"row": 10, "domain": "shop.example", "blog_id": 2, "before": "failed", "after": "checking-dns"}


def plan(row: dict[str, Any], names: set[str], secure: set[str] = frozenset(), **changes: Any) -> Any:  # type: ignore[assignment]
    network = dataclasses.replace(NETWORK, domains=(dataclasses.replace(ROW, **row),), **changes)
    return _requeue.plan(network, names, secure)


def stages(row: dict[str, Any], names: set[str], secure: set[str] = frozenset()) -> list[tuple[str, str]]:  # type: ignore[assignment]
    """Return the stages before and after of what goes back into the queue; nothing else was looked at."""
    requeue, kept = plan(row, names, secure)
    assert kept == []
    return [(item["before"], item["after"]) for item in requeue]


def test_a_failed_name_whose_dns_is_right() -> None:
    assert plan({}, {"shop.example"}) == ([WANTED], [])


def test_a_failed_certificate_that_is_there_now() -> None:
    found = stages({"stage": "ssl-failed"}, {"shop.example"}, {"shop.example"})
    assert found == [("ssl-failed", "checking-ssl-cert")]


@pytest.mark.parametrize("stage", ["checking-dns", "checking-ssl-cert", "done", "done-without-ssl"])
def test_other_stages_are_none_of_our_business(stage: str) -> None:
    assert plan({"stage": stage}, {"shop.example"}, {"shop.example"}) == ([], [])


@pytest.mark.parametrize(
    ("stage", "after"), [("checking-dns", "checking-dns"), ("checking-ssl-cert", "checking-ssl-cert")]
)
def test_a_check_that_was_never_queued(stage: str, after: str) -> None:
    assert stages({"stage": stage, "queued": False}, {"shop.example"}, {"shop.example"}) == [(stage, after)]
    assert stages({"stage": stage, "queued": True}, {"shop.example"}, {"shop.example"}) == []


KEPT: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "not ready": ({"domain": "other.example"}, {}, "not known to be attached"),
    "no certificate": ({"stage": "ssl-failed"}, {}, "no valid certificate"),
    "paused": ({"active": False}, {}, "paused"),
    "no site": ({"blog_id": 9}, {}, "site 9 is gone"),
    "archived": ({}, {"sites": (Site(2, "alpha.network.test", archived=True),)}, "site 2 is archived"),
    "another table": ({"network_id": 2}, {}, "table of network 2"),
    "no plugin": ({}, {"plugin": None}, "plugin is not active"),
    "plugin off": ({}, {"plugin": Plugin("2.4.12", active=False)}, "plugin is not active"),
}


@pytest.mark.parametrize("case", KEPT)
def test_what_stays_says_why(case: str) -> None:
    row, changes, reason = KEPT[case]
    requeue, (kept,) = plan(row, {"shop.example"}, **changes)
    assert requeue == []
    assert reason in kept["reason"]
    assert (kept["row"], kept["stage"]) == (10, row.get("stage", "failed"))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"stage": "checking-dns", "queued": True, "error": ""}, None),
        ({"stage": "checking-dns", "queued": False, "error": ""}, "no check of it is in the queue"),
        ({"stage": "failed", "queued": False, "error": "no table"}, "did not take it: no table"),
        ({"stage": "failed", "queued": False, "error": ""}, "without saying why"),
        ({"stage": "done", "queued": True, "error": ""}, "its stage is done now"),
        ({"stage": None, "queued": False, "error": ""}, "its stage is gone now"),
    ],
)
def test_only_what_was_read_back_is_believed(answer: dict[str, Any], reason: str | None) -> None:
    faults = _requeue.confirmed([WANTED], [{"id": 10, **answer}])
    assert list(faults) == ([] if reason is None else ["shop.example"])
    assert reason is None or reason in faults["shop.example"]


def test_a_row_without_an_answer_is_not_believed() -> None:
    assert set(_requeue.confirmed([WANTED], [])) == {"shop.example"}
