<?php
// Copyright (c) 2026, multisite.runcloud contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Sets options of the network. $input: name => value.

foreach ( $input as $name => $value ) {
	update_site_option( $name, $value );
}
