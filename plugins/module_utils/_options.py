# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specs as data, shared by modules and actions.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import typing as t

# How the server is asked what it serves; a part of SSL_SPEC, and all of it where certificates are only read.
CHECK_SPEC: dict[str, t.Any] = {
    "renew_before": {"type": "int", "default": 14},
    "check_served": {"type": "bool", "default": True},
    "check_address": {"type": "str"},
    "check_port": {"type": "int", "default": 443},
}
SSL_SPEC: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "mode": {"type": "str", "choices": ["basic", "advanced"]},
    "allow_mode_switch": {"type": "bool", "default": False},
    "auto_ssl": {"type": "bool"},
    "domains": {"type": "list", "elements": "str"},
    "provider": {"type": "str", "choices": ["letsencrypt", "custom"]},
    "environment": {"type": "str", "choices": ["live", "staging"], "default": "live"},
    "authorization_method": {"type": "str", "choices": ["http-01", "dns-01"]},
    "external_api": {"type": "str"},
    "certificate": {"type": "str"},
    "private_key": {"type": "str", "no_log": True},
    "enable_http": {"type": "bool"},
    "enable_hsts": {"type": "bool"},
    "enable_hsts_subdomains": {"type": "bool"},
    "enable_hsts_preload": {"type": "bool"},
    "tls_versions": {"type": "str", "choices": ["TLSv1.1+", "TLSv1.2+", "TLSv1.3"]},
    "force": {"type": "bool", "default": False},
    **CHECK_SPEC,
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 180},
    "max_orders": {"type": "int", "default": 50},
}
