# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's variables: described as the action takes them, and all of them known to it."""

from __future__ import annotations

import re

import yaml
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.options import OTHER_VARIABLES, VARIABLES

from tools import role_specs
from tools.collection import ROOT

SPECS = yaml.safe_load(role_specs.FILE.read_text())["argument_specs"]
# What the role leaves, and what is not a variable of the entry point main.
LEFT = {"result", "requeued", "doctor"}


def test_the_argument_specs_are_what_the_documentation_of_the_action_says() -> None:
    assert role_specs.FILE.read_text() == role_specs.text(), "run: python -m tools.role_specs (PYTHONPATH=tests)"


def test_every_variable_that_the_action_knows_is_described_and_no_other() -> None:
    described = {name.removeprefix(role_specs.PREFIX) for entry in SPECS.values() for name in entry["options"]}
    assert described == {*VARIABLES, *OTHER_VARIABLES} - LEFT


def test_no_variable_is_described_by_pointing_elsewhere() -> None:
    for name, option in SPECS["main"]["options"].items():
        words = " ".join(option["description"])
        assert not re.match(r"(The same as|Option) ", words), name
        assert len(words) > 20, name


def test_no_value_is_refused_before_the_role_begins_which_would_print_the_whole_specification() -> None:
    for entry in SPECS.values():
        for name, option in entry["options"].items():
            assert option["type"] in {"str", "raw", "path"}, name
            assert "choices" not in option, name


def test_the_roles_readme_names_every_key_of_the_result() -> None:
    readme = (ROOT / "roles" / "domain_sync" / "README.md").read_text()
    returned = yaml.safe_load(
        (ROOT / "plugins" / "modules" / "runcloud_sync.py").read_text().split('RETURN = r"""')[1][:-4]
    )
    assert {key for key in returned if f"`{key}`" not in readme} == set()
