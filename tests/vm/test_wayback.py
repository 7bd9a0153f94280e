"""Whole machines: a system on btrfs that is broken on purpose, and the ways back from there.

Laid down like any other; what it is asked goes through a shell on its second serial line, what it
asks comes on its first one, for it has no screen. On a PC with one the same choices stand there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebuilder.vm.drive import Drive
from imagebuilder.vm.machine import Firmware, Machine, MachineSpec
from tests.vm.guestshell import shell_by_credential
from tests.vm.test_image import GIB, image_for_tests, laid_down, told

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]

TAG, NAME = "TJ-0042-7", "tj-0042-7"
TOP = "mkdir -p /run/top; mount -o subvolid=5 $(findmnt --nofsroot -no SOURCE /) /run/top"


@pytest.mark.parametrize("firmware", ["bios", "secureboot"])
def test_factory_state_comes_back_with_the_files_and_without(
    tmp_path: Path, firmware: Firmware
) -> None:
    raw = tmp_path / "drive.raw"
    laid_down(image_for_tests("test-wayback"), raw, 6 * GIB, TAG, bios=firmware == "bios")
    starts = 0

    def started(act: Callable[[Machine], None]) -> str:
        """Start the PC, do something in it, and pull the plug; what it told of itself."""
        nonlocal starts
        starts += 1
        spec = MachineSpec(
            name=f"start-{starts}",
            firmware=firmware,
            memory_mib=768,
            drives=(Drive(name="disk", source=raw, bus="sata"),),
            extra=shell_by_credential(),
        )
        place = tmp_path / spec.name
        with Machine(spec, place) as machine:
            act(machine)
        return (place / "serial0.log").read_text(errors="replace")

    def first(machine: Machine) -> None:
        machine.wait_for("@small started", 600)
        machine.shell.ready(120)
        ask = machine.shell.check
        assert int(ask("df -B1 --output=size / | tail -n 1")) > 5 * GIB
        assert {"/", "/home"} <= set(ask("findmnt -rno TARGET -t btrfs").split())
        assert "LABEL" not in ask("cat /etc/fstab")
        ask("useradd --create-home --comment 'منى' mona && echo mona:tamr-99 | chpasswd")
        ask("echo 'for my mother' >/home/mona/letter && echo Asia/Kuwait >/etc/timezone")
        # The menu's entry is chosen, then the system lost.
        ask("sed -i 's/^set default=0/set default=wayback/' /boot/grub/grub.cfg; sync")
        ask("touch /etc/broken; rm -rf /usr/lib/systemd /usr/sbin; sync", 120)

    def keep_files(machine: Machine) -> None:
        machine.wait_for("Number and Enter", 600)
        machine.serial[0].send("1\n")
        machine.wait_off(300)

    def second(machine: Machine) -> None:
        machine.wait_for("@small started", 600)
        machine.shell.ready(120)
        ask = machine.shell.check
        assert ask("cat /home/mona/letter; id -un 1000; passwd -S mona | cut -d' ' -f2") == (
            "for my mother\nmona\nP"
        )
        assert ask("cat /etc/timezone; ls /etc/broken 2>/dev/null || echo whole") == (
            "Asia/Kuwait\nwhole"
        )
        # Before an update there is a snapshot; then the update loses the kernel.
        ask(TOP)
        assert "@asking" not in ask("ls /run/top")
        ask("python3 -I -m familypc.wayback before-update")
        assert "@before-" in ask("ls /run/top")
        ask("update-grub", 300)
        ask("rm /boot/vmlinuz-*; sync; umount /run/top; systemctl poweroff")
        machine.wait_off(300)

    def before_the_update(machine: Machine) -> None:
        # Nobody chose anything: GRUB finds no kernel and falls back on the way back.
        machine.wait_for("Number and Enter", 600)
        machine.serial[0].send("1\n")
        machine.wait_off(300)

    def third(machine: Machine) -> None:
        machine.wait_for("@small started", 600)
        machine.shell.ready(120)
        ask = machine.shell.check
        assert ask("cat /home/mona/letter; ls /boot | grep -c vmlinuz") == "for my mother\n1"
        ask("umount /boot/efi; rm -r /boot; sync; systemctl poweroff")
        machine.wait_off(300)

    def erase_files(machine: Machine) -> None:
        # Not even a menu is left: that of the factory state is taken.
        machine.wait_for("Number and Enter", 600)
        machine.serial[0].send("3\n")
        machine.wait_for("type yes", 60)
        machine.serial[0].send("yes\n")
        machine.wait_off(300)

    def fourth(machine: Machine) -> None:
        machine.wait_for("@small started", 600)
        machine.shell.ready(120)
        ask = machine.shell.check
        assert ask("ls /home; getent passwd mona || echo nobody") == "nobody"
        ask(TOP)
        assert set(ask("ls /run/top").split()) == {"@", "@home", "@factory", "@home-factory"}

    logs = [
        started(act)
        for act in (
            first, keep_files, second, before_the_update, third, erase_files, fourth,
        )
    ]  # fmt: skip
    systems = [log for log in logs if "@small started" in log]
    assert len(systems) == 4
    for log in systems:
        assert told(log, "hostname") == [NAME]
        assert told(log, "failed") == [""]
    roots = {told(log, "root")[0].split()[1] for log in systems}
    assert len(roots) == 1
    machine_ids = [told(log, "machine-id")[0] for log in systems]
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in machine_ids)
    # Given back is a system of its own; one from before an update is the same as it was.
    assert len(set(machine_ids)) == 3
    assert machine_ids[1] == machine_ids[2]
