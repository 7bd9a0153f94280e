"""A drive that gives back old data in one range, served to QEMU by nbdkit on a Unix socket.

The raw file below stays what the drive "really" holds, so the demo can look at it. Owns its
nbdkit process; ends it with the `with` statement.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from imagebuilder.demo import forgetful
from imagebuilder.demo.markers import Hit
from imagebuilder.toolsroot import in_tools

RANGE_BYTES = 64 * 1024


def remembered_range(hits: Sequence[Hit], begin: int) -> int:
    """The offset of an aligned 64 KiB range behind `begin` that is full of markers.

    Raises ValueError where the disk has none.
    """
    counts: dict[int, int] = {}
    for hit in hits:
        counts[hit.offset // RANGE_BYTES] = counts.get(hit.offset // RANGE_BYTES, 0) + 1
    for number in sorted(counts):
        if number * RANGE_BYTES >= begin and counts[number] >= 2 * RANGE_BYTES // 4096:
            return number * RANGE_BYTES
    raise ValueError("no range of this disk is full of markers")


class BadDrive:
    """The disk `path` with the memory of `RANGE_BYTES` at `offset`; `source` is for QEMU."""

    def __init__(self, path: Path, offset: int, log: Path) -> None:
        self._path = path.resolve()
        self.offset = offset
        self._log = log
        self._directory = Path(tempfile.mkdtemp(prefix="tajdeed-nbd-", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def source(self) -> str:
        """The address as QEMU takes it."""
        return f"nbd+unix:///?socket={self._directory / 'nbd'}"

    def __enter__(self) -> Self:
        socket = self._directory / "nbd"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                in_tools(
                    [
                        *["nbdkit", "--foreground", "--exit-with-parent"],
                        *["--unix", str(socket), "python"],
                        str(Path(forgetful.__file__).resolve()),
                        *[f"disk={self._path}", f"offset={self.offset}"],
                        f"length={RANGE_BYTES}",
                    ],
                    cwd=Path("/"),
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            )
        deadline = time.monotonic() + 20
        while not socket.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise OSError(f"nbdkit did not start: {self._log.read_text(errors='replace')}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)
