# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start the simulator: ``python tests/simulator --help``."""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:
    # Started as a folder, Python puts this folder on the path; the package lies one above.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from simulator.server import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
