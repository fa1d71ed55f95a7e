# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How RunCloud spells things on the wire, and the only place that knows. Pure.

PRIVATE to the collection: may change without notice.

Every ``parse_*`` function takes decoded JSON in any of the shapes that the reference shows and raises ``WireError``
where it is none of them.
"""

from __future__ import annotations

import datetime
import typing as t

from .._names import WILDCARD, is_readable, is_wildcard, normalise_lenient
from .models import (
    LETSENCRYPT,
    TLS_VERSION_IDS,
    Certificate,
    CertificateOptions,
    CertificateRequest,
    Domain,
    ExternalApi,
    KeyPair,
    LogEntry,
    Server,
    SslMethod,
    WebApp,
)

_TLS_VERSION_NAMES = {number: name for name, number in TLS_VERSION_IDS.items()}
_TRUE_TEXTS = frozenset(("1", "true", "yes", "on"))


class WireError(ValueError):
    """An answer of RunCloud that has none of the known shapes; the message says what was expected."""


def parse_flag(value: object) -> bool:
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


def parse_server(body: object) -> Server:
    """Read a server; v2 lacks stack, country and tags (reference 2.1)."""
    row = _row(unwrap(body), "a server")
    tags = row.get("tags")
    return Server(
        id=_identity(row, "a server"),
        name=str(row.get("name") or ""),
        address=_text(row.get("ipAddress")),
        # A server that does not say is taken as reachable: only a clear no stops anything.
        online=parse_flag(row.get("online", True)),
        connected=parse_flag(row.get("connected", True)),
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
        default_app=parse_flag(row.get("defaultApp")),
        created_at=_text(row.get("created_at")),
    )


def parse_domain(body: object) -> Domain:
    """Read a domain; old v2 rows have only id, name and created_at (reference 3.1)."""
    row = _row(unwrap(body), "a domain")
    if not isinstance(row.get("name"), str):
        raise WireError("a domain without a name")
    name = normalise_lenient(row["name"])
    wildcard = parse_flag(row.get("wildcard")) or is_wildcard(name)
    if wildcard and not is_wildcard(name):
        name = WILDCARD + name
    return Domain(
        id=_identity(row, "a domain"),
        name=name,
        type=_text(row.get("type")),
        www=parse_flag(row["www"]) if row.get("www") is not None else None,
        redirection=_text(row.get("redirection")),
        wildcard=wildcard,
        dns_integration=_text(row.get("dns_integration")),
        status=_text(row.get("status")),
        created_at=_text(row.get("created_at")),
        readable=is_readable(name),
    )


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
    return wire


def parse_ssl_method(body: object) -> SslMethod:
    """Read the method of a web application; two more spellings are tolerated by a live client (reference 5.1)."""
    row = _row(unwrap(body), "the SSL method")
    for key in ("advancedSSL", "advancedSsl", "enabled"):
        if row.get(key) is not None:
            auto = row.get("autoSSL", row.get("autoSsl"))
            return SslMethod(advanced=parse_flag(row[key]), auto_ssl=_optional_flag(auto))
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


def _optional_flag(value: object) -> bool | None:
    return None if value is None else parse_flag(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value != "" else None


def _tag(value: object) -> str:
    """Read a tag; their shape is not documented (reference 2.1 shows only an empty list)."""
    return str(value.get("name", "")) if isinstance(value, dict) else str(value)
