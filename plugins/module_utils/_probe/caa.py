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

from .._names import WILDCARD, is_wildcard
from .._outcome import no_progress
from .resolver import Answer, Resolver, query_name

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from .._outcome import Progress

AUTHORITY = "letsencrypt.org"
CRITICAL = 128
KNOWN_TAGS = frozenset({"issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"})


class CaaReport(t.NamedTuple):
    """What the CAA records say; a name in neither may have its certificate.

    :param forbidden: name -> why Let's Encrypt issues no certificate for it, as the end of a sentence about it.
    :param unknown: name -> why that could not be found out.
    """

    forbidden: dict[str, str]
    unknown: dict[str, str]


class CaaRecord(t.NamedTuple):
    """One record: what ``tag`` is allowed to whom."""

    flags: int
    tag: str
    value: str


class Relevant(t.NamedTuple):
    """The records that decide for a name: those of ``owner``, it or a parent; or in ``answer`` why there are none."""

    owner: str
    records: tuple[CaaRecord, ...] = ()
    answer: Answer = Answer()


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
    resolver = Resolver(nameservers, timeout, option_prefix)
    asked: dict[str, asyncio.Task[Relevant]] = {}

    async def climb(name: str) -> Relevant:
        """Climb from a name to the first parent that has records (RFC 8659, section 3)."""
        answer = await resolver.resolve(query_name(name), "CAA")
        parent = name.partition(".")[2]
        if parent and not answer.records and not answer.unknown:
            return await relevant(parent)
        return Relevant(name, tuple(map(_read, answer.records)), answer)

    async def relevant(name: str) -> Relevant:
        bare = name.removeprefix(WILDCARD)
        if bare not in asked:
            asked[bare] = asyncio.ensure_future(climb(bare))
        return await asked[bare]

    found = resolver.run(wanted, relevant, "CAA", progress)
    verdicts = {name: judge_caa(name, found[name], method) for name in wanted}
    return CaaReport(
        {name: forbidden for name, (forbidden, _unknown) in verdicts.items() if forbidden},
        {name: unknown for name, (_forbidden, unknown) in verdicts.items() if unknown},
    )


def _read(record: t.Any) -> CaaRecord:
    return CaaRecord(
        record.flags, record.tag.decode("ascii", "replace").lower(), record.value.decode("utf-8", "replace")
    )


def judge_caa(name: str, relevant: Relevant, method: str) -> tuple[str, str]:
    """Say why the records forbid a certificate, or why that is not known; both "" where it is allowed. Pure."""
    owner, records, answer = relevant
    owner = owner if owner != name.removeprefix(WILDCARD) else "its domain"
    # RFC 8659, section 6.
    if answer.servfail:
        return f"Let's Encrypt refuses it, since CAA of {owner} cannot be read: {answer.unknown}", ""
    if answer.unknown:
        return "", f"whether CAA of {owner} allows Let's Encrypt is not known: {answer.unknown}"
    for record in records:
        if record.flags & CRITICAL and record.tag not in KNOWN_TAGS:
            return f"the CAA record {record.tag!r} of {owner} is critical, and Let's Encrypt does not know it", ""
    wild = [record for record in records if record.tag == "issuewild" and is_wildcard(name)]
    deciding = wild or [record for record in records if record.tag == "issue"]
    answers = [_allows(record.value, method) for record in deciding]
    if True in answers or not answers:
        return "", ""
    shown = ", ".join(f'{record.tag} "{record.value}"' for record in deciding[:3])
    if None in answers:
        return (
            "",
            f"CAA of {owner} binds Let's Encrypt to one account, which may not be RunCloud's ({shown}); remove accounturi",
        )
    return f'CAA of {owner} forbids Let\'s Encrypt ({shown}); add 0 {deciding[0].tag} "{AUTHORITY}" or remove it', ""


def _allows(value: str, method: str) -> bool | None:
    """Say whether one record allows Let's Encrypt; None: only for some account, which may be RunCloud's or not."""
    issuer, *rest = (part.strip() for part in value.split(";"))
    parameters = {key.strip().lower(): text.strip() for key, _sign, text in (part.partition("=") for part in rest)}
    methods = parameters.get("validationmethods", method).split(",")
    if issuer.lower().rstrip(".") != AUTHORITY or method not in {one.strip().lower() for one in methods}:
        return False
    return None if "accounturi" in parameters else True
