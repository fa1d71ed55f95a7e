# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domain files and lists: what they mean, where each entry stands, and what is said of those that mean nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync import source
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.source import Item, read_file, read_items
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ITEMS = ["network.example", {"domain": "shop.example.com", "www": True, "redirection": "non-www"}]
CELL = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r\n"), max_size=12).map(str.strip)
BOM = "\ufeff"


def read(folder: Path, name: str, text: str | bytes) -> list[Item]:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_file(name, folder)


def values(items: list[Item]) -> list[Any]:
    return [item.value for item in items]


def problems(folder: Path, name: str, text: str | bytes) -> list[str]:
    with pytest.raises(UserError) as caught:
        read(folder, name, text)
    return str(caught.value).splitlines()


# What is read --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["domains.yml", "domains.yaml", "DOMAINS.YML", "domains.json"])
@pytest.mark.parametrize("start", ["", BOM])
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_list_is_taken_as_it_stands_also_under_the_key_domains(
    tmp_path: Path, name: str, start: str, wrapped: bool
) -> None:
    document = {"domains": ITEMS} if wrapped else ITEMS
    text = json.dumps(document, indent="\t") if name.endswith("json") else yaml.safe_dump(document)

    assert values(read(tmp_path, name, start + text)) == ITEMS


@pytest.mark.parametrize("name", ["domains.yml", "domains.json"])
def test_an_empty_list_is_a_list(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, name, "[]") == []


def test_each_entry_knows_its_line(tmp_path: Path) -> None:
    text = "# ours\ndomains:\n  - a.example\n\n  - domain: b.example\n    www: true\n  - c.example\n"

    assert [item.place for item in read(tmp_path, "d.yml", text)] == ["d.yml, line 3", "d.yml, line 5", "d.yml, line 7"]
    assert [item.place for item in read(tmp_path, "d.json", '[\n"a",\n\n{"domain":\n"b"}, "c"]')] == [
        "d.json, line 2",
        "d.json, line 4",
        "d.json, line 5",
    ]
    assert [item.place for item in read(tmp_path, "d.csv", 'sep=;\ndomain;type\n\na;alias\n"b\nb";\nc;\n')] == [
        "d.csv, line 4",
        "d.csv, line 5",
        "d.csv, line 7",
    ]


@given(st.lists(st.text(max_size=8) | st.dictionaries(st.sampled_from(source.COLUMNS), st.booleans() | st.text())))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_json_says_comes_back(tmp_path: Path, items: list[Any]) -> None:
    assert values(read(tmp_path, "d.json", json.dumps(items))) == items


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", BOM, "sep={}\r\n", BOM + '"sep={}"\r\n', "\n"])
@pytest.mark.parametrize("header", ["domain www redirection active", "Domain WWW Redirection ACTIVE"])
@pytest.mark.parametrize("trailing", [False, True])
def test_csv_is_read_as_spreadsheets_save_it(
    tmp_path: Path, separator: str, start: str, header: str, trailing: bool
) -> None:
    rows = [header.split(), ["network.example", "", "", "1"], ["s.example", "Yes", "www", "no"], ["", "", "", ""]]
    ending = separator if trailing else ""
    text = start.format(separator) + "".join(separator.join(row) + ending + "\r\n" for row in rows)

    assert values(read(tmp_path, "domains.csv", text)) == [
        {"domain": "network.example", "active": True},
        {"domain": "s.example", "www": True, "redirection": "www", "active": False},
    ]


@given(names=st.lists(CELL.filter(bool)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_cell_of_a_csv_comes_back(tmp_path: Path, names: list[str]) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    text = "\n".join(["domain,type", *(f"{cell},alias" for cell in quoted)])

    assert values(read(tmp_path, "d.csv", text)) == [{"domain": name, "type": "alias"} for name in names]


def test_a_relative_path_starts_at_the_folder_given_and_the_home_folder_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yml").write_text("[a.example]")
    monkeypatch.setenv("HOME", str(tmp_path))

    for path in ("a.yml", "~/a.yml", str(tmp_path / "a.yml")):
        assert read_file(path, tmp_path) == [Item("a.example", f"{path}, line 1")]


# What is refused -----------------------------------------------------------------------------------------------------

NO_LIST = "a list of domains is expected; in YAML, each on a line of its own after a dash: - shop.example.com"
ENDINGS = "the name must end in .yml, .yaml, .json or .csv, which says how it is written"
COLUMNS = "use name, domain, state, type, redirection, www, active, stage or blog_id"
FIRST_LINE = "the first line must name the columns, one of them domain"
TWICE = "www is given twice (first in line {}); keep one of the two"
NESTED = "one value is expected, not a list or a dictionary"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("d.txt", "a.example", [f"'d.txt': {ENDINGS}"]),
        ("d.yml", "", ["d.yml: the file is empty; write one domain a line, or [] if there are none"]),
        ("d.csv", " \n", ["d.csv: the file is empty; write one domain a line, or [] if there are none"]),
        ("d.yml", "# none\n", ["d.yml: holds only comments; write one domain a line, or [] if there are none"]),
        ("d.yml", "a.example\nb.example\n", [f"d.yml, line 1: {NO_LIST}"]),
        ("d.yml", "domains:\n", [f"d.yml, line 1: {NO_LIST}"]),
        ("d.yml", "domains: a.example", [f"d.yml, line 1: {NO_LIST}"]),
        ("d.json", '"a.example"', [f"d.json, line 1: {NO_LIST}"]),
        ("d.yml", "# x\na.example: b", [f"d.yml, line 2: {NO_LIST} (this is a dictionary with the key a.example)"]),
        (
            "d.yml",
            "domains: [a.example]\nowner: x\nnote: y\n",
            ["d.yml, line 2: owner: is not read; remove it", "d.yml, line 3: note: is not read; remove it"],
        ),
        ("d.json", '{"domains": [],\n"owner": 1}', ["d.json, line 2: owner: is not read; remove it"]),
        (
            "d.yml",
            "domains: []\ndomains: []\n",
            ["d.yml, line 2: domains is given twice (first in line 1); keep one of the two"],
        ),
        (
            "d.yml",
            "- domain: a.example\n  www: true\n  www: false\n- [b]\n- domain: c\n  www: [1]\n- ? {a: b}\n  : c\n",
            [
                f"d.yml, line 3: {TWICE.format(2)}",
                "d.yml, line 4: a list inside the list; write each domain as an entry of its own",
                f"d.yml, line 6: www: {NESTED}",
                f"d.yml, line 7: a list or dictionary as a key: {NESTED}",
            ],
        ),
        ("d.json", '[{"www": 1,\n"www": 2}]', [f"d.json, line 2: {TWICE.format(1)}"]),
        ("d.yml", "- &x {www: true}\n- <<: *x\n", [f"d.yml, line 2: <<: {NESTED}"]),
        ("d.yml", "- a\n- b: [\n", ["d.yml, line 3: not valid YAML: did not find expected node content"]),
        ("d.yml", "- a\n- 2026-99-99\n", ["d.yml, line 2: not valid YAML: month must be in 1..12; put it in quotes"]),
        ("d.yml", "- a\n- b\0c\n", ["d.yml, line 2: not valid YAML: control characters are not allowed"]),
        ("d.json", "[1,\n]", ["d.json, line 2: not valid JSON: Expecting value (column 1)"]),
        ("d.json", "[" * 100_000, ["d.json: not valid JSON: nested too deeply"]),
        ("d.csv", "a.example\nb", [f"d.csv, line 1: {FIRST_LINE}; found 'a.example'"]),
        ("d.csv", "sep=;\n", [f"d.csv, line 2: {FIRST_LINE}; it is empty"]),
        (
            "d.csv",
            "Domain;owner\na.example;x",
            [f"d.csv, line 1: 'owner' is not a known column; {COLUMNS}"],
        ),
        ("d.csv", "domain,WWW,www\na.example,1,1", ["d.csv, line 1: the column www is there twice; keep one"]),
        (
            "d.csv",
            "domain,www\na.example,maybe\n\nb.example\nc.example,true,x\n",
            [
                "d.csv, line 2: www: 'maybe' is not true or false",
                "d.csv, line 4: has another number of columns (1) than the first line (2)",
                "d.csv, line 5: has another number of columns (3) than the first line (2)",
            ],
        ),
        ("d.csv", 'domain\na\n"b.example', ["d.csv, line 3: not valid CSV: unexpected end of data"]),
        ("d.csv", b"domain\na\nb\xff\n", ["d.csv, line 3: is not UTF-8 text; save the file as UTF-8"]),
    ],
)  # fmt: skip
def test_each_mistake_is_told_once_with_file_and_line(
    tmp_path: Path, name: str, text: str | bytes, expected: list[str]
) -> None:
    assert problems(tmp_path, name, text) == expected


@pytest.mark.parametrize("text", ["[" * 5_000, "- " * 5_000 + "a", "{a: " * 5_000])
@pytest.mark.parametrize("by_c", [True, False])
def test_deeply_nested_yaml_is_a_plain_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, by_c: bool
) -> None:
    if not by_c:
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)

    [problem] = problems(tmp_path, "d.yml", text)

    assert "not valid YAML: " in problem
    assert len(problem) < 100


def test_many_mistakes_are_cut_to_a_bearable_number(tmp_path: Path) -> None:
    lines = problems(tmp_path, "d.csv", "domain,www\n" + "a.example,maybe\n" * 1000)

    assert (len(lines), lines[-1]) == (21, "and 980 more")


def test_a_yaml_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    levels = "".join(f"- &n{n} [{', '.join([f'*n{n - 1}'] * 10)}]\n" for n in range(1, 30))

    assert len(problems(tmp_path, "d.yml", f"- &n0 [a]\n{levels}")) == 21


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing.yml", "'missing.yml' cannot be read: No such file or directory (looked for '{}/missing.yml')"),
        ("folder.yml", "'folder.yml' cannot be read: Is a directory (looked for '{}/folder.yml')"),
        ("pipe.yml", "'pipe.yml' cannot be read: it is not a regular file (looked for '{}/pipe.yml')"),
        ("device.yml", "'device.yml' cannot be read: it is not a regular file (looked for '{}/device.yml')"),
        ("huge.yml", "'huge.yml' cannot be read: it is larger than 10 MB (looked for '{}/huge.yml')"),
        ("a\0b.yml", "'a\\x00b.yml' cannot be read: embedded null byte (looked for '{}/a\\x00b.yml')"),
        ("~nouser/a.yml", "~nouser/a.yml: there is no user 'nouser' with a home folder"),
    ],
)
def test_what_cannot_be_read_is_told_and_waited_for_by_no_one(tmp_path: Path, path: str, words: str) -> None:
    (tmp_path / "folder.yml").mkdir()
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "device.yml").symlink_to("/dev/zero")
    with (tmp_path / "huge.yml").open("wb") as file:
        file.truncate(20_000_000_000)

    with pytest.raises(UserError) as caught:
        read_file(path, tmp_path)
    assert str(caught.value) == words.format(tmp_path)


# Options -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        ["main.example", "a.example"],
        "main.example,a.example",
        "main.example, a.example",
        "main.example\na.example\n",
        "main.example;a.example",
        " main.example  a.example ",
        '["main.example", "a.example"]',
        "[main.example, a.example]",
        "- main.example\n- a.example\n",
        "domains:\n  - main.example\n  - a.example\n",
        '{"domains": ["main.example", "a.example"]}',
    ],
)
def test_a_list_may_come_as_a_text_which_is_all_that_surveys_give(value: object) -> None:
    assert read_items(value, "domain_sync_domains") == [
        Item("main.example", "domain_sync_domains, entry 1"),
        Item("a.example", "domain_sync_domains, entry 2"),
    ]


def test_entries_of_a_text_may_have_attributes() -> None:
    assert values(read_items('[{"domain": "a.example", "www": true}]', "domains")) == [
        {"domain": "a.example", "www": True}
    ]


@pytest.mark.parametrize("entry", [5, None, True, 1.5, {"domain": "a.example", "www": None}])
def test_entries_are_handed_on_as_they_are(entry: object) -> None:
    assert read_items([entry], "domains") == [Item(entry, "domains, entry 1")]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (" ", "domains: is empty; give the list of domains, or [] if there are none"),
        (None, "domains: a list of domains is expected, not nothing"),
        ({"a.example": {}}, "domains: a list of domains is expected, not a dictionary"),
        (True, "domains: a list of domains is expected, not true or false"),
        (5, "domains: a list of domains is expected, not a number"),
        ('["a.example"', "domains, line 2: not valid YAML: did not find expected ',' or ']'"),
        ('{"domain": "a.example"}', f"domains, line 1: {NO_LIST} (this is a dictionary with the key domain)"),
        (
            ["a.example", ["b.example"], {"domain": {"x": 1}}],
            "domains, entry 2: a list inside the list; write each domain as an entry of its own\n"
            f"domains, entry 3: domain: {NESTED}",
        ),
    ],
)
def test_what_is_not_a_list_is_refused_by_name(value: object, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_items(value, "domains")
    assert str(caught.value) == message
