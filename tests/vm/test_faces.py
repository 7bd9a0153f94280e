"""A person at the machine: both screens, keys on the serial line, consent, result, power off."""

from pathlib import Path

import pytest

from imagebuilder.demo.job import Target
from imagebuilder.vm import Drive, Machine
from tests.vm.screen import F10, Screen
from tests.vm.workshop import Workshop, digests, donated

pytestmark = pytest.mark.timeout(900)

MARKER = b"this must be gone: 7c1e4f0a "
SATA_SERIAL, DECOY_SERIAL = "TESTSATA6134", "TESTUSB00009"
# What stands on the first console, as characters (vcs(4): /dev/vcsuN, UTF-32).
_CONSOLE = "python3 -c \"print(open('/dev/vcsu1', 'rb').read().decode('utf-32-le'))\""


def drive(directory: Path, name: str, bus: str, serial: str, mib: int) -> Target:
    """A drive full of markers."""
    raw = directory / f"{name}.raw"
    block = (MARKER * 40000)[: 1 << 20]
    with raw.open("wb") as stream:
        for _ in range(mib):
            stream.write(block)
    made = (
        Drive(name=name, source=raw, bus="usb", serial=serial, removable=True)
        if bus == "usb"
        else Drive(name=name, source=raw, bus="sata", serial=serial, rotation_rate=5400)
    )
    return Target(serial=serial, raw=raw, drive=made)


def test_a_person_erases_a_machine_from_the_serial_line(workshop: Workshop, tmp_path: Path) -> None:
    station = workshop.station(image="none").replace("language: en", "language: ar")
    stick = workshop.stick(tmp_path, station=station, mode="tui")
    sata = drive(tmp_path, "sata", "sata", SATA_SERIAL, 192)
    decoy = drive(tmp_path, "decoy", "usb", DECOY_SERIAL, 16)
    before = digests([sata, decoy])
    with Machine(donated("bios", stick, [sata, decoy]), tmp_path / "pc") as machine:
        screen = Screen(machine)
        screen.wait_for("Is this the machine in front of you?", 240)
        screen.press("\r")
        screen.wait_for("1 drive would be erased")
        for text in (SATA_SERIAL, DECOY_SERIAL, "will be left alone", "boot stick: it is never"):
            screen.wait_for(text)
        screen.press("c")
        screen.wait_for("There is no way back")
        screen.press("Tester\t0000")
        screen.wait_for("not this drive")
        screen.press(F10)
        screen.wait_for("0000 is not the end of the serial")
        assert machine.shell.run("systemctl is-active 'tajdeed-worker-*'")[0]
        assert digests([sata, decoy]) == before
        screen.press("\x7f\x7f\x7f\x7f6134")
        screen.wait_for("✓ right")
        screen.press(F10)
        screen.wait_for("Do not switch off")
        # Both faces die; the erasure does not, and the screens come back to it by themselves.
        faces = machine.shell.check("pgrep -f '[t]ajdeed tui'").split()
        assert len(faces) == 2
        machine.shell.check(f"kill -9 {' '.join(faces)}")
        screen.wait_for("✓ cleared", 300)
        # A drive that is slow to come has until 90 s after the kernel's start.
        screen.wait_for("Certificate", 120)
        again = machine.shell.check("pgrep -f '[t]ajdeed tui'").split()
        assert len(again) == 2 and not set(again) & set(faces)
        # The screen at the machine speaks Arabic, shaped, with our font's characters.
        console = machine.shell.check(_CONSOLE)
        assert SATA_SERIAL in console
        assert "\ufedf" in console, console  # a lam as it begins a word
        machine.screenshot(tmp_path / "result.png")
        screen.press("P")
        # The reading copies are written first.
        assert machine.wait_off(300) == "guest-shutdown"
    after = digests([sata, decoy])
    assert after[DECOY_SERIAL] == before[DECOY_SERIAL]
    assert MARKER not in sata.raw.read_bytes()
