# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handshakes with the TLS listener: which certificate comes for which name."""

from __future__ import annotations

import datetime
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from simulator.process import Simulator

from . import pems
from .conftest import Api


def served(sim: Simulator, name: str | None) -> x509.Certificate:
    """Return the certificate that is presented for a name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", sim.tls_port or 0), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        return x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")


def names(cert: x509.Certificate) -> list[str]:
    extension = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


def trusted(sim: Simulator, name: str, root: str) -> bool:
    """Say whether a client that trusts this root accepts what is presented."""
    context = ssl.create_default_context(cadata=sim.authorities()[root])
    try:
        with (
            socket.create_connection(("127.0.0.1", sim.tls_port or 0), timeout=30) as plain,
            context.wrap_socket(plain, server_hostname=name),
        ):
            return True
    except ssl.SSLCertVerificationError:
        return False


OTHER = ["other-tenant.example"]


def test_basic_certificate_comes_for_every_attached_name(sim: Simulator) -> None:
    sim.reset({"domains": ["a.example", {"name": "b.example", "www": True}], "certificate": True})
    sim.panel("add_domain", domain="late.example")
    covered = ["a.example", "b.example", "www.b.example"]
    for name in (*covered, "late.example", "A.Example"):
        assert names(served(sim, name)) == covered
    for unknown in ("www.a.example", "unknown.example", None):
        assert names(served(sim, unknown)) == OTHER


def test_without_a_certificate_another_tenants_comes(sim: Simulator, api: Api, install: dict[str, Any]) -> None:
    assert names(served(sim, "primary.example")) == OTHER
    api.ok("POST", "/ssl", install)
    assert names(served(sim, "primary.example")) == OTHER
    sim.clock(advance=5)
    assert names(served(sim, "primary.example")) == ["primary.example"]
    api.ok("DELETE", "/ssl/4211")
    assert names(served(sim, "primary.example")) == OTHER


def test_order_completes_without_any_request(sim: Simulator, api: Api, install: dict[str, Any]) -> None:
    sim.clock(speed=100)
    api.ok("POST", "/ssl", install)
    # A handshake looks at the state only; what is due must have been done by the clockwork.
    while names(served(sim, "primary.example")) == OTHER:
        pass
    assert names(served(sim, "primary.example")) == ["primary.example"]


def test_advanced_mode_serves_each_its_own(sim: Simulator) -> None:
    domains = [
        {"name": "a.example", "certificate": True},
        {"name": "b.example", "www": True, "certificate": True},
        "c.example",
    ]
    sim.reset({"mode": "advanced", "domains": domains, "certificate": {"names": ["left-over.example"]}})
    assert names(served(sim, "a.example")) == ["a.example"]
    assert names(served(sim, "www.b.example")) == ["b.example", "www.b.example"]
    assert names(served(sim, "c.example")) == OTHER


def test_wildcard(sim: Simulator) -> None:
    sim.reset({"domains": ["*.shop.example", "own.shop.example"], "certificate": {"names": ["*.shop.example"]}})
    for name in ("any.shop.example", "own.shop.example", "deep.er.shop.example"):
        assert names(served(sim, name)) == ["*.shop.example"]
    assert names(served(sim, "shop.example")) == OTHER


def test_dates_are_those_of_the_api(sim: Simulator, api: Api) -> None:
    sim.reset({"clock": "2026-03-01 10:20:30", "certificate": {"valid_until": "2026-02-01 01:02:03"}})
    utc = datetime.timezone.utc
    cert = served(sim, "primary.example")
    assert cert.not_valid_after_utc == datetime.datetime(2026, 2, 1, 1, 2, 3, tzinfo=utc)
    assert api.get("/ssl")["validUntil"] == "2026-02-01 01:02:03"
    assert cert.not_valid_before_utc == datetime.datetime(2025, 11, 3, 0, 2, 3, tzinfo=utc)
    sim.clock(set="2026-03-01 10:20:30", speed=0)
    sim.switch(ssl_issue="sync")
    api.ok("PUT", "/ssl/4211")
    after = served(sim, "primary.example").not_valid_after_utc
    assert after == datetime.datetime(2026, 5, 30, 10, 20, 30, tzinfo=utc)


@pytest.mark.parametrize(
    ("certificate", "live", "staging"),
    [
        (True, True, False),
        ({"staging": True}, False, True),
        ({"days_left": -1}, False, False),
        ({"names": ["other.example"]}, False, False),
    ],
)
def test_trust(sim: Simulator, certificate: Any, live: bool, staging: bool) -> None:
    sim.reset({"certificate": certificate})
    assert trusted(sim, "primary.example", "live") is live
    assert trusted(sim, "primary.example", "staging") is staging


def test_issuer_tells_staging(sim: Simulator) -> None:
    sim.reset({"domains": ["primary.example"], "certificate": {"staging": True}})
    assert "STAGING" in served(sim, "primary.example").issuer.rfc4514_string()


def test_custom_certificate_is_served_as_it_is(sim: Simulator, api: Api) -> None:
    body = pems.custom(["primary.example"])
    api.ok("POST", "/ssl", body)
    pem = served(sim, "primary.example").public_bytes(serialization.Encoding.PEM).decode()
    assert pem == body["certificate"]


def test_many_at_once(sim: Simulator) -> None:
    sim.reset({"mode": "advanced", "domain_count": 300, "domain_certificate": True})
    wanted = [f"d{n}.example" for n in range(1, 301)]
    with ThreadPoolExecutor(60) as pool:
        found = list(pool.map(lambda name: names(served(sim, name)), wanted))
    assert found == [[name] for name in wanted]


def test_a_look_with_a_browser(sim: Simulator) -> None:
    sim.reset({"domains": ["primary.example"], "certificate": True})
    context = ssl.create_default_context(cadata=sim.authorities()["live"])
    with (
        socket.create_connection(("127.0.0.1", sim.tls_port or 0), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname="primary.example") as secure,
    ):
        secure.sendall(b"GET / HTTP/1.1\r\nHost: primary.example\r\n\r\n")
        assert secure.recv(1000).startswith(b"HTTP/1.1 200 OK")


def test_a_proxy_inspects_tls(sim: Simulator) -> None:
    sim.reset({"domains": ["a.example"], "certificate": True, "switches": {"served": "inspected"}})
    for name in ("a.example", "unknown.example"):
        assert names(served(sim, name)) == [name]
        assert trusted(sim, name, "other")
        assert not trusted(sim, name, "live")
    sim.switch(served="runcloud")
    assert trusted(sim, "a.example", "live")


def test_another_sites_certificate_for_every_name(sim: Simulator) -> None:
    sim.reset({"domains": ["a.example"], "certificate": True, "switches": {"served": "other"}})
    assert names(served(sim, "a.example")) == OTHER


@pytest.mark.parametrize(("kind", "row_moves", "served_moves"), [("kept", 0, 0), ("stale", 0, 1), ("new", 1, 1)])
def test_dates_of_a_redeployed_certificate(
    sim: Simulator, api: Api, kind: str, row_moves: int, served_moves: int
) -> None:
    switches = {"ssl_issue": "sync", "redeploy_date": kind}
    sim.reset({"domains": ["a.example"], "certificate": {"days_left": 20}, "switches": switches})
    row, shown = sim.certificates()[0], served(sim, "a.example").not_valid_after_utc
    sim.panel("add_domain", domain="b.example")
    api.ok("PUT", f"/ssl/{row['id']}")
    after = sim.certificates()[0]
    assert after["names"] == names(served(sim, "b.example")) == ["a.example", "b.example"]
    assert (after["validUntil"] > row["validUntil"]) == bool(row_moves)
    assert (after["renewalDate"] > row["renewalDate"]) == bool(row_moves)
    assert (served(sim, "a.example").not_valid_after_utc > shown) == bool(served_moves)
