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
  - A domain that came in by the plugin's command line or by SQL waits in C(checking-dns) for a check that was never
    queued, and stays there for good likewise.
  - This puts such domains back into the plugin's own queue, C(failed) to C(checking-dns) and C(ssl-failed) to
    C(checking-ssl-cert), and reads back that they are there. Whether a domain is served then, the plugin decides.
  - Runs on the host of WordPress, by WP-CLI or by PHP. It reads as M(multisite.runcloud.multisite_domain_info) does, and
    loads the plugin only where there is something to put back. Of WordPress's object cache only what belongs to these
    rows is dropped.
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
  - C(timeout) of GNU coreutils or BusyBox on the host of WordPress
notes:
  - This is an action plugin. O(ignore:async) is refused, since the decisions are made on the controller.
options:
  path:
    description:
      - Folder of C(wp-load.php) on the host. C(~/) is the home of the user that runs it.
    type: str
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
      - Names for which the server presents a valid certificate. A domain whose certificate is to
        be checked must be among these as well.
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
      - The main network's address. Defaults to that of the database.
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
  description: The domains that the plugin does not go on with and that stay so.
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
