# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the modules that only read: which domain serves a name, what is addressed, and what ends soon."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.coverage import expiring_names
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.model import CertificatesState
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.desired import parse_names
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.module_utils._info import (
    optional_server,
    optional_webapp,
    served_as,
    server_result,
    webapp_result,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._probe.served import (
    Served,
    ServedCertificate,
    ServedReport,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.api import Target
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.models import (
    Certificate,
    Domain,
    Server,
    WebApp,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc)
SOON = NOW + datetime.timedelta(days=14)

LABELS = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
NAMES = st.lists(LABELS, min_size=2, max_size=4).map(".".join)


# Which domain serves a name


@pytest.mark.parametrize(
    ("row", "www", "name", "match"),
    [
        ("shop.example", False, "shop.example", "name"),
        ("shop.example", True, "shop.example", "name"),
        ("shop.example", True, "www.shop.example", "www"),
        ("shop.example", False, "www.shop.example", None),
        ("shop.example", None, "www.shop.example", None),
        ("www.shop.example", False, "shop.example", None),
        ("www.shop.example", False, "www.shop.example", "name"),
        ("*.shop.example", False, "*.shop.example", "name"),
        ("*.shop.example", False, "a.shop.example", "wildcard"),
        ("*.shop.example", False, "a.b.shop.example", None),
        ("*.shop.example", False, "shop.example", None),
        ("shop.example", False, "*.shop.example", None),
    ],
)
def test_how_a_domain_serves_a_name(row: str, www: bool | None, name: str, match: str | None) -> None:
    assert served_as(Domain(1, row, www=www, wildcard=row.startswith("*.")), name) == match


@given(NAMES, st.booleans())
def test_a_domain_serves_exactly_its_own_names(name: str, www: bool) -> None:
    row = Domain(1, name, www=www)
    assert {served_as(row, served) for served in row.served_names} == ({"name", "www"} if www else {"name"})
    assert served_as(row, f"other.{name}") is None


@given(LABELS, NAMES)
def test_a_wildcard_serves_one_label(label: str, name: str) -> None:
    row = Domain(1, f"*.{name}", wildcard=True)
    assert served_as(row, f"{label}.{name}") == "wildcard"
    assert served_as(row, name) is None
    assert served_as(row, f"a.{label}.{name}") is None


# What is addressed


def options(**given_options: Any) -> dict[str, Any]:
    names = ("server_id", "server_name", "webapp_id", "webapp_name", "domain")
    return {name: given_options.get(name) for name in names}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WU_RUNCLOUD_SERVER_ID", "1903")
    monkeypatch.setenv("RUNCLOUD_APP_ID", "646")


def test_nothing_named_means_everything() -> None:
    assert optional_server(options()) == optional_webapp(options()) == Target()
    assert not Target().names_server
    assert not Target().names_webapp


@pytest.mark.usefixtures("environment")
def test_the_environment_names_the_server_but_no_web_application() -> None:
    assert optional_server(options()) == Target(server_id=1903)
    assert optional_webapp(options()) == Target(server_id=1903)
    assert optional_webapp(options(webapp_id=7)) == Target(server_id=1903, webapp_id=7)
    assert optional_webapp(options(server_name="web1", webapp_name="blog")) == Target(
        server_name="web1", webapp_name="blog"
    )


@pytest.mark.usefixtures("environment")
def test_a_search_is_only_narrowed_by_options() -> None:
    assert optional_webapp(options(domain="a.example")) == Target()
    assert optional_webapp(options(domain="a.example", server_id=5)) == Target(server_id=5)


@pytest.mark.parametrize("wrong", [{"server_id": 1, "server_name": "web1"}, {"server_id": 0}, {"server_id": -3}])
def test_what_names_no_server_is_refused(wrong: dict[str, Any]) -> None:
    for read in (optional_server, optional_webapp):
        with pytest.raises(UserError, match="server_"):
            read(options(**wrong))


def test_names_are_read_once_each_in_the_order_given() -> None:
    assert parse_names(["B.example.", "a.example", "b.example"], "names") == ["b.example", "a.example"]
    with pytest.raises(UserError, match=r"names\[0\]: .*; names\[2\]: "):
        parse_names(["", "ok.example", "x y"], "names")


# Results


def test_results_have_everything_and_say_where() -> None:
    server = Server(1903, "web1", "192.0.2.1", online=True, connected=False, tags=("eu",))
    told = server_result(server)
    assert (told["usable"], told["tags"], told["address"]) == (False, ["eu"], "192.0.2.1")

    row = webapp_result(server, WebApp(646, "network"))
    assert (row["id"], row["name"], row["server_id"], row["server_name"]) == (646, "network", 1903, "web1")


# What ends soon


def in_days(days: float) -> datetime.datetime:
    return NOW + datetime.timedelta(days=days)


def certificate(domain: str | None, days: float | None) -> Certificate:
    return Certificate(4211, domain, "letsencrypt", None if days is None else in_days(days))


def served(*names: str, days: float, under: tuple[str, ...] = ()) -> ServedReport:
    shown = ServedCertificate(names, in_days(-30), in_days(days), "CN=Test", "ab")
    return ServedReport(True, served={name: Served(name, shown) for name in under or names})


def state(
    rows: list[str], known: dict[str | None, Certificate | None], report: ServedReport | None, *, advanced: bool
) -> CertificatesState:
    domains = tuple(Domain(number, name) for number, name in enumerate(rows, 1))
    return CertificatesState(advanced, None, domains, known, report, NOW)


@pytest.mark.parametrize(
    ("known", "report", "expiring"),
    [
        (None, None, []),
        (certificate(None, 60), None, []),
        (certificate(None, 5), None, ["a.example", "b.example"]),
        (certificate(None, 14), None, ["a.example", "b.example"]),
        (certificate(None, -1), None, ["a.example", "b.example"]),
        (certificate(None, None), None, []),
        # RunCloud's date may lag behind what is served, and the other way round.
        (certificate(None, 5), served("a.example", "b.example", days=60), []),
        (certificate(None, 60), served("a.example", "b.example", days=5), []),
        # A name that the certificate lacks has none that could end.
        (certificate(None, 5), served("a.example", days=5, under=("a.example", "b.example")), ["a.example"]),
    ],
)
def test_the_certificate_of_basic_mode(
    known: Certificate | None, report: ServedReport | None, expiring: list[str]
) -> None:
    rows = ["a.example", "b.example", "app.x-1.p.runcloud.link"]
    assert expiring_names(state(rows, {None: known}, report, advanced=False), SOON) == expiring


@pytest.mark.parametrize(
    ("known", "report", "expiring"),
    [
        ({}, None, []),
        ({"a.example": certificate("a.example", 5), "b.example": certificate("b.example", 60)}, None, ["a.example"]),
        # RunCloud was not asked: what the server presents counts.
        ({}, served("a.example", days=5), ["a.example"]),
        ({}, served("a.example", days=60), []),
        # A certificate of somebody else says nothing of this domain's.
        ({}, served("other.example", days=5, under=("a.example",)), []),
        (
            {"a.example": certificate("a.example", 5)},
            served("other.example", days=60, under=("a.example",)),
            ["a.example"],
        ),
    ],
)
def test_the_certificates_of_advanced_mode(
    known: dict[str | None, Certificate | None], report: ServedReport | None, expiring: list[str]
) -> None:
    assert expiring_names(state(["a.example", "b.example"], known, report, advanced=True), SOON) == expiring
