"""Given a PC whose firmware freezes its drive, then a short sleep frees it: at the screen by a
person's word, unattended where the settings say so, and else the drive stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from imagebuilder.catalogues import compile_catalogues
from imagebuilder.demo.office import PC_DMI, Office
from imagebuilder.vm import Machine
from tests.drivelab import guest
from tests.drivelab.boots import pc
from tests.drivelab.laboratory import Laboratory
from tests.drivelab.personality import load
from tests.vm.screen import F10, Screen

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]

_STATION = """\
station: {{organisation: {{ar: مختبر الأقراص, en: Drive laboratory}}, technicians: [Tester]}}
language: en
policy: {{level: purge, fallback: clear, verify: full, buses: [sata], suspend_frozen: {allowed}}}
image: {{choose: none}}
batch: {{enabled: true, countdown_s: 1, at_end: stay}}
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    compile_catalogues()
    with Office(tmp_path_factory.mktemp("office") / "office") as office:
        yield office


def test_a_person_lets_the_machine_sleep_with_one_key(tmp_path: Path) -> None:
    compile_catalogues()
    frozen = load("frozen")
    stick = guest.laboratory_stick(tmp_path)
    with Laboratory([frozen], tmp_path / "drives") as laboratory:
        with Machine(pc(stick, laboratory), tmp_path / "pc") as machine:
            screen = Screen(machine)
            screen.wait_for("Is this the machine in front of you?", 480)
            screen.press("\r")
            screen.wait_for("s  Sleep", 60)
            screen.press("s")
            screen.wait_for("The machine wakes up by itself.")
            screen.wait_for("Tester")  # the station has one technician, whose name stands there
            screen.press(F10)
            screen.wait_for("Is this the machine in front of you?", 240)
            screen.press("\r")
            screen.wait_for("1 drive would be erased")
            assert "s  Sleep" not in screen.text
            guest.consent_to_all(machine, laboratory)
            guest.wait_for_end(machine, 900)
            (stated,) = guest.drive_statements(machine)
        assert laboratory.left_bytes(frozen) == 0
    assert (stated["outcome"], stated["level"]) == ("purged", "purge")


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "not-allowed"])
def test_unattended_work_sleeps_only_where_the_settings_say_so(
    allowed: bool, office: Office, tmp_path: Path
) -> None:
    frozen = load("frozen")
    stick = guest.laboratory_stick(
        tmp_path,
        station=_STATION.format(allowed=str(allowed).lower()),
        mode="batch",
        ticket=office.ticket(tmp_path / "batch.jws"),
        trust=office.certificates,
    )
    with Laboratory([frozen], tmp_path / "drives") as laboratory:
        spec = replace(pc(stick, laboratory), dmi=PC_DMI)
        with Machine(spec, tmp_path / "pc") as machine:
            machine.shell.ready(600)
            guest.wait_for_end(machine, 900)
            (stated,) = guest.drive_statements(machine)
        assert laboratory.left_bytes(frozen) == 0
    assert (stated["outcome"], stated["level"]) == (
        ("purged", "purge") if allowed else ("cleared", "clear")
    )
