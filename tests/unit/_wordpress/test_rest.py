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
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress import network as _inventory
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress.cli import Reading, WordPressError
from ansible_collections.multisite.runcloud.plugins.module_utils._wordpress.rest import read_by_rest

from support.tls_server import TlsServer, make_certificate
from support.wordpress_rest import CAPPED, NEW, OLD, WordPressRest, many_domains, recorded, recorded_rows


def read(server: WordPressRest, **changes: Any) -> Reading:
    arguments: dict[str, Any] = {"url": server.url, "key": server.key, "secret": server.secret, "timeout": 5, **changes}
    return read_by_rest(**arguments)


def failure(server: WordPressRest, **changes: Any) -> str:
    with pytest.raises(WordPressError) as caught:
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
    whole = _inventory.parse(json.loads(recorded("cli-eval-inventory.json")))
    with WordPressRest(generation=generation) as server:
        found = read(server)
    assert found.inventory.domains == whole.domains
    assert found.inventory.sites == whole.sites
    network = found.inventory.main_network
    assert (network.domain, network.subdomain_install, network.main_site_id) == ("network.test", True, 1)
    assert (found.inventory.complete, found.notes, found.method) == (True, (), "rest")


@pytest.mark.parametrize("generation", [NEW, OLD])
@pytest.mark.parametrize("count", [0, 99, 100, 101, 130, 300])
def test_both_generations_of_paging_give_everything(generation: str, count: int) -> None:
    with WordPressRest(many_domains(count), generation=generation) as server:
        found = read(server).inventory
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
    assert len(found.inventory.domains) == 100
    assert not found.inventory.complete
    assert [note.code for note in found.notes] == ["capped"]
    assert "100 domains" in found.notes[0].text


def test_a_total_that_is_not_reached_is_not_complete() -> None:
    class Shrinking(WordPressRest):
        def _list(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Any:
            status, headers, body = super()._list(rows, query)
            return status, {**headers, "X-WP-Total": "15"} if len(rows) == 14 else headers, body

    with Shrinking() as server:
        assert not read(server).inventory.complete


def test_a_subdirectory_network_and_a_lonely_one() -> None:
    model = recorded_rows("rest-site-list.json")[-1]
    one = {**model, "id": 2, "blog_id": "2", "path": "/one/"}
    with WordPressRest([], [one, model]) as server:
        assert read(server).inventory.main_network.subdomain_install is False
    with WordPressRest([], [model]) as server:
        assert read(server).inventory.main_network.subdomain_install is None


def test_without_pretty_permalinks() -> None:
    with WordPressRest(pretty=False) as server:
        assert len(read(server).inventory.domains) == 14
        assert len(server.requests) == 3


@pytest.mark.parametrize("prefix", ["\ufeff", "\nDeprecated: something is old in /x.php on line 1\n"])
def test_what_php_prints_before_the_json_does_no_harm(prefix: str) -> None:
    with WordPressRest(prefix=prefix) as server:
        assert len(read(server).inventory.domains) == 14


@pytest.mark.parametrize("suffix", ["/", "/wp-json/", "/wp-json/wu/v2/domain", "?x=1#y"])
def test_the_address_in_any_form(suffix: str) -> None:
    with WordPressRest() as server:
        assert len(read(server, url=server.url + suffix).inventory.domains) == 14


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
        ((200, {}, b"<!DOCTYPE html><p>Hello</p>"), ["no JSON", "rest_url"]),
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
    with TlsServer(default=make_certificate(["localhost"])) as server, pytest.raises(WordPressError, match="ca_path"):
        read_by_rest(f"https://localhost:{server.port}", "key", "secret", timeout=5)


def test_no_tls() -> None:
    with WordPressRest() as server:
        assert "no TLS" in failure(server, url=server.url.replace("http:", "https:"))


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://network.example.com", "https"),
        ("http://localhost.example.com", "https"),
        ("network.example.com", "no URL"),
        ("ftp://network.example.com", "no URL"),
        ("https://user:hidden-password@network.example.com", "rest_key"),
        ("https://network.example.com:port", "no URL"),
    ],
)
def test_addresses_that_are_refused_before_anything_is_sent(url: str, word: str) -> None:
    with pytest.raises(WordPressError, match=word) as caught:
        read_by_rest(url, "key", "secret")
    assert "hidden-password" not in str(caught.value)
