# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server presented, and under which names. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._names import covered_by

if t.TYPE_CHECKING:
    import datetime


@dataclasses.dataclass(frozen=True)
class ServedCertificate:
    """A certificate as it was presented, trusted or not.

    :param names: the DNS names it is for, in lower case; the common name where it has no alternative names.
    :param not_before: the beginning of its validity, as ``not_after`` an aware time in UTC.
    :param issuer: who signed it; this is only reported, nothing is decided by it.
    :param sha256: the fingerprint, hexadecimal in lower case.
    """

    names: tuple[str, ...]
    not_before: datetime.datetime
    not_after: datetime.datetime
    issuer: str
    sha256: str

    def covers(self, name: str) -> bool:
        """Say whether it is valid for a name, dates left aside. A wildcard is covered by the same wildcard only."""
        return covered_by(name, self.names)


@dataclasses.dataclass(frozen=True)
class Served:
    """What was presented for one name: a certificate, its own or another, or the error that the handshake ended with.

    :param error: why the server could not be asked for this name; what it presents is then unknown.
    """

    name: str
    certificate: ServedCertificate | None = None
    error: str = ""


@dataclasses.dataclass(frozen=True)
class ServedReport:
    """What a server presented. Where it is not reachable, ``reason`` says why and ``served`` is empty."""

    reachable: bool
    reason: str = ""
    served: dict[str, Served] = dataclasses.field(default_factory=dict)
