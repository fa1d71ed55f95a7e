# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remembers the orders that this controller has sent for a web application, in the user's cache folder.

PRIVATE to the collection: may change without notice.

An order that is in progress does not show (reference 4.6). It is written down before it is sent, so that neither a lost
reply nor a killed run leads to the same order again. Without the file, for example in a new container, a run knows what
RunCloud shows; so whatever is wrong with the file does no harm.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
import typing as t

from .activity import WEEK
from .model import EarlierOrder

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from .._runcloud.api import WebAppApi


class OrderMemory:
    """The orders of one web application in the last week.

    :param app: the web application.
    """

    def __init__(self, app: WebAppApi) -> None:
        target = f"{app.client.url} {app.server_id} {app.webapp_id}"
        self._now: Callable[[], datetime.datetime] = app.client.now
        self._file = _cache_folder() / f"orders-{hashlib.sha256(target.encode()).hexdigest()[:20]}.json"
        self._orders: list[EarlierOrder] | None = None

    def read(self) -> tuple[EarlierOrder, ...]:
        """Return what is remembered, the oldest first."""
        if self._orders is None:
            try:
                rows = json.loads(self._file.read_text(encoding="utf-8"))
                self._orders = [_from_json(row) for row in rows]
            except (OSError, ValueError, TypeError, KeyError, AttributeError):
                self._orders = []
        return tuple(self._orders)

    def add(self, order: EarlierOrder) -> None:
        """Remember an order that is about to be sent."""
        self._write([*self.read(), order])

    def forget(self, order: EarlierOrder) -> None:
        """Forget an order that is known to have failed, or not to have been sent."""
        self._write([one for one in self.read() if one != order])

    def finish(self, order: EarlierOrder) -> None:
        """Remember that an order was carried out."""
        self._write([dataclasses.replace(one, done=True) if one == order else one for one in self.read()])

    def _write(self, orders: list[EarlierOrder]) -> None:
        self._orders = [order for order in orders if self._now() - order.at < WEEK]
        draft = self._file.with_suffix(f".{os.getpid()}")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(json.dumps([_to_json(order) for order in self._orders]), encoding="utf-8")
            draft.replace(self._file)
        except OSError:
            # What cannot be kept is known until the end of this run.
            return


def _cache_folder() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "multisite.runcloud"


def _to_json(order: EarlierOrder) -> dict[str, object]:
    return {**dataclasses.asdict(order), "names": sorted(order.names), "at": order.at.isoformat()}


def _from_json(row: dict[str, t.Any]) -> EarlierOrder:
    before = row["before"]
    return EarlierOrder(
        key=row["key"],
        names=frozenset(row["names"]),
        at=datetime.datetime.fromisoformat(row["at"]).astimezone(datetime.timezone.utc),
        before=(int(before[0]), str(before[1])) if before else None,
        staging=bool(row["staging"]),
        done=bool(row["done"]),
    )
