# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for get-pip.py in ansible-test's virtual environments: takes the pip that Python brings along.

ansible-test calls it with the packages that it wants, and with options that only get-pip.py knows.
"""

from __future__ import annotations

import subprocess
import sys


def main() -> None:
    """Install pip from the standard library, and with it the versions that were asked for."""
    wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
    # In processes of their own: this one has been told to look like pip.
    subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-m", "pip", "install", "--upgrade", *wanted], check=True)


if __name__ == "__main__":
    main()
