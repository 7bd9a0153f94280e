"""The drive under a method's hands: an opened descriptor, and the ways to speak of it.

A method gets a `Site`, performs, and returns an `Attempt`. It never opens a node by itself,
asks for the identity again before each destructive step, and says what it does before it
does it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from appliance.erasure.pace import Headway
from appliance.errors import DriveError
from appliance.hardware import descriptor
from appliance.model import CommandRun, Drive, Policy, to_json


@dataclass(slots=True, kw_only=True)
class Site:
    """`say(event, **data)` writes to the drive's event log; `progress(phase, headway)` only
    to the screen; `commands` collects the programs that were run on the drive. `rescan`: what
    was done to it changed its size, which the kernel must learn before anything else."""

    fd: int
    drive: Drive
    policy: Policy
    cipher: str
    say: Callable[..., object]
    progress: Callable[[str, Headway], None]
    commands: list[CommandRun] = field(default_factory=list)
    rescan: bool = False

    def confirm_identity(self) -> descriptor.Opened:
        """Ask the drive behind the descriptor who it is; DriveError if it is another one.

        To be called before the first write and again before each destructive step.
        """
        return confirm(self.fd, self.drive)

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


def open_drive(drive: Drive) -> int:
    """Open the planned drive for us alone, past the host's cache; DriveError if not possible.

    O_EXCL: the kernel refuses while a file system, md, LVM or swap holds it (open(2)).
    The read-only flag that our udev rule set is taken off on the way.
    """
    facts = {"drive": drive.label, "path": drive.path}
    try:
        fd = os.open(drive.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise DriveError("drive-cannot-open", problem=error.strerror or "", **facts) from error
    try:
        # Before anything is changed, even a flag: is this the drive that was planned for?
        confirm(fd, drive)
        descriptor.set_read_only(fd, False)
    except OSError as error:
        raise DriveError("drive-cannot-open", problem=error.strerror or "", **facts) from error
    finally:
        os.close(fd)
    try:
        fd = os.open(drive.path, os.O_RDWR | os.O_EXCL | os.O_DIRECT | os.O_CLOEXEC)
    except OSError as error:
        raise DriveError("drive-cannot-open", problem=error.strerror or "", **facts) from error
    try:
        confirm(fd, drive)
    except DriveError:
        os.close(fd)
        raise
    return fd


def confirm(fd: int, drive: Drive) -> descriptor.Opened:
    """Compare who is behind `fd` with the drive of the plan; DriveError on any difference."""
    try:
        found = descriptor.opened(fd)
    except OSError as error:
        raise DriveError(
            "drive-gone", drive=drive.label, path=drive.path, problem=error.strerror or str(error)
        ) from error
    planned = drive.identity
    if (found.identity.model, found.identity.serial, found.identity.wwn) != (
        planned.model,
        planned.serial,
        planned.wwn,
    ):
        raise DriveError(
            "identity-changed",
            drive=drive.label,
            path=drive.path,
            found=f"{found.identity.model} {found.identity.serial} {found.identity.wwn or ''}",
        )
    if found.size_bytes != drive.size_bytes:
        raise DriveError(
            "size-changed",
            drive=drive.label,
            path=drive.path,
            planned=drive.size_bytes,
            found=found.size_bytes,
        )
    return found
