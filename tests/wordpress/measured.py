# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command as it is, and adds to a file how long it took and how much memory it needed at most."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

started = time.monotonic()
target, *command = sys.argv[1:]
rc = subprocess.run(command, check=False).returncode
usage = {
    "seconds": round(time.monotonic() - started, 2),
    "mebibytes": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1),
}
with Path(target).open("a") as file:
    file.write(json.dumps(usage) + "\n")
sys.exit(rc)
