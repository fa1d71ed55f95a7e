# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what is known of a web application's certificates, with the fewest requests that show it.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._names import is_test_domain
from .._runcloud.errors import ApiError, RateLimited
from .coverage import served_certificate, served_ok
from .model import LIVE, STAGING
from .options import OPTION_NAMES, unshown_options

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._outcome import Progress
    from .._probe.served import ServedReport
    from .._runcloud.api import WebAppApi
    from .._runcloud.models import Certificate, Domain, LogEntry
    from .memory import OrderMemory
    from .model import DesiredCertificates, Key
    from .options import CertificatesRequest

Prober = t.Callable[[t.Iterable[str]], "ServedReport | None"]


@dataclasses.dataclass
class Job:
    """What all steps of one run share. The activity log is read once, and only where it matters.

    ``desired`` has the id of the DNS provider's key. ``prober`` returns what the server presents under names, None where
    it cannot be asked. ``ask_all``: in advanced mode, RunCloud is asked also where the server presents a good one.
    """

    app: WebAppApi
    request: CertificatesRequest
    desired: DesiredCertificates
    prober: Prober | None
    memory: OrderMemory
    ask_all: bool
    progress: Progress
    log: tuple[LogEntry, ...] | None = None
    log_was_read: bool = False

    def log_before(self) -> tuple[LogEntry, ...]:
        """Return the activity log as it was before the orders; empty where it cannot be read."""
        if not self.log_was_read:
            self.log, self.log_was_read = read_log(self.app), True
        return self.log or ()

    def probe(self, names: Iterable[str]) -> ServedReport | None:
        """Ask the server itself; None where it is not to be asked or cannot be."""
        wanted = [name for name in names if not is_test_domain(name)]
        return self.prober(wanted) if self.prober is not None and wanted else None

    def read(
        self, advanced: bool, domains: Sequence[Domain]
    ) -> tuple[Mapping[Key, Certificate | None], ServedReport | None]:
        """Read RunCloud's certificates and the server's; planned domains (without id) are left out."""
        only = self.desired.domains
        attached = [row for row in domains if row.id is not None]
        served = self.probe(row.name for row in attached)
        answer = self.app.certificates()
        if not advanced:
            return {None: app_certificate(answer)}, served
        wanted = [row for row in attached if only is None or row.name in only]
        if not isinstance(answer, dict):
            unclear = [row for row in wanted if self.ask_all or self._is_unclear(row, served)]
            return {row.name: self.app.domain_certificate(row) for row in unclear}, served
        # A domain that the list leaves out has none, as one that it shows without.
        listed: dict[Key, Certificate | None] = {row.name: answer.get(row.name) for row in attached}
        # The list may leave out something that was asked for (reference 4.4): of a few, each is asked for.
        for row in wanted if only is not None else ():
            found = listed[row.name]
            if found is not None and "tls_versions" in unshown_options(self.desired.options, found):
                listed[row.name] = self.app.domain_certificate(row)
        return listed, served

    def _is_unclear(self, row: Domain, served: ServedReport | None) -> bool:
        found = served_certificate(row, served)
        # Only RunCloud can say of which environment it is; the issuer's name is a reason to ask.
        other = found is not None and "staging" in found.issuer.lower() and self.desired.environment == LIVE
        return other or not served_ok(row, served, self.app.client.now() + self.desired.renew_before)


def asks_for_what_only_runcloud_shows(desired: DesiredCertificates) -> bool:
    """Say whether what is asked for cannot be judged by what the server presents."""
    asked = any(getattr(desired.options, name) is not None for name in OPTION_NAMES)
    another = desired.provider or desired.authorization_method or desired.environment == STAGING
    return bool(desired.force or not desired.present or asked or another)


def app_certificate(answer: dict[str, Certificate | None] | Certificate | None) -> Certificate | None:
    """Return the one certificate of basic mode; the list form may be the answer there as well (reference 4.4)."""
    if not isinstance(answer, dict):
        return answer
    found = [certificate for certificate in answer.values() if certificate is not None]
    newest = max(found, key=lambda certificate: certificate.id, default=None)
    return dataclasses.replace(newest, domain=None) if newest is not None else None


def current_certificate(app: WebAppApi, domain: Domain | None) -> Certificate | None:
    """Read the certificate of a domain, or the one of the application in basic mode."""
    return app.domain_certificate(domain) if domain is not None else app_certificate(app.certificates())


def current_certificates(app: WebAppApi, domains: Mapping[Key, Domain | None]) -> dict[Key, Certificate | None]:
    """Read the certificates of some domains: in basic mode, and where there are several, by one request."""
    if not domains:
        return {}
    listed = app.certificates() if None in domains or len(domains) > 1 else None
    if isinstance(listed, dict) and None not in domains:
        return {key: listed.get(key or "") for key in domains}
    return {
        key: app_certificate(listed) if row is None else app.domain_certificate(row) for key, row in domains.items()
    }


def read_log(app: WebAppApi) -> tuple[LogEntry, ...] | None:
    """Read the activity log; None where that is not possible: it only helps, so nothing depends on it."""
    try:
        return tuple(app.log())
    except RateLimited:
        raise
    except ApiError:
        return None
