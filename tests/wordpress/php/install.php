<?php
// Copyright (c) 2026, multisite.runcloud contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Installs WordPress and turns it into a network, by WordPress' own functions.
// Environment: ROOT (folder of wp-load.php), HOST, SUBDOMAINS (0 or 1).

define( 'WP_INSTALLING', true );
$_SERVER['HTTP_HOST']   = getenv( 'HOST' );
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['REMOTE_ADDR'] = '127.0.0.1';
require getenv( 'ROOT' ) . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/network.php';

add_filter( 'pre_wp_mail', '__return_true' );
wp_install( 'Network', 'admin', 'admin@example.com', true, '', 'not-a-secret' );

foreach ( $wpdb->tables( 'ms_global' ) as $name => $table ) {
	$wpdb->$name = $table;
}
install_network();
$done = populate_network( 1, getenv( 'HOST' ), 'admin@example.com', 'Network', '/', '1' === getenv( 'SUBDOMAINS' ) );
if ( is_wp_error( $done ) && 'no_wildcard_dns' !== $done->get_error_code() ) {
	fwrite( STDERR, $done->get_error_message() );
	exit( 1 );
}
