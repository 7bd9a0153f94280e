"""The file tree of an image: Debian packages first, then what the profile says about them.

The layer of packages takes minutes and is cached as an archive; the layer of settings (files,
locale, keyboard, user, hooks) is applied to a fresh copy each time. Programs of the tree run in
a chroot with mount and process namespaces of their own.
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
from imagebuilder.mirror import apt_options, default_sources
from imagebuilder.namespaces import private_mounts
from imagebuilder.run import run
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
    "e2fsprogs",
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

_UNSAFE = "force-unsafe-io"

_CHROOT = """\
tree=$1; shift
mount -t proc proc "$tree/proc"
mount -t sysfs -o ro sysfs "$tree/sys"
mount -t tmpfs -o mode=755 tmpfs "$tree/dev"
for name in null zero full random urandom; do
  touch "$tree/dev/$name"; mount --bind "/dev/$name" "$tree/dev/$name"
done
ln -s /proc/self/fd "$tree/dev/fd"
exec chroot "$tree" "$@"
"""


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
    return tuple(sorted({*BOOT_PACKAGES, *profile.packages}))


def _early_files(profile: Profile) -> list[tuple[Path, str]]:
    found = []
    for directory in map(Path, profile.files):
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
        shutil.copyfile(path, skeleton / name)
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
                f"--dpkgopt={_UNSAFE}",
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


def settled_tree(profile: Profile, layer: PackageLayer, tree: Path) -> None:
    """A fresh copy of the package layer at `tree`, with everything else the profile says."""
    with step("unpack the packages"):
        tree.mkdir(parents=True)
        run_tool(["tar", "--numeric-owner", "--xattrs", "-xf", layer.archive, "-C", tree])
    with step("settings, files and hooks"):
        for directory in profile.files:
            _copy(Path(directory), tree)
        _locale(profile, tree)
        _keyboard(profile, tree)
        _timezone(profile, tree)
        _sources(profile, tree)
        _user(profile, tree, layer.epoch)
        for hook in profile.hooks:
            _hook(Path(hook), tree, layer.epoch)
        _clean(tree, layer.epoch)


def in_tree(tree: Path, argv: list[str], *, epoch: int | None = None) -> str:
    """Run a program of the tree inside it (chroot, own namespaces); what it printed.

    `epoch`: the time that a program which honours SOURCE_DATE_EPOCH writes into files.
    """
    namespaces = [*private_mounts(), "--pid", "--fork", "--net"]
    clean = [
        "env",
        "-i",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL=C.UTF-8",
        "DEBIAN_FRONTEND=noninteractive",
        "HOME=/root",
        *([] if epoch is None else [f"SOURCE_DATE_EPOCH={epoch}"]),
    ]
    words = [*namespaces, "sh", "-euc", _CHROOT, "tree", str(tree), *clean, *argv]
    return run(words, timeout_s=1800).text


def _copy(source: Path, tree: Path) -> None:
    """Copy a directory of a profile over the tree, as root's; scripts stay executable."""
    for path in sorted(source.rglob("*")):
        target = tree / path.relative_to(source)
        if path.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.symlink_to(os.readlink(path))
        elif path.is_dir():
            target.mkdir(exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o755 if os.access(path, os.X_OK) else 0o644)


def _locale(profile: Profile, tree: Path) -> None:
    names = dict.fromkeys((profile.locale.default, *profile.locale.also))
    # C.UTF-8 is built into glibc; locale-gen would look for its source in vain.
    wanted = [f"{name} UTF-8" for name in names if name != "C.UTF-8"]
    (tree / "etc/locale.gen").write_text("".join(f"{line}\n" for line in wanted))
    (tree / "etc/default/locale").write_text(f"LANG={profile.locale.default}\n")
    if wanted:
        in_tree(tree, ["locale-gen"])


def _keyboard(profile: Profile, tree: Path) -> None:
    keyboard = profile.keyboard
    (tree / "etc/default/keyboard").write_text(
        f'XKBMODEL="{keyboard.model}"\nXKBLAYOUT="{",".join(keyboard.layouts)}"\n'
        f'XKBVARIANT=""\nXKBOPTIONS="{keyboard.options}"\nBACKSPACE="guess"\n'
    )


def _timezone(profile: Profile, tree: Path) -> None:
    (tree / "etc/timezone").write_text(f"{profile.timezone}\n")
    link = tree / "etc/localtime"
    link.unlink(missing_ok=True)
    link.symlink_to(f"/usr/share/zoneinfo/{profile.timezone}")


def _sources(profile: Profile, tree: Path) -> None:
    """Where the installed system gets its updates: the release's default, not our mirror."""
    (tree / "etc/apt/sources.list").unlink(missing_ok=True)
    lines = default_sources(" ".join(profile.components))
    text = "".join(_deb822(*line.split()[1:]) for line in lines)
    (tree / "etc/apt/sources.list.d/debian.sources").write_text(text)


def _deb822(address: str, suite: str, *components: str) -> str:
    """One source in the form of sources.list(5)."""
    return (
        f"Types: deb\nURIs: {address}\nSuites: {suite}\nComponents: {' '.join(components)}\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
    )


def _user(profile: Profile, tree: Path, epoch: int) -> None:
    user = profile.first_boot.user
    if user is None:
        return
    groups = ["--groups", ",".join(user.groups)] if user.groups else []
    comment = ["--comment", user.full_name]
    shell = ["--create-home", "--shell", "/bin/bash"]
    in_tree(tree, ["useradd", *shell, *comment, *groups, user.name], epoch=epoch)


def _hook(hook: Path, tree: Path, epoch: int) -> None:
    place = tree / "profile-hook"
    shutil.copyfile(hook, place)
    place.chmod(0o755)
    in_tree(tree, ["/profile-hook"], epoch=epoch)
    place.unlink()


def _clean(tree: Path, epoch: int) -> None:
    """What must not be the same on two machines, or is of no use there, goes."""
    (tree / "etc/machine-id").write_bytes(b"")
    for pattern in (
        "var/lib/dbus/machine-id",
        # this machine's name server and the settings of its apt, left by mmdebstrap
        "etc/resolv.conf",
        "etc/apt/apt.conf.d/99mmdebstrap",
        "var/lib/systemd/random-seed",
        "etc/ssh/ssh_host_*",
        "etc/nvme/host*",
        "var/lib/apt/lists/*_*",
        "var/cache/apt/*.bin",
        "var/cache/debconf/*-old",
        "var/lib/dpkg/*-old",
        "var/cache/ldconfig/aux-cache",
        "var/log/*.log",
        "var/log/apt/*",
        "etc/*-",
        "root/.bash_history",
    ):
        for path in tree.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    options = tree / "etc/dpkg/dpkg.cfg.d/99mmdebstrap"
    lines = options.read_text().splitlines(keepends=True)
    options.write_text("".join(line for line in lines if line.strip() != _UNSAFE))
    newer: list[str | Path] = ["find", tree, "-xdev", "-newermt", f"@{epoch}"]
    run([*newer, "-exec", "touch", "--no-dereference", f"--date=@{epoch}", "{}", "+"])
