# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks a server itself what it presents, as the options of a module say.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import typing as t

from .. import _names as _hostnames
from .._probe import tls as _tls

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from .._module import Context
    from .._probe.served import ServedReport


class Handshakes:
    """Asks the server itself, unless that is not wanted or was found impossible."""

    def __init__(self, context: Context, server_id: int) -> None:
        self._context = context
        self._server_id = server_id
        self._address: str | None = context.options["verify_address"] or None
        self._off = context.options["verify"] == "none"

    def __call__(self, names: Iterable[str]) -> ServedReport | None:
        """Ask the server under these names; None where nothing is to be asked."""
        wanted = [name for name in names if not _hostnames.is_test_domain(name)]
        if self._off or not wanted:
            return None
        port = self._context.options["verify_port"]
        address = self._find_address()
        if address is None:
            self._give_up("RunCloud does not say the server's address; set verify_address")
            return None
        report = _tls.read_served(address, wanted, port=port, progress=self._progress)
        if not report.reachable:
            self._give_up(f"{address}:{port} cannot be asked from here: {report.reason}")
            return None
        return report

    def _find_address(self) -> str | None:
        if self._address is None:
            self._address = self._context.cloud.server(self._server_id).address
        return self._address

    def _give_up(self, reason: str) -> None:
        self._off = True
        self._context.module.warn(
            f"What the server really serves could not be verified, so only what RunCloud tells was used ({reason})."
        )

    def _progress(self, done: int, total: int) -> None:
        self._context.progress(f"handshakes: {done}/{total}")
