# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options as data, and what they and the environment come to. Knows no Ansible object; modules and actions use it.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import pathlib
import typing as t

from ._errors import UserError
from ._runcloud.connection import Connection, Credentials, Target, login_parts, read_proxies, read_url, version_of
from ._secrets import LEAST_LENGTH
from ._values import parse_integer, parse_text

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    Options = Mapping[str, t.Any]
    Environment = Mapping[str, str]

DEFAULT_URL = "https://manage.runcloud.io/api/v{version}"

CONNECTION_SPEC: dict[str, t.Any] = {
    "api_token": {"type": "str", "no_log": True},
    "api_key": {"type": "str", "no_log": True},
    "api_secret": {"type": "str", "no_log": True},
    "api_url": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 120},
    "retries": {"type": "int", "default": 5},
    "rate_limit_timeout": {"type": "int", "default": 900},
}
SERVER_SPEC: dict[str, t.Any] = {
    # Read as a number here: an empty text, all that a survey has for an empty field, counts as not given.
    "server_id": {"type": "raw"},
    "server_name": {"type": "str"},
}
WEBAPP_SPEC: dict[str, t.Any] = {
    **SERVER_SPEC,
    "webapp_id": {"type": "raw", "aliases": ["app_id"]},
    "webapp_name": {"type": "str"},
}

# How the server is asked what it serves; a part of SSL_SPEC, and all of it where certificates are only read.
CHECK_SPEC: dict[str, t.Any] = {
    "renew_before": {"type": "int", "default": 14},
    "check_served": {"type": "bool", "default": True},
    "check_address": {"type": "str"},
    "check_port": {"type": "int", "default": 443},
}
SSL_SPEC: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "mode": {"type": "str", "choices": ["basic", "advanced"]},
    "allow_mode_switch": {"type": "bool", "default": False},
    "auto_ssl": {"type": "bool"},
    "domains": {"type": "list", "elements": "str"},
    "provider": {"type": "str", "choices": ["letsencrypt", "custom"]},
    "environment": {"type": "str", "choices": ["live", "staging"], "default": "live"},
    "authorization_method": {"type": "str", "choices": ["http-01", "dns-01"]},
    "external_api": {"type": "str"},
    "certificate": {"type": "str"},
    "private_key": {"type": "str", "no_log": True},
    "enable_http": {"type": "bool"},
    "enable_hsts": {"type": "bool"},
    "enable_hsts_subdomains": {"type": "bool"},
    "enable_hsts_preload": {"type": "bool"},
    "tls_versions": {"type": "str", "choices": ["TLSv1.1+", "TLSv1.2+", "TLSv1.3"]},
    "force": {"type": "bool", "default": False},
    **CHECK_SPEC,
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 180},
    "max_orders": {"type": "int", "default": 50},
}

# Resolved by hand and not by env_fallback: that runs before mutually_exclusive and clashes with aliases.
ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "api_token": ("RUNCLOUD_API_TOKEN", "WU_RUNCLOUD_API_TOKEN"),
    "api_key": ("RUNCLOUD_API_KEY", "WU_RUNCLOUD_API_KEY"),
    "api_secret": ("RUNCLOUD_API_SECRET", "WU_RUNCLOUD_API_SECRET"),
    "api_url": ("RUNCLOUD_API_URL",),
    "ca_path": ("RUNCLOUD_CA_PATH",),
    "server_id": ("RUNCLOUD_SERVER_ID", "WU_RUNCLOUD_SERVER_ID"),
    "webapp_id": ("RUNCLOUD_APP_ID", "WU_RUNCLOUD_APP_ID"),
}
# What the library requests itself would look at; it is not asked to, so that a fork looks up nothing else.
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# Least and most of each number: a day is longer than anything that could still be meant.
_BOUNDS = {"timeout": (1, 86_400), "retries": (0, 100), "rate_limit_timeout": (0, 7 * 86_400)}


def read_connection(options: Options, environment: Environment) -> Connection:
    """Read the connection options (design 2.1); an option takes precedence over any variable.

    :param options: as validated by ``CONNECTION_SPEC``; missing numbers have their defaults.
    :param environment: the process's own, with the task's over it.
    :raises UserError: it names the option (or variable), the value and what to do, and never a secret.
    """
    credentials = _read_credentials(options, environment)
    url = _option(options, environment, "api_url") or DEFAULT_URL.format(version=3 if credentials.token else 2)
    parts = read_url(url, "api_url", DEFAULT_URL.format(version=3), "api_token, or api_key and api_secret")
    if parts.query or parts.fragment:
        raise UserError(f"api_url: {url!r} has more than scheme, host and path; remove the rest")
    numbers = {name: _number(options, name, *bounds) for name, bounds in _BOUNDS.items()}
    return Connection(
        url=url.rstrip("/"),
        version=version_of(url) or (3 if credentials.token else 2),
        credentials=credentials,
        verify=_read_bundle(options, environment) if options.get("validate_certs", True) else False,
        timeout=numbers["timeout"],
        retries=numbers["retries"],
        rate_limit_timeout=numbers["rate_limit_timeout"],
        proxies=read_proxies(parts, environment),
    )


def secrets_in(options: Options, environment: Environment) -> tuple[str, ...]:
    """Return what must not be shown of options that are not checked yet: credentials, and logins in URLs."""
    credentials = ("api_token", "api_key", "api_secret")
    found = [options.get(name) for name in credentials]
    found += [environment.get(variable) for name in credentials for variable in ENVIRONMENT[name]]
    urls = [
        options.get("api_url"),
        options.get("rest_url"),
        *(environment.get(name) for name in ENVIRONMENT["api_url"]),
    ]
    urls += [value for name, value in environment.items() if name.lower().endswith("_proxy")]
    found += [part for url in urls for part in login_parts(str(url or ""))]
    return tuple(text for text in (str(value or "").strip() for value in found) if text)


def read_target(options: Options, environment: Environment) -> Target:
    """Read which server and web application are meant (design 2.2); where there are no such options, it names none.

    :raises UserError: nothing says which, or two options do.
    """
    return Target(*id_or_name(options, environment, "server"), *id_or_name(options, environment, "webapp"))


def read_optional_server(options: Options, environment: Environment) -> Target:
    """Read which server is meant, by an option or the environment; none means all servers.

    :raises UserError: two options say which, or what says it is not an id.
    """
    return Target(*id_or_name(options, environment, "server", required=False))


def read_search_target(options: Options, environment: Environment) -> Target:
    """Read which server and web application are meant, if any.

    The environment says where the user works, and so which server. It does not narrow a search for a domain, which may
    be anywhere, and does not pick one web application out of a list.

    :raises UserError: two options say which, or what says it is not an id.
    """
    surroundings = {} if options["domain"] is not None else environment
    return Target(
        *id_or_name(options, surroundings, "server", required=False),
        *id_or_name(options, {}, "webapp", required=False),
    )


def id_or_name(
    options: Options, environment: Environment, what: str, *, required: bool = True
) -> tuple[int | None, str | None]:
    """Read ``server_id`` or ``server_name``, and likewise for the web application; options beat the environment.

    :param options: those of a module; where it has no such options, it is neither.
    :param what: ``server`` or ``webapp``.
    :param required: whether nothing may be left open.
    :raises UserError: nothing says which, or both options do, or what says it is not an id.
    """
    id_option, name_option = f"{what}_id", f"{what}_name"
    if id_option not in options:
        return None, None
    given, name = options[id_option], parse_text(options.get(name_option), name_option)
    number = _identity(given, id_option)
    if number is not None and name is not None:
        raise UserError(f"{name_option}: given together with {id_option}; give one of the two")
    if number is not None or name is not None:
        return number, name
    text, variable = _from_environment(environment, id_option)
    if text is not None:
        return _identity(text, f"{variable} (for {id_option})"), None
    if required:
        raise UserError(f"{id_option}: missing; give {id_option} or {name_option}, or set {_variables(id_option)}")
    return None, None


def _identity(value: object, what: str) -> int | None:
    try:
        return parse_integer(value, what, least=1, most=2**63 - 1)
    except UserError:
        raise UserError(f"{what}: {value!r} is not an id; ids are positive whole numbers") from None


def _read_credentials(options: Options, environment: Environment) -> Credentials:
    token, key, secret = (parse_text(options.get(name), name) for name in ("api_token", "api_key", "api_secret"))
    if token and (key or secret):
        raise UserError(
            "api_token: given together with api_key or api_secret; give the token (API v3) or key and secret (API v2)"
        )
    if not token:
        # Half of the pair may be an option, the other half a variable.
        given = key or secret
        key = key or _from_environment(environment, "api_key")[0]
        secret = secret or _from_environment(environment, "api_secret")[0]
        token = None if given else _from_environment(environment, "api_token")[0]
    if token:
        return Credentials(token=_check_credential(token, "api_token"))
    if key and secret:
        return Credentials(key=_check_credential(key, "api_key"), secret=_check_credential(secret, "api_secret"))
    if key or secret:
        missing = "api_secret" if key else "api_key"
        raise UserError(
            f"{missing}: missing; api_key and api_secret are given together (or {_variables(missing)} is set)"
        )
    raise UserError(
        f"api_token: no credentials; give api_token (or set {_variables('api_token')}), "
        f"or api_key and api_secret (or set {_variables('api_key')} and {_variables('api_secret')})"
    )


def _check_credential(value: str, option: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise UserError(f"{option}: holds characters that RunCloud's credentials never have; was it copied whole?")
    if len(value) < LEAST_LENGTH:
        raise UserError(
            f"{option}: shorter than {LEAST_LENGTH} characters, which RunCloud's credentials never are, and hiding it "
            "would bend other text in the output; was it copied whole?"
        )
    return value


def _read_bundle(options: Options, environment: Environment) -> bool | str:
    """Return the CA certificates to verify with; True for the library's own."""
    path = _option(options, environment, "ca_path")
    name = "ca_path"
    if not path:
        name = next((variable for variable in _BUNDLES if environment.get(variable)), "")
        path = environment.get(name)
    if not path:
        return True
    try:
        found = pathlib.Path(path).exists()
    except (OSError, ValueError):
        found = False
    if not found:
        raise UserError(f"{name}: {path!r} does not exist; give a file (or folder) of CA certificates")
    return path


def _number(options: Options, name: str, least: int, most: int) -> int:
    number = parse_integer(options.get(name), name, least=least, most=most)
    return int(CONNECTION_SPEC[name]["default"]) if number is None else number


def _option(options: Options, environment: Environment, name: str) -> str | None:
    return parse_text(options.get(name), name) or _from_environment(environment, name)[0]


def _from_environment(environment: Environment, name: str) -> tuple[str | None, str]:
    """Return (value, variable) of the first variable that is set for an option, else (None, option)."""
    for variable in ENVIRONMENT[name]:
        text = (environment.get(variable) or "").strip()
        if text:
            return text, variable
    return None, name


def _variables(option: str) -> str:
    return " or ".join(ENVIRONMENT[option])
