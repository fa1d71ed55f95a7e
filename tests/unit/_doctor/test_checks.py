# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's judgement, where a whole run would be too much; tests/integration/test_doctor.py has the faults."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.plugin_utils._doctor import checks as _doctor
from ansible_collections.multisite.runcloud.plugins.plugin_utils._doctor.check import ERROR, OK, WARNING, Check

SERVER = {"id": 1903, "name": "web1", "address": "192.0.2.1", "online": True, "connected": True, "usable": True}
SKIPPED = {"skipped": True, "skip_reason": "Conditional result was False"}


def findings(**changes: Any) -> dict[str, Any]:
    """What the steps leave where all is well with two names."""
    names = ["a.example", "b.example"]
    found = {
        "api_url": "https://manage.runcloud.io/api/v3",
        "credentials": ["RUNCLOUD_API_TOKEN"],
        "names_webapp": True,
        "server": {"servers": [SERVER], "server": SERVER, "api": {"requests": 1}},
        "servers": SKIPPED,
        "webapp": {"webapps": [{"id": 646, "name": "app"}]},
        "webapps": SKIPPED,
        "domains": {"domains": [{"name": name, "www": False} for name in names]},
        "ssl": {
            "mode": "basic",
            "auto_ssl": False,
            "certificates": [{"domain": None, "provider": "letsencrypt", "days_left": 60, "staging": False}],
            "names": [seen(name) for name in names],
            "expiring": [],
        },
        "source": "list",
        "source_fault": "",
        "wordpress": {},
        "decision": {"desired": [{"name": name, "state": "present"} for name in names], "names": names},
        "dns": {"names": [resolved(name) for name in names]},
        "elsewhere": [],
        "wanted": {"mode": None, "auto_ssl": False, "server_id": 1903, "webapp_id": 646},
    }
    return {**found, **changes}


def seen(name: str, **changes: Any) -> dict[str, Any]:
    row = {"name": name, "covers": [name], "missing": [], "days_left": 60, "served_by_other": False, "error": ""}
    return {**row, **changes}


def resolved(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "points_here": True, "reason": "points to 192.0.2.1", **changes}


def failed(status: int | None, requests: int = 1) -> dict[str, Any]:
    failure = {"status": status, "message": "no", "method": "GET", "path": "/servers/1903", "fields": {}}
    return {"msg": f"GET /servers/1903 answered {status}", "failure": failure, "api": {"requests": requests}}


def trouble(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(check["level"], check["area"]) for check in report["checks"] if check["level"] != OK]


def test_nothing_is_wrong() -> None:
    report = _doctor.diagnose(findings())
    assert (report["ok"], trouble(report), report["failure"]) == (True, [], "")
    assert report["summary"][-1] == f"{len(report['checks'])} ok, 0 warnings, 0 errors"


# Nothing else could be looked at in these, so that the steps behind were skipped.
BEHIND = dict.fromkeys(("webapp", "domains", "ssl", "dns"), SKIPPED)


@pytest.mark.parametrize(
    ("status", "level", "area", "words"),
    [
        (None, ERROR, "connection", "proxy"),
        (301, ERROR, "connection", "not RunCloud's API"),
        (401, ERROR, "credentials", "mistyped or was regenerated"),
        (403, ERROR, "server", "page in RunCloud's panel"),
        (429, WARNING, "connection", "come back"),
        (503, ERROR, "connection", "RunCloud's side"),
    ],
)
def test_the_first_request_tells_what_stands_between(status: int | None, level: str, area: str, words: str) -> None:
    report = _doctor.diagnose(findings(server=failed(status), **BEHIND))
    assert (level, area) in trouble(report)
    first = next(check for check in report["checks"] if check["level"] == level)
    assert words in first["advice"]
    proven = {check["area"] for check in report["checks"] if check["level"] == OK}
    # An answer of RunCloud's API proves the connection; accepted credentials prove themselves.
    assert ("connection" in proven) == (status in (401, 403))
    assert ("credentials" in proven) == (status == 403)


@pytest.mark.parametrize(
    ("option", "area"), [("api_token", "credentials"), ("api_url", "connection"), ("RUNCLOUD_SERVER_ID", "server")]
)
def test_options_that_are_wrong_are_named_where_they_belong(option: str, area: str) -> None:
    text = f"{option} (for server_id): wrong" if option.isupper() else f"{option}: wrong"
    report = _doctor.diagnose(findings(server={"msg": text, "api": {"requests": 0}}, **BEHIND))
    assert next(check["text"] for check in report["checks"] if check["area"] == area) == text
    assert not {check["area"] for check in report["checks"] if check["level"] == OK} & {"connection", "credentials"}


def test_dns_that_is_not_known_is_not_an_error() -> None:
    row = resolved("a.example", points_here=None, reason="where it points is not known: no answer")
    assert trouble(_doctor.diagnose(findings(dns={"names": [row]}))) == [(WARNING, "DNS")]


def test_an_extra_that_points_elsewhere_is_no_error() -> None:
    """Attached, wanted by nobody: purge is what it needs."""
    domains = {"domains": [{"name": name, "www": False} for name in ("a.example", "b.example", "left.example")]}
    row = resolved("left.example", points_here=False, reason="points to 203.0.113.9")
    report = _doctor.diagnose(findings(domains=domains, dns={"names": [row]}))
    assert trouble(report) == [(WARNING, "DNS")]
    assert "domain_sync_purge" in next(check["advice"] for check in report["checks"] if check["level"] == WARNING)


def test_a_name_that_a_wildcard_of_another_application_serves() -> None:
    found = {
        "item": "c.example",
        "webapps": [{"id": 7, "name": "other", "server_name": "web2"}],
        "match": "wildcard",
        "domain": {"name": "*.example"},
    }
    decision = {"desired": [{"name": "c.example", "state": "present"}], "names": ["c.example"]}
    report = _doctor.diagnose(findings(elsewhere=[found], decision=decision))
    assert trouble(report) == [(WARNING, "domain")]


@pytest.mark.parametrize(
    ("row", "level", "words"),
    [
        ({"error": "connection refused"}, ERROR, "connection refused"),
        ({"days_left": -2}, ERROR, "expired 2 days ago"),
        ({"missing": ["www.a.example"], "covers": ["a.example"]}, ERROR, "no certificate has www.a.example"),
        ({"missing": ["a.example"], "covers": [], "served_by_other": True}, ERROR, "another site's certificate"),
    ],
)
def test_certificates(row: dict[str, Any], level: str, words: str) -> None:
    ssl = {**findings()["ssl"], "names": [seen("a.example", **row)]}
    report = _doctor.diagnose(findings(ssl=ssl))
    assert trouble(report) == [(level, "certificate")]
    assert words in report["failure"]


@pytest.mark.parametrize(("provider", "words"), [("custom", "never renews by itself"), ("letsencrypt", "orders anew")])
def test_what_ends_soon_depends_on_who_renews_it(provider: str, words: str) -> None:
    certificates = [{"domain": None, "provider": provider, "days_left": 5, "staging": False}]
    ssl = {**findings()["ssl"], "certificates": certificates, "expiring": ["a.example"]}
    report = _doctor.diagnose(findings(ssl=ssl))
    assert trouble(report) == [(WARNING, "certificate")]
    assert words in next(check["advice"] for check in report["checks"] if check["level"] == WARNING)


def test_a_mode_that_is_not_the_wanted_one() -> None:
    wanted = {**findings()["wanted"], "mode": "advanced"}
    report = _doctor.diagnose(findings(wanted=wanted))
    assert trouble(report) == [(ERROR, "certificates")]
    assert "domain_sync_ssl_switch_mode" in next(row["advice"] for row in report["checks"] if row["level"] == ERROR)


def test_many_names_are_counted_and_the_bad_ones_shown() -> None:
    counts = {OK: 50, WARNING: 0, ERROR: 1}
    checks = [Check("DNS", OK, f"n{number}.example: fine") for number in range(50)]
    lines = _doctor.summary_lines([*checks, Check("DNS", ERROR, "bad.example: elsewhere", "Point it here.")], counts)
    assert lines == [
        "ERROR    DNS  bad.example: elsewhere",
        "              -> Point it here.",
        "ok       DNS  50 more are well",
        "50 ok, 0 warnings, 1 error",
    ]
