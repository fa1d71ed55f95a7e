# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the integration tests stand on: the installed collection, real Ansible processes, the simulator."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.dns_server import DnsServer
from support.playbooks import COLLECTION, Ansible
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

    process = Simulator()
    with pytest.MonkeyPatch.context() as environment:
        # Its coverage is of no interest, and measuring it would slow it down.
        environment.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        process.start()
    yield process
    process.stop()


@pytest.fixture
def ansible_localhost(ansible_adhoc: Any, tmp_path: Path) -> Any:
    """pytest-ansible's localhost, with this Python instead of one that Ansible would discover.

    ``getattr(ansible_localhost, "multisite.runcloud.runcloud_domain")(name=...)`` runs a module; the result's
    ``localhost`` is what it returned. The controller's part runs inside the test's process, so the collection is the
    working copy here, not the installed one.
    """
    inventory = tmp_path / "inventory.json"
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory.write_text(json.dumps({"all": {"hosts": {"localhost": variables}}}))
    return ansible_adhoc(inventory=str(inventory), host_pattern="localhost").localhost


@pytest.fixture
def module(ansible_localhost: Any) -> Callable[..., dict[str, Any]]:
    """Call a module of the collection by its short name with its options; returns what the module returned."""

    def call(name: str, /, **options: Any) -> dict[str, Any]:
        return dict(getattr(ansible_localhost, f"{COLLECTION}.{name}")(**options).localhost)

    return call


@pytest.fixture
def simulator(simulator_process: Simulator) -> Simulator:
    """The simulator as it starts: its own small seed, no faults, no requests logged."""
    simulator_process.reset()
    return simulator_process


@pytest.fixture(scope="session")
def dns_process() -> Iterator[DnsServer]:
    """The nameserver, one for all tests."""
    with DnsServer() as server:
        yield server


@pytest.fixture
def dns(dns_process: DnsServer) -> DnsServer:
    """A nameserver by which every name that is not set points to this machine."""
    dns_process.reset()
    dns_process.default = ("127.0.0.1",)
    return dns_process
