"""Drives: every whole physical storage device that the kernel shows, through pyudev.

A drive that cannot be asked is still listed, with what is known and a warning: "could
not look" must never read as "nothing there".
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.hardware import ata, descriptor, hidden, mmc, scsi, tcg, usb
from appliance.hardware import nvme as nvmes
from appliance.hardware.atasanitize import sanitize_status
from appliance.hardware.booted import Booted
from appliance.hardware.holders import holder_tree
from appliance.hardware.members import arrays_of
from appliance.hardware.smart import smart
from appliance.hardware.sysfs import SYS, link_name, number, text
from appliance.model import (
    AtaFacts,
    Bus,
    Drive,
    Holder,
    Identity,
    Media,
    NvmeFacts,
    Reason,
    ScsiFacts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# Block devices that are no physical storage of the donor's: by the kernel's major names.
_VIRTUAL = ("loop", "ram", "zram", "sr", "fd", "dm-", "md", "nbd", "bcache", "zd")


def drive_names() -> tuple[str, ...]:
    """Kernel names of whole drives, in a stable order."""
    import pyudev

    return tuple(sorted(_names(pyudev.Context()), key=lambda name: (len(name), name)))


def _names(context: object) -> Iterator[str]:
    import pyudev

    if not isinstance(context, pyudev.Context):
        raise TypeError("a pyudev context is needed")
    for device in context.list_devices(subsystem="block", DEVTYPE="disk"):
        name = device.sys_name
        # A controller with several namespaces is one drive, known by the lowest of them.
        if name.startswith("nvme") and not _leads(name):
            continue
        # eMMC boot and RPMB areas are parts of their drive; multipath heads of NVMe are hidden.
        part_of_emmc = name.startswith("mmcblk") and ("boot" in name or "rpmb" in name)
        hidden = number(SYS / "block" / name / "hidden") == 1
        if not name.startswith(_VIRTUAL) and not part_of_emmc and not hidden:
            yield name


def _leads(name: str) -> bool:
    sysfs = SYS / "block" / name
    siblings = _namespaces(_controller(sysfs))
    return not siblings or siblings[min(siblings)] == name


def drives_present() -> tuple[tuple[str, int | None], ...]:
    """Names with the kernel's disk sequence number, which is new at every plugging in."""
    return tuple((name, number(SYS / "block" / name / "diskseq")) for name in drive_names())


def drive_key(identity: Identity) -> str:
    """A short stable name of a drive for files and messages: a hash of its identity."""
    joined = "\n".join((identity.model, identity.serial, identity.wwn or ""))
    return hashlib.sha256(joined.encode()).hexdigest()[:12]


def drive(name: str, stick: Booted, *, with_smart: bool = True) -> Drive:
    """Everything that can be read about a drive without changing it."""
    sysfs = SYS / "block" / name
    path = f"/dev/{name}"
    warnings: list[Reason] = []
    opened = None
    facts: AtaFacts | None = None
    nvme = scsi_facts = mmc_facts = usb_facts = tcg_facts = None
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            opened = descriptor.opened(fd)
            if opened.ata_words is not None:
                facts = _ata_facts(fd, name, sysfs, opened.ata_words)
            if name.startswith("nvme"):
                controller = _controller(sysfs)
                nvme = nvmes.facts(fd, controller, _namespaces(controller))
            elif name.startswith("mmcblk"):
                mmc_facts = mmc.mmc_facts(fd, sysfs)
            elif "/usb" in str(sysfs.resolve()):
                usb_facts = usb.usb_facts(fd, sysfs)
            elif opened.ata_words is None and _speaks_scsi(sysfs):
                scsi_facts = scsi.scsi_facts(fd)
            bus = _bus(name, sysfs, opened.ata_words, scsi_facts)
            tcg_facts, doubt = tcg.tcg_facts(fd, bus, opened.ata_words)
            warnings += doubt
        finally:
            os.close(fd)
    except OSError as error:
        warnings.append(
            Reason(
                code="drive-silent", facts={"path": path, "problem": error.strerror or str(error)}
            )
        )
    identity = opened.identity if opened else descriptor.kernel_identity(sysfs)
    words = opened.ata_words if opened else None
    bus = _bus(name, sysfs, words, scsi_facts)
    rotational = number(sysfs / "queue/rotational")
    rpm = ata.rotation_rpm(words) if words else scsi_facts.rotation_rpm if scsi_facts else None
    return Drive(
        key=drive_key(identity),
        path=path,
        identity=identity,
        bus=bus,
        media=_media(bus, rotational, rpm, ata.medium(words) if words else Media.UNKNOWN),
        size_bytes=_size(sysfs, opened, nvme),
        logical_block_bytes=number(sysfs / "queue/logical_block_size") or 512,
        physical_block_bytes=number(sysfs / "queue/physical_block_size") or 512,
        firmware=_firmware(sysfs, words),
        rotation_rpm=rpm,
        removable=number(sysfs / "removable") == 1,
        read_only_medium=_locked_medium(sysfs),
        is_stick=name == stick.disk or _is_twin(sysfs, stick.mark),
        serial_source=_serial_source(opened.source if opened else "none", sysfs),
        nodes=_nodes(name, sysfs),
        sysfs=str(sysfs.resolve()),
        holders=_holders(name, nvme),
        arrays=arrays_of(name),
        smart=smart(path) if with_smart else None,
        ata=facts,
        nvme=nvme,
        scsi=scsi_facts,
        mmc=mmc_facts,
        usb=usb_facts,
        tcg=tcg_facts,
        warnings=tuple(warnings),
    )


def _size(sysfs: Path, opened: descriptor.Opened | None, nvme: NvmeFacts | None) -> int:
    """Bytes that can be addressed, over all namespaces of an NVMe controller."""
    if nvme is not None and len(nvme.namespaces) > 1:
        return sum(one.size_bytes for one in nvme.namespaces)
    return opened.size_bytes if opened else (number(sysfs / "size") or 0) * 512


def _holders(name: str, nvme: NvmeFacts | None) -> tuple[Holder, ...]:
    """Who uses the drive or any of its namespaces."""
    paths = {one.path for one in nvme.namespaces if one.path} if nvme else set()
    names = sorted({name, *(path.removeprefix("/dev/") for path in paths)})
    return tuple(holder for one in names for holder in holder_tree(one))


def _is_twin(sysfs: Path, mark: str) -> bool:
    """Whether a disk carries our stick's partition name: a copy of it, plugged in later."""
    return bool(mark) and any(
        f"PARTNAME={mark}" in (text(part / "uevent") or "") for part in sysfs.glob(f"{sysfs.name}*")
    )


def _serial_source(source: str, sysfs: Path) -> str:
    """A medium that is one with its USB device (a stick, by its removable bit) is no bridge."""
    removable = number(sysfs / "removable") == 1
    return "stick" if source == "bridge" and removable else source


def _speaks_scsi(sysfs: Path) -> bool:
    return (sysfs / "device/scsi_level").exists()


def _bus(
    name: str, sysfs: Path, words: tuple[int, ...] | None, scsi_facts: ScsiFacts | None = None
) -> Bus:
    """The transport: from the place in the device tree, since every driver says it there.

    Behind an adapter of a virtual machine it is what the drive says of its own port.
    """
    place = str(sysfs.resolve())
    if name.startswith("nvme"):
        return Bus.NVME
    if name.startswith("mmcblk"):
        return Bus.MMC
    if "/usb" in place:
        return Bus.USB
    if name.startswith("vd"):
        return Bus.VIRTIO
    if "/ata" in place or words is not None:
        return Bus.SATA
    if any((SYS / "class/sas_host").glob("*")) and "/end_device-" in place:
        return Bus.SAS
    if scsi_facts is not None and scsi_facts.protocol == scsi.SAS_PROTOCOL:
        return Bus.SAS
    return Bus.SAS if name.startswith("sd") and "/virtio" not in place else Bus.UNKNOWN


def _media(bus: Bus, rotational: int | None, rpm: int | None, said: Media) -> Media:
    """By what the drive says, never by the kernel's word for "rotational": that is what it takes
    any drive for which does not say, and flash would count as a disk."""
    if bus in (Bus.NVME, Bus.MMC) or rpm == 0 or (rotational == 0 and bus != Bus.USB):
        return Media.FLASH
    return Media.MAGNETIC if rpm else said


def _firmware(sysfs: Path, words: tuple[int, ...] | None) -> str:
    if words:
        return descriptor.ata_string(words, 23, 26)
    device = sysfs / "device"
    return text(device / "rev") or text(device / "firmware_rev") or text(device / "fwrev") or ""


def _locked_medium(sysfs: Path) -> bool:
    """Whether the medium itself refuses writes (a card's switch). Our own read-only rule
    sets the same kernel flag on every drive before consent, so only MMC can be told apart."""
    return number(sysfs / "device/ro") == 1


def _nodes(name: str, sysfs: Path) -> tuple[str, ...]:
    """All device nodes that a worker on this drive needs, and no others."""
    nodes = [f"/dev/{name}"]
    nodes += [
        f"/dev/{generic.name}" for generic in sorted((sysfs / "device/scsi_generic").glob("sg*"))
    ]
    if name.startswith("nvme"):
        controller = _controller(sysfs)
        others = {node for node in _namespaces(controller).values() if node != name}
        nodes += [f"/dev/{node}" for node in (*sorted(others), controller)]
    if name.startswith("mmcblk"):
        nodes += [
            f"/dev/{name}boot{n}" for n in (0, 1) if (SYS / f"class/block/{name}boot{n}").exists()
        ]
    return tuple(nodes)


def _controller(sysfs: Path) -> str:
    """nvme0n1 need not belong to nvme0: sysfs knows. Under NVMe multipath a namespace hangs on
    the subsystem, whose first controller then stands for all."""
    device = (sysfs / "device").resolve()
    if device.name.startswith("nvme-subsys"):
        paths = sorted(path.name for path in device.glob("nvme*") if (path / "cntlid").exists())
        return paths[0] if paths else device.name
    return device.name


def _namespaces(controller: str) -> dict[int, str]:
    """NSID -> kernel name of every namespace that the kernel shows of a controller."""
    found = {}
    for sysfs in sorted((SYS / "block").glob("nvme*")):
        nsid = number(sysfs / "nsid")
        hidden = number(sysfs / "hidden") == 1
        if nsid is not None and not hidden and _controller(sysfs) == controller:
            found[nsid] = sysfs.name
    return found


def _ata_facts(fd: int, name: str, sysfs: Path, words: ata.Words) -> AtaFacts:
    """Hidden areas, and what a sanitize does now, are asked for where nothing stands between us
    and the drive."""
    if _bus(name, sysfs, words) != Bus.SATA:
        return ata.ata_facts(words)
    facts = hidden.ata_with_hidden(fd, words)
    if not facts.sanitize_supported:
        return facts
    try:
        now = sanitize_status(fd)
    except OSError:  # unknown it stays: None
        return facts
    return replace(facts, sanitize_state=now.state, sanitize_frozen=now.frozen)


def found_again(drive: Drive) -> Drive | None:
    """The drive at its place in the device tree, under its present name and with its present size.

    Nothing is asked of it and nobody is told that it is the same one: that is for whoever
    opens it. None while there is none, or no node of it.
    """
    for sysfs in sorted(Path(drive.sysfs).parent.glob("*")):
        name = sysfs.name
        nodes = _nodes(name, sysfs)
        size = (number(sysfs / "size") or 0) * 512
        if size and all(os.path.exists(node) for node in nodes):
            return replace(
                drive, path=f"/dev/{name}", nodes=nodes, sysfs=str(sysfs), size_bytes=size
            )
    return None


def driver_of(sysfs: Path) -> str | None:
    """The kernel driver bound to a device."""
    return link_name(sysfs / "driver")
