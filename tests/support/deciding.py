# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides as a run does: reads who asks for which names, then decides."""

from __future__ import annotations

from typing import Any

from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync import decide as _decide
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.decide import Decision
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.holders import wanted_by_items, wanted_by_network
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.policy import Policy
from ansible_collections.multisite.runcloud.plugins.plugin_utils._sync.source import read_items
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.network import Inventory


def decide(inventory: Inventory, policy: Policy) -> Decision:
    """Decide about a network."""
    return _decide.decide(wanted_by_network(inventory, policy.base_domains, policy.auto_create_www), policy)


def decide_list(items: list[Any], policy: Policy, option: str = "domains") -> Decision:
    """Decide about a list."""
    return _decide.decide(wanted_by_items(read_items(items, option), policy.base_domains), policy)
