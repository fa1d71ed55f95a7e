# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation of every plugin has to have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from support.docs import COLLECTION, KINDS, Documentation, documented
from tools.collection import ROOT

MODULES = documented("modules")
PLUGINS = [plugin for kind in KINDS for plugin in documented(kind)]

# Ansible or Jinja give these names another meaning in a registered result.
RESERVED = {"failed", "skipped", "warnings", "exception", "items", "keys", "values", "update", "get", "pop", "copy"}

# A sample of a secret teaches nothing.
WITHOUT_SAMPLE = {"credentials"}

TYPES: dict[str, type | tuple[type, ...]] = {
    "bool": bool,
    "complex": (dict, list),
    "dict": dict,
    "float": (int, float),
    "int": int,
    "list": list,
    "str": str,
}


def returned(values: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path and the description of every return value, those inside others included."""
    for name, value in values.items():
        yield f"{path}{name}", value
        yield from returned(value.get("contains", {}), f"{path}{name}.")


def by_name(plugins: list[Documentation]) -> Any:
    """Parametrize a test by plugin."""
    return pytest.mark.parametrize("plugin", plugins, ids=lambda plugin: f"{plugin.kind}-{plugin.name}")


@by_name(PLUGINS)
def test_it_says_what_it_is(plugin: Documentation) -> None:
    assert plugin.doc["short_description"]
    assert plugin.doc["description"]
    assert plugin.doc["version_added"]


@by_name(MODULES)
def test_modules_say_what_they_support(plugin: Documentation) -> None:
    support = {name: attribute["support"] for name, attribute in plugin.doc["attributes"].items()}
    assert support["check_mode"] == "full"
    assert support["diff_mode"] in {"full", "none", "N/A"}


@by_name(MODULES)
def test_return_values_are_described(plugin: Documentation) -> None:
    values = dict(returned(plugin.returns))
    assert values
    for path, value in values.items():
        assert value["description"], path
        assert value["type"] in TYPES, path
        assert path.rpartition(".")[2] not in RESERVED, path
        # Whether something is returned at all is a matter of the outermost value.
        assert "." in path or value["returned"], path
        if value.get("sample") is not None:
            assert isinstance(value["sample"], TYPES[value["type"]]), path


@by_name(MODULES)
def test_outermost_return_values_have_samples(plugin: Documentation) -> None:
    for name, value in plugin.returns.items():
        if name in WITHOUT_SAMPLE:
            continue
        inner = [description for _path, description in returned(value.get("contains", {}))]
        assert "sample" in value or any("sample" in description for description in inner), name


def test_the_action_group_holds_the_modules_with_connection_options() -> None:
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]
    connected = {module.name for module in MODULES if "api_token" in module.doc.get("options", {})}
    assert {name.removeprefix(f"{COLLECTION}.") for name in groups["runcloud"]} == connected
    assert len(groups["runcloud"]) == len(connected)
