# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real WordPress for the tests; where it cannot be had, they are skipped with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.playbooks import Ansible
from tools.collection import installed
from wordpress.installation import Networks, Site, networks, why_not


@pytest.fixture(scope="session")
def collections_path() -> Path:
    return installed()


@pytest.fixture
def ansible(collections_path: Path, tmp_path: Path) -> Ansible:
    home = tmp_path / "home"
    home.mkdir()
    return Ansible(collections_path, home)


@pytest.fixture(scope="session")
def wordpress_networks() -> Iterator[Networks]:
    reason = why_not()
    if reason:
        pytest.skip(reason)
    with networks() as found:
        yield found


@pytest.fixture
def subdomain(wordpress_networks: Networks) -> Site:
    """The subdomain network, as it was installed, but for its sites and the plugin's table."""
    wordpress_networks.subdomain.reset()
    return wordpress_networks.subdomain


@pytest.fixture
def subdirectory(wordpress_networks: Networks) -> Site:
    """The subdirectory network, as it was installed, but for its sites and the plugin's table."""
    wordpress_networks.subdirectory.reset()
    return wordpress_networks.subdirectory
