"""ext4 against btrfs as the family PC's root, on a slow disk: time to the desktop, memory.

A virtual PC with 2 GiB and a disk of 80 MB/s and 120 requests a second, UEFI and the image's own
GRUB. Three runs of each kind, in pairs, the first of each pair in turn; a run is the first start
with its assistant, then two more starts. Time on a shared machine is worth what its load is;
the seconds of processor that QEMU took and what was read from the disk do not depend on it.
`TAJDEED_ROOTKIND_RUNS` sets the number of pairs.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import zstandard

from imagebuilder.console import say
from imagebuilder.demo.firststart import Family, first_start
from imagebuilder.demo.screen import settled_picture
from imagebuilder.toolsroot import run_tool
from imagebuilder.vm import Drive, Machine, MachineSpec
from tests.bench.figures import Figure
from tests.vm.guestshell import shell_by_credential
from tests.vm.test_image import image_for_tests

PROFILES = {"ext4": "test-ext4", "btrfs": "family-light"}
FAMILY = Family(name="Umm Khaled", password="tamr-99")
_DISK_BYTES = 250 * 10**9
_BYTES_PER_S, _REQUESTS_PER_S = 80 * 10**6, 120
_STARTS = 3
_PATIENCE_S = 1200
_IDLE_S = 60
# The rule: btrfs stays only where it is not more than a tenth worse.
_LIMIT = 1.10
_PIECE = 4 << 20

_UNTIL_THERE = "until grep -qsx '{name}' /proc/[0-9]*/comm; do sleep 1; done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start: seconds after power-on, then what it cost until the desktop was there.

    `question_s`: the assistant's first page, 0 without it; `log_in_s`: the drawn log-in;
    `desktop_s`: the panel with its parts, after power-on less the time that somebody took to
    answer and to type. `memory_mib`: total less available, a minute later.
    """

    question_s: float
    log_in_s: float
    desktop_s: float
    cpu_s: float
    read_mib: float
    reads: int
    memory_mib: int
    load: float

    @property
    def disk_s(self) -> float:
        """Seconds that the slow disk takes for what was read, whatever else goes on."""
        return max(self.read_mib * 2**20 / _BYTES_PER_S, self.reads / _REQUESTS_PER_S)


def measure() -> Iterator[Figure]:
    pairs = int(os.environ.get("TAJDEED_ROOTKIND_RUNS", "3"))
    with tempfile.TemporaryDirectory(prefix="tajdeed-bench-", dir="/var/tmp") as name:
        directory = Path(name)
        disks = {kind: _disk(kind, directory) for kind in PROFILES}
        runs: dict[str, list[tuple[Start, ...]]] = {kind: [] for kind in PROFILES}
        for number in range(pairs):
            kinds = list(PROFILES) if number % 2 == 0 else list(reversed(PROFILES))
            for kind in kinds:
                runs[kind].append(_run(kind, disks[kind], directory))
    for number in range(_STARTS):
        for what, unit, value in _COLUMNS:
            ext4, btrfs = (
                median(value(run[number]) for run in runs[kind]) for kind in ("ext4", "btrfs")
            )
            if not ext4:
                continue
            ruled = unit in ("s", "MiB")
            yield Figure(
                what=f"start {number + 1}: {what}",
                ours=f"btrfs {btrfs:.0f} {unit}",
                peer=f"ext4 {ext4:.0f} {unit}",
                ratio=f"{btrfs / ext4:.2f}",
                limit=f"<= {_LIMIT:g}" if ruled else "",
                met=btrfs / ext4 <= _LIMIT if ruled else None,
            )


_COLUMNS: tuple[tuple[str, str, Callable[[Start], float]], ...] = (
    ("power-on to the assistant's first page", "s", lambda start: start.question_s),
    ("power-on to the log-in", "s", lambda start: start.log_in_s),
    ("power-on to the desktop", "s", lambda start: start.desktop_s),
    ("memory at the idle desktop", "MiB", lambda start: start.memory_mib),
    ("processor of the emulator", "CPU-s", lambda start: start.cpu_s),
    ("least time of the disk", "s at 120 requests", lambda start: start.disk_s),
    ("read from the disk", "MiB read", lambda start: start.read_mib),
    ("requests to the disk", "reads", lambda start: start.reads),
    ("load of this machine", "load", lambda start: start.load),
)


def _disk(kind: str, directory: Path) -> Path:
    """The kind's image on a sparse file of the disk's size, its last partition to the end."""
    place, _ = image_for_tests(PROFILES[kind])
    raw = directory / f"{kind}.raw"
    with (place / "disk.raw.zst").open("rb") as packed, raw.open("wb") as stream:
        reader = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
        while piece := reader.read(_PIECE):
            if any(piece):
                stream.write(piece)
            else:
                stream.seek(len(piece), os.SEEK_CUR)
        stream.truncate(_DISK_BYTES)
    run_tool(["sfdisk", "-q", "--relocate", "gpt-bak-std", raw])
    run_tool(["sh", "-c", f"echo ,+ | sfdisk -q -N 3 {raw}"])
    return raw


def _run(kind: str, disk: Path, directory: Path) -> tuple[Start, ...]:
    raw = directory / "run.raw"
    run_tool(["cp", "--sparse=always", disk, raw])
    try:
        starts = tuple(_start(kind, number, raw, directory) for number in range(1, _STARTS + 1))
    finally:
        raw.unlink()
    return starts


def _start(kind: str, number: int, raw: Path, directory: Path) -> Start:
    spec = MachineSpec(
        name=f"{kind}-{number}",
        firmware="uefi",
        memory_mib=2048,
        drives=(
            Drive(
                name="disk",
                source=raw,
                rotation_rate=5400,
                bytes_per_s=_BYTES_PER_S,
                requests_per_s=_REQUESTS_PER_S,
            ),
        ),
        extra=shell_by_credential(),
    )
    question_s = answering_s = 0.0
    load = os.getloadavg()[0]
    with Machine(spec, directory / f"{kind}-{number}") as machine:
        if number == 1:
            asked = first_start(machine, FAMILY, directory / "pictures", _PATIENCE_S)
            question_s, answering_s = asked.shown_s, asked.answered_s - asked.shown_s
        machine.shell.ready(_PATIENCE_S)
        machine.shell.check(_UNTIL_THERE.format(name="lightdm-gtk-gre"), _PATIENCE_S)
        settled_picture(machine, directory / "log-in.png", _PATIENCE_S, 1)
        log_in_s = machine.elapsed_s - answering_s
        machine.type_text(FAMILY.password)
        machine.press("ret")
        entered_s = machine.elapsed_s
        machine.shell.check(_UNTIL_THERE.format(name="wrapper-2.0"), _PATIENCE_S)
        desktop_s = log_in_s + machine.elapsed_s - entered_s
        cpu_s, stats = _cpu_s(machine.pid), _disk_stats(machine)
        time.sleep(_IDLE_S)
        if number > 1:
            settled_picture(machine, directory / "desktop.png", _PATIENCE_S, 5)
        memory = machine.shell.check(
            "awk '/MemTotal/ {t=$2} /MemAvailable/ {print int((t-$2)/1024)}' /proc/meminfo"
        )
        load = (load + os.getloadavg()[0]) / 2
        machine.shell.run("systemctl poweroff")
        machine.wait_off(_PATIENCE_S)
    start = Start(
        question_s=round(question_s, 1),
        log_in_s=round(log_in_s, 1),
        desktop_s=round(desktop_s, 1),
        cpu_s=round(cpu_s, 1),
        read_mib=round(stats["rd_bytes"] / 2**20, 1),
        reads=stats["rd_operations"],
        memory_mib=int(memory),
        load=round(load, 1),
    )
    say(f"{kind}, start {number}: {json.dumps(asdict(start))}")
    return start


def _cpu_s(pid: int) -> float:
    """Seconds of processor that a process has used (proc(5): utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _disk_stats(machine: Machine) -> dict[str, int]:
    (disk,) = (
        one for one in machine.qmp.command("query-blockstats") if one.get("device") == "disk"
    )
    stats: dict[str, int] = disk["stats"]
    return stats
