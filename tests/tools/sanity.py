# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ``ansible-test sanity`` without containers, on a copy of the collection, with every Python that is there.

What ansible-test needs is made below .build/sanity: the copy at the path that it demands, and a home folder that
keeps its virtual environments, so that only the first run is slow.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

from tools.collection import BUILD, COLLECTION_PATH, ROOT, copy_to, digest, locked, project_files

SANITY = BUILD / "sanity"
HOME = SANITY / "home"
SUPPORTED = [f"python3.{minor}" for minor in range(10, 15)]


def write_pip_bootstrap(cache: Path) -> None:
    """Put the script that brings pip into ansible-test's empty virtual environments where it looks for it first.

    Otherwise ansible-test downloads it from a host of its own. The versions wanted stand in its source.
    """
    import ansible_test._internal.python_requirements as requirements

    script = (Path(__file__).parent / "bootstrap_pip.py").read_text()
    cache.mkdir(parents=True, exist_ok=True)
    for version in re.findall(r"pip='([0-9.]+)'", Path(requirements.__file__).read_text()):
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(script)


def write_pip_configuration(file: Path) -> None:
    """Hand on today's configuration of pip (index, certificates), because ansible-test drops the environment."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    settings = RawConfigParser()
    for key, value in re.findall(r"^([^=]+)='(.*)'$", listing, re.MULTILINE):
        section, _dot, option = key.rpartition(".")
        section = "global" if section == ":env:" else section
        if not settings.has_section(section):
            settings.add_section(section)
        # A list is shown with escaped line ends; in the file its further lines are indented.
        settings.set(section, option.lstrip("."), value.replace("\\n", "\n"))
    if not settings.has_section("global"):
        settings.add_section("global")
    # Errors only: page-long lists of what was installed would hide what the checks have found.
    settings.set("global", "quiet", "2")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    with file.open("w") as handle:
        settings.write(handle)


def python_folders() -> list[str]:
    """Return the folders of the real Pythons, pyenv's included, whose shims ansible-test cannot use."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    versions = sorted((pyenv / "versions").glob("*/bin"))
    useful = [str(folder) for folder in versions if any((folder / name).exists() for name in SUPPORTED)]
    rest = [folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder).name != "shims"]
    return [str(Path(sys.base_prefix, "bin")), *useful, *rest]


def prepare(copy: Path) -> None:
    """Bring the copy and the home folder up to date."""
    write_pip_bootstrap(HOME / ".ansible/test/cache")
    write_pip_configuration(HOME / ".config/pip/pip.conf")
    copy_to(copy, project_files())
    if not (SANITY / ".git").exists():
        # ansible-test asks git for the files; without this it would find the project's own repository around it.
        subprocess.run(["git", "init", "--quiet", str(SANITY)], check=True)  # noqa: S607 - git is where PATH says


def run(copy: Path, arguments: list[str]) -> int:
    """Run ansible-test in the copy and return its exit code."""
    kept = ("LANG", "LD_LIBRARY_PATH", "TMPDIR", "TERM")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"HOME": str(HOME), "PATH": os.pathsep.join(python_folders())}
    ansible_test = Path(sys.executable).with_name("ansible-test")
    command = [str(ansible_test), "sanity", "--color", "no", *arguments]
    return subprocess.run(command, cwd=copy, env=environment, check=False).returncode


def main() -> int:
    """Command line: arguments go to ansible-test; without any, an unchanged tree that passed is not tested again."""
    arguments = sys.argv[1:]
    copy = SANITY / COLLECTION_PATH
    with locked(SANITY / "lock"):
        state = f"{digest(project_files())} {importlib.metadata.version('ansible-core')} {sys.version_info[:2]}"
        passed = SANITY / "passed"
        if not arguments and passed.exists() and passed.read_text() == state:
            print("ansible-test sanity passed before with the same files")
            return 0
        if list(ROOT.glob("tests/sanity/ignore-*.txt")):
            print("tests/sanity/ignore-*.txt: the collection passes without exceptions, or not at all", file=sys.stderr)
            return 1
        prepare(copy)
        code = run(copy, arguments)
        if code == 0 and not arguments:
            passed.write_text(state)
        return code


if __name__ == "__main__":
    sys.exit(main())
