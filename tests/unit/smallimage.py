"""A small real image for tests: a GPT disk with an ext4 root, framed and signed by our builder."""

from __future__ import annotations

import random
import subprocess
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.imaging import gpt
from appliance.imaging.manifest import (
    DATA_NAME,
    LARGE_SECTOR_BYTES,
    MANIFEST_NAME,
    SCHEMA,
    SECTOR_BYTES,
    Manifest,
    Needs,
    Partition,
    Slot,
    Title,
    sign,
)
from imagebuilder.images.bootloader import make_fat
from imagebuilder.images.disk import fixed_ids
from imagebuilder.images.frames import FRAME_BYTES, Needle, write_frames
from imagebuilder.images.keys import ImageKey, image_key
from imagebuilder.toolsroot import run_tool

MIB = 1 << 20
IDS = fixed_ids("a recipe for tests")
DISK_BYTES = 31 * MIB
ESP_OFFSET, ROOT_OFFSET = 2 * MIB, 6 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallImage:
    """An image directory as the stick has it, and the raw disk that it was made from."""

    place: Path
    raw: bytes
    manifest: Manifest
    key: ImageKey

    def changed_manifest(self, **changes: object) -> None:
        """Put another manifest there, signed by the same key."""
        manifest = replace(self.manifest, **changes)  # type: ignore[arg-type]
        self.put(sign(manifest, self.key.private_pem, self.key.public_pem))

    def frames_on(self, drive: bytes) -> int:
        """How many frames from the first on a drive holds, but for the first MiB."""
        for number in range(len(self.manifest.frames)):
            extent = self.manifest.frame_range(number)
            start = max(extent.offset, MIB)
            if drive[start : extent.end] != self.raw[start : extent.end]:
                return number
        return len(self.manifest.frames)

    def put(self, text: str) -> None:
        (self.place / MANIFEST_NAME).write_text(text)


def small_image(directory: Path, profile: str = "small") -> SmallImage:
    """Make the image below `directory`/images/PROFILE, signed by a new key."""
    place = directory / "images" / profile
    place.mkdir(parents=True)
    partitions = (
        Partition(number=1, role="bios-boot", first_lba=2048, last_lba=4095),
        Partition(number=2, role="esp", first_lba=4096, last_lba=12287),
        Partition(number=3, role="root", first_lba=12288, last_lba=DISK_BYTES // 512 - 2049),
    )
    raw = directory / "disk.raw"
    _make_raw(directory, raw, partitions)
    needles = (
        Needle(kind="root-uuid", text=IDS.root_uuid.encode()),
        Needle(kind="esp-serial", text=f"UUID={IDS.esp_text}".encode(), lead=5),
        Needle(kind="hostname", text=IDS.hostname.encode(), pad="\n"),
        Needle(kind="hostname", text=IDS.hosts_name.encode()),
    )
    framed = write_frames(raw, place / DATA_NAME, needles)
    key = image_key(directory / "image-key.pem")
    manifest = Manifest(
        schema=SCHEMA,
        profile=profile,
        title=Title(ar="صغير", en="Small"),
        version="2026.11.24",
        release="trixie",
        built_at="2026-11-24T00:00:00Z",
        support_until="2030-06-30T00:00:00Z",
        needs=Needs(ram_mib=512, disk_gib=1),
        disk_bytes=DISK_BYTES,
        sector_bytes=SECTOR_BYTES,
        frame_bytes=FRAME_BYTES,
        file_bytes=framed.file_bytes,
        frames=framed.frames,
        extents=framed.extents,
        partitions=partitions,
        root_file_system="ext4",
        slots=(
            *framed.slots,
            Slot(kind="esp-serial-raw", offset=ESP_OFFSET + 0x43, length=4),
            Slot(kind="esp-serial-raw", offset=ESP_OFFSET + 6 * SECTOR_BYTES + 0x43, length=4),
        ),
        kernel="6.12",
        packages=1,
        recipe="0123456789abcdef",
        sector_sizes=(SECTOR_BYTES, LARGE_SECTOR_BYTES),
    )
    image = SmallImage(place=place, raw=raw.read_bytes(), manifest=manifest, key=key)
    image.changed_manifest()
    return image


def _make_raw(directory: Path, raw: Path, partitions: tuple[Partition, ...]) -> None:
    tree = directory / "tree"
    (tree / "etc").mkdir(parents=True)
    (tree / "etc/hostname").write_text(f"{IDS.hostname}\n")
    (tree / "etc/hosts").write_text(f"127.0.1.1 {IDS.hosts_name}\n")
    (tree / "etc/fstab").write_text(f"UUID={IDS.root_uuid} / ext4\nUUID={IDS.esp_text} /boot/efi\n")
    # Bytes that do not compress, so that frames and file have a size worth testing.
    (tree / "noise").write_bytes(random.Random(7).randbytes(9 * MIB))
    table = gpt.Gpt(
        disk_guid=IDS.disk,
        partitions=tuple(
            gpt.GptPartition(
                type_guid=kind,
                guid=guid,
                first_lba=part.first_lba,
                last_lba=part.last_lba,
                name=part.role,
            )
            for part, guid, kind in zip(
                partitions,
                IDS.partitions,
                (gpt.TYPE_BIOS_BOOT, gpt.TYPE_ESP, gpt.TYPE_ROOT),
                strict=True,
            )
        ),
    )
    esp = directory / "esp.img"
    make_fat(esp, ROOT_OFFSET - ESP_OFFSET, serial=IDS.esp_serial, epoch=1)
    config = directory / "grub.cfg"
    config.write_text(f"set root={IDS.root_uuid}")
    run_tool(["mcopy", "-i", esp, config, "::grub.cfg"])
    with raw.open("wb") as stream:
        stream.truncate(DISK_BYTES)
        stream.write(gpt.primary(table, DISK_BYTES, bytes(range(200))))
        stream.seek(ESP_OFFSET)
        stream.write(esp.read_bytes())
        stream.seek(gpt.backup_offset(DISK_BYTES))
        stream.write(gpt.backup(table, DISK_BYTES))
    size_kib = (partitions[2].last_lba + 1 - partitions[2].first_lba) // 2
    options = f"offset={ROOT_OFFSET},hash_seed={uuid.UUID(IDS.root_uuid)}"
    features = "metadata_csum,metadata_csum_seed,64bit"
    words = ["mke2fs", "-q", "-t", "ext4", "-O", features, "-U", IDS.root_uuid]
    words += ["-E", options, "-d", str(tree), str(raw), f"{size_kib}k"]
    subprocess.run(words, check=True, capture_output=True)
