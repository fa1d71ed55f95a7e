# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was seen -> a finding for each thing, with what to do: RunCloud, the source, WordPress, each name. Pure.

PRIVATE to the collection: may change without notice.

Wrong is what visitors feel now, or what spoils other names: an attached name that points elsewhere. What waits for its
owner (a new name whose DNS is not there yet) is a warning.
"""

from __future__ import annotations

import re
import typing as t

from .finding import NOT_CHECKED, OK, WARNING, WRONG, Finding, Look, some

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ...module_utils._runcloud.models import Server, WebApp
    from .finding import Seen

CONNECTION, CREDENTIALS, SERVER, WEBAPP = "connection", "credentials", "server", "web application"
PLAN, SOURCE, WORDPRESS = "plan", "source", "WordPress"
DOMAIN, DNS, CAA = "domain", "DNS", "CAA"
SYNC = "Run multisite.runcloud.sync."

_ALLOW_LIST = re.compile(r"\bIP\b|allow-?list|white-?list|restrict", re.IGNORECASE)
_KEYS = "RunCloud's panel, Workspace > Settings > API Management"
_SHOWN = 10
# Plugin reference 2.2: on these the plugin has given up for good, and in these a check should be queued.
_GIVEN_UP = ("failed", "ssl-failed")
_CHECKING = ("checking-dns", "checking-ssl-cert")
# What these notes say is what visitors feel, or what works against this collection.
_WRONG_NOTES = frozenset(("mapping_off",))


def look_at_access(seen: Seen) -> Iterator[Finding]:
    """Say whether the API can be reached with these credentials. Only an answer as it should be proves either."""
    for problem in seen.settings:
        yield Finding("options", WRONG, problem, "Correct it; what depends on it was not looked at.")
    first = next((look for look in (seen.connection, seen.server, seen.servers) if look.fault), Look[t.Any]())
    if seen.connection.fault:
        area = (
            CREDENTIALS
            if first.fault.startswith(tuple(map(seen.option, ("api_token", "api_key", "api_secret"))))
            else ""
        )
        advice = f"Make a token in {_KEYS}." if area else ""
        yield Finding(area or CONNECTION, WRONG, first.fault, advice)
        yield Finding(CONNECTION if area else CREDENTIALS, NOT_CHECKED, "RunCloud was not asked")
        return
    if seen.proven:
        yield Finding(CONNECTION, OK, f"RunCloud's API answers at {seen.api_url}")
        yield Finding(CREDENTIALS, OK, f"accepted, from {seen.credentials[0] if seen.credentials else 'the task'}")
        return
    if first.status == 401:
        yield Finding(CONNECTION, NOT_CHECKED, f"something answers at {seen.api_url}, but only with 401")
        yield Finding(
            CREDENTIALS, WRONG, f"refused (401): {first.said or 'without a reason'}", _advice_401(seen, first)
        )
        return
    verdict = WARNING if first.status == 429 else NOT_CHECKED if first.status in (403, 404) else WRONG
    yield Finding(CONNECTION, verdict, first.fault or "RunCloud was not asked", _connection_advice(seen, first))
    yield Finding(CREDENTIALS, NOT_CHECKED, "no answer shows whether they are accepted")


def _connection_advice(seen: Seen, look: Look[t.Any]) -> str:
    status, url = look.status, seen.option("api_url")
    if status is None:
        return f"Check {url}, the network, and a proxy between the controller and RunCloud."
    if status == 429:
        return "Something else uses the same credentials a lot; come back in a minute."
    if status >= 500:
        return "The fault is on RunCloud's side: see its status page, and try again later."
    if status in (403, 404):
        return f"These credentials may see nothing of this: check {url}, the ids, and what the token may do ({_KEYS})."
    return f"This is not how RunCloud's API answers a plain question: check {url} and proxies."


def _advice_401(seen: Seen, look: Look[t.Any]) -> str:
    """Tell the causes of a 401 apart as far as that is possible (reference 1.1, 1.5)."""
    used, others = (seen.credentials or ("the token",))[0], seen.credentials[1:]
    if _ALLOW_LIST.search(look.said):
        return f"This machine's address is not on the allow-list of the key: add it in {_KEYS}."
    if used.lower().endswith("_key") and seen.api_url.endswith("/v3"):
        return f"Key and secret are only good for API v2: give a token, or end {seen.option('api_url')} in /v2."
    text = (
        f"RunCloud does not tell these causes apart: {used} is mistyped or was regenerated (compare it with {_KEYS}); "
        "this machine's address is not on the key's IP allow-list; API access is switched off."
    )
    if others:
        text += f" {used} is used; {some(others)} {'is' if len(others) == 1 else 'are'} set as well, and ignored."
    return text


def look_at_target(seen: Seen) -> Iterator[Finding]:
    """Say whether the server and the web application are there and can be worked with."""
    server, webapp = seen.server.found, seen.webapp.found
    if server is not None:
        yield _server(server)
    elif seen.target is not None and not seen.target.has_server:
        yield Finding(SERVER, WRONG, "not named", f"Set {seen.option('server_id')}. {_known(seen.servers)}")
    elif seen.server.fault and not seen.server.refused:
        yield Finding(SERVER, WRONG, seen.server.fault, _known(seen.servers))
    else:
        yield Finding(SERVER, NOT_CHECKED, "RunCloud could not be asked")
    if webapp is not None:
        yield Finding(WEBAPP, OK, f"{webapp.name} ({webapp.id})")
    elif seen.target is not None and not seen.target.has_webapp and server is not None:
        yield Finding(WEBAPP, WRONG, "not named", f"Set {seen.option('webapp_id')}. {_known(seen.webapps)}")
    elif seen.webapp.fault:
        yield Finding(WEBAPP, WRONG, seen.webapp.fault, _known(seen.webapps))
    else:
        yield Finding(WEBAPP, NOT_CHECKED, "its server could not be found first")
    if seen.attached.fault:
        yield Finding(WEBAPP, WRONG, f"its domains: {seen.attached.fault}", "All else needs this list.")


def _server(server: Server) -> Finding:
    shown = f"{server.name} ({server.id}), {server.address or 'of an address that RunCloud does not say'}"
    if server.usable:
        return Finding(SERVER, OK, f"{shown}, online and connected")
    states = [word for word, good in (("offline", server.online), ("not connected", server.connected)) if not good]
    return Finding(
        SERVER,
        WRONG,
        f"{shown}, is {' and '.join(states)}: RunCloud can change nothing on it",
        "Look at the server, its firewall and its RunCloud agent (systemctl status runcloud-agent).",
    )


def _known(look: Look[list[Server]] | Look[list[WebApp]]) -> str:
    """Name what there is instead of what was asked for."""
    if look.found is None:
        return "The id is in the address of its page in RunCloud's panel."
    rows = [f"{row.name} ({row.id})" for row in look.found]
    return f"These credentials see {some(rows, _SHOWN)}." if rows else "These credentials see none at all."


def look_at_plan(seen: Seen) -> Iterator[Finding]:
    """Say what of the plan can be seen without writing (reference 8)."""
    if seen.attached.found is not None:
        attached, wanted = len(seen.attached.found), len(seen.wants)
        if attached > 1:
            yield Finding(PLAN, OK, f"several domains are possible: {attached} are attached")
        elif wanted > 1:
            text = f"whether several domains are allowed cannot be seen: {wanted} are wanted, {attached} is attached"
            advice = "Where adding answers 403, RunCloud's plan does not support several domains: upgrade it."
            yield Finding(PLAN, NOT_CHECKED, text, advice)
    outcome = seen.certificates.found
    if outcome is None:
        return
    asked = [
        f"{seen.option(name)}={seen.options[name]}"
        for name, value in (("ssl_mode", "advanced"), ("ssl_auto_ssl", True))
        if seen.options[name] == value
    ]
    if outcome.state.auto_ssl is not None or outcome.mode == "advanced":
        yield Finding(PLAN, OK, f"it has advanced SSL (AutoSSL is {'on' if outcome.state.auto_ssl else 'off'})")
    elif asked:
        text = f"{' and '.join(asked)} is asked for, but advanced SSL is not to be seen with these credentials"
        advice = "Advanced SSL needs RunCloud's Business or Enterprise plan: upgrade it, or stay in basic mode."
        yield Finding(PLAN, WRONG, text, advice)
    else:
        yield Finding(PLAN, OK, "without advanced SSL (Business and Enterprise have it); basic mode needs none")


def look_at_source(seen: Seen) -> Iterator[Finding]:
    """Say whether the wanted domains can be read, and what is odd about them."""
    if seen.decision.fault:
        for line in seen.decision.fault.splitlines():
            yield Finding(SOURCE, WRONG, line, _source_advice(seen))
        return
    decision = seen.decision.found
    if decision is None:
        yield Finding(SOURCE, NOT_CHECKED, "the options that say how to read it are wrong")
        return
    count = len(seen.wants)
    if not decision.complete:
        text = f"{seen.source}: {count} domains are wanted, but the list may be cut short, so nothing is ever removed"
        yield Finding(SOURCE, WARNING, text, "The notes of the same area say why; until then, purge has no effect.")
    elif count:
        yield Finding(SOURCE, OK, f"{seen.source}: {count} domains are wanted")
    else:
        yield Finding(SOURCE, WARNING, f"{seen.source}: no domain is wanted", "Is it the right list, or network?")
    for name, reason in decision.errors.items():
        yield Finding(SOURCE, WRONG, f"cannot be attached: {reason}", "Correct it where it comes from.", name)
    for note in decision.notes:
        area = WORDPRESS if seen.inventory is not None else SOURCE
        yield Finding(area, WRONG if note.code in _WRONG_NOTES else WARNING, note.text)


def _source_advice(seen: Seen) -> str:
    if seen.source == "wordpress":
        return "Check the path of WordPress on the play's hosts, the user (become), and the database."
    if seen.source == "rest":
        return f"Check {seen.option('rest_url')}, and key and secret in the plugin's settings, API & Webhooks."
    return ""


def look_at_wordpress(seen: Seen) -> Iterator[Finding]:
    """Say whether WordPress and its plugin go along with what is done here."""
    inventory = seen.inventory
    if inventory is None:
        return
    plugin = inventory.plugin
    if plugin is None:
        yield Finding(WORDPRESS, WARNING, "Ultimate Multisite is not installed, so no domain is mapped")
    else:
        version = plugin.version or "of a version that cannot be seen from here"
        state = "active" if plugin.active else "not active"
        yield Finding(WORDPRESS, OK if plugin.active else WARNING, f"Ultimate Multisite {version}, {state}")
    if inventory.mapping_enabled:
        yield Finding(WORDPRESS, OK, "it answers for mapped domains")
    elif inventory.mapping_enabled is None:
        text = "whether it answers for mapped domains cannot be seen from here"
        yield Finding(WORDPRESS, NOT_CHECKED, text, "Look in the plugin's settings, Domain Mapping.")
    states = [network.own_integration for network in inventory.networks]
    # That it is on is among the notes, in each network's name.
    if all(state is False for state in states):
        yield Finding(WORDPRESS, OK, "the plugin's own RunCloud integration is off")
    elif not any(states):
        text = "whether the plugin's own RunCloud integration is on cannot be seen from here"
        yield Finding(
            WORDPRESS, NOT_CHECKED, text, "It would add names on its own: look in its settings, Integrations."
        )
    yield from _constants(seen)
    yield from _stuck(seen)


def _constants(seen: Seen) -> Iterator[Finding]:
    """Compare the ids in wp-config.php with those that are used here."""
    constants = seen.inventory.constants if seen.inventory else None
    used = (
        ("WU_RUNCLOUD_SERVER_ID", constants and constants.server_id, seen.server.found, "server_id"),
        ("WU_RUNCLOUD_APP_ID", constants and constants.webapp_id, seen.webapp.found, "webapp_id"),
    )
    for constant, theirs, ours, option in used:
        if theirs and ours is not None and str(theirs) != str(ours.id):
            yield Finding(
                WORDPRESS,
                WARNING,
                f"wp-config.php has {constant} {theirs}, and here {ours.id} is used",
                f"One of them is wrong, or the constant is a leftover: compare it with {seen.option(option)}.",
            )


def _stuck(seen: Seen) -> Iterator[Finding]:
    """Find rows that the plugin will not look at again by itself (plugin reference 2.2)."""
    rows = seen.inventory.domains if seen.inventory else ()
    wanted = {*seen.wants, *(seen.decision.found.names if seen.decision.found else ())}
    given_up = [row.domain for row in rows if row.domain in wanted and row.stage in _GIVEN_UP]
    waiting = [row.domain for row in rows if row.domain in wanted and row.stage in _CHECKING and row.queued is False]
    for names, text in (
        (given_up, "the plugin has given up on"),
        (waiting, "no check is queued in the plugin, though one is due, for"),
    ):
        if names:
            advice = "domain_sync_requeue_stuck=true puts them back into its queue once DNS and certificate are right."
            yield Finding(WORDPRESS, WARNING, f"{text} {some(names)}", advice)


def look_at_domains(seen: Seen) -> Iterator[Finding]:
    """Say of each name whether it is attached as it should be, and what happens to those that are not wanted."""
    plan = seen.plan.found
    if plan is None:
        if seen.plan.fault:
            yield Finding(DOMAIN, WRONG, seen.plan.fault)
        return
    for name, reason in plan.errors.items():
        yield Finding(DOMAIN, WRONG, reason, "", name)
    for name in plan.add:
        if name in seen.elsewhere:
            advice = "Remove it there first: RunCloud refuses a name twice."
            yield Finding(DOMAIN, WRONG, f"already attached elsewhere, to {seen.elsewhere[name]}", advice, name)
        else:
            yield Finding(DOMAIN, WARNING, "not attached", _after_server(seen), name)
    for name, reason in plan.deferred:
        yield Finding(DOMAIN, WARNING, f"not attached, {reason}", "The first run after that adds it.", name)
    for name in plan.change:
        yield Finding(DOMAIN, WARNING, "attached with other settings than asked for", _after_server(seen), name)
    for name in plan.unmanaged:
        yield Finding(DOMAIN, WARNING, "attached, but not wanted", _letting_go(seen), name)
    for name, reason in plan.protected:
        yield Finding(DOMAIN, OK, f"attached and not in the list; it stays: {reason}", "", name)
    for name in plan.unchanged:
        yield Finding(DOMAIN, OK, "attached", "", name)


def _after_server(seen: Seen) -> str:
    server = seen.server.found
    return SYNC if server is None or server.usable else "The server must be online and connected first."


def _letting_go(seen: Seen) -> str:
    decision = seen.decision.found
    keep = f"an entry in the list or in {seen.option('exclude')} keeps it"
    if decision is not None and not decision.complete:
        return f"It stays, since the list may be cut short: remove it in RunCloud's panel, or {keep}."
    purge = seen.option("purge")
    if seen.options["purge"]:
        return f"The next run removes it as far as {seen.option('purge_limit')} allows; {keep}."
    return f"A run with {purge}=true removes it; {keep}."


def look_at_dns(seen: Seen) -> Iterator[Finding]:
    """Say of each name, wanted or attached, where it points."""
    if seen.dns.fault:
        yield Finding(DNS, WRONG, seen.dns.fault, "No name was looked up.")
    elif seen.dns.found is None:
        if seen.options["require_dns"] == "false":
            yield Finding(DNS, NOT_CHECKED, f"{seen.option('require_dns')} is false")
        else:
            text = "there is no name, or the server's address is not known"
            yield Finding(DNS, NOT_CHECKED, text, f"Set {seen.option('dns_expect')} to check it without RunCloud.")
    attached = _attached(seen)
    for host, answer in (seen.dns.found or {}).items():
        yield _where(seen, host, answer, attached.get(host))


def _attached(seen: Seen) -> dict[str, bool]:
    """Return every host name that is attached, with whether its domain is wanted."""
    wanted = set(seen.wants)
    return {host: row.name in wanted for row in seen.attached.found or () for host in row.served_names}


def _where(seen: Seen, host: str, answer: t.Any, is_wanted: bool | None) -> Finding:
    """Judge one host name; ``is_wanted`` is None where it is not attached."""
    accept = seen.option("dns_accept")
    if answer.verdict.value == "here":
        return Finding(DNS, OK, answer.reason, "", host)
    if answer.verdict.value == "unknown":
        advice = f"Look again later, or ask others by {seen.option('dns_nameservers')}."
        return Finding(DNS, NOT_CHECKED, answer.reason, advice, host)
    way_out = "" if accept in answer.reason else f", or put it into {accept} if it passes visitors on to this server"
    if is_wanted is None:
        return Finding(DNS, WARNING, answer.reason, f"Its owner must point it at the server{way_out}.", host)
    if not is_wanted:
        return Finding(DNS, WARNING, answer.reason, f"It is not wanted. {_letting_go(seen)}", host)
    advice = f"{_costs(seen)}: point it at the server or remove it{way_out}."
    return Finding(DNS, WRONG, answer.reason, advice, host)


def look_at_caa(seen: Seen) -> Iterator[Finding]:
    """Say for which names Let's Encrypt may issue no certificate."""
    if seen.caa.fault:
        yield Finding(CAA, NOT_CHECKED, seen.caa.fault)
    if seen.caa.found is None:
        return
    forbidden = seen.caa.found.forbidden
    attached = _attached(seen)
    for host, reason in forbidden.items():
        if host in attached:
            yield Finding(CAA, WRONG, reason, f"{_costs(seen)}: change the record, or remove the name.", host)
        else:
            yield Finding(CAA, WARNING, reason, "Its owner must change the record; until then it is held back.", host)
    if not forbidden:
        yield Finding(CAA, OK, "no record forbids Let's Encrypt")


def _costs(seen: Seen) -> str:
    """Say what a name that cannot be in an order costs."""
    outcome = seen.certificates.found
    if outcome is not None and outcome.mode == "advanced":
        return "It is attached, and the next order or renewal of its certificate fails"
    return "It is attached, and the next order or renewal fails for all names"


# In the order in which they are told.
LOOKS = (
    look_at_access,
    look_at_target,
    look_at_plan,
    look_at_source,
    look_at_wordpress,
    look_at_domains,
    look_at_dns,
    look_at_caa,
)
