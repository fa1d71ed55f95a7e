# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was seen -> findings about certificates: what RunCloud has, what the server presents, what the next run does. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import datetime
import typing as t

from ...module_utils._certificates.activity import NAMES_IN_ONE_CERTIFICATE, is_failure
from ...module_utils._certificates.coverage import expiring_names, required_names
from ...module_utils._certificates.model import BASIC, LIVE
from .checks import SYNC
from .finding import NOT_CHECKED, OK, WARNING, WRONG, Finding, some

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ...module_utils._certificates.model import CertificatesPlan, NameReport
    from ...module_utils._certificates.result import CertificatesOutcome
    from .finding import Seen

AREA = "certificate"
_CSR, _CUSTOM = "csr", "custom"


def look_at_certificates(seen: Seen) -> Iterator[Finding]:
    """Say of the application's certificates and of each name's whether they are right, and why they are not."""
    outcome = seen.certificates.found
    if outcome is None:
        if seen.certificates.fault:
            yield Finding(AREA, WRONG, seen.certificates.fault, "Nothing could be told of certificates.")
        elif not seen.options["ssl"]:
            yield Finding(AREA, NOT_CHECKED, f"{seen.option('ssl')} is false")
        elif seen.attached.found is None:
            yield Finding(AREA, NOT_CHECKED, "the list of domains is needed first")
        return
    yield from _mode(seen, outcome)
    # A plan says the same of the server as the reading.
    for warning in dict.fromkeys((*outcome.warnings, *(seen.orders.found.warnings if seen.orders.found else ()))):
        yield Finding(AREA, WARNING, warning)
    if seen.orders.fault:
        yield Finding(AREA, WRONG, seen.orders.fault)
    for domain, problem in (seen.orders.found.problems if seen.orders.found else {}).items():
        yield Finding(AREA, WRONG, problem, "", domain)
    for name, certificate in outcome.certificates.items() if seen.options["ssl_environment"] == LIVE else ():
        if certificate is not None and certificate.staging:
            yield Finding(AREA, WARNING, "a staging certificate, of which browsers warn", SYNC, name or "")
    ends_soon = outcome.state.now + datetime.timedelta(days=seen.options["ssl_renew_before"])
    expiring = frozenset(expiring_names(outcome.state, ends_soon))
    for report in outcome.names.values():
        yield _name(seen, outcome, report, report.name in expiring)


def _mode(seen: Seen, outcome: CertificatesOutcome) -> Iterator[Finding]:
    wanted, mode = seen.options["ssl_mode"], outcome.mode
    if wanted and wanted != mode:
        text = f"{mode} mode, but {seen.option('ssl_mode')} is {wanted}"
        advice = (
            f"Switching deletes the certificates there are: allow it by {seen.option('ssl_allow_mode_switch')}, or "
            f"leave {seen.option('ssl_mode')} out."
        )
        yield Finding(AREA, WRONG, text, advice)
    else:
        yield Finding(AREA, OK, f"{mode} mode, {'one for the application' if mode == BASIC else 'one for each domain'}")
    count = len(required_names(outcome.state)) if mode == BASIC else 0
    if count > NAMES_IN_ONE_CERTIFICATE:
        text = f"{count} names need one certificate, and Let's Encrypt allows {NAMES_IN_ONE_CERTIFICATE}"
        advice = "Switch to advanced mode (one certificate for each domain), or divide the domains."
        yield Finding(AREA, WRONG, text, advice)
    if mode == BASIC and outcome.names and outcome.certificates.get(None) is None:
        said = next((entry.content for entry in seen.log.found or () if is_failure(entry)), "")
        text = f"none yet; the activity log says: {said}" if said else "none yet"
        yield Finding(AREA, WRONG, text, _order_advice(seen, ""))


def _name(seen: Seen, outcome: CertificatesOutcome, report: NameReport, is_expiring: bool) -> Finding:
    certificate = outcome.certificates.get(report.name if outcome.mode != BASIC else None)
    if report.missing:
        return _missing(seen, report, certificate.provider if certificate else None)
    if not report.checked:
        return _not_checked(seen, report)
    end = report.expires or (certificate.valid_until if certificate else None)
    days = (end - outcome.state.now).days if end else None
    if days is not None and days < 0:
        return Finding(AREA, WRONG, f"expired {-days} days ago", _order_advice(seen, report.name), report.name)
    if is_expiring:
        provider = certificate.provider if certificate else None
        advice = (
            f"A {provider} certificate does not renew by itself: replace it."
            if provider in (_CUSTOM, _CSR)
            else f"RunCloud's own renewal has failed, see its activity log. {_order_advice(seen, report.name)}"
        )
        return Finding(AREA, WARNING, f"expires in {days} days", advice, report.name)
    return Finding(AREA, OK, "valid" if days is None else f"{days} days left", "", report.name)


def _not_checked(seen: Seen, report: NameReport) -> Finding:
    """What the server presents was not seen, or is not RunCloud's: then nothing is known of the name's certificate."""
    if not seen.options["ssl_check_served"]:
        return Finding(AREA, NOT_CHECKED, f"{seen.option('ssl_check_served')} is false", "", report.name)
    address, port = seen.option("ssl_check_address"), seen.option("ssl_check_port")
    text = report.error or "the server could not be asked"
    return Finding(AREA, NOT_CHECKED, text, f"Check that {address} and {port} lead to the web server.", report.name)


def _missing(seen: Seen, report: NameReport, provider: str | None) -> Finding:
    what = "another site's certificate is presented" if report.served_by_other else "no certificate has it"
    text = what if report.missing == (report.name,) else f"no certificate has {some(report.missing)}"
    if report.error:
        text += f" ({report.error})"
    if provider in (_CUSTOM, _CSR):
        advice = f"The {provider} certificate lacks it, and is never ordered: replace it by one that has all names."
        return Finding(AREA, WRONG, text, advice, report.name)
    waiting = [host for host in report.missing if host in seen.held]
    if waiting:
        advice = f"It cannot be issued before {some(waiting)} can be: {seen.held[waiting[0]]}."
        return Finding(AREA, WARNING, text, advice, report.name)
    return Finding(AREA, WRONG, text, _order_advice(seen, report.name), report.name)


def _order_advice(seen: Seen, name: str) -> str:
    """Say what brings a certificate; another run only where that run would order it.

    :param name: the domain that lacks it; "" for the one of the application.
    """
    plan = seen.orders.found
    server = seen.server.found
    if server is not None and not server.usable:
        return "The server must be online and connected first."
    if plan is None:
        return "What keeps it from being ordered stands with the findings that are wrong; put that right first."
    problem = _problem(plan, name)
    if problem:
        return f"Nothing is ordered for it, and another run will not help, before this is put right: {problem}"
    if name in plan.pending:
        return plan.pending[name].replace(name, "it")
    if any(step.is_order and (not name or name in step.names) for step in plan.steps):
        return f"{SYNC} It orders one."
    return "No order is due for it; see the activity log in RunCloud's panel for what happened to the last one."


def _problem(plan: CertificatesPlan, name: str) -> str:
    """Return what stands against an order for a name: its own problem, or any where one order is for all names."""
    if name in plan.problems:
        return plan.problems[name]
    has_orders = any(step.is_order for step in plan.steps)
    return "" if has_orders else next(iter(plan.problems.values()), "")
