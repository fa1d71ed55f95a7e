<?php
// Copyright (c) 2026, multisite.runcloud contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// The table of mapped domains of the plugin Ultimate Multisite, as its documented schema has it.
// $table is its full name.

$wpdb->query( "DROP TABLE IF EXISTS `$table`" );
$wpdb->query(
	"CREATE TABLE `$table` (
		id bigint(20) NOT NULL AUTO_INCREMENT,
		blog_id bigint(20) NOT NULL,
		domain varchar(191) NOT NULL,
		active tinyint(4) DEFAULT 1,
		primary_domain tinyint(4) DEFAULT 0,
		secure tinyint(4) DEFAULT 0,
		stage enum('checking-dns','checking-ssl-cert','done-without-ssl','done','failed','ssl-failed') DEFAULT 'checking-dns',
		date_created datetime DEFAULT NULL,
		date_modified datetime DEFAULT NULL,
		PRIMARY KEY (id),
		KEY blog_id (blog_id, domain, active),
		KEY domain (domain)
	) {$wpdb->get_charset_collate()}"
);
