<?php
// Copyright (c) 2026, multisite.runcloud contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Puts rows back into the plugin's own queue. Unlike the reader it needs the plugin, whose queue (Action Scheduler) it
// writes to. The row itself is changed in the table and not by the plugin's functions: those have other effects as well
// (plugin reference 1.3), differ by version, and say that a change that was refused has succeeded (3.1). Each row is
// changed only where it still is as it was read, and is read again afterwards.
// It is started in the folder of wp-load.php.
// $multisite_runcloud: host and uri (the main network's), rows (each id, domain, blog_id, before and after: stages).
function multisite_runcloud_check_of( $id ) {
    return array( 'wu_async_process_domain_stage', array( 'domain_id' => $id ), 'domain' );
}

function multisite_runcloud_enqueue( $id ) {
    $function = function_exists( 'wu_enqueue_async_action' ) ? 'wu_enqueue_async_action' : 'as_enqueue_async_action';
    try {
        $function( ...multisite_runcloud_check_of( $id ) );
    } catch ( Throwable $error ) {
        return $error->getMessage();
    }
    return '';
}

/* The older of these functions gives a time, or true; the newer one came with Action Scheduler 3.3. */
function multisite_runcloud_is_queued( $id ) {
    $function = function_exists( 'as_has_scheduled_action' ) ? 'as_has_scheduled_action' : 'as_next_scheduled_action';
    return (bool) $function( ...multisite_runcloud_check_of( $id ) );
}

function multisite_runcloud_stage( $table, $id ) {
    global $wpdb;
    $rows = multisite_runcloud_rows( $wpdb->prepare( "SELECT stage FROM `$table` WHERE id = %d", $id ) );
    return $rows ? $rows[0]['stage'] : null;
}

function multisite_runcloud_set_stage( $table, $id, $before, $after ) {
    global $wpdb;
    $wpdb->update( $table, array( 'stage' => $after ), array( 'id' => $id, 'stage' => $before ) );
    if ( '' !== (string) $wpdb->last_error ) {
        multisite_runcloud_fail( 'database', $wpdb->last_error );
    }
}

/* Only what the plugin has cached of this row: the cache of a network is much too precious to be emptied for one. */
function multisite_runcloud_forget( $row ) {
    wp_cache_delete( 'id:' . $row['blog_id'], 'domain_mapping' );
    $bare = preg_replace( '/^www\./', '', $row['domain'] );
    foreach ( array( $bare, "www.$bare" ) as $name ) {
        wp_cache_delete( "domain:$name", 'domain_mappings' );
    }
    $class = 'WP_Ultimo\\Database\\Domains\\Domain_Query';
    try {
        $property = new ReflectionProperty( $class, 'cache_group' );
        $property->setAccessible( true );
        $group = $property->getValue( new $class() );
        wp_cache_delete( $row['id'], $group );
        wp_cache_set( 'last_changed', microtime(), $group );
    } catch ( Throwable $error ) {
        /* A plugin whose queries are kept otherwise has no copies that this could find. */
        return;
    }
}

function multisite_runcloud_requeue_row( $table, $row ) {
    $error = '';
    multisite_runcloud_set_stage( $table, $row['id'], $row['before'], $row['after'] );
    if ( $row['after'] === multisite_runcloud_stage( $table, $row['id'] ) ) {
        multisite_runcloud_forget( $row );
        $error = multisite_runcloud_enqueue( $row['id'] );
        if ( ! multisite_runcloud_is_queued( $row['id'] ) ) {
            /* A name that waits for a check that never comes would be worse than one that has visibly failed. */
            multisite_runcloud_set_stage( $table, $row['id'], $row['after'], $row['before'] );
            multisite_runcloud_forget( $row );
        }
    }
    return array(
        'id'     => $row['id'],
        'stage'  => multisite_runcloud_stage( $table, $row['id'] ),
        'queued' => multisite_runcloud_is_queued( $row['id'] ),
        'error'  => $error,
    );
}

function multisite_runcloud_requeue( $settings ) {
    global $wpdb;
    if ( ! function_exists( 'as_enqueue_async_action' ) ) {
        multisite_runcloud_fail( 'no_queue', 'Action Scheduler is not loaded' );
    }
    $wpdb->suppress_errors( true );
    $results = array();
    foreach ( $settings['rows'] as $row ) {
        $results[] = multisite_runcloud_requeue_row( $wpdb->base_prefix . 'wu_domain_mappings', $row );
    }
    $answer = multisite_runcloud_json( array( 'rows' => $results ) );
    multisite_runcloud_print( "\nMULTISITE-RUNCLOUD-BEGIN\n$answer\nMULTISITE-RUNCLOUD-END\n" );
}

if ( ! defined( 'WP_CLI' ) ) {
    multisite_runcloud_request( $multisite_runcloud['host'], $multisite_runcloud['uri'] );
    multisite_runcloud_need_configuration();
    require getcwd() . '/wp-load.php';
}
multisite_runcloud_requeue( $multisite_runcloud );
