# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options for the connection to RunCloud, and for what is addressed there."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragments C(multisite.runcloud.runcloud), C(.server) and C(.webapp)."""

    DOCUMENTATION = r"""
attributes:
  action_group:
    description: Use C(group/multisite.runcloud.runcloud) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - multisite.runcloud.runcloud
requirements:
  - requests
  - idna
  - filelock (only where several runs on one controller share a credential or a web application)
notes:
  - Runs on one controller that use the same credential share RunCloud's request limit, by a file in the user's cache
    folder (E(XDG_CACHE_HOME), or C(~/.cache)). Where it cannot be written, or C(filelock) is missing, each run is on
    its own.
  - A proxy is only taken from the environment (E(HTTPS_PROXY), E(NO_PROXY)), and never for this machine itself.
options:
  api_token:
    description:
      - Token for API v3 (in RunCloud's panel under Workspace, Settings, API Management).
      - Blanks and line breaks at its ends do not count. A credential shorter than 8 characters is refused.
      - If neither this nor O(api_key) and O(api_secret) is given, the environment variable E(RUNCLOUD_API_TOKEN) is
        used, then E(WU_RUNCLOUD_API_TOKEN).
      - Mutually exclusive with O(api_key) and O(api_secret). Where the environment has both kinds, the token takes
        precedence.
    type: str
  api_key:
    description:
      - Key for API v2 (HTTP Basic authentication). Required together with O(api_secret).
      - Defaults to the environment variable E(RUNCLOUD_API_KEY), then E(WU_RUNCLOUD_API_KEY).
    type: str
  api_secret:
    description:
      - Secret that belongs to O(api_key).
      - Defaults to the environment variable E(RUNCLOUD_API_SECRET), then E(WU_RUNCLOUD_API_SECRET).
    type: str
  api_url:
    description:
      - Base URL of the API. Defaults to the environment variable E(RUNCLOUD_API_URL).
      - Without either, it is V(https://manage.runcloud.io/api/v3) with a token and
        V(https://manage.runcloud.io/api/v2) with key and secret. Its end (C(/v2) or C(/v3)) decides which version of
        the API is used.
      - C(http) is refused unless the host is this machine itself. A login in the URL is refused.
    type: str
  validate_certs:
    description: Whether the API's TLS certificate is verified.
    type: bool
    default: true
  ca_path:
    description:
      - File or folder of CA certificates to verify the API's certificate with.
      - Defaults to the environment variable E(RUNCLOUD_CA_PATH), then E(REQUESTS_CA_BUNDLE), then E(CURL_CA_BUNDLE).
    type: path
  timeout:
    description: Seconds that one request may take, from the connection to the last byte. Certificate orders are slow.
    type: int
    default: 120
  retries:
    description:
      - How often a request is tried again after an answer of 500 or above and after connection faults.
      - Requests that must not be carried out twice are only repeated after checking that the first one had no effect.
    type: int
    default: 5
  rate_limit_timeout:
    description:
      - Seconds that one run may wait for RunCloud's request limit in all.
      - After that the run stops, and its result says what is done and what is left. The next run continues from there.
    type: int
    default: 900
"""

    SERVER = r"""
options:
  server_id:
    description:
      - Id of the server. The environment variables E(RUNCLOUD_SERVER_ID) and E(WU_RUNCLOUD_SERVER_ID) are used
        otherwise, in this order.
      - Used as it is, without a request that confirms it.
    type: raw
  server_name:
    description: Name of the server, instead of O(server_id). Costs at least one request.
    type: str
"""

    WEBAPP = r"""
options:
  server_id:
    description:
      - Id of the server. The environment variables E(RUNCLOUD_SERVER_ID) and E(WU_RUNCLOUD_SERVER_ID) are used
        otherwise, in this order.
      - Used as it is, without a request that confirms it.
    type: raw
  server_name:
    description: Name of the server, instead of O(server_id). Costs at least one request.
    type: str
  webapp_id:
    description:
      - Id of the web application. The environment variables E(RUNCLOUD_APP_ID) and E(WU_RUNCLOUD_APP_ID) are used
        otherwise, in this order.
      - Used as it is, without a request that confirms it.
    type: raw
    aliases:
      - app_id
  webapp_name:
    description: Name of the web application, instead of O(webapp_id). Costs at least one request.
    type: str
"""
