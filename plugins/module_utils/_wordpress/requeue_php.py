# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The PHP that puts names back into the plugin's own queue, as text.

PRIVATE to the collection: may change without notice.

Unlike the reader it needs the plugin, whose queue (Action Scheduler) it writes to. The row itself is changed in the
table and not by the plugin's functions: those have other effects as well (plugin reference 1.3), differ by version, and
say that a change that was refused has succeeded (3.1). Each row is changed only where it still is as it was read, and
is read again afterwards.
"""

from __future__ import annotations

import typing as t

from . import php as _wordpress_php

if t.TYPE_CHECKING:
    from collections.abc import Sequence

# As the plugin itself enqueues the check of a name (plugin reference 2.2).
_REQUEUE = r"""
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

function multisite_runcloud_requeue_row( $table, $row ) {
    $error = '';
    multisite_runcloud_set_stage( $table, $row['id'], $row['before'], $row['after'] );
    if ( $row['after'] === multisite_runcloud_stage( $table, $row['id'] ) ) {
        $error = multisite_runcloud_enqueue( $row['id'] );
        if ( ! multisite_runcloud_is_queued( $row['id'] ) ) {
            /* A name that waits for a check that never comes would be worse than one that has visibly failed. */
            multisite_runcloud_set_stage( $table, $row['id'], $row['after'], $row['before'] );
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
    wp_cache_flush();
    echo "\n@BEGIN@\n" . multisite_runcloud_json( array( 'rows' => $results ) ) . "\n@END@\n";
}
"""

# Without WP-CLI, WordPress is loaded as for a request to its main site.
_LOADER = r"""
$_SERVER['HTTP_HOST']       = $multisite_runcloud['host'];
$_SERVER['SERVER_NAME']     = $multisite_runcloud['host'];
$_SERVER['REQUEST_URI']     = $multisite_runcloud['uri'];
$_SERVER['REQUEST_METHOD']  = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REMOTE_ADDR']     = '127.0.0.1';
require $multisite_runcloud['path'] . '/wp-load.php';
"""

_CALL = "multisite_runcloud_requeue( $multisite_runcloud );"

Row = dict[str, t.Any]


def wp_cli_script(rows: Sequence[Row]) -> str:
    """Give the text for ``wp eval-file -``.

    :param rows: what to change: dicts with ``id``, ``before`` and ``after`` (stages).
    """
    return _wordpress_php.script(_REQUEUE, _wordpress_php.settings(rows=list(rows)), _CALL)


def php_script(path: str, host: str, uri: str, rows: Sequence[Row]) -> str:
    """Give the text for the standard input of ``php``.

    :param path: folder of wp-load.php.
    :param host: the main network's domain.
    :param uri: the main network's path.
    :param rows: as in ``wp_cli_script``.
    """
    values = _wordpress_php.settings(path=path, host=host, uri=uri, rows=list(rows))
    return _wordpress_php.script(_REQUEUE, values, _LOADER, _CALL)
