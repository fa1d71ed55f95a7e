# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for the collection's metadata that Galaxy, Automation Hub and the community check."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tools.collection import ROOT, project_files

# galaxy-importer refuses a collection without one of these, where tags are checked.
CATEGORIES = {
    "ai", "application", "cloud", "database", "eda", "infrastructure", "linux", "monitoring", "networking", "security",
    "storage", "tools", "windows",
}  # fmt: skip
CODE = {".py", ".sh", ".yml", ".yaml", ".toml"}
GENERATED = {"changelogs/changelog.yaml"}
LICENCE = "SPDX-License-Identifier: GPL-3.0-or-later"


@pytest.fixture
def galaxy() -> Any:
    """What galaxy.yml says."""
    return yaml.safe_load((ROOT / "galaxy.yml").read_text())


def test_galaxy_metadata(galaxy: Any) -> None:
    assert (galaxy["namespace"], galaxy["name"]) == ("multisite", "runcloud")
    assert re.fullmatch(r"[1-9]\d*\.\d+\.\d+", galaxy["version"])
    assert galaxy["license"] == ["GPL-3.0-or-later"]
    assert CATEGORIES & set(galaxy["tags"])
    assert all(re.fullmatch(r"[a-z][a-z0-9]*", tag) for tag in galaxy["tags"])
    assert len(galaxy["tags"]) <= 20
    assert galaxy["readme"] == "README.md"


def test_nothing_else_has_to_be_installed_from_galaxy(galaxy: Any) -> None:
    assert galaxy["dependencies"] == {}


def test_the_changelog_knows_the_version(galaxy: Any) -> None:
    changelog = yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text())
    assert galaxy["version"] in changelog["releases"]


def test_requirements_of_execution_environments_have_no_upper_bounds() -> None:
    lines = (ROOT / "meta" / "ee-requirements.txt").read_text().splitlines()
    requirements = [line for line in lines if line and not line.startswith("#")]
    assert requirements
    assert all(re.fullmatch(r"[a-z-]+(>=[0-9.]+)?", requirement) for requirement in requirements)
    assert not {"ansible", "ansible-core"} & {requirement.partition(">")[0] for requirement in requirements}


def test_every_source_file_names_its_licence() -> None:
    files = [file for file in project_files() if file.suffix in CODE and str(file) not in GENERATED]
    assert files
    assert [str(file) for file in files if LICENCE not in (ROOT / file).read_text()[:1000]] == []
