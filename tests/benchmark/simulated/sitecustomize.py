# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Simulated time for everything that Python runs below this folder's PYTHONPATH: waiting costs a fraction of it.

``SIMULATED_CLOCK`` is ``EPOCH:SPEED``: since that real point in time, the clock runs so many times as fast. Python
imports a module of this name by itself when it starts.
"""

from __future__ import annotations

import os
import time
from typing import SupportsIndex

_START, _SPEED = (float(part) for part in os.environ.get("SIMULATED_CLOCK", "0:1").split(":"))
_real_time, _real_sleep = time.time, time.sleep


def _now() -> float:
    return _START + (_real_time() - _START) * _SPEED


def _sleep(seconds: float | SupportsIndex) -> None:
    _real_sleep(float(seconds) / _SPEED)


if _SPEED != 1:
    time.time = time.monotonic = time.perf_counter = _now
    time.sleep = _sleep
