<?php
// Copyright (c) 2026, multisite.runcloud contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Loads a whole WordPress network, as a request to its main site would, and runs the file that is given.
// Environment: ROOT (folder of wp-load.php), HOST, INPUT (a file with JSON that the code finds as $input).

$_SERVER['HTTP_HOST']   = getenv( 'HOST' );
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['REMOTE_ADDR'] = '127.0.0.1';
require getenv( 'ROOT' ) . '/wp-load.php';
$input = json_decode( file_get_contents( getenv( 'INPUT' ) ), true );
require $argv[1];
