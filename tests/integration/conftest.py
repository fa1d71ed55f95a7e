# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the integration tests stand on: the installed collection, real Ansible processes, the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.ansible import Ansible
from tools.collection import installed

if TYPE_CHECKING:
    from simulator.process import Simulator


@pytest.fixture(scope="session")
def collections_path() -> Path:
    """A folder of collections with nothing in it but ours, built and installed as a user would."""
    return installed()


@pytest.fixture
def ansible(collections_path: Path, tmp_path: Path) -> Ansible:
    """Ansible with the collection installed and a home folder of its own."""
    home = tmp_path / "home"
    home.mkdir()
    return Ansible(collections_path, home)


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    """The process of the simulator, one for all tests."""
    from simulator.process import Simulator

    with Simulator() as process:
        yield process


@pytest.fixture
def simulator(simulator_process: Simulator) -> Simulator:
    """The simulator, empty: no servers, no faults, no requests logged."""
    simulator_process.reset()
    return simulator_process
