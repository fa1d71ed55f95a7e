# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked for, what is known, and what will be done about certificates. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._runcloud.models import LETSENCRYPT, CertificateOptions

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._probe.served import ServedReport
    from .._runcloud.models import Certificate, CertificateRequest, Domain, KeyPair, LogEntry

BASIC = "basic"
ADVANCED = "advanced"
HTTP_01 = "http-01"
DNS_01 = "dns-01"
LIVE = "live"
STAGING = "staging"

Via = t.Literal["install", "redeploy", "reissue"]
Action = t.Literal["install", "redeploy", "reissue", "update", "remove"]
# The name of the domain whose certificate it is, None for the one certificate of basic mode.
Key = t.Optional[str]


@dataclasses.dataclass(frozen=True)
class CustomCertificate:
    """The user's own certificate, and what is known of it. Times are aware, ``sha256`` is hexadecimal."""

    key_pair: KeyPair
    names: tuple[str, ...]
    not_after: datetime.datetime
    sha256: str


@dataclasses.dataclass(frozen=True)
class DesiredCertificates:
    """What is asked for. ``None`` keeps what is there, and takes RunCloud's usual value for a new certificate."""

    present: bool = True
    domains: frozenset[str] | None = None
    provider: str | None = None
    environment: str = LIVE
    authorization_method: str | None = None
    external_api: int | None = None
    options: CertificateOptions = dataclasses.field(default_factory=CertificateOptions)
    custom: CustomCertificate | None = None
    renew_before: datetime.timedelta = datetime.timedelta(days=14)
    force: bool = False
    max_orders: int = 50


@dataclasses.dataclass(frozen=True)
class EarlierOrder:
    """An order that this controller has sent before, as its memory has it.

    ``at`` is by RunCloud's clock. ``names`` are those that were ordered. ``before``: id and end of the certificate that
    was there then, None where there was none. ``done``: it is known to have been issued; ``failed``: to have failed.
    """

    key: Key
    names: frozenset[str]
    at: datetime.datetime
    before: tuple[int, str] | None = None
    staging: bool = False
    done: bool = False
    failed: bool = False


@dataclasses.dataclass(frozen=True)
class CertificatesState:
    """What is known before the run. ``now`` is by RunCloud's clock; domains that only will be attached have no ``id``.

    ``certificates``: a name that is not a key was not read, one whose value is None has none.
    ``served``: what the server presents, None where it was not asked or could not be reached.
    ``changed``: names that this run added or changed. ``held``: names that do not point here, which http-01 needs, and
    ``forbidden``: names for which no certificate may be issued, each with the reason.
    ``orders``, ``failed_orders``: what this controller remembers of a week. ``log``: empty where nothing is ordered, or it is unreadable.
    """

    advanced: bool
    auto_ssl: bool | None
    domains: tuple[Domain, ...]
    certificates: Mapping[Key, Certificate | None]
    served: ServedReport | None
    now: datetime.datetime
    changed: frozenset[str] = frozenset()
    held: Mapping[str, str] = dataclasses.field(default_factory=dict)
    forbidden: Mapping[str, str] = dataclasses.field(default_factory=dict)
    orders: tuple[EarlierOrder, ...] = ()
    failed_orders: tuple[EarlierOrder, ...] = ()
    log: tuple[LogEntry, ...] = ()


@dataclasses.dataclass(frozen=True)
class Step:
    """One request that changes something. ``names`` are what the certificate covers after it."""

    action: Action
    domain: Domain | None
    certificate: Certificate | None
    names: tuple[str, ...] = ()
    request: CertificateRequest | None = None
    options: CertificateOptions | None = None
    key_pair: KeyPair | None = None

    @property
    def key(self) -> Key:
        """The name whose certificate is worked on, None for the one of basic mode."""
        return self.domain.name if self.domain else None

    @property
    def concerns(self) -> tuple[str, ...]:
        """The name of the domain, or in basic mode all names of the certificate: what is said of the step is of them."""
        return (self.domain.name,) if self.domain else self.names

    @property
    def is_order(self) -> bool:
        """Whether a certificate authority is asked for a certificate."""
        ordered = self.request is None or self.request.provider == LETSENCRYPT
        return self.action in ("install", "redeploy", "reissue") and ordered


@dataclasses.dataclass(frozen=True)
class NameReport:
    """What visitors of one domain get.

    ``checked`` False: coverage is not known, so a name is neither in ``covers`` nor in ``missing``.
    ``expires`` is what the server presents; None where it was not seen.
    """

    name: str
    checked: bool
    covers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    expires: datetime.datetime | None = None
    issuer: str | None = None
    served_by_other: bool = False
    error: str = ""


@dataclasses.dataclass(frozen=True)
class CertificatesPlan:
    """What a run will do, and what it leaves.

    ``problems``: name -> why what is asked for cannot be had; the key "" is for what belongs to no single name.
    """

    steps: tuple[Step, ...] = ()
    pending: Mapping[str, str] = dataclasses.field(default_factory=dict)
    problems: Mapping[str, str] = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    names: Mapping[str, NameReport] = dataclasses.field(default_factory=dict)

    @property
    def orders(self) -> list[dict[str, object]]:
        """The return value ``orders`` of a preview."""
        return told_orders(self.steps)


def told_orders(steps: Iterable[Step]) -> list[dict[str, object]]:
    """Return the return value ``orders`` (design 2.3)."""
    return [{"via": step.action, "names": list(step.names)} for step in steps if step.is_order]
