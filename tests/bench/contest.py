"""What the benchmarks of writing share: a disk in memory, and a program with what it cost.

Every contender runs as a process of its own; nothing here knows which.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds of the wall's clock and of CPU."""

    wall_s: float
    cpu_s: float


def measured(argv: list[str], core: int | None = None) -> Cost:
    """Run a program, on one core or on all, and see what it cost; RuntimeError unless it
    succeeds."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            argv if core is None else ["taskset", "--cpu-list", str(core), *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            said = output.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"{argv[0]} ended with {process.returncode}:\n{said}")
    return Cost(wall_s=wall_s, cpu_s=usage.ru_utime + usage.ru_stime)


@contextlib.contextmanager
def ram_disk(size_bytes: int) -> Iterator[Path]:
    """A loop device over memory, all of it there before the clock starts."""
    directory = Path(tempfile.mkdtemp(prefix="tajdeed-bench-"))
    # Not /dev/shm: containers give that 64 MiB.
    options = f"size={size_bytes + (1 << 20)}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(directory)], check=True)
    try:
        file = directory / "disk"
        with file.open("wb") as stream:
            for _ in range(size_bytes >> 20):
                stream.write(bytes(1 << 20))
        made = subprocess.run(
            ["losetup", "--find", "--show", str(file)], capture_output=True, text=True, check=True
        )
        device = Path(made.stdout.strip())
        try:
            yield device
        finally:
            subprocess.run(["losetup", "--detach", str(device)], check=True)
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)
        directory.rmdir()


def device_bytes(device: Path) -> int:
    with device.open("rb") as stream:
        return stream.seek(0, os.SEEK_END)
