# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be asked for, and what is refused before anything is done."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._domains.desired import DesiredDomain, parse_desired
from ansible_collections.multisite.runcloud.plugins.module_utils._errors import UserError


def complaint(items: list[Any], option: str = "domains") -> str:
    with pytest.raises(UserError) as caught:
        parse_desired(items, option)
    return str(caught.value)


def test_an_item_is_a_name_or_says_more() -> None:
    assert parse_desired(
        [
            "A.example.",
            {"name": "b.example", "www": True, "redirection": "non-www", "type": "redirect"},
            {"domain": "c.example", "state": "absent"},
            {"name": "d.example", "www": None, "type": None, "redirection": None, "state": None, "domain": None},
            {"name": "*.e.example", "www": False},
        ]
    ) == [
        DesiredDomain("a.example"),
        DesiredDomain("b.example", "present", "redirect", True, "non-www"),
        DesiredDomain("c.example", "absent"),
        DesiredDomain("d.example"),
        DesiredDomain("*.e.example", www=False),
    ]


def test_the_same_name_with_the_same_attributes_counts_once() -> None:
    assert parse_desired(["b.example", "a.example", "A.EXAMPLE.", {"domain": "a.example"}]) == [
        DesiredDomain("b.example"),
        DesiredDomain("a.example"),
    ]


@pytest.mark.parametrize("other", [{"www": True}, {"state": "absent"}, {"type": "alias"}, {"redirection": "none"}])
def test_the_same_name_with_other_attributes_is_an_error(other: dict[str, Any]) -> None:
    assert complaint(["x.example", "a.example", {"name": "A.example", **other}]) == (
        "domains[2]: a.example is asked for with other attributes than in domains[1]; keep one of the two"
    )


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (5, "5 is neither a name nor a dict of attributes; give one of the two"),
        (None, "None is neither a name nor a dict of attributes; give one of the two"),
        (["a.example"], "['a.example'] is neither a name nor a dict of attributes; give one of the two"),
        (True, "True is neither a name nor a dict of attributes; give one of the two"),
        ({}, "{} has no name; give name: shop.example.com"),
        ({"www": True}, "{'www': True} has no name; give name: shop.example.com"),
        (
            {"name": "a.example", "domain": "a.example"},
            "{'name': 'a.example', 'domain': 'a.example'} has both name and domain; give name: shop.example.com",
        ),
        ({"name": 5}, "5 is not text; give a host name like shop.example.com (in quotes)"),
        ({"name": "a b"}, "'a b': a host name has no spaces; remove them"),
        (
            {"name": "a.example", "ssl": True, "wwww": 1},
            "unknown key ssl, wwww; use only name, domain, state, type, redirection, www",
        ),
        ({"name": "a.example", 5: 1}, "unknown key 5; use only name, domain, state, type, redirection, www"),
        ({"name": "a.example", "state": "gone"}, "state: 'gone' is not one of present, absent"),
        (
            {"name": "a.example", "type": "Alias"},
            "type: 'Alias' is not one of alias, primary, redirect",
        ),
        ({"name": "a.example", "type": 1}, "type: 1 is not one of alias, primary, redirect"),
        (
            {"name": "a.example", "redirection": True},
            "redirection: True is not one of none, www, non-www",
        ),
        (
            {"name": "a.example", "www": "yes"},
            "www: 'yes' is not true or false",
        ),
        ({"name": "a.example", "www": 1}, "www: 1 is not true or false"),
        (
            {"name": "www.a.example", "www": True},
            "www: www.a.example already begins with www.; leave www out or set it to false",
        ),
        ({"name": "*.a.example", "www": True}, "www: *.a.example is a wildcard; leave www out or set it to false"),
    ],
)
def test_a_wrong_item_is_named_with_its_place(item: Any, message: str) -> None:
    assert complaint(["first.example", item]) == f"domains[1]: {message}"
    assert complaint([item], "somewhere") == f"somewhere[0]: {message}"


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert complaint(["a b", "ok.example", 5]) == (
        "domains[0]: 'a b': a host name has no spaces; remove them; "
        "domains[2]: 5 is neither a name nor a dict of attributes; give one of the two"
    )


def test_a_message_has_an_end() -> None:
    message = complaint([f"a b{number}" for number in range(30)])
    assert message.count("no spaces") == 10
    assert message.endswith("; and 20 more")


def test_there_is_one_primary_domain() -> None:
    two = [{"name": "a.example", "type": "primary"}, {"name": "b.example", "type": "primary"}]
    assert complaint(two) == (
        "domains: type: a.example and b.example cannot all be primary, because an application has one primary domain; "
        "keep one of them"
    )
    two[1]["state"] = "absent"
    assert len(parse_desired(two)) == 2


def test_a_name_and_its_www_are_not_asked_for_twice() -> None:
    both = [{"name": "a.example", "www": True}, "www.a.example"]
    message = (
        "domains: www: www.a.example would be served twice, by itself and as www of a.example; take www.a.example "
        "out of the list (state: absent where it is attached), or set www: false on a.example"
    )
    assert complaint(both) == message
    assert complaint(both[::-1]) == message
    assert len(parse_desired([{"name": "a.example", "www": True}, {"name": "www.a.example", "state": "absent"}])) == 2
    assert len(parse_desired([{"name": "a.example", "www": False}, "www.a.example"])) == 2
