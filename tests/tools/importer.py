# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports the built collection as Galaxy and Automation Hub do, with the rules that the stricter one has."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.collection import build

RULES = {
    "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true",
    "GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER": "true",
    # ansible-lint has its own place among the checks.
    "GALAXY_IMPORTER_RUN_ANSIBLE_LINT": "false",
}


def main() -> int:
    """Return 1 where the import fails, or says something that whoever publishes the collection would have to read."""
    with tempfile.TemporaryDirectory() as scratch:
        importer = subprocess.run(
            [sys.executable, "-m", "galaxy_importer.main", str(build(Path(scratch)))],
            # The importer leaves its report where it is started.
            cwd=scratch,
            env={**os.environ, **RULES},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    print(importer.stdout)
    return int(importer.returncode != 0 or "ERROR" in importer.stdout or "WARNING" in importer.stdout)


if __name__ == "__main__":
    sys.exit(main())
