# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the names that the plugin does not go on with can go back into its queue, and what became of them.

PRIVATE to the collection: may change without notice.

The plugin checks a new name for about 25 minutes, first its DNS, then its certificate, and gives up for good (plugin
reference 2.2). Where that was only because the host was late, the same check succeeds now. A row that came in by its
command line or by SQL waits for a check that was never queued (plugin reference 6).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils._errors import UserError
from .cli import ask, host_of
from .network import CHECKING_DNS, CHECKING_SSL, FAILED, SSL_FAILED

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from .cli import Installation, Run
    from .network import Inventory, MappedDomain, Site

    Row = dict[str, t.Any]

# Where each stage takes the plugin's checks up again.
NEXT_STAGE = {FAILED: CHECKING_DNS, SSL_FAILED: CHECKING_SSL, CHECKING_DNS: CHECKING_DNS, CHECKING_SSL: CHECKING_SSL}


def plan(inventory: Inventory, names: Set[str], secure_names: Set[str]) -> tuple[list[Row], list[Row]]:
    """Decide about every row that the plugin does not go on with by itself.

    :param names: names that are attached and whose DNS is right, normalised.
    :param secure_names: names for which a valid certificate is served, normalised.
    :returns: the rows that go back into the queue, and those that stay; as in the result of multisite_domain_requeue.
    """
    sites = {site.blog_id: site for site in inventory.sites}
    requeue, kept = [], []
    for row in inventory.domains:
        if not row.stuck:
            continue
        told = {"row": row.id, "domain": row.domain, "blog_id": row.blog_id}
        reason = _obstacle(inventory, row, sites.get(row.blog_id), names, secure_names)
        if reason:
            kept.append({**told, "stage": row.stage, "reason": reason})
        else:
            requeue.append({**told, "before": row.stage, "after": NEXT_STAGE[row.stage]})
    return requeue, kept


def put_back(run: Run, where: Installation, inventory: Inventory, wanted: Sequence[Row]) -> dict[str, str]:
    """Put rows back into the plugin's queue.

    :returns: for each domain that is not in the queue now, why.
    :raises UserError: where nothing could be done.
    """
    network = inventory.main_network
    url = where.url or f"{network.domain}{network.path}"
    rows = [{"id": item["row"], **item} for item in wanted]
    there = dataclasses.replace(where, url=url, method=inventory.method)
    _method, answer = ask(run, there, "requeue.php", {"host": host_of(url), "uri": network.path, "rows": rows})
    answers = answer.get("rows")
    if not isinstance(answers, list) or not all(isinstance(row, dict) for row in answers):
        raise UserError(f"path: WordPress in {where.path!r} gave an answer that cannot be used")
    return confirmed(wanted, answers)


def confirmed(wanted: Sequence[Row], answers: Sequence[Mapping[str, t.Any]]) -> dict[str, str]:
    """Compare what was wanted with what was read back.

    :param answers: for each row ``id``, ``stage``, ``queued`` and ``error``, as our PHP gives them.
    :returns: for each domain that is not in the queue now, why.
    """
    found = {answer.get("id"): answer for answer in answers}
    faults = {}
    for item in wanted:
        answer = found.get(item["row"]) or {}
        stage = answer.get("stage")
        if stage == item["after"] and answer.get("queued"):
            continue
        if stage == item["before"]:
            faults[item["domain"]] = f"the queue did not take it: {answer.get('error') or 'without saying why'}"
        elif stage == item["after"]:
            faults[item["domain"]] = f"it has the stage {stage}, and no check of it is in the queue"
        else:
            faults[item["domain"]] = f"its stage is {stage or 'gone'} now: it was changed meanwhile"
    return faults


def _obstacle(
    inventory: Inventory, row: MappedDomain, site: Site | None, names: Set[str], secure_names: Set[str]
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
    if NEXT_STAGE[row.stage] == CHECKING_SSL and row.domain not in secure_names:
        return "no valid certificate is known to be served for it"
    if inventory.plugin is None or not inventory.plugin.active:
        return "the plugin is not active, so nothing would check it"
    return None
