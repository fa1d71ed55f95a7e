# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what a server really presents: real handshakes with real listeners on loopback."""

from __future__ import annotations

import hashlib
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import MissingLibrary
from ansible_collections.multisite.runcloud.plugins.module_utils._probe import served as _served
from ansible_collections.multisite.runcloud.plugins.module_utils._probe import tls as _tls
from ansible_collections.multisite.runcloud.plugins.module_utils._probe.served import (
    Served,
    ServedCertificate,
    ServedReport,
    parse_certificate,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._probe.tls import (
    TlsProber,
    read_served,
    same_server,
)
from hypothesis import given
from hypothesis import strategies as st

from support.tls_server import HOST, Authority, PlainServer, TlsServer, closed_port, make_certificate

LABELS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
NAMES = st.builds(lambda *labels: ".".join([*labels, "example"]), LABELS, LABELS)
SECONDS = st.datetimes(datetime(1970, 1, 1), datetime(2049, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=timezone.utc)
)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def server(authority: Authority) -> Iterator[TlsServer]:
    with TlsServer(default=authority.issue(["network.example", "*.network.example"])) as running:
        yield running


def read(server: TlsServer | PlainServer, *names: str, **options: Any) -> ServedReport:
    return read_served(server.host, names, port=server.port, **{"timeout": 30.0, **options})


def read_one(server: TlsServer, name: str, **options: Any) -> Served:
    report = read(server, name, **options)
    assert report.reachable, report.reason
    return report.served[name]


def certificate_of(served: Served) -> ServedCertificate:
    assert served.certificate is not None, served.error
    return served.certificate


# Certificates --------------------------------------------------------------------------------------------------------


@given(
    names=st.lists(NAMES, min_size=1, max_size=5, unique=True),
    begin=SECONDS,
    days=st.integers(0, 400),
)
def test_a_certificate_is_read_as_it_was_made(names: list[str], begin: datetime, days: int) -> None:
    end = begin + timedelta(days=days)
    identity = make_certificate(names, not_before=begin, not_after=end)

    read_back = parse_certificate(identity.der())

    assert read_back == ServedCertificate(
        names=tuple(names),
        not_before=begin,
        not_after=end,
        issuer=f"CN={names[0]}",
        sha256=hashlib.sha256(identity.der()).hexdigest(),
    )


def test_names_are_in_lower_case_and_without_repetition() -> None:
    identity = make_certificate(["Brand.Example", "brand.example", "*.Brand.example"])

    assert parse_certificate(identity.der()).names == ("brand.example", "*.brand.example")


def test_a_certificate_without_alternative_names_has_its_common_name() -> None:
    assert parse_certificate(make_certificate([], common_name="Brand.example").der()).names == ("brand.example",)


def test_the_common_name_counts_for_nothing_beside_alternative_names() -> None:
    identity = make_certificate(["brand.example"], common_name="other.example")

    assert parse_certificate(identity.der()).names == ("brand.example",)


def test_the_issuer_is_reported(authority: Authority) -> None:
    assert parse_certificate(authority.issue(["brand.example"]).der()).issuer == "CN=Test Authority"


def test_before_cryptography_42_dates_have_no_time_zone() -> None:
    class Old:
        not_valid_before = datetime(2026, 1, 2, 3, 4, 5)

    assert _served._utc(Old(), "not_valid_before") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)  # type: ignore[arg-type]


@given(st.binary(max_size=200))
def test_what_is_not_a_certificate_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_certificate(data)


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("network.example", True),
        ("www.network.example", True),
        ("*.network.example", True),
        ("a.b.network.example", False),
        ("*.www.network.example", False),
        ("other.example", False),
    ],
)
def test_which_names_a_certificate_covers(name: str, covered: bool) -> None:
    identity = make_certificate(["network.example", "*.network.example"])

    assert parse_certificate(identity.der()).covers(name) is covered


# Handshakes ----------------------------------------------------------------------------------------------------------


def test_each_name_gets_the_certificate_that_is_served_for_it(server: TlsServer, authority: Authority) -> None:
    server.present("brand.example", authority.issue(["brand.example", "www.brand.example"]))
    server.present("other.example", make_certificate(["wrong.example"]))

    report = read(server, "brand.example", "other.example", "shop.network.example")

    assert (report.reachable, report.reason) == (True, "")
    assert list(report.served) == ["brand.example", "other.example", "shop.network.example"]
    assert {name: certificate_of(served).names for name, served in report.served.items()} == {
        "brand.example": ("brand.example", "www.brand.example"),
        "other.example": ("wrong.example",),
        "shop.network.example": ("network.example", "*.network.example"),
    }
    assert {served.error for served in report.served.values()} == {""}
    assert {name: certificate_of(served).covers(name) for name, served in report.served.items()} == {
        "brand.example": True,
        "other.example": False,
        "shop.network.example": True,
    }


@pytest.mark.parametrize("begins", [timedelta(days=-100), timedelta(days=10)])
def test_expired_and_future_certificates_are_read(server: TlsServer, begins: timedelta) -> None:
    begin = datetime.now(timezone.utc).replace(microsecond=0) + begins
    server.present(
        "brand.example", make_certificate(["brand.example"], not_before=begin, not_after=begin + timedelta(days=90))
    )

    certificate = certificate_of(read_one(server, "brand.example"))

    assert (certificate.not_before, certificate.not_after) == (begin, begin + timedelta(days=90))


def test_an_international_name_is_asked_for_as_it_is_encoded(server: TlsServer) -> None:
    """Among them one that only IDNA 2008 knows: Python's own encoding would make it strasse.example."""
    server.present("xn--strae-oqa.example", make_certificate(["xn--strae-oqa.example"]))

    assert certificate_of(read_one(server, "xn--strae-oqa.example")).names == ("xn--strae-oqa.example",)


def test_a_wildcard_is_asked_for_by_a_random_name_below_it(server: TlsServer) -> None:
    server.present("*.brand.example", make_certificate(["*.brand.example"]))

    certificate = certificate_of(read_one(server, "*.brand.example"))

    assert certificate.covers("*.brand.example")
    assert {str(name).partition(".")[2] for name in server.asked} == {"brand.example"}
    assert "*.brand.example" not in server.asked


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"])
def test_old_servers_are_read_too(authority: Authority, version: str) -> None:
    with TlsServer(
        default=authority.issue(["brand.example"]), maximum_version=getattr(ssl.TLSVersion, version)
    ) as server:
        assert certificate_of(read_one(server, "brand.example")).names == ("brand.example",)


def test_the_failed_handshake_of_one_name_is_the_error_of_that_name(server: TlsServer) -> None:
    server.refuse("refused.example")
    server.drop("dropped.example")
    server.silence("silent.example")
    too_long = "a" * 64 + ".example"

    report = read(server, "refused.example", "dropped.example", "shop.network.example", "silent.example", too_long,
                  timeout=2.0)  # fmt: skip

    errors = {name: served.error for name, served in report.served.items()}
    assert report.reachable
    assert certificate_of(report.served["shop.network.example"]).covers("shop.network.example")
    assert errors.pop(too_long).startswith("the server cannot be asked for this name: ")
    assert errors == {
        "refused.example": "the server refuses the TLS handshake: unrecognized name",
        "dropped.example": "the server closes the connection during the TLS handshake",
        "shop.network.example": "",
        "silent.example": "the server accepts the connection, but answers no TLS handshake within 2 s",
    }
    assert {served.name for served in report.served.values() if served.certificate is None} == {
        "refused.example",
        "dropped.example",
        "silent.example",
        too_long,
    }


def test_a_certificate_that_cannot_be_parsed_is_the_error_of_that_name(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No library makes such a certificate, so the reading is what breaks here."""

    def broken(_der: bytes) -> ServedCertificate:
        raise ValueError("invalid version")

    monkeypatch.setattr(_tls, "parse_certificate", broken)

    served = read_one(server, "brand.example")

    assert served.certificate is None
    assert served.error == "the server presents a certificate that cannot be read: invalid version"


def test_a_name_given_twice_is_asked_for_once(server: TlsServer) -> None:
    report = read(server, "a.example", "b.example", "a.example")

    assert list(report.served) == ["a.example", "b.example"]
    # The first name is also the one connection before all others.
    assert sorted(map(str, server.asked)) == ["a.example", "a.example", "b.example"]


def test_no_names_still_tell_whether_the_server_is_there(server: TlsServer) -> None:
    assert read(server) == ServedReport(True)


# Servers that are none -----------------------------------------------------------------------------------------------

MANY = [f"brand-{number}.example" for number in range(50)]


def test_a_closed_port() -> None:
    port = closed_port()

    assert read_served(HOST, MANY, port=port) == ServedReport(
        False, f"{HOST}:{port} cannot be connected to: Connection refused"
    )


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 mail.example ESMTP\r\n", b"\0" * 64])
def test_a_server_that_does_not_speak_tls(greeting: bytes) -> None:
    with PlainServer(greeting) as server:
        report = read(server, *MANY)

    assert report == ServedReport(False, f"{HOST}:{server.port} answers, but not in TLS")
    assert server.connections == 1


@pytest.mark.parametrize("reset", [True, False])
def test_a_server_that_drops_every_connection(reset: bool) -> None:
    with PlainServer(b"", reset=reset) as server:
        report = read(server, *MANY)

    assert report == ServedReport(False, f"{HOST}:{server.port} closes the connection during the TLS handshake")
    assert server.connections == _tls.PROBES + 1


def test_a_server_that_accepts_and_says_nothing_costs_one_timeout() -> None:
    with PlainServer(None) as server:
        report = read(server, *MANY, timeout=0.3)

    assert report == ServedReport(
        False, f"{HOST}:{server.port} accepts the connection, but answers no TLS handshake within 0.3 s"
    )
    assert server.connections == 1


def test_an_address_that_does_not_even_accept() -> None:
    """A full backlog is what a firewall looks like on loopback: the kernel leaves further connections unanswered."""
    with socket.create_server((HOST, 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _number in range(4)]
        for connection in waiting:
            connection.setblocking(False)
            connection.connect_ex((HOST, port))
        try:
            report = read_served(HOST, MANY, port=port, timeout=0.3)
        finally:
            for connection in waiting:
                connection.close()

    assert report == ServedReport(False, f"{HOST}:{port} accepts no connection within 0.3 s")


def test_an_address_that_is_no_name() -> None:
    report = read_served("nowhere.invalid", MANY, port=443)

    assert not report.reachable
    assert report.reason.startswith("nowhere.invalid:443 cannot be looked up: ")


def test_names_that_the_server_drops_do_not_make_it_unreachable(server: TlsServer) -> None:
    for name in MANY[: _tls.PROBES]:
        server.drop(name)

    report = read(server, *MANY)

    assert report.reachable
    assert [name for name, served in report.served.items() if served.error] == MANY[: _tls.PROBES]


def test_a_server_that_refuses_unknown_names_is_reachable(authority: Authority) -> None:
    with TlsServer() as server:
        server.present("known.example", authority.issue(["known.example"]))

        report = read(server, "unknown.example", "known.example")

    assert report.reachable
    assert report.served["unknown.example"].error == "the server refuses the TLS handshake: unrecognized name"
    assert certificate_of(report.served["known.example"]).names == ("known.example",)


def test_a_server_that_stops_answering_is_given_up(server: TlsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tls, "GIVE_UP_AFTER", 6)

    monkeypatch.setattr(_tls, "WORKERS", 2)

    def fall_silent(_what: str, done: int = 0, _total: int = 0) -> None:
        server.silent = server.silent or done == 1

    report = read(server, *MANY, timeout=0.5, progress=fall_silent)

    errors = [served.error for served in report.served.values()]
    assert report.reachable
    assert certificate_of(report.served[MANY[0]])
    assert errors[-1] == "was not asked: the server has stopped answering"
    assert 6 <= sum("answers no TLS handshake" in error for error in errors) <= 7


def test_an_ipv6_address(authority: Authority) -> None:
    try:
        server = TlsServer(default=authority.issue(["brand.example"]), host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with server:
        assert certificate_of(read_one(server, "brand.example")).names == ("brand.example",)
    assert read_served("::1", [], port=server.port).reason.startswith(f"[::1]:{server.port} cannot be connected to")


def test_all_addresses_of_a_host_name_are_tried(server: TlsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def two_addresses(*_args: object, **_options: object) -> list[tuple[Any, ...]]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", server.port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (HOST, server.port)),
        ]

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **o: (two_addresses if host == "server.test" else real)(host, *a, **o)
    )

    report = read_served("server.test", ["brand.example"], port=server.port)

    assert report.reachable
    assert certificate_of(report.served["brand.example"])


def test_cryptography_is_needed_only_for_reading_and_then_missed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.x509", None)

    with pytest.raises(MissingLibrary) as caught:
        read_served(HOST, [], port=443)
    assert caught.value.library == "cryptography"


# One server, asked again and again -----------------------------------------------------------------------------------


def test_an_address_is_looked_for_only_when_it_is_needed_and_once(server: TlsServer) -> None:
    calls: list[str] = []

    def find() -> str:
        calls.append(server.host)
        return server.host

    prober = TlsProber(find, server.port)

    assert prober([]) is None
    assert calls == []
    for _time in range(2):
        report = prober(["shop.network.example"])
        assert report is not None
        assert certificate_of(report.served["shop.network.example"]).covers("shop.network.example")
    assert (len(calls), prober.reason) == (1, "")


def test_an_unknown_address_is_the_reason_why_nothing_is_asked() -> None:
    prober = TlsProber(lambda: None)

    assert prober(["brand.example"]) is None
    assert prober.reason == "the server's address is not known"


def test_a_server_that_cannot_be_reached_is_asked_once() -> None:
    with PlainServer() as plain:
        prober = TlsProber(plain.host, plain.port)

        assert [prober(["brand.example"]), prober(["brand.example"])] == [None, None]

    assert prober.reason == f"{plain.host}:{plain.port} answers, but not in TLS"
    assert plain.connections == 1


def test_a_server_that_was_there_is_asked_again_after_a_restart(authority: Authority) -> None:
    with TlsServer(default=authority.issue(["brand.example"])) as server:
        prober = TlsProber(server.host, server.port)
        assert prober(["brand.example"]) is not None
    assert prober(["brand.example"]) is None
    assert prober.reason.endswith("Connection refused")

    with TlsServer(default=authority.issue(["brand.example"]), port=server.port):
        assert prober(["brand.example"]) is not None
    assert prober.reason == ""


def test_a_run_that_is_stopped_does_not_ask_on(server: TlsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ansible does at the end of the time that a task has."""
    monkeypatch.setattr(_tls, "WORKERS", 2)

    class TimeIsOver(BaseException):
        pass

    def stop(_what: str, _done: int = 0, _total: int = 0) -> None:
        raise TimeIsOver

    with pytest.raises(TimeIsOver):
        read(server, *(f"brand-{number}.example" for number in range(500)), progress=stop)

    assert len(server.asked) < 500


@pytest.mark.parametrize("same", [True, False])
def test_two_addresses_are_one_server_where_they_present_the_same_certificate(
    server: TlsServer, authority: Authority, same: bool
) -> None:
    shown = authority.issue(["network.example"])
    server.present("network.example", shown)
    other = shown if same else authority.issue(["network.example"])
    with TlsServer(default=other, host="127.0.0.2", port=server.port):
        assert same_server(HOST, "127.0.0.2", "network.example", port=server.port) is same


def test_whether_a_closed_address_is_the_same_server_is_not_known(server: TlsServer) -> None:
    assert same_server(HOST, "127.0.0.3", "network.example", port=server.port) is None


# Many ----------------------------------------------------------------------------------------------------------------


def test_a_thousand_names(server: TlsServer, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {f"brand-{number}.example": authority.issue([f"brand-{number}.example"]) for number in range(0, 1000, 50)}
    for name, identity in own.items():
        server.present(name, identity)
    names = [f"brand-{number}.example" for number in range(1000)]
    parsed: list[bytes] = []
    seen: list[tuple[str, int, int]] = []

    def counting(der: bytes) -> ServedCertificate:
        parsed.append(der)
        return parse_certificate(der)

    monkeypatch.setattr(_tls, "parse_certificate", counting)

    report = read(server, *names, progress=lambda what, done=0, total=0: seen.append((what, done, total)))

    assert list(report.served) == names
    assert [name for name, served in report.served.items() if certificate_of(served).covers(name)] == list(own)
    assert len(parsed) == len(set(parsed)) == len(own) + 1
    assert seen == [("handshakes", done, 1000) for done in range(1, 1001)]


def test_many_handshakes_are_made_at_once(server: TlsServer) -> None:
    """Each waits for the others: were fewer under way, the barrier would break and the handshakes with it."""
    together = threading.Barrier(20)

    def wait_for_the_others(_name: str | None) -> None:
        if server.connections > 1:
            together.wait(timeout=60)

    server.on_ask = wait_for_the_others

    report = read(server, *MANY[:20], timeout=60)

    assert {served.error for served in report.served.values()} == {""}
