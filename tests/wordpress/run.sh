#!/bin/sh
# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Gets what the tests with a real WordPress need, where that is possible, and runs them. Arguments go to pytest.
# Installs no service and no web server: of MariaDB only the programs, and WordPress is unpacked below .build.
set -eu
cd "$(dirname "$0")/../.."

package=.build/wordpress/package

missing() {
    command -v php && php -m | grep -qx mysqli && command -v mariadbd && command -v mariadb-install-db &&
        { test -e /usr/share/wordpress/wp-load.php || test -e "$package/usr/share/wordpress/wp-load.php"; }
}

if ! missing >/dev/null; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        # Without a network the tests are skipped, with the reason; that is no failure.
        if apt-get -qq update &&
            apt-get -qq install --yes --no-install-recommends \
                php-cli php-mysql mariadb-server-core mariadb-client-core mysql-common >/dev/null; then
            mkdir -p "$package"
            (cd "$package" && apt-get -qq -o APT::Sandbox::User=root download wordpress)
            dpkg --extract "$package"/wordpress_*.deb "$package"
            rm "$package"/wordpress_*.deb
        fi || echo "The packages could not be installed." >&2
    else
        echo "Not root, or no apt-get: install php-cli, php-mysql, mariadb-server and wordpress by hand." >&2
    fi
fi

exec .venv/bin/pytest tests/wordpress "$@"
