# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on this machine what the actions run on the host of WordPress."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.cli import Output


def run_here(words: Sequence[str], text: str) -> Output:
    """Run a command with a standard input, as core's command module does."""
    process = subprocess.run(words, input=text, capture_output=True, text=True, errors="replace", check=False)
    return Output(process.returncode, process.stdout, process.stderr)
