# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What RunCloud has, typed, and how RunCloud spells it on the wire. Pure.

PRIVATE to the collection: may change without notice.

``None`` in a field means that RunCloud did not say. Secrets that RunCloud sends along (private keys, pull keys) have no
place in these objects, and so end here. Every ``parse_*`` takes decoded JSON in any of the shapes that the reference
shows, and raises ``WireError`` where it is none of them.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._names import WILDCARD, is_readable, is_wildcard, normalise_lenient, served_names

ALIAS = "alias"
PRIMARY = "primary"
DOMAIN_TYPES = (ALIAS, PRIMARY, "redirect")
REDIRECTIONS = ("none", "www", "non-www")

LETSENCRYPT = "letsencrypt"
CUSTOM = "custom"
CSR = "csr"

# Reference 6.1: the ids of the protocol sets, seen in two clients; the call that lists them is not to be relied on.
_TLS_VERSIONS = {"TLSv1.1+": 1, "TLSv1.2+": 2, "TLSv1.3": 3}
_TLS_VERSION_NAMES = {number: name for name, number in _TLS_VERSIONS.items()}
_TRUE_TEXTS = frozenset(("1", "true", "yes", "on"))


class WireError(ValueError):
    """An answer of RunCloud that has none of the known shapes; the message says what was expected."""


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
    """A web application (reference 2.2)."""

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
    """A domain of a web application (reference 3.1); ``id`` is None for one that does not exist yet.

    ``name`` is normalised, and a wildcard always carries its ``*.`` (reference 3.10: both spellings occur).
    ``readable`` is False where the name is not a host name: such a row is never touched.
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
    """A certificate as RunCloud knows it (reference 4.2).

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
    """What can be set for a certificate without issuing it anew (reference 4.5)."""

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
    """How a web application keeps its certificates (reference 5.1)."""

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


def parse_flag(value: object) -> bool:
    """Read a boolean as RunCloud writes it: 0, 1, true, false, "0", "1" (reference 1.6)."""
    return value.strip().lower() in _TRUE_TEXTS if isinstance(value, str) else bool(value)


def parse_time(value: object) -> datetime.datetime | None:
    """Read ``YYYY-MM-DD HH:MM:SS`` as a time in UTC (reference 1.6, U20); anything unreadable is None."""
    try:
        text = value.strip() if isinstance(value, str) else ""
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment.replace(tzinfo=datetime.timezone.utc) if moment.tzinfo is None else moment


def parse_server(body: object) -> Server:
    """Read a server; v2 lacks stack, country and tags (reference 2.1)."""
    row = _row(_unwrap(body), "a server")
    keys = {"address": "ipAddress", "os_version": "osVersion", "country": "country_iso_code"}
    keys |= {"agent_version": "agentVersion", "php_cli_version": "phpCLIVersion"}
    tags = row.get("tags")
    return Server(
        id=_identity(row, "a server"),
        name=str(row.get("name") or ""),
        # A server that does not say is taken as reachable: only a clear no stops anything.
        online=parse_flag(row.get("online", True)),
        connected=parse_flag(row.get("connected", True)),
        tags=tuple(_tag(tag) for tag in tags) if isinstance(tags, list) else (),
        **_texts(Server, row, keys),
    )


def parse_webapp(body: object) -> WebApp:
    """Read a web application (reference 2.2)."""
    row = _row(_unwrap(body), "a web application")
    keys = {"root_path": "rootPath", "public_path": "publicPath"}
    keys |= {"php_version": "phpVersion", "stack_mode": "stackMode"}
    number, name, default = _identity(row, "a web application"), str(row.get("name") or ""), row.get("defaultApp")
    return WebApp(number, name, default_app=parse_flag(default), **_texts(WebApp, row, keys))


def parse_domain(body: object) -> Domain:
    """Read a domain; old v2 rows have only id, name and created_at (reference 3.1)."""
    row = _row(_unwrap(body), "a domain")
    if not isinstance(row.get("name"), str):
        raise WireError("a domain without a name")
    name = normalise_lenient(row["name"])
    wildcard = parse_flag(row.get("wildcard")) or is_wildcard(name)
    if wildcard and not is_wildcard(name):
        name = WILDCARD + name
    return Domain(
        id=_identity(row, "a domain"),
        name=name,
        www=_optional_flag(row.get("www")),
        wildcard=wildcard,
        readable=is_readable(name),
        **_texts(Domain, row, {}),
    )


def domain_to_wire(domain: Domain) -> dict[str, object]:
    """Write the settings of a domain, always all three (reference 3.5); with the name they add it (3.4)."""
    return {"type": domain.type, "www": bool(domain.www), "redirection": domain.redirection or "none"}


def parse_certificate(body: object, domain: str | None = None) -> Certificate | None:
    """Read one certificate; an answer without ``id`` says that none is installed (reference 4.3, U2).

    :param domain: the name of the domain whose certificate was asked for, None in basic mode.
    """
    row = _unwrap(body)
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
        staging=parse_flag(row.get("staging")) or row.get("environment") == "staging",
        authorization_method=_text(row.get("authorizationMethod")),
        external_api=_optional_int(row.get("api_id")),
        enable_http=_optional_flag(row.get("enableHttp")),
        enable_hsts=_optional_flag(row.get("enableHsts")),
        enable_hsts_preload=_optional_flag(row.get("enableHstsPreload")),
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
        name = parse_domain(row).name
        found[name] = parse_certificate(row.get("ssl"), name)
    return found


def options_to_wire(options: CertificateOptions) -> dict[str, object]:
    """Write those options of a certificate that are given (reference 4.1, 4.5)."""
    wire = {
        "enableHttp": options.enable_http,
        "enableHsts": options.enable_hsts,
        "enableHstsSubdomains": options.enable_hsts_subdomains,
        "enableHstsPreload": options.enable_hsts_preload,
        "ssl_protocol_id": _TLS_VERSIONS[options.tls_versions] if options.tls_versions else None,
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
        wire |= {"authorizationMethod": request.authorization_method, "environment": request.environment}
        if request.external_api is not None:
            wire["externalApi"] = request.external_api
    return wire if request.pair is None else {**wire, **pair_to_wire(request.pair)}


def parse_ssl_method(body: object) -> SslMethod:
    """Read the method of a web application; two more spellings are tolerated by a live client (reference 5.1)."""
    row = _row(_unwrap(body), "the SSL method")
    for key in ("advancedSSL", "advancedSsl", "enabled"):
        if row.get(key) is not None:
            return SslMethod(parse_flag(row[key]), _optional_flag(row.get("autoSSL", row.get("autoSsl"))))
    raise WireError("the SSL method without advancedSSL")


def parse_log_entry(body: object) -> LogEntry:
    """Read a line of the activity log (reference 2.3)."""
    row = _row(body, "a log entry")
    return LogEntry(*(str(row.get(key) or "") for key in ("kind", "content", "created_at")))


def parse_external_api(body: object) -> ExternalApi:
    """Read a DNS provider's key (reference 6.2)."""
    row = _row(_unwrap(body), "an external API key")
    return ExternalApi(
        _identity(row, "an external API key"), *(str(row.get(key) or "") for key in ("label", "service"))
    )


def _unwrap(body: object) -> object:
    """Take a single resource out of ``{"data": {...}}``, where it comes so; normally it is bare (reference 1.3)."""
    inner = body.get("data") if isinstance(body, dict) and "id" not in body else None
    return inner if isinstance(inner, dict) else body


def _row(value: object, what: str) -> dict[str, t.Any]:
    if not isinstance(value, dict):
        raise WireError(f"{what} was expected, RunCloud sent {type(value).__name__}")
    return value


def _identity(row: dict[str, t.Any], what: str) -> int:
    number = _optional_int(row.get("id"))
    if number is None:
        raise WireError(f"{what} without a numeric id")
    return number


def _texts(kind: type, row: dict[str, t.Any], keys: dict[str, str]) -> dict[str, str | None]:
    """Read all fields that hold a text or None; ``keys`` has RunCloud's key for those that it calls otherwise."""
    names = [field.name for field in dataclasses.fields(kind) if field.type == "str | None"]
    return {name: _text(row.get(keys.get(name, name))) for name in names}


def _optional_int(value: object) -> int | None:
    try:
        return int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None
    except ValueError:
        return None


def _optional_flag(value: object) -> bool | None:
    return None if value is None else parse_flag(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value != "" else None


def _tag(value: object) -> str:
    """Read a tag; their shape is not documented (reference 2.1 shows only an empty list)."""
    return str(value.get("name", "")) if isinstance(value, dict) else str(value)
