# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What RunCloud has, typed: servers, web applications, domains, certificates. Pure.

PRIVATE to the collection: may change without notice.

Secrets that RunCloud sends along (private keys, pull keys, the secrets of external API keys) have no place in these
objects and so end at the reading.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._names import served_names

if t.TYPE_CHECKING:
    import datetime

ALIAS = "alias"
PRIMARY = "primary"
REDIRECT = "redirect"
DOMAIN_TYPES = (ALIAS, PRIMARY, REDIRECT)
REDIRECTIONS = ("none", "www", "non-www")

LETSENCRYPT = "letsencrypt"
CUSTOM = "custom"
CSR = "csr"

# Reference 6.1: the ids of the protocol sets, seen in two clients; the call that lists them is not to be relied on.
TLS_VERSION_IDS = {"TLSv1.1+": 1, "TLSv1.2+": 2, "TLSv1.3": 3}


@dataclasses.dataclass(frozen=True)
class Server:
    """A server (reference 2.1)."""

    id: int
    name: str
    address: str | None
    online: bool
    connected: bool
    provider: str | None = None
    stack: str | None = None
    os: str | None = None
    os_version: str | None = None
    country: str | None = None
    agent_version: str | None = None
    php_cli_version: str | None = None
    tags: tuple[str, ...] = ()
    created_at: str | None = None

    @property
    def usable(self) -> bool:
        """Say whether RunCloud can reach the server's agent, which every change needs (reference 7)."""
        return self.online and self.connected


@dataclasses.dataclass(frozen=True)
class WebApp:
    """A web application, without its pull keys (reference 2.2)."""

    id: int
    name: str
    type: str | None = None
    root_path: str | None = None
    public_path: str | None = None
    php_version: str | None = None
    stack: str | None = None
    stack_mode: str | None = None
    default_app: bool = False
    created_at: str | None = None


@dataclasses.dataclass(frozen=True)
class Domain:
    """A domain of a web application (reference 3.1). ``None`` means that RunCloud did not say.

    ``name`` is normalised, and a wildcard always carries its ``*.`` (reference 3.10: both spellings occur).
    ``id`` is None for a domain that does not exist yet. ``readable`` is False where the name is not a host name: such a
    row is never touched.
    """

    id: int | None
    name: str
    type: str | None = ALIAS
    www: bool | None = False
    redirection: str | None = "none"
    wildcard: bool = False
    dns_integration: str | None = None
    status: str | None = None
    created_at: str | None = None
    readable: bool = True

    @property
    def served_names(self) -> tuple[str, ...]:
        """The host names that this domain serves."""
        return served_names(self.name, self.www)

    def as_result(self) -> dict[str, object]:
        """Return the domain as the modules show it."""
        return {key: value for key, value in vars(self).items() if key != "readable"}


@dataclasses.dataclass(frozen=True)
class Certificate:
    """A certificate as RunCloud knows it, without keys (reference 4.2). ``None`` means that RunCloud did not say.

    ``domain`` is the name of the domain it belongs to, None for the one certificate of basic mode.
    ``pem`` is the certificate itself where RunCloud returns it (reference U29); it is public.
    """

    id: int
    domain: str | None
    provider: str | None
    valid_until: datetime.datetime | None
    renewal_date: datetime.datetime | None = None
    staging: bool = False
    authorization_method: str | None = None
    external_api: int | None = None
    enable_http: bool | None = None
    enable_hsts: bool | None = None
    enable_hsts_preload: bool | None = None
    tls_versions: str | None = None
    created_at: datetime.datetime | None = None
    pem: str | None = None


@dataclasses.dataclass(frozen=True)
class CertificateOptions:
    """What can be set for a certificate without issuing it anew (reference 4.5). ``None``: say nothing of it."""

    enable_http: bool | None = None
    enable_hsts: bool | None = None
    enable_hsts_subdomains: bool | None = None
    enable_hsts_preload: bool | None = None
    tls_versions: str | None = None


@dataclasses.dataclass(frozen=True)
class KeyPair:
    """A certificate that the user has, with its key: PEM texts. The key is never printed."""

    certificate: str
    private_key: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class CertificateRequest:
    """What is sent to install a certificate (reference 4.1)."""

    provider: str
    options: CertificateOptions
    environment: str = "live"
    authorization_method: str | None = None
    external_api: int | None = None
    pair: KeyPair | None = None


@dataclasses.dataclass(frozen=True)
class SslMethod:
    """How a web application keeps its certificates (reference 5.1). ``auto_ssl`` None: RunCloud did not say."""

    advanced: bool
    auto_ssl: bool | None


@dataclasses.dataclass(frozen=True)
class LogEntry:
    """A line of the activity log (reference 2.3)."""

    kind: str
    content: str
    created_at: str


@dataclasses.dataclass(frozen=True)
class ExternalApi:
    """A key for a DNS provider, without its secret (reference 6.2)."""

    id: int
    label: str
    service: str
