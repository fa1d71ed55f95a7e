# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a name is: normal form, validity, www pairs, wildcard cover. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import fnmatch
import functools
import ipaddress
import re
import traceback
import typing as t

try:
    import idna

    HAS_IDNA = True
    IDNA_IMPORT_ERROR: str | None = None
except ImportError:
    HAS_IDNA = False
    IDNA_IMPORT_ERROR = traceback.format_exc()

MAX_NAME_LENGTH = 253
MAX_LABEL_LENGTH = 63
WWW = "www."
WILDCARD = "*."
# Reference 3.10: RunCloud's own test names are rows like any other, below this shared domain.
TEST_DOMAIN_SUFFIX = ".runcloud.link"

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")
_GLOB_CHARACTERS = frozenset("*?[")


class HostnameError(ValueError):
    """A text that is no host name; the message names the text, what is wrong with it and what to do."""


def normalise(name: str) -> str:
    """Give the one spelling by which names are compared: lower case, IDNA A-labels, no final dot.

    A wildcard is allowed as the whole first label (``*.example.com``).

    :param name: the name as somebody typed it; unicode is converted by IDNA 2008 after UTS 46 mapping.
    :returns: the normal form.
    :raises HostnameError: where the text is no host name that a web application can serve.
    """
    text = str(name)
    _refuse_lookalikes(text)
    bare = text[len(WILDCARD) :] if text.startswith(WILDCARD) else text
    if "*" in bare:
        raise HostnameError(
            f"{text!r}: a wildcard is allowed only as the whole first label, in front of a domain, like *.example.com"
        )
    bare = _to_ascii(bare.removesuffix("."), text)
    _check_ascii(bare, text)
    result = WILDCARD + bare if text.startswith(WILDCARD) else bare
    if len(result) > MAX_NAME_LENGTH:
        raise HostnameError(f"{text!r}: longer than {MAX_NAME_LENGTH} characters; shorten it")
    return result


def comparable(name: str) -> str:
    """Give the normal form of a name that already exists somewhere, whatever it looks like.

    :param name: a name as an API or a database has it.
    :returns: ``normalise(name)``, or the lower-case text without final dot where it is no valid host name.
    """
    try:
        return normalise(name)
    except HostnameError:
        return str(name).lower().removesuffix(".")


def is_wildcard(name: str) -> bool:
    """Say whether a normalised name is a wildcard."""
    return name.startswith(WILDCARD)


def is_www(name: str) -> bool:
    """Say whether a normalised name begins with ``www.``."""
    return name.startswith(WWW)


def can_have_www(name: str) -> bool:
    """Say whether a www variant of a normalised name makes sense: not of a wildcard, not of a www name."""
    return not is_wildcard(name) and not is_www(name)


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
    """Say whether one of the names covers a name: the same, or a wildcard for exactly one label (RFC 6125).

    :param name: a normalised name; a wildcard is covered only by the same wildcard.
    :param certificate_names: names of a certificate or of attached domains, normalised.
    """
    names = certificate_names if isinstance(certificate_names, (set, frozenset, dict)) else set(certificate_names)
    if name in names:
        return True
    parent = name.partition(".")[2]
    return bool(parent) and WILDCARD + parent in names


def is_below(name: str, domain: str) -> bool:
    """Say whether a normalised name is the domain itself or lies below it; a wildcard counts as its domain."""
    bare = name.removeprefix(WILDCARD)
    return bare == domain or bare.endswith("." + domain)


def matching_pattern(name: str, patterns: t.Iterable[str]) -> str | None:
    """Give the first fnmatch pattern that a normalised name matches.

    :param name: a normalised name.
    :param patterns: shell patterns (``*``, ``?``, ``[...]``); one without such characters is compared as a name.
    :returns: the pattern as it was given, or None.
    """
    for pattern in patterns:
        if fnmatch.fnmatchcase(name, _comparable_pattern(pattern)):
            return pattern
    return None


@functools.lru_cache(maxsize=1024)
def _comparable_pattern(pattern: str) -> str:
    return pattern.lower() if _GLOB_CHARACTERS & set(pattern) else comparable(pattern)


def _refuse_lookalikes(text: str) -> None:
    """Refuse what is often pasted in place of a host name, with words that say what it is."""
    if not text or text == ".":
        raise HostnameError(f"{text!r}: the name is empty; give a host name like shop.example.com")
    if any(character.isspace() for character in text):
        raise HostnameError(f"{text!r}: a host name has no spaces; remove them")
    if "://" in text:
        raise HostnameError(f"{text!r}: this is a URL; give the host name without scheme and path")
    if "/" in text or "\\" in text or "?" in text or "#" in text:
        raise HostnameError(f"{text!r}: a host name has no path; give only the name in front of the first slash")
    if "@" in text:
        raise HostnameError(f"{text!r}: this looks like an e-mail address or a login; give only the host name")
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        pass
    else:
        raise HostnameError(f"{text!r}: this is an address; give the host name that points to it")
    if ":" in text:
        raise HostnameError(f"{text!r}: a host name has no port; remove the colon and what follows")
    if "_" in text:
        raise HostnameError(f"{text!r}: a host name has no underscore, and no certificate is issued for one; remove it")


def _to_ascii(bare: str, text: str) -> str:
    """Convert to lower-case A-labels."""
    if bare.isascii():
        return bare.lower()
    if not HAS_IDNA:
        raise HostnameError(f"{text!r}: names with other than ASCII letters need the Python library idna; install it")
    try:
        mapped = idna.uts46_remap(bare, std3_rules=True, transitional=False)
        return ".".join(
            label if label.isascii() else idna.alabel(label).decode("ascii") for label in mapped.split(".")
        ).removesuffix(".")
    except (idna.IDNAError, UnicodeError) as exc:
        raise HostnameError(
            f"{text!r}: not allowed in international domain names (IDNA 2008): {exc}; correct it"
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
        if label.startswith("xn--") and HAS_IDNA:
            try:
                idna.ulabel(label)
            except (idna.IDNAError, UnicodeError) as exc:
                raise HostnameError(f"{text!r}: the part {label!r} is no valid IDNA label ({exc}); correct it") from exc
    if len(labels) < 2:
        raise HostnameError(f"{text!r}: a single label is no domain that can be mapped; give a full name")
    if labels[-1].isdigit():
        raise HostnameError(f"{text!r}: the last part of a host name is never a number; give a full name")
