# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that hold for every test, made before anything of the collection or of Ansible is used."""

from __future__ import annotations

import os
import uuid

import pytest

from tools.collection import link_tree

# pytest-ansible reads this when it is configured, which is after this file was read.
os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(link_tree())

# Whoever runs the tests may have an account of their own: no test may ever reach it. And what is sent to 127.0.0.1
# has to arrive there.
ELSEWHERE = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"}
for name in list(os.environ):
    if name.startswith(("RUNCLOUD_", "WU_RUNCLOUD_")) or name.upper() in ELSEWHERE:
        del os.environ[name]


@pytest.fixture(autouse=True)
def _cache_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let each test begin without what others remember, and none write into the user's own cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / f"cache-{uuid.uuid4().hex}"))
