# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a name is: normal form, validity, www pairs, wildcard cover. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import re
import secrets
import typing as t

from ._errors import UserError

MAX_NAME_LENGTH = 253
MAX_LABEL_LENGTH = 63
WWW = "www."
WILDCARD = "*."
# Reference 3.10: RunCloud's own test names are rows like any other, below this shared domain.
TEST_DOMAIN_SUFFIX = ".runcloud.link"

# What Ansible puts in place of a secret value.
MASKED = "********"

# What is often pasted in place of a host name, and what it is.
_LOOKALIKES = (
    (
        re.escape(MASKED),
        "was masked by Ansible, because a secret value is part of the name; use another secret, or pass the names by a "
        "way that is not masked",
    ),
    (r"\A\.?\Z", "the name is empty; give a host name like shop.example.com"),
    (r"\s", "a host name has no spaces; remove them"),
    ("://", "this is a URL; give the host name without scheme and path"),
    (r"[/\\?#]", "a host name has no path; give only the name in front of the first slash"),
    ("@", "this looks like an e-mail address or a login; give only the host name"),
    (":", "a host name has no port; remove the colon and what follows"),
    ("_", "a host name has no underscore, and no certificate is issued for one; remove it"),
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")
# A name in its normal form that has nothing to be said about it, as most are: reading ten thousand takes no time.
_ORDINARY = re.compile(
    r"(?:(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!xn--)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"
)
_GLOB = re.compile(r"[*?\[]")


class HostnameError(UserError):
    """A text that is not a host name; the message names the text, what is wrong with it and what to do."""


def normalise(name: str) -> str:
    """Give the one spelling by which names are compared: lower case, IDNA A-labels, no final dot.

    A wildcard is allowed as the whole first label (``*.example.com``). A label that is in its ASCII form already is
    taken as it is: what a registry once gave out (an emoji as ``xn--ls8h``) resolves and gets certificates, although
    IDNA 2008 would not make it today.

    :param name: as typed, blanks at its ends do not count; unicode is converted by IDNA 2008 after UTS 46 mapping.
    :raises HostnameError: the text is not a host name that a web application can serve.
    """
    text = str(name).strip()
    if len(text) <= MAX_NAME_LENGTH and _ORDINARY.match(text):
        return text
    _refuse_lookalikes(text)
    star = WILDCARD if text.startswith(WILDCARD) else ""
    bare = text.removeprefix(WILDCARD)
    if "*" in bare:
        raise HostnameError(
            f"{text!r}: a wildcard is allowed only as the whole first label, in front of a domain, like *.example.com"
        )
    bare = _to_ascii(bare.removesuffix("."), text)
    _check_ascii(bare, text)
    if len(star + bare) > MAX_NAME_LENGTH:
        raise HostnameError(f"{text!r}: longer than {MAX_NAME_LENGTH} characters; shorten it")
    return star + bare


def normalise_lenient(name: object) -> str:
    """Return the one spelling of a name that exists somewhere; of what is not a host name, the text in lower case."""
    text = str(name).strip()
    try:
        return normalise(text)
    except HostnameError:
        return text.lower().removesuffix(".")


def older_form(name: str) -> str:
    """Return a name in its ASCII form of IDNA 2003, as an emoji may be registered; as it is where it has none."""
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def is_readable(name: str) -> bool:
    """Say whether a name that already exists somewhere is a host name by these rules."""
    try:
        normalise(name)
    except HostnameError:
        return False
    return True


def is_wildcard(name: str) -> bool:
    """Say whether a normalised name is a wildcard."""
    return name.startswith(WILDCARD)


def asked_name(name: str) -> str:
    """Return the name to ask the world for: a wildcard stands for any label, so a random one is asked."""
    return f"{secrets.token_hex(8)[: MAX_NAME_LENGTH + 1 - len(name)]}{name[1:]}" if is_wildcard(name) else name


def can_have_www(name: str) -> bool:
    """Say whether a www variant of a normalised name makes sense: not of a wildcard, not of a www name."""
    return not name.startswith((WILDCARD, WWW))


def www_form(name: str) -> str:
    """Give the www variant of a normalised name."""
    return WWW + name


def served_names(name: str, www: bool | None) -> tuple[str, ...]:
    """List the host names that one domain of a web application serves (reference 3.1: ``www`` adds a variant)."""
    return (name, www_form(name)) if www else (name,)


def is_test_domain(name: str) -> bool:
    """Say whether a normalised name is one of RunCloud's own test domains (reference 3.10)."""
    return name.endswith(TEST_DOMAIN_SUFFIX)


def covered_by(name: str, certificate_names: t.Iterable[str]) -> bool:
    """Say whether one of the names covers a name: the same, or a wildcard for exactly one label (RFC 6125)."""
    names = certificate_names if isinstance(certificate_names, (set, frozenset, dict)) else set(certificate_names)
    if name in names:
        return True
    parent = name.partition(".")[2]
    return bool(parent) and WILDCARD + parent in names


def is_below(name: str, domain: str) -> bool:
    """Say whether a normalised name is the domain itself or lies below it; a wildcard counts as its domain."""
    bare = name.removeprefix(WILDCARD)
    return bare == domain or bare.endswith("." + domain)


def read_pattern(text: object) -> str:
    """Read a protective entry: a name, or a pattern with ``*``, ``?`` or ``[...]``, by the same rule as names.

    :returns: the pattern as ``matching_pattern`` compares it: lower case, IDNA A-labels.
    :raises HostnameError: it cannot be read, so that it would protect nothing.
    """
    given = str(text).strip() if isinstance(text, str) else ""
    if not given:
        raise HostnameError(f"{text!r}: is not a name or pattern; give one like shop.example.com or *.example.com")
    if re.search(r"\s", given):
        raise HostnameError(f"{text!r}: holds a blank, so it would match nothing; give one name or pattern an entry")
    if re.search(r"[/\\@:,;%\"'{}|<>]", given):
        raise HostnameError(
            f"{text!r}: is not a name or pattern; give the host name without scheme, port and path, one name an entry"
        )
    if not _GLOB.search(given):
        # An underscore is in no host name, but may be in what is attached; letters have one ASCII form or none.
        return normalise_lenient(given) if given.isascii() else normalise(given)
    labels = re.split(r"[.\u3002\uff0e\uff61](?![^\[]*\])", given.removesuffix("."))
    return ".".join(_to_ascii(label, given) for label in labels)


def matching_pattern(name: str, patterns: t.Iterable[str]) -> str | None:
    """Return the first pattern, as ``read_pattern`` gives it, that a name in its lenient spelling matches."""
    return next((pattern for pattern in patterns if fnmatch.fnmatchcase(name, pattern)), None)


def _refuse_lookalikes(text: str) -> None:
    """Refuse what is often pasted in place of a host name, with words that say what it is."""
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        complaint = next((words for pattern, words in _LOOKALIKES if re.search(pattern, text)), "")
    else:
        complaint = "this is an address; give the host name that points to it"
    if complaint:
        raise HostnameError(f"{text!r}: {complaint}")


def _to_ascii(bare: str, text: str) -> str:
    """Convert a name or a label of a pattern to lower-case A-labels."""
    if bare.isascii():
        return bare.lower()
    if _GLOB.search(bare):
        # A glob inside an international label cannot be compared with its ASCII form.
        raise HostnameError(
            f"{text!r}: the part {bare!r} mixes a pattern with international letters; write it in ASCII (xn--...)"
        )
    try:
        import idna
    except ImportError as exc:
        raise HostnameError(
            f"{text!r}: names with other than ASCII letters need the Python library idna; install it"
        ) from exc
    try:
        labels = idna.uts46_remap(bare, std3_rules=True, transitional=False).removesuffix(".").split(".")
        return ".".join(label if label.isascii() else idna.alabel(label).decode("ascii") for label in labels)
    except (idna.IDNAError, UnicodeError) as exc:
        raise HostnameError(
            f"{text!r}: not allowed in international domain names (IDNA 2008): {exc}; correct it, or give a name that "
            "is registered all the same in its ASCII form (xn--...)"
        ) from exc


def _check_ascii(bare: str, text: str) -> None:
    """Check the labels of a lower-case ASCII name."""
    labels = bare.split(".")
    for label in labels:
        if not label:
            raise HostnameError(f"{text!r}: two dots follow each other, or the name begins with one; remove it")
        if len(label) > MAX_LABEL_LENGTH:
            raise HostnameError(
                f"{text!r}: the part {label!r} is longer than {MAX_LABEL_LENGTH} characters; shorten it"
            )
        if not _LABEL.match(label):
            raise HostnameError(
                f"{text!r}: the part {label!r} may hold only letters, digits and hyphens, and no hyphen at its ends; "
                "correct it"
            )
    if len(labels) < 2:
        raise HostnameError(f"{text!r}: a single label is no domain that can be mapped; give a full name")
    if labels[-1].isdigit():
        raise HostnameError(f"{text!r}: the last part of a host name is never a number; give a full name")
