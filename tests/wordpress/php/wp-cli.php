<?php
// Copyright (c) 2026, multisite.runcloud contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Stands in for WP-CLI, which Debian does not package: the few commands that the tests need, with WP-CLI's manners.
// It refuses to run as root without --allow-root, takes the host from --url or DOMAIN_CURRENT_SITE, loads the whole
// WordPress, and evaluates what comes in by standard input inside a function.

function wp_fail( $text ) {
	fwrite( STDERR, "Error: $text\n" );
	exit( 1 );
}

function wp_eval( $code ) {
	eval( '?>' . $code );
}

$options = array();
$words   = array();
foreach ( array_slice( $argv, 1 ) as $argument ) {
	if ( preg_match( '/^--(no-)?([a-z-]+)(?:=(.*))?$/', $argument, $part ) ) {
		$options[ $part[2] ] = isset( $part[3] ) ? $part[3] : true;
	} else {
		$words[] = $argument;
	}
}

if ( 0 === posix_geteuid() && empty( $options['allow-root'] ) ) {
	wp_fail( "you are running this as root; add --allow-root if that is meant" );
}
$path = rtrim( isset( $options['path'] ) ? $options['path'] : getcwd(), '/' );
if ( ! is_file( "$path/wp-load.php" ) ) {
	wp_fail( "This does not seem to be a WordPress installation." );
}
if ( ! is_file( "$path/wp-config.php" ) ) {
	wp_fail( "'wp-config.php' not found." );
}
preg_match( "/define\( *'DOMAIN_CURRENT_SITE', *'([^']+)'/", file_get_contents( "$path/wp-config.php" ), $domain );
$_SERVER['HTTP_HOST']   = isset( $options['url'] ) ? preg_replace( '#^https?://|/.*$#', '', $options['url'] ) : $domain[1];
$_SERVER['REQUEST_URI'] = '/';
$GLOBALS['wp_filter']   = array();
if ( ! empty( $options['skip-plugins'] ) ) {
	$no_plugins = array( 'function' => function () { return array(); }, 'accepted_args' => 1 );
	foreach ( array( 'option_active_plugins', 'site_option_active_sitewide_plugins' ) as $name ) {
		$GLOBALS['wp_filter'][ $name ] = array( 10 => array( $no_plugins ) );
	}
}
define( 'WP_CLI', true );
require "$path/wp-load.php";

if ( array( 'core', 'is-installed' ) === $words ) {
	exit( is_blog_installed() ? 0 : 1 );
}
if ( array( 'eval-file', '-' ) === $words ) {
	wp_eval( file_get_contents( 'php://stdin' ) );
	exit( 0 );
}
wp_fail( "'" . implode( ' ', $words ) . "' is not a registered wp command." );
