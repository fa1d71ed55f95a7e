#!/bin/sh
# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Prints the Python that .venv is made with: the first one that is 3.10 or newer and can make virtual environments.

for candidate in "$@" python3 python3.13 python3.12 python3.11 python3.10; do
    if "$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
        command -v "$candidate"
        exit 0
    fi
done
echo "No Python >= 3.10 with the venv and ensurepip modules was found: install one, or say PYTHON=/path/to/python3" >&2
exit 1
