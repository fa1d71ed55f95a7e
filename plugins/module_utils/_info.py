# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules that only read share: what they address, going through the web applications, and results.

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from . import _module
from . import _names as _hostnames
from ._errors import UserError
from ._runcloud import client as _client
from ._runcloud.api import Target

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ._module import Context
    from ._runcloud.models import Domain, Server, WebApp

T = t.TypeVar("T")

Match = t.Literal["name", "www", "wildcard"]


@dataclasses.dataclass(frozen=True)
class Found:
    """The web application that serves a name, the domain by which it does, and in which way that is the name."""

    server: Server
    webapp: WebApp
    domain: Domain
    match: Match


class Survey:
    """Goes through web applications: of the server that was named, or of all servers.

    What these credentials may not read (403) is left out with a warning, unless it was named. ``complete`` says
    whether that happened not.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.complete = True

    def webapps(self, search: str | None = None) -> Iterator[tuple[Server, WebApp]]:
        """Give the web applications one by one, so that nobody pays for more than is looked at.

        :param search: a part of the name.
        """
        cloud, target = self._context.cloud, self._context.target
        if target.names_server:
            server = cloud.named_server(target)
            yield from ((server, row) for row in cloud.webapps(server.id, search))
            return
        for server in cloud.servers():
            read = functools.partial(cloud.webapps, server.id, search)
            rows = self._permitted(read, f"the web applications of server {server.id} ({server.name})")
            yield from ((server, row) for row in rows)

    def named_webapps(self) -> list[tuple[Server, WebApp]]:
        """Read the web application that was named; by a name without a server, there may be several.

        :raises UserError: there is none.
        """
        cloud, target = self._context.cloud, self._context.target
        if target.names_server:
            server = cloud.named_server(target)
            return [(server, cloud.named_webapp(server.id, target))]
        found = [pair for pair in self.webapps(target.webapp_name) if target.is_webapp(pair[1])]
        if not found:
            raise UserError(_nowhere(target))
        return found

    def find_domain(self, name: str) -> Found | None:
        """Find the web application that serves a name, and stop there; one with a wildcard only if no other does.

        :param name: normalised.
        """
        wildcard: Found | None = None
        for number, (server, webapp) in enumerate(self.webapps(), 1):
            self._context.progress(f"looking for {name}: web application {number}, {webapp.name} on {server.name}")
            for row in self._domains(server, webapp):
                match = served_as(row, name)
                if match is None:
                    continue
                found = Found(server, webapp, row, match)
                if match != "wildcard":
                    return found
                wildcard = wildcard or found
        return wildcard

    def _domains(self, server: Server, webapp: WebApp) -> list[Domain]:
        app = self._context.cloud.webapp(server.id, webapp.id)
        return self._permitted(app.domains, f"the domains of web application {webapp.id} of server {server.id}")

    def _permitted(self, read: Callable[[], list[T]], what: str) -> list[T]:
        try:
            return read()
        except _client.ApiError as exc:
            if exc.status != 403:
                raise
            self.complete = False
            self._context.module.warn(f"These credentials may not read {what}, so it was left out.")
            return []


def _nowhere(target: Target) -> str:
    if target.webapp_id is not None:
        return f"webapp_id: none of the servers that RunCloud lists has a web application {target.webapp_id}"
    return f"webapp_name: no web application on any server that RunCloud lists is called {target.webapp_name!r}"


def served_as(domain: Domain, name: str) -> Match | None:
    """Say in which way a domain of a web application serves a normalised name; None where it does not."""
    if name == domain.name:
        return "name"
    if name in domain.served_names:
        return "www"
    return "wildcard" if domain.wildcard and _hostnames.covered_by(name, (domain.name,)) else None


def optional_server(options: Mapping[str, t.Any]) -> Target:
    """Read which server is meant, by an option or the environment; none of them means all servers.

    :raises UserError: two options say which, or what says it is no id.
    """
    return Target(*_module.id_or_name(options, "server", required=False))


def optional_webapp(options: Mapping[str, t.Any]) -> Target:
    """Read which server and web application are meant, if any.

    The environment says where somebody works, and so which server. It does not narrow a search for a domain, which may
    be anywhere, and does not pick one web application out of a list.

    :raises UserError: two options say which, or what says it is no id.
    """
    searching = options["domain"] is not None
    return Target(
        *_module.id_or_name(options, "server", required=False, environment=not searching),
        *_module.id_or_name(options, "webapp", required=False, environment=False),
    )


def server_result(server: Server) -> dict[str, object]:
    """Give a server as the modules return it."""
    return {**dataclasses.asdict(server), "usable": server.usable, "tags": list(server.tags)}


def webapp_result(server: Server, webapp: WebApp) -> dict[str, object]:
    """Give a web application as the modules return it."""
    return {**dataclasses.asdict(webapp), "server_id": server.id, "server_name": server.name}
