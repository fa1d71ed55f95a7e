# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run that all who manage domains share: read, plan, apply, say what is known to have been done.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import UserError
from .._outcome import Progress, Status, carry_out, no_progress
from .._runcloud.client import FIRST_BACKOFF
from .._runcloud.errors import ApiError, LostReply, RateLimited
from .._runcloud.lists import PER_PAGE
from .._runcloud.models import ALIAS, PRIMARY
from .outcome import DomainsOutcome, Work, conclude
from .plan import plan_domains
from .removal import NO_PURGE, Purge

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._runcloud.api import WebAppApi
    from .._runcloud.models import Domain
    from .desired import DesiredDomain
    from .plan import DomainPlan, Step

# So many names in a row failing on RunCloud's side: asking on only costs requests.
_FAULTS_IN_A_ROW = 3
# Seconds of the time for waiting that are kept for reading back what was done: one window of the request limit.
_KEPT_FOR_READING = 60.0
_WORDS = {"promote": "setting the primary domain", "change": "changing domains", "remove": "removing domains"}


@dataclasses.dataclass(frozen=True)
class DomainsRequest:
    """What is asked for: see ``plan_domains``."""

    desired: Sequence[DesiredDomain]
    purge: Purge = NO_PURGE
    exclude: tuple[str, ...] = ()
    protected: Mapping[str, str] = dataclasses.field(default_factory=dict)
    deferred: Mapping[str, str] = dataclasses.field(default_factory=dict)


def run_domains(
    app: WebAppApi,
    request: DomainsRequest,
    *,
    rows: Sequence[Domain] | None = None,
    check_mode: bool = False,
    progress: Progress = no_progress,
) -> DomainsOutcome:
    """Bring the domains of a web application into the state that is asked for.

    :param rows: the attached domains where they have just been read; None reads the list.
    :returns: what was done and what was not, in check mode what would be; failures after the first write are in it.
    :raises ApiError: the list could not be read, so nothing was done.
    :raises UserError: the server or the web application does not exist.
    """
    before = app.domains() if rows is None else rows
    plan = plan_domains(rows=before, can_update=app.can_update_domains, **vars(request))
    predicted = DomainsOutcome(plan, plan.after, changed=bool(plan.steps))
    outcome = carry_out(check_mode, predicted, lambda: apply_domains(plan, app, progress))
    errors = {**plan.errors, **outcome.errors}
    status = outcome.status & (Status.PARTLY if errors or plan.refusal else Status.OK)
    return dataclasses.replace(outcome, status=status, errors=errors)


def apply_domains(plan: DomainPlan, app: WebAppApi, progress: Progress = no_progress) -> DomainsOutcome:
    """Carry out a plan, and read what became of it. One name's failure stops no other; a failure of everything does."""
    if not plan.steps:
        return DomainsOutcome(plan, plan.before)
    work = Work(plan, app, progress)
    app.client.reserve(_KEPT_FOR_READING)
    _add_all(work, [step for step in plan.steps if step.action == "add"])
    for action, words in _WORDS.items():
        steps = [step for step in plan.steps if step.action == action]
        for done, step in enumerate(steps):
            progress(words, done, len(steps))
            if not _must_skip(work, step):
                _attempt(work, step)
    progress("reading the list again", len(plan.steps), len(plan.steps))
    return conclude(work)


# ---------------------------------------------------------------------- sending


def _add_all(work: Work, steps: Sequence[Step]) -> None:
    """Add names. Whether those with a lost reply are there is looked up once for all before they are sent again."""
    queue, total, client = list(steps), len(steps), work.app.client
    # A long list is read once for it, at most.
    pages = 1 + len(work.plan.before) // PER_PAGE
    tries_again = max(1, client.retries // pages) if client.retries else 0
    for number in range(tries_again + 1):
        work.faults = 0
        lost: list[Step] = []
        while queue and work.faults < _FAULTS_IN_A_ROW:
            step = queue.pop(0)
            work.progress("adding domains", total - len(queue) - len(lost) - 1, total)
            if _must_skip(work, step):
                continue
            _attempt(work, step, last_try=number == tries_again)
            failure = work.failed.get(step.name)
            if failure is not None and _may_be_done(failure):
                lost.append(step)
            elif failure is not None and len(work.failed) == _FAULTS_IN_A_ROW and not work.sent:
                # Nothing but refusals: the list that the plan was made from may have been wrong.
                work.look_or_stop()
        if not lost or work.stopped or number == tries_again:
            break
        client.wait(FIRST_BACKOFF * 2**number)
        if not work.look_or_stop():
            break
        missing = [step for step in lost if step.name not in work.state]
        for step in lost:
            if step.name in work.state:
                del work.failed[step.name]
        client.usage.retries += len(missing)
        queue = missing + queue
    for step in queue:
        _must_skip(work, step)


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
    if not moving or moving <= work.served_beside(step.name):
        return False
    work.look_or_stop()
    return not moving <= work.served_beside(step.name)


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
        if step.action != "add":
            exc.advice = f"{step.name} may have been removed by someone else: run again."
        _check_target(work)
    elif exc.status == 403:
        # The plan or the permissions do not allow this kind of change, whatever the name.
        work.forbidden.add(step.action)
    elif work.faults >= _FAULTS_IN_A_ROW and last_try:
        work.stop(exc, f"{work.faults} names in a row failed on RunCloud's side; stopped. Last: {exc}")


def _check_target(work: Work) -> None:
    """Find out, once, whether a 404 means the whole application: it may have gone while we worked."""
    try:
        if not work.target_checked:
            work.app.check_exists()
    except (UserError, ApiError) as reason:
        work.stop(reason)
    work.target_checked = True
