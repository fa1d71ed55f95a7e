# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role did -> one result, and that result as text. Pure.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import html
import json
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Parts = Mapping[str, t.Any]

FORMATS = ("json", "md", "html")

ADDED = "added"
CHANGED = "changed"
REMOVED = "removed"
KEPT = "kept"
HELD = "held"
EXTRA = "extra"
KEPT_BACK = "kept back"
LEFT_OUT = "left out"
FAILED = "failed"
NOT_ATTEMPTED = "not attempted"
# What somebody has to look at comes first, then what changed.
ORDER = (FAILED, NOT_ATTEMPTED, HELD, ADDED, CHANGED, REMOVED, EXTRA, KEPT_BACK, LEFT_OUT, KEPT)
_FUTURE = {ADDED: "would be added", CHANGED: "would be changed", REMOVED: "would be removed"}
_SHOWN_ROWS = 60
_HEADINGS = ("domain", "what happened", "certificate")


@dataclasses.dataclass(frozen=True)
class Row:
    """What happened to one name. ``certificate`` is a text, ``days_left`` whole days or None."""

    name: str
    action: str
    reason: str = ""
    certificate: str = ""
    days_left: int | None = None
    waits_for: str = ""


def sync_result(parts: Parts) -> dict[str, t.Any]:
    """Put together what the steps of the role have found and done.

    :param parts: ``decision``, ``domains`` and ``certificates`` (results of the steps, None for one that did not run),
        ``dns`` (of domain_dns_info), ``requeue`` (of multisite_domain_requeue), ``fatal`` (a text or ""), ``usage`` (the ``api`` results of all steps).
    :returns: the variable ``domain_sync_result``.
    """
    decision, domains, certificates = (parts.get(key) or {} for key in ("decision", "domains", "certificates"))
    plan = domains.get("plan") or {}
    rows = _rows(decision, domains, certificates, (parts.get("dns") or {}).get("names") or [])
    fatal = str(parts.get("fatal") or "")
    requeue = parts.get("requeue") or {}
    steps = (domains, certificates, requeue)
    errors = {name: text for step in steps for name, text in (step.get("errors") or {}).items()}
    changed = any(bool(step.get("changed")) for step in steps)
    result: dict[str, t.Any] = {
        "changed": changed,
        "preview": bool(domains.get("preview")),
        "ok": not fatal and not errors,
        "fatal": fatal,
        "errors": errors,
        "complete": bool(decision.get("complete", True)),
        "domains": [dataclasses.asdict(row) for row in rows],
        "counts": {action: sum(row.action == action for row in rows) for action in ORDER},
        "plan": plan,
        "mode": certificates.get("mode"),
        "certificates": certificates.get("certificates") or [],
        "orders": certificates.get("orders") or [],
        "pending": certificates.get("pending") or [],
        "unverified": certificates.get("unverified") or [],
        "requeued": requeue.get("requeued") or [],
        "not_requeued": requeue.get("not_requeued") or [],
        "notes": decision.get("notes") or [],
        "api": _usage(parts.get("usage") or []),
    }
    result["summary"] = summary_lines(result)
    return result


def failure_text(result: Parts) -> str:
    """Say in one text why the run has failed."""
    if result["fatal"]:
        return str(result["fatal"])
    errors = result["errors"]
    shown = "; ".join(f"{name}: {text}" for name, text in list(errors.items())[:10])
    return f"{len(errors)} of the names failed, everything else was done. {shown}"


def summary_lines(result: Parts) -> list[str]:
    """Give the result as lines for a terminal: a table and a closing line."""
    shown = [
        row for row in result["domains"] if row["action"] != KEPT or row["waits_for"] or result["counts"][KEPT] <= 20
    ]
    table = [_HEADINGS, *(_cells(row, result["preview"]) for row in shown[:_SHOWN_ROWS])]
    widths = [max(len(line[column]) for line in table) for column in range(len(_HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
    lines.insert(1, "  ".join("-" * width for width in widths))
    hidden = len(result["domains"]) - min(len(shown), _SHOWN_ROWS)
    if hidden:
        lines.append(f"... and {hidden} more that are not shown (see domain_sync_result)")
    lines.extend(f"note: {note['text']}" for note in result["notes"])
    lines.extend(_requeue_lines(result))
    lines.append(closing_line(result))
    return lines


def _requeue_lines(result: Parts) -> list[str]:
    done = "would be put" if result["preview"] else "put"
    return [
        *(f"{row['domain']}: {done} back into WordPress' queue ({row['before']})" for row in result["requeued"]),
        *(f"{row['domain']}: stays {row['stage']} in WordPress: {row['reason']}" for row in result["not_requeued"]),
    ]


def closing_line(result: Parts) -> str:
    """Give the result in one line."""
    tense = _FUTURE if result["preview"] else {}
    counts = [f"{count} {tense.get(action, action)}" for action, count in result["counts"].items() if count]
    orders = len(result["orders"])
    ordered = f"{orders} certificate order{'' if orders == 1 else 's'}{' would be sent' if result['preview'] else ''}"
    text = f"{', '.join(counts) or 'no domains'}; {ordered}; {result['api']['requests']} requests"
    if result["fatal"]:
        return f"FAILED: {result['fatal']}"
    return text


def render(result: Parts, form: str) -> str:
    """Give the result as the text of a report file.

    :param form: ``json``, ``md`` or ``html``.
    """
    if form == "json":
        return json.dumps(result, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    table = [_cells(row, result["preview"]) for row in result["domains"]]
    title = "Preview of the domains" if result["preview"] else "Domains"
    return (_markdown if form == "md" else _html)(title, result, table)


def _rows(decision: Parts, domains: Parts, certificates: Parts, dns: Sequence[Parts]) -> list[Row]:
    decided = [*(decision.get("left_out") or []), *(decision.get("desired") or [])]
    reasons = {row["name"]: row["reason"] for row in decided}
    served = {row["name"]: row for row in certificates.get("names") or []}
    waits = {row["name"]: row["reason"] for row in certificates.get("pending") or []}
    known = {row.get("domain"): row for row in certificates.get("certificates") or []}
    faults = {row["name"]: row["reason"] for row in dns if not row["points_here"]}
    actions = _actions(domains, decision, set(certificates.get("errors") or {}))
    rows = []
    for name, (action, reason) in actions.items():
        report = served.get(name)
        certificate = known.get(name) or known.get(None)
        waits_for = waits.get(name, reason if action == HELD else "")
        if not waits_for and action == KEPT and name in faults:
            waits_for = f"its DNS: {faults[name]}"
        rows.append(
            Row(
                name=name,
                action=action,
                reason=reason or reasons.get(name, ""),
                certificate=_certificate_text(report, certificate),
                days_left=_days_left(report, certificate),
                waits_for=waits_for,
            )
        )
    return sorted(rows, key=lambda row: ORDER.index(row.action))


def _actions(domains: Parts, decision: Parts, failed_certificates: set[str]) -> dict[str, tuple[str, str]]:
    """Give for each name what happened to it, and why where that is not what was asked for."""
    plan = domains.get("plan") or {}
    found: dict[str, tuple[str, str]] = {}
    for row in decision.get("left_out") or []:
        found[row["name"]] = (LEFT_OUT, row["reason"])
    for action, key in ((KEPT, "keep"), (ADDED, "add"), (CHANGED, "change"), (EXTRA, "extra"), (REMOVED, "remove")):
        found.update(dict.fromkeys(plan.get(key) or [], (action, "")))
    for action, key in ((KEPT_BACK, "kept_back"), (HELD, "held")):
        found.update({row["name"]: (action, row["reason"]) for row in plan.get(key) or []})
    found.update(dict.fromkeys(domains.get("not_attempted") or [], (NOT_ATTEMPTED, "")))
    found.update({name: (FAILED, text) for name, text in (domains.get("errors") or {}).items()})
    for name in failed_certificates:
        found.setdefault(name, (KEPT, ""))
    return found


def _certificate_text(report: Parts | None, certificate: Parts | None) -> str:
    if report is None:
        return ""
    if report["missing"]:
        return f"missing: {', '.join(report['missing'])}"
    days = _days_left(report, certificate)
    kind = "staging, " if certificate and certificate.get("staging") else ""
    return f"ok, {kind}{days} days left" if days is not None else "ok"


def _days_left(report: Parts | None, certificate: Parts | None) -> int | None:
    for source in (report, certificate):
        if source is not None and source.get("days_left") is not None:
            return int(source["days_left"])
    return None


def _usage(usages: Iterable[Parts]) -> dict[str, t.Any]:
    found = [usage for usage in usages if usage]
    return {
        "requests": sum(usage["requests"] for usage in found),
        "retries": sum(usage["retries"] for usage in found),
        "waited": round(sum(usage["waited"] for usage in found), 1),
    }


def _cells(row: Parts, preview: bool) -> tuple[str, str, str]:
    action = str(_FUTURE.get(row["action"], row["action"]) if preview else row["action"])
    why = row["waits_for"] or row["reason"]
    shown_reason = why and (row["action"] not in (KEPT, ADDED, CHANGED) or row["waits_for"])
    return str(row["name"]), f"{action} ({why})" if shown_reason else action, str(row["certificate"])


def _markdown(title: str, result: Parts, table: Sequence[Sequence[str]]) -> str:
    lines = [f"# {title}", "", closing_line(result), "", f"| {' | '.join(_HEADINGS)} |", "|---|---|---|"]
    lines += [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in table]
    lines += ["", *(f"- {note['text']}" for note in result["notes"])]
    return "\n".join(lines).rstrip() + "\n"


def _html(title: str, result: Parts, table: Sequence[Sequence[str]]) -> str:
    def line(tag: str, cells: Iterable[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    rows = "\n".join(line("td", row) for row in table)
    notes = "\n".join(f"<p>{html.escape(str(note['text']))}</p>" for note in result["notes"])
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        "<style>body{font:15px/1.5 sans-serif;margin:2em}td,th{padding:.2em 1em .2em 0;text-align:left}</style></head>\n"
        f"<body><h1>{title}</h1>\n<p>{html.escape(closing_line(result))}</p>\n"
        f"<table>\n{line('th', _HEADINGS)}\n{rows}\n</table>\n{notes}</body></html>\n"
    )
