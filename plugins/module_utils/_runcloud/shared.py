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
import json
import os
import pathlib
import typing as t

from .._errors import UserError
from .._outcome import no_progress
from .rate_limit import CLOCK

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .._outcome import Progress
    from .connection import Connection, Target
    from .rate_limit import Clock

# Seconds that a run waits for another one that works on the same web application.
LOCK_TIMEOUT = 3600.0
# Seconds that a request waits for another one that notes the request limit: it takes far less than a millisecond.
_NOTE_TIMEOUT = 1.0
_POLL = 0.5
# Bytes of a file of state: far more than its few numbers take.
_SIZE = 1024


class Busy(UserError):
    """Another run works on the same web application, and does not come to an end."""


def cache_folder() -> pathlib.Path | None:
    """Return the folder of this collection in the user's cache, made where it is missing; None where it cannot be."""
    base = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"))
    folder = base / "multisite.runcloud"
    try:
        if base.is_absolute():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError):
        return None
    return folder if base.is_absolute() and os.access(folder, os.W_OK) else None


class StateFile:
    """A small JSON object that several processes read and change, one at a time.

    :param name: of the file in the cache folder.
    """

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
        lock = self._locked()
        if lock is None:
            yield None
            return
        try:
            before = self._read()
            state = dict(before)
            yield state
            if state != before:
                self._write(state)
        finally:
            lock.release()

    def _locked(self) -> t.Any:
        if self._path is None:
            return None
        try:
            if self._lock is None:
                import filelock

                self._lock = filelock.FileLock(str(self._path.with_suffix(".lock")), mode=0o600)
            self._lock.acquire(timeout=_NOTE_TIMEOUT, poll_interval=0.005)
        except (ImportError, OSError, NotImplementedError):
            # Also where the lock is held too long (filelock.Timeout is an OSError): this run is on its own from now on.
            self._path = None
            return None
        return self._lock

    def _read(self) -> dict[str, t.Any]:
        try:
            if self._file is None:
                self._file = os.open(t.cast("pathlib.Path", self._path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            state = json.loads(os.pread(self._file, _SIZE, 0))
        except (OSError, ValueError, RecursionError):
            return {}
        return state if isinstance(state, dict) else {}

    def _write(self, state: dict[str, t.Any]) -> None:
        # Written over in place, always as long: cutting a file short makes some file systems wait for the disk.
        try:
            os.pwrite(t.cast("int", self._file), json.dumps(state).ljust(_SIZE).encode("ascii"), 0)
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

    :param connection: the API.
    :param target: the web application, best by its ids.
    :param progress: takes that another run is waited for.
    :param timeout: seconds to wait for it.
    :returns: a warning where runs cannot wait for each other here; "" normally.
    :raises Busy: the other run did not come to an end.
    """
    folder = cache_folder()
    try:
        import filelock
    except ImportError:
        yield "The Python library filelock is missing: two runs on one web application do not wait for each other."
        return
    name = hashlib.sha256(f"{connection.url}\n{target}".encode()).hexdigest()[:32]
    lock = None if folder is None else filelock.FileLock(str(folder / f"webapp-{name}.lock"), mode=0o600)
    if lock is None or not _acquire(lock, filelock.Timeout, progress, timeout, clock):
        yield "The user's cache folder cannot be written: two runs on one web application do not wait for each other."
        return
    try:
        yield ""
    finally:
        lock.release()


def _acquire(lock: t.Any, busy: type[Exception], progress: Progress, timeout: float, clock: Clock) -> bool:
    """Wait for a lock; False where there can be none."""
    waited = 0.0
    while True:
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
            waited += _POLL
        except (OSError, NotImplementedError):
            return False
        else:
            return True
