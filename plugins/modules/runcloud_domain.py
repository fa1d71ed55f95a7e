#!/usr/bin/python

# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manage one domain of a RunCloud web application."""

from __future__ import annotations

DOCUMENTATION = r"""
module: runcloud_domain
short_description: Manage one domain of a RunCloud web application
version_added: 1.0.0
author:
  - multisite.runcloud contributors (@multisite-runcloud)
description:
  - Attaches a domain to a web application, changes its settings, or detaches it.
  - An attribute that is not given is left as it is.
  - For more than a few domains use M(multisite.runcloud.runcloud_domains), which reads the list once for all of them.
extends_documentation_fragment:
  - multisite.runcloud.runcloud
  - multisite.runcloud.runcloud.webapp
  - multisite.runcloud.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - The domain. Case and a final dot make no difference, international names are converted (IDNA 2008).
      - A wildcard is written V(*.example.com).
    type: str
    required: true
  state:
    description:
      - Whether the domain is attached.
      - The primary domain of a web application cannot be removed. Set O(type=primary) on another one first.
    type: str
    choices: [present, absent]
    default: present
  type:
    description:
      - Kind of the domain. For a new domain this defaults to V(alias).
      - V(primary) makes it the primary domain of the web application, and the one that was primary an alias.
      - V(redirect) redirects to the primary domain.
    type: str
    choices: [alias, primary, redirect]
  www:
    description: Whether the name with C(www.) in front is served as well. For a new domain this defaults to V(false).
    type: bool
  redirection:
    description:
      - Which of the two names redirects to the other, where O(www=true).
      - V(www) redirects to the name with C(www.), V(non-www) to the one without.
      - For a new domain this defaults to V(none).
    type: str
    choices: [none, www, non-www]
notes:
  - API v2 documents no way to change a domain. There, a difference in O(type), O(www) or O(redirection) is an error.
  - After a change the list of domains is read once more to see that RunCloud did what it was asked for.
seealso:
  - module: multisite.runcloud.runcloud_domains
  - module: multisite.runcloud.runcloud_ssl
"""

EXAMPLES = r"""
- name: Attach a customer's domain together with its www name
  multisite.runcloud.runcloud_domain:
    api_token: "{{ runcloud_api_token }}"
    server_id: 1903
    webapp_id: 646
    name: shop.example.com
    www: true
    redirection: non-www

- name: Make another domain the primary one
  multisite.runcloud.runcloud_domain:
    server_id: 1903
    webapp_id: 646
    name: network.example
    type: primary

- name: Detach a domain, with the older key and secret (API v2)
  multisite.runcloud.runcloud_domain:
    api_key: "{{ runcloud_api_key }}"
    api_secret: "{{ runcloud_api_secret }}"
    server_name: web1
    webapp_name: network
    name: shop.example.com
    state: absent
"""

RETURN = r"""
domain:
  description:
    - The domain as it is after the run, or would be (in check mode, without C(id) and C(created_at) where it is new).
    - For a C(www) name that is served by the domain it belongs to, that domain.
    - V(null) where it is not attached. A value that RunCloud does not show (old API v2) is V(null) as well.
  returned: when the list of domains could be read
  type: dict
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
applied:
  description: The domain, where the list that was read afterwards shows that it was changed.
  returned: failure after the list could be read
  type: list
  elements: str
  sample: []
errors:
  description: What went wrong, with the domain as the key.
  returned: failure after the list could be read
  type: dict
  sample:
    shop.example.com: "POST /servers/1903/webapps/646/domains answered 422: The given data was invalid."
not_attempted:
  description: The domain, where a step that was left was not tried because of the failure.
  returned: failure after the list could be read
  type: list
  elements: str
  sample: []
failure:
  description: The request that failed, in parts.
  returned: failure of a request
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
  sample: {"requests": 3, "retries": 0, "waited": 0.0}
"""

import typing as t

from ..module_utils._domains.desired import PRESENT, STATES, DesiredDomain, parse_desired_item, parse_name
from ..module_utils._domains.run import DomainsRequest, run_domains
from ..module_utils._errors import UserError
from ..module_utils._module import Context, PartlyFailed, run
from ..module_utils._options import CONNECTION_SPEC, WEBAPP_SPEC
from ..module_utils._outcome import Status
from ..module_utils._runcloud.models import DOMAIN_TYPES, REDIRECTIONS

SPEC: dict[str, t.Any] = {
    **CONNECTION_SPEC,
    **WEBAPP_SPEC,
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": list(STATES), "default": PRESENT},
    "type": {"type": "str", "choices": list(DOMAIN_TYPES)},
    "www": {"type": "bool"},
    "redirection": {"type": "str", "choices": list(REDIRECTIONS)},
}


def manage_domain(context: Context) -> dict[str, t.Any]:
    """Bring one domain into the state asked for."""
    desired = _read_desired(context.options)
    outcome = run_domains(context.webapp(), DomainsRequest([desired]), check_mode=context.check_mode)
    before, after = outcome.diff()
    result = {**outcome.as_result(), **context.diff({"domains": before}, {"domains": after})}
    del result["plan"]
    del result["domains"]
    rows = [row for row in outcome.after if desired.name in row.served_names]
    # A www name may be served by the domain it belongs to; a row of its own comes first.
    rows.sort(key=lambda row: row.name != desired.name)
    result["domain"] = rows[0].as_result() if rows else None
    if outcome.status is not Status.OK:
        raise PartlyFailed(outcome.message, result)
    return result


def _read_desired(options: t.Mapping[str, t.Any]) -> DesiredDomain:
    try:
        name = parse_name(options["name"])
    except UserError as exc:
        raise UserError(f"name: {exc}") from exc
    return parse_desired_item({**{key: options[key] for key in ("state", "type", "www", "redirection")}, "name": name})


def main() -> None:
    """Run the module."""
    run(SPEC, manage_domain, writes=True)


if __name__ == "__main__":
    main()
