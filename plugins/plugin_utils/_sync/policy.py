# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the operator wants of the names, and what is known of them. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils._names import WWW, matching_pattern

if t.TYPE_CHECKING:
    from collections.abc import Mapping

AUTO = "auto"
ALWAYS = "always"
NEVER = "never"
CHOICES = (AUTO, ALWAYS, NEVER)

INACTIVE = "inactive"
ARCHIVED = "archived"
SPAM = "spam"
DELETED = "deleted"
FAILED = "failed"
SKIPPABLE = (INACTIVE, ARCHIVED, SPAM, DELETED, FAILED)
SKIPPED = (INACTIVE, ARCHIVED, SPAM, DELETED)

# The values of the plugin's setting auto_create_www_subdomain (plugin reference 1.1, 2.2).
MAIN_ONLY = "main_only"
SETTINGS = (ALWAYS, MAIN_ONLY, NEVER)


@dataclasses.dataclass(frozen=True)
class Policy:
    """What the operator wants of the names, and what is known of them. All names are normalised.

    ``attached`` are the domains that the application has now, each with whether it has www; ``away`` are the names
    whose DNS is not known to point at the server, each with the words for it (a www variant is a name of its own);
    ``auto_create_www`` stands in for the plugin's setting.
    """

    www: str = AUTO
    subdomains: str = AUTO
    skip: frozenset[str] = frozenset(SKIPPED)
    auto_create_www: str | None = None
    base_domains: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    attached: Mapping[str, bool | None] = dataclasses.field(default_factory=dict)
    away: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def serves(self, name: str) -> bool:
        """Say whether the application answers for a name now; a domain of which www is not known counts as with www."""
        bare = name.removeprefix(WWW)
        return name in self.attached or (bare != name and self.attached.get(bare, False) is not False)

    def obstacle(self, name: str) -> str:
        """Say why a name must not be added because of its DNS; "" where nothing is against it. What is served stays."""
        return self.away[name] if name in self.away and not self.serves(name) else ""

    def excludes(self, name: str) -> str | None:
        """Return the pattern that says that a name is never touched."""
        return matching_pattern(name, self.exclude) if self.exclude else None
