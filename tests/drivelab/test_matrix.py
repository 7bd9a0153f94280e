"""Given drives of every character, when the stick erases them, then each statement is true.

A few drives a boot. The matrix goes to `dist/reports/drivelab.md`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from imagebuilder.catalogues import compile_catalogues
from imagebuilder.stick.application import REPOSITORY
from imagebuilder.vm import Machine, MachineSpec, stick_drive
from tests.drivelab.guest import erase_all, laboratory_stick
from tests.drivelab.laboratory import Laboratory
from tests.drivelab.matrix import Row, report, row
from tests.drivelab.personality import Personality, load, names

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]

# SeaBIOS keeps room for 16 disks; with more, one boot in seven did not find the stick.
_DRIVES_A_BOOT = 9
_ERASING_S = 1500


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    """The whole matrix, by name."""
    compile_catalogues()
    directory = tmp_path_factory.mktemp("drivelab")
    stick = laboratory_stick(directory)
    everyone = [load(name) for name in names()]
    begun = time.monotonic()
    found: dict[str, Row] = {}
    boots = range(0, len(everyone), _DRIVES_A_BOOT)
    for first in boots:
        some = everyone[first : first + _DRIVES_A_BOOT]
        for one in boot(stick, some, directory / f"boot{first}"):
            found[one.name] = one
    target = REPOSITORY / "dist/reports/drivelab.md"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(report(list(found.values()), time.monotonic() - begun, len(boots)))
    return found


def boot(stick: Path, personalities: Sequence[Personality], directory: Path) -> list[Row]:
    """One virtual PC with these drives, erased."""
    with Laboratory(personalities, directory / "drives") as laboratory:
        spec = MachineSpec(
            name="lab",
            drives=(stick_drive(stick),),
            memory_mib=1536,
            shared_memory=True,
            extra=laboratory.arguments,
        )
        with Machine(spec, directory / "pc") as machine:
            found = erase_all(machine, laboratory, _ERASING_S)
        assert laboratory.complaints() == ""
        return [
            row(
                personality.name,
                personality.title,
                personality.expected,
                planned=found[personality.name].planned,
                statement=found[personality.name].statement,
                left_bytes=laboratory.left_bytes(personality),
                size_bytes=laboratory.size_bytes(personality),
            )
            for personality in personalities
        ]


@pytest.mark.parametrize("name", names())
def test_the_statement_says_what_is_true_of_the_drive(name: str, rows: dict[str, Row]) -> None:
    assert rows[name].problems == ()


def test_no_false_certificate_and_no_false_failure(rows: dict[str, Row]) -> None:
    assert [one.name for one in rows.values() if one.false_certificate] == []
    assert [one.name for one in rows.values() if one.false_failure] == []
