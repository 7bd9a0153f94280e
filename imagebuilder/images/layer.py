"""The packages of an image, installed: the layer that takes minutes and is kept.

Made by mmdebstrap from the files of a lock alone. What the profile says beyond its packages is
applied to a fresh copy by `imagebuilder.images.tree`.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from imagebuilder.cache import cache_dir, made_once, recipe_key, remove_tree
from imagebuilder.console import step
from imagebuilder.images.archive import archive, refresh_index, resolved
from imagebuilder.images.lock import Lock, LockError, lock_from, lock_text, missing_from
from imagebuilder.images.pool import fetch, repository
from imagebuilder.images.profile import Profile
from imagebuilder.images.rootkind import ROOT_KINDS
from imagebuilder.mirror import apt_options
from imagebuilder.toolsroot import run_tool

# What makes any image of ours start: kernel, init, both boot loaders and the signed chain.
BOOT_PACKAGES = (
    "linux-image-amd64",
    "initramfs-tools",
    "systemd-sysv",
    "udev",
    "dbus",
    "kmod",
    "zstd",
    "dosfstools",
    "efibootmgr",
    "grub2-common",
    "grub-pc-bin",
    "grub-efi-amd64-bin",
    "grub-efi-amd64-signed",
    "shim-signed",
    "locales",
    "tzdata",
)

# What has to be in place before the first package: filters of dpkg, the form of the initramfs.
_EARLY = ("etc/dpkg", "etc/initramfs-tools", "etc/apt")

# Documentation that nobody reads on such a machine; licences stay.
_LEFT_OUT = ("/usr/share/man/*", "/usr/share/info/*", "/usr/share/lintian/*", "/usr/share/doc/*")
_KEPT = ("/usr/share/doc/*/copyright",)

UNSAFE = "force-unsafe-io"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageLayer:
    """The cached archive of the packages' tree, and the lock that it was made from."""

    archive: Path
    lock: Lock
    key: str

    @property
    def epoch(self) -> int:
        """The image's own time, in Unix seconds."""
        return self.lock.epoch


def package_layer(
    profile: Profile, lock: Lock | None, *, trees: Path | None = None, refresh: bool = False
) -> PackageLayer:
    """The packages of a profile, installed (minutes the first time).

    With a lock, its very versions. Without one the archive's, as they were when this was made
    first; `refresh` takes those of now. `trees`: where layers are kept, else in the cache.
    `UnknownPackages` and `LockError` before any package is downloaded.
    """
    names = wanted_packages(profile)
    if lock is not None and (missing := missing_from(lock, names)):
        raise LockError(
            f"the lock of {profile.name} does not have {', '.join(missing)}: renew it with "
            "--update-lock"
        )
    source = archive(profile.components)
    early = _early_files(profile)
    key = recipe_key(
        "tree-5",
        profile.release,
        *names,
        *profile.components,
        lock_text(lock) if lock else "",
        *_LEFT_OUT,
        *[part for path, name in early for part in (name, path.read_bytes())],
        *[name for path, name in early if os.access(path, os.X_OK)],
    )
    trees = trees or cache_dir() / "trees"
    if refresh:
        remove_tree(trees / key)

    def make(directory: Path) -> None:
        chosen = lock
        if chosen is None:
            with step("look the packages up"):
                refresh_index(source)
                chosen = resolved(source, profile.name, names)
        pool = fetch(chosen, source)
        _install(directory, profile, names, chosen, pool, early)

    place = made_once(trees / key, f"packages of {profile.name}", make)
    made = lock_from((place / "packages.lock").read_text(), str(place / "packages.lock"))
    return PackageLayer(archive=place / "tree.tar.zst", lock=made, key=key)


def wanted_packages(profile: Profile) -> tuple[str, ...]:
    """What is asked for by name: what every image needs to start, and the profile's own."""
    own = ROOT_KINDS[profile.root].packages
    return tuple(sorted({*BOOT_PACKAGES, *own, *profile.packages}))


def _early_files(profile: Profile) -> list[tuple[Path, str]]:
    found = []
    for directory in (*ROOT_KINDS[profile.root].files, *map(Path, profile.files)):
        for early in _EARLY:
            for path in sorted((directory / early).rglob("*")):
                if path.is_file():
                    found.append((path, str(path.relative_to(directory))))
    return found


def _install(
    directory: Path,
    profile: Profile,
    names: tuple[str, ...],
    lock: Lock,
    pool: Path,
    early: list[tuple[Path, str]],
) -> None:
    skeleton = directory / "early"
    for path, name in early:
        (skeleton / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, skeleton / name)
    skeleton.mkdir(exist_ok=True)
    lines = repository(lock, pool, directory / "archive")
    with step(f"install {len(lock.packages)} packages"):
        run_tool(
            [
                "mmdebstrap",
                "--mode=root",
                "--variant=minbase",
                "--format=tar",
                f"--include={','.join(names)}",
                *apt_options(),
                *[f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT],
                *[f"--dpkgopt=path-include={pattern}" for pattern in _KEPT],
                # Whatever a crash leaves is thrown away: no need to wait for the disk.
                f"--dpkgopt={UNSAFE}",
                f'--setup-hook=cp -r "{skeleton}/." "$1/"',
                profile.release,
                directory / "tree.tar",
                *lines,
            ],
            env={"SOURCE_DATE_EPOCH": str(lock.epoch)},
            log=directory / "mmdebstrap.log",
        )
    run_tool(["zstd", "-q", "-1", "-T2", "--rm", directory / "tree.tar"])
    shutil.rmtree(skeleton)
    shutil.rmtree(directory / "archive")
    (directory / "packages.lock").write_text(lock_text(lock))
