# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let's Encrypt's limits, counted before anything is ordered (reference 8). Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import datetime
import typing as t

from .. import _names as _hostnames
from .._runcloud.models import PRIMARY, Domain
from . import log as _ssl_log

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._runcloud.models import LogEntry

NAMES_IN_ONE_CERTIFICATE = 100
ORDERS_IN_THREE_HOURS = 300
OF_ONE_DOMAIN_IN_A_WEEK = 50
IDENTICAL_IN_A_WEEK = 5
# Let's Encrypt locks a name out for an hour after 5 failures; this leaves some for whoever repairs and tries by hand.
FAILURES_IN_AN_HOUR = 3
WEEK = datetime.timedelta(days=7)
HOUR = datetime.timedelta(hours=1)
THREE_HOURS = datetime.timedelta(hours=3)
# From so many certificates for subdomains of one domain on, the wildcard is named as the way out.
MANY_SUBDOMAINS = 10


def too_many_names(count: int) -> str:
    """Say that one certificate cannot hold so many names, and what to do instead."""
    return (
        f"{count} names are more than Let's Encrypt puts in one certificate ({NAMES_IN_ONE_CERTIFICATE}); nothing was "
        "ordered. Use mode: advanced (a certificate for each domain), a wildcard for subsites, or a second application"
    )


def identical_too_often(
    log: Iterable[LogEntry], domain: str | None, since: datetime.datetime | None, now: datetime.datetime
) -> str | None:
    """Say that the same certificate was issued as often as it may be, None where it was not, as far as is known.

    :param log: the activity log.
    :param domain: whose certificate it is, None for the one of basic mode.
    :param since: when its names were last changed.
    :param now: the time.
    """
    start = max(now - WEEK, since) if since else now - WEEK
    issued = _ssl_log.times(log, start, _ssl_log.is_issue, domain)
    if len(issued) < IDENTICAL_IN_A_WEEK:
        return None
    again = issued[-IDENTICAL_IN_A_WEEK] + WEEK
    return (
        f"{len(issued)} certificates for the same names were issued in the last 7 days, and Let's Encrypt refuses a "
        f"sixth; nothing was ordered. Wait until {again:%Y-%m-%d %H:%M} UTC, or use environment: staging for tests"
    )


def failed_too_often(log: Iterable[LogEntry], domain: str | None, now: datetime.datetime) -> str | None:
    """Say that orders have failed so often that the next one must wait, None where they have not.

    :param log: the activity log.
    :param domain: whose certificate it is, None for the one of basic mode.
    :param now: the time.
    """
    failures = _ssl_log.times(log, now - HOUR, _ssl_log.is_failure, domain)
    if len(failures) < FAILURES_IN_AN_HOUR:
        return None
    again = failures[-FAILURES_IN_AN_HOUR] + HOUR
    return (
        f"{len(failures)} orders have failed within an hour, as RunCloud's activity log says; runs after "
        f"{again:%H:%M} UTC try again. Remove the cause (DNS, for example), or order at once with force: true"
    )


def base_domain(domains: Sequence[Domain]) -> str | None:
    """Give the network's base domain: the primary one, without www. None where RunCloud does not say which it is."""
    primary = next((row.name for row in domains if row.type == PRIMARY), None)
    return primary.removeprefix(_hostnames.WWW).removeprefix(_hostnames.WILDCARD) if primary else None


class Budget:
    """Counts the orders of one run against the limits.

    :param max_orders: how many this run may send at most.
    :param base: the network's base domain, whose subdomains share a limit.
    :param issued: when the certificates that are there were issued, by domain.
    :param now: the time.
    """

    def __init__(
        self, max_orders: int, base: str | None, issued: Mapping[str, datetime.datetime], now: datetime.datetime
    ) -> None:
        self.max_orders = max_orders
        self.base = base
        self.taken = 0
        self.recent = sum(1 for moment in issued.values() if now - moment < THREE_HOURS)
        self.of_base = sum(1 for name, moment in issued.items() if self._below_base(name) and now - moment < WEEK)

    def refusal(self, names: Sequence[str]) -> str | None:
        """Say why an order must wait, None where it need not."""
        own = self.over_own_limit()
        if own is not None:
            return own
        if self.recent >= ORDERS_IN_THREE_HOURS:
            return f"Let's Encrypt takes {ORDERS_IN_THREE_HOURS} orders in 3 hours; a later run goes on"
        if self._below_base(names[0]) and self.of_base >= OF_ONE_DOMAIN_IN_A_WEEK:
            return (
                f"Let's Encrypt issues {OF_ONE_DOMAIN_IN_A_WEEK} certificates a week for {self.base}, and they are "
                f"used up; a later run goes on, or attach *.{self.base} with one wildcard certificate (dns-01)"
            )
        return None

    def over_own_limit(self) -> str | None:
        """Say that the limit of this run is reached, None where it is not."""
        if self.taken >= self.max_orders:
            return f"max_orders: this run orders {self.max_orders} at most; the next one goes on"
        return None

    def take(self, names: Sequence[str]) -> None:
        """Count an order."""
        self.taken += 1
        self.recent += 1
        self.of_base += self._below_base(names[0])

    def warnings(self, wanted: Iterable[Sequence[str]]) -> list[str]:
        """Warn of many subdomains of one domain, which share a limit that a wildcard does not touch."""
        count = sum(1 for names in wanted if self._below_base(names[0]) and not _hostnames.is_wildcard(names[0]))
        if count < MANY_SUBDOMAINS:
            return []
        return [
            f"{count} certificates for single subdomains of {self.base} are wanted; Let's Encrypt issues "
            f"{OF_ONE_DOMAIN_IN_A_WEEK} a week for one registered domain. Attach *.{self.base} with one wildcard "
            "certificate (authorization_method: dns-01) instead."
        ]

    def _below_base(self, name: str) -> bool:
        return self.base is not None and _hostnames.is_below(name, self.base)
