"""The signed description of an image: its frames and digests, partitions, needs and slots.

`manifest.jws` is a compact JWS, ES256 only, by the organisation's image key; the keys that
count lie on the stick's ext4 partition. `read` gives a `Manifest` only after the signature
was good and the numbers agree with each other, so whoever holds one may follow it.
Never reads a frame and never touches a drive.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.imaging import btrfs
from appliance.imaging.errors import ImageTrustError
from appliance.imaging.files import plain_bytes
from appliance.model import ByteRange, RecordError, canonical, from_json

if TYPE_CHECKING:
    from joserfc.jwk import ECKey
    from joserfc.jws import JWSRegistry

SCHEMA = "tajdeed-image/1"
ALGORITHM = "ES256"
MANIFEST_NAME = "manifest.jws"
DATA_NAME = "disk.raw.zst"
SECTOR_BYTES = 512
LARGE_SECTOR_BYTES = 4096
FIRST_BYTES = 1 << 20
_MAX_MANIFEST_BYTES = 64 << 20
_MAX_FRAME_BYTES = 64 << 20

ROLES = ("bios-boot", "esp", "root")
_SUPERBLOCK = "btrfs-superblock"
SLOT_KINDS = ("root-uuid", "esp-serial", "esp-serial-raw", "hostname", _SUPERBLOCK)
ROOT_FILE_SYSTEMS = ("ext4", "btrfs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """What the image is called for a person."""

    ar: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The least machine that this image is meant for."""

    ram_mib: int
    disk_gib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One independent zstd frame: where it lies in the file, and the SHA-256 of what it holds.

    Frame number n holds the bytes of the disk from n x `frame_bytes` on.
    """

    offset: int
    length: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """A partition of the image's GPT; the one with role `root` is last and grows."""

    number: int
    role: str
    first_lba: int
    last_lba: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Bytes of the disk that hold something which must be unique on each machine.

    kind: `root-uuid` and `esp-serial` as text (36 and 9 characters), `esp-serial-raw` as four
    little-endian bytes, `hostname` as text padded with newlines or blanks (`pad`),
    `btrfs-superblock` a whole copy of it, in which the root's id and the checksum change.
    """

    kind: str
    offset: int
    length: int
    pad: str = " "


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A file that lies beside the image and says what is in it: SBOM, package lock."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that laying down needs to know. Sizes in bytes, dates RFC 3339.

    `sector_bytes` is the image's own sector, `sector_sizes` are the logical sectors of drives
    that it can be fitted to.
    """

    schema: str
    profile: str
    title: Title
    version: str
    release: str
    built_at: str
    support_until: str
    needs: Needs
    disk_bytes: int
    sector_bytes: int
    frame_bytes: int
    file_bytes: int
    frames: tuple[Frame, ...]
    extents: tuple[ByteRange, ...]
    partitions: tuple[Partition, ...]
    root_file_system: str
    slots: tuple[Slot, ...]
    kernel: str
    packages: int
    recipe: str
    sector_sizes: tuple[int, ...] = (SECTOR_BYTES,)
    modaliases: tuple[str, ...] = ()
    companions: tuple[Companion, ...] = ()

    def frame_range(self, number: int) -> ByteRange:
        """The bytes of the disk that frame `number` holds."""
        start = number * self.frame_bytes
        return ByteRange(offset=start, length=min(self.frame_bytes, self.disk_bytes - start))

    def frame_at(self, offset: int) -> int:
        """The frame that holds that byte of the data file; the last one for what lies behind."""
        ends = (number for number, f in enumerate(self.frames) if offset < f.offset + f.length)
        return next(ends, len(self.frames) - 1)

    def partition(self, role: str) -> Partition:
        """The partition with that role; KeyError where the image has none."""
        for partition in self.partitions:
            if partition.role == role:
                return partition
        raise KeyError(role)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedManifest:
    """A manifest whose signature was good. `digest`: SHA-256 of the signed payload's bytes."""

    manifest: Manifest
    digest: str
    key_id: str


def key_id(public_pem: bytes) -> str:
    """SHA-256 (hex) of the key's SubjectPublicKeyInfo: how manifests and people name a key."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    key = load_pem_public_key(public_pem)
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def sign(manifest: Manifest, private_pem: bytes, public_pem: bytes) -> str:
    """The compact JWS over the manifest's canonical JSON, by an EC P-256 key."""
    from joserfc import jws

    header = {"alg": ALGORITHM, "typ": "tajdeed-image+jws", "kid": key_id(public_pem)}
    return jws.serialize_compact(
        header, canonical(manifest), _key(private_pem), registry=_registry()
    )


def read(text: str, trusted: Iterable[bytes], where: str) -> SignedManifest:
    """Check the signature of a `manifest.jws` by the trusted keys (PEM), then its numbers.

    `where` names the file in errors. ImageTrustError: `image-manifest-unreadable`,
    `image-key-unknown` (no trusted key with the header's key id), `image-signature-bad`,
    `image-manifest-inconsistent`.
    """
    from joserfc import jws
    from joserfc.errors import JoseError

    claimed = _claimed_key(text, where)
    keys = {key_id(pem): pem for pem in trusted}
    if claimed not in keys:
        raise ImageTrustError("image-key-unknown", file=where, key=claimed[:16], known=len(keys))
    try:
        signed = jws.deserialize_compact(text.strip(), _key(keys[claimed]), registry=_registry())
    except (JoseError, ValueError) as error:
        raise ImageTrustError("image-signature-bad", file=where, key=claimed[:16]) from error
    try:
        manifest = from_json(Manifest, json.loads(signed.payload))
    except (RecordError, ValueError) as error:
        raise ImageTrustError("image-manifest-unreadable", file=where, problem=str(error)) from None
    if problem := inconsistency(manifest):
        raise ImageTrustError("image-manifest-inconsistent", file=where, problem=problem)
    return SignedManifest(
        manifest=manifest, digest=hashlib.sha256(signed.payload).hexdigest(), key_id=claimed
    )


def read_file(path: Path, trusted: Iterable[bytes]) -> SignedManifest:
    """`read` from a file; a missing, huge or binary file is `image-manifest-unreadable`."""
    try:
        text = plain_bytes(path, _MAX_MANIFEST_BYTES).decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ImageTrustError(
            "image-manifest-unreadable", file=str(path), problem=str(error)
        ) from error
    return read(text, trusted, str(path))


def trusted_keys(directory: Path) -> tuple[bytes, ...]:
    """The organisation's image keys (`*.pem`) of a trust directory; empty where there is none."""
    return tuple(path.read_bytes() for path in sorted(directory.glob("*.pem")))


def _key(pem: bytes) -> ECKey:
    from joserfc.jwk import ECKey

    return ECKey.import_key(pem)


def _registry() -> JWSRegistry:
    """ES256 only; and not joserfc's limit of 128 kB, for a large disk has many frames."""
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=[ALGORITHM])
    registry.max_payload_length = _MAX_MANIFEST_BYTES
    return registry


def _claimed_key(text: str, where: str) -> str:
    """The key id of the protected header; refuses any other algorithm than ES256."""
    head = text.strip().partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        algorithm, claimed = header["alg"], header["kid"]
    except (ValueError, KeyError, TypeError) as error:
        raise ImageTrustError(
            "image-manifest-unreadable", file=where, problem="no JWS header"
        ) from error
    if algorithm != ALGORITHM or not isinstance(claimed, str):
        raise ImageTrustError("image-manifest-unreadable", file=where, problem="not ES256")
    return claimed


def inconsistency(manifest: Manifest) -> str:
    """What does not fit together in a manifest, in a few words; empty where all does."""
    if manifest.schema != SCHEMA:
        return f"schema {manifest.schema}"
    if manifest.sector_bytes != SECTOR_BYTES:
        return f"sectors of {manifest.sector_bytes} bytes"
    if not {SECTOR_BYTES} <= set(manifest.sector_sizes) <= {SECTOR_BYTES, LARGE_SECTOR_BYTES}:
        return f"for drives with sectors of {manifest.sector_sizes} bytes"
    size, frame = manifest.disk_bytes, manifest.frame_bytes
    if not FIRST_BYTES < frame <= _MAX_FRAME_BYTES or frame % FIRST_BYTES:
        return f"frames of {frame} bytes"
    if size <= 2 * FIRST_BYTES or size % FIRST_BYTES:
        return f"disk of {size} bytes"
    if len(manifest.frames) != -(-size // frame):
        return f"{len(manifest.frames)} frames for {size} bytes"
    place = 0
    for number, item in enumerate(manifest.frames):
        if item.offset != place or item.length <= 0 or len(item.sha256) != 64:
            return f"frame {number}"
        place += item.length
    if place != manifest.file_bytes:
        return f"frames end at {place}, the file at {manifest.file_bytes}"
    return _partition_problem(manifest) or _range_problem(manifest)


def _partition_problem(manifest: Manifest) -> str:
    if tuple(partition.role for partition in manifest.partitions) != ROLES:
        return "partitions are not " + ", ".join(ROLES)
    free = FIRST_BYTES // SECTOR_BYTES
    unit = max(manifest.sector_sizes) // SECTOR_BYTES
    for number, partition in enumerate(manifest.partitions, 1):
        if partition.number != number or partition.first_lba < free:
            return f"partition {number} overlaps what is before it"
        if partition.last_lba < partition.first_lba:
            return f"partition {number} is empty"
        if partition.first_lba % unit or (partition.last_lba + 1) % unit:
            return f"partition {number} is not for sectors of {unit * SECTOR_BYTES} bytes"
        free = partition.last_lba + 1
    if free * SECTOR_BYTES > manifest.disk_bytes - FIRST_BYTES:
        return "the last partition reaches into the backup GPT"
    return ""


def _range_problem(manifest: Manifest) -> str:
    if manifest.root_file_system not in ROOT_FILE_SYSTEMS:
        return f"root file system {manifest.root_file_system}"
    root = manifest.partition("root").first_lba * SECTOR_BYTES
    copies = btrfs.SUPERBLOCKS if manifest.root_file_system == "btrfs" else ()
    wanted = {
        Slot(kind=_SUPERBLOCK, offset=root + at, length=btrfs.SUPERBLOCK_BYTES) for at in copies
    }
    # Without them, every machine would have the image's own root id.
    if {slot for slot in manifest.slots if slot.kind == _SUPERBLOCK} != wanted:
        return f"the {_SUPERBLOCK} slots are not those of a {manifest.root_file_system}"
    for slot in manifest.slots:
        if slot.kind not in SLOT_KINDS:
            return f"slot of unknown kind {slot.kind}"
        if len(slot.pad) != 1 or not slot.pad.isascii():
            return f"slot {slot.kind} has no padding"
        if not FIRST_BYTES <= slot.offset <= manifest.disk_bytes - slot.length or slot.length < 4:
            return f"slot {slot.kind} at {slot.offset} lies outside the partitions"
    end = 0
    for extent in manifest.extents:
        if extent.offset < end or extent.length <= 0 or extent.end > manifest.disk_bytes:
            return f"extent at {extent.offset}"
        end = extent.end
    return ""
