# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody knows of RunCloud must not matter: the same runs come to the same end on all sides of each switch.

A new switch of the simulator that is about certificates belongs into SIDES; U21 to U23 have one side only and are part
of every run.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.process import Simulator
from support.certificates import own_certificate
from support.ssl_runs import Outcome, Ssl, simulate_time

SIDES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "U1 list": {"get_ssl_shape": "list"},
    "U1 list, under each domain, in pages": {
        "get_ssl_shape": "list",
        "ssl_list_basic": "every",
        "ssl_list_meta": True,
    },
    "U1 object": {"get_ssl_shape": "object"},
    "wrapped": {"get_ssl_wrap": True},
    "U2 200": {"ssl_missing_status": 200, "get_ssl_shape": "object", "get_ssl_wrap": True},
    "U7 201": {"post_status": 201, "put_status": 202},
    "U7 204": {"post_status": 204, "put_status": 204, "patch_status": 204, "delete_status": 204},
    "empty replies": {"ssl_write_reply": "empty", "ssl_delete_reply": "message"},
    "U8 at once": {"ssl_issue": "sync"},
    "U8 at once, empty replies": {"ssl_issue": "sync", "ssl_write_reply": "empty"},
    "U8 after a minute": {"ssl_issue_seconds": 60},
    "U9 replaces": {"ssl_post_existing": "replace"},
    "U9 replaces at once": {"ssl_post_existing": "replace", "ssl_issue": "sync"},
    "U10 with 500": {"ssl_issue": "sync", "acme_failure_status": 500, "ssl_protocol_required": False},
    "U10 with 400, U12 403, U13 refuses, U15 422, U24 refuses, U26 503": {
        "ssl_issue": "sync",
        "acme_failure_status": 400,
        "basic_ssl_in_advanced": 403,
        "domain_ssl_in_basic": "refuse",
        "plan_status": 422,
        "wildcard_http01": "refuse",
        "offline_status": 503,
    },
    "U14 keeps, U26 accepts": {"mode_switch": "keep", "offline_writes": "accept"},
    "U15 404": {"plan_get_advanced": 404},
    "U29 shown": {"private_key_v3": "present"},
    "U29 absent": {"private_key_v2": "absent", "private_key_v3": "absent", "certificate_v3": "absent"},
    "U29 null": {"private_key_v2": "null", "certificate_v3": "null"},
    "a redeployed certificate gets a new id": {"redeploy_id": "new"},
    "a redeployed certificate gets a new id at once": {"redeploy_id": "new", "ssl_issue": "sync"},
    "certificates for six weeks, no test domains in orders, the log from its beginning, PATCH resets": {
        "validity_days": 45.0,
        "test_domains_in_orders": False,
        "log_order": "oldest",
        "patch_omitted": "reset",
    },
}
# API v2 knows nothing of the list form, and shows private keys.
ON_V2 = (
    "defaults",
    "U2 200",
    "U7 204",
    "empty replies",
    "U8 at once, empty replies",
    "U9 replaces",
    "U29 absent",
    "a redeployed certificate gets a new id",
)

OLD = {"names": ["a.example"]}
TEST_DOMAIN = "app.0123456789.p.runcloud.link"


@pytest.fixture
def sim(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    simulate_time(monkeypatch, simulator)
    return simulator


def yesterday() -> str:
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def ends_well(ssl: Ssl, **options: Any) -> Outcome:
    """Run until nothing is left to do: the first run does it all, the second finds it so."""
    outcome = ssl(**options)
    assert not outcome.failed, outcome.result["msg"]
    assert outcome.pending == {}
    assert {name for names in outcome.covered.values() for name in names} == set()
    again = ssl(**options)
    assert again.writes == []
    assert again.result["changed"] is False
    return outcome


def first_certificate(ssl: Ssl) -> None:
    ssl.sim.seed({"domains": ["a.example", {"name": "b.example", "www": True}, TEST_DOMAIN]})
    outcome = ends_well(ssl)
    assert outcome.result["orders"] == [{"via": "install", "names": ["a.example", "b.example", "www.b.example"]}]
    assert [order["via"] for order in outcome.orders] == ["POST"]


def names_were_added(ssl: Ssl) -> None:
    ssl.sim.seed({"domains": ["a.example", {"name": "b.example", "created_at": yesterday()}], "certificate": OLD})
    outcome = ends_well(ssl)
    assert [order["via"] for order in outcome.orders] == ["PUT"]


def from_staging(ssl: Ssl) -> None:
    ssl.sim.seed({"domains": ["a.example"], "certificate": {"staging": True}})
    outcome = ends_well(ssl)
    assert [(order["via"], order["staging"]) for order in outcome.orders] == [("POST", False)]
    assert [found["staging"] for found in outcome.result["certificates"]] == [False]


def options_of_basic_mode(ssl: Ssl) -> None:
    ssl.sim.seed({"domains": ["a.example"], "certificate": {"ssl_protocol_id": 1}})
    outcome = ends_well(ssl, enable_http=True, enable_hsts=True, tls_versions="TLSv1.3")
    assert len(outcome.writes) == 1
    assert outcome.orders == []
    shown = ssl.sim.certificates()[0]
    assert (shown["enableHttp"], shown["enableHsts"], shown["ssl_protocol_id"]) == (True, True, 3)


def failing_redeploy(ssl: Ssl) -> None:
    late = {"name": "b.example", "created_at": yesterday()}
    ssl.sim.seed({"domains": ["a.example", late], "certificate": OLD, "dns": {"unresolved": ["b.example"]}})
    outcome = ssl()
    assert outcome.failed
    assert "b.example: DNS problem" in outcome.result["msg"]
    assert outcome.result["changed"] is False
    assert outcome.covered == {"a.example": [], "b.example": ["b.example"]}
    ssl.sim.panel("set_dns", unresolved=[])
    assert [order["via"] for order in ends_well(ssl).orders] == ["PUT"]


def failing_first_order(ssl: Ssl) -> None:
    ssl.sim.seed({"mode": "advanced", "domains": ["a.example", "b.example"], "dns": {"unresolved": ["b.example"]}})
    outcome = ssl()
    assert outcome.failed
    assert outcome.result["applied"] == ["a.example"]
    assert "DNS problem" in outcome.result["errors"]["b.example"]
    assert outcome.covered == {"a.example": [], "b.example": ["b.example"]}


def certificates_of_domains(ssl: Ssl) -> None:
    late = {"name": "late.example", "certificate": {"days_left": 3}}
    ssl.sim.seed({"mode": "advanced", "domains": ["a.example", {"name": "b.example", "certificate": True}, late]})
    outcome = ends_well(ssl)
    assert sorted((order["via"], order["domain"]) for order in outcome.orders) == [
        ("POST", "a.example"),
        ("PUT", "late.example"),
    ]


def options_of_advanced_mode(ssl: Ssl) -> None:
    rows = [{"name": "a.example", "certificate": True}, {"name": "b.example", "certificate": {"ssl_protocol_id": 3}}]
    ssl.sim.seed({"mode": "advanced", "domains": rows})
    outcome = ends_well(ssl, enable_hsts=True, tls_versions="TLSv1.3", domains=["a.example"])
    assert len(outcome.writes) == 1
    shown = {found["domain"]: found for found in ssl.sim.certificates()}
    assert (shown["a.example"]["enableHsts"], shown["a.example"]["ssl_protocol_id"]) == (True, 3)
    assert shown["b.example"]["enableHsts"] is False


def there_and_back(ssl: Ssl) -> None:
    ssl.sim.seed({"domains": ["a.example", "b.example"], "certificate": True})
    ends_well(ssl, mode="advanced", allow_mode_switch=True)
    assert [found["domain"] for found in ssl.sim.certificates()] == ["a.example", "b.example"]
    ends_well(ssl, mode="basic", allow_mode_switch=True)
    assert [found["domain"] for found in ssl.sim.certificates()] == [None]


def own(ssl: Ssl) -> None:
    ssl.sim.seed({"domains": ["a.example"]})
    first, second = own_certificate("a.example"), own_certificate("a.example")
    assert ends_well(ssl, provider="custom", **first).writes == ["POST /ssl"]
    assert ends_well(ssl, provider="custom", **second).writes == ["PATCH /ssl/4211"]
    assert second["private_key"] not in str(ssl(provider="custom", **second).result)


def taken_away(ssl: Ssl) -> None:
    ssl.sim.seed({"domains": ["a.example"], "certificate": True})
    assert ssl(state="absent").writes == ["DELETE /ssl/4211"]
    assert ssl(state="absent").writes == []
    assert ssl.sim.certificates() == []


def without_plan(ssl: Ssl) -> None:
    ssl.sim.seed({"domains": ["a.example"], "plan_advanced": False})
    outcome = ssl(mode="advanced", allow_mode_switch=True)
    assert "Business or Enterprise" in outcome.result["msg"]
    ends_well(ssl)


def wildcards(ssl: Ssl) -> None:
    ssl.sim.seed({"domains": ["*.net.example"], "external_apis": [{"label": "zone"}]})
    refused = ssl()
    assert "set authorization_method: dns-01" in refused.result["msg"]
    assert refused.writes == []
    ends_well(ssl, authorization_method="dns-01", external_api="zone")
    assert [found["api_id"] for found in ssl.sim.certificates()] == [28]


def offline(ssl: Ssl) -> None:
    late = {"name": "b.example", "created_at": yesterday()}
    ssl.sim.seed({"domains": ["a.example", late], "certificate": OLD})
    ssl.sim.panel("set_server", server=1903, set={"online": False})
    outcome = ssl()
    if ssl.sim.switches()["offline_writes"] == "refuse":
        assert "server 1903 is offline or not connected" in outcome.result["msg"]
        assert len(outcome.writes) == 1
        assert outcome.orders == []
    ssl.sim.panel("set_server", server=1903, set={"online": True})
    ends_well(ssl)
    assert len(ssl.sim.orders()) == 1


SCENARIOS: list[Callable[[Ssl], None]] = [
    first_certificate,
    names_were_added,
    from_staging,
    options_of_basic_mode,
    failing_redeploy,
    failing_first_order,
    certificates_of_domains,
    options_of_advanced_mode,
    there_and_back,
    own,
    taken_away,
    without_plan,
    wildcards,
    offline,
]


@pytest.mark.parametrize(("version", "side"), [*(("v3", side) for side in SIDES), *(("v2", side) for side in ON_V2)])
def test_all_scenarios_on_each_side(
    sim: Simulator, version: str, side: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for scenario in SCENARIOS:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / scenario.__name__))
        sim.reset({"webapps": [{"id": 646, "domains": []}], "switches": SIDES[side]})
        scenario(Ssl.of(sim, version))


def test_a_failure_without_a_log_to_tell_it(sim: Simulator) -> None:
    sim.reset({"domains": ["a.example"], "dns": {"unresolved": ["*"]}, "switches": {"log_status": 404}})
    outcome = Ssl.of(sim)()
    assert "RunCloud no longer shows the certificate" in outcome.result["msg"]


def test_a_failed_redeploy_without_a_log_to_tell_it(sim: Simulator) -> None:
    late = {"name": "b.example", "created_at": yesterday()}
    sim.reset({"domains": ["a.example", late], "certificate": OLD, "dns": {"unresolved": ["b.example"]}})
    sim.switch(log_status=404)
    outcome = Ssl.of(sim)()
    assert not outcome.failed
    assert outcome.pending == dict.fromkeys(["a.example", "b.example"], "ordered; not there after 180 s")
    assert [order["result"] for order in outcome.orders] == ["failed"]


@pytest.mark.parametrize(
    ("field", "option"),
    [
        ("enableHttp", {"enable_http": True}),
        ("enableHsts", {"enable_hsts": True}),
        ("enableHstsPreload", {"enable_hsts_preload": True}),
        ("ssl_protocol_id", {"tls_versions": "TLSv1.3"}),
    ],
)
def test_an_ignored_option_is_told_and_no_change(sim: Simulator, field: str, option: dict[str, Any]) -> None:
    sim.reset({"domains": ["a.example"], "certificate": True, "switches": {"ignored_ssl_fields": [field]}})
    outcome = Ssl.of(sim)(**option)
    assert outcome.writes == ["PATCH /ssl/4211"]
    assert outcome.result["ignored"] == list(option)
    assert outcome.result["changed"] is False
    assert f"RunCloud ignored {next(iter(option))}" in outcome.warnings


def test_what_runcloud_never_shows_is_sent_along_and_told(sim: Simulator) -> None:
    sim.reset({"domains": ["a.example"], "certificate": True})
    ssl = Ssl.of(sim)
    alone = ssl(enable_hsts_subdomains=True)
    assert (alone.writes, alone.result["unverified"]) == ([], ["enable_hsts_subdomains"])
    along = ssl(enable_hsts_subdomains=True, enable_hsts=True)
    assert along.result["changed"] is True
    assert along.requests[-1]["body"]["enableHstsSubdomains"] is True
