# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether CAA records allow Let's Encrypt: the rules by themselves, then against a real DNS server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.module_utils._probe.caa import (
    CaaRecord,
    CaaReport,
    Relevant,
    check_caa,
    judge_caa,
)

from support.dns_server import DnsServer

ALLOWED = '0 issue "letsencrypt.org"'


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer() as running:
        yield running


def check(server: DnsServer, *names: str, method: str = "http-01", timeout: float = 5.0) -> CaaReport:
    return check_caa(names, nameservers=[server.address], method=method, timeout=timeout)


def judge(name: str, *records: tuple[int, str, str], method: str = "http-01") -> tuple[str, str]:
    return judge_caa(name, Relevant("brand.example", tuple(CaaRecord(*record) for record in records)), method)


# The rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "records",
    [
        (),
        ((0, "issue", "letsencrypt.org"),),
        ((0, "issue", " LetsEncrypt.org. "),),
        ((0, "issue", "other-ca.example"), (0, "issue", "letsencrypt.org")),
        ((0, "issue", ";"), (0, "issue", "letsencrypt.org")),
        ((0, "iodef", "mailto:security@brand.example"),),
        ((128, "iodef", "mailto:security@brand.example"),),
        ((0, "unheardof", "x"),),
        ((0, "issuewild", ";"),),
        ((0, "issue", "letsencrypt.org; validationmethods=http-01,dns-01"),),
    ],
)
def test_let_s_encrypt_may_issue(records: tuple[tuple[int, str, str], ...]) -> None:
    assert judge("brand.example", *records) == ("", "")


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (((0, "issue", ";"),), 'forbids Let\'s Encrypt (issue ";"); add 0 issue "letsencrypt.org" or remove it'),
        (((0, "issue", ""),), "forbids Let's Encrypt"),
        (((0, "issue", "other-ca.example"),), 'forbids Let\'s Encrypt (issue "other-ca.example")'),
        (((0, "issue", "letsencrypt.org.example"),), "forbids Let's Encrypt"),
        (((0, "issue", "letsencrypt.org; validationmethods=dns-01"),), "forbids Let's Encrypt"),
        (((128, "unheardof", "x"), (0, "issue", "letsencrypt.org")), "'unheardof' of its domain is critical"),
    ],
)
def test_let_s_encrypt_may_not_issue(records: tuple[tuple[int, str, str], ...], words: str) -> None:
    forbidden, unknown = judge("brand.example", *records)

    assert words in forbidden
    assert unknown == ""


def test_a_wildcard_follows_issuewild_where_there_is_one() -> None:
    wild_only = ((0, "issue", ";"), (0, "issuewild", "letsencrypt.org"))
    never_wild = ((0, "issue", "letsencrypt.org"), (0, "issuewild", ";"))

    assert judge("*.brand.example", *wild_only) == ("", "")
    assert 'issue ";"' in judge("brand.example", *wild_only)[0]
    assert 'issuewild ";"' in judge("*.brand.example", *never_wild)[0]
    assert judge("brand.example", *never_wild) == ("", "")
    assert 'issue ";"' in judge("*.brand.example", (0, "issue", ";"))[0]


def test_the_method_by_which_names_are_checked_matters() -> None:
    record = (0, "issue", "letsencrypt.org; validationmethods=dns-01")

    assert judge("brand.example", record, method="dns-01") == ("", "")
    assert judge("brand.example", record, method="http-01")[0] != ""


def test_a_record_for_one_account_leaves_it_open() -> None:
    forbidden, unknown = judge("brand.example", (0, "issue", "letsencrypt.org; accounturi=https://acme.example/1"))

    assert forbidden == ""
    assert "binds Let's Encrypt to one account" in unknown


# Against a real server -----------------------------------------------------------------------------------------------


def test_the_own_record_counts_before_the_parent_s(server: DnsServer) -> None:
    server.set("example", caa=['0 issue ";"'])
    server.set("brand.example", caa=[ALLOWED])
    server.set("shop.brand.example", a=["192.0.2.1"])

    report = check(server, "brand.example", "shop.brand.example", "other.example")

    assert report.unknown == {}
    assert report.forbidden == {
        "other.example": 'CAA of example forbids Let\'s Encrypt (issue ";"); add 0 issue "letsencrypt.org" or remove it'
    }


@pytest.mark.parametrize("name", ["brand.example", "a.b.brand.example", "*.brand.example"])
@pytest.mark.parametrize("record", ['0 issue ";"', '0 issue "other-ca.example"'])
def test_a_record_of_a_parent_forbids_all_names_below(server: DnsServer, name: str, record: str) -> None:
    server.set("brand.example", caa=[record])

    assert list(check(server, name).forbidden) == [name]


def test_a_cname_is_followed_but_the_parents_of_its_target_are_not(server: DnsServer) -> None:
    server.set("hosting.example", caa=['0 issue ";"'])
    server.set("lb.hosting.example", a=["192.0.2.1"])
    server.set("shop.brand.example", cname="lb.hosting.example")
    assert check(server, "shop.brand.example") == CaaReport({}, {})

    server.set("lb.hosting.example", a=["192.0.2.1"], caa=['0 issue ";"'])
    assert list(check(server, "shop.brand.example").forbidden) == ["shop.brand.example"]


def test_servfail_forbids_since_let_s_encrypt_then_refuses(server: DnsServer) -> None:
    server.set("brand.example", a=["192.0.2.1"], failing_types={"CAA": "SERVFAIL"})

    report = check(server, "shop.brand.example", "brand.example", "good.example")

    assert report.unknown == {}
    assert list(report.forbidden) == ["shop.brand.example", "brand.example"]
    assert report.forbidden["brand.example"].startswith("Let's Encrypt refuses it, since CAA of its domain cannot be")
    assert "CAA of brand.example cannot be read" in report.forbidden["shop.brand.example"]


@pytest.mark.parametrize("rcode", ["REFUSED", "NOTIMP"])
def test_what_only_our_nameserver_does_not_say_is_unknown(server: DnsServer, rcode: str) -> None:
    server.set("brand.example", failing_types={"CAA": rcode})

    report = check(server, "brand.example")

    assert report.forbidden == {}
    assert f"answered {rcode}" in report.unknown["brand.example"]


def test_a_time_out_is_unknown(server: DnsServer) -> None:
    server.set("brand.example", silent_types=["CAA"])

    report = check(server, "brand.example", "good.example", timeout=0.4)

    assert report.forbidden == {}
    assert list(report.unknown) == ["brand.example"]
    assert "is not known: no answer from" in report.unknown["brand.example"]


def test_each_parent_is_asked_once_for_many_names() -> None:
    names = [f"shop-{number}.brand.example" for number in range(300)]
    with DnsServer() as server:
        server.set("brand.example", caa=['0 issue ";"'])

        report = check(server, *names, "*.brand.example", names[0])

        assert sorted(report.forbidden) == sorted([*names, "*.brand.example"])
        assert server.asked("brand.example", "CAA") == 1
        assert server.asked("example", "CAA") == 0
        assert len(server.queries) == 1 + 300 + 1


def test_bad_input_is_refused_before_any_question(server: DnsServer) -> None:
    with pytest.raises(UserError, match="domain_sync_dns_timeout: 0 is not a number of seconds"):
        check_caa(["brand.example"], nameservers=[server.address], timeout=0, option_prefix="domain_sync_dns_")
    assert server.queries == []
