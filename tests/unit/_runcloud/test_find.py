# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the modules that only read: which domain serves a name."""

from __future__ import annotations

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.find import served_as
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.models import Domain
from hypothesis import given
from hypothesis import strategies as st

LABELS = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
NAMES = st.lists(LABELS, min_size=2, max_size=4).map(".".join)


# Which domain serves a name


@pytest.mark.parametrize(
    ("row", "www", "name", "match"),
    [
        ("shop.example", False, "shop.example", "name"),
        ("shop.example", True, "shop.example", "name"),
        ("shop.example", True, "www.shop.example", "www"),
        ("shop.example", False, "www.shop.example", None),
        ("shop.example", None, "www.shop.example", None),
        ("www.shop.example", False, "shop.example", None),
        ("www.shop.example", False, "www.shop.example", "name"),
        ("*.shop.example", False, "*.shop.example", "name"),
        ("*.shop.example", False, "a.shop.example", "wildcard"),
        ("*.shop.example", False, "a.b.shop.example", None),
        ("*.shop.example", False, "shop.example", None),
        ("shop.example", False, "*.shop.example", None),
    ],
)
def test_how_a_domain_serves_a_name(row: str, www: bool | None, name: str, match: str | None) -> None:
    assert served_as(Domain(1, row, www=www, wildcard=row.startswith("*.")), name) == match


@given(NAMES, st.booleans())
def test_a_domain_serves_exactly_its_own_names(name: str, www: bool) -> None:
    row = Domain(1, name, www=www)
    assert {served_as(row, served) for served in row.served_names} == ({"name", "www"} if www else {"name"})
    assert served_as(row, f"other.{name}") is None


@given(LABELS, NAMES)
def test_a_wildcard_serves_one_label(label: str, name: str) -> None:
    row = Domain(1, f"*.{name}", wildcard=True)
    assert served_as(row, f"{label}.{name}") == "wildcard"
    assert served_as(row, name) is None
    assert served_as(row, f"a.{label}.{name}") is None
