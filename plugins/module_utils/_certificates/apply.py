# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Executes a plan of certificates, step by step, and says what was done.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import collections
import dataclasses
import re
import typing as t

from .._runcloud import client as _client
from .._runcloud.api import RunCloud
from .._runcloud.models import CertificateOptions, options_to_wire, pair_to_wire, request_to_wire
from . import log as _ssl_log
from . import options as _ssl_options
from .read import single

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._runcloud.api import WebAppApi
    from .._runcloud.models import Certificate, Domain, LogEntry
    from .model import SslPlan, SslStep

# A refusal "because one exists" carries no code (reference U9). Where the text does not say so beyond doubt, the old
# certificate is not given up for it: Let's Encrypt's refusals have similar words ("already issued", "record exists").
_EXISTS = re.compile(
    r"already (been )?installed|(ssl|certificate) (is )?already|(ssl|certificate) (already )?exists"
    r"|(remove|delete|uninstall)\b.*\b(ssl|certificate)\b.*\b(first|before)",
    re.IGNORECASE,
)
_OF_THE_AUTHORITY = re.compile(r"issue|acme|dns|limit|too many|challenge|authori[sz]|validat", re.IGNORECASE)
# After a lost reply its effect may take a while to show: some 30 s for an order that goes on (reference 7).
_LOOK_AGAIN = (1.0, 2.0, 3.0, 5.0, 5.0, 7.0, 7.0, 10.0, 10.0, 10.0)


class Activity:
    """Tells new failures in the activity log from old ones, whatever its clock says.

    :param app: the web application.
    :param known: the log as it was before the orders.
    """

    def __init__(self, app: WebAppApi, known: Iterable[LogEntry]) -> None:
        self._app = app
        self._known = collections.Counter(known)

    def new_failures(self) -> list[LogEntry]:
        """Read the log, and give failures of certificates that were not there at the last look."""
        current = collections.Counter(self._app.log())
        fresh = current - self._known
        self._known |= current
        return [entry for entry in fresh.elements() if _ssl_log.is_failure(entry)]


@dataclasses.dataclass
class Sent:
    """An order that RunCloud took: the step, the certificate as the reply showed it, whether the old one was removed."""

    step: SslStep
    reply: Certificate | None
    removed: bool = False


@dataclasses.dataclass
class SslOutcome:
    """What a run did. ``errors``: by name; in basic mode under the first name of the certificate.

    ``updated``: changes of options that RunCloud took; whether they had an effect shows only when it is read back.
    ``known``: certificates as RunCloud showed them last. ``fault``: what ended the run early, after its first write.
    """

    sent: list[Sent] = dataclasses.field(default_factory=list)
    updated: list[SslStep] = dataclasses.field(default_factory=list)
    removed: list[SslStep] = dataclasses.field(default_factory=list)
    errors: dict[str, str] = dataclasses.field(default_factory=dict)
    not_attempted: list[str] = dataclasses.field(default_factory=list)
    pending: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    ignored: list[str] = dataclasses.field(default_factory=list)
    known: dict[str | None, Certificate] = dataclasses.field(default_factory=dict)
    fault: _client.ApiError | None = None
    changed: bool = False

    @property
    def orders(self) -> list[dict[str, object]]:
        """Give the return value ``orders`` (design 2.3)."""
        return [{"via": sent.step.action, "names": list(sent.step.names)} for sent in self.sent if sent.step.is_order]

    @property
    def done(self) -> list[Sent]:
        """Give what was sent and is not known to have failed."""
        return [sent for sent in self.sent if name_of(sent.step) not in self.errors]

    @property
    def touched(self) -> list[SslStep]:
        """Give the steps after which there ought to be a certificate, whatever became of them."""
        return [*self.updated, *(sent.step for sent in self.sent)]

    def note(self, key: str | None, certificate: Certificate | None) -> None:
        """Keep a certificate as it was seen last; what is known no more is forgotten."""
        if certificate is None:
            self.known.pop(key, None)
        else:
            self.known[key] = certificate


def apply_certificates(
    plan: SslPlan,
    app: WebAppApi,
    activity: Activity,
    outcome: SslOutcome,
    progress: _client.Progress = _client.no_progress,
) -> None:
    """Carry out a plan. A failed step leaves what was there, and does not stop the others.

    :param plan: what to do.
    :param app: the web application.
    :param activity: the activity log as it was before.
    :param outcome: told what was done.
    :param progress: told how far the work is.
    """
    _Run(plan, app, activity, outcome, progress).execute()


def name_of(step: SslStep) -> str:
    """Give the name under which a step's failure is told."""
    if step.domain is not None:
        return step.domain.name
    return step.names[0] if step.names else "the web application's certificate"


def current_certificate(app: WebAppApi, domain: Domain | None) -> Certificate | None:
    """Read the certificate of a domain, or the one of the application in basic mode."""
    return app.domain_certificate(domain) if domain is not None else single(app.certificates())


def is_another(found: Certificate | None, before: Certificate | None) -> bool:
    """Say whether a certificate is there, and another than before; the forms that it comes in differ in the rest."""
    if found is None or before is None:
        return found is not None
    return any(getattr(found, name) != getattr(before, name) for name in ("id", "valid_until", "staging", "provider"))


def about(failures: Iterable[LogEntry], step: SslStep, alone: bool) -> LogEntry | None:
    """Give the failure that concerns a step: it says one of its names, or there is only this step."""
    for entry in failures:
        if alone or any(_ssl_log.names(entry, name) for name in step.names):
            return entry
    return None


def without_certificate(step: SslStep) -> str:
    """Say that the old certificate is gone and the new one did not come."""
    return (
        f"HTTPS of {name_of(step)} is now WITHOUT a certificate: the old one had to be removed first, and the "
        "new order failed. Run again when the cause is gone, or install a certificate in RunCloud's panel."
    )


class _Run:
    def __init__(
        self,
        plan: SslPlan,
        app: WebAppApi,
        activity: Activity,
        outcome: SslOutcome,
        progress: _client.Progress,
    ) -> None:
        self.plan = plan
        self.app = app
        self.activity = activity
        self.progress = progress
        self.outcome = outcome
        self._down: bool | None = None

    def execute(self) -> None:
        """Do the steps."""
        total = len(self.plan.steps)
        stopped = False
        for number, step in enumerate(self.plan.steps):
            self.progress(f"certificates: {number}/{total} done, next: {step.action} {name_of(step)}")
            if stopped:
                self._leave(step)
                continue
            try:
                self._carry_out(step)
            except _client.ApiError as exc:
                self.outcome.errors[name_of(step)] = self._explained(exc)
                # Without the permission, or the server, for one certificate there is none for the others.
                stopped = exc.fatal or exc.status == 403 or self._is_down(exc)

    def _leave(self, step: SslStep) -> None:
        name = name_of(step)
        if name not in self.outcome.errors and name not in self.outcome.not_attempted:
            self.outcome.not_attempted.append(name)

    def _carry_out(self, step: SslStep) -> None:
        if step.action == "update":
            self._update(step)
        elif step.action == "remove":
            self._remove(step)
        elif step.action == "reissue":
            self._reissue(step)
        else:
            order = self._install if step.action == "install" else self._redeploy
            self._taken(Sent(step, order(step)))

    def _taken(self, sent: Sent) -> None:
        self.outcome.sent.append(sent)
        self.outcome.note(sent.step.key, sent.reply)

    def _update(self, step: SslStep) -> None:
        body = options_to_wire(step.options or CertificateOptions())
        if step.pair is not None:
            body.update(pair_to_wire(step.pair))
        reply = self.app.update_certificate(step.domain, _id(step), body)
        self.outcome.updated.append(step)
        self.outcome.note(step.key, reply)

    def _install(self, step: SslStep) -> Certificate | None:
        body = _body(step)
        return self._once(step, lambda: self.app.install_certificate(step.domain, body))

    def _redeploy(self, step: SslStep) -> Certificate | None:
        return self._once(step, lambda: self.app.redeploy_certificate(step.domain, _id(step)))

    def _once(self, step: SslStep, send: t.Callable[[], Certificate | None]) -> Certificate | None:
        """Send an order. A lost reply is looked up, for a while, before the order is repeated."""
        try:
            return send()
        except _client.LostReply as exc:
            if self._is_down(exc):
                raise
            found = self._look_up(step, exc)
            return found if found is not None else send()

    def _look_up(self, step: SslStep, lost: _client.LostReply) -> Certificate | None:
        """Look for the effect of an order whose reply was lost; None where there is none."""
        for pause in _LOOK_AGAIN:
            found = current_certificate(self.app, step.domain)
            if is_another(found, step.certificate):
                return found
            failure = about(self.activity.new_failures(), step, alone=step.domain is None)
            if failure is not None:
                raise _client.ApiError(
                    lost.method, lost.path, status=422, message=f"RunCloud's activity log says: {failure.content}"
                )
            self.progress(f"the reply to the order for {name_of(step)} was lost; looking whether it was carried out")
            self.app.client.wait(pause)
        return None

    def _reissue(self, step: SslStep) -> None:
        """Replace a certificate: POST first, and only where RunCloud wants it DELETE and POST (design 4)."""
        try:
            sent = Sent(step, self._install(step))
        except _client.ApiError as exc:
            if not refused_because_it_exists(exc):
                raise
            sent = self._replace(step)
        self._taken(sent)

    def _replace(self, step: SslStep) -> Sent:
        self._remove(step)
        try:
            return Sent(step, self._install(dataclasses.replace(step, certificate=None)), removed=True)
        except _client.ApiError as exc:
            exc.advice = f"{without_certificate(step)} {exc.advice}".rstrip()
            raise

    def _remove(self, step: SslStep) -> None:
        self.app.remove_certificate(step.domain, _id(step))
        self.outcome.removed.append(step)
        self.outcome.changed = True

    def _explained(self, exc: _client.ApiError) -> str:
        if exc.status == 403:
            return f"{exc} Certificates for each domain and AutoSSL need RunCloud's Business or Enterprise plan."
        if self._is_down(exc):
            return f"{exc} RunCloud says that server {self.app.server_id} is offline or not connected: start it first."
        return str(exc)

    def _is_down(self, exc: _client.ApiError) -> bool:
        """After a failure on RunCloud's side, ask once whether the server can be reached at all (reference 7)."""
        if exc.status is None or exc.status < 500:
            return False
        if self._down is None:
            try:
                self._down = not RunCloud(self.app.client).server(self.app.server_id).usable
            except _client.ApiError:
                self._down = False
        return self._down


def conclude(outcome: SslOutcome, certificates: Mapping[str | None, Certificate | None]) -> None:
    """Find out what a run has changed, and which options RunCloud has ignored: it does so silently (reference 4.1).

    :param outcome: its ``ignored`` and ``changed`` are completed.
    :param certificates: as they are after the run.
    """
    # An order that failed has left everything as it was.
    outcome.changed = outcome.changed or bool(outcome.done)
    for step in (*outcome.updated, *(sent.step for sent in outcome.done)):
        after = certificates.get(step.key)
        asked = step.request.options if step.request is not None else step.options
        if after is None or asked is None:
            continue
        ignored = _ssl_options.differing_options(asked, after)
        outcome.ignored.extend(name for name in ignored if name not in outcome.ignored)
        outcome.changed = outcome.changed or _had_effect(step, after, ignored)


def _had_effect(step: SslStep, after: Certificate, ignored: list[str]) -> bool:
    before = step.certificate
    if before is None or step.options is None or _ssl_options.differing_options(step.options, before) != ignored:
        return True
    return step.pair is not None and (after.pem is None or after.pem != before.pem)


def _id(step: SslStep) -> int:
    if step.certificate is None:
        raise _client.ApiError("GET", "/ssl", message=f"RunCloud does not show the certificate of {name_of(step)}")
    return step.certificate.id


def _body(step: SslStep) -> dict[str, object]:
    return request_to_wire(step.request) if step.request is not None else {}


def refused_because_it_exists(exc: _client.ApiError) -> bool:
    """Say whether RunCloud refuses a certificate only because there is one."""
    if exc.status == 409:
        return True
    if exc.status not in (400, 422) or exc.fields or _OF_THE_AUTHORITY.search(exc.message):
        return False
    return bool(_EXISTS.search(exc.message))
