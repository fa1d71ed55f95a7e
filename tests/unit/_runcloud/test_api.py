# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which request reads or changes what, in every shape that the reference shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.api import RunCloud, Target, WebAppApi
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.errors import ApiError, ListUnknown
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.lists import page_count
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.models import (
    Certificate,
    Domain,
    ExternalApi,
    SslMethod,
)

P = "/servers/1903/webapps/646"
SHOP = Domain(710, "shop.example")
CERTIFICATE = {"id": 4211, "method": "letsencrypt", "validUntil": "2026-10-07 06:02:13", "enableHttp": True}


class Canned:
    """A client with a canned answer for each "METHOD path"; an int is an error of that status."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = dict(answers)
        self.requests: list[Any] = []
        self.version = 3

    def request(self, method: str, path: str, **options: Any) -> Any:
        body = options.get("body")
        self.requests.append((method, path) if body is None else (method, path, body))
        answer = self.answers.get(f"{method} {path}", 404)
        if isinstance(answer, ApiError):
            raise answer
        if isinstance(answer, int):
            raise ApiError(method, path, status=answer, message="no")
        if callable(answer):
            return answer(**options)
        return answer

    def get(self, path: str, query: Any = None) -> Any:
        del query
        return self.request("GET", path)

    def list(self, path: str, query: Any = None) -> Any:
        self.query = query
        return self.request("GET", path)

    def page(self, path: str, number: int) -> Any:
        body = self.request("GET", f"{path}?{number}" if number > 1 else path)
        return body["data"] if isinstance(body, dict) else body, page_count(body)


def cloud(answers: dict[str, Any]) -> tuple[Canned, RunCloud]:
    client = Canned(**answers)
    return client, RunCloud(client)  # type: ignore[arg-type]


def webapp(answers: dict[str, Any]) -> tuple[Canned, WebAppApi]:
    client, runcloud = cloud(answers)
    return client, runcloud.webapp(1903, 646)


# ---------------------------------------------------------------------- finding the target


SERVERS = [{"id": 1, "name": "web"}, {"id": 2, "name": "web1"}, {"id": 3, "name": "twin"}, {"id": 4, "name": "Twin"}]


def test_given_ids_take_no_request() -> None:
    client, runcloud = cloud({})
    found = runcloud.find_webapp(Target(server_id=1903, webapp_id=646))
    assert (found.server_id, found.webapp_id) == (1903, 646)
    assert client.requests == []


def test_names_are_searched_for_and_compared_whole() -> None:
    client, runcloud = cloud(
        {
            "GET /servers": SERVERS,
            "GET /servers/2/webapps": [{"id": 646, "name": "network"}, {"id": 7, "name": "network2"}],
        }
    )
    found = runcloud.find_webapp(Target(server_name="WEB1", webapp_name="Network"))
    assert (found.server_id, found.webapp_id) == (2, 646)
    assert client.requests == [("GET", "/servers"), ("GET", "/servers/2/webapps")]
    assert client.query == {"search": "Network"}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Target(server_name="we"), "server_name: no server is called 'we'. Names are compared whole; check it"),
        (Target(server_name="twin"), "server_name: 2 of them are called 'twin' (ids 3, 4). Say server_id instead."),
        (
            Target(server_id=2, webapp_name="shop"),
            "webapp_name: no web application of server 2 is called 'shop'. Names are compared whole",
        ),
    ],
)
def test_a_name_that_does_not_decide_is_an_error(target: Target, message: str) -> None:
    _client_, runcloud = cloud({"GET /servers": SERVERS, "GET /servers/2/webapps": []})
    with pytest.raises(UserError) as caught:
        runcloud.find_webapp(target)
    assert str(caught.value).startswith(message)


def test_lists_need_no_search() -> None:
    client, runcloud = cloud(
        {
            "GET /servers": SERVERS,
            "GET /servers/2/webapps": [{"id": 646, "name": "network"}],
            "GET /servers/2": {"id": 2, "name": "web1", "ipAddress": "192.0.2.1"},
            "GET /settings/externalapi": [{"id": 28, "label": "Testing", "service": "Digital Ocean", "secret": "x"}],
        }
    )
    assert [server.name for server in runcloud.servers()] == ["web", "web1", "twin", "Twin"]
    assert client.query is None
    assert [app.id for app in runcloud.webapps(2)] == [646]
    assert runcloud.server(2).address == "192.0.2.1"
    assert runcloud.external_apis() == [ExternalApi(28, "Testing", "Digital Ocean")]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"GET /servers/1903": {"id": 1903}}, "webapp_id: server 1903 has no web application 646."),
        ({}, "server_id: RunCloud has no server 1903, or these credentials may not see it."),
    ],
)
def test_a_missing_list_is_traced_to_the_id_that_is_wrong(answers: dict[str, Any], message: str) -> None:
    _client_, app = webapp(answers)
    with pytest.raises(UserError) as caught:
        app.domains()
    assert str(caught.value).startswith(message)


def test_a_missing_list_of_an_application_that_is_there_is_not_taken_as_empty() -> None:
    _client_, app = webapp({f"GET {P}": {"id": 646, "name": "network"}})
    with pytest.raises(ListUnknown, match="although the web application exists"):
        app.domains()


def test_an_id_is_only_believed_beside_the_name_that_was_sent() -> None:
    _client_, app = webapp({f"POST {P}/domains": {"id": 5, "name": "other.example"}})
    assert app.add_domain(Domain(None, "new.example")) is None


def test_other_errors_of_a_list_are_told() -> None:
    _client_, app = webapp({f"GET {P}/domains": 403})
    with pytest.raises(ApiError, match="answered 403"):
        app.domains()
    _client_, app = webapp({f"GET {P}": 403})
    with pytest.raises(ApiError, match="answered 403"):
        app.domains()


def test_an_answer_of_unknown_shape_is_told() -> None:
    _client_, app = webapp({f"GET {P}/domains": [{"id": 1}]})
    with pytest.raises(ApiError) as caught:
        app.domains()
    assert str(caught.value).startswith(
        f"GET {P}/domains failed: an answer of an unknown shape: a domain without a name. Check api_url"
    )


# ---------------------------------------------------------------------- domains


def test_adding_shows_the_new_row_in_whatever_form_it_comes() -> None:
    body = {"name": "shop.example", "type": "alias", "www": False, "redirection": "none"}
    row = {"id": 710, "name": "shop.example", "type": "alias", "www": 0, "redirection": "none"}
    for answer, expected in (
        (row, SHOP),
        ({"data": row}, SHOP),
        (None, None),
        ({}, None),
        ({"message": "ok"}, None),
    ):
        client, app = webapp({f"POST {P}/domains": answer})
        assert app.add_domain(Domain(None, "shop.example")) == expected
        assert client.requests == [("POST", f"{P}/domains", body)]


def test_an_update_sends_all_three_settings() -> None:
    client, app = webapp({f"PATCH {P}/domains/710/meta": {"message": "done"}})
    app.update_domain(Domain(710, "shop.example", "redirect", True, "www"))
    body = {"type": "redirect", "www": True, "redirection": "www"}
    assert client.requests == [("PATCH", f"{P}/domains/710/meta", body)]


def test_removing_what_is_gone_is_done() -> None:
    for answer in (None, {"id": 710}, 404):
        client, app = webapp({f"DELETE {P}/domains/710": answer})
        app.remove_domain(710)
        assert client.requests == [("DELETE", f"{P}/domains/710")]
    _client_, app = webapp({f"DELETE {P}/domains/710": 422})
    with pytest.raises(ApiError):
        app.remove_domain(710)


def test_only_v3_can_update() -> None:
    client, app = webapp({})
    assert app.can_update_domains
    client.version = 2
    assert not app.can_update_domains


# ---------------------------------------------------------------------- certificates


@pytest.mark.parametrize(
    ("answer", "advanced", "auto_ssl"),
    [
        ({"advancedSSL": True, "autoSSL": False}, True, False),
        ({"advancedSSL": 0}, False, None),
        ({"advancedSsl": "1", "autoSsl": 1}, True, True),
        ({"enabled": False}, False, None),
        (403, False, None),
        (404, False, None),
    ],
)
def test_the_method_is_read_in_every_spelling(answer: Any, advanced: bool, auto_ssl: bool | None) -> None:
    _client_, app = webapp({f"GET {P}/ssl/advanced": answer})
    assert app.ssl_method() == SslMethod(advanced, auto_ssl)


def test_the_method_is_switched_and_autossl_only_when_told() -> None:
    client, app = webapp({f"POST {P}/ssl/advanced": {"advancedSSL": True, "autoSSL": True}})
    assert app.set_ssl_method(True, None) == SslMethod(True, True)
    app.set_ssl_method(True, False)
    assert [body for _method, _path, body in client.requests] == [
        {"advancedSSL": True},
        {"advancedSSL": True, "autoSSL": False},
    ]


def test_a_reply_that_does_not_show_the_method_is_followed_by_a_look() -> None:
    client, app = webapp({f"POST {P}/ssl/advanced": {}, f"GET {P}/ssl/advanced": {"advancedSSL": True}})
    assert app.set_ssl_method(True, None) == SslMethod(True, None)
    assert len(client.requests) == 2


@pytest.mark.parametrize(
    "call",
    [
        lambda app: app.ssl_method(),
        lambda app: app.certificates(),
        lambda app: app.domain_certificate(SHOP),
        lambda app: app.log(),
    ],
)
def test_a_fault_is_not_taken_for_nothing(call: Callable[[WebAppApi], object]) -> None:
    paths = (f"GET {P}/ssl/advanced", f"GET {P}/ssl", f"GET {P}/domains/710/ssl", f"GET {P}/log")
    _client_, app = webapp(dict.fromkeys(paths, 500))
    with pytest.raises(ApiError):
        call(app)


@pytest.mark.parametrize("nothing", [404, None, {"message": "SSL not installed!"}, {"data": None}, []])
def test_no_certificate_has_many_forms(nothing: Any) -> None:
    _client_, app = webapp({f"GET {P}/ssl": nothing, f"GET {P}/domains/710/ssl": nothing})
    assert not app.certificates()
    if nothing != []:
        assert app.domain_certificate(SHOP) is None


def test_certificates_come_as_one_or_as_a_list() -> None:
    for one in (CERTIFICATE, {"data": CERTIFICATE}):
        _client_, app = webapp({f"GET {P}/ssl": one, f"GET {P}/domains/710/ssl": one})
        found = app.certificates()
        assert isinstance(found, Certificate)
        assert (found.id, found.domain) == (4211, None)
        own = app.domain_certificate(SHOP)
        assert own is not None
        assert (own.id, own.domain) == (4211, "shop.example")
    rows = [{"id": 710, "name": "Shop.example", "ssl": CERTIFICATE}, {"id": 711, "name": "b.example", "ssl": None}]
    for listed in ({"data": rows}, rows):
        _client_, app = webapp({f"GET {P}/ssl": listed})
        many = app.certificates()
        assert isinstance(many, dict)
        assert many["b.example"] is None
        assert many["shop.example"] is not None
        assert many["shop.example"].domain == "shop.example"


@pytest.mark.parametrize("domain", [None, SHOP])
def test_certificate_writes_go_to_the_application_or_to_the_domain(domain: Domain | None) -> None:
    path = f"{P}/ssl" if domain is None else f"{P}/domains/710/ssl"
    answers = {f"POST {path}": CERTIFICATE, f"PATCH {path}/4211": {}, f"PUT {path}/4211": CERTIFICATE}
    client, app = webapp({**answers, f"DELETE {path}/4211": 404})
    installed = app.install_certificate(domain, {"provider": "letsencrypt"})
    assert installed is not None
    assert installed.domain == (domain and domain.name)
    assert app.update_certificate(domain, 4211, {"enableHttp": True}) is None
    assert app.redeploy_certificate(domain, 4211) == installed
    app.remove_certificate(domain, 4211)
    assert client.requests == [
        ("POST", path, {"provider": "letsencrypt"}),
        ("PATCH", f"{path}/4211", {"enableHttp": True}),
        ("PUT", f"{path}/4211"),
        ("DELETE", f"{path}/4211"),
    ]


def test_a_certificate_reply_of_another_shape_shows_nothing() -> None:
    _client_, app = webapp({f"POST {P}/ssl": "queued"})
    assert app.install_certificate(None, {}) is None


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ({"data": [{"kind": "SSL", "content": "failed", "created_at": "x"}, "odd"]}, ["failed"]),
        ([{"kind": "SSL", "content": "failed"}], ["failed"]),
        ({"data": [], "meta": {"pagination": {"total_pages": 2}}}, []),
        (404, []),
        (403, []),
    ],
)
def test_the_activity_log_is_read_where_there_is_one(answer: Any, texts: list[str]) -> None:
    _client_, app = webapp({f"GET {P}/log": answer})
    assert [entry.content for entry in app.log()] == texts


def test_the_newest_lines_of_the_log_are_at_its_end_where_it_is_told_oldest_first() -> None:
    def page(number: int, pages: int = 3) -> dict[str, Any]:
        rows = [{"content": str(number), "created_at": f"2026-01-0{number} 00:00:0{second}"} for second in (1, 2)]
        return {"data": rows, "meta": {"pagination": {"total_pages": pages}}}

    _client_, app = webapp({f"GET {P}/log": page(1), f"GET {P}/log?2": page(2), f"GET {P}/log?3": page(3)})
    assert [entry.content for entry in app.log()] == ["2", "2", "3", "3"]
    newest_first = page(3)
    newest_first["data"].reverse()
    client, app = webapp({f"GET {P}/log": newest_first})
    assert [entry.content for entry in app.log()] == ["3", "3"]
    assert len(client.requests) == 1


def test_a_long_list_of_certificates_is_read_to_its_end() -> None:
    body = {"data": [{"id": 1, "name": "a.example", "ssl": None}], "meta": {"pagination": {"total_pages": 2}}}
    client, app = webapp({f"GET {P}/ssl": body})
    client.list = lambda path, query=None: [*body["data"], {"id": 2, "name": f"b.{len(path)}", "ssl": query}]  # type: ignore[method-assign, misc]
    assert app.certificates() == {"a.example": None, f"b.{len(f'{P}/ssl')}": None}


def test_a_named_target_can_be_read_by_id_or_by_name() -> None:
    answers = {
        "GET /servers": SERVERS,
        "GET /servers/2": SERVERS[1],
        "GET /servers/2/webapps": [{"id": 646, "name": "Network"}],
        "GET /servers/2/webapps/646": {"id": 646, "name": "Network"},
    }
    _client_, runcloud = cloud(answers)
    for target in (Target(server_id=2, webapp_id=646), Target(server_name="web1", webapp_name="network")):
        assert runcloud.named_server(target).name == "web1"
        assert runcloud.named_webapp(2, target).name == "Network"
        assert (target.has_server, target.has_webapp) == (True, True)
    assert (Target().has_server, Target().has_webapp) == (False, False)
    with pytest.raises(UserError, match="server_id: RunCloud has no server 9"):
        runcloud.named_server(Target(server_id=9))
    with pytest.raises(UserError, match="webapp_id: server 2 has no web application 9"):
        runcloud.named_webapp(2, Target(webapp_id=9))
    with pytest.raises(ApiError, match="answered 500"):
        cloud({"GET /servers/9": 500})[1].named_server(Target(server_id=9))
