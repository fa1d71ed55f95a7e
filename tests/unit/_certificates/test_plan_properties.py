# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that every plan of certificates keeps, whatever is there and whatever is asked for."""

from __future__ import annotations

import dataclasses
import datetime
import itertools

from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.model import (
    CertificatesPlan,
    CertificatesState,
    DesiredCertificates,
    EarlierOrder,
    Step,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.plan import plan_certificates
from ansible_collections.multisite.runcloud.plugins.module_utils._names import is_test_domain
from ansible_collections.multisite.runcloud.plugins.module_utils._probe.served import (
    Served,
    ServedCertificate,
    ServedReport,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.models import (
    Certificate,
    CertificateOptions,
    Domain,
    LogEntry,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime.datetime(2026, 11, 22, 12, 0, 0, tzinfo=datetime.timezone.utc)
NAMES = [
    "net.example",
    "*.net.example",
    "a.net.example",
    "b.net.example",
    "c.example",
    "d.example",
    "x.p.runcloud.link",
]


def days(value: float) -> datetime.datetime:
    return NOW + datetime.timedelta(days=value)


def spelled(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


ages = st.sampled_from([0.0001, 0.001, 0.05, 1.0, 2.0, 30.0, 400.0])
ends = st.sampled_from([-3.0, 3.0, 20.0, 60.0, 89.0])


@st.composite
def rows(draw: st.DrawFn) -> tuple[Domain, ...]:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=len(NAMES)))
    found = []
    for number, name in enumerate(names):
        www = draw(st.booleans()) and not name.startswith("*.")
        attached = draw(st.sampled_from([True, True, True, False]))
        kind = "primary" if number == 0 else "alias"
        created = spelled(days(-draw(ages))) if attached else None
        found.append(Domain(number + 1 if attached else None, name, kind, www, created_at=created))
    return tuple(found)


@st.composite
def certificates(draw: st.DrawFn, domain: str | None) -> Certificate | None:
    if draw(st.booleans()):
        return None
    provider = draw(st.sampled_from(["letsencrypt", "letsencrypt", "letsencrypt", "custom", "csr", None]))
    return Certificate(
        id=draw(st.integers(1, 9)),
        domain=domain,
        provider=provider,
        valid_until=draw(st.one_of(st.none(), ends.map(days))) if provider != "csr" else None,
        staging=draw(st.sampled_from([False, False, True])),
        authorization_method=draw(st.sampled_from(["http-01", "dns-01", None])),
        external_api=draw(st.sampled_from([28, None])),
        enable_http=draw(st.sampled_from([True, False, None])),
        enable_hsts=draw(st.sampled_from([True, False, None])),
        created_at=draw(st.one_of(st.none(), ages.map(lambda age: days(-age)))),
    )


@st.composite
def presented(draw: st.DrawFn, name: str) -> Served:
    if draw(st.sampled_from([False, False, False, True])):
        return Served(name, error="the server refused")
    names = draw(st.lists(st.sampled_from([*NAMES, "www.c.example", "other.example"]), unique=True, min_size=1))
    return Served(name, served(tuple(names), days(draw(ends)), days(-draw(ages)), f"{draw(st.integers(0, 9))}"))


def served(
    names: tuple[str, ...], ends_at: datetime.datetime, begins: datetime.datetime, fingerprint: str
) -> ServedCertificate:
    return ServedCertificate(names, begins, ends_at, "CN=Authority", fingerprint)


@st.composite
def states(draw: st.DrawFn) -> CertificatesState:
    domains = draw(rows())
    advanced = draw(st.booleans())
    attached = [row.name for row in domains if row.id is not None]
    keys: list[str | None] = [*attached] if advanced else [None]
    report = ServedReport(True, served={name: draw(presented(name)) for name in attached})
    some = st.lists(st.sampled_from(NAMES), unique=True, max_size=3)
    return CertificatesState(
        advanced=advanced,
        auto_ssl=draw(st.sampled_from([True, False, None])),
        domains=domains,
        certificates={key: draw(certificates(key)) for key in keys},
        served=draw(st.sampled_from([report, report, None])),
        changed=frozenset(draw(some)),
        held=dict.fromkeys(draw(some), "no DNS"),
        now=NOW,
    )


desires = st.builds(
    DesiredCertificates,
    provider=st.sampled_from([None, None, "letsencrypt"]),
    environment=st.sampled_from(["live", "live", "staging"]),
    authorization_method=st.sampled_from([None, None, "http-01", "dns-01"]),
    external_api=st.sampled_from([None, 28]),
    options=st.builds(CertificateOptions, enable_http=st.sampled_from([None, True])),
    renew_before=st.sampled_from([0, 14]).map(lambda value: datetime.timedelta(days=value)),
    force=st.sampled_from([False, False, True]),
    max_orders=st.sampled_from([0, 1, 2, 50]),
)


def ordered(plan: CertificatesPlan) -> list[Step]:
    return [step for step in plan.steps if step.is_order]


def certifiable(state: CertificatesState) -> list[Domain]:
    return [row for row in state.domains if not is_test_domain(row.name)]


@given(desires, states())
def test_orders_are_few_and_only_for_what_is_there(desired: DesiredCertificates, state: CertificatesState) -> None:
    plan = plan_certificates(desired, state)
    orders = ordered(plan)
    names = {name for row in certifiable(state) for name in row.served_names}
    assert len(orders) <= desired.max_orders
    assert state.advanced or len(orders) <= 1
    for step in orders:
        expected = set(step.domain.served_names) if step.domain is not None else names
        assert set(step.names) == expected
    assert len({step.key for step in orders}) == len(orders)


def method_of(step: Step, desired: DesiredCertificates) -> str:
    known = step.certificate.authorization_method if step.certificate else None
    return (step.request.authorization_method if step.request else None) or desired.authorization_method or known or ""


@given(desires, states(), st.booleans())
def test_nothing_is_ordered_for_a_held_name(
    desired: DesiredCertificates, state: CertificatesState, forbidden: bool
) -> None:
    """With dns-01, where a name points does not matter; what forbids issuance does."""
    if forbidden:
        state = dataclasses.replace(state, held={}, forbidden=state.held)
    plan = plan_certificates(desired, state)
    held = {*state.held, *state.forbidden}
    for step in ordered(plan):
        names = {step.key} if state.advanced else {row.name for row in certifiable(state) if row.id is not None}
        assert not held & names or (not forbidden and method_of(step, desired) == "dns-01")
    assert {name for name in held if name not in {row.name for row in state.domains}} <= plan.pending.keys()


@given(desires, states())
def test_a_wildcard_is_never_ordered_by_http_01(desired: DesiredCertificates, state: CertificatesState) -> None:
    for step in ordered(plan_certificates(desired, state)):
        if any(name.startswith("*.") for name in step.names):
            assert method_of(step, desired) == "dns-01"


@given(desires, states())
def test_each_domain_is_ordered_or_pending_or_refused_or_fine(
    desired: DesiredCertificates, state: CertificatesState
) -> None:
    plan = plan_certificates(desired, state)
    pending = list(plan.pending)
    assert len(pending) == len(set(pending))
    if state.advanced:
        done = {step.key for step in ordered(plan)}
    else:
        done = {row.name for row in certifiable(state)} if ordered(plan) else set()
    assert not done & set(pending)
    assert not done & plan.problems.keys()
    assert not set(pending) & plan.problems.keys()
    for row in certifiable(state):
        if row.name in done or row.name in pending:
            continue
        certificate = state.certificates.get(row.name if state.advanced else None)
        if certificate is not None and certificate.provider in ("custom", "csr") and desired.provider is None:
            continue
        if plan.problems:
            # In basic mode one refused name is a refusal for all.
            assert not state.advanced or row.name in plan.problems or not wanting(row, desired, state, plan)
        else:
            assert not wanting(row, desired, state, plan)


def wanting(row: Domain, desired: DesiredCertificates, state: CertificatesState, plan: CertificatesPlan) -> bool:
    """Say whether a domain lacks something, by what is known of it."""
    if plan.names[row.name].missing:
        return True
    certificate = state.certificates.get(row.name if state.advanced else None)
    ends_at = certificate.valid_until if certificate is not None else None
    # In basic mode the one certificate may be seen under any name.
    reports = [plan.names[row.name]] if state.advanced else list(plan.names.values())
    shown = next((report.expires for report in reports if report.expires is not None), None)
    return ends_at is not None and shown is None and ends_at <= state.now + desired.renew_before


@given(desires, states())
def test_nothing_is_ordered_where_all_is_well(desired: DesiredCertificates, state: CertificatesState) -> None:
    good = {
        row.name: Served(row.name, served(row.served_names, days(60), days(-30), row.name))
        for row in state.domains
        if row.id is not None
    }
    every = tuple(name for row in state.domains for name in row.served_names)
    if not state.advanced:
        good = {name: Served(name, served(every, days(60), days(-30), "one")) for name in good}
    attached = tuple(row for row in state.domains if row.id is not None)
    calm = dataclasses.replace(
        state,
        domains=attached,
        certificates={
            key: Certificate(1, key, "letsencrypt", days(60), created_at=days(-30))
            for key in ([row.name for row in attached] if state.advanced else [None])
        },
        served=ServedReport(True, served=good),
    )
    desired = dataclasses.replace(desired, force=False, environment="live")
    assert ordered(plan_certificates(desired, calm)) == []


@given(desires, states())
def test_what_was_ordered_is_not_ordered_again(desired: DesiredCertificates, state: CertificatesState) -> None:
    desired = dataclasses.replace(desired, force=False)
    plan = plan_certificates(desired, state)
    again = plan_certificates(desired, carried_out(plan, state))
    assert {step.key for step in ordered(plan)} & {step.key for step in ordered(again)} == set()


def carried_out(plan: CertificatesPlan, state: CertificatesState) -> CertificatesState:
    """Return the state after all orders were carried out; a redeploy leaves RunCloud's own date."""
    found = dict(state.certificates)
    shown = dict(state.served.served) if state.served is not None else {}
    for step in ordered(plan):
        before = step.certificate or Certificate(99, step.key, "letsencrypt", None)
        request = step.request
        found[step.key] = dataclasses.replace(
            before,
            valid_until=days(90),
            created_at=NOW if step.action != "redeploy" else before.created_at,
            provider=request.provider if request else before.provider,
            staging=request.environment == "staging" if request else before.staging,
            authorization_method=request.authorization_method if request else before.authorization_method,
            external_api=request.external_api if request else before.external_api,
        )
        new = served(step.names, days(90), days(-1 / 24), f"new {step.key}")
        for row in state.domains:
            if step.domain is None or step.domain.name == row.name:
                shown[row.name] = Served(row.name, new)
    domains = tuple(dataclasses.replace(row, id=row.id or 99) for row in state.domains)
    report = ServedReport(True, served=shown) if state.served is not None else None
    return dataclasses.replace(state, domains=domains, certificates=found, served=report, changed=frozenset())


@given(states())
def test_absent_takes_away_what_is_there(state: CertificatesState) -> None:
    plan = plan_certificates(DesiredCertificates(present=False), state)
    there = {
        key
        for key, certificate in state.certificates.items()
        if certificate is not None and not is_test_domain(key or "")
    }
    assert {step.key for step in plan.steps} == there
    assert {step.action for step in plan.steps} <= {"remove"}
    assert plan.orders == []


@st.composite
def stubborn_days(draw: st.DrawFn) -> list[tuple[float, bool, bool, bool]]:
    """Return runs: minutes since the one before, whether an order is carried out, shows in RunCloud, and in the log."""
    pauses = st.sampled_from([0.0, 1.0, 5.0, 16.0, 60.0, 600.0, 1500.0])
    return draw(st.lists(st.tuples(pauses, st.booleans(), st.booleans(), st.booleans()), min_size=5, max_size=60))


@given(st.booleans(), st.sampled_from(["same", "old", "foreign", None]), st.booleans(), stubborn_days())
def test_orders_never_repeat_within_a_quarter_of_an_hour_and_are_five_a_week_at_most(
    advanced: bool, presents: str | None, changed: bool, runs: list[tuple[float, bool, bool, bool]]
) -> None:
    """Whatever RunCloud does with an order, and whatever the server presents of it."""
    row = Domain(1, "c.example", "alias", True, created_at=spelled(days(-1)))
    key = row.name if advanced else None
    found: Certificate | None = Certificate(1, key, "letsencrypt", days(60), created_at=days(-30))
    remembered: list[EarlierOrder] = []
    log: list[LogEntry] = []
    now = NOW
    for minutes, carried_out, shows, logged in runs:
        now += datetime.timedelta(minutes=minutes)
        names = {"same": ("c.example",), "old": ("c.example",), "foreign": ("other.example",)}.get(presents or "")
        ends_at = found.valid_until if found is not None and presents == "same" else now + datetime.timedelta(days=7)
        seen = Served("c.example", served(names, ends_at or now, days(-30), "old")) if names else None
        state = CertificatesState(
            advanced=advanced,
            auto_ssl=False,
            domains=(row,),
            certificates={key: found},
            served=ServedReport(True, served={"c.example": seen}) if seen else None,
            now=now,
            changed=frozenset({"c.example"} if changed else ()),
            orders=tuple(remembered),
            log=tuple(log),
        )
        for step in ordered(plan_certificates(DesiredCertificates(), state)):
            before = (found.id, str(found.valid_until)) if found else None
            remembered.append(EarlierOrder(step.key, frozenset(step.names), now, before))
            if carried_out and shows and found is not None:
                found = dataclasses.replace(found, valid_until=now + datetime.timedelta(days=90))
            if carried_out and logged:
                log.append(LogEntry("SSL", "SSL certificate has been deployed for c.example", spelled(now)))
    times = [order.at for order in remembered]
    quarter, week = datetime.timedelta(minutes=15), datetime.timedelta(days=7)
    assert all(later - earlier >= quarter for earlier, later in itertools.pairwise(times))
    assert all(sum(1 for other in times if moment <= other < moment + week) <= 5 for moment in times)
