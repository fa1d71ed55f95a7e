#!/usr/bin/python

# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the domains of a RunCloud web application."""

from __future__ import annotations

DOCUMENTATION = r"""
module: runcloud_domain_info
short_description: Read the domains of a RunCloud web application
version_added: 1.0.0
author:
  - multisite.runcloud contributors (@multisite-runcloud)
description:
  - Lists the domains that are attached to a web application. This takes one request for every 40 domains.
extends_documentation_fragment:
  - multisite.runcloud.runcloud
  - multisite.runcloud.runcloud.webapp
  - multisite.runcloud.attributes.info_module
options:
  names:
    description:
      - Only these domains. Case and a final dot make no difference, international names are converted.
      - Names of domains are meant. A C(www.) that a domain serves besides its own name is not a domain of its own.
    type: list
    elements: str
seealso:
  - module: multisite.runcloud.runcloud_domains
  - module: multisite.runcloud.runcloud_webapp_info
    description: Finds the web application that serves a domain.
"""

EXAMPLES = r"""
- name: Read the domains of a web application
  multisite.runcloud.runcloud_domain_info:
    api_token: "{{ runcloud_api_token }}"
    server_id: 1903
    webapp_id: 646
  register: result

- name: See which of two domains are attached
  multisite.runcloud.runcloud_domain_info:
    api_token: "{{ runcloud_api_token }}"
    server_id: 1903
    webapp_id: 646
    names:
      - shop.example.com
      - brand.example.org
  register: result

- name: Show which are not
  ansible.builtin.debug:
    msg: "Not attached: {{ result.missing | join(', ') }}"
"""

RETURN = r"""
domains:
  description:
    - The domains, in RunCloud's order. With O(names), those of them that are attached.
    - A value that RunCloud does not show (old API v2) is V(null).
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the domain.
      type: int
      sample: 710
    name:
      description: The name, in lower case and IDNA form; a wildcard with its C(*.).
      type: str
      sample: shop.example.com
    type:
      description: Kind of the domain, V(alias), V(primary) or V(redirect).
      type: str
      sample: alias
    www:
      description: Whether the name with C(www.) is served, too.
      type: bool
      sample: true
    redirection:
      description: V(none), V(www) or V(non-www).
      type: str
      sample: non-www
    wildcard:
      description: Whether it is a wildcard.
      type: bool
      sample: false
    dns_integration:
      description: DNS provider that RunCloud manages the records at.
      type: str
      sample: none
    status:
      description: Its status as RunCloud returns it; only V(null) has been seen.
      type: str
      sample: null
    created_at:
      description: When it was attached, as RunCloud returns it (UTC).
      type: str
      sample: "2026-07-09 07:02:13"
missing:
  description: Which of O(names) are not attached, in the order given. Empty without O(names).
  returned: success
  type: list
  elements: str
  sample: [brand.example.org]
primary:
  description: Name of the primary domain, whatever O(names) says. V(null) where RunCloud does not say (old API v2).
  returned: success
  type: str
  sample: network.example
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

import typing as t

from ..module_utils._module import Context, run
from ..module_utils._names import HostnameError, normalise
from ..module_utils._options import CONNECTION_SPEC, WEBAPP_SPEC
from ..module_utils._runcloud.models import PRIMARY
from ..module_utils._values import raise_problems

SPEC: dict[str, t.Any] = {
    **CONNECTION_SPEC,
    **WEBAPP_SPEC,
    "names": {"type": "list", "elements": "str"},
}


def read_domains(context: Context) -> dict[str, t.Any]:
    """Read the domains of the web application, all or those that are asked for."""
    names = context.options["names"]
    wanted = parse_names(names or [])
    rows = context.webapp().domains()
    attached = {row.name for row in rows}
    return {
        "domains": [row.as_result() for row in rows if names is None or row.name in wanted],
        "missing": [name for name in wanted if name not in attached],
        "primary": next((row.name for row in rows if row.type == PRIMARY), None),
    }


def parse_names(texts: t.Sequence[str]) -> dict[str, None]:
    """Read host names, each once and in the order given.

    :raises UserError: one error for all that are not host names.
    """
    found: dict[str, None] = {}
    problems = []
    for position, text in enumerate(texts, 1):
        try:
            found[normalise(text)] = None
        except HostnameError as exc:
            problems.append(f"names, item {position}: {exc}")
    raise_problems(problems)
    return found


def main() -> None:
    """Run the module."""
    run(SPEC, read_domains)


if __name__ == "__main__":
    main()
