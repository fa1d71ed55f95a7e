# Copyright (c) 2026, multisite.runcloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the project's checks and tests, all of them although one fails, and sums them up.

The linters and ansible-test are run side by side and show their output when they end; the tests are shown as they go.
The last line counts checks and tests together: "N passed, N failed". It is the only count, pytest's own is left out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tools.collection import BUILD, COLLECTION_PATH, ROOT, link_tree

BIN = Path(sys.executable).parent
JUNIT = BUILD / "reports" / "junit.xml"
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
TYPED = (
    COLLECTION_PATH / "plugins",
    *(Path("tests", name) for name in ("simulator", "support", "tools", "demo", "benchmark")),
)
# What "make check" runs of the tests: none of the simulator's own, and few that start a process of Ansible.
QUICK_TESTS = (
    "tests/unit",
    "--ignore=tests/unit/simulator",
    "tests/integration/test_runcloud_domain.py",
    "tests/integration/test_installation.py",
)
SLOWEST_SHOWN = 10


@dataclass(frozen=True)
class Check:
    """A check is a command, and where it wants to be run."""

    name: str
    command: Sequence[str]
    folder: Path = ROOT


@dataclass(frozen=True)
class Outcome:
    """How a check or the tests ended; ``seconds`` is what it took."""

    name: str
    seconds: float
    passed: int
    failed: int
    skipped: int = 0


def mypy() -> Check:
    """Return the type check; plugins are seen under the name by which they are imported."""
    tree = link_tree()
    roots = [tree / path if path.parts[0] == "ansible_collections" else ROOT / path for path in TYPED]
    return Check("mypy --strict", ["mypy", *(str(root.relative_to(ROOT)) for root in roots)])


def quick_linters() -> list[Check]:
    """Return the linters that take seconds."""
    return [
        mypy(),
        Check("plugin docs", ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", "."]),
        Check("ruff check", ["ruff", "check", "--output-format", "concise", "."]),
        Check("ruff format", ["ruff", "format", "--check", "."]),
        Check("yamllint", ["yamllint", "--strict", "."]),
        Check("shellcheck", ["shellcheck", ".ci/run", *map(str, ROOT.glob("tests/**/*.sh"))]),
        Check("changelog", ["antsibull-changelog", "lint"]),
    ]


def linters() -> list[Check]:
    """Return every linter, the slow ones first."""
    return [
        Check("galaxy-importer", ["python", "-m", "tools.importer"]),
        Check("ansible-lint", ["ansible-lint", "--profile", "production", "--offline", "--nocolor", "-q"]),
        *quick_linters(),
    ]


def sanity() -> Check:
    """Return ansible-test's own checks."""
    return Check("ansible-test sanity", ["python", "-m", "tools.sanity"])


def environment() -> dict[str, str]:
    """Return the environment in which tools find each other, this folder's Python packages and the collection."""
    return {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "tests"),
        "ANSIBLE_COLLECTIONS_PATH": str(link_tree()),
    }


def run_captured(check: Check) -> Outcome:
    """Run a check and show what it printed in one piece."""
    start = time.monotonic()
    executable, *arguments = check.command
    done = subprocess.run(
        [str(BIN / executable), *arguments],
        cwd=check.folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - start
    ok = done.returncode == 0
    print(f"--- {check.name}: {'ok' if ok else 'FAILED'} ({seconds:.1f} s)", flush=True)
    if not ok:
        print(done.stdout, flush=True)
    return Outcome(check.name, seconds, passed=int(ok), failed=int(not ok))


def run_checks(checks: Sequence[Check]) -> list[Outcome]:
    """Run the checks side by side, the first ones first."""
    with ThreadPoolExecutor(CORES) as pool:
        futures = [pool.submit(run_captured, check) for check in checks]
        return [future.result() for future in as_completed(futures)]


def run_tests(*arguments: str, measured: bool = False) -> list[Outcome]:
    """Run unit and integration tests, or those that the arguments for pytest name, and show which were slow.

    ``measured`` reports the coverage of plugins/ in all their processes. That takes half as long again, since every
    process that Ansible starts is measured.
    """
    start = time.monotonic()
    shutil.rmtree(BUILD / "coverage", ignore_errors=True)
    JUNIT.unlink(missing_ok=True)
    # Twice quiet: without pytest's own count.
    pytest = [
        "-m",
        "pytest",
        "-qq",
        f"--durations={SLOWEST_SHOWN}",
        f"--junit-xml={JUNIT}",
        "--numprocesses",
        str(CORES),
    ]
    command = [sys.executable, *(["-m", "coverage", "run"] if measured else []), *pytest, *arguments]
    print(f"--- tests, {CORES} at a time", flush=True)
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    outcome = count(code, time.monotonic() - start)
    if measured:
        coverage_report()
    return [outcome]


def coverage_report() -> None:
    """Put the data of all processes together and print the table; a process that was killed left half a file."""
    combine = [sys.executable, "-W", "ignore", "-m", "coverage", "combine", "--quiet"]
    subprocess.run(combine, cwd=ROOT, check=False, stderr=subprocess.DEVNULL)
    for rest in (BUILD / "coverage").glob("data.*"):
        rest.unlink()
    subprocess.run([sys.executable, "-m", "coverage", "report"], cwd=ROOT, check=False)


def count(code: int, seconds: float) -> Outcome:
    """Count pytest's tests; an exit code that no failed test explains (none found, a crash) is a failure, too."""
    if not JUNIT.exists():
        return Outcome("tests", seconds, passed=0, failed=1)
    suite = ElementTree.parse(JUNIT).getroot().find("testsuite")  # noqa: S314 - pytest has written it
    numbers = (
        {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
        if suite is not None
        else {}
    )
    failed = numbers.get("failures", 0) + numbers.get("errors", 0)
    skipped = numbers.get("skipped", 0)
    passed = numbers.get("tests", 0) - failed - skipped
    return Outcome("tests", seconds, passed, failed or int(code != 0), skipped)


def summary(outcomes: Sequence[Outcome]) -> int:
    """Print the table and the closing line; return the exit code."""
    print()
    for outcome in outcomes:
        verdict = "FAILED" if outcome.failed else "ok"
        skipped = f"   ({outcome.skipped} skipped)" if outcome.skipped else ""
        print(f"{outcome.name:<22}{verdict:<8}{outcome.seconds:7.1f} s{skipped}")
    passed, failed = (sum(getattr(outcome, name) for outcome in outcomes) for name in ("passed", "failed"))
    print(f"\n{passed} passed, {failed} failed")
    return int(failed > 0 or passed == 0)


def run_all() -> list[Outcome]:
    """Run everything. Sanity is slow and mostly on one core, so the linters and the tests run beside it."""
    with ThreadPoolExecutor(1) as beside:
        slow = beside.submit(run_captured, sanity())
        outcomes = run_checks(linters()) + run_tests()
        return [slow.result(), *outcomes]


GROUPS: dict[str, Callable[[], list[Outcome]]] = {
    "quick": lambda: run_checks(quick_linters()) + run_tests(*QUICK_TESTS),
    "lint": lambda: run_checks(linters()),
    "sanity": lambda: run_checks([sanity()]),
    "tests": run_tests,
    "coverage": lambda: run_tests(measured=True),
    "all": run_all,
}


def main() -> int:
    """Command line: which group of checks to run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("group", nargs="?", choices=GROUPS, default="all")
    return summary(GROUPS[parser.parse_args().group]())


if __name__ == "__main__":
    sys.exit(main())
