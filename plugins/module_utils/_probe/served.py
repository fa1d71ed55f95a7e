# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server presented, and under which names. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _names as _hostnames

if t.TYPE_CHECKING:
    import datetime


@dataclasses.dataclass(frozen=True)
class ServedCertificate:
    """A certificate as it was presented, trusted or not.

    `names` are the DNS names it is for, in lower case (the common name where it has no alternative names), the times
    are aware and in UTC, `serial` and `sha256` (the fingerprint) hexadecimal in lower case. `self_signed`: it names
    itself as its issuer.
    """

    names: tuple[str, ...]
    not_before: datetime.datetime
    not_after: datetime.datetime
    issuer: str
    serial: str
    sha256: str
    self_signed: bool

    def covers(self, name: str) -> bool:
        """Whether it is valid for a name, dates left aside. A wildcard is covered by the same wildcard only."""
        return _hostnames.covered_by(name, self.names)


@dataclasses.dataclass(frozen=True)
class Served:
    """What was presented for one name: a certificate, or the error that the handshake ended with.

    `trusted`: whether the chain leads to a root that this machine trusts and is within its dates; None where that was
    not asked, or could not be found out. Whether the name fits is `certificate.covers`.
    """

    name: str
    certificate: ServedCertificate | None = None
    error: str = ""
    trusted: bool | None = None


@dataclasses.dataclass(frozen=True)
class ServedReport:
    """What a server presented. Where it is not reachable, `reason` says why and `served` is empty."""

    reachable: bool
    reason: str = ""
    served: dict[str, Served] = dataclasses.field(default_factory=dict)
