"""What makes a laid-down system this machine's own: GUIDs, file system ids, host name.

The image carries fixed ids, and its manifest lists the slots, byte ranges of the disk,
where they stand as text (boot loader's configuration, fstab, hostname). Laying down puts
this machine's values there; no file system is mounted for it. Pure but for `fresh`, which
draws random numbers. The machine-id and host keys are not in here: the image ships an empty
machine-id and no keys, and the system makes its own at first boot.
"""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass

from appliance.imaging import btrfs
from appliance.imaging.manifest import Manifest, Slot

HOSTNAME_CHARS = 63
DEFAULT_HOSTNAME = "tajdeed-pc"


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemIdentity:
    """The ids of one laid-down system. `guids`: the disk's, then one for each partition."""

    guids: tuple[uuid.UUID, ...]
    root_uuid: uuid.UUID
    esp_serial: int
    hostname: str

    @property
    def esp_serial_text(self) -> str:
        """The FAT volume id as Linux shows it: `1A2B-3C4D`."""
        return f"{self.esp_serial >> 16:04X}-{self.esp_serial & 0xFFFF:04X}"


def fresh(manifest: Manifest, asset_tag: str) -> SystemIdentity:
    """New random ids, and the host name that belongs to the asset tag."""
    return SystemIdentity(
        guids=tuple(uuid.uuid4() for _ in range(len(manifest.partitions) + 1)),
        root_uuid=uuid.uuid4(),
        esp_serial=secrets.randbits(32) or 1,
        hostname=hostname(asset_tag),
    )


def hostname(asset_tag: str) -> str:
    """A host name (RFC 1123: letters, digits, hyphens) from an asset tag.

    `TJ-0012/7` gives `tj-0012-7`; a tag without any usable character gives a fixed name.
    """
    words = re.sub(r"[^a-z0-9]+", "-", asset_tag.lower()).strip("-")
    return words[:HOSTNAME_CHARS].strip("-") or DEFAULT_HOSTNAME


def content(slot: Slot, identity: SystemIdentity, present: bytes) -> bytes:
    """The bytes for a slot, exactly as long as it is; ValueError where they do not fit.

    `present`: what stands there now, of which a superblock keeps all but its id.
    """
    if slot.kind == "esp-serial-raw":
        data = identity.esp_serial.to_bytes(4, "little")
    elif slot.kind == "btrfs-superblock":
        data = btrfs.with_fsid(present, identity.root_uuid)
    else:
        text = {
            "root-uuid": str(identity.root_uuid),
            "esp-serial": identity.esp_serial_text,
            "hostname": identity.hostname,
        }[slot.kind]
        data = text.encode("ascii").ljust(slot.length, slot.pad.encode("ascii"))
    if len(data) != slot.length:
        raise ValueError(f"{slot.kind} takes {len(data)} bytes, its slot has {slot.length}")
    return data
