# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules that only read share: what they address, and servers and web applications as results.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.multisite.runcloud.plugins.module_utils import _module
from ansible_collections.multisite.runcloud.plugins.module_utils._webapp import Target

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.multisite.runcloud.plugins.module_utils._resources import Server


def optional_server(options: Mapping[str, t.Any]) -> Target:
    """Read which server is meant, by an option or the environment; none of them means all servers.

    :raises InputError: two options say which, or what says it is no id.
    """
    return Target(*_module.id_or_name(options, "server", required=False))


def server_result(server: Server) -> dict[str, object]:
    """Give a server as the modules return it."""
    return {**dataclasses.asdict(server), "usable": server.usable, "tags": list(server.tags)}
