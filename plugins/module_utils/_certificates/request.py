# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a caller asks for, as one value. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .model import DesiredCertificates
from .options import check_bounds, read_desired

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class CertificatesRequest:
    """What is asked for, and how it is gone about.

    :param mode: ``basic`` or ``advanced``; None keeps today's.
    :param external_api: id or label of the DNS provider's key, for dns-01.
    :param check_address: what is asked instead of the address that RunCloud has.
    :param changed: names that were added, or whose www was switched on, in this run.
    :param deferred: name -> why nothing may be ordered for it. A name that is attached holds back the one order of
        basic mode; so where dns-01 is used, only pass what forbids issuance, not where a name points.
    :param dns_unknown: name -> why nobody knows where it points: never a reason to hold back an order.
    """

    desired: DesiredCertificates = dataclasses.field(default_factory=DesiredCertificates)
    mode: str | None = None
    allow_mode_switch: bool = False
    auto_ssl: bool | None = None
    external_api: str | None = None
    check_served: bool = True
    check_address: str | None = None
    check_port: int = 443
    wait: bool = True
    wait_timeout: float = 180.0
    changed: frozenset[str] = frozenset()
    deferred: Mapping[str, str] = dataclasses.field(default_factory=dict)
    dns_unknown: Mapping[str, str] = dataclasses.field(default_factory=dict)


def read_request(options: Mapping[str, t.Any], now: datetime.datetime) -> CertificatesRequest:
    """Read a request from the options of runcloud_ssl; names and DNS are for the caller to add.

    :param now: an aware time; a custom certificate that has ended by then is refused.
    :raises UserError: it names the option, the value and what to do; nothing was asked of RunCloud yet.
    """
    check_bounds(options, ("check_port",))
    return CertificatesRequest(
        desired=read_desired(options, now),
        mode=options["mode"],
        allow_mode_switch=options["allow_mode_switch"],
        auto_ssl=options["auto_ssl"],
        external_api=options["external_api"] or None,
        check_served=options["check_served"],
        check_address=options["check_address"] or None,
        check_port=options["check_port"],
        wait=options["wait"],
        wait_timeout=float(options["wait_timeout"]),
    )
