# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a run as lines for a terminal: a table, what stands behind it, and a closing line. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import textwrap
import typing as t
import unicodedata

from ...module_utils._outcome import duration

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Result = Mapping[str, t.Any]

WIDTH = 100
_SHOWN_ROWS = 60
_SHOWN_QUIET = 20
_HEADINGS = ("domain", "what", "certificate", "waits for")
_NAME_WIDTH = 56


class Action:
    """What can happen to a name, in the words of the result. What needs a hand comes first, then what changed."""

    FAILED = "failed"
    NOT_ATTEMPTED = "not attempted"
    DEFERRED = "deferred"
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"
    UNMANAGED = "unmanaged"
    PROTECTED = "protected"
    LEFT_OUT = "left out"
    UNCHANGED = "unchanged"


ACTIONS = tuple(word for name, word in vars(Action).items() if name.isupper())
_EXPLAINED = (Action.FAILED, Action.NOT_ATTEMPTED, Action.DEFERRED, Action.PROTECTED, Action.LEFT_OUT)


@dataclasses.dataclass(frozen=True)
class Row:
    """What happened to one name.

    ``typed`` is the name as it was written. ``certificate`` is ok, missing, pending, not checked or "" (it has none to
    have), ``days_left`` whole days or None. ``waits_for`` is DNS, certificate, operator or "".
    """

    name: str
    typed: str
    action: str
    reason: str = ""
    certificate: str = ""
    days_left: int | None = None
    waits_for: str = ""

    @property
    def quiet(self) -> bool:
        """Whether nothing happened to the name and nothing has to."""
        return self.action == Action.UNCHANGED and not self.waits_for


def summary_lines(result: Result, rows: Sequence[Mapping[str, t.Any]]) -> list[str]:
    """Return the lines, of at most 100 columns. Errors stand on top, reasons below the table.

    :param rows: all rows, also where the result only has those that changed.
    """
    parts = [
        _wrapped(f"ERROR: {text}" for text in result["errors"]),
        _table(rows, result["counts"][Action.UNCHANGED]) if rows else [],
        _wrapped([*_reasons(rows), *(f"note: {text}" for text in result["notes"])]),
        _wrapped(closing_lines(result)),
    ]
    return [line for part in parts if part for line in ("", *part)][1:]


def _wrapped(lines: Iterable[str]) -> list[str]:
    how: dict[str, t.Any] = {"subsequent_indent": "  ", "break_long_words": False, "break_on_hyphens": False}
    return [part for line in lines for part in textwrap.wrap(line, WIDTH, **how)]


def shown_name(row: Mapping[str, t.Any]) -> str:
    """Return a name as it was typed, with the ASCII form behind where that differs."""
    name, typed = str(row["name"]), str(row["typed"]).strip()
    return f"{typed} ({name})" if typed and not typed.isascii() else name


def closing_lines(result: Result) -> t.Iterator[str]:
    """Yield what a run comes to, the last line of it where the report is."""
    counts = [f"{number} {_word(action)}" for action, number in result["counts"].items() if number]
    orders = len(result["orders"])
    would = " to send" if result["preview"] else ""
    ordered = f"{orders} certificate order{'' if orders == 1 else 's'}{would}"
    verdict = "preview, " if result["preview"] else ""
    state = "ok" if result["ok"] else "FAILED"
    yield f"{state}: {verdict}{', '.join(counts) or 'no domains'}; {ordered}; {result['api']['requests']} requests"
    forecast = result["forecast"]
    if forecast:
        yield f"A real run would take about {forecast['requests']} requests and {duration(forecast['seconds'])}."
    if result["counts"][Action.UNMANAGED]:
        yield "What is unmanaged is attached and not in the list: purge removes it, an entry in the list keeps it."
    if result["report"]:
        yield f"Report: {result['report']}"


def _word(action: str) -> str:
    return f"to {action}" if action in (Action.ADD, Action.CHANGE, Action.REMOVE) else action


def _table(rows: Sequence[Mapping[str, t.Any]], unchanged: int) -> list[str]:
    quiet_too = unchanged <= _SHOWN_QUIET
    shown = [row for row in rows if row["action"] != Action.UNCHANGED or row["waits_for"] or quiet_too][:_SHOWN_ROWS]
    cells = [
        _HEADINGS,
        *((_cut(shown_name(row)), _word(row["action"]), _certificate(row), row["waits_for"]) for row in shown),
    ]
    widths = [max(_width(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    lines = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    hidden = len(rows) - len(shown)
    return [*lines, f"... and {hidden} more"] if hidden else lines


def _certificate(row: Mapping[str, t.Any]) -> str:
    days = row["days_left"]
    return f"{row['certificate']}, {days} days" if days is not None and row["certificate"] else str(row["certificate"])


def _reasons(rows: Iterable[Mapping[str, t.Any]]) -> list[str]:
    """Return why a name is not what was asked for, one line each; what is alike is said once."""
    together: dict[str, list[str]] = {}
    for row in rows:
        told = row["action"] in _EXPLAINED or (row["waits_for"] and row["action"] != Action.UNMANAGED)
        if row["reason"] and told:
            together.setdefault(row["reason"], []).append(shown_name(row))
    return [f"{_some(names)}: {reason}" for reason, names in list(together.items())[:_SHOWN_ROWS]]


def _some(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _cut(text: str) -> str:
    return text if _width(text) <= _NAME_WIDTH else f"{text[: _NAME_WIDTH - 3]}..."


def _width(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
