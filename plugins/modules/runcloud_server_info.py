#!/usr/bin/python

# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read servers from RunCloud."""

from __future__ import annotations

DOCUMENTATION = r"""
module: runcloud_server_info
short_description: Read servers from RunCloud
version_added: 1.0.0
author:
  - multisite.runcloud contributors (@multisite-runcloud)
description:
  - Returns what RunCloud knows about one server, or about all servers; above all the address, and whether RunCloud
    reaches it.
  - Reading a server by its id takes one request. By its name, or for all, it takes one for every 40 servers that match.
extends_documentation_fragment:
  - multisite.runcloud.runcloud
  - multisite.runcloud.runcloud.server
  - multisite.runcloud.attributes.info_module
options:
  server_id:
    description:
      - Id of the server, a number. Defaults to the environment variable E(RUNCLOUD_SERVER_ID), then
        E(WU_RUNCLOUD_SERVER_ID). An empty text counts as not given.
      - Without this, O(server_name) and the variables, all servers are read. Where the environment names a server but
        you want all, set both variables to an empty text for the task (keyword C(environment)).
    type: raw
  server_name:
    description: Name of the server, instead of O(server_id).
    type: str
notes:
  - Servers that other accounts share with yours are not among all servers, because RunCloud lists them separately. Use
    their ids.
seealso:
  - module: multisite.runcloud.runcloud_webapp_info
"""

EXAMPLES = r"""
- name: Read the address of a server
  multisite.runcloud.runcloud_server_info:
    api_token: "{{ runcloud_api_token }}"
    server_id: 1903
  register: result

- name: Stop where RunCloud cannot reach it
  ansible.builtin.assert:
    that: result.server.usable
    fail_msg: "{{ result.server.name }} ({{ result.server.address }}) is not connected to RunCloud"

- name: List all servers, whatever the environment says
  multisite.runcloud.runcloud_server_info:
    api_token: "{{ runcloud_api_token }}"
  environment:
    RUNCLOUD_SERVER_ID: ""
    WU_RUNCLOUD_SERVER_ID: ""
"""

RETURN = r"""
servers:
  description: The servers, in RunCloud's order. One where a server was named.
  returned: success
  type: list
  elements: dict
  contains: &server
    id:
      description: Id of the server.
      type: int
      sample: 1903
    name:
      description: Its name.
      type: str
      sample: server hello
    address:
      description: Its IP address.
      type: str
      sample: 192.0.2.123
    online:
      description: Whether it is online.
      type: bool
      sample: true
    connected:
      description: Whether RunCloud's agent on it is connected.
      type: bool
      sample: true
    usable:
      description: Whether it is both. Every change needs that.
      type: bool
      sample: true
    provider:
      description: Where it is hosted.
      type: str
      sample: Akamai (Linode)
    stack:
      description: Its web server, V(nginx) or V(ols). V(null) in API v2.
      type: str
      sample: nginx
    os:
      description: Its operating system.
      type: str
      sample: Ubuntu
    os_version:
      description: Which release of it. V(null) while it was never connected.
      type: str
      sample: focal
    country:
      description: Code of the country it is in. V(null) in API v2.
      type: str
      sample: JP
    agent_version:
      description: Version of RunCloud's agent. V(null) while it was never connected.
      type: str
      sample: 2.8.7-1+ubuntu20.04+11
    php_cli_version:
      description: PHP version of the command line.
      type: str
      sample: php81rc
    tags:
      description: Its tags. Empty in API v2.
      type: list
      elements: str
      sample: []
    created_at:
      description: When it was added, as RunCloud returns it (UTC).
      type: str
      sample: "2024-07-09 06:56:05"
server:
  description: The server that was named.
  returned: success, where a server was named
  type: dict
  contains: *server
failure:
  description: The request that failed, in parts.
  returned: failure of a request
  type: dict
  sample: {"method": "GET", "path": "/servers/1903", "status": 401, "message": "Unauthenticated.", "fields": {}}
api:
  description: Requests made, how many of them were repeats, and the seconds spent waiting.
  returned: when RunCloud was addressed
  type: dict
  sample: {"requests": 1, "retries": 0, "waited": 0.0}
"""

import dataclasses
import typing as t

from ..module_utils._module import Context, run
from ..module_utils._options import CONNECTION_SPEC, SERVER_SPEC, read_optional_server

if t.TYPE_CHECKING:
    from ..module_utils._runcloud.models import Server

SPEC: dict[str, t.Any] = {**CONNECTION_SPEC, **SERVER_SPEC}


def read_servers(context: Context) -> dict[str, t.Any]:
    """Read the server that was named, or all."""
    if not context.target.has_server:
        return {"servers": [server_result(row) for row in context.cloud.servers()]}
    server = server_result(context.cloud.named_server(context.target))
    return {"servers": [server], "server": server}


def server_result(server: Server) -> dict[str, object]:
    """Return a server as the module shows it."""
    return {**dataclasses.asdict(server), "usable": server.usable, "tags": list(server.tags)}


def main() -> None:
    """Run the module."""
    run(SPEC, read_servers, target=read_optional_server)


if __name__ == "__main__":
    main()
