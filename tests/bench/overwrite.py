"""Random overwrite + full verification against nwipe, zeros against dd, on one core.

Every contender runs as a process of its own, pinned to the same core, on a loop device over
RAM, three times in turn with the others; medians count. The quick ones make several passes
a run, for a tenth of a second says nothing on a machine that others use, too. What a
program needs to start is measured on a tiny device and taken off, from ours as from theirs,
so that the rates are those of a large drive. CPU seconds are the process's own (user +
system); the loop driver's kernel threads work on any core and are in nobody's account.
nwipe comes from Debian 13 and sees no device but the one it is to wipe.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from appliance.erasure.overwrite import overwrite
from appliance.erasure.readback import verify_source
from appliance.erasure.stream import Keystream, Pattern, choose_cipher
from imagebuilder.toolsroot import tools_root
from tests.bench.contest import Cost, device_bytes, measured, ram_disk
from tests.bench.figures import Figure

ROUNDS = 3
LARGE_BYTES = 1 << 30
SMALL_BYTES = 16 << 20
LEAST_RATIO = 1.5
MOST_CPU_S_PER_GB = 0.3

# nwipe must find one disk and no other, whatever goes wrong: a /dev of its own, with nothing
# in it but the loop device. Arguments: root, device, log.
_NWIPE = """\
root=$1 device=$2 log=$3
mount -t tmpfs -o mode=755 none "$root/dev"
for node in null zero full random urandom tty; do
  : > "$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
cp -a "$device" "$root$device"
mount -t proc none "$root/proc"
mount -t tmpfs none "$root/tmp"
cd /
exec 3>"$log"
exec chroot "$root" nwipe --autonuke --nogui --nowait --noblank --method=random --verify=last \\
  --PDFreportpath=noPDF --logfile=/proc/self/fd/3 "$device"
"""


Contender = Callable[[Path, int], Cost]
"""Called with the device and the number of passes."""
PASSES = {"ours": 4, "nwipe": 1, "ours, zeros": 12, "dd": 12}


def large_bytes() -> int:
    """The size of the large disk: nwipe's page cache needs the same again."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            available = int(line.split()[1]) << 10
            size = min(LARGE_BYTES, available // 3)
            return size - size % (64 << 20)
    raise RuntimeError("the kernel does not say how much memory is free")


def contenders(core: int) -> dict[str, Contender]:
    """Name -> a way to run it on a device."""
    own = [sys.executable, "-m", "tests.bench.overwrite"]
    root = tools_root()
    log = Path(tempfile.gettempdir()) / f"tajdeed-bench-nwipe-{os.getpid()}.log"

    def ours(what: str) -> Contender:
        return lambda device, passes: measured([*own, what, str(device), str(passes)], core)

    def nwipe(device: Path, passes: int) -> Cost:
        assert passes == 1
        shell = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", _NWIPE, "nwipe"]
        try:
            cost = measured([*shell, str(root), str(device), str(log)], core)
            said = log.read_text(errors="replace")
        finally:
            log.unlink(missing_ok=True)
        if "Blanked" not in said and "Erased" not in said:
            raise RuntimeError(f"nwipe did not say that it erased {device}:\n{said[-2000:]}")
        return cost

    def dd(device: Path, passes: int) -> Cost:
        # dd calls the end of the device an error, so it is told the size.
        count = device_bytes(device) // (4 << 20)
        one = f"dd if=/dev/zero of={device} bs=4M count={count} oflag=direct conv=fsync status=none"
        return measured(["sh", "-euc", f"for pass in $(seq {passes}); do {one}; done"], core)

    return {"ours": ours("random"), "nwipe": nwipe, "ours, zeros": ours("zeros"), "dd": dd}


def nwipe_version() -> str:
    done = subprocess.run(
        ["chroot", str(tools_root()), "nwipe", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().split()[-1]


def measure() -> Iterable[Figure]:
    """Run all contenders in turn and compare their medians."""
    core = max(os.sched_getaffinity(0))
    size = large_bytes()
    starts: dict[str, list[Cost]] = {}
    wholes: dict[str, list[Cost]] = {}
    with ram_disk(SMALL_BYTES) as small, ram_disk(size) as large:
        for _ in range(ROUNDS):
            for name, contender in contenders(core).items():
                starts.setdefault(name, []).append(contender(small, 1))
                wholes.setdefault(name, []).append(contender(large, PASSES[name]))
    gigabytes = {name: (size * passes - SMALL_BYTES) / 1e9 for name, passes in PASSES.items()}
    rates: dict[str, list[float]] = {}
    cpu: dict[str, float] = {}
    for name in PASSES:
        start_s = statistics.median(cost.wall_s for cost in starts[name])
        nets = [cost.wall_s - start_s for cost in wholes[name]]
        if min(nets) <= 0:
            raise RuntimeError(f"this machine is too busy to measure {name}: {nets} s")
        rates[name] = [gigabytes[name] / net for net in nets]
        start_cpu_s = statistics.median(cost.cpu_s for cost in starts[name])
        whole_cpu_s = statistics.median(cost.cpu_s for cost in wholes[name])
        cpu[name] = (whole_cpu_s - start_cpu_s) / gigabytes[name]
    rate = {name: statistics.median(found) for name, found in rates.items()}

    def spread(name: str) -> str:
        return f"{rate[name]:.2f} GB/s ({min(rates[name]):.2f}-{max(rates[name]):.2f})"

    cipher = choose_cipher(_cpu_flags())
    ratio = rate["ours"] / rate["nwipe"]
    moved = cpu["ours"] / 2
    yield Figure(
        what=f"random ({cipher}) + full verification, GB of drive",
        ours=spread("ours"),
        peer=f"nwipe {nwipe_version()}: {spread('nwipe')}",
        ratio=f"{ratio:.1f} x",
        limit=f">= {LEAST_RATIO} x",
        met=ratio >= LEAST_RATIO,
    )
    yield Figure(
        what="  CPU-s per GB written or read",
        ours=f"{moved:.3f}",
        peer=f"{cpu['nwipe'] / 2:.3f}",
        ratio=f"{moved / (cpu['nwipe'] / 2):.2f} x",
        limit=f"<= {MOST_CPU_S_PER_GB}",
        met=moved <= MOST_CPU_S_PER_GB,
    )
    yield Figure(
        what="  CPU-s per GB of drive, both passes together",
        ours=f"{cpu['ours']:.3f}",
        peer=f"{cpu['nwipe']:.3f}",
        ratio=f"{cpu['ours'] / cpu['nwipe']:.2f} x",
        limit=f"<= {MOST_CPU_S_PER_GB}",
        met=cpu["ours"] <= MOST_CPU_S_PER_GB,
    )
    yield Figure(
        what="zeros, GB of drive",
        ours=spread("ours, zeros"),
        peer=f"dd: {spread('dd')}",
        ratio=f"{rate['ours, zeros'] / rate['dd']:.2f} x",
    )


def _cpu_flags() -> list[str]:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return line.split()
    return []


def wipe(what: str, device: str, passes: int) -> int:
    """What the contender `ours` does, in its own process: the engine, as the worker uses it."""
    fd = os.open(device, os.O_RDWR | os.O_DIRECT | os.O_EXCL)
    good = True
    try:
        for _ in range(passes):
            stream = Keystream.fresh(choose_cipher(_cpu_flags()))
            if what == "zeros":
                good &= overwrite(fd, Pattern()).good
            else:
                good &= overwrite(fd, stream).good and verify_source(fd, stream).good
    finally:
        os.close(fd)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(wipe(sys.argv[1], sys.argv[2], int(sys.argv[3])))
