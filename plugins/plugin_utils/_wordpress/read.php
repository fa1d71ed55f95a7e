<?php
// Copyright (c) 2026, multisite.runcloud contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Reads a WordPress network. It needs nothing but $wpdb and the constants of wp-config.php: no plugin, no theme, no
// sunrise.php, no current site. It reads in batches and prints each row as it comes, so that memory does not grow with
// the network, and it frames its answer in lines of its own, so that notices before or after do no harm.
// It is started in the folder of wp-load.php.
// $multisite_runcloud: host (what wp-config.php sees), credentials (whether to print secrets).
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
            multisite_runcloud_print( ( $first ? '' : ',' ) . multisite_runcloud_json( $row + $extra ) );
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

/* Only with sunrise.php, and only once the plugin's settings were saved (setting enable_domain_mapping). */
function multisite_runcloud_mapping_enabled( $options ) {
    $saved    = isset( $options['wp-ultimo_v2_settings'] ) ? $options['wp-ultimo_v2_settings'] : null;
    $settings = multisite_runcloud_list( $saved );
    return defined( 'SUNRISE' ) && SUNRISE && ! empty( $settings['enable_domain_mapping'] )
        && ! in_array( $settings['enable_domain_mapping'], array( 'false', 'off', 'no' ), true );
}

/* The table of one network, as the plugin names it. */
function multisite_runcloud_table( $name, $network, $main ) {
    global $wpdb;
    $id = (int) $network;
    return $wpdb->base_prefix . ( $id === $main ? 'wu_' : "wu_{$id}_" ) . $name;
}

/* The domains that the checkout forms offer for new sites, in the older and the newer form of that setting. */
function multisite_runcloud_offered( $settings ) {
    $found = array();
    foreach ( $settings as $key => $value ) {
        if ( 'available_domains' === $key || 'available_domains_multi' === $key ) {
            $value = (array) $value;
            array_walk_recursive(
                $value,
                function ( $text ) use ( &$found ) {
                    $words = is_string( $text ) ? preg_split( '/[\s,]+/', $text, -1, PREG_SPLIT_NO_EMPTY ) : array();
                    $found = array_merge( $found, preg_grep( '/^[^.]+\../', $words ) );
                }
            );
        } elseif ( is_array( $value ) ) {
            $found = array_merge( $found, multisite_runcloud_offered( $value ) );
        }
    }
    return $found;
}

function multisite_runcloud_base_domains( $table ) {
    $found = array();
    $rows  = multisite_runcloud_table_exists( $table ) ? multisite_runcloud_rows( "SELECT settings FROM `$table`" ) : array();
    foreach ( $rows as $row ) {
        $found = array_merge( $found, multisite_runcloud_offered( multisite_runcloud_list( $row['settings'] ) ) );
    }
    return array_values( array_unique( $found ) );
}

/* The rows of the plugin's table of which a check waits in its queue; null where there is no queue to look at. */
function multisite_runcloud_queued( $main_site ) {
    global $wpdb;
    $prefix = $wpdb->base_prefix . ( $main_site > 1 ? "{$main_site}_" : '' );
    $table  = "{$prefix}actionscheduler_actions";
    if ( ! multisite_runcloud_table_exists( $table ) ) {
        return null;
    }
    $rows = multisite_runcloud_rows(
        "SELECT args FROM `$table` WHERE hook = 'wu_async_process_domain_stage' AND status IN ('pending', 'in-progress')"
    );
    $found = array();
    foreach ( $rows as $row ) {
        if ( preg_match( '/"domain_id"\s*:\s*"?(\d+)/', (string) $row['args'], $match ) ) {
            $found[ (int) $match[1] ] = true;
        }
    }
    return array_keys( $found );
}

/* A wrong $table_prefix looks like a database without WordPress. */
function multisite_runcloud_need_tables() {
    global $wpdb;
    if ( multisite_runcloud_table_exists( "{$wpdb->base_prefix}sitemeta" ) ) {
        return;
    }
    $found = array();
    foreach ( multisite_runcloud_rows( "SHOW TABLES LIKE '%sitemeta'" ) as $row ) {
        $found[] = substr( reset( $row ), 0, -strlen( 'sitemeta' ) );
    }
    $text = "'{$wpdb->base_prefix}'";
    $text .= $found ? "; the database holds a network with '" . implode( "', '", $found ) . "'" : '';
    multisite_runcloud_fail( 'no_tables', $text );
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
            'mapping_enabled'    => multisite_runcloud_mapping_enabled( $mine ),
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
    multisite_runcloud_need_tables();
    $prefix   = $wpdb->base_prefix;
    $options  = multisite_runcloud_network_options();
    $networks = multisite_runcloud_networks( $options );
    $main     = multisite_runcloud_main_network( $networks );
    foreach ( $networks as $index => $network ) {
        $table = multisite_runcloud_table( 'forms', $network['id'], $main );

        $networks[ $index ]['base_domains'] = multisite_runcloud_base_domains( $table );
    }
    $main_sites = array_column( $networks, 'main_site_id', 'id' );
    $head       = array(
        'wordpress'    => isset( $GLOBALS['wp_version'] ) ? $GLOBALS['wp_version'] : null,
        'main_network' => $main,
        'networks'     => $networks,
        'plugin'       => multisite_runcloud_plugin( $options ),
        'runcloud'     => multisite_runcloud_constants( ! empty( $settings['credentials'] ) ),
        'queued'       => multisite_runcloud_queued( isset( $main_sites[ $main ] ) ? (int) $main_sites[ $main ] : 1 ),
    );

    $tables = array();
    foreach ( $networks as $network ) {
        $id    = $network['id'];
        $table = multisite_runcloud_table( 'domain_mappings', $id, $main );
        if ( multisite_runcloud_table_exists( $table ) ) {
            $tables[ $id ] = $table;
        }
    }

    /* Domains before sites: a site that is made meanwhile must not make its domain look like a leftover. */
    $start = substr( multisite_runcloud_json( $head ), 0, -1 );
    multisite_runcloud_print( "\nMULTISITE-RUNCLOUD-BEGIN\n$start,\"domains\":" . ( $tables ? '[' : 'null' ) );
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
    multisite_runcloud_print( ( $tables ? ']' : '' ) . ',"sites":[' );
    multisite_runcloud_print_table(
        'blog_id, site_id, domain, path, public, archived, spam, deleted',
        "{$prefix}blogs",
        'blog_id',
        array(),
        true
    );
    multisite_runcloud_print( "]}\nMULTISITE-RUNCLOUD-END\n" );
}

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

// Plain PHP reads at the first moment at which WordPress has its database, through a filter that is registered before
// WordPress is loaded (WP_Hook::build_preinitialized_hooks; WordPress 5.8 or newer asks this filter). So no site has to
// be found for a host name, and no sunrise.php, cache, maintenance page or plugin can get in the way.
if ( ! defined( 'WP_CLI' ) ) {
    define( 'SHORTINIT', true );
    multisite_runcloud_request( $multisite_runcloud['host'], '/' );
    multisite_runcloud_need_configuration();
    $wp_filter = array(
        'enable_maintenance_mode'              => multisite_runcloud_hook( 'multisite_runcloud_no' ),
        'enable_loading_advanced_cache_dropin' => multisite_runcloud_hook( 'multisite_runcloud_no' ),
        'enable_loading_object_cache_dropin'   => multisite_runcloud_hook( 'multisite_runcloud_early' ),
    );
    require getcwd() . '/wp-load.php';
}
multisite_runcloud_read( $multisite_runcloud );
