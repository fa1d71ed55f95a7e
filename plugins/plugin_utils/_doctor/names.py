# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was seen -> a finding for each name: attached or not, DNS, CAA. Pure.

PRIVATE to the collection: may change without notice.

Wrong is what visitors feel now, or what spoils other names: an attached name that points elsewhere. What waits for its
owner (a new name whose DNS is not there yet) is a warning.
"""

from __future__ import annotations

import typing as t

from .finding import NOT_CHECKED, OK, WARNING, WRONG, Finding

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .finding import Seen

DOMAIN, DNS, CAA = "domain", "DNS", "CAA"
SYNC = "Run multisite.runcloud.sync."
HERE, UNKNOWN = "here", "unknown"


def look_at_domains(seen: Seen) -> Iterator[Finding]:
    """Say of each name whether it is attached as it should be, and what happens to those that are not wanted."""
    plan = seen.plan.found
    if plan is None:
        if seen.plan.fault:
            yield Finding(DOMAIN, WRONG, seen.plan.fault)
        return
    for name, reason in plan.errors.items():
        yield Finding(DOMAIN, WRONG, reason, "", name)
    for name in plan.add:
        if name in seen.elsewhere:
            advice = "Remove it there first: RunCloud refuses a name twice."
            yield Finding(DOMAIN, WRONG, f"already attached elsewhere, to {seen.elsewhere[name]}", advice, name)
        else:
            yield Finding(DOMAIN, WARNING, "not attached", _after_server(seen), name)
    for name, reason in plan.deferred:
        yield Finding(DOMAIN, WARNING, f"not attached, {reason}", "The first run after that adds it.", name)
    for name in plan.change:
        yield Finding(DOMAIN, WARNING, "attached with other settings than asked for", _after_server(seen), name)
    for name in plan.unmanaged:
        yield Finding(DOMAIN, WARNING, "attached, but not wanted", _letting_go(seen), name)
    for name, reason in plan.protected:
        yield Finding(DOMAIN, OK, f"attached and not in the list; it stays: {reason}", "", name)
    for name in plan.unchanged:
        yield Finding(DOMAIN, OK, "attached", "", name)


def _after_server(seen: Seen) -> str:
    server = seen.server.found
    return SYNC if server is None or server.usable else "The server must be online and connected first."


def _letting_go(seen: Seen) -> str:
    decision = seen.decision.found
    keep = f"an entry in the list or in {seen.option('exclude')} keeps it"
    if decision is not None and not decision.complete:
        return f"It stays, since the list may be cut short: remove it in RunCloud's panel, or {keep}."
    purge = seen.option("purge")
    if seen.options["purge"]:
        return f"The next run removes it as far as {seen.option('purge_limit')} allows; {keep}."
    return f"A run with {purge}=true removes it; {keep}."


def look_at_dns(seen: Seen) -> Iterator[Finding]:
    """Say of each name, wanted or attached, where it points."""
    if seen.dns.fault:
        yield Finding(DNS, WRONG, seen.dns.fault, "No name was looked up.")
    elif seen.dns.found is None:
        if seen.options["require_dns"] == "false":
            yield Finding(DNS, NOT_CHECKED, f"{seen.option('require_dns')} is false")
        else:
            text = "there is no name, or the server's address is not known"
            yield Finding(DNS, NOT_CHECKED, text, f"Set {seen.option('dns_expect')} to check it without RunCloud.")
    attached = _attached(seen)
    for host, answer in (seen.dns.found or {}).items():
        yield _where(seen, host, answer, attached.get(host))


def _attached(seen: Seen) -> dict[str, bool]:
    """Return every host name that is attached, with whether its domain is wanted."""
    wanted = set(seen.wants)
    return {host: row.name in wanted for row in seen.attached.found or () for host in row.served_names}


def _where(seen: Seen, host: str, answer: t.Any, is_wanted: bool | None) -> Finding:
    """Judge one host name; ``is_wanted`` is None where it is not attached."""
    accept = seen.option("dns_accept")
    if answer.verdict.value == HERE:
        return Finding(DNS, OK, answer.reason, "", host)
    if answer.verdict.value == UNKNOWN:
        advice = f"Look again later, or ask others by {seen.option('dns_nameservers')}."
        return Finding(DNS, NOT_CHECKED, answer.reason, advice, host)
    way_out = "" if accept in answer.reason else f", or put it into {accept} if it passes visitors on to this server"
    if is_wanted is None:
        return Finding(DNS, WARNING, answer.reason, f"Its owner must point it at the server{way_out}.", host)
    if not is_wanted:
        return Finding(DNS, WARNING, answer.reason, f"It is not wanted. {_letting_go(seen)}", host)
    advice = f"{_costs(seen)}: point it at the server or remove it{way_out}."
    return Finding(DNS, WRONG, answer.reason, advice, host)


def look_at_caa(seen: Seen) -> Iterator[Finding]:
    """Say for which names Let's Encrypt may issue no certificate."""
    if seen.caa.fault:
        yield Finding(CAA, NOT_CHECKED, seen.caa.fault)
    if seen.caa.found is None:
        return
    forbidden = seen.caa.found.forbidden
    attached = _attached(seen)
    for host, reason in forbidden.items():
        if host in attached:
            yield Finding(CAA, WRONG, reason, f"{_costs(seen)}: change the record, or remove the name.", host)
        else:
            yield Finding(CAA, WARNING, reason, "Its owner must change the record; until then it is held back.", host)
    if not forbidden:
        yield Finding(CAA, OK, "no record forbids Let's Encrypt")


def _costs(seen: Seen) -> str:
    """Say what a name that cannot be in an order costs."""
    outcome = seen.certificates.found
    if outcome is not None and outcome.mode == "advanced":
        return "It is attached, and the next order or renewal of its certificate fails"
    return "It is attached, and the next order or renewal fails for all names"
