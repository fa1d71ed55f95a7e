# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that only read, against the simulator: what they return, and the exact requests that it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from support.docs import documented
from support.in_process import run_module
from support.tls_server import closed_port, make_certificate

if TYPE_CHECKING:
    from simulator.process import Simulator
    from support.playbooks import Ansible

Result = dict[str, Any]
Module = Callable[..., Result]

SERVER = "GET /servers/1903"
WEBAPP = f"{SERVER}/webapps/646"
DOMAINS = f"{WEBAPP}/domains"
METHOD = f"{WEBAPP}/ssl/advanced"
SSL = f"{WEBAPP}/ssl"
LOG = f"{WEBAPP}/log"
TARGET: dict[str, Any] = {"server_id": 1903, "webapp_id": 646}

RETURNS = {module.name: module.returns for module in documented("modules")}
# What Ansible adds to each result.
FROM_ANSIBLE = {"changed", "invocation", "warnings", "msg", "failed"}


class Reading:
    """Runs the modules with one version of the API, and tells the requests of the last run."""

    def __init__(self, simulator: Simulator, version: int) -> None:
        from simulator.process import KEY, SECRET, TOKEN

        self.simulator = simulator
        self.version = version
        self.connection: dict[str, Any] = (
            {"api_url": simulator.v3, "api_token": TOKEN}
            if version == 3
            else {"api_url": simulator.v2, "api_key": KEY, "api_secret": SECRET}
        )

    def __call__(self, module: str, *, env: Mapping[str, str] | None = None, **options: Any) -> Result:
        self.simulator.clear_requests()
        result = run_module(module, {**self.connection, **options}, env=env)
        # Whatever is asked for: nothing is written, and no secret comes out.
        assert {entry["method"] for entry in self.simulator.requests()} <= {"GET"}
        assert "sim-pull-key" not in str(result)
        assert "PRIVATE KEY" not in str(result)
        return result

    def ssl(self, **options: Any) -> Result:
        target = {"check_port": self.simulator.tls_port, **TARGET, **options}
        return succeeded(self("runcloud_ssl_info", **target))

    @property
    def requests(self) -> list[str]:
        return [f"{entry['method']} {entry['path']}" for entry in self.simulator.requests()]

    @property
    def searches(self) -> list[str | None]:
        return [entry["query"].get("search") for entry in self.simulator.requests()]


@pytest.fixture(params=[3, 2], ids=["v3", "v2"])
def reading(request: pytest.FixtureRequest, simulator: Simulator) -> Reading:
    return Reading(simulator, request.param)


@pytest.fixture
def reading_v3(simulator: Simulator) -> Reading:
    return Reading(simulator, 3)


def succeeded(result: Result) -> Result:
    assert not result.get("failed"), result
    assert not result.get("changed")
    return result


def own_keys(result: Result) -> set[str]:
    return set(result) - FROM_ANSIBLE


def undocumented(value: Any, described: Mapping[str, Any], path: str = "") -> list[str]:
    """Return where a result and its documentation differ, in whichever direction."""
    found = []
    for row in value if isinstance(value, list) else [value]:
        if isinstance(row, dict) and described.get("contains"):
            inner = described["contains"]
            found += [f"{path}.{key}" for key in set(row) ^ set(inner)]
            for key in set(row) & set(inner):
                found += undocumented(row[key], inner[key], f"{path}.{key}")
    return found


def assert_documented(module: str, result: Result, without: set[str]) -> None:
    """Check that a result has all documented keys but some, and no others, inside lists and dicts, too."""
    assert own_keys(result) == set(RETURNS[module]) - {"failure"} - without
    for key in own_keys(result):
        assert not undocumented(result[key], RETURNS[module][key], key)


# ---------------------------------------------------------------- runcloud_server_info


def test_a_server_by_its_id(reading: Reading) -> None:
    result = succeeded(reading("runcloud_server_info", server_id=1903))

    assert reading.requests == [SERVER]
    server = result["server"]
    assert result["servers"] == [server]
    assert (server["id"], server["name"], server["address"]) == (1903, "web1", "127.0.0.1")
    assert server["usable"] is server["online"] is server["connected"] is True
    assert (server["stack"], server["country"]) == (("nginx", "JP") if reading.version == 3 else (None, None))
    assert_documented("runcloud_server_info", result, without=set())


def test_a_server_by_its_name(reading: Reading) -> None:
    reading.simulator.reset({"servers": [{"name": "web1"}, {"name": "web10", "online": False}]})

    result = succeeded(reading("runcloud_server_info", server_name="WEB1"))

    assert reading.requests == ["GET /servers"]
    assert reading.searches == ["WEB1"]
    assert [row["name"] for row in result["servers"]] == ["web1"]


def test_all_servers(reading: Reading) -> None:
    states = [{"online": True}, {"online": False}, {"connected": False}, *[{}] * 38]
    reading.simulator.reset({"servers": [{"name": f"web{n}", **state} for n, state in enumerate(states)]})

    result = succeeded(reading("runcloud_server_info"))

    assert reading.requests == ["GET /servers"] * 2
    assert [row["name"] for row in result["servers"]] == [f"web{n}" for n in range(41)]
    assert [row["usable"] for row in result["servers"][:4]] == [True, False, False, True]
    assert_documented("runcloud_server_info", result, without={"server"})


def test_the_environment_names_the_server(reading: Reading) -> None:
    named = succeeded(reading("runcloud_server_info", env={"WU_RUNCLOUD_SERVER_ID": "1903"}))
    assert named["server"]["id"] == 1903

    everything = succeeded(reading("runcloud_server_info", env={"WU_RUNCLOUD_SERVER_ID": ""}))
    assert "server" not in everything
    assert reading.requests == ["GET /servers"]


def test_tags_come_as_a_list(reading_v3: Reading) -> None:
    reading_v3.simulator.reset({"servers": [{"extra": {"tags": ["eu", {"id": 1, "name": "shop"}]}}]})
    assert reading_v3("runcloud_server_info")["servers"][0]["tags"] == ["eu", "shop"]


@pytest.mark.parametrize(
    ("options", "env", "beginning", "requests"),
    [
        ({"server_id": 99}, {}, "server_id: RunCloud has no server 99", ["GET /servers/99"]),
        ({"server_name": "web"}, {}, "server_name: no server is called 'web'", ["GET /servers"]),
        ({"server_name": "twin"}, {}, "server_name: 2 of them are called 'twin' (ids 1904, 1905)", ["GET /servers"]),
        ({"server_id": 1, "server_name": "web1"}, {}, "server_name: given together with server_id", []),
        ({"server_id": 0}, {}, "server_id: 0 is not an id", []),
        ({}, {"RUNCLOUD_SERVER_ID": "web1"}, "RUNCLOUD_SERVER_ID (for server_id): 'web1' is not an id", []),
    ],
)
def test_a_server_that_is_not_there(
    reading: Reading, options: dict[str, Any], env: dict[str, str], beginning: str, requests: list[str]
) -> None:
    reading.simulator.reset({"servers": [{"name": "web1"}, {"name": "twin"}, {"name": "Twin"}]})

    result = reading("runcloud_server_info", env=env, **options)

    assert result["failed"] is True
    assert result["msg"].startswith(beginning)
    assert reading.requests == requests


# ---------------------------------------------------------------- runcloud_domain_info


def test_domains_are_told_as_runcloud_domains_does(reading: Reading) -> None:
    rows = ["main.example", {"name": "shop.example", "www": True, "redirection": "non-www"}, "*.wild.example"]
    # v2 has no flag for wildcards: there, a name without its "*." could not be told from any other.
    reading.simulator.reset(
        {"domains": rows, "switches": {"wildcard_name": "bare" if reading.version == 3 else "keep"}}
    )

    result = succeeded(reading("runcloud_domain_info", **TARGET))

    assert reading.requests == [DOMAINS]
    assert [row["name"] for row in result["domains"]] == ["main.example", "shop.example", "*.wild.example"]
    assert (result["primary"], result["missing"]) == ("main.example", [])
    assert (
        result["domains"] == run_module("runcloud_domains", {**reading.connection, **TARGET, "domains": []})["domains"]
    )
    assert_documented("runcloud_domain_info", result, without=set())


def test_every_page_of_domains_is_read(reading: Reading) -> None:
    reading.simulator.reset({"domains": ["main.example"], "domain_count": 80})

    result = succeeded(reading("runcloud_domain_info", **TARGET))

    assert reading.requests == [DOMAINS] * 3
    assert len(result["domains"]) == 81


def test_only_the_names_that_are_asked_for(reading: Reading) -> None:
    reading.simulator.reset(
        {"domains": ["main.example", {"name": "shop.example", "www": True}, "xn--mnchen-3ya.example"]}
    )

    names = ["www.shop.example", "SHOP.example.", "münchen.example", "gone.example", "shop.example"]
    result = succeeded(reading("runcloud_domain_info", names=names, **TARGET))

    assert [row["name"] for row in result["domains"]] == ["shop.example", "xn--mnchen-3ya.example"]
    assert result["missing"] == ["www.shop.example", "gone.example"]
    assert result["primary"] == "main.example"

    nothing = succeeded(reading("runcloud_domain_info", names=[], **TARGET))
    assert nothing["domains"] == nothing["missing"] == []


def test_old_v2_does_not_tell_the_primary_domain(simulator: Simulator) -> None:
    simulator.switch(v2_rows="minimal")
    result = succeeded(Reading(simulator, 2)("runcloud_domain_info", **TARGET))
    assert result["primary"] is None
    assert result["domains"][0]["type"] is None


@pytest.mark.parametrize(
    ("options", "beginning"),
    [
        ({"server_id": 99, "webapp_id": 646}, "server_id: RunCloud has no server 99"),
        ({"server_id": 1903, "webapp_id": 99}, "webapp_id: server 1903 has no web application 99"),
        ({"server_id": 1903, "webapp_name": "nix"}, "webapp_name: no web application of server 1903 is called 'nix'"),
        ({"webapp_id": 646}, "server_id: missing"),
        ({"server_id": 1903}, "webapp_id: missing"),
    ],
)
@pytest.mark.parametrize("module", ["runcloud_domain_info", "runcloud_ssl_info"])
def test_a_web_application_that_is_not_there(
    reading_v3: Reading, module: str, options: dict[str, Any], beginning: str
) -> None:
    result = reading_v3(module, **options)
    assert result["failed"] is True
    assert result["msg"].startswith(beginning)


def test_all_that_is_no_name_is_told_at_once(reading_v3: Reading) -> None:
    result = reading_v3("runcloud_domain_info", names=["ok.example", "no name", "https://x.example"], **TARGET)
    assert result["msg"].startswith("names, item 2: 'no name': a host name has no spaces")
    assert "; names, item 3: 'https://x.example': this is a URL" in result["msg"]
    assert reading_v3.requests == []


# ---------------------------------------------------------------- runcloud_webapp_info

FLEET = {
    "servers": [
        {
            "name": "web1",
            "webapps": [
                {"name": "network", "domains": ["network.example", "*.network.example"]},
                {"name": "blog", "domains": [{"name": "blog.example", "www": True}]},
            ],
        },
        {
            "name": "web2",
            "online": False,
            "connected": False,
            "webapps": [{"name": "Network", "domains": ["other.example", "vip.network.example"]}],
        },
    ]
}


@pytest.fixture
def fleet(reading: Reading) -> Reading:
    reading.simulator.reset(FLEET)
    return reading


def places(result: Result) -> list[tuple[str, str]]:
    return [(row["server_name"], row["name"]) for row in result["webapps"]]


def test_all_web_applications(fleet: Reading) -> None:
    result = succeeded(fleet("runcloud_webapp_info"))

    assert fleet.requests == ["GET /servers", "GET /servers/1903/webapps", "GET /servers/1904/webapps"]
    assert places(result) == [("web1", "network"), ("web1", "blog"), ("web2", "Network")]
    assert result["complete"] is True
    assert_documented("runcloud_webapp_info", result, without={"domain", "match"})


def test_the_web_applications_of_a_server(fleet: Reading) -> None:
    by_id = succeeded(fleet("runcloud_webapp_info", server_id=1904))
    assert fleet.requests == ["GET /servers/1904", "GET /servers/1904/webapps"]

    by_name = succeeded(fleet("runcloud_webapp_info", server_name="web2"))
    assert fleet.requests == ["GET /servers", "GET /servers/1904/webapps"]

    # The environment says on which server one works, but a list is not cut down to the application one works on.
    env = {"RUNCLOUD_SERVER_ID": "1904", "RUNCLOUD_APP_ID": "646"}
    by_environment = succeeded(fleet("runcloud_webapp_info", env=env))

    assert places(by_id) == [("web2", "Network")]
    assert by_id["webapps"] == by_name["webapps"] == by_environment["webapps"]


def test_one_web_application(fleet: Reading) -> None:
    by_id = succeeded(fleet("runcloud_webapp_info", server_id=1903, app_id=647))
    assert fleet.requests == ["GET /servers/1903", "GET /servers/1903/webapps/647"]
    assert places(by_id) == [("web1", "blog")]

    by_name = succeeded(fleet("runcloud_webapp_info", server_id=1903, webapp_name="network"))
    assert fleet.requests == ["GET /servers/1903", "GET /servers/1903/webapps"]
    assert fleet.searches == [None, "network"]
    assert places(by_name) == [("web1", "network")]

    anywhere = succeeded(fleet("runcloud_webapp_info", webapp_name="network"))
    assert places(anywhere) == [("web1", "network"), ("web2", "Network")]
    assert places(succeeded(fleet("runcloud_webapp_info", webapp_id=647))) == [("web1", "blog")]


@pytest.mark.parametrize(
    ("options", "beginning"),
    [
        ({"server_id": 99}, "server_id: RunCloud has no server 99"),
        ({"server_id": 99, "webapp_id": 646}, "server_id: RunCloud has no server 99"),
        ({"server_id": 1903, "webapp_id": 99}, "webapp_id: server 1903 has no web application 99"),
        ({"webapp_id": 99}, "webapp_id: none of the servers that RunCloud lists has a web application 99"),
        ({"webapp_name": "nix"}, "webapp_name: no web application on any server that RunCloud lists is called 'nix'"),
        ({"webapp_id": 646, "webapp_name": "network"}, "webapp_name: given together with webapp_id"),
        ({"domain": "a b"}, "domain: 'a b': a host name has no spaces"),
        ({"domain": "a.example", "webapp_id": 646}, "parameters are mutually exclusive: domain|webapp_id"),
    ],
)
def test_what_cannot_be_read_names_the_option(fleet: Reading, options: dict[str, Any], beginning: str) -> None:
    result = fleet("runcloud_webapp_info", **options)
    assert result["failed"] is True
    assert result["msg"].startswith(beginning)


DOMAINS_646, DOMAINS_647 = "GET /servers/1903/webapps/646/domains", "GET /servers/1903/webapps/647/domains"
DOMAINS_648 = "GET /servers/1904/webapps/648/domains"
FIRST = ["GET /servers", "GET /servers/1903/webapps", DOMAINS_646]
ALL = [*FIRST, DOMAINS_647, "GET /servers/1904/webapps", DOMAINS_648]


@pytest.mark.parametrize(
    ("domain", "place", "row", "match", "requests"),
    [
        ("Network.example.", ("web1", "network"), "network.example", "name", FIRST),
        ("*.network.example", ("web1", "network"), "*.network.example", "name", FIRST),
        ("www.blog.example", ("web1", "blog"), "blog.example", "www", [*FIRST, DOMAINS_647]),
        ("other.example", ("web2", "Network"), "other.example", "name", ALL),
        ("vip.network.example", ("web2", "Network"), "vip.network.example", "name", ALL),
        ("shop.network.example", ("web1", "network"), "*.network.example", "wildcard", ALL),
    ],
)
def test_the_application_that_serves_a_domain(
    fleet: Reading, domain: str, place: tuple[str, str], row: str, match: str, requests: list[str]
) -> None:
    # Where one works does not narrow the search.
    env = {"RUNCLOUD_SERVER_ID": "1904", "RUNCLOUD_APP_ID": "648"}

    result = succeeded(fleet("runcloud_webapp_info", domain=domain, env=env))

    assert places(result) == [place]
    assert (result["domain"]["name"], result["match"], result["complete"]) == (row, match, True)
    assert fleet.requests == requests
    assert_documented("runcloud_webapp_info", result, without=set())


@pytest.mark.parametrize("domain", ["www.network.example.org", "a.b.network.example", "www.other.example"])
def test_a_domain_that_nobody_serves(fleet: Reading, domain: str) -> None:
    result = succeeded(fleet("runcloud_webapp_info", domain=domain))
    assert (result["webapps"], result["domain"], result["match"], result["complete"]) == ([], None, None, True)
    assert fleet.requests == ALL


def test_a_search_on_one_server(fleet: Reading) -> None:
    result = succeeded(fleet("runcloud_webapp_info", domain="other.example", server_id=1903))
    assert result["webapps"] == []
    assert fleet.requests == ["GET /servers/1903", "GET /servers/1903/webapps", DOMAINS_646, DOMAINS_647]


def test_what_may_not_be_read_is_left_out_and_told(module: Module, reading_v3: Reading) -> None:
    reading_v3.simulator.reset(FLEET)
    refusal = {"status": 403, "body": {"message": "Forbidden"}}
    reading_v3.simulator.faults({"path": "/servers/1903/webapps$", "times": None, "action": refusal})

    result = module("runcloud_webapp_info", domain="network.example", **reading_v3.connection)

    assert (result["webapps"], result["complete"]) == ([], False)
    assert "may not read the web applications of server 1903 (web1)" in str(result["warnings"])

    named = reading_v3("runcloud_webapp_info", domain="network.example", server_id=1903)
    assert named["failed"] is True
    assert named["failure"]["status"] == 403


# ---------------------------------------------------------------- runcloud_ssl_info

BASIC = {"domains": ["a.example", {"name": "b.example", "www": True}, "app.x-1.p.runcloud.link"]}
ADVANCED = {
    "mode": "advanced",
    "domains": [
        {"name": "fine.example", "www": True, "certificate": {"days_left": 60}},
        {"name": "soon.example", "certificate": {"days_left": 5}},
        "none.example",
        {"name": "lacks.example", "www": True, "certificate": {"names": ["lacks.example"]}},
        {"name": "late.example", "certificate": {"pending": True}},
    ],
}
SITUATIONS: dict[str, dict[str, Any]] = {
    "none": BASIC,
    "fine": {**BASIC, "certificate": True},
    "lacking": {**BASIC, "certificate": {"names": ["a.example", "b.example"]}},
    "soon": {**BASIC, "certificate": {"days_left": 5}},
    "ended": {**BASIC, "certificate": {"days_left": -1}},
    "staging": {**BASIC, "certificate": {"staging": True}},
    "custom": {**BASIC, "certificate": {"method": "custom"}},
    "pending": {**BASIC, "certificate": {"pending": True}},
    "auto": {**BASIC, "certificate": True, "autoSSL": True},
    "plan": {**BASIC, "plan_advanced": False, "switches": {"plan_get_advanced": 403}},
    "advanced": ADVANCED,
}
# The sides of the switches that concern what is read (reference 11: U1, U2, U29).
SWITCHES: list[dict[str, Any]] = [
    {},
    {"get_ssl_shape": "object"},
    {"get_ssl_shape": "list", "ssl_list_basic": "every"},
    {"get_ssl_shape": "list", "ssl_list_meta": True},
    {"ssl_missing_status": 200},
    {"get_ssl_wrap": True, "private_key_v3": "present"},
]


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_it_tells_what_runcloud_ssl_would_tell(reading: Reading, situation: str, switches: dict[str, Any]) -> None:
    reading.simulator.reset(SITUATIONS[situation])
    reading.simulator.switch(**switches)
    options = {**TARGET, "check_port": reading.simulator.tls_port}

    result = reading.ssl()
    # In check mode runcloud_ssl changes nothing, and tells of the same state in its own way.
    other = run_module("runcloud_ssl", {**reading.connection, **options}, check=True)

    for key in ("mode", "auto_ssl", "certificates", "names"):
        assert result[key] == other[key], key
    assert_documented("runcloud_ssl_info", result, without={"log"})


@pytest.mark.parametrize(
    ("situation", "expiring", "missing"),
    [
        ("none", [], ["a.example", "b.example", "www.b.example"]),
        ("fine", [], []),
        ("lacking", [], ["www.b.example"]),
        ("soon", ["a.example", "b.example"], []),
        ("ended", ["a.example", "b.example"], []),
        ("advanced", ["soon.example"], ["none.example", "www.lacks.example", "late.example"]),
    ],
)
def test_what_ends_soon_and_what_is_missing(
    reading: Reading, situation: str, expiring: list[str], missing: list[str]
) -> None:
    reading.simulator.reset(SITUATIONS[situation])

    result = reading.ssl()

    assert result["expiring"] == expiring
    assert [name for row in result["names"] for name in row["missing"]] == missing
    assert reading.ssl(renew_before=0)["expiring"] == (expiring if situation == "ended" else [])


def test_basic_mode_costs_four_requests(reading: Reading) -> None:
    reading.simulator.reset(SITUATIONS["fine"])
    reading.ssl()
    assert reading.requests == [DOMAINS, METHOD, SERVER, SSL]

    result = reading.ssl(check_address="127.0.0.1")
    assert reading.requests == [DOMAINS, METHOD, SSL]
    assert [row["name"] for row in result["names"]] == ["a.example", "b.example"]

    reading.ssl(check_served=False, log=True)
    assert reading.requests == [DOMAINS, METHOD, SSL, LOG]


def test_advanced_mode_asks_only_for_what_the_server_leaves_open(reading_v3: Reading) -> None:
    reading_v3.simulator.reset(ADVANCED)
    ids = {row["name"]: row["id"] for row in reading_v3.simulator.domains()}
    single = {name: f"{DOMAINS}/{number}/ssl" for name, number in ids.items()}

    everything = reading_v3.ssl()
    assert reading_v3.requests == [DOMAINS, METHOD, SERVER, SSL]

    reading_v3.simulator.switch(get_ssl_shape="object")
    handshakes = reading_v3.ssl()
    assert reading_v3.requests == [
        DOMAINS,
        METHOD,
        SERVER,
        SSL,
        *(url for name, url in single.items() if "fine" not in name),
    ]
    asked = reading_v3.ssl(details="all")
    assert reading_v3.requests == [DOMAINS, METHOD, SERVER, SSL, *single.values()]
    trusted = reading_v3.ssl(check_served=False)
    assert reading_v3.requests == [DOMAINS, METHOD, SSL, *single.values()]

    def of(result: Result) -> list[str]:
        return [row["domain"] for row in result["certificates"]]

    assert of(everything) == of(asked) == of(trusted) == [name for name in ids if name != "none.example"]
    assert of(handshakes) == [name for name in of(everything) if name != "fine.example"]
    assert everything["names"] == handshakes["names"] == asked["names"]


def test_a_server_that_cannot_be_asked_is_told(module: Module, reading_v3: Reading) -> None:
    reading_v3.simulator.reset(SITUATIONS["lacking"])

    result = module("runcloud_ssl_info", check_port=closed_port(), **TARGET, **reading_v3.connection)

    assert "could not be checked" in str(result["warnings"])
    assert (result["names"][1]["checked"], result["names"][1]["covers"]) == (False, [])
    assert result["names"][1]["expires"] is None


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_the_activity_log(reading: Reading, order: str) -> None:
    entries = [
        {"kind": "SSL", "content": "first", "created_at": "2026-01-01 00:00:00"},
        {"kind": "SSL", "content": "second", "created_at": "2026-01-02 00:00:00"},
    ]
    reading.simulator.reset({**BASIC, "log": entries})
    reading.simulator.switch(log_order=order)

    result = reading.ssl(log=True)

    assert [row["content"] for row in result["log"]] == ["second", "first"]
    assert_documented("runcloud_ssl_info", result, without=set())

    reading.simulator.switch(log_status=404)
    assert reading.ssl(log=True)["log"] == []


def test_a_private_key_that_runcloud_sends_ends_there(simulator: Simulator) -> None:
    key, separator, certificate = make_certificate(["a.example"]).pem().decode().partition("-----BEGIN CERTIFICATE")
    reading = Reading(simulator, 2)
    own = {"method": "custom", "certificate": separator + certificate, "privateKey": key}
    simulator.reset({"domains": ["a.example"], "certificate": own})

    result = reading.ssl()

    assert result["certificates"][0]["provider"] == "custom"
    assert "BEGIN" not in str(result)


def test_numbers_that_make_no_sense(reading_v3: Reading) -> None:
    result = reading_v3("runcloud_ssl_info", renew_before=-1, **TARGET)
    assert (result["failed"], result["msg"]) == (True, "renew_before: -1 must be between 0 and 60")
    assert reading_v3.requests == []


# ---------------------------------------------------------------- as tasks


def test_they_run_as_tasks(ansible: Ansible, simulator: Simulator) -> None:
    """Through ansible-playbook, in check mode, with the connection given once for the group."""
    from simulator.process import TOKEN

    simulator.reset(ADVANCED)
    names = ["runcloud_server_info", "runcloud_webapp_info", "runcloud_domain_info", "runcloud_ssl_info"]
    own = {"runcloud_ssl_info": {"check_port": simulator.tls_port}, "runcloud_webapp_info": {"domain": "fine.example"}}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": {"group/multisite.runcloud.runcloud": {"api_url": simulator.v3, "api_token": TOKEN}},
        "environment": {"RUNCLOUD_SERVER_ID": "1903", "RUNCLOUD_APP_ID": "646"},
        "tasks": [{"name": name, f"multisite.runcloud.{name}": own.get(name, {})} for name in names],
    }

    outcome = ansible.run_playbook([play], check=True, diff=True).expect(0)

    results = {name: outcome.task(name).result for name in names}
    assert results["runcloud_server_info"]["server"]["address"] == "127.0.0.1"
    assert results["runcloud_webapp_info"]["webapps"][0]["id"] == 646
    assert results["runcloud_domain_info"]["primary"] == "fine.example"
    assert results["runcloud_ssl_info"]["expiring"] == ["soon.example"]
    assert outcome.stats["localhost"]["changed"] == 0
    assert TOKEN not in outcome.output
