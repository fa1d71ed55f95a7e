# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may still be under way without showing: orders, AutoSSL, and what another run has just begun. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import datetime
import typing as t

from .._runcloud.models import CSR, parse_time

if t.TYPE_CHECKING:
    from .._runcloud.models import Certificate, Domain
    from .model import SslPlan, SslState

# An order that is open for longer will not be finished any more (reference 7: some 30 s; clients give up after minutes).
ORDER_TAKES = datetime.timedelta(hours=1)
# So long a new domain is left to AutoSSL (reference 5.3).
AUTO_SSL_TAKES = datetime.timedelta(minutes=15)
# So long after a domain was attached, an order for it by a run that was interrupted may still be under way.
SETTLES = datetime.timedelta(seconds=45)


def is_under_way(certificate: Certificate, now: datetime.datetime) -> bool:
    """Say whether the order of a certificate is still open; after an hour nothing comes of it any more."""
    if certificate.valid_until is not None or certificate.provider == CSR:
        return False
    return certificate.created_at is None or now - certificate.created_at < ORDER_TAKES


def is_left_to_auto_ssl(row: Domain, state: SslState) -> bool:
    """Say whether AutoSSL can be expected to order for a domain by itself: it does so for new ones (reference 5.3)."""
    if not state.auto_ssl:
        return False
    attached = parse_time(row.created_at)
    new = row.id is None or row.name in state.changed
    return new or (attached is not None and state.now - attached < AUTO_SSL_TAKES)


def settles_at(row: Domain) -> datetime.datetime:
    """Give when an order for a domain that was just attached must have shown its effect."""
    return (parse_time(row.created_at) or datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)) + SETTLES


def unsettled(plan: SslPlan, state: SslState) -> list[Domain]:
    """List the domains that a redeploy is planned for, and that somebody else has attached a moment ago.

    A redeploy that is under way does not show (reference 4.6): where a run was interrupted after its order, looking
    for a while saves the same order again.
    """
    ordered = {name for step in plan.steps if step.action == "redeploy" for name in step.names}
    return [
        row
        for row in state.domains
        if row.name in ordered
        and row.id is not None
        and row.name not in state.changed
        and plan.names[row.name].missing
        and state.now < settles_at(row)
    ]
