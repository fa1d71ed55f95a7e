# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was measured, kept as JSON for each part, so that parts can be measured again one by one."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .compare import Row
from .measure import Measured, Run
from .situations import Situation


def machine() -> str:
    """Return what a reader has to know of the machine: processor, cores, memory, versions."""
    processor = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return (
        f"{os.cpu_count()} cores ({processor}), {memory:.0f} GiB of memory, {platform.system()}, "
        f"Python {platform.python_version()}, ansible-core {version('ansible-core')}, requests {version('requests')}"
    )


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


class Results:
    """A folder with one file for each part."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, part: str, found: Any) -> None:
        """Keep what a part has measured; it takes the place of an earlier measurement."""
        content = {"machine": machine(), "found": _plain(found)}
        (self._folder / f"{part}.json").write_text(json.dumps(content, indent=1), encoding="utf-8")

    def machines(self) -> list[str]:
        """Return the machines that parts were measured on, each once."""
        files = sorted(self._folder.glob("*.json"))
        return list(dict.fromkeys(json.loads(file.read_text(encoding="utf-8"))["machine"] for file in files))

    def load(self, part: str) -> Any:
        """Return what a part has measured last, None where it never was."""
        file = self._folder / f"{part}.json"
        return json.loads(file.read_text(encoding="utf-8"))["found"] if file.exists() else None

    def rows(self, part: str) -> list[Row]:
        """Return the situations of a part, and each way's measurement there."""
        return [
            (Situation(**situation), {way: _measured(one) for way, one in ways.items()})
            for situation, ways in self.load(part) or []
        ]

    def ways(self, part: str) -> dict[str, Measured]:
        """Return the ways of a part that has one situation."""
        return {way: _measured(one) for way, one in (self.load(part) or {}).items()}


def _measured(raw: Any) -> Measured:
    return Measured([Run(**run) for run in raw["runs"]], raw["reckoned"])


def _plain(found: Any) -> Any:
    """Return what JSON can hold of situations, measurements, and what holds them."""
    if dataclasses.is_dataclass(found) and not isinstance(found, type):
        return dataclasses.asdict(found)
    if isinstance(found, dict):
        return {key: _plain(value) for key, value in found.items()}
    return [_plain(value) for value in found] if isinstance(found, (list, tuple)) else found
