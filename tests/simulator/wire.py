# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How state is spelled in replies: key names, 0/1 or booleans, what v2 has and what v3 (reference 2, 3.1, 4.2, 10)."""

from __future__ import annotations

from typing import Any

from .clock import DAY, optional_stamp, stamp
from .state import Certificate, Domain, ExternalApi, LogLine, Server, WebApp
from .switches import Switches

Json = dict[str, Any]

SERVICES = {
    "cloudflare": "Cloudflare",
    "linode": "Linode",
    "digitalocean": "Digital Ocean",
    "vultr": "Vultr",
}
# What SSL objects have nowhere but in the list form (reference 4.4).
_NESTED_SSL = (
    "id",
    "method",
    "validUntil",
    "renewalDate",
    "enableHttp",
    "enableHsts",
    "enableHstsPreload",
    "authorizationMethod",
    "staging",
    "created_at",
)


def server_row(server: Server, version: str) -> Json:
    """Return a server as reference 2.1 has it; v2 lacks three of the keys."""
    row: Json = {
        "id": server.id,
        "name": server.name,
        "provider": "Akamai (Linode)",
        "stack": "nginx",
        "ipAddress": server.ip_address,
        "country_iso_code": "JP",
        "os": "Ubuntu",
        "osVersion": "focal",
        "connected": server.connected,
        "online": server.online,
        "agentVersion": "2.8.7-1+ubuntu20.04+11",
        "phpCLIVersion": "php81rc",
        "softwareUpdate": False,
        "securityUpdate": True,
        "transferStatus": "AVAILABLE",
        "created_at": stamp(server.created_at),
        "tags": [],
    }
    if not server.connected:
        row.update(osVersion=None, agentVersion=None, country_iso_code=None)
    row.update(server.extra)
    if version == "v2":
        for key in ("stack", "country_iso_code", "tags"):
            del row[key]
    return row


def webapp_row(app: WebApp) -> Json:
    """Return a web application as reference 2.2 has it: no domain, no certificate."""
    path = f"/home/runcloud/webapps/{app.name}"
    row: Json = {
        "id": app.id,
        "server_user_id": 1647,
        "name": app.name,
        "rootPath": path,
        "publicPath": path,
        "phpVersion": "php81rc",
        "stack": "hybrid",
        "stackMode": "production",
        "type": "wordpress",
        "defaultApp": False,
        "alias": None,
        "pullKey1": f"sim-pull-key-one-{app.id}",
        "pullKey2": f"sim-pull-key-two-{app.id}",
        "created_at": stamp(app.created_at),
    }
    row.update(app.extra)
    return row


def domain_name(domain: Domain, switches: Switches) -> str:
    """Return a domain's name; whether a wildcard's keeps its ``*.`` is not known (reference 3.10)."""
    bare = domain.wildcard and switches.wildcard_name == "bare"
    return domain.name[2:] if bare else domain.name


def domain_row(domain: Domain, version: str, switches: Switches) -> Json:
    """Return a domain as reference 3.1 has it, with the fewer keys of v2."""
    row: Json = {"id": domain.id, "name": domain_name(domain, switches)}
    if version == "v3" or switches.v2_rows == "full":
        row["type"] = domain.type
        row["www"] = _flag(domain.www, switches)
        row["redirection"] = domain.redirection
    if version == "v3":
        row["wildcard"] = _flag(domain.wildcard, switches)
        row["dns_integration"] = domain.dns_integration
        row["status"] = domain.status
    row["created_at"] = stamp(domain.created_at)
    return row


def _flag(value: bool, switches: Switches) -> int | bool | str:
    """Return a boolean of a domain row: 0/1 as documented (reference 1.6)."""
    if switches.domain_flags == "bool":
        return value
    return int(value) if switches.domain_flags == "int" else str(int(value))


def certificate_row(cert: Certificate, version: str, switches: Switches) -> Json:
    """Return a certificate as reference 4.2 has it."""
    row: Json = {"id": cert.id, "method": cert.method}
    shown = switches.private_key_v2 if version == "v2" else switches.private_key_v3
    _show(row, "privateKey", cert.private_key if cert.method == "custom" else None, shown)
    _show(row, "certificate", cert.certificate, "present" if version == "v2" else switches.certificate_v3)
    row["validUntil"] = optional_stamp(cert.told_until)
    row["renewalDate"] = optional_stamp(renewal_date(cert))
    row["enableHttp"] = cert.enable_http
    row["enableHsts"] = cert.enable_hsts
    if version == "v3":
        row["enableHstsPreload"] = cert.enable_hsts_preload
    row["authorizationMethod"] = cert.authorization
    row["staging"] = cert.staging
    row["api_id"] = cert.api_id
    row["ssl_protocol_id"] = cert.protocol_id
    row["created_at"] = stamp(cert.created_at)
    return row


def renewal_date(cert: Certificate) -> float | None:
    """Return when RunCloud means to renew: 30 days before the end, never for custom and csr (U21)."""
    if cert.told_until is None or cert.method != "letsencrypt":
        return None
    return cert.told_until - 30 * DAY


def _show(row: Json, key: str, value: str | None, shown: str) -> None:
    """Put a key into the row with its value, with null, or not at all (U29)."""
    if shown != "absent":
        row[key] = value if shown == "present" else None


def nested_certificate_row(cert: Certificate | None, version: str, switches: Switches) -> Json | None:
    """Return a certificate as it stands inside the list form of GET ssl (reference 4.4)."""
    if cert is None:
        return None
    row = certificate_row(cert, version, switches)
    return {key: row[key] for key in _NESTED_SSL if key in row}


def log_row(line: LogLine) -> Json:
    """Return a line of the activity log (reference 2.3)."""
    return {"kind": line.kind, "content": line.content, "created_at": stamp(line.created_at)}


def other_log_row(line: LogLine) -> Json:
    """Return a line of the activity log with the keys that another client guesses (reference 2.3)."""
    return {"action": f"{line.kind}: {line.content}", "status": "completed", "time": int(line.created_at)}


def external_api_row(entry: ExternalApi, in_list: bool = False) -> Json:
    """Return a stored key (reference 6.2): the service humanised, the secret cut short in lists."""
    secret = entry.secret[:4] + "..." if in_list else entry.secret
    return {
        "id": entry.id,
        "label": entry.label,
        "username": entry.username,
        "secret": secret,
        "service": SERVICES.get(entry.service, entry.service),
        "created_at": stamp(entry.created_at),
    }
