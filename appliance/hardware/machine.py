"""The whole machine: DMI, firmware, CPU, memory, controllers, batteries, NICs, drives."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from appliance.hardware.booted import Booted, booted
from appliance.hardware.drives import drive, drive_names, driver_of
from appliance.hardware.memory import memory_slots
from appliance.hardware.sysfs import SYS, link_name, number, printable, text
from appliance.model import Battery, Controller, Drive, Machine, Nic, Reason

PROC = Path("/proc")
EFI_GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
# SMBIOS 3.7 table 17, as far as a donated PC goes.
_CHASSIS = {
    3: "desktop",
    4: "desktop",
    5: "desktop",
    6: "tower",
    7: "tower",
    8: "portable",
    9: "laptop",
    10: "laptop",
    11: "handheld",
    13: "all-in-one",
    14: "laptop",
    15: "desktop",
    16: "desktop",
    30: "tablet",
    31: "convertible",
    32: "detachable",
    35: "mini-pc",
    36: "stick-pc",
}
# Words that firmware ships where nobody filled the field in.
_PLACEHOLDERS = frozenset(
    (
        "",
        "to be filled by o.e.m.",
        "default string",
        "system serial number",
        "not specified",
        "none",
        "0",
        "0123456789",
        "123456789",
        "unknown",
        "no asset tag",
        "asset tag",
        "n/a",
        "system manufacturer",
        "system product name",
        "chassis asset tag",
        "no asset information",
    )
)


def machine(stick: Booted | None = None, *, with_smart: bool = True) -> Machine:
    """Detect the machine that we run on. Reads only."""
    where = stick or booted()
    # Side by side: a dying drive that answers slowly keeps nobody but itself waiting.
    with ThreadPoolExecutor(max_workers=8) as pool:
        drives = tuple(
            pool.map(lambda name: drive(name, where, with_smart=with_smart), drive_names())
        )
    cpu, threads, aes = _cpu((PROC / "cpuinfo").read_text(errors="replace"))
    return Machine(
        maker=dmi("sys_vendor"),
        model=dmi("product_name"),
        serial=dmi("product_serial"),
        uuid=dmi("product_uuid"),
        donor_asset_tag=dmi("chassis_asset_tag"),
        chassis=_CHASSIS.get((number(SYS / "class/dmi/id/chassis_type") or 0) & 0x7F, "other"),
        firmware_kind=_firmware_kind(),
        secure_boot=_secure_boot(),
        firmware_version=dmi("bios_version"),
        cpu=cpu,
        cpu_threads=threads,
        cpu_aes=aes,
        ram_mib=_ram_mib((PROC / "meminfo").read_text()),
        drives=drives,
        controllers=controllers(drives),
        batteries=_batteries(),
        nics=_nics(),
        modaliases=_modaliases(),
        memory_slots=memory_slots(),
        warnings=() if where.disk else (Reason(code="stick-unknown"),),
    )


def dmi(name: str) -> str:
    """A DMI field; empty where the firmware's makers left it empty or with a filler."""
    content = text(SYS / "class/dmi/id" / name) or ""
    return "" if content.lower() in _PLACEHOLDERS else content


def _firmware_kind() -> str:
    size = number(SYS / "firmware/efi/fw_platform_size")
    return "bios" if size is None else f"uefi{size}"


def _secure_boot() -> bool | None:
    """The SecureBoot variable (UEFI 2.10, 3.3): four bytes of attributes, then the value."""
    try:
        raw = (SYS / f"firmware/efi/efivars/SecureBoot-{EFI_GLOBAL}").read_bytes()
    except OSError:
        return None
    return raw[4:5] == b"\1"


def _cpu(cpuinfo: str) -> tuple[str, int, bool]:
    model, threads, aes = "", 0, False
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        match name.strip():
            case "processor":
                threads += 1
            case "model name":
                model = printable(value)
            case "flags":
                aes = "aes" in value.split()
    return model, threads, aes


def _ram_mib(meminfo: str) -> int:
    """MemTotal; what firmware keeps for itself is already missing from it."""
    for line in meminfo.splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    return 0


def controllers(drives: tuple[Drive, ...], sys: Path = SYS) -> tuple[Controller, ...]:
    """PCI mass storage controllers (class 01h), SD hosts (0805h) and VMD, with their drives."""
    found = []
    nvme = _nvme_nodes(sys)
    volumes = [str(one.resolve()) for one in (sys / "class/raid_devices").glob("*")]
    for device in sorted((sys / "bus/pci/devices").glob("*")):
        pci_class = number(device / "class") or 0
        vmd = link_name(device / "driver") == "vmd"
        if pci_class >> 16 != 0x01 and pci_class >> 8 != 0x0805 and not vmd:
            continue
        place = str(device.resolve()) + "/"
        nodes = {node for where, there in nvme if where.startswith(place) for node in there}
        found.append(
            Controller(
                address=device.name,
                pci_class=f"{pci_class:06x}",
                name=f"{text(device / 'vendor')}:{text(device / 'device')}",
                driver=driver_of(device),
                drives=tuple(
                    item.key
                    for item in drives
                    if item.sysfs.startswith(place) or not nodes.isdisjoint(item.nodes)
                ),
                ata_ports=len(list(device.glob("ata[0-9]*"))),
                raid_volumes=sum(1 for one in volumes if one.startswith(place)),
                # Every controller of the driver ahci has it (drivers/ata/ahci.c).
                remapped_nvme=number(device / "remapped_nvme") or 0,
            )
        )
    return tuple(found)


def _nvme_nodes(sys: Path) -> list[tuple[str, set[str]]]:
    """Where each NVMe controller stands in the device tree, and the nodes of its namespaces.

    Under multipath these hang on the subsystem, in /sys/devices/virtual, and on no controller.
    """
    found = []
    for controller in sorted((sys / "class/nvme").glob("*")):
        nodes = set()
        for block in (sys / "block").glob("nvme*"):
            holder = (block / "device").resolve()
            of_subsystem = (holder / controller.name / "cntlid").exists()
            shown = number(block / "hidden") != 1
            if shown and (of_subsystem or holder.name == controller.name):
                nodes.add(f"/dev/{block.name}")
        found.append((str(controller.resolve()), nodes))
    return found


def _batteries() -> tuple[Battery, ...]:
    found = []
    for supply in sorted((SYS / "class/power_supply").glob("*")):
        if text(supply / "type") != "Battery" or text(supply / "scope") == "Device":
            continue
        full = number(supply / "energy_full") or number(supply / "charge_full")
        design = number(supply / "energy_full_design") or number(supply / "charge_full_design")
        found.append(
            Battery(
                name=supply.name,
                percent=number(supply / "capacity"),
                health_percent=round(100 * full / design) if full and design else None,
                cycles=number(supply / "cycle_count"),
            )
        )
    return tuple(found)


def _nics() -> tuple[Nic, ...]:
    found = []
    for nic in sorted((SYS / "class/net").glob("*")):
        if not (nic / "device").exists():
            continue
        wireless = (nic / "wireless").exists() or (nic / "phy80211").exists()
        found.append(
            Nic(
                name=nic.name,
                mac=text(nic / "address") or "",
                kind="wifi" if wireless else "ethernet",
                driver=driver_of(nic / "device"),
            )
        )
    return tuple(found)


def _modaliases() -> tuple[str, ...]:
    found = set()
    for bus in ("pci", "usb", "sdio"):
        for device in (SYS / "bus" / bus / "devices").glob("*"):
            try:
                found.add((device / "modalias").read_text().strip())
            except OSError:
                continue
    return tuple(sorted(found))


def settled() -> bool:
    """Whether udev has worked through all that the kernel has reported so far."""
    return not os.path.exists("/run/udev/queue")
