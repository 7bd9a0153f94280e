"""The stick's own initramfs: busybox, some thirty kernel modules and `initramfs/init`.

Built from the base's parts. It holds no tool that could write to a drive's file
system and no shell for a person.
"""

from pathlib import Path

import zstandard

from imagebuilder.cache import cache_dir, made_once, recipe_key
from imagebuilder.stick.cpio import Cpio

_ZSTD_LEVEL = 19
_COMMANDS = (
    *("sh", "cat", "grep", "insmod", "mkdir", "mount", "readlink", "sleep", "switch_root"),
    "usleep",
)


def initrd(base: Path) -> bytes:
    """The compressed archive, from the directory that `stick_base` returns."""
    cpio = Cpio()
    for name in ("dev", "proc", "sys", "run", "tmp"):
        cpio.directory(name)
    # the kernel opens it for init's output before devtmpfs is mounted
    cpio.character_device("dev/console", 5, 1)
    cpio.file("init", (Path(__file__).parent / "initramfs/init").read_bytes(), 0o755)
    cpio.file("bin/busybox", (base / "busybox").read_bytes(), 0o755)
    for command in _COMMANDS:
        cpio.link(f"bin/{command}", "busybox")
    for path in sorted((base / "modules").iterdir()):
        cpio.file(f"lib/modules/{path.name}", path.read_bytes())
    archive = _compressed(cpio.archive())
    # the kernel wants a further archive, if one is appended, at a multiple of four bytes
    return archive + b"\0" * (-len(archive) % 512)


def _compressed(archive: bytes) -> bytes:
    """As small as zstd makes it: seconds of work, so it is kept."""

    def make(place: Path) -> None:
        compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL)
        (place / "initrd.zst").write_bytes(compressor.compress(archive))

    place = cache_dir() / "initrd" / recipe_key(f"zstd {_ZSTD_LEVEL}", archive)
    return (made_once(place, "initramfs", make) / "initrd.zst").read_bytes()


def overlay_archive(files: dict[str, tuple[bytes, int]]) -> bytes:
    """A second archive that a test harness appends: files that appear in the started system.

    It replaces `switch_root` by a script that copies them, so that the product needs no hook for
    it. `files`: path below the root to content and mode.
    """
    cpio = Cpio()
    script = (
        "#!/bin/sh\n"
        "# the caller's first argument is the new root\n"
        '/bin/busybox cp -a /overlay/. "$1/"\n'
        'exec /bin/busybox switch_root "$@"\n'
    )
    cpio.file("bin/switch_root", script.encode(), 0o755)
    for path, (content, mode) in sorted(files.items()):
        cpio.file(f"overlay/{path}", content, mode)
    return cpio.archive()
