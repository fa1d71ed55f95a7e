# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From plain data to the typed network: what PHP, WP-CLI, the REST API or our own module wrote. Pure.

PRIVATE to the collection: may change without notice.

Numbers and booleans come as strings, numbers or booleans, depending on the way they were read (plugin reference 3).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils._errors import UserError
from ...module_utils._names import normalise_lenient
from .network import CHECKING_DNS, WP_CLI, Constants, Inventory, MappedDomain, Network, Note, Plugin, Site

if t.TYPE_CHECKING:
    from collections.abc import Mapping

# What Ansible puts in place of a secret.
_MASK = "********"


def parse(document: object, method: str = WP_CLI) -> Inventory:
    """Read the answer of the PHP reader.

    Also reads the shorter form with one ``network`` (plugin reference 3.4).

    :param document: decoded JSON.
    :param method: how it was read.
    :raises UserError: where it is not such an answer.
    """
    data = _mapping(document, "the answer")
    listed = [data["network"]] if data.get("network") and "networks" not in data else data.get("networks", [])
    networks = tuple(_parse_network(item) for item in _list(listed, "networks"))
    if not networks:
        raise UserError("the answer names no network: the table of networks is empty")
    rows = data.get("domains")
    domains = [parse_mapped_domain(item) for item in _list(rows or [], "domains")]
    main_network_id = _optional_int(data, "main_network")
    if data.get("queued") is not None:
        waiting = {item for item in _list(data["queued"], "queued") if isinstance(item, int)}
        main = main_network_id or networks[0].id
        domains = [dataclasses.replace(row, queued=row.network_id == main and row.id in waiting) for row in domains]
    return Inventory(
        networks=networks,
        sites=tuple(parse_site(item) for item in _list(data.get("sites"), "sites")),
        domains=tuple(domains),
        plugin=_parse_plugin(data.get("plugin")),
        main_network_id=main_network_id,
        has_mappings=rows is not None,
        wordpress=_optional_text(data, "wordpress"),
        method=method,
        constants=None if data.get("runcloud") is None else _parse_constants(data["runcloud"]),
    )


def parse_site(document: object) -> Site:
    """Read one site, as PHP, WP-CLI or the REST API write it. Its id is ``blog_id``, never ``id`` (plugin reference 6).

    :raises UserError: where it is not a site.
    """
    data = _mapping(document, "a site")
    return Site(
        blog_id=_int(data, "blog_id"),
        domain=normalise_lenient(_text(data, "domain")),
        path=_optional_text(data, "path") or "/",
        network_id=_optional_int(data, "network_id") or _optional_int(data, "site_id") or 1,
        public=_flag(data, "public", True),
        archived=_bool(data, "archived", False),
        spam=_bool(data, "spam", False),
        deleted=_bool(data, "deleted", False),
    )


def parse_mapped_domain(document: object) -> MappedDomain:
    """Read one row of the plugin's table, as PHP, WP-CLI or the REST API write it.

    :raises UserError: where it is not such a row.
    """
    data = _mapping(document, "a mapped domain")
    return MappedDomain(
        id=_int(data, "id"),
        blog_id=_int(data, "blog_id"),
        domain=normalise_lenient(_text(data, "domain")),
        active=_bool(data, "active", True),
        primary=_flag(data, "primary_domain", False),
        secure=_flag(data, "secure", False),
        stage=_optional_text(data, "stage") or CHECKING_DNS,
        network_id=_optional_int(data, "network_id") or 1,
        queued=_optional_bool(data, "queued"),
    )


def from_result(result: object) -> Inventory:
    """Build the inventory again from what ``multisite_domain_info`` returned.

    :raises UserError: where that is not such a result, or where Ansible has masked a part of it.
    """
    data = _mapping(result, "the result of multisite_domain_info")
    listed = [_mapping(item, "a domain") for item in _list(data.get("domains"), "domains")]
    rows = [
        parse_mapped_domain(
            {
                **item,
                "id": item["row"],
                "network_id": item.get("row_network_id"),
                "primary_domain": item.get("primary"),
            }
        )
        for item in listed
        if item.get("row") is not None
    ]
    main = data.get("network")
    inventory = dataclasses.replace(
        parse({**data, "domains": None, "main_network": main.get("id") if isinstance(main, t.Mapping) else None}),
        domains=tuple(sorted(rows, key=lambda row: (row.network_id, row.id))),
        has_mappings=_bool(data, "mappings", True),
        complete=_bool(data, "complete", False),
        method=_optional_text(data, "method") or WP_CLI,
        base_domains=_parse_names(data, "base_domains"),
        notes=tuple(_parse_note(item) for item in _list(data.get("notes") or [], "notes")),
    )
    found = [*inventory.base_domains]
    for holders in (inventory.networks, inventory.sites, inventory.domains):
        found += [holder.domain for holder in holders]
    masked = [name for name in found if _MASK in name]
    if masked:
        raise UserError(
            f"the network's domains hold {masked[0]!r}: Ansible has masked a part of a name that is also a secret, "
            "so it is not known which domain it is; use another secret"
        )
    return inventory


def _parse_network(document: object) -> Network:
    data = _mapping(document, "a network")
    return Network(
        id=_optional_int(data, "id") or 1,
        domain=normalise_lenient(_text(data, "domain")),
        path=_optional_text(data, "path") or "/",
        subdomain_install=_optional_bool(data, "subdomain_install"),
        main_site_id=_optional_int(data, "main_site_id"),
        auto_create_www=_optional_text(data, "auto_create_www"),
        own_integration=_optional_bool(data, "own_integration"),
        stored_credentials=_flag(data, "stored_credentials", False),
        mapping_enabled=_optional_bool(data, "mapping_enabled"),
        base_domains=_parse_names(data, "base_domains"),
    )


def _parse_constants(document: object) -> Constants:
    data = _mapping(document, "runcloud")
    return Constants(**{field.name: data.get(field.name, field.default) for field in dataclasses.fields(Constants)})


def _parse_plugin(document: object) -> Plugin | None:
    if document is None:
        return None
    data = _mapping(document, "plugin")
    return Plugin(_optional_text(data, "version"), bool(data.get("loaded", data.get("active"))))


def _parse_note(document: object) -> Note:
    data = _mapping(document, "a note")
    return Note(
        _text(data, "code"),
        _text(data, "text"),
        _optional_int(data, "row"),
        _optional_text(data, "domain"),
        _optional_int(data, "blog_id"),
    )


def _parse_names(data: Mapping[str, t.Any], key: str) -> tuple[str, ...]:
    """Read a list of names; what is not a text is left out, since nothing depends on it alone."""
    return tuple(
        dict.fromkeys(normalise_lenient(name) for name in _list(data.get(key) or [], key) if isinstance(name, str))
    )


def _mapping(value: object, what: str) -> Mapping[str, t.Any]:
    if not isinstance(value, t.Mapping):
        raise UserError(f"{what}: an object was expected, not {type(value).__name__}")
    return value


def _list(value: object, what: str) -> list[t.Any]:
    if not isinstance(value, list):
        raise UserError(f"{what}: a list was expected, not {type(value).__name__}")
    return value


def _text(data: Mapping[str, t.Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise UserError(f"{key}: a text was expected, not {value!r:.100}")
    return value


def _optional_text(data: Mapping[str, t.Any], key: str) -> str | None:
    return None if data.get(key) is None else _text(data, key)


def _int(data: Mapping[str, t.Any], key: str) -> int:
    value = data.get(key)
    try:
        return int(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise UserError(f"{key}: a number was expected, not {value!r:.100}") from None


def _optional_int(data: Mapping[str, t.Any], key: str) -> int | None:
    return None if data.get(key) is None else _int(data, key)


def _optional_bool(data: Mapping[str, t.Any], key: str) -> bool | None:
    """Read a switch. Any number but 0 means on: core itself writes ``deleted = 2`` (plugin reference 6)."""
    value = data.get(key)
    if value is None or isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("true", "false", ""):
        return text == "true"
    try:
        return float(text) != 0
    except ValueError:
        raise UserError(f"{key}: 0 or 1 was expected, not {value!r:.100}") from None


def _bool(data: Mapping[str, t.Any], key: str, default: bool) -> bool:
    value = _optional_bool(data, key)
    return default if value is None else value


def _flag(data: Mapping[str, t.Any], key: str, default: bool) -> bool:
    """Read a switch that no decision uses, so that no value of it is a reason to fail; only 1 means on."""
    value = data.get(key)
    return default if value is None else str(value).strip().lower() in ("1", "true")
