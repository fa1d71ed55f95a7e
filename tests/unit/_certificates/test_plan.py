# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions about certificates in states that a well-behaved server does not come into; the others are in
tests/integration/test_runcloud_ssl_situations.py, the rules in test_plan_properties.py."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.model import (
    CertificatesPlan,
    CertificatesState,
    DesiredCertificates,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.plan import plan_certificates
from ansible_collections.multisite.runcloud.plugins.module_utils._probe.served import (
    Served,
    ServedCertificate,
    ServedReport,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.models import Certificate, Domain

NOW = datetime.datetime(2026, 11, 22, 12, 0, 0, tzinfo=datetime.timezone.utc)


def days(value: float) -> datetime.datetime:
    return NOW + datetime.timedelta(days=value)


def row(name: str, age: float = 100) -> Domain:
    return Domain(sum(map(ord, name)), name, created_at=f"{days(-age):%Y-%m-%d %H:%M:%S}")


def certificate(name: str | None, ends: float = 60, **values: Any) -> Certificate:
    return Certificate(
        1, name, **{"provider": "letsencrypt", "valid_until": days(ends), "created_at": days(-30), **values}
    )


def shown(name: str, *names: str, ends: float = 60, begins: float = -30) -> Served:
    return Served(name, ServedCertificate(names, days(begins), days(ends), "CN=Authority", str(names)))


def plan(
    rows: list[Domain], found: dict[str | None, Certificate | None], served: list[Served], **desired: Any
) -> CertificatesPlan:
    state = CertificatesState(
        advanced=None not in found,
        auto_ssl=False,
        domains=tuple(rows),
        certificates=found,
        served=ServedReport(True, served={entry.name: entry for entry in served}),
        now=NOW,
    )
    return plan_certificates(DesiredCertificates(**desired), state)


@pytest.mark.parametrize("key", [None, "a.example"])
def test_a_server_that_still_presents_the_old_certificate_is_told_and_not_ordered_for(key: str | None) -> None:
    planned = plan([row("a.example")], {key: certificate(key)}, [shown("a.example", "a.example", ends=3)])
    assert planned.steps == ()
    assert "RunCloud has a good certificate for a.example" in planned.warnings[0]


def test_a_name_with_another_tenants_certificate_in_basic_mode_is_told() -> None:
    served = [shown("a.example", "a.example", "b.example"), shown("b.example", "other.example")]
    planned = plan([row("a.example"), row("b.example")], {None: certificate(None)}, served)
    assert planned.steps == ()
    assert "RunCloud has a good certificate for b.example" in planned.warnings[0]


@pytest.mark.parametrize("key", [None, "a.example"])
def test_a_certificate_that_cannot_be_runclouds_says_nothing_of_coverage(key: str | None) -> None:
    """Another site's, TLS inspection, a wrong address: RunCloud's own may well be for the name."""
    planned = plan([row("a.example", 0.1)], {key: certificate(key)}, [shown("a.example", "other.example", ends=33)])
    assert (planned.steps, planned.pending) == ((), {})
    assert "for a.example that cannot be the one that RunCloud has" in planned.warnings[0]
    report = planned.names["a.example"]
    assert (report.checked, report.covers, report.missing) == (False, (), ())


def test_names_that_tls_inspection_presents_one_by_one_say_nothing_of_the_others() -> None:
    rows = [row("a.example", 0.1), row("b.example", 0.1)]
    served = [shown(name, name, ends=33, begins=-0.1) for name in ("a.example", "b.example")]
    assert plan(rows, {None: certificate(None)}, served).steps == ()


@pytest.mark.parametrize("key", [None, "a.example"])
def test_a_single_handshake_that_failed_is_no_reason_to_order(key: str | None) -> None:
    planned = plan([row("a.example", 1)], {key: certificate(key)}, [Served("a.example", error="the server is silent")])
    assert (planned.steps, planned.pending) == ((), {})
    assert planned.names["a.example"].error == "the server is silent"


def test_a_certificate_of_an_unknown_provider_is_not_replaced() -> None:
    unknown = certificate(None, provider=None)
    assert (
        plan([row("a.example")], {None: unknown}, [shown("a.example", "a.example")], provider="letsencrypt").steps == ()
    )


def test_the_hour_by_which_certificates_are_dated_back_does_not_order_again() -> None:
    """The domain was attached 10 minutes before the certificate was issued, which says it began 50 minutes before."""
    fresh = [shown("a.example", "other.example", "a.example"), shown("b.example", "a.example", begins=-1 / 24)]
    attached = row("b.example", 10 / 1440)
    planned = plan([row("a.example"), attached], {None: certificate(None)}, fresh[1:])
    assert planned.steps == ()
    assert "is younger than the domain and still lacks b.example" in planned.pending["b.example"]


def test_the_key_of_a_dns_provider_that_is_not_shown_cannot_be_verified() -> None:
    kept = certificate("a.example", authorization_method="dns-01")
    desired: dict[str, Any] = {"authorization_method": "dns-01", "external_api": 28}
    planned = plan([row("a.example")], {"a.example": kept}, [shown("a.example", "a.example")], **desired)
    assert (planned.steps, planned.unverified) == ((), ("external_api",))


def test_a_finished_certificate_without_a_date_is_fine_where_the_server_presents_it() -> None:
    undated = certificate(None, valid_until=None, created_at=days(-0.001))
    assert plan([row("a.example")], {None: undated}, [shown("a.example", "a.example")]).pending == {}
