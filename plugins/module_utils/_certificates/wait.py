# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits until ordered certificates are there, or are known to have failed (reference 7).

PRIVATE to the collection: may change without notice.

A handshake decides and costs no request, so it is made at every look; RunCloud is asked at every third one.
"""

from __future__ import annotations

import itertools
import time
import typing as t

from .activity import failure_for
from .apply import failed, succeeded
from .read import current_certificate

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from .._probe.served import Served
    from .._runcloud.models import Certificate
    from .apply import PlacedOrder, Work
    from .model import Key

# Seconds between looks; RunCloud takes some 30 s for an order (reference 7).
PAUSES = (1.0, 2.0, 3.0, 5.0)
# A redeploy may leave the end of a certificate as it was; after so many seconds it counts as done (design 4).
UNCHANGED_IS_DONE = 30.0
# At which looks RunCloud is asked where handshakes answer as well, and at which ones the activity log is read.
ASK_EVERY = 3


def wait_for_certificates(work: Work) -> None:
    """Wait for what was ordered, and write down what failed, what is pending and what is not known."""
    applied = work.applied
    waiting = []
    for placed in applied.placed:
        if not placed.step.is_order or _is_finished(placed, placed.reply):
            succeeded(placed, work)
        else:
            waiting.append(placed)
    total = len(waiting)
    work.began = time.monotonic()
    work.seen = {placed.step.key for placed in applied.placed if placed.reply is not None}
    for look in itertools.count(1):
        if not waiting or work.elapsed >= work.timeout:
            break
        work.job.progress("waiting for certificates", total - len(waiting), total)
        seconds = min(PAUSES[min(look, len(PAUSES)) - 1], max(0.1, work.timeout - work.elapsed))
        work.job.app.client.wait(seconds)
        work.waited += seconds
        waiting = _look(work, look, waiting)
    over = f"ordered; not there after {work.timeout:.0f} s" if work.timeout > 0 else "ordered; not waited for"
    for placed in waiting:
        reason = over if placed.lost is None else "ordered; it is not known whether RunCloud carried that out"
        applied.pending.update(dict.fromkeys(placed.step.concerns, reason))
        if placed.lost is not None:
            applied.fail(
                placed.step,
                f"{placed.lost} It is not known whether the order was carried out. Runs in the next 15 minutes look "
                "again and do not repeat it",
            )


def _look(work: Work, look: int, waiting: Sequence[PlacedOrder]) -> list[PlacedOrder]:
    """Look once, by handshakes and, every few times, by requests; return what is still waited for."""
    work.served = work.job.probe(name for placed in waiting for name in placed.step.names)
    for placed in waiting:
        if _is_served(work, placed):
            succeeded(placed, work)
            # What RunCloud showed before is out of date now.
            work.applied.note(placed.step.key, None)
    left = _open(waiting)
    if left and (work.served is None or look % ASK_EVERY == 0 or (look == 1 and not work.seen)):
        _ask(work, left)
        left = _open(left)
    if left and look % ASK_EVERY == 0:
        failures = work.watcher.new_failures()
        alone = len(left) == 1 and len(work.applied.placed) == 1
        for placed in left:
            entry = failure_for(failures, placed.step.names, alone)
            if entry is not None:
                _fail(work, placed, entry.content)
    return _open(left)


def _open(waiting: Sequence[PlacedOrder]) -> list[PlacedOrder]:
    return [placed for placed in waiting if not placed.done and not placed.failed]


def _is_served(work: Work, placed: PlacedOrder) -> bool:
    if work.served is None:
        return False
    found = work.served.served
    return all(_covers(found.get(name), name) and _is_new(work, found[name], placed) for name in placed.step.names)


def _is_new(work: Work, found: Served, placed: PlacedOrder) -> bool:
    now = found.certificate
    if work.before.served is None:
        known = placed.step.certificate
        return now is not None and (known is None or now.not_after != known.valid_until)
    old = {entry.certificate.sha256 for entry in work.before.served.served.values() if entry.certificate is not None}
    return now is not None and now.sha256 not in old


def _ask(work: Work, waiting: Sequence[PlacedOrder]) -> None:
    """Ask RunCloud which orders are done; a row that was there and is gone is a failure (reference U10)."""
    found = _read(work, waiting)
    vanished: list[PlacedOrder] = []
    for placed in waiting:
        key = placed.step.key
        certificate = found.get(key)
        if certificate is not None:
            work.seen.add(key)
            work.applied.note(key, certificate)
            if _is_done(work, placed, certificate):
                succeeded(placed, work)
        elif key in found and key in work.seen:
            vanished.append(placed)
    failures = work.watcher.new_failures() if vanished else []
    for placed in vanished:
        entry = failure_for(failures, placed.step.names, alone=len(waiting) == 1)
        _fail(work, placed, entry.content if entry else "nothing, but RunCloud no longer shows the certificate")


def _read(work: Work, waiting: Sequence[PlacedOrder]) -> dict[Key, Certificate | None]:
    """Read certificates: many from the list (reference 4.4).

    Where there is no list, one is read after the other, and those after the first that is not done are left to
    the next look: each costs a request.
    """
    app = work.job.app
    listed = app.certificates() if len(waiting) > 1 else None
    if isinstance(listed, dict):
        return {placed.step.key: listed.get(placed.step.key or "") for placed in waiting}
    found: dict[Key, Certificate | None] = {}
    for placed in waiting:
        certificate = current_certificate(app, placed.step.domain)
        found[placed.step.key] = certificate
        if certificate is None or not _is_done(work, placed, certificate):
            break
    return found


def _is_finished(placed: PlacedOrder, certificate: Certificate | None) -> bool:
    if certificate is None or certificate.valid_until is None:
        return False
    before = placed.step.certificate
    # The same second is possible for an order that was carried out at once, but then nothing tells it from the old one.
    return before is None or (certificate.id, certificate.valid_until) != (before.id, before.valid_until)


def _is_done(work: Work, placed: PlacedOrder, certificate: Certificate) -> bool:
    if _is_finished(placed, certificate):
        return True
    ends, expiry_threshold = certificate.valid_until, work.before.now + work.job.desired.renew_before
    if placed.step.action != "redeploy" or placed.lost is not None or ends is None or ends <= expiry_threshold:
        return False
    served = work.served
    lacks = served is not None and not all(_covers(served.served.get(name), name) for name in placed.step.names)
    return work.elapsed >= UNCHANGED_IS_DONE and not lacks


def _fail(work: Work, placed: PlacedOrder, log: str) -> None:
    failed(placed, f"the certificate order failed; RunCloud's activity log says: {log}", work)


def _covers(found: Served | None, name: str) -> bool:
    return found is not None and found.certificate is not None and found.certificate.covers(name)
