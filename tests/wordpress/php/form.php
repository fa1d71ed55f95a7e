<?php
// Copyright (c) 2026, multisite.runcloud contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Adds a checkout form of the plugin, as it keeps one. $input: settings.

global $wpdb;
$wpdb->insert( $wpdb->base_prefix . 'wu_forms', array( 'settings' => serialize( $input['settings'] ) ) );
