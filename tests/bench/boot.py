"""The stick's start: power-on to the first screen and to all drives listed, memory, size.

An emulated PC (no KVM) with two processors, one SATA and one NVMe drive; the middle of three runs.
What the figures are worth depends on what else this machine does: its load is printed with them.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from imagebuilder.catalogues import compile_catalogues
from imagebuilder.stick.command import MEMORY_GOAL_MIB, SYSTEM_GOAL_MIB, stick_parts
from imagebuilder.stick.writer import Personal, write_stick
from imagebuilder.vm import Drive, Machine, MachineSpec, stick_drive
from imagebuilder.vm.machine import Firmware, MachineError
from tests.bench.figures import Figure
from tests.vm.overlay import shell_overlay

_RUNS = 3
_PATIENCE_S = 600
# Seconds to the first screen, seconds to all drives.
_GOALS_S: dict[Firmware, tuple[float, float]] = {"bios": (12, 25), "secureboot": (15, 28)}
_FIRST_SCREEN = "Tajdeed"
_MODELS = ("BENCH SATA", "BENCH NVME")


def measure() -> Iterator[Figure]:
    compile_catalogues()
    with tempfile.TemporaryDirectory(prefix="tajdeed-bench-") as name:
        directory = Path(name)
        stick = directory / "stick.img"
        personal = Personal(
            command_line="tajdeed.console=ttyS0 tajdeed.lang=en", initrd_extra=shell_overlay()
        )
        written = write_stick(stick, stick_parts(), personal)
        memory_mib = 0
        for firmware, goals in _GOALS_S.items():
            runs = []
            for number in range(_RUNS):
                first_s, listed_s, memory_mib = _run(firmware, stick, directory / f"pc{number}")
                runs.append((first_s, listed_s))
            load = f"load {os.getloadavg()[0]:.1f}"
            for what, column in (("first screen", 0), ("all drives listed", 1)):
                seconds = median(run[column] for run in runs)
                yield Figure(
                    what=f"{firmware}: power-on to {what} ({load})",
                    ours=f"{seconds:.1f} s",
                    limit=f"<= {goals[column]:g} s",
                    met=seconds <= goals[column],
                )
        yield Figure(
            what="memory used when the drives are listed",
            ours=f"{memory_mib} MiB",
            limit=f"<= {MEMORY_GOAL_MIB} MiB",
            met=memory_mib <= MEMORY_GOAL_MIB,
        )
        system_mib = written.system_bytes / 2**20
        yield Figure(
            what="size of the system with firmware",
            ours=f"{system_mib:.0f} MiB",
            limit=f"<= {SYSTEM_GOAL_MIB} MiB",
            met=system_mib <= SYSTEM_GOAL_MIB,
        )


def _run(firmware: Firmware, stick: Path, directory: Path) -> tuple[float, float, int]:
    """Seconds to the first screen and to all drives, and MiB of memory used once all of us runs."""
    directory.mkdir(exist_ok=True)
    for bus in ("sata", "nvme"):
        with (directory / f"{bus}.img").open("wb") as stream:
            stream.truncate(256 * 2**20)
    spec = MachineSpec(
        firmware=firmware,
        kvm=False,
        drives=(
            stick_drive(stick),
            Drive(name="sata", source=directory / "sata.img", serial="B1", model=_MODELS[0]),
            Drive(
                name="nvme",
                source=directory / "nvme.img",
                bus="nvme",
                serial="B2",
                model=_MODELS[1],
            ),
        ),
    )
    with Machine(spec, directory / "qemu") as machine:
        first_s = machine.wait_for(_FIRST_SCREEN, _PATIENCE_S)
        while not all(model in machine.serial[0].text for model in _MODELS):
            machine.check_alive()
            if machine.elapsed_s > _PATIENCE_S:
                raise MachineError(f"the drives are not listed after {_PATIENCE_S} s")
            time.sleep(0.05)
        listed_s = machine.elapsed_s
        machine.shell.ready(_PATIENCE_S)
        # The last one to start has said its first word then.
        machine.shell.check(
            "until [ -e /var/lib/tajdeed/courier/status.json ]; do sleep 0.2; done", _PATIENCE_S
        )
        used = machine.shell.check("free -m | awk '/^Mem/ { print $3 }'")
    return first_s, listed_s, int(used)
