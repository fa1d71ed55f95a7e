# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a tree of files: what belongs to it, a copy of it, the tarball, an installation."""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build"
NAMESPACE, NAME = "multisite", "runcloud"
COLLECTION_PATH = Path("ansible_collections", NAMESPACE, NAME)
INSTALLATIONS_KEPT = 3


def project_files() -> list[Path]:
    """Return what git tracks and what it neither tracks nor ignores, relative to the project's root, sorted."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is where PATH says
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = {name for name in listing.split("\0") if name}
    return sorted(Path(name) for name in names if (ROOT / name).is_file())


def digest(files: list[Path]) -> str:
    """Return a short hash over the names and contents of the project's files."""
    sums = hashlib.sha256()
    for file in files:
        content = (ROOT / file).read_bytes()
        sums.update(f"{file}\0{len(content)}\0".encode())
        sums.update(content)
    return sums.hexdigest()[:16]


def copy_to(target: Path, files: list[Path]) -> None:
    """Make ``target`` a copy of the project's files: unchanged files keep their times, surplus ones are removed."""
    for present in [path for path in target.rglob("*") if path.is_file()]:
        if present.relative_to(target) not in files:
            present.unlink()
    for file in files:
        source, copy = ROOT / file, target / file
        if copy.is_file() and copy.read_bytes() == source.read_bytes() and copy.stat().st_mode == source.stat().st_mode:
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, copy)


def link_tree() -> Path:
    """Make the working copy importable as ``ansible_collections.multisite.runcloud``.

    Returns the folder to put on ``sys.path``; the collection is alone in it.
    """
    tree = BUILD / "tree"
    link = tree / COLLECTION_PATH
    link.parent.mkdir(parents=True, exist_ok=True)
    with locked(BUILD / "tree.lock"):
        if not link.is_symlink():
            link.symlink_to(ROOT, target_is_directory=True)
    return tree


def build(target: Path) -> Path:
    """Build the tarball from a copy of the project's files into the folder ``target`` and return its path."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "source")
        copy_to(source, project_files())
        _galaxy("build", str(source), "--output-path", str(target), "--force")
    return max(target.glob(f"{NAMESPACE}-{NAME}-*.tar.gz"), key=lambda file: file.stat().st_mtime)


def install(tarball: Path, target: Path) -> Path:
    """Install the tarball into the folder ``target``, as a user would, and return the collection's folder."""
    _galaxy("install", str(tarball), "--collections-path", str(target), "--force", "--offline")
    return target / COLLECTION_PATH


def installed() -> Path:
    """Return a folder of collections that holds the built and installed collection only.

    It is made once for each state of the project's files, however many processes ask for it.
    """
    store = BUILD / "installed"
    store.mkdir(parents=True, exist_ok=True)
    target = store / digest(project_files())
    with locked(BUILD / "installed.lock"):
        if not target.is_dir():
            with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
                unfinished = Path(scratch, "collections")
                install(build(Path(scratch)), unfinished)
                unfinished.rename(target)
        target.touch()
        for old in sorted(store.iterdir(), key=lambda folder: folder.stat().st_mtime)[:-INSTALLATIONS_KEPT]:
            shutil.rmtree(old)
    return target


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold an exclusive lock on ``file`` against other processes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _galaxy(action: str, *arguments: str) -> None:
    """Run ``ansible-galaxy collection`` of this Python's environment; its output is shown where it fails."""
    command = [str(Path(sys.executable).with_name("ansible-galaxy")), "collection", action, *arguments]
    # No other collection may satisfy or disturb the installation.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def main() -> int:
    """Command line: build the tarball into a folder and print its path."""
    parser = argparse.ArgumentParser(description=build.__doc__)
    parser.add_argument("target", type=Path, nargs="?", default=BUILD)
    print(build(parser.parse_args().target))
    return 0


if __name__ == "__main__":
    sys.exit(main())
