# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs on one controller share: a lock for each web application, and small files of state. Only ever a help.

PRIVATE to the collection: may change without notice.

They lie in the user's cache folder, under names that hold no secret. Where the folder cannot be written or the library
``filelock`` is missing, each run is on its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import pathlib
import time
import typing as t

from .._errors import UserError
from .._outcome import no_progress

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .._outcome import Progress
    from .connection import Connection, Target

# Seconds that a run waits for another one that works on the same web application.
LOCK_TIMEOUT = 3600.0
# Seconds that a request waits for another one that notes the request limit: it takes far less than a millisecond.
_NOTE_TIMEOUT = 1.0
_POLL = 0.5
# Bytes that a file of state has at least.
_LEAST_SIZE = 1024


class Clock:
    """Time and waiting, in one place, so that both can be simulated."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


CLOCK = Clock()


class Busy(UserError):
    """Another run works on the same web application, and does not come to an end."""


def cache_folder() -> pathlib.Path | None:
    """Return the folder of this collection in the user's cache, made where it is missing; None where it cannot be."""
    base = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"))
    folder = base / "multisite.runcloud"
    if not base.is_absolute():
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError):
        return None
    return folder if os.access(folder, os.W_OK) else None


class StateFile:
    """A small JSON object in the cache folder that several processes read and change, one at a time."""

    def __init__(self, name: str) -> None:
        self._file: int | None = None
        self._lock: t.Any = None
        folder = cache_folder()
        self._path = None if folder is None else folder / f"{name}.json"

    def __del__(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file)

    def exists(self) -> bool:
        """Say whether there is any state yet."""
        return self._path is not None and self._path.exists()

    @contextlib.contextmanager
    def edit(self) -> Iterator[dict[str, t.Any] | None]:
        """Lend the state, and keep what it is afterwards; None where it cannot be shared."""
        if not self._locked():
            yield None
            return
        try:
            before = self._read()
            state = dict(before)
            yield state
            if state != before:
                self._write(state)
        finally:
            self._lock.release()

    def _locked(self) -> bool:
        if self._path is None:
            return False
        try:
            if self._lock is None:
                import filelock

                self._lock = filelock.FileLock(str(self._path.with_suffix(".lock")), mode=0o600)
            self._lock.acquire(timeout=_NOTE_TIMEOUT, poll_interval=0.005)
        except (ImportError, OSError, NotImplementedError):
            # Also where the lock is held too long (filelock.Timeout is an OSError): this run is on its own from now on.
            self._path = None
            return False
        return True

    def _read(self) -> dict[str, t.Any]:
        try:
            if self._file is None:
                self._file = os.open(t.cast("pathlib.Path", self._path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            state = json.loads(os.pread(self._file, os.fstat(self._file).st_size, 0))
        except (OSError, ValueError, RecursionError):
            return {}
        return state if isinstance(state, dict) else {}

    def _write(self, state: dict[str, t.Any]) -> None:
        # Written over in place, never shorter: cutting a file short makes some file systems wait for the disk.
        try:
            file = t.cast("int", self._file)
            size = max(_LEAST_SIZE, os.fstat(file).st_size)
            os.pwrite(file, json.dumps(state).ljust(size).encode("ascii"), 0)
        except (OSError, TypeError):
            self._path = None


@contextlib.contextmanager
def one_at_a_time(
    connection: Connection,
    target: Target,
    progress: Progress = no_progress,
    timeout: float = LOCK_TIMEOUT,
    clock: Clock = CLOCK,
) -> Iterator[str]:
    """Let only one run on this controller work on a web application; the others wait, and say so.

    :param target: the web application, best by its ids.
    :param timeout: seconds to wait for another run.
    :returns: a warning where runs cannot wait for each other here; "" normally.
    :raises Busy: the other run did not come to an end.
    """
    alone = "two runs on one web application do not wait for each other."
    folder = cache_folder()
    try:
        import filelock
    except ImportError:
        yield f"The Python library filelock is missing: {alone}"
        return
    name = hashlib.sha256(f"{connection.url}\n{target}".encode()).hexdigest()[:32]
    lock = None if folder is None else filelock.FileLock(str(folder / f"webapp-{name}.lock"), mode=0o600)
    if lock is None or not _acquire(lock, filelock.Timeout, progress, timeout, clock):
        yield f"The user's cache folder cannot be written: {alone}"
        return
    try:
        yield ""
    finally:
        lock.release()


def _acquire(lock: t.Any, busy: type[Exception], progress: Progress, timeout: float, clock: Clock) -> bool:
    """Wait for a lock; False where there can be none."""
    for waited in itertools.count(0.0, _POLL):
        try:
            lock.acquire(timeout=0)
        except busy:
            if waited >= timeout:
                raise Busy(
                    f"another run on this controller has been working on the same web application for {waited:.0f} s; "
                    "wait until it ends, and run again"
                ) from None
            progress("waiting for another run on this controller that works on the same web application")
            clock.sleep(_POLL)
        except (OSError, NotImplementedError):
            return False
        else:
            break
    return True
