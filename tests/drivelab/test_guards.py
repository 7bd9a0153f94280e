"""Given a product without one of its guards, then a drive that it protects against goes wrong.

The table goes to the laboratory's README. A boot for each guard, so only in the full run.
"""

from __future__ import annotations

import time

import pytest

from imagebuilder.catalogues import compile_catalogues
from tests.drivelab.boots import LOST, boot
from tests.drivelab.guards import GUARDS, Guard, Without, guards_report, taken_away
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
