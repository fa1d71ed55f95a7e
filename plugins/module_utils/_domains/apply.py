# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out a plan of domains, and says what is known to have been done.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from .._errors import UserError
from .._outcome import Progress, Status, no_progress
from .._runcloud.api import RunCloud
from .._runcloud.client import FIRST_BACKOFF, PER_PAGE
from .._runcloud.errors import ApiError, LostReply, RateLimited
from .._runcloud.models import ALIAS, PRIMARY, Domain
from .plan import SETTINGS

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .._runcloud.api import WebAppApi
    from .plan import DomainPlan, Step

# So many names in a row failing on RunCloud's side: asking on only costs requests.
FAULTS_IN_A_ROW = 3
# How many requests may be spent on finding out where a refused name is attached already.
SEARCH_BUDGET = 40
_LOOK = "run again, and if that does not help, look into RunCloud's panel"
_WORDS = {
    "add": "adding domains",
    "promote": "setting the primary domain",
    "change": "changing domains",
    "remove": "removing domains",
}
_DONE = {"add": "added", "promote": "made the primary domain", "change": "changed", "remove": "removed"}
_REFUSED = (404, 409, 422)


@dataclasses.dataclass(frozen=True)
class Applied:
    """What a run did. ``stopped`` says what ended it early; the rest is described at ``DomainsOutcome``."""

    changed: bool = False
    after: tuple[Domain, ...] = ()
    status: Status = Status.OK
    confirmed: bool = True
    applied: tuple[str, ...] = ()
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    not_attempted: tuple[str, ...] = ()
    stopped: str = ""
    failure: ApiError | None = None


@dataclasses.dataclass
class _Work:
    """How far a run is. ``state`` is the last list with what was done since; ``sent`` may have had an effect.

    ``staying`` are the host names that are served after the run.
    """

    plan: DomainPlan
    app: WebAppApi
    progress: Progress
    listed: tuple[Domain, ...]
    state: dict[str, Domain]
    staying: frozenset[str]
    sent: list[Step] = dataclasses.field(default_factory=list)
    failed: dict[str, ApiError] = dataclasses.field(default_factory=dict)
    skipped: dict[str, None] = dataclasses.field(default_factory=dict)
    forbidden: set[str] = dataclasses.field(default_factory=set)
    faults: int = 0
    target_checked: bool = False
    stopped: str = ""
    failure: ApiError | None = None

    def stop(self, reason: UserError | ApiError) -> None:
        """Send nothing more."""
        if not self.stopped:
            self.stopped = str(reason)
            self.failure = reason if isinstance(reason, ApiError) else None

    def look(self) -> None:
        """Read the list of domains anew."""
        self.listed = _known(self.app.domains(), self.plan)
        self.state = {row.name: row for row in self.listed}

    def served_beside(self, name: str) -> set[str]:
        """Return the host names that other domains served when the list was read last."""
        return {host for row in self.listed if row.name != name for host in row.served_names}


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
    work = _Work(plan, app, progress, plan.before, {row.name: row for row in plan.before}, staying)
    _add_all(work, [step for step in plan.steps if step.action == "add"])
    for action in ("promote", "change", "remove"):
        steps = [step for step in plan.steps if step.action == action]
        for done, step in enumerate(steps):
            progress(_WORDS[action], done, len(steps))
            if not _must_skip(work, step):
                _attempt(work, step)
    return _conclude(work)


# ---------------------------------------------------------------------- sending


def _add_all(work: _Work, steps: Sequence[Step]) -> None:
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
                if step.name in work.failed and _may_be_done(work.failed[step.name]):
                    lost.append(step)
        if not lost or work.stopped or number == tries_again:
            break
        try:
            work.app.client.wait(FIRST_BACKOFF * 2**number)
            work.look()
        except (UserError, ApiError) as exc:
            work.stop(exc)
            break
        missing = [step for step in lost if step.name not in work.state]
        for step in lost:
            if step not in missing:
                del work.failed[step.name]
        work.app.client.usage.retries += len(missing)
        queue = missing + queue
    for step in queue:
        _must_skip(work, step)


def _rounds(work: _Work) -> int:
    """Return how often lost additions may be looked up and tried again: a long list is read once for it, at most."""
    retries = work.app.client.retries
    pages = 1 + len(work.plan.before) // PER_PAGE
    return max(1, retries // pages) if retries else 0


def _must_skip(work: _Work, step: Step) -> bool:
    """Say whether a step cannot be done now, and note that it was not tried."""
    skip = bool(work.stopped) or step.action in work.forbidden or _depends_on_a_failure(work, step)
    if skip and step.name not in work.failed:
        work.skipped[step.name] = None
    return skip


def _depends_on_a_failure(work: _Work, step: Step) -> bool:
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
        try:
            work.look()
        except (UserError, ApiError) as exc:
            work.stop(exc)
    return not moving <= work.served_beside(step.name) if moving else False


def _attempt(work: _Work, step: Step, *, last_try: bool = True) -> None:
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


def _carry_out(work: _Work, step: Step) -> bool:
    """Send the request of a step.

    :returns: whether there was anything to send.
    :raises ApiError: with GET as its method where nothing was sent.
    """
    if step.action == "add":
        reply = work.app.add_domain(step.target)
        # An id counts only where it is shown beside the name, and is not another domain's.
        others = {row.id for row in work.state.values()}
        own = reply.id if reply is not None and reply.name == step.name and reply.id not in others else None
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


def _note_failure(work: _Work, step: Step, exc: ApiError, last_try: bool) -> None:
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


def _check_target(work: _Work, step: Step, exc: ApiError) -> None:
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


# ---------------------------------------------------------------------- reading back


def _known(rows: Sequence[Domain], plan: DomainPlan) -> tuple[Domain, ...]:
    """Return a list of domains as it was read, unless nothing is left in it of what has to be there.

    :raises ApiError: the list is not to be relied on.
    """
    stay = {row.name for row in plan.before} & {row.name for row in plan.after}
    if not rows or (stay and stay.isdisjoint(row.name for row in rows)):
        raise ApiError("GET", "/domains", message="the list that came lacks all domains that were attached before")
    return tuple(rows)


def _conclude(work: _Work) -> Applied:
    """Read the list once and compare: unknown fields are ignored silently (reference 4.1), PATCH says nothing."""
    if work.sent or any(exc.status in _REFUSED for exc in work.failed.values()):
        try:
            work.look()
        except (UserError, ApiError) as exc:
            return _unconfirmed(work, exc)
    errors: dict[str, str] = {}
    not_attempted: list[str] = []
    refused: dict[str, ApiError] = {}
    for name, step in {step.name: step for step in work.plan.steps}.items():
        row, failure = work.state.get(name), work.failed.get(name)
        complaint = _complaint(step, row)
        if complaint is None:
            # As it should be, also where the reply was lost or someone else did it.
            continue
        if failure is None and name in work.skipped:
            not_attempted.append(name)
        elif failure is None:
            errors[name] = complaint
        elif failure.status in (409, 422) and row is not None and name not in _names(work.plan.before):
            errors[name] = f"someone else attached {name} during this run, with other settings; run again"
        else:
            errors[name] = str(failure)
            if failure.status == 422 and row is None:
                refused[name] = failure
    if refused and not work.stopped:
        errors.update(_explain_refusals(work, refused))
    applied = _changed_names(work)
    stopped = work.stopped if errors or not_attempted else ""
    if stopped and isinstance(work.failure, RateLimited):
        left = len(errors) + len(not_attempted)
        total = len({step.name for step in work.plan.steps})
        stopped = (
            f"stopped at RunCloud's request limit: {total - left} of {total} names are done, {left} left. {stopped}"
        )
    return Applied(
        changed=bool(applied),
        after=work.listed,
        status=Status.FAILED if stopped else Status.PARTLY if errors or not_attempted else Status.OK,
        applied=applied,
        errors=errors,
        not_attempted=tuple(not_attempted),
        stopped=stopped,
        failure=work.failure if stopped else None,
    )


def _unconfirmed(work: _Work, reason: UserError | ApiError) -> Applied:
    """Tell what was sent where nothing shows what became of it."""
    errors = {name: str(failure) for name, failure in work.failed.items()}
    for step in work.sent:
        said = f"{errors[step.name].rstrip('.')}. It" if step.name in work.failed else "it"
        errors[step.name] = (
            f"{said} is not known whether {step.name} was {_DONE[step.action]}, because the list of domains could not "
            "be read afterwards: run again"
        )
    stopped = f"the changes could not be read back: {reason}"
    return Applied(
        changed=bool(work.sent),
        after=work.listed,
        status=Status.FAILED,
        confirmed=False,
        errors=errors,
        not_attempted=tuple(name for name in work.skipped if name not in errors),
        stopped=f"{work.stopped.rstrip('.')}; {stopped}" if work.stopped else stopped,
        failure=reason if isinstance(reason, ApiError) else None,
    )


def _names(rows: Sequence[Domain]) -> set[str]:
    return {row.name for row in rows}


def _changed_names(work: _Work) -> tuple[str, ...]:
    """List the names that the requests of this run changed, the demoted primary domain included."""
    before = {row.name: row for row in work.plan.before}
    names = [step.name for step in work.sent]
    if any(step.action == "promote" for step in work.sent):
        names += [row.name for row in work.plan.before if row.type == PRIMARY]
    return tuple(name for name in dict.fromkeys(names) if _differs(before.get(name), work.state.get(name)))


def _complaint(step: Step, row: Domain | None) -> str | None:
    """Say in what the state read back differs from what a step should have brought; None where it does not."""
    if step.action == "remove":
        return f"RunCloud accepted the removal, but {step.name} is still attached; {_LOOK}" if row is not None else None
    if row is None:
        return f"RunCloud accepted the change, but {step.name} is not attached; {_LOOK}"
    wrong = [
        f"{key}: {str(getattr(row, key)).lower()} instead of {str(getattr(step.target, key)).lower()}"
        for key in SETTINGS
        if None not in (getattr(row, key), getattr(step.target, key)) and getattr(row, key) != getattr(step.target, key)
    ]
    return f"RunCloud accepted the change, but still shows {', '.join(wrong)}; {_LOOK}" if wrong else None


def _differs(before: Domain | None, after: Domain | None) -> bool:
    if before is None or after is None:
        return before is not after
    return any(getattr(before, key) != getattr(after, key) for key in SETTINGS)


# ---------------------------------------------------------------------- where refused names are


def _explain_refusals(work: _Work, refused: Mapping[str, ApiError]) -> dict[str, str]:
    """Say of refused names where they are attached already (reference 3.9)."""
    targets = {step.name: step.target for step in work.plan.steps if step.action == "add"}
    places = _find_elsewhere(work.app, {name: targets[name].served_names for name in refused if name in targets})
    for name, exc in refused.items():
        if name in targets:
            exc.advice = (
                f"It is attached to {places[name]}: detach it there first."
                if name in places
                else "If the name is taken, look for it in RunCloud's panel: it may belong to another web application, "
                "server or workspace (module runcloud_webapp_info can search for it)."
            )
    return {name: str(exc) for name, exc in refused.items()}


def _find_elsewhere(app: WebAppApi, wanted: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Find the web applications that names are attached to: this server's first, within a budget of requests.

    :param wanted: the host names that each name would serve.
    :returns: name -> a description of the place. Failures of the search end it silently: it only helps a message.
    """
    client = app.client
    ends = client.usage.requests + SEARCH_BUDGET
    places: dict[str, str] = {}
    with contextlib.suppress(UserError, ApiError):
        for place, other in _other_webapps(app):
            served = {served for row in other.domains() for served in row.served_names}
            for name, names in wanted.items():
                if served.intersection(names):
                    places.setdefault(name, place)
            # A better message is not worth waiting for the request limit.
            if len(places) == len(wanted) or client.usage.requests >= ends or client.limit.pause() > 0:
                break
    return places


def _other_webapps(app: WebAppApi) -> Iterator[tuple[str, WebAppApi]]:
    """Give each other web application with a description, this server's first; asks for more only when needed."""
    cloud = RunCloud(app.client)
    for server_id in _this_server_first(app, cloud):
        for webapp in cloud.webapps(server_id):
            if (server_id, webapp.id) != (app.server_id, app.webapp_id):
                place = f"web application {webapp.name!r} ({webapp.id}) of server {server_id}"
                yield place, cloud.webapp(server_id, webapp.id)


def _this_server_first(app: WebAppApi, cloud: RunCloud) -> Iterator[int]:
    yield app.server_id
    yield from (server.id for server in cloud.servers() if server.id != app.server_id)
