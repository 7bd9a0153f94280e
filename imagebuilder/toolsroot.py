"""A Debian 13 root with the tools that decide the result: QEMU, OVMF, GRUB, e2fsprogs, squashfs ...

Made once by mmdebstrap and entered by chroot in a private mount namespace, so that Debian 12 and
13 build and test alike. Inside, every directory of this machine that is not part of an operating
system (home, work, /tmp, /dev, ...) stands at its usual path: arguments need no translation.
Never used on the appliance, never changed after it was made.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from imagebuilder.cache import cache_dir, made_once, recipe_key
from imagebuilder.mirror import RELEASE, apt_options, backports_hook, sources
from imagebuilder.namespaces import private_mounts
from imagebuilder.run import Done, run

# Virtual machines: newer than the release's own, whose vfio-user client the drive laboratory needs.
_BACKPORTED = "qemu-* qemu ovmf* seabios"

_PACKAGES = (
    # virtual machines and their firmware
    "qemu-system-x86",
    "qemu-utils",
    "ovmf",
    "ovmf-ia32",
    "nbdkit",
    "nbdkit-plugin-python",
    "swtpm",
    # boot loaders
    "grub-pc-bin",
    "grub-efi-amd64-bin",
    "grub-efi-amd64-signed",
    "grub-efi-ia32-bin",
    "grub2-common",
    "shim-signed",
    # roots, file systems and disks
    "mmdebstrap",
    "ca-certificates",
    "debian-archive-keyring",
    "apt",
    "squashfs-tools",
    "erofs-utils",
    "e2fsprogs",
    "btrfs-progs",
    "libfaketime",
    "ntfs-3g",
    "dosfstools",
    "exfatprogs",
    "mtools",
    "lvm2",
    "mdadm",
    "fdisk",
    "gdisk",
    "parted",
    "kmod",
    "cpio",
    "zstd",
    "xz-utils",
    "busybox-static",
    # rivals of the benchmarks, readers of what we make
    "nwipe",
    "bmap-tools",
    "partclone",
    "hdparm",
    "nvme-cli",
    "smartmontools",
    "mokutil",
    "sbsigntool",
    "poppler-utils",
    # fonts and console
    "fonts-dejavu-core",
    "python3",
    "python3-zstandard",
)

# What belongs to an operating system and therefore comes from the tools root itself.
_OWN = frozenset({"bin", "boot", "etc", "lib", "lib32", "lib64", "libx32", "sbin", "usr", "var"})
_OWN |= {"lost+found"}

_ENTER = """\
root=$1 directory=$2; shift 2
mount --bind "$root" "$root"
for path in /*; do
  name=${path#/}
  case "$name" in bin|boot|etc|lib|lib32|lib64|libx32|sbin|usr|var|lost+found) continue ;; esac
  [ -d "$path" ] && [ ! -L "$path" ] || continue
  mount --rbind "$path" "$root$path"
done
mount --rbind /var/tmp "$root/var/tmp"
[ ! -e /etc/resolv.conf ] || mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
exec chroot "$root" env -C "$directory" "$@"
"""


def tools_root() -> Path:
    """The tools root's directory, made first if it is not there yet (a few minutes)."""
    key = recipe_key(RELEASE, *_PACKAGES, _BACKPORTED)
    return made_once(cache_dir() / "tools-root" / key, "tools root (Debian 13)", _make)


def in_tools(argv: Sequence[str | Path], *, cwd: Path | None = None) -> list[str]:
    """The command line that runs `argv` inside the tools root, for `run` or `Popen`.

    The process that it starts becomes the program itself (no child in between), so its process
    id, its signals and its exit status are the program's. Needs root.
    """
    root = tools_root()
    for path in Path("/").iterdir():
        if path.name not in _OWN and path.is_dir() and not path.is_symlink():
            (root / path.name).mkdir(exist_ok=True)
    words = [str(word) for word in argv]
    return [
        *private_mounts(),
        "sh",
        "-euc",
        _ENTER,
        "tools",
        str(root),
        str(cwd or Path.cwd()),
        *words,
    ]


def run_tool(
    argv: Sequence[str | Path],
    *,
    stdin: bytes | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    timeout_s: float | None = None,
) -> Done:
    """Run a program of the tools root to its end; as `imagebuilder.run.run`."""
    clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **(env or {})}
    return run(
        in_tools(argv, cwd=cwd),
        stdin=stdin,
        env=clean,
        log=log,
        timeout_s=timeout_s,
        shown=argv,
    )


def _make(root: Path) -> None:
    excludes = ("man", "doc", "info", "locale", "lintian", "bug")
    run(
        [
            "mmdebstrap",
            "--mode=root",
            "--variant=minbase",
            f"--include={','.join(_PACKAGES)}",
            *apt_options(),
            *[f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in excludes],
            f"--setup-hook={backports_hook(_BACKPORTED)}",
            '--customize-hook=touch "$1/etc/resolv.conf"',
            RELEASE,
            root,
            *sources(),
        ],
        log=cache_dir() / "tools-root" / "make.log",
    )
    os.sync()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`tools-root [COMMAND...]`: print where it is, or run a command inside it."""
    parser.add_argument("command", nargs=argparse.REMAINDER, help="run this inside the tools root")


def command(args: argparse.Namespace) -> int:
    """Print the tools root's path, or become the command that was given."""
    if args.command:
        words = in_tools(args.command)
        os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
        os.execvp(words[0], words)
    print(tools_root())
    return 0
