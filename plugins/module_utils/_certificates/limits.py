# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let's Encrypt's limits, counted before anything is ordered (reference 8). Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import datetime
import typing as t

from .._names import WILDCARD, WWW, is_below
from .._runcloud.models import PRIMARY
from .._runcloud.wire import parse_time
from .activity import WEEK, event_times, is_failure, is_issue

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .._runcloud.models import Domain
    from .model import CertificatesState, Key

NAMES_IN_ONE_CERTIFICATE = 100
OF_ONE_DOMAIN_IN_A_WEEK = 50
IDENTICAL_IN_A_WEEK = 5
# Let's Encrypt locks a name out for an hour after 5 failures; this leaves some for whoever repairs and tries by hand.
FAILURES_IN_AN_HOUR = 3
HOUR = datetime.timedelta(hours=1)


def too_many_names(count: int) -> str:
    """Say that one certificate cannot hold so many names, and what to do instead."""
    return (
        f"{count} names are more than Let's Encrypt puts in one certificate ({NAMES_IN_ONE_CERTIFICATE}); nothing was "
        "ordered. Use mode: advanced (a certificate for each domain), a wildcard for subsites, or a second application"
    )


def identical_too_often(state: CertificatesState, key: Key, names: Sequence[str], known_same: bool) -> str | None:
    """Say that the same certificate was issued as often as it may be, None where it was not, as far as is known.

    :param key: whose certificate it is, None for the one of basic mode.
    :param names: what would be ordered.
    :param known_same: whether the certificate that is there is for exactly these names, so that the log counts.
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
    """Say that orders have failed so often that the next one must wait, None where they have not.

    :param key: whose certificate it is, None for the one of basic mode.
    """
    failures = event_times(state.log, state.now - HOUR, is_failure, key)
    if len(failures) < FAILURES_IN_AN_HOUR:
        return None
    again = failures[-FAILURES_IN_AN_HOUR] + HOUR
    return (
        f"{len(failures)} orders have failed within an hour, as RunCloud's activity log says; runs after "
        f"{again:%H:%M} UTC try again. Remove the cause (DNS, for example), or order at once with force: true"
    )


def base_domain(domains: Iterable[Domain]) -> str | None:
    """Return the network's base domain: the primary one, without www. None where RunCloud does not say which it is."""
    primary = next((row.name for row in domains if row.type == PRIMARY), None)
    return primary.removeprefix(WWW).removeprefix(WILDCARD) if primary else None


def new_this_week(state: CertificatesState, base: str) -> int:
    """Count the certificates below a domain that were new this week; renewals keep their date and do not count."""
    created = [one.created_at for name, one in state.certificates.items() if one and name and is_below(name, base)]
    return sum(1 for moment in created if moment is not None and state.now - moment < WEEK)


def used_up(base: str) -> str:
    """Say that no more new certificates are issued for a domain this week, and what to do instead."""
    return (
        f"Let's Encrypt issues {OF_ONE_DOMAIN_IN_A_WEEK} new certificates a week for {base}, and they are used up; a "
        f"later run continues, or attach *.{base} with one wildcard certificate (authorization_method: dns-01)"
    )
