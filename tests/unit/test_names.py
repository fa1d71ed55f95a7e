# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a name is: every spelling of it, and everything that only looks like one."""

# ruff: noqa: RUF001 - letters that look like others are what this is about

from __future__ import annotations

import string
import sys

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils import _names as _hostnames
from ansible_collections.multisite.runcloud.plugins.module_utils._names import (
    MAX_NAME_LENGTH,
    HostnameError,
    asked_name,
    normalise,
    normalise_lenient,
    read_pattern,
)
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

LONGEST_LABEL = "a" * 63
LONGEST_NAME = ".".join([LONGEST_LABEL] * 3 + ["a" * 61])

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True).filter(lambda label: "--" not in label)
ASCII_NAMES = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(LABELS, min_size=1, max_size=4),
    st.from_regex(r"[a-z]{2,8}", fullmatch=True),
)
LETTERS = st.sampled_from("abzäöüßéñçşığłøåœαβγςжйюא中文日本ไทย한국")
UNICODE_NAMES = st.builds(lambda label, top: f"{label}.{top}", st.text(LETTERS, min_size=1, max_size=12), LABELS)
NAMES = st.builds(lambda star, name: star + name, st.sampled_from(["", "", "*."]), ASCII_NAMES | UNICODE_NAMES)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("shop.example.com", "shop.example.com"),
        ("SHOP.Example.COM.", "shop.example.com"),
        ("*.Example.com", "*.example.com"),
        ("www.example.com", "www.example.com"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("MÜNCHEN.example.", "xn--mnchen-3ya.example"),
        ("*.münchen.example", "*.xn--mnchen-3ya.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("ｓｈｏｐ．ｅｘａｍｐｌｅ", "shop.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        (" shop.example.com", "shop.example.com"),
        ("shop.example.com\n", "shop.example.com"),
        # Emoji names were registered before IDNA 2008: they resolve and get certificates.
        ("xn--ls8h.example", "xn--ls8h.example"),
        ("XN--LS8H.example", "xn--ls8h.example"),
        ("xn--zzzz.example.com", "xn--zzzz.example.com"),
        ("a.b", "a.b"),
        ("1.example", "1.example"),
        ("r3---sn.example", "r3---sn.example"),
        (f"{LONGEST_LABEL}.example", f"{LONGEST_LABEL}.example"),
        (LONGEST_NAME, LONGEST_NAME),
    ],
)
def test_every_spelling_has_one_normal_form(typed: str, name: str) -> None:
    assert normalise(typed) == name


@pytest.mark.parametrize(
    ("typed", "complaint", "advice"),
    [
        ("", "the name is empty", "give a host name"),
        (".", "the name is empty", "give a host name"),
        ("shop example.com", "no spaces", "remove them"),
        ("********.example", "was masked by Ansible", "use another secret"),
        ("shop.********", "was masked by Ansible", "use another secret"),
        ("https://shop.example.com", "this is a URL", "without scheme and path"),
        ("shop.example.com/", "no path", "in front of the first slash"),
        ("shop.example.com/cart", "no path", "in front of the first slash"),
        ("shop.example.com?x=1", "no path", "in front of the first slash"),
        ("shop.example.com#x", "no path", "in front of the first slash"),
        ("shop\\example.com", "no path", "in front of the first slash"),
        ("me@example.com", "e-mail address", "give only the host name"),
        ("shop.example.com:443", "no port", "remove the colon"),
        ("_dmarc.example.com", "no underscore", "remove it"),
        ("192.0.2.1", "this is an address", "give the host name that points to it"),
        ("2001:db8::1", "this is an address", "give the host name that points to it"),
        ("[2001:db8::1]", "this is an address", "give the host name that points to it"),
        ("*.192.0.2.1", "never a number", "give a full name"),
        ("１.２.３.４", "never a number", "give a full name"),
        ("example.123", "never a number", "give a full name"),
        ("localhost", "a single label", "give a full name"),
        ("com", "a single label", "give a full name"),
        ("com.", "a single label", "give a full name"),
        ("*.com", "a single label", "give a full name"),
        ("*", "only as the whole first label", "like *.example.com"),
        ("*.", "two dots", "remove it"),
        ("a.*.b.example", "only as the whole first label", "like *.example.com"),
        ("*.*.example", "only as the whole first label", "like *.example.com"),
        ("shop*.example", "only as the whole first label", "like *.example.com"),
        ("shop..example", "two dots follow", "remove it"),
        (".example.com", "two dots follow", "remove it"),
        ("example.com..", "two dots follow", "remove it"),
        ("-shop.example", "only letters, digits and hyphens", "correct it"),
        ("shop-.example", "only letters, digits and hyphens", "correct it"),
        ("shop!.example", "only letters, digits and hyphens", "correct it"),
        ("shop\0.example", "only letters, digits and hyphens", "correct it"),
        (f"{LONGEST_LABEL}a.example", "longer than 63", "shorten it"),
        (f"{LONGEST_NAME}a", "longer than 253", "shorten it"),
        (f"*.{LONGEST_NAME}", "longer than 253", "shorten it"),
        ("\U0001f4a9.example", "IDNA 2008", "correct it"),
        ("xn--.example", "only letters, digits and hyphens", "correct it"),
        ("♥.example", "IDNA 2008", "correct it"),
        ("a\u200db.example", "IDNA 2008", "correct it"),
        ("א1a.example", "IDNA 2008", "correct it"),
        ("\ud800.example", "IDNA 2008", "correct it"),
        (f"{'ä' * 63}.example", "IDNA 2008", "correct it"),
    ],
)
def test_what_is_no_name_is_refused_with_words_on_what_to_do(typed: str, complaint: str, advice: str) -> None:
    with pytest.raises(HostnameError) as caught:
        normalise(typed)
    message = str(caught.value)
    assert message.startswith(f"{typed!r}: ")
    assert complaint in message
    assert advice in message


def test_other_letters_need_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "idna", None)  # type: ignore[arg-type]
    assert normalise("Shop.Example.") == "shop.example"
    assert normalise("xn--mnchen-3ya.example") == "xn--mnchen-3ya.example"
    with pytest.raises(HostnameError, match="need the Python library idna; install it"):
        normalise("münchen.example")


@settings(max_examples=500, deadline=None)
@given(NAMES)
@example("*.ẞ.example")
def test_normalising_again_changes_nothing(typed: str) -> None:
    try:
        name = normalise(typed)
    except HostnameError:
        assume(False)
    assert normalise(name) == name
    assert normalise_lenient(name) == name
    assert name.isascii()
    assert name == name.lower()
    assert len(name) <= _hostnames.MAX_NAME_LENGTH


@pytest.mark.parametrize("name", ["a.example", "a-1.b.example", "1.2.3.4.example", f"{'a' * 63}.example"])
def test_most_names_are_read_at_a_glance(name: str) -> None:
    assert _hostnames._ORDINARY.match(name)
    # A final dot takes the long way to the same answer.
    assert normalise(name) == normalise(f"{name}.") == name


@pytest.mark.parametrize("name", ["1.2.3.4", "a.b.1", "a", "-a.example", "a-.example", "xn--a.example", "a_b.example"])
def test_others_are_looked_at(name: str) -> None:
    assert not _hostnames._ORDINARY.match(name)


@settings(max_examples=300, deadline=None)
@given(ASCII_NAMES, st.randoms(use_true_random=False))
def test_case_and_a_final_dot_make_no_difference(name: str, random: object) -> None:
    shuffled = "".join(random.choice([letter, letter.upper()]) for letter in name)  # type: ignore[attr-defined]
    assert normalise(shuffled) == normalise(f"{shuffled}.") == normalise_lenient(f"{shuffled}.") == name


@settings(max_examples=500, deadline=None)
@given(st.text() | st.text(string.printable))
def test_any_text_is_a_name_or_an_error_that_shows_it(text: str) -> None:
    try:
        name = normalise(text)
    except HostnameError as exc:
        message = str(exc)
        assert repr(text.strip()) in message
        assert normalise_lenient(text) == text.strip().lower().removesuffix(".")
    else:
        assert _hostnames.is_wildcard(name) == text.strip().startswith("*.")


# ---------------------------------------------------------------------- relations between names


def test_www_belongs_to_plain_names_only() -> None:
    assert _hostnames.can_have_www("shop.example")
    assert not _hostnames.can_have_www("www.shop.example")
    assert not _hostnames.can_have_www("*.shop.example")
    assert _hostnames.www_form("shop.example") == "www.shop.example"
    assert _hostnames.can_have_www("wwwshop.example")


def test_a_domain_serves_its_www_only_when_told() -> None:
    assert _hostnames.served_names("shop.example", True) == ("shop.example", "www.shop.example")
    assert _hostnames.served_names("shop.example", False) == ("shop.example",)
    assert _hostnames.served_names("shop.example", None) == ("shop.example",)


def test_runclouds_own_names_are_known() -> None:
    assert _hostnames.is_test_domain("blockter.bdiakcml8h-e92498n216kr.p.runcloud.link")
    assert not _hostnames.is_test_domain("runcloud.link.example")
    assert not _hostnames.is_test_domain("myruncloud.link")


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("a.example", True),
        ("b.w.example", True),
        ("w.example", False),
        ("c.b.w.example", False),
        ("*.w.example", True),
        ("*.b.w.example", False),
        ("*.a.example", False),
        ("other.example", False),
        ("single", False),
    ],
)
@pytest.mark.parametrize("kind", [list, tuple, set, frozenset, dict.fromkeys, iter])
def test_a_wildcard_covers_exactly_one_label(name: str, covered: bool, kind: type) -> None:
    assert _hostnames.covered_by(name, kind(["a.example", "*.w.example"])) is covered


@pytest.mark.parametrize(
    ("name", "below"),
    [
        ("example.com", True),
        ("a.b.example.com", True),
        ("*.example.com", True),
        ("notexample.com", False),
        ("com", False),
    ],
)
def test_what_lies_below_a_domain(name: str, below: bool) -> None:
    assert _hostnames.is_below(name, "example.com") is below


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ([], None),
        (["other.example"], None),
        (["shop.*", "*"], "shop.*"),
        (["sho?.example"], "sho?.example"),
        (["[rs]hop.example"], "[rs]hop.example"),
        (["example"], None),
    ],
)
def test_patterns_are_those_of_the_shell_and_names_are_compared_as_names(
    patterns: list[str], found: str | None
) -> None:
    assert _hostnames.matching_pattern("shop.example", patterns) == found


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("SHOP.Example.", "shop.example"),
        (" shop.example\n", "shop.example"),
        ("*.EXAMPLE", "shop.example"),
        ("*.example.", "shop.example"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("*.bücher.example", "a.xn--bcher-kva.example"),
        ("*.BÜCHER.example", "a.xn--bcher-kva.example"),
        ("*.xn--bcher-kva.example.", "a.xn--bcher-kva.example"),
        (" *.bücher.example", "a.xn--bcher-kva.example"),
        ("*。bücher。example", "a.xn--bcher-kva.example"),
        ("*.shop.example", "*.shop.example"),
        ("my_shop.example", "my_shop.example"),
        ("my_*.example", "my_shop.example"),
        ("[rs.]hop.EXAMPLE", "shop.example"),
        ("xn--ls8h.example", "xn--ls8h.example"),
    ],
)
def test_a_protective_entry_protects_however_it_is_spelled(typed: str, name: str) -> None:
    pattern = read_pattern(typed)
    assert _hostnames.matching_pattern(name, ["other.example", pattern]) == pattern
    assert read_pattern(pattern) == pattern


@pytest.mark.parametrize("entry", ["", "  ", None, 5, ["a.example"]])
def test_a_protective_entry_that_is_not_a_text_is_refused(entry: object) -> None:
    with pytest.raises(HostnameError, match="is not a name or pattern"):
        read_pattern(entry)


@pytest.mark.parametrize(
    "entry",
    [
        "https://shop.example",
        "shop.example/cart",
        "*.shop.example:443",
        "a@b.example",
        "not a name",
        "* .b",
        "bü*.example",
        "\U0001f4a9.example",
        "*.\U0001f4a9.example",
        "a\n*.example",
    ],
)
def test_a_protective_entry_that_would_protect_nothing_is_refused(entry: str) -> None:
    with pytest.raises(HostnameError) as caught:
        read_pattern(entry)
    assert repr(entry) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        (" Shop.Example. ", "shop.example"),
        ("My_Shop.Example", "my_shop.example"),
        ("faß_.example", "faß_.example"),
        ("MÜLLER.example", "xn--mller-kva.example"),
        (7, "7"),
    ],
)
def test_whatever_exists_has_one_spelling(name: object, spelling: str) -> None:
    assert normalise_lenient(name) == spelling
    assert _hostnames.is_readable(spelling) is (spelling == "shop.example" or spelling.startswith("xn--"))


@pytest.mark.parametrize("entry", ["*.b%C3%BCcher.example", '"*.example"', "*.a.example,b.example", "{a,b}.example"])
def test_a_protective_entry_that_could_match_nothing_is_refused(entry: str) -> None:
    with pytest.raises(HostnameError, match="is not a name or pattern"):
        read_pattern(entry)


def test_a_long_wildcard_is_asked_for_by_a_name_that_is_not_too_long() -> None:
    wildcard = normalise("*." + ".".join(["a" * 61] * 4) + ".ab")
    assert len(wildcard) <= MAX_NAME_LENGTH
    asked = asked_name(wildcard)
    assert len(asked) <= MAX_NAME_LENGTH
    assert asked.endswith(wildcard[1:])
    assert not asked.startswith("*")
