# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of earlier orders: by RunCloud's activity log (reference 2.3) and this controller's memory. Pure.

PRIVATE to the collection: may change without notice.

The words of the log are not documented, so they are read generously for what only holds back an order that can be
forced. Nothing is ever ordered or removed because of them, and where the log cannot be read, all goes on without it.
"""

from __future__ import annotations

import collections
import datetime
import re
import typing as t

from .._runcloud.models import CSR, LogEntry
from .._runcloud.wire import parse_time
from .coverage import BACKDATED

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .._runcloud.models import Certificate, Domain
    from .coverage import Found
    from .model import CertificatesState, EarlierOrder, Key

# So long an order is waited for or pending, and never repeated (design 4). AutoSSL is left as long (reference 5.3).
ORDER_TAKES = datetime.timedelta(minutes=15)
WEEK = datetime.timedelta(days=7)
# RunCloud's clock is read from whole seconds, and its log and its replies may be written by two machines.
CLOCKS_DIFFER = datetime.timedelta(seconds=5)

_FAILED = re.compile(r"fail|error|unable|could not|danger", re.IGNORECASE)
_ISSUED = re.compile(r"deployed|issued|installed|renewed", re.IGNORECASE)
_ABOUT = re.compile(r"ssl|certificate|encrypt|acme", re.IGNORECASE)


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
    """Return when something happened, the oldest first.

    :param since: what is older does not count.
    :param kind: which lines count.
    :param key: only lines that name this host count; None for all.
    """
    found = []
    for entry in log:
        moment = parse_time(entry.created_at)
        if moment is not None and moment > since and kind(entry) and (key is None or mentions(entry.content, key)):
            found.append(moment)
    return sorted(found)


class ActivityLogWatcher:
    """Tells new failures in the activity log from old ones.

    :param read: reads the log; None where that is not possible.
    :param known: the log as it was before the orders, None where it could not be read.
    :param since: when that was; without a log from before, only what is dated later is new.
    """

    def __init__(
        self,
        read: Callable[[], Sequence[LogEntry] | None],
        known: Sequence[LogEntry] | None,
        since: datetime.datetime,
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
        if self._since is None:
            return True
        moment = parse_time(entry.created_at)
        return moment is not None and moment >= self._since


def failure_for(failures: Iterable[LogEntry], names: Iterable[str], alone: bool) -> LogEntry | None:
    """Return the failure of an order: it mentions one of its names, or there is only this order."""
    for entry in failures:
        if alone or any(mentions(entry.content, name) for name in names):
            return entry
    return None


def last_issue(state: CertificatesState, key: Key) -> datetime.datetime | None:
    """Return when a certificate was issued last, as the log or the memory say; None where they do not."""
    times = event_times(state.log, state.now - WEEK, is_issue, key)
    times += [order.at for order in state.orders if order.key == key and order.done]
    return max(times, default=None)


def order_in_progress(state: CertificatesState, key: Key, found: Found) -> datetime.datetime | None:
    """Return since when an order for a certificate is in progress, as far as is known; None where none is.

    :param found: the certificate as RunCloud has it and the server presents it.
    """
    if found.certificate is not None and is_pending(found.certificate, state.now):
        return found.certificate.created_at or state.now
    lately = [order for order in recent_orders(state, key) if not _has_ended(order, found, state)]
    return max((order.at for order in lately), default=None)


def is_pending(certificate: Certificate, now: datetime.datetime) -> bool:
    """Say whether RunCloud shows that the order of a certificate is not finished, and may still come to something."""
    if certificate.valid_until is not None or certificate.provider == CSR:
        return False
    return certificate.created_at is None or now - certificate.created_at < ORDER_TAKES


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
    if order.done or event_times(
        state.log, order.at - CLOCKS_DIFFER, lambda e: is_issue(e) or is_failure(e), order.key
    ):
        return True
    certificate = found.certificate
    if certificate is not None and certificate.valid_until is not None and mark(certificate) != order.before:
        return True
    begins = found.served.not_before + BACKDATED if found.served is not None else None
    return begins is not None and begins >= order.at - datetime.timedelta(minutes=2)


def mark(certificate: Certificate | None) -> tuple[int, str] | None:
    """Return what tells one certificate from the next: its id and its end."""
    if certificate is None:
        return None
    return certificate.id, str(certificate.valid_until or "")


def is_left_to_auto_ssl(row: Domain, state: CertificatesState) -> bool:
    """Say whether AutoSSL can be expected to order for a domain by itself: it does so for new ones (reference 5.3)."""
    if not state.auto_ssl:
        return False
    attached = parse_time(row.created_at)
    new = row.id is None or row.name in state.changed
    return new or (attached is not None and state.now - attached < ORDER_TAKES)
