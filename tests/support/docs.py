# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the collection's plugins and the YAML snippets of its guides, read as Ansible reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring

from tools.collection import ROOT, project_files

COLLECTION = "multisite.runcloud"
KINDS = ("modules", "inventory")

# A value that is of the type, for options whose real value is only known when a template is rendered.
STAND_INS: dict[str, Any] = {
    "bool": True,
    "dict": {},
    "float": 1.0,
    "int": 1,
    "list": [],
}


@dataclass(frozen=True)
class Snippet:
    """YAML that a reader may copy, and where it stands."""

    where: str
    text: str

    def parsed(self) -> Any:
        """Return what it says; vault tags and the like have no place in an example."""
        return yaml.safe_load(self.text)


@dataclass(frozen=True)
class Documentation:
    """What a plugin says of itself; ``doc`` has the fragments in it."""

    kind: str
    name: str
    doc: dict[str, Any]
    examples: Snippet
    returns: dict[str, Any]

    @property
    def full_name(self) -> str:
        """The name by which a playbook calls it."""
        return f"{COLLECTION}.{self.name}"

    def complaints(self, given: dict[str, Any]) -> list[str]:
        """Return what is wrong with options that somebody gives to this module."""
        options = self.doc.get("options", {})
        result = ArgumentSpecValidator(argument_spec(options)).validate(with_stand_ins(given, options))
        return list(result.error_messages)


def documented(kind: str) -> list[Documentation]:
    """Return the documentation of all plugins of a kind."""
    return [read(kind, file) for file in sorted((ROOT / "plugins" / kind).glob("[!_]*.py"))]


def read(kind: str, file: Path) -> Documentation:
    """Return the documentation in a plugin's file; raises where it is no YAML or names an unknown fragment."""
    doc, examples, returns, _metadata = get_docstring(str(file), fragment_loader, is_module=kind == "modules")
    where = f"EXAMPLES of {file.relative_to(ROOT)}"
    return Documentation(kind, file.stem, doc or {}, Snippet(where, examples or ""), returns or {})


def argument_spec(options: dict[str, Any]) -> dict[str, Any]:
    """Turn documented options into the argument spec that Ansible validates by."""
    kept = ("type", "elements", "required", "choices", "aliases")
    spec: dict[str, Any] = {}
    for name, option in options.items():
        spec[name] = {key: option[key] for key in kept if key in option}
        if isinstance(option.get("choices"), dict):
            spec[name]["choices"] = list(option["choices"])
        if "suboptions" in option:
            spec[name]["options"] = argument_spec(option["suboptions"])
    return spec


def with_stand_ins(given: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Replace templated values by something that the option accepts."""
    by_name = {alias: option for name, option in options.items() for alias in (name, *option.get("aliases", []))}
    return {name: _stand_in(value, by_name.get(name, {})) for name, value in given.items()}


def _stand_in(value: Any, option: dict[str, Any]) -> Any:
    if isinstance(value, str) and "{{" in value:
        choices = list(option.get("choices", []))
        return choices[0] if choices else STAND_INS.get(option.get("type", "str"), "text")
    suboptions = option.get("suboptions", {})
    if suboptions and isinstance(value, dict):
        return with_stand_ins(value, suboptions)
    if suboptions and isinstance(value, list):
        return [with_stand_ins(item, suboptions) if isinstance(item, dict) else item for item in value]
    return value


def guide_snippets() -> list[Snippet]:
    """Return every YAML block in the Markdown files that users read."""
    snippets = []
    for file in project_files():
        if file.suffix == ".md" and file.parts[0] != "tests":
            blocks = re.findall(r"^```ya?ml\n(.*?)^```", (ROOT / file).read_text(), re.MULTILINE | re.DOTALL)
            snippets += [Snippet(f"{file}, block {number}", text) for number, text in enumerate(blocks, 1)]
    return snippets


def is_play(entry: Any) -> bool:
    """Say whether an entry of a list is a play or an imported playbook."""
    return isinstance(entry, dict) and bool({"hosts", "ansible.builtin.import_playbook"} & set(entry))


def is_task(entry: Any) -> bool:
    """Say whether an entry of a list is a task or a block of tasks."""
    return (
        isinstance(entry, dict) and ("block" in entry or any("." in str(key) for key in entry)) and not is_play(entry)
    )


def tasks_in(content: Any) -> Iterator[dict[str, Any]]:
    """Yield every task of a list of plays or tasks, those inside blocks and handlers included."""
    for entry in content if isinstance(content, list) else []:
        if is_play(entry) or (is_task(entry) and "block" in entry):
            lists = ("pre_tasks", "tasks", "post_tasks", "handlers", "block", "rescue", "always")
            for name in lists:
                yield from tasks_in(entry.get(name))
        elif is_task(entry):
            yield entry


def plays_in(content: Any) -> list[dict[str, Any]]:
    """Return the plays of a snippet; bare tasks become one play."""
    entries = content if isinstance(content, list) else []
    plays = [entry for entry in entries if is_play(entry)]
    tasks = [entry for entry in entries if is_task(entry)]
    return [*plays, {"name": "Tasks", "hosts": "localhost", "tasks": tasks}] if tasks else plays
