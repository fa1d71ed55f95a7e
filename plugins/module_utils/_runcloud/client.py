# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Transport to RunCloud's API: session, authentication, retries, the request limit, paging, errors.

PRIVATE to the collection: may change without notice.

Knows how requests are made, and nothing of domains or certificates. Knows no Ansible either.
"""

from __future__ import annotations

import contextlib
import dataclasses
import email.utils
import json
import math
import random
import re
import time
import traceback
import typing as t
import urllib.parse
from datetime import datetime, timezone

try:
    import requests
    import requests.auth

    HAS_REQUESTS = True
    REQUESTS_IMPORT_ERROR: str | None = None
    _AuthBase: t.Any = requests.auth.AuthBase
except ImportError:
    HAS_REQUESTS = False
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
    _AuthBase = object

from .._outcome import Progress, no_progress
from .._secrets import Secrets
from .errors import ApiError, LostReply, RateLimited

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .connection import Connection, Credentials

VERSION = "1.0.0"
PER_PAGE = 40  # Reference 1.3: the maximum.
MAX_PAGES = 10_000  # A server that never says the last page must not hold us for ever.
# Reference 1.4: the limit is counted by the minute as far as anybody says; used where no header tells more.
LIMIT_WINDOW = 60.0
FIRST_BACKOFF = 0.5
MAX_BACKOFF = 30.0
LEAST_LIMIT_WAIT = 0.5

_REPEATABLE = frozenset(("GET", "HEAD", "DELETE", "PATCH"))
_BAD_GATEWAY = frozenset((502, 503, 504))


@dataclasses.dataclass
class Usage:
    """What the API was asked for in one run: requests sent, how many of them repeats, seconds spent waiting."""

    requests: int = 0
    retries: int = 0
    waited: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """Give the return value ``api`` of the modules."""
        return {"requests": self.requests, "retries": self.retries, "waited": round(self.waited, 1)}


Rows = list[t.Any]


class _Authorization(_AuthBase):  # type: ignore[misc]
    """Sets the header itself: given as plain headers, a netrc entry would replace it."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def __call__(self, request: t.Any) -> t.Any:
        request.headers["Authorization"] = self._credentials.header
        return request


class RateLimit:
    """Follows what the answers say about the request limit, so that we stay under it (reference 1.4)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, window: float = LIMIT_WINDOW) -> None:
        self._clock = clock
        self._window = window
        self._window_began: float | None = None
        self._remaining: int | None = None
        self._resets_at: float | None = None

    def note(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of an answer."""
        remaining = _number(headers.get("X-RateLimit-Remaining"))
        if remaining is None:
            return
        now = self._clock()
        if self._window_began is None or self._remaining is None or remaining > self._remaining:
            self._window_began = now
        self._remaining = int(remaining)
        reset = reset_seconds(headers)
        self._resets_at = now + reset if reset is not None else None

    def pause(self) -> float:
        """Give the seconds to wait before the next request, 0 where there is room."""
        if self._remaining is None or self._remaining > 0 or self._window_began is None:
            return 0.0
        ends = self._resets_at if self._resets_at is not None else self._window_began + self._window
        return max(0.0, ends - self._clock())

    def opened(self) -> None:
        """Forget a window that has been waited out."""
        self._remaining = None
        self._window_began = None
        self._resets_at = None


class Client:
    """One session with the API.

    :param connection: the API and how to reach it.
    :param progress: takes what is waited for.
    :param sleep: how to wait, in seconds.
    """

    def __init__(
        self,
        connection: Connection,
        progress: Progress = no_progress,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.connection = connection
        self.url = connection.url
        self.version = connection.version
        self.usage = Usage()
        self.limit = RateLimit()
        self.retries = connection.retries
        self._verify = connection.verify
        self._timeout = connection.timeout
        self._max_wait = connection.rate_limit_timeout
        self._limit_waited = 0.0
        self._reserved = 0.0
        self._progress = progress
        self._sleep = sleep
        self._secrets = Secrets(connection.hidden_values)
        self._date: tuple[datetime, float] | None = None
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = _Authorization(connection.credentials)
        self._session.headers.update(
            {
                # Reference 1.1: without Accept an error arrives as a redirect to the login page.
                "Accept": "application/json",
                "Content-Type": "application/json",
                "User-Agent": f"multisite.runcloud/{VERSION}",
            }
        )

    def now(self) -> datetime:
        """Give the time by RunCloud's own clock (the Date header), since its dates are compared with it; in UTC."""
        if self._date is None:
            return datetime.now(timezone.utc)
        moment, seen = self._date
        return datetime.fromtimestamp(moment.timestamp() + time.monotonic() - seen, timezone.utc)

    def reserve(self, seconds: float) -> None:
        """Keep a part of the time for waiting back, at most half of it: for reading what was done in the end."""
        self._reserved = min(seconds, self._max_wait / 2)

    def wait(self, seconds: float) -> None:
        """Wait, and count it."""
        self.usage.waited += seconds
        self._sleep(seconds)

    def get(self, path: str, query: Mapping[str, object] | None = None) -> t.Any:
        """Read one resource. Raises ApiError."""
        return self.request("GET", path, query=query)

    def list(self, path: str, query: Mapping[str, object] | None = None) -> Rows:
        """Read all pages of a list, 40 rows at a time (reference 1.3), each row once. Raises ApiError."""
        rows: list[t.Any] = []
        seen: set[object] = set()
        for page in self._pages(path, dict(query or {})):
            for row in page:
                identity = row.get("id") if isinstance(row, dict) else None
                if identity is None or identity not in seen:
                    rows.append(row)
                    seen.add(identity)
        return rows

    def page(self, path: str, number: int) -> tuple[Rows, int]:
        """Read one page of a list: (its rows, how many pages there are). Raises ApiError."""
        body = self.get(path, {"page": number, "perPage": PER_PAGE})
        return self._rows(path, body), page_count(body)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        lookup: Callable[[], t.Any] | None = None,
        repeatable: bool | None = None,
    ) -> t.Any:
        """Send one request, and again where that is safe.

        A request that must not be carried out twice (POST, PUT) is repeated only when it surely did not arrive, or
        when ``lookup`` was asked and did not find its effect.

        :param method: the HTTP method.
        :param path: below the base URL, with a leading slash.
        :param query: query parameters.
        :param body: sent as JSON; None sends no body.
        :param lookup: looks for the effect of a request whose reply was lost; gives what the reply would have been,
            or None where there is no effect.
        :param repeatable: whether the request may be sent twice; None decides by the method.
        :returns: the decoded body, None where it is empty.
        :raises LostReply: the reply was lost and there is no ``lookup``.
        :raises ApiError: everything else.
        """
        if repeatable is None:
            repeatable = method in _REPEATABLE
        attempt = 0
        while True:
            try:
                return self._once(method, path, query, body)
            except _Limited as exc:
                self._wait_for_limit(exc.seconds, method, path, status=429)
            except _NotSent as exc:
                if attempt >= self.retries:
                    raise exc.error from None
                self._back_off(attempt, method, path)
                attempt += 1
            except ApiError as exc:
                if not _worth_repeating(exc, repeatable, lookup is not None) or attempt >= self.retries:
                    raise
                self._back_off(attempt, method, path)
                attempt += 1
                if not repeatable and lookup is not None:
                    found = lookup()
                    if found is not None:
                        return found
            self.usage.retries += 1

    def _once(self, method: str, path: str, query: Mapping[str, object] | None, body: object) -> t.Any:
        pause = self.limit.pause()
        if pause > 0:
            self._wait_for_limit(pause, method, path)
        self.usage.requests += 1
        shown = path + ("?" + urllib.parse.urlencode(dict(query)) if query else "")
        try:
            reply = self._session.request(
                method,
                self.url + path,
                params=urllib.parse.urlencode(dict(query)) if query else None,
                data=None if body is None else json.dumps(body),
                timeout=self._timeout,
                allow_redirects=False,
                # With each request: as a setting of the session it would lose against REQUESTS_CA_BUNDLE.
                verify=self._verify,
                proxies=dict(self.connection.proxies),
            )
        except OSError as exc:  # All of requests' own are; a CA bundle that does not exist is a bare one.
            raise self._connection_fault(method, shown, exc) from None
        self._note_date(reply.headers)
        self.limit.note(reply.headers)
        if reply.status_code == 429:
            raise _Limited(_retry_after(reply.headers, self.now()))
        return self._answer(method, shown, reply)

    def _answer(self, method: str, path: str, reply: t.Any) -> t.Any:
        """Decode an answer, or turn it into an error."""
        status = int(reply.status_code)
        decoded, is_json = _decode(reply)
        if 200 <= status < 300:
            if is_json:
                return decoded
            # JSON cut short is a broken connection; anything else never was RunCloud's API.
            cut_short = "json" in reply.headers.get("Content-Type", "")
            raise (LostReply if cut_short else ApiError)(
                method,
                path,
                status=status,
                message="the answer is no JSON",
                advice=f"Check api_url ({self.url}) and whatever stands between here and RunCloud.",
            )
        message, fields = _complaints(decoded)
        message = self._hide(message)
        fields = {self._hide(name): [self._hide(text) for text in texts] for name, texts in fields.items()}
        if status >= 500 and (not is_json or status in _BAD_GATEWAY):
            kind: type[ApiError] = LostReply
        else:
            kind = ApiError
        raise kind(method, path, status=status, message=message, fields=fields, advice=self._advice(status, reply))

    def _advice(self, status: int, reply: t.Any) -> str:
        """One sentence on what to do about a status (reference 1.5)."""
        if 300 <= status < 400:
            return (
                f"RunCloud's API never redirects: check api_url ({self.url}) and the credentials; "
                f"it points to {self._hide(str(reply.headers.get('Location', 'nowhere')))}"
            )
        if status == 401:
            return (
                "RunCloud does not accept the credentials: check the token (or key and secret), whether they belong to "
                f"API v{self.version}, and whether this machine's address is on the API key's IP allow-list."
            )
        if status == 403:
            return "The credentials are valid, but the plan or their permissions do not allow this."
        if status == 404:
            return "Check the ids of server, web application and domain."
        if status == 422:
            return "RunCloud refuses what was sent: correct it, or do it in the panel to see more."
        if status >= 500:
            return "The fault is on RunCloud's side, or the server's agent cannot be reached: try again later."
        return ""

    def _connection_fault(self, method: str, path: str, exc: Exception) -> Exception:
        text = self._hide(_reason(exc))
        if isinstance(exc, requests.exceptions.SSLError):
            return ApiError(
                method, path, message=text, advice="Check api_url, ca_path and validate_certs: TLS verification failed."
            )
        # A URL or a CA bundle that cannot be used at all.
        if isinstance(exc, ValueError) or not isinstance(exc, requests.exceptions.RequestException):
            return ApiError(method, path, message=text, advice="Check api_url, ca_path and REQUESTS_CA_BUNDLE.")
        advice = f"No answer came from {self.url}: check api_url, the network, a proxy, and timeout."
        # Nothing was sent when no connection could be made, so even a POST may be tried again.
        if isinstance(exc, requests.exceptions.ProxyError) or _refused(exc):
            return _NotSent(ApiError(method, path, message=text, advice=advice))
        return LostReply(method, path, message=text, advice=advice)

    def _back_off(self, attempt: int, method: str, path: str) -> None:
        seconds = min(MAX_BACKOFF, FIRST_BACKOFF * 2**attempt) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
        self._progress(f"{method} {path} failed, trying again in {seconds:.1f} s ({attempt + 1}/{self.retries})")
        self.wait(seconds)

    def _wait_for_limit(self, seconds: float, method: str, path: str, status: int | None = None) -> None:
        """Wait until requests are allowed again; ``status`` is 429 where one was refused, None where none was made."""
        if self._limit_waited + seconds > self._max_wait - self._reserved:
            raise RateLimited(
                method,
                path,
                status=status,
                message=f"the request limit asks to wait {seconds:.0f} s more",
                advice=f"{self._limit_waited:.0f} s have been waited in this run and rate_limit_timeout "
                f"allows {self._max_wait:.0f}: raise rate_limit_timeout, or let the next run go on.",
            )
        self._limit_waited += seconds
        self._progress(f"waiting {seconds:.0f} s for RunCloud's request limit")
        self.wait(seconds)
        self.limit.opened()

    def _pages(self, path: str, query: dict[str, object]) -> Iterator[Rows]:
        first_of_last_page: object = None
        for page in range(1, MAX_PAGES + 1):
            body = self.get(path, {**query, "page": page, "perPage": PER_PAGE})
            rows = self._rows(path, body)
            # A server that ignores ``page`` would send the same rows for ever.
            if rows and page > 1 and rows[0] == first_of_last_page:
                return
            first_of_last_page = rows[0] if rows else None
            yield rows
            if not _has_next(body, page, len(rows)):
                return

    def _rows(self, path: str, body: object) -> Rows:
        rows = body.get("data") if isinstance(body, dict) else body
        if not isinstance(rows, list):
            raise ApiError("GET", path, message="a list was expected", advice=f"Check api_url ({self.url}).")
        return rows

    def _note_date(self, headers: Mapping[str, str]) -> None:
        try:
            self._date = (email.utils.parsedate_to_datetime(headers["Date"]), time.monotonic())
        except (KeyError, TypeError, ValueError):
            return

    def hide(self, secret: str) -> None:
        """Keep a secret that is sent (a private key) out of whatever RunCloud answers, in every form."""
        self._secrets.add(secret)

    def _hide(self, text: str) -> str:
        return self._secrets.clean(text)


class _Limited(Exception):
    """The limit was hit (429): the request was not carried out."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__()


class _NotSent(Exception):
    """No connection could be made: the request surely was not carried out."""

    def __init__(self, error: ApiError) -> None:
        self.error = error
        super().__init__()


def reset_seconds(headers: Mapping[str, str]) -> float | None:
    """Read X-RateLimit-Reset: seconds from now, or a Unix time (reference 1.4: its form is inferred)."""
    value = _number(headers.get("X-RateLimit-Reset"))
    if value is None:
        return None
    if value > 1_000_000_000:
        base = time.time()
        with contextlib.suppress(KeyError, TypeError, ValueError):
            base = email.utils.parsedate_to_datetime(headers["Date"]).timestamp()
        value -= base
    return max(0.0, value)


def _retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Give the seconds to wait after a 429: Retry-After in seconds or as a date, else the reset, else a window."""
    value = headers.get("Retry-After", "")
    seconds = _number(value)
    if seconds is None and value:
        try:
            seconds = (email.utils.parsedate_to_datetime(value) - now).total_seconds()
        except (TypeError, ValueError):
            seconds = None
    if seconds is None:
        seconds = reset_seconds(headers)
    if seconds is None:
        return LIMIT_WINDOW
    # Never at once: an answer that says 0 would otherwise be asked in a tight loop.
    return max(LEAST_LIMIT_WAIT, seconds)


def _number(text: str | None) -> float | None:
    """Read a finite number from a header; None where it holds none."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _worth_repeating(error: ApiError, repeatable: bool, can_look: bool) -> bool:
    if not isinstance(error, LostReply) and (error.status is None or error.status < 500):
        return False
    return repeatable or can_look


def _decode(reply: t.Any) -> tuple[t.Any, bool]:
    """Decode a body: (value, whether it was JSON); an empty body counts as JSON null (reference 1.5)."""
    text = reply.text
    if not text.strip():
        return None, True
    try:
        return json.loads(text), True
    except ValueError:
        return None, False


def _complaints(body: object) -> tuple[str, dict[str, list[str]]]:
    """Read the message and the complaint for each field of an error (reference 1.5)."""
    if not isinstance(body, dict):
        return "", {}
    message = body.get("message") or body.get("error") or ""
    errors = body.get("errors")
    fields = {}
    if isinstance(errors, dict):
        for name, texts in errors.items():
            fields[str(name)] = [str(text) for text in texts] if isinstance(texts, list) else [str(texts)]
    return str(message), fields


def _has_next(body: object, page: int, rows: int) -> bool:
    """Say whether there is a further page (reference 1.3). A bare array (reference 3.6) is whole."""
    if not isinstance(body, dict) or rows == 0:
        return False
    pagination = _pagination(body)
    total_pages = _number(str(pagination.get("total_pages")))
    if total_pages is not None:
        return page < total_pages
    # Without a count, a full page may be followed by another.
    return rows >= (_number(str(pagination.get("per_page"))) or PER_PAGE)


def page_count(body: object) -> int:
    """Give how many pages an answer says there are; 1 where it says nothing of pages."""
    return int(_number(str(_pagination(body).get("total_pages"))) or 1)


def _pagination(body: object) -> Mapping[str, object]:
    meta = body.get("meta") if isinstance(body, dict) else None
    pagination = meta.get("pagination") if isinstance(meta, dict) else None
    return pagination if isinstance(pagination, dict) else {}


def _refused(exc: BaseException) -> bool:
    """Say whether a connection could not be made at all."""
    never_made = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")
    return any(type(fault).__name__ in never_made for fault in _causes(exc))


def _reason(exc: BaseException) -> str:
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
