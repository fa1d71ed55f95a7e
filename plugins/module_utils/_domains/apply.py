# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Executes a plan of domains, item by item, and says what was done.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from .._errors import UserError
from .._runcloud import client as _client
from .._runcloud.api import RunCloud
from .._runcloud.models import PRIMARY, Domain

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from .._runcloud.api import WebAppApi
    from .plan import DomainPlan, Step

# So many names in a row failing on RunCloud's side: the server is ill, and asking on only costs requests.
FAULTS_IN_A_ROW = 3
# How many requests may be spent on finding out where a refused name is attached already.
SEARCH_BUDGET = 40
_COMPARED = ("type", "www", "redirection")
_LOOK = "run again, and if that does not help, look into RunCloud's panel"


@dataclasses.dataclass
class Outcome:
    """What a run did: names applied, texts for names that failed, names not tried, and the state after it."""

    applied: list[str] = dataclasses.field(default_factory=list)
    errors: dict[str, str] = dataclasses.field(default_factory=dict)
    not_attempted: list[str] = dataclasses.field(default_factory=list)
    after: list[Domain] = dataclasses.field(default_factory=list)
    changed: bool = False
    fatal: str | None = None


def apply_domains(plan: DomainPlan, app: WebAppApi, progress: _client.Progress = _client.no_progress) -> Outcome:
    """Carry out a plan. One name's failure does not stop the others; a failure of everything does.

    :param plan: what to do.
    :param app: the web application.
    :param progress: told how far the work is.
    :returns: what was done, read back from RunCloud where anything was written.
    """
    return _Run(plan, app, progress).execute()


class _Run:
    """One execution of a plan."""

    def __init__(self, plan: DomainPlan, app: WebAppApi, progress: _client.Progress) -> None:
        self.plan = plan
        self.app = app
        self.progress = progress
        self.outcome = Outcome()
        self.state = {row.name: row for row in plan.before}
        self.done: list[Step] = []
        self.unsure: list[Step] = []
        self.refused: dict[str, _client.ApiError] = {}
        self.target_checked = False
        self.faults = 0
        self.stopped_kinds: set[str] = set()

    def execute(self) -> Outcome:
        """Do the steps, read back, compare."""
        total = len(self.plan.steps)
        for number, step in enumerate(self.plan.steps):
            self.progress(f"domains: {number}/{total} done, next: {step.action} {step.name}")
            if self._must_skip(step):
                self._not_attempted(step.name)
                continue
            self._attempt(step)
        self._confirm()
        self._explain_refusals()
        self.outcome.after = list(self.state.values())
        self.outcome.changed = bool(self.outcome.applied)
        return self.outcome

    def _must_skip(self, step: Step) -> bool:
        if self.outcome.fatal is not None or step.action in self.stopped_kinds:
            return True
        if step.action == "promote":
            return step.name not in self.state
        # The old primary domain can only go, or get another type, once the new one has taken its place.
        row = self.state.get(step.name)
        return row is not None and row.type == PRIMARY and step.before is not None and step.before.type != PRIMARY

    def _attempt(self, step: Step) -> None:
        try:
            self._carry_out(step)
        except UserError as exc:
            self._stop(step, str(exc))
        except _client.ApiError as exc:
            self._failed(step, exc)
        else:
            self.faults = 0
            self.done.append(step)

    def _carry_out(self, step: Step) -> None:
        if step.action == "add":
            self.state[step.name] = self.app.add_domain(step.target) or step.target
        elif step.action == "remove":
            self.app.remove_domain(_identity(self.state[step.name]))
            del self.state[step.name]
        else:
            self._update(step)

    def _update(self, step: Step) -> None:
        row = self.state[step.name]
        if row.id is None:
            # The reply to the POST did not show the new row, and its id is needed now.
            self.state.update({listed.name: listed for listed in self.app.domains()})
            row = self.state[step.name]
        target = dataclasses.replace(step.target, id=_identity(row))
        self.app.update_domain(target)
        self.state[step.name] = target
        if step.action == "promote":
            for name, other in self.state.items():
                if other.type == PRIMARY and name != step.name:
                    self.state[name] = dataclasses.replace(other, type="alias")

    def _failed(self, step: Step, exc: _client.ApiError) -> None:
        if _may_be_done(exc):
            self.unsure.append(step)
        if exc.fatal:
            self._stop(step, str(exc))
            return
        self.outcome.errors[step.name] = str(exc)
        if exc.status == 404:
            self._check_target(step, exc)
        elif exc.status == 422 and step.action == "add":
            self.refused[step.name] = exc
        elif exc.status == 403:
            # The plan or the permissions do not allow this kind of change, whatever the name.
            self.stopped_kinds.add(step.action)
        self.faults = self.faults + 1 if exc.status is not None and exc.status >= 500 else 0
        if self.faults >= FAULTS_IN_A_ROW:
            self.outcome.fatal = f"{self.faults} names in a row failed on RunCloud's side; stopped. Last: {exc}"

    def _check_target(self, step: Step, exc: _client.ApiError) -> None:
        """Find out, once, whether a 404 means the whole application: it may have gone while we worked."""
        if step.action != "add":
            exc.advice = f"{step.name} may have been removed by somebody else: run again."
            self.outcome.errors[step.name] = str(exc)
        if self.target_checked:
            return
        self.target_checked = True
        try:
            self.app.check_exists()
        except (UserError, _client.ApiError) as reason:
            self._stop(step, str(reason))

    def _stop(self, step: Step, reason: str) -> None:
        self.outcome.errors[step.name] = reason
        self.outcome.fatal = reason

    def _not_attempted(self, name: str) -> None:
        if name not in self.outcome.errors and name not in self.outcome.not_attempted:
            self.outcome.not_attempted.append(name)

    def _confirm(self) -> None:
        """Read the list once and compare: unknown fields are ignored silently (reference 4.1), PATCH says nothing."""
        if not self.done and not self.unsure and not self.refused:
            return
        try:
            listed = {row.name: row for row in self.app.domains()}
        except (UserError, _client.ApiError) as exc:
            self.outcome.fatal = self.outcome.fatal or f"the changes could not be read back: {exc}"
            self.outcome.applied = list(dict.fromkeys(step.name for step in self.done))
            for step in self.unsure:
                text = self.outcome.errors[step.name].rstrip(".")
                self.outcome.errors[step.name] = (
                    f"{text}. Whether it was carried out all the same is not known: run again."
                )
            return
        self.state = listed
        before = {row.name: row for row in self.plan.before}
        for name, last in {step.name: step for step in self.done}.items():
            complaint = _unconfirmed(last, listed.get(name))
            if complaint:
                self.outcome.errors.setdefault(name, complaint)
        self.outcome.applied = [name for name in self._touched() if _differs(before.get(name), listed.get(name))]

    def _touched(self) -> list[str]:
        """List the names that the requests of this run may have changed, the relieved primary domain included."""
        sent = [*self.done, *self.unsure]
        promoted = any(step.action == "promote" for step in sent)
        relieved = [row.name for row in self.plan.before if row.type == PRIMARY] if promoted else []
        return list(dict.fromkeys([*(step.name for step in sent), *relieved]))

    def _explain_refusals(self) -> None:
        """Say of refused names where they are attached already (reference 3.9), or take them as done."""
        for name in list(self.refused):
            row = self.state.get(name)
            wanted = next(target for target in self.plan.after if target.name == name)
            if row is not None and not _mismatches(wanted, row):
                # Somebody else attached it in the meantime, in just this way.
                del self.outcome.errors[name]
                del self.refused[name]
            elif row is not None:
                self.outcome.errors[name] = (
                    f"somebody else attached {name} while this run was on, with other attributes; run again"
                )
                del self.refused[name]
        if not self.refused or self.outcome.fatal is not None:
            return
        added = {step.name: step.target for step in self.plan.steps if step.action == "add"}
        places = _find_elsewhere(self.app, {name: added[name].served_names for name in self.refused})
        for name, exc in self.refused.items():
            exc.advice = (
                f"It is attached to {places[name]}: detach it there first."
                if name in places
                else "If the name is taken, look for it in RunCloud's panel: it may belong to another web application, "
                "server or workspace (module runcloud_webapp_info can search for it)."
            )
            self.outcome.errors[name] = str(exc)


def _may_be_done(exc: _client.ApiError) -> bool:
    """Say whether a write that failed may have been carried out all the same."""
    if isinstance(exc, _client.LostReply) or exc.method == "GET":
        # With GET, what failed is the look after a reply was lost.
        return True
    return exc.status is not None and (exc.status < 300 or exc.status >= 500)


def _identity(row: Domain) -> int:
    if row.id is None:
        raise _client.ApiError("GET", "/domains", message=f"RunCloud does not show the id of {row.name}")
    return row.id


def _mismatches(wanted: Domain, row: Domain) -> list[str]:
    """List the attributes that a row shows otherwise than wanted; what it does not show cannot be compared."""
    return [
        f"{key}: {str(getattr(row, key)).lower()} instead of {str(getattr(wanted, key)).lower()}"
        for key in _COMPARED
        if getattr(row, key) is not None
        and getattr(wanted, key) is not None
        and getattr(row, key) != getattr(wanted, key)
    ]


def _unconfirmed(step: Step, row: Domain | None) -> str | None:
    """Say in what the state read back differs from what a step should have brought; None where it does not."""
    if step.action == "remove":
        return f"RunCloud accepted the removal, but {step.name} is still attached; {_LOOK}" if row is not None else None
    if row is None:
        return f"RunCloud accepted the change, but {step.name} is not attached; {_LOOK}"
    wrong = _mismatches(step.target, row)
    return f"RunCloud accepted the change, but still shows {', '.join(wrong)}; {_LOOK}" if wrong else None


def _differs(before: Domain | None, after: Domain | None) -> bool:
    if before is None or after is None:
        return before is not after
    return any(getattr(before, key) != getattr(after, key) for key in _COMPARED)


def _find_elsewhere(app: WebAppApi, wanted: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Find the web applications that names are attached to: this server's first, within a budget of requests.

    :param wanted: the host names that each name would serve.
    :returns: name -> a description of the place. Failures of the search end it silently: it only helps a message.
    """
    client = app.client
    ends = client.usage.requests + SEARCH_BUDGET
    places: dict[str, str] = {}
    with contextlib.suppress(UserError, _client.ApiError):
        for place, other in _other_webapps(app):
            served = {served for row in other.domains() for served in row.served_names}
            for name, names in wanted.items():
                if served.intersection(names):
                    places.setdefault(name, place)
            # A better message is not worth waiting for the request limit.
            if len(places) == len(wanted) or client.usage.requests >= ends or client.limit.pause() > 0:
                break
    return places


def _other_webapps(app: WebAppApi) -> t.Iterator[tuple[str, WebAppApi]]:
    """Give each other web application with a description, this server's first; asks for more only when needed."""
    cloud = RunCloud(app.client)
    for server_id in _this_server_first(app, cloud):
        for webapp in cloud.webapps(server_id):
            if (server_id, webapp.id) != (app.server_id, app.webapp_id):
                place = f"web application {webapp.name!r} ({webapp.id}) of server {server_id}"
                yield place, cloud.webapp(server_id, webapp.id)


def _this_server_first(app: WebAppApi, cloud: RunCloud) -> t.Iterator[int]:
    yield app.server_id
    yield from (server.id for server in cloud.servers() if server.id != app.server_id)
