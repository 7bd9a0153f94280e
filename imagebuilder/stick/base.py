"""The stick's base: Debian packages, trimmed, as one squashfs, with kernel and loaders beside it.

Made once for each recipe and kept in the cache (minutes); everything of our own is laid over it
later. Holds no secret and no identity of a stick.
"""

import glob
import json
import os
import re
import shutil
from pathlib import Path

from imagebuilder.cache import cache_dir, made_once, recipe_key, remove_tree
from imagebuilder.console import say, step
from imagebuilder.mirror import RELEASE, apt_options, sources
from imagebuilder.stick import loaders, modules, packages
from imagebuilder.toolsroot import run_tool

# The image has one time stamp everywhere: what is in it decides its bytes, not the day.
EPOCH = 1_750_000_000

# Fixed numbers, because files on the written stick's ext4 partition belong to them.
GROUP_TAJDEED = 970
USER_FACE = 971
USER_COURIER = 972

_SOURCES = ("base.py", "packages.py", "modules.py", "loaders.py")


def stick_base() -> Path:
    """The base's directory, made first if need be.

    It holds `system.squashfs`, `vmlinuz`, `busybox`, `modules/` (for the initramfs), `loaders/`,
    `tools.json` (versions of what touches drives), `packages.lock` and `sizes`.
    """
    here = Path(__file__).parent
    key = recipe_key(RELEASE, *[(here / name).read_bytes() for name in _SOURCES])
    return made_once(cache_dir() / "stick-base" / key, "stick: base system", _make)


def _make(place: Path) -> None:
    tree = place / "tree"
    with step("Debian packages"):
        _install(tree, place / "mmdebstrap.log")
    with step("trim"):
        _record_versions(tree, place)
        _keep_boot_parts(tree, place)
        _trim(tree)
        _users(tree)
    with step("compile Python"):
        _compile(tree)
        _font_cache(tree)
        names = ", ".join(packages.IMPORTED)
        run_tool(["chroot", tree, "python3", "-I", "-B", "-W", "error", "-c", f"import {names}"])
    with step("squashfs"):
        (place / "sizes").write_text(run_tool(["du", "-xm", "--max-depth=4", tree]).text)
        squash(tree, place / "system.squashfs")
    loaders.make(place / "loaders")
    remove_tree(tree)
    say(f"base system: {(place / 'system.squashfs').stat().st_size / 2**20:.0f} MiB")


def squash(tree: Path, target: Path) -> None:
    """A squashfs of a tree, all owned by root, with one time stamp."""
    target.unlink(missing_ok=True)
    run_tool(
        [
            *["mksquashfs", str(tree), str(target), "-comp", "zstd", "-Xcompression-level", "15"],
            *["-b", "128K", "-noappend", "-no-progress", "-quiet", "-no-xattrs"],
            *["-all-time", str(EPOCH), "-mkfs-time", str(EPOCH)],
        ]
    )


def _install(tree: Path, log: Path) -> None:
    run_tool(
        [
            "mmdebstrap",
            "--mode=root",
            "--variant=minbase",
            f"--include={','.join(packages.PACKAGES)}",
            *apt_options(),
            *[f"--dpkgopt=path-exclude={pattern}" for pattern in packages.EXCLUDED],
            *[f"--dpkgopt=path-include={pattern}" for pattern in packages.INCLUDED],
            "--dpkgopt=force-confold",
            # the initramfs is our own: nothing is to be made by Debian's
            '--essential-hook=mkdir -p "$1/etc/initramfs-tools"; '
            "echo 'update_initramfs=no' > \"$1/etc/initramfs-tools/update-initramfs.conf\"",
            RELEASE,
            tree,
            *sources("main non-free-firmware"),
        ],
        log=log,
    )


def _record_versions(tree: Path, place: Path) -> None:
    form = "${Package} ${Version} ${Architecture} ${Installed-Size}\n"
    listing = run_tool(["dpkg-query", f"--admindir={tree}/var/lib/dpkg", "-W", "-f", form]).text
    (place / "packages.lock").write_text(listing)
    versions = {line.split()[0]: line.split()[1] for line in listing.splitlines()}
    tools = {name: versions[name] for name in packages.RECORDED_TOOLS}
    (place / "tools.json").write_text(json.dumps(tools, indent=1, sort_keys=True))


def _keep_boot_parts(tree: Path, place: Path) -> None:
    (kernel,) = (tree / "boot").glob("vmlinuz-*")
    shutil.copyfile(kernel, place / "vmlinuz")
    shutil.copyfile(tree / "usr/bin/busybox", place / "busybox")
    (place / "modules").mkdir()
    version = kernel.name.partition("-")[2]
    for name, data in modules.initramfs_files(tree / "usr/lib/modules" / version).items():
        (place / "modules" / name).write_bytes(data)


def _trim(tree: Path) -> None:
    for pattern in packages.REMOVED:
        _remove(tree, pattern)
    rules = tree / "usr/lib/udev/rules.d"
    for name in packages.KEPT_RULES:
        if not (rules / name).exists():
            raise ValueError(f"no such rules any more: {name}")
    for path in rules.iterdir():
        if path.name not in packages.KEPT_RULES:
            path.unlink()
    (module_root,) = (tree / "usr/lib/modules").iterdir()
    for name in packages.REMOVED_MODULES:
        _remove(module_root / "kernel", f"{name}?")
    run_tool(["depmod", "-b", tree, module_root.name])
    for pattern in packages.REMOVED_FIRMWARE:
        _remove(tree / "usr/lib/firmware", f"{pattern}?")
    _old_wifi_firmware(tree / "usr/lib/firmware")
    for path in (tree / "usr/lib/firmware").rglob("*"):
        if path.is_symlink():
            link = os.readlink(path)
            # an absolute link is meant inside the tree
            aim = tree / link[1:] if link.startswith("/") else path.parent / link
            if not (aim.exists() or aim.is_symlink()):
                path.unlink()
    (tree / "etc/machine-id").write_text("")
    (tree / "etc/hostname").write_text("tajdeed\n")
    (tree / "etc/hosts").write_text("127.0.0.1 localhost tajdeed\n::1 localhost\n")
    (tree / "etc/fstab").write_text("")
    (tree / "etc/resolv.conf").unlink(missing_ok=True)
    (tree / "etc/resolv.conf").symlink_to("/run/systemd/resolve/stub-resolv.conf")


def _old_wifi_firmware(firmware: Path) -> None:
    """Of each Intel chip's many versions the driver takes the newest that it knows: keep two."""
    versions: dict[str, list[tuple[int, Path]]] = {}
    for path in firmware.glob("**/iwlwifi-*.ucode*"):
        match = re.fullmatch(r"(iwlwifi-.+?)-(\d+)\.ucode.*", path.name)
        if match:
            versions.setdefault(match[1], []).append((int(match[2]), path))
    for found in versions.values():
        for _, path in sorted(found)[:-2]:
            path.unlink()


def _remove(root: Path, pattern: str) -> None:
    optional = pattern.endswith("?")
    found = glob.glob(str(root / pattern.removesuffix("?")))
    if not found and not optional:
        raise ValueError(f"nothing to trim: {pattern}")
    for name in found:
        path = Path(name)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _users(tree: Path) -> None:
    """The unprivileged users, by hand: adduser's programs are not on the stick."""
    with (tree / "etc/group").open("a") as group:
        group.write(f"tajdeed:x:{GROUP_TAJDEED}:tajdeed-face\n")
        group.write(f"tajdeed-face:x:{USER_FACE}:\ntajdeed-courier:x:{USER_COURIER}:\n")
    with (tree / "etc/passwd").open("a") as passwd:
        shell = "/usr/sbin/nologin"
        passwd.write(f"tajdeed-face:x:{USER_FACE}:{USER_FACE}:faces:/nonexistent:{shell}\n")
        passwd.write(
            f"tajdeed-courier:x:{USER_COURIER}:{USER_COURIER}:courier:/nonexistent:{shell}\n"
        )
    with (tree / "etc/shadow").open("a") as shadow:
        shadow.write("tajdeed-face:!*:1::::::\ntajdeed-courier:!*:1::::::\n")
    # nobody logs in on a stick, root neither
    lines = (tree / "etc/shadow").read_text().splitlines()
    locked = [re.sub(r"^root:[^:]*:", "root:!*:", line) for line in lines]
    (tree / "etc/shadow").write_text("\n".join(locked) + "\n")


def _font_cache(tree: Path) -> None:
    """What fontconfig knows of the fonts, for directories of the time that squashfs gives them.

    A cache of another time counts for nothing, and each page that is drawn reads all fonts anew.
    """
    for fonts in ("usr/share/fonts", "usr/local/share/fonts"):
        for path in (tree / fonts, *(tree / fonts).rglob("*")):
            if path.is_dir():
                os.utime(path, (EPOCH, EPOCH))
    run_tool(["chroot", tree, "fc-cache", "--system-only"])


def _compile(tree: Path) -> None:
    """Byte code that is never checked against its source: checking costs a third of a second."""
    for path in (tree / "usr/lib").glob("python3*"):
        for cache in path.rglob("__pycache__"):
            shutil.rmtree(cache)
    (python,) = (tree / "usr/lib").glob("python3.*")
    compile_python(tree, [python, tree / "usr/lib/python3/dist-packages"])


def compile_python(tree: Path, directories: list[Path]) -> None:
    """Compile directories of a stick's tree for the stick (the tools root has its Python)."""
    run_tool(
        [
            *["python3", "-m", "compileall", "-q", "-f", "-j", "2", "-s", str(tree), "-p", "/"],
            *["--invalidation-mode", "unchecked-hash", *map(str, directories)],
        ]
    )
