# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a WordPress network by the REST API of the plugin Ultimate Multisite (plugin reference 3.3, 6).

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import json
import os
import time
import traceback
import typing as t
import urllib.parse

from ...module_utils._errors import MissingLibrary, UserError
from ...module_utils._runcloud.connection import is_loopback, read_proxies
from ...module_utils._secrets import LEAST_LENGTH, Secrets, basic_pair
from .network import REST, SILENT_CAP, Inventory, Network, Note, Plugin, Site
from .notes import examined
from .said import plain
from .wire import parse_mapped_domain, parse_site

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import requests

PAGE = SILENT_CAP
# More rows than any network has: an API that goes on beyond does not end at all.
MOST_PAGES = 500
# A page of a hundred rows is far below this.
MOST_BYTES = 32 * 1024 * 1024
# Seconds.
_LONGEST = 86400

# The key of a collection's rows. Up to plugin 2.4.12 each site has the id 0 (plugin reference 6).
_KEYS = {"site": "blog_id", "domain": "id"}
_TITLES = {"site": "sites", "domain": "domains"}

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
    """Read a network by its REST API.

    The plugin's settings and the kind of the network are not in the API; the kind is told from the sites' addresses.

    :param url: the network's main address.
    :param key: the plugin's API key.
    :param secret: the plugin's API secret.
    :param network_id: keep only this network of several.
    :param base_domains: further domains below which sites have their addresses, normalised.
    :param environment: the task's environment variables; proxies are taken from nowhere else.
    :param timeout: seconds for one request, however slowly its answer comes.
    :param verify: whether certificates are checked, or the file of those that are trusted.
    :raises UserError: where an option cannot be used, or the network could not be read.
    """
    key, secret = key.strip(), secret.strip()
    for option, value in (("rest_key", key), ("rest_secret", secret)):
        if len(value) < LEAST_LENGTH:
            raise UserError(f"{option}: shorter than {LEAST_LENGTH} characters; give the one of the plugin's settings")
    if not 0 < timeout <= _LONGEST:
        raise UserError(f"timeout: must be between 1 and {_LONGEST} seconds, not {timeout:g}")
    if isinstance(verify, str) and not os.path.exists(verify):
        raise UserError(f"ca_path: there is no file {verify!r} on the controller")
    api = RestApi(url, key, secret, environment=environment, timeout=timeout, verify=verify)
    try:
        # A site that is made meanwhile must not make its domain look like one without a site.
        domain_rows, domain_gaps = api.rows("domain")
        site_rows, site_gaps = api.rows("site")
    finally:
        api.close()
    try:
        sites = sorted((parse_site(row) for row in site_rows), key=lambda site: site.blog_id)
        domains = sorted((parse_mapped_domain(row) for row in domain_rows), key=lambda row: row.id)
    except UserError as exc:
        raise UserError(f"rest_url {api.url!r}: a row cannot be used: {plain(str(exc), api.secrets)}") from exc
    if not sites:
        raise UserError(
            f"rest_url {api.url!r}: the API shows no site, not even the main one; is the key that of a super admin?"
        )
    networks = _networks(sites)
    inventory = Inventory(
        networks=networks,
        sites=tuple(sites),
        domains=tuple(domains),
        plugin=Plugin(None, True),
        main_network_id=networks[0].id,
        method=REST,
    )
    return examined(inventory, [*site_gaps, *domain_gaps], network_id=network_id, base_domains=base_domains)


class RestApi:
    """One network's REST API. Asks for lists, a page at a time, and turns every failure into words."""

    def __init__(
        self, url: str, key: str, secret: str, *, environment: Mapping[str, str], timeout: float, verify: bool | str
    ) -> None:
        """Prepare the connection; nothing is sent yet. Parameters and errors as of ``read_rest``."""
        self.url = _checked_url(url)
        try:
            # A run without REST need not pay for it.
            import requests
            import urllib3.exceptions
        except ImportError:
            raise MissingLibrary("requests", traceback.format_exc()) from None
        self._errors = requests.exceptions
        # What reading a body raises.
        self._broken, self._stalled = urllib3.exceptions.HTTPError, urllib3.exceptions.TimeoutError
        self._timeout = timeout
        self._verify = environment.get("REQUESTS_CA_BUNDLE") or True if verify is True else verify
        self._pair = basic_pair(key, secret)
        self.secrets = Secrets((key, secret, self._pair))
        self._session = requests.Session()
        # Neither netrc, nor REQUESTS_CA_BUNDLE, nor the proxies of the process or the system.
        self._session.trust_env = False
        self._session.proxies.update(read_proxies(urllib.parse.urlsplit(self.url), environment))
        self._pretty = True

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def rows(self, collection: str) -> tuple[list[Row], list[Note]]:
        """Read all rows of a collection, whichever generation of paging the plugin has.

        Newer plugins page by ``page`` and ``per_page``, older ones by ``number`` and ``offset``, and each ignores the
        other's: sending all four is right for both.

        :param collection: ``domain`` or ``site``.
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
                return list(found.values()), [_capped(collection, len(found))]
            if not body or (len(body) < PAGE and (total is None or len(found) >= total)):
                return list(found.values()), _contradictions(collection, len(found), keys, totals)
        raise UserError(
            f"rest_url {self.url!r}: the list of {_TITLES[collection]} does not end after {MOST_PAGES} pages; "
            "something in front of WordPress answers in its place, or a plugin changes its answers"
        )

    def _page(self, collection: str, page: int) -> tuple[list[Row], int | None]:
        paging: dict[str, str | int] = {"per_page": PAGE, "page": page, "number": PAGE, "offset": (page - 1) * PAGE}
        response, body = self._get(f"/wu/v2/{collection}", {**paging, "orderby": "id", "order": "asc"})
        if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
            raise UserError(
                f"rest_url {self.url!r}: wu/v2/{collection} answered something other than a list of objects; "
                "is this the main address of a network with the plugin Ultimate Multisite?"
            )
        total = response.headers.get("X-WP-Total", "").strip()
        return body, int(total) if total.isascii() and total.isdigit() and len(total) < 10 else None

    def _get(self, route: str, query: dict[str, str | int]) -> tuple[requests.Response, t.Any]:
        response, text = self._send(route, query)
        if response.status_code == 404 and self._pretty and _json(text) is None:
            # Without pretty permalinks there is no /wp-json/; WordPress then takes the route as a parameter.
            self._pretty = False
            response, text = self._send(route, query)
        body = _json(text)
        if response.status_code != 200 or body is None:
            raise UserError(f"rest_url {self.url!r}: GET {route} {self._complaint(response, text, body)}")
        return response, body

    def _send(self, route: str, query: dict[str, str | int]) -> tuple[requests.Response, str]:
        if self._pretty:
            url, parameters = f"{self.url}/wp-json{route}", query
        else:
            url, parameters = f"{self.url}/", {"rest_route": route, **query}
        try:
            # A redirect is never followed: it would take the credentials along, or lose them.
            with self._session.get(
                url,
                params=parameters,
                auth=self._signed,
                timeout=self._timeout,
                verify=self._verify,
                allow_redirects=False,
                stream=True,
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            ) as response:
                return response, self._text(response, time.monotonic() + self._timeout)
        except self._errors.SSLError as exc:
            raise UserError(f"rest_url {self.url!r}: {_tls_problem(exc)}") from None
        except (self._errors.Timeout, self._stalled):
            raise self._late() from None
        except (self._errors.RequestException, self._broken, OSError) as exc:
            text = f"rest_url {self.url!r} cannot be reached ({type(exc).__name__}); check name, port, DNS and proxy"
            raise UserError(text) from None

    def _signed(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request itself: requests encodes key and secret as latin-1, and WordPress expects UTF-8."""
        request.headers["Authorization"] = f"Basic {self._pair}"
        return request

    def _text(self, response: requests.Response, deadline: float) -> str:
        """Read the body; the time limit holds for the whole of it, not for each piece."""
        whole = bytearray()
        # Without read1 (urllib3 before 2.1) only a single byte is sure not to wait for more.
        read = getattr(response.raw, "read1", None)
        while chunk := read(65536) if read else response.raw.read(1):
            whole += chunk
            if time.monotonic() > deadline:
                raise self._late()
            if len(whole) > MOST_BYTES:
                raise UserError(
                    f"rest_url {self.url!r}: an answer is larger than {MOST_BYTES >> 20} MiB; this is not a list"
                )
        return whole.decode("utf-8-sig", "replace")

    def _late(self) -> UserError:
        return UserError(
            f"rest_url {self.url!r} gave no whole answer within {self._timeout:g} seconds (option timeout)"
        )

    def _complaint(self, response: requests.Response, text: str, body: t.Any) -> str:
        """Say what an answer means and what to do about it."""
        status = response.status_code
        said = body if isinstance(body, dict) else {}
        message = plain(str(said.get("message") or ("" if said else text)), self.secrets)
        words = f" ({message})" if message else ""
        if 300 <= status < 400:
            target = plain(response.headers.get("Location", "").partition("?")[0], self.secrets)
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
            return (
                f"answered {status}{words}: WordPress itself failed; its error log (wp-content/debug.log, PHP) says why"
            )
        return f"answered {status}{words}; the error log of WordPress may say more"


def _capped(collection: str, count: int) -> Note:
    return Note(
        "capped",
        f"the REST API showed {count} {_TITLES[collection]} and then no more: the list may be cut short, so nothing may "
        "be removed because of it; use method wp_cli or php, or update the plugin",
    )


def _contradictions(collection: str, count: int, keys: set[str], totals: set[int]) -> list[Note]:
    """Say where a list does not agree with itself, so that it is not known to be whole."""
    what = _TITLES[collection]
    faults = []
    if totals and totals != {count}:
        faults.append(f"it announced {' and then '.join(map(str, sorted(totals)))} {what} and listed {count}")
    if len(keys) != count:
        faults.append(
            f"it listed {count - len(keys)} of the {what} more than once, each time with something else in them"
        )
    return [
        Note(
            "contradiction",
            f"the REST API contradicts itself ({fault}): nothing may be removed because of this list; run again, or use "
            "method wp_cli or php",
        )
        for fault in faults
    ]


def _networks(sites: list[Site]) -> tuple[Network, ...]:
    """Tell the networks from their sites: the first site of each is its main one."""
    found = []
    for network_id in sorted({site.network_id for site in sites}):
        main, *others = [site for site in sites if site.network_id == network_id]
        found.append(
            Network(
                id=network_id,
                domain=main.domain,
                path=main.path,
                subdomain_install=_subdomain_install(main, others),
                main_site_id=main.blog_id,
            )
        )
    return tuple(found)


def _subdomain_install(main: Site, others: list[Site]) -> bool | None:
    parent = "." + main.domain.removeprefix("www.")
    if any(site.domain.endswith(parent) for site in others):
        return True
    return False if any(site.domain == main.domain for site in others) else None


def _checked_url(url: str) -> str:
    """Bring the address into one form: no trailing slash, no /wp-json. What may hold a secret is never repeated."""
    url = url.strip()
    if "@" in url.partition("://")[2].partition("?")[0] or "@" in url.partition("/")[0]:
        raise UserError("rest_url: holds a login (user name or password); give it by rest_key and rest_secret")
    shown = repr(url.partition("?")[0].partition("#")[0])
    if not url.isprintable():
        raise UserError("rest_url: not a URL; remove the control characters")
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise UserError(f"rest_url {shown}: not a URL; give one like https://network.example.com") from None
    if parts.scheme not in ("http", "https") or not host:
        raise UserError(f"rest_url {shown}: not a URL; give one like https://network.example.com")
    if parts.scheme == "http" and not is_loopback(host):
        raise UserError(f"rest_url {shown}: http:// would send the API key unencrypted; use https://")
    path = parts.path.partition("/wp-json")[0].rstrip("/")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{port}{path}"


def _json(text: str) -> t.Any:
    """Decode an answer; PHP notices in front of the JSON do no harm. None where it is none."""
    decoder = json.JSONDecoder()
    for start in (0, *(place for place in (text.find("\n["), text.find("\n{")) if place >= 0)):
        try:
            return decoder.raw_decode(text[start:].lstrip())[0]
        except (ValueError, RecursionError):
            continue
    return None


def _tls_problem(exc: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(exc):
        return (
            "its certificate is not trusted; give the authority by ca_path, or switch the check off by validate_certs"
        )
    return "there is no TLS at this address; check scheme and port"
