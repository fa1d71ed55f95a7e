# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of results: tables of ratios, with the method and the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .compare import Row
from .measure import Measured
from .results import Results

INTRODUCTION = """\
<!-- Made by `make bench`: edit tests/benchmark instead. -->

# Benchmarks

What a run costs, side by side with the least that it could cost. The **floor** is a bare `requests` script that reads
the list, sends one request for each change and then (where there was one) reads the list again, as one
`ansible.builtin.command` task of a playbook. **sync** is the playbook `multisite.runcloud.sync` of a domain file.
**loop** is the same work as a loop over `runcloud_domain`, and **uri** the same as tasks of `ansible.builtin.uri`, as
people write them by hand.

## Method

Each number is for whole `ansible-playbook` processes on localhost, with the collection installed from its tarball into
an empty home, against the simulator of `tests/simulator` (a real HTTP server in a process of its own on the same
machine). The ways take turns (A B A B), so that whatever else the machine does meets all of them; ratios are those of
each pair of turns, and their median is shown. Requests are counted in the simulator's log, seconds of the processor
over the whole process tree, and memory is that of the largest process. After each run the simulator's state is compared
with what was wanted: a run that left anything undone would end the benchmark.

Numbers with a `~` are reckoned from smaller sizes, because the run itself would take too long. Only ratios say
something about another machine. This one: {machines}.

`make bench` measures everything again, `make bench QUICK=1` small sizes in two minutes, and
`make bench PARTS="sizes steady"` single parts.
"""


def write(results: Results, folder: Path, pictures: Sequence[tuple[str, str]]) -> Path:
    """Write benchmarks.md into ``folder`` from all that was measured; ``pictures`` are (file, description)."""
    parts = [INTRODUCTION.format(machines="; ".join(results.machines()))]
    parts += [f"![{text}]({file})\n" for file, text in pictures]
    tables = (
        ("sizes", "Nothing to do", "All names are attached already. No certificates, no DNS checks, no handshakes."),
        ("changes", "Something to do", "The floor reads the list, sends the changes, and reads the list again."),
        (
            "certificates",
            "Certificates",
            "The floor reads and writes domains only; sync looks after certificates, too.",
        ),
        ("latency", "Far away", "Each reply takes 100 ms."),
        ("limit", "Under 60 requests a minute", "In simulated time: the floor runs into the limit and waits."),
    )
    for part, title, text in tables:
        rows = results.rows(part)
        if rows:
            parts.append(f"## {title}\n\n{text}\n\n{_table(rows, with_time=part != 'limit')}\n")
    parts += [_memory(results.rows("sizes")), _checks(results), _steady(results), _shared(results)]
    file = folder / "benchmarks.md"
    file.write_text("\n".join(part for part in parts if part), encoding="utf-8")
    return file


def _table(rows: Sequence[Row], with_time: bool) -> str:
    """Return one line for each situation: each way's requests, and its times as multiples of the floor's."""
    ways = list(dict.fromkeys(way for _situation, found in rows for way in found if way != "floor"))
    measures = [("wall", "time"), ("cpu", "processor")] if with_time else []
    head = ["domains", "situation", "floor: requests", *(["floor: seconds"] if with_time else [])]
    head += [f"{way}: requests" for way in ways]
    head += [f"{way}: {word}" for word in (label for _measure, label in measures) for way in ways]
    lines = [head, ["---"] * len(head)]
    for situation, found in rows:
        floor = found["floor"]
        certificates = "" if situation.certificates == "none" else f", {situation.certificates}"
        line = [f"{situation.size:,}", situation.kind + certificates, _count(floor)]
        line += [f"{floor.median('wall'):.1f}"] if with_time else []
        line += [_count(found.get(way)) for way in ways]
        line += [_times(found.get(way), floor, measure) for measure, _label in measures for way in ways]
        lines.append(line)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _count(found: Measured | None) -> str:
    """Return how many requests, and how many of them were refused by the limit."""
    if found is None:
        return ""
    refused = found.median("refused")
    mark = "~" if found.reckoned else ""
    return f"{mark}{found.median('requests'):,.0f}" + (f" ({refused:,.0f} refused)" if refused else "")


def _times(found: Measured | None, floor: Measured, measure: str) -> str:
    if found is None:
        return ""
    ratio = found.ratio(floor, measure)
    digits = f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"
    return f"{'~' if found.reckoned else ''}{digits} x"


def _memory(rows: Sequence[Row]) -> str:
    """Return how memory and time grow with the number of domains."""
    lines = [["domains", "floor: MiB", "sync: MiB", "sync: ms a domain beyond the smallest size"], ["---"] * 4]
    smallest = min(rows, key=lambda row: row[0].size, default=None)
    for situation, found in rows:
        if smallest is None or "sync" not in found:
            continue
        more = situation.size - smallest[0].size
        grown = found["sync"].median("wall") - smallest[1]["sync"].median("wall")
        each = f"{1000 * grown / more:.2f}" if situation.size >= 1000 and more else ""
        memory = [f"{found[way].median('memory'):.0f}" for way in ("floor", "sync")]
        lines.append([f"{situation.size:,}", *memory, each])
    if len(lines) == 2:
        return ""
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"## Memory, and how time grows\n\nThe largest process of a run with nothing to do.\n\n{table}\n"


def _checks(results: Results) -> str:
    """Return what DNS checks and handshakes add."""
    found = results.ways("checks")
    if not found:
        return ""
    added = found["with checks"].median("wall") - found["without"].median("wall")
    ratio = found["with checks"].ratio(found["without"], "wall")
    return (
        "## DNS checks and handshakes\n\nA DNS look-up and a TLS handshake for each name (advanced mode), against "
        f"the same run without either: {ratio:.2f} x, {added:.1f} s more, {_count(found['with checks'])} requests to "
        f"RunCloud instead of {_count(found['without'])}. The simulator's side of the handshakes is in this time.\n"
    )


def _steady(results: Results) -> str:
    """Return what a long run makes of the limit."""
    found = results.load("steady")
    if not found:
        return ""
    told = [*found["progress"][:3], "...", *found["progress"][-2:]] if len(found["progress"]) > 5 else found["progress"]
    shown = "\n".join(line[:120] for line in told)
    progress = f"\n```text\n{shown}\n```\n" if told else ""
    return (
        f"## {found['changes']:,} changes under 60 requests a minute\n\nIn simulated time: {found['requests']:,} "
        f"requests in {found['minutes']:.1f} minutes, that is {100 * found['share']:.1f} % of what the limit allows; "
        f"{found['refused']} requests were refused. What it says meanwhile:\n{progress}"
    )


def _shared(results: Results) -> str:
    """Return what many networks make of one key."""
    found = results.load("shared")
    if not found:
        return ""
    return (
        f"## {found['networks']} networks with one key\n\n{found['networks']} networks of {found['domains']} domains "
        f"in {found['forks']} forks, 60 requests a minute for all of them together: {found['requests']} requests (the "
        f"floor is {found['floor']}), {found['refused']} refused.\n"
    )
