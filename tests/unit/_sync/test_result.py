# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run says of itself: never better than it was, and every error in every form."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.model import NameReport
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.outcome import DomainsOutcome
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.plan import DomainPlan
from ansible_collections.multisite.runcloud.plugins.module_utils._outcome import Status
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.models import Domain
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.decide import Decision
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.options import option_namer
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.report import render, way_back
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.result import sync_result
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.run import CERTIFICATES, DOMAINS, Run


def outcome(plan: DomainPlan, **attributes: Any) -> DomainsOutcome:
    after = tuple(Domain(number, name) for number, name in enumerate(attributes.pop("attached", ()), 1))
    given = {"status": Status.OK, "changed": True, "after": after, **attributes}
    return DomainsOutcome(plan=plan, **given)


def certificates(names: dict[str, NameReport], **attributes: Any) -> Any:
    given = {
        "status": Status.OK,
        "changed": False,
        "message": "",
        "failure": None,
        "errors": {},
        "pending": {},
        "orders": (),
        "unverified": (),
        "warnings": (),
        "mode": "basic",
        "as_result": lambda: {"certificates": []},
        **attributes,
    }
    return SimpleNamespace(names=names, **given)


def told(domains: DomainsOutcome, **attributes: Any) -> dict[str, Any]:
    run = Run(preview=attributes.pop("preview", False), decision=Decision(()), domains=domains, **attributes)
    run.statuses[DOMAINS] = domains.status
    if run.certificates is not None:
        run.statuses[CERTIFICATES] = run.certificates.status
    return sync_result(run)


def actions(result: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["action"] for row in result["rows"]}


def test_what_is_not_known_to_be_done_is_failed() -> None:
    result = told(outcome(DomainPlan(add=("a.example", "b.example")), applied=("a.example",), attached=("a.example",)))
    assert actions(result) == {"b.example": "failed", "a.example": "added"}
    assert not result["ok"]
    assert "not known" in result["failure"]


def test_what_someone_else_did_during_the_run_is_neither_failed_nor_added() -> None:
    plan = DomainPlan(add=("a.example", "b.example"), after=(Domain(None, "a.example"), Domain(None, "b.example")))
    result = told(outcome(plan, applied=("b.example",), attached=("a.example", "b.example")))
    assert actions(result) == {"b.example": "added", "a.example": "unchanged"}
    assert result["ok"]


def test_what_is_attached_but_was_not_read_back_stays_unknown() -> None:
    plan = DomainPlan(add=("a.example",), after=(Domain(None, "a.example"),))
    result = told(outcome(plan, attached=("a.example",), confirmed=False))
    assert actions(result) == {"a.example": "failed"}
    assert not result["ok"]


def test_a_preview_adds_nothing() -> None:
    plan = DomainPlan(add=("a.example",), change=("b.example",), remove=("c.example",))
    result = told(outcome(plan), preview=True)
    assert actions(result) == {"a.example": "add", "b.example": "change", "c.example": "remove"}
    assert result["counts"]["added"] == 0


def test_a_www_name_that_was_taken_from_its_domain_is_removed() -> None:
    plan = DomainPlan(change=("a.example",), remove=("www.a.example",))
    result = told(outcome(plan, applied=("a.example",), attached=("a.example",)))
    assert actions(result) == {"a.example": "changed", "www.a.example": "removed"}


def test_a_certificate_that_nobody_looked_at_is_not_ok() -> None:
    report = NameReport("a.example", checked=False)
    result = told(outcome(DomainPlan(unchanged=("a.example",))), certificates=certificates({"a.example": report}))
    assert (result["rows"][0]["certificate"], result["rows"][0]["days_left"]) == ("not checked", None)


@pytest.mark.parametrize("form", ["json", "md", "html"])
def test_an_error_of_no_row_stands_on_top_of_every_form(form: str) -> None:
    failed = certificates({}, status=Status.FAILED, errors={"gone.example": "the order failed"})
    result = told(outcome(DomainPlan(unchanged=("a.example",))), certificates=failed)
    assert result["summary"][0] == "ERROR: gone.example: the order failed"
    assert "gone.example: the order failed" in render(result, form)
    assert not result["ok"]


def test_a_failed_certificate_does_not_hide_the_domains_nor_the_other_way_round() -> None:
    failed = certificates({}, status=Status.FAILED, message="GET /ssl answered 500")
    result = told(outcome(DomainPlan(add=("a.example",)), applied=("a.example",)), certificates=failed)
    assert actions(result) == {"a.example": "added"}
    assert result["errors"] == ["GET /ssl answered 500"]
    assert (result["status"]["domains"], result["status"]["certificates"]) == ("ok", "failed")


def test_what_may_have_been_done_counts_as_changed() -> None:
    run = Run(preview=False, step=DOMAINS)
    run.fail(DOMAINS, "timeout")
    run.interrupt()
    assert sync_result(run)["changed"]


def test_hostile_names_do_no_harm_in_a_report() -> None:
    name = "<script>alert(1)</script>|`x`"
    result = told(outcome(DomainPlan(unmanaged=(name,))))
    assert "<script>" not in render(result, "html")
    assert "<script>" not in render(result, "md")


def test_the_way_back_is_a_domain_file() -> None:
    text = way_back([Domain(1, "*.a.example", www=None), Domain(2, "b.example", type="primary", www=True)])
    assert '"domain": "*.a.example"' in text
    assert '"www": true' in text
    assert way_back([]).endswith("[]\n")


@pytest.mark.parametrize(
    ("text", "module", "role"),
    [
        ("purge_limit: 20% is low; raise purge_limit.", "{}", "{p}purge_limit: 20% is low; raise {p}purge_limit."),
        ("drift: (fail_on_drift is true)", "{}", "drift: ({p}fail_on_drift is true)"),
        ("set allow_mode_switch: true", "set ssl_allow_mode_switch: true", "set {p}ssl_allow_mode_switch: true"),
        ("set mode: advanced", "set ssl_mode: advanced", "set {p}ssl_mode: advanced"),
        ("a wrong check_address, or", "a wrong ssl_check_address, or", "a wrong {p}ssl_check_address, or"),
        ("or with force: true.", "or with ssl_force: true.", "or with {p}ssl_force: true."),
        ("raise rate_limit_timeout", "{}", "raise {p}api_rate_limit_timeout"),
        ("api_token: missing", "{}", "{p}api_token: missing"),
        ("domains, entry 1: www: maybe", "{}", "{p}domains, entry 1: www: maybe"),
        ("Give the list, or set purge to false.", "{}", "Give the list, or set {p}purge to false."),
        ("www: 'x' is not one of auto", "{}", "{p}www: 'x' is not one of auto"),
        ("domains.yml, line 2: the file purge_limit.yml or www.a.example, force is a word", "{}", "{}"),
        ("GET /servers/1: set domain_sync_dns_accept, WU_RUNCLOUD_SERVER_ID", "{}", "{}"),
    ],
)
def test_options_are_called_as_the_user_knows_them(text: str, module: str, role: str) -> None:
    assert option_namer("")(text) == module.format(text)
    assert option_namer("domain_sync_")(text) == role.format(text, p="domain_sync_")


def test_no_line_of_a_summary_is_wider_than_100_columns() -> None:
    plan = DomainPlan(protected=(("a.example", "because of " + "many words " * 30),))
    result = told(outcome(plan), warning="a note of " + "many words " * 30)
    assert max(map(len, result["summary"])) <= 100
    assert any(line.startswith("note: a note of many words") for line in result["summary"])
