# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a WordPress network by the REST API of the plugin Ultimate Multisite (plugin reference 3.3, 6).

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import json
import os
import typing as t

from ...module_utils._errors import MissingLibrary, UserError
from ...module_utils._names import WWW
from ...module_utils._runcloud import client as _client
from ...module_utils._runcloud.client import MAX_BODY, open_session, send_in_time
from ...module_utils._runcloud.connection import Credentials, read_proxies, read_url
from ...module_utils._secrets import LEAST_LENGTH, Secrets
from .network import REST, SILENT_CAP, Inventory, Network, Note, Plugin, Site
from .notes import examined
from .wire import parse_mapped_domain, parse_site, plain

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PAGE = SILENT_CAP
# More rows than any network has: an API that goes on beyond does not end at all.
MOST_PAGES = 500
# Seconds.
_LONGEST = 86400

# The key of a collection's rows. Up to plugin 2.4.12 each site has the id 0 (plugin reference 6).
_KEYS = {"site": "blog_id", "domain": "id"}

Row = dict[str, t.Any]


def read_rest(
    url: str,
    key: str,
    secret: str,
    *,
    network_id: int | None = None,
    base_domains: Sequence[str] = (),
    environment: Mapping[str, str],
    timeout: float = 120,
    verify: bool | str = True,
) -> Inventory:
    """Read a network by its REST API; ``network_id`` and ``base_domains`` are those of ``examined``.

    The plugin's settings and the kind of the network are not in the API; the kind is told from the sites' addresses.

    :param url: the network's main address; ``key`` and ``secret`` are those of the plugin's API.
    :param environment: the task's environment variables; proxies are taken from nowhere else.
    :param timeout: seconds for one request, however slowly its answer comes.
    :param verify: whether certificates are checked, or the file of those that are trusted.
    :raises UserError: where an option cannot be used, or the network could not be read.
    """
    if not 0 < timeout <= _LONGEST:
        raise UserError(f"timeout: must be between 1 and {_LONGEST} seconds, not {timeout:g}")
    if isinstance(verify, str) and not os.path.exists(verify):
        raise UserError(f"ca_path: there is no file {verify!r} on the controller")
    verify = environment.get("REQUESTS_CA_BUNDLE") or True if verify is True else verify
    api = RestApi(url, Credentials(key=key.strip(), secret=secret.strip()), environment, timeout, verify)
    try:
        # A site that is made meanwhile must not make its domain look like one without a site.
        domain_rows, domain_gaps = api.rows("domain")
        site_rows, site_gaps = api.rows("site")
    finally:
        api.session.close()
    try:
        sites = sorted((parse_site(row) for row in site_rows), key=lambda site: site.blog_id)
        domains = sorted((parse_mapped_domain(row) for row in domain_rows), key=lambda row: row.id)
    except UserError as exc:
        raise api.error(f"a row cannot be used: {plain(str(exc), api.secrets)}") from exc
    if not sites:
        raise api.error("the API shows no site, not even the main one; is the key that of a super admin?")
    by_network: dict[int, list[Site]] = {}
    for site in sites:
        by_network.setdefault(site.network_id, []).append(site)
    networks = tuple(_network(by_network[number]) for number in sorted(by_network))
    inventory = Inventory(
        networks, tuple(sites), tuple(domains), Plugin(None, True), main_network_id=networks[0].id, method=REST
    )
    return examined(inventory, [*site_gaps, *domain_gaps], network_id=network_id, base_domains=base_domains)


class RestApi:
    """One network's REST API. Asks for lists, a page at a time, and turns every failure into words."""

    def __init__(
        self, url: str, credentials: Credentials, environment: Mapping[str, str], timeout: float, verify: bool | str
    ) -> None:
        """Prepare the connection; nothing is sent yet. Parameters and errors as of ``read_rest``."""
        for name, value in (("key", credentials.key), ("secret", credentials.secret)):
            if len(value or "") < LEAST_LENGTH:
                raise UserError(
                    f"rest_{name}: shorter than {LEAST_LENGTH} characters; give that of the plugin's settings"
                )
        parts = read_url(url.strip(), "rest_url", "https://network.example.com", "rest_key and rest_secret")
        # No trailing slash, no /wp-json.
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.partition('/wp-json')[0].rstrip('/')}"
        if not _client.HAS_REQUESTS:
            raise MissingLibrary("requests", _client.REQUESTS_IMPORT_ERROR or "")
        self.secrets = Secrets(credentials.hidden_values)
        self.session = open_session(credentials)
        self._timeout = timeout
        self._how = {"verify": verify, "proxies": read_proxies(parts, environment)}
        self._pretty = True

    def error(self, text: str) -> UserError:
        """Return a failure that names the address."""
        return UserError(f"rest_url {self.url!r}: {text}")

    def rows(self, collection: str) -> tuple[list[Row], list[Note]]:
        """Read all rows of ``domain`` or ``site``, whichever generation of paging the plugin has.

        :returns: the rows, and why they may not be all.
        :raises UserError: where they could not be read.
        """
        found: dict[str, Row] = {}
        totals: set[int] = set()
        keys: set[str] = set()
        for page in range(1, MOST_PAGES + 1):
            body, total = self._page(collection, page)
            totals |= {total} if total is not None else set()
            fresh = {text: row for row in body if (text := json.dumps(row, sort_keys=True)) not in found}
            found.update(fresh)
            keys.update(str(row.get(_KEYS[collection])) for row in fresh.values())
            if not fresh and body:
                # The same page again: this API does not page at all and ends silently after its first rows.
                text = (
                    f"the REST API showed {len(found)} {collection}s and then no more: the list may be cut short, so "
                )
                text += "nothing may be removed because of it; use method wp_cli or php, or update the plugin"
                return list(found.values()), [Note("capped", text)]
            if not body or (len(body) < PAGE and (total is None or len(found) >= total)):
                return list(found.values()), _contradictions(collection, len(found), len(keys), totals)
        raise self.error(
            f"the list of {collection}s does not end after {MOST_PAGES} pages; something in front of WordPress answers "
            "in its place, or a plugin changes its answers"
        )

    def _page(self, collection: str, page: int) -> tuple[list[Row], int | None]:
        """Read one page, and how many rows there are in all, where that is said.

        Newer plugins page by ``page`` and ``per_page``, older ones by ``number`` and ``offset``, and each ignores the
        other's: sending all four is right for both.
        """
        paging = {"per_page": PAGE, "page": page, "number": PAGE, "offset": (page - 1) * PAGE}
        route, query = f"/wu/v2/{collection}", {**paging, "orderby": "id", "order": "asc"}
        reply, text = self._send(route, query)
        if reply.status_code == 404 and self._pretty and _json(text) is None:
            # Without pretty permalinks there is no /wp-json/; WordPress then takes the route as a parameter.
            self._pretty = False
            reply, text = self._send(route, query)
        body = _json(text)
        if reply.status_code != 200 or body is None:
            raise self.error(f"GET {route} {self._complaint(reply, text, body)}")
        if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
            text = f"wu/v2/{collection} answered something other than a list of objects; is this the main address of a"
            raise self.error(f"{text} network with the plugin Ultimate Multisite?")
        total = reply.headers.get("X-WP-Total", "").strip()
        return body, int(total) if total.isascii() and total.isdigit() and len(total) < 10 else None

    def _send(self, route: str, query: dict[str, t.Any]) -> tuple[t.Any, str]:
        url = f"{self.url}/wp-json{route}" if self._pretty else f"{self.url}/"
        parameters = query if self._pretty else {"rest_route": route, **query}
        import requests.exceptions as errors

        try:
            reply, content = send_in_time(self.session, self._timeout, "GET", url, params=parameters, **self._how)
        except errors.SSLError as exc:
            if "CERTIFICATE_VERIFY_FAILED" not in str(exc):
                raise self.error("there is no TLS at this address; check scheme and port") from None
            text = "its certificate is not trusted; give the authority by ca_path, or switch the check off by"
            raise self.error(f"{text} validate_certs") from None
        except OSError as exc:  # All of requests' own are.
            if isinstance(exc, errors.Timeout) or "timed out" in str(exc):
                raise self.error(f"no whole answer within {self._timeout:g} seconds (option timeout)") from None
            text = f"cannot be reached ({type(exc).__name__}); check name, port, DNS and proxy"
            raise self.error(text) from None
        if len(content) > MAX_BODY:
            raise self.error(f"an answer is longer than {MAX_BODY // 1_000_000} MB; this is not a list")
        return reply, content.decode("utf-8-sig", "replace")

    def _complaint(self, reply: t.Any, text: str, body: t.Any) -> str:
        """Say what an answer means and what to do about it."""
        status = reply.status_code
        said = body if isinstance(body, dict) else {}
        message = plain(str(said.get("message") or ("" if said else text)), self.secrets)
        words = f" ({message})" if message else ""
        if 300 <= status < 400:
            target = plain(reply.headers.get("Location", "").partition("?")[0], self.secrets)
            return f"was redirected to {target}; give the address that does not redirect as rest_url"
        if status in (401, 403):
            return (
                f"answered {status}{words}: rest_key or rest_secret is wrong, or the web server does not hand the "
                "Authorization header to PHP (Apache: CGIPassAuth On), or a firewall refuses this address; the key "
                "stands in the plugin's settings under API & Webhooks"
            )
        if status == 404 and said.get("code") == "rest_no_route":
            return (
                "answered 404 (rest_no_route): the plugin's API is switched off (its settings, API & Webhooks), or the "
                "plugin is not active in this network, or rest_url is not the network's main address"
            )
        if status == 200:
            return f"did not answer with JSON{words}; is rest_url the main address of the network?"
        if status == 404:
            return "answered 404: there is no WordPress REST API at this address; check rest_url, and security plugins"
        if status >= 500:
            return f"answered {status}{words}: WordPress failed; its error log (wp-content/debug.log, PHP) says why"
        return f"answered {status}{words}; the error log of WordPress may say more"


def _contradictions(collection: str, count: int, different: int, totals: set[int]) -> list[Note]:
    """Say where a list does not agree with itself, so that it is not known to be whole."""
    faults = []
    if totals and totals != {count}:
        faults.append(f"it announced {' and then '.join(map(str, sorted(totals)))} {collection}s and listed {count}")
    if different != count:
        faults.append(f"it listed {count - different} of the {collection}s more than once, with something else in them")
    rest = "nothing may be removed because of this list; run again, or use method wp_cli or php"
    return [Note("contradiction", f"the REST API contradicts itself ({fault}): {rest}") for fault in faults]


def _network(sites: list[Site]) -> Network:
    """Tell a network from its sites: the first is its main one."""
    main, *others = sites
    subdomains: bool | None = None
    if any(site.domain.endswith("." + main.domain.removeprefix(WWW)) for site in others):
        subdomains = True
    elif any(site.domain == main.domain for site in others):
        subdomains = False
    return Network(main.network_id, main.domain, main.path, subdomains, main.blog_id)


def _json(text: str) -> t.Any:
    """Decode an answer; PHP notices in front of the JSON do no harm. None where it is none."""
    for start in (0, *(place for place in (text.find("\n["), text.find("\n{")) if place >= 0)):
        try:
            return json.JSONDecoder().raw_decode(text[start:].lstrip())[0]
        except (ValueError, RecursionError):
            continue
    return None
