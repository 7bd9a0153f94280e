"""Given a PC that goes off while its drive erases itself, then the next boot watches on, states
what it does not know of the first run, and certifies only its own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from imagebuilder.catalogues import compile_catalogues
from imagebuilder.vm import Machine
from tests.drivelab import guest, halfway
from tests.drivelab.boots import pc
from tests.drivelab.laboratory import Laboratory
from tests.drivelab.personality import load

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]


def test_a_sanitize_that_outlives_its_boot_is_waited_for_and_never_counted(tmp_path: Path) -> None:
    compile_catalogues()
    drive = load(str(halfway.__file__))
    stick = guest.laboratory_stick(tmp_path)
    with Laboratory([drive], tmp_path / "drives") as laboratory:
        with Machine(pc(stick, laboratory), tmp_path / "pc") as machine:
            machine.qmp.command("set-action", reboot="reset")
            guest.consent_to_all(machine, laboratory)
            deadline = time.monotonic() + 600
            while not any(line.endswith("sanitize 14") for line in _told(laboratory)):
                assert time.monotonic() < deadline, _told(laboratory)[-5:]
                time.sleep(1)
            machine.qmp.command("system_reset")
            found = guest.erase_all(machine, laboratory, 1500)["halfway"]
            outcomes = sorted(one["outcome"] for one in guest.drive_statements(machine))
        assert [one["code"] for one in found.planned["preparations"]] == ["wait-for-sanitize"]
        assert found.statement is not None
        assert (found.statement["outcome"], found.statement["method"]) == (
            "purged",
            "ata-sanitize-overwrite",
        )
        assert outcomes == ["purged", "unknown"]
        assert laboratory.left_bytes(drive) == 0


def _told(laboratory: Laboratory) -> list[str]:
    return laboratory.journal(laboratory.personalities[0])
