# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Goes through web applications to find where a name is attached: RunCloud has no such search (reference 2.2).

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import typing as t

from .._errors import UserError
from .._names import covered_by
from .._outcome import no_progress
from .api import RunCloud, none_if
from .connection import same_name
from .errors import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .._outcome import Progress
    from .api import WebAppApi
    from .connection import Target
    from .models import Domain, Server, WebApp

T = t.TypeVar("T")

Match = t.Literal["name", "www", "wildcard"]

# Requests that a better message may cost.
SEARCH_BUDGET = 20


@dataclasses.dataclass(frozen=True)
class Found:
    """The web application that serves a name, the domain by which it does, and in which way that is the name."""

    server: Server
    webapp: WebApp
    domain: Domain
    match: Match


class WebAppSearch:
    """Goes through web applications: of the server that is named, or of all servers.

    What these credentials may not read (403) is left out, unless it was named; ``left_out`` says what that was.
    """

    def __init__(self, cloud: RunCloud, target: Target, progress: Progress = no_progress) -> None:
        self._cloud = cloud
        self._target = target
        self._progress = progress
        self.left_out: list[str] = []

    def webapps(self, search: str | None = None) -> Iterator[tuple[Server, WebApp]]:
        """Return the web applications one by one; ``search`` is a part of the name. It costs no more than is looked at."""
        cloud, target = self._cloud, self._target
        if target.has_server:
            server = cloud.named_server(target)
            yield from ((server, row) for row in cloud.webapps(server.id, search))
            return
        for server in cloud.servers():
            read = functools.partial(cloud.webapps, server.id, search)
            rows = self._permitted(read, f"the web applications of server {server.id} ({server.name})")
            yield from ((server, row) for row in rows)

    def named_webapps(self) -> list[tuple[Server, WebApp]]:
        """Read the web application that is named; by a name without a server, there may be several.

        :raises UserError: there is none.
        """
        cloud, target = self._cloud, self._target
        number, name = target.webapp_id, target.webapp_name
        if target.has_server:
            server = cloud.named_server(target)
            return [(server, cloud.named_webapp(server.id, target))]
        pairs = self.webapps(name)
        found = [pair for pair in pairs if (same_name(pair[1].name, name) if number is None else pair[1].id == number)]
        if not found and number is not None:
            raise UserError(f"webapp_id: none of the servers that RunCloud lists has a web application {number}")
        if not found:
            raise UserError(f"webapp_name: no web application on any server that RunCloud lists is called {name!r}")
        return found

    def find_domain(self, name: str) -> Found | None:
        """Find the web application that serves a normalised name, and stop there; one with a wildcard only if none else."""
        wildcard: Found | None = None
        for number, (server, webapp) in enumerate(self.webapps(), 1):
            self._progress(f"looking for {name}: web application {number}, {webapp.name} on {server.name}")
            app = self._cloud.webapp(server.id, webapp.id)
            rows = self._permitted(app.domains, f"the domains of web application {webapp.id} of server {server.id}")
            for row in rows:
                match = served_as(row, name)
                if match == "wildcard":
                    wildcard = wildcard or Found(server, webapp, row, match)
                elif match is not None:
                    return Found(server, webapp, row, match)
        return wildcard

    def _permitted(self, read: Callable[[], list[T]], what: str) -> list[T]:
        rows = none_if((403,), read)
        if rows is None:
            self.left_out.append(what)
        return rows or []


def find_elsewhere(
    app: WebAppApi, wanted: Mapping[str, tuple[str, ...]], *, budget: int = SEARCH_BUDGET
) -> dict[str, str]:
    """Find the other web applications that names are attached to, this server's first.

    :param app: the web application that refused them.
    :param wanted: the host names that each name would serve.
    :param budget: requests that this may cost; a better message is not worth waiting for the request limit either.
    :returns: name -> a description of the place, as far as found. A failure ends the search silently.
    """
    client = app.client
    ends = client.usage.requests + budget
    places: dict[str, str] = {}
    with contextlib.suppress(UserError, ApiError):
        for server_id, webapp in _other_webapps(app):
            place = f"web application {webapp.name!r} ({webapp.id}) of server {server_id}"
            rows = RunCloud(client).webapp(server_id, webapp.id).domains()
            served = {served for row in rows for served in row.served_names}
            for name, names in wanted.items():
                if served.intersection(names):
                    places.setdefault(name, place)
            if len(places) == len(wanted) or client.usage.requests >= ends or client.limit.pause() > 0:
                break
    return places


def _other_webapps(app: WebAppApi) -> Iterator[tuple[int, WebApp]]:
    """Return each other web application with the id of its server; asks for more only when needed."""
    cloud = RunCloud(app.client)
    yield from ((app.server_id, one) for one in cloud.webapps(app.server_id) if one.id != app.webapp_id)
    for server in cloud.servers():
        if server.id != app.server_id:
            yield from ((server.id, one) for one in cloud.webapps(server.id))


def served_as(domain: Domain, name: str) -> Match | None:
    """Return in which way a domain of a web application serves a normalised name; None where it does not."""
    if name == domain.name:
        return "name"
    if name in domain.served_names:
        return "www"
    return "wildcard" if domain.wildcard and covered_by(name, (domain.name,)) else None
