# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API's endpoints, typed: which request reads or changes what (reference, section 0).

PRIVATE to the collection: may change without notice.
"""

from __future__ import annotations

import typing as t

from .._errors import UserError
from .._outcome import no_progress
from .client import Client
from .connection import Target, same_name
from .errors import ApiError, ListUnknown
from .lists import page_count
from .models import (
    Domain,
    SslMethod,
    WireError,
    domain_to_wire,
    parse_certificate,
    parse_certificate_list,
    parse_domain,
    parse_external_api,
    parse_log_entry,
    parse_server,
    parse_ssl_method,
    parse_webapp,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from .._outcome import Progress
    from .connection import Connection
    from .models import Certificate, ExternalApi, LogEntry, Server, WebApp

    # The certificate as an answer shows it; None where it shows none (``{}`` in the documentation).
    Reply = t.Optional[Certificate]

T = t.TypeVar("T")
Named = t.TypeVar("Named", "Server", "WebApp")


def connect(connection: Connection, progress: Progress = no_progress) -> RunCloud:
    """Return the entry to the API, without any request."""
    return RunCloud(Client(connection, progress))


class RunCloud:
    """What the API offers above single web applications."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def servers(self, search: str | None = None) -> list[Server]:
        """List the servers; ``search`` is a part of the name (reference 1.3)."""
        return self._list(parse_server, "/servers", search)

    def server(self, server_id: int) -> Server:
        """Read one server (reference 2.1)."""
        path = f"/servers/{server_id}"
        return _parse(parse_server, self.client.get(path), path)

    def webapps(self, server_id: int, search: str | None = None) -> list[WebApp]:
        """List the web applications of a server; ``search`` is a part of the name (reference 1.3)."""
        return self._list(parse_webapp, f"/servers/{server_id}/webapps", search)

    def webapp(self, server_id: int, webapp_id: int) -> WebAppApi:
        """Address one web application, without any request."""
        return WebAppApi(self.client, server_id, webapp_id)

    def external_apis(self) -> list[ExternalApi]:
        """List the keys of DNS providers (reference 6.2)."""
        return self._list(parse_external_api, "/settings/externalapi")

    def named_server(self, target: Target) -> Server:
        """Read the server that was named.

        :raises UserError: there is none, or several have this name.
        """
        number = target.server_id
        if number is None:
            return _only(self.servers(target.server_name), "server_name", target.server_name, "server")
        server = none_if((404,), lambda: self.server(number))
        if server is None:
            raise UserError(_no_server(number))
        return server

    def find_webapp(self, target: Target) -> WebAppApi:
        """Address the web application that was named; given ids are used as they are, without a request.

        :raises UserError: no server or web application has this name, or several have.
        """
        server_id = target.server_id if target.server_id is not None else self.named_server(target).id
        webapp_id = target.webapp_id if target.webapp_id is not None else self.named_webapp(server_id, target).id
        return self.webapp(server_id, webapp_id)

    def named_webapp(self, server_id: int, target: Target) -> WebApp:
        """Read the web application that was named; the server is known to exist.

        :raises UserError: there is none, or several have this name.
        """
        number, name = target.webapp_id, target.webapp_name
        if number is None:
            return _only(self.webapps(server_id, name), "webapp_name", name, f"web application of server {server_id}")
        webapp = none_if((404,), self.webapp(server_id, number).read)
        if webapp is None:
            raise UserError(_no_webapp(server_id, number))
        return webapp

    def _list(self, parse: Callable[[object], T], path: str, search: str | None = None) -> list[T]:
        return [_parse(parse, row, path) for row in self.client.list(path, {"search": search} if search else None)]


class WebAppApi:
    """What the API offers for one web application: its domains and certificates."""

    def __init__(self, client: Client, server_id: int, webapp_id: int) -> None:
        self.client = client
        self.server_id = server_id
        self.webapp_id = webapp_id
        self._path = f"/servers/{server_id}/webapps/{webapp_id}"

    @property
    def can_update_domains(self) -> bool:
        """Say whether a domain's settings can be changed: only v3 documents how (reference 3.5)."""
        return self.client.version >= 3

    def read(self) -> WebApp:
        """Read the web application itself (reference 2.2)."""
        return _parse(parse_webapp, self.client.get(self._path), self._path)

    def check_exists(self) -> None:
        """Find out which id is wrong, after something answered 404.

        :raises UserError: it names the option and the value.
        """
        if none_if((404,), lambda: [self.client.get(self._path)]) is None:
            RunCloud(self.client).named_server(Target(server_id=self.server_id))
            raise UserError(_no_webapp(self.server_id, self.webapp_id))

    # Domains

    def domains(self) -> list[Domain]:
        """List the attached domains.

        One client takes 404 for an empty list (reference 3.2). But an application always has its primary domain
        (reference 3.8), so that a 404 for one that exists is a list that is not known.

        :raises UserError: the server or the web application does not exist.
        :raises ListUnknown: it exists, and its domains could not be read.
        """
        path = f"{self._path}/domains"
        rows = none_if((404,), lambda: self.client.list(path))
        if rows is None:
            self.check_exists()
            message = "RunCloud answers 404, although the web application exists"
            advice = "That is not taken for an empty list. Try again later, or look into RunCloud's panel."
            raise ListUnknown("GET", path, message=message, advice=advice)
        return [_parse(parse_domain, row, path) for row in rows]

    def add_domain(self, domain: Domain) -> Domain | None:
        """Attach a domain (reference 3.4). It is sent once: after a lost reply, whether it is there has to be looked up.

        :returns: the new row as the reply shows it, None where it shows none of this name.
        """
        wire = {"name": domain.name, **domain_to_wire(domain)}
        body = self.client.request("POST", f"{self._path}/domains", body=wire)
        try:
            row = parse_domain(body)
        except WireError:
            return None
        # An id is only believed beside the name it was sent for.
        return row if row.name == domain.name else None

    def update_domain(self, domain: Domain) -> None:
        """Change type, www and redirection of a domain; the answer is only a message (reference 3.5)."""
        self.client.request("PATCH", f"{self._path}/domains/{domain.id}/meta", body=domain_to_wire(domain))

    def remove_domain(self, domain_id: int) -> None:
        """Detach a domain; one that is gone already is no error (reference 3.7)."""
        none_if((404,), lambda: self.client.request("DELETE", f"{self._path}/domains/{domain_id}"))

    # Certificates

    def ssl_method(self) -> SslMethod:
        """Read whether certificates are kept for the application or for each domain (reference 5.1).

        A plan without advanced SSL may answer 403 or 404: then it is basic (reference 12).
        """
        path = f"{self._path}/ssl/advanced"
        method = none_if((403, 404), lambda: _parse(parse_ssl_method, self.client.get(path), path))
        return method or SslMethod(advanced=False, auto_ssl=None)

    def set_ssl_method(self, advanced: bool, auto_ssl: bool | None) -> SslMethod:
        """Switch the method or AutoSSL; AutoSSL is left out where None (reference 5.1)."""
        body = {"advancedSSL": advanced} if auto_ssl is None else {"advancedSSL": advanced, "autoSSL": auto_ssl}
        answer = self.client.request("POST", f"{self._path}/ssl/advanced", body=body, repeatable=True)
        try:
            return parse_ssl_method(answer)
        except WireError:
            return self.ssl_method()

    def certificates(self) -> dict[str, Certificate | None] | Certificate | None:
        """Read ``GET .../ssl`` in whichever form it comes (reference 4.3, 4.4).

        :returns: the certificate of each domain by name, or the one of the application, or None.
        """
        path = f"{self._path}/ssl"
        body = none_if((404,), lambda: self.client.get(path))
        if page_count(body) > 1:
            body = self.client.list(path)
        listed = _parse(parse_certificate_list, body, path)
        return listed if listed is not None else _parse(parse_certificate, body, path)

    def domain_certificate(self, domain: Domain) -> Certificate | None:
        """Read the certificate of one domain; not installed is some status of 400 and up (reference 5.2)."""
        path = self._ssl_path(domain)
        body = none_if((400, 404, 422), lambda: self.client.get(path))
        return _parse(lambda row: parse_certificate(row, domain.name), body, path)

    def install_certificate(self, domain: Domain | None, body: dict[str, object]) -> Reply:
        """Install a certificate, for the application (reference 4.1) or for one domain (5.2)."""
        return self._certificate_write("POST", self._ssl_path(domain), domain, body)

    def update_certificate(self, domain: Domain | None, ssl_id: int, body: dict[str, object]) -> Reply:
        """Change a certificate's options, which does not issue anything (reference 4.5)."""
        return self._certificate_write("PATCH", f"{self._ssl_path(domain)}/{ssl_id}", domain, body)

    def redeploy_certificate(self, domain: Domain | None, ssl_id: int) -> Reply:
        """Issue a Let's Encrypt certificate anew, for the names that are attached now (reference 4.6)."""
        return self._certificate_write("PUT", f"{self._ssl_path(domain)}/{ssl_id}", domain, None)

    def remove_certificate(self, domain: Domain | None, ssl_id: int) -> None:
        """Remove a certificate; HTTPS stops (reference 4.7)."""
        none_if((404,), lambda: self.client.request("DELETE", f"{self._ssl_path(domain)}/{ssl_id}"))

    def log(self) -> list[LogEntry]:
        """Read the newest lines of the activity log, in whichever order it comes; 404 counts as empty (reference 2.3)."""
        rows = none_if((403, 404), self._newest_log) or []
        # What an entry looks like was seen in one client only: no run shall end over an odd one.
        return [parse_log_entry(row) for row in rows if isinstance(row, dict)]

    def _newest_log(self) -> list[t.Any]:
        path = f"{self._path}/log"
        rows, pages = self.client.page(path, 1)
        dates = [str(row.get("created_at")) for row in rows if isinstance(row, dict)]
        if pages > 1 and dates and dates[0] < dates[-1]:
            return [*self.client.page(path, pages - 1)[0], *self.client.page(path, pages)[0]]
        return rows

    def _ssl_path(self, domain: Domain | None) -> str:
        return f"{self._path}/ssl" if domain is None else f"{self._path}/domains/{domain.id}/ssl"

    def _certificate_write(self, method: str, path: str, domain: Domain | None, body: object) -> Reply:
        answer = self.client.request(method, path, body=body)
        try:
            return parse_certificate(answer, domain.name if domain else None)
        except WireError:
            return None


def none_if(statuses: tuple[int, ...], read: Callable[[], T]) -> T | None:
    """Make a request; None where one of these statuses is the answer."""
    try:
        return read()
    except ApiError as exc:
        if exc.status not in statuses:
            raise
        return None


def _parse(parse: Callable[[object], T], body: object, path: str) -> T:
    try:
        return parse(body)
    except WireError as exc:
        advice = "Check api_url; if it is right, RunCloud has changed its API: please report it."
        raise ApiError("GET", path, message=f"an answer of an unknown shape: {exc}", advice=advice) from exc


def _no_server(server_id: int) -> str:
    return (
        f"server_id: RunCloud has no server {server_id}, or these credentials may not see it. "
        "The id is the number after /servers/ in the panel's address."
    )


def _no_webapp(server_id: int, webapp_id: int) -> str:
    return (
        f"webapp_id: server {server_id} has no web application {webapp_id}. "
        "The id is the last number in the panel's address of the web application."
    )


def _only(rows: list[Named], option: str, name: str | None, what: str) -> Named:
    """Return the one row that is called so; the API's search also finds parts of names."""
    found = [row for row in rows if same_name(row.name, name)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UserError(f"{option}: no {what} is called {name!r}. Names are compared whole; check it in the panel.")
    ids, other = ", ".join(str(row.id) for row in found), option.replace("name", "id")
    raise UserError(f"{option}: {len(found)} of them are called {name!r} (ids {ids}). Say {other} instead.")
