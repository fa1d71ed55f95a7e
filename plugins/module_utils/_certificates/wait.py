# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits until ordered certificates are there, or are known to have failed (reference 7).

PRIVATE to the collection: may change without notice.

A handshake decides and costs no request, so it is made at every look; RunCloud is asked at every third one.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
import typing as t

from .._runcloud import client as _client
from . import apply as _ssl_apply

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Sequence

    from .._probe.served import Served, ServedReport
    from .._runcloud.api import WebAppApi
    from .._runcloud.models import Certificate, Domain
    from .apply import Activity, Sent, SslOutcome
    from .read import Handshakes

# Seconds between looks; RunCloud takes some 30 s for an order (reference 7).
PAUSES = (1.0, 2.0, 3.0, 5.0)
# A redeploy may leave the end of a certificate as it was; after so many seconds it counts as done (design 4).
UNCHANGED_IS_DONE = 30.0
# At which looks RunCloud is asked where handshakes tell, too, and at which ones the activity log is read.
ASK_EVERY = 3


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What waiting needs.

    :param app: the web application.
    :param handshakes: asks the server itself; gives None where that is not possible or not wanted.
    :param before: what the server presented before the orders.
    :param good_until: a certificate that ends before this time is not what was ordered; by RunCloud's clock.
    :param progress: told what is waited for.
    :param clock: seconds that only grow.
    """

    app: WebAppApi
    handshakes: Handshakes
    before: ServedReport | None
    good_until: datetime.datetime
    progress: _client.Progress = _client.no_progress
    clock: Callable[[], float] = time.monotonic


class Stopwatch:
    """Waits in steps that grow, and counts the seconds."""

    def __init__(self, around: Surroundings, timeout: float) -> None:
        self._around = around
        self._timeout = timeout
        self._began = around.clock()
        self._waited = 0.0

    @property
    def elapsed(self) -> float:
        """The seconds since the beginning."""
        return max(self._around.clock() - self._began, self._waited)

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return self.elapsed >= self._timeout

    def pause(self, look: int, text: str) -> None:
        """Say what is waited for, and wait before a look; ``look`` counts from 1."""
        self._around.progress(f"{text}, {self.elapsed:.0f}/{self._timeout:.0f} s")
        seconds = min(PAUSES[min(look, len(PAUSES)) - 1], max(0.1, self._timeout - self.elapsed))
        self._around.app.client.wait(seconds)
        self._waited += seconds


def wait_for_certificates(outcome: SslOutcome, around: Surroundings, activity: Activity, timeout: float) -> None:
    """Wait for what was ordered; write failures and what is still pending into the outcome.

    :param outcome: of the orders; its ``errors``, ``pending`` and ``known`` grow.
    :param around: where to look.
    :param activity: the activity log as it was before the orders.
    :param timeout: seconds; 0 only looks at the replies.
    """
    waiting = [sent for sent in outcome.sent if sent.step.is_order and not _is_finished(sent, sent.reply)]
    if waiting and timeout > 0:
        waiting = _Wait(outcome, around, activity, timeout).run(waiting)
    for sent in waiting:
        reason = f"ordered; not there after {timeout:.0f} s" if timeout > 0 else "ordered; not waited for"
        names = [sent.step.domain.name] if sent.step.domain else sent.step.names
        outcome.pending.extend((name, reason) for name in names)


def wait_for_others(domains: Sequence[Domain], around: Surroundings, seconds: float) -> None:
    """Look for a while whether the order of an interrupted run brings what some domains lack.

    :param domains: the domains.
    :param around: where to look.
    :param seconds: how long at most.
    """
    watch = Stopwatch(around, seconds)
    for look in itertools.count(1):
        if watch.is_over:
            return
        watch.pause(look, f"looking whether an order for {domains[0].name} is under way already")
        served = around.handshakes(row.name for row in domains)
        if served is None or all(_is_covered(served.served.get(row.name), row.served_names) for row in domains):
            return


class _Wait:
    def __init__(self, outcome: SslOutcome, around: Surroundings, activity: Activity, timeout: float) -> None:
        self.outcome = outcome
        self.around = around
        self.activity = activity
        self.watch = Stopwatch(around, timeout)
        self.seen = {sent.step.key for sent in outcome.sent if sent.reply is not None}
        self.served: ServedReport | None = None

    def run(self, waiting: Sequence[Sent]) -> list[Sent]:
        """Look until nothing is left or the time is over; give what is left."""
        left = list(waiting)
        for look in itertools.count(1):
            if not left or self.watch.is_over:
                break
            self.watch.pause(look, f"waiting for {len(left)} certificate(s)")
            left = self._without_served(left)
            if left and (self.served is None or look % ASK_EVERY == 0 or (look == 1 and not self.seen)):
                left = self._without_finished(left)
            if left and look % ASK_EVERY == 0:
                left = self._without_failures(left)
        return left

    def _without_served(self, left: Sequence[Sent]) -> list[Sent]:
        """Drop the orders whose certificate the server presents already."""
        self.served = self.around.handshakes(name for sent in left for name in sent.step.names)
        still = [sent for sent in left if not self._is_served(sent)]
        for sent in left:
            if sent not in still:
                # What RunCloud showed before is out of date now.
                self.outcome.note(sent.step.key, None)
        return still

    def _is_served(self, sent: Sent) -> bool:
        return self.served is not None and all(
            _is_covered(self.served.served.get(name), [name]) and self._is_new(name, sent) for name in sent.step.names
        )

    def _is_new(self, name: str, sent: Sent) -> bool:
        """Say whether the server presents another certificate for a name than before."""
        now = self.served.served[name].certificate if self.served else None
        before = self.around.before
        if before is None:
            known = sent.step.certificate
            return now is not None and (known is None or now.not_after != known.valid_until)
        old = {entry.certificate.sha256 for entry in before.served.values() if entry.certificate is not None}
        return now is not None and now.sha256 not in old

    def _without_finished(self, left: Sequence[Sent]) -> list[Sent]:
        """Drop the orders that RunCloud shows as done."""
        found = self._read(left)
        still: list[Sent] = []
        vanished: list[Sent] = []
        for sent in left:
            certificate = found.get(sent.step.key)
            if certificate is None:
                gone = sent.step.key in found and sent.step.key in self.seen
                (vanished if gone else still).append(sent)
                continue
            self.seen.add(sent.step.key)
            self.outcome.note(sent.step.key, certificate)
            if not self._is_done(sent, certificate):
                still.append(sent)
        if vanished:
            self._explain_vanished(vanished, alone=len(left) == 1)
        return still

    def _read(self, left: Sequence[Sent]) -> dict[str | None, Certificate | None]:
        """Read certificates: many from the list (reference 4.4).

        Where there is no list, one is read after the other, and those after the first that is not done are left to
        the next look: each costs a request.
        """
        listed = self.around.app.certificates() if len(left) > 1 else None
        if isinstance(listed, dict):
            return {sent.step.key: listed.get(sent.step.key or "") for sent in left}
        found: dict[str | None, Certificate | None] = {}
        for sent in left:
            certificate = _ssl_apply.current_certificate(self.around.app, sent.step.domain)
            found[sent.step.key] = certificate
            if certificate is None or not self._is_done(sent, certificate):
                break
        return found

    def _is_done(self, sent: Sent, certificate: Certificate) -> bool:
        if _is_finished(sent, certificate):
            return True
        ends = certificate.valid_until
        if sent.step.action != "redeploy" or ends is None or ends <= self.around.good_until:
            return False
        return self.watch.elapsed >= UNCHANGED_IS_DONE and not self._lacks(sent)

    def _lacks(self, sent: Sent) -> bool:
        """Say whether the server is known to present something that lacks a name."""
        return self.served is not None and not all(
            _is_covered(self.served.served.get(name), [name]) for name in sent.step.names
        )

    def _explain_vanished(self, vanished: Sequence[Sent], alone: bool) -> None:
        """Write down failures: a row that was there and is gone is how a failed order shows (reference U10)."""
        failures = self.activity.new_failures()
        for sent in vanished:
            entry = _ssl_apply.about(failures, sent.step, alone)
            self._fail(sent, entry.content if entry else "nothing, but RunCloud shows the certificate no more")

    def _without_failures(self, left: Sequence[Sent]) -> list[Sent]:
        """Take out the orders that a new line of the log says have failed."""
        failures = self.activity.new_failures()
        still = []
        for sent in left:
            entry = _ssl_apply.about(failures, sent.step, alone=len(left) == 1 and len(self.outcome.sent) == 1)
            if entry is None:
                still.append(sent)
            else:
                self._fail(sent, entry.content)
        return still

    def _fail(self, sent: Sent, log: str) -> None:
        text = f"the certificate order failed; RunCloud's activity log says: {log}"
        if sent.removed:
            text = f"{text}. {_ssl_apply.without_certificate(sent.step)}"
        self.outcome.errors[_ssl_apply.name_of(sent.step)] = text
        self.outcome.note(sent.step.key, None)


def _is_finished(sent: Sent, certificate: Certificate | None) -> bool:
    """Say whether a certificate as RunCloud shows it is the one that was ordered."""
    if certificate is None or certificate.valid_until is None:
        return False
    before = sent.step.certificate
    # The same second is possible for an order that was carried out at once, but then nothing tells it from the old one.
    return before is None or (certificate.id, certificate.valid_until) != (before.id, before.valid_until)


def _is_covered(found: Served | None, names: Sequence[str]) -> bool:
    certificate = found.certificate if found is not None else None
    return certificate is not None and all(certificate.covers(name) for name in names)
