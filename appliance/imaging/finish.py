"""From written frames to a system that starts: unique ids, the drive's whole size, boot.

Order matters: slots and file system ids first, then the backup GPT, and the first MiB with
MBR, boot code and primary GPT last of all. A power cut at any point before leaves a drive
that does not boot and can be laid down again. Each step is read back.

The root partition gets the drive's whole size here; its file system is grown by the system
itself at its first boot (systemd-growfs, from fstab). So laying down writes nothing outside
the image's extent but the backup GPT, and `recheck` still holds for all other blocks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from appliance.errors import ToolError
from appliance.imaging import gpt
from appliance.imaging.blocks import aligned, drop_cache, read_all, write_all
from appliance.imaging.errors import LayDownError
from appliance.imaging.identity import SystemIdentity, content
from appliance.imaging.manifest import SECTOR_BYTES, Manifest, Slot
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
    try:
        table = gpt.fitted(gpt.parse(first), drive_bytes, identity.guids)
    except gpt.GptError as error:
        raise _failed("partition table", error) from error
    _same_partitions(table, manifest)
    root = manifest.partition("root")
    root_offset = root.first_lba * SECTOR_BYTES
    on_ext4 = manifest.root_file_system == "ext4"
    try:
        for slot in manifest.slots:
            _patch(fd, slot.offset, content(slot, identity, _present(fd, slot)))
        os.fsync(fd)
        if on_ext4:
            ext4.set_uuid(path, root_offset, str(identity.root_uuid))
        drop_cache(fd)
        for slot in manifest.slots:
            wanted = content(slot, identity, _present(fd, slot))
            _expect(fd, slot.offset, wanted, f"slot {slot.kind}")
        # A btrfs has it in its superblocks, which are slots.
        found = ext4.uuid(path, root_offset) if on_ext4 else str(identity.root_uuid)
    except (OSError, ValueError, ToolError) as error:
        raise _failed("unique ids", error) from error
    if found != str(identity.root_uuid):
        raise _failed("unique ids", f"the root file system says {found or 'nothing'}")
    tail = gpt.backup(table, drive_bytes)
    head = gpt.primary(table, drive_bytes, first[: gpt.BOOT_CODE_BYTES], active=bios)
    head += first[len(head) :]
    try:
        _patch(fd, gpt.backup_offset(drive_bytes), tail)
        os.fsync(fd)
        _expect(fd, gpt.backup_offset(drive_bytes), tail, "backup GPT")
        _patch(fd, 0, head)
        drop_cache(fd)
        _expect(fd, 0, head, "first MiB")
    except OSError as error:
        raise _failed("boot sectors", error) from error
    return Finished(
        written=(
            ByteRange(offset=0, length=manifest.disk_bytes),
            ByteRange(offset=gpt.backup_offset(drive_bytes), length=len(tail)),
        ),
        disk_guid=str(table.disk_guid),
        esp_guid=str(table.partitions[manifest.partition("esp").number - 1].guid),
        root_bytes=(table.partitions[-1].last_lba + 1 - root.first_lba) * SECTOR_BYTES,
    )


def _failed(step: str, problem: object) -> LayDownError:
    return LayDownError("image-finish-failed", step=step, problem=str(problem))


def _same_partitions(table: gpt.Gpt, manifest: Manifest) -> None:
    """The GPT in the image must be the one that the signed manifest describes."""
    have = tuple((part.first_lba, part.last_lba) for part in table.partitions[:-1])
    want = tuple((part.first_lba, part.last_lba) for part in manifest.partitions[:-1])
    first = manifest.partitions[-1].first_lba
    if have != want or table.partitions[-1].first_lba != first:
        raise _failed("partition table", "the image's own differs from its manifest")


def _patch(fd: int, offset: int, data: bytes) -> None:
    """Change bytes anywhere on the drive through whole sectors."""
    start, end = _sectors_around(offset, len(data))
    sectors = _read(fd, start, end - start)
    sectors[offset - start : offset - start + len(data)] = data
    buffer = aligned(len(sectors))
    buffer[:] = bytes(sectors)
    write_all(fd, buffer, start)


def _expect(fd: int, offset: int, data: bytes, what: str) -> None:
    start, end = _sectors_around(offset, len(data))
    sectors = _read(fd, start, end - start)
    if sectors[offset - start : offset - start + len(data)] != data:
        raise _failed(what, "reads back other bytes than were written")


def _present(fd: int, slot: Slot) -> bytes:
    start, end = _sectors_around(slot.offset, slot.length)
    return bytes(_read(fd, start, end - start)[slot.offset - start :][: slot.length])


def _sectors_around(offset: int, length: int) -> tuple[int, int]:
    """Start and end of the whole 512-byte sectors around a range: what O_DIRECT can write."""
    return offset // SECTOR_BYTES * SECTOR_BYTES, -(
        -(offset + length) // SECTOR_BYTES
    ) * SECTOR_BYTES


def _read(fd: int, offset: int, length: int) -> bytearray:
    buffer = aligned(length)
    with memoryview(buffer) as view:
        read_all(fd, view, offset)
        return bytearray(view)
