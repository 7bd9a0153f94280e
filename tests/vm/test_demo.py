"""Given a donated PC and an armed stick, when it is switched on, then all is as the demo shows.

On UEFI with Secure Boot enforced, and on BIOS; there, screen and engine are killed in the middle.
"""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from imagebuilder.demo.baddrive import RANGE_BYTES, BadDrive, remembered_range
from imagebuilder.demo.donated import DECOY, MIB, NVME, SATA
from imagebuilder.demo.findings import Findings, look, payload
from imagebuilder.demo.job import Target, Told, run_job
from imagebuilder.demo.markers import search
from imagebuilder.demo.office import PC_DMI
from imagebuilder.demo.watch import Event
from imagebuilder.vm import Machine, MachineSpec
from imagebuilder.vm.machine import Firmware
from tests.vm.workshop import SERIALS, Workshop, digests, donated

pytestmark = pytest.mark.timeout(3600)


def job(
    workshop: Workshop,
    directory: Path,
    firmware: Firmware,
    meanwhile: Callable[[Machine, Event], None] | None = None,
) -> tuple[Told, Findings, dict[str, Target]]:
    """The demo's path: the stick's whole job, and what is found afterwards."""
    ticket = workshop.office.ticket(directory / "ticket.jws")
    stick = workshop.stick(directory, station=workshop.station(), ticket=ticket)
    drives = workshop.drives(directory / "disks", SATA, NVME, DECOY)
    targets = (drives[SATA], drives[NVME])
    decoy = digests([drives[DECOY]])
    spec = donated(firmware, stick, list(drives.values()))
    told = run_job(spec, targets, workshop.manifest, directory / "pc", meanwhile=meanwhile)
    unchanged = digests([drives[DECOY]]) == decoy
    return told, look(told, targets, workshop.office, directory, unchanged), drives


def assert_as_promised(told: Told, findings: Findings) -> None:
    assert findings.problems == ()
    assert told.exit == 0
    assert told.drives[SERIALS[SATA]]["outcome"] == "cleared"
    assert told.drives[SERIALS[NVME]]["outcome"] in ("purged", "cleared")
    assert told.drives[SERIALS[DECOY]]["phase"] == "left-alone"
    assert {serial: len(hits) for serial, hits in told.left.items()} == {
        SERIALS[SATA]: 0,
        SERIALS[NVME]: 0,
    }
    assert told.drives[SERIALS[SATA]]["image_outcome"] == "laid-down"
    for drive in findings.drives:
        assert drive.left_after == ()
    (sata,) = (drive for drive in findings.drives if drive.name == SATA)
    assert sata.rechecked is not None and sata.rechecked[0] == 0
    assert {status for status, _ in findings.verdicts.values()} == {0}
    kinds = sorted(event["type"] for event in told.statements)
    assert kinds == ["deployment", "drive", "drive", "machine"]
    assert told.delivery["registered"] == 4


def test_a_drive_that_gives_back_old_data_fails_and_gets_no_image(
    workshop: Workshop, tmp_path: Path
) -> None:
    """The range is named in the signed statement; the image would have fitted only there."""
    ticket = workshop.office.ticket(tmp_path / "ticket.jws")
    stick = workshop.stick(tmp_path, station=workshop.station(), ticket=ticket)
    sata = workshop.drives(tmp_path / "disks", SATA)[SATA]
    begin = remembered_range(search(sata.raw), 1400 * MIB)
    with BadDrive(sata.raw, begin, tmp_path / "nbdkit.log") as bad:
        target = replace(sata, drive=replace(sata.drive, source=bad.source))
        told = run_job(
            donated("uefi", stick, [target]), (target,), workshop.manifest, tmp_path / "pc"
        )
    assert told.exit == 1
    assert told.outcome == "failed"
    assert told.drives[target.serial]["outcome"] == "failed"
    assert told.drives[target.serial]["image_outcome"] == ""
    assert sorted(event["type"] for event in told.statements) == ["drive", "machine"]
    findings = look(told, (target,), workshop.office, tmp_path, True)
    (drive,) = findings.drives
    named = drive.failed_ranges
    assert sum(length for _, length in named) == RANGE_BYTES
    assert min(offset for offset, _ in named) == begin
    assert drive.left_after, "the old data is still there, and the statement says where"
    assert findings.problems == ()


def starts_alone(firmware: Firmware, target: Target, directory: Path) -> str:
    """Boot the drive without the stick; what the small system says about itself."""
    spec = MachineSpec(
        name="family",
        firmware=firmware,
        drives=(replace(target.drive, boot_index=0),),
        memory_mib=1024,
        dmi=PC_DMI,
    )
    with Machine(spec, directory) as machine:
        machine.wait_for("@small started", 600)
        return machine.serial[0].text


def test_whole_job_under_secure_boot(workshop: Workshop, tmp_path: Path) -> None:
    told, findings, drives = job(workshop, tmp_path, "secureboot")
    assert_as_promised(told, findings)
    machine = payload(findings.documents["machine.jws"])["body"]
    assert machine["machine"]["secure_boot"] is True
    assert machine["outcome"] == "cleared"
    deployment = payload(findings.documents[f"deployment-{SERIALS[SATA]}.jws"])["body"]
    said = starts_alone("secureboot", drives[SATA], tmp_path / "family")
    assert f"@small hostname {deployment['hostname']}" in said
    size = int(re.search(r"@small root \S+ \S+ \S+ +(\d+)", said)[1])  # type: ignore[index]
    assert size > 2.2e9, "the root file system did not grow to the disk"
    assert "@small firmware uefi" in said


class Killer:
    """Kills faces and engine in the middle of the overwrite, and looks who survives."""

    def __init__(self, serial: str) -> None:
        self.serial = serial
        self.done = False
        self.key = ""
        self.seen: tuple[str, ...] = ()

    def __call__(self, machine: Machine, event: Event) -> None:
        if event["event"] == "machine":
            (self.key,) = (d["key"] for d in event["drives"] if d["serial"] == self.serial)
        if self.done or event["event"] != "progress":
            return
        for drive in event["drives"]:
            begun = (
                drive["phase"] == "erasing" and drive["done_bytes"] > 0.05 * drive["total_bytes"]
            )
            if drive["key"] == self.key and begun:
                self.done = True
                self.kill(machine)

    def kill(self, machine: Machine) -> None:
        # The other drive's worker may still run, or be over in a moment.
        worker = self.pid(machine, f"tajdeed worker .*{self.key}")
        engine = self.pid(machine, "tajdeed engine")
        faces = machine.shell.check("pgrep -f '[t]ajdeed tui'").split()
        self.seen = self.processes_seen(machine)
        machine.shell.check(f"kill -9 {engine} {' '.join(faces)}")
        deadline = time.monotonic() + 180
        while True:
            status, now = machine.shell.run("pgrep -f '[t]ajdeed engine'")
            if status == 0 and now.split() != [engine]:
                break
            assert time.monotonic() < deadline, "the engine did not come back"
            time.sleep(0.5)
        survivor = self.pid(machine, f"tajdeed worker .*{self.key}")
        assert survivor == worker, "the erase was stopped"
        back = machine.shell.check("sleep 15; pgrep -f '[t]ajdeed tui'", 120).split()
        assert len(back) == len(faces) and not set(back) & set(faces)

    def processes_seen(self, machine: Machine) -> tuple[str, ...]:
        """What the product finds of this drive's worker, and of one that there is not."""
        listed = machine.shell.check(
            f"systemctl list-units --plain --no-legend 'tajdeed-worker-*-{self.key}-*.service'"
        )
        unit = listed.split()[0]
        code = (
            "import sys; sys.path.insert(0, '/usr/lib/tajdeed'); "
            "from appliance.tools.systemd import has_processes; "
            f"print(has_processes('{unit}'), has_processes('{unit}.gone'))"
        )
        return tuple(machine.shell.check(f'python3 -c "{code}"', 60).split())

    @staticmethod
    def pid(machine: Machine, what: str) -> str:
        """The process id of the one whose command line matches."""
        (pid,) = machine.shell.check(f"pgrep -f '[{what[0]}]{what[1:]}'").split()
        return pid


def test_whole_job_on_bios_while_screen_and_engine_are_killed(
    workshop: Workshop, tmp_path: Path
) -> None:
    killer = Killer(SERIALS[SATA])
    told, findings, drives = job(workshop, tmp_path, "bios", killer)
    assert killer.done
    assert killer.seen == ("True", "False")
    assert_as_promised(told, findings)
    said = starts_alone("bios", drives[SATA], tmp_path / "family")
    assert "@small firmware bios" in said
