# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out a plan of domains, and says what is known to have been done.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import UserError
from .._outcome import Progress, no_progress
from .._runcloud.client import FIRST_BACKOFF
from .._runcloud.errors import ApiError, LostReply, RateLimited
from .._runcloud.lists import PER_PAGE
from .._runcloud.models import ALIAS, PRIMARY
from .confirm import Applied, Work, conclude

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from .._runcloud.api import WebAppApi
    from .plan import DomainPlan, Step

# So many names in a row failing on RunCloud's side: asking on only costs requests.
FAULTS_IN_A_ROW = 3
# Seconds of the time for waiting that are kept for reading back what was done: one window of the request limit.
KEPT_FOR_READING = 60.0
_WORDS = {
    "add": "adding domains",
    "promote": "setting the primary domain",
    "change": "changing domains",
    "remove": "removing domains",
}


def apply_domains(plan: DomainPlan, app: WebAppApi, progress: Progress = no_progress) -> Applied:
    """Carry out a plan. One name's failure does not stop the others; a failure of everything does.

    :param plan: what to do.
    :param app: the web application.
    :param progress: takes how far the work is.
    :returns: what was done, as a list that was read after the last write shows it.
    """
    if not plan.steps:
        return Applied(after=plan.before)
    staying = frozenset(name for row in plan.after for name in row.served_names)
    state, ids = {row.name: row for row in plan.before}, {row.id for row in plan.before}
    work = Work(plan, app, progress, plan.before, state, staying, ids)
    app.client.reserve(KEPT_FOR_READING)
    _add_all(work, [step for step in plan.steps if step.action == "add"])
    for action in ("promote", "change", "remove"):
        steps = [step for step in plan.steps if step.action == action]
        for done, step in enumerate(steps):
            progress(_WORDS[action], done, len(steps))
            if not _must_skip(work, step):
                _attempt(work, step)
    progress("reading the list again", len(plan.steps), len(plan.steps))
    return conclude(work)


# ---------------------------------------------------------------------- sending


def _add_all(work: Work, steps: Sequence[Step]) -> None:
    """Add names. Whether those with a lost reply are there is looked up once for all before they are sent again."""
    queue, total, tries_again = list(steps), len(steps), _rounds(work)
    for number in range(tries_again + 1):
        work.faults = 0
        lost: list[Step] = []
        while queue and work.faults < FAULTS_IN_A_ROW:
            step = queue.pop(0)
            work.progress(_WORDS["add"], total - len(queue) - len(lost) - 1, total)
            if not _must_skip(work, step):
                _attempt(work, step, last_try=number == tries_again)
                failure = work.failed.get(step.name)
                if failure is not None and _may_be_done(failure):
                    lost.append(step)
                elif failure is not None and len(work.failed) == FAULTS_IN_A_ROW and not work.sent:
                    # Nothing but refusals: the list that the plan was made from may have been wrong.
                    _look_or_stop(work)
        if not lost or work.stopped or number == tries_again:
            break
        work.app.client.wait(FIRST_BACKOFF * 2**number)
        if not _look_or_stop(work):
            break
        missing = [step for step in lost if step.name not in work.state]
        for step in lost:
            if step not in missing:
                del work.failed[step.name]
        work.app.client.usage.retries += len(missing)
        queue = missing + queue
    for step in queue:
        _must_skip(work, step)


def _rounds(work: Work) -> int:
    """Return how often lost additions may be looked up and tried again: a long list is read once for it, at most."""
    retries = work.app.client.retries
    pages = 1 + len(work.plan.before) // PER_PAGE
    return max(1, retries // pages) if retries else 0


def _must_skip(work: Work, step: Step) -> bool:
    """Say whether a step cannot be done now, and note that it was not tried."""
    skip = bool(work.stopped) or step.action in work.forbidden or _depends_on_a_failure(work, step)
    if skip and step.name not in work.failed:
        work.skipped[step.name] = None
    return skip


def _depends_on_a_failure(work: Work, step: Step) -> bool:
    """Say whether a step needs one before it that failed."""
    row = work.state.get(step.name)
    if step.action == "add" or row is None:
        return step.action == "promote" and step.before is None
    if row.type == PRIMARY and step.before is not None and step.before.type != PRIMARY:
        # The old primary domain can only go, or get another type, once the new one has taken its place.
        return True
    # A host name that stays is never taken from one row before the list shows that another one serves it.
    kept = () if step.action == "remove" else step.target.served_names
    moving = (set(row.served_names) - set(kept)) & work.staying
    if moving and not moving <= work.served_beside(step.name):
        _look_or_stop(work)
    return not moving <= work.served_beside(step.name) if moving else False


def _look_or_stop(work: Work) -> bool:
    """Read the list anew; where that fails, nothing more is sent."""
    try:
        work.look()
    except (UserError, ApiError) as exc:
        work.stop(exc)
    return not work.stopped


def _attempt(work: Work, step: Step, *, last_try: bool = True) -> None:
    """Send a step; a failure is noted, and what it means for the steps to come."""
    try:
        if _carry_out(work, step):
            work.sent.append(step)
    except (UserError, RateLimited) as exc:
        work.stop(exc)
        work.skipped[step.name] = None
    except ApiError as exc:
        _note_failure(work, step, exc, last_try)
    else:
        work.failed.pop(step.name, None)
        work.faults = 0


def _carry_out(work: Work, step: Step) -> bool:
    """Send the request of a step.

    :returns: whether there was anything to send.
    :raises ApiError: with GET as its method where nothing was sent.
    """
    if step.action == "add":
        if step.name in work.state:
            return False
        reply = work.app.add_domain(step.target)
        # An id counts only where it is shown beside the name, and is not another domain's.
        own = reply.id if reply is not None and reply.name == step.name and reply.id not in work.ids else None
        work.ids.add(own)
        work.state[step.name] = dataclasses.replace(step.target, id=own)
        return True
    row = work.state.get(step.name)
    if row is not None and row.id is None:
        work.look()
        row = work.state.get(step.name)
    if row is None and step.action == "remove":
        return False
    if row is None or row.id is None:
        raise ApiError("GET", "/domains", status=404, message=f"RunCloud does not list {step.name}")
    if step.action == "remove":
        work.app.remove_domain(row.id)
        del work.state[step.name]
        return True
    target = dataclasses.replace(step.target, id=row.id)
    work.app.update_domain(target)
    if step.action == "promote":
        for name, other in work.state.items():
            work.state[name] = dataclasses.replace(other, type=ALIAS) if other.type == PRIMARY else other
    work.state[step.name] = target
    return True


def _may_be_done(exc: ApiError) -> bool:
    """Say whether a request that failed may have been carried out all the same."""
    if exc.method == "GET":
        return False
    return isinstance(exc, LostReply) or (exc.status is not None and (exc.status < 300 or exc.status >= 500))


def _note_failure(work: Work, step: Step, exc: ApiError, last_try: bool) -> None:
    work.failed[step.name] = exc
    lost = _may_be_done(exc)
    if lost:
        work.sent.append(step)
    work.faults = work.faults + 1 if lost else 0
    if exc.fatal and (last_try or not lost):
        work.stop(exc)
    elif exc.status == 404:
        _check_target(work, step, exc)
    elif exc.status == 403:
        # The plan or the permissions do not allow this kind of change, whatever the name.
        work.forbidden.add(step.action)
    elif work.faults >= FAULTS_IN_A_ROW and last_try:
        work.stop(exc)
        work.stopped = f"{work.faults} names in a row failed on RunCloud's side; stopped. Last: {exc}"


def _check_target(work: Work, step: Step, exc: ApiError) -> None:
    """Find out, once, whether a 404 means the whole application: it may have gone while we worked."""
    if step.action != "add":
        exc.advice = f"{step.name} may have been removed by someone else: run again."
    if work.target_checked:
        return
    work.target_checked = True
    try:
        work.app.check_exists()
    except (UserError, ApiError) as reason:
        work.stop(reason)
