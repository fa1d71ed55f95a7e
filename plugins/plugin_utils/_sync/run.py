# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole way from what is wanted to certificates, in one process: read, decide, look at DNS, domains, certificates.

PRIVATE to the collection: may change without notice.

What a run finds and does is put into a ``Run`` as it happens, so that also one that is interrupted can say what it did.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import typing as t

from ...module_utils._domains.run import DomainsRequest, run_domains
from ...module_utils._errors import UserError
from ...module_utils._names import is_test_domain, matching_pattern
from ...module_utils._options import read_connection, read_target
from ...module_utils._outcome import Status
from ...module_utils._runcloud.api import connect
from ...module_utils._runcloud.connection import Target
from ...module_utils._runcloud.errors import ApiError
from ...module_utils._runcloud.shared import one_at_a_time
from .decide import decide
from .defer import Wait, defer, elsewhere, new_names, unknown, waits_for_dns, waits_for_wildcards
from .holders import collected
from .options import DnsSettings, read_dns, read_policy, read_purge, ssl_options
from .steps import decide_with_dns, look_at_dns, read_wanted, server_address, with_attached

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Mapping, Sequence

    from ...module_utils._certificates.run import CertificatesOutcome, CertificatesRequest
    from ...module_utils._domains.outcome import DomainsOutcome
    from ...module_utils._domains.removal import Purge
    from ...module_utils._outcome import Progress
    from ...module_utils._probe.caa import CaaReport
    from ...module_utils._probe.dns import DnsCheck
    from ...module_utils._runcloud.api import RunCloud, WebAppApi
    from ...module_utils._runcloud.connection import Connection
    from ...module_utils._runcloud.models import Domain, SslMethod
    from .decide import Decision
    from .holders import Wanted
    from .policy import Policy

T = t.TypeVar("T")

READ = "read"
RUNCLOUD = "runcloud"
DECIDE = "decide"
DNS = "dns"
DOMAINS = "domains"
CERTIFICATES = "certificates"
STEPS = (READ, RUNCLOUD, DECIDE, DNS, DOMAINS, CERTIFICATES)


@dataclasses.dataclass(frozen=True)
class Job:
    """What is asked for: the options as they were checked, and where they hold.

    ``base`` is what relative paths are relative to; ``prefix`` stands in front of options in messages.
    """

    options: Mapping[str, t.Any]
    environment: Mapping[str, str]
    base: pathlib.Path
    check_mode: bool


@dataclasses.dataclass
class Run:
    """What a run has found and done so far; None and empty is what did not happen."""

    preview: bool
    step: str = ""
    statuses: dict[str, Status] = dataclasses.field(default_factory=dict)
    failures: list[str] = dataclasses.field(default_factory=list)
    cloud: RunCloud | None = None
    hidden: frozenset[str] = frozenset()
    decision: Decision | None = None
    rows: tuple[Domain, ...] | None = None
    checks: Mapping[str, DnsCheck] = dataclasses.field(default_factory=dict)
    waits: Mapping[str, Wait] = dataclasses.field(default_factory=dict)
    www_waits: Mapping[str, Wait] = dataclasses.field(default_factory=dict)
    warning: str = ""
    # Whether a step that writes ended without saying what it has done.
    interrupted: bool = False
    idle_patterns: list[str] = dataclasses.field(default_factory=list)
    domains: DomainsOutcome | None = None
    certificates: CertificatesOutcome | None = None

    def interrupt(self) -> None:
        """Note that the current step did not come to its end; where it writes, what it has done is not known."""
        self.interrupted = not self.preview and self.step in (DOMAINS, CERTIFICATES)

    def fail(self, step: str, text: str) -> None:
        """Note that a step failed; each line is an error of its own."""
        self.statuses[step] = Status.FAILED
        self.failures += [line for line in text.splitlines() if line.strip()]


@dataclasses.dataclass(frozen=True)
class _Settings:
    """All options, typed."""

    policy: Policy
    purge: Purge
    dns: DnsSettings
    certificates: CertificatesRequest | None
    connection: Connection
    target: Target


class _Stopped(Exception):
    """A step failed that all others need; it is noted already."""


def run_sync(job: Job, run: Run, progress: Progress, describe: Callable[[Exception], str]) -> None:
    """Do it all, as far as it goes. Whatever fails is noted in the run, and never raised.

    :param run: takes what happens.
    :param describe: puts an exception that no step expects into words, and a library that is missing.
    """
    with contextlib.suppress(_Stopped):
        attempt = functools.partial(_attempt, run, describe)
        settings = attempt(READ, lambda: _read_settings(job, run))
        wanted, dummy = attempt(READ, lambda: read_wanted(job.options, settings.policy, job.base, job.environment))
        cloud, app = attempt(RUNCLOUD, lambda: _connect(settings, run, progress))
        with contextlib.ExitStack() as stack:
            if not job.check_mode:
                # A preview waits for no other run, since it changes nothing.
                target = Target(server_id=app.server_id, webapp_id=app.webapp_id)
                lock = one_at_a_time(settings.connection, target, progress)
                run.warning = attempt(RUNCLOUD, lambda: stack.enter_context(lock))
            run.rows = attempt(RUNCLOUD, lambda: tuple(app.domains()))
            _Work(job, run, settings, cloud, app, progress).execute(wanted, attempt)


def _attempt(run: Run, describe: Callable[[Exception], str], step: str, work: Callable[[], T]) -> T:
    """Do a part of a step; where it fails, note that and stop."""
    run.step = step
    run.statuses.setdefault(step, Status.OK)
    try:
        return work()
    except ApiError as exc:
        run.fail(step, str(exc))
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is this step's failure and hides no other
        run.fail(step, describe(exc))
        run.interrupt()
    raise _Stopped


def _read_settings(job: Job, run: Run) -> _Settings:
    """Read all options before anything is asked of RunCloud, and find all that is wrong with them."""
    options = job.options
    problems: list[str] = []
    collect = functools.partial(collected, problems)
    now = datetime.datetime.now(datetime.timezone.utc)
    policy = collect(lambda: read_policy(options))
    purge = collect(lambda: read_purge(options))
    dns = collect(lambda: read_dns(options))
    certificates = collect(lambda: _read_certificates(options, now)) if options["ssl"] else None
    connection = collect(lambda: read_connection(options, job.environment))
    target = collect(lambda: read_target(options, job.environment))
    if connection is not None:
        run.hidden = frozenset(connection.hidden_values)
    if problems or policy is None or purge is None or dns is None or connection is None or target is None:
        raise UserError("\n".join(problems))
    return _Settings(policy, purge, dns, certificates, connection, target)


def _read_certificates(options: Mapping[str, t.Any], now: datetime.datetime) -> CertificatesRequest:
    # Imported here, as what looks at names is: Ansible compiles a collection's files anew in each process.
    from ...module_utils._certificates.run import read_request

    return read_request(ssl_options(options), now)


def _connect(settings: _Settings, run: Run, progress: Progress) -> tuple[RunCloud, WebAppApi]:
    run.cloud = connect(settings.connection, progress)
    return run.cloud, run.cloud.find_webapp(settings.target)


@dataclasses.dataclass(frozen=True)
class _Work:
    """The part that works with one web application."""

    job: Job
    run: Run
    settings: _Settings
    cloud: RunCloud
    app: WebAppApi
    progress: Progress
    # Why Let's Encrypt may not issue for a name that was asked for, "" where it may.
    caa: dict[str, str] = dataclasses.field(default_factory=dict)

    def execute(self, wanted: Wanted, attempt: Callable[[str, Callable[[], t.Any]], t.Any]) -> None:
        """Decide, look at DNS, bring the domains and then the certificates in line."""
        run, rows = self.run, self.run.rows or ()
        policy = with_attached(self.settings.policy, rows)
        run.decision = attempt(DECIDE, lambda: decide(wanted, policy))
        run.idle_patterns = _idle_patterns(policy, run.decision, rows)
        if self.settings.dns.checked:
            attempt(DNS, lambda: self._look_at_dns(wanted, policy))
        run.domains = attempt(DOMAINS, self._domains)
        run.statuses[DOMAINS] = run.domains.status
        request = self.settings.certificates
        if request is not None and run.domains.status is not Status.FAILED:
            run.certificates = attempt(CERTIFICATES, functools.partial(self._certificates, request))
            run.statuses[CERTIFICATES] = run.certificates.status

    @functools.cached_property
    def _address(self) -> Callable[[], str | None]:
        return server_address(self.cloud, self.app.server_id)

    @functools.cached_property
    def _method(self) -> SslMethod:
        """How the application keeps its certificates before this run; asked for only where it matters, and once."""
        return self.app.ssl_method()

    @functools.cached_property
    def _is_basic(self) -> bool:
        """Whether one certificate is for all names, after this run."""
        asked = self.job.options["ssl_mode"] if self.settings.certificates else None
        return asked == "basic" if asked else not self._method.advanced

    def _look_at_dns(self, wanted: Wanted, policy: Policy) -> None:
        run, decision = self.run, t.cast("Decision", self.run.decision)
        attached = [row for row in run.rows or () if not is_test_domain(row.name)]
        hosts = dict.fromkeys([*decision.names, *(host for row in attached for host in row.served_names)])
        if not hosts:
            return
        served = next((row.name for row in attached if not row.wildcard), None)
        port = self.job.options["ssl_check_port"] or 443
        run.checks = look_at_dns(hosts, self.settings.dns, self._address, self.progress, served_name=served, port=port)
        decision = decide_with_dns(wanted, policy, run.checks)
        run.decision, run.waits, run.www_waits = defer(decision, policy, self._waits(decision, policy))

    def _waits(self, decision: Decision, policy: Policy) -> dict[str, Wait]:
        """Find what must not be added now. The mode is only asked for where it matters."""
        always = self.settings.dns.require == "true"
        waits = waits_for_dns(decision, policy, self.run.checks)
        fresh = [host for host in new_names(decision, policy) if host not in waits]
        if waits and not always and not self._is_basic:
            waits = {}
        if not fresh or self.settings.certificates is None or not self._is_basic:
            return waits
        return {**waits, **self._waits_for_order(decision, policy, fresh)}

    def _waits_for_order(self, decision: Decision, policy: Policy, fresh: list[str]) -> dict[str, Wait]:
        """Find new names that the order for all names cannot have, as far as is known."""
        method = self.job.options["ssl_authorization_method"]
        wildcards = waits_for_wildcards(decision, policy)
        if wildcards and method is None:
            found = self.app.certificates()
            method = getattr(found, "authorization_method", None)
        method = method or "http-01"
        report = self._ask_caa(fresh, method)
        doubtful = {host: Wait(reason) for host, reason in {**report.forbidden, **report.unknown}.items()}
        return {**doubtful, **(wildcards if method == "http-01" else {})}

    def _ask_caa(self, names: Sequence[str], method: str) -> CaaReport:
        from ...module_utils._probe.caa import check_caa

        dns = self.settings.dns
        report = check_caa(
            names,
            nameservers=dns.nameservers,
            timeout=dns.timeout,
            method=method,
            progress=self.progress,
            option_prefix="dns_",
        )
        self.caa.update({name: report.forbidden.get(name, "") for name in names})
        return report

    def _forbids(self, names: Sequence[str], method: str) -> dict[str, str]:
        """Find names that are to be ordered for and that CAA records forbid; each is only asked for once in a run."""
        new = [name for name in names if name not in self.caa]
        if new:
            self._ask_caa(new, method)
        return {name: self.caa[name] for name in names if self.caa[name]}

    def _domains(self) -> DomainsOutcome:
        run, decision = self.run, t.cast("Decision", self.run.decision)
        request = DomainsRequest(
            decision.desired,
            dataclasses.replace(self.settings.purge, withheld=decision.withheld),
            exclude=self.settings.policy.exclude,
            protected=decision.protected,
            deferred={name: f"waiting for {wait.waits_for}: {wait.reason}" for name, wait in run.waits.items()},
        )
        return run_domains(self.app, request, rows=run.rows, check_mode=self.job.check_mode, progress=self.progress)

    def _certificates(self, request: CertificatesRequest) -> CertificatesOutcome:
        from ...module_utils._certificates.run import run_certificates

        run, outcome = self.run, t.cast("DomainsOutcome", self.run.domains)
        options = self.job.options
        prober = None
        if request.check_served:
            from ...module_utils._probe.tls import TlsProber

            prober = TlsProber(
                options["ssl_check_address"] or self._address, request.check_port, progress=self.progress
            )
        request = dataclasses.replace(
            request,
            changed=frozenset((*outcome.plan.add, *outcome.plan.change)),
            deferred=elsewhere(run.checks),
            forbids=self._forbids if self.settings.dns.checked else None,
            dns_unknown=unknown(run.checks),
        )
        return run_certificates(
            self.app,
            request,
            domains=outcome.after,
            prober=prober,
            method=self._method,
            check_mode=self.job.check_mode,
            progress=self.progress,
        )


def _idle_patterns(policy: Policy, decision: Decision, rows: t.Iterable[Domain]) -> list[str]:
    """List entries of `exclude` that match no name that is attached or wanted: typing errors, most of them."""
    names = {*(row.name for row in rows), *(d.name for d in decision.desired), *(d.name for d in decision.left_out)}
    idle = [text for text in policy.exclude if not any(matching_pattern(name, (text,)) for name in names)]
    return [f"exclude: {text} matches no name that is attached or wanted" for text in idle]
