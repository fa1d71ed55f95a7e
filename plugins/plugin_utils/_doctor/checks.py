# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the doctor's steps found -> one line for each thing that was looked at, with what to do about it. Pure.

PRIVATE to the collection: may change without notice.

A step that failed has left the module's message (``msg``); one that did not run has left nothing, or says ``skipped``.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from . import names as _doctor_names
from .check import ERROR, LEVELS, OK, WARNING, Check, fault_of, found_by

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Parts = Mapping[str, t.Any]

# Areas whose lines are many: what is well is counted in the summary once there are more than so many.
_SHOWN_NAMES = 20
# Let's Encrypt (reference 8).
_MOST_NAMES = 100
_BASIC, _ADVANCED = "basic", "advanced"

_CREDENTIAL_OPTIONS = ("api_token", "api_key", "api_secret")
_ALLOW_LIST = re.compile(r"\bIP\b|allow-?list|white-?list|restrict", re.IGNORECASE)
_PANEL_TOKEN = "RunCloud's panel, Workspace > Settings > API Management"  # noqa: S105 - where it is, not what it is


def diagnose(findings: Parts) -> dict[str, t.Any]:
    """Say of everything that was looked at whether it is well, and what to do where it is not.

    :param findings: the results of the steps: ``server``, ``servers``, ``webapp``, ``webapps``, ``domains``, ``ssl``,
        ``dns``, ``wordpress``, ``decision``, ``elsewhere`` (one result for each name that was searched for); and
        ``credentials`` (names of the variables that are set, the one that is used first), ``api_url``, ``source``,
        ``source_fault``, ``without_dns``, ``names_webapp`` and
        ``wanted`` (``mode``, ``auto_ssl``, ``server_id``, ``webapp_id``).
    :returns: the variable ``domain_sync_doctor``.
    """
    checks = list(_checks(findings))
    counts = {level: sum(check.level == level for check in checks) for level in LEVELS}
    return {
        "ok": counts[ERROR] == 0,
        "counts": counts,
        "checks": [dataclasses.asdict(check) for check in checks],
        "summary": summary_lines(checks, counts),
        "failure": _failure(checks),
    }


def summary_lines(checks: Sequence[Check], counts: Mapping[str, int]) -> list[str]:
    """Give the lines for a terminal: one for each check, what is well counted where names are many."""
    shown, hidden = [], dict[str, int]()
    many = {area for area in _doctor_names.AREAS if sum(check.area == area for check in checks) > _SHOWN_NAMES}
    for check in checks:
        if check.level == OK and check.area in many:
            hidden[check.area] = hidden.get(check.area, 0) + 1
        else:
            shown.append(check)
    shown += [Check(area, OK, f"{count} more are well") for area, count in hidden.items()]
    width = max((len(check.area) for check in shown), default=0)
    lines = []
    for check in shown:
        level = check.level if check.level == OK else check.level.upper()
        lines.append(f"{level:<7}  {check.area:<{width}}  {check.text}")
        if check.advice:
            lines.append(f"{'':<7}  {'':<{width}}  -> {check.advice}")
    lines.append(", ".join(f"{count} {_plural(level, count)}" for level, count in counts.items()))
    return lines


def _failure(checks: Sequence[Check]) -> str:
    """Say in one text why the doctor's playbook fails; nothing where it does not."""
    errors = [check for check in checks if check.level == ERROR]
    shown = "; ".join(f"{check.area}: {check.text}" for check in errors[:5])
    return f"{len(errors)} {_plural(ERROR, len(errors))}. {shown}" if errors else ""


def _plural(level: str, count: int) -> str:
    return level if level == OK or count == 1 else f"{level}s"


def _checks(findings: Parts) -> Iterator[Check]:
    yield from _access(findings)
    yield from _server(findings)
    yield from _webapp(findings)
    yield from _plan(findings)
    yield from _certificate_mode(findings)
    yield from _source(findings)
    yield from _plugin(findings)
    yield from _doctor_names.checks(findings)


def _access(findings: Parts) -> Iterator[Check]:
    """The connection and the credentials, told by the first request, whatever it was for."""
    result = findings["server"]
    fault, failure = fault_of(result), result.get("failure") or {}
    status = failure.get("status")
    if fault and not (result.get("api") or {}).get("requests"):
        yield from _unasked(fault)
        return
    if failure and not _is_answer(status):
        yield Check("connection", WARNING if status == 429 else ERROR, fault or "", _connection_advice(status))
        return
    yield Check("connection", OK, f"RunCloud's API answers at {findings['api_url']}")
    if status == 401:
        yield Check("credentials", ERROR, f"refused (401): {failure.get('message')}", _advice_401(findings, failure))
    else:
        yield Check("credentials", OK, f"accepted, from {(findings.get('credentials') or ['the task'])[0]}")


def _unasked(fault: str) -> Iterator[Check]:
    """An option that is missing or wrong, so that nothing could be asked."""
    if fault.partition(":")[0] in _CREDENTIAL_OPTIONS:
        yield Check("credentials", ERROR, fault, f"Make a token in {_PANEL_TOKEN}.")
    elif not _speaks_of(fault, "server"):
        yield Check("connection", ERROR, fault)


def _is_answer(status: int | None) -> bool:
    """Say whether a status is one that RunCloud's API itself gives, and not a proxy or a server in trouble."""
    return status is not None and 400 <= status < 500 and status != 429


def _connection_advice(status: int | None) -> str:
    if status is None:
        return "Check domain_sync_api_url, the network and a proxy from the controller to RunCloud."
    if status == 429:
        return "Something else uses the same credentials a lot; come back in a minute."
    if status >= 500:
        return "The fault is on RunCloud's side: see its status page, and try again later."
    return "This is not RunCloud's API: check domain_sync_api_url and proxies."


def _advice_401(findings: Parts, failure: Parts) -> str:
    """Tell the causes of a 401 apart as far as that is possible (reference 1.1, 1.5)."""
    found = findings.get("credentials") or []
    used, others = (found[0] if found else ""), found[1:]
    address = str(findings["api_url"]).rstrip("/")
    if _ALLOW_LIST.search(str(failure.get("message"))):
        return f"This machine's address is not on the allow-list of the key: add it in {_PANEL_TOKEN}."
    if used.lower().endswith("_key") and address.endswith("/v3"):
        return "Key and secret are only good for API v2: give a token, or an api_url that ends in /v2."
    parts = [
        f"RunCloud does not tell these causes apart: {used or 'the token'} is mistyped or was regenerated (compare it "
        f"with {_PANEL_TOKEN}); this machine's address is not on the key's IP allow-list; API access is switched off."
    ]
    if others:
        parts.append(
            f"{used} is used; {', '.join(others)} {'is' if len(others) == 1 else 'are'} set, too, and ignored."
        )
    return " ".join(parts)


def _server(findings: Parts) -> Iterator[Check]:
    result = findings["server"]
    fault, failure = fault_of(result), result.get("failure") or {}
    if fault:
        if _speaks_of(fault, "server") or failure.get("status") in (403, 404):
            yield Check("server", ERROR, fault, _known("servers", findings.get("servers")))
        return
    server = result.get("server")
    if not server:
        advice = _known("servers", result)
        yield Check("server", ERROR, "not named", f"Set domain_sync_server_id. {advice}")
        return
    shown = f"{server['name']} ({server['id']}), {server['address']}"
    if server["usable"]:
        yield Check("server", OK, f"{shown}, online and connected", name=str(server["id"]))
        return
    states = [
        word for word, good in (("offline", server["online"]), ("not connected", server["connected"])) if not good
    ]
    yield Check(
        "server",
        ERROR,
        f"{shown}, is {' and '.join(states)}: RunCloud can change nothing on it",
        "Look at the server and its RunCloud agent (systemctl status runcloud-agent), and at the firewall.",
        name=str(server["id"]),
    )


def _webapp(findings: Parts) -> Iterator[Check]:
    result = found_by(findings.get("webapp"))
    fault = fault_of(findings.get("webapp"))
    if fault:
        yield Check("web application", ERROR, fault, _known("webapps", findings.get("webapps")))
    elif result and not findings["names_webapp"]:
        yield Check("web application", ERROR, "not named", f"Set domain_sync_webapp_id. {_known('webapps', result)}")
    elif result:
        webapp = result["webapps"][0]
        yield Check("web application", OK, f"{webapp['name']} ({webapp['id']})", name=str(webapp["id"]))
    fault = fault_of(findings.get("domains"))
    if fault:
        yield Check("web application", ERROR, fault, "The list of its domains cannot be read; all else needs it.")


def _speaks_of(fault: str, what: str) -> bool:
    return re.match(rf"(WU_)?(RUNCLOUD_)?{what}_(id|name)\b", fault, re.IGNORECASE) is not None


def _known(what: str, result: Parts | None) -> str:
    """Name what there is instead of what was asked for."""
    rows = found_by(result).get(what)
    if rows is None:
        return "The id is in the address of its page in RunCloud's panel."
    shown = ", ".join(f"{row['name']} ({row['id']})" for row in rows[:10])
    more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
    return f"These credentials see: {shown}{more}." if rows else "These credentials see none at all."


def _plan(findings: Parts) -> Iterator[Check]:
    """What of the plan can be seen without writing (reference 8)."""
    domains, ssl = found_by(findings.get("domains")), found_by(findings.get("ssl"))
    if domains:
        attached = len(domains["domains"])
        wanted = len(_doctor_names.wanted(findings))
        if attached > 1:
            yield Check("plan", OK, f"several domains are possible: {attached} are attached")
        elif wanted > 1:
            yield Check(
                "plan",
                WARNING,
                f"{wanted} domains are wanted and {attached} is attached: whether the plan allows several is not visible",
                "Where adding answers 403, RunCloud's plan does not support several domains: upgrade it.",
            )
    if ssl:
        yield from _ssl_abilities(findings, ssl)


def _ssl_abilities(findings: Parts, ssl: Parts) -> Iterator[Check]:
    wanted = findings["wanted"]
    hidden = ssl["auto_ssl"] is None and ssl["mode"] == _BASIC
    needs = [
        text
        for text, asked in (
            ("domain_sync_ssl_mode=advanced", wanted.get("mode") == _ADVANCED),
            ("domain_sync_ssl_auto_ssl", wanted.get("auto_ssl")),
        )
        if asked
    ]
    if not hidden:
        yield Check(
            "plan", OK, f"advanced SSL and AutoSSL can be seen (AutoSSL is {'on' if ssl['auto_ssl'] else 'off'})"
        )
    elif needs:
        yield Check(
            "plan",
            ERROR,
            f"{' and '.join(needs)} is wanted, but the plan (or these credentials) shows no advanced SSL",
            "Advanced SSL needs RunCloud's Business or Enterprise plan: upgrade it, or stay in basic mode.",
        )
    else:
        yield Check("plan", OK, "no advanced SSL to be seen (Business and Enterprise have it); basic mode needs none")


def _certificate_mode(findings: Parts) -> Iterator[Check]:
    ssl, fault = found_by(findings.get("ssl")), fault_of(findings.get("ssl"))
    if fault:
        yield Check("certificates", ERROR, fault, "Nothing could be told of certificates.")
    if not ssl:
        return
    yield from (
        Check("certificates", WARNING, str(text), "Set domain_sync_ssl_verify_address where it listens elsewhere.")
        for text in ssl.get("warnings") or []
    )
    mode, wanted = ssl["mode"], findings["wanted"].get("mode")
    if wanted and wanted != mode:
        advice = (
            "Switching deletes the certificates there are; allow it by domain_sync_ssl_switch_mode, or drop the wish."
        )
        yield Check("certificates", ERROR, f"{mode} mode, but domain_sync_ssl_mode says {wanted}", advice)
    else:
        kind = "one for the application" if mode == _BASIC else "one for each domain"
        yield Check("certificates", OK, f"{mode} mode, {kind}")
    yield from _basic_certificate(ssl) if mode == _BASIC else ()
    yield from (
        Check("certificates", WARNING, _staging_text(row), "Order a live one: domain_sync_ssl_environment=live.")
        for row in ssl["certificates"]
        if row.get("staging")
    )


def _basic_certificate(ssl: Parts) -> Iterator[Check]:
    names = [name for row in ssl["names"] for name in (*row["covers"], *row["missing"])]
    if len(names) > _MOST_NAMES:
        yield Check(
            "certificates",
            ERROR,
            f"{len(names)} names need one certificate, and Let's Encrypt allows {_MOST_NAMES}",
            "Switch to advanced mode (one certificate for each domain), or divide the domains.",
        )
    if not ssl["certificates"]:
        said = next((entry["content"] for entry in ssl.get("log") or [] if _is_failure(entry)), None)
        text = "none yet" + (f"; the activity log says: {said}" if said else "")
        yield Check("certificates", ERROR, text, "multisite.runcloud.sync orders one, once all names' DNS is right.")


def _is_failure(entry: Parts) -> bool:
    return re.search(r"fail|error", str(entry["content"]), re.IGNORECASE) is not None


def _staging_text(row: Parts) -> str:
    return f"the certificate{' of ' + row['domain'] if row['domain'] else ''} is a staging one: browsers warn of it"


def _source(findings: Parts) -> Iterator[Check]:
    source, fault = findings["source"], findings.get("source_fault")
    area = "WordPress" if source in _doctor_names.WORDPRESS_SOURCES else "source"
    if fault:
        yield Check(area, ERROR, fault, _source_advice(source))
        return
    decision = findings["decision"]
    count = len(_doctor_names.wanted(findings))
    if not decision.get("complete", True):
        text = f"{count} domains are wanted, but the list may be cut short, so nothing is ever removed because of it"
        yield Check(area, WARNING, text, "Read by domain_sync_source=wordpress, or update the plugin.")
    elif count:
        yield Check(area, OK, f"read by {source}: {count} domains are wanted")
    else:
        yield Check(area, WARNING, f"read by {source}: no domain is wanted", "Is it the right list, or network?")
    yield from (Check(area, WARNING, note["text"]) for note in decision.get("notes") or [])
    yield from _stuck(findings)


def _source_advice(source: str) -> str:
    return {
        "wordpress": "Check domain_sync_wordpress_path on the play's hosts, the user (become), and the database.",
        "rest": "Check domain_sync_rest_url, and key and secret in the plugin's settings, API & Webhooks.",
    }.get(source, "Without the list of domains, only what is attached can be looked at.")


def _stuck(findings: Parts) -> Iterator[Check]:
    rows = (findings.get("wordpress") or {}).get("domains") or []
    names = {*_doctor_names.wanted(findings), *(findings["decision"].get("names") or [])}
    stuck = [row["domain"] for row in rows if row["domain"] in names and row.get("stage") in _doctor_names.GIVEN_UP]
    if stuck:
        yield Check(
            "WordPress",
            WARNING,
            f"the plugin has given up on {_doctor_names.listed(stuck)}: WordPress does not answer for them",
            "domain_sync_requeue_stuck=true puts them back into its queue, once DNS and certificate are right.",
        )


def _plugin(findings: Parts) -> Iterator[Check]:
    result = findings.get("wordpress") or {}
    if findings.get("source_fault") or "plugin" not in result:
        return
    plugin, networks = result["plugin"], result.get("networks") or []
    if plugin is None:
        text = "Ultimate Multisite is not installed: only WordPress' own names are known"
        yield Check("plugin", WARNING, text, "Nothing to do where no domains are mapped by it.")
    else:
        version = plugin["version"] or "of a version that cannot be seen from here"
        yield Check("plugin", OK, f"Ultimate Multisite {version}, {'active' if plugin['active'] else 'not active'}")
    # That it is on is among the notes, in each network's name.
    states = [network.get("own_integration") for network in networks]
    if all(state is False for state in states):
        yield Check("plugin", OK, "its own RunCloud integration is off")
    elif not any(states):
        yield Check(
            "plugin",
            WARNING,
            "whether its own RunCloud integration is on cannot be seen from here",
            "It would add names behind this tool's back: look in the plugin's settings, Integrations.",
        )
    yield from _constants(findings, result.get("runcloud") or {})


def _constants(findings: Parts, constants: Parts) -> Iterator[Check]:
    """Compare the ids in wp-config.php with those that this run uses."""
    for key, constant in (("server_id", "WU_RUNCLOUD_SERVER_ID"), ("webapp_id", "WU_RUNCLOUD_APP_ID")):
        theirs, ours = constants.get(key), findings["wanted"].get(key)
        if theirs and ours and str(theirs) != str(ours):
            yield Check(
                "plugin",
                WARNING,
                f"wp-config.php has {constant} {theirs}, and this run works on {ours}",
                f"One of them is wrong, or the constant is a leftover: compare it with domain_sync_{key}.",
            )
