#!/usr/bin/python

# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name, which prints on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: runcloud_summary
short_description: Print the summary of a run, and fail where it was not ok
version_added: 1.0.0
author:
  - multisite.runcloud contributors (@multisite-runcloud)
description:
  - Prints the lines that M(multisite.runcloud.runcloud_sync) or M(multisite.runcloud.runcloud_doctor) left as they are, also
    where successful tasks are hidden, and to standard error where the output is read by programs.
  - Then fails with a short message where the run was not ok.
extends_documentation_fragment:
  - multisite.runcloud.attributes.info_module
options:
  result:
    description:
      - Name of the variable in which the task was registered that is summed up.
      - The variable itself does as well, but thousands of rows take their time on the way through a template.
    type: raw
    required: true
  requeued:
    description:
      - What M(multisite.runcloud.multisite_domain_requeue) returned, where it ran after O(result). It is told as well, and
        where it failed, so does this.
    type: dict
seealso:
  - module: multisite.runcloud.runcloud_sync
"""

EXAMPLES = r"""
- name: Bring RunCloud in line with a file
  multisite.runcloud.runcloud_sync:
    server_id: 1903
    webapp_id: 646
    file: domains.yml
  register: sync_result
  failed_when: false

- name: Tell what was done
  multisite.runcloud.runcloud_summary:
    result: sync_result
"""

RETURN = r"""
lines:
  description: How many lines were printed.
  returned: always
  type: int
  sample: 12
"""
