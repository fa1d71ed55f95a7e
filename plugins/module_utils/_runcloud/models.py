# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What RunCloud says, typed. The only place that knows the spellings on the wire.

PRIVATE to the collection: may change without notice.

Every ``parse_*`` function takes decoded JSON in any of the shapes that the reference shows and raises
``WireError`` where it is none of them. Secrets that RunCloud sends along (private keys, pull keys, the
secrets of external API keys) have no place in these objects and so end here.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .. import _names as _hostnames

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
_TLS_VERSION_NAMES = {number: name for name, number in TLS_VERSION_IDS.items()}

# Reference 4.1: what a signing request is made of, by the names of our options.
_CSR_KEYS = {
    "key_type": "csrKeyType",
    "organization": "organization",
    "department": "department",
    "city": "city",
    "state": "state",
    "country": "country",
}
CSR_FIELDS = tuple(_CSR_KEYS)
CSR_KEY_TYPES = ("rsa-2048", "rsa-4096", "ecdsa-p256", "ecdsa-p384")

_TRUE_TEXTS = frozenset(("1", "true", "yes", "on"))


class WireError(ValueError):
    """An answer of RunCloud that has none of the known shapes; the message says what was expected."""


def truth(value: object) -> bool:
    """Read a boolean as RunCloud writes it: 0, 1, true, false, "0", "1" (reference 1.6)."""
    if isinstance(value, str):
        return value.strip().lower() in _TRUE_TEXTS
    return bool(value)


def parse_time(value: object) -> datetime.datetime | None:
    """Read ``YYYY-MM-DD HH:MM:SS`` as a time in UTC (reference 1.6, U20); anything unreadable is None."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        moment = datetime.datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment.replace(tzinfo=datetime.timezone.utc) if moment.tzinfo is None else moment


def unwrap(body: object) -> object:
    """Take a single resource out of ``{"data": {...}}``, where it comes so; normally it is bare (reference 1.3)."""
    if isinstance(body, dict) and isinstance(body.get("data"), dict) and "id" not in body:
        return body["data"]
    return body


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
    ``id`` is None for a domain that does not exist yet.
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

    @property
    def served_names(self) -> tuple[str, ...]:
        """The host names that this domain serves."""
        return _hostnames.served_names(self.name, self.www)


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
    csr: tuple[tuple[str, str], ...] = ()


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


def parse_server(body: object) -> Server:
    """Read a server; v2 lacks stack, country and tags (reference 2.1)."""
    row = _row(unwrap(body), "a server")
    tags = row.get("tags")
    return Server(
        id=_identity(row, "a server"),
        name=str(row.get("name") or ""),
        address=_text(row.get("ipAddress")),
        # A server that does not say is taken as reachable: only a clear no stops anything.
        online=truth(row.get("online", True)),
        connected=truth(row.get("connected", True)),
        provider=_text(row.get("provider")),
        stack=_text(row.get("stack")),
        os=_text(row.get("os")),
        os_version=_text(row.get("osVersion")),
        country=_text(row.get("country_iso_code")),
        agent_version=_text(row.get("agentVersion")),
        php_cli_version=_text(row.get("phpCLIVersion")),
        tags=tuple(_tag(tag) for tag in tags) if isinstance(tags, list) else (),
        created_at=_text(row.get("created_at")),
    )


def parse_webapp(body: object) -> WebApp:
    """Read a web application (reference 2.2)."""
    row = _row(unwrap(body), "a web application")
    return WebApp(
        id=_identity(row, "a web application"),
        name=str(row.get("name") or ""),
        type=_text(row.get("type")),
        root_path=_text(row.get("rootPath")),
        public_path=_text(row.get("publicPath")),
        php_version=_text(row.get("phpVersion")),
        stack=_text(row.get("stack")),
        stack_mode=_text(row.get("stackMode")),
        default_app=truth(row.get("defaultApp")),
        created_at=_text(row.get("created_at")),
    )


def parse_domain(body: object) -> Domain:
    """Read a domain; old v2 rows have only id, name and created_at (reference 3.1)."""
    row = _row(unwrap(body), "a domain")
    if not isinstance(row.get("name"), str):
        raise WireError("a domain without a name")
    name = _hostnames.comparable(row["name"])
    wildcard = truth(row.get("wildcard")) or _hostnames.is_wildcard(name)
    if wildcard and not _hostnames.is_wildcard(name):
        name = _hostnames.WILDCARD + name
    return Domain(
        id=_identity(row, "a domain"),
        name=name,
        type=_text(row.get("type")),
        www=truth(row["www"]) if row.get("www") is not None else None,
        redirection=_text(row.get("redirection")),
        wildcard=wildcard,
        dns_integration=_text(row.get("dns_integration")),
        status=_text(row.get("status")),
        created_at=_text(row.get("created_at")),
    )


def domain_from_result(row: object) -> Domain:
    """Read a domain as our own modules return it.

    :raises WireError: it is none.
    """
    fields = {field.name for field in dataclasses.fields(Domain)}
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise WireError("a domain as runcloud_domains returns it was expected")
    known = {key: value for key, value in row.items() if key in fields}
    number = _optional_int(row.get("id"))
    return Domain(**{**known, "id": number, "name": _hostnames.comparable(row["name"])})


def domain_to_wire(domain: Domain) -> dict[str, object]:
    """Write the body that adds a domain (reference 3.4)."""
    return {"name": domain.name, **domain_settings_to_wire(domain)}


def domain_settings_to_wire(domain: Domain) -> dict[str, object]:
    """Write the body that changes a domain: always all three settings (reference 3.5)."""
    return {"type": domain.type, "www": bool(domain.www), "redirection": domain.redirection or "none"}


def parse_certificate(body: object, domain: str | None = None) -> Certificate | None:
    """Read one certificate; an answer without ``id`` says that none is installed (reference 4.3, U2).

    :param body: the decoded answer.
    :param domain: the name of the domain whose certificate was asked for, None in basic mode.
    """
    row = unwrap(body)
    if row is None or row == []:
        return None
    row = _row(row, "a certificate")
    if row.get("id") is None:
        return None
    return Certificate(
        id=_identity(row, "a certificate"),
        domain=domain,
        # The request calls it provider, the answer method (reference 4.2).
        provider=_text(row.get("method")) or _text(row.get("provider")),
        valid_until=parse_time(row.get("validUntil")),
        renewal_date=parse_time(row.get("renewalDate") or row.get("renewal_date")),
        staging=truth(row.get("staging")) or row.get("environment") == "staging",
        authorization_method=_text(row.get("authorizationMethod")),
        external_api=_optional_int(row.get("api_id")),
        enable_http=_optional_truth(row.get("enableHttp")),
        enable_hsts=_optional_truth(row.get("enableHsts")),
        enable_hsts_preload=_optional_truth(row.get("enableHstsPreload")),
        tls_versions=_TLS_VERSION_NAMES.get(_optional_int(row.get("ssl_protocol_id")) or 0),
        created_at=parse_time(row.get("created_at")),
        pem=_text(row.get("certificate")),
    )


def parse_certificate_list(body: object) -> dict[str, Certificate | None] | None:
    """Read the list form of ``GET .../ssl``: the certificate of each domain, by name (reference 4.4).

    :returns: None where the answer is no list, but a single certificate or none.
    """
    rows = body.get("data") if isinstance(body, dict) else body
    if not isinstance(rows, list):
        return None
    found: dict[str, Certificate | None] = {}
    for item in rows:
        row = _row(item, "an entry of the certificate list")
        if not isinstance(row.get("name"), str):
            raise WireError("an entry of the certificate list without the name of its domain")
        name = parse_domain(row).name
        found[name] = parse_certificate(row.get("ssl"), name)
    return found


def options_to_wire(options: CertificateOptions) -> dict[str, object]:
    """Write the options of a certificate (reference 4.1, 4.5); only those that are given."""
    wire = {
        "enableHttp": options.enable_http,
        "enableHsts": options.enable_hsts,
        "enableHstsSubdomains": options.enable_hsts_subdomains,
        "enableHstsPreload": options.enable_hsts_preload,
        "ssl_protocol_id": TLS_VERSION_IDS[options.tls_versions] if options.tls_versions else None,
    }
    return {key: value for key, value in wire.items() if value is not None}


def pair_to_wire(pair: KeyPair) -> dict[str, object]:
    """Write a certificate of the user's own with its key (reference 4.1)."""
    return {"privateKey": pair.private_key, "certificate": pair.certificate}


def request_to_wire(request: CertificateRequest) -> dict[str, object]:
    """Write the body that installs a certificate (reference 4.1).

    AutoSSL and the method are never sent along: ``autoSSL: false`` would switch it off (design 4).
    """
    wire: dict[str, object] = {"provider": request.provider, **options_to_wire(request.options)}
    if request.provider == LETSENCRYPT:
        wire["authorizationMethod"] = request.authorization_method
        wire["environment"] = request.environment
        if request.external_api is not None:
            wire["externalApi"] = request.external_api
    if request.pair is not None:
        wire.update(pair_to_wire(request.pair))
    wire.update({_CSR_KEYS[key]: value for key, value in request.csr})
    return wire


def parse_ssl_method(body: object) -> SslMethod:
    """Read the method of a web application; two more spellings are tolerated by a live client (reference 5.1)."""
    row = _row(unwrap(body), "the SSL method")
    for key in ("advancedSSL", "advancedSsl", "enabled"):
        if row.get(key) is not None:
            auto = row.get("autoSSL", row.get("autoSsl"))
            return SslMethod(advanced=truth(row[key]), auto_ssl=_optional_truth(auto))
    raise WireError("the SSL method without advancedSSL")


def parse_log_entry(body: object) -> LogEntry:
    """Read a line of the activity log (reference 2.3)."""
    row = _row(body, "a log entry")
    return LogEntry(
        kind=str(row.get("kind") or ""),
        content=str(row.get("content") or ""),
        created_at=str(row.get("created_at") or ""),
    )


def parse_external_api(body: object) -> ExternalApi:
    """Read a DNS provider's key (reference 6.2)."""
    row = _row(unwrap(body), "an external API key")
    return ExternalApi(
        id=_identity(row, "an external API key"),
        label=str(row.get("label") or ""),
        service=str(row.get("service") or ""),
    )


def _row(value: object, what: str) -> dict[str, t.Any]:
    if not isinstance(value, dict):
        raise WireError(f"{what} was expected, RunCloud sent {type(value).__name__}")
    return value


def _identity(row: dict[str, t.Any], what: str) -> int:
    number = _optional_int(row.get("id"))
    if number is None:
        raise WireError(f"{what} without a numeric id")
    return number


def _optional_int(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    try:
        return int(value)
    except ValueError:
        return None


def _optional_truth(value: object) -> bool | None:
    return None if value is None else truth(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value != "" else None


def _tag(value: object) -> str:
    """Read a tag; their shape is not documented (reference 2.1 shows only an empty list)."""
    return str(value.get("name", "")) if isinstance(value, dict) else str(value)
