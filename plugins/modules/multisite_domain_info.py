#!/usr/bin/python
# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: multisite_domain_info
short_description: Read the domains of a WordPress multisite network
version_added: 1.0.0
description:
  - Reads which names a WordPress multisite network answers for, that is the network's own domain, the addresses of
    its sites, and the domains that were mapped to them in the plugin Ultimate Multisite (formerly WP Ultimo, WP
    Multisite WaaS).
  - Runs on the host of WordPress, by WP-CLI or by PHP, or asks the plugin's REST API from the controller. The host needs
    no other Python than Ansible's own modules do.
  - The network is always read whole, however large it is. Where that is not certain, RV(complete) is V(false), RV(notes)
    say why, and nothing should be removed because of the list.
  - Everything odd is listed in RV(notes), for example a row whose site no longer exists.
author:
  - multisite.runcloud contributors (@multisite-runcloud)
extends_documentation_fragment:
  - multisite.runcloud.attributes.info_module
requirements:
  - WP-CLI, or PHP for the command line with its MySQL extension, on the host of WordPress
  - C(timeout) of GNU coreutils or BusyBox on the host of WordPress
  - requests on the controller, for V(rest)
notes:
  - This is an action plugin. O(ignore:async) is refused, since the reading is put together on the controller.
options:
  method:
    description:
      - How to read.
      - V(wp_cli) runs C(wp eval-file -). Plugins and themes are not loaded (C(--skip-plugins), C(--skip-themes)),
        because the data lies in the database and what is not loaded can neither fail nor print. C(--allow-root) is
        given only where the module runs as root.
      - V(php) loads C(wp-load.php) by PHP and reads before anything but the database is there, so that it works with
        any plugin, C(sunrise.php) or cache, and in maintenance mode. Needs WordPress 5.8 or newer.
      - V(rest) asks the REST API of the plugin, from the controller, with the proxies of the environment. It does not tell
        the plugin's settings.
      - V(auto) takes V(wp_cli) where O(path) is given and WP-CLI is found, else V(php), and V(rest) where O(path) is
        not given.
    type: str
    choices: [auto, wp_cli, php, rest]
    default: auto
  path:
    description:
      - Folder of C(wp-load.php) on the host. Needed by V(wp_cli) and V(php). C(~/) is the home of the user that runs it.
    type: str
  wp_cli:
    description:
      - WP-CLI, by name or path. Arguments are allowed, for example to run it by another PHP, C(php8.2
        /usr/local/bin/wp).
    type: str
    default: wp
  php:
    description:
      - PHP for the command line, with its MySQL extension, by name or path.
    type: str
    default: php
  url:
    description:
      - The network's address. Needed only where C(wp-config.php) chooses its settings by the host name, as that of
        Debian's package does, or where WP-CLI does not find the network by itself.
    type: str
  network_id:
    description:
      - Read only this network of an installation that has several.
      - All networks of one installation are normally served by the same web application, so all of them are wanted
        there, and removing what is not in the list of one would take the others down. So RV(complete) is V(false) then.
    type: int
  base_domains:
    description:
      - Further domains below which sites of the network have their addresses. They and the addresses below them are then
        told from domains that were mapped (RV(domains[].kind)). Those that the plugin offers in its checkout forms are
        known without this, except by V(rest).
    type: list
    elements: str
    default: []
  rest_url:
    description:
      - The network's main address, for V(rest). C(http://) is refused except for the loopback addresses, as is an address
        with a login in it.
    type: str
  rest_key:
    description:
      - The API key from the plugin's settings, under API & Webhooks. At least eight characters.
    type: str
  rest_secret:
    description:
      - The API secret that belongs to O(rest_key).
    type: str
  validate_certs:
    description:
      - Whether to check the certificate of O(rest_url).
    type: bool
    default: true
  ca_path:
    description:
      - File with the authorities to trust for O(rest_url), in place of the usual ones.
    type: path
  read_credentials:
    description:
      - Also return the values of the C(WU_RUNCLOUD_*) constants in C(wp-config.php) as RV(credentials), for V(wp_cli)
        and V(php).
      - The task must have C(no_log=true), or the module fails. They could not be used by later tasks if the module
        masked them, so only C(no_log) keeps them out of the output.
    type: bool
    default: false
  timeout:
    description:
      - Seconds for reading by V(wp_cli) or V(php), or for one request by V(rest).
    type: int
    default: 120
seealso:
  - module: multisite.runcloud.runcloud_domains
"""

EXAMPLES = r"""
- name: Read the network on its own host
  multisite.runcloud.multisite_domain_info:
    path: /home/runcloud/webapps/network
  become: true
  become_user: runcloud
  register: network

- name: Show what is odd about it
  ansible.builtin.debug:
    msg: "{{ network.notes | map(attribute='text') }}"

- name: Read the network from anywhere
  multisite.runcloud.multisite_domain_info:
    method: rest
    rest_url: https://network.example.com
    rest_key: "{{ vault_network_key }}"
    rest_secret: "{{ vault_network_secret }}"
  delegate_to: localhost

- name: Take the RunCloud credentials from wp-config.php
  multisite.runcloud.multisite_domain_info:
    path: /home/runcloud/webapps/network
    read_credentials: true
  no_log: true
  register: network
"""

RETURN = r"""
method:
  description: The method that was used.
  type: str
  returned: success
  sample: wp_cli
complete:
  description: Whether it is certain that no row is missing. Where it is V(false), nothing may be removed because of
    this list.
  type: bool
  returned: success
  sample: true
network:
  description: The main network.
  type: dict
  returned: success
  contains: &network
    id:
      description: Its id.
      type: int
      sample: 1
    domain:
      description: Its own domain.
      type: str
      sample: network.test
    path:
      description: Its path.
      type: str
      sample: /
    subdomain_install:
      description: Whether its sites are subdomains; V(null) where that cannot be told.
      type: bool
      sample: true
    main_site_id:
      description: Its main site.
      type: int
      sample: 1
    auto_create_www:
      description: The plugin's setting for www names (V(always), V(main_only), V(never)); V(null) where it is not
        known.
      type: str
      sample: main_only
    own_integration:
      description: Whether the plugin's own RunCloud integration is switched on; V(null) where it is not known.
      type: bool
      sample: false
    stored_credentials:
      description: Whether the plugin keeps RunCloud credentials in its database.
      type: bool
      sample: false
    mapping_enabled:
      description: Whether the plugin's settings let WordPress answer for mapped domains; V(null) where they are not known.
      type: bool
      sample: true
    base_domains:
      description: The domains that the plugin's checkout forms offer for new sites.
      type: list
      elements: str
      sample: [sites.example]
networks:
  description: All networks of the installation, or the one that was asked for.
  type: list
  elements: dict
  returned: success
  contains: *network
sites:
  description: The sites.
  type: list
  elements: dict
  returned: success
  contains:
    blog_id:
      description: The site's id.
      type: int
      sample: 2
    domain:
      description: Its own domain.
      type: str
      sample: alpha.network.test
    path:
      description: Its path.
      type: str
      sample: /
    network_id:
      description: The network that it belongs to.
      type: int
      sample: 1
    public:
      description: Whether search engines may list it.
      type: bool
      sample: true
    archived:
      description: Whether it is archived.
      type: bool
      sample: false
    spam:
      description: Whether it is marked as spam.
      type: bool
      sample: false
    deleted:
      description: Whether it is marked as deleted.
      type: bool
      sample: false
domains:
  description: Every name, each once, except that a name which several rows of the plugin's table hold stands once for
    each of them.
  type: list
  elements: dict
  returned: success
  contains:
    domain:
      description: The name, in lower case.
      type: str
      sample: shop.example.com
    kind:
      description:
        - V(network), the network's own domain. V(subsite), the address of a site below it. V(mapped), any other name
          of one site. V(base), a foreign domain that sites share by paths.
      type: str
      sample: mapped
    network_id:
      description: The network that it belongs to.
      type: int
      sample: 1
    blog_id:
      description: The site that answers for it.
      type: int
      sample: 2
    row:
      description: Id in the plugin's table; V(null) for a name that only WordPress itself knows.
      type: int
      sample: 6
    row_network_id:
      description: The network in whose table the row stands; V(null) where RV(domains[].row) is.
      type: int
      sample: 1
    active:
      description: Whether the mapping is switched on.
      type: bool
      sample: true
    stage:
      description: How far the plugin's own check has come; V(null) where RV(domains[].row) is.
      type: str
      sample: done
    primary:
      description: Whether it is the primary domain of its site; V(null) where RV(domains[].row) is.
      type: bool
      sample: true
    secure:
      description: Whether the plugin has found a valid certificate; V(null) where RV(domains[].row) is.
      type: bool
      sample: true
    queued:
      description: Whether a check of it waits in the plugin's queue; V(null) where that is not known.
      type: bool
      sample: false
mappings:
  description: Whether the plugin's table exists.
  type: bool
  returned: success
  sample: true
mapping_enabled:
  description:
    - Whether WordPress answers for mapped domains at all. V(false) where the plugin is not active, where domain mapping is
      switched off in its settings, or where C(SUNRISE) is not set in C(wp-config.php); V(null) where it is not known.
  type: bool
  returned: success
  sample: true
base_domains:
  description: Further domains below which sites have their addresses, those of O(base_domains) and the plugin's own.
  type: list
  elements: str
  returned: success
  sample: [sites.example]
notes:
  description:
    - What is odd. RV(notes[].code) is one of V(network_domain), V(shared_domain), V(duplicate_row), V(no_site),
      V(no_host_name), V(two_primaries), V(unknown_stage), V(unserved_table), V(own_integration),
      V(stored_credentials), V(www_elsewhere), V(not_queued), V(mapping_off), and, where they are the reason that
      RV(complete) is V(false), V(no_mappings), V(no_sites), V(other_networks), V(capped), V(contradiction),
      V(sites_missing).
  type: list
  elements: dict
  returned: success
  contains:
    code:
      description: What kind of oddity.
      type: str
      sample: no_site
    text:
      description: The same for people.
      type: str
      sample: "row 7: example.org belongs to site 99, which does not exist: delete the row"
    row:
      description: The row's id.
      type: int
      sample: 7
    domain:
      description: The name.
      type: str
      sample: example.org
    blog_id:
      description: The site.
      type: int
      sample: 99
plugin:
  description: The plugin; V(null) where it is not installed.
  type: dict
  returned: success
  contains:
    version:
      description: Its version; V(null) where it is not known.
      type: str
      sample: 2.4.12
    active:
      description: Whether it is active in the network.
      type: bool
      sample: true
wordpress:
  description: The version of WordPress; V(null) for V(rest).
  type: str
  returned: success
  sample: 6.9.4
runcloud:
  description: What the constants in C(wp-config.php) say about RunCloud, without secrets; V(null) for V(rest).
  type: dict
  returned: success
  contains:
    server_id:
      description: C(WU_RUNCLOUD_SERVER_ID).
      type: str
      sample: "11667"
    webapp_id:
      description: C(WU_RUNCLOUD_APP_ID).
      type: str
      sample: "940288"
    has_token:
      description: Whether C(WU_RUNCLOUD_API_TOKEN) is there.
      type: bool
      sample: true
    has_key:
      description: Whether C(WU_RUNCLOUD_API_KEY) and C(WU_RUNCLOUD_API_SECRET) are there.
      type: bool
      sample: false
credentials:
  description: The RunCloud credentials in C(wp-config.php); what is not there is V(null).
  type: dict
  returned: when O(read_credentials=true)
  contains:
    server_id:
      description: C(WU_RUNCLOUD_SERVER_ID).
      type: str
    webapp_id:
      description: C(WU_RUNCLOUD_APP_ID).
      type: str
    api_token:
      description: C(WU_RUNCLOUD_API_TOKEN).
      type: str
    api_key:
      description: C(WU_RUNCLOUD_API_KEY).
      type: str
    api_secret:
      description: C(WU_RUNCLOUD_API_SECRET).
      type: str
"""
