# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on this machine what the actions run on the host of WordPress."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence


def run_here(words: Sequence[str], text: str) -> tuple[int, str, str]:
    """Run a command with a standard input, as core's command module does."""
    process = subprocess.run(words, input=text, capture_output=True, text=True, errors="replace", check=False)
    return process.returncode, process.stdout, process.stderr
