"""Given a PC with a 4Kn drive and entries of its donor's systems, when the stick has done its
job, then the family's system starts under Secure Boot, by the entry that the stick has made."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from imagebuilder.demo.donated import DECOY
from imagebuilder.demo.findings import payload
from imagebuilder.demo.office import PC_DMI, tajdeed
from imagebuilder.demo.watch import events
from imagebuilder.vm import Machine, MachineSpec
from tests.vm.workshop import DONORS_ESP, SERIALS, SMALL, Workshop, donated, small_nvme, statements

pytestmark = [pytest.mark.timeout(3600), pytest.mark.full]

WINDOWS = r"--label 'Windows Boot Manager' --loader '\EFI\Microsoft\Boot\bootmgfw.efi'"
SOMEBODYS = r"--label 'Somebodys disk' --loader '\EFI\BOOT\BOOTX64.EFI'"


def test_4kn_drive_starts_under_secure_boot_and_the_donors_entries_are_gone(
    workshop: Workshop, tmp_path: Path
) -> None:
    target = small_nvme(tmp_path / "disks", "TEST4KN00005", block_bytes=4096)
    decoy = workshop.drives(tmp_path / "disks", DECOY)[DECOY]
    station = workshop.station().replace("countdown_s: 1, at_end: poweroff", "countdown_s: 30")
    ticket = workshop.office.ticket(tmp_path / "ticket.jws")
    stick = workshop.stick(tmp_path, station=station, ticket=ticket)
    spec = replace(donated("secureboot", stick, [target, decoy]), keep_variables=True)
    said = []
    had = ""
    with Machine(spec, tmp_path / "pc") as machine:
        for event in events(machine, 2400):
            said.append(event)
            if event["event"] == "machine" and not had:
                nodes = {drive["serial"]: drive["path"] for drive in event["drives"]}
                for serial, words in ((target.serial, WINDOWS), (SERIALS[DECOY], SOMEBODYS)):
                    machine.shell.check(
                        f"efibootmgr --quiet --create --disk {nodes[serial]} --part 1 {words}"
                    )
                had = machine.shell.check("efibootmgr --verbose")
        listing = machine.shell.check("efibootmgr --verbose")
    assert said[-1]["exit"] == 0
    assert DONORS_ESP in had.lower() and "Somebodys disk" in had
    assert DONORS_ESP not in listing.lower(), "the donor's Windows is still in the list"
    assert "Somebodys disk" in listing, "that drive was left alone, and so must its entry be"
    (ours,) = re.findall(rf"Boot(\w{{4}})\* Debian {SMALL}", listing)
    assert re.search(rf"BootOrder: {ours}\b", listing)
    papers = statements(workshop, said, tmp_path / "papers")
    assert {tajdeed("verify", path, "--trust", workshop.office.trust)[0] for path in papers} == {0}
    kinds = {payload(path)["type"]: path for path in papers}
    checks = payload(kinds["deployment"])["body"]["checks"]
    assert {"boot-entry", "boot-entries-removed:1", "fitted-to-sectors:4096"} <= set(checks)
    assert_it_starts(
        replace(spec, drives=(target.drive,), network=False, memory_mib=1024), tmp_path
    )


def assert_it_starts(spec: MachineSpec, directory: Path) -> None:
    """The drive alone, with the firmware's variables as the stick has left them."""
    with Machine(replace(spec, dmi=PC_DMI), directory / "pc") as machine:
        machine.wait_for("@small started", 600)
        said = machine.serial[0].text
    assert re.search(rf'starting Boot\w+ "Debian {SMALL}"', said)
    assert "@small firmware uefi" in said
    assert re.search(r"@small failed *[\r\n]", said)
    assert re.search(r"@small esp /dev/nvme0n1p2", said)
    size = int(re.search(r"@small root \S+ \S+ \S+ +(\d+)", said)[1])  # type: ignore[index]
    assert size > 0.6 * (1 << 30), "the root file system did not grow to the drive"
