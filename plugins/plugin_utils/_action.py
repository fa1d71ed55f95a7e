# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all actions share: arguments, environment, masking, progress, and how a failure ends.

PRIVATE to the collection: may change without notice.

An action works on the controller, in the process that Ansible has forked for the task, whatever the task's host is.
Nothing that is decided on passes through a masked result: masking is the last thing that happens.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import pathlib
import re
import threading
import time
import traceback
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase

from ..module_utils._errors import MissingLibrary, UserError
from ..module_utils._options import secrets_in
from ..module_utils._outcome import duration
from ..module_utils._secrets import LEAST_LENGTH
from ..module_utils._values import parse_list

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..module_utils._outcome import Progress

# What ansible-core raises when the task's `timeout` is over. Its module is private, and another one in each release.
_TIMEOUT = "TaskTimeoutError"
# What the validator calls a value, in words.
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a dictionary",
}
# A text that `repr` writes as it is.
_QUOTED_AS_IT_IS = re.compile(r"[!#-&(-\[\]-~]+\Z").match


@dataclasses.dataclass(frozen=True)
class Call:
    """What an action works with. ``environment`` is this process's with the task's over it; ``base`` is the folder in
    which ansible-playbook was started; whatever is added to ``hidden`` is masked in the result.
    """

    options: Mapping[str, t.Any]
    environment: Mapping[str, str]
    check_mode: bool
    progress: Progress
    hidden: set[str]
    base: pathlib.Path


class ControllerAction(ActionBase):
    """An action that works on the controller. Subclasses have ``SPEC`` and ``work``, and say so if they use ``command``."""

    _requires_connection = False
    _supports_check_mode = True

    SPEC: t.ClassVar[Mapping[str, t.Any]] = {}
    # Where the task has the option `variables`, a prefix: which variables (without it) stand in for which options, and
    # which others there are.
    VARIABLES: t.ClassVar[Mapping[str, str]] = {}
    OTHER_VARIABLES: t.ClassVar[frozenset[str]] = frozenset()

    task_vars: Mapping[str, t.Any]
    hidden: set[str]

    def work(self, call: Call) -> dict[str, t.Any]:
        """Do the work and return the result."""
        raise NotImplementedError

    def stopped(self, message: str) -> dict[str, t.Any]:
        """Return the result of a call that could not begin or did not end; it must say failed."""
        return {"failed": True, "changed": False, "msg": message}

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the task. Every way it can end is a result."""
        del tmp
        self.task_vars, self.hidden = task_vars or {}, set()
        if self._task.async_val:
            return self.stopped(f"async: {self._task.action} works on the controller and cannot run in the background")
        with ProgressLines(lambda line: self._display.display(line, stderr=True)) as progress:
            try:
                result = self._work(progress)
            except AnsibleConnectionFailure:
                raise  # The host of the task is unreachable, which is Ansible's to tell and to act on.
            except Exception as exc:  # noqa: BLE001 - whatever it is, it ends as a failure that can be read
                result = self.stopped(self.describe(exc))
            except BaseException as exc:
                if _TIMEOUT not in {kind.__name__ for kind in type(exc).__mro__}:
                    raise
                text = f"the task's timeout of {self._task.timeout} seconds is over; {progress.state()}"
                result = self.stopped(text)
        return masked(result, self.hidden)

    def _work(self, progress: Progress) -> dict[str, t.Any]:
        given: dict[str, str] = {}
        self._compute_environment_string(given)
        environment = {**os.environ, **{name: str(value) for name, value in given.items()}}
        # Before anything else can fail, and again with what the variables hold.
        self._hide_secrets(environment)
        arguments = {**self._from_variables(str(self._task.args.get("variables") or "")), **self._task.args}
        read = {name: as_option(value, self.SPEC.get(name, {})) for name, value in arguments.items()}
        self._task.args = {name: value for name, value in read.items() if value is not None}
        self._hide_secrets(environment)
        # ActionBase.validate_argument_spec would tell only the first mistake.
        checked = ArgumentSpecValidator(dict(self.SPEC)).validate(dict(self._task.args))
        if checked.error_messages:
            raise UserError("\n".join(plainly(text, self._task.args) for text in checked.error_messages))
        options = {**self._task.args, **checked.validated_parameters}
        self.hidden.update(checked._no_log_values)
        check_mode = bool(self._task.check_mode)
        return self.work(Call(options, environment, check_mode, progress, self.hidden, pathlib.Path.cwd()))

    def _hide_secrets(self, environment: Mapping[str, str]) -> None:
        arguments = self._task.args
        secret = (str(arguments.get(name) or "") for name, spec in self.SPEC.items() if spec.get("no_log"))
        self.hidden.update(secret, secrets_in(arguments, environment))

    def _from_variables(self, prefix: str) -> dict[str, t.Any]:
        """Read the options that the host's variables hold; without a prefix, none."""
        found = {name: name.removeprefix(prefix) for name in self.task_vars if prefix and name.startswith(prefix)}
        known = {**self.VARIABLES, **dict.fromkeys(self.OTHER_VARIABLES, "")}
        unknown = []
        for name in (name for name, short in found.items() if short not in known):
            near = difflib.get_close_matches(name, [prefix + short for short in known], 1)
            unknown.append(f"{name}: there is no such variable{f'; did you mean {near[0]}?' if near else ''}")
        if unknown:
            raise UserError("\n".join(unknown))
        wanted = {known[short]: self.task_vars[name] for name, short in found.items() if known[short]}
        return {option: self._templar.template(value) for option, value in wanted.items()}

    def describe(self, error: Exception) -> str:
        """Put a failure into words; the traceback of one that nothing expects is only shown at -vvv."""
        if isinstance(error, MissingLibrary):
            return str(missing_required_lib(error.library))
        if isinstance(error, (UserError, AnsibleActionFail)):
            return str(getattr(error, "message", error))
        shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self._display.vvv(masked({"traceback": shown}, self.hidden)["traceback"])
        what_to_do = "This is a fault of the collection; please report it with the traceback, which -vvv shows"
        return f"unexpected {type(error).__name__}: {error}. {what_to_do}"

    def command(self, words: Sequence[str], text: str) -> tuple[int, str, str]:
        """Run a command on the task's host by core's own module, so that it needs no Python but one that core can use.

        It only reads, or the caller has looked at check mode. Neither the host's log nor a debug output gets to see it.
        No shell is involved, and ``text`` is the standard input.

        :returns: exit code, standard output, standard error.
        :raises UserError: where the host could not run it.
        """
        task = self._task
        as_it_is = dict.fromkeys(("stdin_add_newline", "strip_empty_ends", "expand_argument_vars"), False)
        arguments = {"argv": list(words), "stdin": text, **as_it_is}
        check_mode, no_log = task.check_mode, task.no_log
        task.check_mode, task.no_log = False, True
        try:
            result = self._execute_module(
                module_name="ansible.legacy.command", module_args=arguments, task_vars=dict(self.task_vars)
            )
        finally:
            task.check_mode, task.no_log = check_mode, no_log
        if not isinstance(result.get("rc"), int) or "stdout" not in result:
            raise UserError(f"the host cannot run a command: {result.get('msg') or 'it gave no answer'}")
        return result["rc"], result["stdout"], result.get("stderr", "")


def as_option(value: t.Any, spec: Mapping[str, t.Any]) -> t.Any:
    """Return a value as an option of this kind takes it; None where it is as if not given.

    Forms and surveys give nothing but text: "" is as if not given. A choice may be a boolean, as YAML reads ``true``.
    """
    if isinstance(value, bool) and "choices" in spec:
        return str(value).lower()
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return None
    if spec.get("type") == "list":
        return parse_list(text)
    return text.lower() if text.lower() in spec.get("choices", ()) else value


def plainly(text: str, arguments: Mapping[str, t.Any]) -> str:
    """Put one complaint of ansible-core's validator into plain words, with the option and its value."""

    def kind(found: re.Match[str]) -> str:
        name, wanted = found.groups()
        return f"{name}: {arguments.get(name)!r} is not {_KINDS.get(wanted, wanted)}"

    text = re.sub(r"argument '(\w+)' is of type .* unable to convert to (\w+).*", kind, text, flags=re.DOTALL)
    text = re.sub(r"value of (\w+) must be one of: (.*), got: (.*)", r"\1: '\3' is not one of \2", text)
    text = re.sub(
        r"value of (\w+) must be one or more of: (.*)\. Got no match for: (.*)", r"\1: '\3' is not one of \2", text
    )
    return re.sub(r"(.+)\. Supported parameters include: .*", r"there is no option \1", text, flags=re.DOTALL)


def masked(result: dict[str, t.Any], hidden: set[str]) -> dict[str, t.Any]:
    """Return a result with every secret in it replaced by stars; nothing is decided on it any more."""
    secrets = {text.strip() for text in hidden if len(text.strip()) >= LEAST_LENGTH}
    # Looking through ten thousand rows one by one takes half a second, looking through their text nearly none.
    if all(_QUOTED_AS_IT_IS(secret) for secret in secrets):
        shown = repr(result)
        secrets = {secret for secret in secrets if secret in shown}
    return t.cast("dict[str, t.Any]", remove_values(result, secrets)) if secrets else result


class ProgressLines:
    """Says by ``show`` every so many seconds how far the work is, as a context manager; at first nothing."""

    def __init__(
        self, show: Callable[[str], object], every: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._show, self._every, self._clock = show, every, clock
        self._what = self._aside = ""
        self._done = self._total = self._first = 0
        self._since = clock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)

    def __enter__(self) -> ProgressLines:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        """Take how far the work is; what comes without a total amid counted work, a wait, is part of it."""
        if not total and self._done < self._total:
            self._aside = what
            return
        if total != self._total or done < self._done:
            self._since, self._first = self._clock(), done
        self._what, self._aside, self._done, self._total = what, "", done, total

    def state(self) -> str:
        """Return in a few words where the work is."""
        counted = f", {self._done} of {self._total} done" if self._total else ""
        return f"it was at: {self._what}{counted}" if self._what else "nothing was done yet"

    def line(self) -> str:
        """Return the line that is shown now; "" where there is nothing to say."""
        if self._done >= self._total:
            return self._what
        seconds = self._clock() - self._since
        done = self._done - self._first
        text = f"{self._done} of {self._total} done: {self._what}{f'; {self._aside}' if self._aside else ''}"
        if done <= 0 or seconds <= 0:
            return text
        rate = done / seconds
        return f"{text} ({rate * 60:.0f} a minute, about {duration((self._total - self._done) / rate)} left)"

    def _watch(self) -> None:
        while not self._over.wait(self._every):
            line = "".join(character if character.isprintable() else " " for character in self.line())
            if line:
                self._show(f"    {line}")
