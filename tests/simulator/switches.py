# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything the reference does not know about RunCloud, as switches with the defaults of reference section 11.

README.md beside this file explains each one; a test keeps the two in step.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal

ErrorStatus = Annotated[int, (400, 599)]
Count = Annotated[int, (0, 10**9)]
Seconds = Annotated[float, (0, 10**9)]
Shown = Literal["present", "null", "absent"]
MetaField = Literal["type", "www", "redirection"]


@dataclasses.dataclass
class Switches:
    """How the simulator behaves where the reference leaves it open."""

    # replies in general
    post_status: Literal[200, 201, 204] = 200
    patch_status: Literal[200, 204] = 200
    put_status: Literal[200, 201, 202, 204] = 200
    delete_status: Literal[200, 204] = 200
    empty_links: Literal["object", "array"] = "object"
    per_page_over: Literal["clamp", "refuse"] = "clamp"
    message_style: Literal["classic", "newer"] = "classic"
    missing_accept: Literal["redirect", "redirect_errors", "ignore"] = "redirect"
    offline_status: ErrorStatus = 500
    offline_writes: Literal["refuse", "accept"] = "refuse"
    latency: Seconds = 0.0
    log_status: Literal[200, 404, 500] = 200
    log_rows: Literal["documented", "other"] = "documented"
    log_order: Literal["newest", "oldest"] = "newest"

    # the request limit
    rate_limit: Annotated[int, (1, 10**9)] | None = None
    rate_window: Annotated[int, (1, 10**9)] = 60
    rate_headers: bool = True
    rate_remaining_header: bool = True
    rate_reset_header: bool = False
    retry_after: Literal["seconds", "simulated", "date", "absent"] = "seconds"

    # domains
    v2_rows: Literal["full", "minimal"] = "full"
    v2_repost: Literal["refuse", "update"] = "refuse"
    domain_flags: Literal["int", "bool", "string"] = "int"
    wildcard_name: Literal["keep", "bare"] = "keep"
    duplicate_text: str = "Domain already exists."
    duplicate_shape: Literal["errors", "message"] = "errors"
    delete_primary_text: str = "Primary domain cannot be deleted."
    delete_primary_status: ErrorStatus = 422
    post_primary: Literal["promote", "refuse"] = "promote"
    demote_primary: Literal["refuse", "ignore"] = "refuse"
    patch_omitted: Literal["keep", "reset"] = "keep"
    ignored_post_fields: list[MetaField] = dataclasses.field(default_factory=list)
    ignored_meta_fields: list[MetaField] = dataclasses.field(default_factory=list)
    domain_limit: Count | None = None

    # certificates: shapes
    get_ssl_shape: Literal["by_mode", "list", "object"] = "by_mode"
    get_ssl_wrap: bool = False
    ssl_list_basic: Literal["primary", "every"] = "primary"
    ssl_list_meta: bool = False
    ssl_missing_status: Literal[404, 200] = 404
    ssl_write_reply: Literal["object", "empty"] = "object"
    ssl_delete_reply: Literal["object", "message"] = "object"
    private_key_v2: Shown = "present"
    private_key_v3: Shown = "null"
    certificate_v3: Shown = "present"
    ignored_ssl_fields: list[str] = dataclasses.field(default_factory=list)
    ssl_protocol_required: bool = False

    # certificates: behaviour
    ssl_issue: Literal["async", "sync"] = "async"
    ssl_issue_seconds: Seconds = 5.0
    ssl_post_existing: Literal["refuse", "replace"] = "refuse"
    redeploy_id: Literal["same", "new"] = "same"
    redeploy_date: Literal["new", "kept", "stale"] = "new"
    acme_failure_status: ErrorStatus = 422
    acme_resolver: str | None = None
    wildcard_http01: Literal["acme_failure", "refuse"] = "acme_failure"
    basic_ssl_in_advanced: Literal[422, 403] = 422
    domain_ssl_in_basic: Literal["accept_with_flag", "refuse"] = "accept_with_flag"
    mode_switch: Literal["delete", "keep"] = "delete"
    plan_status: Literal[403, 422] = 403
    plan_get_advanced: Literal[200, 403, 404] = 200
    test_domains_in_orders: bool = True
    le_limits: bool = True
    validity_days: Annotated[float, (0.01, 1000)] = 90.0
    auto_ssl_seconds: Seconds = 60.0
    auto_renew: bool = False
    served: Literal["runcloud", "inspected", "other"] = "runcloud"

    def update(self, values: Mapping[str, Any]) -> None:
        """Set the given switches, all or none; raises ValueError for an unknown name or a value that does not fit."""
        hints = typing.get_type_hints(type(self), include_extras=True)
        for name, value in values.items():
            if name not in hints:
                raise ValueError(f"unknown switch: {name}")
            if not _fits(hints[name], value) or (name == "acme_resolver" and not _is_address(value)):
                raise ValueError(f"switch {name} does not take {value!r}; it takes {describe(hints[name])}")
        for name, value in values.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """Return all switches with their values."""
        return dataclasses.asdict(self)


def _is_address(value: str | None) -> bool:
    """Say whether a nameserver is given as ``address:port`` (or not at all)."""
    return value is None or bool(re.fullmatch(r".+:\d{1,5}", value))


def _fits(hint: Any, value: Any) -> bool:
    """Say whether a JSON value fits one of the type hints used above."""
    origin = typing.get_origin(hint)
    if origin is Literal:
        return any(value == choice and type(value) is type(choice) for choice in typing.get_args(hint))
    if origin in (typing.Union, types.UnionType):
        return any(_fits(part, value) for part in typing.get_args(hint))
    if origin is Annotated:
        base, (low, high) = typing.get_args(hint)
        return _fits(base, value) and low <= value <= high
    if origin is list:
        return isinstance(value, list) and all(_fits(typing.get_args(hint)[0], item) for item in value)
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def describe(hint: Any) -> str:
    """Return the values a type hint allows, in words for an error message."""
    origin = typing.get_origin(hint)
    if origin is Literal:
        return " | ".join(str(choice) for choice in typing.get_args(hint))
    if origin in (typing.Union, types.UnionType):
        return " | ".join(describe(part) for part in typing.get_args(hint))
    if origin is Annotated:
        base, (low, high) = typing.get_args(hint)
        return f"{describe(base)} from {low} to {high}"
    if origin is list:
        return f"a list of ({describe(typing.get_args(hint)[0])})"
    return "null" if hint is type(None) else str(hint.__name__)
