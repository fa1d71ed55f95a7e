# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options and the environment: which one wins, and what is made of them (design 2.1 and 2.2)."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.module_utils._options import (
    CONNECTION_SPEC,
    ENVIRONMENT,
    WEBAPP_SPEC,
    read_connection,
    read_optional_server,
    read_search_target,
    read_target,
    secrets_in,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.connection import Connection, Target
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.shared import Clock, one_at_a_time

from support.clock import SimulatedClock
from support.in_process import run_module
from support.scripted_http import ScriptedServer, reply

TOKEN, KEY, SECRET = "token-3f9a77c1d0", "key-77c1d03f9a", "secret-d03f9a77c1"
V3, V2 = "https://manage.runcloud.io/api/v3", "https://manage.runcloud.io/api/v2"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variables in ENVIRONMENT.values():
        for name in variables:
            monkeypatch.delenv(name, raising=False)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Any:
    def put(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return put


def options(**given: Any) -> dict[str, Any]:
    """Return all options with their defaults, as AnsibleModule would."""
    spec = {**CONNECTION_SPEC, **WEBAPP_SPEC}
    return {**{name: one.get("default") for name, one in spec.items()}, **given}


def connect(**given: Any) -> tuple[Connection, set[str]]:
    connection = read_connection(options(**given), os.environ)
    return connection, set(connection.hidden_values)


def header(connection: Connection) -> str:
    return connection.credentials.header


def forms(pair: str) -> set[str]:
    return {pair, pair.replace("=", "%3D")}


def basic(key: str, secret: str) -> str:
    return f"Basic {base64.b64encode(f'{key}:{secret}'.encode()).decode()}"


# ---------------------------------------------------------------------- credentials


def test_a_token_speaks_v3() -> None:
    client, hidden = connect(api_token=TOKEN)
    assert (header(client), client.url, client.version) == (f"Bearer {TOKEN}", V3, 3)
    assert hidden == {TOKEN}


def test_key_and_secret_speak_v2() -> None:
    client, hidden = connect(api_key=KEY, api_secret=SECRET)
    assert (header(client), client.url, client.version) == (basic(KEY, SECRET), V2, 2)
    assert hidden == {KEY, SECRET, *forms(basic(KEY, SECRET).split()[1])}


@pytest.mark.parametrize("prefix", ["RUNCLOUD", "WU_RUNCLOUD"])
def test_credentials_may_come_from_the_environment(environment: Any, prefix: str) -> None:
    environment(**{f"{prefix}_API_KEY": KEY, f"{prefix}_API_SECRET": SECRET})
    client, hidden = connect()
    assert header(client) == basic(KEY, SECRET)
    assert SECRET in hidden
    environment(**{f"{prefix}_API_TOKEN": TOKEN})
    client, hidden = connect()
    assert (header(client), client.version) == (f"Bearer {TOKEN}", 3)
    assert hidden == {TOKEN}


def test_the_collections_own_variables_come_first(environment: Any) -> None:
    environment(RUNCLOUD_API_TOKEN="first-3f9a77c1d0", WU_RUNCLOUD_API_TOKEN=TOKEN)
    assert header(connect()[0]) == "Bearer first-3f9a77c1d0"
    environment(RUNCLOUD_API_TOKEN="")
    assert header(connect()[0]) == f"Bearer {TOKEN}"


def test_an_option_beats_every_variable_of_either_kind(environment: Any) -> None:
    environment(
        RUNCLOUD_API_TOKEN="other-3f9a77c1d0", RUNCLOUD_API_KEY="other-key-1", RUNCLOUD_API_SECRET="other-secret"
    )
    assert header(connect(api_token=TOKEN)[0]) == f"Bearer {TOKEN}"
    assert header(connect(api_key=KEY, api_secret=SECRET)[0]) == basic(KEY, SECRET)


def test_half_a_pair_may_be_an_option_and_half_a_variable(environment: Any) -> None:
    environment(RUNCLOUD_API_SECRET=SECRET, RUNCLOUD_API_TOKEN=TOKEN)
    assert header(connect(api_key=KEY)[0]) == basic(KEY, SECRET)
    environment(RUNCLOUD_API_KEY=KEY)
    assert header(connect(api_secret="another-d03f9a77c1")[0]) == basic(KEY, "another-d03f9a77c1")


def test_empty_options_are_not_given(environment: Any) -> None:
    environment(RUNCLOUD_API_TOKEN=TOKEN)
    assert header(connect(api_token="", api_key="", api_secret="")[0]) == f"Bearer {TOKEN}"


@pytest.mark.parametrize("value", ["token with space", "token\nanother", "t\u00f6ken-long-enough", "token-long\x7f"])
def test_what_cannot_be_a_credential_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(UserError, match="api_token: holds characters that RunCloud's credentials never have") as caught:
        connect(api_token=value)
    assert value not in str(caught.value)


# ---------------------------------------------------------------------- the connection


@pytest.mark.parametrize(
    ("url", "who", "version"),
    [
        ("https://proxy.example/api/v2", {"api_token": TOKEN}, 2),
        ("https://proxy.example/api/v3/", {"api_token": TOKEN}, 3),
        ("https://proxy.example/runcloud", {"api_token": TOKEN}, 3),
        ("https://proxy.example/runcloud", {"api_key": KEY, "api_secret": SECRET}, 2),
        ("http://127.0.0.1:8000/api/v2", {"api_key": KEY, "api_secret": SECRET}, 2),
    ],
)
def test_the_version_follows_the_url_and_then_the_credentials(url: str, who: dict[str, str], version: int) -> None:
    client, _hidden = connect(api_url=url, **who)
    assert (client.url, client.version) == (url.rstrip("/"), version)


def test_the_url_may_come_from_the_environment_and_an_option_beats_it(environment: Any) -> None:
    environment(RUNCLOUD_API_URL="https://env.example/api/v2")
    assert connect(api_token=TOKEN)[0].url == "https://env.example/api/v2"
    assert connect(api_token=TOKEN, api_url="https://option.example/api/v3")[0].url == "https://option.example/api/v3"


@pytest.mark.parametrize(
    "url",
    ["manage.runcloud.io", "ftp://x.example", "https://", "https://[1/api", "https://x:99999/", "https://x:0/", "/"],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(UserError) as caught:
        connect(api_token=TOKEN, api_url=url)
    assert str(caught.value) == f"api_url: {url!r} is not a URL like {V3}; correct it"


@pytest.mark.parametrize("host", ["manage.runcloud.io", "10.0.0.1", "localhost.example"])
def test_credentials_never_travel_unencrypted(host: str) -> None:
    with pytest.raises(UserError, match="would send the credentials unencrypted; use https"):
        connect(api_token=TOKEN, api_url=f"http://{host}/api/v3")


def test_certificates_are_verified_with_what_is_given(environment: Any, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    assert connect(api_token=TOKEN)[0].verify is True
    assert connect(api_token=TOKEN, ca_path=str(bundle))[0].verify == str(bundle)
    assert connect(api_token=TOKEN, ca_path=str(bundle), validate_certs=False)[0].verify is False
    environment(RUNCLOUD_CA_PATH=str(bundle))
    assert connect(api_token=TOKEN)[0].verify == str(bundle)


def test_bundles_of_the_environment_are_used_where_no_option_names_one(environment: Any, tmp_path: Path) -> None:
    bundle, other = tmp_path / "ca.pem", tmp_path / "other.pem"
    bundle.touch()
    other.touch()
    environment(CURL_CA_BUNDLE=str(other))
    assert connect(api_token=TOKEN)[0].verify == str(other)
    environment(REQUESTS_CA_BUNDLE=str(bundle))
    assert connect(api_token=TOKEN)[0].verify == str(bundle)
    assert connect(api_token=TOKEN, ca_path=str(other))[0].verify == str(other)
    assert connect(api_token=TOKEN, validate_certs=False)[0].verify is False


@pytest.mark.parametrize("path", ["/nowhere/ca.pem", "with\0nul", "x" * 5000])
def test_a_bundle_that_is_not_there_is_refused_by_name(environment: Any, path: str) -> None:
    with pytest.raises(UserError, match=r"ca_path: .* does not exist"):
        connect(api_token=TOKEN, ca_path=path)
    if "\0" not in path:
        environment(REQUESTS_CA_BUNDLE=path)
        with pytest.raises(UserError, match=r"REQUESTS_CA_BUNDLE: .* does not exist"):
            connect(api_token=TOKEN)


def test_patience_is_what_the_options_say() -> None:
    connection, _hidden = connect(api_token=TOKEN, timeout=7, retries=0, rate_limit_timeout=11)
    assert (connection.timeout, connection.retries, connection.rate_limit_timeout) == (7, 0, 11)
    connection, _hidden = connect(api_token=TOKEN, timeout="", retries="", rate_limit_timeout=None)
    assert (connection.timeout, connection.retries, connection.rate_limit_timeout) == (120, 5, 900)


@pytest.mark.parametrize("name", ["timeout", "retries", "rate_limit_timeout"])
@pytest.mark.parametrize("value", [1e20, -1, 10**30, "9" * 5000, "soon", float("inf"), float("nan"), True, [5]])
def test_absurd_numbers_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(UserError, match=rf"^{name}: "):
        connect(api_token=TOKEN, **{name: value})


# ---------------------------------------------------------------------- secrets


@pytest.mark.parametrize("text", [f" {TOKEN}", f"{TOKEN}\n", f"\t{TOKEN}\r\n"])
def test_blanks_at_the_ends_of_credentials_do_not_count(environment: Any, text: str) -> None:
    assert header(connect(api_token=text)[0]) == f"Bearer {TOKEN}"
    environment(RUNCLOUD_API_TOKEN=text)
    assert header(connect()[0]) == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "who", [{"api_token": "brand"}, {"api_key": "brand", "api_secret": SECRET}, {"api_key": KEY, "api_secret": "main"}]
)
def test_a_credential_that_would_bend_other_text_is_refused(who: dict[str, str]) -> None:
    with pytest.raises(UserError, match="shorter than 8 characters") as caught:
        connect(**who)
    assert "brand" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass-3f9a@api.example/api/v3", {"user:pass-3f9a", "user", "pass-3f9a"}),
        ("https://user:pa%2Fss@api.example", {"user:pa%2Fss", "user:pa/ss", "user", "pa%2Fss", "pa/ss"}),
        ("https://user:pa/ss@api.example/v3", {"user:pa/ss", "user", "pa/ss"}),
        ("user:pass@api.example", {"user:pass", "user", "pass"}),
        ("https://[1/user:pass@api.example", {"[1/user:pass", "[1/user", "pass"}),
    ],
)
def test_a_login_in_the_url_is_refused_and_known_as_a_secret(url: str, shown: set[str]) -> None:
    with pytest.raises(UserError) as caught:
        connect(api_token=TOKEN, api_url=url)
    assert str(caught.value) == ("api_url: holds a login; credentials go into api_token, or api_key and api_secret")
    assert set(secrets_in(options(api_token=TOKEN, api_url=url), {})) == {TOKEN, *shown}
    assert set(secrets_in(options(), {"RUNCLOUD_API_URL": url})) == shown


@pytest.mark.parametrize("by", ["option", "variable"])
def test_a_login_in_the_url_is_shown_nowhere_in_what_a_module_prints(by: str) -> None:
    url = "https://someone:hush-3f9a77@api.example/api/v3"
    given: dict[str, Any] = {"api_token": TOKEN} if by == "variable" else {"api_token": TOKEN, "api_url": url}
    result = run_module("runcloud_server_info", given, env={"RUNCLOUD_API_URL": url} if by == "variable" else None)
    assert result["msg"] == "api_url: holds a login; credentials go into api_token, or api_key and api_secret"
    assert not [secret for secret in ("hush-3f9a77", "someone", TOKEN) if secret in str(result)]


# ---------------------------------------------------------------------- proxies


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/api/v3", "https://localhost/api/v3", "http://[::1]:80/api/v3"])
def test_loopback_never_takes_a_proxy(url: str) -> None:
    surroundings = {"HTTP_PROXY": "http://proxy.example:3128", "https_proxy": "http://proxy.example:3128"}
    assert read_connection(options(api_token=TOKEN, api_url=url), surroundings).proxies == {}


@pytest.mark.parametrize(
    ("surroundings", "proxy"),
    [
        ({}, None),
        ({"http_proxy": "http://proxy.example"}, None),
        ({"HTTPS_PROXY": "http://proxy.example"}, "http://proxy.example"),
        ({"https_proxy": "http://lower.example", "HTTPS_PROXY": "http://upper.example"}, "http://lower.example"),
        ({"https_proxy": "proxy.example:3128"}, "http://proxy.example:3128"),
        ({"ALL_PROXY": "http://proxy.example"}, "http://proxy.example"),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "runcloud.io"}, None),
        ({"HTTPS_PROXY": "http://proxy.example", "no_proxy": "*"}, None),
        ({"HTTPS_PROXY": "http://proxy.example", "no_proxy": "other.example"}, "http://proxy.example"),
    ],
)
def test_the_proxy_is_the_one_of_the_environment(surroundings: dict[str, str], proxy: str | None) -> None:
    assert read_connection(options(api_token=TOKEN), surroundings).proxies.get("https") == proxy


def test_a_login_of_the_proxy_is_a_secret() -> None:
    surroundings = {"HTTPS_PROXY": "http://user:proxy-pass@proxy.example"}
    connection = read_connection(options(api_token=TOKEN), surroundings)
    assert {"user:proxy-pass", "proxy-pass"} <= set(connection.hidden_values)
    assert "proxy-pass" not in repr(connection)


def test_the_fingerprint_tells_credentials_apart_without_showing_them() -> None:
    one, same, other = (connect(api_token=token)[0] for token in (TOKEN, TOKEN, "token-other-3f9a"))
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert connect(api_token=TOKEN, api_url=V2)[0].fingerprint != one.fingerprint
    assert TOKEN not in one.fingerprint


# ---------------------------------------------------------------------- the target


def test_ids_and_names_say_the_target() -> None:
    assert read_target(options(server_id=1903, webapp_id=646), os.environ) == Target(server_id=1903, webapp_id=646)
    assert read_target(options(server_name="web1", webapp_id=646), os.environ) == Target(
        server_name="web1", webapp_id=646
    )
    assert read_target({}, {}) == Target()


def test_a_name_beats_an_id_of_the_environment(environment: Any) -> None:
    environment(RUNCLOUD_SERVER_ID="1", WU_RUNCLOUD_SERVER_ID="2", WU_RUNCLOUD_APP_ID="3")
    assert read_target(options(), os.environ) == Target(server_id=1, webapp_id=3)
    assert read_target(options(server_name="web1", webapp_name="app"), os.environ) == Target(
        server_name="web1", webapp_name="app"
    )
    assert read_target(options(server_id=7, webapp_id=8), os.environ) == Target(server_id=7, webapp_id=8)


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_id_is_as_if_not_given(environment: Any, nothing: str | None) -> None:
    environment(RUNCLOUD_SERVER_ID="1", RUNCLOUD_APP_ID="3")
    assert read_target(options(server_id=nothing, webapp_id=nothing), os.environ) == Target(server_id=1, webapp_id=3)
    assert read_target(options(server_id="7", webapp_id=nothing), os.environ) == Target(server_id=7, webapp_id=3)
    assert read_target(options(server_name="  ", webapp_id=5), os.environ) == Target(server_id=1, webapp_id=5)


@pytest.mark.parametrize("value", [0, -3, "x", "1.5", 10**30, True, [1], "9" * 5000])
def test_what_is_not_an_id_is_refused_by_name(value: object) -> None:
    with pytest.raises(UserError, match=r"^server_id: "):
        read_target(options(server_id=value, webapp_id=1), {})
    if isinstance(value, str):
        with pytest.raises(UserError, match=r"^RUNCLOUD_SERVER_ID \(for server_id\): "):
            read_target(options(webapp_id=1), {"RUNCLOUD_SERVER_ID": value})


def test_two_ways_to_say_one_thing_are_refused() -> None:
    with pytest.raises(UserError, match="server_name: given together with server_id"):
        read_target(options(server_id=1, server_name="web1", webapp_id=1), {})


def test_nothing_named_means_everything_where_a_module_only_reads() -> None:
    assert read_optional_server(options(), {}) == read_search_target(options(domain=None), {}) == Target()
    assert not Target().has_server
    assert not Target().has_webapp


def test_the_environment_names_the_server_but_no_web_application_and_does_not_narrow_a_search() -> None:
    surroundings = {"WU_RUNCLOUD_SERVER_ID": "1903", "RUNCLOUD_APP_ID": "646"}
    assert read_optional_server(options(), surroundings) == Target(server_id=1903)
    assert read_search_target(options(domain=None), surroundings) == Target(server_id=1903)
    assert read_search_target(options(domain=None, webapp_id=7), surroundings) == Target(server_id=1903, webapp_id=7)
    named = options(domain=None, server_name="web1", webapp_name="blog")
    assert read_search_target(named, surroundings) == Target(server_name="web1", webapp_name="blog")
    assert read_search_target(options(domain="a.example"), surroundings) == Target()
    assert read_search_target(options(domain="a.example", server_id=5), surroundings) == Target(server_id=5)


# ---------------------------------------------------------------------- libraries


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = "ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.client"
    monkeypatch.setattr(f"{owner}.HAS_REQUESTS", False)
    monkeypatch.setattr(f"{owner}.REQUESTS_IMPORT_ERROR", "no module of this name")
    result = run_module("runcloud_domain", {"name": "x.example"})
    assert result["failed"] is True
    assert "Failed to import the required Python library (requests)" in result["msg"]


# ---------------------------------------------------------------------- one run at a time


@pytest.mark.parametrize(("check", "waits"), [(False, True), (True, False)])
def test_only_a_run_that_writes_waits_for_another_one(check: bool, waits: bool) -> None:
    who = {"api_token": TOKEN, "server_id": 1903, "webapp_id": 646}
    row = {"id": 1, "name": "a.example", "type": "primary", "www": 0, "redirection": "none"}
    with ScriptedServer(reply(200, [row])) as server:
        connection = read_connection(options(api_token=TOKEN, api_url=server.url), {})
        clock = SimulatedClock()
        with (
            one_at_a_time(connection, Target(server_id=1903, webapp_id=646)),
            mock.patch.object(Clock, "sleep", lambda _clock, seconds: clock.sleep(seconds)),
        ):
            result = run_module("runcloud_domain", {**who, "api_url": server.url, "name": "a.example"}, check=check)
        assert ("another run on this controller" in str(result.get("msg"))) is waits
        assert len(server.received) == (0 if waits else 1)
    assert sum(clock.waits) == (3600 if waits else 0)
