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
  - Resolves host names, many at once, and says of each whether it points to the expected addresses, and if not, why.
  - Let's Encrypt issues a certificate only when every name in it points to the server. One name whose DNS points
    elsewhere makes the order fail for all of them, so it is worth knowing before the order.
  - A name points here when each of its A and AAAA records, at the end of its CNAME records if it has any, is one
    of O(expect) or O(accept). Let's Encrypt may ask any of them, so some are not enough, and what cannot be found
    out counts as not pointing here.
  - Only DNS is asked. C(/etc/hosts) and the search list of the resolver play no part.
  - Runs where the task runs, normally on the controller. It does not talk to RunCloud and needs no credentials.
author:
  - multisite.runcloud contributors (@multisite-runcloud)
extends_documentation_fragment:
  - multisite.runcloud.attributes.info_module
requirements:
  - dnspython >= 2.1
  - idna, for names with other than ASCII letters
options:
  names:
    description:
      - The host names. Each must be asked for by itself, V(www.brand.example) beside V(brand.example).
      - International names may be given in either spelling.
      - A wildcard such as V(*.example.com) is resolved by a random name below it.
      - A name that is given twice is resolved and returned once.
    type: list
    elements: str
    required: true
  expect:
    description:
      - The IP addresses that are the right ones, normally the server's public IPv4 address and, where it has one, its
        IPv6 address.
    type: list
    elements: str
    required: true
  accept:
    description:
      - What else is right, for example a proxy or a load balancer in front of the server. An IP address, a network in
        CIDR notation, or a host name.
      - A host name stands for the addresses that it has at this moment. A name that is a CNAME to it is right
        whatever its addresses.
    type: list
    elements: str
    default: []
  nameservers:
    description:
      - The nameservers to ask, as V(192.0.2.53), V(192.0.2.53:5353), V(2001:db8::53) or V([2001:db8::53]:5353).
      - They must resolve all of O(names), as a public resolver does. Without any, those of the system are asked.
      - A nameserver that has answered nothing at all for O(timeout) seconds is not asked again.
    type: list
    elements: str
    default: []
  timeout:
    description:
      - Seconds to wait for one name, all its nameservers and records together.
    type: float
    default: 5
seealso:
  - module: multisite.runcloud.runcloud_domains
    description: Its option O(multisite.runcloud.runcloud_domains#module:hold) keeps out names that are not ready.
  - module: multisite.runcloud.runcloud_ssl
"""

EXAMPLES = r"""
- name: Which names point to the server?
  multisite.runcloud.domain_dns_info:
    names:
      - brand.example
      - www.brand.example
    expect:
      - 203.0.113.5
      - 2001:db8::5
  delegate_to: localhost
  register: dns

- name: Say what the others wait for
  ansible.builtin.debug:
    msg: "{{ item.name }} waits for DNS: {{ item.reason }}"
  loop: "{{ dns.names | rejectattr('points_here') }}"
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
      description: The name in lower case, international letters encoded, without a final dot.
      returned: success
      type: str
      sample: brand.example
    points_here:
      description: Whether all its addresses are right.
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
      description: What was found, in a sentence.
      returned: success
      type: str
      sample: points to 198.51.100.7 by way of shops.elsewhere.example, not to 203.0.113.5
    code:
      description:
        - The same for conditions in playbooks.
        - V(ok), all addresses are expected.
        - V(accepted), all addresses are right, but not all are expected ones.
        - V(elsewhere), no address is right.
        - V(partly), some addresses are right and some are not.
        - V(nxdomain), the name, or the name its CNAME leads to, does not exist.
        - V(no_address), it exists, but has neither an A nor an AAAA record.
        - V(cname_loop), its CNAME records go in a circle.
        - V(timeout), no nameserver answered in time.
        - V(servfail), the nameserver could not find out.
        - V(refused), the nameserver does not want to answer.
        - V(error), anything else.
      returned: success
      type: str
      sample: elsewhere
  sample:
    - name: brand.example
      points_here: true
      addresses:
        - 203.0.113.5
      reason: points to 203.0.113.5
      code: ok
    - name: www.brand.example
      points_here: false
      addresses: []
      reason: the name does not exist in DNS (NXDOMAIN)
      code: nxdomain
ready:
  description: The names that point here.
  returned: success
  type: list
  elements: str
  sample:
    - brand.example
not_ready:
  description: The names that do not, or of which it is not known.
  returned: success
  type: list
  elements: str
  sample:
    - www.brand.example
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
