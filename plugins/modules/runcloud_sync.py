#!/usr/bin/python

# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name, which does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: runcloud_sync
short_description: Keep a RunCloud web application in sync with a list of domains
version_added: 1.0.0
author:
  - multisite.runcloud contributors (@multisite-runcloud)
description:
  - Reads the wanted domains from a list, a file or a WordPress network, holds back names whose DNS does not point here,
    adds, changes and (if told to) removes domains of a web application, and has the certificates follow with as few
    orders as possible.
  - It is an action plugin. It works on the controller, in the process of the task, whatever the host of the task is and
    however it can be reached, so C(delegate_to) has no effect on it. Where RunCloud must be called from another machine,
    use M(multisite.runcloud.runcloud_domains) and M(multisite.runcloud.runcloud_ssl).
  - What takes longer than ten seconds says on standard error how far it is.
  - The role P(multisite.runcloud.domain_sync#role) and the playbooks of the collection run it.
extends_documentation_fragment:
  - multisite.runcloud.runcloud
  - multisite.runcloud.runcloud.webapp
  - multisite.runcloud.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: One diff for domains and certificates, with only what changes.
  idempotent:
    support: partial
    details: Not with O(ssl_force=true), which orders in each run.
requirements:
  - dnspython (unless O(require_dns=false))
  - cryptography (for O(ssl_check_served=true) and O(ssl_provider=custom))
options:
  source:
    description:
      - Where the wanted domains come from.
      - V(list) takes O(domains), V(file) reads O(file), V(wordpress) takes O(network), and V(rest) asks the REST API of
        the plugin Ultimate Multisite.
      - Defaults to V(file) where O(file) is given, else to V(list).
    type: str
    choices: [list, file, wordpress, rest]
  domains:
    description:
      - The wanted domains, for O(source=list).
      - Each is a name, or a dictionary with C(domain) (or C(name)) and, where wanted, C(state), C(type), C(www),
        C(redirection), C(active), C(stage) and C(blog_id).
      - C(active=false) is as if the item were not there.
      - A text with names separated by commas or line breaks, or with JSON, is understood as well.
    type: raw
  file:
    description:
      - YAML, JSON or CSV file with the wanted domains, for O(source=file).
      - A relative path starts at the folder where C(ansible-playbook) was started.
    type: path
  network:
    description:
      - What M(multisite.runcloud.multisite_domain_info) returned, for O(source=wordpress).
      - It may be the result of a task that failed, or whose host could not be reached. Nothing is done then but to report
        that.
    type: dict
  rest_url:
    description: The network's main URL, for O(source=rest).
    type: str
  rest_key:
    description: API key of the plugin, for O(source=rest).
    type: str
  rest_secret:
    description: API secret of the plugin, for O(source=rest).
    type: str
  exclude:
    description:
      - Shell patterns of names that are never touched. They are neither added nor changed nor removed.
      - They are read as names are, so international ones may be given in either form. One that matches nothing is
        reported.
    type: list
    elements: str
    default: []
  base_domains:
    description: Further domains below which the network makes sites.
    type: list
    elements: str
    default: []
  www:
    description:
      - Which domains are served with C(www.) as well.
      - V(auto) does what each item of a list says. For WordPress it follows the plugin's setting, where the C(www) name
        points here.
      - V(always) adds it wherever a name can have it. V(never) serves no name with it.
    type: str
    choices: [auto, always, never]
    default: auto
  subdomains:
    description:
      - What happens to the addresses of sites below the network's own domain.
      - V(auto) leaves them to a wildcard where one is attached that covers them, and attaches them otherwise.
      - V(always) attaches them, V(never) does not.
      - In a list, they are the names below O(base_domains).
    type: str
    choices: [auto, always, never]
    default: auto
  skip:
    description:
      - Which states in WordPress keep a name out.
      - V(inactive) is a domain that is paused, V(archived), V(spam) and V(deleted) are states of its site, and V(failed)
        is a domain on which the plugin has given up.
    type: list
    elements: str
    choices: [inactive, archived, spam, deleted, failed]
    default: [inactive, archived, spam, deleted]
  auto_create_www:
    description: Stands in for the plugin's setting C(auto_create_www_subdomain), where that cannot be read.
    type: str
    choices: [always, main_only, never]
  purge:
    description:
      - Whether domains are removed that are attached but not wanted.
      - The primary domain, RunCloud's own test domains and what O(purge_keep) and O(exclude) name always stay. Nothing is
        removed where the source may have been cut short.
    type: bool
    default: false
  purge_keep:
    description: Shell patterns of names that purge leaves alone. One that matches nothing is reported.
    type: list
    elements: str
    default: []
  purge_limit:
    description:
      - How many names one run may take away, as a number or a percentage of all domains that are attached.
      - Each C(www.) name that goes counts, an item with C(state=absent) does not.
      - Where more would have to go, none is removed, all the rest is done, and the run fails.
    type: str
    default: 20%
  require_dns:
    description:
      - Whether a new name waits until its DNS points at the server.
      - V(auto) holds it back in basic mode, where it would fail the certificate order for all names. In advanced mode it is
        attached, and only its own certificate waits.
      - V(true) holds it back in both modes. V(false) looks at no DNS at all.
    type: str
    choices: [auto, 'true', 'false']
    default: auto
  dns_nameservers:
    description: Nameservers to ask, as C(address) or C(address:port). Defaults to those of the controller.
    type: list
    elements: str
    default: []
  dns_accept:
    description: Further addresses, networks or names that a name may point to, for example those of a proxy.
    type: list
    elements: str
    default: []
  dns_expect:
    description: Addresses that a name must point to. Defaults to the server's address as RunCloud has it.
    type: list
    elements: str
  dns_timeout:
    description: Seconds that looking up one name may take.
    type: int
    default: 5
  ssl:
    description: Whether the certificates follow the domains. V(false) leaves them alone.
    type: bool
    default: true
  ssl_mode:
    description:
      - V(basic) is one certificate for the web application, V(advanced) one for each domain (RunCloud's Business and
        Enterprise plans).
      - Defaults to the mode that the application is in. Another one is an error unless O(ssl_allow_mode_switch=true).
    type: str
    choices: [basic, advanced]
  ssl_allow_mode_switch:
    description: Whether O(ssl_mode) may be switched, which deletes the certificates of the other mode.
    type: bool
    default: false
  ssl_auto_ssl:
    description:
      - Whether RunCloud orders and renews certificates by itself for new domains (AutoSSL). Not changed unless given.
      - While it is on, domains that a run adds are left to it.
    type: bool
  ssl_provider:
    description:
      - Where certificates come from. New ones come from V(letsencrypt) unless told otherwise, others stay as they are.
      - V(custom) installs O(ssl_certificate) and O(ssl_private_key).
    type: str
    choices: [letsencrypt, custom]
  ssl_environment:
    description: Let's Encrypt's environment. V(staging) is for tests, and browsers do not trust it. A change orders anew.
    type: str
    choices: [live, staging]
    default: live
  ssl_authorization_method:
    description:
      - How Let's Encrypt checks that the domains are yours. New certificates use V(http-01) unless told otherwise.
      - V(dns-01) needs O(ssl_external_api), and is the only way to a wildcard.
    type: str
    choices: [http-01, dns-01]
  ssl_external_api:
    description: Id or label of the key of a DNS provider in RunCloud, for O(ssl_authorization_method=dns-01).
    type: str
  ssl_certificate:
    description: The certificate and its chain in PEM, the certificate first, for O(ssl_provider=custom).
    type: str
  ssl_private_key:
    description: The key of O(ssl_certificate) in PEM, not encrypted, for O(ssl_provider=custom).
    type: str
  ssl_enable_http:
    description: Whether plain HTTP is served as well, instead of being redirected. Not changed unless given.
    type: bool
  ssl_enable_hsts:
    description: Whether browsers are told to use only HTTPS (HSTS). Not changed unless given.
    type: bool
  ssl_enable_hsts_subdomains:
    description:
      - Whether HSTS holds for subdomains.
      - RunCloud never shows it, so it is sent along with other changes and listed in RV(unverified).
    type: bool
  ssl_enable_hsts_preload:
    description: Whether HSTS asks browsers for preloading. Not changed unless given.
    type: bool
  ssl_tls_versions:
    description: TLS versions that are offered. Not changed unless given.
    type: str
    choices: [TLSv1.1+, TLSv1.2+, TLSv1.3]
  ssl_renew_before:
    description:
      - Order anew when a certificate ends within so many days.
      - RunCloud renews by itself about 30 days before the end. This is for when that did not work.
    type: int
    default: 14
  ssl_force:
    description: Order once more although nothing asks for it.
    type: bool
    default: false
  ssl_check_served:
    description:
      - Whether the server itself is asked, by a handshake for each domain, which certificate it presents. It costs no
        request.
      - V(false) trusts that what this run does not change is covered.
    type: bool
    default: true
  ssl_check_address:
    description: Address that is asked for certificates. Defaults to the server's address as RunCloud has it.
    type: str
  ssl_check_port:
    description: Port that is asked for certificates.
    type: int
    default: 443
  ssl_wait:
    description: Whether to wait until ordered certificates are there.
    type: bool
    default: true
  ssl_wait_timeout:
    description: Seconds to wait at most. What is not there then is listed in RV(pending), which is no failure.
    type: int
    default: 180
  ssl_max_orders:
    description: Orders that one run may send at most. What is left is listed in RV(pending), and the next run goes on.
    type: int
    default: 50
  fail_on_drift:
    description:
      - Whether the task fails where it changes anything, or would in check mode, or where a domain is attached that is
        not wanted.
    type: bool
    default: false
  report:
    description:
      - Folder on the controller for C(report.json), C(report.md), C(report.html) and C(before.yml), a domain file of the
        state before the run. A relative path starts at the folder where C(ansible-playbook) was started.
    type: path
  rows:
    description: Whether RV(rows) has V(all) names, or only those with which something happened or has to (V(changed)).
    type: str
    choices: [all, changed]
    default: all
  variables:
    description:
      - Prefix of the host's variables that stand in for options that are not given, as the role does it. With
        V(domain_sync_), C(domain_sync_purge) is taken for O(purge), and C(domain_sync_api_timeout) for O(timeout).
      - A variable with this prefix that means nothing is refused.
    type: str
notes:
  - C(async) is refused. The task's C(timeout) and C(environment) are honoured.
  - An empty text is as if the option was not given, since forms and surveys can give nothing else.
seealso:
  - module: multisite.runcloud.multisite_domain_info
  - module: multisite.runcloud.runcloud_domains
  - module: multisite.runcloud.runcloud_ssl
  - module: multisite.runcloud.runcloud_summary
"""

EXAMPLES = r"""
- name: Keep a web application in sync with a file
  multisite.runcloud.runcloud_sync:
    api_token: "{{ runcloud_api_token }}"
    server_id: 1903
    webapp_id: 646
    file: domains.yml
    purge: true
    purge_keep:
      - "*.staging.example"
    report: reports
  register: result

- name: Keep it in sync with a WordPress network
  block:
    - name: Read the network, on the host of WordPress
      multisite.runcloud.multisite_domain_info:
        path: /home/runcloud/webapps/network
      register: network

    - name: Bring RunCloud in line with it, from the controller
      multisite.runcloud.runcloud_sync:
        server_id: 1903
        webapp_id: 646
        source: wordpress
        network: "{{ network }}"

- name: Only look whether anything differs
  multisite.runcloud.runcloud_sync:
    server_id: 1903
    webapp_id: 646
    domains:
      - network.example
      - domain: shop.example.com
        www: true
    fail_on_drift: true
  check_mode: true
"""

RETURN = r"""
ok:
  description: Whether all went well. It is set from the outcome of each step.
  returned: always
  type: bool
  sample: true
status:
  description:
    - How each step ended, V(ok), V(partly failed), V(failed) or V(not done).
    - The steps are C(read), C(runcloud), C(decide), C(dns), C(domains) and C(certificates).
  returned: always
  type: dict
  sample: {"read": "ok", "runcloud": "ok", "decide": "ok", "dns": "ok", "domains": "ok", "certificates": "ok"}
preview:
  description: Whether it was a run in check mode.
  returned: always
  type: bool
  sample: false
complete:
  description: Whether the source is known to be whole. Where it is not, nothing is removed.
  returned: always
  type: bool
  sample: true
drift:
  description: Whether anything changed or would change, or something is attached that is not wanted.
  returned: always
  type: bool
  sample: true
rows:
  description: What happened to each name, the most urgent first.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name in its ASCII form.
      type: str
      sample: xn--mller-kva.example
    typed:
      description: The name as it was written. Empty for a name that only RunCloud has.
      type: str
      sample: müller.example
    action:
      description:
        - V(added), V(changed), V(removed), V(unchanged), V(deferred), V(failed), V(not attempted), V(unmanaged) (attached
          and not wanted), V(protected) (attached, not wanted, and not removed by purge) or V(left out).
        - In a preview V(add), V(change) and V(remove) stand for what would be done.
      type: str
      sample: added
    reason:
      description: Why.
      type: str
      sample: mapped to site 3
    certificate:
      description: V(ok), V(missing), V(pending), V(not checked), or empty where there is none to have.
      type: str
      sample: ok
    days_left:
      description: How many whole days the certificate that the server presents is still valid.
      type: int
      sample: 89
    waits_for:
      description: What or whom the name waits for, V(DNS), V(certificate), V(operator) or nothing.
      type: str
      sample: ""
counts:
  description: How many names each action befell.
  returned: always
  type: dict
  sample: {"added": 1, "unchanged": 11, "failed": 0}
plan:
  description: What was to do, as RV(multisite.runcloud.runcloud_domains#module:plan), and what is C(deferred).
  returned: always
  type: dict
  sample: {"add": ["shop.example.com"], "change": [], "remove": [], "unchanged": ["network.example"], "unmanaged": [],
    "protected": [], "deferred": [{"name": "late.example", "reason": "waiting for DNS: points to 203.0.113.9"}]}
mode:
  description: How the web application keeps its certificates, V(basic) or V(advanced). V(null) where it was not read.
  returned: always
  type: str
  sample: basic
orders:
  description: Certificate orders that were sent, or would be in a preview.
  returned: always
  type: list
  elements: dict
  sample: [{"via": "redeploy", "names": ["network.example", "shop.example.com"]}]
pending:
  description: What is not there yet, and why.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "late.example", "reason": "its DNS does not point here"}]
certificates:
  description: The certificates, as RV(multisite.runcloud.runcloud_ssl#module:certificates).
  returned: always
  type: list
  elements: dict
  sample: [{"id": 4211, "domain": null, "provider": "letsencrypt"}]
unverified:
  description: Options that RunCloud never shows, so that it is not known whether they hold.
  returned: always
  type: list
  elements: str
  sample: [enable_hsts_subdomains]
notes:
  description: What is worth knowing, and no failure.
  returned: always
  type: list
  elements: str
  sample: ["exclude: *.dev.example matches no name that is attached or wanted"]
errors:
  description: What failed and belongs to no single name. What belongs to one is in its row.
  returned: always
  type: list
  elements: str
  sample: []
api:
  description: Requests that were made, tries that were repeated, seconds that were waited.
  returned: always
  type: dict
  sample: {"requests": 4, "retries": 0, "waited": 0.0}
forecast:
  description: In a preview with something to do, how many requests and about how many seconds a real run takes.
  returned: always
  type: dict
  sample: {"requests": 9, "seconds": 9}
requeue:
  description: Names that M(multisite.runcloud.multisite_domain_requeue) may put back into the plugin's queue.
  returned: always
  type: dict
  sample: {"names": ["shop.example.com"], "secure_names": ["shop.example.com"]}
report:
  description: The folder of the report, empty where none is written.
  returned: always
  type: str
  sample: /srv/networks/reports
summary:
  description: The lines that M(multisite.runcloud.runcloud_summary) prints.
  returned: always
  type: list
  elements: str
  sample: ["ok: 1 added, 11 unchanged; 1 certificate order; 7 requests"]
failure:
  description: Why the run failed, in one short text. Empty where it did not.
  returned: always
  type: str
  sample: ""
"""
