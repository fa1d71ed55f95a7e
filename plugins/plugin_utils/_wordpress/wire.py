# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what PHP, WP-CLI, the REST API or our own action wrote to the typed network. Pure.

PRIVATE to the collection: may change without notice.

Numbers and booleans come as strings, numbers or booleans, depending on the way they were read (plugin reference 3).
"""

from __future__ import annotations

import dataclasses
import functools
import html
import re
import typing as t

from ...module_utils._errors import UserError
from ...module_utils._names import MASKED, normalise_lenient
from ...module_utils._secrets import Secrets
from .network import WP_CLI, Constants, Inventory, MappedDomain, Network, Note, Plugin, Site

if t.TYPE_CHECKING:
    from collections.abc import Mapping

T = t.TypeVar("T")
# Characters of a text that are looked at at all.
_LOOKED_AT = 20_000
_NO_SECRETS = Secrets()


def plain(text: str, secrets: Secrets = _NO_SECRETS) -> str:
    """Return the first words of what was said, without secrets, markup, control characters and stack traces."""
    text = re.sub(r"(?is)<(style|script|head)\b.*?</\1>", " ", text[:_LOOKED_AT])
    text = html.unescape(re.sub(r"<[^>]{0,500}>", " ", text))
    text = re.sub(r"(?s)\bStack trace:.*?(?=\n\S|\Z)", "", text)
    return secrets.clean("\n".join(line for line in text.splitlines() if not re.match(r"\s*#\d+ ", line)))


def parse(document: object, method: str = WP_CLI) -> Inventory:
    """Read the answer of the PHP reader, also in the shorter form with one ``network`` (plugin reference 3.4).

    :raises UserError: where it is not such an answer.
    """
    data = _mapping(document, "the answer")
    listed = [data["network"]] if data.get("network") and "networks" not in data else data.get("networks", [])
    networks = tuple(
        _build(Network, {"id": 1, **_mapping(item, "a network")}, "a network") for item in _list(listed, "networks")
    )
    if not networks:
        raise UserError("the answer names no network: the table of networks is empty")
    domains = [parse_mapped_domain(item) for item in _list(data.get("domains") or [], "domains")]
    main_network_id = _int(data["main_network"], "main_network") if data.get("main_network") is not None else None
    if data.get("queued") is not None:
        waiting = {item for item in _list(data["queued"], "queued") if isinstance(item, int)}
        main = main_network_id or networks[0].id
        domains = [dataclasses.replace(row, queued=row.network_id == main and row.id in waiting) for row in domains]
    return Inventory(
        networks=networks,
        sites=tuple(parse_site(item) for item in _list(data.get("sites"), "sites")),
        domains=tuple(domains),
        plugin=_plugin(data.get("plugin")),
        main_network_id=main_network_id,
        has_mappings=data.get("domains") is not None,
        wordpress=data.get("wordpress"),
        method=method,
        constants=_build(Constants, data["runcloud"], "runcloud") if data.get("runcloud") is not None else None,
    )


def parse_site(document: object) -> Site:
    """Read one site, as PHP, WP-CLI or the REST API write it. Its id is ``blog_id``, never ``id`` (plugin reference 6).

    :raises UserError: where it is not a site.
    """
    data = _mapping(document, "a site")
    return _build(Site, data, "a site", network_id="network_id" if data.get("network_id") else "site_id")


def parse_mapped_domain(document: object) -> MappedDomain:
    """Read one row of the plugin's table, as PHP, WP-CLI or the REST API write it.

    :raises UserError: where it is not such a row.
    """
    return _build(MappedDomain, document, "a mapped domain", primary="primary_domain")


def from_result(result: object) -> Inventory:
    """Build the inventory again from what ``multisite_domain_info`` returned.

    :raises UserError: where that is not such a result, or where Ansible has masked a part of it.
    """
    data = _mapping(result, "the result of multisite_domain_info")
    listed = [_mapping(item, "a domain") for item in _list(data.get("domains"), "domains")]
    rows = [
        _build(MappedDomain, item, "a domain", id="row", network_id="row_network_id")
        for item in listed
        if item.get("row") is not None
    ]
    main = data.get("network")
    inventory = dataclasses.replace(
        parse({**data, "domains": None, "main_network": main.get("id") if isinstance(main, t.Mapping) else None}),
        domains=tuple(sorted(rows, key=lambda row: (row.network_id, row.id))),
        has_mappings=_bool(data.get("mappings", True), "mappings"),
        complete=_bool(data.get("complete", False), "complete"),
        method=data.get("method") or WP_CLI,
        base_domains=_names(data.get("base_domains") or [], "base_domains"),
        notes=tuple(_build(Note, item, "a note") for item in _list(data.get("notes") or [], "notes")),
    )
    holders: tuple[Network | Site | MappedDomain, ...] = (*inventory.networks, *inventory.sites, *inventory.domains)
    for name in (*inventory.base_domains, *(holder.domain for holder in holders)):
        if MASKED in name:
            raise UserError(
                f"the network's domains hold {name!r}: Ansible has masked a part of a name that is also a secret, "
                "so it is not known which domain it is; use another secret"
            )
    return inventory


def _build(kind: type[T], document: object, what: str, **keys: str) -> T:
    """Make an object of the values of a document; ``keys`` names the fields that are called otherwise there."""
    data = _mapping(document, what)
    found = {}
    for name, read, required in _fields(kind):  # type: ignore[arg-type]
        key = keys.get(name, name)
        given = data.get(key)
        if given is not None or required:
            value = read(given, key)
            # An empty text and the number 0 stand for "not set".
            if value or value is False or required:
                found[name] = value
    return kind(**found)


@functools.cache
def _fields(kind: t.Any) -> list[tuple[str, t.Callable[[t.Any, str], t.Any], bool]]:
    """Return name, reader, and whether it is required, of each field."""
    return [
        (field.name, _BY_NAME.get(field.name) or _BY_TYPE[str(field.type)], field.default is dataclasses.MISSING)
        for field in dataclasses.fields(kind)
    ]


def _plugin(document: object) -> Plugin | None:
    data = _mapping(document or {}, "plugin")
    return Plugin(data.get("version"), bool(data.get("loaded", data.get("active")))) if data else None


def _mapping(value: object, what: str) -> Mapping[str, t.Any]:
    if not isinstance(value, t.Mapping):
        raise UserError(f"{what}: an object was expected, not {type(value).__name__}")
    return value


def _list(value: object, what: str) -> list[t.Any]:
    if not isinstance(value, list):
        raise UserError(f"{what}: a list was expected, not {type(value).__name__}")
    return value


def _text(value: object, key: str) -> str:
    if not isinstance(value, str):
        raise UserError(f"{key}: a text was expected, not {value!r:.100}")
    return value


def _int(value: t.Any, key: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise UserError(f"{key}: a number was expected, not {value!r:.100}") from None


def _bool(value: object, key: str) -> bool:
    """Read a switch. Any number but 0 means on: core itself writes ``deleted = 2`` (plugin reference 6)."""
    text = str(value).strip().lower()
    if text in ("true", "false", ""):
        return text == "true"
    try:
        return float(text) != 0
    except ValueError:
        raise UserError(f"{key}: 0 or 1 was expected, not {value!r:.100}") from None


def _flag(value: object, _key: str) -> bool:
    """Read a switch that no decision uses, so that no value of it is a reason to fail; only 1 means on."""
    return str(value).strip().lower() in ("1", "true")


def _names(value: object, key: str) -> tuple[str, ...]:
    """Read a list of names; what is not a text is left out, since nothing depends on it alone."""
    return tuple(dict.fromkeys(normalise_lenient(name) for name in _list(value, key) if isinstance(name, str)))


_BY_NAME: dict[str, t.Callable[[t.Any, str], t.Any]] = {
    "domain": lambda value, key: normalise_lenient(_text(value, key)),
    **dict.fromkeys(("public", "primary", "secure", "stored_credentials"), _flag),
}
# By the annotations of the fields, which are texts here.
_BY_TYPE: dict[str, t.Callable[[t.Any, str], t.Any]] = {
    **dict.fromkeys(("str", "str | None"), _text),
    **dict.fromkeys(("int", "int | None"), _int),
    **dict.fromkeys(("bool", "bool | None"), _bool),
    "tuple[str, ...]": _names,
}
