# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real MariaDB and real WordPress networks, in a folder of their own, made once and kept."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILD = ROOT / ".build" / "wordpress"
SCRIPTS = HERE / "php"
WP_CLI = SCRIPTS / "wp-cli.php"
DATABASE_PASSWORD = "the-database-password"
_SOURCES = (BUILD / "package/usr/share/wordpress", Path("/usr/share/wordpress"))


def why_not() -> str | None:
    """Return why no WordPress can be set up here, or None where it can."""
    programs = ("php", "mariadbd", "mariadb-install-db")
    missing = [name for name in programs if _program(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)} (Debian's php-cli, php-mysql, mariadb-server)"
    modules = subprocess.run([_need("php"), "-m"], capture_output=True, text=True, check=True).stdout.split()
    if "mysqli" not in modules:
        return "PHP has no MySQL extension (Debian's php-mysql)"
    if not any((source / "wp-load.php").is_file() for source in _SOURCES):
        return "WordPress itself is not there (Debian's wordpress)"
    return None


class MariaDb:
    """A database server on a socket, without network and without accounts."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._folder = tempfile.TemporaryDirectory(prefix="wp-")  # The path of a socket must be short.
        self.socket = Path(self._folder.name, "socket")
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the server; returns when it answers."""
        user = ["--user=root"] if os.geteuid() == 0 else []
        if not self.data.is_dir():
            command = [_need("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}", "--skip-test-db", *user]
            subprocess.run(command, check=True, capture_output=True)
        command = [_need("mariadbd"), "--no-defaults", f"--datadir={self.data}", f"--socket={self.socket}", *user]
        command += ["--skip-networking", "--skip-grant-tables", "--innodb-flush-log-at-trx-commit=0"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        log: IO[str] = self._process.stderr  # type: ignore[assignment]
        said = []
        for line in log:
            said.append(line)
            if "ready for connections" in line:
                return
        raise RuntimeError(f"MariaDB did not start:\n{''.join(said)}")

    def stop(self) -> None:
        """Stop the server and wait for it."""
        if self._process:
            self._process.terminate()
            self._process.communicate()
        self._folder.cleanup()


@dataclass(frozen=True)
class Site:
    """One WordPress network on disk."""

    root: Path
    host: str
    database: str
    socket: Path
    subdomains: bool

    def configure(self, extra: str = "", multisite: bool = True, socket: Path | None = None) -> None:
        """Write wp-config.php.

        ``extra`` is PHP that stands in front of WordPress' own last lines.
        """
        network = f"""
define( 'MULTISITE', true );
define( 'SUBDOMAIN_INSTALL', {str(self.subdomains).lower()} );
define( 'DOMAIN_CURRENT_SITE', '{self.host}' );
define( 'PATH_CURRENT_SITE', '/' );
define( 'SITE_ID_CURRENT_SITE', 1 );
define( 'BLOG_ID_CURRENT_SITE', 1 );
"""
        text = f"""<?php
define( 'DB_NAME', '{self.database}' );
define( 'DB_USER', 'wordpress' );
define( 'DB_PASSWORD', '{DATABASE_PASSWORD}' );
define( 'DB_HOST', 'localhost:{socket or self.socket}' );
define( 'DB_CHARSET', 'utf8mb4' );
$table_prefix = 'net_';
define( 'DISABLE_WP_CRON', true );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
{network if multisite else ""}
{extra}
if ( ! defined( 'ABSPATH' ) ) {{
    define( 'ABSPATH', __DIR__ . '/' );
}}
require_once ABSPATH . 'wp-settings.php';
"""
        (self.root / "wp-config.php").write_text(text)

    def fill(
        self,
        rows: Sequence[Mapping[str, Any]] | None = None,
        *,
        sites: Sequence[Mapping[str, Any]] = (),
        tables: Mapping[int, Sequence[Mapping[str, Any]]] | None = None,
    ) -> None:
        """Replace the network's sites and the plugin's table (``rows``; ``tables`` gives it for each network)."""
        everything = dict(tables or {})
        if rows is not None:
            everything[1] = rows
        flags = {"path": "/", "archived": False, "spam": False, "deleted": False}
        self.run(SCRIPTS / "fill.php", {"sites": [{**flags, **site} for site in sites], "tables": everything})

    def options(self, **values: Any) -> None:
        """Set options of the network."""
        self.run(SCRIPTS / "options.php", values)

    def reset(self) -> None:
        """Bring configuration and options back to what they were after the installation."""
        self.configure()
        self.query(
            "DELETE FROM {prefix}sitemeta WHERE meta_key LIKE 'wu\\_%' OR meta_key LIKE 'wp-ultimo\\_%' "
            "OR meta_key = 'active_sitewide_plugins'"
        )

    def query(self, sql: str) -> None:
        """Run one SQL statement through $wpdb; ``{prefix}`` stands for the prefix of tables."""
        with tempfile.NamedTemporaryFile("w", suffix=".php") as file:
            file.write(
                "<?php $wpdb->query( str_replace( '{prefix}', $wpdb->base_prefix, $input['sql'] ) );"
                "if ( $wpdb->last_error ) { fwrite( STDERR, $wpdb->last_error ); exit( 1 ); }"
            )
            file.flush()
            self.run(Path(file.name), {"sql": sql})

    def run(self, script: Path, data: object) -> None:
        """Run a PHP file inside the whole network."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(data, file)
            file.flush()
            _php(SCRIPTS / "boot.php", str(script), ROOT=str(self.root), HOST=self.host, INPUT=file.name)


@dataclass(frozen=True)
class Networks:
    """Both kinds of network, and a WordPress that is none."""

    subdomain: Site
    subdirectory: Site


@contextmanager
def networks() -> Iterator[Networks]:
    """Give the networks, with their database running. One process at a time; what was made is kept for the next."""
    BUILD.mkdir(parents=True, exist_ok=True)
    sums = hashlib.sha256()
    for file in sorted([*SCRIPTS.iterdir(), Path(__file__)]):
        sums.update(file.read_bytes())
    folder = BUILD / sums.hexdigest()[:16]
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            for old in BUILD.glob("????????????????"):
                shutil.rmtree(old)
            folder.mkdir()
        database = MariaDb(folder / "mysql")
        try:
            database.start()
            found = Networks(
                Site(folder / "subdomain", "network.test", "subdomain", database.socket, subdomains=True),
                Site(folder / "subdirectory", "subdir.test", "subdirectory", database.socket, subdomains=False),
            )
            if not (folder / "ready").exists():
                _install(found.subdomain)
                _install(found.subdirectory)
                (folder / "ready").touch()
            yield found
        finally:
            database.stop()


def _install(site: Site) -> None:
    source = next(source for source in _SOURCES if (source / "wp-load.php").is_file())
    site.root.mkdir()
    for file in source.glob("*.php"):
        if file.name != "wp-config.php":
            shutil.copy(file, site.root)
    for name in ("wp-admin", "wp-includes"):
        (site.root / name).symlink_to(source / name)
    (site.root / "wp-content" / "plugins").mkdir(parents=True)
    code = f"$db = mysqli_init(); $db->real_connect('localhost', 'root', '', '', 0, '{site.socket}');"
    code += f"$db->query('CREATE DATABASE {site.database} CHARACTER SET utf8mb4') || exit(1);"
    subprocess.run([_need("php"), "-r", code], check=True)
    site.configure(multisite=False)
    _php(SCRIPTS / "install.php", ROOT=str(site.root), HOST=site.host, SUBDOMAINS=str(int(site.subdomains)))
    site.configure()


def _php(*command: Path | str, **environment: str) -> None:
    process = subprocess.run(
        [_need("php"), *map(str, command)],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode or process.stderr.strip():
        raise RuntimeError(f"{command} ended with {process.returncode}:\n{process.stdout}\n{process.stderr}")


def _program(name: str) -> str | None:
    return shutil.which(
        name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/bin", "/usr/sbin", "/usr/bin"))
    )


def _need(name: str) -> str:
    program = _program(name)
    if program is None:
        raise RuntimeError(f"{name} is not installed")
    return program
