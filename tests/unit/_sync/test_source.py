# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domain files: what their text means, and what is said of those that mean nothing."""

from __future__ import annotations

import json

import pytest
import yaml
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.source import parse_domain_file
from hypothesis import given
from hypothesis import strategies as st

ITEMS = ["network.example", {"domain": "shop.example.com", "www": True, "redirection": "non-www"}]
CELL = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=12).map(str.strip)


@pytest.mark.parametrize("name", ["domains.yml", "domains.yaml", "DOMAINS.YML"])
def test_yaml_is_taken_as_it_stands(name: str) -> None:
    assert parse_domain_file(yaml.safe_dump(ITEMS), name) == ITEMS


def test_json_is_taken_as_it_stands() -> None:
    assert parse_domain_file(json.dumps(ITEMS), "domains.json") == ITEMS


@pytest.mark.parametrize("name", ["d.yml", "d.json"])
def test_a_list_may_stand_under_the_key_domains(name: str) -> None:
    assert parse_domain_file(json.dumps({"domains": ITEMS}), name) == ITEMS


def test_an_empty_list_is_a_list() -> None:
    assert parse_domain_file("[]", "domains.yml") == []


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_columns_become_keys_and_empty_cells_say_nothing(separator: str) -> None:
    rows = [
        ["domain", "www", "redirection", "active"],
        ["network.example", "", "", "1"],
        ["s.example", "Yes", "www", "no"],
    ]
    text = "\n".join(separator.join(row) for row in rows)
    assert parse_domain_file(text, "domains.csv") == [
        {"domain": "network.example", "active": True},
        {"domain": "s.example", "www": True, "redirection": "www", "active": False},
    ]


def test_csv_as_a_spreadsheet_saves_it() -> None:
    text = '\ufeffname,www\r\n"a.example","true"\r\n,\r\n b.example , \r\n'
    assert parse_domain_file(text, "domains.csv") == [{"name": "a.example", "www": True}, {"name": "b.example"}]


@given(names=st.lists(CELL.filter(bool)))
def test_every_cell_of_a_csv_comes_back(names: list[str]) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    text = "\n".join(["domain,type", *(f"{cell},alias" for cell in quoted)])
    assert parse_domain_file(text, "d.csv") == [{"domain": name, "type": "alias"} for name in names]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("domains.txt", "a.example", ["must end in", ".yml", ".csv"]),
        ("domains.yml", "", ["empty"]),
        ("domains.csv", " \n", ["empty"]),
        ("domains.yml", "- a: [", ["not YAML", "line"]),
        ("domains.json", "[", ["not JSON"]),
        ("domains.yml", "a.example", ["a list of domains is wanted", "str"]),
        ("domains.yml", "domains: a.example", ["a list of domains is wanted", "str"]),
        ("domains.yml", "sites: [a.example]", ["key domains", "dict"]),
        ("domains.csv", "a.example\nb.example", ["name the columns", "a.example"]),
        ("domains.csv", "domain,owner\na.example,x", ["unknown column owner", "redirection"]),
        ("domains.csv", "domain,www\na.example", ["line 2", "number of columns"]),
        ("domains.csv", "domain,www\na.example,true,x", ["line 2", "number of columns"]),
        ("domains.csv", "domain,www\na.example,maybe", ["line 2", "www", "'maybe'"]),
        ("domains.csv", 'domain\n"a.example', ["not CSV", "line 1"]),
    ],
)
def test_what_is_no_domain_file_is_refused_with_what_is_wrong(name: str, text: str, words: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        parse_domain_file(text, name)
    for word in words:
        assert word in str(caught.value)
