# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certification Authority Authorization (RFC 8659): may Let's Encrypt issue for a name?"""

from __future__ import annotations

from collections.abc import Sequence

import dns.asyncresolver
import dns.exception
import dns.rdata
import dns.resolver

ISSUER = "letsencrypt.org"
# Whoever does not understand a record with this flag must not issue.
_CRITICAL = 128


async def forbidden_by_caa(name: str, resolver: dns.asyncresolver.Resolver) -> str | None:
    """Return why the CAA records of ``name`` (or of the nearest parent that has some) forbid it, None if they don't."""
    wildcard = name.startswith("*.")
    labels = name.removeprefix("*.").split(".")
    for depth in range(len(labels)):
        holder = ".".join(labels[depth:])
        try:
            answer = await resolver.resolve(holder + ".", "CAA")
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            continue
        except dns.exception.DNSException as error:
            text = "SERVFAIL" if isinstance(error, dns.resolver.NoNameservers) else type(error).__name__
            return f"DNS problem: {text} looking up CAA for {holder}"
        records = list(answer)
        return None if _allowed(records, wildcard) else f"CAA record for {holder} prevents issuance"
    return None


def _allowed(records: Sequence[dns.rdata.Rdata], wildcard: bool) -> bool:
    """Say whether a set of records lets Let's Encrypt issue; issuewild, where there is one, decides about wildcards."""
    by_tag: dict[str, list[str]] = {"issue": [], "issuewild": []}
    for record in records:
        tag, value = _text(record, "tag").lower(), _text(record, "value")
        if tag in by_tag:
            by_tag[tag].append(value.partition(";")[0].strip().lower())
        elif getattr(record, "flags", 0) & _CRITICAL and tag != "iodef":
            return False
    wanted = by_tag["issuewild"] if wildcard and by_tag["issuewild"] else by_tag["issue"]
    return not wanted or ISSUER in wanted


def _text(record: dns.rdata.Rdata, field: str) -> str:
    """Return a field of a record, which dnspython reads as bytes."""
    return bytes(getattr(record, field)).decode(errors="replace")
