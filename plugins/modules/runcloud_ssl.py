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
  - RunCloud's API does not tell which names a certificate covers. With O(verify=tls) the server itself is asked, by a
    handshake for each domain, which costs no request.
  - Names that RunCloud gave the web application for tests (below C(runcloud.link)) need no certificate.
extends_documentation_fragment:
  - multisite.runcloud.runcloud
  - multisite.runcloud.runcloud.webapp
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
  - cryptography (for O(verify=tls) and O(provider=custom))
options:
  state:
    description:
      - V(present) makes sure that all names have a valid certificate.
      - V(absent) removes the certificates. HTTPS stops then.
    type: str
    choices: [present, absent]
    default: present
  mode:
    description:
      - V(basic) is one certificate for the web application, V(advanced) one for each domain (RunCloud's Business and
        Enterprise plans).
      - As it is unless given. A difference is an error unless O(switch_mode=true).
    type: str
    choices: [basic, advanced]
  switch_mode:
    description: Whether O(mode) may be switched. RunCloud deletes the certificates of the other mode.
    type: bool
    default: false
  auto_ssl:
    description:
      - Whether RunCloud orders and renews certificates by itself for new domains (AutoSSL). As it is unless given.
      - While it is on, domains in O(changed_names) are left to it.
    type: bool
  domains:
    description: Which domains are meant, in advanced mode. All unless given.
    type: list
    elements: str
  provider:
    description:
      - Where certificates come from.
      - V(letsencrypt) for new certificates unless given. A V(custom) or V(csr) certificate that is there is left alone
        unless this option says otherwise.
      - V(custom) installs O(certificate) and O(private_key). V(csr) has RunCloud make a signing request.
    type: str
    choices: [letsencrypt, custom, csr]
  environment:
    description: Let's Encrypt's environment. V(staging) is for tests; browsers do not trust it. A change orders anew.
    type: str
    choices: [live, staging]
    default: live
  authorization_method:
    description:
      - How Let's Encrypt checks that the domains are yours. V(http-01) for new certificates unless given, and as it
        is for others.
      - V(dns-01) needs O(external_api), and is the only way to a wildcard.
    type: str
    choices: [http-01, dns-01]
  external_api:
    description: Id or label of the API key of a DNS provider in RunCloud, for O(authorization_method=dns-01).
    type: str
  certificate:
    description: For O(provider=custom), the certificate and its chain in PEM, the certificate first.
    type: str
  private_key:
    description: For O(provider=custom), the key of O(certificate) in PEM, not encrypted.
    type: str
  csr_key_type:
    description: For O(provider=csr), the kind of key.
    type: str
    choices: [rsa-2048, rsa-4096, ecdsa-p256, ecdsa-p384]
  csr_organization:
    description: For O(provider=csr), the organization.
    type: str
  csr_department:
    description: For O(provider=csr), the department.
    type: str
  csr_city:
    description: For O(provider=csr), the city.
    type: str
  csr_state:
    description: For O(provider=csr), the state or province.
    type: str
  csr_country:
    description: For O(provider=csr), the country, as two letters.
    type: str
  enable_http:
    description: Whether plain HTTP is served, too, instead of being redirected. As it is unless given, V(false) at
      first.
    type: bool
  enable_hsts:
    description: Whether browsers are told to use only HTTPS (HSTS). As it is unless given, V(false) at first.
    type: bool
  enable_hsts_subdomains:
    description:
      - Whether HSTS holds for subdomains.
      - RunCloud never shows it, so it is sent along with other changes and listed in RV(unverified).
    type: bool
  enable_hsts_preload:
    description: Whether HSTS asks for preloading. Where RunCloud does not show it, as O(enable_hsts_subdomains).
    type: bool
  tls_versions:
    description: TLS versions that are offered. As they are unless given.
    type: str
    choices: [TLSv1.1+, TLSv1.2+, TLSv1.3]
  renew_before:
    description:
      - Order anew when a certificate ends within so many days.
      - RunCloud renews by itself about 30 days before the end. This is for when that did not work.
    type: int
    default: 14
  force:
    description:
      - Order although nothing asks for it, or although orders have failed three times within an hour.
      - Let's Encrypt issues 5 identical certificates a week; a sixth is refused before it is sent, as far as RunCloud's
        activity log tells.
    type: bool
    default: false
  verify:
    description:
      - V(tls) asks the server what it presents for each domain. Where it cannot be reached, a warning says so, and what
        RunCloud tells is trusted.
      - V(none) trusts that what was not in O(changed_names) is covered.
    type: str
    choices: [tls, none]
    default: tls
  verify_address:
    description: Address that is asked. The address of the server as RunCloud has it unless given (one request).
    type: str
  verify_port:
    description: Port that is asked.
    type: int
    default: 443
  wait:
    description: Whether to wait until ordered certificates are there.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait at most. What is not there then is listed in RV(pending), which is no failure.
    type: int
    default: 180
  max_orders:
    description: Orders that one run may send at most. What is left is listed in RV(pending), and the next run goes on.
    type: int
    default: 50
  attached:
    description: What M(multisite.runcloud.runcloud_domains) returned as
      RV(multisite.runcloud.runcloud_domains#module:domains), which saves a second list request.
    type: list
    elements: dict
  changed_names:
    description:
      - Names that were added, or whose C(www) was switched on, in the same run.
      - A name that was attached less than 45 seconds ago and is not in here may be one for which an interrupted run has
        ordered already. Then the server is watched for so long before anything is ordered.
    type: list
    elements: str
    default: []
  hold:
    description:
      - Names for which nothing must be ordered, each with the reason, for example because their DNS does not point
        here.
      - In basic mode an order would fail for all names. So where one is needed and a name of it is held, nothing is
        ordered and the task fails.
    type: dict
    default: {}
notes:
  - Let's Encrypt puts 100 names in one certificate, and issues 50 certificates a week for one registered domain and
    300 in 3 hours. What would be over is refused, or left to a later run, before anything is ordered.
  - A failed order leaves the certificate that is there in place. Only where RunCloud wants the old one removed first
    is it removed.
seealso:
  - module: multisite.runcloud.runcloud_domains
  - module: multisite.runcloud.domain_dns_info
"""

EXAMPLES = r"""
- name: See to it that all domains have a valid certificate
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
      register: attached

    - name: Order the certificate
      multisite.runcloud.runcloud_ssl:
        server_id: 1903
        webapp_id: 646
        attached: "{{ attached.domains }}"
        changed_names: "{{ attached.plan.add + attached.plan.change }}"

- name: One certificate for each domain, a wildcard among them
  multisite.runcloud.runcloud_ssl:
    server_id: 1903
    webapp_id: 646
    mode: advanced
    switch_mode: true
    domains:
      - "*.network.example"
    authorization_method: dns-01
    external_api: cloudflare

- name: Install a certificate of your own
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
      description: When it ends (UTC). V(null) while an order is under way.
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
      description: Whether plain HTTP is served, too.
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
      description: Who issued it. Only told, nothing depends on it.
      type: str
      sample: CN=R11,O=Let's Encrypt,C=US
    served_by_other:
      description: Whether the server presents a certificate that is not for this name.
      type: bool
      sample: false
    error:
      description: Why the handshake failed, if it did.
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
  description: For each name that failed, what went wrong. In basic mode under the first name of the certificate.
  returned: failure after the plan was made
  type: dict
  sample: {"shop.example.com": "PUT /servers/1903/webapps/646/ssl/4211 answered 422: DNS problem"}
applied:
  description: Names for which something was ordered.
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

import typing as t

from ..module_utils import _module
from ..module_utils._certificates import model as _ssl_model
from ..module_utils._certificates import result as _ssl_result
from ..module_utils._certificates import run as _ssl_module
from ..module_utils._domains import desired as _wishes
from ..module_utils._runcloud import models as _resources

SPEC: dict[str, t.Any] = {
    **_module.CONNECTION_SPEC,
    **_module.WEBAPP_SPEC,
    "state": {"type": "str", "choices": list(_wishes.STATES), "default": _wishes.PRESENT},
    "mode": {"type": "str", "choices": [_ssl_result.BASIC, _ssl_result.ADVANCED]},
    "switch_mode": {"type": "bool", "default": False},
    "auto_ssl": {"type": "bool"},
    "domains": {"type": "list", "elements": "str"},
    "provider": {"type": "str", "choices": [_resources.LETSENCRYPT, _resources.CUSTOM, _resources.CSR]},
    "environment": {"type": "str", "choices": [_ssl_model.LIVE, _ssl_model.STAGING], "default": _ssl_model.LIVE},
    "authorization_method": {"type": "str", "choices": [_ssl_model.HTTP_01, _ssl_model.DNS_01]},
    "external_api": {"type": "str"},
    "certificate": {"type": "str"},
    "private_key": {"type": "str", "no_log": True},
    "csr_key_type": {"type": "str", "choices": list(_resources.CSR_KEY_TYPES), "no_log": False},
    "csr_organization": {"type": "str"},
    "csr_department": {"type": "str"},
    "csr_city": {"type": "str"},
    "csr_state": {"type": "str"},
    "csr_country": {"type": "str"},
    "enable_http": {"type": "bool"},
    "enable_hsts": {"type": "bool"},
    "enable_hsts_subdomains": {"type": "bool"},
    "enable_hsts_preload": {"type": "bool"},
    "tls_versions": {"type": "str", "choices": list(_resources.TLS_VERSION_IDS)},
    "renew_before": {"type": "int", "default": 14},
    "force": {"type": "bool", "default": False},
    "verify": {"type": "str", "choices": ["tls", "none"], "default": "tls"},
    "verify_address": {"type": "str"},
    "verify_port": {"type": "int", "default": 443},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 180},
    "max_orders": {"type": "int", "default": 50},
    "attached": {"type": "list", "elements": "dict"},
    "changed_names": {"type": "list", "elements": "str", "default": []},
    "hold": {"type": "dict", "default": {}},
}


def main() -> None:
    """Run the module."""
    _module.run(
        SPEC,
        _ssl_module.synchronise,
        required_if=[
            ("provider", _resources.CUSTOM, ["certificate", "private_key"]),
            ("provider", _resources.CSR, [f"csr_{name}" for name in _resources.CSR_FIELDS]),
        ],
    )


if __name__ == "__main__":
    main()
