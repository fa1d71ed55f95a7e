# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes roles/domain_sync/meta/argument_specs.yml: the options of runcloud_sync as variables, and the role's own.

``python -m tools.role_specs`` writes the file; a test says where it is out of date.

AWX's surveys give nothing but text, and "" for a field that was left empty. So whatever is not text is checked by the
action, which understands that, and not by what Ansible does with this file before the role begins.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml
from ansible.plugins.loader import init_plugin_loader

from support.docs import read
from tools.collection import ROOT, link_tree

FILE = ROOT / "roles" / "domain_sync" / "meta" / "argument_specs.yml"
PREFIX = "domain_sync_"
# Options that the role hands on itself.
NOT_VARIABLES = ("network", "variables")
# What a value must be, in words.
KINDS = {"bool": "True or false.", "int": "A number.", "list": "A list."}
SECRETS = ("api_token", "api_key", "api_secret", "rest_key", "rest_secret", "ssl_private_key")

HEAD = """\
---
# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Made by tests/tools/role_specs.py from the documentation of runcloud_sync. An empty text is as if not given, and text
# is understood as a number, true or false, or a list, because surveys have nothing else.

"""

ROLE_OPTIONS = """
domain_sync_hosts:
  description:
    - The hosts on which WordPress lies, as a pattern. It is the C(hosts) of the playbooks of the collection, and means
      nothing to the role itself.
    - Everything but the reading of WordPress happens on the controller.
  type: str
  default: localhost
domain_sync_wordpress_method:
  description:
    - How WordPress is read, for O(domain_sync_source=wordpress).
    - V(auto) takes WP-CLI where it is there, and plain PHP otherwise.
    - One of V(auto), V(wp_cli), V(php).
  type: raw
  default: auto
domain_sync_wordpress_path:
  description: Where WordPress lies on the play's hosts.
  type: path
domain_sync_wordpress_wp_cli:
  description: The WP-CLI executable.
  type: str
domain_sync_wordpress_php:
  description: The PHP executable.
  type: str
domain_sync_wordpress_url:
  description: URL of a site of the network, where WordPress cannot tell by itself which network is meant.
  type: str
domain_sync_wordpress_network_id:
  description:
    - Only this network (a number) of an installation that has several, and all of them unless given.
    - Nothing is removed because of a part of an installation.
  type: raw
domain_sync_requeue_stuck:
  description:
    - Whether domains that the plugin has given up on go back into its queue (true or false) once they are attached and
      their DNS is right, and for those in stage C(ssl-failed) once they are served with a certificate. See
      M(multisite.runcloud.multisite_domain_requeue).
    - Only for O(domain_sync_source=wordpress), and only where DNS is looked at.
  type: raw
  default: false
"""

MAIN = {
    "short_description": "Keep a RunCloud web application in sync with a list of domains",
    "description": [
        "Reads the wanted domains, compares them with what is attached to the web application, adds, changes and (if "
        "told to) removes domains, and has the certificates follow, with as few orders as possible.",
        "In check mode nothing is changed, and everything is told as in a real run.",
        "Leaves C(domain_sync_result), which later tasks can use. It is described in the README of the role.",
        "A variable that begins with C(domain_sync_) and is not known is refused.",
    ],
    "author": ["multisite.runcloud contributors"],
    "version_added": "1.0.0",
}
DOCTOR = {
    "short_description": "Find out what is wrong, and say what to do about it",
    "description": [
        "Looks at the connection, the credentials, the ids, the server, the plan, WordPress and its plugin, names that "
        "are attached and not wanted, and the DNS, the CAA records and the certificate of each name.",
        "What cannot be looked at hides nothing else, and nothing is ever changed.",
        "Leaves C(domain_sync_doctor), and fails where something is wrong.",
        "Takes the variables of the entry point C(main), so that both can be run with the same ones.",
    ],
    "author": ["multisite.runcloud contributors"],
    "version_added": "1.0.0",
}
DOCTOR_OPTIONS = """
domain_sync_doctor_searches:
  description:
    - For how many wanted names that are not attached the other web applications are searched (a number).
    - RunCloud has no such search, so the web applications are read one by one, for all these names at once and with 100
      requests at most. V(0) searches for none.
  type: raw
  default: 3
"""


class Dumper(yaml.SafeDumper):
    """Writes YAML as people do: lists are indented, and nothing is an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists as well."""
        del indentless
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        del data
        return True


def variable_of(option: str, connection: set[str]) -> str:
    """Return the variable that stands in for an option."""
    return f"{PREFIX}api_{option.removeprefix('api_')}" if option in connection else f"{PREFIX}{option}"


def role_options() -> dict[str, Any]:
    """Return the options of the entry point main."""
    doc = read("modules", ROOT / "plugins" / "modules" / "runcloud_sync.py").doc
    # Ansible's own kinds of text become plain text.
    options = json.loads(json.dumps(doc["options"]))
    connection = connection_options()
    names = {option: variable_of(option, connection) for option in options if option not in NOT_VARIABLES}
    found = {names[option]: converted(option, options[option], names) for option in names}
    order = {name: number for number, name in enumerate(["source", "domains", "file", "server_id", "server_name"])}
    ranked = sorted(found, key=lambda name: order.get(name.removeprefix(PREFIX), len(order)))
    return {**{name: found[name] for name in ranked}, **yaml.safe_load(ROLE_OPTIONS)}


def connection_options() -> set[str]:
    """Return the options of the shared connection fragment."""
    server = read("modules", ROOT / "plugins" / "modules" / "runcloud_server_info.py").doc["options"]
    return set(server) - {"server_id", "server_name"}


def converted(option: str, doc: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Return the documentation of an option as that of its variable."""
    words = doc["description"]
    found: dict[str, Any] = {
        "description": [renamed(text, names) for text in ([words] if isinstance(words, str) else words)]
    }
    if option == "source":
        # The role reads WordPress itself.
        found["description"][1] = found["description"][1].replace(
            "takes C(network)", "reads the network on the play's hosts"
        )
    # The action checks the values, and says in one line what is wrong with one: what ansible-core finds before the role
    # begins is told with the whole specification.
    kind = str(doc.get("type", "str"))
    if "choices" in doc:
        shown = ", ".join(f"V({choice})" for choice in doc["choices"])
        found["description"].append(f"{'Any' if kind == 'list' else 'One'} of {shown}.")
    elif kind in KINDS:
        found["description"].append(KINDS[kind])
    found["type"] = "raw" if kind in KINDS or "choices" in doc else kind
    if doc.get("default") is not None:
        found["default"] = doc["default"]
    if option in SECRETS:
        found["no_log"] = True
    return found


def renamed(text: str, names: dict[str, str]) -> str:
    """Return a text in which options are called as the role's variables."""

    def name(match: re.Match[str]) -> str:
        option, value = match.group(1), match.group(2)
        return f"O({names[option]}{value})" if option in names else f"C({option}{value})"

    text = re.sub(r"O\(([a-z_0-9]+)((?:=[^)]*)?)\)", name, text)
    return re.sub(r"RV\(([a-z_]+)\)", r"C(\1)", text)


def text() -> str:
    """Return the whole file."""
    main = dump({**MAIN}, 4) + "    options: &options\n" + dump(role_options(), 6)
    doctor = dump({**DOCTOR}, 4) + "    options:\n      <<: *options\n" + dump(yaml.safe_load(DOCTOR_OPTIONS), 6)
    return f"{HEAD}argument_specs:\n  main:\n{main}\n  doctor:\n{doctor}"


def dump(value: Any, indentation: int) -> str:
    """Return data as indented YAML."""
    written = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=104 - indentation)
    return "".join(f"{' ' * indentation}{line}\n" for line in written.splitlines())


if __name__ == "__main__":
    init_plugin_loader([str(link_tree())])
    FILE.write_text(text(), encoding="utf-8")
