# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that hold for every test, made before anything of the collection or of Ansible is used."""

from __future__ import annotations

import os

from tools.collection import link_tree

# pytest-ansible reads this when it is configured, which is after this file was read.
os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(link_tree())

# Whoever runs the tests may have an account of their own: no test may ever reach it.
for name in [name for name in os.environ if name.startswith(("RUNCLOUD_", "WU_RUNCLOUD_"))]:
    del os.environ[name]
