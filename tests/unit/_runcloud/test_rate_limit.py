# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request limit: staying below it, and waiting as long as RunCloud says (reference 1.4). Nothing really waits."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multisite.runcloud.plugins.module_utils._outcome import no_progress
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.client import Client
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.connection import Connection, Credentials
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.errors import RateLimited
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.rate_limit import RateLimit, reset_seconds
from ansible_collections.multisite.runcloud.plugins.module_utils._runcloud.shared import StateFile, cache_folder

from support.clock import SimulatedClock
from support.scripted_http import ScriptedServer, reply

NOW = datetime(2026, 1, 1, 10, 0, 0, tzinfo=timezone.utc)
DATE = format_datetime(NOW, usegmt=True)
TOO_MANY = {"message": "Too Many Attempts."}


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


def connect(url: str, clock: SimulatedClock, **options: Any) -> Client:
    progress = options.pop("progress", no_progress)
    connection = Connection(url, 3, Credentials(token="token-3f9a77c1d0"), **{"timeout": 5, **options})
    return Client(connection, progress, clock)


def limited(**headers: str) -> bytes:
    return reply(429, TOO_MANY, {name.replace("_", "-"): value for name, value in headers.items()})


def answered(remaining: int | str, limit: int = 10, **headers: str) -> bytes:
    told = {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(remaining)}
    return reply(200, {}, told | {name.replace("_", "-"): value for name, value in headers.items()})


# ---------------------------------------------------------------------- after a 429


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 7),
        ({"Retry_After": "0"}, 0.5),
        ({"Retry_After": "-3"}, 0.5),
        ({"Retry_After": " 12 "}, 12),
        ({"Retry_After": format_datetime(NOW + timedelta(seconds=30), usegmt=True), "Date": DATE}, 30),
        ({"Retry_After": format_datetime(NOW - timedelta(seconds=30), usegmt=True), "Date": DATE}, 0.5),
        ({"Retry_After": "soon", "X_RateLimit_Reset": "9"}, 9),
        ({"Retry_After": "Thu, 01 Jan 2026 10:00:30 -0000", "Date": DATE}, 60),
        ({"X_RateLimit_Reset": "25"}, 25),
        ({"X_RateLimit_Reset": str(int(NOW.timestamp()) + 40), "Date": DATE}, 40),
        ({"X_RateLimit_Reset": "inf"}, 60),
        ({}, 60),
        ({"Retry_After": ""}, 60),
    ],
)
def test_a_refused_request_waits_as_told_and_is_sent_again(
    clock: SimulatedClock, headers: dict[str, str], seconds: float
) -> None:
    with ScriptedServer(limited(**headers), reply(200, {"id": 1})) as server:
        client = connect(server.url, clock, retries=0)
        # A refused POST was not carried out, so that it is sent again without a look.
        assert client.request("POST", "/x", body={}) == {"id": 1}
    assert clock.waits == [pytest.approx(seconds, abs=0.3)]
    assert server.methods == ["POST", "POST"]
    assert client.usage.requests == 2
    assert client.usage.retries == 1
    assert client.usage.waited == pytest.approx(seconds, abs=0.3)


def test_what_a_refusal_says_of_the_wait_beats_the_window(clock: SimulatedClock) -> None:
    refusal = limited(Retry_After="5", X_RateLimit_Remaining="0")
    with ScriptedServer(answered(1), refusal, answered(59)) as server:
        client = connect(server.url, clock)
        client.get("/1")
        client.get("/2")
    assert clock.waits == [5]


def test_waiting_for_the_limit_is_bounded_by_time_and_not_by_retries(clock: SimulatedClock) -> None:
    with ScriptedServer(*[limited(Retry_After="10")] * 8, reply(200, {"id": 1})) as server:
        client = connect(server.url, clock, retries=0, rate_limit_timeout=80)
        assert client.get("/x") == {"id": 1}
    assert clock.waits == [10] * 8
    assert len(server.received) == 9


def test_patience_ends_with_words_on_what_to_do(clock: SimulatedClock) -> None:
    with ScriptedServer(limited(Retry_After="50")) as server:
        client = connect(server.url, clock, rate_limit_timeout=120)
        with pytest.raises(RateLimited) as caught:
            client.get("/x")
    assert clock.waits == [50, 50]
    assert caught.value.fatal
    assert str(caught.value) == (
        "GET /x answered 429: the request limit asks to wait 50 s more. 100 s have been waited in this run and "
        "rate_limit_timeout allows 120: raise rate_limit_timeout, or let the next run go on."
    )


def test_patience_is_for_the_whole_run(clock: SimulatedClock) -> None:
    answers = [limited(Retry_After="50"), reply(200, {})]
    with ScriptedServer(*answers, *answers) as server:
        client = connect(server.url, clock, rate_limit_timeout=60)
        client.get("/x")
        with pytest.raises(RateLimited):
            client.get("/y")
    assert clock.waits == [50]


def test_no_patience_at_all(clock: SimulatedClock) -> None:
    with ScriptedServer(limited(Retry_After="1")) as server:
        with pytest.raises(RateLimited):
            connect(server.url, clock, rate_limit_timeout=0).get("/x")
        assert len(server.received) == 1
    assert clock.waits == []


# ---------------------------------------------------------------------- before a 429


def test_the_last_allowed_request_is_followed_by_a_wait_and_not_by_a_refusal(clock: SimulatedClock) -> None:
    with ScriptedServer(answered(1), answered(0), answered(59)) as server:
        client = connect(server.url, clock)
        client.get("/1")
        clock.time += 20
        client.get("/2")
        client.get("/3")
    # The window began with the first answer, twenty seconds ago.
    assert clock.waits == [40]
    assert client.usage.as_dict() == {"requests": 3, "retries": 0, "waited": 40.0}


def test_the_server_may_say_when_the_window_ends(clock: SimulatedClock) -> None:
    end = str(int(NOW.timestamp()) + 13)
    with ScriptedServer(answered(0, X_RateLimit_Reset=end, Date=DATE), answered(59)) as server:
        client = connect(server.url, clock)
        client.get("/1")
        client.get("/2")
    assert clock.waits == [13]


def test_a_window_that_is_over_needs_no_wait(clock: SimulatedClock) -> None:
    with ScriptedServer(answered(0), answered(59)) as server:
        client = connect(server.url, clock)
        client.get("/1")
        clock.time += 61
        client.get("/2")
    assert clock.waits == []


def test_no_request_is_made_where_the_wait_would_be_too_long(clock: SimulatedClock) -> None:
    with ScriptedServer(answered(0)) as server:
        client = connect(server.url, clock, rate_limit_timeout=30)
        client.get("/1")
        with pytest.raises(RateLimited) as caught:
            client.request("POST", "/2", body={})
        assert server.methods == ["GET"]
    assert str(caught.value).startswith("POST /2 failed: the request limit asks to wait 60 s more. 0 s have been")


def test_a_whole_run_stays_below_the_limit(clock: SimulatedClock) -> None:
    """Five a minute: of twelve requests none is refused."""
    limit = 5
    state = {"start": 0.0, "used": 0, "refused": 0}

    def answer(_request: object) -> bytes:
        if clock.time >= state["start"] + 60:
            state.update(start=clock.time, used=0)
        if state["used"] >= limit:
            state["refused"] += 1
            return limited(Retry_After="60")
        state["used"] += 1
        return answered(limit - int(state["used"]), limit)

    with ScriptedServer(answer) as server:
        client = connect(server.url, clock)
        for number in range(12):
            client.get(f"/{number}")
            clock.time += 0.5
    assert state["refused"] == 0
    assert client.usage.requests == 12
    assert len(clock.waits) == 2


def test_progress_tells_of_the_wait(clock: SimulatedClock) -> None:
    said: list[str] = []
    with ScriptedServer(answered(0), answered(59)) as server:
        client = connect(server.url, clock, progress=said.append)
        client.get("/1")
        client.get("/2")
    assert said == ["waiting 60 s for RunCloud's request limit"]


# ---------------------------------------------------------------------- what headers say


@pytest.mark.parametrize("text", ["", "many", "nan", "inf", "1e999"])
def test_headers_that_are_no_numbers_are_ignored(clock: SimulatedClock, text: str) -> None:
    limit = RateLimit(clock)
    limit.note({"X-RateLimit-Remaining": text})
    assert limit.pause() == 0


def test_the_window_begins_anew_when_much_more_is_left_than_before(clock: SimulatedClock) -> None:
    limit = RateLimit(clock)
    limit.note({"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "1"})
    clock.time += 59
    limit.note({"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "9"})
    clock.time += 10
    limit.note({"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0"})
    assert limit.pause() == 50
    clock.time += 50
    assert limit.pause() == 0


@dataclass
class Throttle:
    """So many requests a window, counted from a credential's first one, as Laravel does; or in a window that slides."""

    clock: SimulatedClock
    limit: int = 60
    slides: bool = False
    began: float = -1e9
    taken: list[float] = field(default_factory=list)
    refused: int = 0

    def answer(self) -> dict[str, str] | None:
        now = self.clock.time
        if self.slides:
            self.taken = [moment for moment in self.taken if moment > now - 60]
        elif now >= self.began + 60:
            self.began, self.taken = now, []
        if len(self.taken) >= self.limit:
            self.refused += 1
            return None
        self.taken.append(now)
        return {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(self.limit - len(self.taken))}


def ask(limit: RateLimit, throttle: Throttle, latency: float = 0.1) -> None:
    """Make one request as the client does."""
    allowed = False
    while not allowed:
        pause, allowed = limit.take()
        throttle.clock.sleep(pause)
    throttle.clock.time += latency / 2
    headers = throttle.answer()
    throttle.clock.time += latency / 2
    if headers is None:
        limit.refused(1)
    else:
        limit.note(headers)


def test_three_thousand_requests_use_nearly_all_that_is_allowed_and_run_into_nothing(clock: SimulatedClock) -> None:
    throttle = Throttle(clock)
    limit = RateLimit(clock)
    began = clock.time
    for _number in range(3000):
        ask(limit, throttle)
    # The last window's requests may all be made at its beginning.
    assert 3000 / ((clock.time - began + 60) / 60 * 60) >= 0.97
    assert throttle.refused == 0


def test_a_few_requests_wait_for_nothing(clock: SimulatedClock) -> None:
    throttle = Throttle(clock)
    limit = RateLimit(clock)
    for _number in range(45):
        ask(limit, throttle)
    assert sum(clock.waits) == 0


def test_a_window_that_slides_is_not_taken_for_one_that_begins_anew(clock: SimulatedClock) -> None:
    throttle = Throttle(clock, slides=True)
    limit = RateLimit(clock)
    began = clock.time
    for _number in range(600):
        ask(limit, throttle)
    assert throttle.refused <= 6
    assert clock.time - began < 900


def test_ten_runs_with_one_credential_share_one_limit(clock: SimulatedClock) -> None:
    throttle = Throttle(clock)
    runs = [RateLimit(clock, StateFile("limit-shared")) for _number in range(10)]
    for number in range(600):
        ask(runs[number % 10], throttle)
    assert throttle.refused == 0


def test_an_answer_that_was_overtaken_does_not_open_a_new_window(clock: SimulatedClock) -> None:
    limit = RateLimit(clock, StateFile("limit-overtaken"))
    sent = clock.time
    clock.time += 1
    limit.refused(30)
    limit.note({"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "4"}, sent)
    assert limit.take() == (30, False)


def test_ten_forks_that_start_at_once_know_nothing_once_and_then_share_a_small_limit() -> None:
    forks, each, limit, window = 10, 3, 6, 1.5
    lock = threading.Lock()
    windows: list[list[bool]] = []
    began = -window

    def answer(_request: object) -> bytes:
        nonlocal began
        with lock:
            now = time.monotonic()
            if now >= began + window:
                began = now
                windows.append([])
            taken = windows[-1]
            taken.append(len(taken) < limit)
            ends = f"{began + window - now:.3f}"
            if not taken[-1]:
                return limited(Retry_After=ends)
            return answered(limit - len(taken), limit, X_RateLimit_Reset=ends)

    def fork(url: str, start: Barrier) -> None:
        client = Client(Connection(url, 3, Credentials(token="token-3f9a77c1d0"), timeout=20))
        start.wait()
        for number in range(each):
            client.get(f"/{number}")

    context = multiprocessing.get_context("fork")
    with ScriptedServer(answer) as server:
        start = context.Barrier(forks)
        processes = [context.Process(target=fork, args=(server.url, start)) for _number in range(forks)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(timeout=60)
        assert [process.exitcode for process in processes] == [0] * forks
    assert sum(map(sum, windows)) == forks * each
    # In the first window each fork may be refused once; what the answers to that said holds for all from then on.
    assert len(windows[0]) - limit <= forks
    assert [len(taken) for taken in windows[1:] if len(taken) > limit] == []


def test_runs_with_another_credential_or_folder_do_not_wait_for_each_other(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    RateLimit(clock, StateFile("limit-one")).refused(50)
    assert RateLimit(clock, StateFile("limit-one")).pause() == 50
    assert RateLimit(clock, StateFile("limit-two")).pause() == 0
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert RateLimit(clock, StateFile("limit-one")).pause() == 0


def test_what_a_run_left_behind_expires(clock: SimulatedClock) -> None:
    RateLimit(clock, StateFile("limit-old")).refused(50)
    clock.time += 50
    assert RateLimit(clock, StateFile("limit-old")).take() == (0, True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"left": 0}',
        b'{"left": "x", "ends": 1}',
        b'{"ends": 1e300, "left": 0}',
        b"\xff\xfe",
        b'{"left": 0, "ends": NaN}',
        b'{"limit": [], "left": 5}',
        b'{"left": 5}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_cannot_be_believed_does_no_harm(clock: SimulatedClock, content: bytes) -> None:
    folder = cache_folder()
    assert folder is not None
    (folder / "limit-odd.json").write_bytes(content)
    limit = RateLimit(clock, StateFile("limit-odd"))
    assert limit.take() == (0, True)
    limit.note({"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0"})
    assert limit.pause() == 60


def test_without_a_folder_each_run_is_on_its_own(clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
    first = RateLimit(clock, StateFile("limit-none"))
    first.refused(50)
    assert first.pause() == 50
    assert RateLimit(clock, StateFile("limit-none")).pause() == 0


def test_without_the_library_each_run_is_on_its_own(clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "filelock", None)  # type: ignore[arg-type]
    first = RateLimit(clock, StateFile("limit-none"))
    first.refused(50)
    assert first.pause() == 50
    assert RateLimit(clock, StateFile("limit-none")).pause() == 0


def test_a_reset_far_in_the_past_is_now() -> None:
    assert reset_seconds({"X-RateLimit-Reset": "1600000000", "Date": DATE}, 0) == 0
    assert reset_seconds({"X-RateLimit-Reset": "1600000000"}, 1_700_000_000) == 0
    assert reset_seconds({"X-RateLimit-Reset": "-5"}, 0) == 0
    assert reset_seconds({}, 0) is None
