"""The raw disk of an image: GPT, BIOS boot partition, EFI system partition, root.

Made as a sparse file, without loop devices or mounts: ext4 straight from the tree by
`mke2fs -d`, btrfs by `mkfs.btrfs --rootdir`. Every id in it is derived from the recipe, so that it
can be found again as a slot and replaced when the image is laid down.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from appliance.imaging import gpt
from appliance.imaging.identity import DEFAULT_HOSTNAME
from appliance.imaging.manifest import FIRST_BYTES, SECTOR_BYTES, Partition
from imagebuilder.console import say, step
from imagebuilder.images.bootloader import bios_boot, make_esp, settle_grub
from imagebuilder.images.btrfsroot import make_btrfs
from imagebuilder.images.profile import Profile
from imagebuilder.images.rootkind import ROOT_KINDS, RootKind
from imagebuilder.toolsroot import run_tool

_MIB = 1 << 20
_NAMESPACE = uuid.UUID("6c1c6c0e-0b0e-4f0a-9f6a-0d6f1a7f2f55")
_BIOS_BOOT_MIB = 1
_HOSTNAME_CHARS = 63
_INODE_BYTES = 256
_BYTES_PER_INODE = 16384


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedIds:
    """The ids that stand in the image until it is laid down, drawn from its recipe.

    The two host names are place holders as long as a host name can be; `hosts_name` stands in
    /etc/hosts, where blanks may follow it, `hostname` in /etc/hostname, where newlines may.
    """

    disk: uuid.UUID
    partitions: tuple[uuid.UUID, ...]
    root_uuid: str
    esp_serial: int
    hostname: str
    hosts_name: str

    @property
    def esp_text(self) -> str:
        return f"{self.esp_serial >> 16:04X}-{self.esp_serial & 0xFFFF:04X}"


def fixed_ids(recipe: str) -> FixedIds:
    """The ids for a recipe's key."""

    def drawn(what: str) -> uuid.UUID:
        return uuid.uuid5(_NAMESPACE, f"{recipe}/{what}")

    def name(what: str) -> str:
        return f"{what}-{drawn(what).hex}{drawn(what + '2').hex}"[:_HOSTNAME_CHARS]

    return FixedIds(
        disk=drawn("disk"),
        partitions=tuple(drawn(f"partition {number}") for number in (1, 2, 3)),
        root_uuid=str(drawn("root")),
        esp_serial=drawn("esp").int & 0xFFFFFFFF,
        hostname=name("hostname"),
        hosts_name=name("hosts"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDisk:
    """The raw image and where its partitions lie."""

    path: Path
    size_bytes: int
    partitions: tuple[Partition, ...]


def write_ids(tree: Path, kind: RootKind, ids: FixedIds) -> None:
    """fstab, hostname and hosts; systemd grows the root file system at the first boot."""
    names = (ids.hostname, ids.hosts_name) if kind.ids_inside else (DEFAULT_HOSTNAME,) * 2
    (tree / "etc/fstab").write_text(kind.fstab.format(uuid=ids.root_uuid, esp=ids.esp_text))
    (tree / "boot/efi").mkdir(parents=True, exist_ok=True)
    (tree / "etc/hostname").write_text(f"{names[0]}\n")
    (tree / "etc/hosts").write_text(
        f"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 {names[1]}\n"
    )


def make_disk(profile: Profile, tree: Path, ids: FixedIds, place: Path, epoch: int) -> RawDisk:
    """The raw disk at `place`/disk.raw from a settled tree."""
    kind = ROOT_KINDS[profile.root]
    write_ids(tree, kind, ids)
    settle_grub(tree, kind, ids.root_uuid, profile.kernel_options)
    bios_lba = FIRST_BYTES // SECTOR_BYTES
    esp_lba = bios_lba + _BIOS_BOOT_MIB * _MIB // SECTOR_BYTES
    root_lba = esp_lba + profile.size.esp_mib * _MIB // SECTOR_BYTES
    boot = bios_boot(tree, kind, bios_lba, esp_lba - bios_lba)
    root = place / "root.img"
    root_bytes, inodes = _root_size(tree, profile.size.free_mib)
    if profile.root == "btrfs":
        with step("root file system"):
            taken = make_btrfs(tree, root, root_bytes, ids.root_uuid, ids.hostname, epoch)
        root_bytes = -(-taken // _MIB) * _MIB + profile.size.free_mib * _MIB
    end_lba = root_lba + root_bytes // SECTOR_BYTES
    disk_bytes = end_lba * SECTOR_BYTES + _MIB
    partitions = (
        Partition(number=1, role="bios-boot", first_lba=bios_lba, last_lba=esp_lba - 1),
        Partition(number=2, role="esp", first_lba=esp_lba, last_lba=root_lba - 1),
        Partition(number=3, role="root", first_lba=root_lba, last_lba=end_lba - 1),
    )
    table = _table(ids, partitions)
    raw = place / "disk.raw"
    with raw.open("wb") as stream:
        stream.truncate(disk_bytes)
        stream.write(gpt.primary(table, disk_bytes, boot.boot_code))
        stream.seek(bios_lba * SECTOR_BYTES)
        stream.write(boot.core)
        stream.seek(gpt.backup_offset(disk_bytes))
        stream.write(gpt.backup(table, disk_bytes))
    esp = place / "esp.img"
    make_esp(
        tree,
        esp,
        (root_lba - esp_lba) * SECTOR_BYTES,
        serial=ids.esp_serial,
        early=kind.early.format(uuid=ids.root_uuid),
        epoch=epoch,
    )
    _insert(esp, raw, esp_lba * SECTOR_BYTES)
    esp.unlink()
    if profile.root == "btrfs":
        _insert(root, raw, root_lba * SECTOR_BYTES)
        root.unlink()
    else:
        with step(f"root file system, {root_bytes // _MIB} MiB"):
            _make_root(tree, raw, root_lba * SECTOR_BYTES, root_bytes, inodes, ids, epoch)
    say(f"disk of {disk_bytes // _MIB} MiB")
    return RawDisk(path=raw, size_bytes=disk_bytes, partitions=partitions)


def _table(ids: FixedIds, partitions: tuple[Partition, ...]) -> gpt.Gpt:
    kinds = (gpt.TYPE_BIOS_BOOT, gpt.TYPE_ESP, gpt.TYPE_ROOT)
    names = ("bios-boot", "esp", "root")
    return gpt.Gpt(
        disk_guid=ids.disk,
        partitions=tuple(
            gpt.GptPartition(
                type_guid=kind,
                guid=guid,
                first_lba=part.first_lba,
                last_lba=part.last_lba,
                name=name,
            )
            for kind, guid, part, name in zip(kinds, ids.partitions, partitions, names, strict=True)
        ),
    )


def _root_size(tree: Path, free_mib: int) -> tuple[int, int]:
    """Bytes and inodes for the root file system: the files, ext4's own tables, what is free."""
    files, taken = 0, 0
    seen: set[int] = set()
    for directory, names, others in os.walk(tree):
        for name in (*names, *others):
            status = os.lstat(os.path.join(directory, name))
            if status.st_nlink > 1 and status.st_ino in seen:
                continue
            seen.add(status.st_ino)
            files += 1
            taken += -(-status.st_size // 4096) * 4096
    inodes = max(files * 5 // 4, (taken + free_mib * _MIB) // _BYTES_PER_INODE)
    own = inodes * _INODE_BYTES + _journal_mib(taken) * _MIB
    # Bitmaps, group descriptors and extent blocks: two per cent cover them with room to spare.
    size = (taken + own + free_mib * _MIB) * 102 // 100
    return -(-size // _MIB) * _MIB, inodes


def _journal_mib(taken: int) -> int:
    return 64 if taken > 1 << 30 else 16


def _make_root(
    tree: Path, raw: Path, offset: int, size: int, inodes: int, ids: FixedIds, epoch: int
) -> None:
    run_tool(
        [
            "mke2fs",
            "-q",
            "-t",
            "ext4",
            # 1 KiB blocks, the default of small file systems, reserve room to grow to 32 GB only;
            # beyond it the kernel's online growth left an inconsistent block bitmap (seen, 6.12).
            "-b",
            "4096",
            # The seed keeps checksums valid when laying down gives the file system a new UUID.
            "-O",
            "metadata_csum,metadata_csum_seed,64bit",
            "-U",
            ids.root_uuid,
            "-L",
            "system",
            "-m",
            "1",
            "-N",
            str(inodes),
            "-J",
            f"size={_journal_mib(size)}",
            "-E",
            f"offset={offset},hash_seed={ids.root_uuid},assume_storage_prezeroed=1",
            "-d",
            tree,
            raw,
            f"{size // 1024}k",
        ],
        env={"SOURCE_DATE_EPOCH": str(epoch)},
    )
    run_tool(["e2fsck", "-fn", f"{raw}?offset={offset}"])


def _insert(source: Path, target: Path, offset: int) -> None:
    """Copy a file into another one at an offset, leaving runs of zeros as holes."""
    with source.open("rb") as reading, target.open("r+b") as writing:
        while chunk := reading.read(_MIB):
            if any(chunk):
                writing.seek(offset)
                writing.write(chunk)
            offset += len(chunk)
