# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Earlier orders, by RunCloud's activity log (reference 2.3) and this controller's memory, and the limits they count for.

PRIVATE to the collection: may change without notice.

Pure. The words of the log are not documented, so they are read generously for what only holds back an order that can be
forced. Nothing is ever ordered or removed because of them, and where the log cannot be read, all goes on without it.
"""

from __future__ import annotations

import collections
import datetime
import re
import typing as t

from .._names import WILDCARD, WWW, is_below
from .._runcloud.models import CSR, PRIMARY, LogEntry, parse_time
from .coverage import BACKDATED

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .._runcloud.models import Certificate, Domain
    from .coverage import Found
    from .model import CertificatesState, EarlierOrder, Key

# So long an order is waited for or pending, and never repeated (design 4). AutoSSL is left as long (reference 5.3).
ORDER_TAKES = datetime.timedelta(minutes=15)
WEEK = datetime.timedelta(days=7)
HOUR = datetime.timedelta(hours=1)
# RunCloud's clock is read from whole seconds, and its log and its replies may be written by two machines.
CLOCKS_DIFFER = datetime.timedelta(seconds=5)

# Let's Encrypt's limits (reference 8).
NAMES_IN_ONE_CERTIFICATE = 100
OF_ONE_DOMAIN_IN_A_WEEK = 50
IDENTICAL_IN_A_WEEK = 5
# It locks a name out for an hour after 5 failures; this leaves some for whoever repairs and tries by hand.
FAILURES_IN_AN_HOUR = 3

_FAILED = re.compile(r"fail|error|unable|could not|danger", re.IGNORECASE)
_ISSUED = re.compile(r"deployed|issued|installed|renewed", re.IGNORECASE)
_ABOUT = re.compile(r"ssl|certificate|encrypt|acme", re.IGNORECASE)


# The log


def is_failure(entry: LogEntry) -> bool:
    """Say whether a line of the log reports a certificate that could not be issued."""
    text = f"{entry.kind} {entry.content}"
    return bool(_FAILED.search(text) and _ABOUT.search(text))


def is_issue(entry: LogEntry) -> bool:
    """Say whether a line of the log reports a certificate that was issued."""
    text = f"{entry.kind} {entry.content}"
    return bool(_ISSUED.search(text) and _ABOUT.search(text)) and not is_failure(entry)


def mentions(text: str, name: str) -> bool:
    """Say whether a text names a host: ``shop.example`` is not in ``myshop.example``."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text, re.IGNORECASE) is not None


def event_times(
    log: Iterable[LogEntry], since: datetime.datetime, kind: Callable[[LogEntry], bool], key: Key
) -> list[datetime.datetime]:
    """Return when something happened since a time, the oldest first; with a key only what names this host."""
    dated = ((parse_time(entry.created_at), entry) for entry in log)
    return sorted(
        moment
        for moment, entry in dated
        if moment is not None and moment > since and kind(entry) and (key is None or mentions(entry.content, key))
    )


class ActivityLogWatcher:
    """Tells new failures in the activity log from old ones; where it was not read before, by their date."""

    def __init__(
        self, read: Callable[[], Sequence[LogEntry] | None], known: Sequence[LogEntry] | None, since: datetime.datetime
    ) -> None:
        self._read = read
        self._known = collections.Counter(known or ())
        self._since = None if known is not None else since - CLOCKS_DIFFER

    def new_failures(self) -> list[LogEntry]:
        """Read the log, and return the failures of certificates that were not there at the last look."""
        current = collections.Counter(self._read() or ())
        fresh = current - self._known
        self._known |= current
        return [entry for entry in fresh.elements() if is_failure(entry) and self._is_late(entry)]

    def _is_late(self, entry: LogEntry) -> bool:
        moment = parse_time(entry.created_at)
        return self._since is None or (moment is not None and moment >= self._since)


def failure_for(failures: Iterable[LogEntry], names: Iterable[str], alone: bool) -> LogEntry | None:
    """Return the failure of an order: it mentions one of its names, or there is only this order."""
    wanted = list(names)
    return next((entry for entry in failures if alone or any(mentions(entry.content, name) for name in wanted)), None)


# Earlier orders


def last_issue(state: CertificatesState, key: Key) -> datetime.datetime | None:
    """Return when a certificate was issued last, as the log or the memory say; None where they do not."""
    times = event_times(state.log, state.now - WEEK, is_issue, key)
    times += [order.at for order in state.orders if order.key == key and order.done]
    return max(times, default=None)


def order_in_progress(state: CertificatesState, found: Found) -> datetime.datetime | None:
    """Return since when an order for a certificate is in progress, as far as is known; None where none is."""
    certificate = found.certificate
    if certificate is not None and certificate.valid_until is None and certificate.provider != CSR:
        since = certificate.created_at or state.now
        if state.now - since < ORDER_TAKES:
            return since
    lately = [order for order in recent_orders(state, found.key) if not _has_ended(order, found, state)]
    return max((order.at for order in lately), default=None)


def recent_orders(state: CertificatesState, key: Key) -> list[EarlierOrder]:
    """Return the remembered orders for a certificate that are too young to be repeated."""
    return [
        order for order in state.orders if order.key == key and -CLOCKS_DIFFER <= state.now - order.at < ORDER_TAKES
    ]


def is_ordered(row: Domain, state: CertificatesState) -> bool:
    """Say whether all names of a domain are in an order that is too young to be repeated."""
    orders = recent_orders(state, row.name if state.advanced else None)
    return any(order.names.issuperset(row.served_names) for order in orders)


def _has_ended(order: EarlierOrder, found: Found, state: CertificatesState) -> bool:
    """Say whether an order is known to be over, well or not."""
    since = order.at - CLOCKS_DIFFER
    if order.done or event_times(state.log, since, lambda line: is_issue(line) or is_failure(line), order.key):
        return True
    certificate = found.certificate
    if certificate is not None and certificate.valid_until is not None and mark(certificate) != order.before:
        return True
    begins = found.served.not_before + BACKDATED if found.served is not None else None
    return begins is not None and begins >= order.at - datetime.timedelta(minutes=2)


def mark(certificate: Certificate | None) -> tuple[int, str] | None:
    """Return what tells one certificate from the next: its id and its end."""
    return (certificate.id, str(certificate.valid_until or "")) if certificate is not None else None


def is_left_to_auto_ssl(row: Domain, state: CertificatesState) -> bool:
    """Say whether AutoSSL can be expected to order for a domain by itself: it does so for new ones (reference 5.3)."""
    attached = parse_time(row.created_at)
    new = row.id is None or row.name in state.changed
    return bool(state.auto_ssl) and (new or (attached is not None and state.now - attached < ORDER_TAKES))


# Limits


def identical_too_often(state: CertificatesState, key: Key, names: Sequence[str], known_same: bool) -> str | None:
    """Say that the same certificate was issued as often as it may be, None where it was not, as far as is known.

    ``known_same``: the certificate that is there is for exactly these names, so that the log counts.
    """
    times = [
        order.at
        for order in state.orders
        if order.key == key and not order.staging and order.names == frozenset(names) and state.now - order.at < WEEK
    ]
    if known_same:
        dates = [parse_time(row.created_at) for row in state.domains if key in (None, row.name)]
        changed = max((date for date in dates if date is not None), default=state.now - WEEK)
        issued = event_times(state.log, max(state.now - WEEK, changed), is_issue, key)
        times = max(times, issued, key=len)
    if len(times) < IDENTICAL_IN_A_WEEK:
        return None
    again = sorted(times)[-IDENTICAL_IN_A_WEEK] + WEEK
    return (
        f"{len(times)} certificates for the same names were ordered in the last 7 days, and Let's Encrypt refuses a "
        f"sixth; nothing was ordered. Wait until {again:%Y-%m-%d %H:%M} UTC, or use environment: staging for tests"
    )


def failed_too_often(state: CertificatesState, key: Key) -> str | None:
    """Say that orders have failed so often that the next one must wait, None where they have not."""
    since = state.now - HOUR
    remembered = [order.at for order in state.failed_orders if order.key == key and order.at > since]
    failures = max(event_times(state.log, since, is_failure, key), remembered, key=len)
    if len(failures) < FAILURES_IN_AN_HOUR:
        return None
    again = failures[-FAILURES_IN_AN_HOUR] + HOUR
    return (
        f"{len(failures)} orders have failed within an hour; runs after {again:%H:%M} UTC try again. Remove the cause "
        "(DNS, for example), or order at once with force: true"
    )


def base_domain(domains: Iterable[Domain]) -> str | None:
    """Return the network's base domain: the primary one, without www. None where RunCloud does not say which it is."""
    primary = next((row.name for row in domains if row.type == PRIMARY), None)
    return primary.removeprefix(WWW).removeprefix(WILDCARD) if primary else None


def new_this_week(state: CertificatesState, base: str) -> int:
    """Count the certificates below a domain that were new this week; renewals keep their date and do not count."""
    created = [one.created_at for name, one in state.certificates.items() if one and name and is_below(name, base)]
    return sum(1 for moment in created if moment is not None and state.now - moment < WEEK)
