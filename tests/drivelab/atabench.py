"""The product's ATA methods on a simulated drive without a kernel and a virtual PC between them.

The firmware model answers SG_IO's commands and stands behind hdparm's command line; its medium is
a file that is opened as if it were the drive. What is real here is everything that the product
decides: planning, preparations, methods, readings, folding. What the kernel does with such a
drive (closed media, resets, real sense bytes) only the laboratory's virtual PC shows.
"""

from __future__ import annotations

import itertools
import os
import struct
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.erasure.planning import drive_plan
from appliance.erasure.preparing import prepare
from appliance.erasure.site import Site
from appliance.erasure.uncovering import look_again
from appliance.errors import DriveError
from appliance.hardware.ata import rotation_rpm
from appliance.hardware.atasanitize import sanitize_status
from appliance.hardware.descriptor import ScsiAnswer, ata_identify, ata_identity
from appliance.hardware.hidden import ata_with_hidden
from appliance.hardware.tcg import tcg_facts
from appliance.job.eventlog import Event
from appliance.job.fold import drive_result, proven
from appliance.job.worker import attempted, reason_of
from appliance.model import (
    Bus,
    CommandRun,
    Drive,
    DriveResult,
    Level,
    Media,
    Policy,
    to_json,
)
from appliance.tools import Output
from tests.drivelab import tcg
from tests.drivelab.ata import AtaDrive
from tests.drivelab.atacommand import Taskfile
from tests.drivelab.clock import RunningClock
from tests.drivelab.media import Buffer
from tests.drivelab.personality import Bench, load
from tests.drivelab.tcghost import sedutil
from tests.unit.machines import machine

AT = "2026-11-24T10:00:00.000Z"
SPEED = 600.0
MIB = 4


class SmallBench(Bench):
    """Media of a few MiB, whatever a personality asks for."""

    def store(self, mib: int = MIB, block_bytes: int = 512, number: int = 0) -> Any:
        return super().store(MIB, block_bytes, number)


class AtaBench:
    """One personality's drive, opened; `erase` does to it what a worker does.

    `hdparm_lingers_s`: how long hdparm still takes when its command has been taken.
    """

    hdparm_lingers_s = 0.0

    def __init__(self, name: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        personality = load(name)
        self.psid = personality.psid
        self.model = personality.build(
            SmallBench(clock=RunningClock(SPEED), name=name, directory=directory)
        )
        assert isinstance(self.model, AtaDrive)
        self.firmware: AtaDrive = self.model
        self.firmware.reset("power")
        self.events: list[Event] = []
        self.fd = os.open(directory / f"{name}.0.medium", os.O_RDWR)
        monkeypatch.setattr("appliance.hardware.descriptor.scsi_command", self._scsi)
        monkeypatch.setattr("appliance.hardware.taskfile.scsi_command", self._scsi)
        monkeypatch.setattr("appliance.tools.hdparm.run", self._hdparm)
        monkeypatch.setattr("appliance.tools.sedutil.run", sedutil(self._exchange))
        # A file is no block device that could be asked who it is.
        monkeypatch.setattr(Site, "confirm_identity", lambda site: None)

    def close(self) -> None:
        os.close(self.fd)

    def drive(self) -> Drive:
        """The drive as it is detected now."""
        words = ata_identify(self.fd)
        facts = ata_with_hidden(self.fd, words)
        if facts.sanitize_supported:
            now = sanitize_status(self.fd)
            facts = replace(facts, sanitize_state=now.state, sanitize_frozen=now.frozen)
        return Drive(
            key="bench",
            path="/dev/sdz",
            identity=ata_identity(words),
            bus=Bus.SATA,
            media=Media.MAGNETIC if rotation_rpm(words) else Media.FLASH,
            size_bytes=os.fstat(self.fd).st_size,
            logical_block_bytes=512,
            physical_block_bytes=512,
            ata=facts,
            tcg=tcg_facts(self.fd, Bus.SATA, words)[0],
        )

    def erase(self, policy: Policy | None = None) -> DriveResult:
        """Plan, prepare, try the methods in order, fold."""
        policy, drive = policy or Policy(), self.drive()
        plan = drive_plan(drive, machine(drive), policy)
        assert plan.erases, plan.refusals
        self._say("task", drive=to_json(drive), policy=to_json(policy))
        site = Site(
            fd=self.fd,
            drive=drive,
            policy=policy,
            cipher="chacha20",
            say=self._say,
            progress=lambda phase, headway: None,
            psid=self.psid,
        )
        try:
            prepare(site, plan.preparations)
        except DriveError as error:
            self._say("refused", reason=to_json(reason_of(error)))
            return drive_result(self.events)
        look_again(site, drive)
        for option in plan.methods:
            attempt = attempted(site, option)
            self._say("attempt-ended", attempt=to_json(attempt))
            if proven(attempt, drive, policy) != Level.NONE or attempt.result == "unknown":
                break
        self._say("decided", size_after=drive.size_bytes, smart=None)
        return drive_result(self.events)

    def said(self, name: str) -> list[dict[str, Any]]:
        """The data of all events of a name."""
        return [event.data for event in self.events if event.event == name]

    def _say(self, name: str, /, **data: Any) -> None:
        self.events.append(Event(n=len(self.events), at=AT, event=name, data=data, prev=""))

    def _submit(self, task: Taskfile, data: bytes = b"") -> bytes:
        over, answers = threading.Event(), list[bytes]()

        def done(answer: Buffer) -> None:
            answers.append(bytes(answer))
            over.set()

        self.firmware.submit(task, data, done)
        assert over.wait(60), f"command {task.command:#x} hangs"
        return answers[0]

    def _scsi(self, fd: int, cdb: bytes, length: int = 0, timeout_ms: int = 15000) -> ScsiAnswer:
        """ATA PASS-THROUGH (16) as libata translates it, with the sense bytes that it makes."""
        assert cdb[0] == 0x85
        task = Taskfile(
            command=cdb[14],
            feature=cdb[3] << 8 | cdb[4],
            count=cdb[5] << 8 | cdb[6],
            lba=int.from_bytes(
                bytes((cdb[8], cdb[10], cdb[12], cdb[7], cdb[9], cdb[11])), "little"
            ),
        )
        data = self._submit(task)
        sense = b""
        if task.status & 1:
            # D_SENSE is 0 by default: fixed, and the upper halves are lost.
            low = task.lba.to_bytes(6, "little")[:3]
            head = bytes((0xF0, 0, 0x0B, task.error, task.status, 0x40, task.count & 0xFF, 10))
            sense = head + b"\x80" + low + bytes(8)
        elif cdb[2] & 0x20:
            low = task.lba.to_bytes(6, "little")
            registers = (low[3], low[0], low[4], low[1], low[5], low[2], 0x40, task.status)
            sense = bytes((0x72, 1, 0, 0x1D, 0, 0, 0, 14, 9, 12, 1, task.error))
            sense += struct.pack(">H", task.count) + bytes(registers)
        status = 2 if sense else 0
        return ScsiAnswer(
            data=data[:length],
            sense=sense,
            status=status,
            host_status=0,
            driver_status=8 * bool(sense),
        )

    def _exchange(self, packet: bytes) -> bytes:
        """TRUSTED SEND and TRUSTED RECEIVE of one ComPacket each."""
        feature, lba = tcg.PROTOCOL, tcg.COMID << 8
        sent = Taskfile(command=0x5E, feature=feature, count=len(packet) // 512, lba=lba)
        self._submit(sent, packet)
        return self._submit(Taskfile(command=0x5C, feature=feature, count=4, lba=lba))

    def _hdparm(self, argv: tuple[str, ...], **_: Any) -> Output:
        """hdparm's commands; like the real one it exits with 0 for what a drive refuses."""
        options = dict(itertools.pairwise(argv))
        password = b""
        for word in ("set-pass", "disable", "erase", "erase-enhanced"):
            password = options.get(f"--security-{word}", password.decode()).encode()
        sector = bytes((0, 0)) + password.ljust(32, b"\0") + bytes(478)
        tasks: list[tuple[Taskfile, bytes]] = []
        if "--sanitize-crypto-scramble" in argv:
            tasks = [(Taskfile(command=0xB4, feature=0x11, lba=0x43727970), b"")]
        elif "--sanitize-block-erase" in argv:
            tasks = [(Taskfile(command=0xB4, feature=0x12, lba=0x426B4572), b"")]
        elif "--sanitize-overwrite" in argv:
            pattern = int(options["--sanitize-overwrite"].removeprefix("hex:"), 16)
            tasks = [
                (Taskfile(command=0xB4, feature=0x14, count=1, lba=0x4F57 << 32 | pattern), b"")
            ]
        elif "--security-set-pass" in argv:
            tasks = [(Taskfile(command=0xF1), sector)]
        elif "--security-disable" in argv:
            tasks = [(Taskfile(command=0xF2), sector), (Taskfile(command=0xF6), sector)]
        else:
            enhanced = "--security-erase-enhanced" in argv
            sector = bytes((2 * enhanced,)) + sector[1:]
            tasks = [(Taskfile(command=0xF3), b""), (Taskfile(command=0xF4), sector)]
        stderr = ""
        for task, data in tasks:
            self._submit(task, data)
            if task.status & 1:
                stderr = "SG_IO: bad/missing sense data, sb[]:  70 00 0b\n"
                break
        time.sleep(self.hdparm_lingers_s)
        run = CommandRun(argv=argv, status=0, started_at=AT, elapsed_s=0.0)
        return Output(run=run, status=0, stdout="", stderr=stderr, raw=b"")
