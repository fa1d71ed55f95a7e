# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a program or a server said, in a form that may be shown: short, plain, and without secrets. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import html
import re

from ...module_utils._secrets import Secrets

# Characters of a text that are looked at at all.
_LOOKED_AT = 20_000
_NO_SECRETS = Secrets()


def plain(text: str, secrets: Secrets = _NO_SECRETS) -> str:
    """Cut a text to its first words, without secrets, markup, control characters and stack traces (they show arguments).

    :param text: as it was said.
    :param secrets: what must not be shown.
    """
    text = text[:_LOOKED_AT]
    text = re.sub(r"(?is)<(style|script|head)\b.*?</\1>", " ", text)
    text = html.unescape(re.sub(r"<[^>]{0,500}>", " ", text))
    text = re.sub(r"(?s)\bStack trace:.*?(?=\n\S|\Z)", "", text)
    return secrets.clean("\n".join(line for line in text.splitlines() if not re.match(r"\s*#\d+ ", line)))
