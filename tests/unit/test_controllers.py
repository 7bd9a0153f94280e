"""What storage controllers keep from us: sysfs as the kernel writes it, and what follows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.erasure.planning import machine_blockers
from appliance.hardware.machine import controllers
from appliance.model import Drive, Machine, Reason
from appliance.texts import explained
from tests.unit.machines import disk, machine, nvme


class Sysfs:
    """A machine's storage as files and links below one directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for place in ("bus/pci/devices", "bus/pci/drivers", "class/nvme", "block"):
            (root / place).mkdir(parents=True)

    def link(self, place: str, target: Path) -> None:
        (self.root / place).parent.mkdir(parents=True, exist_ok=True)
        (self.root / place).symlink_to(target)

    def pci(
        self, address: str, pci_class: str, driver: str | None, *, ata: int = 0, **more: str
    ) -> Path:
        """A PCI device; `more`: further attributes."""
        device = self.root / "devices/pci0000:00" / address
        device.mkdir(parents=True)
        attributes = {"class": pci_class, "vendor": "0x8086", "device": "0x2822", **more}
        for name, value in attributes.items():
            (device / name).write_text(f"{value}\n")
        for port in range(1, ata + 1):
            (device / f"ata{port}").mkdir()
        if driver is not None:
            bound = self.root / "bus/pci/drivers" / driver
            bound.mkdir(exist_ok=True)
            (device / "driver").symlink_to(bound)
        self.link(f"bus/pci/devices/{address}", device)
        return device

    def disk(self, at: Path, name: str, drive: Drive) -> Drive:
        """A whole disk behind a device."""
        place = at / "block" / name
        place.mkdir(parents=True)
        self.link(f"block/{name}", place)
        return _there(drive, place, name)

    def nvme(self, at: Path, name: str) -> Path:
        """An NVMe controller on a PCI device."""
        place = at / "nvme" / name
        place.mkdir(parents=True)
        (place / "cntlid").write_text("1\n")
        self.link(f"class/nvme/{name}", place)
        return place

    def namespace(self, holder: Path, name: str, *, hidden: bool = False) -> Path:
        """A namespace's block device, on a controller or on a subsystem."""
        place = holder / name
        place.mkdir(parents=True)
        (place / "device").symlink_to(holder)
        (place / "hidden").write_text(f"{int(hidden)}\n")
        self.link(f"block/{name}", place)
        return place


def _there(drive: Drive, place: Path, name: str) -> Drive:
    return replace(drive, path=f"/dev/{name}", nodes=(f"/dev/{name}",), sysfs=str(place))


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    return Sysfs(tmp_path)


def found(sysfs: Sysfs, *drives: Drive, maker: str = "Gigabyte") -> tuple[Reason, ...]:
    return machine_blockers(_machine(sysfs, *drives, maker=maker))


def _machine(sysfs: Sysfs, *drives: Drive, maker: str) -> Machine:
    return machine(*drives, maker=maker, controllers=controllers(drives, sysfs.root))


def codes(reasons: tuple[Reason, ...]) -> list[str]:
    return [item.code for item in reasons]


def test_an_nvme_drive_behind_an_ahci_controller_is_named_though_another_drive_shows(
    sysfs: Sysfs,
) -> None:
    """Intel RST, “RAID On”: the SATA disk is there as if nothing were missing."""
    rst = sysfs.pci("0000:00:17.0", "0x010400", "ahci", ata=4, remapped_nvme="1")
    shown = sysfs.disk(rst / "ata1/host0/target0:0:0/0:0:0:0", "sda", disk())
    (reason,) = found(sysfs, shown, maker="Dell Inc.")
    text = explained(reason)
    assert "hides NVMe drives (count: 1)" in text["en"]
    assert "SATA Operation: AHCI instead of RAID" in text["en"]
    assert "لا يُمحى" in text["ar"] and "AHCI" in text["ar"]
    assert codes(found(sysfs, shown)) == ["nvme-remapped"]


@pytest.mark.parametrize("driver", ["ahci", "sata_via", "ata_piix"])
def test_a_raid_mode_in_which_every_port_is_seen_hides_nothing_when_nothing_is_attached(
    sysfs: Sysfs, driver: str
) -> None:
    """Only an optical drive, or an empty chip on the board: an honest machine."""
    attributes = {"remapped_nvme": "0"} if driver == "ahci" else {}
    sysfs.pci("0000:00:17.0", "0x010400", driver, ata=2, **attributes)
    assert not found(sysfs, disk())


@pytest.mark.parametrize("driver", [None, "nvme"])
def test_an_nvme_controller_without_a_drive_is_a_drive_that_nobody_reached(
    sysfs: Sysfs, driver: str | None
) -> None:
    """A dead one, which the driver gave up; or one with all of its namespaces detached."""
    device = sysfs.pci("0000:01:00.0", "0x010802", driver)
    if driver:
        sysfs.nvme(device, "nvme0")
    (reason,) = found(sysfs, disk())
    assert reason.code == "nvme-without-drive"
    assert "0000:01:00.0" in explained(reason)["en"]


def test_a_known_nvme_drive_is_known_by_its_number_and_by_its_node(sysfs: Sysfs) -> None:
    """nvme0n1 need not belong to nvme0, and NVMe over administration has no namespaces."""
    sysfs.pci("0000:00:01.0", "0x010803", "nvme")
    for number, other in ((0, 1), (1, 0)):
        at = sysfs.pci(f"0000:0{number + 1}:00.0", "0x010802", "nvme")
        sysfs.namespace(sysfs.nvme(at, f"nvme{number}"), f"nvme{other}n1")
    drives = [
        _there(nvme(f"NV-{n}"), (sysfs.root / f"block/nvme{n}n1").resolve(), f"nvme{n}n1")
        for n in (0, 1)
    ]
    assert not found(sysfs, *drives)
    assert codes(found(sysfs, drives[0])) == ["nvme-without-drive"]


def test_under_multipath_the_namespace_hangs_on_no_controller_and_is_known_all_the_same(
    sysfs: Sysfs,
) -> None:
    subsystem = sysfs.root / "devices/virtual/nvme-subsystem/nvme-subsys0"
    head = sysfs.namespace(subsystem, "nvme0n1")
    for number in (0, 1):
        at = sysfs.pci(f"0000:0{number + 1}:00.0", "0x010802", "nvme")
        controller = sysfs.nvme(at, f"nvme{number}")
        sysfs.namespace(controller, f"nvme0c{number}n1", hidden=True)
        (subsystem / f"nvme{number}").symlink_to(controller)
    drive = _there(nvme(), head, "nvme0n1")
    assert not found(sysfs, drive)
    at = sysfs.pci("0000:03:00.0", "0x010802", "nvme")
    sysfs.nvme(at, "nvme2")
    (reason,) = found(sysfs, drive)
    assert (reason.code, reason.facts["address"]) == ("nvme-without-drive", "0000:03:00.0")


@pytest.mark.parametrize(
    ("pci_class", "driver"),
    [("0x010400", "megaraid_sas"), ("0x010400", "unheard_of"), ("0x010700", "smartpqi")],
)
def test_a_volume_of_a_raid_controller_is_no_drive(
    sysfs: Sysfs, pci_class: str, driver: str
) -> None:
    raid = sysfs.pci("0000:03:00.0", pci_class, driver)
    volume = sysfs.disk(raid / "host0/target0:2:0/0:2:0:0", "sda", disk())
    (reason,) = found(sysfs, volume, maker="Dell Inc.")
    assert reason.code == "volumes-not-drives"
    assert "plain HBA" in explained(reason)["en"]


def test_an_adapter_whose_driver_tells_volumes_from_drives_is_believed(sysfs: Sysfs) -> None:
    adapter = sysfs.pci("0000:03:00.0", "0x010700", "mpt3sas")
    shown = sysfs.disk(adapter / "host0/target0:1:0/0:1:0:0", "sda", disk())
    assert not found(sysfs, shown)
    volume = adapter / "host0/target0:1:0/0:1:0:0/raid_devices/0:1:0:0"
    volume.mkdir(parents=True)
    sysfs.link("class/raid_devices/0:1:0:0", volume)
    assert codes(found(sysfs, shown)) == ["volumes-not-drives"]


@pytest.mark.parametrize(
    ("pci_class", "driver", "code"),
    [
        ("0x010400", None, "controller-without-drives"),
        ("0x010400", "vmd", "controller-without-drives"),
        ("0x010700", None, "controller-without-driver"),
        ("0x010601", None, "controller-without-driver"),
    ],
)
def test_a_controller_that_shows_nothing_of_what_may_be_there(
    sysfs: Sysfs, pci_class: str, driver: str | None, code: str
) -> None:
    sysfs.pci("0000:00:0e.0", pci_class, driver)
    assert codes(found(sysfs, disk())) == [code]


def test_controllers_without_drives_that_hide_none(sysfs: Sysfs) -> None:
    """As in a virtual machine of q35, and a laptop with a card reader and the AMT's IDE."""
    sysfs.pci("0000:00:1f.2", "0x010601", "ahci", ata=6, remapped_nvme="0")
    sysfs.pci("0000:00:04.0", "0x010000", "virtio-pci")
    sysfs.pci("0000:02:00.0", "0x080501", None)
    sysfs.pci("0000:00:16.2", "0x010185", None)
    sysfs.pci("0000:00:1f.6", "0x020000", "e1000e")
    assert not found(sysfs)


def test_a_drive_behind_a_volume_management_device_is_seen(sysfs: Sysfs) -> None:
    vmd = sysfs.pci("0000:00:0e.0", "0x010400", "vmd")
    behind = vmd / "pci10000:e0/10000:e0:06.0"
    behind.mkdir(parents=True)
    sysfs.namespace(sysfs.nvme(behind, "nvme0"), "nvme0n1")
    drive = _there(nvme(), (sysfs.root / "block/nvme0n1").resolve(), "nvme0n1")
    assert not found(sysfs, drive)
