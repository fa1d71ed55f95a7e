# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A domain file (YAML, JSON or CSV), or the value of an option -> items, each with the place where it stands.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import re
import stat
import typing as t

import yaml

from ...module_utils._domains.desired import ITEM_KEYS, NAME_KEYS
from ...module_utils._errors import UserError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

# The only key of a YAML or JSON file that is not a list itself.
LIST_KEY = "domains"
# What an item may say beside the attributes of a domain.
OWN_KEYS = ("active", "stage", "blog_id")
COLUMNS = (*ITEM_KEYS, *OWN_KEYS)
# 100,000 domains need about half of it; what is larger is another file than was meant.
MAX_BYTES = 10_000_000
MAX_PROBLEMS = 20

_SEPARATORS = ",;\t"
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*\Z', re.IGNORECASE)
_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_BOOL_COLUMNS = ("www", "active")
_MERGE = "tag:yaml.org,2002:merge"
_SURROGATES = re.compile(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Item:
    """One entry of a list of domains, as it was written: a name, or a dictionary of attributes.

    :param place: where it stands, as the beginning of a message: ``domains.yml, line 12`` or ``domains, entry 3``.
    """

    value: t.Any
    place: str


Line = tuple[int, t.Any]


class _Mistakes(Exception):
    """What is wrong with a text, as (line, what); line 0: with all of it."""

    def __init__(self, *mistakes: tuple[int, str]) -> None:
        super().__init__(mistakes)
        self.mistakes = mistakes


def read_file(path: str, base: Path) -> list[Item]:
    """Read the items of a domain file.

    :param path: its name, which must end in .yml, .yaml, .json or .csv; ``~`` is the home folder.
    :param base: the folder where a relative path starts.
    :returns: the items as they stand there; a CSV cell is true, false, a text or left out.
    :raises UserError: one line for each mistake, with file name and line.
    """
    parse = next((parse for ending, parse in _PARSERS.items() if path.lower().endswith(ending)), None)
    if parse is None:
        raise UserError(f"{path!r}: the name must end in {_listed(list(_PARSERS))}, which says how it is written")
    text = _read_text(path, base)
    if not text.strip():
        raise UserError(f"{path}: the file is empty; write one domain a line, or [] if there are none")
    try:
        return [Item(value, f"{path}, line {line}") for line, value in parse(text)]
    except _Mistakes as error:
        raise UserError(_report(error, path)) from None


def read_items(value: object, option: str) -> list[Item]:
    """Read the items of an option: a list, or a text with names (one a line, or separated by commas), JSON or YAML.

    :raises UserError: it is something else; one line for each mistake, with the option's name and the entry.
    """
    if isinstance(value, str):
        return _read_option_text(value, option)
    if not isinstance(value, list):
        raise UserError(f"{option}: a list of domains is expected, not {_kind(value)}")
    items = [Item(entry, f"{option}, entry {number}") for number, entry in enumerate(value, 1)]
    problems = [f"{item.place}: {wrong}" for item in items if (wrong := _nested(item.value))]
    if problems:
        raise UserError(_shortened(problems))
    return items


def _read_option_text(text: str, option: str) -> list[Item]:
    if not text.strip():
        raise UserError(f"{option}: is empty; give the list of domains, or [] if there are none")
    lines: Iterable[Line]
    if re.match(rf"[\[{{]|- |---|{LIST_KEY}:", text.lstrip()):
        try:
            lines = _parse_yaml(text)
        except _Mistakes as error:
            raise UserError(_report(error, option)) from None
    else:
        lines = ((0, name) for name in re.split(r"[,;\s]+", text) if name)
    return [Item(value, f"{option}, entry {number}") for number, (_line, value) in enumerate(lines, 1)]


# Files --------------------------------------------------------------------------------------------------------------


def _read_text(path: str, base: Path) -> str:
    full = os.path.expanduser(path)
    if full.startswith("~"):
        raise UserError(f"{path}: there is no user {full.partition('/')[0][1:]!r} with a home folder")
    try:
        data = _read_bytes(os.path.join(base, full))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UserError(f"{path!r} cannot be read: {why} (looked for {os.path.join(base, full)!r})") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}, line {line}: is not UTF-8 text; save the file as UTF-8") from None


def _read_bytes(full: str) -> bytes:
    # Not to wait for the other end of a pipe.
    handle = os.open(full, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("it is not a regular file")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1_000_000} MB")
    return data


# YAML ---------------------------------------------------------------------------------------------------------------


def _parse_yaml(text: str) -> list[Line]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        rows = _yaml_rows(loader.get_single_node())
        mistakes = [mistake for row in rows for mistake in _yaml_mistakes(row)]
        if mistakes:
            raise _Mistakes(*mistakes)
        return [(_line(row), _construct(loader, row)) for row in rows]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _Mistakes((mark.line + 1 if mark else 0, f"not valid YAML: {error.problem or error.context}")) from None
    except yaml.reader.ReaderError as error:
        raise _Mistakes((text.count("\n", 0, error.position) + 1, f"not valid YAML: {error.reason}")) from None
    except RecursionError:
        raise _Mistakes((0, "not valid YAML: nested too deeply")) from None


def _construct(loader: t.Any, row: yaml.Node) -> object:
    try:
        return loader.construct_object(row, deep=True)
    except ValueError as error:
        # What looks like a date, but is not one.
        raise _Mistakes((_line(row), f"not valid YAML: {error}; put it in quotes")) from None


def _yaml_rows(root: yaml.Node | None) -> list[yaml.Node]:
    """Return the entries of the list that the document is, or has under its one key."""
    if root is None:
        raise _Mistakes((0, "holds only comments; write one domain a line, or [] if there are none"))
    if isinstance(root, yaml.MappingNode):
        keys = {_text(key): (_line(key), value) for key, value in root.value}
        if LIST_KEY not in keys:
            found = ", ".join(list(keys)[:5]) or "none"
            raise _Mistakes((_line(root), f"{_NO_LIST} (this is a dictionary with the key {found})"))
        others = [(line, f"{key}: is not read; remove it") for key, (line, _value) in keys.items() if key != LIST_KEY]
        mistakes = [*_repeated(root), *others]
        if mistakes:
            raise _Mistakes(*mistakes)
        root = keys[LIST_KEY][1]
    if isinstance(root, yaml.SequenceNode):
        return list(root.value)
    raise _Mistakes((_line(root), _NO_LIST))


def _yaml_mistakes(row: yaml.Node) -> Iterator[tuple[int, str]]:
    """Find what makes an entry anything but a name or a dictionary of single values."""
    if isinstance(row, yaml.SequenceNode):
        yield _line(row), _NESTED
    elif isinstance(row, yaml.MappingNode):
        yield from _repeated(row)
        for key, value in row.value:
            if key.tag == _MERGE or not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
                yield _line(key), f"{_text(key)}: {_ONE_VALUE}"


def _repeated(mapping: yaml.MappingNode) -> Iterator[tuple[int, str]]:
    seen: dict[str, int] = {}
    for key, _value in mapping.value:
        name = _text(key)
        if name in seen:
            yield _line(key), f"{name} is given twice (first in line {seen[name]}); keep one of the two"
        seen.setdefault(name, _line(key))


def _text(key: yaml.Node) -> str:
    return str(key.value) if isinstance(key, yaml.ScalarNode) else "a list or dictionary as a key"


def _line(node: yaml.Node) -> int:
    line: int = node.start_mark.line + 1
    return line


def _parse_json(text: str) -> list[Line]:
    """Read JSON, which is YAML as well but for what is evened out here: so that all is known with its line."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise _Mistakes((error.lineno, f"not valid JSON: {error.msg} (column {error.colno})")) from None
    except RecursionError:
        raise _Mistakes((0, "not valid JSON: nested too deeply")) from None
    return _parse_yaml(_SURROGATES.sub(lambda pair: json.loads(f'"{pair.group()}"'), text.replace("\t", " ")))


# CSV ----------------------------------------------------------------------------------------------------------------


def _parse_csv(text: str) -> list[Line]:
    lines = text.splitlines(keepends=True)
    above = 0
    while not lines[above].strip():
        above += 1
    declared = _SEPARATOR_LINE.match(lines[above].rstrip("\r\n"))
    if declared:
        above += 1
    header = lines[above] if above < len(lines) else ""
    separator = declared.group(1) if declared else max(_SEPARATORS, key=header.count)
    reader = csv.reader(io.StringIO("".join(lines[above:]), newline=""), delimiter=separator, strict=True)
    rows: list[Line] = []
    mistakes: list[tuple[int, str]] = []
    begins = above + 1
    try:
        columns = _columns(next(reader, []), begins)
        begins = above + reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((begins, _csv_item(cells, columns, begins, mistakes)))
            begins = above + reader.line_num + 1
    except csv.Error as error:
        mistakes.append((begins, f"not valid CSV: {error}"))
    if mistakes:
        raise _Mistakes(*mistakes)
    return rows


def _columns(header: Sequence[str], line: int) -> list[str]:
    """Read the names of the columns; a separator at the end of the line begins no column."""
    columns = [cell.strip().lower() for cell in header]
    while columns and not columns[-1]:
        columns.pop()
    unknown = [column for column in columns if column not in COLUMNS]
    if not set(NAME_KEYS) & set(columns):
        found = f"found {', '.join(map(repr, columns[:5]))}" if columns else "it is empty"
        raise _Mistakes((line, f"the first line must name the columns, one of them domain; {found}"))
    mistakes = [(line, f"{column!r} is not a known column; use {_listed(COLUMNS)}") for column in unknown[:1]]
    mistakes.extend(
        (line, f"the column {name} is there twice; keep one")
        for name in {column for column in columns if columns.count(column) > 1}
    )
    if mistakes:
        raise _Mistakes(*mistakes)
    return columns


def _csv_item(
    cells: Sequence[str], columns: Sequence[str], line: int, mistakes: list[tuple[int, str]]
) -> dict[str, t.Any]:
    values = [cell.strip() for cell in cells]
    if len(values) < len(columns) or any(values[len(columns) :]):
        mistakes.append((line, f"has another number of columns ({len(values)}) than the first line ({len(columns)})"))
        return {}
    item: dict[str, t.Any] = {}
    for column, value in zip(columns, values):  # noqa: B905
        if column in _BOOL_COLUMNS and value and value.lower() not in _BOOLS:
            mistakes.append((line, f"{column}: {value!r} is not true or false"))
        elif value:
            item[column] = _BOOLS[value.lower()] if column in _BOOL_COLUMNS else value
    return item


# What they share ----------------------------------------------------------------------------------------------------

_PARSERS: dict[str, Callable[[str], list[Line]]] = {
    ".yml": _parse_yaml,
    ".yaml": _parse_yaml,
    ".json": _parse_json,
    ".csv": _parse_csv,
}
_NO_LIST = "a list of domains is expected; in YAML, each on a line of its own after a dash: - shop.example.com"
_NESTED = "a list inside the list; write each domain as an entry of its own"
_ONE_VALUE = "one value is expected, not a list or a dictionary"


def _nested(value: object) -> str | None:
    """Say what makes an entry anything but a name or a dictionary of single values."""
    if isinstance(value, (list, tuple)):
        return _NESTED
    if isinstance(value, dict):
        wrong = [str(key) for key, one in value.items() if isinstance(one, (list, tuple, dict))]
        return f"{wrong[0]}: {_ONE_VALUE}" if wrong else None
    return None


def _report(error: _Mistakes, source: str) -> str:
    return _shortened(
        f"{source}, line {line}: {wrong}" if line else f"{source}: {wrong}" for line, wrong in error.mistakes
    )


def _shortened(problems: Iterable[str]) -> str:
    lines = list(problems)
    more = [f"and {len(lines) - MAX_PROBLEMS} more"] if len(lines) > MAX_PROBLEMS else []
    return "\n".join([*lines[:MAX_PROBLEMS], *more])


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _kind(value: object) -> str:
    kinds = {dict: "a dictionary", bool: "true or false", int: "a number", float: "a number", type(None): "nothing"}
    return next((word for kind, word in kinds.items() if isinstance(value, kind)), type(value).__name__)
