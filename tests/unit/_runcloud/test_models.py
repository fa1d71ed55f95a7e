# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire, read and written: every spelling that the reference shows, and nothing that is none."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.models import (
    Certificate,
    CertificateOptions,
    CertificateRequest,
    Domain,
    ExternalApi,
    KeyPair,
    LogEntry,
    WireError,
    domain_to_wire,
    options_to_wire,
    parse_certificate,
    parse_certificate_list,
    parse_domain,
    parse_external_api,
    parse_flag,
    parse_log_entry,
    parse_server,
    parse_ssl_method,
    parse_time,
    parse_webapp,
    request_to_wire,
)

UTC = datetime.timezone.utc
DOMAIN = {
    "id": 693,
    "name": "schimmel.alirahman.site",
    "type": "primary",
    "www": 0,
    "redirection": "none",
    "wildcard": 0,
    "dns_integration": "cloudflare",
    "status": None,
    "created_at": "2024-07-09 07:02:13",
}
CERTIFICATE = {
    "id": 4211,
    "method": "letsencrypt",
    "privateKey": "-----BEGIN PRIVATE KEY-----",
    "certificate": None,
    "validUntil": "2024-10-07 06:02:13",
    "renewalDate": "2024-09-07 06:02:13",
    "enableHttp": True,
    "enableHsts": False,
    "enableHstsPreload": False,
    "authorizationMethod": "http-01",
    "staging": False,
    "api_id": None,
    "ssl_protocol_id": 2,
    "created_at": "2024-07-09 07:05:41",
}


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        (0, False),
        (1, True),
        ("0", False),
        ("1", True),
        (True, True),
        (False, False),
        (None, False),
        ("", False),
        ("true", True),
        ("False", False),
        (" YES ", True),
        ("off", False),
    ],
)
def test_truth_has_many_spellings(value: object, meaning: bool) -> None:
    assert parse_flag(value) is meaning


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-07-09 07:02:13", datetime.datetime(2024, 7, 9, 7, 2, 13, tzinfo=UTC)),
        (" 2024-07-09T07:02:13Z ", datetime.datetime(2024, 7, 9, 7, 2, 13, tzinfo=UTC)),
        ("2024-07-09T09:02:13+02:00", datetime.datetime(2024, 7, 9, 7, 2, 13, tzinfo=UTC)),
        ("", None),
        (" ", None),
        ("tomorrow", None),
        (None, None),
        (1720508533, None),
    ],
)
def test_times_are_in_utc(text: object, moment: datetime.datetime | None) -> None:
    assert parse_time(text) == moment


# ---------------------------------------------------------------------- domains


def test_a_domain_as_the_reference_shows_it() -> None:
    expected = Domain(
        693, "schimmel.alirahman.site", "primary", False, "none", False, "cloudflare", None, "2024-07-09 07:02:13"
    )
    assert parse_domain(DOMAIN) == expected
    assert parse_domain({"data": DOMAIN}) == expected


@pytest.mark.parametrize(("flag", "meaning"), [(1, True), (True, True), ("1", True), ("0", False), (False, False)])
def test_flags_of_a_domain_have_many_spellings(flag: object, meaning: bool) -> None:
    row = parse_domain({**DOMAIN, "www": flag, "wildcard": flag})
    assert (row.www, row.wildcard) == (meaning, meaning)


@pytest.mark.parametrize("name", ["*.shop.example", "shop.example", "*.Shop.Example."])
def test_a_wildcard_always_carries_its_star(name: str) -> None:
    row = parse_domain({**DOMAIN, "name": name, "wildcard": 1})
    assert (row.name, row.wildcard) == ("*.shop.example", True)
    assert parse_domain({**DOMAIN, "name": "*.shop.example", "wildcard": None}).wildcard


def test_old_v2_says_little_of_a_domain() -> None:
    row = parse_domain({"id": "710", "name": "Shop.Example.", "created_at": "2024-07-09 07:02:13"})
    assert row == Domain(710, "shop.example", None, None, None, created_at="2024-07-09 07:02:13")
    assert row.served_names == ("shop.example",)


def test_a_name_that_is_none_is_compared_as_it_is() -> None:
    assert parse_domain({**DOMAIN, "name": "Under_Score.example."}).name == "under_score.example"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ([], "a domain was expected, RunCloud sent list"),
        ("text", "a domain was expected, RunCloud sent str"),
        (None, "a domain was expected, RunCloud sent NoneType"),
        ({"message": "done"}, "a domain without a name"),
        ({"id": 1, "name": None}, "a domain without a name"),
        ({"name": "a.example"}, "a domain without a numeric id"),
        ({"name": "a.example", "id": "x"}, "a domain without a numeric id"),
        ({"name": "a.example", "id": True}, "a domain without a numeric id"),
    ],
)
def test_what_is_no_domain_is_refused(body: object, complaint: str) -> None:
    with pytest.raises(WireError, match=complaint):
        parse_domain(body)


def test_a_domain_goes_out_as_documented() -> None:
    assert domain_to_wire(Domain(None, "yog.example", "alias", True, "non-www")) == {
        "type": "alias",
        "www": True,
        "redirection": "non-www",
    }
    unseen = Domain(710, "yog.example", "primary", None, None)
    assert domain_to_wire(unseen) == {"type": "primary", "www": False, "redirection": "none"}


@pytest.mark.parametrize("name", ["", "a example", "<script>", "my_shop.example", "localhost"])
def test_a_row_whose_name_is_not_a_host_name_stays_recognisable(name: str) -> None:
    row = parse_domain({**DOMAIN, "name": name})
    assert (row.readable, row.name) == (False, name)
    assert parse_domain({**DOMAIN, "name": "Shop.example."}).readable


@pytest.mark.parametrize("identity", [[1], {"id": 1}, True, None, "seven", 1.5])
def test_an_id_that_is_not_a_number_is_refused(identity: object) -> None:
    with pytest.raises(WireError, match="without a numeric id"):
        parse_domain({**DOMAIN, "id": identity})


# ---------------------------------------------------------------------- servers and web applications


def test_a_server_as_the_reference_shows_it() -> None:
    body = {
        "id": 1903,
        "name": "server hello",
        "provider": "Akamai (Linode)",
        "stack": "nginx",
        "ipAddress": "139.162.123.253",
        "country_iso_code": "JP",
        "os": "Ubuntu",
        "osVersion": "focal",
        "connected": True,
        "online": True,
        "agentVersion": "2.8.7",
        "phpCLIVersion": "php81rc",
        "created_at": "2024-07-09 06:56:05",
        "tags": ["web", {"name": "eu"}, {}, 5],
    }
    server = parse_server(body)
    assert (server.id, server.name, server.address, server.usable) == (1903, "server hello", "139.162.123.253", True)
    assert (server.provider, server.stack, server.os, server.os_version) == (
        "Akamai (Linode)",
        "nginx",
        "Ubuntu",
        "focal",
    )
    assert (server.country, server.agent_version, server.php_cli_version) == ("JP", "2.8.7", "php81rc")
    assert server.tags == ("web", "eu", "", "5")


def test_a_server_of_v2_says_less_and_an_offline_one_says_so() -> None:
    server = parse_server({"id": 1, "name": None, "tags": None})
    assert (server.name, server.address, server.stack, server.tags, server.usable) == ("", None, None, (), True)
    assert not parse_server({"id": 1, "online": False, "connected": True}).usable
    assert not parse_server({"id": 1, "online": True, "connected": 0}).usable


def test_a_web_application_leaves_its_secrets_behind() -> None:
    body = {
        "id": 646,
        "name": "app-schimmel",
        "rootPath": "/home/a",
        "publicPath": "/home/a/p",
        "phpVersion": None,
        "stack": "hybrid",
        "stackMode": "production",
        "type": "wordpress",
        "defaultApp": False,
        "pullKey1": "pull-one",
        "pullKey2": "pull-two",
        "created_at": "2024-07-09 07:02:13",
    }
    app = parse_webapp(body)
    assert (app.id, app.name, app.type, app.php_version, app.default_app) == (
        646,
        "app-schimmel",
        "wordpress",
        None,
        False,
    )
    assert (app.root_path, app.public_path, app.stack, app.stack_mode) == (
        "/home/a",
        "/home/a/p",
        "hybrid",
        "production",
    )
    assert "pull-" not in repr(app)


def test_other_things_that_the_api_lists() -> None:
    key = parse_external_api({"id": 28, "label": "Testing", "secret": "hidden", "service": "Digital Ocean"})
    assert key == ExternalApi(28, "Testing", "Digital Ocean")
    assert "hidden" not in repr(key)
    assert parse_external_api({"id": 1, "label": None}) == ExternalApi(1, "", "")
    entry = {"kind": "SSL", "content": "failed", "created_at": "2024-07-09 07:02:13"}
    assert parse_log_entry(entry) == LogEntry("SSL", "failed", "2024-07-09 07:02:13")
    assert parse_log_entry({}) == LogEntry("", "", "")


# ---------------------------------------------------------------------- certificates


def test_a_certificate_as_the_reference_shows_it() -> None:
    found = parse_certificate(CERTIFICATE)
    assert found == Certificate(
        id=4211,
        domain=None,
        provider="letsencrypt",
        valid_until=datetime.datetime(2024, 10, 7, 6, 2, 13, tzinfo=UTC),
        renewal_date=datetime.datetime(2024, 9, 7, 6, 2, 13, tzinfo=UTC),
        staging=False,
        authorization_method="http-01",
        enable_http=True,
        enable_hsts=False,
        enable_hsts_preload=False,
        tls_versions="TLSv1.2+",
        created_at=datetime.datetime(2024, 7, 9, 7, 5, 41, tzinfo=UTC),
    )
    assert "PRIVATE" not in repr(found)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"method": None, "provider": "custom"}, {"provider": "custom"}),
        ({"staging": 1}, {"staging": True}),
        ({"staging": None, "environment": "staging"}, {"staging": True}),
        (
            {"renewalDate": None, "renewal_date": "2024-09-01 00:00:00"},
            {"renewal_date": datetime.datetime(2024, 9, 1, tzinfo=UTC)},
        ),
        ({"api_id": "28"}, {"external_api": 28}),
        ({"ssl_protocol_id": "3"}, {"tls_versions": "TLSv1.3"}),
        ({"ssl_protocol_id": 99}, {"tls_versions": None}),
        ({"enableHttp": 0, "enableHsts": "1"}, {"enable_http": False, "enable_hsts": True}),
        ({"enableHttp": None}, {"enable_http": None}),
        ({"certificate": "-----BEGIN CERTIFICATE-----"}, {"pem": "-----BEGIN CERTIFICATE-----"}),
        ({"validUntil": None}, {"valid_until": None}),
    ],
)
def test_spellings_of_a_certificate(change: dict[str, Any], expected: dict[str, Any]) -> None:
    found = parse_certificate({**CERTIFICATE, **change}, "a.example")
    assert found is not None
    assert found.domain == "a.example"
    for name, value in expected.items():
        assert getattr(found, name) == value


@pytest.mark.parametrize("nothing", [None, [], {}, {"message": "SSL not installed!"}, {"data": {}}])
def test_no_certificate(nothing: object) -> None:
    assert parse_certificate(nothing) is None


@pytest.mark.parametrize("body", ["queued", 5, {"id": "x"}, [1]])
def test_what_is_no_certificate_is_refused(body: object) -> None:
    with pytest.raises(WireError):
        parse_certificate(body)


def test_the_list_form_tells_the_certificate_of_each_domain() -> None:
    rows = [{"id": 693, "name": "Example.com", "ssl": CERTIFICATE}, {"id": 710, "name": "www.example.com", "ssl": None}]
    for body in ({"data": rows}, rows):
        found = parse_certificate_list(body)
        assert found is not None
        assert list(found) == ["example.com", "www.example.com"]
        assert found["www.example.com"] is None
        assert found["example.com"] == parse_certificate(CERTIFICATE, "example.com")
    assert parse_certificate_list(CERTIFICATE) is None
    for odd in ([5], [{"id": 1}]):
        with pytest.raises(WireError):
            parse_certificate_list(odd)


@pytest.mark.parametrize("body", [{}, [], None, {"advancedSSL": None}])
def test_what_is_no_ssl_method_is_refused(body: object) -> None:
    with pytest.raises(WireError):
        parse_ssl_method(body)


def test_only_given_options_go_out() -> None:
    assert options_to_wire(CertificateOptions()) == {}
    assert options_to_wire(CertificateOptions(True, False, False, True, "TLSv1.3")) == {
        "enableHttp": True,
        "enableHsts": False,
        "enableHstsSubdomains": False,
        "enableHstsPreload": True,
        "ssl_protocol_id": 3,
    }


@pytest.mark.parametrize(
    ("asked", "wire"),
    [
        (
            CertificateRequest("letsencrypt", CertificateOptions(False, False), "live", "http-01"),
            {"enableHttp": False, "enableHsts": False, "authorizationMethod": "http-01", "environment": "live"},
        ),
        (
            CertificateRequest("letsencrypt", CertificateOptions(), "staging", "dns-01", 28),
            {"authorizationMethod": "dns-01", "environment": "staging", "externalApi": 28},
        ),
        (
            CertificateRequest("custom", CertificateOptions(), pair=KeyPair("CERT", "KEY")),
            {"privateKey": "KEY", "certificate": "CERT"},
        ),
    ],
)
def test_an_order_goes_out_as_documented(asked: CertificateRequest, wire: dict[str, Any]) -> None:
    sent = request_to_wire(asked)
    assert sent == {"provider": asked.provider, **wire}
    assert "autoSSL" not in sent


def test_a_key_is_never_shown() -> None:
    assert "KEY" not in repr(KeyPair("CERT", "KEY"))


@pytest.mark.parametrize(
    "parse",
    [parse_server, parse_webapp, parse_external_api, parse_log_entry],
)
def test_other_rows_that_are_none_are_refused(parse: Callable[[object], object]) -> None:
    with pytest.raises(WireError):
        parse("text")
