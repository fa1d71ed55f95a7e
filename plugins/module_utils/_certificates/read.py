# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what is known of a web application's certificates, with the fewest requests that tell it.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._names import is_test_domain
from .._probe.tls import TlsProber
from .._runcloud.models import CertificateOptions
from . import coverage as _ssl_coverage
from . import options as _ssl_options

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .._module import Context
    from .._outcome import Progress
    from .._probe.served import ServedReport
    from .._runcloud.api import WebAppApi
    from .._runcloud.models import Certificate, Domain

Handshakes = t.Callable[[t.Iterable[str]], "ServedReport | None"]


def handshakes_for(context: Context, server_id: int) -> Handshakes:
    """Ask the server itself as the options of a module say, RunCloud's own test names left out."""
    options = context.options
    address = options["verify_address"] or (lambda: context.cloud.server(server_id).address)
    prober = TlsProber(address, options["verify_port"], progress=_as_lines(context.progress))

    def ask(names: Iterable[str]) -> ServedReport | None:
        wanted = [name for name in names if not is_test_domain(name)]
        if options["verify"] == "none" or prober.reason:
            return None
        report = prober(wanted)
        if prober.reason:
            context.module.warn(
                "What the server really serves could not be verified, so only what RunCloud tells was used "
                f"({prober.reason}; the option verify_address says which address is asked)."
            )
        return report

    return ask


def _as_lines(write: Callable[[str], None]) -> Progress:
    return lambda what, done=0, total=0: write(f"{what}: {done}/{total}")


@dataclasses.dataclass
class Reader:
    """Reads certificates and handshakes.

    :param app: the web application.
    :param handshakes: gives what the server presents for names, None where nothing is to be asked or nobody answers.
    :param ask_all: in advanced mode, whether RunCloud is asked also where the server presents a good certificate.
    :param soon: a certificate that ends before this time is not good.
    :param options: what is asked for; where the list of certificates does not show it, and only some domains are meant,
        they are asked for one by one.
    """

    app: WebAppApi
    handshakes: Handshakes
    ask_all: bool
    soon: Callable[[], datetime.datetime]
    options: CertificateOptions = dataclasses.field(default_factory=CertificateOptions)

    def read(
        self, advanced: bool, domains: Sequence[Domain], only: frozenset[str] | None
    ) -> tuple[Mapping[str | None, Certificate | None], ServedReport | None]:
        """Read RunCloud's certificates and the server's.

        :param advanced: the mode.
        :param domains: the attached domains; planned ones (without id) are left out.
        :param only: in advanced mode, the names that matter; None for all.
        """
        attached = [row for row in domains if row.id is not None]
        served = self.handshakes(row.name for row in attached)
        answer = self.app.certificates()
        if not advanced:
            return {None: single(answer)}, served
        wanted = [row for row in attached if only is None or row.name in only]
        if not isinstance(answer, dict):
            return self.of_domains(row for row in wanted if self._unclear(row, served)), served
        listed = t.cast("dict[str | None, Certificate | None]", dict(answer))
        if only is not None:
            listed.update(self.of_domains(row for row in wanted if self._hidden(listed.get(row.name))))
        return listed, served

    def of_domains(self, domains: Iterable[Domain]) -> dict[str | None, Certificate | None]:
        """Ask for the certificate of each of some domains."""
        return {row.name: self.app.domain_certificate(row) for row in domains}

    def _hidden(self, certificate: Certificate | None) -> bool:
        """Say whether the list leaves out something that was asked for (reference 4.4)."""
        return certificate is not None and "tls_versions" in _ssl_options.unshown_options(self.options, certificate)

    def _unclear(self, row: Domain, served: ServedReport | None) -> bool:
        return self.ask_all or not _ssl_coverage.served_ok(row, served, self.soon())


def single(answer: dict[str, Certificate | None] | Certificate | None) -> Certificate | None:
    """Give the one certificate of basic mode; the list form may come there, too (reference 4.4)."""
    if not isinstance(answer, dict):
        return answer
    found = [certificate for certificate in answer.values() if certificate is not None]
    newest = max(found, key=lambda certificate: certificate.id, default=None)
    return dataclasses.replace(newest, domain=None) if newest is not None else None
