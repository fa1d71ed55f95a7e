<?php
// Copyright (c) 2026, multisite.runcloud contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Makes sites by WordPress' own functions, and fills the plugin's table and settings through $wpdb.
// $input: sites (slug, domain, path, archived, spam, deleted), rows (columns of the table), tables (network id => rows),
// options (network option => value). What is there already is replaced.

foreach ( get_sites( array( 'number' => 0, 'site__not_in' => array( get_main_site_id() ) ) ) as $site ) {
	wp_delete_site( $site->blog_id );
}
$wpdb->query( "ALTER TABLE $wpdb->blogs AUTO_INCREMENT = 2" );
foreach ( $input['sites'] as $site ) {
	$id = wp_insert_site(
		array(
			'domain'     => $site['domain'],
			'path'       => $site['path'],
			'network_id' => get_current_network_id(),
			'user_id'    => 1,
		)
	);
	if ( is_wp_error( $id ) ) {
		fwrite( STDERR, $site['domain'] . ': ' . $id->get_error_message() );
		exit( 1 );
	}
	foreach ( array( 'archived', 'spam', 'deleted' ) as $flag ) {
		if ( ! empty( $site[ $flag ] ) ) {
			update_blog_status( $id, $flag, '1' );
		}
	}
}

foreach ( $input['tables'] as $network => $rows ) {
	$table = $wpdb->base_prefix . ( 1 === (int) $network ? 'wu_domain_mappings' : "wu_{$network}_domain_mappings" );
	require __DIR__ . '/plugin-table.php';
	$wpdb->query( 'START TRANSACTION' );
	foreach ( $rows as $row ) {
		if ( false === $wpdb->insert( $table, $row ) ) {
			fwrite( STDERR, $wpdb->last_error );
			exit( 1 );
		}
	}
	$wpdb->query( 'COMMIT' );
}

foreach ( $input['options'] as $name => $value ) {
	null === $value ? delete_site_option( $name ) : update_site_option( $name, $value );
}
