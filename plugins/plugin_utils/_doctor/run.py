# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at everything that a run needs, in one process, and changes nothing. What fails hides nothing else.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from ...module_utils._certificates.options import read_request
from ...module_utils._certificates.plan import plan_certificates
from ...module_utils._certificates.run import read_certificates
from ...module_utils._domains.plan import plan_domains
from ...module_utils._errors import MissingLibrary, UserError
from ...module_utils._names import is_test_domain
from ...module_utils._options import ENVIRONMENT, SSL_SPEC, id_or_name, read_connection
from ...module_utils._probe.caa import check_caa
from ...module_utils._probe.tls import TlsProber
from ...module_utils._runcloud.api import connect
from ...module_utils._runcloud.connection import Target
from ...module_utils._runcloud.errors import ApiError
from ...module_utils._runcloud.find import find_elsewhere
from .._sync.decide import decide
from .._sync.defer import Wait, defer, elsewhere, new_names, waits_for_dns, waits_for_wildcards
from .._sync.options import read_dns, read_policy, read_purge, ssl_options
from .._sync.steps import decide_with_dns, look_at_dns, read_wanted, with_attached
from .finding import Look

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Mapping

    from ...module_utils._certificates.options import CertificatesRequest
    from ...module_utils._domains.removal import Purge
    from ...module_utils._outcome import Progress
    from ...module_utils._runcloud.api import RunCloud, WebAppApi
    from .._sync.decide import Decision
    from .._sync.options import DnsSettings
    from .._sync.policy import Policy
    from .finding import Seen

T = t.TypeVar("T")

# Requests that looking for names in other web applications may cost in all.
_SEARCH_BUDGET = 100
_CREDENTIALS = ("api_token", "api_key")


@dataclasses.dataclass
class Visit:
    """What a visit works with. ``seen`` takes what is found; it tells something also where a visit is interrupted.

    :param base: what relative paths are relative to.
    :param describe: puts an exception that nothing expects into words.
    :param hidden: takes the texts that must not be shown.
    """

    seen: Seen
    environment: Mapping[str, str]
    base: pathlib.Path
    progress: Progress
    describe: Callable[[Exception], str]
    hidden: set[str]
    cloud: RunCloud | None = None

    @property
    def options(self) -> Mapping[str, t.Any]:
        """The options, validated."""
        return self.seen.options

    def look(self, work: Callable[[], T]) -> Look[T]:
        """Look at one thing. However that fails, it is only this look's failure."""
        try:
            return Look(work())
        except ApiError as exc:
            return self._failed(str(exc), exc)
        except MissingLibrary as exc:
            return Look(fault=self.describe(exc))
        except UserError as exc:
            cause = exc.__cause__
            return self._failed(str(exc), cause if isinstance(cause, ApiError) else None)
        except Exception as exc:  # noqa: BLE001 - whatever it is, it hides no other finding
            return Look(fault=self.describe(exc))

    def read(self, work: Callable[[], T]) -> T | None:
        """Read options; what is wrong with them is noted, one problem a line."""
        look = self.look(work)
        self.seen.settings.extend(line for line in look.fault.splitlines() if line.strip())
        return look.found

    def _failed(self, text: str, exc: ApiError | None) -> Look[t.Any]:
        named = "\n".join(_as_named(line, self.seen.option) for line in text.splitlines())
        return Look(
            fault=named, asked=exc is not None, status=exc.status if exc else None, said=exc.message if exc else ""
        )


def examine(visit: Visit) -> None:
    """Look at everything, as far as it goes."""
    options, seen = visit.options, visit.seen
    now = datetime.datetime.now(datetime.timezone.utc)
    policy = visit.read(lambda: read_policy(options))
    purge = visit.read(lambda: read_purge(options))
    dns = visit.read(lambda: read_dns(options))
    request = visit.read(lambda: _read_request(options, now)) if options["ssl"] else None
    app = _look_at_runcloud(visit)
    if policy is None or purge is None or dns is None:
        return
    policy = with_attached(policy, seen.attached.found or ())
    _look_at_names(visit, policy, dns)
    if app is not None and seen.attached.found is not None:
        if request is not None:
            _look_at_certificates(visit, app, request)
        _compare(visit, app, policy, purge, dns)


def _read_request(options: Mapping[str, t.Any], now: datetime.datetime) -> CertificatesRequest:
    """Read what is asked of certificates; what only matters to orders has its default here."""
    defaults = {f"ssl_{name}": spec.get("default") for name, spec in SSL_SPEC.items()}
    try:
        return read_request(ssl_options({**defaults, **options}), now)
    except UserError as exc:
        raise UserError("\n".join(f"ssl_{line}" for line in str(exc).splitlines())) from exc


def _look_at_runcloud(visit: Visit) -> WebAppApi | None:
    """Look at the connection, the server, the web application and its domains."""
    seen, options, environment = visit.seen, visit.options, visit.environment
    # In the order in which they are taken.
    variables = (variable for name in _CREDENTIALS for variable in ENVIRONMENT[name] if environment.get(variable))
    seen.credentials = (*(seen.option(name) for name in _CREDENTIALS if options.get(name)), *variables)
    target = visit.read(
        lambda: Target(
            *id_or_name(options, environment, "server", required=False),
            *id_or_name(options, environment, "webapp", required=False),
        )
    )
    seen.connection = visit.look(lambda: read_connection(options, environment))
    connection = seen.connection.found
    if connection is None or target is None:
        return None
    visit.hidden.update(connection.hidden_values)
    cloud = visit.cloud = connect(connection, visit.progress)
    seen.target = target
    if target.has_server:
        seen.server = visit.look(lambda: cloud.named_server(target))
    if seen.server.found is None and not seen.server.refused:
        seen.servers = visit.look(cloud.servers)
    server_id = _id_of(seen.server, target.server_id)
    if server_id is None:
        return None
    if target.has_webapp:
        seen.webapp = visit.look(lambda: cloud.named_webapp(server_id, target))
    if seen.webapp.found is None and not seen.webapp.refused:
        seen.webapps = visit.look(lambda: cloud.webapps(server_id))
    webapp_id = _id_of(seen.webapp, target.webapp_id)
    if webapp_id is None:
        return None
    app = cloud.webapp(server_id, webapp_id)
    seen.attached = visit.look(lambda: tuple(app.domains()))
    return app


def _id_of(look: Look[t.Any], given: int | None) -> int | None:
    """Return the id to work with: also the given one, where only the reading failed."""
    if look.found is not None:
        return t.cast("int", look.found.id)
    return given if look.asked and not look.refused and look.status not in (403, 404) else None


def _look_at_names(visit: Visit, policy: Policy, dns: DnsSettings) -> None:
    """Look at the source, and at the DNS and the CAA records of all names that are wanted or attached."""
    seen, options = visit.seen, visit.options
    source = visit.look(lambda: read_wanted(options, policy, visit.base, visit.environment))
    if source.found is None:
        seen.decision = Look(fault=source.fault)
    else:
        wanted, seen.inventory = source.found
        seen.decision = visit.look(lambda: decide(wanted, policy))
    rows = [row for row in seen.attached.found or () if not is_test_domain(row.name)]
    names = seen.decision.found.names if seen.decision.found else []
    hosts = list(dict.fromkeys([*names, *(host for row in rows for host in row.served_names)]))
    address = seen.server.found.address if seen.server.found else None
    if not hosts or not dns.checked:
        return
    if dns.expect or address:
        served = next((row.name for row in rows if not row.wildcard), None)
        port, prefix = options["ssl_check_port"], seen.option("dns_")
        seen.dns = visit.look(
            lambda: look_at_dns(
                hosts, dns, lambda: address, visit.progress, served_name=served, port=port, prefix=prefix
            )
        )
        if seen.decision.found and seen.dns.found:
            checks = seen.dns.found
            seen.decision = visit.look(lambda: decide_with_dns(wanted, policy, checks))
    if options["ssl"]:
        seen.caa = visit.look(
            lambda: check_caa(
                hosts,
                nameservers=dns.nameservers,
                timeout=dns.timeout,
                method=options["ssl_authorization_method"] or "http-01",
                progress=visit.progress,
                option_prefix=seen.option("dns_"),
            )
        )


def _look_at_certificates(visit: Visit, app: WebAppApi, request: CertificatesRequest) -> None:
    """Look at what RunCloud has and the server presents, and at what the next run would order."""
    seen, options = visit.seen, visit.options
    server = seen.server.found
    address = request.check_address or (lambda: server.address if server else None)
    prober = TlsProber(address, request.check_port, progress=visit.progress) if request.check_served else None
    seen.certificates = visit.look(
        lambda: read_certificates(app, request, domains=seen.attached.found, prober=prober, progress=visit.progress)
    )
    outcome = seen.certificates.found
    if outcome is None:
        return
    checks = seen.dns.found or {}
    away = {} if options["ssl_authorization_method"] == "dns-01" else elsewhere(checks)
    seen.held = {**away, **(seen.caa.found.forbidden if seen.caa.found else {})}
    if any(report.missing for report in outcome.names.values()) or not any(outcome.certificates.values()):
        seen.log = visit.look(lambda: tuple(app.log()))
    state = dataclasses.replace(outcome.state, held=seen.held, log=seen.log.found or ())
    if options["ssl_mode"] in (None, outcome.mode):
        seen.orders = visit.look(lambda: plan_certificates(request.desired, state))


def _compare(visit: Visit, app: WebAppApi, policy: Policy, purge: Purge, dns: DnsSettings) -> None:
    """Compare what is wanted with what is attached, as the next run will, and look for what others have."""
    seen = visit.seen
    if seen.decision.found is None:
        return
    decision, waits, dummy = defer(seen.decision.found, policy, _waits(seen, policy, dns))
    seen.plan = visit.look(
        lambda: plan_domains(
            decision.desired,
            seen.attached.found or (),
            purge=dataclasses.replace(purge, enabled=False),
            exclude=policy.exclude,
            protected=decision.protected,
            deferred={name: f"waiting for {wait.waits_for}: {wait.reason}" for name, wait in waits.items()},
            can_update=app.can_update_domains,
        )
    )
    added = seen.plan.found.add if seen.plan.found else ()
    searched = {name: (name,) for name in added[: max(0, visit.options["searches"])]}
    if searched:
        seen.elsewhere = visit.look(lambda: find_elsewhere(app, searched, budget=_SEARCH_BUDGET)).found or {}


def _waits(seen: Seen, policy: Policy, dns: DnsSettings) -> dict[str, Wait]:
    """Find the new names that the next run will hold back."""
    decision = t.cast("Decision", seen.decision.found)
    waits = waits_for_dns(decision, policy, seen.dns.found or {})
    if seen.certificates.found is not None and seen.certificates.found.mode != "basic":
        return waits if dns.require == "true" else {}
    if not seen.options["ssl"]:
        return waits
    caa = {**seen.caa.found.forbidden, **seen.caa.found.unknown} if seen.caa.found else {}
    waits = {**{host: Wait(caa[host]) for host in new_names(decision, policy) if host in caa}, **waits}
    by_http = seen.options["ssl_authorization_method"] != "dns-01"
    return {**waits, **waits_for_wildcards(decision, policy)} if by_http else waits


def _as_named(line: str, option: Callable[[str], str]) -> str:
    """Return a message that begins with an option's name with that name as the user knows it."""
    match = re.match(r"[a-z_]+(?=[:\[])", line)
    return f"{option(match.group())}{line[match.end() :]}" if match else line
