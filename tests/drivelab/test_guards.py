"""Given a product without one of its guards, then a drive that it protects against goes wrong.

Two of them on the bench without a PC; all of them, a boot each, in the full run, whose table
goes to the laboratory's README.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from imagebuilder.catalogues import compile_catalogues
from imagebuilder.stick.application import REPOSITORY
from tests.drivelab.boots import LOST, boot
from tests.drivelab.guards import GUARDS, Guard, Without, guards_report, patched, taken_away
from tests.drivelab.guest import laboratory_stick
from tests.drivelab.personality import load, names
from tests.drivelab.readme import put


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_can_be_taken_away_and_has_drives_that_need_it(guard: Guard) -> None:
    files = taken_away(guard)
    for path, (content, _mode) in files.items():
        if path.endswith(".py"):
            compile(content, path, "exec")
    assert guard.drives and set(guard.drives) <= set(names())


# Those whose drives need no reading through the firmware: the bench reads the medium itself.
BENCH = (
    ("canaries and old samples", "security-erase-liar"),
    ("exit states", "sanitize-stuck-readable"),
)


def on_the_bench(tree: Path, name: str) -> dict[str, Any]:
    """What the product in `tree` makes of a drive, without a virtual PC."""
    media = tree / f"media-{name}"
    media.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.drivelab.guardbench", name, str(media)],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(("guard", "name"), BENCH)
def test_without_it_a_lie_is_believed_already_on_the_bench(
    guard: str, name: str, tmp_path: Path
) -> None:
    """The same patches as on the stick, on a copy of the product here."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "appliance", tmp_path / "appliance", ignore=ignored)
    for part in ("tests", "imagebuilder"):
        (tmp_path / part).symlink_to(REPOSITORY / part)
    for file, text in patched(next(one for one in GUARDS if one.name == guard)).items():
        (tmp_path / file).write_text(text)
    wanted = load(name).expected
    found = on_the_bench(tmp_path, name)
    assert (found["outcome"], found["level"], found["method"]) != (
        wanted.outcome,
        wanted.level,
        wanted.method,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Without]:
    """Each guard's drives, erased without it."""
    compile_catalogues()
    begun = time.monotonic()
    found = {}
    for number, guard in enumerate(GUARDS):
        directory = tmp_path_factory.mktemp(f"guard{number}")
        stick = laboratory_stick(directory, taken_away(guard))
        try:
            rows = boot(stick, [load(name) for name in guard.drives], directory / "boot")
        except LOST:
            continue  # its test fails for want of a run, the others keep theirs
        found[guard.name] = Without(guard=guard.name, without=guard.without, rows=tuple(rows))
    put("guards", guards_report(list(found.values()), time.monotonic() - begun))
    return found


@pytest.mark.full
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("name", [guard.name for guard in GUARDS])
def test_without_it_the_matrix_turns_red(name: str, runs: dict[str, Without]) -> None:
    assert name in runs and runs[name].red
