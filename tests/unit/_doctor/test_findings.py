# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's judgement on typed values; tests/integration/test_doctor.py has whole visits."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.action.runcloud_doctor import DOCTOR_SPEC, option_names
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.model import (
    CertificatesPlan,
    CertificatesState,
    NameReport,
    Step,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.result import CertificatesOutcome
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.desired import DesiredDomain
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.plan import DomainPlan
from ansible_collections.multisite.runcloud.plugins.module_utils._outcome import Status
from ansible_collections.multisite.runcloud.plugins.module_utils._probe.dns import DnsCheck, Verdict
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.connection import (
    Connection,
    Credentials,
    Target,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.models import Domain, Server
from ansible_collections.multisite.runcloud.plugins.plugin_utils._doctor.certificates import look_at_certificates
from ansible_collections.multisite.runcloud.plugins.plugin_utils._doctor.checks import (
    look_at_access,
    look_at_dns,
    look_at_domains,
    look_at_target,
)
from ansible_collections.multisite.runcloud.plugins.plugin_utils._doctor.finding import (
    NOT_CHECKED,
    OK,
    WARNING,
    WRONG,
    Finding,
    Look,
    Seen,
)
from ansible_collections.multisite.runcloud.plugins.plugin_utils._doctor.summary import stopped_result, summary_lines
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.decide import Decision
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc)
SERVER = Server(1903, "web1", "192.0.2.1", online=True, connected=True)


def seen(**changes: Any) -> Seen:
    """What was seen by options that nobody gave."""
    options = {name: spec.get("default") for name, spec in DOCTOR_SPEC.items()} | changes.pop("options", {})
    connection = Connection("https://manage.runcloud.io/api/v3", 3, Credentials("token-0123456789"))
    found = Seen(
        options, option_names("domain_sync_"), "list", connection=Look(connection), target=Target(1903, None, 646)
    )
    return dataclasses.replace(found, **changes)


def failed(status: int | None) -> Look[Any]:
    return Look(fault=f"GET /servers/1903 answered {status}", asked=True, status=status, said="no")


@pytest.mark.parametrize(
    ("status", "connection", "credentials"),
    [
        (None, WRONG, NOT_CHECKED),
        (200, WRONG, NOT_CHECKED),
        (301, WRONG, NOT_CHECKED),
        (400, WRONG, NOT_CHECKED),
        (401, NOT_CHECKED, WRONG),
        (403, NOT_CHECKED, NOT_CHECKED),
        (404, NOT_CHECKED, NOT_CHECKED),
        (409, WRONG, NOT_CHECKED),
        (422, WRONG, NOT_CHECKED),
        (429, WARNING, NOT_CHECKED),
        (503, WRONG, NOT_CHECKED),
    ],
)
def test_no_answer_but_the_right_one_proves_access(status: int | None, connection: str, credentials: str) -> None:
    found = {one.area: one.verdict for one in look_at_access(seen(server=failed(status), servers=failed(status)))}
    assert found == {"connection": connection, "credentials": credentials}


def test_a_list_of_servers_proves_access_where_the_server_itself_is_refused() -> None:
    found = seen(server=failed(403), servers=Look([SERVER]))
    assert {one.area: one.verdict for one in look_at_access(found)} == {"connection": OK, "credentials": OK}
    (server, dummy) = look_at_target(found)
    assert (server.verdict, server.advice) == (WRONG, "These credentials see web1 (1903).")


def test_a_server_that_was_not_asked_is_neither_wrong_nor_ok() -> None:
    found = list(look_at_target(seen(server=failed(401))))
    assert {one.area: one.verdict for one in found} == {"server": NOT_CHECKED, "web application": NOT_CHECKED}


def wanted(*names: str, **attributes: Any) -> Look[Decision]:
    return Look(Decision(tuple(DesiredDomain(name) for name in names), **attributes))


@pytest.mark.parametrize(
    ("options", "withheld", "words"),
    [
        ({"purge": False}, "", "domain_sync_purge=true removes it"),
        ({"purge": True}, "", "removes it as far as domain_sync_purge_limit allows"),
        ({"purge": True}, "cut short", "It stays, since the list may be cut short"),
    ],
)
def test_how_to_let_go_depends_on_what_purge_would_do(options: dict[str, Any], withheld: str, words: str) -> None:
    plan = Look(DomainPlan(unmanaged=("left.example",)))
    (found,) = look_at_domains(seen(options=options, decision=wanted("a.example", withheld=withheld), plan=plan))
    assert (found.verdict, found.name) == (WARNING, "left.example")
    assert words in found.advice
    assert "domain_sync_exclude" in found.advice


@pytest.mark.parametrize(
    ("verdict", "name", "expected"),
    [
        (Verdict.HERE, "a.example", OK),
        (Verdict.UNKNOWN, "a.example", NOT_CHECKED),
        (Verdict.ELSEWHERE, "a.example", WRONG),
        (Verdict.ELSEWHERE, "left.example", WARNING),
        (Verdict.ELSEWHERE, "new.example", WARNING),
    ],
)
def test_where_a_name_points_is_only_wrong_where_visitors_feel_it(verdict: Verdict, name: str, expected: str) -> None:
    rows = (Domain(1, "a.example"), Domain(2, "left.example"))
    answers = {name: DnsCheck(name, verdict, (), "points somewhere")}
    found = seen(attached=Look(rows), decision=wanted("a.example", "new.example"), dns=Look(answers))
    assert [one.verdict for one in look_at_dns(found)] == [expected]


def outcome(**report: Any) -> Look[CertificatesOutcome]:
    """What was read of one domain in basic mode that has no certificate."""
    row = Domain(1, "a.example")
    state = CertificatesState(False, None, (row,), {None: None}, None, NOW)
    names = {"a.example": NameReport("a.example", **{"checked": True, **report})}
    return Look(CertificatesOutcome(Status.OK, False, state, names))


def advice(plan: Look[CertificatesPlan], **changes: Any) -> str:
    """What the doctor says to do about a name without a certificate."""
    found = seen(attached=Look(()), certificates=outcome(missing=("a.example",)), orders=plan, **changes)
    return next(one.advice for one in look_at_certificates(found) if one.name == "a.example" and one.advice)


ORDER = Step("install", None, None, ("a.example",))


def test_another_run_is_only_advised_where_it_orders() -> None:
    assert "It orders one" in advice(Look(CertificatesPlan(steps=(ORDER,))))
    assert "runcloud.sync" not in advice(Look(CertificatesPlan()))
    stopped = advice(Look(CertificatesPlan(problems={"*.left.example": "a wildcard needs dns-01"})))
    assert "another run will not help, before this is put right: a wildcard needs dns-01" in stopped
    waiting = advice(Look(CertificatesPlan(pending={"a.example": "an order for a.example is under way"})))
    assert waiting == "an order for it is under way"
    held = advice(Look(CertificatesPlan()), held={"a.example": "points to 203.0.113.9"})
    assert held == "It cannot be issued before a.example can be: points to 203.0.113.9."
    offline = Look(dataclasses.replace(SERVER, online=False))
    assert "must be online" in advice(Look(CertificatesPlan(steps=(ORDER,))), server=offline)


def test_what_nobody_looked_at_is_neither_ok_nor_missing() -> None:
    found = seen(
        attached=Look(()), certificates=outcome(checked=False, error="no answer"), orders=Look(CertificatesPlan())
    )
    (one,) = [one for one in look_at_certificates(found) if one.name == "a.example"]
    assert (one.verdict, one.text) == (NOT_CHECKED, "no answer")


# The lines

COUNTS = {WRONG: 0, WARNING: 0, NOT_CHECKED: 0, OK: 0}


def test_what_is_alike_is_said_once_and_what_is_wrong_is_shown() -> None:
    fine = [Finding("DNS", OK, "fine", "", f"n{number}.example") for number in range(50)]
    bad = [Finding("DNS", WRONG, "elsewhere", "Point it here.", f"bad{number}.example") for number in range(2)]
    lines = summary_lines([*bad, *fine], {**COUNTS, WRONG: 2, OK: 50}, {"bad0.example": "schön.example"})
    assert lines == [
        "WRONG  DNS  schön.example (bad0.example): elsewhere",
        "WRONG  DNS  bad1.example: elsewhere",
        "ok     DNS  50 names are well",
        "",
        "DNS: schön.example (bad0.example) and 1 more: Point it here.",
        "",
        "FAILED: 2 wrong, 0 warning, 0 not checked, 50 ok",
    ]


@given(
    st.lists(
        st.builds(
            Finding,
            st.sampled_from(("DNS", "web application", "certificate")),
            st.sampled_from((WRONG, WARNING, NOT_CHECKED, OK)),
            st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), min_size=1, max_size=300),
            st.sampled_from(("", "Do this.")),
            st.sampled_from(("", "a.example", f"{'b' * 63}.{'c' * 63}.example")),
        ),
        max_size=80,
    )
)
def test_the_table_is_never_wider_than_100_columns(findings: list[Finding]) -> None:
    lines = summary_lines(findings, COUNTS, {})
    table = lines[: lines.index("")]
    assert all(len(line) <= 100 for line in table)
    # What was cut off stands below.
    for one in [one for one in findings if one.verdict != OK and len(one.text) > 100][:5]:
        assert any(one.text.rstrip(".") in line for line in lines) or len(findings) > 60


def test_a_visit_that_is_interrupted_tells_what_it_saw() -> None:
    found = stopped_result("timeout: the 5 seconds of the task are over", seen(server=Look(SERVER)))
    assert not found["ok"]
    assert found["findings"][0]["text"] == "timeout: the 5 seconds of the task are over"
    assert any(row["area"] == "server" and row["verdict"] == OK for row in found["findings"])
    assert "timeout" in found["failure"]
