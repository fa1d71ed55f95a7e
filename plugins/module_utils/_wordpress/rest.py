# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a WordPress network by the REST API of the plugin Ultimate Multisite (plugin reference 3.3).

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
import json
import traceback
import typing as t
import urllib.parse

from . import cli as _wordpress
from . import network as _inventory

try:
    import requests

    HAS_REQUESTS = True
    REQUESTS_IMPORT_ERROR: str | None = None
except ImportError:
    HAS_REQUESTS = False
    REQUESTS_IMPORT_ERROR = traceback.format_exc()

PAGE = _inventory.SILENT_CAP


class RestApi:
    """One network's REST API. Asks for lists, a page at a time, and turns every failure into words."""

    def __init__(self, url: str, key: str, secret: str, *, timeout: float = 120, verify: bool | str = True) -> None:
        """Prepare the connection; nothing is sent yet.

        :param url: the network's main address.
        :param key: the plugin's API key.
        :param secret: the plugin's API secret.
        :param timeout: seconds for one request.
        :param verify: whether certificates are checked, or the file of those that are trusted.
        :raises WordPressError: where the URL cannot be used.
        """
        self.url = _checked_url(url)
        self._timeout = timeout
        self._verify = verify
        self._auth = (key, secret)
        self._session = requests.Session()
        self._pretty = True

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def rows(self, collection: str) -> tuple[list[dict[str, t.Any]], bool]:
        """Read all rows of a collection, whichever generation of paging the plugin has.

        Newer plugins page by ``page`` and ``per_page``, older ones by ``number`` and ``offset``, and each ignores the
        other's: sending all four is right for both.

        :param collection: ``domain`` or ``site``.
        :returns: the rows by ascending id, and whether they are all.
        :raises WordPressError: where they could not be read.
        """
        found: dict[str, dict[str, t.Any]] = {}
        page = 0
        while True:
            page += 1
            body, total = self._page(collection, page)
            fresh = {str(row.get("id")): row for row in body if str(row.get("id")) not in found}
            found.update(fresh)
            if len(body) < PAGE:
                return list(found.values()), total is None or total == len(found)
            if not fresh:
                # The same page again: this API does not page at all and ends silently after its first rows.
                return list(found.values()), False

    def _page(self, collection: str, page: int) -> tuple[list[dict[str, t.Any]], int | None]:
        paging = {"per_page": PAGE, "page": page, "number": PAGE, "offset": (page - 1) * PAGE}
        response = self._get(f"/wu/v2/{collection}", {**paging, "orderby": "id", "order": "asc"})
        body = _json(response)
        if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
            raise _wordpress.WordPressError(
                f"rest_url {self.url!r}: wu/v2/{collection} answered something other than a list of objects; "
                "is this the main address of a network with the plugin Ultimate Multisite?"
            )
        total = response.headers.get("X-WP-Total", "")
        return body, int(total) if total.isdigit() else None

    def _get(self, route: str, query: dict[str, str | int]) -> requests.Response:
        response = self._send(route, query)
        if response.status_code == 404 and self._pretty and _json(response) is None:
            # Without pretty permalinks there is no /wp-json/; WordPress then takes the route as a parameter.
            self._pretty = False
            response = self._send(route, query)
        if response.status_code != 200 or _json(response) is None:
            raise _wordpress.WordPressError(f"rest_url {self.url!r}: GET {route} {_complaint(response)}")
        return response

    def _send(self, route: str, query: dict[str, str | int]) -> requests.Response:
        if self._pretty:
            url, parameters = f"{self.url}/wp-json{route}", query
        else:
            url, parameters = f"{self.url}/", {"rest_route": route, **query}
        try:
            # A redirect is never followed: it would take the credentials along, or lose them.
            return self._session.get(
                url,
                params=parameters,
                auth=self._auth,
                timeout=self._timeout,
                verify=self._verify,
                allow_redirects=False,
                headers={"Accept": "application/json"},
            )
        except requests.exceptions.SSLError as exc:
            raise _wordpress.WordPressError(f"rest_url {self.url!r}: {_tls_problem(exc)}") from exc
        except requests.exceptions.Timeout as exc:
            text = f"rest_url {self.url!r} gave no answer within {self._timeout:g} seconds (option timeout)"
            raise _wordpress.WordPressError(text) from exc
        except requests.exceptions.RequestException as exc:
            text = f"rest_url {self.url!r} cannot be reached ({type(exc).__name__}); check name, port and DNS"
            raise _wordpress.WordPressError(text) from exc


def read_by_rest(
    url: str, key: str, secret: str, *, timeout: float = 120, verify: bool | str = True
) -> _wordpress.Reading:
    """Read a network by its REST API.

    The plugin's settings and the kind of the network are not in the API; the kind is told from the sites' addresses.

    :param url: the network's main address.
    :param key: the plugin's API key.
    :param secret: the plugin's API secret.
    :param timeout: seconds for one request.
    :param verify: whether certificates are checked, or the file of those that are trusted.
    :raises WordPressError: where it could not be read.
    """
    api = RestApi(url, key, secret, timeout=timeout, verify=verify)
    try:
        site_rows, all_sites = api.rows("site")
        domain_rows, all_domains = api.rows("domain")
    finally:
        api.close()
    try:
        sites = sorted((_inventory.parse_site(row) for row in site_rows), key=lambda site: site.blog_id)
        domains = sorted((_inventory.parse_mapped_domain(row) for row in domain_rows), key=lambda row: row.id)
    except _inventory.InventoryError as exc:
        raise _wordpress.WordPressError(f"rest_url {api.url!r}: a row cannot be used: {exc}") from exc
    if not sites:
        raise _wordpress.WordPressError(
            f"rest_url {api.url!r}: the API shows no site, not even the main one; is the key that of a super admin?"
        )
    networks = _networks(sites)
    inventory = _inventory.Inventory(
        networks=networks,
        sites=tuple(sites),
        domains=tuple(domains),
        plugin=_inventory.Plugin(None, True),
        main_network_id=networks[0].id,
        complete=all_sites and all_domains,
    )
    notes = [
        _inventory.Note(
            "capped",
            f"the REST API showed {count} {what} and then no more: the list may be cut short, so nothing may be "
            "removed because of it; use method wp_cli or php, or update the plugin",
        )
        for what, count, whole in (("sites", len(sites), all_sites), ("domains", len(domains), all_domains))
        if not whole
    ]
    return _wordpress.Reading(_wordpress.REST, inventory, tuple(notes))


def _networks(sites: list[_inventory.Site]) -> tuple[_inventory.Network, ...]:
    """Tell the networks from their sites: the first site of each is its main one."""
    found = []
    for network_id in sorted({site.network_id for site in sites}):
        mine = [site for site in sites if site.network_id == network_id]
        main = mine[0]
        found.append(
            _inventory.Network(
                id=network_id,
                domain=main.domain,
                path=main.path,
                subdomain_install=_subdomain_install(main, mine[1:]),
                main_site_id=main.blog_id,
            )
        )
    return tuple(found)


def _subdomain_install(main: _inventory.Site, others: list[_inventory.Site]) -> bool | None:
    parent = "." + main.domain.removeprefix("www.")
    if any(site.domain.endswith(parent) for site in others):
        return True
    return False if any(site.domain == main.domain for site in others) else None


def _checked_url(url: str) -> str:
    """Bring the address into one form: no trailing slash, no /wp-json."""
    try:
        parts = urllib.parse.urlsplit(url.strip())
        host = parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError as exc:
        raise _wordpress.WordPressError(f"rest_url is no URL: {exc}") from exc
    if parts.username or parts.password:
        raise _wordpress.WordPressError("rest_url holds a user name or password; give them by rest_key and rest_secret")
    if parts.scheme not in ("http", "https") or not host:
        raise _wordpress.WordPressError(f"rest_url {url!r} is no URL; give one like https://network.example.com")
    if parts.scheme == "http" and not _is_loopback(host):
        raise _wordpress.WordPressError(
            f"rest_url {url!r}: http:// would send the API key readable to everybody on the way; use https://"
        )
    path = parts.path.partition("/wp-json")[0].rstrip("/")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{port}{path}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _json(response: requests.Response) -> t.Any:
    """Decode an answer; PHP notices in front of the JSON do no harm. None where it is none."""
    text = response.content.decode("utf-8-sig", "replace")
    decoder = json.JSONDecoder()
    for start in (0, *(place for place in (text.find("\n["), text.find("\n{")) if place >= 0)):
        try:
            return decoder.raw_decode(text[start:].lstrip())[0]
        except ValueError:
            continue
    return None


def _tls_problem(exc: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(exc):
        return (
            "its certificate is not trusted; give the authority by ca_path, or switch the check off by validate_certs"
        )
    return "there is no TLS at this address; check scheme and port"


def _complaint(response: requests.Response) -> str:
    """Say what an answer means and what to do about it."""
    status = response.status_code
    body = _json(response)
    said = body if isinstance(body, dict) else {}
    words = f" ({said.get('message')})" if said.get("message") else ""
    if 300 <= status < 400:
        target = response.headers.get("Location", "").partition("?")[0]
        return f"was redirected to {target}; give the address that does not redirect as rest_url"
    if status in (401, 403):
        return (
            f"answered {status}{words}: rest_key or rest_secret is wrong, or the web server does not hand the "
            "Authorization header to PHP (Apache: CGIPassAuth On), or a firewall refuses this address; the key stands "
            "in the plugin's settings under API & Webhooks"
        )
    if status == 404 and said.get("code") == "rest_no_route":
        return (
            "answered 404 (rest_no_route): the plugin's API is switched off (its settings, API & Webhooks), or the "
            "plugin is not active in this network, or rest_url is not the network's main address"
        )
    if status == 200:
        return "answered with something that is no JSON; is rest_url the main address of the network?"
    if status == 404:
        return "answered 404: there is no WordPress REST API at this address; check rest_url, and security plugins"
    return f"answered {status}{words}; the error log of WordPress may say more"
