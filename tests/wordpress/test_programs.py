# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PHP of the collection, as PHP itself reads it. Needs no WordPress."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.multisite.runcloud.plugins.plugin_utils._wordpress.cli import script

from wordpress.installation import ROOT

pytestmark = pytest.mark.wordpress

PROGRAMS = sorted(path.name for path in (ROOT / "plugins").rglob("*.php"))


def lint(text: str) -> subprocess.CompletedProcess[str]:
    php = shutil.which("php")
    if php is None:
        pytest.skip("not installed: php")
    return subprocess.run([php, "-l"], input=text, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_file_and_each_whole_program_is_php(name: str) -> None:
    (file,) = (ROOT / "plugins").rglob(name)
    whole = [] if name == "common.php" else [script(name, {"host": "network.test"})]
    for text in (file.read_text(), *whole):
        outcome = lint(text)
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_they_are_found() -> None:
    assert PROGRAMS == ["common.php", "read.php", "requeue.php"]
