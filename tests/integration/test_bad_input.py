# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: an error before the first write, that names the option and the value, and says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.target import Target

if TYPE_CHECKING:
    from simulator.process import Simulator

ALL = ("api_url", "api_token", "server_id", "webapp_id")
LONG_LABEL = "l" * 64
LONG_NAME = ".".join(["l" * 63] * 4)

NAMES = [
    ("shop example.com", "has no spaces; remove them"),
    ("https://shop.example.com", "is a URL; give the host name without scheme and path"),
    ("shop.example.com/cart", "has no path; give only the name in front of the first slash"),
    ("shop.example.com:8080", "has no port; remove the colon and what follows"),
    ("_dmarc.example.com", "has no underscore, and no certificate is issued for one; remove it"),
    (LONG_NAME, "longer than 253 characters; shorten it"),
    (f"{LONG_LABEL}.example.com", "is longer than 63 characters; shorten it"),
    ("example", "a single label is no domain that can be mapped; give a full name"),
    ("192.0.2.1", "is an address; give the host name that points to it"),
    ("2001:db8::1", "is an address; give the host name that points to it"),
    ("\u2665.example.com", "not allowed in international domain names (IDNA 2008)"),
    (
        "a.*.example.com",
        "a wildcard is allowed only as the whole first label, in front of a domain, like *.example.com",
    ),
    ("shop*.example.com", "a wildcard is allowed only as the whole first label"),
    ("*", "a wildcard is allowed only as the whole first label"),
    ("*.com", "a single label is no domain that can be mapped; give a full name"),
    ("", "the name is empty; give a host name like shop.example.com"),
]


@pytest.fixture
def target(simulator: Simulator) -> Target:
    simulator.reset({"domains": ["main.example", "a.example", "b.example"]})
    return Target(simulator)


def refused(target: Target, module: str = "runcloud_domains", **options: Any) -> str:
    """Return the message of a run that fails before it asks anything, in check mode as in a real run."""
    preview = target.run(module, check=True, **options)
    result = target.run(module, **options)
    assert result["failed"] is True
    assert preview["msg"] == result["msg"]
    assert target.requests() == []
    return str(result["msg"])


def refused_after_a_look(target: Target, module: str = "runcloud_domains", **options: Any) -> str:
    """Return the message of a run that fails before it writes anything."""
    result = target.run(module, **options)
    assert result["failed"] is True
    assert target.requests() != []
    assert target.writes() == []
    return str(result["msg"])


# ---------------------------------------------------------------------- names


@pytest.mark.parametrize(("name", "complaint"), NAMES)
def test_a_name_that_is_no_host_name(target: Target, name: str, complaint: str) -> None:
    message = refused(target, "runcloud_domain", name=name)
    assert message.startswith(f"name: {name!r}: ")
    assert complaint in message
    for item in (name, {"name": name}, {"domain": name, "state": "absent"}):
        message = refused(target, domains=["ok.example", item])
        assert message.startswith(f"domains[1]: {name!r}: ")
        assert complaint in message


@pytest.mark.parametrize("name", ["www.shop.example", "*.shop.example"])
def test_www_of_a_name_that_has_none(target: Target, name: str) -> None:
    why = "already begins with www." if name.startswith("www.") else "is a wildcard"
    text = f"www: {name} {why}; leave www out or set it to false"
    assert refused(target, "runcloud_domain", name=name, www=True) == text
    assert refused(target, domains=[{"name": name, "www": True}]) == f"domains[0]: {text}"


def test_the_same_name_twice_with_other_attributes(target: Target) -> None:
    message = refused(target, domains=["shop.example", {"name": "SHOP.example.", "www": True}])
    assert message == (
        "domains[1]: shop.example is asked for with other attributes than in domains[0]; keep one of the two"
    )


def test_the_same_name_twice_in_the_same_way_counts_once(target: Target) -> None:
    result = target.run(domains=["shop.example", "Shop.Example.", {"domain": "SHOP.EXAMPLE"}], check=True)
    assert result["plan"]["add"] == ["shop.example"]


def test_a_name_and_its_www_asked_for_so_that_it_is_served_twice(target: Target) -> None:
    message = refused(target, domains=[{"name": "shop.example", "www": True}, "www.shop.example"])
    assert "www.shop.example would be served twice" in message
    assert "take www.shop.example out of the list" in message


def test_a_second_primary(target: Target) -> None:
    two = [{"name": "a.example", "type": "primary"}, {"name": "b.example", "type": "primary"}]
    message = refused(target, domains=two)
    assert message.startswith("domains: type: a.example and b.example cannot all be primary")
    assert message.endswith("keep one of them")


def test_the_primary_asked_to_go(target: Target) -> None:
    message = refused_after_a_look(target, domains=[{"name": "main.example", "state": "absent"}])
    assert message.startswith(
        "main.example: state: main.example is the primary domain and cannot be removed; ask for type: primary"
    )


# ---------------------------------------------------------------------- items


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (5, "5 is neither a name nor a dict of attributes"),
        ([], "[] is neither a name nor a dict of attributes"),
        ({"www": True}, "{'www': True} has no name; give name: shop.example.com"),
        ({"name": "x.example", "domain": "x.example"}, "has both name and domain"),
        ({"name": "x.example", "wwww": True}, "unknown key wwww; use only name, domain, state, type, redirection, www"),
        (
            {"name": "x.example", "www": "yes"},
            "www: 'yes' is not true or false",
        ),
        ({"name": "x.example", "www": 1}, "www: 1 is not true or false"),
        ({"name": "x.example", "type": "main"}, "type: 'main' is not one of alias, primary, redirect"),
        ({"name": "x.example", "state": "gone"}, "state: 'gone' is not one of present, absent"),
        ({"name": "x.example", "redirection": "apex"}, "redirection: 'apex' is not one of none, www, non-www"),
    ],
)
def test_an_item_of_the_wrong_shape(target: Target, item: Any, message: str) -> None:
    assert refused(target, domains=["ok.example", item]).startswith("domains[1]: ")
    assert message in refused(target, domains=["ok.example", item])


def test_a_list_of_the_wrong_shape(target: Target) -> None:
    message = refused(target, domains={"name": "x.example"})
    assert "domains" in message
    assert "list" in message


# ---------------------------------------------------------------------- purge


@pytest.mark.parametrize("domains", [[], [{"name": "a.example", "state": "absent"}]])
def test_an_empty_list_with_purge(target: Target, domains: list[Any]) -> None:
    message = refused_after_a_look(target, domains=domains, purge=True, purge_limit="100%")
    assert message.startswith("purge: no domain is asked for at all")
    assert message.endswith("Give the list, or set purge to false.")


@pytest.mark.parametrize("pattern", ["", "https://a.example/", "a b.example"])
def test_a_pattern_to_keep_that_cannot_be_read(target: Target, pattern: str) -> None:
    message = refused(target, domains=["a.example"], purge=True, purge_keep=["*.ok.example", pattern])
    assert message.startswith("purge_keep[1]: ")
    assert repr(pattern) in message


@pytest.mark.parametrize("limit", ["many", "-1", "0.5", "120%", ""])
def test_a_limit_that_is_none(target: Target, limit: str) -> None:
    message = refused(target, domains=["a.example"], purge_limit=limit)
    assert message.startswith(f"purge_limit: {limit!r} is ")
    assert "give" in message


# ---------------------------------------------------------------------- credentials and ids


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "api_token: no credentials; give api_token (or set RUNCLOUD_API_TOKEN or WU_RUNCLOUD_API_TOKEN)"),
        (
            {"api_token": "token-3f9a77c1d0", "api_key": "key-77c1d03f9a", "api_secret": "secret-d03f9a77c1"},
            "api_token: given together with api_key or api_secret; give the token",
        ),
        ({"api_token": "token-3f9a77c1d0", "api_key": "key-77c1d03f9a"}, "api_token: given together with api_key"),
        ({"api_key": "key-77c1d03f9a"}, "api_secret: missing; api_key and api_secret are given together"),
        ({"api_secret": "secret-d03f9a77c1"}, "api_key: missing; api_key and api_secret are given together"),
        ({"api_token": "token 3f9a77c1d0"}, "api_token: holds characters that RunCloud's credentials never have"),
    ],
)
def test_missing_or_contradicting_credentials(target: Target, options: dict[str, str], message: str) -> None:
    text = refused(target, domains=[], without=("api_token",) if "api_token" not in options else (), **options)
    assert text.startswith(message)
    for secret in options.values():
        assert secret not in text


@pytest.mark.parametrize(
    "who", [{"api_token": "token-3f9a77c1d0"}, {"api_key": "key-77c1d0", "api_secret": "secret-d03f"}]
)
def test_wrong_credentials(target: Target, who: dict[str, str]) -> None:
    message = refused_after_a_look(target, domains=["x.example"], without=tuple({"api_token"} - set(who)), **who)
    assert "answered 401: Unauthenticated. RunCloud does not accept the credentials: check the token" in message
    assert "IP allow-list" in message
    assert len(target.requests()) == 1
    for secret in who.values():
        assert secret not in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"server_id": 5}, "server_id: RunCloud has no server 5, or these credentials may not see it."),
        ({"webapp_id": 5}, "webapp_id: server 1903 has no web application 5."),
        ({"server_id": 5, "webapp_id": 5}, "server_id: RunCloud has no server 5"),
        ({"server_name": "nothing"}, "server_name: no server is called 'nothing'."),
        ({"webapp_name": "nothing"}, "webapp_name: no web application of server 1903 is called 'nothing'."),
    ],
)
@pytest.mark.parametrize("module", ["runcloud_domain", "runcloud_domains"])
def test_a_target_that_does_not_exist(target: Target, module: str, options: dict[str, Any], message: str) -> None:
    asked = {"name": "x.example"} if module == "runcloud_domain" else {"domains": ["x.example"]}
    without = tuple(name.replace("_name", "_id") for name in options if name.endswith("_name"))
    assert refused_after_a_look(target, module, without=without, **asked, **options).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"server_id": 0}, "server_id: 0 is not an id; ids are positive whole numbers"),
        ({"webapp_id": -646}, "webapp_id: -646 is not an id; ids are positive whole numbers"),
        ({"server_name": "web1"}, "server_name: given together with server_id; give one of the two"),
        ({"webapp_name": "network"}, "webapp_name: given together with webapp_id; give one of the two"),
        (
            {"api_url": "manage.runcloud.io"},
            "api_url: 'manage.runcloud.io' is not a URL like https://manage.runcloud.io/api/v3",
        ),
        ({"api_url": "http://manage.runcloud.io/api/v3"}, "api_url: 'http://manage.runcloud.io/api/v3' would send"),
        ({"api_url": "https://me:secret@x.example/api/v3"}, "api_url: holds a login; credentials go into api_token"),
        ({"api_url": "https://x.example/api/v3?x=1"}, "api_url: 'https://x.example/api/v3?x=1' has more than scheme"),
        ({"ca_path": "/nowhere/ca.pem"}, "ca_path: '/nowhere/ca.pem' does not exist; give a file"),
        ({"timeout": 0}, "timeout: 0 must be between 1 and 86400"),
        ({"retries": -1}, "retries: -1 must be between 0 and 100"),
        ({"rate_limit_timeout": -1}, "rate_limit_timeout: -1 must be between 0 and"),
    ],
)
def test_a_connection_option_that_makes_no_sense(target: Target, options: dict[str, Any], message: str) -> None:
    assert refused(target, domains=[], **options).startswith(message)


@pytest.mark.parametrize("option", ["server_id", "webapp_id"])
def test_a_target_that_nothing_says(target: Target, option: str) -> None:
    message = refused(target, domains=[], without=(option,))
    assert message.startswith(f"{option}: missing; give {option} or {option.replace('_id', '_name')}, or set RUNCLOUD_")


def test_an_id_of_the_environment_that_is_none(target: Target) -> None:
    result = target.run(domains=[], without=("server_id",), env={"WU_RUNCLOUD_SERVER_ID": "web1"})
    assert result["msg"] == "WU_RUNCLOUD_SERVER_ID (for server_id): 'web1' is not an id; ids are positive whole numbers"
    assert target.requests() == []
