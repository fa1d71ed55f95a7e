# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Desired certificates x what RunCloud has and the server serves -> what to do. Pure: no I/O, no Ansible, no clock.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import datetime
import typing as t

from .._errors import UserError
from .._names import covered_by, is_below, is_wildcard
from .._runcloud.models import CSR
from .activity import is_left_to_auto_ssl, order_in_progress
from .coverage import certifiable, find_certificates, report_names, required_names, served_certificate, served_ok
from .custom import is_installed, keeps_custom
from .draft import (
    Draft,
    can_bring,
    ends_soon,
    held_back,
    held_by,
    lacks,
    needs_dns_01,
    note_stale,
    order_problem,
    order_step,
    served_warnings,
    some,
    wait_for_order,
    why_stuck,
)
from .limits import (
    OF_ONE_DOMAIN_IN_A_WEEK,
    base_domain,
    new_this_week,
    used_up,
)
from .model import HTTP_01, LIVE, CertificatesPlan, Step
from .options import (
    complete_options,
    differing_options,
    method_for,
    needs_reissue,
    request_for,
    unshown_options,
)

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from .._runcloud.models import Certificate, Domain
    from .coverage import Found
    from .model import Action, CertificatesState, DesiredCertificates, Via


def plan_certificates(desired: DesiredCertificates, state: CertificatesState) -> CertificatesPlan:
    """Decide what is done for the certificates of a web application.

    :raises UserError: what is asked for does not fit the state; it names the option and the value.
    """
    draft = Draft(desired, state, certifiable(state), find_certificates(state), report_names(state))
    if not state.advanced and desired.domains is not None:
        raise UserError(
            "domains: the web application is in basic mode, where one certificate covers all its domains; "
            "leave domains out, or set mode: advanced and allow_mode_switch: true"
        )
    if not desired.present:
        _plan_removal(draft)
    elif state.advanced:
        _plan_advanced(draft)
    else:
        _plan_basic(draft)
    return CertificatesPlan(
        steps=tuple(draft.steps),
        pending=draft.pending,
        problems=draft.problems,
        warnings=(*draft.warnings, *served_warnings(draft)),
        unverified=tuple(sorted(draft.unverified)),
        names=draft.names,
    )


def _plan_removal(draft: Draft) -> None:
    rows: Sequence[Domain | None] = _selected(draft) if draft.state.advanced else [None]
    for row in rows:
        certificate = draft.state.certificates.get(row.name if row else None)
        if certificate is not None:
            draft.steps.append(Step("remove", row, certificate))


# Basic mode: one certificate for all names


def _plan_basic(draft: Draft) -> None:
    found = draft.found[None]
    required = required_names(draft.state)
    _tell_deferred(draft)
    _update_options(draft, None, found.certificate)
    if not required:
        return
    if keeps_custom(draft.desired, found.certificate):
        _plan_custom(draft, None, found.certificate, required)
        return
    lacking = [row for row in draft.domains if lacks(draft, row)]
    via = _basic_order(draft, found, lacking)
    since = order_in_progress(draft.state, None, found) if via is not None or lacking else None
    if since is not None:
        wait_for_order(draft, [row.name for row in lacking or draft.domains], since)
        return
    if via is None:
        draft.pending.update({row.name: why_stuck(draft, row, found) for row in lacking})
        note_stale(draft, [row for row in draft.domains if row.name not in draft.pending])
        return
    problems = _basic_problems(draft, via, found, required)
    if not problems:
        waiting = held_back(draft, None)
        if waiting is None:
            draft.steps.append(order_step(draft, via, None, found.certificate, required))
        else:
            draft.pending.update(dict.fromkeys(draft.names, waiting))
        return
    draft.problems.update(problems)
    causes = [name for name in problems if name]
    if causes:
        text = f"waits for {some(causes)}: one order is for all attached names, and it would fail"
        draft.pending.update({row.name: text for row in lacking or draft.domains if row.name not in problems})


def _basic_order(draft: Draft, found: Found, lacking: Sequence[Domain]) -> Via | None:
    """Decide in which way the certificate has to be ordered, None where it does not."""
    if found.certificate is None:
        return "install"
    if needs_reissue(draft.desired, found.certificate):
        return "reissue"
    if draft.desired.force or ends_soon(draft, found) or any(can_bring(draft, row, found) for row in lacking):
        return "redeploy"
    return None


def _basic_problems(draft: Draft, via: Via, found: Found, required: Sequence[str]) -> dict[str, str]:
    """Say why the one order for all names is sure to fail, by the names that are the cause; "" where none is."""
    problems = {}
    for row in draft.domains:
        why = held_by(draft, row.name, found.certificate) if row.id is not None else None
        if why is not None:
            out = "" if row.name in draft.state.forbidden else ", or use authorization_method: dns-01"
            problems[row.name] = (
                f"{why}. One order is for all attached names and would fail because of this one, so nothing was "
                f"ordered. Correct its DNS{out}, or detach {row.name}"
            )
    if method_for(draft.desired, found.certificate) == HTTP_01:
        for name in required:
            if is_wildcard(name):
                problems[name] = (
                    f"{needs_dns_01(name)}, or detach {name}. One order is for all attached names, so nothing was "
                    "ordered"
                )
    if not problems:
        other = order_problem(draft, via, None, found, required)
        if other is not None:
            problems[""] = other
    return problems


def _tell_deferred(draft: Draft) -> None:
    """Report the names that are held and not attached."""
    attached = {row.name for row in draft.state.domains}
    held = {**draft.state.held, **draft.state.forbidden}
    draft.pending.update({name: why for name, why in held.items() if name not in attached})


# Advanced mode: a certificate for each domain


def _plan_advanced(draft: Draft) -> None:
    wanted: list[tuple[Step, datetime.datetime | None]] = []
    for row in _selected(draft):
        found = draft.found[row.name]
        _update_options(draft, row, found.certificate)
        if keeps_custom(draft.desired, found.certificate):
            _plan_custom(draft, row, found.certificate, row.served_names)
            continue
        step = _advanced_order(draft, row, found)
        if step is not None:
            wanted.append((step, found.ends_at))
    _tell_deferred(draft)
    _take_most_urgent(draft, wanted)


def _selected(draft: Draft) -> list[Domain]:
    """Return the domains that are meant."""
    only = draft.desired.domains
    if only is None:
        return draft.domains
    unknown = sorted(only - {row.name for row in draft.domains} - set(draft.state.held) - set(draft.state.forbidden))
    if unknown:
        raise UserError(
            f"domains: {', '.join(unknown)} not attached to the web application, or one of RunCloud's own test "
            "names; attach it first, or leave it out"
        )
    return [row for row in draft.domains if row.name in only]


def _advanced_order(draft: Draft, row: Domain, found: Found) -> Step | None:
    """Decide about one domain: the order it needs, None where it needs none or has to wait."""
    via = _advanced_via(draft, row, found)
    lacking = lacks(draft, row)
    since = order_in_progress(draft.state, row.name, found) if via is not None or lacking else None
    if since is not None:
        wait_for_order(draft, [row.name], since)
        return None
    if via is None:
        if lacking and found.certificate is not None:
            draft.pending[row.name] = why_stuck(draft, row, found)
        elif not lacking and found.certificate is not None:
            note_stale(draft, [row])
        return None
    why = held_by(draft, row.name, found.certificate)
    if why is not None:
        draft.pending[row.name] = why
        return None
    problem = order_problem(draft, via, row, found, row.served_names)
    if problem is not None:
        draft.problems[row.name] = problem
        return None
    waiting = held_back(draft, row.name)
    if waiting is not None:
        draft.pending[row.name] = waiting
        return None
    return order_step(draft, via, row, found.certificate, row.served_names)


def _advanced_via(draft: Draft, row: Domain, found: Found) -> Via | None:
    """Decide in which way a domain's certificate has to be ordered, None where it does not."""
    if found.certificate is None:
        if draft.desired.force:
            return "install"
        if served_ok(row, draft.state.served, draft.expiry_threshold):
            return None
        if is_left_to_auto_ssl(row, draft.state):
            draft.pending[row.name] = "left to AutoSSL, which orders by itself for new domains"
            return None
        return "install"
    if needs_reissue(draft.desired, found.certificate):
        return "reissue"
    if draft.desired.force or ends_soon(draft, found) or (lacks(draft, row) and can_bring(draft, row, found)):
        return "redeploy"
    return None


def _take_most_urgent(draft: Draft, wanted: Sequence[tuple[Step, datetime.datetime | None]]) -> None:
    """Plan the most urgent orders, and leave what is over a limit to the next run."""
    never = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
    base = base_domain(draft.state.domains) if draft.desired.environment == LIVE else None
    left = draft.desired.max_orders
    new = OF_ONE_DOMAIN_IN_A_WEEK - (new_this_week(draft.state, base) if base else 0)
    for step, dummy in sorted(wanted, key=lambda pair: pair[1] or never):
        name = step.names[0]
        counts = base is not None and step.action != "redeploy" and is_below(name, base)
        if left <= 0:
            draft.pending[name] = (
                f"max_orders: this run orders {draft.desired.max_orders} at most; the next one goes on"
            )
        elif counts and new <= 0:
            draft.pending[name] = used_up(str(base))
        else:
            draft.steps.append(step)
            left -= 1
            new -= counts


# Certificates that are not ordered


def _plan_custom(draft: Draft, domain: Domain | None, certificate: Certificate | None, names: Sequence[str]) -> None:
    """Bring a custom certificate in place; names that it lacks are only reported."""
    desired, custom = draft.desired, draft.desired.custom
    rows = [domain] if domain else draft.domains
    if desired.provider is not None and (certificate is None or certificate.provider != desired.provider):
        action: Action = "install" if certificate is None else "reissue"
        request = request_for(desired, desired.provider, certificate)
        _drop_update(draft, domain)
        draft.steps.append(Step(action, domain, certificate, tuple(names), request=request))
    elif custom is not None and certificate is not None:
        served = [found for row in rows if (found := served_certificate(row, draft.state.served)) is not None]
        if not is_installed(custom, certificate, served):
            _drop_update(draft, domain)
            options = complete_options(desired.options, certificate)
            step = Step("update", domain, certificate, tuple(names), options=options, key_pair=custom.key_pair)
            draft.steps.append(step)
    if custom is None and certificate is not None and certificate.provider == CSR:
        return
    if custom is not None:
        missing = [name for name in names if not covered_by(name, custom.names)]
        ends: datetime.datetime | None = custom.not_after
    else:
        missing = [name for row in rows for name in draft.names[row.name].missing]
        ends = certificate.valid_until if certificate else None
    if missing:
        draft.warnings.append(
            f"The custom certificate lacks {some(missing)}: visitors of these names see an error. Install one "
            "that has them, or use provider: letsencrypt."
        )
    if ends is not None and ends <= draft.expiry_threshold:
        draft.warnings.append(
            f"The custom certificate{f' of {domain.name}' if domain else ''} ends on {ends:%Y-%m-%d}, and it is not "
            "renewed by itself: install a new one, or use provider: letsencrypt."
        )


def _update_options(draft: Draft, domain: Domain | None, certificate: Certificate | None) -> None:
    """Plan a change of options where what RunCloud shows differs from what is asked for."""
    asked = draft.desired.options
    if asked.enable_hsts_subdomains is not None:
        draft.unverified.add("enable_hsts_subdomains")
    if certificate is None:
        return
    draft.unverified.update(unshown_options(asked, certificate))
    if needs_reissue(draft.desired, certificate):
        return
    if draft.desired.external_api is not None and certificate.external_api is None:
        draft.unverified.add("external_api")
    if differing_options(asked, certificate):
        draft.steps.append(Step("update", domain, certificate, options=complete_options(asked, certificate)))


def _drop_update(draft: Draft, domain: Domain | None) -> None:
    """Take back a change of options that another write carries along."""
    key = domain.name if domain else None
    draft.steps = [step for step in draft.steps if not (step.action == "update" and step.key == key)]
