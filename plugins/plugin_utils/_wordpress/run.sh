#!/bin/sh
# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs a PHP program from standard input inside WordPress, on its host, with any POSIX shell. Arguments: seconds, method
# (auto, wp_cli or php), folder of wp-load.php, the network's address or nothing, WP-CLI and PHP as words of a shell, and
# what else WP-CLI is told.
seconds=$1 method=$2 path=$3 url=$4 wp_cli=$5 php=$6
shift 6
# A web server's own user has often a bare PATH; both programs are usually installed here.
PATH=${PATH:+$PATH:}/usr/local/bin:/usr/bin:/bin
export PATH

stop() {
    printf '\nMULTISITE-RUNCLOUD-ERROR {"code":"%s","text":""}\n' "$1"
    exit 3
}

has() {
    (eval "set -- $1" && command -v "$1") >/dev/null 2>&1
}

case $path in
\~ | \~/*) path=$HOME${path#\~} ;;
esac
unset CDPATH
cd "$path" 2>/dev/null || stop no_folder
[ -e wp-load.php ] || stop no_wordpress
[ -r wp-load.php ] || stop unreadable
has timeout || stop no_timeout
if [ "$method" = auto ]; then
    method=php
    ! has "$wp_cli" || method=wp_cli
fi
if [ "$method" = wp_cli ]; then
    has "$wp_cli" || stop no_wp_cli
    eval "set -- $wp_cli eval-file - \"--path=\$PWD\" \"\$@\" --no-color"
    [ -z "$url" ] || set -- "$@" "--url=$url"
    [ "$(id -u)" -ne 0 ] || set -- "$@" --allow-root
else
    has "$php" || stop no_php
    # Errors must neither mix with the answer nor show the arguments of functions, among them the database's password.
    eval "set -- $php -d display_errors=stderr -d html_errors=0 -d zend.exception_ignore_args=1"
fi
printf '\nMULTISITE-RUNCLOUD-METHOD %s\n' "$method"
exec timeout -k 5 "$seconds" "$@"
