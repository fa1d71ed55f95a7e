# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks DNS whether Let's Encrypt may issue a certificate for a name: CAA records (RFC 8659).

PRIVATE to the collection: may change without notice.

In basic mode one name whose CAA record forbids it fails the certificate order for all names (reference 4.8).
"""

from __future__ import annotations

import asyncio
import typing as t
from dataclasses import dataclass

from .._names import WILDCARD, is_wildcard
from .._outcome import no_progress
from .dns import open_resolver

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType

    from .._outcome import Progress
    from .resolver import Resolver

AUTHORITY = "letsencrypt.org"
CRITICAL = 128
KNOWN_TAGS = frozenset({"issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"})


@dataclass(frozen=True)
class CaaReport:
    """What the CAA records say; a name in neither may have its certificate.

    :param forbidden: name -> why Let's Encrypt issues no certificate for it, as the end of a sentence about it.
    :param unknown: name -> why that could not be found out.
    """

    forbidden: dict[str, str]
    unknown: dict[str, str]


@dataclass(frozen=True)
class CaaRecord:
    """One record: what ``tag`` is allowed to whom."""

    flags: int
    tag: str
    value: str


@dataclass(frozen=True)
class Relevant:
    """The records that decide for a name and stand at ``owner``, it or a parent; or why they could not be read.

    :param servfail: the authority answers SERVFAIL; Let's Encrypt then refuses (RFC 8659, section 6).
    """

    owner: str
    records: tuple[CaaRecord, ...] = ()
    unknown: str = ""
    servfail: bool = False


def check_caa(
    names: Iterable[str],
    *,
    nameservers: Iterable[str] = (),
    timeout: float = 5.0,
    method: str = "http-01",
    progress: Progress = no_progress,
    option_prefix: str = "",
) -> CaaReport:
    """Find out for which names Let's Encrypt may issue no certificate.

    Each name and each parent is asked for once, however many names share it.

    :param names: host names in their normal form.
    :param method: how Let's Encrypt will check the names, ``http-01`` or ``dns-01``.
    :raises UserError: a value is not what it must be, or no nameserver is known.
    :raises MissingLibrary: dnspython is missing.
    """
    wanted = list(dict.fromkeys(names))
    resolver, library = open_resolver(nameservers, timeout, option_prefix)
    tree = _Tree(resolver, library)
    found: dict[str, Relevant] = {}

    async def look_up(name: str) -> None:
        found[name] = await tree.relevant(name.removeprefix(WILDCARD))
        progress("CAA", len(found), len(wanted))

    library.run_for_each(resolver, wanted, wanted[0].removeprefix(WILDCARD) if wanted else "", look_up)
    verdicts = {name: judge_caa(name, found[name], method) for name in wanted}
    return CaaReport(
        {name: forbidden for name, (forbidden, _unknown) in verdicts.items() if forbidden},
        {name: unknown for name, (_forbidden, unknown) in verdicts.items() if unknown},
    )


def judge_caa(name: str, relevant: Relevant, method: str) -> tuple[str, str]:
    """Say why the records forbid a certificate, or why that is not known; both "" where it is allowed. Pure."""
    owner = relevant.owner if relevant.owner != name.removeprefix(WILDCARD) else "its domain"
    if relevant.servfail:
        return f"Let's Encrypt refuses it, since CAA of {owner} cannot be read: {relevant.unknown}", ""
    if relevant.unknown:
        return "", f"whether CAA of {owner} allows Let's Encrypt is not known: {relevant.unknown}"
    unknown_tags = [r.tag for r in relevant.records if r.flags & CRITICAL and r.tag not in KNOWN_TAGS]
    if unknown_tags:
        return f"the CAA record {unknown_tags[0]!r} of {owner} is critical, and Let's Encrypt does not know it", ""
    issue = [record for record in relevant.records if record.tag == "issue"]
    wild = [record for record in relevant.records if record.tag == "issuewild"]
    deciding = wild if is_wildcard(name) and wild else issue
    if not deciding:
        return "", ""
    answers = [_allows(record.value, method) for record in deciding]
    if True in answers:
        return "", ""
    shown = ", ".join(f'{record.tag} "{record.value}"' for record in deciding[:3])
    if None in answers:
        return "", f"CAA of {owner} binds Let's Encrypt to one account ({shown})"
    return f'CAA of {owner} forbids Let\'s Encrypt ({shown}); add 0 {deciding[0].tag} "{AUTHORITY}" or remove it', ""


def _allows(value: str, method: str) -> bool | None:
    """Say whether one record allows Let's Encrypt; None: only for some account, which may be RunCloud's or not."""
    issuer, *rest = (part.strip() for part in value.split(";"))
    if issuer.lower().rstrip(".") != AUTHORITY:
        return False
    parameters = {key.strip().lower(): text.strip() for key, _sign, text in (part.partition("=") for part in rest)}
    methods = parameters.get("validationmethods")
    if methods is not None and method not in {one.strip().lower() for one in methods.split(",")}:
        return False
    return None if "accounturi" in parameters else True


class _Tree:
    """The CAA records on the way from names up to their top-level domains, each asked for once."""

    def __init__(self, resolver: Resolver, library: ModuleType) -> None:
        self._resolver = resolver
        self._library = library
        self._asked: dict[str, asyncio.Task[Relevant]] = {}

    async def relevant(self, name: str) -> Relevant:
        """Climb from a name (without a wildcard) to the first parent that has records (RFC 8659, section 3)."""
        if name not in self._asked:
            self._asked[name] = asyncio.ensure_future(self._climb(name))
        return await self._asked[name]

    async def _climb(self, name: str) -> Relevant:
        found = await self._read(name)
        parent = name.partition(".")[2]
        if found.records or found.unknown or not parent:
            return found
        return await self.relevant(parent)

    async def _read(self, name: str) -> Relevant:
        try:
            answer = await self._resolver.resolve(self._library.query_name(name), "CAA")
        except self._library.Missing:
            return Relevant(name)
        except self._library.Unanswered as error:
            return Relevant(name, unknown=str(error), servfail=error.servfail)
        return Relevant(name, _records(answer.records))


def _records(records: Sequence[t.Any]) -> tuple[CaaRecord, ...]:
    return tuple(
        CaaRecord(record.flags, record.tag.decode("ascii", "replace").lower(), record.value.decode("utf-8", "replace"))
        for record in records
    )
