"""The drives of a virtual PC and how QEMU is told about them.

A drive is a raw file, or any server that speaks NBD on a Unix socket. Never creates, fills or
checks media: who makes a drive knows what is on it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Bus = Literal["sata", "nvme", "usb", "virtio", "scsi"]

_SATA_PORTS = 6  # of the q35 machine's own AHCI controller


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """One drive. `name` is its id in QEMU and must be unique in the machine.

    `source`: a raw disk image, or `nbd+unix:///?socket=PATH`. `rotation_rate`: 0 unknown, 1 solid
    state, else revolutions per minute (SATA and SCSI). `snapshot`: what the guest writes goes to a
    temporary file and is lost at the end. `model` is for SATA and NVMe. `bytes_per_s` and
    `requests_per_s` make a slow drive (0: as fast as it is).
    """

    name: str
    source: Path | str
    bus: Bus = "sata"
    serial: str = ""
    model: str = ""
    wwn: int | None = None
    rotation_rate: int = 0
    block_bytes: int = 512
    removable: bool = False
    read_only: bool = False
    snapshot: bool = False
    boot_index: int | None = None
    bytes_per_s: int = 0
    requests_per_s: int = 0

    def backend(self) -> list[str]:
        """QEMU's arguments for the medium."""
        options = [
            "if=none",
            f"id={self.name}",
            "format=raw",
            f"file={_escaped(str(self.source))}",
            "cache=writeback",
            "discard=unmap",
            f"readonly={'on' if self.read_only else 'off'}",
        ]
        if self.snapshot:
            options.append("snapshot=on")
        if self.bytes_per_s:
            options.append(f"throttling.bps-total={self.bytes_per_s}")
        if self.requests_per_s:
            options.append(f"throttling.iops-total={self.requests_per_s}")
        return ["-drive", ",".join(options)]

    def block_node(self) -> dict[str, Any]:
        """The same for QMP's `blockdev-add` (hot plug); a snapshot is not possible there."""
        if self.snapshot:
            raise ValueError(f"drive {self.name}: a hot-plugged drive cannot be a snapshot")
        source = str(self.source)
        file: dict[str, Any] = {"driver": "file", "filename": source}
        if source.startswith("nbd+unix:"):
            path = source.partition("socket=")[2]
            file = {"driver": "nbd", "server": {"type": "unix", "path": path}}
        node: dict[str, Any] = {"driver": "raw", "node-name": self.name, "file": file}
        return {**node, "read-only": self.read_only, "discard": "unmap"}

    def device(self, position: int) -> dict[str, Any]:
        """The device's properties for `-device` and `device_add`.

        `position` counts the drives on the same bus; SATA has 6 ports.
        """
        device: dict[str, Any] = {"drive": self.name, "id": f"{self.name}-device"}
        if self.serial:
            device["serial"] = self.serial
        if self.boot_index is not None:
            device["bootindex"] = self.boot_index
        if self.block_bytes != 512:
            device["logical_block_size"] = self.block_bytes
            device["physical_block_size"] = self.block_bytes
        if self.bus == "usb":
            return {
                "driver": "usb-storage",
                "bus": "usb.0",
                "removable": self.removable,
                **device,
            }
        if self.bus == "virtio":
            return {"driver": "virtio-blk-pci", **device}
        if self.model:
            device["product" if self.bus == "scsi" else "model"] = self.model
        if self.bus == "nvme":
            return {"driver": "nvme", **device, "serial": self.serial or self.name}
        if self.rotation_rate:
            device["rotation_rate"] = self.rotation_rate
        if self.wwn is not None:
            device["wwn"] = self.wwn
        if self.bus == "scsi":
            return {"driver": "scsi-hd", "bus": "scsi.0", "scsi-id": position, **device}
        if position >= _SATA_PORTS:
            raise ValueError(f"drive {self.name}: the machine has only {_SATA_PORTS} SATA ports")
        return {"driver": "ide-hd", "bus": f"ide.{position}", **device}


def stick_drive(image: Path, *, name: str = "stick", persistent: bool = False) -> Drive:
    """A live stick in a USB port, first in the boot order; its writes are lost by default."""
    return Drive(
        name=name,
        source=image,
        bus="usb",
        serial=f"TJD{name.upper()}",
        removable=True,
        boot_index=0,
        snapshot=not persistent,
    )


def _escaped(value: str) -> str:
    """A value for QEMU's comma-separated options (a comma is doubled)."""
    return value.replace(",", ",,")
