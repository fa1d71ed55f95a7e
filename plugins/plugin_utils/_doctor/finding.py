# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the doctor has looked at, and what it says of it. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...module_utils._certificates.model import CertificatesPlan
    from ...module_utils._certificates.result import CertificatesOutcome
    from ...module_utils._domains.plan import DomainPlan
    from ...module_utils._runcloud.models import Domain, LogEntry, Server, WebApp
    from .._sync.decide import Decision
    from .._wordpress.network import Inventory

T = t.TypeVar("T")

# The most urgent first.
VERDICTS = WRONG, WARNING, NOT_CHECKED, OK = "wrong", "warning", "not checked", "ok"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    :param verdict: one of ``VERDICTS``; what is not known is neither wrong nor ok.
    :param advice: what to do about it; "" where there is nothing to do.
    :param name: the host name it is about, in its ASCII form; "" where it is about none.
    """

    area: str
    verdict: str
    text: str
    advice: str = ""
    name: str = ""


@dataclasses.dataclass(frozen=True)
class Look(t.Generic[T]):
    """What one look came to: something was found, it failed, or nothing was looked at.

    :param fault: why it failed; ``asked`` where that was a request, ``status`` and ``said`` (RunCloud's own message)
        of the answer, where one came.
    """

    found: T | None = None
    fault: str = ""
    asked: bool = False
    status: int | None = None
    said: str = ""

    @property
    def refused(self) -> bool:
        """Say whether all further requests would fail as well: no answer, not this API, no access, no patience left."""
        return self.asked and (self.status is None or self.status < 400 or self.status in (401, 429))


@dataclasses.dataclass
class Seen:
    """All that was looked at.

    :param option: returns an option's name as the user knows it.
    :param credentials: where credentials are given, the one that is used first.
    :param settings: what is wrong with the options.
    :param servers: those that these credentials see, where none was named or found; so with ``webapps``.
    :param dns: host name -> DnsCheck; ``caa`` a CaaReport, ``connection`` a Connection, ``target`` a Target: their files
        are not pure.
    :param plan: what the next run would do to the attached domains; ``orders`` for their certificates.
    :param held: host names that cannot be in a certificate order now, with the reason.
    :param elsewhere: wanted names that another web application has, with its description.
    """

    options: Mapping[str, t.Any]
    option: Callable[[str], str]
    source: str
    credentials: tuple[str, ...] = ()
    settings: list[str] = dataclasses.field(default_factory=list)
    connection: Look[t.Any] = Look()
    target: t.Any = None
    server: Look[Server] = Look()
    servers: Look[list[Server]] = Look()
    webapp: Look[WebApp] = Look()
    webapps: Look[list[WebApp]] = Look()
    attached: Look[tuple[Domain, ...]] = Look()
    inventory: Inventory | None = None
    decision: Look[Decision] = Look()
    plan: Look[DomainPlan] = Look()
    dns: Look[Mapping[str, t.Any]] = Look()
    caa: Look[t.Any] = Look()
    certificates: Look[CertificatesOutcome] = Look()
    orders: Look[CertificatesPlan] = Look()
    log: Look[tuple[LogEntry, ...]] = Look()
    held: Mapping[str, str] = dataclasses.field(default_factory=dict)
    elsewhere: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def api_url(self) -> str:
        """Where RunCloud was asked."""
        return str(self.connection.found.url) if self.connection.found else ""

    @property
    def wants(self) -> list[str]:
        """The domains that are wanted."""
        decision = self.decision.found
        return [domain.name for domain in decision.desired if domain.present] if decision else []

    @property
    def proven(self) -> bool:
        """Say whether RunCloud has answered anything as it should: only that proves the connection and credentials."""
        looks: tuple[Look[t.Any], ...] = (self.server, self.servers, self.webapp, self.webapps, self.attached)
        return any(look.found is not None for look in looks)


def some(names: list[str] | tuple[str, ...], shown: int = 5) -> str:
    """Write names in a sentence, the first few of many."""
    text = ", ".join(names[:shown])
    return text if len(names) <= shown else f"{text} and {len(names) - shown} more"
