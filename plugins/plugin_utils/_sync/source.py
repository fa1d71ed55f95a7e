# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of a domain file -> the items of a list of domains: YAML, JSON or CSV. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import csv
import io
import json
import typing as t

import yaml

from ...module_utils._domains.desired import NAME_KEYS
from ...module_utils._errors import UserError
from .decide import LIST_KEYS

if t.TYPE_CHECKING:
    from collections.abc import Mapping

YAML_ENDINGS = (".yml", ".yaml")
ENDINGS = (*YAML_ENDINGS, ".json", ".csv")
# The only key of a YAML or JSON file that is not a list itself.
LIST_KEY = "domains"
_SEPARATORS = ",;\t"
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TRUTH_COLUMNS = ("www", "active")


def parse_domain_file(text: str, name: str) -> list[t.Any]:
    """Read the items of a domain file.

    :param text: what the file holds.
    :param name: its name; the ending says how it is written.
    :returns: the items as they stand there, for ``_network.decide_list``; a CSV cell is true, false, a text or left out.
    :raises UserError: what is wrong with the file as a whole, and what to do.
    """
    ending = next((ending for ending in ENDINGS if name.lower().endswith(ending)), None)
    if ending is None:
        raise UserError(f"the name must end in one of {', '.join(ENDINGS)}, so that it is clear how it is written")
    if not text.strip():
        raise UserError("the file is empty; write one domain a line, or [] where there shall be none")
    items = _parse_csv(text) if ending == ".csv" else _parse_document(text, ending)
    if not isinstance(items, list):
        raise UserError(
            f"a list of domains is wanted (or a dictionary with the key {LIST_KEY}), not {type(items).__name__}"
        )
    return items


def _parse_document(text: str, ending: str) -> object:
    try:
        document = json.loads(text) if ending == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as exc:
        what = "JSON" if ending == ".json" else "YAML"
        raise UserError(f"not {what}: {' '.join(str(exc).split())}") from exc
    if isinstance(document, dict) and set(document) == {LIST_KEY}:
        return document[LIST_KEY]
    return document


def _parse_csv(text: str) -> list[dict[str, t.Any]]:
    text = text.removeprefix("\ufeff")
    first_line = text.lstrip().splitlines()[0]
    separator = max(_SEPARATORS, key=first_line.count)
    reader = csv.DictReader(io.StringIO(text.lstrip()), delimiter=separator, strict=True)
    try:
        columns = [column.strip() for column in reader.fieldnames or []]
        _check_columns(columns)
        reader.fieldnames = columns
        return [_item(row, reader.line_num) for row in reader if any(cell for cell in row.values())]
    except csv.Error as exc:
        raise UserError(f"not CSV, at or after line {reader.line_num}: {exc}") from exc


def _check_columns(columns: list[str]) -> None:
    if not set(NAME_KEYS) & set(columns):
        raise UserError(
            f"the first line must name the columns, one of them {' or '.join(NAME_KEYS)}; found {', '.join(columns)}"
        )
    unknown = [column for column in columns if column not in LIST_KEYS]
    if unknown:
        raise UserError(f"unknown column {', '.join(unknown)}; known are {', '.join(LIST_KEYS)}")


def _item(row: Mapping[str | None, t.Any], line: int) -> dict[str, t.Any]:
    if None in row or None in row.values():
        raise UserError(f"line {line}: has another number of columns than the first line")
    cells = {str(column): cell.strip() for column, cell in row.items()}
    return {column: _cell(column, cell, line) for column, cell in cells.items() if cell}


def _cell(column: str, cell: str, line: int) -> object:
    if column not in _TRUTH_COLUMNS:
        return cell
    try:
        return _TRUTH[cell.lower()]
    except KeyError:
        raise UserError(f"line {line}: {column}: {cell!r} is neither true nor false") from None
