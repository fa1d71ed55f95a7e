# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What RunCloud's activity log tells of certificates (reference 2.3). Pure.

PRIVATE to the collection: may change without notice.

The words of the log are not documented, so they are read generously for what only stops an order that can be forced,
and nothing is ever ordered or removed because of them.
"""

from __future__ import annotations

import re
import typing as t

from .._runcloud.models import LogEntry, parse_time

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

_FAILED = re.compile(r"fail|error|unable|could not|danger", re.IGNORECASE)
_ISSUED = re.compile(r"deployed|issued|installed|renewed", re.IGNORECASE)
_ABOUT = re.compile(r"ssl|certificate|encrypt|acme", re.IGNORECASE)


def is_failure(entry: LogEntry) -> bool:
    """Say whether a line tells of a certificate that could not be had."""
    text = f"{entry.kind} {entry.content}"
    return bool(_FAILED.search(text) and _ABOUT.search(text))


def is_issue(entry: LogEntry) -> bool:
    """Say whether a line tells of a certificate that was issued."""
    text = f"{entry.kind} {entry.content}"
    return bool(_ISSUED.search(text) and _ABOUT.search(text)) and not is_failure(entry)


def names(entry: LogEntry, name: str) -> bool:
    """Say whether a line names a host: ``shop.example`` is not in ``myshop.example``."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", entry.content, re.IGNORECASE) is not None


def times(
    entries: Iterable[LogEntry], since: datetime.datetime, kind: t.Callable[[LogEntry], bool], name: str | None
) -> list[datetime.datetime]:
    """Give when something happened, the oldest first.

    :param entries: lines of the log.
    :param since: what is older does not count.
    :param kind: which lines count.
    :param name: only lines that name this host count; None for all.
    """
    found = []
    for entry in entries:
        moment = parse_time(entry.created_at)
        if moment is not None and moment > since and kind(entry) and (name is None or names(entry, name)):
            found.append(moment)
    return sorted(found)
