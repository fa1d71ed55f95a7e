#!/usr/bin/python

# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manage the certificates of a RunCloud web application."""

from __future__ import annotations

DOCUMENTATION = r"""
module: runcloud_ssl
short_description: Manage the certificates of a RunCloud web application
version_added: 1.0.0
author:
  - multisite.runcloud contributors (@multisite-runcloud)
description:
  - Brings the certificates of a web application into line with its domains, with as few orders as possible.
  - In basic mode there is one certificate for all domains. It is ordered once more when a name is missing in it, or
    when it ends soon. In advanced mode there is one for each domain, and each is looked at by itself.
  - RunCloud's API does not tell which names a certificate covers. With O(check_served) the server itself is asked, by a
    handshake for each domain, which costs no request. Where it presents a certificate that cannot be the one that
    RunCloud has, coverage is not known, and nothing is ordered because of it.
  - Names that RunCloud gave the web application for tests (below C(runcloud.link)) need no certificate.
extends_documentation_fragment:
  - multisite.runcloud.runcloud
  - multisite.runcloud.runcloud.webapp
  - multisite.runcloud.certificates
  - multisite.runcloud.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows only the certificates that change, and never keys or dates.
  idempotent:
    support: partial
    details: Not with O(force=true), which orders in each run.
requirements:
  - cryptography (for O(check_served) and O(provider=custom))
notes:
  - Let's Encrypt puts 100 names in one certificate, and issues 50 new certificates a week for one registered domain.
    What would be over is refused, or left to a later run, before anything is ordered.
  - An order that is younger than 15 minutes is waited for or returned as pending, and never repeated. It is known from
    RunCloud's activity log and from a small file in the cache folder of the user who runs the module
    (C(XDG_CACHE_HOME), or C(~/.cache)).
  - A failed order leaves the certificate that is there in place. Only where RunCloud wants the old one removed first
    is it removed.
seealso:
  - module: multisite.runcloud.runcloud_domains
  - module: multisite.runcloud.domain_dns_info
"""

EXAMPLES = r"""
- name: Keep a valid certificate for all domains
  multisite.runcloud.runcloud_ssl:
    api_token: "{{ runcloud_api_token }}"
    server_id: 1903
    webapp_id: 646
    enable_http: false
    tls_versions: TLSv1.2+

- name: Attach domains and order one certificate for all that changed
  block:
    - name: Attach the domains
      multisite.runcloud.runcloud_domains:
        server_id: 1903
        webapp_id: 646
        domains: "{{ wanted_domains }}"
      register: result

    - name: Order the certificate
      multisite.runcloud.runcloud_ssl:
        server_id: 1903
        webapp_id: 646
        check_served: false
        force: "{{ result is changed }}"

- name: One certificate for each domain, a wildcard among them
  multisite.runcloud.runcloud_ssl:
    server_id: 1903
    webapp_id: 646
    mode: advanced
    allow_mode_switch: true
    domains:
      - "*.network.example"
    authorization_method: dns-01
    external_api: cloudflare

- name: Install a custom certificate
  multisite.runcloud.runcloud_ssl:
    server_id: 1903
    webapp_id: 646
    provider: custom
    certificate: "{{ lookup('ansible.builtin.file', 'network.example.pem') }}"
    private_key: "{{ vault_private_key }}"
"""

RETURN = r"""
mode:
  description: How the web application keeps its certificates, V(basic) or V(advanced).
  returned: when the state could be read
  type: str
  sample: basic
auto_ssl:
  description: Whether AutoSSL is on. V(null) where RunCloud does not say.
  returned: when the state could be read
  type: bool
  sample: false
certificates:
  description:
    - The certificates, as RunCloud has them after the run. In check mode, as they are. Never a key.
    - In advanced mode, where RunCloud does not list them, only those that had to be asked for.
  returned: when the state could be read
  type: list
  elements: dict
  contains:
    id:
      description: Id of the certificate.
      type: int
      sample: 4211
    domain:
      description: The domain it is for. V(null) in basic mode.
      type: str
      sample: null
    provider:
      description: V(letsencrypt), V(custom) or V(csr).
      type: str
      sample: letsencrypt
    valid_until:
      description: When it ends (UTC). V(null) while an order is in progress.
      type: str
      sample: "2027-02-20 06:02:13"
    days_left:
      description: Whole days until then.
      type: int
      sample: 89
    renewal_date:
      description: When RunCloud means to renew it (UTC).
      type: str
      sample: "2027-01-21 06:02:13"
    created_at:
      description: When RunCloud made it (UTC).
      type: str
      sample: "2026-11-22 07:05:41"
    staging:
      description: Whether it is from Let's Encrypt's staging environment.
      type: bool
      sample: false
    authorization_method:
      description: V(http-01) or V(dns-01).
      type: str
      sample: http-01
    external_api:
      description: Id of the DNS provider's API key.
      type: int
      sample: null
    enable_http:
      description: Whether plain HTTP is served instead of being redirected.
      type: bool
      sample: false
    enable_hsts:
      description: Whether HSTS is on.
      type: bool
      sample: false
    enable_hsts_preload:
      description: Whether HSTS asks for preloading.
      type: bool
      sample: false
    tls_versions:
      description: TLS versions that are offered. V(null) where RunCloud does not say.
      type: str
      sample: TLSv1.2+
    covers:
      description: Names of the attached domains that it covers.
      type: list
      elements: str
      sample: [network.example, shop.example.com]
    missing:
      description: Names of the attached domains that it lacks.
      type: list
      elements: str
      sample: []
    checked:
      description: Whether it is known which names it covers. Where it is not, RV(certificates[].covers) and
        RV(certificates[].missing) are empty.
      type: bool
      sample: true
names:
  description: What visitors of each domain get.
  returned: when the state could be read
  type: list
  elements: dict
  contains:
    name:
      description: The domain.
      type: str
      sample: shop.example.com
    checked:
      description: Whether it is known which of its names are covered. Where it is not, RV(names[].covers) and
        RV(names[].missing) are empty.
      type: bool
      sample: true
    covers:
      description: Which of its names are covered, C(www.) included.
      type: list
      elements: str
      sample: [shop.example.com]
    missing:
      description: Which of its names are not covered.
      type: list
      elements: str
      sample: []
    expires:
      description: When the certificate that the server presents ends (UTC). V(null) where it was not seen.
      type: str
      sample: "2027-02-20 06:02:13"
    days_left:
      description: Whole days until then.
      type: int
      sample: 89
    issuer:
      description: Who issued it. Only reported, nothing depends on it.
      type: str
      sample: CN=R11,O=Let's Encrypt,C=US
    served_by_other:
      description: Whether the server presents a certificate that is not for this name.
      type: bool
      sample: false
    error:
      description: Why nothing is known of what visitors get, for example because the handshake failed.
      type: str
      sample: ""
orders:
  description: What was ordered from a certificate authority (in check mode, what would be).
  returned: when the state could be read
  type: list
  elements: dict
  contains:
    via:
      description: V(install) for a first certificate, V(redeploy) for the same again, V(reissue) for one of another
        kind.
      type: str
      sample: redeploy
    names:
      description: The names that the certificate is for.
      type: list
      elements: str
      sample: [network.example, shop.example.com]
pending:
  description: Names that wait for something, each with the reason.
  returned: when the state could be read
  type: list
  elements: dict
  sample: [{"name": "late.example.com", "reason": "its DNS points to 192.0.2.7"}]
unverified:
  description: Options that were asked for and that RunCloud does not show. They are sent along with other changes.
  returned: when the state could be read
  type: list
  elements: str
  sample: [enable_hsts_subdomains]
ignored:
  description: Options that RunCloud accepted but did not apply.
  returned: when the state could be read
  type: list
  elements: str
  sample: []
errors:
  description: For each name that is the cause of a failure, what went wrong. What belongs to no single name is in the
    message.
  returned: failure after the plan was made
  type: dict
  sample: {"shop.example.com": "PUT /servers/1903/webapps/646/ssl/4211 answered 422: DNS problem"}
applied:
  description: Names for which something was ordered that is not known to have failed.
  returned: failure after the plan was made
  type: list
  elements: str
  sample: []
not_attempted:
  description: Names that were not tried, because something failed that concerns all of them.
  returned: failure after the plan was made
  type: list
  elements: str
  sample: []
failure:
  description: The request that failed, in parts.
  returned: failure of a request that is not about a single certificate
  type: dict
  sample: {"method": "GET", "path": "/servers/1903", "status": 401, "message": "Unauthenticated.", "fields": {}}
api:
  description: Requests made, how many of them were repeats, and the seconds spent waiting.
  returned: when RunCloud was addressed
  type: dict
  sample: {"requests": 28, "retries": 0, "waited": 0.0}
"""

import datetime
import typing as t

from ..module_utils._certificates.run import read_request, run_certificates
from ..module_utils._module import Context, PartlyFailed, run
from ..module_utils._options import CONNECTION_SPEC, SSL_SPEC, WEBAPP_SPEC
from ..module_utils._outcome import Status

SPEC: dict[str, t.Any] = {**CONNECTION_SPEC, **WEBAPP_SPEC, **SSL_SPEC}


def synchronise(context: Context) -> dict[str, t.Any]:
    """Bring the certificates into the state asked for."""
    request = read_request(context.options, datetime.datetime.now(datetime.timezone.utc))
    outcome = run_certificates(context.webapp(), request, check_mode=context.check_mode)
    for text in outcome.warnings:
        context.module.warn(text)
    result = {"changed": outcome.changed, **outcome.as_result(), **context.diff(*outcome.diff())}
    if outcome.status is Status.OK:
        return result
    result["errors"] = dict(outcome.errors)
    result["not_attempted"] = list(outcome.not_attempted)
    result["applied"] = list(outcome.applied)
    if outcome.failure is not None:
        result["failure"] = outcome.failure.as_dict()
    raise PartlyFailed(outcome.summary, result)


def main() -> None:
    """Run the module."""
    run(SPEC, synchronise, writes=True)


if __name__ == "__main__":
    main()
