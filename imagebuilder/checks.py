"""`test [quick|full]`: every checker and every test, with the time that each part took.

One list for developers and for continuous integration. A tool that is missing is a failure; the
last line counts what ran. Changes nothing in the repository.
"""

import argparse
import shutil
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imagebuilder import room
from imagebuilder.catalogues import LOCALES, compile_catalogues
from imagebuilder.console import elapsed, say
from imagebuilder.run import ProgramError, run, run_visibly
from imagebuilder.stick.application import REPOSITORY

_CODE = ("appliance", "profiles/familypc", "imagebuilder", "tests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one part of a run came to."""

    title: str
    passed: int
    failed: int
    elapsed_s: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`test [quick|full]`."""
    parser.add_argument(
        "extent", nargs="?", default="default", choices=("quick", "default", "full")
    )


def command(args: argparse.Namespace) -> int:
    """Run all parts, also after a failure; 1 when anything failed or nothing ran."""
    begun = time.monotonic()
    room.warn(f"test {args.extent}")
    parts = [timed(title, check) for title, check in _checkers().items()]
    selection = [] if args.extent == "full" else ["-m", "not full"]
    directories = ["unit", "web"] if args.extent == "quick" else ["unit", "web", "drivelab", "vm"]
    for name in directories:
        directory = REPOSITORY / "tests" / name
        if any(directory.glob("test_*.py")):
            parts.append(run_pytest(name, [*selection, str(directory)]))
    say("")
    for part in parts:
        state = "ok" if not part.failed else "FAILED"
        say(
            f"{part.title:34} {part.passed:5} passed {part.failed:3} failed "
            f"{elapsed(part.elapsed_s):>12}  {state}"
        )
    passed = sum(part.passed for part in parts)
    failed = sum(part.failed for part in parts)
    say(f"total {elapsed(time.monotonic() - begun)}")
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


def _checkers() -> dict[str, Callable[[], None]]:
    """Title to check; a check raises `ProgramError` or `ValueError`."""
    python = sys.executable
    scripts = shell_scripts()
    return {
        "ruff check": lambda: _quietly([python, "-m", "ruff", "check", "."]),
        "ruff format": lambda: _quietly([python, "-m", "ruff", "format", "--check", "."]),
        "mypy --strict": lambda: _quietly([python, "-m", "mypy", *_CODE]),
        "shellcheck": lambda: _quietly(["shellcheck", *map(str, scripts)]),
        "codespell": lambda: _quietly([python, "-m", "codespell_lib", *_tracked()]),
        "catalogues compile": _catalogues,
    }


def shell_scripts() -> list[Path]:
    """The files of the repository that a shell runs, known by their first line."""
    found = []
    for name in _tracked():
        path = REPOSITORY / name
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as stream:
                first = stream.readline(64)
            if first.startswith((b"#!/bin/sh", b"#!/bin/bash")):
                found.append(path)
    return found


def _tracked() -> list[str]:
    git = ["git", "-c", f"safe.directory={REPOSITORY}", "ls-files", "-z", "--cached", "--others"]
    listing = run([*git, "--exclude-standard"], cwd=REPOSITORY).text
    return [name for name in listing.split("\0") if name]


def _quietly(argv: list[str]) -> None:
    run(argv, cwd=REPOSITORY)


def _catalogues() -> None:
    with tempfile.TemporaryDirectory(prefix="tajdeed-locale-") as directory:
        for number, locale in enumerate(LOCALES):
            copy = Path(directory) / str(number)
            shutil.copytree(locale, copy, ignore=shutil.ignore_patterns("*.mo"))
            compile_catalogues(copy)


def timed(title: str, check: Callable[[], None]) -> Part:
    begun = time.monotonic()
    failed = 0
    try:
        check()
    except (ProgramError, ValueError) as error:
        failed = 1
        say(f"x {title}\n{error}")
    else:
        say(f"= {title}: {elapsed(time.monotonic() - begun)}")
    return Part(title=title, passed=1 - failed, failed=failed, elapsed_s=time.monotonic() - begun)


def run_pytest(name: str, arguments: list[str]) -> Part:
    """One pytest run; its counts come from its own report."""
    begun = time.monotonic()
    say(f"> tests/{name}")
    with tempfile.TemporaryDirectory(prefix="tajdeed-test-") as directory:
        report = Path(directory) / "report.xml"
        status = run_visibly(
            [
                *(sys.executable, "-m", "pytest", "-q", "--durations=5", "-p", "no:cacheprovider"),
                *(f"--junitxml={report}", *arguments),
            ],
            cwd=REPOSITORY,
        )
        passed = failed = 0
        if report.exists():
            tree = ElementTree.parse(report)  # noqa: S314  # what pytest just wrote for us
            for suite in tree.getroot().iter("testsuite"):
                bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
                # a skipped test is a test that did not run: it counts as failed
                bad += int(suite.get("skipped", 0))
                failed += bad
                passed += int(suite.get("tests", 0)) - bad
        if status and not failed:
            failed = 1
    return Part(
        title=f"tests/{name}", passed=passed, failed=failed, elapsed_s=time.monotonic() - begun
    )
