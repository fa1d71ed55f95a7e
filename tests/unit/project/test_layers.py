# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use whom in plugins/. ``make rooms`` prints the rooms and their arrows."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from tools.collection import ROOT

PLUGINS = ROOT / "plugins"
COLLECTION = "ansible_collections.multisite.runcloud"

UTILS = "module_utils"
CONTROLLER = "plugin_utils"

# From the ground up: each room, and the rooms below it that it may use.
BASE = (f"{UTILS}/_errors", f"{UTILS}/_outcome", f"{UTILS}/_secrets", f"{UTILS}/_values", f"{UTILS}/_names")
GROUND = (f"{UTILS}/_runcloud", f"{UTILS}/_probe")
ENGINES = (f"{UTILS}/_domains", f"{UTILS}/_certificates")
ANSIBLE = (f"{UTILS}/_options", f"{UTILS}/_module")
BELOW = (*BASE, *GROUND, *ENGINES)
MAY_USE: dict[str, tuple[str, ...]] = {
    f"{UTILS}/_errors": (),
    f"{UTILS}/_outcome": (),
    f"{UTILS}/_secrets": (),
    f"{UTILS}/_values": (f"{UTILS}/_errors",),
    f"{UTILS}/_names": (f"{UTILS}/_errors",),
    **dict.fromkeys(GROUND, BASE),
    **dict.fromkeys(ENGINES, (*BASE, *GROUND)),
    f"{UTILS}/_options": (*BASE, f"{UTILS}/_runcloud"),
    f"{UTILS}/_module": (*BELOW, f"{UTILS}/_options"),
    f"{CONTROLLER}/_action": (*BASE, f"{UTILS}/_runcloud", f"{UTILS}/_options"),
    f"{CONTROLLER}/_wordpress": (*BASE, *GROUND),
    f"{CONTROLLER}/_sync": (*BELOW, f"{UTILS}/_options", f"{CONTROLLER}/_wordpress"),
    f"{CONTROLLER}/_doctor": (*BELOW, f"{UTILS}/_options", f"{CONTROLLER}/_wordpress", f"{CONTROLLER}/_sync"),
    "modules": (*BELOW, *ANSIBLE),
    "action": (
        *BELOW,
        f"{UTILS}/_options",
        *(f"{CONTROLLER}/{room}" for room in ("_action", "_wordpress", "_sync", "_doctor")),
    ),
    "inventory": (*BELOW, f"{UTILS}/_options", f"{CONTROLLER}/_action"),
    "doc_fragments": (),
}
DOORS = ("modules", "action", "inventory")

# What only decides: nothing in it, nor in what it imports, knows the network, Ansible, a process or a clock.
PURE = (
    f"{UTILS}/_errors",
    f"{UTILS}/_outcome",
    f"{UTILS}/_secrets",
    f"{UTILS}/_values",
    f"{UTILS}/_names",
    f"{UTILS}/_probe/served",
    f"{UTILS}/_runcloud/models",
    f"{UTILS}/_domains/desired",
    f"{UTILS}/_domains/removal",
    f"{UTILS}/_domains/plan",
    f"{UTILS}/_certificates/model",
    f"{UTILS}/_certificates/options",
    f"{UTILS}/_certificates/coverage",
    f"{UTILS}/_certificates/activity",
    f"{UTILS}/_certificates/plan",
    f"{UTILS}/_certificates/result",
    f"{CONTROLLER}/_wordpress/network",
    f"{CONTROLLER}/_wordpress/wire",
    f"{CONTROLLER}/_wordpress/notes",
    f"{CONTROLLER}/_sync/decide",
    f"{CONTROLLER}/_sync/report",
    f"{CONTROLLER}/_doctor/summary",
)
IMPURE = ("requests", "ansible", "socket", "ssl", "http", "urllib.request", "subprocess", "asyncio", "time", "random")

Arrow = tuple[str, str]


def path_of(file: Path) -> str:
    """Return a file as the tables above name it: without plugins/ and the ending."""
    return file.relative_to(PLUGINS if file.is_relative_to(PLUGINS) else ROOT).with_suffix("").as_posix()


def room_of(path: str) -> str:
    """Return the room of a file: the folder, or the file itself where it lies directly in the utilities."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] in {UTILS, CONTROLLER} else parts[0]


def imports(file: Path) -> set[str]:
    """Return all that a file imports: foreign modules by dotted name, our own files as ``path_of`` names them."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= _imported(file, node)
    return found


def _imported(file: Path, node: ast.ImportFrom) -> set[str]:
    if not node.level:
        return {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    base = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
    if base.with_suffix(".py").is_file():
        return {path_of(base.with_suffix(".py"))}
    return {path_of(base / f"{alias.name}.py") for alias in node.names}


def python_files(folder: str) -> list[Path]:
    """Return the Python files below a folder of the project; there must be some."""
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    return files


def arrows() -> set[Arrow]:
    """Return who uses whom among the rooms."""
    found = set()
    for file in python_files("plugins"):
        room = room_of(path_of(file))
        found |= {(room, room_of(name)) for name in imports(file) if (PLUGINS / f"{name}.py").is_file()}
    return {(user, used) for user, used in found if user != used}


def with_own_imports(file: Path) -> set[Path]:
    """Return the file and all files of plugins/ that it imports, directly or not, but for type checking too."""
    seen: set[Path] = set()
    ahead = [file]
    while ahead:
        current = ahead.pop()
        if current not in seen:
            seen.add(current)
            ahead += [path for name in imports(current) if (path := PLUGINS / f"{name}.py").is_file()]
    return seen


def among(names: set[str], packages: tuple[str, ...]) -> set[str]:
    """Return those names that are one of the packages or inside one."""
    return {name for name in names if any(name == package or name.startswith(f"{package}.") for package in packages)}


def test_no_room_uses_one_above_or_beside_it() -> None:
    assert {(user, used) for user, used in arrows() if used not in MAY_USE.get(user, ())} == set()


def test_the_table_has_no_circle() -> None:
    """Rooms are listed from the ground up, so an arrow may only point to an earlier one."""
    order = list(MAY_USE)
    assert [(room, used) for room in order for used in MAY_USE[room] if order.index(used) >= order.index(room)] == []


def test_no_file_imports_itself_through_others() -> None:
    graph = {path_of(file): imports(file) for file in python_files("plugins")}

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            new = {name for name in graph.get(ahead.pop(), set()) if name in graph} - seen
            seen |= new
            ahead += new
        return seen

    assert [name for name in graph if name in reachable(name)] == []


@pytest.mark.parametrize("path", PURE)
def test_deciding_does_no_input_or_output(path: str) -> None:
    files = with_own_imports(PLUGINS / f"{path}.py")
    assert {(path_of(file), found) for file in files for found in among(imports(file), IMPURE)} == set()


def test_only_the_doors_and_their_helpers_know_ansible() -> None:
    knowing = {path_of(file) for file in python_files("plugins") if among(imports(file), ("ansible",))}
    assert {path for path in knowing if room_of(path) not in {*DOORS, *ANSIBLE, f"{CONTROLLER}/_action"}} == set()


def test_doors_never_touch_the_session() -> None:
    files = [file for door in DOORS if (PLUGINS / door).is_dir() for file in python_files(f"plugins/{door}")]
    assert [path_of(file) for file in files if among(imports(file), ("requests",))] == []


def test_plugins_import_each_other_relatively() -> None:
    assert [path_of(file) for file in python_files("plugins") if among(imports(file), (COLLECTION,))] == []


def test_files_hold_one_idea() -> None:
    """400 lines is where one idea ends."""
    files = [file for room in (UTILS, CONTROLLER) for file in python_files(f"plugins/{room}")]
    assert {path_of(file): lines for file in files if (lines := len(file.read_text().splitlines())) > 400} == {}


def test_the_simulator_shares_nothing_with_the_collection() -> None:
    foreign = ("ansible_collections", "plugins", "ansible")
    assert {file.name for file in python_files("tests/simulator") if among(imports(file), foreign)} == set()


def test_utilities_are_private() -> None:
    """The community's inclusion rules want that said in the name and in the text."""
    for file in python_files(f"plugins/{UTILS}"):
        path = path_of(file)
        assert room_of(path).rpartition("/")[2].startswith("_"), path
        assert "PRIVATE to the collection" in (ast.get_docstring(ast.parse(file.read_text())) or ""), path


def test_tests_lie_in_the_same_rooms() -> None:
    rooms = {path.name for kind in (UTILS, CONTROLLER) for path in (PLUGINS / kind).iterdir() if path.is_dir()}
    tested = {path.name for path in (ROOT / "tests/unit").iterdir() if path.name.startswith("_")}
    assert tested - {"__pycache__"} == rooms - {"__pycache__"}


def picture() -> str:
    """Return the rooms and their arrows as text, from the top floor down."""
    lines = defaultdict(int)
    for file in python_files("plugins"):
        lines[room_of(path_of(file))] += len(file.read_text().splitlines())
    used = arrows()
    rows = [
        f"{room:<26}{lines[room]:>6} lines  -> {', '.join(low for low in MAY_USE if (room, low) in used) or 'nothing'}"
        for room in reversed(MAY_USE)
        if room in lines
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    print(picture())  # noqa: T201
