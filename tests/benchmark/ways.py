# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Four ways to the same end, each a whole ansible-playbook: the floor, sync, a loop over a module, tasks of uri."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import yaml

from simulator.process import SERVER_ID, TOKEN, WEBAPP_ID, Simulator

from .situations import Situation

Way = Literal["floor", "sync", "loop", "uri"]
TARGET = {"server_id": SERVER_ID, "webapp_id": WEBAPP_ID}
LOCAL = {"hosts": "localhost", "gather_facts": False}
DOMAINS = f"/servers/{SERVER_ID}/webapps/{WEBAPP_ID}/domains"


def sync_variables(sim: Simulator) -> dict[str, Any]:
    """Return the variables that say where RunCloud is, without checks of names and without certificates."""
    target = {f"domain_sync_{name}": value for name, value in TARGET.items()}
    bare = {"domain_sync_ssl": False, "domain_sync_require_dns": False}
    return {"domain_sync_api_url": sim.v3, "domain_sync_api_token": TOKEN, **target, **bare}


def command(way: Way, situation: Situation, sim: Simulator, folder: Path, **variables: Any) -> list[str]:
    """Write what a way needs into ``folder`` and return its ansible-playbook command; ``variables`` are sync's."""
    return _WAYS[way](situation, sim, folder, variables)


def _write(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def _playbook(folder: Path, play: dict[str, Any]) -> list[str]:
    return ["ansible-playbook", str(_write(folder, "playbook.json", [{**LOCAL, **play}]))]


def _floor(situation: Situation, sim: Simulator, folder: Path, _variables: dict[str, Any]) -> list[str]:
    given = {"url": sim.v3 + DOMAINS, "token": TOKEN, "wanted": situation.wanted, "surplus": situation.surplus}
    argv = [sys.executable, str(Path(__file__).with_name("floor.py")), str(_write(folder, "given.json", given))]
    return _playbook(folder, {"tasks": [{"name": "Domains", "ansible.builtin.command": {"argv": argv}}]})


def _sync(situation: Situation, sim: Simulator, folder: Path, variables: dict[str, Any]) -> list[str]:
    """A domain file as one writes it: plain names, and a mapping where there is more to say."""
    file = folder / "domains.yml"
    items = [item if len(item) > 1 else item["domain"] for item in situation.wanted]
    file.write_text(yaml.safe_dump({"domains": items}), encoding="utf-8")
    purge = {"domain_sync_purge": True} if situation.surplus else {}
    given = {**sync_variables(sim), "domain_sync_file": str(file), **purge}
    if situation.certificates != "none":
        given |= {"domain_sync_ssl": True, "domain_sync_ssl_check_served": False}
    extra = _write(folder, "variables.json", given | variables)
    return ["ansible-playbook", "multisite.runcloud.sync", "--extra-vars", f"@{extra}"]


def _loop(situation: Situation, sim: Simulator, folder: Path, _variables: dict[str, Any]) -> list[str]:
    module = "multisite.runcloud.runcloud_domain"
    target = {**TARGET, "api_url": sim.v3, "api_token": TOKEN}
    label = {"label": "{{ item.domain }}"}
    one = {**target, "name": "{{ item.domain }}", "www": "{{ item.www | default(false) }}"}
    tasks: list[dict[str, Any]] = [{"name": "Domains", module: one, "loop": situation.wanted, "loop_control": label}]
    if situation.surplus:
        gone = {**target, "name": "{{ item }}", "state": "absent"}
        tasks.append({"name": "Surplus", module: gone, "loop": situation.surplus})
    return _playbook(folder, {"tasks": tasks})


def _uri(situation: Situation, sim: Simulator, folder: Path, _variables: dict[str, Any]) -> list[str]:
    url = sim.v3 + DOMAINS
    headers = {"Accept": "application/json", "Authorization": f"Bearer {TOKEN}"}

    def call(method: str, address: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        sent = {} if body is None else {"body": body, "body_format": "json"}
        return {"ansible.builtin.uri": {"url": address, "method": method, "headers": headers, **sent}}

    rows = "{{ first.json.data + (others.results | map(attribute='json.data') | flatten(levels=1)) }}"
    with_www = [item["domain"] for item in situation.wanted if item.get("www")]
    change = "{{ rows | selectattr('name', 'in', with_www) | selectattr('www', 'eq', 0) }}"
    quiet = {"loop_control": {"label": "{{ item.name | default(item) }}"}}
    tasks = [
        {"name": "First page", **call("GET", url + "?perPage=40&page=1"), "register": "first"},
        {
            "name": "Other pages",
            **call("GET", url + "?perPage=40&page={{ item }}"),
            "loop": "{{ range(2, first.json.meta.pagination.total_pages + 1) | list }}",
            "register": "others",
        },
        {"name": "Rows", "ansible.builtin.set_fact": {"rows": rows}},
        {
            "name": "Add",
            **call("POST", url, {"name": "{{ item }}", "www": False, "redirection": "none", "type": "alias"}),
            "loop": "{{ names | difference(rows | map(attribute='name')) }}",
        },
        {
            "name": "Change",
            **call("PATCH", url + "/{{ item.id }}/meta", {"type": "alias", "redirection": "none", "www": True}),
            "loop": change,
            **quiet,
        },
        {
            "name": "Remove",
            **call("DELETE", url + "/{{ item.id }}"),
            "loop": "{{ rows | rejectattr('name', 'in', names) }}" if situation.surplus else [],
            **quiet,
        },
    ]
    return _playbook(folder, {"vars": {"names": situation.names, "with_www": with_www}, "tasks": tasks})


_WAYS: dict[Way, Callable[[Situation, Simulator, Path, dict[str, Any]], list[str]]] = {
    "floor": _floor,
    "sync": _sync,
    "loop": _loop,
    "uri": _uri,
}
