"""Programs of an image's tree, run inside it.

A chroot with mount, process and network namespaces of its own: what such a program starts ends
with it, nothing stays mounted, and it has no network.
"""

from __future__ import annotations

from pathlib import Path

from imagebuilder.namespaces import private_mounts
from imagebuilder.run import run

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
