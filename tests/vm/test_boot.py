"""The stick starts: on every firmware, from its own partition only, every other disk guarded."""

import shutil
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from imagebuilder.catalogues import compile_catalogues
from imagebuilder.stick.command import MEMORY_GOAL_MIB, SYSTEM_GOAL_MIB, stick_parts
from imagebuilder.stick.writer import Parts, Personal, Written, write_stick
from imagebuilder.vm import Drive, Machine, MachineSpec, stick_drive
from imagebuilder.vm.machine import Firmware
from tests.vm.overlay import shell_overlay

pytestmark = pytest.mark.timeout(1500)

# An emulated PC on a busy machine is many times slower than on a quiet one.
SCREEN_S = 400
SHELL_S = 400
FIRST_SCREEN = "Tajdeed"
_COMMAND_LINE = "tajdeed.console=ttyS0 tajdeed.lang=en"


@pytest.fixture(scope="module")
def parts() -> Parts:
    compile_catalogues()
    return stick_parts()


@pytest.fixture(scope="module")
def stick(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Written]]:
    """A stick without settings, with the test shell; never written to by the machines here."""
    image = tmp_path_factory.mktemp("stick") / "stick.img"
    personal = Personal(command_line=_COMMAND_LINE, initrd_extra=shell_overlay())
    yield image, write_stick(image, parts, personal)
    image.unlink()


def disk(directory: Path, name: str, size_mib: int = 64) -> Path:
    """A disk of zeros with a mark at its beginning."""
    path = directory / f"{name}.img"
    with path.open("wb") as stream:
        stream.write(b"PRECIOUS" * 64)
        stream.truncate(size_mib * 2**20)
    return path


def test_the_system_is_small(stick: tuple[Path, Written]) -> None:
    assert stick[1].system_bytes <= SYSTEM_GOAL_MIB * 2**20


@pytest.mark.parametrize("firmware", ["ia32", "secureboot"])
def test_a_uefi_machine_reaches_the_first_screen(
    firmware: Firmware, stick: tuple[Path, Written], tmp_path: Path
) -> None:
    spec = MachineSpec(firmware=firmware, drives=(stick_drive(stick[0]),))
    with Machine(spec, tmp_path) as machine:
        machine.wait_for(FIRST_SCREEN, SCREEN_S)
        machine.shell.ready(SHELL_S)
        size = machine.shell.check("cat /sys/firmware/efi/fw_platform_size")
        assert size == ("32" if firmware == "ia32" else "64")
        lockdown = machine.shell.check("cat /sys/kernel/security/lockdown")
        assert ("[none]" in lockdown) == (firmware == "ia32")


def test_on_bios_only_the_stick_is_used_and_every_disk_is_guarded(
    stick: tuple[Path, Written], tmp_path: Path
) -> None:
    internal, late = disk(tmp_path, "internal"), disk(tmp_path, "late")
    spec = MachineSpec(
        drives=(stick_drive(stick[0]), Drive(name="internal", source=internal, serial="INT1"))
    )
    with Machine(spec, tmp_path / "pc") as machine:
        machine.wait_for(FIRST_SCREEN, SCREEN_S)
        shell = machine.shell
        shell.ready(SHELL_S)
        shell.check("until [ -e /run/tajdeed/engine.socket ]; do sleep 1; done", SHELL_S)

        machine.plug(Drive(name="late", source=late, bus="usb", serial="LATE1"))
        shell.check("until grep -q 1 /sys/block/sdc/ro; do sleep 0.2; done", 60)
        for node in ("sdb", "sdc"):
            write = f"dd if=/dev/zero of=/dev/{node} bs=4096 count=1 oflag=direct"
            status, words = shell.run(write)
            assert status != 0
            assert "not permitted" in words

        stick_disk = shell.check('sed \'s/.*"disk": "\\([^"]*\\).*/\\1/\' /run/tajdeed/booted')
        mounted = shell.check("grep ^/dev/ /proc/mounts | cut -d' ' -f1").split()
        assert mounted
        assert all(name.startswith((stick_disk, "/dev/loop")) for name in mounted)
        assert shell.check("tail -n +2 /proc/swaps") == ""
        assert shell.check("ls /sys/block | grep -E '^(dm|md)'; true") == ""

        # what is left of 2 GB is the drives' and the images'
        shell.check("until [ -e /var/lib/tajdeed/courier/status.json ]; do sleep 1; done", 120)
        used_mib = shell.check("free -m | awk '/^Mem/ { print $3 }'")
        assert int(used_mib) <= MEMORY_GOAL_MIB

        # a face can do nothing but show
        face = shell.check("pgrep -o -u tajdeed-face")
        for kind in ("Prm", "Eff", "Bnd"):
            assert set(shell.check(f"grep Cap{kind} /proc/{face}/status")[8:].strip()) == {"0"}
        assert shell.check(f"grep NoNewPrivs /proc/{face}/status").endswith("1")
        # nobody listens on the network, nobody can log in
        assert shell.check("cat /proc/net/tcp /proc/net/tcp6 | grep -c ' 0A ' ; true") in ("0", "2")
        assert shell.check("cut -d: -f2 /etc/shadow | grep -v '^[!*]'; true") == ""
        record = shell.check("cat /usr/lib/tajdeed/build.json")
        assert '"hdparm"' in record
        assert '"pySMART"' in record
    assert internal.read_bytes()[:512] == late.read_bytes()[:512] == b"PRECIOUS" * 64


def test_two_sticks_of_one_identity_stop(stick: tuple[Path, Written], tmp_path: Path) -> None:
    twin = replace(stick_drive(stick[0], name="twin"), boot_index=1)
    spec = MachineSpec(drives=(stick_drive(stick[0]), twin))
    with Machine(spec, tmp_path) as machine:
        machine.wait_for("two sticks with the same identity", SCREEN_S)
        machine.screenshot(tmp_path / "twins.png")
        assert FIRST_SCREEN not in machine.serial[0].text


def test_a_stick_whose_state_is_damaged_says_that_nothing_can_be_signed(
    stick: tuple[Path, Written], tmp_path: Path
) -> None:
    image = tmp_path / "damaged.img"
    shutil.copyfile(stick[0], image)
    state = stick[1].layout.state
    with image.open("rb+") as stream:
        # ext4's magic number, in the superblock and, with sparse_super2 off, its first copy
        for superblock in (1024, 8193 * 1024, 32768 * 4096):
            if superblock < state.size_mib * 2**20:
                stream.seek(state.offset_bytes + superblock)
                stream.write(bytes(1024))
    with image.open("rb") as stream:
        stream.seek(state.offset_bytes + 1024 + 56)
        assert struct.unpack("<H", stream.read(2)) == (0,)
    spec = MachineSpec(drives=(stick_drive(image),))
    with Machine(spec, tmp_path / "pc") as machine:
        machine.wait_for(FIRST_SCREEN, SCREEN_S)
        machine.shell.ready(SHELL_S)
        machine.shell.check("until [ -d /var/lib/tajdeed/courier/refused ]; do sleep 1; done", 120)
        booted = machine.shell.check("cat /run/tajdeed/booted")
        assert '"unsigned_reason": "the state partition' in booted
        assert machine.shell.check("ls /var/lib/tajdeed/trust/image-keys") == ""
