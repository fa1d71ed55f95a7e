# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all modules share: options in, result or failure out. With the modules, the only place that knows AnsibleModule.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ._errors import MissingLibrary, UserError
from ._options import read_connection, read_target, secrets_in
from ._outcome import no_progress
from ._runcloud import client as _client
from ._runcloud.api import RunCloud, WebAppApi, connect
from ._runcloud.connection import Target
from ._runcloud.errors import ApiError
from ._runcloud.shared import one_at_a_time

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    ReadTarget = Callable[[Mapping[str, t.Any], Mapping[str, str]], Target]


class PartlyFailed(Exception):
    """A run that did not end well; ``result`` carries what is true all the same."""

    def __init__(self, message: str, result: Mapping[str, object]) -> None:
        self.result = dict(result)
        super().__init__(message)


class Context:
    """What a module works with: its options, and the API as they say."""

    def __init__(self, module: AnsibleModule, read: ReadTarget, alone: contextlib.ExitStack | None) -> None:
        self.module = module
        self._alone = alone
        self.options: dict[str, t.Any] = module.params
        self.progress = no_progress
        self.connection = read_connection(self.options, os.environ)
        module.no_log_values.update(self.connection.hidden_values)
        self.target = read(self.options, os.environ)
        self.cloud: RunCloud = connect(self.connection)
        self.client = self.cloud.client

    @property
    def check_mode(self) -> bool:
        """Say whether nothing may be written."""
        return bool(self.module.check_mode)

    def webapp(self) -> WebAppApi:
        """Address the web application that the options name; a module that writes waits until it is alone there."""
        app = self.cloud.find_webapp(self.target)
        if self._alone is not None and not self.check_mode:
            target = Target(server_id=app.server_id, webapp_id=app.webapp_id)
            self._alone.enter_context(one_at_a_time(self.connection, target))
        return app

    def diff(self, before: object, after: object) -> dict[str, object]:
        """Return the result key ``diff`` where a diff is wanted."""
        return {"diff": {"before": before, "after": after}} if self.module._diff else {}


def run(
    argument_spec: Mapping[str, t.Any],
    main: Callable[[Context], dict[str, t.Any]],
    target: ReadTarget = read_target,
    *,
    writes: bool = False,
    **kwargs: t.Any,
) -> None:
    """Run a module that talks to RunCloud: options in, result or failure out.

    :param argument_spec: the module's own options, connection options included.
    :param main: returns the result from the context; it may raise any of our errors.
    :param target: reads from the options and the environment what is addressed.
    :param writes: whether it changes a web application, so that only one run on this controller may do it at a time.
    :param kwargs: further arguments of AnsibleModule.
    """
    module = AnsibleModule(argument_spec=dict(argument_spec), supports_check_mode=True, **kwargs)
    # Before anything can fail: whatever fails shows the arguments at -vvv.
    module.no_log_values.update(secrets_in(module.params, os.environ))
    require("requests", _client.HAS_REQUESTS, _client.REQUESTS_IMPORT_ERROR, module)
    with contextlib.ExitStack() as alone:
        _run(module, main, lambda: Context(module, target, alone if writes else None))


def _run(
    module: AnsibleModule, main: Callable[[Context], dict[str, t.Any]], connect_as_told: Callable[[], Context]
) -> None:
    context: Context | None = None
    try:
        context = connect_as_told()
        result = main(context)
    except PartlyFailed as exc:
        module.fail_json(msg=str(exc), **exc.result, **_usage(context))
    except ApiError as exc:
        module.fail_json(msg=_located(exc, context), failure=exc.as_dict(), **_usage(context))
    except MissingLibrary as exc:
        require(exc.library, False, exc.import_error, module)
    except UserError as exc:
        module.fail_json(msg=str(exc), **_usage(context))
    else:
        module.exit_json(**result, **_usage(context))


def require(library: str, found: bool, import_error: str | None, module: AnsibleModule) -> None:
    """Fail with the usual words where a Python library is missing."""
    if not found:
        module.fail_json(msg=missing_required_lib(library), exception=import_error)


def _usage(context: Context | None) -> dict[str, object]:
    return {"api": context.client.usage.as_dict()} if context else {}


def _located(error: ApiError, context: Context | None) -> str:
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
    except ApiError:
        pass
    return str(error)
