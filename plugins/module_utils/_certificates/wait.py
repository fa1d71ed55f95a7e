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

from .activity import failure_for
from .apply import ApplyContext, failed, succeeded
from .read import current_certificate

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Sequence

    from .._probe.served import Served, ServedReport
    from .._runcloud.models import Certificate
    from .apply import PlacedOrder
    from .model import Key
    from .read import Prober

# Seconds between looks; RunCloud takes some 30 s for an order (reference 7).
PAUSES = (1.0, 2.0, 3.0, 5.0)
# A redeploy may leave the end of a certificate as it was; after so many seconds it counts as done (design 4).
UNCHANGED_IS_DONE = 30.0
# At which looks RunCloud is asked where handshakes answer as well, and at which ones the activity log is read.
ASK_EVERY = 3


@dataclasses.dataclass(kw_only=True)
class WaitContext(ApplyContext):
    """What waiting needs besides, and what was seen so far.

    :param probe: asks the server itself; returns None where that is not possible or not wanted.
    :param before: what the server presented before the orders.
    :param expiry_threshold: a certificate that ends before this time is not what was ordered; by RunCloud's clock.
    :param timeout: seconds; 0 only looks at the replies.
    :param clock: seconds that only grow.
    """

    probe: Prober
    before: ServedReport | None
    expiry_threshold: datetime.datetime
    timeout: float
    clock: Callable[[], float] = time.monotonic
    served: ServedReport | None = None
    seen: set[Key] = dataclasses.field(default_factory=set)
    waited: float = 0.0
    began: float = 0.0

    @property
    def elapsed(self) -> float:
        """The seconds since the beginning."""
        return max(self.clock() - self.began, self.waited)


def wait_for_certificates(context: WaitContext) -> None:
    """Wait for what was ordered, and write down what failed, what is pending and what nobody knows."""
    applied = context.applied
    waiting = []
    for placed in applied.placed:
        if not placed.step.is_order or is_finished(placed, placed.reply):
            succeeded(placed, context)
        else:
            waiting.append(placed)
    total = len(waiting)
    context.began = context.clock()
    context.seen = {placed.step.key for placed in applied.placed if placed.reply is not None}
    for look in itertools.count(1):
        if not waiting or context.elapsed >= context.timeout:
            break
        _pause(context, look, total - len(waiting), total)
        waiting = _look(context, look, waiting)
    over = f"ordered; not there after {context.timeout:.0f} s" if context.timeout > 0 else "ordered; not waited for"
    for placed in waiting:
        names = [placed.step.domain.name] if placed.step.domain else placed.step.names
        reason = over if placed.lost is None else "ordered; it is not known whether RunCloud carried that out"
        applied.pending.update(dict.fromkeys(names, reason))
        if placed.lost is not None:
            applied.fail(
                placed.step,
                f"{placed.lost} It is not known whether the order was carried out. Runs in the next 15 minutes look "
                "again and do not repeat it",
            )


def _pause(context: WaitContext, look: int, done: int, total: int) -> None:
    context.progress("waiting for certificates", done, total)
    seconds = min(PAUSES[min(look, len(PAUSES)) - 1], max(0.1, context.timeout - context.elapsed))
    context.app.client.wait(seconds)
    context.waited += seconds


def _look(context: WaitContext, look: int, waiting: Sequence[PlacedOrder]) -> list[PlacedOrder]:
    """Look once, by handshakes and, every few times, by requests; return what is still waited for."""
    left = _not_served(context, waiting)
    if left and (context.served is None or look % ASK_EVERY == 0 or (look == 1 and not context.seen)):
        left = _not_finished(context, left)
    if left and look % ASK_EVERY == 0:
        left = _not_failed(context, left)
    return left


def _not_served(context: WaitContext, waiting: Sequence[PlacedOrder]) -> list[PlacedOrder]:
    """Drop the orders whose certificate the server presents already."""
    context.served = context.probe(name for placed in waiting for name in placed.step.names)
    left = []
    for placed in waiting:
        if _is_served(context, placed):
            succeeded(placed, context)
            # What RunCloud showed before is out of date now.
            context.applied.note(placed.step.key, None)
        else:
            left.append(placed)
    return left


def _is_served(context: WaitContext, placed: PlacedOrder) -> bool:
    if context.served is None:
        return False
    found = context.served.served
    return all(_covers(found.get(name), name) and _is_new(context, found[name], placed) for name in placed.step.names)


def _is_new(context: WaitContext, found: Served, placed: PlacedOrder) -> bool:
    """Say whether the server presents another certificate than before."""
    now = found.certificate
    if context.before is None:
        known = placed.step.certificate
        return now is not None and (known is None or now.not_after != known.valid_until)
    old = {entry.certificate.sha256 for entry in context.before.served.values() if entry.certificate is not None}
    return now is not None and now.sha256 not in old


def _not_finished(context: WaitContext, waiting: Sequence[PlacedOrder]) -> list[PlacedOrder]:
    """Drop the orders that RunCloud shows as done; a row that was there and is gone is a failure (reference U10)."""
    found = _read(context, waiting)
    left: list[PlacedOrder] = []
    vanished: list[PlacedOrder] = []
    for placed in waiting:
        key = placed.step.key
        certificate = found.get(key)
        if certificate is None:
            (vanished if key in found and key in context.seen else left).append(placed)
            continue
        context.seen.add(key)
        context.applied.note(key, certificate)
        if _is_done(context, placed, certificate):
            succeeded(placed, context)
        else:
            left.append(placed)
    if vanished:
        failures = context.watcher.new_failures()
        for placed in vanished:
            entry = failure_for(failures, placed.step.names, alone=len(waiting) == 1)
            _fail(context, placed, entry.content if entry else "nothing, but RunCloud no longer shows the certificate")
    return left


def _read(context: WaitContext, waiting: Sequence[PlacedOrder]) -> dict[Key, Certificate | None]:
    """Read certificates: many from the list (reference 4.4).

    Where there is no list, one is read after the other, and those after the first that is not done are left to
    the next look: each costs a request.
    """
    app = context.app
    listed = app.certificates() if len(waiting) > 1 else None
    if isinstance(listed, dict):
        return {placed.step.key: listed.get(placed.step.key or "") for placed in waiting}
    found: dict[Key, Certificate | None] = {}
    for placed in waiting:
        certificate = current_certificate(app, placed.step.domain)
        found[placed.step.key] = certificate
        if certificate is None or not _is_done(context, placed, certificate):
            break
    return found


def is_finished(placed: PlacedOrder, certificate: Certificate | None) -> bool:
    """Say whether a certificate as RunCloud shows it is the one that was ordered."""
    if certificate is None or certificate.valid_until is None:
        return False
    before = placed.step.certificate
    # The same second is possible for an order that was carried out at once, but then nothing tells it from the old one.
    return before is None or (certificate.id, certificate.valid_until) != (before.id, before.valid_until)


def _is_done(context: WaitContext, placed: PlacedOrder, certificate: Certificate) -> bool:
    if is_finished(placed, certificate):
        return True
    ends = certificate.valid_until
    if placed.step.action != "redeploy" or placed.lost is not None or ends is None or ends <= context.expiry_threshold:
        return False
    served = context.served
    lacks = served is not None and not all(_covers(served.served.get(name), name) for name in placed.step.names)
    return context.elapsed >= UNCHANGED_IS_DONE and not lacks


def _not_failed(context: WaitContext, waiting: Sequence[PlacedOrder]) -> list[PlacedOrder]:
    """Take out the orders that a new line of the log says have failed."""
    failures = context.watcher.new_failures()
    left = []
    alone = len(waiting) == 1 and len(context.applied.placed) == 1
    for placed in waiting:
        entry = failure_for(failures, placed.step.names, alone)
        if entry is None:
            left.append(placed)
        else:
            _fail(context, placed, entry.content)
    return left


def _fail(context: WaitContext, placed: PlacedOrder, log: str) -> None:
    text = f"the certificate order failed; RunCloud's activity log says: {log}"
    failed(placed, text, context)


def _covers(found: Served | None, name: str) -> bool:
    return found is not None and found.certificate is not None and found.certificate.covers(name)
