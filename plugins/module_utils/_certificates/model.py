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
    from collections.abc import Mapping

    from .._probe.served import ServedReport
    from .._runcloud.models import Certificate, CertificateRequest, Domain, KeyPair, LogEntry

HTTP_01 = "http-01"
DNS_01 = "dns-01"
LIVE = "live"
STAGING = "staging"

Via = t.Literal["install", "redeploy", "reissue"]
Action = t.Literal["install", "redeploy", "reissue", "update", "remove"]


@dataclasses.dataclass(frozen=True)
class OwnCertificate:
    """The certificate a user brings along, with what is to know of it. Times are aware, ``sha256`` hexadecimal."""

    pair: KeyPair
    names: tuple[str, ...]
    not_after: datetime.datetime
    sha256: str


@dataclasses.dataclass(frozen=True)
class SslWish:
    """What is asked for. ``None`` leaves something as it is, and takes RunCloud's usual value for a new certificate."""

    present: bool = True
    domains: frozenset[str] | None = None
    provider: str | None = None
    environment: str = LIVE
    authorization_method: str | None = None
    external_api: int | None = None
    options: CertificateOptions = dataclasses.field(default_factory=CertificateOptions)
    own: OwnCertificate | None = None
    csr: tuple[tuple[str, str], ...] = ()
    renew_before: datetime.timedelta = datetime.timedelta(days=14)
    force: bool = False
    max_orders: int = 50


@dataclasses.dataclass(frozen=True)
class SslState:
    """What is known before the run.

    ``domains`` are all domains of the web application, those that only will be attached with ``id`` None.
    ``certificates``: by name of the domain, None for the one of basic mode; a name that is no key was not read.
    ``served``: what the server presents, None where it was not asked or could not be reached.
    ``changed``: names that this run added or changed. ``hold``: names for which nothing is ordered, with the reason.
    ``now``: by RunCloud's clock. ``log``: the activity log, which is read only where something is to be ordered.
    """

    advanced: bool
    auto_ssl: bool | None
    domains: tuple[Domain, ...]
    certificates: Mapping[str | None, Certificate | None]
    served: ServedReport | None
    changed: frozenset[str]
    hold: Mapping[str, str]
    now: datetime.datetime
    log: tuple[LogEntry, ...] = ()


@dataclasses.dataclass(frozen=True)
class SslStep:
    """One request that changes something. ``names`` are what the certificate covers after it."""

    action: Action
    domain: Domain | None
    certificate: Certificate | None
    names: tuple[str, ...] = ()
    request: CertificateRequest | None = None
    options: CertificateOptions | None = None
    pair: KeyPair | None = None

    @property
    def key(self) -> str | None:
        """The name whose certificate is worked on, None for the one of basic mode."""
        return self.domain.name if self.domain else None

    @property
    def is_order(self) -> bool:
        """Say whether a certificate authority is asked for a certificate."""
        ordered = self.request is None or self.request.provider == LETSENCRYPT
        return self.action in ("install", "redeploy", "reissue") and ordered


@dataclasses.dataclass(frozen=True)
class NameReport:
    """What visitors of one domain get. ``expires`` is what the server presents; None where it was not seen."""

    name: str
    required: tuple[str, ...]
    covers: tuple[str, ...]
    missing: tuple[str, ...]
    expires: datetime.datetime | None = None
    issuer: str | None = None
    served_by_other: bool = False
    error: str = ""


@dataclasses.dataclass(frozen=True)
class SslPlan:
    """What a run will do, and what it leaves. ``problems``: names for which what is asked for cannot be had."""

    steps: tuple[SslStep, ...] = ()
    pending: tuple[tuple[str, str], ...] = ()
    problems: Mapping[str, str] = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    names: Mapping[str, NameReport] = dataclasses.field(default_factory=dict)

    @property
    def orders(self) -> list[dict[str, object]]:
        """Give the return value ``orders`` of the module (design 2.3)."""
        return [{"via": step.action, "names": list(step.names)} for step in self.steps if step.is_order]
