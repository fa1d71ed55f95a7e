# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tarball installs as it is, and Ansible finds everything in it."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from support.ansible import COLLECTION, Ansible
from tools.collection import COLLECTION_PATH, ROOT


def plugin_names(kind: str) -> set[str]:
    """Return the full names of the plugins of a kind ('modules', 'filter', ...) in the working copy."""
    files = (ROOT / "plugins" / kind).glob("[!_]*.py")
    return {f"{COLLECTION}.{file.stem}" for file in files}


def test_version_and_files(collections_path: Path) -> None:
    root = collections_path / COLLECTION_PATH
    manifest = json.loads((root / "MANIFEST.json").read_text())["collection_info"]
    assert (manifest["namespace"], manifest["name"], manifest["dependencies"]) == ("multisite", "runcloud", {})
    shipped = {path.name for path in root.iterdir()}
    assert {"README.md", "LICENSE", "meta", "plugins"} <= shipped
    assert not {"tests", ".venv", ".build", ".ci", "Makefile", "pyproject.toml"} & shipped


def test_nothing_was_altered_on_the_way(ansible: Ansible) -> None:
    outcome = ansible.run("ansible-galaxy", "collection", "verify", COLLECTION, "--offline").expect()
    assert "Successfully verified" in outcome.stdout


def test_every_module_is_found_and_documented(ansible: Ansible) -> None:
    listing = ansible.run("ansible-doc", "--list", "--json", COLLECTION).expect()
    documented = {name: text for name, text in json.loads(listing.stdout).items() if text != "UNDOCUMENTED"}
    assert set(documented) == plugin_names("modules")


def test_a_playbook_runs_with_nothing_but_the_collection(ansible: Ansible) -> None:
    ping = {"name": "Answer", "ansible.builtin.ping": {"data": "here"}}
    outcome = ansible.run_playbook([{"hosts": "localhost", "gather_facts": False, "tasks": [ping]}]).expect()
    assert outcome.task("Answer").result["ping"] == "here"
    assert outcome.stats["localhost"]["ok"] == 1
    assert ansible.run_module("ansible.builtin.ping", {"data": "there"})["ping"] == "there"


def test_execution_environments_get_the_libraries(ansible: Ansible, collections_path: Path) -> None:
    outcome = ansible.run("ansible-builder", "introspect", "--sanitize", str(collections_path)).expect()
    requirements = yaml.safe_load(outcome.stdout)
    names = {requirement.partition(">=")[0] for requirement in requirements["python"]}
    assert names == {"requests", "idna", "dnspython", "cryptography"}
    assert requirements["system"] == []
