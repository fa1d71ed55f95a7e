# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan of certificates -> both sides of its diff: only what changes, never keys or dates. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import typing as t

from . import model as _ssl_model
from . import options as _ssl_options

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import SslPlan, SslStep

    Side = dict[str, t.Any]

# What RunCloud never shows has no side before.
_SHOWN_OPTIONS = tuple(name for name in _ssl_options.OPTION_NAMES if name != "enable_hsts_subdomains")


def both_sides(plan: SslPlan, method_change: Mapping[str, object]) -> tuple[Side, Side]:
    """Give what changes, before and after: the mode, AutoSSL, and each certificate that a step touches.

    :param plan: the plan.
    :param method_change: the new values of ``mode`` (basic, advanced) and ``auto_ssl``, as far as they change.
    """
    sides = [_both_sides(step, plan) for step in plan.steps]
    before: Side = {"certificates": [old for old, dummy in sides if old is not None]}
    after: Side = {"certificates": [new for dummy, new in sides if new is not None]}
    if "mode" in method_change:
        after["mode"] = method_change["mode"]
        before["mode"] = "basic" if method_change["mode"] == "advanced" else "advanced"
    if "auto_ssl" in method_change:
        after["auto_ssl"] = method_change["auto_ssl"]
        before["auto_ssl"] = not method_change["auto_ssl"]
    return before, after


def _both_sides(step: SslStep, plan: SslPlan) -> tuple[Side | None, Side | None]:
    old = _before(step, plan)
    return old, None if step.action == "remove" else _after(step, old or {})


def _before(step: SslStep, plan: SslPlan) -> Side | None:
    known = step.certificate
    if known is None:
        return None
    reports = [report for name, report in plan.names.items() if step.domain is None or name == step.domain.name]
    return {
        "domain": step.key,
        "provider": known.provider,
        "environment": _ssl_model.STAGING if known.staging else _ssl_model.LIVE,
        "authorization_method": known.authorization_method,
        "covers": [name for report in reports for name in report.covers],
        **{name: getattr(known, name) for name in _SHOWN_OPTIONS},
    }


def _after(step: SslStep, old: Side) -> Side:
    new = {**old, "domain": step.key}
    options = step.options
    if step.names:
        new["covers"] = list(step.names)
    if step.request is not None:
        options = step.request.options
        new["provider"] = step.request.provider
        new["environment"] = step.request.environment
        new["authorization_method"] = step.request.authorization_method
    for name in _SHOWN_OPTIONS:
        if options is not None and getattr(options, name) is not None:
            new[name] = getattr(options, name)
    return new
