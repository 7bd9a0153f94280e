"""A mount namespace of our own for programs that mount: what they mount, nobody else sees.

In a chroot whose directory is no mount point the kernel refuses to make mounts private
(mount_namespaces(7)), and mounting anyway could leave mounts behind in the host: said, not done.
"""

from pathlib import Path

from imagebuilder.run import ProgramError

_MOUNTS = Path("/proc/self/mountinfo")


def private_mounts() -> list[str]:
    """The beginning of a command line that keeps its mounts to itself (unshare(1)).

    `ProgramError` in a chroot that is no mount point, with what to do.
    """
    words = ["unshare", "--mount", "--propagation", "private"]
    points = [line.split()[4] for line in _MOUNTS.read_text().splitlines()]
    if "/" not in points:
        raise ProgramError(
            words,
            "not possible in a chroot whose directory is no mount point",
            "leave it, run `mount --bind DIR DIR`, and enter it again",
        )
    return words
