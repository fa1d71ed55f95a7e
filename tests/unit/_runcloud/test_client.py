# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against real sockets: headers, paging, answers of every sort, repeats. Nothing really waits."""

from __future__ import annotations

import base64
import html
import importlib.util
import json
import re
import socket
import ssl
import sys
import threading
import urllib.parse
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import certifi
import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._outcome import no_progress
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud import client as _client
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.client import Client
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.connection import (
    Connection,
    Credentials,
    is_loopback,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.errors import ApiError, LostReply
from ansible_collections.multisite.runcloud.plugins.module_utils._secrets import HIDDEN, Secrets

from support.clock import SimulatedClock
from support.scripted_http import Received, Script, ScriptedServer, reply
from support.tls_server import Authority

TOKEN = "token-3f9a77c1d0"
KEY = "key-77c1d03f9a"
SECRET = "secret-d03f9a77c1"
PAIR = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
BY_TOKEN = Credentials(token=TOKEN)
OK = reply(200, {"message": "pong"})


@pytest.fixture
def clock() -> SimulatedClock:
    """The clock of a test's client."""
    return SimulatedClock()


@pytest.fixture
def waits(clock: SimulatedClock) -> list[float]:
    """What the client of a test has waited, in seconds."""
    return clock.waits


@pytest.fixture
def connect(clock: SimulatedClock) -> Callable[..., Client]:
    """Make a client that does not really wait."""

    def make(url: str, credentials: Credentials = BY_TOKEN, **options: Any) -> Client:
        progress = options.pop("progress", no_progress)
        return Client(Connection(url, 3, credentials, **{"timeout": 5, **options}), progress, clock)

    return make


@contextmanager
def scripted(
    connect: Callable[..., Client], *answers: Script, **options: Any
) -> Iterator[tuple[ScriptedServer, Client]]:
    with ScriptedServer(*answers) as server:
        yield server, connect(server.url, **options)


def failure(call: Callable[[], object]) -> ApiError:
    """Return the error that a call ends with, after a look that it holds no secret in any form."""
    with pytest.raises(ApiError) as caught:
        call()
    for text in (str(caught.value), repr(caught.value), repr(caught.value.__dict__)):
        for secret in (TOKEN, KEY, SECRET, PAIR):
            assert secret not in text
    return caught.value


# ---------------------------------------------------------------------- what is sent


def test_every_request_says_json_and_who_asks(connect: Callable[..., Client]) -> None:
    with scripted(connect, OK) as (server, client):
        assert client.request("POST", "/servers", body={"name": "x"}) == {"message": "pong"}

    (request,) = server.received
    assert (request.method, request.path, json.loads(request.body)) == ("POST", "/api/v3/servers", {"name": "x"})
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["user-agent"].startswith("multisite.runcloud/")


def test_key_and_secret_are_sent_by_basic_authentication(connect: Callable[..., Client]) -> None:
    with scripted(connect, OK, credentials=Credentials(key=KEY, secret=SECRET)) as (server, client):
        client.get("/ping")

    assert server.received[0].headers["authorization"] == f"Basic {PAIR}"


@pytest.mark.parametrize("credentials", [Credentials(token=TOKEN), Credentials(key=KEY, secret=SECRET)])
def test_a_netrc_entry_does_not_replace_the_credentials(
    connect: Callable[..., Client], credentials: Credentials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with scripted(connect, OK, credentials=credentials) as (server, client):
        client.get("/ping")

    assert server.received[0].headers["authorization"] == credentials.header


def test_a_query_is_encoded(connect: Callable[..., Client]) -> None:
    with scripted(connect, OK) as (server, client):
        client.get("/servers", {"search": "a & b", "page": 1})

    assert server.received[0].path == "/api/v3/servers?search=a+%26+b&page=1"


def test_one_connection_serves_many_requests(connect: Callable[..., Client]) -> None:
    with scripted(connect, OK) as (server, client):
        for number in range(3):
            client.get(f"/{number}")
    assert len({request.connection for request in server.received}) == 1
    assert client.usage.as_dict() == {"requests": 3, "retries": 0, "waited": 0.0}


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("api.localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("manage.runcloud.io", False),
        ("localhost.example", False),
    ],
)
def test_which_hosts_are_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


# ---------------------------------------------------------------------- lists


def page(rows: list[Any], **pagination: Any) -> bytes:
    return reply(200, {"data": rows, "meta": {"pagination": pagination}} if pagination else {"data": rows})


def rows(first: int, count: int) -> list[dict[str, int]]:
    return [{"id": number} for number in range(first, first + count)]


def test_a_list_is_read_page_by_page_with_forty_rows_each(connect: Callable[..., Client]) -> None:
    with scripted(
        connect,
        page(rows(1, 40), current_page=1, total_pages=2, links={"next": "http://elsewhere.example/2"}),
        page(rows(41, 3), current_page=2, total_pages=2, links=[]),
    ) as (server, client):
        assert client.list("/servers", {"search": "web"}) == rows(1, 43)

    assert [request.path for request in server.received] == [
        "/api/v3/servers?search=web&page=1&perPage=40",
        "/api/v3/servers?search=web&page=2&perPage=40",
    ]


def test_a_page_of_exactly_forty_needs_no_second_request(connect: Callable[..., Client]) -> None:
    with scripted(connect, page(rows(1, 40), total_pages=1, links={})) as (server, client):
        assert client.list("/servers") == rows(1, 40)
    assert len(server.received) == 1


def test_numbers_of_pages_may_be_texts(connect: Callable[..., Client]) -> None:
    with scripted(connect, page(rows(1, 40), total_pages="2"), page(rows(41, 1), total_pages="2")) as (_server, client):
        assert len(client.list("/servers")) == 41


@pytest.mark.parametrize("nonsense", ["many", None, [], {}])
def test_without_a_number_of_pages_a_full_page_is_followed_by_another(
    connect: Callable[..., Client], nonsense: object
) -> None:
    with scripted(
        connect, page(rows(1, 40), total_pages=nonsense, per_page=nonsense), page(rows(41, 2), total_pages=nonsense)
    ) as (server, client):
        assert len(client.list("/servers")) == 42
    assert len(server.received) == 2


def test_the_server_may_say_that_its_pages_are_shorter(connect: Callable[..., Client]) -> None:
    with scripted(connect, page(rows(1, 20), per_page=20), page(rows(21, 1), per_page="20")) as (_server, client):
        assert len(client.list("/servers")) == 21


def test_a_list_without_meta_ends_with_a_page_that_is_not_full(connect: Callable[..., Client]) -> None:
    with scripted(connect, page(rows(1, 40)), page(rows(41, 40)), page([])) as (server, client):
        assert client.list("/settings/externalapi") == rows(1, 80)
    assert len(server.received) == 3


def test_meta_of_another_kind_is_ignored(connect: Callable[..., Client]) -> None:
    with scripted(connect, reply(200, {"data": rows(1, 2), "meta": {"current_page": 1, "last_page": 9}})) as (
        __,
        client,
    ):
        assert client.list("/servers") == rows(1, 2)


def test_a_bare_array_is_a_whole_list(connect: Callable[..., Client]) -> None:
    with scripted(connect, reply(200, rows(1, 50))) as (server, client):
        assert client.list("/servers") == rows(1, 50)
    assert len(server.received) == 1


@pytest.mark.parametrize("pagination", [{"total_pages": 5}, {}])
def test_a_server_that_ignores_the_page_is_noticed(connect: Callable[..., Client], pagination: dict[str, int]) -> None:
    with scripted(connect, page(rows(1, 40), **pagination)) as (server, client):
        assert client.list("/servers") == rows(1, 40)
    assert len(server.received) == 2


def test_one_page_may_be_read_by_its_number(connect: Callable[..., Client]) -> None:
    with scripted(connect, page(rows(41, 40), total_pages="3"), page([])) as (server, client):
        assert client.page("/log", 2) == (rows(41, 40), 3)
        assert client.page("/log", 9) == ([], 1)
    assert server.received[0].path == "/api/v3/log?page=2&perPage=40"


def test_rows_without_an_id_are_kept_as_they_are(connect: Callable[..., Client]) -> None:
    with scripted(connect, page([{"kind": "a"}, {"kind": "a"}, "text"], total_pages=1)) as (_server, client):
        assert client.list("/log") == [{"kind": "a"}, {"kind": "a"}, "text"]


@pytest.mark.parametrize("body", [{"data": {"id": 1}}, {"message": "pong"}, "text", 5, None])
def test_something_else_than_a_list_is_an_error(connect: Callable[..., Client], body: object) -> None:
    answer = reply(200, json.dumps(body))
    with scripted(connect, answer) as (server, client):
        error = failure(lambda: client.list("/servers"))
    assert str(error) == f"GET /servers failed: a list was expected. Check api_url ({server.url})."


# ---------------------------------------------------------------------- answers


@pytest.mark.parametrize(("status", "body"), [(200, ""), (204, ""), (201, "null"), (200, "  \n")])
def test_an_empty_answer_is_none(connect: Callable[..., Client], status: int, body: str) -> None:
    with scripted(connect, reply(status, body)) as (_server, client):
        assert client.request("POST", "/x", body={}) is None


def test_an_error_says_what_was_asked_answered_and_complained(connect: Callable[..., Client]) -> None:
    body = {
        "message": "The given data was invalid.",
        "errors": {"name": ["Taken.", "Too long."], "www": "No.", "type": ["The given data was invalid."]},
    }
    with scripted(connect, reply(422, body)) as (_server, client):
        error = failure(lambda: client.request("POST", "/x", body={}))

    assert str(error) == (
        "POST /x answered 422: The given data was invalid (name: Taken. Too long; www: No). "
        "RunCloud refuses what was sent: correct it, or do it in the panel to see more."
    )
    assert (error.method, error.path, error.status) == ("POST", "/x", 422)
    assert error.fields == {"name": ["Taken.", "Too long."], "www": ["No."], "type": ["The given data was invalid."]}


@pytest.mark.parametrize(
    ("status", "advice", "fatal"),
    [
        (400, "", False),
        (401, "IP allow-list", True),
        (403, "plan or their permissions", False),
        (404, "Check the ids", False),
        (422, "correct it", False),
    ],
)
def test_a_refusal_is_not_repeated_and_says_what_to_do(
    connect: Callable[..., Client], status: int, advice: str, fatal: bool
) -> None:
    with scripted(connect, reply(status, {"message": "No."})) as (server, client):
        error = failure(lambda: client.get("/x"))
    assert error.status == status
    assert str(error).startswith(f"GET /x answered {status}: No")
    assert advice in str(error)
    assert error.fatal is fatal
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "body", ["", "null", "[]", '"text"', "<html>login</html>", '{"errors": ["a"]}', '{"message": null, "error": ""}']
)
def test_an_error_without_a_message_still_names_the_request(connect: Callable[..., Client], body: str) -> None:
    with scripted(connect, reply(403, body)) as (_server, client):
        error = failure(lambda: client.get("/x"))
    assert str(error).startswith("GET /x answered 403. ")


def test_an_error_may_come_under_another_key(connect: Callable[..., Client]) -> None:
    with scripted(connect, reply(403, {"error": "Your plan ended."})) as (_server, client):
        assert "Your plan ended" in str(failure(lambda: client.get("/x")))


def test_a_redirect_is_never_followed(connect: Callable[..., Client]) -> None:
    with ScriptedServer(OK) as other, ScriptedServer(reply(302, "", {"Location": f"{other.url}/{TOKEN}"})) as server:
        error = failure(lambda: connect(server.url).get("/ping"))
    assert error.fatal
    assert "answered 302. RunCloud's API never redirects: check api_url" in str(error)
    assert other.received == []
    assert len(server.received) == 1


def test_a_page_of_html_is_not_taken_for_an_answer(connect: Callable[..., Client]) -> None:
    with scripted(connect, reply(200, "<html>Welcome</html>", content_type="text/html")) as (server, client):
        error = failure(lambda: client.get("/ping"))
    assert str(error).startswith("GET /ping answered 200: the answer is not JSON. Check api_url")
    assert error.fatal
    assert len(server.received) == 1


def test_an_answer_nested_too_deep_is_an_error_and_no_traceback(connect: Callable[..., Client]) -> None:
    with scripted(connect, reply(200, "[" * 200_000 + "]" * 200_000, content_type="text/plain")) as (_server, client):
        assert "the answer is not JSON" in str(failure(lambda: client.get("/x")))


def test_an_answer_without_end_is_cut_off(connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "MAX_BODY", 200_000)
    with scripted(connect, reply(200, {"data": "x" * 1_000_000})) as (server, client):
        error = failure(lambda: client.get("/x"))
    assert "the answer is longer than" in str(error)
    assert len(server.received) == 1


def test_messages_are_short_and_hold_no_control_characters(connect: Callable[..., Client]) -> None:
    long = "\x1b[31mNo\r\n\x00way\u202e " + "x" * 20_000
    body = {"message": long, "errors": {f"field{number}": [long] * 3 for number in range(50)}}
    with scripted(connect, reply(422, body)) as (_server, client):
        error = failure(lambda: client.get("/x"))
    assert error.message.startswith("[31mNo way xxx")
    assert len(error.message) == 300
    assert len(str(error)) < 15_000
    assert str(error).isprintable()


PRIVATE_KEY = (
    "-----BEGIN PRIVATE KEY-----\n" + "\n".join("Ab+/" * 16 for _line in range(4)) + "\n-----END PRIVATE KEY-----\n"
)


@pytest.mark.parametrize(
    "spell",
    [
        lambda key: key,
        str.strip,
        json.dumps,
        lambda key: json.dumps(key).replace("/", "\\/"),
        lambda key: key.replace("\n", "\r\n"),
        lambda key: key.replace("\n", ""),
        lambda key: key.replace("\n", " "),
        lambda key: "".join(key.split("\n")[1:-2]),
        lambda key: "\n".join(key.split("\n")[1:3]),
        urllib.parse.quote,
        urllib.parse.quote_plus,
        lambda key: html.escape(key).replace("/", "&#47;"),
        lambda key: key.replace("+", "\\u002b"),
    ],
)
def test_a_private_key_is_hidden_however_it_is_repeated(
    connect: Callable[..., Client], spell: Callable[[str], str]
) -> None:
    answer = reply(422, {"message": f"bad key {spell(PRIVATE_KEY)}", "errors": {"privateKey": [spell(PRIVATE_KEY)]}})
    with scripted(connect, answer) as (_server, client):
        client.hide(PRIVATE_KEY)
        text = str(failure(lambda: client.get("/x")))
    assert HIDDEN in text
    assert not re.search(r"(Ab(\+|%2B|\\+u002b)(/|%2F|&#47;|\\+/)){2}", text)


def test_a_body_that_drips_does_not_outlive_the_timeout(connect: Callable[..., Client]) -> None:
    """Each byte comes in time, the whole never does: the clock that counts is that of the whole request."""
    over = threading.Event()

    def drip(_request: Received) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
        while not over.wait(0.02):
            yield b" "

    with scripted(connect, drip, timeout=0.3, retries=0) as (_server, client):
        error = failure(lambda: client.request("POST", "/x", body={}))
        over.set()
    assert isinstance(error, LostReply)
    assert error.message == "Timed out after 0.3 s"


def test_json_cut_short_is_a_broken_connection(connect: Callable[..., Client], waits: list[float]) -> None:
    with scripted(connect, reply(200, '{"data": [{"id"'), OK) as (_server, client):
        assert client.get("/ping") == {"message": "pong"}
    assert client.usage.retries == 1
    assert len(waits) == 1


def test_an_answer_shorter_than_announced_is_a_broken_connection(connect: Callable[..., Client]) -> None:
    with scripted(connect, OK[:-4], OK) as (server, client):
        assert client.get("/ping") == {"message": "pong"}
    assert server.methods == ["GET", "GET"]


def test_whoever_echoes_the_credentials_is_not_repeated(connect: Callable[..., Client]) -> None:
    def echo(request: Received) -> bytes:
        seen = request.headers["authorization"]
        return reply(400, {"message": f"bad header {seen}", "errors": {seen: [seen, "no"]}})

    for credentials in (Credentials(token=TOKEN), Credentials(key=KEY, secret=SECRET)):
        with scripted(connect, echo, credentials=credentials) as (_server, client):
            assert HIDDEN in str(failure(lambda: client.get("/x")))


def test_credentials_are_not_shown_by_what_holds_them(connect: Callable[..., Client]) -> None:
    credentials = Credentials(token=TOKEN, key=KEY, secret=SECRET)
    client = connect("http://127.0.0.1:1/api/v3", credentials)
    for secret in (TOKEN, KEY, SECRET, PAIR):
        assert secret in credentials.hidden_values
        assert secret not in repr(credentials) + str(credentials) + repr(client) + repr(client._session.auth)


# ---------------------------------------------------------------------- repeats


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "fault", [reply(500, {"message": "Oops."}), reply(503, "<html>", content_type="text/html"), None]
)
def test_what_may_be_done_twice_is_tried_again(
    connect: Callable[..., Client], waits: list[float], method: str, fault: bytes | None
) -> None:
    with scripted(connect, fault, fault, OK) as (server, client):
        assert client.request(method, "/x") == {"message": "pong"}
    assert server.methods == [method] * 3
    assert client.usage.retries == 2
    assert client.usage.waited == pytest.approx(sum(waits))
    assert 0.375 <= waits[0] <= 0.625
    assert 0.75 <= waits[1] <= 1.25


def test_the_wait_between_tries_grows_up_to_a_bound(connect: Callable[..., Client], waits: list[float]) -> None:
    with scripted(connect, reply(500, {"message": "Oops."}), retries=9) as (server, client):
        error = failure(lambda: client.get("/x"))
    assert str(error).startswith("GET /x answered 500: Oops. The fault is on RunCloud's side")
    assert len(server.received) == 10
    assert len(waits) == 9
    assert max(waits) <= 1.25 * _client.MAX_BACKOFF


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("fault", [None, reply(500, {"message": "Oops."}), reply(502, "<html>"), OK[:-3]])
def test_what_must_not_be_done_twice_is_not_repeated_blindly(
    connect: Callable[..., Client], method: str, fault: bytes | None
) -> None:
    with scripted(connect, fault, OK) as (server, client):
        error = failure(lambda: client.request(method, "/x", body={}))
    assert isinstance(error, LostReply) is (error.status != 500)
    assert len(server.received) == 1


def test_the_caller_may_say_that_a_post_is_harmless(connect: Callable[..., Client]) -> None:
    with scripted(connect, None, OK) as (server, client):
        assert client.request("POST", "/x", body={}, repeatable=True) == {"message": "pong"}
    assert server.methods == ["POST", "POST"]


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_tried_again_since_nothing_was_sent(
    connect: Callable[..., Client], waits: list[float], method: str
) -> None:
    client = connect(f"http://127.0.0.1:{unused_port()}/api/v3", retries=2)
    error = failure(lambda: client.request(method, "/x", body={}))
    assert not isinstance(error, LostReply)
    assert (error.status, error.message, error.fatal) == (None, "Connection refused", True)
    assert str(error).startswith(f"{method} /x failed: Connection refused. No answer came from http://127.0.0.1:")
    assert len(waits) == 2
    assert client.usage.requests == 3


def test_a_host_that_does_not_exist_is_named(connect: Callable[..., Client]) -> None:
    error = failure(lambda: connect("http://nothing.invalid/api/v3", retries=0).get("/x"))
    assert "nothing.invalid" in str(error)
    assert "0x" not in str(error)


def test_no_answer_in_time_is_a_lost_reply(connect: Callable[..., Client]) -> None:
    release = threading.Event()

    def late(_request: Received) -> bytes:
        release.wait(10)
        return OK

    with scripted(connect, late, timeout=0.2, retries=0) as (_server, client):
        error = failure(lambda: client.request("POST", "/x", body={}))
        release.set()
    assert isinstance(error, LostReply)
    assert "imed out" in str(error)


def test_the_wrong_protocol_is_not_tried_again(connect: Callable[..., Client]) -> None:
    with ScriptedServer(OK) as server:
        error = failure(lambda: connect(server.url.replace("http:", "https:")).get("/x"))
    assert "Check api_url, ca_path and validate_certs: TLS verification failed." in str(error)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def secured(authority: Authority, tmp_path: Path) -> Iterator[ScriptedServer]:
    """A server whose certificate comes from an authority that nobody knows."""
    file = tmp_path / "server.pem"
    file.write_bytes(authority.issue(["localhost"]).pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with ScriptedServer(OK, tls=context) as server:
        yield server


@pytest.mark.parametrize("bundle", [True, False])
def test_verification_is_off_when_told_whatever_the_environment_says(
    connect: Callable[..., Client], secured: ScriptedServer, bundle: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if bundle:
        # A bundle that does not know the server's authority, and would win against a setting of the session.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert connect(secured.url, verify=False).get("/ping") == {"message": "pong"}


def test_a_certificate_of_nobody_is_refused_at_once(
    connect: Callable[..., Client], secured: ScriptedServer, waits: list[float]
) -> None:
    error = failure(lambda: connect(secured.url).get("/ping"))
    assert "certificate verify failed" in str(error)
    assert "Check api_url, ca_path and validate_certs: TLS verification failed." in str(error)
    assert error.fatal
    assert waits == []
    assert secured.received == []


def test_an_authority_of_ones_own_is_trusted(
    connect: Callable[..., Client], secured: ScriptedServer, authority: Authority, tmp_path: Path
) -> None:
    bundle = str(authority.write(tmp_path / "ca.pem"))
    assert connect(secured.url, verify=bundle).get("/ping") == {"message": "pong"}


def test_nothing_but_the_connection_says_how_requests_are_made(
    connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No proxy, no netrc entry and no CA bundle is looked up behind the options' back."""
    (tmp_path / ".netrc").write_text("machine localhost login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with scripted(connect, OK) as (server, client):
        client.get("/ping")
    assert server.received[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_bundle_that_is_none_is_an_error_and_no_traceback(
    connect: Callable[..., Client], secured: ScriptedServer, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("nothing")
    assert "ca_path" in str(failure(lambda: connect(secured.url, verify=str(bundle)).get("/ping")))


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/api/v3", "nothing://x/api/v3", "http://[1/api/v3"])
def test_a_url_that_cannot_be_used_is_an_error_at_once(
    connect: Callable[..., Client], waits: list[float], url: str
) -> None:
    error = failure(lambda: connect(url).get("/x"))
    assert "Check api_url" in str(error)
    assert waits == []


def test_a_ca_bundle_that_does_not_exist_is_an_error_and_no_traceback(connect: Callable[..., Client]) -> None:
    error = failure(lambda: connect("https://127.0.0.1:1/api/v3", verify="/nowhere/ca.pem").get("/x"))
    assert "/nowhere/ca.pem" in str(error)
    assert "REQUESTS_CA_BUNDLE" in str(error)


def test_a_proxy_that_is_not_there_is_named_and_nothing_was_sent(connect: Callable[..., Client]) -> None:
    client = connect(
        "http://api.example/api/v3", retries=1, proxies={"http": f"http://user:hush-hush@127.0.0.1:{unused_port()}"}
    )
    error = failure(lambda: client.request("POST", "/x", body={}))
    assert not isinstance(error, LostReply)
    assert "a proxy" in str(error)
    assert "hush-hush" not in str(error)


def test_a_proxy_that_opens_no_tunnel_has_sent_nothing(connect: Callable[..., Client]) -> None:
    with ScriptedServer(OK) as proxy:
        client = connect("https://api.example/api/v3", retries=1, proxies={"https": proxy.url.removesuffix("/api/v3")})
        error = failure(lambda: client.request("POST", "/x", body={}))
    assert not isinstance(error, LostReply)
    assert "Tunnel connection failed: 501" in str(error)


# ---------------------------------------------------------------------- odds and ends


def test_time_is_told_by_the_servers_clock(connect: Callable[..., Client]) -> None:
    with scripted(connect, reply(200, {}, {"Date": "Thu, 01 Jan 2026 10:00:00 GMT"})) as (_server, client):
        before = client.now()
        client.get("/x")
        assert client.now().isoformat().startswith("2026-01-01T10:00:0")
    assert before.year >= 2024


def test_a_date_that_is_none_does_no_harm(connect: Callable[..., Client]) -> None:
    with scripted(connect, reply(200, {}, {"Date": "yesterday"})) as (_server, client):
        client.get("/x")
        assert client.now().tzinfo is not None


def test_progress_tells_of_repeats(connect: Callable[..., Client]) -> None:
    said: list[str] = []
    with scripted(connect, None, OK, progress=said.append, retries=3) as (_server, client):
        client.get("/x")
    assert len(said) == 1
    assert said[0].startswith("GET /x failed, trying again in 0.")
    assert said[0].endswith("(1/3)")


def test_it_can_be_read_without_its_library_to_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location(f"{_client.__package__}.client_without_requests", _client.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    for name, value in {"requests": None, "requests.auth": None, spec.name: module}.items():
        monkeypatch.setitem(sys.modules, name, value)  # type: ignore[arg-type]
    spec.loader.exec_module(module)
    assert module.HAS_REQUESTS is False
    assert "requests" in module.REQUESTS_IMPORT_ERROR.splitlines()[-1]


@pytest.mark.parametrize("form", [str.lower, str.upper])
def test_a_secret_is_found_in_lower_and_upper_case_too(form: Callable[[str], str]) -> None:
    key = "MIIEvgIBADANBgkqhkiG9w0B"
    assert Secrets([key]).clean(f"bad key {form(key)}!") == f"bad key {HIDDEN}!"
