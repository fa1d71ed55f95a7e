# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users copy works: examples in the documentation and in the guides name options that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.docs import (
    COLLECTION,
    KINDS,
    Documentation,
    Snippet,
    documented,
    guide_snippets,
    plays_in,
    tasks_in,
)
from support.playbooks import Ansible
from tools.collection import link_tree

PLUGINS = [plugin for kind in KINDS for plugin in documented(kind)]
MODULES = {plugin.full_name: plugin for plugin in PLUGINS if plugin.kind == "modules"}
SNIPPETS = [plugin.examples for plugin in PLUGINS if plugin.kind != "inventory"] + guide_snippets()


def complaints(snippet: Snippet) -> list[str]:
    """Return what is wrong with the options that a snippet gives to the collection's modules."""
    found = []
    for task in tasks_in(snippet.parsed()):
        for action in [key for key in task if key.startswith(f"{COLLECTION}.")]:
            if action not in MODULES:
                found.append(f"there is no module {action}")
            else:
                found += [f"{action}: {complaint}" for complaint in MODULES[action].complaints(task[action] or {})]
    return found


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.where)
def test_options_in_examples_exist(snippet: Snippet) -> None:
    assert not complaints(snippet)


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda module: module.name)
def test_every_module_shows_itself_in_use(module: Documentation) -> None:
    used = [task for task in tasks_in(module.examples.parsed()) if module.full_name in task]
    assert used
    assert all("name" in task for task in used)


@pytest.mark.parametrize("plugin", documented("inventory"), ids=lambda plugin: plugin.name)
def test_inventory_examples_are_configurations(plugin: Documentation) -> None:
    content = plugin.examples.parsed()
    assert content["plugin"] == plugin.full_name
    assert not plugin.complaints(content)


def test_ansible_can_load_every_playbook_in_the_examples(tmp_path: Path) -> None:
    """One syntax check of all of them finds unknown modules, roles and keywords of tasks."""
    plays = [play for snippet in SNIPPETS for play in plays_in(snippet.parsed())]
    ansible = Ansible(link_tree(), tmp_path)
    outcome = ansible.run_playbook(plays or [{"hosts": "localhost"}], "--syntax-check")
    assert outcome.rc == 0, outcome.output


def test_a_wrong_example_is_noticed() -> None:
    """The purge that community.dns documents and does not have is what these tests are for."""
    module = Documentation(
        "modules",
        "some",
        {
            "options": {
                "prune": {"type": "bool"},
                "limit": {"type": "int"},
                "rows": {"type": "list", "elements": "dict", "suboptions": {"name": {"type": "str", "required": True}}},
            }
        },
        Snippet("here", ""),
        {},
    )
    assert module.complaints({"purge": True})
    assert module.complaints({"limit": "many"})
    assert module.complaints({"rows": [{"title": "{{ title }}"}]})
    assert not module.complaints({"prune": True, "limit": "{{ limit }}", "rows": [{"name": "{{ item }}"}]})
