# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of requests that tests count and read."""

from __future__ import annotations

import time
from typing import Any


class RequestLog:
    """Requests in the order they came; ``n`` counts on after a clear, so ``since`` stays true."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._n = 0

    def open(self, at: str, method: str, path: str, version: str, query: dict[str, str], body: Any) -> dict[str, Any]:
        """Add an entry and return it; status, key and fault are filled in when they are known."""
        self._n += 1
        entry = {
            "n": self._n,
            "at": at,
            "wall": time.time(),
            "method": method,
            "path": path,
            "version": version,
            "query": query,
            "body": body,
            "status": None,
            "key": None,
            "fault": None,
        }
        self._entries.append(entry)
        return entry

    def since(self, n: int) -> list[dict[str, Any]]:
        """Return the entries after number ``n``."""
        return [entry for entry in self._entries if entry["n"] > n]

    def last(self, count: int) -> list[dict[str, Any]]:
        """Return the newest entries."""
        return self._entries[-count:]

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()
