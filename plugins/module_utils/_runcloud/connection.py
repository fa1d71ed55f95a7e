# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the API is, who asks, and what for: what a client is made from. Loads nothing that makes requests.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import re
import typing as t
import urllib.parse

from .._errors import UserError
from .._secrets import basic_pair, other_forms

if t.TYPE_CHECKING:
    from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Credentials:
    """What proves who we are: a token (Bearer), or a key and a secret (Basic; API v2 only). Never printed."""

    token: str | None = dataclasses.field(default=None, repr=False)
    key: str | None = dataclasses.field(default=None, repr=False)
    secret: str | None = dataclasses.field(default=None, repr=False)

    @property
    def header(self) -> str:
        """The value of the Authorization header (reference 1.1)."""
        return f"Bearer {self.token}" if self.token else f"Basic {basic_pair(self.key or '', self.secret or '')}"

    @property
    def hidden_values(self) -> tuple[str, ...]:
        """Every text that must not appear in any output."""
        values = [value for value in (self.token, self.key, self.secret) if value]
        if self.key and self.secret:
            values.append(basic_pair(self.key, self.secret))
        return tuple(values)


@dataclasses.dataclass(frozen=True)
class Connection:
    """The API and how to reach it.

    :param url: base URL, without a slash at its end.
    :param version: of the API, 2 or 3.
    :param verify: whether TLS is verified, or the path of a CA bundle to verify it with.
    :param timeout: seconds for one request as a whole.
    :param retries: how often a request is tried again after 5xx and connection faults.
    :param rate_limit_timeout: seconds that the whole run may wait for the request limit.
    :param proxies: URL of the proxy for each scheme; nothing else is looked up.
    """

    url: str
    version: int
    credentials: Credentials
    verify: bool | str = True
    timeout: float = 120.0
    retries: int = 5
    rate_limit_timeout: float = 900.0
    proxies: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def hidden_values(self) -> tuple[str, ...]:
        """Every text to mask, in the forms that need to be known letter for letter."""
        logins = [part for url in self.proxies.values() for part in login_parts(url)]
        return tuple(form for value in (*self.credentials.hidden_values, *logins) for form in other_forms(value))

    @property
    def fingerprint(self) -> str:
        """A name for this API and credential that tells nothing of either: who shares it shares the request limit."""
        return hashlib.sha256("\n".join((self.url, *self.credentials.hidden_values)).encode()).hexdigest()[:32]


@dataclasses.dataclass(frozen=True)
class Target:
    """Which server and web application the user named: each by id or by name."""

    server_id: int | None = None
    server_name: str | None = None
    webapp_id: int | None = None
    webapp_name: str | None = None

    @property
    def has_server(self) -> bool:
        """Say whether a server is named at all."""
        return self.server_id is not None or self.server_name is not None

    @property
    def has_webapp(self) -> bool:
        """Say whether a web application is named at all."""
        return self.webapp_id is not None or self.webapp_name is not None


def same_name(name: str, wanted: str | None) -> bool:
    """Compare the names of servers and of web applications, whole and whatever their case."""
    return name.casefold() == (wanted or "").casefold()


def version_of(url: str) -> int | None:
    """Return the version that a base URL ends in (2 or 3), None where it names none (design 2.1)."""
    match = re.search(r"/v([23])/?\Z", url)
    return int(match.group(1)) if match else None


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_url(url: str, option: str, example: str, credentials: str) -> urllib.parse.SplitResult:
    """Take the URL of an API apart.

    :param option: what it was given by; ``credentials`` are the options that a login belongs into.
    :raises UserError: it is not a URL, holds a login, or would send credentials in clear. No secret is repeated.
    """
    if "@" in url:
        raise UserError(f"{option}: holds a login; credentials go into {credentials}")
    shown = url.partition("?")[0]
    wrong = UserError(f"{option}: {shown!r} is not a URL like {example}; correct it")
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not host or port == 0 or " " in url or not url.isprintable():
        raise wrong
    if parts.scheme == "http" and not is_loopback(host):
        raise UserError(
            f"{option}: {shown!r} would send the credentials unencrypted; use https (http only to loopback)"
        )
    return parts


def read_proxies(parts: urllib.parse.SplitResult, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the proxy that the environment names for a URL; loopback never takes one."""
    host = parts.hostname or ""
    names = (f"{parts.scheme}_proxy", "all_proxy")
    proxy = next((environment[spelling] for name in names for spelling in _spellings(name, environment)), "").strip()
    if not proxy or is_loopback(host):
        return {}
    import urllib.request

    excepted = next((environment[spelling] for spelling in _spellings("no_proxy", environment)), "")
    # typeshed leaves it out, since it is of the Unix half of the module only.
    if excepted and urllib.request.proxy_bypass_environment(host, {"no": excepted}):  # type: ignore[attr-defined]
        return {}
    return {parts.scheme: proxy if "://" in proxy else f"http://{proxy}"}


def _spellings(name: str, environment: Mapping[str, str]) -> list[str]:
    return [spelling for spelling in (name, name.upper()) if environment.get(spelling)]


def login_parts(url: str) -> tuple[str, ...]:
    """Return what must not be shown of a URL with a login in it, as it stands there and decoded; normally nothing."""
    # Not by urlsplit: what it refuses to read may still hold a login, and a password a slash.
    login, at, _host = (url.partition("://")[2] or url).rpartition("@")
    if not at:
        return ()
    parts = (login, *login.split(":", 1))
    return tuple(dict.fromkeys(form for part in parts for form in (part, urllib.parse.unquote(part)) if form))
