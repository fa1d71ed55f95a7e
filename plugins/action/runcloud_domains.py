# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module runcloud_domains, with its progress shown."""

from __future__ import annotations

from ..plugin_utils._action import ProgressAction


class ActionModule(ProgressAction):
    """The action plugin of the module of the same name."""
