# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a file of domains."""

from __future__ import annotations

DOCUMENTATION = r"""
name: domain_file
author:
  - multisite.runcloud contributors (@multisite-runcloud)
version_added: 1.0.0
short_description: Read a file of domains
description:
  - Reads a list of domains from a YAML, JSON or CSV file, as the role P(multisite.runcloud.domain_sync#role) wants it.
  - A YAML or JSON file holds a list of names and dictionaries, or a dictionary whose only key C(domains) holds it.
  - The first line of a CSV file names its columns, one of them C(domain) or C(name). An empty cell says nothing. Columns
    are separated by commas, semicolons or tabs.
options:
  _terms:
    description:
      - The file. A relative path starts at the folder where C(ansible-playbook) was started.
      - It ends in C(.yml), C(.yaml), C(.json) or C(.csv).
    type: list
    elements: str
    required: true
seealso:
  - module: multisite.runcloud.runcloud_domains
"""

EXAMPLES = r"""
- name: Read the list of domains
  ansible.builtin.set_fact:
    wanted_domains: "{{ lookup('multisite.runcloud.domain_file', 'domains.yml') }}"
"""

RETURN = r"""
_raw:
  description: One list of items for each file.
  type: list
  elements: list
  sample: [["network.example", {"domain": "shop.example.com", "www": true}]]
"""

import pathlib
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ..module_utils._errors import UserError
from ..plugin_utils._sync.source import read_file


class LookupModule(LookupBase):
    """The lookup plugin."""

    def run(self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[list[t.Any]]:
        """Read the files; every failure names the file."""
        self.set_options(var_options=variables, direct=kwargs)
        return [read(term) for term in terms]


def read(name: str) -> list[t.Any]:
    """Read one file. Raises AnsibleError."""
    try:
        return [item.value for item in read_file(name, pathlib.Path.cwd())]
    except UserError as exc:
        raise AnsibleError(f"domain_sync_file: {exc}") from exc
