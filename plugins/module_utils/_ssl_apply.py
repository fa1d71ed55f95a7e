# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Executes a plan of certificates, step by step, and says what was done.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.multisite.runcloud.plugins.module_utils import _client, _ssl_plan
from ansible_collections.multisite.runcloud.plugins.module_utils._resources import (
    CertificateOptions,
    options_to_wire,
    pair_to_wire,
    request_to_wire,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._ssl_state import single

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.multisite.runcloud.plugins.module_utils._resources import Certificate, Domain
    from ansible_collections.multisite.runcloud.plugins.module_utils._ssl_plan import SslPlan, SslStep
    from ansible_collections.multisite.runcloud.plugins.module_utils._webapp import WebAppApi

# A refusal "because one exists" carries no code (reference U9); where the text says nothing of the kind, the old
# certificate is not given up for it.
_EXISTS = re.compile(r"already|exist|installed|remove|delete", re.IGNORECASE)
# After a lost reply to a redeploy its effect may take a while to show; looked for so often, with these pauses.
_LOOK_AGAIN = (2.0, 5.0, 8.0)


@dataclasses.dataclass
class Sent:
    """An order that RunCloud took: the step, and the certificate as the reply showed it."""

    step: SslStep
    reply: Certificate | None


@dataclasses.dataclass
class SslOutcome:
    """What a run did. ``errors``: by name; in basic mode under the first name of the certificate.

    ``updated``: changes of options that RunCloud took; whether they had an effect shows only when it is read back.
    """

    sent: list[Sent] = dataclasses.field(default_factory=list)
    updated: list[SslStep] = dataclasses.field(default_factory=list)
    errors: dict[str, str] = dataclasses.field(default_factory=dict)
    not_attempted: list[str] = dataclasses.field(default_factory=list)
    pending: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    ignored: list[str] = dataclasses.field(default_factory=list)
    changed: bool = False

    @property
    def orders(self) -> list[dict[str, object]]:
        """Give the return value ``orders`` (design 2.3)."""
        return [{"via": sent.step.action, "names": list(sent.step.names)} for sent in self.sent if sent.step.is_order]


def apply_certificates(plan: SslPlan, app: WebAppApi, progress: _client.Progress = _client.no_progress) -> SslOutcome:
    """Carry out a plan. A failed step leaves what was there, and does not stop the others.

    :param plan: what to do.
    :param app: the web application.
    :param progress: told how far the work is.
    """
    return _Run(plan, app, progress).execute()


def name_of(step: SslStep) -> str:
    """Give the name under which a step's failure is told."""
    if step.domain is not None:
        return step.domain.name
    return step.names[0] if step.names else "the web application's certificate"


def current_certificate(app: WebAppApi, domain: Domain | None) -> Certificate | None:
    """Read the certificate of a domain, or the one of the application in basic mode."""
    return app.domain_certificate(domain) if domain is not None else single(app.certificates())


class _Run:
    def __init__(self, plan: SslPlan, app: WebAppApi, progress: _client.Progress) -> None:
        self.plan = plan
        self.app = app
        self.progress = progress
        self.outcome = SslOutcome()

    def execute(self) -> SslOutcome:
        """Do the steps."""
        total = len(self.plan.steps)
        stopped = False
        for number, step in enumerate(self.plan.steps):
            self.progress(f"certificates: {number}/{total} done, next: {step.action} {name_of(step)}")
            if stopped:
                self.outcome.not_attempted.append(name_of(step))
                continue
            try:
                self._carry_out(step)
            except _client.ApiError as exc:
                self.outcome.errors[name_of(step)] = _explained(exc)
                # Without the permission for one certificate there is none for the others (reference U15).
                stopped = exc.fatal or exc.status == 403
        return self.outcome

    def _carry_out(self, step: SslStep) -> None:
        if step.action == "update":
            self._update(step)
        elif step.action == "remove":
            self.app.remove_certificate(step.domain, _id(step))
            self.outcome.changed = True
        else:
            reply = {"install": self._install, "redeploy": self._redeploy, "reissue": self._reissue}[step.action](step)
            self.outcome.sent.append(Sent(step, reply))
            self.outcome.changed = True

    def _update(self, step: SslStep) -> None:
        body = options_to_wire(step.options or CertificateOptions())
        if step.pair is not None:
            body.update(pair_to_wire(step.pair))
        self.app.update_certificate(step.domain, _id(step), body)
        self.outcome.updated.append(step)

    def _install(self, step: SslStep) -> Certificate | None:
        """Order the first certificate. A lost reply is looked up before the order is repeated."""
        body = _body(step)
        try:
            return self.app.install_certificate(step.domain, body)
        except _client.LostReply:
            found = current_certificate(self.app, step.domain)
            if found is not None and found != step.certificate:
                return found
            return self.app.install_certificate(step.domain, body)

    def _redeploy(self, step: SslStep) -> Certificate | None:
        """Order anew. A lost reply is looked up, for some seconds, before the order is repeated."""
        try:
            return self.app.redeploy_certificate(step.domain, _id(step))
        except _client.LostReply:
            for pause in _LOOK_AGAIN:
                found = current_certificate(self.app, step.domain)
                if found is None or (step.certificate and found.valid_until != step.certificate.valid_until):
                    return found
                self.progress("the reply to a certificate order was lost; looking whether it was carried out")
                self.app.client.wait(pause)
            return self.app.redeploy_certificate(step.domain, _id(step))

    def _reissue(self, step: SslStep) -> Certificate | None:
        """Replace a certificate: POST first, and only where RunCloud wants it DELETE and POST (design 4)."""
        try:
            return self._install(step)
        except _client.ApiError as exc:
            if not _refused_because_it_exists(exc):
                raise
        self.app.remove_certificate(step.domain, _id(step))
        self.outcome.changed = True
        try:
            return self._install(dataclasses.replace(step, certificate=None))
        except _client.ApiError as exc:
            exc.advice = (
                f"HTTPS of {name_of(step)} is now WITHOUT a certificate: the old one had to be removed first, and the "
                "new order failed. Run again when the cause is gone, or install a certificate in RunCloud's panel. "
                + exc.advice
            )
            raise


def verify_options(outcome: SslOutcome, certificates: Mapping[str | None, Certificate | None]) -> None:
    """Compare the options that were sent with what RunCloud shows: it ignores unknown ones silently (reference 4.1).

    :param outcome: its ``ignored`` and ``changed`` are completed.
    :param certificates: as read after the run.
    """
    for step in (*outcome.updated, *(sent.step for sent in outcome.sent if sent.step.request is not None)):
        after = certificates.get(step.key)
        asked = step.request.options if step.request is not None else step.options
        if after is None or asked is None:
            continue
        ignored = _ssl_plan.differing_options(asked, after)
        outcome.ignored.extend(name for name in ignored if name not in outcome.ignored)
        before = step.certificate
        effective = before is None or _ssl_plan.differing_options(asked, before) != ignored
        outcome.changed = outcome.changed or effective or step.pair is not None


def _id(step: SslStep) -> int:
    if step.certificate is None:
        raise _client.ApiError("GET", "/ssl", message=f"RunCloud does not show the certificate of {name_of(step)}")
    return step.certificate.id


def _body(step: SslStep) -> dict[str, object]:
    return request_to_wire(step.request) if step.request is not None else {}


def _refused_because_it_exists(exc: _client.ApiError) -> bool:
    if exc.status == 409:
        return True
    return exc.status in (400, 422) and not exc.fields and bool(_EXISTS.search(exc.message))


def _explained(exc: _client.ApiError) -> str:
    if exc.status == 403:
        return f"{exc} Certificates for each domain and AutoSSL need RunCloud's Business or Enterprise plan."
    return str(exc)
