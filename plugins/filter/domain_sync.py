# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decisions of the role domain_sync, for its tasks. Each filter is documented in the file of its name."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils import _names as _hostnames
from ..module_utils._domains import desired as _wishes
from ..module_utils._errors import UserError
from ..plugin_utils._doctor import checks as _doctor
from ..plugin_utils._doctor import names as _doctor_names
from ..plugin_utils._sync import decide as _network
from ..plugin_utils._sync import report as _report
from ..plugin_utils._wordpress.wire import from_result

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def decide_domains(
    source: Sequence[object] | Mapping[str, t.Any], policy: Mapping[str, t.Any], option: str = "domains"
) -> dict[str, t.Any]:
    """Decide which domains are wanted, from a list or from what multisite_domain_info returned."""
    try:
        decision = _decide(source, _network.Policy.from_options(policy), option)
    except UserError as exc:
        raise AnsibleFilterError(str(exc)) from exc
    names = [name for domain in decision.desired for name in domain.served]
    result = decision.as_dict()
    # What is odd about a network is told by the module that has read it.
    odd = list(t.cast("Mapping[str, t.Any]", source).get("notes") or []) if hasattr(source, "keys") else []
    return {**result, "notes": [*odd, *result["notes"]], "names": list(dict.fromkeys(names))}


def _decide(source: t.Any, policy: _network.Policy, option: str) -> _network.Decision:
    if hasattr(source, "keys"):
        return _network.decide(from_result(source), policy)
    if isinstance(source, str) or not hasattr(source, "__iter__"):
        raise UserError(f"{option}: {source!r} is no list of domains")
    return _network.decide_list(list(source), policy, option)


def domain_hold(decision: Mapping[str, t.Any], checks: Sequence[Mapping[str, t.Any]]) -> dict[str, str]:
    """Give the domains one of whose names does not point here, each with the reason, for the option hold."""
    faults = {check["name"]: check["reason"] for check in checks if not check["points_here"]}
    hold = {}
    for domain in decision["desired"]:
        names = _hostnames.served_names(domain["name"], domain["www"])
        bad = [name for name in names if name in faults]
        if domain["state"] == _wishes.PRESENT and bad:
            what = "" if bad[0] == domain["name"] else f"{bad[0]}: "
            hold[domain["name"]] = f"waiting for DNS: {what}{faults[bad[0]]}"
    return hold


def doctor_names(decision: Mapping[str, t.Any], domains: Mapping[str, t.Any]) -> dict[str, list[str]]:
    """Say which host names' DNS the doctor looks at, and which wanted domains are not attached."""
    return {
        "hosts": _doctor_names.to_look_up(decision, domains),
        "unattached": _doctor_names.unattached(decision, domains),
    }


def requeue_names(
    attached: Sequence[Mapping[str, t.Any]], ready: Sequence[str], served: Sequence[Mapping[str, t.Any]]
) -> dict[str, list[str]]:
    """Give the names that are attached with their DNS right, and those of them that are served with a certificate."""
    right = set(ready)
    secure = {host for row in served for host in row["covers"] if not row["error"]}
    hosts = dict.fromkeys(host for row in attached for host in _hostnames.served_names(row["name"], row["www"]))
    names = [host for host in hosts if host in right]
    return {"names": names, "secure_names": [host for host in names if host in secure]}


def render_report(result: Mapping[str, t.Any], form: str) -> str:
    """Give the result of a run as the text of a report file."""
    if form not in _report.FORMATS:
        raise AnsibleFilterError(f"{form!r} is not one of {', '.join(_report.FORMATS)}")
    return _report.render(result, form)


class FilterModule:
    """The filters."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Give the filters by name."""
        return {
            "decide_domains": decide_domains,
            "doctor_names": doctor_names,
            "doctor_report": _doctor.diagnose,
            "domain_hold": domain_hold,
            "render_report": render_report,
            "requeue_names": requeue_names,
            "sync_failure": _report.failure_text,
            "sync_result": _report.sync_result,
        }
