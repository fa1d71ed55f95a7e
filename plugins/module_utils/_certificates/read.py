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
from .._runcloud.models import CertificateOptions
from .coverage import served_certificate, served_ok
from .model import LIVE, STAGING
from .options import OPTION_NAMES, unshown_options

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .._probe.served import ServedReport
    from .._runcloud.api import WebAppApi
    from .._runcloud.models import Certificate, Domain, LogEntry
    from .model import DesiredCertificates, Key

Prober = t.Callable[[t.Iterable[str]], "ServedReport | None"]


@dataclasses.dataclass(frozen=True)
class Reader:
    """What is asked of RunCloud and of the server, and how thoroughly.

    :param prober: returns what the server presents under names, None where it is not to be asked or cannot be.
    :param ask_all: in advanced mode, whether RunCloud is asked also where the server presents a good certificate.
    :param environment: which certificates are wanted; a good one of the other kind is asked for, too.
    :param expiry_threshold: a certificate that ends before this time is not good.
    :param options: what is asked for; where the list of certificates does not show it, and only some domains are meant,
        they are asked for one by one.
    """

    app: WebAppApi
    prober: Prober | None
    ask_all: bool
    expiry_threshold: Callable[[], datetime.datetime]
    environment: str = LIVE
    options: CertificateOptions = dataclasses.field(default_factory=CertificateOptions)

    @classmethod
    def of(
        cls,
        app: WebAppApi,
        prober: Prober | None,
        desired: DesiredCertificates,
        expiry_threshold: Callable[[], datetime.datetime],
    ) -> Reader:
        """Return a reader for what is asked for: what only RunCloud can say is then asked of each certificate."""
        asked = any(getattr(desired.options, name) is not None for name in OPTION_NAMES)
        another = desired.provider or desired.authorization_method or desired.environment == STAGING
        ask_all = bool(desired.force or not desired.present or asked or another)
        return cls(app, prober, ask_all, expiry_threshold, desired.environment, desired.options)

    def probe(self, names: Iterable[str]) -> ServedReport | None:
        """Ask the server itself; None where it is not to be asked or cannot be."""
        wanted = [name for name in names if not is_test_domain(name)]
        return self.prober(wanted) if self.prober is not None and wanted else None

    def read(
        self, advanced: bool, domains: Sequence[Domain], only: frozenset[str] | None
    ) -> tuple[Mapping[Key, Certificate | None], ServedReport | None]:
        """Read RunCloud's certificates and the server's.

        :param domains: the attached domains; planned ones (without id) are left out.
        :param only: in advanced mode, the names that matter; None for all.
        """
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
        if only is not None:
            for row in wanted:
                if self._is_hidden(listed[row.name]):
                    listed[row.name] = self.app.domain_certificate(row)
        return listed, served

    def _is_hidden(self, certificate: Certificate | None) -> bool:
        """Say whether the list leaves out something that was asked for (reference 4.4)."""
        return certificate is not None and "tls_versions" in unshown_options(self.options, certificate)

    def _is_unclear(self, row: Domain, served: ServedReport | None) -> bool:
        found = served_certificate(row, served)
        # Only RunCloud can say of which environment it is; the issuer's name is a reason to ask.
        other = found is not None and "staging" in found.issuer.lower() and self.environment == LIVE
        return other or not served_ok(row, served, self.expiry_threshold())


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
    found: dict[Key, Certificate | None] = {}
    for key, row in domains.items():
        if row is None:
            found[key] = app_certificate(listed)
        elif isinstance(listed, dict):
            found[key] = listed.get(row.name)
        else:
            found[key] = app.domain_certificate(row)
    return found


def read_log(app: WebAppApi) -> tuple[LogEntry, ...] | None:
    """Read the activity log; None where that is not possible: it only helps, so nothing depends on it."""
    try:
        return tuple(app.log())
    except RateLimited:
        raise
    except ApiError:
        return None
