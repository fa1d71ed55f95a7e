# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a WordPress network on the host of the task, or by its REST API from the controller."""

from __future__ import annotations

import typing as t

from ..module_utils._errors import UserError
from ..module_utils._names import HostnameError, normalise
from ..plugin_utils._action import Call, ControllerAction
from ..plugin_utils._wordpress.cli import INSTALLATION_SPEC, Installation, read_network
from ..plugin_utils._wordpress.network import REST, Inventory


class ActionModule(ControllerAction):
    _requires_connection = True

    SPEC: t.ClassVar[t.Mapping[str, t.Any]] = {
        **INSTALLATION_SPEC,
        "method": {"type": "str", "choices": ["auto", "wp_cli", "php", "rest"], "default": "auto"},
        "network_id": {"type": "int"},
        "base_domains": {"type": "list", "elements": "str", "default": []},
        "rest_url": {"type": "str"},
        "rest_key": {"type": "str", "no_log": True},
        "rest_secret": {"type": "str", "no_log": True},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "read_credentials": {"type": "bool", "default": False, "no_log": False},
    }

    def work(self, call: Call) -> dict[str, t.Any]:
        options = call.options
        if options["read_credentials"] and not self._task.no_log:
            raise UserError("read_credentials: the result would show secrets; write 'no_log: true' on this task")
        try:
            base_domains = [normalise(name) for name in options["base_domains"]]
        except HostnameError as exc:
            raise UserError(f"base_domains: {exc}") from exc
        inventory = self._read(call, base_domains)
        result = {"changed": False, **inventory.as_result()}
        if options["read_credentials"] and inventory.constants:
            result["credentials"] = inventory.constants.secret()
        return result

    def _read(self, call: Call, base_domains: list[str]) -> Inventory:
        options = call.options
        method = options["method"]
        # Whether WP-CLI is there, only the host knows.
        if method == "auto" and options["path"] is None:
            if options["rest_url"] is None:
                raise UserError("method: give path (to read on this host) or rest_url (to ask the REST API)")
            method = REST
        needed = ("rest_url", "rest_key", "rest_secret") if method == REST else ("path",)
        missing = [name for name in needed if not options[name]]
        if missing:
            raise UserError(f"method {method}: it needs {', '.join(missing)}")
        if method != REST:
            return read_network(
                self.command,
                Installation.from_options(options),
                network_id=options["network_id"],
                base_domains=base_domains,
                credentials=options["read_credentials"],
            )
        if options["read_credentials"]:
            raise UserError("read_credentials: the REST API does not show wp-config.php; use wp_cli or php")
        # Loads what makes requests, which a reading on the host need not pay for.
        from ..plugin_utils._wordpress.rest import read_rest

        return read_rest(
            *(options[name] for name in needed),
            network_id=options["network_id"],
            base_domains=base_domains,
            environment=call.environment,
            timeout=options["timeout"],
            verify=(options["ca_path"] or True) if options["validate_certs"] else False,
        )
