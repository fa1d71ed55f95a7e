# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process, the seed, the control API, edits by hand, the page."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

import simulator
from simulator.process import Simulator, SimulatorError

from . import pems
from .conftest import Api

FOLDER = Path(simulator.__file__).parent

# ---------------------------------------------------------------------- process


def start(*options: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    command = [sys.executable, str(FOLDER), *options]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_says_where_it_is_in_one_line_and_stops_on_sigterm() -> None:
    with start() as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        assert where["v3"] == where["url"] + "/api/v3"
        assert (where["v2"], where["control"]) == (where["url"] + "/api/v2", where["url"] + "/_sim")
        assert (where["tls_port"], where["page"]) == (None, where["url"] + "/")
        assert requests.get(where["page"], timeout=30).status_code == 200
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (0, "", "")


def test_stops_with_its_standard_input_and_leaves_visitors_without_a_word() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with start("--stop-with-stdin", "--tls-port", "0") as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        port = int(where["url"].rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", where["tls_port"]), timeout=30) as plain,
            context.wrap_socket(plain, server_hostname="a.example"),
            socket.create_connection(("127.0.0.1", where["tls_port"]), timeout=30),
            socket.create_connection(("127.0.0.1", port), timeout=30),
        ):
            output, errors = process.communicate(timeout=30)
        assert (process.returncode, output, errors) == (0, "", "")


@pytest.mark.parametrize(
    ("name", "text"), [("seed.json", '{"domains": ["a.example"]}'), ("seed.yml", "domains: [a.example]")]
)
def test_seed_from_a_file(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with Simulator(path, tls=False) as sim:
        assert [row["name"] for row in sim.domains()] == ["a.example"]
        sim.reset({"domains": ["b.example"]})
        sim.reset()
        assert [row["name"] for row in sim.domains()] == ["a.example"]
        assert sim.tls_port is None


@pytest.mark.parametrize("text", ["[1]", "domians: []", "{", "domains: [{name: 5}]"])
def test_bad_seed_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "seed.yml"
    path.write_text(text)
    process = start("--seed", str(path))
    _output, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.startswith("simulator: ")
    assert "Traceback" not in errors


def test_helper_tells_when_it_can_not_start(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match="ended with code 1"):
        Simulator(tmp_path / "missing.yml").start()


def test_helper_may_be_stopped_twice() -> None:
    sim = Simulator(tls=False).start()
    assert sim.pid is not None
    assert (sim.stop(), sim.stop()) == (0, 0)
    assert sim.pid is None


# ---------------------------------------------------------------------- seed


def test_default(sim: Simulator) -> None:
    state = sim.state()
    server = state["servers"][0]
    app = server["webapps"][0]
    assert (server["id"], app["id"], app["name"], app["mode"]) == (1903, 646, "network", "basic")
    assert [row["name"] for row in app["domains"]] == ["primary.example"]
    assert (app["certificate"], state["orders"]) == (None, [])


def test_seed_with_everything(sim: Simulator) -> None:
    app = {
        "id": 12,
        "name": "shop",
        "mode": "advanced",
        "autoSSL": True,
        "plan_advanced": False,
        "domain_count": 2,
        "domain_pattern": "s{n}.example",
        "domain_certificate": {"days_left": 10},
        "domains": [
            {"id": 7, "name": "x.example", "certificate": {"staging": True}},
            {"name": "p.example", "type": "primary"},
        ],
        "extra": {"phpVersion": None},
        "log": [{"content": "hello"}],
    }
    server = {"id": 5, "name": "web9", "ipAddress": "192.0.2.1", "webapps": [app], "extra": {"stack": "ols"}}
    sim.reset({"servers": [server], "external_apis": [{"label": "CF"}], "dns": {"unresolved": ["bad.example"]}})
    found = sim.state()
    row = found["servers"][0]
    assert (row["stack"], row["ipAddress"], row["webapps"][0]["phpVersion"]) == ("ols", "192.0.2.1", None)
    kinds = {domain["name"]: domain["type"] for domain in sim.domains(12)}
    assert kinds == {"x.example": "alias", "p.example": "primary", "s1.example": "alias", "s2.example": "alias"}
    assert {cert["domain"]: cert["staging"] for cert in sim.certificates(12)} == {
        "x.example": True,
        "p.example": False,
        "s1.example": False,
        "s2.example": False,
    }
    assert (sim.domains(13), sim.certificates(13)) == ([], [])
    assert found["dns"]["unresolved"] == ["bad.example"]


def test_seeding_adds(sim: Simulator, api: Api) -> None:
    sim.seed({"domains": ["more.example"], "switches": {"post_status": 201}})
    sim.seed({"servers": [{"id": 1903, "name": "renamed"}, {"id": 2000}]})
    assert [row["name"] for row in api.get("/domains")["data"]] == ["primary.example", "more.example"]
    assert [row["name"] for row in api.get("//servers")["data"]] == ["renamed", "web2"]
    assert api("POST", "/domains", {"name": "x.example"}).status_code == 201


def test_domain_is_older_than_its_certificate(sim: Simulator) -> None:
    sim.reset({"domains": ["a.example"], "certificate": {"days_left": 1}})
    assert sim.domains()[0]["created_at"] < sim.certificates()[0]["created_at"]


def test_pending_and_custom_certificates(sim: Simulator) -> None:
    sim.reset({"domains": ["a.example"], "certificate": {"pending": True}})
    assert (sim.certificates()[0]["validUntil"], sim.certificates()[0]["pending"]) == (None, True)
    body = pems.custom(["own.example"])
    spec = {"method": "custom", "certificate": body["certificate"], "privateKey": body["privateKey"]}
    sim.reset({"domains": ["a.example"], "certificate": spec})
    assert sim.certificates()[0]["names"] == ["own.example"]


@pytest.mark.parametrize(
    "seed",
    [
        {"domians": []},
        {"servers": [{"nam": "x"}]},
        {"webapps": [{"domain": []}]},
        {"domains": [{"name": "a.example", "www2": 1}]},
        {"domains": ["a.example", "A.example"]},
        {"domains": [5]},
        {"mode": "expert"},
        {"certificate": {"days": 3}},
        {"certificate": {"method": "zerossl"}},
        {"certificate": {"valid_until": "soon"}},
        {"certificate": {"method": "custom", "certificate": "x", "privateKey": "y"}},
        {"clock": "soon"},
        {"clock": {"at": "soon"}},
        {"switches": {"nothing": 1}},
        {"credentials": {"user": "x"}},
        {"external_apis": [{"name": "x"}]},
        {"dns": {"broken": []}},
        {"servers": [{"id": 1, "webapps": [{"id": 9}]}, {"id": 2, "webapps": [{"id": 9}]}]},
    ],
)
def test_bad_seeds_change_nothing(sim: Simulator, seed: dict[str, Any]) -> None:
    before = sim.domains()
    with pytest.raises(SimulatorError, match="400"):
        sim.reset(seed)
    assert sim.domains() == before


# ---------------------------------------------------------------------- log of requests


def test_log_of_requests(sim: Simulator, api: Api) -> None:
    sim.clock(set="2026-01-01 00:00:00", speed=0)
    api("GET", "/domains?perPage=40")
    api("POST", "//servers/1/webapps/2/domains", {"name": "x.example"}, version="v2")
    first, second = sim.requests()
    wall = first.pop("wall")
    assert isinstance(wall, float)
    assert first == {
        "n": 1,
        "at": "2026-01-01 00:00:00",
        "method": "GET",
        "path": "/servers/1903/webapps/646/domains",
        "version": "v3",
        "query": {"perPage": "40"},
        "body": None,
        "status": 200,
        "key": "credential-1",
        "fault": None,
    }
    assert (second["n"], second["version"], second["status"], second["body"]) == (2, "v2", 404, {"name": "x.example"})
    assert [entry["n"] for entry in sim.requests(since=1)] == [2]
    sim.clear_requests()
    assert sim.requests() == []
    api("GET", "//ping")
    assert [entry["n"] for entry in sim.requests()] == [3]


# ---------------------------------------------------------------------- edits by hand


def test_domains_by_hand(sim: Simulator) -> None:
    sim.clock(set="2026-01-01 00:00:00", speed=0)
    assert sim.panel("add_domain", domain="a.example")["created_at"] == "2026-01-01 00:00:00"
    sim.panel("add_domain", webapp=646, domain={"name": "b.example", "www": True})
    sim.panel("change_domain", name="a.example", set={"name": "A2.example", "www": True, "type": "redirect"})
    sim.panel("remove_domain", name="primary.example")
    assert [(row["name"], row["type"], row["www"]) for row in sim.domains()] == [
        ("A2.example", "redirect", 1),
        ("b.example", "alias", 1),
    ]
    sim.panel("add_domain", domain="a.example")


def test_certificates_and_modes_by_hand(sim: Simulator, api: Api) -> None:
    cert = sim.panel("set_certificate", certificate={"names": ["wrong.example"], "days_left": -3})
    assert cert["names"] == ["wrong.example"]
    sim.panel("set_webapp", set={"mode": "advanced", "autoSSL": True, "plan_advanced": False})
    assert api.get("/ssl/advanced") == {"advancedSSL": True, "autoSSL": True}
    sim.panel("set_certificate", domain="primary.example")
    assert [cert["domain"] for cert in sim.certificates()] == ["primary.example"]
    sim.panel("delete_certificate", domain="primary.example")
    assert sim.certificates() == []
    sim.panel("set_webapp", set={"mode": "basic"})
    assert sim.certificates()[0]["names"] == ["wrong.example"]
    sim.panel("delete_certificate")
    assert sim.certificates() == []


def test_server_by_hand(sim: Simulator, api: Api) -> None:
    sim.panel("set_server", server=1903, set={"name": "new", "ipAddress": "192.0.2.9"})
    row = api.get("//servers/1903")
    assert (row["name"], row["ipAddress"], row["online"]) == ("new", "192.0.2.9", True)


@pytest.mark.parametrize(
    "edit",
    [
        {"action": "explode"},
        {"action": "add_domain"},
        {"action": "add_domain", "domain": "primary.example"},
        {"action": "add_domain", "webapp": 1, "domain": "a.example"},
        {"action": "change_domain", "name": "none.example", "set": {}},
        {"action": "change_domain", "name": "primary.example", "set": {"id": 1}},
        {"action": "remove_domain", "name": "none.example"},
        {"action": "set_webapp", "set": {"ssl": True}},
        {"action": "set_server", "server": 1, "set": {}},
        {"action": "set_server", "server": 1903, "set": {"id": 4}},
        {"action": "fetch_csr"},
    ],
)
def test_bad_edits(sim: Simulator, edit: dict[str, Any]) -> None:
    before = sim.state()["servers"]
    with pytest.raises(SimulatorError, match="400"):
        sim.panel(**edit)
    assert sim.state()["servers"] == before


def test_bad_control_calls(sim: Simulator) -> None:
    for body in (b"{", b"[]"):
        assert requests.post(f"{sim.control}/clock", data=body, timeout=30).status_code == 400
    assert requests.post(f"{sim.control}/clock", json={"forward": 1}, timeout=30).status_code == 400
    assert requests.post(f"{sim.control}/faults", json={"rule": []}, timeout=30).status_code == 400


# ---------------------------------------------------------------------- page


def test_page_needs_nothing_from_elsewhere(sim: Simulator) -> None:
    reply = requests.get(sim.page, timeout=30)
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "http://" not in reply.text
    assert "https://" not in reply.text.replace("https://www.gnu.org/licenses/gpl-3.0.txt", "")


def test_what_the_page_shows(sim: Simulator, api: Api) -> None:
    sim.reset({"domain_count": 250, "certificate": True})
    for _time in range(30):
        api("GET", "//ping")
    content = requests.get(f"{sim.control}/page", timeout=30).json()
    app = content["servers"][0]["webapps"][0]
    assert (app["domain_total"], len(app["domains"]), len(content["requests"])) == (250, 200, 25)
    assert content["requests"][-1]["n"] == 30
    assert "body" not in content["requests"][0]
    assert "pullKey1" not in app
