# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a run as files: for programs, for a pull request, for people, and the way back.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import json
import pathlib
import typing as t

from .summary import closing_lines, shown_name

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...module_utils._runcloud.models import Domain

    Result = Mapping[str, t.Any]

BEFORE = "before.yml"
_HEADINGS = ("domain", "what", "certificate", "waits for", "reason")
_CONTROL = dict.fromkeys((*range(9), *range(11, 32), 127), "�")


def write_report(folder: pathlib.Path, result: Result, before: Iterable[Domain] | None) -> str:
    """Write all report files.

    :param result: has all rows.
    :param before: the domains before the run, None where they are not known: then there is no way back to write.
    :returns: why they could not be written; "" where they were.
    """
    texts = {f"report.{form}": render(result, form) for form in ("json", "md", "html")}
    if before is not None:
        texts[BEFORE] = way_back(before)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as exc:
        return f"report: {folder} cannot be written: {exc.strerror}; give a folder that can"
    return ""


def render(result: Result, form: str) -> str:
    """Return the result as the text of a report file.

    :param form: json, md or html.
    """
    if form == "json":
        return json.dumps(result, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    title = "Preview of the domains" if result["preview"] else "Domains"
    closing = list(closing_lines({**result, "report": ""}))
    table = [[str(cell) for cell in _cells(row)] for row in result["rows"]]
    if form == "md":
        return _markdown(title, closing, result, table)
    # Only a report needs it, and a run without one must not pay for it.
    import jinja2

    source = pathlib.Path(__file__).with_name("report.html.j2").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    clean = [[cell.translate(_CONTROL) for cell in row] for row in table]
    return template.render(title=title, closing=closing, result=result, headings=_HEADINGS, table=clean) + "\n"


def way_back(rows: Iterable[Domain]) -> str:
    """Return a domain file of the state before the run: synchronising with it, and purge, undoes the run."""
    lines = [
        "# The domains before this run. To go back: ansible-playbook multisite.runcloud.sync with this file and purge."
    ]
    for row in rows:
        item = {"domain": row.name, "type": row.type, "www": row.www, "redirection": row.redirection}
        lines.append("- " + json.dumps({key: value for key, value in item.items() if value is not None}))
    return "\n".join(lines if len(lines) > 1 else [*lines, "[]"]) + "\n"


def _cells(row: Mapping[str, t.Any]) -> tuple[object, ...]:
    days = row["days_left"]
    certificate = (
        f"{row['certificate']}, {days} days" if days is not None and row["certificate"] else row["certificate"]
    )
    return shown_name(row), row["action"], certificate, row["waits_for"], row["reason"]


def _markdown(title: str, closing: list[str], result: Result, table: list[list[str]]) -> str:
    errors = [f"- **{_escaped(text)}**" for text in result["errors"]]
    lines = [f"# {title}", "", *errors, *([""] if errors else []), *(_escaped(line) + "  " for line in closing)]
    if table:
        lines += ["", f"| {' | '.join(_HEADINGS)} |", "|" + "---|" * len(_HEADINGS)]
        lines += [f"| {' | '.join(_escaped(cell) for cell in row)} |" for row in table]
    lines += ["", *(f"- {_escaped(text)}" for text in result["notes"])]
    return "\n".join(lines).rstrip() + "\n"


def _escaped(text: str) -> str:
    """Return a text that Markdown shows as it is: no table cells, tags or line breaks of its own."""
    shown = " ".join(text.translate(_CONTROL).split())
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), ("|", "&#124;"), ("`", "&#96;"), ("*", "&#42;")):
        shown = shown.replace(character, entity)
    return shown
