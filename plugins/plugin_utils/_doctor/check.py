# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One line of the doctor's report, and how to read what a step has left. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Mapping

OK = "ok"
WARNING = "warning"
ERROR = "error"
LEVELS = (OK, WARNING, ERROR)


@dataclasses.dataclass(frozen=True)
class Check:
    """One thing that was looked at. ``advice`` says what to do, ``name`` the domain or id it is about, if it is one."""

    area: str
    level: str
    text: str
    advice: str = ""
    name: str = ""


def fault_of(result: Mapping[str, t.Any] | None) -> str | None:
    """Give the message of a step that failed; None where it did not, or did not run."""
    if not result or result.get("skipped") or not result.get("msg"):
        return None
    return str(result["msg"])


def found_by(result: Mapping[str, t.Any] | None) -> Mapping[str, t.Any]:
    """Give what a step has found; nothing where it failed or did not run."""
    return {} if not result or result.get("skipped") or result.get("msg") else result
