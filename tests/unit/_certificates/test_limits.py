# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is counted before an order, and what the activity log is taken to say."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.activity import (
    base_domain,
    event_times,
    failed_too_often,
    identical_too_often,
    is_failure,
    is_issue,
    mentions,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.coverage import Found
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.model import (
    CertificatesState,
    EarlierOrder,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.models import Certificate, Domain, LogEntry

NOW = datetime.datetime(2026, 11, 22, 12, 0, 0, tzinfo=datetime.timezone.utc)


def before(**span: float) -> datetime.datetime:
    return NOW - datetime.timedelta(**span)


def line(content: str, moment: datetime.datetime = NOW, kind: str = "SSL") -> LogEntry:
    return LogEntry(kind, content, moment.strftime("%Y-%m-%d %H:%M:%S"))


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
    assert base_domain(rows) == base


def known(log: list[LogEntry], *rows: Domain) -> CertificatesState:
    return CertificatesState(
        advanced=False, auto_ssl=False, domains=rows, certificates={}, served=None, now=NOW, log=tuple(log)
    )


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
    created = None if changed is None else before(days=changed).strftime("%Y-%m-%d %H:%M:%S")
    state = known(log, Domain(1, domain or "a.example", created_at=created))
    text = identical_too_often(state, domain, ["a.example"], known_same=True)
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
    text = failed_too_often(known([line(FAILED, before(minutes=value)) for value in minutes]), domain)
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
    assert (is_failure(entry), is_issue(entry)) == (failure, issue)


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
    assert mentions(content, name) == named


def test_a_line_without_a_readable_date_does_not_count() -> None:
    assert event_times([LogEntry("SSL", ISSUED, "yesterday")], before(days=7), is_issue, None) == []


def test_an_end_that_moved_tells_when_a_certificate_was_issued_at_the_earliest() -> None:
    kept = Certificate(4211, None, "letsencrypt", before(days=-89), created_at=before(days=200))
    assert Found(None, (), kept).issued_at == before(days=1)
    own = dataclasses.replace(kept, provider="custom")
    assert Found(None, (), own).issued_at == before(days=200)


def test_remembered_failures_count_where_the_log_says_nothing() -> None:
    failures = tuple(
        EarlierOrder(None, frozenset({"a.example"}), before(minutes=age), failed=True) for age in (50, 40, 30)
    )
    state = dataclasses.replace(known([]), failed_orders=failures)
    assert "12:10 UTC" in (failed_too_often(state, None) or "")
    assert failed_too_often(state, "a.example") is None
