# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error for what a user has to put right.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations


class UserError(ValueError):
    """Something given by the user cannot be carried out; the message names the option, the value and what to do."""


class MissingLibrary(UserError):
    """A Python library that is imported only where it is used is not installed.

    :param library: its name, as ``pip install`` takes it.
    :param import_error: what the import said, for those who look closer.
    """

    def __init__(self, library: str, import_error: str) -> None:
        super().__init__(f"the Python library {library} is needed and not installed; install it")
        self.library = library
        self.import_error = import_error
