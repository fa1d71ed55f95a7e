# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all modules share: options, environment, failures and results. The only place that knows AnsibleModule.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import os
import pathlib
import typing as t
import urllib.parse

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from . import _names as _hostnames
from ._errors import MissingLibrary, UserError
from ._runcloud import client as _client
from ._runcloud import models as _resources
from ._runcloud.api import RunCloud, Target, WebAppApi

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = t.TypeVar("T")

DEFAULT_URL = "https://manage.runcloud.io/api/v{version}"

# Names the file that the action plugins watch while a module runs.
PROGRESS_VARIABLE = "MULTISITE_RUNCLOUD_PROGRESS"

CONNECTION_SPEC: dict[str, t.Any] = {
    "api_token": {"type": "str", "no_log": True},
    "api_key": {"type": "str", "no_log": True},
    "api_secret": {"type": "str", "no_log": True},
    "api_url": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 120},
    "retries": {"type": "int", "default": 5},
    "max_wait": {"type": "int", "default": 900},
}
SERVER_SPEC: dict[str, t.Any] = {
    "server_id": {"type": "int"},
    "server_name": {"type": "str"},
}
WEBAPP_SPEC: dict[str, t.Any] = {
    **SERVER_SPEC,
    "webapp_id": {"type": "int", "aliases": ["app_id"]},
    "webapp_name": {"type": "str"},
}

# Resolved by hand and not by env_fallback: that runs before mutually_exclusive and clashes with aliases.
_ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "api_token": ("RUNCLOUD_API_TOKEN", "WU_RUNCLOUD_API_TOKEN"),
    "api_key": ("RUNCLOUD_API_KEY", "WU_RUNCLOUD_API_KEY"),
    "api_secret": ("RUNCLOUD_API_SECRET", "WU_RUNCLOUD_API_SECRET"),
    "api_url": ("RUNCLOUD_API_URL",),
    "ca_path": ("RUNCLOUD_CA_PATH",),
    "server_id": ("RUNCLOUD_SERVER_ID", "WU_RUNCLOUD_SERVER_ID"),
    "webapp_id": ("RUNCLOUD_APP_ID", "WU_RUNCLOUD_APP_ID"),
}


class PartlyFailed(Exception):
    """Something failed after, or beside, what succeeded; ``result`` carries what is true all the same."""

    def __init__(self, message: str, result: Mapping[str, object]) -> None:
        self.result = dict(result)
        super().__init__(message)


class Context:
    """What a module works with: its options, and the API as they say."""

    def __init__(self, module: AnsibleModule, read: Callable[[Mapping[str, t.Any]], Target]) -> None:
        self.module = module
        self.options: dict[str, t.Any] = module.params
        self.progress = progress_writer()
        self.client = connect(module, self.progress)
        self.cloud = RunCloud(self.client)
        self.target = read(self.options)

    @property
    def check_mode(self) -> bool:
        """Say whether nothing may be written."""
        return bool(self.module.check_mode)

    def webapp(self) -> WebAppApi:
        """Address the web application that the options name."""
        return self.cloud.find_webapp(self.target)

    def carry_out(self, predicted: T, apply: Callable[[], T]) -> T:
        """Apply a plan, or in check mode give what it would come to. The one place that makes this difference."""
        return predicted if self.check_mode else apply()

    def diff(self, before: object, after: object) -> dict[str, object]:
        """Give the result key ``diff`` where a diff is wanted."""
        return {"diff": {"before": before, "after": after}} if self.module._diff else {}


def run(
    argument_spec: dict[str, t.Any],
    main: Callable[[Context], dict[str, t.Any]],
    target: Callable[[Mapping[str, t.Any]], Target] | None = None,
    **kwargs: t.Any,
) -> None:
    """Run a module that talks to RunCloud: options in, result or failure out.

    :param argument_spec: the module's own options, connection options included.
    :param main: gives the result from the context; it may raise any of our errors.
    :param target: reads from the options what is addressed; ``read_target`` unless given.
    :param kwargs: further arguments of AnsibleModule.
    """
    module = AnsibleModule(argument_spec=argument_spec, supports_check_mode=True, **kwargs)
    require("requests", _client.HAS_REQUESTS, _client.REQUESTS_IMPORT_ERROR, module)
    require("idna", _hostnames.HAS_IDNA, _hostnames.IDNA_IMPORT_ERROR, module)
    context: Context | None = None
    try:
        context = Context(module, target or read_target)
        result = main(context)
    except PartlyFailed as exc:
        module.fail_json(msg=str(exc), **exc.result, **_usage(context))
    except _client.ApiError as exc:
        module.fail_json(msg=_located(exc, context), failure=failure_of(exc), **_usage(context))
    except MissingLibrary as exc:
        module.fail_json(msg=missing_required_lib(exc.library), exception=exc.import_error, **_usage(context))
    except UserError as exc:
        module.fail_json(msg=str(exc), **_usage(context))
    else:
        module.exit_json(**result, **_usage(context))


def require(library: str, found: bool, import_error: str | None, module: AnsibleModule) -> None:
    """Fail with the usual words where a Python library is missing."""
    if not found:
        module.fail_json(msg=missing_required_lib(library), exception=import_error)


def failure_of(error: _client.ApiError) -> dict[str, object]:
    """Give a failure in parts, for those who act on it."""
    return {
        "method": error.method,
        "path": error.path,
        "status": error.status,
        "message": error.message,
        "fields": error.fields,
    }


def progress_writer() -> _client.Progress:
    """Give a function that appends a line to the progress file, if somebody watches one."""
    path = os.environ.get(PROGRESS_VARIABLE)
    if not path:
        return _client.no_progress

    def write(text: str) -> None:
        try:
            with pathlib.Path(path).open("a", encoding="utf-8") as file:
                file.write(text + "\n")
        except OSError:
            # Nobody's run may fail because its progress cannot be shown.
            return

    return write


def connect(module: AnsibleModule, progress: _client.Progress) -> _client.Client:
    """Make a client from the connection options and the environment (design 2.1).

    :raises UserError: it names the option, the value and what to do.
    """
    options = module.params
    credentials = _read_credentials(options)
    module.no_log_values.update(credentials.hidden_values)
    url = _option(options, "api_url") or DEFAULT_URL.format(version=3 if credentials.token else 2)
    _check_url(url)
    for name, least in (("timeout", 1), ("retries", 0), ("max_wait", 0)):
        if options[name] < least:
            raise UserError(f"{name}: {options[name]} is too small; give {least} or more")
    ca_path = _option(options, "ca_path")
    if ca_path and not pathlib.Path(ca_path).exists():
        raise UserError(f"ca_path: {ca_path!r} does not exist; give a file (or folder) of CA certificates")
    return _client.Client(
        url,
        credentials,
        version=_client.version_of(url) or (3 if credentials.token else 2),
        verify=(ca_path or True) if options["validate_certs"] else False,
        timeout=options["timeout"],
        retries=options["retries"],
        max_wait=options["max_wait"],
        progress=progress,
    )


def read_target(options: Mapping[str, t.Any]) -> Target:
    """Read which server and web application are meant (design 2.2); a module that has no such options gives none.

    :raises UserError: nothing says which, or two options do.
    """
    return Target(*id_or_name(options, "server"), *id_or_name(options, "webapp"))


def id_or_name(
    options: Mapping[str, t.Any], what: str, *, required: bool = True, environment: bool = True
) -> tuple[int | None, str | None]:
    """Read ``server_id`` or ``server_name`` (and likewise for the web application); options beat the environment.

    :param options: the module's options; a module without these gives neither.
    :param what: ``server`` or ``webapp``.
    :param required: whether nothing may be left open.
    :param environment: whether the environment may say the id.
    :raises UserError: nothing says which, or both options do, or what says it is no id.
    """
    id_option, name_option = f"{what}_id", f"{what}_name"
    if id_option not in options:
        return None, None
    number, name = options[id_option], options[name_option] or None
    if number is not None and name is not None:
        raise UserError(f"{name_option}: given together with {id_option}; give one of the two")
    if name is not None:
        return None, name
    shown = id_option
    if number is None:
        text, shown = _from_environment(id_option) if environment else (None, id_option)
        if text is None and not required:
            return None, None
        if text is None:
            raise UserError(f"{id_option}: missing; give {id_option} or {name_option}, or set {_names(id_option)}")
        try:
            number = int(text)
        except ValueError:
            raise UserError(f"{shown} (for {id_option}): {text!r} is no number") from None
    if number < 1:
        raise UserError(f"{shown}: {number} is no id; ids are positive numbers")
    return number, None


def read_attached(options: Mapping[str, t.Any]) -> tuple[_resources.Domain, ...] | None:
    """Read the option ``attached``, a list of domains as our own modules return it; None where it is not given.

    :raises UserError: it is something else.
    """
    if options["attached"] is None:
        return None
    try:
        return tuple(_resources.domain_from_result(row) for row in options["attached"])
    except _resources.WireError as exc:
        raise UserError(f"attached: {exc}") from exc


def _read_credentials(options: Mapping[str, t.Any]) -> _client.Credentials:
    token, key, secret = (options[name] or None for name in ("api_token", "api_key", "api_secret"))
    if token and (key or secret):
        raise UserError(
            "api_token: given together with api_key or api_secret; give the token (API v3) or key and secret (API v2)"
        )
    if not (token or key or secret):
        token, key, secret = (_from_environment(name)[0] for name in ("api_token", "api_key", "api_secret"))
        if token:
            key = secret = None
    elif not token:
        # Half of the pair may be an option, the other half a variable.
        key = key or _from_environment("api_key")[0]
        secret = secret or _from_environment("api_secret")[0]
    if token:
        return _client.Credentials(token=_printable(token, "api_token"))
    if key and secret:
        return _client.Credentials(key=_printable(key, "api_key"), secret=_printable(secret, "api_secret"))
    if key or secret:
        missing = "api_secret" if key else "api_key"
        raise UserError(f"{missing}: missing; api_key and api_secret are given together (or {_names(missing)} is set)")
    raise UserError(
        f"api_token: no credentials; give api_token (or set {_names('api_token')}), "
        f"or api_key and api_secret (or set {_names('api_key')} and {_names('api_secret')})"
    )


def _printable(value: str, option: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise UserError(f"{option}: holds characters that no RunCloud credential has; was it copied whole?")
    return value


def _check_url(url: str) -> None:
    wrong = UserError(f"api_url: {url!r} is no URL like {DEFAULT_URL.format(version=3)}; correct it")
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if "@" in parts.netloc:
        raise UserError("api_url: holds a login; credentials go into api_token, or api_key and api_secret")
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise wrong
    if parts.query or parts.fragment:
        raise UserError(f"api_url: {url!r} has more than scheme, host and path; remove the rest")
    if parts.scheme == "http" and not _client.is_loopback(host):
        raise UserError(f"api_url: {url!r} would send the credentials unencrypted; use https (http only to loopback)")


def _option(options: Mapping[str, t.Any], name: str) -> str | None:
    return options[name] or _from_environment(name)[0]


def _from_environment(name: str) -> tuple[str | None, str]:
    """Give (value, variable) of the first variable that is set for an option, else (None, option)."""
    for variable in _ENVIRONMENT[name]:
        if os.environ.get(variable):
            return os.environ[variable], variable
    return None, name


def _names(option: str) -> str:
    return " or ".join(_ENVIRONMENT[option])


def _usage(context: Context | None) -> dict[str, object]:
    return {"api": context.client.usage.as_dict()} if context else {}


def _located(error: _client.ApiError, context: Context | None) -> str:
    """Say of a 404 which id is wrong, at the cost of two requests in a run that has failed anyway."""
    if error.status != 404 or context is None:
        return str(error)
    target = context.target
    if target.server_id is None or target.webapp_id is None:
        return str(error)
    try:
        context.cloud.webapp(target.server_id, target.webapp_id).check_exists()
    except UserError as exc:
        return f"{exc} ({error.method} {error.path} answered 404)"
    except _client.ApiError:
        pass
    return str(error)
