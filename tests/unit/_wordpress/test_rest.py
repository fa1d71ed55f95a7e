# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's REST API, over a real socket, with the bytes of a real network."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.network import Inventory
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.rest import read_rest
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.wire import parse

from support.tls_server import TlsServer, make_certificate
from support.wordpress_rest import CAPPED, ENDLESS, NEW, OLD, WordPressRest, many_domains, recorded, recorded_rows


def read(server: WordPressRest, **changes: Any) -> Inventory:
    arguments: dict[str, Any] = {"url": server.url, "key": server.key, "secret": server.secret, "timeout": 5}
    return read_rest(**{**arguments, "environment": {}, **changes})


def failure(server: WordPressRest, **changes: Any) -> str:
    with pytest.raises(UserError) as caught:
        read(server, **changes)
    text = str(caught.value)
    assert server.secret not in text
    assert server.key not in text
    return text


def basic(server: WordPressRest) -> str:
    return "Basic " + base64.b64encode(f"{server.key}:{server.secret}".encode()).decode()


def test_the_server_answers_as_the_real_one_did() -> None:
    with WordPressRest() as server:
        status, headers, body = server.answer("/wp-json/wu/v2/domain?per_page=5", basic(server))
    assert status == 200
    assert body == recorded("rest-domain-list-page1.json")
    said = recorded("rest-domain-list-page1.headers.txt").decode()
    assert all(f"{name}: {value}" in said for name, value in headers.items())


@pytest.mark.parametrize("generation", [NEW, OLD])
def test_the_recorded_network(generation: str) -> None:
    whole = parse(json.loads(recorded("cli-eval-inventory.json")))
    with WordPressRest(generation=generation) as server:
        found = read(server)
    assert found.domains == whole.domains
    assert found.sites == whole.sites
    network = found.main_network
    assert (network.domain, network.subdomain_install, network.main_site_id) == ("network.test", True, 1)
    assert (found.complete, found.notes, found.method) == (True, (), "rest")
    assert found.mapping_enabled is None


@pytest.mark.parametrize("generation", [NEW, OLD])
@pytest.mark.parametrize("count", [0, 99, 100, 101, 130, 300])
def test_both_generations_of_paging_give_everything(generation: str, count: int) -> None:
    with WordPressRest(many_domains(count), generation=generation) as server:
        found = read(server)
    assert [row.id for row in found.domains] == list(range(1, count + 1))
    assert found.complete


def test_each_page_is_asked_for_once_and_in_all_four_words() -> None:
    with WordPressRest(many_domains(130)) as server:
        read(server)
    pages = [parse_qs(urlsplit(path).query) for path in server.requests if "/domain" in path]
    assert [(page["page"], page["offset"]) for page in pages] == [(["1"], ["0"]), (["2"], ["100"])]
    assert all(page["per_page"] == page["number"] == ["100"] for page in pages)
    assert all(page["orderby"] == ["id"] and page["order"] == ["asc"] for page in pages)


def test_an_api_that_ends_silently_is_not_believed() -> None:
    with WordPressRest(many_domains(130), generation=CAPPED) as server:
        found = read(server)
    assert len(found.domains) == 100
    assert not found.complete
    assert [note.code for note in found.notes] == ["capped"]
    assert "100 domains" in found.notes[0].text


def test_a_total_that_is_not_reached_is_not_complete() -> None:
    class Shrinking(WordPressRest):
        def _list(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Any:
            status, headers, body = super()._list(rows, query)
            return status, {**headers, "X-WP-Total": "15"} if len(rows) == 14 else headers, body

    with Shrinking() as server:
        assert not read(server).complete


def test_a_subdirectory_network_and_a_lonely_one() -> None:
    model = recorded_rows("rest-site-list.json")[-1]
    one = {**model, "id": 2, "blog_id": "2", "path": "/one/"}
    with WordPressRest([], [one, model]) as server:
        assert read(server).main_network.subdomain_install is False
    with WordPressRest([], [model]) as server:
        assert read(server).main_network.subdomain_install is None


def test_without_pretty_permalinks() -> None:
    with WordPressRest(pretty=False) as server:
        assert len(read(server).domains) == 14
        assert len(server.requests) == 3  # The first is in vain.


@pytest.mark.parametrize("prefix", ["\ufeff", "\nDeprecated: something is old in /x.php on line 1\n"])
def test_what_php_prints_before_the_json_does_no_harm(prefix: str) -> None:
    with WordPressRest(prefix=prefix) as server:
        assert len(read(server).domains) == 14


@pytest.mark.parametrize("suffix", ["/", "/wp-json/", "/wp-json/wu/v2/domain", "?x=1#y"])
def test_the_address_in_any_form(suffix: str) -> None:
    with WordPressRest() as server:
        assert len(read(server, url=server.url + suffix).domains) == 14


def test_wrong_credentials() -> None:
    with WordPressRest() as server:
        text = failure(server, secret="wrong-secret")
    assert "rest_secret" in text
    assert "401" in text
    assert "wrong-secret" not in text


def test_the_api_is_switched_off() -> None:
    with WordPressRest(enabled=False) as server:
        text = failure(server)
    assert "rest_no_route" in text
    assert "switched off" in text
    assert repr(server.url) in text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((301, {"Location": "https://www.network.test/wp-json/x?a=b"}, b""), ["https://www.network.test/wp-json/x;"]),
        ((200, {}, b"<!DOCTYPE html><p>Hello</p>"), ["not answer with JSON", "rest_url"]),
        ((200, {}, b'{"a": 1}'), ["something other than a list"]),
        ((200, {}, b'[{"blog_id": "1"}]'), ["cannot be used", "domain"]),
        ((200, {}, b"[]"), ["no site"]),
        ((404, {}, b"<p>Not found</p>"), ["404", "no WordPress REST API"]),
        ((500, {}, b'{"code":"x","message":"It broke."}'), ["500", "It broke."]),
        ((403, {}, b"<p>Forbidden</p>"), ["403", "firewall"]),
    ],
)
def test_other_answers(answer: tuple[int, dict[str, str], bytes], words: list[str]) -> None:
    with WordPressRest(fixed=answer) as server:
        text = failure(server)
    assert all(word in text for word in words), text


def test_no_answer_in_time() -> None:
    with WordPressRest(silent=True) as server:
        assert "within 0.2 seconds (option timeout)" in failure(server, timeout=0.2)


def test_nobody_listens() -> None:
    with WordPressRest() as server:
        pass
    assert "cannot be reached" in failure(server)


def test_a_certificate_that_nobody_vouches_for() -> None:
    with TlsServer(default=make_certificate(["localhost"])) as server, pytest.raises(UserError, match="ca_path"):
        read_rest(f"https://localhost:{server.port}", "the-key-of-it", "the-secret-of-it", environment={}, timeout=5)


def test_no_tls() -> None:
    with WordPressRest() as server:
        assert "no TLS" in failure(server, url=server.url.replace("http:", "https:"))


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://network.example.com", "https"),
        ("http://localhost.example.com", "https"),
        ("network.example.com", "not a URL"),
        ("ftp://network.example.com", "not a URL"),
        ("https://user:hidden-password@network.example.com", "rest_key"),
        ("https://user:hidden-password@network.example.com:port/x?y#z", "rest_key"),
        ("user:hidden-password@network.example.com", "rest_key"),
        ("https://network.example.com/\x1b[2J", "not a URL"),
        ("https://network.example.com:port", "not a URL"),
    ],
)
def test_addresses_that_are_refused_before_anything_is_sent(url: str, word: str) -> None:
    with pytest.raises(UserError, match=word) as caught:
        read_rest(url, "the-key-of-it", "the-secret-of-it", environment={})
    assert "hidden-password" not in str(caught.value)


class TestASourceThatContradictsItself:
    def test_every_stable_plugin_gives_each_site_the_id_0(self) -> None:
        with WordPressRest(generation=OLD) as server:
            assert {row["id"] for row in server.collections["site"]} == {0}
            found = read(server)
        assert ([site.blog_id for site in found.sites], found.complete) == ([1, 2, 3, 4, 5, 6], True)

    def test_a_domain_whose_site_is_not_listed(self) -> None:
        with WordPressRest(sites=recorded_rows("rest-site-list.json")[-1:]) as server:
            found = read(server)
        assert not found.complete
        assert "sites_missing" in [note.code for note in found.notes]

    def test_the_same_site_twice_with_something_else_in_it(self) -> None:
        sites = recorded_rows("rest-site-list.json")
        with WordPressRest(sites=[*sites, {**sites[0], "domain": "other.network.test"}]) as server:
            found = read(server)
        assert (found.complete, [note.code for note in found.notes]) == (False, ["contradiction"])

    def test_the_same_domain_id_twice(self) -> None:
        rows = recorded_rows("rest-domain-list.json")
        with WordPressRest([*rows, {**rows[0], "domain": "other.example"}]) as server:
            found = read(server)
        assert (found.complete, [note.code for note in found.notes]) == (False, ["contradiction"])
        assert {"other.example", rows[0]["domain"]} <= {row.domain for row in found.domains}

    @pytest.mark.parametrize("announced", [20, 13])
    def test_fewer_or_more_rows_than_it_announces(self, announced: int) -> None:
        class Announcing(WordPressRest):
            def _list(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Any:
                status, headers, body = super()._list(rows, query)
                return status, {**headers, "X-WP-Total": str(announced)} if len(rows) == 14 else headers, body

        with Announcing() as server:
            found = read(server)
        assert (found.complete, [note.code for note in found.notes]) == (False, ["contradiction"])
        assert f"announced {announced} domains" in found.notes[0].text

    def test_a_total_that_changes_from_page_to_page(self) -> None:
        class Changing(WordPressRest):
            def _list(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Any:
                return super()._list(rows[:-1] if query["page"] == "2" and len(rows) == 130 else rows, query)

        with Changing(many_domains(130)) as server:
            assert not read(server).complete


class TestSecrets:
    def test_an_error_that_repeats_the_header_shows_none_of_it(self) -> None:
        with WordPressRest() as server:
            pair = basic(server).removeprefix("Basic ")
            said = f"You sent Basic {pair}, that is {server.key} and {server.secret}."
            server.fixed = (403, {}, json.dumps({"code": "x", "message": said}).encode())
            text = failure(server)
        assert pair not in text
        assert "You sent Basic ********, that is ******** and ********." in text

    def test_neither_does_a_redirect(self) -> None:
        with WordPressRest() as server:
            server.fixed = (302, {"Location": f"https://x.example/{server.secret}"}, b"")
            assert "x.example/********" in failure(server)

    @pytest.mark.parametrize("option", ["key", "secret"])
    def test_credentials_too_short_to_be_masked_are_refused(self, option: str) -> None:
        with WordPressRest() as server:
            assert f"rest_{option}: shorter than 8" in failure(server, **{option: "brand"})
        assert server.requests == []

    def test_blanks_at_their_ends_are_dropped(self) -> None:
        with WordPressRest() as server:
            assert read(server, key=f"{server.key}\n", secret=f" {server.secret}\n").complete

    def test_letters_of_any_language(self) -> None:
        with WordPressRest() as server:
            server.secret = "schl\u00fcssel-\u4e2d\u6587"
            assert read(server).complete


class TestProxies:
    def test_a_loopback_address_never_takes_one(self) -> None:
        with WordPressRest() as server, WordPressRest() as proxy:
            assert read(server, environment={"http_proxy": proxy.url, "ALL_PROXY": proxy.url}).complete
        assert proxy.requests == []

    def test_only_the_tasks_environment_says_which(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with WordPressRest() as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            for environment in ({}, {"https_proxy": proxy.url, "NO_PROXY": "example.com, .invalid"}):
                with pytest.raises(UserError, match="cannot be reached"):
                    read(proxy, url="https://network.invalid", environment=environment)
            assert proxy.requests == []
            text = failure(proxy, url="https://network.invalid", environment={"https_proxy": proxy.url})
        assert "cannot be reached (ProxyError)" in text


class TestAnswersThatAreTooMuch:
    def test_pages_that_never_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(f"{read_rest.__module__}.MOST_PAGES", 5)
        with WordPressRest(generation=ENDLESS) as server:
            assert "does not end after 5 pages" in failure(server)
            assert len(server.requests) == 5

    def test_a_body_that_drips(self) -> None:
        with WordPressRest(drip=0.05) as server:
            assert "no whole answer within 0.3 seconds" in failure(server, timeout=0.3)

    def test_a_body_that_stops_in_the_middle(self) -> None:
        with WordPressRest(drip=60) as server:
            assert "no whole answer within 0.3 seconds" in failure(server, timeout=0.3)

    def test_a_file_of_authorities_that_is_not_there(self) -> None:
        with WordPressRest() as server:
            for name in ("/no/such/file", "~nouser/x", "a\0b"):
                assert "ca_path: there is no file" in failure(server, verify=name)

    def test_a_body_that_is_too_large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(f"{read_rest.__module__}.MAX_BODY", 1_000_000)
        with WordPressRest(fixed=(200, {}, b"[" + b" " * 2_000_000)) as server:
            assert "longer than 1 MB" in failure(server)

    def test_a_message_that_is_too_long(self) -> None:
        with WordPressRest(fixed=(500, {}, json.dumps({"message": "word " * 200_000}).encode())) as server:
            assert len(failure(server)) < 700

    def test_control_characters(self) -> None:
        with WordPressRest(fixed=(500, {}, json.dumps({"message": "red \x1b[31m\x07text"}).encode())) as server:
            text = failure(server)
        assert text.isprintable()

    def test_json_that_is_nested_too_deeply(self) -> None:
        with WordPressRest(fixed=(200, {}, b"[" * 100_000)) as server:
            assert "did not answer with JSON" in failure(server)

    @pytest.mark.parametrize("timeout", [0, -1, 1e20])
    def test_a_time_limit_that_is_none(self, timeout: float) -> None:
        with WordPressRest() as server:
            assert "timeout: must be between" in failure(server, timeout=timeout)

    def test_a_critical_error_is_told_in_plain_words(self) -> None:
        page = "<p>There has been a critical error on this website.</p><p><a href='x'>Learn more.</a></p>"
        body = json.dumps({"code": "internal_server_error", "message": page}).encode()
        for answer in (body, page.encode()):
            with WordPressRest(fixed=(500, {}, answer)) as server:
                text = failure(server)
            assert "answered 500 (There has been a critical error on this website. Learn more.)" in text
            assert "error log" in text
