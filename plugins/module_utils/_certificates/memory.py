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
import typing as t

from .._runcloud.shared import cache_folder
from .activity import WEEK
from .model import EarlierOrder

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Sequence

    from .._runcloud.api import WebAppApi


class OrderMemory:
    """The orders of one web application in the last week.

    :param app: the web application.
    """

    def __init__(self, app: WebAppApi) -> None:
        target = f"{app.client.url} {app.server_id} {app.webapp_id}"
        folder = cache_folder()
        name = f"orders-{hashlib.sha256(target.encode()).hexdigest()[:32]}.json"
        self._now = app.client.now
        self._file = None if folder is None else folder / name
        self._orders: Sequence[EarlierOrder] | None = None

    def read(self) -> tuple[EarlierOrder, ...]:
        """Return what is remembered of orders that have not failed, the oldest first."""
        return tuple(order for order in self._all() if not order.failed)

    def read_failed(self) -> tuple[EarlierOrder, ...]:
        """Return the orders that are known to have failed, the oldest first."""
        return tuple(order for order in self._all() if order.failed)

    def add(self, order: EarlierOrder) -> None:
        """Remember an order that is about to be sent."""
        self._change(lambda orders: [*orders, order])

    def forget(self, order: EarlierOrder) -> None:
        """Forget an order that RunCloud has not taken."""
        self._change(lambda orders: [one for one in orders if one != order])

    def finish(self, order: EarlierOrder) -> None:
        """Remember that an order was carried out."""
        self._change(lambda orders: [dataclasses.replace(one, done=True) if one == order else one for one in orders])

    def fail(self, order: EarlierOrder) -> None:
        """Remember that an order has failed: it counts for the limit of failures, and for nothing else."""
        self._change(lambda orders: [dataclasses.replace(one, failed=True) if one == order else one for one in orders])

    def _all(self) -> Sequence[EarlierOrder]:
        if self._orders is None:
            self._orders = _read(self._file) if self._file is not None else []
        return self._orders

    def _change(self, change: Callable[[Sequence[EarlierOrder]], Sequence[EarlierOrder]]) -> None:
        """Change what is remembered; what cannot be kept in the file is known until the end of this run."""
        self._orders = [order for order in change(self._all()) if self._now() - order.at < WEEK]
        if self._file is None:
            return
        draft = self._file.with_suffix(f".{os.getpid()}")
        try:
            draft.write_text(json.dumps([_to_json(order) for order in self._orders]), encoding="ascii")
            draft.replace(self._file)
        except OSError:
            self._file = None


def _read(file: pathlib.Path) -> list[EarlierOrder]:
    try:
        return [_from_json(row) for row in json.loads(file.read_bytes())]
    except (OSError, ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
        return []


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
        failed=bool(row.get("failed")),
    )
