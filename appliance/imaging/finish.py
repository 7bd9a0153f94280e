"""From written frames to a system that starts: unique ids, the drive's whole size, boot.

Order matters: slots and file system ids first, then the FAT's sector size where the drive has
another one than the image, the backup GPT, and the first MiB with MBR, boot code and primary
GPT last of all. A power cut at any point before leaves a drive that does not boot and can be
laid down again. Each step is read back.

The root partition gets the drive's whole size here; its file system is grown by the system
itself at its first boot (systemd-growfs, from fstab). So laying down writes nothing outside
the image's extent but the backup GPT, and `recheck` still holds for all other blocks.
"""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass

from appliance.errors import ToolError
from appliance.imaging import fat, gpt
from appliance.imaging.blocks import aligned, drop_cache, read_all, sector_bytes, write_all
from appliance.imaging.errors import LayDownError
from appliance.imaging.identity import SystemIdentity, content
from appliance.imaging.manifest import SECTOR_BYTES, Manifest
from appliance.model import ByteRange
from appliance.tools import ext4


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The drive boots. `written`: all that laying down wrote, by ranges of the drive."""

    written: tuple[ByteRange, ...]
    disk_guid: str
    esp_guid: str
    root_bytes: int


def finish(
    fd: int,
    path: str,
    manifest: Manifest,
    first: bytes,
    identity: SystemIdentity,
    *,
    drive_bytes: int,
    bios: bool,
) -> Finished:
    """Make the image on the drive unique, fit it to the drive's size, make it bootable.

    `fd` and `path` name the same drive: the descriptor for our own writes, the path for
    tune2fs. `first` is the image's first MiB as `lay_down` gave it; `bios`: the machine starts
    its disks by a BIOS. LayDownError `image-finish-failed` with the step that failed.
    """
    drive = _Drive(fd)
    try:
        table = gpt.parse(first)
        _same_partitions(table, manifest)
        table = gpt.fitted(gpt.in_sectors(table, drive.sector_bytes), drive_bytes, identity.guids)
    except gpt.GptError as error:
        raise _failed("partition table", error) from error
    root = manifest.partition("root")
    root_offset = root.first_lba * SECTOR_BYTES
    on_ext4 = manifest.root_file_system == "ext4"
    try:
        for slot in manifest.slots:
            drive.patch(slot.offset, content(slot, identity, drive.read(slot.offset, slot.length)))
        os.fsync(fd)
        if on_ext4:
            ext4.set_uuid(path, root_offset, str(identity.root_uuid))
        drop_cache(fd)
        for slot in manifest.slots:
            wanted = content(slot, identity, drive.read(slot.offset, slot.length))
            drive.expect(slot.offset, wanted, f"slot {slot.kind}")
        # A btrfs has it in its superblocks, which are slots.
        found = ext4.uuid(path, root_offset) if on_ext4 else str(identity.root_uuid)
    except (OSError, ValueError, ToolError) as error:
        raise _failed("unique ids", error) from error
    if found != str(identity.root_uuid):
        raise _failed("unique ids", f"the root file system says {found or 'nothing'}")
    _fit_esp(drive, manifest)
    tail = gpt.backup(table, drive_bytes)
    tail_at = gpt.backup_offset(drive_bytes, table.sector_bytes)
    head = gpt.primary(table, drive_bytes, first[: gpt.BOOT_CODE_BYTES], active=bios)
    head += first[len(head) :]
    try:
        drive.patch(tail_at, tail)
        os.fsync(fd)
        drive.expect(tail_at, tail, "backup GPT")
        drive.patch(0, head)
        drop_cache(fd)
        drive.expect(0, head, "first MiB")
    except OSError as error:
        raise _failed("boot sectors", error) from error
    return Finished(
        written=(
            ByteRange(offset=0, length=manifest.disk_bytes),
            ByteRange(offset=tail_at, length=len(tail)),
        ),
        disk_guid=str(table.disk_guid),
        esp_guid=str(table.partitions[manifest.partition("esp").number - 1].guid),
        root_bytes=table.partitions[-1].sectors * table.sector_bytes,
    )


def _failed(step: str, problem: object) -> LayDownError:
    return LayDownError("image-finish-failed", step=step, problem=str(problem))


def _same_partitions(table: gpt.Gpt, manifest: Manifest) -> None:
    """The GPT in the image must be the one that the signed manifest describes."""
    have = tuple((part.first_lba, part.last_lba) for part in table.partitions)
    if have != tuple((part.first_lba, part.last_lba) for part in manifest.partitions):
        raise _failed("partition table", "the image's own differs from its manifest")


def _fit_esp(drive: _Drive, manifest: Manifest) -> None:
    """Give the EFI system partition's FAT the drive's sectors, where they are not the image's."""
    if drive.sector_bytes == SECTOR_BYTES:
        return
    start = manifest.partition("esp").first_lba * SECTOR_BYTES
    try:
        area = fat.reserved_area(drive.read(start, fat.RESERVED_BYTES), drive.sector_bytes)
        drive.patch(start, area)
        drop_cache(drive.fd)
        drive.expect(start, area, "EFI system partition")
    except (OSError, fat.FatError) as error:
        raise _failed("EFI system partition", error) from error


class _Drive:
    """Bytes anywhere on the open drive, read and changed through whole sectors of it."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.sector_bytes = sector_bytes(fd)

    def read(self, offset: int, length: int) -> bytes:
        start, sectors = self._around(offset, length)
        return bytes(sectors[offset - start : offset - start + length])

    def patch(self, offset: int, data: bytes) -> None:
        start, sectors = self._around(offset, len(data))
        sectors[offset - start : offset - start + len(data)] = data
        write_all(self.fd, sectors, start)

    def expect(self, offset: int, data: bytes, what: str) -> None:
        if self.read(offset, len(data)) != data:
            raise _failed(what, "reads back other bytes than were written")

    def _around(self, offset: int, length: int) -> tuple[int, mmap.mmap]:
        """The whole sectors around a range, which is what O_DIRECT can transfer; their start."""
        unit = self.sector_bytes
        start = offset // unit * unit
        buffer = aligned(-(-(offset + length) // unit) * unit - start)
        with memoryview(buffer) as view:
            read_all(self.fd, view, start)
        return start, buffer
