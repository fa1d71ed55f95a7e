# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches: typed, all or nothing, and each one documented."""

from __future__ import annotations

import json
import re
import typing
from pathlib import Path
from typing import Any

import pytest

import simulator
from simulator.process import Simulator, SimulatorError
from simulator.switches import Switches, describe

README = Path(simulator.__file__).with_name("README.md")


@pytest.mark.parametrize(
    "values",
    [
        {"unknown": 1},
        {"post_status": 500},
        {"post_status": "200"},
        {"post_status": True},
        {"ssl_missing_status": 200.0},
        {"get_ssl_wrap": 1},
        {"rate_limit": 0},
        {"rate_limit": "60"},
        {"ssl_issue_seconds": -1},
        {"ssl_issue_seconds": True},
        {"offline_status": 200},
        {"ignored_meta_fields": "www"},
        {"ignored_meta_fields": ["name"]},
        {"duplicate_text": None},
        {"acme_resolver": "127.0.0.1"},
        {"domain_limit": -1},
    ],
)
def test_bad_values_change_nothing(sim: Simulator, values: dict[str, Any]) -> None:
    before = sim.switches()
    with pytest.raises(SimulatorError, match=next(iter(values))):
        sim.switch(log_status=404, **values)
    assert sim.switches() == before


def test_good_values() -> None:
    switches = Switches()
    values = {
        "rate_limit": 60,
        "ssl_issue_seconds": 3,
        "acme_resolver": "127.0.0.1:5353",
        "ignored_meta_fields": ["www"],
    }
    switches.update(values)
    assert {name: switches.as_dict()[name] for name in values} == values
    switches.update({"rate_limit": None, "acme_resolver": None})
    assert (switches.rate_limit, switches.acme_resolver) == (None, None)


def test_reset_takes_switches_back(sim: Simulator) -> None:
    sim.switch(post_status=201)
    sim.reset()
    assert sim.switches() == Switches().as_dict()


def test_each_switch_is_documented_with_its_values_and_default() -> None:
    documented = {}
    for line in README.read_text(encoding="utf-8").splitlines():
        found = re.fullmatch(r"\| `(\w+)` \| (.+?) \| (.+?) \| (.+) \|", line)
        if found:
            documented[found[1]] = (found[2], found[3])
    expected = {}
    for name, hint in typing.get_type_hints(Switches, include_extras=True).items():
        default = getattr(Switches(), name)
        plain = default is None or isinstance(default, (bool, list))
        expected[name] = json.dumps(default) if plain else str(default).removesuffix(".0")
        if typing.get_origin(hint) is typing.Literal:
            assert documented[name][0] == ", ".join(str(choice) for choice in typing.get_args(hint))
    assert {name: default for name, (_values, default) in documented.items()} == expected


def test_values_are_described() -> None:
    hints = typing.get_type_hints(Switches, include_extras=True)
    assert describe(hints["ssl_issue"]) == "async | sync"
    assert describe(hints["offline_status"]) == "int from 400 to 599"
    assert describe(hints["rate_limit"]) == "int from 1 to 1000000000 | null"
    assert describe(hints["ignored_meta_fields"]) == "a list of (type | www | redirection)"
