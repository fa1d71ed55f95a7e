# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Executes a plan of certificates, step by step, and says what was done.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import re
import time
import typing as t

from .._runcloud.api import RunCloud
from .._runcloud.errors import ApiError, LostReply, RateLimited
from .._runcloud.models import CertificateOptions, options_to_wire, pair_to_wire, request_to_wire
from .activity import ActivityLogWatcher, failure_for, mark, mentions
from .model import STAGING, EarlierOrder
from .options import differing_options

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from .._probe.served import ServedReport
    from .._runcloud.models import Certificate
    from .model import CertificatesPlan, CertificatesState, Key, Step
    from .read import Job

# A refusal "because one exists" carries no code (reference U9). Where the text does not say so beyond doubt, the old
# certificate is not given up for it: Let's Encrypt's refusals have similar words ("already issued", "record exists").
_EXISTS = re.compile(
    r"already (been )?installed|(ssl|certificate) (is )?already|(ssl|certificate) (already )?exists"
    r"|(remove|delete|uninstall)\b.*\b(ssl|certificate)\b.*\b(first|before)",
    re.IGNORECASE,
)
_OF_THE_AUTHORITY = re.compile(r"issue|acme|dns|limit|too many|challenge|authori[sz]|validat", re.IGNORECASE)


@dataclasses.dataclass
class PlacedOrder:
    """An order that was sent, or may have been, and the certificate as the reply showed it.

    ``removed``: the old certificate had to go for it. ``lost``: the failure that hides whether RunCloud took it.
    ``order``: what the memory has of it, None for what is not ordered from an authority.
    """

    step: Step
    reply: Certificate | None
    order: EarlierOrder | None = None
    removed: bool = False
    lost: ApiError | None = None
    failed: bool = False
    done: bool = False


@dataclasses.dataclass
class Applied:
    """What a run did. ``errors``: by the name that is the cause, "" for what belongs to no single name.

    ``updated``: changes of options that RunCloud took; whether they had an effect shows only when it is read back.
    ``known``: certificates as RunCloud showed them last. ``fault``: what ended the run early.
    """

    placed: list[PlacedOrder] = dataclasses.field(default_factory=list)
    updated: list[Step] = dataclasses.field(default_factory=list)
    removed: list[Step] = dataclasses.field(default_factory=list)
    errors: dict[str, str] = dataclasses.field(default_factory=dict)
    not_attempted: list[str] = dataclasses.field(default_factory=list)
    pending: dict[str, str] = dataclasses.field(default_factory=dict)
    ignored: list[str] = dataclasses.field(default_factory=list)
    known: dict[Key, Certificate] = dataclasses.field(default_factory=dict)
    fault: ApiError | None = None
    changed: bool = False

    @property
    def effective(self) -> list[PlacedOrder]:
        """What was sent and is not known to have failed."""
        return [one for one in self.placed if not one.failed]

    @property
    def touched(self) -> list[Step]:
        """The steps after which there ought to be a certificate, whatever became of them."""
        return [*self.updated, *(one.step for one in self.placed)]

    def note(self, key: Key, certificate: Certificate | None) -> None:
        """Keep a certificate as it was seen last; what is no longer known is forgotten."""
        self.known.pop(key, None)
        if certificate is not None:
            self.known[key] = certificate

    def fail(self, step: Step, text: str) -> None:
        """Write down why a step failed, under the names that are the cause."""
        causes = [step.key] if step.key else [name for name in step.names if mentions(text, name)]
        for name in causes or [""]:
            self.errors.setdefault(name, text)


@dataclasses.dataclass
class Work:
    """Carrying out a plan and waiting for its orders; ``before`` and ``watcher`` hold the state and the log before it.

    ``served`` is what the server presented at the last look, ``seen`` whose certificates RunCloud has shown since.
    """

    job: Job
    before: CertificatesState
    applied: Applied
    watcher: ActivityLogWatcher
    served: ServedReport | None = None
    seen: set[Key] = dataclasses.field(default_factory=set)
    waited: float = 0.0
    began: float = dataclasses.field(default_factory=time.monotonic)
    _down: bool | None = None

    @property
    def timeout(self) -> float:
        """The seconds to wait for orders."""
        return self.job.request.wait_timeout if self.job.request.wait else 0.0

    @property
    def elapsed(self) -> float:
        """The seconds since waiting began."""
        return max(time.monotonic() - self.began, self.waited)

    def is_down(self, exc: ApiError) -> bool:
        """After a failure on RunCloud's side, ask once whether the server can be reached at all (reference 7)."""
        if exc.status is None or exc.status < 500:
            return False
        if self._down is None:
            try:
                self._down = not RunCloud(self.job.app.client).server(self.job.app.server_id).usable
            except ApiError:
                self._down = False
        return self._down


def apply_certificates(plan: CertificatesPlan, work: Work) -> None:
    """Carry out a plan. A failed step leaves what was there, and does not stop the others."""
    applied = work.applied
    stopped = False
    left: dict[str, None] = {}
    for number, step in enumerate(plan.steps):
        work.job.progress("ordering certificates", number, len(plan.steps))
        try:
            if not stopped:
                _ACTIONS.get(step.action, _place)(step, work)
                continue
        except RateLimited as exc:
            # Nothing was sent for this step: it is left, as all others, to the next run.
            applied.fault, stopped = exc, True
        except ApiError as exc:
            applied.fail(step, _explained(exc, work))
            # Without the permission, or the server, for one certificate there is none for the others.
            stopped = exc.fatal or exc.status == 403 or work.is_down(exc)
            continue
        left.update(dict.fromkeys(step.concerns))
    applied.not_attempted = [name for name in left if name not in applied.errors]


def _update(step: Step, work: Work) -> None:
    body = options_to_wire(step.options or CertificateOptions())
    if step.key_pair is not None:
        body.update(pair_to_wire(step.key_pair))
    reply = work.job.app.update_certificate(step.domain, _id(step), body)
    work.applied.updated.append(step)
    work.applied.note(step.key, reply)


def _remove(step: Step, work: Work) -> None:
    work.job.app.remove_certificate(step.domain, _id(step))
    work.applied.removed.append(step)
    work.applied.changed = True


def _reissue(step: Step, work: Work) -> None:
    """Replace a certificate: POST first, and only where RunCloud wants it DELETE and POST (design 4)."""
    try:
        _place(step, work)
    except ApiError as exc:
        if not _refused_because_it_exists(exc):
            raise
        _remove(step, work)
        try:
            _place(dataclasses.replace(step, certificate=None), work, removed=True)
        except ApiError as after:
            after.advice = f"{_without_certificate(step)} {after.advice}".rstrip()
            raise


def _place(step: Step, work: Work, removed: bool = False) -> None:
    """Send an order, once. Where the reply does not say whether RunCloud took it, that is left open (design 4).

    :raises ApiError: it was surely not taken, or is known to have failed.
    """
    placed = PlacedOrder(step, None, _remember(step, work), removed)
    try:
        if step.action == "redeploy":
            placed.reply = work.job.app.redeploy_certificate(step.domain, _id(step))
        else:
            body = request_to_wire(step.request) if step.request is not None else {}
            placed.reply = work.job.app.install_certificate(step.domain, body)
    except ApiError as exc:
        taken = isinstance(exc, LostReply) or (exc.status is not None and exc.status >= 500)
        if not taken or work.is_down(exc):
            _forget(placed, work, failed=_may_count(exc))
            raise
        placed.lost = exc
        work.applied.placed.append(placed)
        failure = failure_for(work.watcher.new_failures(), step.names, alone=step.domain is None)
        if failure is not None:
            work.applied.placed.remove(placed)
            _forget(placed, work, failed=True)
            text = f"RunCloud's activity log says: {failure.content}"
            raise ApiError(exc.method, exc.path, status=422, message=text) from exc
        return
    work.applied.placed.append(placed)
    work.applied.note(step.key, placed.reply)


_ACTIONS: dict[str, t.Callable[[Step, Work], None]] = {"update": _update, "remove": _remove, "reissue": _reissue}


def _remember(step: Step, work: Work) -> EarlierOrder | None:
    if not step.is_order:
        return None
    staging = step.request is not None and step.request.environment == STAGING
    order = EarlierOrder(step.key, frozenset(step.names), work.job.app.client.now(), mark(step.certificate), staging)
    work.job.memory.add(order)
    return order


def _forget(placed: PlacedOrder, work: Work, failed: bool) -> None:
    if placed.order is not None:
        (work.job.memory.fail if failed else work.job.memory.forget)(placed.order)


def _may_count(exc: ApiError) -> bool:
    """Say whether an order that was refused may have come as far as the authority, which counts failures."""
    return exc.status in (400, 422) and not exc.fields and not _refused_because_it_exists(exc)


def failed(placed: PlacedOrder, text: str, work: Work) -> None:
    """Write down that an order that was placed has failed."""
    placed.failed = True
    _forget(placed, work, failed=True)
    work.applied.fail(placed.step, f"{text}. {_without_certificate(placed.step)}" if placed.removed else text)
    work.applied.note(placed.step.key, None)


def succeeded(placed: PlacedOrder, work: Work) -> None:
    """Write down that an order was carried out."""
    placed.done = True
    if placed.order is not None:
        work.job.memory.finish(placed.order)


def _without_certificate(step: Step) -> str:
    return (
        f"HTTPS of {step.key or 'the web application'} is now WITHOUT a certificate: the old one had to be removed first, and the new order failed. "
        "Run again when the cause is removed, or install a certificate in RunCloud's panel."
    )


def _explained(exc: ApiError, work: Work) -> str:
    if exc.status == 403:
        return f"{exc} Certificates for each domain and AutoSSL need RunCloud's Business or Enterprise plan."
    if work.is_down(exc):
        return f"{exc} RunCloud says that server {work.job.app.server_id} is offline or not connected: start it first."
    return str(exc)


def finalize(applied: Applied, certificates: Mapping[Key, Certificate | None]) -> None:
    """Find out what a run has changed, and which options RunCloud has ignored: it does so silently (reference 4.1)."""
    # An order that failed has left everything as it was.
    applied.changed = applied.changed or bool(applied.effective)
    for step in (*applied.updated, *(one.step for one in applied.effective)):
        after = certificates.get(step.key)
        asked = step.request.options if step.request is not None else step.options
        if after is None or asked is None:
            # What could not be read back may have had its effect.
            applied.changed = applied.changed or step.action == "update"
            continue
        ignored = differing_options(asked, after)
        applied.ignored.extend(name for name in ignored if name not in applied.ignored)
        applied.changed = applied.changed or _had_effect(step, after, ignored)


def _had_effect(step: Step, after: Certificate, ignored: list[str]) -> bool:
    before = step.certificate
    if before is None or step.options is None or differing_options(step.options, before) != ignored:
        return True
    return step.key_pair is not None and (after.pem is None or after.pem != before.pem)


def _id(step: Step) -> int:
    if step.certificate is None:
        raise ApiError("GET", "/ssl", message="RunCloud does not show the certificate that was to be changed")
    return step.certificate.id


def _refused_because_it_exists(exc: ApiError) -> bool:
    doubtful = exc.status not in (400, 422) or exc.fields or _OF_THE_AUTHORITY.search(exc.message)
    return exc.status == 409 or bool(not doubtful and _EXISTS.search(exc.message))
