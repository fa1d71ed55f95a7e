#!/usr/bin/python
# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: domain_dns_info
short_description: Find out whether domain names point to a server
version_added: 1.0.0
description:
  - Resolves host names, many at once, and says for each of them whether it points to the expected addresses, and if
    not, why.
  - Let's Encrypt issues a certificate only when every name in it points to the server. One name whose DNS points
    elsewhere makes the order fail for all of them, so it pays to know before the order.
  - A name points here when each of its A and AAAA records, at the end of its CNAME records if it has any, is listed
    in O(expect) or O(accept). Let's Encrypt may use any of them, so it is not enough that some are right.
  - There are three answers. What could not be found out, because of a time-out or because the nameservers of the
    domain fail, is returned in RV(unknown), neither in RV(ready) nor in RV(not_ready).
  - Only DNS is asked. C(/etc/hosts) and the search list of the resolver play no part.
  - Runs where the task runs, normally on the controller. It does not talk to RunCloud and needs no credentials.
author:
  - multisite.runcloud contributors (@multisite-runcloud)
extends_documentation_fragment:
  - multisite.runcloud.attributes.info_module
requirements:
  - dnspython >= 2.3
  - idna, for names with letters other than ASCII
options:
  names:
    description:
      - The host names. List each name that matters, V(www.brand.example) as well as V(brand.example).
      - International names may be given in either spelling.
      - A wildcard such as V(*.example.com) is resolved by a random name below it.
      - A name that is given twice is resolved and returned once.
    type: list
    elements: str
    required: true
  expect:
    description:
      - The IP addresses that are right, normally the server's public IPv4 address and, if it has one, its IPv6
        address.
    type: list
    elements: str
    required: true
  accept:
    description:
      - What is right as well, for example a proxy or a load balancer in front of the server. An IP address, a network
        in CIDR notation, or a host name.
      - A host name stands for the addresses that it has at this moment. A name that is a CNAME to it is right
        whatever its addresses are.
      - If a name is behind a well-known proxy such as Cloudflare, its reason names the proxy and the networks to put
        here.
    type: list
    elements: str
    default: []
  nameservers:
    description:
      - The nameservers to ask, as V(192.0.2.53), V(192.0.2.53:5353), V(2001:db8::53) or V([2001:db8::53]:5353).
      - They must resolve all O(names), as a public resolver does. By default, the nameservers of the machine are asked.
      - A nameserver that does not answer is asked only when the others do not answer either.
    type: list
    elements: str
    default: []
  timeout:
    description:
      - Seconds to wait for the answer to one question, all nameservers together.
    type: float
    default: 5
seealso:
  - module: multisite.runcloud.runcloud_domains
  - module: multisite.runcloud.runcloud_ssl
"""

EXAMPLES = r"""
- name: Find out which names point to the server
  multisite.runcloud.domain_dns_info:
    names:
      - brand.example
      - www.brand.example
    expect:
      - 203.0.113.5
      - 2001:db8::5
  delegate_to: localhost
  register: dns

- name: Show what the others wait for
  ansible.builtin.debug:
    msg: "{{ item.name }} waits for DNS: {{ item.reason }}"
  loop: "{{ dns.names | rejectattr('name', 'in', dns.ready) }}"
  loop_control:
    label: "{{ item.name }}"

- name: Accept names that go through a proxy or a load balancer, and ask public resolvers
  multisite.runcloud.domain_dns_info:
    names: "{{ my_domains }}"
    expect: 203.0.113.5
    accept:
      - 198.51.100.0/24
      - lb.hosting.example
    nameservers:
      - 9.9.9.9
      - 1.1.1.1:53
    timeout: 10
  delegate_to: localhost
"""

RETURN = r"""
names:
  description: What DNS says about each name, in the order given.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name in lower case, in its ASCII form, without a final dot.
      returned: success
      type: str
      sample: brand.example
    points_here:
      description: Whether all its addresses are right. V(null) if that is not known.
      returned: success
      type: bool
      sample: false
    addresses:
      description: The addresses that were found, IPv4 before IPv6.
      returned: success
      type: list
      elements: str
      sample:
        - 198.51.100.7
    reason:
      description: What was found, as the end of a sentence that begins with the name.
      returned: success
      type: str
      sample: points to 198.51.100.7 by way of shops.elsewhere.example, not to 203.0.113.5
  sample:
    - name: brand.example
      points_here: true
      addresses:
        - 203.0.113.5
      reason: points to 203.0.113.5
    - name: www.brand.example
      points_here: false
      addresses: []
      reason: does not exist in DNS (NXDOMAIN)
    - name: shop.example.com
      points_here: null
      addresses: []
      reason: "where it points is not known: no answer from 9.9.9.9:53 within 5 s"
ready:
  description: The names that point here.
  returned: success
  type: list
  elements: str
  sample:
    - brand.example
not_ready:
  description: The names that do not point here.
  returned: success
  type: list
  elements: str
  sample:
    - www.brand.example
unknown:
  description: The names for which it could not be found out. Each name is in exactly one of the three lists.
  returned: success
  type: list
  elements: str
  sample:
    - shop.example.com
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._errors import MissingLibrary, UserError
from ..module_utils._names import HostnameError, normalise
from ..module_utils._probe.dns import DnsCheck, Verdict, check_names

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "names": {"type": "list", "elements": "str", "required": True},
    "expect": {"type": "list", "elements": "str", "required": True},
    "accept": {"type": "list", "elements": "str", "default": []},
    "nameservers": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "float", "default": 5},
}
POINTS_HERE = {Verdict.HERE: True, Verdict.ELSEWHERE: False, Verdict.UNKNOWN: None}


def resolve(options: dict[str, Any]) -> dict[str, Any]:
    checks = check_names(
        normal_names(options["names"]),
        expect=options["expect"],
        accept=options["accept"],
        nameservers=options["nameservers"],
        timeout=options["timeout"],
    ).values()
    return {
        "names": [row(check) for check in checks],
        "ready": [check.name for check in checks if check.verdict is Verdict.HERE],
        "not_ready": [check.name for check in checks if check.verdict is Verdict.ELSEWHERE],
        "unknown": [check.name for check in checks if check.verdict is Verdict.UNKNOWN],
    }


def row(check: DnsCheck) -> dict[str, Any]:
    return {
        "name": check.name,
        "points_here": POINTS_HERE[check.verdict],
        "addresses": list(check.addresses),
        "reason": check.reason,
    }


def normal_names(names: list[str]) -> list[str]:
    # An empty list is more often a template gone wrong than intended, and would read as "all ready".
    if not names:
        raise UserError("names: at least one host name is needed")
    try:
        return list(dict.fromkeys(normalise(name) for name in names))
    except HostnameError as error:
        raise UserError(f"names: {error}") from error


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = resolve(module.params)
    except MissingLibrary as error:
        module.fail_json(msg=missing_required_lib(error.library), exception=error.import_error)
    except UserError as error:
        module.fail_json(msg=str(error))
    else:
        module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
