"""The product's NVMe methods on a simulated controller, without a kernel and a PC between them.

The firmware model answers the admin ioctl's commands and stands behind nvme-cli's command line;
each namespace is a file that is opened as if it were the drive's node. Real here is everything
that the product decides: facts, planning, preparations, methods, readings, folding. What the
kernel does with such a drive only the laboratory's virtual PC shows.
"""

from __future__ import annotations

import os
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from appliance.erasure.device import Geometry
from appliance.erasure.planning import drive_plan
from appliance.erasure.preparing import prepare
from appliance.erasure.site import Site
from appliance.errors import DriveError
from appliance.hardware import nvme as nvmes
from appliance.hardware.sysfs import printable
from appliance.hardware.tcg import tcg_facts
from appliance.job.eventlog import Event
from appliance.job.fold import drive_result, proven
from appliance.job.worker import attempted, reason_of
from appliance.model import (
    Bus,
    CommandRun,
    Drive,
    DriveResult,
    Identity,
    Level,
    Media,
    NvmeNamespace,
    Policy,
    to_json,
)
from appliance.tools import Output
from tests.drivelab import tcg
from tests.drivelab.clock import RunningClock
from tests.drivelab.donor import left_bytes
from tests.drivelab.media import Store
from tests.drivelab.nvme import NvmeController
from tests.drivelab.personality import Bench, load
from tests.drivelab.tcghost import sedutil
from tests.unit.machines import machine

AT = "2026-11-24T10:00:00.000Z"
SPEED = 600.0
MIB = 4


class SmallBench(Bench):
    """Media of a few MiB, whatever a personality asks for."""

    def store(self, mib: int = MIB, block_bytes: int = 512, number: int = 0) -> Store:
        return super().store(MIB, block_bytes, number)


class _BenchSite(Site):
    """A file is no block device that could be asked who it is."""

    def confirm_identity(self) -> int:
        return self.drive.size_bytes


class NvmeBench:
    """One personality's controller, opened; `erase` does to it what a worker does."""

    def __init__(self, name: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        personality = load(name)
        self.psid = personality.psid
        controller = personality.build(
            SmallBench(clock=RunningClock(SPEED), name=name, directory=directory)
        )
        assert isinstance(controller, NvmeController)
        self.controller = controller
        self.events: list[Event] = []
        doors = _Doors(controller)
        for module in ("nvme", "descriptor"):
            monkeypatch.setattr(f"appliance.hardware.{module}.nvme_admin_read", doors.admin_read)
        monkeypatch.setattr("appliance.hardware.nvme._namespace", doors.namespace)
        monkeypatch.setattr("appliance.tools.nvme.run", doors.nvme_cli)
        monkeypatch.setattr("appliance.hardware.tcg.nvme_admin_read", doors.admin_read)
        monkeypatch.setattr("appliance.tools.sedutil.run", sedutil(doors.exchange))
        monkeypatch.setattr("appliance.erasure.nvmesanitize.answers", doors.answers)
        self._media = sorted(directory.glob(f"{name}.*.medium"))
        self._fds = [os.open(path, os.O_RDWR) for path in self._media]
        self.drive = self._detected(doors)

    def close(self) -> None:
        for fd in self._fds:
            os.close(fd)

    @property
    def left_bytes(self) -> int:
        """How much of the donor's data is really there."""
        return sum(left_bytes(path) for path in self._media)

    def erase(self, policy: Policy) -> DriveResult:
        """Plan, prepare, try the methods in order, fold."""
        plan = drive_plan(self.drive, machine(self.drive), policy)
        assert plan.erases, plan.refusals
        self.controller.moment("consent")
        site = _BenchSite(
            fd=self._fds[0],
            others=tuple(self._fds[1:]),
            drive=self.drive,
            policy=policy,
            cipher="chacha20",
            say=self._say,
            progress=lambda phase, headway: None,
            psid=self.psid,
        )
        self._say("task", drive=to_json(self.drive), policy=to_json(policy))
        try:
            prepare(site, plan.preparations)
        except DriveError as error:
            self._say("refused", reason=to_json(reason_of(error)))
            return drive_result(self.events)
        for option in plan.methods:
            attempt = attempted(site, option)
            self._say("attempt-ended", attempt=to_json(attempt))
            if proven(attempt, self.drive, policy) != Level.NONE or attempt.result == "unknown":
                break
        self._say("decided", size_after=self.drive.size_bytes, smart=None)
        return drive_result(self.events)

    def _say(self, event: str, **data: Any) -> None:
        self.events.append(Event(n=len(self.events), at=AT, event=event, data=data, prev=""))

    def _detected(self, doors: _Doors) -> Drive:
        facts = nvmes.facts(self._fds[0], "nvme0", {})
        said = doors.admin_read(self._fds[0], 0x06, 4096, cdw10=1)
        return Drive(
            key="bench",
            path=facts.namespaces[0].path,
            identity=Identity(
                model=printable(said[24:64]),
                serial=printable(said[4:24]),
                wwn=facts.namespaces[0].wwn,
            ),
            bus=Bus.NVME,
            media=Media.FLASH,
            size_bytes=sum(one.size_bytes for one in facts.namespaces),
            logical_block_bytes=512,
            physical_block_bytes=512,
            nvme=facts,
            tcg=tcg_facts(self._fds[0], Bus.NVME, None)[0],
        )


class _Doors:
    """What the kernel and nvme-cli would be."""

    def __init__(self, controller: NvmeController) -> None:
        self._controller = controller

    def admin_read(
        self,
        fd: int,
        opcode: int,
        length: int,
        *,
        nsid: int = 0,
        cdw10: int = 0,
        cdw11: int = 0,
        timeout_ms: int = 0,
    ) -> bytes:
        status, data = self._command(True, opcode, nsid, cdw10, cdw11)
        if status:
            raise OSError(5, f"status {status:#x}")
        return data[:length]

    def exchange(self, packet: bytes) -> bytes:
        """Security Send and Security Receive of one ComPacket each."""
        place = tcg.PROTOCOL << 24 | tcg.COMID << 8
        assert self._command(True, 0x81, 0, place, len(packet), packet)[0] == 0
        return self._command(True, 0x82, 0, place, 2048)[1]

    def answers(self, fd: int, shape: Geometry) -> bool:
        """A block of the first namespace is asked for, as the kernel would."""
        return self._command(False, 0x02, 1, 0)[0] == 0

    def namespace(self, fd: int, nsid: int, name: str) -> NvmeNamespace:
        """The kernel's sizes come from sysfs; here from the model."""
        model = self._controller.namespaces[nsid]
        return nvmes.parsed_namespace(
            self.admin_read(fd, 0x06, 4096, nsid=nsid),
            nsid=nsid,
            path=f"/dev/nvme0n{nsid}",
            size_bytes=model.size_bytes,
            logical_block_bytes=model.block_bytes,
        )

    def nvme_cli(self, argv: tuple[str, ...], **_: Any) -> Output:
        """`nvme format` and `nvme sanitize` with the options that the product uses."""
        given = dict(word.removeprefix("--").partition("=")[::2] for word in argv[3:])
        if argv[1] == "format":
            order = int(given["ses"]) << 9 | int(given["lbaf"])
            status, _data = self._command(True, 0x80, int(given["namespace-id"]), order)
        else:
            order = int(given["sanact"]) | (8 if "ause" in given else 0)
            status, _data = self._command(True, 0x84, 0, order)
        return Output(
            run=CommandRun(argv=argv, status=int(bool(status)), started_at=AT, elapsed_s=0.1),
            status=int(bool(status)),
            stdout="",
            stderr=f"NVMe status: {status:#x}" if status else "",
            raw=b"",
        )

    def _command(
        self,
        admin: bool,
        opcode: int,
        nsid: int,
        cdw10: int,
        cdw11: int = 0,
        data: bytes = b"",
    ) -> tuple[int, bytes]:
        entry = struct.pack("<BBHI32x6I", opcode, 0, 7, nsid, cdw10, cdw11, 0, 0, 0, 0)
        ended = threading.Event()
        answer: list[tuple[int, bytes]] = []

        def done(status: int, said: bytes | bytearray | memoryview, _result: int) -> None:
            answer.append((status & 0x7FF, bytes(said)))
            ended.set()

        self._controller.execute(admin, entry, data, done)
        assert ended.wait(60), "the controller never answered"
        return answer[0]
