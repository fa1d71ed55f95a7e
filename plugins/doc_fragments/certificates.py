# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of certificates."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation that modules about certificates share."""

    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) makes sure that all names have a valid certificate.
      - V(absent) removes the certificates. HTTPS stops then.
    type: str
    choices: [present, absent]
    default: present
  mode:
    description:
      - V(basic) is one certificate for the web application, V(advanced) one for each domain (RunCloud's Business and
        Enterprise plans).
      - Defaults to today's mode. A difference is an error unless O(allow_mode_switch=true).
    type: str
    choices: [basic, advanced]
  allow_mode_switch:
    description: Whether O(mode) may be switched. RunCloud deletes the certificates of the other mode.
    type: bool
    default: false
  auto_ssl:
    description: Whether RunCloud orders and renews certificates by itself for new domains (AutoSSL). Defaults to what
      is set.
    type: bool
  domains:
    description: Which domains are meant, in advanced mode. Defaults to all.
    type: list
    elements: str
  provider:
    description:
      - Where certificates come from.
      - Defaults to V(letsencrypt) for new certificates. A custom certificate, or one by a signing request, that is
        installed is left alone unless this option says otherwise.
      - V(custom) installs O(certificate) and O(private_key).
    type: str
    choices: [letsencrypt, custom]
  environment:
    description: Let's Encrypt's environment. V(staging) is for tests; browsers do not trust it. A change orders anew.
    type: str
    choices: [live, staging]
    default: live
  authorization_method:
    description:
      - How Let's Encrypt checks that the domains are yours. Defaults to V(http-01) for new certificates, and to their
        own for others.
      - V(dns-01) needs O(external_api), and is the only way to a wildcard.
    type: str
    choices: [http-01, dns-01]
  external_api:
    description: Id or label of the API key of a DNS provider in RunCloud, for O(authorization_method=dns-01).
    type: str
  certificate:
    description: For O(provider=custom), the certificate and its chain in PEM, the certificate first.
    type: str
  private_key:
    description: For O(provider=custom), the key of O(certificate) in PEM, not encrypted.
    type: str
  enable_http:
    description: Whether plain HTTP is served instead of being redirected. Defaults to what is set, V(false) at first.
    type: bool
  enable_hsts:
    description: Whether browsers are told to use only HTTPS (HSTS). Defaults to what is set, V(false) at first.
    type: bool
  enable_hsts_subdomains:
    description:
      - Whether HSTS holds for subdomains.
      - RunCloud never shows it, so it is sent along with other changes and returned as unverified.
    type: bool
  enable_hsts_preload:
    description: Whether HSTS asks for preloading. Where RunCloud does not show it, as O(enable_hsts_subdomains).
    type: bool
  tls_versions:
    description: TLS versions that are offered. Defaults to what is set.
    type: str
    choices: [TLSv1.1+, TLSv1.2+, TLSv1.3]
  renew_before:
    description:
      - Order anew when a certificate ends within so many days (0 to 60).
      - RunCloud renews by itself about 30 days before the end. This is for when that did not work.
    type: int
    default: 14
  force:
    description:
      - Order although nothing asks for it, or although orders have failed three times within an hour.
      - An order that is in progress is not repeated. Let's Encrypt issues 5 identical certificates a week; a sixth is
        refused before it is sent, as far as earlier orders are known.
    type: bool
    default: false
  check_served:
    description:
      - Whether the server itself is asked what it presents for each domain. Where it cannot be reached, a warning says
        so, and only what RunCloud says is used.
      - With V(false), RunCloud is trusted that its certificates are for all names. Set O(force) where names were added.
    type: bool
    default: true
  check_address:
    description: Address that is asked. Defaults to the address of the server as RunCloud has it (one request).
    type: str
  check_port:
    description: Port that is asked.
    type: int
    default: 443
  wait:
    description: Whether to wait until ordered certificates are there.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait at most. What is not there then is returned as pending, which is not a failure.
    type: int
    default: 180
  max_orders:
    description: Orders that one run may send at most. What is left is returned as pending, and the next run continues.
    type: int
    default: 50
"""
