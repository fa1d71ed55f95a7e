# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The address ranges that well-known proxies publish. Pure.

PRIVATE to the collection: may change without notice.

Only reasons become better by this: a range that is missing here never makes a name point here or elsewhere.
"""

from __future__ import annotations

import functools
import ipaddress
import typing as t

Address = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

# cloudflare.com/ips, api.fastly.com/public-ip-list, docs.sucuri.net, docs.imperva.com; as of 2026.
_RANGES = {
    "Cloudflare": """
        173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18 190.93.240.0/20
        188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13 104.24.0.0/14 172.64.0.0/13
        131.0.72.0/22 2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 2405:8100::/32 2a06:98c0::/29
        2c0f:f248::/32
    """,
    "Fastly": """
        23.235.32.0/20 43.249.72.0/22 103.244.50.0/24 103.245.222.0/23 103.245.224.0/24 104.156.80.0/20 140.248.64.0/18
        140.248.128.0/17 146.75.0.0/17 151.101.0.0/16 157.52.64.0/18 167.82.0.0/17 167.82.128.0/20 167.82.160.0/20
        167.82.224.0/20 172.111.64.0/18 185.31.16.0/22 199.27.72.0/21 199.232.0.0/16 2a04:4e40::/32 2a04:4e42::/32
    """,
    "Sucuri": "192.88.134.0/23 185.93.228.0/22 66.248.200.0/22 208.109.0.0/22 2a02:fe80::/29",
    "Imperva": """
        199.83.128.0/21 198.143.32.0/19 149.126.72.0/21 103.28.248.0/22 45.64.64.0/22 185.11.124.0/22 192.230.64.0/18
        107.154.0.0/16 45.60.0.0/16 45.223.0.0/16 2a02:e980::/29
    """,
}


def proxy_of(address: Address) -> tuple[str, Network] | None:
    """Return the known proxy that an address belongs to, and its network; None where it is not known as one's."""
    return next((known for known in _networks() if address in known[1]), None)


@functools.lru_cache(maxsize=1)
def _networks() -> tuple[tuple[str, Network], ...]:
    return tuple(
        (proxy, ipaddress.ip_network(network)) for proxy, ranges in _RANGES.items() for network in ranges.split()
    )
