#!/usr/bin/python
# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: multisite_domain_requeue
short_description: Have WordPress check domains again that it has given up on
version_added: 1.0.0
description:
  - The plugin Ultimate Multisite checks a new domain for about 25 minutes, first its DNS, then its certificate. After
    that it leaves the domain in the stage C(failed) or C(ssl-failed) for good, and WordPress does not answer for it,
    also where only the host was late.
  - This module puts such domains back into the plugin's own queue, C(failed) to C(checking-dns) and C(ssl-failed) to
    C(checking-ssl-cert), and reads back that they are there. Whether a domain is served then, the plugin decides.
  - Runs on the host of WordPress, by WP-CLI or by PHP. It reads as M(multisite.runcloud.multisite_domain_info) does, and
    loads the plugin only where there is something to put back.
author:
  - multisite.runcloud contributors (@multisite-runcloud)
extends_documentation_fragment:
  - multisite.runcloud.attributes
attributes:
  check_mode:
    support: full
    details: Whether the plugin's queue works is only seen in a real run.
  diff_mode:
    support: full
  idempotent:
    support: full
requirements:
  - WP-CLI, or PHP for the command line with its MySQL extension, on the host of WordPress
options:
  path:
    description:
      - Folder of C(wp-load.php).
    type: path
    required: true
  names:
    description:
      - Names that are attached to the web application and whose DNS points to the server. Only these are put back.
      - A domain is compared as it stands in the plugin's table, so name both a domain and its C(www.) where both are right.
    type: list
    elements: str
    required: true
  secure_names:
    description:
      - Names for which the server presents a valid certificate. A domain in stage C(ssl-failed) must be among these, too.
    type: list
    elements: str
    default: []
  method:
    description:
      - How to reach WordPress, as in M(multisite.runcloud.multisite_domain_info). V(auto) takes V(wp_cli) where it is
        found.
    type: str
    choices: [auto, wp_cli, php]
    default: auto
  wp_cli:
    description:
      - WP-CLI, by name or path. Arguments are allowed.
    type: str
    default: wp
  php:
    description:
      - PHP for the command line, with its MySQL extension, by name or path.
    type: str
    default: php
  url:
    description:
      - The main network's address. As it is in the database unless given.
    type: str
  timeout:
    description:
      - Seconds for reading, and again for writing.
    type: int
    default: 120
seealso:
  - module: multisite.runcloud.multisite_domain_info
"""

EXAMPLES = r"""
- name: Check domains again whose DNS is right by now
  multisite.runcloud.multisite_domain_requeue:
    path: /home/runcloud/webapps/network
    names: "{{ dns.ready }}"
  become: true
  become_user: runcloud
"""

RETURN = r"""
requeued:
  description: The domains that were put back.
  returned: success
  type: list
  elements: dict
  contains:
    row:
      description: Id in the plugin's table.
      type: int
      sample: 10
    domain:
      description: The domain.
      type: str
      sample: shop.example.com
    blog_id:
      description: Its site.
      type: int
      sample: 2
    before:
      description: The stage it had.
      type: str
      sample: failed
    after:
      description: The stage it has.
      type: str
      sample: checking-dns
not_requeued:
  description: The domains that the plugin has given up on and that stay so.
  returned: success
  type: list
  elements: dict
  contains:
    row:
      description: Id in the plugin's table.
      type: int
      sample: 11
    domain:
      description: The domain.
      type: str
      sample: brand.example
    blog_id:
      description: Its site.
      type: int
      sample: 3
    stage:
      description: Its stage.
      type: str
      sample: ssl-failed
    reason:
      description: Why it stays so.
      type: str
      sample: no valid certificate is known to be served for it
errors:
  description: Why a domain could not be put back, by its name. The others were.
  returned: failure, where that is so
  type: dict
  sample: {"shop.example.com": "the queue did not take it: no table"}
"""

import dataclasses
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import _names as _hostnames
from ..module_utils._wordpress import cli as _wordpress
from ..module_utils._wordpress import network as _inventory
from ..module_utils._wordpress import requeue as _requeue
from ..module_utils._wordpress import requeue_php as _requeue_php

Params = dict[str, t.Any]


def choose_method(params: Params) -> str:
    """Decide how to reach WordPress where the user leaves it open."""
    if params["method"] != "auto":
        return str(params["method"])
    return _wordpress.WP_CLI if _wordpress.find_program(params["wp_cli"], "wp") else _wordpress.PHP


def read(params: Params, method: str, program: list[str]) -> _inventory.Inventory:
    """Read the network."""
    read_by = _wordpress.read_by_wp_cli if method == _wordpress.WP_CLI else _wordpress.read_by_php
    return read_by(program, params["path"], url=params["url"], timeout=params["timeout"]).inventory


def write(
    params: Params,
    method: str,
    program: list[str],
    network: _inventory.Network,
    wanted: tuple[_requeue.Requeue, ...],
) -> list[dict[str, t.Any]]:
    """Put rows back, and give for each what was read back."""
    rows = [{"id": item.row, "before": item.before, "after": item.after} for item in wanted]
    url = params["url"] or f"{network.domain}{network.path}"
    if method == _wordpress.WP_CLI:
        command = _wordpress.wp_cli_command(program, params["path"], url)
        script = _requeue_php.wp_cli_script(rows)
    else:
        command = _wordpress.php_command(program)
        script = _requeue_php.php_script(params["path"], _wordpress.host_of(url), network.path, rows)
    answer = _wordpress.ask(method, params["path"], command, script, params["timeout"])
    return list(answer["rows"])


def normal(names: list[str], option: str) -> set[str]:
    """Normalise names."""
    try:
        return {_hostnames.normalise(name) for name in names}
    except _hostnames.HostnameError as exc:
        raise _wordpress.WordPressError(f"{option}: {exc}") from exc


def requeue(module: AnsibleModule) -> dict[str, t.Any]:
    """Put back what can go back; the result says what failed under ``errors``."""
    params = module.params
    names, secure_names = normal(params["names"], "names"), normal(params["secure_names"], "secure_names")
    method = choose_method(params)
    program = _wordpress.program_for(method, params["path"], params[method])
    inventory = read(params, method, program)
    plan = _requeue.plan(inventory, names, secure_names)
    errors: dict[str, str] = {}
    if plan.requeue and not module.check_mode:
        answers = write(params, method, program, inventory.main_network, plan.requeue)
        errors = _requeue.confirmed(plan.requeue, answers)
    done = [item for item in plan.requeue if item.domain not in errors]
    result: dict[str, t.Any] = {
        "changed": bool(done),
        "requeued": [dataclasses.asdict(item) for item in done],
        "not_requeued": [dataclasses.asdict(item) for item in plan.kept],
    }
    if module._diff:
        before, after = ({item.domain: getattr(item, state) for item in done} for state in ("before", "after"))
        result["diff"] = {"before": before, "after": after}
    return {**result, "errors": errors} if errors else result


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
            "secure_names": {"type": "list", "elements": "str", "default": []},
            "method": {"type": "str", "choices": ["auto", "wp_cli", "php"], "default": "auto"},
            "wp_cli": {"type": "str", "default": "wp"},
            "php": {"type": "str", "default": "php"},
            "url": {"type": "str"},
            "timeout": {"type": "int", "default": 120},
        },
        supports_check_mode=True,
    )
    try:
        result = requeue(module)
    except (_wordpress.WordPressError, _inventory.InventoryError) as exc:
        module.fail_json(msg=str(exc))
    if "errors" in result:
        shown = "; ".join(f"{name}: {text}" for name, text in result["errors"].items())
        module.fail_json(msg=f"{len(result['errors'])} of the domains could not be put back. {shown}", **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
