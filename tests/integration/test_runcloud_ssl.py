# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runcloud_ssl does beside the single situations: many names, limits, certificates of one's own, wrong input."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from simulator.process import SERVER_ID, TOKEN, WEBAPP_ID, Simulator
from support.certificates import certificate_pem, key_pem, new_key, own_certificate
from support.playbooks import Ansible
from support.ssl_runs import Outcome, Ssl, simulate_time


@pytest.fixture
def waits(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    return simulate_time(monkeypatch, simulator)


@pytest.fixture
def ssl(simulator: Simulator, waits: list[float]) -> Ssl:
    assert waits == []
    return Ssl.of(simulator)


def stamp(**span: float) -> str:
    """Return a time from now as RunCloud spells it."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**span)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


# Many names


def attach_and_order(ssl: Ssl, names: list[str], deferred: dict[str, str]) -> Outcome:
    attached = ssl.module("runcloud_domains", domains=[name for name in names if name not in deferred])
    plan = attached.result["plan"]
    return ssl(changed=[*plan["add"], *plan["change"]], deferred=deferred)


def test_ninety_new_names_take_one_order(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": ["main.example"], "certificate": True})
    names = [f"new{n}.example" for n in range(90)]
    attach_and_order(ssl, ["main.example", *names], {})
    assert [len(order["names"]) for order in ssl.sim.orders()] == [91]


def test_names_that_wait_for_dns_take_one_more_order_once_it_is_there(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": ["main.example"], "certificate": True})
    names = ["main.example", *(f"new{n}.example" for n in range(90))]
    late = {f"new{n}.example": "its DNS does not point here" for n in range(7)}
    outcome = attach_and_order(ssl, names, late)
    assert outcome.pending == late
    assert [len(order["names"]) for order in ssl.sim.orders()] == [84]
    attach_and_order(ssl, names, {})
    assert [len(order["names"]) for order in ssl.sim.orders()] == [84, 91]
    assert attach_and_order(ssl, names, {}).orders == []


@pytest.mark.parametrize("shape", ["list", "object"])
def test_a_thousand_good_certificates_cost_the_lists(ssl: Ssl, shape: str) -> None:
    ssl.sim.reset({"mode": "advanced", "domain_count": 1000, "domain_certificate": {"days_left": 60}})
    ssl.sim.switch(get_ssl_shape=shape)
    outcome = ssl()
    assert outcome.result["changed"] is False
    assert outcome.reads == ["GET /domains"] * 25 + ["GET /ssl/advanced", f"GET /servers/{SERVER_ID}", "GET /ssl"]
    assert outcome.writes == []
    assert {name for missing in outcome.covered.values() for name in missing} == set()


# Limits


def test_new_subdomains_beyond_the_weekly_limit_are_left_and_the_wildcard_is_named(ssl: Ssl) -> None:
    created = stamp(days=-2)
    rows = [{"name": f"old{n}.net.example", "certificate": {"days_left": 88, "created_at": created}} for n in range(45)]
    new = [f"new{n}.net.example" for n in range(12)]
    ssl.sim.reset({"mode": "advanced", "domains": [{"name": "net.example", "certificate": True}, *rows, *new]})
    outcome = ssl()
    assert len(outcome.orders) == 5
    assert len(outcome.pending) == 7
    assert all("*.net.example with one wildcard certificate" in reason for reason in outcome.pending.values())


def test_renewals_do_not_take_the_place_of_new_subdomains(ssl: Ssl) -> None:
    """60 were renewed this week: only new certificates count against the 50 a week."""
    created = stamp(days=-80)
    rows = [{"name": f"old{n}.net.example", "certificate": {"days_left": 88, "created_at": created}} for n in range(60)]
    ssl.sim.reset(
        {"mode": "advanced", "domains": [{"name": "net.example", "certificate": True}, *rows, "new.net.example"]}
    )
    outcome = ssl()
    assert outcome.pending == {}
    assert [order["names"] for order in outcome.orders] == [["new.net.example"]]


@pytest.mark.parametrize("mode", ["basic", "advanced"])
def test_a_sixth_identical_order_is_refused_before_it_is_sent(ssl: Ssl, mode: str) -> None:
    row: dict[str, Any] = {"name": "a.example"}
    seed = {"mode": mode, "switches": {"ssl_issue": "sync"}}
    if mode == "basic":
        ssl.sim.reset({**seed, "domains": [row], "certificate": True})
    else:
        ssl.sim.reset({**seed, "domains": [{**row, "certificate": True}]})
    for dummy in range(5):
        assert not ssl(force=True).failed
        ssl.sim.clock(advance=3600)
    sixth = ssl(force=True)
    assert "Let's Encrypt refuses a sixth" in sixth.result["msg"]
    assert sixth.writes == []
    assert len(ssl.sim.orders()) == 5
    assert ssl(force=True, environment="staging").writes != []


def test_a_loop_of_failures_stops_by_itself_and_starts_again(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": ["a.example"], "dns": {"unresolved": ["a.example"]}})
    for dummy in range(12):
        ssl()
        ssl.sim.clock(advance=600)
    assert len(ssl.sim.orders()) <= 7
    assert {"too many failed authorizations" in str(order["reason"]) for order in ssl.sim.orders()} == {False}
    ssl.sim.panel("set_dns", unresolved=[])
    ssl.sim.clock(advance=3600)
    assert not ssl().failed
    assert ssl().writes == []


# Waiting


def test_what_is_not_there_in_time_is_pending_and_no_failure(ssl: Ssl, waits: list[float]) -> None:
    ssl.sim.reset({"domains": ["a.example"], "switches": {"ssl_issue_seconds": 300}})
    outcome = ssl(wait_timeout=60)
    assert outcome.pending == {"a.example": "ordered; not there after 60 s"}
    assert sum(waits) == pytest.approx(60)
    again = ssl()
    assert again.writes == []
    ssl.sim.clock(advance=200)
    assert ssl().pending == {}


def test_a_wait_is_never_longer_than_ten_seconds_without_progress(ssl: Ssl, waits: list[float]) -> None:
    ssl.sim.reset({"domains": ["a.example"], "switches": {"ssl_issue_seconds": 100}})
    ssl()
    assert max(waits) <= 10


# Certificates of one's own


def test_an_own_certificate_with_its_chain_is_told_by_its_fingerprint(ssl: Ssl) -> None:
    pair = own_certificate("a.example", chain=True)
    ssl.sim.reset({"domains": ["a.example", "b.example"], "switches": {"certificate_v3": "null"}})
    outcome = ssl(provider="custom", **pair)
    assert outcome.writes == ["POST /ssl"]
    assert outcome.result["orders"] == []
    assert "The custom certificate lacks b.example" in outcome.warnings
    assert outcome.covered == {"a.example": [], "b.example": ["b.example"]}
    assert ssl(provider="custom", **pair).writes == []
    assert ssl(provider="custom", check_served=False, **pair).writes == []
    # The same names and the same end, as after a reissue by an authority: only the fingerprint differs.
    twin = own_certificate("a.example", chain=True)
    assert ssl(provider="custom", check=True, **twin).result["changed"] is True
    assert ssl(provider="custom", **twin).writes == ["PATCH /ssl/4211"]


def test_a_chain_that_was_forgotten_can_be_added(ssl: Ssl) -> None:
    pair = own_certificate("a.example", chain=True)
    leaf = pair["certificate"].split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    ssl.sim.reset({"domains": ["a.example"]})
    ssl(provider="custom", certificate=leaf, private_key=pair["private_key"])
    assert ssl(provider="custom", **pair).writes == ["PATCH /ssl/4211"]
    assert ssl(provider="custom", **pair).writes == []


def test_an_own_certificate_for_a_single_domain(ssl: Ssl) -> None:
    ssl.sim.reset({"mode": "advanced", "domains": ["a.example", {"name": "b.example", "certificate": True}]})
    pair = own_certificate("a.example")
    assert ssl(provider="custom", domains=["a.example"], **pair).writes == ["POST /domains/693/ssl"]
    assert ssl(provider="custom", domains=["a.example"], **pair).writes == []
    assert ssl().writes == []


def broken(kind: str) -> dict[str, Any]:
    """Return a pair that no server could use."""
    good = own_certificate("a.example", chain=True)
    key = new_key()
    leaf, *above = good["certificate"].split("-----BEGIN CERTIFICATE-----")[1:]
    begin = "-----BEGIN CERTIFICATE-----"
    return {
        "expired": own_certificate("a.example", days=-1),
        "not valid yet": own_certificate("a.example", starts=2),
        "another key": {**good, "private_key": key_pem(key)},
        "encrypted key": {**good, "private_key": key_pem(key, b"secret")},
        "no key": {**good, "private_key": "none"},
        "no certificate": {**good, "certificate": "none"},
        "chain first": {**good, "certificate": begin + above[0] + begin + leaf},
        "wrong chain": {**good, "certificate": begin + leaf + certificate_pem(["Another"], new_key())},
    }[kind]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("expired", "certificate: ended on"),
        ("not valid yet", "certificate: is valid only from"),
        ("another key", "private_key: does not belong to certificate"),
        ("encrypted key", "private_key: does not hold an unencrypted private key"),
        ("no key", "private_key: does not hold an unencrypted private key"),
        ("no certificate", "certificate: does not hold a certificate in PEM"),
        ("chain first", "put the server's own certificate first"),
        ("wrong chain", "its chain is not in order"),
    ],
)
def test_a_pair_that_cannot_be_used_is_refused_before_any_request(ssl: Ssl, kind: str, message: str) -> None:
    outcome = ssl(provider="custom", **broken(kind))
    assert message in outcome.result["msg"]
    assert outcome.requests == []


def test_a_signing_request_is_read_and_left_alone(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": ["a.example"], "certificate": {"method": "csr"}})
    outcome = ssl(enable_hsts=None)
    assert (outcome.writes, outcome.failed) == ([], False)
    assert [found["provider"] for found in outcome.result["certificates"]] == ["csr"]


# dns-01


@pytest.mark.parametrize("key", ["29", "zone"])
def test_dns_01_by_id_or_label(ssl: Ssl, key: str) -> None:
    ssl.sim.reset({"domains": ["*.net.example"], "external_apis": [{"label": "other"}, {"label": "zone"}]})
    options: dict[str, Any] = {"authorization_method": "dns-01", "external_api": key}
    assert [order["result"] for order in ssl(**options).orders] == ["issued"]
    assert ssl.sim.certificates()[0]["api_id"] == 29
    assert ssl(**options).writes == []
    assert ssl().writes == []
    assert ssl(authorization_method="dns-01", external_api="other").writes[0] == "POST /ssl"


@pytest.mark.parametrize(
    ("key", "message"), [("none", "no key has the label"), ("zone", "several keys have the label")]
)
def test_a_label_that_says_nothing(ssl: Ssl, key: str, message: str) -> None:
    ssl.sim.reset({"domains": ["a.example"], "external_apis": [{"label": "zone"}, {"label": "zone"}]})
    outcome = ssl(authorization_method="dns-01", external_api=key)
    assert message in outcome.result["msg"]
    assert outcome.writes == []


def test_a_key_that_runcloud_does_not_show_has_to_be_given(ssl: Ssl) -> None:
    certificate = {"authorizationMethod": "dns-01", "api_id": 28, "staging": True}
    ssl.sim.reset(
        {"mode": "advanced", "domains": [{"name": "a.example", "certificate": certificate}], "external_apis": [{}]}
    )
    outcome = ssl()
    assert "external_api: the certificate is one by dns-01" in outcome.result["errors"]["a.example"]
    assert outcome.writes == []
    assert not ssl(authorization_method="dns-01", external_api="28").failed


# Wrong input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"renew_before": -1}, "renew_before: -1 must be between 0 and 60"),
        ({"renew_before": 10**9}, "renew_before: 1000000000 must be between 0 and 60"),
        ({"wait_timeout": 10**9}, "wait_timeout: 1000000000 must be between 0 and 86400"),
        ({"max_orders": -1}, "max_orders: -1 must be between 0 and 10000"),
        ({"check_port": 70000}, "check_port: 70000 must be between 1 and 65535"),
        ({"certificate": "x"}, "certificate: only with provider: custom"),
        ({"authorization_method": "dns-01"}, "external_api: missing"),
        ({"external_api": "28"}, "external_api: only with authorization_method: dns-01"),
        ({"domains": ["a.example", "b_.example"]}, "domains[1]: 'b_.example'"),
        ({"provider": "csr"}, "provider"),
        ({"provider": "custom"}, "private_key"),
        ({"environment": "production"}, "environment"),
        ({"tls_versions": "SSLv3"}, "tls_versions"),
    ],
)
def test_wrong_input_is_refused_before_any_request(ssl: Ssl, options: dict[str, Any], message: str) -> None:
    outcome = ssl(**options)
    assert outcome.failed
    assert message in outcome.result["msg"]
    assert outcome.requests == []


# Refusals


def test_without_permission_for_one_certificate_the_others_are_not_tried(ssl: Ssl) -> None:
    credentials = {"token": TOKEN, "read_only": True}
    ssl.sim.reset({"mode": "advanced", "domains": ["a.example", "b.example"], "credentials": credentials})
    outcome = ssl()
    assert outcome.writes == ["POST /domains/693/ssl"]
    assert "Business or Enterprise" in outcome.result["errors"]["a.example"]
    assert outcome.result["not_attempted"] == ["b.example"]


def test_a_conflict_is_a_refusal_because_one_exists(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": ["a.example"], "certificate": {"staging": True}})
    ssl.sim.faults({"method": "POST", "path": "/ssl$", "action": {"status": 409, "body": {"message": "Conflict"}}})
    assert ssl().writes == ["POST /ssl", "DELETE /ssl/4211", "POST /ssl"]


def test_a_fault_of_runcloud_is_told_as_it_is(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": ["a.example"]})
    ssl.sim.faults(
        {"method": "POST", "path": "/ssl$", "action": {"status": 500, "body": {"message": "Server Error"}}},
        {"method": "GET", "path": "/servers/1903$", "after": 1, "times": None, "action": {"status": 500}},
    )
    outcome = ssl()
    assert "answered 500: Server Error" in outcome.result["msg"]
    assert "offline" not in outcome.result["msg"]
    assert outcome.orders == []


def test_a_switch_that_runcloud_ignores_is_an_error(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": ["a.example"], "certificate": True})
    answer = {"status": 200, "body": {"advancedSSL": False, "autoSSL": False}}
    ssl.sim.faults({"method": "POST", "path": "/ssl/advanced$", "action": answer})
    outcome = ssl(mode="advanced", allow_mode_switch=True)
    assert "accepted the request, but is still in basic mode" in outcome.result["msg"]
    assert outcome.orders == []


def test_auto_ssl_stays_on_when_the_mode_is_switched(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": ["a.example"], "certificate": True, "autoSSL": True})
    outcome = ssl(mode="advanced", allow_mode_switch=True)
    assert [entry["body"] for entry in outcome.requests if entry["path"].endswith("/ssl/advanced")][1:] == [
        {"advancedSSL": True, "autoSSL": True}
    ]
    assert outcome.result["auto_ssl"] is True


def test_a_server_without_address_is_not_asked(ssl: Ssl) -> None:
    ssl.sim.reset({"domains": ["a.example"], "certificate": True})
    ssl.sim.panel("set_server", server=SERVER_ID, set={"ipAddress": None})
    outcome = ssl()
    assert "the server's address is not known" in outcome.warnings
    assert ssl(check_address="127.0.0.1").warnings == ""


def test_a_failure_while_looking_for_open_orders_hides_nothing(ssl: Ssl) -> None:
    created = stamp(minutes=-1)
    ssl.sim.reset({"domains": ["a.example"], "certificate": {"pending": True, "created_at": created}})
    ssl.sim.faults({"method": "GET", "path": "/ssl$", "after": 1, "times": None, "action": {"status": 401}})
    outcome = ssl()
    assert "answered 401" in outcome.result["msg"]
    assert outcome.writes == []


# In a process of its own


def playbook_options(simulator: Simulator, **options: Any) -> dict[str, Any]:
    return {
        "api_url": simulator.v3,
        "api_token": TOKEN,
        "server_id": SERVER_ID,
        "webapp_id": WEBAPP_ID,
        "check_port": simulator.tls_port,
        **options,
    }


def test_a_private_key_is_never_shown(ansible: Ansible, simulator: Simulator) -> None:
    simulator.reset({"domains": ["a.example"], "switches": {"private_key_v3": "present"}})
    pair = own_certificate("a.example")
    task = {"name": "Own", "multisite.runcloud.runcloud_ssl": playbook_options(simulator, provider="custom", **pair)}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [task, {**task, "name": "Again"}]}
    outcome = ansible.run_playbook([play], verbosity=4, diff=True).expect(0)
    assert [outcome.task("Own").changed, outcome.task("Again").changed] == [True, False]
    shown = outcome.output + json.dumps([task.result for task in outcome.tasks])
    for line in pair["private_key"].splitlines()[1:-1]:
        assert line not in shown


def test_a_redeploy_in_a_process_of_its_own(ansible: Ansible, simulator: Simulator) -> None:
    late = {"name": "b.example", "created_at": stamp(days=-1)}
    simulator.reset({"domains": ["a.example", late], "certificate": {"names": ["a.example"]}})
    simulator.switch(ssl_issue_seconds=1)
    options = playbook_options(simulator)
    preview = ansible.run_module("runcloud_ssl", options, check=True, diff=True)
    real = ansible.run_module("runcloud_ssl", options, diff=True)
    again = ansible.run_module("runcloud_ssl", options)
    assert {key: preview[key] for key in ("changed", "orders")} == {key: real[key] for key in ("changed", "orders")}
    assert real["names"][1]["missing"] == []
    assert again["changed"] is False
    assert len(simulator.orders()) == 1
