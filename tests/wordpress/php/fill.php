<?php
// Copyright (c) 2026, multisite.runcloud contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Makes sites by WordPress' own functions, and fills the plugin's table through $wpdb.
// $input: sites (domain, path, archived, spam, deleted), tables (network id => rows as columns and values).
// What is there already is replaced; sites that are as wanted stay, because making them is slow.

$flags  = array( 'archived', 'spam', 'deleted' );
$others = get_sites( array( 'number' => 0, 'site__not_in' => array( get_main_site_id() ), 'orderby' => 'id' ) );
$wanted = array();
foreach ( $input['sites'] as $index => $site ) {
	$wanted[] = array( $index + 2, $site['domain'], $site['path'] );
}
$there = array();
foreach ( $others as $site ) {
	$there[] = array( (int) $site->blog_id, $site->domain, $site->path );
}
if ( $there !== $wanted ) {
	foreach ( $others as $site ) {
		wp_delete_site( $site->blog_id );
	}
	$wpdb->query( "ALTER TABLE $wpdb->blogs AUTO_INCREMENT = 2" );
	foreach ( $input['sites'] as $site ) {
		$values = array( 'domain' => $site['domain'], 'path' => $site['path'], 'user_id' => 1 );
		$id     = wp_insert_site( $values + array( 'network_id' => get_current_network_id() ) );
		if ( is_wp_error( $id ) ) {
			fwrite( STDERR, $site['domain'] . ': ' . $id->get_error_message() );
			exit( 1 );
		}
	}
}
foreach ( $input['sites'] as $index => $site ) {
	foreach ( $flags as $flag ) {
		if ( (bool) get_site( $index + 2 )->$flag !== $site[ $flag ] ) {
			update_blog_status( $index + 2, $flag, $site[ $flag ] ? '1' : '0' );
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
