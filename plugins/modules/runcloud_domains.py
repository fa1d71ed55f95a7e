#!/usr/bin/python

# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manage the domains of a RunCloud web application."""

from __future__ import annotations

DOCUMENTATION = r"""
module: runcloud_domains
short_description: Manage the domains of a RunCloud web application
version_added: 1.0.0
author:
  - multisite.runcloud contributors (@multisite-runcloud)
description:
  - Keeps the domains of a web application in sync with a list, with one list request for all of them.
  - Adds first, then sets the primary domain, then changes settings, then removes.
  - Domains that are attached but not in the list are only removed with O(purge=true), and within limits.
  - What fails for one name does not stop the others. The task then fails at its end, and says what was done.
  - After changes the list is read once more. Only what it shows counts as done.
extends_documentation_fragment:
  - multisite.runcloud.runcloud
  - multisite.runcloud.runcloud.webapp
  - multisite.runcloud.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows only the domains that change, and of them name, type, www and redirection.
  idempotent:
    support: full
options:
  domains:
    description:
      - The domains. Each is a name, or a dictionary with the keys below.
      - C(name) or C(domain), the name. Case and a final dot make no difference, international names are converted.
      - C(state), V(present) (the default) or V(absent).
      - C(type), V(alias), V(primary) or V(redirect); C(www), V(true) or V(false); C(redirection), V(none), V(www) or
        V(non-www). What is not given is left as it is; a new domain is an alias without www and redirection.
      - The same name twice with the same attributes counts once; with different attributes it is an error.
    type: list
    elements: raw
    required: true
  purge:
    description:
      - Whether domains are removed that are attached but not in O(domains).
      - The primary domain, RunCloud's own test domains, rows that are not host names, and what O(purge_keep) has are
        never removed.
      - When O(domains) asks for no domain at all, or O(purge_limit) would be exceeded, nothing is removed. Everything
        else is done, and the task fails at its end.
    type: bool
    default: false
  purge_keep:
    description:
      - Names that O(purge) leaves alone, or shell patterns of names, as in V(*.example.com). They are read as names
        are, so case, a final dot and international letters make no difference.
      - An entry that matches nothing is a warning.
    type: list
    elements: str
    default: []
  purge_limit:
    description:
      - How many names may be taken away in one run, as a number or as a percentage of all domains that are attached.
      - What O(purge) removes counts, and so does each C(www=false) that takes the name with C(www.) from visitors, also
        while O(purge) is off. An item with C(state=absent) does not count.
      - A percentage is rounded down, but is at least one domain; V(0%) and V(0) allow none.
    type: str
    default: 20%
notes:
  - API v2 documents no way to change a domain. There, a domain that differs is reported in RV(errors), and so is a new
    one that should be the primary domain. The rest is done.
  - Where RunCloud does not say which domain is the primary one (old API v2), nothing is removed.
  - The primary domain cannot be removed. Set C(type=primary) on another domain in the same run.
  - An item C(www.shop.example.com) counts as attached where C(shop.example.com) is attached with C(www=true).
seealso:
  - module: multisite.runcloud.runcloud_domain
  - module: multisite.runcloud.runcloud_ssl
"""

EXAMPLES = r"""
- name: Keep the domains of a web application in sync with a list
  multisite.runcloud.runcloud_domains:
    api_token: "{{ runcloud_api_token }}"
    server_id: 1903
    webapp_id: 646
    domains:
      - network.example
      - name: shop.example.com
        www: true
        redirection: non-www
      - domain: old.example.org
        state: absent
    purge: true
    purge_keep:
      - "*.staging.example"
    purge_limit: 10%

- name: Add new domains
  multisite.runcloud.runcloud_domains:
    server_id: 1903
    webapp_id: 646
    domains: "{{ new_domains }}"
  register: result

- name: Order a certificate for them without looking at what the server presents
  multisite.runcloud.runcloud_ssl:
    server_id: 1903
    webapp_id: 646
    check_served: false
    force: "{{ result is changed }}"
"""

RETURN = r"""
domains:
  description:
    - All domains of the web application after the run, or as they would be.
    - In check mode, new ones have V(null) as C(id).
    - A value that RunCloud does not show (old API v2) is V(null).
  returned: when the plan could be made
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
      description: Whether the name with C(www.) is served as well.
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
      description: What RunCloud says of its status; nothing but V(null) has been seen.
      type: str
      sample: null
    created_at:
      description: When it was attached, as RunCloud says it (UTC).
      type: str
      sample: "2026-07-09 07:02:13"
plan:
  description: What was decided. The same in check mode as in a real run.
  returned: when the plan could be made
  type: dict
  contains:
    add:
      description: Names that are added, in the order given.
      type: list
      elements: str
      sample: [shop.example.com]
    change:
      description: Names whose settings change.
      type: list
      elements: str
      sample: []
    remove:
      description: Names that are no longer served afterwards, a C(www) name that is switched off included.
      type: list
      elements: str
      sample: [old.example.org]
    unchanged:
      description: Names that are in the state asked for.
      type: list
      elements: str
      sample: [network.example]
    unmanaged:
      description:
        - Names that are attached but not asked for, which O(purge) removes, or would remove if it were on.
      type: list
      elements: str
      sample: []
    protected:
      description:
        - Names that are attached but not asked for and that O(purge) leaves alone, each with the reason.
        - Also names that were asked to be absent and stay for now, for example the primary domain while its successor
          has to wait.
      type: list
      elements: dict
      sample: [{"name": "app.p.runcloud.link", "reason": "it is a test domain of RunCloud"}]
    deferred:
      description: Names that are not added yet, each with the reason. Always empty here; see M(multisite.runcloud.runcloud_sync).
      type: list
      elements: dict
      sample: []
applied:
  description: Names that were changed, as the list that was read afterwards shows.
  returned: failure after the plan was made
  type: list
  elements: str
  sample: [shop.example.com]
errors:
  description: For each name that failed, or for which it is not known whether it was changed, what went wrong.
  returned: failure after the plan was made
  type: dict
  sample: {"taken.example.com": "POST /servers/1903/webapps/646/domains answered 422: The given data was invalid."}
not_attempted:
  description: Names that were not tried, because something failed that concerns all of them.
  returned: failure after the plan was made
  type: list
  elements: str
  sample: []
failure:
  description: The request that failed, in parts.
  returned: failure of a request before the first write
  type: dict
  sample:
    method: GET
    path: /servers/1903/webapps/646/domains?page=1&perPage=40
    status: 401
    message: Unauthenticated.
    fields: {}
api:
  description: Requests made, how many of them were repeats, and the seconds spent waiting.
  returned: when RunCloud was addressed
  type: dict
  sample: {"requests": 28, "retries": 0, "waited": 0.0}
"""

import typing as t

from ..module_utils._domains.desired import parse_desired, parse_patterns
from ..module_utils._domains.removal import Purge
from ..module_utils._domains.run import DomainsRequest, run_domains
from ..module_utils._module import Context, PartlyFailed, run
from ..module_utils._options import CONNECTION_SPEC, WEBAPP_SPEC
from ..module_utils._outcome import Status

SPEC: dict[str, t.Any] = {
    **CONNECTION_SPEC,
    **WEBAPP_SPEC,
    "domains": {"type": "list", "elements": "raw", "required": True},
    "purge": {"type": "bool", "default": False},
    "purge_keep": {"type": "list", "elements": "str", "default": []},
    "purge_limit": {"type": "str", "default": "20%"},
}


def manage_domains(context: Context) -> dict[str, t.Any]:
    """Bring the domains of the web application into line with the list."""
    options = context.options
    request = DomainsRequest(
        parse_desired(options["domains"]),
        Purge(options["purge"], parse_patterns(options["purge_keep"], "purge_keep"), options["purge_limit"]),
    )
    outcome = run_domains(context.webapp(), request, check_mode=context.check_mode)
    for note in outcome.plan.notes:
        context.module.warn(note)
    before, after = outcome.diff()
    result = {**outcome.as_result(), **context.diff({"domains": before}, {"domains": after})}
    if outcome.status is not Status.OK:
        raise PartlyFailed(outcome.message, result)
    return result


def main() -> None:
    """Run the module."""
    run(SPEC, manage_domains, writes=True)


if __name__ == "__main__":
    main()
