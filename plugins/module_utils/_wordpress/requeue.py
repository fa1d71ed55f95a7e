# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the names that the plugin has given up on can go back into its queue. Pure.

PRIVATE to the collection: may change without notice.

The plugin checks a new name for about 25 minutes, first its DNS, then its certificate, and gives up for good (plugin
reference 2.2). Where that was only because the host was late, the same check succeeds now.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _names as _hostnames

if t.TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .network import Inventory, MappedDomain, Site

FAILED, SSL_FAILED = "failed", "ssl-failed"
# Where each takes the plugin's checks up again.
NEXT_STAGE = {FAILED: "checking-dns", SSL_FAILED: "checking-ssl-cert"}


@dataclasses.dataclass(frozen=True)
class Requeue:
    """One row that goes back into the queue."""

    row: int
    domain: str
    blog_id: int
    before: str
    after: str


@dataclasses.dataclass(frozen=True)
class Kept:
    """One row that the plugin has given up on and that stays so, and why."""

    row: int
    domain: str
    blog_id: int
    stage: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Plan:
    """What becomes of every row that the plugin has given up on."""

    requeue: tuple[Requeue, ...]
    kept: tuple[Kept, ...]


def plan(inventory: Inventory, names: Collection[str], secure_names: Collection[str]) -> Plan:
    """Decide about every row in a stage that the plugin never leaves by itself.

    :param inventory: what was read of the network.
    :param names: names that are attached and whose DNS is right, normalised.
    :param secure_names: names for which a valid certificate is served, normalised.
    """
    sites = {site.blog_id: site for site in inventory.sites}
    requeue, kept = [], []
    for row in inventory.domains:
        if row.stage not in NEXT_STAGE:
            continue
        reason = _obstacle(inventory, row, sites.get(row.blog_id), names, secure_names)
        if reason:
            kept.append(Kept(row.id, row.domain, row.blog_id, row.stage, reason))
        else:
            requeue.append(Requeue(row.id, row.domain, row.blog_id, row.stage, NEXT_STAGE[row.stage]))
    return Plan(tuple(requeue), tuple(kept))


def ready_names(
    attached: Sequence[Mapping[str, t.Any]], ready: Collection[str], served: Sequence[Mapping[str, t.Any]]
) -> dict[str, list[str]]:
    """Give the names for ``plan``, from what the steps of the role have found.

    :param attached: the domains of the application, as the modules return them.
    :param ready: names whose DNS is right.
    :param served: what visitors get, ``names`` of ``runcloud_ssl``.
    :returns: ``names`` and ``secure_names``.
    """
    hosts = [host for row in attached for host in _hostnames.served_names(row["name"], row["www"])]
    secure = {host for row in served for host in row["covers"] if not row["error"]}
    names = [host for host in dict.fromkeys(hosts) if host in set(ready)]
    return {"names": names, "secure_names": [host for host in names if host in secure]}


def _obstacle(
    inventory: Inventory,
    row: MappedDomain,
    site: Site | None,
    names: Collection[str],
    secure_names: Collection[str],
) -> str | None:
    """Say why a row stays as it is; None where it need not."""
    if row.network_id != inventory.main_network.id:
        return f"it stands in the table of network {row.network_id}, which WordPress does not answer from"
    if not row.active:
        return "it is paused in WordPress"
    if site is None or not site.live:
        return f"site {row.blog_id} is {'gone' if site is None else 'archived, spam or deleted'}"
    if row.domain not in names:
        return "it is not known to be attached with its DNS pointing here"
    if row.stage == SSL_FAILED and row.domain not in secure_names:
        return "no valid certificate is known to be served for it"
    if inventory.plugin is None or not inventory.plugin.active:
        return "the plugin is not active, so nobody would check it"
    return None


def confirmed(wanted: Sequence[Requeue], answers: Sequence[Mapping[str, t.Any]]) -> dict[str, str]:
    """Compare what was wanted with what was read back.

    :param answers: for each row ``id``, ``stage``, ``queued`` and ``error``, as our PHP gives them.
    :returns: for each domain that is not in the queue now, why.
    """
    found = {int(answer["id"]): answer for answer in answers}
    faults = {}
    for item in wanted:
        answer = found.get(item.row) or {}
        if answer.get("stage") == item.after and answer.get("queued"):
            continue
        if answer.get("stage") == item.after:
            faults[item.domain] = f"it has the stage {item.after}, and no check of it is in the queue"
        elif answer.get("stage") == item.before:
            faults[item.domain] = f"the queue did not take it: {answer.get('error') or 'without saying why'}"
        else:
            faults[item.domain] = f"its stage is {answer.get('stage') or 'gone'} now: somebody else has changed it"
    return faults
