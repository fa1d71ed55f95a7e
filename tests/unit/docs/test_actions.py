# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions are documented by modules without code, which ansible-test does not compare with the actions' options."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping
from typing import Any

import pytest

from support.docs import Documentation, documented
from tools.collection import ROOT

PACKAGE = "ansible_collections.multisite.runcloud.plugins.action"
ACTIONS = sorted(file.stem for file in (ROOT / "plugins" / "action").glob("[!_]*.py"))
MODULES = {module.name: module for module in documented("modules")}


def spec_of(action: str) -> Mapping[str, Any]:
    """Return the argument spec by which an action checks its options."""
    spec: Mapping[str, Any] = importlib.import_module(f"{PACKAGE}.{action}").ActionModule.SPEC
    return spec


def plain(options: Mapping[str, Any], inner: str) -> dict[str, dict[str, Any]]:
    """Return options in one form; ``inner`` is where options inside options stand."""
    return {
        name: {
            "type": option.get("type", "str"),
            "elements": option.get("elements"),
            "required": bool(option.get("required")),
            "default": option.get("default"),
            "choices": list(option.get("choices") or []),
            "aliases": sorted(option.get("aliases") or []),
            "options": plain(option.get(inner) or {}, inner),
        }
        for name, option in options.items()
    }


def differences(documented_options: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return each option that is not the same in both, as (documented, checked)."""
    said, done = plain(documented_options, "suboptions"), plain(spec, "options")
    return {
        name: (said.get(name), done.get(name)) for name in sorted({*said, *done}) if said.get(name) != done.get(name)
    }


def module_of(action: str) -> Documentation:
    """Return the documentation of an action."""
    return MODULES[action]


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_documented_is_what_is_checked(action: str) -> None:
    assert differences(module_of(action).doc["options"], spec_of(action)) == {}


@pytest.mark.parametrize("action", ACTIONS)
def test_credentials_are_hidden(action: str) -> None:
    secrets = {name for name in spec_of(action) if name.endswith(("_token", "_key", "_secret"))}
    assert {name for name in secrets if not spec_of(action)[name].get("no_log")} == set()


@pytest.mark.parametrize("action", ACTIONS)
def test_the_module_of_an_action_is_nothing_but_documentation(action: str) -> None:
    body = ast.parse((ROOT / "plugins" / "modules" / f"{action}.py").read_text()).body
    names = [
        node.targets[0].id for node in body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    assert names == ["DOCUMENTATION", "EXAMPLES", "RETURN"]
    assert all(isinstance(node, ast.Assign | ast.Expr | ast.ImportFrom) for node in body)


def test_a_difference_is_noticed() -> None:
    said = {"a": {"type": "list", "elements": "str", "default": []}, "b": {"suboptions": {"c": {"type": "int"}}}}
    same = {"a": {"type": "list", "elements": "str", "default": []}, "b": {"options": {"c": {"type": "int"}}}}
    assert differences(said, same) == {}
    assert set(differences(said, {**same, "b": {"options": {"c": {}}}})) == {"b"}
    assert set(differences(said, {**same, "d": {}})) == {"d"}
    assert set(differences(said, {"b": same["b"]})) == {"a"}
