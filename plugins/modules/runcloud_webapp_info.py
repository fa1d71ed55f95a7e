#!/usr/bin/python

# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read web applications from RunCloud, and find the one that serves a domain."""

from __future__ import annotations

DOCUMENTATION = r"""
module: runcloud_webapp_info
short_description: Read web applications from RunCloud, and find the one that serves a domain
version_added: 1.0.0
author:
  - multisite.runcloud contributors (@multisite-runcloud)
description:
  - Returns what RunCloud knows about the web applications of one server, or of all servers.
  - With O(domain) it finds the web application that serves a name. RunCloud has no such search, so the domains of one
    web application after another are read until it is found.
  - Reading a server by its id takes one request, reading all servers one for every 40. After that it takes one request
    for every 40 web applications of each server, or one for a web application given by its id.
  - With O(domain), it takes one more request for every 40 domains of each web application up to the one that serves it.
    For a name that is not served, or only by a wildcard, these are all of them.
extends_documentation_fragment:
  - multisite.runcloud.runcloud
  - multisite.runcloud.runcloud.webapp
  - multisite.runcloud.attributes.info_module
options:
  server_id:
    description:
      - Id of the server, a number. Defaults to the environment variable E(RUNCLOUD_SERVER_ID), then
        E(WU_RUNCLOUD_SERVER_ID), but not with O(domain). An empty text counts as not given.
      - Without this, O(server_name) and the variables, all servers are read. Where the environment names a server but
        you want all, set both variables to an empty text for the task (keyword C(environment)).
    type: raw
  server_name:
    description: Name of the server, instead of O(server_id).
    type: str
  webapp_id:
    description: Id of the web application, a number, if you want only one. The environment is not used for it.
    type: raw
    aliases:
      - app_id
  webapp_name:
    description: Name of the web application, instead of O(webapp_id). On several servers there may be several.
    type: str
  domain:
    description:
      - Find the web application that serves this name. Servers that are offline are searched as well.
      - A web application serves the names of its domains, with C(www.) in front where C(www) is on for the domain, and
        what a wildcard domain covers (V(*.example.com) covers one label). Where one application has the name and
        another one the wildcard, it is the one that has the name.
      - Where none does, the task succeeds and RV(webapps) is empty.
      - Mutually exclusive with O(webapp_id) and O(webapp_name).
    type: str
notes:
  - What these credentials may not read, among servers and web applications that were not named, is left out with a
    warning, and RV(complete) is V(false).
  - Servers that other accounts share with yours are not among all servers, because RunCloud lists them separately. Use
    their ids.
seealso:
  - module: multisite.runcloud.runcloud_domain_info
  - module: multisite.runcloud.runcloud_server_info
"""

EXAMPLES = r"""
- name: List the web applications of a server
  multisite.runcloud.runcloud_webapp_info:
    api_token: "{{ runcloud_api_token }}"
    server_id: 1903
  register: result

- name: Find where a customer's domain is attached, on any server
  multisite.runcloud.runcloud_webapp_info:
    api_token: "{{ runcloud_api_token }}"
    domain: shop.example.com
  register: found

- name: Say where
  ansible.builtin.debug:
    msg: >-
      {{ found.webapps[0].name ~ ' on ' ~ found.webapps[0].server_name if found.webapps | length > 0
      else 'attached nowhere' if found.complete else 'not found, but not everything could be read' }}
"""

RETURN = r"""
webapps:
  description:
    - The web applications, in RunCloud's order, server by server.
    - With O(domain), the one that serves it, or none.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the web application.
      type: int
      sample: 646
    name:
      description: Its name.
      type: str
      sample: app-schimmel
    server_id:
      description: Id of its server.
      type: int
      sample: 1903
    server_name:
      description: Name of its server.
      type: str
      sample: server hello
    type:
      description: What it is, V(wordpress) for example.
      type: str
      sample: wordpress
    root_path:
      description: Its folder on the server.
      type: str
      sample: /home/runcloud/webapps/app-schimmel
    public_path:
      description: The folder that the web server serves.
      type: str
      sample: /home/runcloud/webapps/app-schimmel
    php_version:
      description: Its PHP version. V(null) where it has none.
      type: str
      sample: php81rc
    stack:
      description: V(hybrid), V(nativenginx) or V(customnginx).
      type: str
      sample: hybrid
    stack_mode:
      description: V(production) or V(development).
      type: str
      sample: production
    default_app:
      description: Whether the server answers with it where no domain fits.
      type: bool
      sample: false
    created_at:
      description: When it was made, as RunCloud returns it (UTC).
      type: str
      sample: "2024-07-09 07:02:13"
domain:
  description: The domain of the web application by which it serves O(domain). V(null) where none does.
  returned: success and O(domain) is given
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
      description: Its status as RunCloud returns it; only V(null) has been seen.
      type: str
      sample: null
    created_at:
      description: When it was attached, as RunCloud returns it (UTC).
      type: str
      sample: "2026-07-09 07:02:13"
match:
  description:
    - In which way RV(domain) serves O(domain). V(name), it has this name; V(www), this name is its own with C(www.) in
      front; V(wildcard), it covers this name.
    - V(null) where no web application serves it.
  returned: success and O(domain) is given
  type: str
  sample: www
complete:
  description: Whether everything could be read. Where it is V(false), what was not found may be there all the same.
  returned: success
  type: bool
  sample: true
failure:
  description: The request that failed, in parts.
  returned: failure of a request
  type: dict
  sample: {"method": "GET", "path": "/servers/1903", "status": 401, "message": "Unauthenticated.", "fields": {}}
api:
  description: Requests made, how many of them were repeats, and the seconds spent waiting.
  returned: when RunCloud was addressed
  type: dict
  sample: {"requests": 12, "retries": 0, "waited": 0.0}
"""

import dataclasses
import typing as t

from ..module_utils._errors import UserError
from ..module_utils._module import Context, run
from ..module_utils._names import HostnameError, normalise
from ..module_utils._options import CONNECTION_SPEC, WEBAPP_SPEC, read_search_target
from ..module_utils._runcloud.find import WebAppSearch

if t.TYPE_CHECKING:
    from ..module_utils._runcloud.models import Server, WebApp

SPEC: dict[str, t.Any] = {
    **CONNECTION_SPEC,
    **WEBAPP_SPEC,
    "domain": {"type": "str"},
}


def read_webapps(context: Context) -> dict[str, t.Any]:
    """Read the web applications that are meant, or find one."""
    search = WebAppSearch(context.cloud, context.target, context.progress)
    domain = context.options["domain"]
    result = list_webapps(context, search) if domain is None else find_webapp(search, domain)
    for what in search.left_out:
        context.module.warn(f"These credentials may not read {what}, so it was left out.")
    return {**result, "complete": not search.left_out}


def list_webapps(context: Context, search: WebAppSearch) -> dict[str, t.Any]:
    """Read the web application that was named, or all."""
    pairs = search.named_webapps() if context.target.has_webapp else search.webapps()
    return {"webapps": [webapp_result(*pair) for pair in pairs]}


def find_webapp(search: WebAppSearch, domain: str) -> dict[str, t.Any]:
    """Find the web application that serves a domain."""
    try:
        name = normalise(domain)
    except HostnameError as exc:
        raise UserError(f"domain: {exc}") from exc
    found = search.find_domain(name)
    if found is None:
        return {"webapps": [], "domain": None, "match": None}
    return {
        "webapps": [webapp_result(found.server, found.webapp)],
        "domain": found.domain.as_result(),
        "match": found.match,
    }


def webapp_result(server: Server, webapp: WebApp) -> dict[str, object]:
    """Return a web application as the module shows it."""
    return {**dataclasses.asdict(webapp), "server_id": server.id, "server_name": server.name}


def main() -> None:
    """Run the module."""
    run(
        SPEC,
        read_webapps,
        target=read_search_target,
        mutually_exclusive=[("domain", "webapp_id"), ("domain", "webapp_name")],
    )


if __name__ == "__main__":
    main()
