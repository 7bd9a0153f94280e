"""What of a machine an image cannot drive, and which memory it lacks, as the plan says it."""

from __future__ import annotations

import lzma
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.hardware.memory import slots_in
from appliance.imaging.forecast import driver_forecast
from appliance.imaging.upgrade import memory_advice
from appliance.job.plan_command import lines
from appliance.job.planning import job_plan
from appliance.model import ImageOffer, MemorySlot, Policy
from imagebuilder.images.drivers import modaliases
from tests.unit.machines import GIB, disk, machine

# modalias files of real machines (linux-hardware.org has their owners' probes by these ids).
BCM4313 = "pci:v000014E4d00004727sv00001028sd00000010bc02sc80i00"
BCM4360 = "pci:v000014E4d000043A0sv0000106Bsd00000112bc02sc80i00"
INTEL_7260 = "pci:v00008086d000008B1sv00008086sd00004070bc02sc80i00"
RTL8723BE = "pci:v000010ECd0000B723sv0000103Csd0000804Cbc02sc80i00"
RTL8111 = "pci:v000010ECd00008168sv00001043sd00008554bc02sc00i00"
SANDY_BRIDGE_SOUND = "pci:v00008086d00001C20sv00001028sd000004AAbc04sc03i00"
RADEON = "pci:v00001002d0000954Fsv00001002sd00004F00bc03sc00i00"
SDIO_43430 = "sdio:c00v02D0dA9A6"
SDIO_WLAN = "sdio:c07v024CdB723"
SATA = "pci:v00008086d00001C02sv00001028sd000004AAbc01sc06i01"
KEYBOARD = "usb:v046DpC31Cd6400dc00dsc00dp00ic03isc01ip01in00"
MACHINE = (BCM4313, BCM4360, INTEL_7260, RTL8723BE, RTL8111, SANDY_BRIDGE_SOUND, RADEON)


def offer(manifest_digest: str, *, needs_ram_mib: int) -> ImageOffer:
    return ImageOffer(
        profile="family-light",
        version="1",
        title_ar="",
        title_en="",
        manifest_digest=manifest_digest,
        path="",
        disk_bytes=GIB,
        needs_ram_mib=needs_ram_mib,
        needs_disk_bytes=GIB,
        built_at="2026-11-24T00:00:00Z",
        support_until="2030-06-30T00:00:00Z",
    )


def kernel_tree(place: Path, firmware: tuple[str, ...]) -> Path:
    """A tree with a kernel: aliases and firmware names as Debian's 6.12 has them."""
    modules = place / "usr/lib/modules/6.12.0-amd64"
    wireless = "kernel/drivers/net/wireless"
    rows = {
        f"{wireless}/intel/iwlwifi/iwlwifi.ko.xz": ("iwlwifi-7260-17.ucode",),
        f"{wireless}/realtek/rtlwifi/rtl8723be/rtl8723be.ko.xz": ("rtlwifi/rtl8723befw_36.bin",),
        f"{wireless}/broadcom/brcm80211/brcmsmac/brcmsmac.ko.xz": ("brcm/bcm43xx-0.fw",),
        "kernel/drivers/bcma/bcma.ko.xz": (),
        "kernel/drivers/net/ethernet/realtek/r8169.ko.xz": ("rtl_nic/rtl8168g-2.fw",),
        "kernel/drivers/gpu/drm/radeon/radeon.ko.xz": ("radeon/RV710_me.bin",),
        "kernel/sound/pci/hda/snd-hda-intel.ko.xz": (),
        "updates/dkms/wl.ko.xz": (),
    }
    for file, names in rows.items():
        module = modules / file
        module.parent.mkdir(parents=True, exist_ok=True)
        told = b"".join(b"firmware=" + name.encode() + b"\0" for name in names)
        module.write_bytes(lzma.compress(b"\x7fELF\0license=GPL\0" + told + b"depends=\0"))
    (modules / "modules.dep").write_text("".join(f"{file}:\n" for file in rows))
    (modules / "modules.alias").write_text(
        "# Aliases extracted from modules themselves.\n"
        "alias pci:v00008086d000008B1sv*sd00004070bc*sc*i* iwlwifi\n"
        "alias pci:v000010ECd0000B723sv*sd*bc*sc*i* rtl8723be\n"
        "alias pci:v000010ECd00008168sv*sd*bc*sc*i* r8169\n"
        "alias pci:v000014E4d00004727sv*sd*bc*sc*i* bcma\n"
        "alias pci:v000014E4d000043A0sv*sd*bc*sc*i* bcma\n"
        "alias pci:v00001002d0000954Fsv*sd*bc*sc*i* radeon\n"
        "alias pci:v00008086d00001C20sv*sd*bc*sc*i* snd_hda_intel\n"
        "alias pci:v*d*sv*sd*bc02sc80i* wl\n"
    )
    for name in firmware:
        shipped = place / "usr/lib/firmware" / name
        shipped.parent.mkdir(parents=True, exist_ok=True)
        shipped.write_bytes(b"")
    return place


ALL = (
    "iwlwifi-7260-17.ucode",
    "rtlwifi/rtl8723befw_36.bin.xz",
    "brcm/bcm43xx-0.fw",
    "radeon/RV710_me.bin",
)


def told(modules: tuple[str, ...], firmware: tuple[str, ...], place: Path) -> list[str]:
    covered = modaliases(kernel_tree(place, firmware))
    found = driver_forecast(modules, covered, "family-light")
    return [f"{reason.code} {reason.facts['device']}" for reason in found]


def test_only_what_has_neither_driver_nor_firmware_is_told(tmp_path: Path) -> None:
    assert told(MACHINE, ALL, tmp_path / "a") == []
    assert told(MACHINE, (), tmp_path / "b") == [
        "forecast-wifi 8086:08b1",
        "forecast-wifi 10ec:b723",
        "forecast-graphics 1002:954f",
    ]


def test_wifi_that_only_the_makers_module_drives(tmp_path: Path) -> None:
    """bcma takes the BCM4360 and drives nothing; wl does, where an image has it."""
    tree = kernel_tree(tmp_path / "a", ALL)
    without = tree / "usr/lib/modules/6.12.0-amd64/modules.dep"
    without.write_text(without.read_text().replace("updates/dkms/wl.ko.xz:\n", ""))
    found = driver_forecast(MACHINE, modaliases(tree), "family-light")
    assert [(reason.code, reason.facts["device"]) for reason in found] == [
        ("forecast-wifi", "14e4:43a0")
    ]


def test_other_devices_are_nobodys_concern() -> None:
    devices = (SATA, KEYBOARD, SDIO_43430, SDIO_WLAN, RTL8111)
    covered = ("sdio:c*v024CdB723*", "pci:v000010ECd00008168sv*sd*bc*sc*i*")
    assert driver_forecast(devices, covered, "x") == ()
    (wifi,) = driver_forecast(devices, covered[1:], "x")
    assert (wifi.code, wifi.facts["device"]) == ("forecast-wifi", "024c:b723")


def test_an_image_that_lists_no_hardware_says_nothing() -> None:
    assert driver_forecast(MACHINE, (), "old") == ()


# --- memory --------------------------------------------------------------------------------


def smbios(*devices: tuple[int, int, int, bytes]) -> bytes:
    """A table of memory devices: size word, form factor, type, slot's name."""
    table = bytes((0, 4, 0, 0)) + b"BIOS maker\0\0"
    for number, (size, form, kind, name) in enumerate(devices):
        fixed = bytearray(0x22)
        struct.pack_into("<BBH", fixed, 0, 17, len(fixed), number)
        struct.pack_into("<H", fixed, 0x0C, size)
        fixed[0x0E], fixed[0x10], fixed[0x12] = form, 1, kind
        struct.pack_into("<I", fixed, 0x1C, 65536)
        table += bytes(fixed) + name + b"\0\0"
    return table + bytes((127, 4, 0, 0)) + b"\0\0"


def test_slots_are_read_from_the_firmwares_table() -> None:
    found = slots_in(
        smbios(
            (2048, 0x0D, 0x18, b"DIMM A"),
            (0, 0x0D, 0x02, b"DIMM B"),
            (0x7FFF, 0x09, 0x1A, b"P0"),
            (0xFFFF, 0x09, 0x1A, b"P1"),
            (0x8400, 0x0D, 0x0C, b"flash"),
        )
    )
    assert found == (
        MemorySlot(name="DIMM A", size_mib=2048, form="SODIMM", kind="DDR3"),
        MemorySlot(name="DIMM B", size_mib=0, form="SODIMM", kind=""),
        MemorySlot(name="P0", size_mib=65536, form="DIMM", kind="DDR4"),
        MemorySlot(name="P1", size_mib=None, form="DIMM", kind="DDR4"),
    )


@pytest.mark.parametrize("cut", [0, 3, 16, 40, 60])
def test_a_table_that_breaks_off_gives_what_came_before(cut: int) -> None:
    whole = smbios((2048, 0x0D, 0x18, b"A"), (2048, 0x0D, 0x18, b"B"))
    assert slots_in(whole[:cut]) in ((), slots_in(whole)[:1])


A = MemorySlot(name="DIMM A", size_mib=1024, form="SODIMM", kind="DDR3")
EMPTY = replace(A, name="DIMM B", size_mib=0, kind="")


@pytest.mark.parametrize(
    ("slots", "needs_mib", "expected"),
    [
        ((A, EMPTY), 2048, "lacks one 1 GB DDR3 SODIMM. A slot is free"),
        ((A, EMPTY), 3072, "lacks one 2 GB DDR3 SODIMM. A slot is free"),
        ((A,), 2048, "lacks one 2 GB DDR3 SODIMM in place of its 1 GB (DIMM A)"),
        ((A, replace(A, name="DIMM B")), 4096, "one 4 GB DDR3 SODIMM in place of its 1 GB"),
        ((replace(A, form="soldered"),), 2048, "memory is soldered in"),
    ],
)
def test_the_plan_names_the_module_to_buy(
    slots: tuple[MemorySlot, ...], needs_mib: int, expected: str
) -> None:
    image = offer("0" * 64, needs_ram_mib=needs_mib)
    pc = machine(disk(), ram_mib=1000, memory_slots=slots)
    plan = job_plan(pc, Policy(), (image,))
    (drive,) = plan.drives
    assert drive.erases, "it is erased and certified all the same"
    assert drive.image is None
    assert expected in "\n".join(lines(plan, "en"))


def test_no_module_is_named_where_the_firmware_does_not_say() -> None:
    unsure = replace(A, size_mib=None)
    assert memory_advice(machine(memory_slots=()), "x", 2048) == ()
    assert memory_advice(machine(memory_slots=(A, unsure)), "x", 2048) == ()
    assert memory_advice(machine(memory_slots=(A,)), "x", 99_999_999) == ()


def test_the_forecast_stands_in_the_plan_of_the_image_that_was_chosen() -> None:
    image = offer("ab" * 32, needs_ram_mib=1024)
    pc = machine(disk(), ram_mib=4000, modaliases=(BCM4360,))
    covered = {image.manifest_digest: ("pci:v00008086d000008B1sv*sd*bc*sc*i*",)}
    shown = lines(job_plan(pc, Policy(), (image,), (), covered), "en")
    assert any(
        "Wi-Fi of this machine (14e4:43a0) has no driver in family-light" in x for x in shown
    )
    assert any("USB Wi-Fi adapter" in line for line in shown)
