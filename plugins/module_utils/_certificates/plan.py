# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides what is done for the certificates of a web application. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._errors import UserError
from .._names import covered_by, is_below, is_wildcard
from .._runcloud.models import CSR, LETSENCRYPT, parse_time
from .activity import (
    NAMES_IN_ONE_CERTIFICATE,
    OF_ONE_DOMAIN_IN_A_WEEK,
    base_domain,
    failed_too_often,
    identical_too_often,
    is_left_to_auto_ssl,
    is_ordered,
    last_issue,
    new_this_week,
    order_in_progress,
)
from .coverage import find_certificates, report_names, served_certificate, served_ok
from .model import DNS_01, HTTP_01, LIVE, CertificatesPlan, Step
from .options import (
    api_for,
    complete_options,
    differing_options,
    is_installed,
    keeps_custom,
    method_for,
    needs_reissue,
    request_for,
    unshown_options,
)

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._runcloud.models import Domain
    from .coverage import Found
    from .model import CertificatesState, DesiredCertificates, Key, NameReport, Via

# A www variant has no date of its own: whether a certificate that lacks it is older than it cannot be known. Then it is
# ordered again, but not more often than this: 5 identical certificates a week is Let's Encrypt's limit (reference 8).
AGAIN_AFTER = datetime.timedelta(hours=36)


@dataclasses.dataclass
class Draft:
    """A plan in the making, and what all decisions look at. ``stale``: names with an outdated certificate."""

    desired: DesiredCertificates
    state: CertificatesState
    found: Mapping[Key, Found]
    names: Mapping[str, NameReport]
    steps: list[Step] = dataclasses.field(default_factory=list)
    pending: dict[str, str] = dataclasses.field(default_factory=dict)
    problems: dict[str, str] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)
    unverified: set[str] = dataclasses.field(default_factory=set)
    stale: list[str] = dataclasses.field(default_factory=list)

    @property
    def expiry_threshold(self) -> datetime.datetime:
        """What ends before this time is ordered anew."""
        return self.state.now + self.desired.renew_before


def plan_certificates(desired: DesiredCertificates, state: CertificatesState) -> CertificatesPlan:
    """Decide what is done for the certificates of a web application.

    :raises UserError: what is asked for does not fit the state; it names the option and the value.
    """
    draft = Draft(desired, state, find_certificates(state), report_names(state))
    selected = _selected(draft)
    if desired.present:
        _plan_present(draft, selected)
    else:
        draft.steps += [Step("remove", one.domain, one.certificate) for one in selected if one.certificate is not None]
    return CertificatesPlan(
        steps=tuple(draft.steps),
        pending=draft.pending,
        problems=draft.problems,
        warnings=(*draft.warnings, *_served_warnings(draft)),
        unverified=tuple(sorted(draft.unverified)),
        names=draft.names,
    )


def _selected(draft: Draft) -> list[Found]:
    """Return the certificates that are meant: that of basic mode, or those of the chosen domains."""
    only, state = draft.desired.domains, draft.state
    if only is None:
        return list(draft.found.values())
    if not state.advanced:
        raise UserError(
            "domains: the web application is in basic mode, where one certificate covers all its domains; "
            "leave domains out, or set mode: advanced and allow_mode_switch: true"
        )
    unknown = sorted(only - draft.found.keys() - state.held.keys() - state.forbidden.keys())
    if unknown:
        raise UserError(
            f"domains: {', '.join(unknown)} not attached to the web application, or one of RunCloud's own test "
            "names; attach it first, or leave it out"
        )
    return [one for key, one in draft.found.items() if key in only]


def _plan_present(draft: Draft, selected: Sequence[Found]) -> None:
    attached = {row.name for row in draft.state.domains}
    held = {**draft.state.held, **draft.state.forbidden}
    draft.pending.update({name: why for name, why in held.items() if name not in attached})
    wanted: list[Step] = []
    for found in selected:
        if found.rows and keeps_custom(draft.desired, found.certificate):
            _plan_custom(draft, found)
        elif found.rows and (step := _order(draft, found)) is not None:
            wanted.append(step)
        _update_options(draft, found)
    _take_most_urgent(draft, wanted)


# Orders


def _order(draft: Draft, found: Found) -> Step | None:
    """Decide about one certificate: the order it needs, None where it needs none or has to wait."""
    lacking = [row for row in found.rows if _lacks(draft, row)]
    via = _via(draft, found, lacking)
    since = order_in_progress(draft.state, found) if via is not None or lacking else None
    if since is not None:
        text = f"an order of {since:%H:%M} UTC is in progress; RunCloud has not finished it"
        draft.pending.update({row.name: text for row in lacking or found.rows})
        return None
    if via is None:
        if found.certificate is not None:
            draft.pending.update({row.name: _why_stuck(draft, row, found) for row in lacking})
            draft.stale += [row.name for row in found.rows if row.name not in draft.pending and _is_stale(draft, row)]
        return None
    if found.domain is not None and (why := _held_by(draft, found.domain, found)) is not None:
        draft.pending[found.domain.name] = why
        return None
    problems = _problems(draft, via, found)
    if problems:
        draft.problems.update(problems)
        if "" not in problems:
            text = f"waits for {some(list(problems))}: one order is for all attached names, and it would fail"
            draft.pending.update({row.name: text for row in lacking or found.rows if row.name not in problems})
        return None
    waiting = None if draft.desired.force else failed_too_often(draft.state, found.key)
    if draft.desired.max_orders == 0:
        waiting = "max_orders is 0: nothing is ordered"
    if waiting is not None:
        draft.pending.update({row.name: waiting for row in found.rows})
        return None
    provider = draft.desired.provider or LETSENCRYPT
    request = request_for(draft.desired, provider, found.certificate) if via != "redeploy" else None
    return Step(via, found.domain, found.certificate, found.names, request=request)


def _via(draft: Draft, found: Found, lacking: Sequence[Domain]) -> Via | None:
    row, force = found.domain, draft.desired.force
    if found.certificate is None:
        if row is None or force:
            return "install"
        if served_ok(row, draft.state.served, draft.expiry_threshold):
            return None
        if is_left_to_auto_ssl(row, draft.state):
            draft.pending[row.name] = "left to AutoSSL, which orders by itself for new domains"
            return None
        return "install"
    if needs_reissue(draft.desired, found.certificate):
        return "reissue"
    ends_soon = found.ends_at is not None and found.ends_at <= draft.expiry_threshold
    return "redeploy" if force or ends_soon or any(_can_bring(draft, one, found) for one in lacking) else None


def _lacks(draft: Draft, row: Domain) -> bool:
    """Say whether a domain lacks a certificate: it was seen, or it was not checked and this run has changed the domain."""
    report = draft.names[row.name]
    if report.checked:
        return bool(report.missing)
    return (row.id is None or row.name in draft.state.changed) and not is_ordered(row, draft.state)


def _issued_at(draft: Draft, found: Found) -> datetime.datetime | None:
    known = (found.issued_at, last_issue(draft.state, found.key))
    return max((moment for moment in known if moment is not None), default=None)


def _can_bring(draft: Draft, row: Domain, found: Found) -> bool:
    """Say whether a new order can be expected to bring the names that a certificate lacks.

    A certificate that is younger than the newest change and still lacks a name is not ordered again (design 4).
    """
    if is_ordered(row, draft.state):
        return False
    if row.id is None or row.name in draft.state.changed:
        return True
    issued, attached = _issued_at(draft, found), parse_time(row.created_at)
    if issued is None or attached is None or attached > issued:
        return True
    only_www = row.name not in draft.names[row.name].missing
    had_it = any(one.done and one.key == found.key and one.names >= {*row.served_names} for one in draft.state.orders)
    return only_www and not had_it and draft.state.now - issued >= AGAIN_AFTER


def _why_stuck(draft: Draft, row: Domain, found: Found) -> str:
    issued = _issued_at(draft, found) or draft.state.now
    since = f"the certificate of {issued:%Y-%m-%d %H:%M} UTC is younger than the domain"
    report = draft.names[row.name]
    if report.served_by_other and served_certificate(row, draft.state.served) != found.served:
        return (
            f"{since}, but the server presents one that is not for {row.name}; find out why (an error of the web "
            "server, another application with this name), then order with force: true"
        )
    return (
        f"{since} and still lacks {', '.join(report.missing)}; find out why (DNS, RunCloud's activity log), then order "
        "with force: true"
    )


def _held_by(draft: Draft, row: Domain, found: Found) -> str | None:
    """Say why nothing can be ordered for a domain, None where something can. dns-01 asks for no address."""
    elsewhere = draft.state.held if method_for(draft.desired, found.certificate) != DNS_01 else {}
    reasons = {**elsewhere, **draft.state.forbidden}
    for name in row.served_names:
        if name in reasons:
            return reasons[name] if name == row.name else f"{name} {reasons[name]}"
    return None


def _problems(draft: Draft, via: Via, found: Found) -> dict[str, str]:
    """Say why an order is sure to fail and what to do, by the names that are the cause; "" where none is."""
    problems = {}
    method = method_for(draft.desired, found.certificate)
    for row in found.rows:
        why = _held_by(draft, row, found) if row.id is not None and found.domain is None else None
        if why is not None:
            way_out = "" if draft.state.forbidden.keys() & row.served_names else ", or use authorization_method: dns-01"
            problems[row.name] = (
                f"{why}. One order is for all attached names and would fail because of this one, so nothing was "
                f"ordered. Correct its DNS{way_out}, or detach {row.name}"
            )
        if is_wildcard(row.name) and method == HTTP_01:
            others = f", or detach {row.name}. One order is for all attached names, so nothing was ordered"
            problems[row.name] = (
                f"{row.name} is a wildcard, for which Let's Encrypt needs dns-01; set authorization_method: dns-01 and "
                f"external_api{others if found.domain is None else ''}"
            )
    if problems:
        return problems
    problem = None
    if via != "redeploy" and method == DNS_01 and api_for(draft.desired, found.certificate) is None:
        problem = "external_api: the certificate is one by dns-01, and RunCloud does not show its API key; give it"
    elif len(found.names) > NAMES_IN_ONE_CERTIFICATE:
        problem = (
            f"{len(found.names)} names are more than Let's Encrypt puts in one certificate "
            f"({NAMES_IN_ONE_CERTIFICATE}); nothing was ordered. Use mode: advanced (a certificate for each domain), a "
            "wildcard for subsites, or a second application"
        )
    elif draft.desired.environment == LIVE:
        reports = [draft.names[row.name] for row in found.rows]
        same = via == "redeploy" and all(report.checked and not report.missing for report in reports)
        problem = identical_too_often(draft.state, found.key, found.names, same)
    return {found.key or "": problem} if problem is not None else {}


def _take_most_urgent(draft: Draft, wanted: Sequence[Step]) -> None:
    never = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
    base = base_domain(draft.state.domains) if draft.desired.environment == LIVE else None
    left = draft.desired.max_orders
    new = OF_ONE_DOMAIN_IN_A_WEEK - (new_this_week(draft.state, base) if base else 0)
    for step in sorted(wanted, key=lambda step: draft.found[step.key].ends_at or never):
        name = step.names[0]
        counts = base is not None and step.action != "redeploy" and is_below(name, base)
        if left <= 0:
            draft.pending[name] = (
                f"max_orders: this run orders {draft.desired.max_orders} at most; the next one goes on"
            )
        elif counts and new <= 0:
            draft.pending[name] = (
                f"Let's Encrypt issues {OF_ONE_DOMAIN_IN_A_WEEK} new certificates a week for {base}, and they are used "
                f"up; a later run continues, or attach *.{base} with one wildcard certificate (authorization_method: "
                "dns-01)"
            )
        else:
            draft.steps.append(step)
            left -= 1
            new -= counts


# Certificates that are not ordered, and options


def _plan_custom(draft: Draft, found: Found) -> None:
    """Bring a custom certificate in place; names that it lacks are only reported."""
    desired, custom, certificate = draft.desired, draft.desired.custom, found.certificate
    if desired.provider is not None and (certificate is None or certificate.provider != desired.provider):
        request = request_for(desired, desired.provider, certificate)
        action: Via = "install" if certificate is None else "reissue"
        draft.steps.append(Step(action, found.domain, certificate, found.names, request=request))
    elif custom is not None and certificate is not None:
        served = [one for row in found.rows if (one := served_certificate(row, draft.state.served)) is not None]
        if not is_installed(custom, certificate, served):
            options = complete_options(desired.options, certificate)
            step = Step("update", found.domain, certificate, found.names, options=options, key_pair=custom.key_pair)
            draft.steps.append(step)
    if custom is not None:
        missing = [name for name in found.names if not covered_by(name, custom.names)]
        ends: datetime.datetime | None = custom.not_after
    elif certificate is not None and certificate.provider == CSR:
        return
    else:
        missing = [name for row in found.rows for name in draft.names[row.name].missing]
        ends = certificate.valid_until if certificate else None
    if missing:
        draft.warnings.append(
            f"The custom certificate lacks {some(missing)}: visitors of these names see an error. Install one "
            "that has them, or use provider: letsencrypt."
        )
    if ends is not None and ends <= draft.expiry_threshold:
        draft.warnings.append(
            f"The custom certificate{f' of {found.key}' if found.key else ''} ends on {ends:%Y-%m-%d}, and it is not "
            "renewed by itself: install a new one, or use provider: letsencrypt."
        )


def _update_options(draft: Draft, found: Found) -> None:
    """Plan a change of options where what RunCloud shows differs, and no custom certificate carries it along."""
    asked, certificate = draft.desired.options, found.certificate
    if asked.enable_hsts_subdomains is not None:
        draft.unverified.add("enable_hsts_subdomains")
    if certificate is None:
        return
    draft.unverified.update(unshown_options(asked, certificate))
    if needs_reissue(draft.desired, certificate):
        return
    if draft.desired.external_api is not None and certificate.external_api is None:
        draft.unverified.add("external_api")
    carried = bool(draft.steps) and draft.steps[-1].key == found.key
    if differing_options(asked, certificate) and not carried:
        draft.steps.append(Step("update", found.domain, certificate, options=complete_options(asked, certificate)))


# What the server presents


def _is_stale(draft: Draft, row: Domain) -> bool:
    """Say whether RunCloud has a certificate, while the server presents another one, or one that ends soon."""
    served = served_certificate(row, draft.state.served)
    return served is not None and (served.not_after <= draft.expiry_threshold or not served.covers(row.name))


def _served_warnings(draft: Draft) -> list[str]:
    """Warn of what the server presents in place of RunCloud's certificates."""
    unknown = [name for name, report in draft.names.items() if not report.checked and report.expires is not None]
    stale = [name for name in draft.stale if name not in unknown]
    found = []
    if unknown:
        found.append(
            f"The server presents a certificate for {some(unknown)} that cannot be the one that RunCloud has (another "
            "site's, TLS inspection, a wrong check_address, or a web server that was not reloaded). Which names are "
            "covered is therefore not known, and nothing is ordered because of it."
        )
    if stale:
        found.append(
            f"RunCloud has a good certificate for {some(stale)}, but the server presents another one, or one "
            "that ends soon: reload the web server, or order with force: true."
        )
    return found


def some(names: Sequence[str]) -> str:
    """List the first names of many."""
    return f"{', '.join(names[:10])}{' ...' if len(names) > 10 else ''}"
