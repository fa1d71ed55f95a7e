# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured: a web application as it is, and the list it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

PAGE = 40

Kind = Literal["nothing to do", "all new", "1 % changed", "purge of 1 %"]
Certificates = Literal["none", "basic", "advanced"]


@dataclass(frozen=True)
class Situation:
    """``size`` domains that are wanted, and what has to be done until they are what is attached.

    ``latency`` is the simulator's in seconds for each reply, ``limit`` its requests a minute (None: as many as come).
    """

    size: int
    kind: Kind = "nothing to do"
    certificates: Certificates = "none"
    latency: float = 0.0
    limit: int | None = None

    @property
    def few(self) -> int:
        """How many domains are one per cent."""
        return max(1, self.size // 100)

    @property
    def names(self) -> list[str]:
        """The names that are wanted; the first is the primary domain."""
        return [f"d{number}.example" for number in range(1, self.size + 1)]

    @property
    def wanted(self) -> list[dict[str, Any]]:
        """The items of a domain file."""
        changed = self.few if self.kind == "1 % changed" else 0
        items: list[dict[str, Any]] = [{"domain": name} for name in self.names]
        return items[: self.size - changed] + [{**item, "www": True} for item in items[self.size - changed :]]

    @property
    def surplus(self) -> list[str]:
        """Names that are attached and that purge removes."""
        return [f"old{number}.example" for number in range(1, self.few + 1)] if self.kind == "purge of 1 %" else []

    @property
    def attached(self) -> int:
        """How many domains there are before the run."""
        return 1 if self.kind == "all new" else self.size + len(self.surplus)

    @property
    def pages(self) -> int:
        """How many requests it takes to read the list once."""
        return -(-self.attached // PAGE)

    @property
    def writes(self) -> int:
        """How many requests change something, certificates aside."""
        counts: dict[Kind, Callable[[], int]] = {
            "nothing to do": lambda: 0,
            "all new": lambda: self.size - 1,
            "1 % changed": lambda: self.few,
            "purge of 1 %": lambda: len(self.surplus),
        }
        return counts[self.kind]()

    def seed(self) -> dict[str, Any]:
        """Return what the simulator starts from."""
        names = ["d1.example"] if self.kind == "all new" else self.names
        certificate: dict[str, Any] = {}
        if self.certificates == "basic":
            certificate = {"certificate": {"days_left": 60}}
        elif self.certificates == "advanced":
            certificate = {"mode": "advanced", "domain_certificate": {"days_left": 60}}
        limited = {"rate_limit": self.limit, "retry_after": "simulated"}
        switches = {"latency": self.latency, "ssl_issue": "sync", **limited}
        return {"domains": [*names, *self.surplus], "switches": switches, **certificate}
