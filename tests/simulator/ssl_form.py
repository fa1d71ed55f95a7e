# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading what to install and what to change of a certificate (reference 4.1, 4.5)."""

from __future__ import annotations

from .call import Call
from .csr import KEY_TYPES, SUBJECT_FIELDS
from .forms import Form
from .pem import Bundle, PemError, read_bundle
from .routes_servers import PROTOCOLS
from .state import Certificate

_OPTIONS = {
    "enableHttp": "enable_http",
    "enableHsts": "enable_hsts",
    "enableHstsPreload": "enable_hsts_preload",
    "enableHstsSubdomains": "enable_hsts_subdomains",
    "ssl_protocol_id": "protocol_id",
}


def read_installation(call: Call, wildcard: bool) -> Certificate:
    """Return the certificate a POST asks for, not issued yet; raises InvalidData.

    ``wildcard`` says whether one of the names is a wildcard, which http-01 can't prove (U24).
    """
    form = call.form()
    provider = form.choice("provider", ("letsencrypt", "custom", "csr"), required=True)
    cert = Certificate(0, provider or "", call.sim.clock.now())
    bundle = None
    _read_options(call, form, cert, required=True)
    if provider == "letsencrypt":
        _read_letsencrypt(call, form, cert, wildcard)
    elif provider == "custom":
        bundle = _read_custom(form, cert, required=True)
    elif provider == "csr":
        _read_csr(form, cert)
    form.finish()
    cert.id = call.sim.world.new_id("certificate")
    if bundle is not None:
        cert.replace(bundle.names, bundle.valid_from, bundle.valid_until)
    return cert


def read_change(call: Call, cert: Certificate) -> None:
    """Put what a PATCH sends into an installed certificate, all or nothing; raises InvalidData."""
    form = call.form()
    changed = Certificate(cert.id, cert.method, cert.created_at)
    if call.switches.patch_omitted == "keep":
        for attribute in _OPTIONS.values():
            setattr(changed, attribute, getattr(cert, attribute))
    _read_options(call, form, changed, required=False, keep=cert)
    bundle = None
    if cert.method == "custom" and (form.has("certificate") or form.has("privateKey")):
        bundle = _read_custom(form, changed, required=True)
    elif cert.method == "csr" and form.has("certificate"):
        bundle = _read_signed(form, cert, changed)
    form.finish()
    for attribute in _OPTIONS.values():
        setattr(cert, attribute, getattr(changed, attribute))
    if bundle is not None:
        cert.certificate = changed.certificate
        cert.private_key = changed.private_key
        cert.replace(bundle.names, bundle.valid_from, bundle.valid_until)


def _read_options(call: Call, form: Form, into: Certificate, required: bool, keep: Certificate | None = None) -> None:
    """Read how HTTPS is served; ignored fields are checked but not stored (reference 4.1, "silently ignored")."""
    protocol = form.number("ssl_protocol_id", into.protocol_id, required and call.switches.ssl_protocol_required)
    if protocol is not None and protocol not in PROTOCOLS:
        form.complain("ssl_protocol_id", "The selected ssl protocol id is invalid.")
    values = {
        "enableHttp": form.flag("enableHttp", into.enable_http, required),
        "enableHsts": form.flag("enableHsts", into.enable_hsts, required),
        "enableHstsPreload": form.flag("enableHstsPreload", into.enable_hsts_preload),
        "enableHstsSubdomains": form.flag("enableHstsSubdomains", into.enable_hsts_subdomains),
        "ssl_protocol_id": protocol,
    }
    for field, value in values.items():
        attribute = _OPTIONS[field]
        if field not in call.switches.ignored_ssl_fields:
            setattr(into, attribute, value)
        elif keep is not None:
            setattr(into, attribute, getattr(keep, attribute))


def _read_letsencrypt(call: Call, form: Form, into: Certificate, wildcard: bool) -> None:
    into.authorization = form.choice("authorizationMethod", ("http-01", "dns-01"), default="http-01")
    into.staging = form.choice("environment", ("live", "staging"), default="live") == "staging"
    if into.authorization == "dns-01":
        into.api_id = form.number("externalApi", required=True)
        if into.api_id is not None and into.api_id not in call.sim.world.external_apis:
            form.complain("externalApi", "The selected external api is invalid.")
    elif wildcard and call.switches.wildcard_http01 == "refuse":
        form.complain("authorizationMethod", "Wildcard domains need the dns-01 authorization method.")


def _read_custom(form: Form, into: Certificate, required: bool) -> Bundle | None:
    certificate = form.text("certificate", required)
    private_key = form.text("privateKey", required)
    if certificate is None or private_key is None:
        return None
    return _bundle(form, into, certificate, private_key)


def _read_signed(form: Form, cert: Certificate, into: Certificate) -> Bundle | None:
    """Take the signed certificate for a request whose key stayed here."""
    certificate = form.text("certificate")
    if certificate is None:
        return None
    if cert.private_key is None:
        form.complain("certificate", "The certificate does not belong to the signing request.")
        return None
    return _bundle(form, into, certificate, cert.private_key)


def _bundle(form: Form, into: Certificate, certificate: str, private_key: str) -> Bundle | None:
    into.certificate = certificate + "\n"
    into.private_key = private_key + "\n"
    try:
        return read_bundle(into.certificate, into.private_key)
    except PemError as error:
        form.complain(error.field, str(error))
        return None


def _read_csr(form: Form, into: Certificate) -> None:
    into.csr["csrKeyType"] = form.choice("csrKeyType", list(KEY_TYPES), required=True) or ""
    for field in SUBJECT_FIELDS:
        into.csr[field] = form.text(field, required=True) or ""
    if into.csr["country"] and len(into.csr["country"]) != 2:
        form.complain("country", "The country must be 2 characters.")
