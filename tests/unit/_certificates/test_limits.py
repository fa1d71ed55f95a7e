# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is counted before an order, and what the activity log is taken to say."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates import limits as _ssl_limits
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates import log as _ssl_log
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.models import Domain, LogEntry
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime.datetime(2026, 11, 22, 12, 0, 0, tzinfo=datetime.timezone.utc)


def before(**span: float) -> datetime.datetime:
    return NOW - datetime.timedelta(**span)


def line(content: str, moment: datetime.datetime = NOW, kind: str = "SSL") -> LogEntry:
    return LogEntry(kind, content, moment.strftime("%Y-%m-%d %H:%M:%S"))


spans = st.floats(0, 14 * 24).map(lambda hours: before(hours=hours))
some_names = st.sampled_from(["net.example", "a.net.example", "b.net.example", "c.example", "*.net.example"])


@given(
    st.integers(0, 60),
    st.lists(spans, max_size=60),
    st.lists(some_names, max_size=80),
)
def test_no_limit_is_ever_passed(most: int, issued: list[datetime.datetime], wanted: list[str]) -> None:
    dates = {f"d{number}.net.example": moment for number, moment in enumerate(issued)}
    budget = _ssl_limits.Budget(most, "net.example", dates, NOW)
    taken = []
    for name in wanted:
        if budget.refusal([name]) is None:
            budget.take([name])
            taken.append(name)
    lately = sum(1 for moment in issued if NOW - moment < _ssl_limits.THREE_HOURS)
    this_week = sum(1 for moment in issued if NOW - moment < _ssl_limits.WEEK)
    below = sum(1 for name in taken if name.endswith("net.example"))
    assert len(taken) <= most
    assert not taken or lately + len(taken) <= 300
    assert not below or this_week + below <= 50


def test_three_hundred_orders_in_three_hours() -> None:
    dates = {f"d{number}.example": before(hours=2) for number in range(299)}
    budget = _ssl_limits.Budget(50, None, dates, NOW)
    assert budget.refusal(["x.example"]) is None
    budget.take(["x.example"])
    assert "300 orders in 3 hours" in str(budget.refusal(["y.example"]))


@pytest.mark.parametrize(
    ("rows", "base"),
    [
        ([], None),
        ([Domain(1, "a.example")], None),
        ([Domain(1, "a.example"), Domain(2, "www.net.example", "primary")], "net.example"),
        ([Domain(1, "*.net.example", "primary")], "net.example"),
    ],
)
def test_the_base_domain(rows: list[Domain], base: str | None) -> None:
    assert _ssl_limits.base_domain(rows) == base


ISSUED = "SSL certificate has been deployed for a.example"
FAILED = "Failed to issue the Let's Encrypt certificate for a.example: DNS problem"


@pytest.mark.parametrize(
    ("ages", "domain", "changed", "refused"),
    [
        ([1, 2, 3, 4], None, None, False),
        ([1, 2, 3, 4, 5], None, None, True),
        ([1, 2, 3, 4, 5], "a.example", None, True),
        ([1, 2, 3, 4, 5], "b.example", None, False),
        ([1, 2, 3, 4, 8], None, None, False),
        ([1, 2, 3, 4, 5], None, 4.5, False),
        ([1, 2, 3, 4, 5], None, 30, True),
    ],
)
def test_identical_certificates_of_a_week(
    ages: list[float], domain: str | None, changed: float | None, refused: bool
) -> None:
    log = [line(ISSUED, before(days=age)) for age in ages]
    since = before(days=changed) if changed is not None else None
    text = _ssl_limits.identical_too_often(log, domain, since, NOW)
    assert (text is not None) == refused
    if text is not None:
        assert "2026-11-24 12:00 UTC" in text


@pytest.mark.parametrize(
    ("minutes", "domain", "refused"),
    [
        ([10, 20], None, False),
        ([10, 20, 30], None, True),
        ([10, 20, 30], "a.example", True),
        ([10, 20, 30], "b.example", False),
        ([10, 20, 61], None, False),
    ],
)
def test_failures_of_an_hour(minutes: list[float], domain: str | None, refused: bool) -> None:
    text = _ssl_limits.failed_too_often([line(FAILED, before(minutes=value)) for value in minutes], domain, NOW)
    assert (text is not None) == refused
    if text is not None:
        assert "12:30 UTC" in text


@pytest.mark.parametrize(
    ("entry", "failure", "issue"),
    [
        (line(ISSUED), False, True),
        (line(FAILED), True, False),
        (line("Unable to install", kind="ssl"), True, False),
        (line("Deployment failed", kind="Git"), False, False),
        (line("Backup has been deployed", kind="WebApp"), False, False),
        (line("SSL settings were changed"), False, False),
    ],
)
def test_lines_of_the_log(entry: LogEntry, failure: bool, issue: bool) -> None:
    assert (_ssl_log.is_failure(entry), _ssl_log.is_issue(entry)) == (failure, issue)


@pytest.mark.parametrize(
    ("content", "name", "named"),
    [
        ("for shop.example: no", "shop.example", True),
        ("for shop.example.", "shop.example", True),
        ("for SHOP.example", "shop.example", True),
        ("for myshop.example", "shop.example", False),
        ("for my.shop.example", "shop.example", False),
        ("for my-shop.example", "shop.example", False),
        ("for shop.example.org", "shop.example", False),
        ("for shop.example-two", "shop.example", False),
        ("for *.net.example", "*.net.example", True),
    ],
)
def test_a_line_names_a_host(content: str, name: str, named: bool) -> None:
    assert _ssl_log.names(line(content), name) == named


def test_a_line_without_a_readable_date_does_not_count() -> None:
    assert _ssl_log.times([LogEntry("SSL", ISSUED, "yesterday")], before(days=7), _ssl_log.is_issue, None) == []
