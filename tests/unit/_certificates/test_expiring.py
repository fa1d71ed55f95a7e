# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names lose their certificate soon."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.coverage import expiring_names
from ansible_collections.multisite.runcloud.plugins.module_utils._certificates.model import CertificatesState
from ansible_collections.multisite.runcloud.plugins.module_utils._probe.served import (
    Served,
    ServedCertificate,
    ServedReport,
)
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.models import Certificate, Domain

NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc)
SOON = NOW + datetime.timedelta(days=14)


# What ends soon


def in_days(days: float) -> datetime.datetime:
    return NOW + datetime.timedelta(days=days)


def certificate(domain: str | None, days: float | None) -> Certificate:
    return Certificate(4211, domain, "letsencrypt", None if days is None else in_days(days))


def served(*names: str, days: float, under: tuple[str, ...] = ()) -> ServedReport:
    shown = ServedCertificate(names, in_days(-30), in_days(days), "CN=Test", "ab")
    return ServedReport(True, served={name: Served(name, shown) for name in under or names})


def state(
    rows: list[str], known: dict[str | None, Certificate | None], report: ServedReport | None, *, advanced: bool
) -> CertificatesState:
    domains = tuple(Domain(number, name) for number, name in enumerate(rows, 1))
    return CertificatesState(advanced, None, domains, known, report, NOW)


@pytest.mark.parametrize(
    ("known", "report", "expiring"),
    [
        (None, None, []),
        (certificate(None, 60), None, []),
        (certificate(None, 5), None, ["a.example", "b.example"]),
        (certificate(None, 14), None, ["a.example", "b.example"]),
        (certificate(None, -1), None, ["a.example", "b.example"]),
        (certificate(None, None), None, []),
        # RunCloud's date may lag behind what is served, and the other way round.
        (certificate(None, 5), served("a.example", "b.example", days=60), []),
        (certificate(None, 60), served("a.example", "b.example", days=5), []),
        # A name that the certificate lacks has none that could end.
        (certificate(None, 5), served("a.example", days=5, under=("a.example", "b.example")), ["a.example"]),
    ],
)
def test_the_certificate_of_basic_mode(
    known: Certificate | None, report: ServedReport | None, expiring: list[str]
) -> None:
    rows = ["a.example", "b.example", "app.x-1.p.runcloud.link"]
    assert expiring_names(state(rows, {None: known}, report, advanced=False), SOON) == expiring


@pytest.mark.parametrize(
    ("known", "report", "expiring"),
    [
        ({}, None, []),
        ({"a.example": certificate("a.example", 5), "b.example": certificate("b.example", 60)}, None, ["a.example"]),
        # RunCloud was not asked: what the server presents counts.
        ({}, served("a.example", days=5), ["a.example"]),
        ({}, served("a.example", days=60), []),
        # A certificate of somebody else says nothing of this domain's.
        ({}, served("other.example", days=5, under=("a.example",)), []),
        (
            {"a.example": certificate("a.example", 5)},
            served("other.example", days=60, under=("a.example",)),
            ["a.example"],
        ),
    ],
)
def test_the_certificates_of_advanced_mode(
    known: dict[str | None, Certificate | None], report: ServedReport | None, expiring: list[str]
) -> None:
    assert expiring_names(state(["a.example", "b.example"], known, report, advanced=True), SOON) == expiring
