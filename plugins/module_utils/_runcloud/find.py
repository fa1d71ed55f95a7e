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
from .api import RunCloud
from .connection import Target, same_name
from .errors import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .._outcome import Progress
    from .api import WebAppApi
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

    :param cloud: the API.
    :param target: what is searched.
    :param progress: takes where the search is.
    """

    def __init__(self, cloud: RunCloud, target: Target, progress: Progress = no_progress) -> None:
        self._cloud = cloud
        self._target = target
        self._progress = progress
        self.left_out: list[str] = []

    @property
    def complete(self) -> bool:
        """Say whether everything could be read so far."""
        return not self.left_out

    def webapps(self, search: str | None = None) -> Iterator[tuple[Server, WebApp]]:
        """Return the web applications one by one, so that a search costs no more than it looks at.

        :param search: a part of the name.
        """
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
        if target.has_server:
            server = cloud.named_server(target)
            return [(server, cloud.named_webapp(server.id, target))]
        found = [pair for pair in self.webapps(target.webapp_name) if _is_webapp(pair[1], target)]
        if not found:
            raise UserError(_nowhere(target))
        return found

    def find_domain(self, name: str) -> Found | None:
        """Find the web application that serves a name, and stop there; one with a wildcard only if no other does.

        :param name: normalised.
        """
        wildcard: Found | None = None
        for number, (server, webapp) in enumerate(self.webapps(), 1):
            self._progress(f"looking for {name}: web application {number}, {webapp.name} on {server.name}")
            app = self._cloud.webapp(server.id, webapp.id)
            rows = self._permitted(app.domains, f"the domains of web application {webapp.id} of server {server.id}")
            for row in rows:
                match = served_as(row, name)
                if match is None:
                    continue
                found = Found(server, webapp, row, match)
                if match != "wildcard":
                    return found
                wildcard = wildcard or found
        return wildcard

    def _permitted(self, read: Callable[[], list[T]], what: str) -> list[T]:
        try:
            return read()
        except ApiError as exc:
            if exc.status != 403:
                raise
            self.left_out.append(what)
            return []


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
        for place, other in _other_webapps(app):
            served = {served for row in other.domains() for served in row.served_names}
            for name, names in wanted.items():
                if served.intersection(names):
                    places.setdefault(name, place)
            if len(places) == len(wanted) or client.usage.requests >= ends or client.limit.pause() > 0:
                break
    return places


def _other_webapps(app: WebAppApi) -> Iterator[tuple[str, WebAppApi]]:
    """Return each other web application with a description; asks for more only when needed."""
    cloud = RunCloud(app.client)
    for server_id in _this_server_first(app, cloud):
        for webapp in cloud.webapps(server_id):
            if (server_id, webapp.id) != (app.server_id, app.webapp_id):
                place = f"web application {webapp.name!r} ({webapp.id}) of server {server_id}"
                yield place, cloud.webapp(server_id, webapp.id)


def _this_server_first(app: WebAppApi, cloud: RunCloud) -> Iterator[int]:
    yield app.server_id
    yield from (server.id for server in cloud.servers() if server.id != app.server_id)


def served_as(domain: Domain, name: str) -> Match | None:
    """Return in which way a domain of a web application serves a normalised name; None where it does not."""
    if name == domain.name:
        return "name"
    if name in domain.served_names:
        return "www"
    return "wildcard" if domain.wildcard and covered_by(name, (domain.name,)) else None


def _is_webapp(webapp: WebApp, target: Target) -> bool:
    if target.webapp_id is not None:
        return webapp.id == target.webapp_id
    return same_name(webapp.name, target.webapp_name)


def _nowhere(target: Target) -> str:
    if target.webapp_id is not None:
        return f"webapp_id: none of the servers that RunCloud lists has a web application {target.webapp_id}"
    return f"webapp_name: no web application on any server that RunCloud lists is called {target.webapp_name!r}"
