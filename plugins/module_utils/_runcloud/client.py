# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Transport to RunCloud's API: session, authentication, retries, the request limit.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import contextlib
import dataclasses
import email.utils
import json
import math
import queue
import random
import threading
import traceback
import typing as t
import urllib.parse
from datetime import datetime, timezone

try:
    import requests

    HAS_REQUESTS = True
    REQUESTS_IMPORT_ERROR: str | None = None
except ImportError:
    HAS_REQUESTS = False
    REQUESTS_IMPORT_ERROR = traceback.format_exc()

from .._outcome import Progress, no_progress
from .._secrets import Secrets
from .errors import ApiError, LostReply, NotSent, RateLimited, complaints_of, never_connected, reason_of
from .lists import PER_PAGE, Rows, page_count, read_list, rows_of
from .rate_limit import RateLimit, retry_after
from .shared import CLOCK, StateFile

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .connection import Connection, Credentials
    from .shared import Clock

VERSION = "1.0.0"
FIRST_BACKOFF = 0.5
MAX_BACKOFF = 30.0
# A page of 40 rows has some 15 kB. What is much longer is not RunCloud.
MAX_BODY = 8_000_000
# How many fields of an error are shown, and how many complaints about each.
_SHOWN = 10

_REPEATABLE = frozenset(("GET", "HEAD", "DELETE", "PATCH"))
_BAD_GATEWAY = frozenset((502, 503, 504))
# What to do about a status (reference 1.5).
_ADVICE = {
    401: "RunCloud does not accept the credentials: check the token (or key and secret), whether they belong to "
    "API v{version}, and whether this machine's address is on the API key's IP allow-list.",
    403: "The credentials are valid, but the plan or their permissions do not allow this.",
    404: "Check the ids of server, web application and domain.",
    422: "RunCloud refuses what was sent: correct it, or do it in the panel to see more.",
    500: "The fault is on RunCloud's side, or the server's agent cannot be reached: try again later.",
}


@dataclasses.dataclass
class Usage:
    """What the API was asked for in one run: requests sent, how many of them repeats, seconds spent waiting."""

    requests: int = 0
    retries: int = 0
    waited: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """Return the value ``api`` of the modules."""
        return {"requests": self.requests, "retries": self.retries, "waited": round(self.waited, 1)}


def open_session(credentials: Credentials) -> t.Any:
    """Return a session that looks up nothing behind the options' back: no proxy, netrc entry or CA bundle."""

    def sign(request: t.Any) -> t.Any:
        # Given as a plain header, a netrc entry would replace it.
        request.headers["Authorization"] = credentials.header
        return request

    session = requests.Session()
    session.trust_env = False
    session.auth = sign
    session.headers.update(
        {
            # Reference 1.1: without Accept an error arrives as a redirect to the login page.
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": f"multisite.runcloud/{VERSION}",
        }
    )
    return session


def send_in_time(session: t.Any, timeout: float, method: str, url: str, **arguments: t.Any) -> tuple[t.Any, bytes]:
    """Send a request and read the answer, both within ``timeout`` seconds as a whole, however slowly the bytes drip.

    The library only bounds each single read. So a thread does it, and is left behind where it takes too long.

    :param arguments: of requests; also ``verify``, which as a setting of the session loses against REQUESTS_CA_BUNDLE.
    :returns: the reply and its body, of which not much more than ``MAX_BODY`` is read.
    :raises OSError: all of requests' own are; after ``timeout`` its ReadTimeout.
    """
    done: queue.SimpleQueue[tuple[t.Any, bytes] | BaseException] = queue.SimpleQueue()

    def exchange() -> None:
        try:
            # A redirect is never followed: it would take the credentials along, or lose them.
            reply = session.request(method, url, timeout=timeout, allow_redirects=False, stream=True, **arguments)
            done.put((reply, _read_body(reply)))
        except BaseException as exc:  # noqa: BLE001 - it is raised again where it belongs
            done.put(exc)

    threading.Thread(target=exchange, name="runcloud-request", daemon=True).start()
    try:
        outcome = done.get(timeout=timeout)
    except queue.Empty:
        raise requests.exceptions.ReadTimeout(f"Timed out after {timeout:g} s") from None
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


class _Limited(Exception):
    """The limit was hit (429): the request was not carried out."""


class Client:
    """One session with the API; ``progress`` takes what is waited for."""

    def __init__(self, connection: Connection, progress: Progress = no_progress, clock: Clock = CLOCK) -> None:
        self.connection = connection
        self.url = connection.url
        self.version = connection.version
        self.retries = connection.retries
        self.usage = Usage()
        self.limit = RateLimit(clock, StateFile(f"limit-{connection.fingerprint}"))
        self._clock = clock
        self._limit_waited = 0.0
        self._reserved = 0.0
        self._progress = progress
        self._secrets = Secrets(connection.hidden_values)
        self._date: tuple[datetime, float] | None = None
        self._session = open_session(connection.credentials)

    def now(self) -> datetime:
        """Return the time by RunCloud's own clock (the Date header), since its dates are compared with it; in UTC."""
        if self._date is None:
            return datetime.fromtimestamp(self._clock.now(), timezone.utc)
        moment, seen = self._date
        return datetime.fromtimestamp(moment.timestamp() + self._clock.now() - seen, timezone.utc)

    def reserve(self, seconds: float) -> None:
        """Keep a part of the time for waiting back, at most half of it: for reading what was done in the end."""
        self._reserved = min(seconds, self.connection.rate_limit_timeout / 2)

    def wait(self, seconds: float) -> None:
        """Wait, and count it."""
        self.usage.waited += seconds
        self._clock.sleep(seconds)

    def hide(self, secret: str) -> None:
        """Keep a secret that is sent (a private key) out of whatever RunCloud answers, in every form."""
        self._secrets.add(secret)

    def get(self, path: str, query: Mapping[str, object] | None = None) -> t.Any:
        """Read one resource. Raises ApiError."""
        return self.request("GET", path, query=query)

    def list(self, path: str, query: Mapping[str, object] | None = None) -> Rows:
        """Read all pages of a list, 40 rows at a time (reference 1.3), each row once.

        :raises ListUnknown: the pages contradict each other.
        :raises ApiError: everything else.
        """
        return self._as_list(path, lambda: read_list(lambda page: self._get_page(path, page, query), path))

    def page(self, path: str, number: int) -> tuple[Rows, int]:
        """Read one page of a list: (its rows, how many pages there are). Raises ApiError."""
        body = self._get_page(path, number, None)
        return self._as_list(path, lambda: rows_of(body)), page_count(body)

    def _get_page(self, path: str, number: int, query: Mapping[str, object] | None) -> object:
        return self.get(path, {**(query or {}), "page": number, "perPage": PER_PAGE})

    def _as_list(self, path: str, read: Callable[[], Rows]) -> Rows:
        try:
            return read()
        except TypeError as exc:
            raise ApiError("GET", path, message=str(exc), advice=f"Check api_url ({self.url}).") from None

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        repeatable: bool | None = None,
    ) -> t.Any:
        """Send one request, and again where that is safe.

        A request that must not be carried out twice (POST, PUT) is repeated only when it surely did not arrive.

        :param path: below the base URL, with a leading slash.
        :param body: sent as JSON; None sends no body.
        :param repeatable: whether the request may be sent twice; None decides by the method.
        :returns: the decoded body, None where it is empty.
        :raises LostReply: the request may or may not have been carried out.
        :raises ApiError: everything else.
        """
        if repeatable is None:
            repeatable = method in _REPEATABLE
        attempt = 0
        while True:
            try:
                return self._once(method, path, query, body)
            except _Limited as exc:
                (seconds,) = exc.args
                self.limit.refused(seconds)
                self._wait_for_limit(seconds, method, path, status=429)
            except ApiError as exc:
                faulty = isinstance(exc, LostReply) or (exc.status or 0) >= 500
                if attempt >= self.retries or not (isinstance(exc, NotSent) or (faulty and repeatable)):
                    raise
                self._back_off(attempt, method, path)
                attempt += 1
            self.usage.retries += 1

    def _once(self, method: str, path: str, query: Mapping[str, object] | None, body: object) -> t.Any:
        allowed = False
        while not allowed:
            pause, allowed = self.limit.take()
            if pause > 0:
                self._wait_for_limit(pause, method, path)
        self.usage.requests += 1
        began = self._clock.now()
        encoded = urllib.parse.urlencode(dict(query)) if query else None
        shown = f"{path}?{encoded}" if encoded else path
        try:
            reply, content = self._send(method, path, encoded, None if body is None else json.dumps(body))
        except OSError as exc:  # All of requests' own are; a CA bundle that does not exist is a bare one.
            raise self._connection_fault(method, shown, exc) from None
        with contextlib.suppress(KeyError, TypeError, ValueError):
            self._date = (email.utils.parsedate_to_datetime(reply.headers["Date"]), self._clock.now())
        self.limit.note(reply.headers, began)
        if reply.status_code == 429:
            raise _Limited(retry_after(reply.headers, self.now()))
        return self._answer(method, shown, reply, content)

    def _send(self, method: str, path: str, query: str | None, sent: str | None) -> tuple[t.Any, bytes]:
        connection = self.connection
        arguments = {"params": query, "data": sent, "verify": connection.verify, "proxies": dict(connection.proxies)}
        try:
            return send_in_time(self._session, connection.timeout, method, self.url + path, **arguments)
        except requests.exceptions.ReadTimeout:
            # The old one is still in use by the thread that was left behind.
            self._session = open_session(connection.credentials)
            raise

    def _answer(self, method: str, path: str, reply: t.Any, content: bytes) -> t.Any:
        """Decode an answer, or turn it into an error."""
        status = int(reply.status_code)
        if len(content) > MAX_BODY:
            message = f"the answer is longer than {MAX_BODY // 1_000_000} MB"
            advice = f"RunCloud's answers are short: check api_url ({self.url})."
            raise ApiError(method, path, status=status, message=message, advice=advice)
        decoded, is_json = _decode(content)
        if 200 <= status < 300:
            if is_json:
                return decoded
            # JSON cut short is a broken connection; anything else never was RunCloud's API.
            cut_short = "json" in reply.headers.get("Content-Type", "")
            advice = f"Check api_url ({self.url}) and whatever stands between here and RunCloud."
            kind = LostReply if cut_short else ApiError
            raise kind(method, path, status=status, message="the answer is not JSON", advice=advice)
        message, said = complaints_of(decoded)
        hide = self._secrets.clean
        fields = {hide(name): [hide(text) for text in texts[:_SHOWN]] for name, texts in list(said.items())[:_SHOWN]}
        advice = _ADVICE.get(status, _ADVICE[500] if status >= 500 else "").format(version=self.version)
        if 300 <= status < 400:
            place = hide(reply.headers.get("Location", "nowhere"))
            advice = (
                f"RunCloud's API never redirects: check api_url ({self.url}) and the credentials; it points to {place}"
            )
        kind = LostReply if status >= 500 and (not is_json or status in _BAD_GATEWAY) else ApiError
        raise kind(method, path, status=status, message=hide(message), fields=fields, advice=advice)

    def _connection_fault(self, method: str, path: str, exc: Exception) -> ApiError:
        text = self._secrets.clean(reason_of(exc))
        kind = ApiError
        if isinstance(exc, requests.exceptions.SSLError):
            advice = "Check api_url, ca_path and validate_certs: TLS verification failed."
        elif isinstance(exc, ValueError) or not isinstance(exc, requests.exceptions.RequestException):
            # A URL or a CA bundle that cannot be used at all.
            advice = "Check api_url, ca_path and REQUESTS_CA_BUNDLE."
        else:
            advice = f"No answer came from {self.url}: check api_url, the network, a proxy, and timeout."
            # Nothing was sent when no connection could be made, so even a POST may be tried again.
            unsent = isinstance(exc, requests.exceptions.ProxyError) or never_connected(exc)
            kind = NotSent if unsent else LostReply
        return kind(method, path, message=text, advice=advice)

    def _back_off(self, attempt: int, method: str, path: str) -> None:
        seconds = min(MAX_BACKOFF, FIRST_BACKOFF * 2**attempt) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
        self._progress(f"{method} {path} failed, trying again in {seconds:.1f} s ({attempt + 1}/{self.retries})")
        self.wait(seconds)

    def _wait_for_limit(self, seconds: float, method: str, path: str, status: int | None = None) -> None:
        """Wait until requests are allowed again; ``status`` is 429 where one was refused, None where none was made."""
        allowed = self.connection.rate_limit_timeout
        if self._limit_waited + seconds > allowed - self._reserved:
            message = f"the request limit asks to wait {seconds:.0f} s more"
            advice = (
                f"{self._limit_waited:.0f} s have been waited in this run and rate_limit_timeout allows {allowed:.0f}: "
                "raise rate_limit_timeout, or let the next run go on."
            )
            raise RateLimited(method, path, status=status, message=message, advice=advice)
        self._limit_waited += seconds
        self._progress(f"waiting {math.ceil(seconds)} s for RunCloud's request limit")
        self.wait(seconds)


def _read_body(reply: t.Any) -> bytes:
    content = b""
    for part in reply.iter_content(65_536):
        content += part
        if len(content) > MAX_BODY:
            reply.close()
            break
    return content


def _decode(content: bytes) -> tuple[t.Any, bool]:
    """Decode a body: (value, whether it was JSON); an empty body counts as JSON null (reference 1.5)."""
    try:
        return json.loads(content.decode("utf-8", "replace")) if content.strip() else None, True
    except (ValueError, RecursionError):
        return None, False
