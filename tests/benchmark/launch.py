# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a command and prints what it took, as JSON; its own output goes to the file named first.

A small process of its own: what a command's peak memory is told to be is never less than that of who started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main(output: str, command: list[str]) -> None:
    """Run it to its end."""
    with open(output, "w") as sink:  # noqa: PTH123 - every import makes this process larger
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT)
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps({"wall": wall, "cpu": cpu, "memory": usage.ru_maxrss / 1024, "code": process.returncode}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
