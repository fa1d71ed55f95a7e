# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom: the separation that keeps deciding apart from doing."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

from tools.collection import ROOT

MODULE_UTILS = ROOT / "plugins" / "module_utils"
PACKAGE = "ansible_collections.multisite.runcloud.plugins.module_utils"
PURE = (
    "_plan.py",
    "_hostnames.py",
    "_wishes.py",
    "_resources.py",
    "_doctor.py",
    "_requeue.py",
    "_ssl_plan.py",
    "_ssl_model.py",
    "_ssl_coverage.py",
    "_ssl_underway.py",
    "_ssl_options.py",
    "_ssl_request.py",
    "_ssl_custom.py",
    "_ssl_limits.py",
    "_ssl_log.py",
    "_ssl_diff.py",
    "_tls_report.py",
)
IMPURE = ("requests", "ansible", "socket", "ssl", "http", "urllib.request", "subprocess", "asyncio", "time", "random")


def imports(file: Path) -> set[str]:
    """Return the full names of everything that a file imports, inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return names


def among(names: Iterable[str], packages: Iterable[str]) -> set[str]:
    """Return those names that are one of the packages or inside one."""
    return {name for name in names if any(name == package or name.startswith(f"{package}.") for package in packages)}


def with_own_imports(file: Path) -> set[Path]:
    """Return the file and all files of module_utils that it imports, directly or not."""
    seen: set[Path] = set()
    ahead = [file]
    while ahead:
        current = ahead.pop()
        if current not in seen:
            seen.add(current)
            parts = {name.removeprefix(f"{PACKAGE}.").partition(".")[0] for name in among(imports(current), [PACKAGE])}
            ahead += [path for part in parts if (path := MODULE_UTILS / f"{part}.py").is_file()]
    return seen


def python_files(folder: str) -> list[Path]:
    """Return the Python files below a folder of the project."""
    return sorted((ROOT / folder).rglob("*.py"))


def test_plugins_import_each_other_by_full_name() -> None:
    """The tests below, and Ansible on old targets, do not follow relative imports."""
    relative = {file.name for file in python_files("plugins") if any(name.startswith(".") for name in imports(file))}
    assert relative == set()


@pytest.mark.parametrize("name", PURE)
def test_deciding_does_no_input_or_output(name: str) -> None:
    """Neither these files nor what they import know the network, Ansible or a clock."""
    files = with_own_imports(MODULE_UTILS / name)
    assert {(file.name, found) for file in files for found in among(imports(file), IMPURE)} == set()


def test_only_the_module_layer_knows_ansible() -> None:
    knowing = {file.name for file in MODULE_UTILS.glob("*.py") if among(imports(file), ["ansible"])}
    assert {name for name in knowing if not name.startswith("_module")} == set()


def test_modules_never_touch_the_session() -> None:
    files = python_files("plugins/modules")
    assert files
    assert [file.name for file in files if among(imports(file), ["requests"])] == []


def test_the_simulator_shares_nothing_with_the_collection() -> None:
    files = python_files("tests/simulator")
    assert files
    assert {file.name for file in files if among(imports(file), ["ansible_collections", "plugins", "ansible"])} == set()


def test_utilities_are_private() -> None:
    """The community's inclusion rules want that said in the name and in the text."""
    for file in MODULE_UTILS.glob("*.py"):
        assert file.name.startswith("_"), file.name
        assert "PRIVATE to the collection" in (ast.get_docstring(ast.parse(file.read_text())) or ""), file.name
