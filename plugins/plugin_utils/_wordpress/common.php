<?php
// Copyright (c) 2026, multisite.runcloud contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// What both programs share: how they answer, ask the database, and fail. It stands in front of each of them, behind a line
// that sets $multisite_runcloud, and runs on the host of WordPress, on whichever PHP there is (5.6 or newer).

/* Past every output buffer: a filter of wp-config.php or of a plugin must not change the answer. */
function multisite_runcloud_print( $text ) {
    static $output = null;
    if ( null === $output ) {
        $output = fopen( 'php://stdout', 'wb' );
    }
    fwrite( $output, $text );
}

function multisite_runcloud_json( $value ) {
    $invalid = defined( 'JSON_INVALID_UTF8_SUBSTITUTE' ) ? JSON_INVALID_UTF8_SUBSTITUTE : JSON_PARTIAL_OUTPUT_ON_ERROR;
    return json_encode( $value, JSON_UNESCAPED_SLASHES | $invalid );
}

function multisite_runcloud_fail( $code, $text ) {
    $report = array( 'code' => $code, 'text' => $text );
    multisite_runcloud_print( "\nMULTISITE-RUNCLOUD-ERROR " . multisite_runcloud_json( $report ) . "\n" );
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

/* What WordPress and wp-config.php see as the request, where no WP-CLI has said so. */
function multisite_runcloud_request( $host, $uri ) {
    $_SERVER['HTTP_HOST']       = $host;
    $_SERVER['SERVER_NAME']     = $host;
    $_SERVER['REQUEST_URI']     = $uri;
    $_SERVER['REQUEST_METHOD']  = 'GET';
    $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
    $_SERVER['REMOTE_ADDR']     = '127.0.0.1';
}

/* Without one, WordPress sends its visitor to the installation and says nothing here. */
function multisite_runcloud_need_configuration() {
    $path = getcwd();
    if ( ! is_file( "$path/wp-config.php" ) && ! is_file( dirname( $path ) . '/wp-config.php' ) ) {
        multisite_runcloud_fail( 'no_configuration', '' );
    }
}
