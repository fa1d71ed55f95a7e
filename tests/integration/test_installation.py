# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tarball installs as it is, and Ansible finds everything in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from support.playbooks import COLLECTION, Ansible
from tools.collection import COLLECTION_PATH, ROOT, build, install


def plugin_names(kind: str) -> set[str]:
    """Return the full names of the plugins of a kind ('modules', 'filter', ...) in the working copy."""
    files = (ROOT / "plugins" / kind).glob("[!_]*.py")
    return {f"{COLLECTION}.{file.stem}" for file in files}


def descriptions(ansible: Ansible, kind: str) -> dict[str, str]:
    """Return what ansible-doc finds in the collection: full name and short description."""
    listing = ansible.run("ansible-doc", "--list", "--json", "--type", kind, COLLECTION).expect()
    return dict(json.loads(listing.stdout))


def test_version_and_files(collections_path: Path) -> None:
    root = collections_path / COLLECTION_PATH
    manifest = json.loads((root / "MANIFEST.json").read_text())["collection_info"]
    assert (manifest["namespace"], manifest["name"], manifest["dependencies"]) == ("multisite", "runcloud", {})
    shipped = {path.name for path in root.iterdir()}
    assert {"README.md", "LICENSE", "meta", "plugins"} <= shipped
    assert not {"tests", ".venv", ".build", ".ci", "Makefile", "pyproject.toml"} & shipped


def test_nothing_was_altered_on_the_way(ansible: Ansible, tmp_path: Path) -> None:
    # An installation of its own: where plugins have run, Python has left its caches.
    install(build(tmp_path), tmp_path)
    fresh = {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}
    outcome = ansible.run("ansible-galaxy", "collection", "verify", COLLECTION, "--offline", env=fresh).expect()
    assert "Successfully verified" in outcome.stdout


def test_every_module_is_found_and_documented(ansible: Ansible) -> None:
    assert set(descriptions(ansible, "module")) == plugin_names("modules")
    assert "UNDOCUMENTED" not in descriptions(ansible, "module").values()


@pytest.mark.parametrize("kind", ["filter", "inventory", "lookup"])
def test_every_other_plugin_is_documented(ansible: Ansible, kind: str) -> None:
    found = descriptions(ansible, kind)
    assert bool(found) == bool(plugin_names(kind))
    assert "UNDOCUMENTED" not in found.values()


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
    assert names == {"requests", "idna", "dnspython", "cryptography", "filelock"}
    assert requirements["system"] == []
