"""The drive under a method's hands: an opened descriptor, and the ways to speak of it.

A method gets a `Site`, performs, and returns an `Attempt`. It never opens a node by itself,
asks for the identity again before each destructive step, and says what it does before it
does it. A drive of several parts (an NVMe controller with namespaces) is erased as one: its
bytes are those of its parts, one after the other.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from appliance.erasure.pace import Headway
from appliance.errors import DriveError
from appliance.hardware import descriptor
from appliance.model import CommandRun, Drive, DrivePart, Policy, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """An opened part of the drive; its first byte is byte `base` of the drive's."""

    fd: int
    part: DrivePart
    base: int


@dataclass(slots=True, kw_only=True)
class Site:
    """`fd` is the drive's only part, or its first; `others` are the rest.

    `say(event, **data)` writes to the drive's event log; `progress(phase, headway)` only to
    the screen; `commands` collects the programs that were run on the drive. `rescan`: what
    was done to it changed its size, which the kernel must learn before anything else. `psid`: from
    the drive's label, where somebody gave it.
    """

    fd: int
    drive: Drive
    policy: Policy
    cipher: str
    say: Callable[..., object]
    progress: Callable[[str, Headway], None]
    commands: list[CommandRun] = field(default_factory=list)
    rescan: bool = False
    psid: str = ""
    others: tuple[int, ...] = ()

    @property
    def areas(self) -> tuple[Area, ...]:
        """Every part with its descriptor, in order."""
        areas: list[Area] = []
        base = 0
        for fd, part in zip((self.fd, *self.others), self.drive.parts, strict=True):
            areas.append(Area(fd=fd, part=part, base=base))
            base += part.size_bytes
        return tuple(areas)

    def confirm_identity(self) -> int:
        """Ask the drive behind the descriptors who it is: its bytes; DriveError for another.

        To be called before the first write and again before each destructive step.
        """
        return sum(confirm(area.fd, self.drive, area.part).size_bytes for area in self.areas)

    def resized(self, size_bytes: int) -> None:
        """Expect another size from now on: a preparation changed it, its identity stays."""
        self.drive = replace(self.drive, size_bytes=size_bytes)
        self.say("size-now", size_bytes=size_bytes)

    def ran(self, run: CommandRun) -> None:
        """Record an external program."""
        self.commands.append(run)
        self.say("command", run=to_json(run))

    def reporter(self, phase: str) -> Callable[[Headway], None]:
        """A reporter for one phase of the work."""
        return lambda headway: self.progress(phase, headway)


def open_parts(drive: Drive) -> tuple[int, ...]:
    """Every part of the planned drive, opened like `open_drive`; DriveError if one fails."""
    opened: list[int] = []
    try:
        for part in drive.parts:
            opened.append(open_drive(drive, part))
    except DriveError:
        for fd in opened:
            os.close(fd)
        raise
    return tuple(opened)


def open_drive(drive: Drive, part: DrivePart | None = None) -> int:
    """Open the planned drive for us alone, past the host's cache; DriveError if not possible.

    `part`: by default the first, the only one of nearly all drives. O_EXCL: the kernel refuses
    while a file system, md, LVM or swap holds it (open(2)). The read-only flag that our udev
    rule set is taken off on the way.
    """
    part = part or drive.parts[0]
    facts = {"drive": drive.label, "path": part.path}
    try:
        fd = os.open(part.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise DriveError("drive-cannot-open", problem=error.strerror or "", **facts) from error
    try:
        # Before anything is changed, even a flag: is this the drive that was planned for?
        confirm(fd, drive, part)
        descriptor.set_read_only(fd, False)
    except OSError as error:
        raise DriveError("drive-cannot-open", problem=error.strerror or "", **facts) from error
    finally:
        os.close(fd)
    try:
        fd = os.open(part.path, os.O_RDWR | os.O_EXCL | os.O_DIRECT | os.O_CLOEXEC)
    except OSError as error:
        raise DriveError("drive-cannot-open", problem=error.strerror or "", **facts) from error
    try:
        confirm(fd, drive, part)
    except DriveError:
        os.close(fd)
        raise
    return fd


def confirm(fd: int, drive: Drive, part: DrivePart) -> descriptor.Opened:
    """Compare who is behind `fd` with the drive of the plan; DriveError on any difference."""
    try:
        found = descriptor.opened(fd)
    except OSError as error:
        raise DriveError(
            "drive-gone", drive=drive.label, path=part.path, problem=error.strerror or str(error)
        ) from error
    planned = replace(drive.identity, wwn=part.wwn)
    if found.identity != planned:
        raise DriveError(
            "identity-changed",
            drive=drive.label,
            path=part.path,
            found=f"{found.identity.model} {found.identity.serial} {found.identity.wwn or ''}",
        )
    if found.size_bytes != part.size_bytes:
        raise DriveError(
            "size-changed",
            drive=drive.label,
            path=part.path,
            planned=part.size_bytes,
            found=found.size_bytes,
        )
    return found
