"""From a profile to `dist/images/PROFILE/`: the whole way, or nothing.

`build_image` is what `./build.sh image` and the demo call. The image of the same recipe, signed
by the same key, is not built again.
"""

from __future__ import annotations

import argparse
import hashlib
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import appliance.imaging
import imagebuilder.templates
from appliance.errors import TrustError
from appliance.imaging import btrfs
from appliance.imaging.manifest import (
    DATA_NAME,
    LARGE_SECTOR_BYTES,
    MANIFEST_NAME,
    SCHEMA,
    SECTOR_BYTES,
    Companion,
    Manifest,
    Needs,
    SignedManifest,
    Slot,
    Title,
    inconsistency,
    read_file,
    sign,
)
from appliance.imaging.remote import INDEX_NAME
from appliance.model import canonical, to_json
from imagebuilder import room
from imagebuilder.cache import locked, recipe_key, remove_tree
from imagebuilder.console import say, step
from imagebuilder.images import contents, drivers
from imagebuilder.images.bootloader import kernel_version
from imagebuilder.images.disk import FixedIds, RawDisk, fixed_ids, make_disk
from imagebuilder.images.frames import FRAME_BYTES, Framed, Needle, write_frames
from imagebuilder.images.keys import ImageKey, KeyProblem, default_key_path, image_key
from imagebuilder.images.layer import PackageLayer, package_layer
from imagebuilder.images.lock import Lock, LockError, lock_text, read_lock
from imagebuilder.images.names import named_in_profile, update_lock
from imagebuilder.images.profile import Profile, ProfileError, read_profile
from imagebuilder.images.rootkind import FAMILY_PC, ROOT_KINDS
from imagebuilder.images.tree import calendar_files, settled_tree

REPOSITORY = Path(__file__).resolve().parents[2]
PROFILES = REPOSITORY / "profiles"
LOCKS = PROFILES / "locks"
IMAGES = REPOSITORY / "dist/images"
SBOM_NAME = "sbom.cdx.json"
LOCK_NAME = "packages.lock"

# The appliance's own modules that say how an image is made up.
_FORMATS = ("btrfs.py", "fat.py", "gpt.py", "manifest.py")
# FAT32: the volume id in the boot sector, and in its copy in sector 6.
_FAT_SERIALS = (0x43, 6 * SECTOR_BYTES + 0x43)


class BuildError(Exception):
    """The image did not come out as it should; nothing was put into place."""


def build_image(
    name: str,
    *,
    key_path: Path | None = None,
    images: Path = IMAGES,
    lock: Lock | None = None,
    trees: Path | None = None,
    refresh: bool = False,
) -> Path:
    """The directory of the finished, signed image of a profile, built if it must be.

    `lock`: the packages to take, else those of the profile's own lock file, else the newest.
    `trees`: where installed packages are kept, else the cache. `ProfileError` and `LockError`
    before any package is downloaded; `BuildError`, `ProgramError` later, and then an image that
    was there before is still there.
    """
    path = PROFILES / f"{name}.yaml"
    profile = read_profile(path)
    lock = lock or read_lock(lock_path(name))
    key = image_key(key_path or default_key_path())
    images.mkdir(parents=True, exist_ok=True)
    place = images / profile.name
    with locked(images / f".{profile.name}.lock", f"the image {profile.name}"):
        with step(f"image {profile.name}"):
            with named_in_profile(path):
                layer = package_layer(profile, lock, trees=trees, refresh=refresh)
            recipe = _recipe(profile, layer)
            if _is_current(place, recipe, key):
                say("up to date")
                _list(images)
                return place
            temporary = images / f".{profile.name}.new"
            remove_tree(temporary)
            temporary.mkdir()
            try:
                _build(profile, layer, recipe, key, temporary)
            except BaseException:
                remove_tree(temporary)
                raise
            remove_tree(place)
            temporary.rename(place)
            _list(images)
        _tell(place, key)
    return place


def _list(images: Path) -> None:
    """Name the images in the file by which sticks find them when the directory is on a server."""
    names = sorted(path.parent.name for path in images.glob(f"[!.]*/{MANIFEST_NAME}"))
    fresh = images / f".{INDEX_NAME}.new"
    fresh.write_text("".join(f"{name}\n" for name in names))
    fresh.replace(images / INDEX_NAME)


def lock_path(name: str) -> Path:
    """The lock file of a profile; it need not be there."""
    return LOCKS / f"{name}.lock"


def _build(
    profile: Profile, layer: PackageLayer, recipe: str, key: ImageKey, place: Path
) -> SignedManifest:
    tree, ids = place / "tree", fixed_ids(recipe)
    settled_tree(profile, layer, tree)
    found = contents.packages(tree)
    if other := contents.difference(found, layer.lock):
        raise BuildError(f"installed is other than locked: {', '.join(other)}")
    version = datetime.fromtimestamp(layer.epoch, UTC).strftime("%Y.%m.%d")
    with step("disk"):
        raw = make_disk(profile, tree, ids, place, layer.epoch)
    with step("compress, hash, look for ids"):
        framed = write_frames(raw.path, place / DATA_NAME, _needles(ids))
    raw.path.unlink()
    told = {
        SBOM_NAME: contents.sbom(profile, version, layer.lock, found),
        LOCK_NAME: lock_text(layer.lock),
    }
    manifest = Manifest(
        schema=SCHEMA,
        profile=profile.name,
        title=Title(ar=profile.title.ar, en=profile.title.en),
        version=version,
        release=profile.release,
        built_at=_time(layer.epoch),
        support_until=f"{profile.support_until}T00:00:00Z",
        needs=Needs(ram_mib=profile.needs.ram_mib, disk_gib=profile.needs.disk_gib),
        disk_bytes=raw.size_bytes,
        sector_bytes=SECTOR_BYTES,
        frame_bytes=FRAME_BYTES,
        file_bytes=framed.file_bytes,
        frames=framed.frames,
        extents=framed.extents,
        partitions=raw.partitions,
        root_file_system=profile.root,
        slots=_slots(profile, framed, raw),
        kernel=kernel_version(tree),
        packages=len(found),
        recipe=recipe,
        sector_sizes=(SECTOR_BYTES, LARGE_SECTOR_BYTES),
        modaliases=drivers.modaliases(tree),
        companions=tuple(
            Companion(name=file, sha256=hashlib.sha256(text.encode()).hexdigest())
            for file, text in sorted(told.items())
        ),
    )
    if problem := inconsistency(manifest):
        raise BuildError(f"the manifest does not fit together: {problem}")
    for file, text in told.items():
        (place / file).write_text(text)
    (place / MANIFEST_NAME).write_text(sign(manifest, key.private_pem, key.public_pem) + "\n")
    remove_tree(tree)
    return read_file(place / MANIFEST_NAME, (key.public_pem,))


def _time(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z")


def _needles(ids: FixedIds) -> tuple[Needle, ...]:
    return (
        Needle(kind="root-uuid", text=ids.root_uuid.encode()),
        Needle(kind="esp-serial", text=f"UUID={ids.esp_text}".encode(), lead=len("UUID=")),
        Needle(kind="hostname", text=ids.hostname.encode(), pad="\n"),
        Needle(kind="hostname", text=ids.hosts_name.encode()),
    )


def _slots(profile: Profile, framed: Framed, raw: RawDisk) -> tuple[Slot, ...]:
    """All slots; `BuildError` where an id stands in more or fewer places than we wrote it to."""
    esp, root = (part.first_lba * SECTOR_BYTES for part in raw.partitions[1:])
    serials = tuple(
        Slot(kind="esp-serial-raw", offset=esp + place, length=4) for place in _FAT_SERIALS
    )
    superblocks = tuple(
        Slot(kind="btrfs-superblock", offset=root + place, length=btrfs.SUPERBLOCK_BYTES)
        for place in (btrfs.SUPERBLOCKS if profile.root == "btrfs" else ())
    )
    slots = (*framed.slots, *serials, *superblocks)
    counts = dict(Counter(slot.kind for slot in slots))
    if counts != (expected := ROOT_KINDS[profile.root].slots):
        raise BuildError(f"ids in the image: {counts}, expected {expected}")
    return slots


def _recipe(profile: Profile, layer: PackageLayer) -> str:
    """A key over all that decides the image: lock, profile, its files, this program."""
    sources = [
        *(path for directory in profile.files for path in sorted(Path(directory).rglob("*"))),
        *map(Path, profile.hooks),
        *sorted(Path(__file__).parent.glob("*.py")),
        *(path for path in sorted(FAMILY_PC.rglob("*")) if _is_source(path)),
        *calendar_files(),
        *sorted(Path(imagebuilder.templates.__file__).parent.glob("*.py")),
        *(Path(appliance.imaging.__file__).with_name(name) for name in _FORMATS),
    ]
    parts: list[str | bytes] = [lock_text(layer.lock)]
    parts.append(canonical(_portable(profile)))
    for path in sources:
        if path.is_symlink():
            parts += [path.name, os.readlink(path)]
        elif path.is_file():
            parts += [path.name, str(os.access(path, os.X_OK)), path.read_bytes()]
    return recipe_key(*parts)


def _is_source(path: Path) -> bool:
    return "__pycache__" not in path.parts and path.suffix != ".mo"


def _portable(profile: Profile) -> dict[str, object]:
    """The profile without the place where this repository happens to lie."""
    data: dict[str, object] = to_json(profile)
    for kind, paths in (("files", profile.files), ("hooks", profile.hooks)):
        data[kind] = [os.path.relpath(path, PROFILES) for path in paths]
    return data


def _is_current(place: Path, recipe: str, key: ImageKey) -> bool:
    try:
        signed = read_file(place / MANIFEST_NAME, (key.public_pem,))
    except TrustError:
        return False
    data = place / DATA_NAME
    return (
        signed.manifest.recipe == recipe
        and data.is_file()
        and data.stat().st_size == signed.manifest.file_bytes
    )


def _tell(place: Path, key: ImageKey) -> None:
    manifest = read_file(place / MANIFEST_NAME, (key.public_pem,)).manifest
    say(
        f"{place}: version {manifest.version}, kernel {manifest.kernel}; "
        f"{manifest.disk_bytes / 1e9:.2f} GB of disk in {manifest.file_bytes / 1e9:.2f} GB; "
        f"signed by image key {key.id[:16]}\n"
        f"{manifest.packages} packages: {place / SBOM_NAME}, {place / LOCK_NAME}"
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`image [--key FILE] [--refresh | --update-lock] PROFILE...`."""
    parser.add_argument("profiles", nargs="+", metavar="PROFILE", help="name in profiles/")
    parser.add_argument("--key", type=Path, help="the organisation's image key")
    parser.add_argument("--refresh", action="store_true", help="take the packages' newest versions")
    parser.add_argument(
        "--update-lock",
        action="store_true",
        help="write the newest versions into profiles/locks/PROFILE.lock, build nothing",
    )


def command(args: argparse.Namespace) -> int:
    """Build the images; 2 for a wrong profile, lock or key, before anything is made."""
    room.warn("image")
    try:
        for name in args.profiles:
            read_profile(PROFILES / f"{name}.yaml")
            if args.refresh and read_lock(lock_path(name)) is not None:
                raise LockError(f"{lock_path(name)} decides: renew it with --update-lock")
        for name in args.profiles:
            if args.update_lock:
                update_lock(PROFILES / f"{name}.yaml", lock_path(name))
            else:
                build_image(name, key_path=args.key, refresh=args.refresh)
    except (ProfileError, LockError, KeyProblem) as problem:
        say(str(problem))
        return 2
    except BuildError as problem:
        say(str(problem))
        return 1
    return 0
