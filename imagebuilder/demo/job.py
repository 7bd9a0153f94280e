"""The demo's main act: the stick boots in the donated PC and does its whole job, watched.

When a drive is decided the virtual PC is held for a moment, so that the raw disk can be searched
before the image goes down. Pictures of the screen are taken on the way.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from appliance.imaging.manifest import Manifest
from imagebuilder.console import say
from imagebuilder.demo.markers import Hit, search
from imagebuilder.demo.office import PC_DMI
from imagebuilder.demo.progress import Progress
from imagebuilder.demo.watch import Event, events
from imagebuilder.vm import Drive, Machine, MachineSpec, stick_drive
from imagebuilder.vm.machine import Firmware
from imagebuilder.vm.qmp import QmpError

_PLAN_SHOWN_S = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A drive of the donated PC: its serial number, its raw file, its place in QEMU."""

    serial: str
    raw: Path
    drive: Drive


@dataclass(slots=True, kw_only=True)
class Told:
    """What the job told and what was seen meanwhile; serial numbers are the keys."""

    machine: Event = field(default_factory=dict)
    drives: dict[str, Event] = field(default_factory=dict)
    statements: list[Event] = field(default_factory=list)
    delivery: Event = field(default_factory=dict)
    outcome: str = ""
    exit: int | None = None
    refusal: str = ""
    left: dict[str, list[Hit]] = field(default_factory=dict)
    image_begun: dict[str, bool] = field(default_factory=dict)
    pictures: list[Path] = field(default_factory=list)
    elapsed_s: float = 0.0

    def statement(self, kind: str, drive_key: str = "") -> str:
        """The id of the statement of that type (about that drive); empty if there is none."""
        for event in self.statements:
            if event["type"] == kind and (not drive_key or event["drive"] == drive_key):
                return str(event["id"])
        return ""


def donated_pc(
    firmware: Firmware, stick: Path, targets: tuple[Target, ...], decoy: Drive | None
) -> MachineSpec:
    """The virtual PC with the stick plugged in."""
    others = (decoy,) if decoy else ()
    return MachineSpec(
        name="donated",
        firmware=firmware,
        drives=(stick_drive(stick, persistent=True), *(item.drive for item in targets), *others),
        memory_mib=2048,
        network=True,
        dmi=PC_DMI,
    )


def run_job(
    spec: MachineSpec,
    targets: tuple[Target, ...],
    manifest: Manifest,
    directory: Path,
    timeout_s: float = 3600,
    meanwhile: Callable[[Machine, Event], None] | None = None,
) -> Told:
    """Boot and watch until the PC has switched itself off.

    `meanwhile` is called with the running machine and each event: tests disturb it there.
    Raises MachineError when it does not come that far.
    """
    told, progress = Told(), Progress()
    by_serial = {target.serial: target for target in targets}
    with Machine(spec, directory) as machine:
        camera = _Camera(machine, directory, told)
        for event in events(machine, timeout_s):
            progress.show(event)
            if meanwhile is not None:
                meanwhile(machine, event)
            kind = event["event"]
            if kind == "machine":
                told.machine = event
                camera.take("searching")
            elif kind == "countdown" and event["left_s"] <= _PLAN_SHOWN_S:
                # The screen follows the job by a few seconds on an emulated PC.
                camera.take("plan")
            elif kind == "progress":
                for drive in event["drives"]:
                    half = drive["total_bytes"] and drive["done_bytes"] > drive["total_bytes"] * 0.3
                    if half:
                        camera.take(str(drive["phase"]))
            elif kind == "drive":
                told.drives[event["serial"]] = event
                target = by_serial.get(event["serial"])
                if event["outcome"] and target and target.serial not in told.left:
                    _look_at(machine, target, manifest, told)
            elif kind == "statement":
                told.statements.append(event)
            elif kind == "delivery":
                told.delivery = event
            elif kind == "finished":
                told.outcome = event["outcome"]
                time.sleep(2)  # the screen draws it, too
                camera.take("result")
            elif kind == "refused":
                told.refusal = event["code"]
            elif kind == "end":
                told.exit = event["exit"]
                camera.take("end")
        if told.refusal == "":
            machine.wait_off(300)
        told.elapsed_s = machine.elapsed_s
    return told


def _look_at(machine: Machine, target: Target, manifest: Manifest, told: Told) -> None:
    """Hold the PC and search the drive that has just been decided."""
    machine.qmp.command("stop")
    try:
        told.left[target.serial] = search(target.raw)
        told.image_begun[target.serial] = _image_begun(target.raw, manifest)
    finally:
        machine.qmp.command("cont")
    begun = " (the image had begun)" if told.image_begun[target.serial] else ""
    say(f"{target.serial}: {len(told.left[target.serial])} markers on the raw disk now{begun}")


def _image_begun(raw: Path, manifest: Manifest) -> bool:
    """Whether the first frame that holds anything, but for number 0, lies on the disk.

    Frames are written in order, except that the first MiB comes last.
    """
    size = manifest.frame_bytes
    empty = hashlib.sha256(bytes(size)).hexdigest()
    with raw.open("rb") as stream:
        for number, frame in enumerate(manifest.frames):
            if number and frame.sha256 != empty:
                stream.seek(number * size)
                return hashlib.sha256(stream.read(size)).hexdigest() == frame.sha256
    return False


class _Camera:
    """Takes one picture of each moment."""

    def __init__(self, machine: Machine, directory: Path, told: Told) -> None:
        self._machine, self._directory, self._told = machine, directory, told

    def take(self, moment: str) -> None:
        path = self._directory / f"{moment}.png"
        if path in self._told.pictures or self._machine.qmp.event("SHUTDOWN") is not None:
            return
        try:
            self._machine.screenshot(path)
        except QmpError:
            return  # it switched itself off just now
        self._told.pictures.append(path)
