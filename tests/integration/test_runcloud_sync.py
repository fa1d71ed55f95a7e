# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way in one process: what a run does, and what it says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.process import KEY, SECRET, SERVER_ID, Simulator
from support.dns_server import DnsServer
from support.syncing import NO_CHECKS, Sync, row, text_of

HERE = "127.0.0.1"
ELSEWHERE = "203.0.113.9"


@pytest.fixture
def sync(simulator: Simulator, dns: DnsServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sync:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    simulator.reset({"domains": ["network.example", "old.example"], "certificate": True})
    simulator.switch(ssl_issue="sync")
    return Sync(simulator, dns)


class TestRequests:
    def test_twelve_new_names_are_one_order_and_the_preview_says_so_before(self, sync: Sync, tmp_path: Path) -> None:
        names = ["network.example", "old.example", *(f"customer{number}.example" for number in range(12))]
        (tmp_path / "domains.yml").write_text(yaml.safe_dump(names))
        preview = sync.run(file="domains.yml", check=True)
        assert sync.writes() == []
        assert preview["counts"]["add"] == 12
        assert preview["counts"]["added"] == 0
        assert preview["forecast"]["requests"] >= 16
        assert any("A real run would take about" in line for line in preview["summary"])

        first = sync.run(file="domains.yml")
        assert sync.writes() == ["POST /domains"] * 12 + ["PUT /ssl/4211"]
        assert [order["names"] for order in sync.simulator.orders()] == [names]
        assert (first["plan"], first["orders"], first["diff"]) == (preview["plan"], preview["orders"], preview["diff"])
        assert first["changed"] is preview["changed"] is True

        second = sync.run(file="domains.yml")
        assert sync.requests() == ["GET /domains", f"GET /servers/{SERVER_ID}", "GET /ssl/advanced", "GET /ssl"]
        assert second["changed"] is False
        assert {(line["certificate"], line["days_left"]) for line in second["rows"]} == {("ok", 89)}

    def test_nothing_to_do_without_checks_is_the_list_alone(self, sync: Sync) -> None:
        result = sync.run("network.example", "old.example", **NO_CHECKS)
        assert sync.requests() == ["GET /domains"]
        assert result["api"]["requests"] == 1

    def test_changes_cost_one_request_each_and_one_list_that_confirms_them(self, sync: Sync) -> None:
        sync.run("network.example", "a.example", {"name": "old.example", "www": True}, **NO_CHECKS)
        assert [request.split("/")[0] for request in sync.requests()] == ["GET ", "POST ", "PATCH ", "GET "]


class TestDeferral:
    def test_a_name_whose_dns_is_elsewhere_waits_and_comes_by_itself(self, sync: Sync) -> None:
        sync.dns.set("late.example", a=[ELSEWHERE])
        wanted = ["network.example", "old.example", "new.example", "late.example"]
        first = sync.run(*wanted)
        assert sync.names() == {"network.example", "old.example", "new.example"}
        late = row(first, "late.example")
        assert (late["action"], late["waits_for"], late["days_left"]) == ("deferred", "DNS", None)
        assert ELSEWHERE in late["reason"]
        assert first["plan"]["deferred"][0]["name"] == "late.example"
        assert first["ok"]

        sync.dns.set("late.example", a=[HERE])
        second = sync.run(*wanted)
        assert second["counts"]["added"] == 1
        assert len(sync.simulator.orders()) == 2

    def test_what_nobody_knows_waits_too_and_says_so(self, sync: Sync) -> None:
        sync.dns.fail("dark.example", "SERVFAIL")
        result = sync.run("network.example", "dark.example", ssl=False)
        assert row(result, "dark.example")["action"] == "deferred"
        assert "SERVFAIL" in row(result, "dark.example")["reason"]

    def test_in_advanced_mode_the_name_is_attached_and_only_its_certificate_waits(self, sync: Sync) -> None:
        sync.simulator.reset({"domains": [{"name": "network.example", "certificate": True}], "mode": "advanced"})
        sync.simulator.switch(ssl_issue="sync")
        sync.dns.set("late.example", a=[ELSEWHERE])
        result = sync.run("network.example", "late.example", "new.example")
        assert sync.names() == {"network.example", "late.example", "new.example"}
        assert [order["names"] for order in sync.simulator.orders()] == [["new.example"]]
        assert row(result, "late.example")["certificate"] == "pending"

        sync.dns.set("latest.example", a=[ELSEWHERE])
        held = sync.run("network.example", "latest.example", require_dns="true")
        assert held["counts"]["deferred"] == 1
        assert "latest.example" not in sync.names()

    def test_a_new_name_waits_as_a_whole_for_its_www_and_an_attached_one_only_with_it(self, sync: Sync) -> None:
        for name in ("new.example", "old.example"):
            sync.dns.set(name, a=[HERE])
            sync.dns.set(f"www.{name}", a=[ELSEWHERE])
        wanted = ["network.example", {"name": "new.example", "www": True}, {"name": "old.example", "www": True}]
        result = sync.run(*wanted, ssl=False)
        assert sync.writes() == []
        assert "www.new.example" in row(result, "new.example")["reason"]
        assert row(result, "old.example")["action"] == "unchanged"
        assert row(result, "www.old.example")["action"] == "deferred"
        assert result["ok"]

    def test_a_wildcard_that_http_cannot_prove_is_deferred_before_it_is_attached(self, sync: Sync) -> None:
        result = sync.run("network.example", "old.example", "*.network.example", "new.example")
        assert sync.names() == {"network.example", "old.example", "new.example"}
        wildcard = row(result, "*.network.example")
        assert (wildcard["action"], wildcard["waits_for"]) == ("deferred", "operator")
        assert "dns-01" in wildcard["reason"]
        assert [order["result"] for order in sync.simulator.orders()] == ["issued"]

    def test_a_caa_record_that_forbids_defers_the_name_before_it_costs_the_others_their_order(self, sync: Sync) -> None:
        sync.dns.set("other.example", a=[HERE], caa=['0 issue "other-ca.example"'])
        result = sync.run("network.example", "old.example", "other.example", "new.example")
        assert sync.names() == {"network.example", "old.example", "new.example"}
        assert "CAA" in row(result, "other.example")["reason"]
        assert [order["result"] for order in sync.simulator.orders()] == ["issued"]

    def test_a_new_name_whose_caa_is_not_known_waits_and_an_attached_one_stays(self, sync: Sync) -> None:
        for name in ("other.example", "old.example"):
            sync.dns.set(name, a=[HERE], failing_types={"CAA": "REFUSED"})
        result = sync.run("network.example", "old.example", "other.example", "new.example")
        assert sync.names() == {"network.example", "old.example", "new.example"}
        other = row(result, "other.example")
        assert (other["action"], other["waits_for"]) == ("deferred", "DNS")
        assert "whether CAA of its domain allows Let's Encrypt is not known" in other["reason"]
        assert [order["result"] for order in sync.simulator.orders()] == ["issued"]

    @pytest.mark.parametrize("check", [True, False])
    def test_an_attached_name_whose_caa_forbids_is_named_instead_of_an_order_that_fails_for_all(
        self, sync: Sync, check: bool
    ) -> None:
        sync.dns.set("old.example", a=[HERE], caa=['0 issue "other-ca.example"'])
        result = sync.run("network.example", "old.example", "new.example", check=check)
        assert sync.simulator.orders() == []
        assert result["orders"] == []
        assert "CAA of its domain forbids" in row(result, "old.example")["reason"]
        assert "detach old.example" in text_of(result)
        assert row(result, "new.example")["certificate"] == ("" if check else "pending")
        assert not result["ok"]

    def test_where_nothing_is_ordered_nobody_asks_for_caa(self, sync: Sync) -> None:
        sync.run("network.example", "old.example")
        assert "CAA" not in {query.type for query in sync.dns.queries}

    def test_an_attached_name_with_broken_dns_is_told_and_stays(self, sync: Sync) -> None:
        sync.dns.set("old.example", a=[ELSEWHERE])
        result = sync.run("network.example", "old.example", ssl=False)
        old = row(result, "old.example")
        assert (old["action"], old["waits_for"]) == ("unchanged", "DNS")
        assert ELSEWHERE in text_of(result)


class TestPurge:
    def test_over_the_limit_nothing_is_removed_and_all_the_rest_is_done(self, sync: Sync) -> None:
        wanted = ["network.example", "new.example"]
        sync.simulator.reset({"domains": ["network.example", *(f"d{number}.example" for number in range(10))]})
        result = sync.run(*wanted, purge=True, **NO_CHECKS)
        assert sync.writes() == ["POST /domains"]
        assert (result["ok"], result["failed"], result["changed"]) == (False, True, True)
        assert "purge_limit" in result["errors"][0]
        assert result["status"]["domains"] == "partly failed"

    def test_what_is_excluded_or_kept_stays_and_an_entry_that_matches_nothing_is_a_note(self, sync: Sync) -> None:
        sync.simulator.reset({"domains": ["network.example", "b.example", "c.dev.example", "xn--bcher-kva.example"]})
        options = {"exclude": ["*.dev.example", "*.nothing.example"], "purge_keep": ["BÜCHER.example."]}
        result = sync.run("network.example", purge=True, purge_limit="50%", **options, **NO_CHECKS)
        assert sync.names() == {"network.example", "c.dev.example", "xn--bcher-kva.example"}
        assert row(result, "xn--bcher-kva.example")["action"] == "protected"
        assert any("*.nothing.example matches no name" in note for note in result["notes"])

    def test_what_is_unmanaged_is_drift(self, sync: Sync) -> None:
        result = sync.run("network.example", fail_on_drift=True, **NO_CHECKS)
        assert (result["changed"], result["drift"], result["failed"]) == (False, True, True)
        assert "drift" in result["errors"][0]
        assert row(result, "old.example")["action"] == "unmanaged"
        assert sync.run("network.example", "old.example", fail_on_drift=True, **NO_CHECKS)["ok"]


class TestFailures:
    def test_one_name_failing_stops_neither_the_others_nor_the_certificates(self, sync: Sync, tmp_path: Path) -> None:
        sync.simulator.faults(
            {"method": "POST", "path": "/domains$", "body": "bad.example", "times": None,
             "action": {"status": 422, "body": {"message": "The given data was invalid."}}}
        )  # fmt: skip
        result = sync.run("network.example", "old.example", "bad.example", "good.example", report="out")
        assert "good.example" in sync.names()
        assert [order["names"] for order in sync.simulator.orders()] == [
            ["network.example", "old.example", "good.example"]
        ]
        assert (result["failed"], result["changed"], result["counts"]["failed"]) == (True, True, 1)
        assert "bad.example" in result["failure"]
        for form in ("json", "md", "html"):
            assert "invalid" in (tmp_path / "out" / f"report.{form}").read_text()

    def test_wrong_credentials_stop_before_the_first_write_and_are_never_shown(self, sync: Sync) -> None:
        result = sync.run("network.example", api_token="wrong-token-0000000000", report="out")
        assert sync.writes() == []
        assert "401" in result["errors"][0]
        assert result["status"]["runcloud"] == "failed"
        assert result["status"]["domains"] == "not done"
        assert "wrong-token-0000000000" not in json.dumps(result)

    def test_an_error_of_no_row_stands_on_top_of_every_form(self, sync: Sync, tmp_path: Path) -> None:
        sync.simulator.faults({"method": "GET", "path": "/ssl$", "times": None, "action": {"status": 500}})
        result = sync.run("network.example", "old.example", "new.example", report="out", retries=0)
        assert "new.example" in sync.names()
        assert result["failed"]
        assert result["status"]["domains"] == "ok"
        assert result["status"]["certificates"] == "failed"
        assert result["summary"][0].startswith("ERROR: ")
        error = result["errors"][0]
        assert error.split(".")[0] in (tmp_path / "out" / "report.md").read_text().splitlines()[2]
        assert 'class="error"' in (tmp_path / "out" / "report.html").read_text()

    def test_a_folder_that_cannot_be_written_hides_nothing(self, sync: Sync, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        result = sync.run("network.example", "old.example", report="file/out", **NO_CHECKS)
        assert result["ok"]
        assert "cannot be written" in result["summary"][-1]
        assert any("cannot be written" in note for note in result["notes"])


class TestInput:
    @pytest.mark.parametrize(
        ("name", "text", "words"),
        [
            ("domains.yml", None, ["domains.yml", "No such file"]),
            ("domains.yml", "", ["domains.yml", "empty"]),
            ("domains.csv", "host\na.example\n", ["domains.csv"]),
            ("domains.yml", "- a.example\n- name: b_c.example\n- x y\n", ["domains.yml, line 2", "b_c", "line 3"]),
        ],
    )
    def test_bad_files_are_refused_before_any_request(
        self, sync: Sync, tmp_path: Path, name: str, text: str | None, words: list[str]
    ) -> None:
        if text is not None:
            (tmp_path / name).write_text(text)
        result = sync.run(file=name)
        assert sync.requests() == []
        for word in words:
            assert word in result["failure"]

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({}, ["domains", "missing"]),
            ({"source": "file"}, ["file", "missing"]),
            ({"source": "wordpress"}, ["network", "missing"]),
            ({"domains": [{"domain": "a.example", "www": "maybe"}]}, ["domains, entry 1", "www", "'maybe'"]),
            ({"domains": [{"domain": "a.example", "owner": 1}]}, ["domains, entry 1", "owner"]),
            ({"domains": ["a.example"], "purge_limit": "some"}, ["purge_limit", "'some'"]),
            ({"domains": ["a.example"], "exclude": ["a b"]}, ["exclude", "a b"]),
            ({"domains": ["a.example"], "dns_timeout": 0}, ["dns_timeout", "0"]),
        ],
    )
    def test_bad_options_are_refused_before_any_request(
        self, sync: Sync, options: dict[str, Any], words: list[str]
    ) -> None:
        result = sync.run(**options)
        assert sync.requests() == []
        assert result["failed"]
        for word in words:
            assert word in result["failure"]

    def test_a_name_that_goes_says_why_it_is_no_longer_wanted(self, sync: Sync) -> None:
        sync.simulator.reset({"domains": ["network.example", "paused.example"]})
        wanted = ["network.example", {"domain": "paused.example", "active": False}]
        kept = row(sync.run(*wanted, **NO_CHECKS), "paused.example")
        assert (kept["action"], kept["reason"]) == ("unmanaged", "paused (active: false)")
        gone = row(sync.run(*wanted, purge=True, purge_limit="50%", **NO_CHECKS), "paused.example")
        assert (gone["action"], gone["reason"]) == ("removed", "paused (active: false)")

    def test_ten_mistakes_are_ten_lines(self, sync: Sync, tmp_path: Path) -> None:
        (tmp_path / "domains.yml").write_text("".join(f"- bad_{number}.example\n" for number in range(10)))
        result = sync.run(file="domains.yml")
        assert len([line for line in result["summary"] if line.startswith("ERROR: ")]) == 10

    def test_text_from_a_survey_is_understood(self, sync: Sync) -> None:
        blank = dict.fromkeys(("exclude", "purge_keep", "retries", "ssl_mode", "www", "report", "server_name"), "")
        texts = {"domains": "network.example, new.example", "purge": "false", "dns_timeout": "5", "timeout": "30"}
        result = sync.run(**blank, **texts, **NO_CHECKS)
        assert result["ok"], result["failure"]
        assert "new.example" in sync.names()

    def test_a_masked_name_stops_the_run(self, sync: Sync) -> None:
        result = sync.run("network.example", "********.example", purge=True, **NO_CHECKS)
        assert sync.requests() == []
        assert "masked" in result["failure"]

    def test_an_item_of_which_the_www_name_is_attached_by_itself_is_satisfied(self, sync: Sync) -> None:
        sync.simulator.reset({"domains": ["network.example", "shop.example", "www.shop.example"]})
        wanted = ["network.example", {"name": "shop.example", "www": True}]
        result = sync.run(*wanted, purge=True, purge_limit="50%", **NO_CHECKS)
        assert sync.writes() == []
        assert result["ok"]

    def test_version_2_with_key_and_secret(self, sync: Sync) -> None:
        account = {"api_token": None, "api_url": sync.simulator.v2, "api_key": KEY, "api_secret": SECRET}
        result = sync.run("network.example", {"domain": "old.example", "www": True}, "new.example", **account)
        assert "new.example" in sync.names()
        assert "API v2" in row(result, "old.example")["reason"]
        assert len(sync.simulator.orders()) == 1


class TestWordPress:
    def test_a_reading_that_failed_is_a_failure_that_is_reported(self, sync: Sync, tmp_path: Path) -> None:
        unreachable = {"unreachable": True, "msg": "Failed to connect to the host via ssh"}
        result = sync.run(source="wordpress", network=unreachable, report="out")
        assert sync.requests() == []
        assert "Failed to connect" in result["errors"][0]
        assert result["status"]["read"] == "failed"
        assert "Failed to connect" in (tmp_path / "out" / "report.md").read_text()


class TestReport:
    def test_it_is_relative_to_where_ansible_was_started_and_has_the_way_back(self, sync: Sync, tmp_path: Path) -> None:
        sync.simulator.reset({"domains": ["network.example", {"name": "shop.example", "www": True}]})
        result = sync.run("network.example", purge=True, purge_limit="50%", report="reports/one", **NO_CHECKS)
        folder = tmp_path / "reports" / "one"
        assert sorted(file.name for file in folder.iterdir()) == [
            "before.yml",
            "report.html",
            "report.json",
            "report.md",
        ]
        assert result["summary"][-1] == f"Report: {folder}"
        assert sync.names() == {"network.example"}
        back = sync.run(file="reports/one/before.yml", purge=True, **NO_CHECKS)
        assert back["counts"]["added"] == 1
        shop = next(entry for entry in sync.simulator.domains() if entry["name"] == "shop.example")
        assert int(shop["www"]) == 1

    def test_rows_that_only_stay_are_in_the_report_also_where_the_result_leaves_them_out(
        self, sync: Sync, tmp_path: Path
    ) -> None:
        result = sync.run("network.example", "old.example", "a.example", rows="changed", report="out", **NO_CHECKS)
        assert [line["name"] for line in result["rows"]] == ["a.example"]
        assert len(json.loads((tmp_path / "out" / "report.json").read_text())["rows"]) == 3

    def test_names_are_shown_as_typed_with_the_ascii_form_behind(self, sync: Sync) -> None:
        result = sync.run("network.example", "old.example", "Müller.example", check=True, **NO_CHECKS)
        assert any("Müller.example (xn--mller-kva.example)" in line for line in result["summary"])
        assert max(len(line) for line in result["summary"]) <= 100


def test_a_second_run_of_the_same_target_waits_for_the_first_by_a_lock(sync: Sync) -> None:
    """What the lock itself does is tested beside it; here, that a real run takes it and a preview does not."""
    from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync import run as _run

    taken = []
    original = _run.one_at_a_time

    def watched(*arguments: Any, **options: Any) -> Any:
        taken.append(arguments)
        return original(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_run, "one_at_a_time", watched)
        sync.run("network.example", check=True, **NO_CHECKS)
        assert taken == []
        sync.run("network.example", **NO_CHECKS)
        assert len(taken) == 1
