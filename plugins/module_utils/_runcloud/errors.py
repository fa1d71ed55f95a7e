# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a request to RunCloud fails.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class ApiError(Exception):
    """A request that failed, with everything a user needs to know and no secret.

    :param status: of the answer; None where none came, or where it is not the status that is wrong.
    :param message: what went wrong, in RunCloud's words or ours.
    :param fields: RunCloud's complaint about each field (reference 1.5).
    :param advice: one sentence on what to do.
    """

    def __init__(
        self,
        method: str,
        path: str,
        *,
        status: int | None = None,
        message: str = "",
        fields: Mapping[str, list[str]] | None = None,
        advice: str = "",
    ) -> None:
        self.method, self.path, self.status, self.message = method, path, status, message
        self.fields = dict(fields or {})
        self.advice = advice
        super().__init__(message)

    def __str__(self) -> str:
        answer = f"answered {self.status}" if self.status is not None else "failed"
        text = f"{self.method} {self.path} {answer}"
        if self.message:
            text += f": {self.message.rstrip('.')}"
        complaints = {field: " ".join(texts) for field, texts in self.fields.items()}
        new = [f"{field}: {said.rstrip('.')}" for field, said in complaints.items() if said != self.message]
        if new:
            text += f" ({'; '.join(new)})"
        return f"{text}. {self.advice}" if self.advice else text

    def as_dict(self) -> dict[str, object]:
        """Return the failure in parts, for those who act on it."""
        return {key: getattr(self, key) for key in ("method", "path", "status", "message", "fields")}

    @property
    def fatal(self) -> bool:
        """Say whether every further request would fail as well: no answer, no access, no patience left."""
        return self.status is None or self.status in (401, 429) or 200 <= self.status < 400


class LostReply(ApiError):
    """A request that may or may not have been carried out: the connection broke, or a gateway gave up."""


class NotSent(ApiError):
    """No connection could be made: the request surely was not carried out."""


class RateLimited(ApiError):
    """Waiting for the request limit would take longer than ``rate_limit_timeout`` allows."""


class ListUnknown(ApiError):
    """A list whose pages contradict each other, or that was not there; it is never taken as empty."""


def complaints_of(body: object) -> tuple[str, dict[str, list[str]]]:
    """Read the message and the complaint for each field of an error (reference 1.5)."""
    if not isinstance(body, dict):
        return "", {}
    errors = body.get("errors")
    named = errors.items() if isinstance(errors, dict) else ()
    fields = {str(name): [str(text) for text in (said if isinstance(said, list) else [said])] for name, said in named}
    return str(body.get("message") or body.get("error") or ""), fields


def never_connected(exc: BaseException) -> bool:
    """Say whether a connection could not be made at all."""
    never_made = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")
    return any(type(fault).__name__ in never_made for fault in _causes(exc))


def reason_of(exc: BaseException) -> str:
    """Say in short why a connection failed; requests' own text repeats URL and object addresses."""
    *_outer, innermost = _causes(exc)
    text = getattr(innermost, "strerror", None) or str(innermost)
    text = re.sub(r"<[^>]* at 0x[0-9a-f]+>:? ?|HTTPS?Connection(Pool)?\([^)]*\): ?", "", text)
    return text.strip() or type(exc).__name__


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """Give an exception and what it was made of, the innermost last."""
    seen: BaseException | None = exc
    while seen is not None:
        yield seen
        inner = (getattr(seen, "reason", None), *seen.args, seen.__cause__)
        seen = next((part for part in inner if isinstance(part, BaseException)), None)
