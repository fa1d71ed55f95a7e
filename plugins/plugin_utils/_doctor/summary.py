# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All findings -> the result of a visit, with its lines for a terminal. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .certificates import look_at_certificates
from .checks import LOOKS
from .finding import OK, VERDICTS, WRONG, Finding

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .finding import Seen

WIDTH = 100
# More findings than this that are alike, or are well in one area, are one row.
_MANY = 20
_SHOWN = 60


def diagnose(seen: Seen) -> dict[str, t.Any]:
    """Return the result of ``runcloud_doctor``: what is wrong comes first, each verdict in the order of looking."""
    return _result(_findings(seen), seen)


def _findings(seen: Seen) -> list[Finding]:
    return [finding for look in (*LOOKS, look_at_certificates) for finding in look(seen)]


def _result(found: Sequence[Finding], seen: Seen | None) -> dict[str, t.Any]:
    findings = sorted(found, key=lambda finding: VERDICTS.index(finding.verdict))
    counts = {verdict: sum(finding.verdict == verdict for finding in findings) for verdict in VERDICTS}
    decision = seen.decision.found if seen is not None else None
    typed = {domain.name: domain.typed for domain in decision.desired} if decision else {}
    return {
        "ok": counts[WRONG] == 0,
        "counts": counts,
        "findings": [dataclasses.asdict(finding) for finding in findings],
        "summary": summary_lines(findings, counts, typed),
        "failure": _failure(findings),
    }


def stopped_result(message: str, seen: Seen | None) -> dict[str, t.Any]:
    """Return the same where a visit could not begin or was interrupted, with what was seen until then."""
    stopped = [Finding("options" if seen is None else "doctor", WRONG, line) for line in message.splitlines()]
    return _result([*stopped, *(_findings(seen) if seen is not None else [])], seen)


def summary_lines(findings: Sequence[Finding], counts: Mapping[str, int], typed: Mapping[str, str]) -> list[str]:
    """Return a table of at most 100 columns, below it what to do, one line each, and a closing line.

    What is alike for many names is said once.
    """
    lots = {area for area in {one.area for one in findings} if sum(one.area == area for one in findings) > _MANY}
    loud = [one for one in findings if one.verdict != OK or one.area not in lots]
    rows = [
        row
        for alike in _alike(loud, lambda one: (one.verdict, one.area, one.text, one.advice))
        for row in ([alike] if len(alike) > _MANY else [[o] for o in alike])
    ]
    cells = [(row[0].verdict.replace(WRONG, WRONG.upper()), row[0].area, _subject(row, typed)) for row in rows[:_SHOWN]]
    well = {area: sum(one.area == area and one.verdict == OK for one in findings) for area in sorted(lots)}
    cells += [(OK, area, f"{count} names are well") for area, count in well.items() if count]
    first, second = (max((len(cell[column]) for cell in cells), default=0) for column in (0, 1))
    room = WIDTH - first - second - 4
    lines = [
        f"{verdict:<{first}}  {area:<{second}}  {text if len(text) <= room else text[: room - 3] + '...'}"
        for verdict, area, text in cells
    ]
    more = [f"... and {len(rows) - _SHOWN} more"] if len(rows) > _SHOWN else []
    below = _below([one for one in loud if one.verdict != OK], typed, room)
    closing = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    table = [*lines[:_SHOWN], *more, *lines[_SHOWN:]]
    return [*table, *([""] if below else []), *below, "", f"{'FAILED' if counts[WRONG] else 'ok'}: {closing}"]


def _alike(findings: Iterable[Finding], key: Callable[[Finding], tuple[str, ...]]) -> list[list[Finding]]:
    """Return findings in groups that differ in nothing but the name; what has no name stays alone."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for number, one in enumerate(findings):
        groups.setdefault((*key(one), "" if one.name else str(number)), []).append(one)
    return list(groups.values())


def _below(findings: Sequence[Finding], typed: Mapping[str, str], room: int) -> list[str]:
    """Return what to do, and what the table has cut off; what is alike is said once, for all its names."""

    def key(one: Finding) -> tuple[str, ...]:
        return (one.area, one.text if is_cut(one) else "", one.advice)

    def is_cut(one: Finding) -> bool:
        return len(_subject([one], typed)) > room

    lines = []
    for alike in _alike([one for one in findings if one.advice or is_cut(one)], key):
        one = alike[0]
        said = [f"{one.text.rstrip('.')}."] if is_cut(one) or not one.name else []
        who = [_names(alike, typed)] if one.name else []
        lines.append(": ".join([one.area, *who, " ".join([*said, *([one.advice] if one.advice else [])])]))
    return lines[:_SHOWN]


def _failure(findings: Sequence[Finding]) -> str:
    """Say in one text why the task fails; "" where it does not."""
    wrong = [one for one in findings if one.verdict == WRONG]
    shown = "; ".join(f"{one.area}: {_subject([one], {})}" for one in wrong[:5])
    return f"{len(wrong)} wrong: {shown}" if wrong else ""


def _subject(alike: Sequence[Finding], typed: Mapping[str, str]) -> str:
    return f"{_names(alike, typed)}: {alike[0].text}" if alike[0].name else alike[0].text


def _names(alike: Sequence[Finding], typed: Mapping[str, str]) -> str:
    """Return the first of the names as it was typed, with the ASCII form behind where that differs."""
    name = alike[0].name
    written = typed.get(name, "").strip()
    shown = f"{written} ({name})" if written and not written.isascii() else name
    return shown if len(alike) == 1 else f"{shown} and {len(alike) - 1} more"
