#!/usr/bin/python

# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name, which does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: runcloud_doctor
short_description: Find out what keeps domains from being in sync with RunCloud
version_added: 1.0.0
author:
  - multisite.runcloud contributors (@multisite-runcloud)
description:
  - Looks at the credentials, the server, the web application, its domains, the source of the wanted domains, WordPress and
    its plugin, DNS, CAA records, and the certificates as RunCloud has them and as the server presents them.
  - Says of each whether it is well and, where it is not, what to do about it. What could not be looked at is said to be so,
    and hides nothing else. It changes nothing.
  - It fails where something is wrong. A warning or something that could not be checked is not a failure.
  - It is an action plugin. It works on the controller, in the process of the task, whatever the host of the task is and
    however it can be reached, so C(delegate_to) has no effect on it.
  - It takes the options of M(multisite.runcloud.runcloud_sync), except those that only say how changes are made.
  - The playbook C(multisite.runcloud.doctor) runs it.
extends_documentation_fragment:
  - multisite.runcloud.runcloud
  - multisite.runcloud.runcloud.webapp
  - multisite.runcloud.attributes.info_module
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
  ssl_renew_before:
    description:
      - Order anew when a certificate ends within so many days.
      - RunCloud renews by itself about 30 days before the end. This is for when that did not work.
    type: int
    default: 14
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
  searches:
    description:
      - For how many wanted names that are not attached the other web applications are searched.
      - RunCloud has no such search, so the web applications are read one by one, for all these names at once and with
        100 requests at most. V(0) searches for none.
    type: int
    default: 3
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
  - module: multisite.runcloud.runcloud_sync
  - module: multisite.runcloud.runcloud_summary
  - module: multisite.runcloud.multisite_domain_info
  - module: multisite.runcloud.multisite_domain_requeue
"""

EXAMPLES = r"""
- name: Look at everything that a file of domains needs
  multisite.runcloud.runcloud_doctor:
    api_token: "{{ runcloud_api_token }}"
    server_id: 1903
    webapp_id: 646
    file: domains.yml

- name: Look at everything that a WordPress network needs
  block:
    - name: Read the network, on the host of WordPress
      multisite.runcloud.multisite_domain_info:
        path: /home/runcloud/webapps/network
      register: network
      failed_when: false
      ignore_unreachable: true

    - name: Look at all else, from the controller
      multisite.runcloud.runcloud_doctor:
        server_id: 1903
        webapp_id: 646
        source: wordpress
        network: "{{ network }}"
      register: visit
      failed_when: false

    - name: Show what was found as a table, and fail where something is wrong
      multisite.runcloud.runcloud_summary:
        result: visit

- name: See which servers and web applications these credentials may work with
  multisite.runcloud.runcloud_doctor:
    api_token: "{{ runcloud_api_token }}"
    domains: []
"""

RETURN = r"""
ok:
  description: Whether nothing is wrong.
  returned: always
  type: bool
  sample: false
counts:
  description: How many findings there are of each verdict, V(wrong), V(warning), V(not checked) and V(ok).
  returned: always
  type: dict
  sample: {"wrong": 1, "warning": 0, "not checked": 0, "ok": 14}
findings:
  description: What was found, the most urgent first.
  returned: always
  type: list
  elements: dict
  contains:
    area:
      description:
        - What it is about, V(options), V(connection), V(credentials), V(server), V(web application), V(plan), V(source),
          V(WordPress), V(domain), V(DNS), V(CAA), V(certificate), or V(doctor) where the visit itself was interrupted.
      type: str
      sample: DNS
    verdict:
      description:
        - V(wrong) is what visitors feel, or what will fail. V(warning) needs a hand, but harms nothing else.
        - V(not checked) is what could not be looked at, so that it is not known.
      type: str
      sample: wrong
    text:
      description: What was found, of the name where there is one.
      type: str
      sample: points to 203.0.113.9, not to 192.0.2.1
    advice:
      description: What to do about it. Empty where there is nothing to do.
      type: str
      sample: "It is attached, and the next order or renewal fails for all names: point it at the server or remove it."
    name:
      description: The name it is about, in its ASCII form. Empty where it is about none.
      type: str
      sample: shop.example.com
summary:
  description: The lines that M(multisite.runcloud.runcloud_summary) prints.
  returned: always
  type: list
  elements: str
  sample: ["ok  connection  RunCloud's API answers at https://manage.runcloud.io/api/v3", "", "ok: 0 wrong, 1 ok"]
failure:
  description: What is wrong, in one short text. Empty where nothing is.
  returned: always
  type: str
  sample: "1 wrong: DNS: shop.example.com: points to 203.0.113.9, not to 192.0.2.1"
api:
  description: Requests made, how many of them were repeats, and the seconds spent waiting.
  returned: always
  type: dict
  sample: {"requests": 6, "retries": 0, "waited": 0.0}
"""
