# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error for what a user has to put right.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations


class UserError(ValueError):
    """Something given by the user cannot be carried out; the message names the option, the value and what to do."""
