# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The PHP that reads a WordPress network, as text: a module cannot bring a file of another language along.

PRIVATE to the collection: may change without notice.

One reader serves both ways in. It needs nothing but ``$wpdb`` and the constants of wp-config.php: no plugin, no theme,
no sunrise.php, no current site. It reads in batches and prints each row as it comes, so that memory does not grow with
the network, and it frames its answer in lines of its own, so that notices before or after do no harm.
"""

from __future__ import annotations

import base64
import json

BEGIN = "MULTISITE-RUNCLOUD-BEGIN"
END = "MULTISITE-RUNCLOUD-END"
ERROR = "MULTISITE-RUNCLOUD-ERROR"

# What every script needs to answer in its frame.
_COMMON = r"""
function multisite_runcloud_json( $value ) {
    return json_encode( $value, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE );
}

function multisite_runcloud_fail( $code, $text ) {
    echo "\n@ERROR@ " . multisite_runcloud_json( array( 'code' => $code, 'text' => $text ) ) . "\n";
    exit( 3 );
}

function multisite_runcloud_rows( $sql ) {
    global $wpdb;
    $rows = $wpdb->get_results( $sql, ARRAY_A );
    if ( '' !== (string) $wpdb->last_error ) {
        multisite_runcloud_fail( 'database', $wpdb->last_error );
    }
    return $rows;
}
"""

_READER = r"""
function multisite_runcloud_table_exists( $table ) {
    global $wpdb;
    return (bool) multisite_runcloud_rows( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $table ) ) );
}

/* Print the rows of one table, in the order of its key; a batch at a time keeps memory small. */
function multisite_runcloud_print_table( $columns, $table, $key, $extra, $first ) {
    global $wpdb;
    $last = 0;
    do {
        $rows = multisite_runcloud_rows(
            "SELECT $columns FROM `$table` WHERE $key > $last ORDER BY $key LIMIT 5000"
        );
        foreach ( $rows as $row ) {
            echo ( $first ? '' : ',' ) . multisite_runcloud_json( $row + $extra );
            $first = false;
            $last  = (int) $row[ $key ];
        }
        $wpdb->flush();
    } while ( 5000 === count( $rows ) );
    return $first;
}

function multisite_runcloud_network_options() {
    global $wpdb;
    $options = array();
    $wanted  = array(
        'subdomain_install',
        'main_site',
        'active_sitewide_plugins',
        'wp-ultimo_v2_settings',
        'wu_host_integrations_enabled',
    );
    $rows    = multisite_runcloud_rows(
        "SELECT site_id, meta_key, meta_value FROM `{$wpdb->base_prefix}sitemeta` WHERE meta_key IN ('"
        . implode( "','", $wanted ) . "') OR meta_key LIKE 'wu\_hosting\_credential\_WU\_RUNCLOUD\_%' ORDER BY meta_id"
    );
    foreach ( $rows as $row ) {
        $options[ (int) $row['site_id'] ][ $row['meta_key'] ] = $row['meta_value'];
    }
    return $options;
}

function multisite_runcloud_list( $text ) {
    if ( ! is_string( $text ) ) {
        return array();
    }
    $value = @unserialize( $text, array( 'allowed_classes' => false ) );
    return is_array( $value ) ? $value : array();
}

/* Subdomains or subdirectories: the constants decide for the whole installation, as WordPress itself does. */
function multisite_runcloud_subdomain_install( $options ) {
    if ( defined( 'SUBDOMAIN_INSTALL' ) ) {
        return (bool) SUBDOMAIN_INSTALL;
    }
    if ( defined( 'VHOST' ) ) {
        return 'yes' === VHOST;
    }
    return isset( $options['subdomain_install'] ) ? (bool) (int) $options['subdomain_install'] : null;
}

function multisite_runcloud_main_site( $network, $options ) {
    global $wpdb;
    if ( ! empty( $options['main_site'] ) ) {
        return (int) $options['main_site'];
    }
    $rows = multisite_runcloud_rows(
        $wpdb->prepare(
            "SELECT blog_id FROM `{$wpdb->base_prefix}blogs`
            WHERE site_id = %d AND domain = %s AND path = %s ORDER BY blog_id LIMIT 1",
            $network['id'],
            $network['domain'],
            $network['path']
        )
    );
    return $rows ? (int) $rows[0]['blog_id'] : null;
}

/* The plugin's default is "always" (setting auto_create_www_subdomain); null where it never saved its settings. */
function multisite_runcloud_www_setting( $options ) {
    if ( ! isset( $options['wp-ultimo_v2_settings'] ) ) {
        return null;
    }
    $settings = multisite_runcloud_list( $options['wp-ultimo_v2_settings'] );
    $setting  = isset( $settings['auto_create_www_subdomain'] ) ? $settings['auto_create_www_subdomain'] : 'always';
    return is_scalar( $setting ) ? (string) $setting : null;
}

function multisite_runcloud_networks( $options ) {
    global $wpdb;
    $networks = array();
    $rows     = multisite_runcloud_rows( "SELECT id, domain, path FROM `{$wpdb->base_prefix}site` ORDER BY id" );
    foreach ( $rows as $row ) {
        $mine         = isset( $options[ (int) $row['id'] ] ) ? $options[ (int) $row['id'] ] : array();
        $integrations = isset( $mine['wu_host_integrations_enabled'] ) ? $mine['wu_host_integrations_enabled'] : null;
        $integrations = multisite_runcloud_list( $integrations );
        $stored       = preg_grep( '/^wu_hosting_credential_/', array_keys( $mine ) );
        $networks[]   = array(
            'id'                 => (int) $row['id'],
            'domain'             => $row['domain'],
            'path'               => $row['path'],
            'subdomain_install'  => multisite_runcloud_subdomain_install( $mine ),
            'main_site_id'       => multisite_runcloud_main_site( $row, $mine ),
            'auto_create_www'    => multisite_runcloud_www_setting( $mine ),
            'own_integration'    => ! empty( $integrations['runcloud'] ) || in_array( 'runcloud', $integrations, true ),
            'stored_credentials' => (bool) $stored,
        );
    }
    return $networks;
}

function multisite_runcloud_main_network( $networks ) {
    if ( defined( 'PRIMARY_NETWORK_ID' ) ) {
        return (int) PRIMARY_NETWORK_ID;
    }
    return $networks ? $networks[0]['id'] : null;
}

/* Under every name that the plugin's folder has had. */
function multisite_runcloud_plugin( $options ) {
    $folder = defined( 'WP_PLUGIN_DIR' ) ? WP_PLUGIN_DIR : WP_CONTENT_DIR . '/plugins';
    $found  = null;
    foreach ( array( 'ultimate-multisite', 'multisite-ultimate', 'wp-multisite-waas', 'wp-ultimo' ) as $name ) {
        $active = false;
        foreach ( $options as $mine ) {
            $plugins = isset( $mine['active_sitewide_plugins'] ) ? $mine['active_sitewide_plugins'] : null;
            $active  = $active || array_key_exists( "$name/$name.php", multisite_runcloud_list( $plugins ) );
        }
        $file = "$folder/$name/$name.php";
        if ( ! is_readable( $file ) || ( $found && ! $active ) ) {
            continue;
        }
        $start = (string) file_get_contents( $file, false, null, 0, 8192 );
        preg_match( '/^[ \t\/*#@]*Version:(.*)$/mi', $start, $match );
        $found = array( 'version' => isset( $match[1] ) ? trim( $match[1] ) : null, 'loaded' => $active );
        if ( $active ) {
            break;
        }
    }
    return $found;
}

function multisite_runcloud_constant( $name ) {
    return defined( $name ) && is_scalar( constant( $name ) ) ? (string) constant( $name ) : null;
}

function multisite_runcloud_constants( $with_secrets ) {
    $secret = array(
        'api_token'  => multisite_runcloud_constant( 'WU_RUNCLOUD_API_TOKEN' ),
        'api_key'    => multisite_runcloud_constant( 'WU_RUNCLOUD_API_KEY' ),
        'api_secret' => multisite_runcloud_constant( 'WU_RUNCLOUD_API_SECRET' ),
    );
    $result = array(
        'server_id' => multisite_runcloud_constant( 'WU_RUNCLOUD_SERVER_ID' ),
        'webapp_id' => multisite_runcloud_constant( 'WU_RUNCLOUD_APP_ID' ),
        'has_token' => (bool) $secret['api_token'],
        'has_key'   => $secret['api_key'] && $secret['api_secret'],
    );
    return $with_secrets ? $result + $secret : $result;
}

function multisite_runcloud_read( $settings ) {
    global $wpdb;
    if ( ! is_multisite() ) {
        multisite_runcloud_fail( 'not_multisite', 'MULTISITE is not switched on in wp-config.php' );
    }
    $wpdb->suppress_errors( true );
    $prefix   = $wpdb->base_prefix;
    $options  = multisite_runcloud_network_options();
    $networks = multisite_runcloud_networks( $options );
    $main     = multisite_runcloud_main_network( $networks );
    $head     = array(
        'wordpress'    => isset( $GLOBALS['wp_version'] ) ? $GLOBALS['wp_version'] : null,
        'main_network' => $main,
        'networks'     => $networks,
        'plugin'       => multisite_runcloud_plugin( $options ),
        'runcloud'     => multisite_runcloud_constants( ! empty( $settings['credentials'] ) ),
    );

    $tables = array();
    foreach ( $networks as $network ) {
        $id    = $network['id'];
        $table = $id === $main ? "{$prefix}wu_domain_mappings" : "{$prefix}wu_{$id}_domain_mappings";
        if ( multisite_runcloud_table_exists( $table ) ) {
            $tables[ $id ] = $table;
        }
    }

    echo "\n@BEGIN@\n" . substr( multisite_runcloud_json( $head ), 0, -1 ) . ',"sites":[';
    multisite_runcloud_print_table(
        'blog_id, site_id, domain, path, public, archived, spam, deleted',
        "{$prefix}blogs",
        'blog_id',
        array(),
        true
    );
    echo '],"domains":' . ( $tables ? '[' : 'null' );
    $first = true;
    foreach ( $tables as $id => $table ) {
        $first = multisite_runcloud_print_table(
            'id, blog_id, domain, active, primary_domain, secure, stage',
            $table,
            'id',
            array( 'network_id' => $id ),
            $first
        );
    }
    echo ( $tables ? ']' : '' ) . "}\n@END@\n";
}
"""

# Plain PHP reads at the first moment at which WordPress has its database, through a filter that is registered before
# WordPress is loaded (WP_Hook::build_preinitialized_hooks; WordPress 5.8 or newer asks this filter). So no site has to
# be found for a host name, and no sunrise.php, cache, maintenance page or plugin can get in the way.
_LOADER = r"""
define( 'SHORTINIT', true );
$_SERVER['HTTP_HOST']       = $multisite_runcloud['host'];
$_SERVER['SERVER_NAME']     = $multisite_runcloud['host'];
$_SERVER['REQUEST_URI']     = '/';
$_SERVER['REQUEST_METHOD']  = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REMOTE_ADDR']     = '127.0.0.1';

function multisite_runcloud_no() {
    return false;
}

function multisite_runcloud_early( $value ) {
    multisite_runcloud_read( $GLOBALS['multisite_runcloud'] );
    exit( 0 );
}

function multisite_runcloud_hook( $function ) {
    return array( 10 => array( array( 'function' => $function, 'accepted_args' => 1 ) ) );
}

$wp_filter = array(
    'enable_maintenance_mode'              => multisite_runcloud_hook( 'multisite_runcloud_no' ),
    'enable_loading_advanced_cache_dropin' => multisite_runcloud_hook( 'multisite_runcloud_no' ),
    'enable_loading_object_cache_dropin'   => multisite_runcloud_hook( 'multisite_runcloud_early' ),
);

require $multisite_runcloud['path'] . '/wp-load.php';
"""


def wp_cli_script(credentials: bool) -> str:
    """Give the text for ``wp eval-file -``.

    :param credentials: whether the values of the ``WU_RUNCLOUD_*`` secrets are printed too.
    """
    return script(_READER, settings(credentials=credentials), "multisite_runcloud_read( $multisite_runcloud );")


def php_script(path: str, host: str, credentials: bool) -> str:
    """Give the text for the standard input of ``php``.

    :param path: folder of wp-load.php.
    :param host: host name that wp-config.php sees; only a wp-config.php that chooses by it cares.
    :param credentials: as in ``wp_cli_script``.
    """
    values = settings(path=path, host=host, credentials=credentials)
    # Where WordPress is too old for the filter, it goes on loading and returns here.
    return script(_READER, values, _LOADER, "multisite_runcloud_read( $multisite_runcloud );")


def script(*parts: str) -> str:
    """Put a script together: what all of them share, its parts, and our marks where they stand for them."""
    text = "\n".join(("<?php", _COMMON, *parts, ""))
    return text.replace("@BEGIN@", BEGIN).replace("@END@", END).replace("@ERROR@", ERROR)


def settings(**values: object) -> str:
    """Write values as PHP without having to quote them."""
    encoded = base64.b64encode(json.dumps(values).encode()).decode("ascii")
    return f"$multisite_runcloud = json_decode( base64_decode( '{encoded}' ), true );"
