#!/usr/bin/python

# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the certificates of a RunCloud web application."""

from __future__ import annotations

DOCUMENTATION = r"""
module: runcloud_ssl_info
short_description: Read the certificates of a RunCloud web application
version_added: 1.0.0
author:
  - multisite.runcloud contributors (@multisite-runcloud)
description:
  - Reads how a web application keeps its certificates, which there are, which names they cover and which they lack, and
    which end soon. Orders nothing.
  - RunCloud's API does not tell which names a certificate covers. With O(check_served) the server itself is asked, by a
    handshake for each domain, which costs no request.
  - This takes one request for every 40 domains, one for the mode, one for the certificates, one for the server's address
    (none with O(check_address) or O(check_served=false)), and one with O(log=true). In advanced mode, where RunCloud
    does not answer with a list of all certificates, there may be one more for each domain, see O(details).
  - Names that RunCloud gave the web application for tests (below C(runcloud.link)) need no certificate and are left
    out.
extends_documentation_fragment:
  - multisite.runcloud.runcloud
  - multisite.runcloud.runcloud.webapp
  - multisite.runcloud.attributes.info_module
requirements:
  - cryptography (for O(check_served))
options:
  details:
    description:
      - Of which domains RunCloud is asked for the certificate, in advanced mode and where it does not list them all in
        one answer.
      - V(auto) asks for those whose server presents none that is valid for all its names and beyond O(renew_before)
        days. The others are in RV(names), but not in RV(certificates). With O(check_served=false), and where the server
        cannot be reached, that is all of them.
      - V(all) asks for each, at one request a domain.
    type: str
    choices: [auto, all]
    default: auto
  renew_before:
    description: Certificates that end within so many days (0 to 60) are listed in RV(expiring).
    type: int
    default: 14
  check_served:
    description:
      - Whether the server itself is asked what it presents for each domain. Where it cannot be reached, a warning says
        so, and which names are covered is not known.
    type: bool
    default: true
  check_address:
    description: Address that is asked. Defaults to the address of the server as RunCloud has it (one request).
    type: str
  check_port:
    description: Port that is asked.
    type: int
    default: 443
  log:
    description: Whether to read the newest entries of the activity log, where RunCloud says why an order failed.
    type: bool
    default: false
seealso:
  - module: multisite.runcloud.runcloud_ssl
  - module: multisite.runcloud.runcloud_domain_info
"""

EXAMPLES = r"""
- name: Read the certificates
  multisite.runcloud.runcloud_ssl_info:
    api_token: "{{ runcloud_api_token }}"
    server_id: 1903
    webapp_id: 646
    renew_before: 21
  register: result

- name: Stop where visitors would see an error
  ansible.builtin.assert:
    that: lacking | length == 0
    fail_msg: "No certificate has {{ lacking | join(', ') }}"
  vars:
    lacking: "{{ result.names | map(attribute='missing') | flatten }}"

- name: See why an order failed, without asking the server itself
  multisite.runcloud.runcloud_ssl_info:
    api_token: "{{ runcloud_api_token }}"
    server_id: 1903
    webapp_id: 646
    check_served: false
    log: true
"""

RETURN = r"""
mode:
  description: How the web application keeps its certificates, V(basic) or V(advanced).
  returned: success
  type: str
  sample: basic
auto_ssl:
  description: Whether AutoSSL is on. V(null) where RunCloud does not say.
  returned: success
  type: bool
  sample: false
certificates:
  description:
    - The certificates, as RunCloud has them. Never a key.
    - In advanced mode with O(details=auto), those that RunCloud was asked for.
  returned: success
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
  returned: success
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
expiring:
  description:
    - Domains whose certificate ends within O(renew_before) days, or has ended.
    - The end counts that RunCloud tells or the server presents, whichever is later.
  returned: success
  type: list
  elements: str
  sample: []
log:
  description: Newest entries of the activity log, the newest first.
  returned: success and O(log=true)
  type: list
  elements: dict
  contains:
    kind:
      description: What it is about, in RunCloud's words.
      type: str
      sample: WebApp
    content:
      description: What happened, in RunCloud's words.
      type: str
      sample: SSL certificate was redeployed
    created_at:
      description: When, as RunCloud says it (UTC).
      type: str
      sample: "2026-11-22 07:05:41"
failure:
  description: The request that failed, in parts.
  returned: failure of a request
  type: dict
  sample: {"method": "GET", "path": "/servers/1903", "status": 401, "message": "Unauthenticated.", "fields": {}}
api:
  description: Requests made, how many of them were repeats, and the seconds spent waiting.
  returned: when RunCloud was addressed
  type: dict
  sample: {"requests": 4, "retries": 0, "waited": 0.0}
"""

import dataclasses
import datetime
import typing as t

from ..module_utils._certificates.coverage import expiring_names
from ..module_utils._certificates.model import DesiredCertificates
from ..module_utils._certificates.options import check_bounds
from ..module_utils._certificates.run import CertificatesRequest, read_certificates
from ..module_utils._module import Context, run
from ..module_utils._options import CHECK_SPEC, CONNECTION_SPEC, WEBAPP_SPEC

AUTO = "auto"
ALL = "all"

SPEC: dict[str, t.Any] = {
    **CONNECTION_SPEC,
    **WEBAPP_SPEC,
    **CHECK_SPEC,
    "details": {"type": "str", "choices": [AUTO, ALL], "default": AUTO},
    "log": {"type": "bool", "default": False},
}


def read(context: Context) -> dict[str, t.Any]:
    """Read the certificates, and the activity log where it is asked for."""
    options = context.options
    check_bounds(options, ("renew_before", "check_port"))
    days = datetime.timedelta(days=options["renew_before"])
    request = CertificatesRequest(
        DesiredCertificates(renew_before=days),
        check_served=options["check_served"],
        check_address=options["check_address"] or None,
        check_port=options["check_port"],
    )
    app = context.webapp()
    outcome = read_certificates(app, request, ask_all=options["details"] == ALL)
    for text in outcome.warnings:
        context.module.warn(text)
    result = {key: outcome.as_result()[key] for key in ("mode", "auto_ssl", "certificates", "names")}
    result["expiring"] = expiring_names(outcome.state, context.client.now() + days)
    if options["log"]:
        # In which order RunCloud sends it is not documented (reference 2.3).
        entries = sorted(app.log(), key=lambda entry: entry.created_at, reverse=True)
        result["log"] = [dataclasses.asdict(entry) for entry in entries]
    return result


def main() -> None:
    """Run the module."""
    run(SPEC, read)


if __name__ == "__main__":
    main()
