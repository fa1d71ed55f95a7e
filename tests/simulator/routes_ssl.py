# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of an application and of its domains (rows 13 to 24 of reference table 0, sections 4 and 5)."""

from __future__ import annotations

import dataclasses
from typing import Any

from .call import Call
from .errors import ApiError, not_found, refuse
from .issuer import Target
from .paging import envelope
from .ssl_form import read_change, read_installation
from .state import Certificate, Domain, Mode, WebApp
from .wire import certificate_row, domain_name, nested_certificate_row

NOT_INSTALLED = "SSL not installed!"


def _row(cert: Certificate, call: Call) -> Any:
    return certificate_row(cert, call.version, call.switches)


def _written(cert: Certificate, call: Call) -> Any:
    """Return the reply to a write: the object, or the docs' ``{}`` (reference 4.6)."""
    return _row(cert, call) if call.switches.ssl_write_reply == "object" else {}


# ---------------------------------------------------------------------- reading


async def get_basic(call: Call) -> Any:
    """Return the application's certificate, or the list of the domains' (reference 4.3, 4.4, U1)."""
    app = call.webapp()
    shape = call.switches.get_ssl_shape if call.version == "v3" else "object"
    if shape == "list" or (shape == "by_mode" and app.mode == "advanced"):
        return _ssl_list(app, call)
    return _installed(app.certificate if app.mode == "basic" else None, call)


def _installed(cert: Certificate | None, call: Call) -> Any:
    """Return a certificate, or what stands for "not installed" (U2)."""
    if cert is None:
        raise ApiError(call.switches.ssl_missing_status, {"message": NOT_INSTALLED})
    return {"data": _row(cert, call)} if call.switches.get_ssl_wrap else _row(cert, call)


def _ssl_list(app: WebApp, call: Call) -> Any:
    def spell(domain: Domain) -> Any:
        cert = _listed(app, domain, call)
        nested = nested_certificate_row(cert, call.version, call.switches)
        return {"id": domain.id, "name": domain_name(domain, call.switches), "ssl": nested}

    rows = list(app.domains.values())
    if call.switches.ssl_list_meta:
        return envelope(rows, spell, call)
    return {"data": [spell(domain) for domain in rows]}


def _listed(app: WebApp, domain: Domain, call: Call) -> Certificate | None:
    """Return the certificate the list shows under a domain."""
    if app.mode == "advanced":
        return domain.certificate
    shown = call.switches.ssl_list_basic == "every" or domain.type == "primary"
    return app.certificate if shown else None


async def get_for_domain(call: Call) -> Any:
    """Return a domain's own certificate (row 20)."""
    app, domain = call.webapp(), call.domain()
    return _installed(domain.certificate if app.mode == "advanced" else None, call)


# ---------------------------------------------------------------------- installing


async def install_basic(call: Call) -> Any:
    """Install the application's certificate (reference 4.1, U8 to U12)."""
    app = call.webapp()
    call.need_agent()
    if app.mode == "advanced":
        raise refuse(call.switches.basic_ssl_in_advanced, "This web application uses advanced SSL.")
    wildcard = any(domain.wildcard for domain in app.domains.values())
    return await _install(Target(app), read_installation(call, wildcard), call)


async def install_for_domain(call: Call) -> Any:
    """Install a domain's certificate; the body may switch the mode on the way (reference 5.2, U13)."""
    app, domain = call.webapp(), call.domain()
    call.need_agent()
    form = call.form()
    advanced, auto = form.flag("advancedSSL"), form.flag("autoSSL")
    form.finish()
    may_switch = advanced is True and call.switches.domain_ssl_in_basic == "accept_with_flag"
    if advanced is False or (app.mode == "basic" and not may_switch):
        raise refuse(422, "Advanced SSL is not enabled for this web application.")
    cert = read_installation(call, domain.wildcard)
    _need_plan(app, app.mode == "basic" or auto is True, call)
    _switch_mode(app, "advanced", call)
    app.auto_ssl = app.auto_ssl if auto is None else auto
    return await _install(Target(app, domain), cert, call)


async def _install(target: Target, cert: Certificate, call: Call) -> Any:
    """Put a certificate in its place, by way of an order for Let's Encrypt's."""
    if target.certificate is not None and call.switches.ssl_post_existing == "refuse":
        raise refuse(422, "SSL is already installed.")
    if cert.method == "letsencrypt":
        await call.sim.issuer.order(target, cert, "POST")
        call.sim.wake()
    else:
        target.install(cert)
    return _written(cert, call)


# ---------------------------------------------------------------------- one that is there


def _named(call: Call) -> tuple[Target, Certificate]:
    """Return the certificate the path names and its place; raises 404 for an unknown id."""
    app = call.webapp()
    target = Target(app, call.domain() if "domain" in call.params else None)
    in_use = (target.domain is None) == (app.mode == "basic")
    cert = target.certificate
    if not in_use or cert is None or cert.id != call.number("ssl"):
        raise not_found()
    return target, cert


async def change(call: Call) -> Any:
    """Change how HTTPS is served, without a new certificate (reference 4.5)."""
    _target, cert = _named(call)
    call.need_agent()
    read_change(call, cert)
    return _written(cert, call)


async def redeploy(call: Call) -> Any:
    """Order the certificate anew for the names attached now (reference 4.6); Let's Encrypt only (U11)."""
    target, old = _named(call)
    call.need_agent()
    if old.method != "letsencrypt":
        raise refuse(422, "Only Let's Encrypt certificates can be redeployed.")
    cert = old
    if call.switches.redeploy_id == "new":
        number = call.sim.world.new_id("certificate")
        cert = dataclasses.replace(old, id=number, created_at=call.sim.clock.now(), valid_until=None)
    await call.sim.issuer.order(target, cert, "PUT")
    call.sim.wake()
    return _written(target.certificate or cert, call)


async def delete(call: Call) -> Any:
    """Remove the certificate and return what it was (reference 4.7)."""
    target, cert = _named(call)
    call.need_agent()
    target.install(None)
    return {"message": "SSL has been removed."} if call.switches.ssl_delete_reply == "message" else _row(cert, call)


# ---------------------------------------------------------------------- method


async def get_method(call: Call) -> Any:
    """Return the mode and AutoSSL (reference 5.1)."""
    app = call.webapp()
    if not app.plan_advanced and call.switches.plan_get_advanced != 200:
        raise refuse(call.switches.plan_get_advanced, "Your plan does not support advanced SSL.")
    return _method(app)


def _method(app: WebApp) -> Any:
    return {"advancedSSL": app.mode == "advanced", "autoSSL": app.auto_ssl}


async def set_method(call: Call) -> Any:
    """Switch the mode or AutoSSL; the reply echoes both (reference 5.1, U14, U15)."""
    app = call.webapp()
    call.need_agent()
    form = call.form()
    advanced, auto = form.flag("advancedSSL"), form.flag("autoSSL")
    if advanced is None and auto is None:
        form.complain("advancedSSL", "The advanced ssl field is required.")
    form.finish()
    _need_plan(app, bool(advanced or auto), call)
    if advanced is not None:
        _switch_mode(app, "advanced" if advanced else "basic", call)
    app.auto_ssl = app.auto_ssl if auto is None else auto
    return _method(app)


def _need_plan(app: WebApp, needed: bool, call: Call) -> None:
    """Raise U15 where the plan lacks advanced SSL and it is needed."""
    if needed and not app.plan_advanced:
        raise refuse(call.switches.plan_status, "Your plan does not support advanced SSL.")


def _switch_mode(app: WebApp, mode: Mode, call: Call) -> None:
    """Set the mode; certificates of the other mode go, or wait for the way back (U14)."""
    if app.mode == mode:
        return
    app.mode = mode
    if call.switches.mode_switch == "keep":
        return
    if mode == "advanced":
        app.certificate = None
    else:
        for domain in app.domains.values():
            domain.certificate = None
