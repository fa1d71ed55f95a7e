# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The doctor's lines about single names: attached or not, DNS, certificate. Pure.

PRIVATE to the collection: may change without notice.

An error is what visitors feel now, or what spoils other names: an attached name that points elsewhere, or that has no
valid certificate. What waits for its owner (a new name whose DNS is not there yet) is a warning.
"""

from __future__ import annotations

import typing as t

from ...module_utils import _names as _hostnames
from .check import ERROR, OK, WARNING, Check, fault_of, found_by

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Parts = Mapping[str, t.Any]

DOMAIN, DNS, CERTIFICATE = "domain", "DNS", "certificate"
AREAS = (DOMAIN, DNS, CERTIFICATE)
WORDPRESS_SOURCES = ("wordpress", "rest")
# Plugin reference 2.2: for good, until somebody changes it.
GIVEN_UP = ("failed", "ssl-failed")

_LISTED = 5


def checks(findings: Parts) -> Iterator[Check]:
    """Give the lines about every name that is wanted or attached."""
    attached = _attached(findings)
    yield from _presence(findings)
    yield from _dns(findings, attached)
    yield from _certificates(findings)


def wanted(findings: Parts) -> list[str]:
    """List the domains that the source wants."""
    rows = (findings.get("decision") or {}).get("desired") or []
    return [str(row["name"]) for row in rows if row["state"] == "present"]


def listed(names: Sequence[str]) -> str:
    """Write names in a sentence, the first few of many."""
    shown = ", ".join(names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"


def to_look_up(decision: Parts, domains: Parts) -> list[str]:
    """List the host names whose DNS matters: those of all wanted and all attached domains.

    :param decision: what ``decide_domains`` gave; may be empty.
    :param domains: the result of ``runcloud_domain_info``; may be empty.
    """
    served = [name for row in domains.get("domains") or [] for name in _hostnames.served_names(row["name"], row["www"])]
    names = dict.fromkeys([*(decision.get("names") or []), *served])
    return [name for name in names if not _hostnames.is_test_domain(name)]


def unattached(decision: Parts, domains: Parts) -> list[str]:
    """List the wanted domains that are not attached to the application. Parameters as in ``to_look_up``."""
    there = {row["name"] for row in domains.get("domains") or []}
    return [name for name in wanted({"decision": decision}) if name not in there]


def _attached(findings: Parts) -> dict[str, bool]:
    """Give every host name that is attached, with whether its domain is wanted."""
    names = set(wanted(findings))
    rows = found_by(findings.get("domains")).get("domains") or []
    return {host: row["name"] in names for row in rows for host in _hostnames.served_names(row["name"], row["www"])}


def _presence(findings: Parts) -> Iterator[Check]:
    """Whether the wanted domains are attached: if not, they wait, the next run adds them, or another has them."""
    domains = found_by(findings.get("domains"))
    if not domains:
        return
    dns = _dns_rows(findings)
    elsewhere = {result["item"]: result for result in findings.get("elsewhere") or [] if found_by(result)}
    for name in unattached(findings.get("decision") or {}, domains):
        found = elsewhere.get(name) or {}
        row = dns.get(name)
        if found.get("webapps"):
            yield _attached_elsewhere(name, found)
        elif row and not row["points_here"]:
            advice = "Nothing to do: it is added by the first run after its DNS is right."
            yield Check(DOMAIN, WARNING, f"{name}: not attached, it waits for its DNS", advice, name)
        else:
            yield Check(DOMAIN, WARNING, f"{name}: not attached", "Run multisite.runcloud.sync.", name)
    names = set(wanted(findings))
    for row in domains["domains"]:
        if row["name"] in names:
            yield Check(DOMAIN, OK, f"{row['name']}: attached", name=row["name"])


def _attached_elsewhere(name: str, found: Parts) -> Check:
    webapp = found["webapps"][0]
    place = f"web application {webapp['name']} ({webapp['id']}) of server {webapp['server_name']}"
    if found.get("match") == "wildcard":
        text = f"{name}: not attached, and the wildcard {found['domain']['name']} of {place} serves it"
        return Check(DOMAIN, WARNING, text, "Run multisite.runcloud.sync: a name goes before a wildcard.", name)
    text = f"{name}: already added elsewhere, to {place}"
    return Check(DOMAIN, ERROR, text, "Remove it there first: RunCloud refuses a name twice.", name)


def _dns_rows(findings: Parts) -> dict[str, Parts]:
    return {row["name"]: row for row in found_by(findings.get("dns")).get("names") or []}


def _dns(findings: Parts, attached: Mapping[str, bool]) -> Iterator[Check]:
    fault = fault_of(findings.get("dns"))
    if fault:
        yield Check(DNS, ERROR, fault, "No name's DNS could be looked at.")
    elif findings.get("without_dns"):
        yield Check(DNS, OK, "not looked at, since domain_sync_require_dns is false")
    elif not found_by(findings.get("dns")):
        text = "not looked at: there are no names, or the server's address is not known"
        yield Check(DNS, WARNING, text, "Set domain_sync_dns_expect to check it without RunCloud.")
    for name, row in _dns_rows(findings).items():
        yield _dns_check(name, row, attached.get(name))


def _dns_check(name: str, row: Parts, is_wanted: bool | None) -> Check:
    """Judge one host name; ``is_wanted`` is None where it is not attached."""
    text = f"{name}: {row['reason']}"
    if row["points_here"]:
        return Check(DNS, OK, text, name=name)
    if row["points_here"] is None:
        return Check(DNS, WARNING, text, "Look again later, or ask others by domain_sync_dns_nameservers.", name)
    if is_wanted is None:
        return Check(DNS, WARNING, text, "Its owner must point it at the server; until then it is held back.", name)
    if not is_wanted:
        advice = "Nobody asks for it: let domain_sync_purge remove it, or name it in domain_sync_exclude."
        return Check(DNS, WARNING, text, advice, name)
    advice = (
        "It is attached, so the next certificate order or renewal will fail: point it at the server, remove it, or "
        "accept a proxy's addresses by domain_sync_dns_accept."
    )
    return Check(DNS, ERROR, text, advice, name)


def _certificates(findings: Parts) -> Iterator[Check]:
    ssl = found_by(findings.get("ssl"))
    if not ssl:
        return
    dns = _dns_rows(findings)
    expiring = set(ssl["expiring"])
    ends = {row["domain"]: row for row in ssl["certificates"]}
    for row in ssl["names"]:
        certificate = ends.get(row["name"]) or ends.get(None) or {}
        yield _certificate_check(row, certificate, row["name"] in expiring, dns)


def _certificate_check(row: Parts, certificate: Parts, expiring: bool, dns: Mapping[str, Parts]) -> Check:
    name, days = str(row["name"]), _days_left(row, certificate)
    if row["missing"]:
        return _lacking(row, [host for host in row["missing"] if host in dns and dns[host]["points_here"] is False])
    if days is not None and days < 0:
        advice = "RunCloud has not renewed it: see the activity log, then order with domain_sync_ssl_force."
        return Check(CERTIFICATE, ERROR, f"{name}: expired {-days} days ago", advice, name)
    if expiring:
        provider = certificate.get("provider")
        advice = (
            f"A certificate of kind {provider} never renews by itself: replace it."
            if provider in ("custom", "csr")
            else "RunCloud renews 30 days before the end, so a renewal has failed; multisite.runcloud.sync orders anew."
        )
        return Check(CERTIFICATE, WARNING, f"{name}: expires in {days} days", advice, name)
    if row["error"]:
        return Check(CERTIFICATE, ERROR, f"{name}: {row['error']}", "Look at the web server on port 443.", name)
    return Check(CERTIFICATE, OK, f"{name}: " + ("valid" if days is None else f"{days} days left"), name=name)


def _lacking(row: Parts, waiting: Sequence[str]) -> Check:
    name, missing = str(row["name"]), listed(row["missing"])
    what = "another site's certificate is served" if row["served_by_other"] else "no certificate has it"
    text = f"{name}: {what}" if row["missing"] == [name] else f"{name}: no certificate has {missing}"
    if row["error"]:
        text += f" ({row['error']})"
    if waiting:
        advice = f"It cannot be issued before the DNS of {listed(waiting)} points here."
        return Check(CERTIFICATE, WARNING, text, advice, name)
    advice = "Not issued yet: run multisite.runcloud.sync; an order can take minutes, then see the activity log."
    return Check(CERTIFICATE, ERROR, text, advice, name)


def _days_left(row: Parts, certificate: Parts) -> int | None:
    for source in (row, certificate):
        if source.get("days_left") is not None:
            return int(source["days_left"])
    return None
