# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every situation that runcloud_ssl can find, against what it is asked for: its writes, orders and results.

Each row is run in check mode first, which has to predict the real run exactly, and a second time after it, which has to
change nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from simulator.process import Simulator
from support.ssl_runs import Outcome, Ssl, simulate_time

CLOSED_PORT = 1
REPLACED = ["POST /ssl", "DELETE /ssl/4211", "POST /ssl"]


# The seeds are made when the tests are collected: the simulator's clock begins then, however late a test runs.
START = datetime.datetime.now(datetime.timezone.utc)


def ago(**span: float) -> str:
    """Return a time before the start as RunCloud spells it."""
    return (START - datetime.timedelta(**span)).strftime("%Y-%m-%d %H:%M:%S")


def new(name: str, **values: Any) -> dict[str, Any]:
    """Return a domain that was attached a day ago, after any certificate of the seeds was issued."""
    return {"name": name, "created_at": ago(days=1), **values}


def owned(name: str, **certificate: Any) -> dict[str, Any]:
    """Return a domain with a certificate of its own."""
    return {"name": name, "certificate": certificate or True}


def advanced(*domains: Any, **more: Any) -> dict[str, Any]:
    """Return a seed in advanced mode; the ids of domains and certificates count from 693 and 4211."""
    return {"mode": "advanced", "domains": list(domains), **more}


def failures(*minutes: float) -> list[dict[str, str]]:
    """Return lines of the activity log about orders that have failed so many minutes ago."""
    text = "Failed to issue the Let's Encrypt certificate for a.example: DNS problem"
    return [{"kind": "SSL", "content": text, "created_at": ago(minutes=value)} for value in minutes]


@dataclass(frozen=True)
class Situation:
    """What is there, what is asked for, and what has to come of it.

    ``requests``: how many; ``writes``: which ones change something; ``orders``: (via, names) as returned.
    ``pending``: names that wait; ``missing``: names that are not covered after the run.
    ``error``: part of the failure's message; ``warning``: part of a warning.
    ``again``: what the second run writes. ``predicted``: whether check mode can know how it ends.
    """

    seed: Mapping[str, Any]
    requests: int
    options: Mapping[str, Any] = field(default_factory=dict)
    writes: tuple[str, ...] = ()
    orders: tuple[tuple[str, str], ...] = ()
    pending: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    error: str = ""
    warning: str = ""
    again: tuple[str, ...] = ()
    predicted: bool = True


AB = ["a.example", "b.example"]
FINE = {"domains": AB, "certificate": True}
LACKING = {"domains": ["a.example", new("b.example")], "certificate": {"names": ["a.example"]}}
STUCK = {"domains": AB, "certificate": {"names": ["a.example"]}}
WWW = {"domains": [{"name": "a.example", "www": True}]}
UNRESOLVED = {"dns": {"unresolved": ["b.example"]}}
SYNC = {"switches": {"ssl_issue": "sync"}}
ONE_OWNED = advanced(owned("a.example"), "b.example")

BASIC = {
    "none": Situation({"domains": AB}, 7, writes=("POST /ssl",), orders=(("install", "a.example b.example"),)),
    "none, answered at once": Situation(
        {"domains": AB, **SYNC}, 6, writes=("POST /ssl",), orders=(("install", "a.example b.example"),)
    ),
    "none, with a test domain": Situation(
        {"domains": ["a.example", "app.0123456789.p.runcloud.link"]},
        7,
        writes=("POST /ssl",),
        orders=(("install", "a.example"),),
    ),
    "only a test domain": Situation({"domains": ["app.0123456789.p.runcloud.link"]}, 3),
    "none, max_orders 0": Situation(
        {"domains": AB}, 4, {"max_orders": 0}, pending=("a.example", "b.example"), missing=tuple(AB)
    ),
    "none, a new name is held": Situation(
        {"domains": AB},
        7,
        {"deferred": {"late.example": "no DNS"}},
        writes=("POST /ssl",),
        orders=(("install", "a.example b.example"),),
        pending=("late.example",),
    ),
    "fine": Situation(FINE, 4),
    "fine, and the run says it changed a name": Situation(FINE, 4, {"changed": ["b.example"]}),
    "fine, surplus names": Situation({"domains": ["a.example"], "certificate": {"names": AB}}, 4),
    "fine, an attached name is held": Situation(FINE, 4, {"deferred": {"b.example": "no DNS"}}),
    "fine, force": Situation(
        FINE, 7, {"force": True}, ("PUT /ssl/4211",), (("redeploy", "a.example b.example"),), again=("PUT /ssl/4211",)
    ),
    "fine, an option differs": Situation(
        FINE, 5, {"enable_hsts": True, "tls_versions": "TLSv1.3"}, writes=("PATCH /ssl/4211",)
    ),
    "fine, absent": Situation(FINE, 5, {"state": "absent"}, writes=("DELETE /ssl/4211",), missing=tuple(AB)),
    "none, absent": Situation({"domains": AB}, 4, {"state": "absent"}, missing=tuple(AB)),
    "lacking names": Situation(LACKING, 7, {}, ("PUT /ssl/4211",), (("redeploy", "a.example b.example"),)),
    "lacking names, an option differs": Situation(
        LACKING,
        8,
        {"enable_http": True},
        ("PATCH /ssl/4211", "PUT /ssl/4211"),
        (("redeploy", "a.example b.example"),),
    ),
    "lacking names of a run that was killed a moment ago": Situation(
        {
            "domains": ["a.example", new("b.example", created_at=ago(seconds=2))],
            "certificate": {"names": ["a.example"]},
        },
        7,
        {},
        ("PUT /ssl/4211",),
        (("redeploy", "a.example b.example"),),
    ),
    "lacking names, they are held": Situation(
        LACKING,
        4,
        {"deferred": {"b.example": "no DNS"}},
        error="b.example: no DNS. One order is for all attached names",
        missing=("b.example",),
    ),
    "lacking names, not verified": Situation(
        LACKING,
        8,
        {"check_served": False, "changed": ["b.example"]},
        ("PUT /ssl/4211",),
        (("redeploy", "a.example b.example"),),
    ),
    "lacking names, trusted": Situation(LACKING, 3, {"check_served": False}),
    "lacking names, but younger than they": Situation(STUCK, 4, pending=("b.example",), missing=("b.example",)),
    "lacking names, but younger than they, force": Situation(
        STUCK, 7, {"force": True}, ("PUT /ssl/4211",), (("redeploy", "a.example b.example"),), again=("PUT /ssl/4211",)
    ),
    "lacking a www name for long": Situation(
        {**WWW, "certificate": {"names": ["a.example"]}},
        7,
        {},
        ("PUT /ssl/4211",),
        (("redeploy", "a.example www.a.example"),),
    ),
    "lacking a www name since today": Situation(
        {**WWW, "certificate": {"names": ["a.example"], "days_left": 89.5}},
        4,
        pending=("a.example",),
        missing=("www.a.example",),
    ),
    "lacking a www name that this run changed": Situation(
        {**WWW, "certificate": {"names": ["a.example"], "days_left": 89.5}},
        7,
        {"changed": ["a.example"]},
        ("PUT /ssl/4211",),
        (("redeploy", "a.example www.a.example"),),
    ),
    "a wildcard covers the new name": Situation(
        {
            "domains": ["*.net.example", new("shop.net.example")],
            "certificate": {"names": ["*.net.example"], "authorizationMethod": "dns-01", "api_id": 28},
            "external_apis": [{}],
        },
        4,
    ),
    "near expiry": Situation(
        {"domains": AB, "certificate": {"days_left": 5}},
        7,
        {},
        ("PUT /ssl/4211",),
        (("redeploy", "a.example b.example"),),
    ),
    "expired": Situation(
        {"domains": AB, "certificate": {"days_left": -3}},
        7,
        {},
        ("PUT /ssl/4211",),
        (("redeploy", "a.example b.example"),),
    ),
    "near expiry, but not for the user": Situation(
        {"domains": AB, "certificate": {"days_left": 5}}, 4, {"renew_before": 3}
    ),
    "staging, live is asked for": Situation(
        {"domains": AB, "certificate": {"staging": True}},
        9,
        {},
        tuple(REPLACED),
        (("reissue", "a.example b.example"),),
    ),
    "live, staging is asked for": Situation(
        FINE, 9, {"environment": "staging"}, tuple(REPLACED), (("reissue", "a.example b.example"),)
    ),
    "live, staging is asked for, RunCloud replaces": Situation(
        {**FINE, "switches": {"ssl_post_existing": "replace"}},
        7,
        {"environment": "staging"},
        ("POST /ssl",),
        (("reissue", "a.example b.example"),),
    ),
    "custom": Situation({"domains": AB, "certificate": {"method": "custom"}}, 4),
    "custom, lacking names": Situation(
        {"domains": AB, "certificate": {"method": "custom", "names": ["a.example"]}},
        4,
        warning="The custom certificate lacks b.example",
        missing=("b.example",),
    ),
    "custom, near expiry": Situation(
        {"domains": AB, "certificate": {"method": "custom", "days_left": 5}}, 4, warning="not renewed by itself"
    ),
    "custom, letsencrypt is asked for": Situation(
        {"domains": AB, "certificate": {"method": "custom"}},
        9,
        {"provider": "letsencrypt"},
        tuple(REPLACED),
        (("reissue", "a.example b.example"),),
    ),
    "csr, waiting to be signed": Situation({"domains": AB, "certificate": {"method": "csr"}}, 4, missing=tuple(AB)),
    "dns-01, kept": Situation(
        {
            "domains": AB,
            "certificate": {"authorizationMethod": "dns-01", "api_id": 28, "days_left": 5},
            "external_apis": [{}],
        },
        7,
        {},
        ("PUT /ssl/4211",),
        (("redeploy", "a.example b.example"),),
    ),
    "pending": Situation(
        {"domains": AB, "certificate": {"pending": True, "created_at": ago(minutes=2)}},
        30,
        pending=tuple(AB),
        missing=tuple(AB),
    ),
    "pending, not waited for": Situation(
        {"domains": AB, "certificate": {"pending": True, "created_at": ago(minutes=2)}},
        4,
        {"wait": False},
        pending=tuple(AB),
        missing=tuple(AB),
    ),
    "pending since yesterday": Situation(
        {"domains": AB, "certificate": {"pending": True, "created_at": ago(days=1)}},
        4,
        pending=tuple(AB),
        missing=tuple(AB),
    ),
    "order fails at once": Situation(
        {"domains": AB, **UNRESOLVED, **SYNC},
        6,
        {},
        ("POST /ssl",),
        error="b.example: DNS problem",
        missing=tuple(AB),
        predicted=False,
        again=("POST /ssl",),
    ),
    "order fails later": Situation(
        {"domains": AB, **UNRESOLVED},
        9,
        {},
        ("POST /ssl",),
        (("install", "a.example b.example"),),
        error="b.example: DNS problem",
        missing=tuple(AB),
        predicted=False,
        again=("POST /ssl",),
    ),
    "redeploy fails at once": Situation(
        {**LACKING, **UNRESOLVED, **SYNC},
        6,
        {},
        ("PUT /ssl/4211",),
        error="b.example: DNS problem",
        missing=("b.example",),
        predicted=False,
        again=("PUT /ssl/4211",),
    ),
    "redeploy fails later": Situation(
        {**LACKING, **UNRESOLVED},
        9,
        {},
        ("PUT /ssl/4211",),
        (("redeploy", "a.example b.example"),),
        error="b.example: DNS problem",
        missing=("b.example",),
        predicted=False,
        again=("PUT /ssl/4211",),
    ),
    "orders have failed too often": Situation(
        {**LACKING, "log": failures(50, 30, 10)}, 5, pending=("a.example", "b.example"), missing=("b.example",)
    ),
    "orders had failed too often": Situation(
        {**LACKING, "log": failures(70, 30, 10)}, 7, {}, ("PUT /ssl/4211",), (("redeploy", "a.example b.example"),)
    ),
    "orders have failed too often, force": Situation(
        {**LACKING, "log": failures(50, 30, 10)},
        7,
        {"force": True},
        ("PUT /ssl/4211",),
        (("redeploy", "a.example b.example"),),
        again=("PUT /ssl/4211",),
    ),
    "AutoSSL": Situation(
        {**LACKING, "autoSSL": True},
        7,
        {"changed": ["b.example"]},
        ("PUT /ssl/4211",),
        (("redeploy", "a.example b.example"),),
    ),
    "server unreachable": Situation(FINE, 4, {"check_port": CLOSED_PORT}, warning="could not be checked"),
    "server unreachable, a changed name": Situation(
        LACKING,
        9,
        {"check_port": CLOSED_PORT, "changed": ["b.example"]},
        ("PUT /ssl/4211",),
        (("redeploy", "a.example b.example"),),
        warning="could not be checked",
    ),
    "server offline": Situation(
        {**LACKING, "servers": [{"id": 1903, "online": False}]},
        7,
        {},
        ("PUT /ssl/4211",),
        error="offline or not connected",
        missing=("b.example",),
        predicted=False,
        again=("PUT /ssl/4211",),
    ),
    "plan without advanced SSL": Situation({**FINE, "plan_advanced": False, "switches": {"plan_get_advanced": 404}}, 4),
    "plan without advanced SSL, advanced is asked for": Situation(
        {**FINE, "plan_advanced": False},
        4,
        {"mode": "advanced", "allow_mode_switch": True},
        ("POST /ssl/advanced",),
        error="Business or Enterprise",
        predicted=False,
        again=("POST /ssl/advanced",),
    ),
    "mode differs": Situation(FINE, 2, {"mode": "advanced"}, error="mode: 'advanced' is asked for"),
    "mode differs, switched": Situation(
        FINE,
        9,
        {"mode": "advanced", "allow_mode_switch": True},
        ("POST /ssl/advanced", "POST /domains/693/ssl", "POST /domains/694/ssl"),
        (("install", "a.example"), ("install", "b.example")),
    ),
    "mode differs, switched, an unknown domain": Situation(
        FINE,
        2,
        {"mode": "advanced", "allow_mode_switch": True, "domains": ["c.example"]},
        error="domains: c.example not attached",
    ),
    "domains in basic mode": Situation(
        FINE, 4, {"domains": ["a.example"]}, error="domains: the web application is in basic"
    ),
    "domains in basic mode, absent": Situation(
        FINE, 4, {"domains": ["a.example"], "state": "absent"}, error="domains: the web application is in basic"
    ),
    "a wildcard by http-01": Situation(
        {"domains": ["*.net.example"]}, 4, error="*.net.example is a wildcard", missing=("*.net.example",)
    ),
    "101 names": Situation(
        {"domain_count": 101}, 6, error="101 names are more", missing=tuple(f"d{n}.example" for n in range(1, 102))
    ),
}

ADVANCED = {
    "all fine": Situation(advanced(owned("a.example"), owned("b.example")), 4),
    "all fine, no list": Situation(
        advanced(owned("a.example"), owned("b.example"), switches={"get_ssl_shape": "object"}), 4
    ),
    "some missing": Situation(ONE_OWNED, 7, {}, ("POST /domains/694/ssl",), (("install", "b.example"),)),
    "some missing, no list": Situation(
        {**ONE_OWNED, "switches": {"get_ssl_shape": "object"}},
        8,
        {},
        ("POST /domains/694/ssl",),
        (("install", "b.example"),),
    ),
    "all missing": Situation(
        advanced(*AB),
        8,
        {},
        ("POST /domains/693/ssl", "POST /domains/694/ssl"),
        (("install", "a.example"), ("install", "b.example")),
    ),
    "some missing, not meant": Situation(ONE_OWNED, 4, {"domains": ["a.example"]}, missing=("b.example",)),
    "some missing, held": Situation(
        ONE_OWNED, 4, {"deferred": {"b.example": "no DNS"}}, pending=("b.example",), missing=("b.example",)
    ),
    "some missing, order fails at once": Situation(
        advanced("a.example", "b.example", **UNRESOLVED, **SYNC),
        7,
        {},
        ("POST /domains/693/ssl", "POST /domains/694/ssl"),
        (("install", "a.example"),),
        error="b.example: DNS problem",
        missing=("b.example",),
        predicted=False,
        again=("POST /domains/694/ssl",),
    ),
    "some missing, order fails later": Situation(
        advanced("a.example", "b.example", **UNRESOLVED),
        10,
        {},
        ("POST /domains/693/ssl", "POST /domains/694/ssl"),
        (("install", "a.example"), ("install", "b.example")),
        error="b.example: DNS problem",
        missing=("b.example",),
        predicted=False,
        again=("POST /domains/694/ssl",),
    ),
    "some missing, failed too often": Situation(
        advanced("a.example", "b.example", log=failures(50, 30, 10)),
        7,
        {},
        ("POST /domains/694/ssl",),
        (("install", "b.example"),),
        pending=("a.example",),
        missing=("a.example",),
    ),
    "some expiring": Situation(
        advanced(owned("a.example", days_left=40), owned("b.example", days_left=5)),
        7,
        {},
        ("PUT /domains/694/ssl/4212",),
        (("redeploy", "b.example"),),
    ),
    "more than max_orders": Situation(
        advanced(
            owned("a.example", days_left=9),
            owned("b.example", days_left=3),
            "c.example",
            owned("d.example", days_left=-3),
        ),
        8,
        {"max_orders": 2},
        ("POST /domains/695/ssl", "PUT /domains/696/ssl/4213"),
        (("install", "c.example"), ("redeploy", "d.example")),
        pending=("a.example", "b.example"),
        again=("PUT /domains/694/ssl/4212", "PUT /domains/693/ssl/4211"),
    ),
    "a www name is lacking": Situation(
        advanced({"name": "a.example", "www": True, "certificate": {"names": ["a.example"]}}),
        7,
        {},
        ("PUT /domains/693/ssl/4211",),
        (("redeploy", "a.example www.a.example"),),
    ),
    "staging, live is asked for": Situation(
        advanced(owned("a.example", staging=True)),
        9,
        {},
        ("POST /domains/693/ssl", "DELETE /domains/693/ssl/4211", "POST /domains/693/ssl"),
        (("reissue", "a.example"),),
    ),
    "an option differs": Situation(
        advanced(owned("a.example"), owned("b.example", enableHsts=True)),
        5,
        {"enable_hsts": True},
        ("PATCH /domains/693/ssl/4211",),
    ),
    "AutoSSL, a new name": Situation(
        advanced("a.example", owned("b.example"), autoSSL=True),
        4,
        {"changed": ["a.example"]},
        pending=("a.example",),
        missing=("a.example",),
    ),
    "AutoSSL, a name attached by a run that was killed": Situation(
        advanced(new("a.example", created_at=ago(minutes=2)), owned("b.example"), autoSSL=True),
        4,
        pending=("a.example",),
        missing=("a.example",),
    ),
    "AutoSSL, an old name": Situation(
        advanced("a.example", owned("b.example"), autoSSL=True),
        7,
        {},
        ("POST /domains/693/ssl",),
        (("install", "a.example"),),
    ),
    "AutoSSL was quicker": Situation(advanced(owned("a.example"), autoSSL=True), 4, {"changed": ["a.example"]}),
    "AutoSSL is switched on": Situation(advanced(owned("a.example")), 5, {"auto_ssl": True}, ("POST /ssl/advanced",)),
    "pending, not waited for": Situation(
        advanced(owned("a.example", pending=True, created_at=ago(minutes=2))),
        4,
        {"wait": False},
        pending=("a.example",),
        missing=("a.example",),
    ),
    "server unreachable": Situation(
        ONE_OWNED,
        9,
        {"check_port": CLOSED_PORT},
        ("POST /domains/694/ssl",),
        (("install", "b.example"),),
        warning="could not be checked",
    ),
    "absent": Situation(
        advanced(owned("a.example"), owned("b.example")),
        5,
        {"state": "absent", "domains": ["b.example"]},
        ("DELETE /domains/694/ssl/4212",),
        missing=("b.example",),
    ),
    "mode differs": Situation(ONE_OWNED, 2, {"mode": "basic"}, error="mode: 'basic' is asked for"),
    "mode differs, switched": Situation(
        ONE_OWNED,
        8,
        {"mode": "basic", "allow_mode_switch": True},
        ("POST /ssl/advanced", "POST /ssl"),
        (("install", "a.example b.example"),),
    ),
    "a wildcard by http-01": Situation(
        advanced("*.net.example", owned("a.example")),
        4,
        error="*.net.example is a wildcard",
        missing=("*.net.example",),
    ),
}

ALL = [
    *(pytest.param(situation, id=f"basic: {name}") for name, situation in BASIC.items()),
    *(pytest.param(situation, id=f"advanced: {name}") for name, situation in ADVANCED.items()),
]


@pytest.fixture
def ssl(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Ssl:
    simulate_time(monkeypatch, simulator)
    return Ssl.of(simulator)


def told(outcome: Outcome) -> dict[str, Any]:
    """Return what check mode has to give just as the real run does."""
    return {key: outcome.result[key] for key in ("changed", "orders", "diff")}


@pytest.mark.parametrize("situation", ALL)
def test_situation(ssl: Ssl, situation: Situation) -> None:
    ssl.sim.reset({**situation.seed, "clock": ago()})
    preview = ssl(check=True, diff=True, **situation.options)
    real = ssl(diff=True, **situation.options)
    again = ssl(**situation.options)

    assert preview.writes == []
    assert preview.orders == []
    assert real.failed == bool(situation.error), real.result
    assert situation.error in real.result.get("msg", "")
    assert situation.warning in real.warnings
    assert real.writes == list(situation.writes)
    assert again.writes == list(situation.again)
    if "orders" in real.result:
        assert [(order["via"], " ".join(order["names"])) for order in real.result["orders"]] == list(situation.orders)
        assert set(real.pending) == set(situation.pending)
        assert {name for names in real.covered.values() for name in names} == set(situation.missing)
        if situation.predicted:
            assert told(preview) == told(real)
    if not situation.again:
        assert not again.result.get("changed", False)
    assert len(real.requests) == situation.requests, [*real.reads, *real.writes]
