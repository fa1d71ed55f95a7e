# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options and the environment: which one wins, and what is made of them (design 2.1 and 2.2)."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils import _module
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud import client as _client
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.api import Target

from support.in_process import run_module

TOKEN, KEY, SECRET = "token-3f9a77c1d0", "key-77c1d03f9a", "secret-d03f9a77c1"
V3, V2 = "https://manage.runcloud.io/api/v3", "https://manage.runcloud.io/api/v2"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variables in _module._ENVIRONMENT.values():
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
    spec = {**_module.CONNECTION_SPEC, **_module.WEBAPP_SPEC}
    return {name: given.get(name, one.get("default")) for name, one in spec.items()}


def connect(**given: Any) -> tuple[_client.Client, set[str]]:
    module = SimpleNamespace(params=options(**given), no_log_values=set[str]())
    return _module.connect(module, _client.no_progress), module.no_log_values  # type: ignore[arg-type]


def header(client: _client.Client) -> str:
    request = SimpleNamespace(headers={})
    client._session.auth(request)
    return str(request.headers["Authorization"])


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
    assert hidden == {KEY, SECRET, basic(KEY, SECRET).split()[1]}


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
    environment(RUNCLOUD_API_TOKEN="other-3f9a77c1d0", RUNCLOUD_API_KEY="other-key", RUNCLOUD_API_SECRET="other-secret")
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


@pytest.mark.parametrize("value", ["token with space", "token\n", "t\u00f6ken", "token\x7f"])
def test_what_cannot_be_a_credential_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(UserError, match="api_token: holds characters that no RunCloud credential has") as caught:
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
    assert str(caught.value) == f"api_url: {url!r} is no URL like {V3}; correct it"


@pytest.mark.parametrize("host", ["manage.runcloud.io", "10.0.0.1", "localhost.example"])
def test_credentials_never_travel_unencrypted(host: str) -> None:
    with pytest.raises(UserError, match="would send the credentials unencrypted; use https"):
        connect(api_token=TOKEN, api_url=f"http://{host}/api/v3")


def test_certificates_are_verified_with_what_is_given(environment: Any, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    assert connect(api_token=TOKEN)[0]._verify is True
    assert connect(api_token=TOKEN, ca_path=str(bundle))[0]._verify == str(bundle)
    assert connect(api_token=TOKEN, ca_path=str(bundle), validate_certs=False)[0]._verify is False
    environment(RUNCLOUD_CA_PATH=str(bundle))
    assert connect(api_token=TOKEN)[0]._verify == str(bundle)


def test_patience_is_what_the_options_say() -> None:
    client, _hidden = connect(api_token=TOKEN, timeout=7, retries=0, max_wait=11)
    assert (client._timeout, client.retries, client._max_wait) == (7, 0, 11)
    client, _hidden = connect(api_token=TOKEN)
    assert (client._timeout, client.retries, client._max_wait) == (120, 5, 900)


# ---------------------------------------------------------------------- the target


def test_ids_and_names_say_the_target() -> None:
    assert _module.read_target(options(server_id=1903, webapp_id=646)) == Target(server_id=1903, webapp_id=646)
    assert _module.read_target(options(server_name="web1", webapp_id=646)) == Target(server_name="web1", webapp_id=646)
    assert _module.read_target({}) == Target()


def test_a_name_beats_an_id_of_the_environment(environment: Any) -> None:
    environment(RUNCLOUD_SERVER_ID="1", WU_RUNCLOUD_SERVER_ID="2", WU_RUNCLOUD_APP_ID="3")
    assert _module.read_target(options()) == Target(server_id=1, webapp_id=3)
    assert _module.read_target(options(server_name="web1", webapp_name="app")) == Target(
        server_name="web1", webapp_name="app"
    )
    assert _module.read_target(options(server_id=7, webapp_id=8)) == Target(server_id=7, webapp_id=8)


# ---------------------------------------------------------------------- libraries


@pytest.mark.parametrize(("module", "library"), [("_client", "requests"), ("_hostnames", "idna")])
def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, module: str, library: str) -> None:
    from ansible_collections.multisite.runcloud.plugins.module_utils import _names as _hostnames

    owner = {"_client": _client, "_hostnames": _hostnames}[module]
    monkeypatch.setattr(owner, f"HAS_{library.upper()}", False)
    monkeypatch.setattr(owner, f"{library.upper()}_IMPORT_ERROR", "no module of this name")
    result = run_module("runcloud_domain", {"name": "x.example"})
    assert result["failed"] is True
    assert f"Failed to import the required Python library ({library})" in result["msg"]
