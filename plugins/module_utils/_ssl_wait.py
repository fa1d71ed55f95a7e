# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits until ordered certificates are there, or are known to have failed (reference 7).

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import collections
import itertools
import time
import typing as t

from ansible_collections.multisite.runcloud.plugins.module_utils import _client, _hostnames, _ssl_apply

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ansible_collections.multisite.runcloud.plugins.module_utils._resources import Certificate, LogEntry
    from ansible_collections.multisite.runcloud.plugins.module_utils._ssl_apply import Sent, SslOutcome
    from ansible_collections.multisite.runcloud.plugins.module_utils._ssl_state import Handshakes
    from ansible_collections.multisite.runcloud.plugins.module_utils._webapp import WebAppApi

# Seconds between looks; RunCloud takes some 30 s for an order (reference 7).
PAUSES = (1.0, 2.0, 3.0, 5.0)
# A redeploy may leave the end of a certificate as it was; after so many seconds it counts as done (design 4).
UNCHANGED_IS_DONE = 30.0
LOG_EVERY = 3
_FAILED = ("fail", "error", "unable", "could not", "danger")
_ABOUT = ("ssl", "certificate", "encrypt", "acme")


class Activity:
    """Tells new failures in the activity log from old ones, whatever its clock says."""

    def __init__(self, app: WebAppApi) -> None:
        self._app = app
        self._known = collections.Counter(app.log())

    def new_failures(self) -> list[LogEntry]:
        """Read the log, and give failures of certificates that were not there before."""
        fresh = collections.Counter(self._app.log()) - self._known
        return [entry for entry in fresh.elements() if is_failure(entry)]


def is_failure(entry: LogEntry) -> bool:
    """Say whether a line of the log tells of a certificate that could not be had; its words are not documented."""
    text = f"{entry.kind} {entry.content}".lower()
    return any(word in text for word in _FAILED) and any(word in text for word in _ABOUT)


def wait_for_certificates(
    outcome: SslOutcome,
    app: WebAppApi,
    activity: Activity | None,
    handshakes: Handshakes,
    *,
    timeout: float,
    progress: _client.Progress = _client.no_progress,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Wait for what was ordered; write failures and what is still pending into the outcome.

    :param outcome: of the orders; its ``errors`` and ``pending`` grow.
    :param app: the web application.
    :param activity: the activity log as it was before the orders; None where nobody waits.
    :param handshakes: asks the server itself.
    :param timeout: seconds; 0 only looks at the replies.
    :param progress: told what is waited for.
    :param clock: seconds that only grow.
    """
    waiting = [sent for sent in outcome.sent if sent.step.is_order and not _finished(sent, sent.reply)]
    if activity is not None and timeout > 0:
        waiting = _Wait(outcome, app, activity, handshakes, timeout, progress, clock).run(waiting)
    for sent in waiting:
        names = [sent.step.domain.name] if sent.step.domain else sent.step.names
        outcome.pending.extend((name, f"ordered; not there after {timeout:.0f} s") for name in names)


class _Wait:
    def __init__(
        self,
        outcome: SslOutcome,
        app: WebAppApi,
        activity: Activity,
        handshakes: Handshakes,
        timeout: float,
        progress: _client.Progress,
        clock: Callable[[], float],
    ) -> None:
        self.outcome = outcome
        self.app = app
        self.activity = activity
        self.handshakes = handshakes
        self.timeout = timeout
        self.progress = progress
        self.clock = clock
        self.began = clock()
        self.seen: set[str | None] = set()

    def run(self, waiting: Sequence[Sent]) -> list[Sent]:
        """Poll until nothing is left or the time is over; give what is left."""
        left = list(waiting)
        for poll in itertools.count():
            if not left or self._elapsed() >= self.timeout:
                return left
            pause = PAUSES[min(poll, len(PAUSES) - 1)]
            self.progress(f"waiting for {len(left)} certificate(s), {self._elapsed():.0f}/{self.timeout:.0f} s")
            self.app.client.wait(min(pause, max(0.1, self.timeout - self._elapsed())))
            left = self._still_open(left)
            if left and (poll + 1) % LOG_EVERY == 0:
                left = self._without_failures(left)
        return left

    def _elapsed(self) -> float:
        return self.clock() - self.began

    def _still_open(self, left: Sequence[Sent]) -> list[Sent]:
        unserved = self._not_served_yet(left)
        current = self._read(unserved)
        still = []
        vanished = False
        for sent in unserved:
            certificate = current.get(sent.step.key)
            if certificate is None:
                vanished = vanished or sent.step.key in self.seen
                still.append(sent)
            elif not self._is_done(sent, certificate):
                self.seen.add(sent.step.key)
                still.append(sent)
        # A row that was there and is gone is how a failed order shows (reference U10); the log says why.
        return self._without_failures(still) if vanished else still

    def _is_done(self, sent: Sent, certificate: Certificate) -> bool:
        if _finished(sent, certificate):
            return True
        unchanged = certificate.valid_until is not None and sent.step.action == "redeploy"
        return unchanged and self._elapsed() >= UNCHANGED_IS_DONE

    def _not_served_yet(self, left: Sequence[Sent]) -> list[Sent]:
        """Drop the orders whose certificate the server presents already."""
        served = self.handshakes(name for sent in left for name in sent.step.names)
        if served is None:
            return list(left)
        return [sent for sent in left if not all(_covers(served.served.get(name), sent) for name in sent.step.names)]

    def _read(self, left: Sequence[Sent]) -> dict[str | None, Certificate | None]:
        if not left:
            return {}
        if left[0].step.domain is None:
            return {None: _ssl_apply.current_certificate(self.app, None)}
        if len(left) > 1:
            answer = self.app.certificates()
            if isinstance(answer, dict):
                return dict(answer.items())
        return {sent.step.key: _ssl_apply.current_certificate(self.app, sent.step.domain) for sent in left}

    def _without_failures(self, left: Sequence[Sent]) -> list[Sent]:
        """Take out the orders that a new line of the log says have failed."""
        failures = self.activity.new_failures()
        still = []
        for sent in left:
            entry = _about(failures, sent, alone=len(left) == 1)
            if entry is None:
                still.append(sent)
            else:
                self.outcome.errors[_ssl_apply.name_of(sent.step)] = (
                    f"the certificate order failed; RunCloud's activity log says: {entry.content}"
                )
        return still


def _finished(sent: Sent, certificate: Certificate | None) -> bool:
    """Say whether a certificate as RunCloud shows it is the one that was ordered."""
    if certificate is None or certificate.valid_until is None:
        return False
    before = sent.step.certificate
    if before is None:
        return True
    # The same second is possible for an order that was carried out at once, but then nothing tells it from the old one.
    return (certificate.id, certificate.valid_until) != (before.id, before.valid_until)


def _covers(served: t.Any, sent: Sent) -> bool:
    """Say whether the server presents, for one name, a certificate that has it and is newer than the one before."""
    if served is None or served.certificate is None:
        return False
    before = sent.step.certificate
    newer = before is None or before.valid_until is None or served.certificate.not_after > before.valid_until
    return newer and _hostnames.covered_by(served.name, served.certificate.names)


def _about(failures: Iterable[LogEntry], sent: Sent, alone: bool) -> LogEntry | None:
    """Give the failure that concerns an order: it says one of its names, or there is only this order."""
    for entry in failures:
        if alone or any(name in entry.content for name in sent.step.names):
            return entry
    return None
