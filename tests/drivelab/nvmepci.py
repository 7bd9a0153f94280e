"""NVMe as the guest's nvme driver sees it: registers, queues and MSI-X of a PCI function.

After the NVM Express PCIe transport. Commands go to an `NvmeController`; one that was pulled out
reads as all ones, as an empty slot does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from tests.drivelab.media import Buffer
from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import VERSION_1_4
from tests.drivelab.vfiouser import INTX, MSIX, PciFunction

_PAGE = 4096
_VECTORS = 8
_DOORBELLS = 0x1000
# CAP: 128 entries a queue, contiguous, 10 s to get ready, the NVM command set.
_CAPABILITIES = 127 | 1 << 16 | 20 << 24 | 1 << 37
_IDS = (0x1B36, 0x0010)
_DELETE_SQ, _CREATE_SQ, _DELETE_CQ, _CREATE_CQ = 0, 1, 4, 5
_INVALID_QUEUE = 0x100 | 0x4000


@dataclass(slots=True)
class _CompletionQueue:
    base: int
    size: int
    vector: int
    tail: int = 0
    phase: int = 1


@dataclass(slots=True)
class _SubmissionQueue:
    base: int
    size: int
    answers_to: int
    head: int = 0


class NvmeFunction(PciFunction):
    """BAR 0 with registers, doorbells and the MSI-X table."""

    regions: ClassVar = {0: 0x4000}
    vectors: ClassVar = {INTX: 1, MSIX: _VECTORS}

    def __init__(self, controller: NvmeController) -> None:
        super().__init__(controller.lock, config_bytes=4096)
        self._controller = controller
        controller.unplug = self._pull
        self._gone = False
        self._configuration = self._status = 0
        self._admin_sizes = self._admin_submission = self._admin_completion = 0
        self._submission: dict[int, _SubmissionQueue] = {}
        self._completion: dict[int, _CompletionQueue] = {}
        self.put_config(0x00, struct.pack("<HHHHBBBB", *_IDS, 0, 0x10, 2, 2, 8, 1))
        self.put_config(0x04, bytes(2), struct.pack("<H", 0x0407))
        self.put_config(0x10, struct.pack("<I", 4), struct.pack("<II", 0xFFFFC000, 0xFFFFFFFF))
        self.put_config(0x2C, struct.pack("<HH", *_IDS))
        self.put_config(0x34, b"\x40")
        self.put_config(0x3C, b"\0\1", b"\xff")
        # Power management; PCI Express endpoint; MSI-X in BAR 0.
        self.put_config(0x40, struct.pack("<BBHHH", 1, 0x70, 3, 8, 0), b"\0\0\0\0\3")
        link = struct.pack("<BBHIHHIHH", 0x10, 0xB0, 2, 0x8000, 0x2810, 0, 0x00437843, 0, 0x1043)
        self.put_config(0x70, link, b"\0\0\0\0\0\0\0\0\xff\x7f")
        table = struct.pack("<BBHII", 0x11, 0, _VECTORS - 1, 0x2000, 0x3000)
        self.put_config(0xB0, table, b"\0\0\0\xc0")

    # --- registers

    def read(self, region: int, offset: int, length: int) -> bytes:
        if self._gone:
            return b"\xff" * length
        registers = struct.pack(
            "<QIIIIIIIIQQ",
            *(_CAPABILITIES, VERSION_1_4, 0, 0, self._configuration, 0, self._status, 0),
            *(self._admin_sizes, self._admin_submission, self._admin_completion),
        )
        return registers[offset : offset + length].ljust(length, b"\0")

    def write(self, region: int, offset: int, data: bytes) -> None:
        value = int.from_bytes(data, "little")
        wide = len(data) == 8
        if self._gone:
            return
        if _DOORBELLS <= offset < 0x2000:
            queue, is_completion = divmod((offset - _DOORBELLS) // 4, 2)
            if not is_completion:
                self._doorbell(queue, value)
            return
        match offset:
            case 0x14:
                self._configure(value)
            case 0x24:
                self._admin_sizes = value
            case 0x28 | 0x2C:
                self._admin_submission = _half(self._admin_submission, offset - 0x28, value, wide)
            case 0x30 | 0x34:
                self._admin_completion = _half(self._admin_completion, offset - 0x30, value, wide)

    def reset(self) -> None:
        self._configure(0)
        self._controller.power_cycle()

    def _pull(self) -> None:
        self._controller.note("vanished")
        self._gone = True
        self._submission, self._completion = {}, {}

    def _configure(self, value: int) -> None:
        enabled, was = value & 1, self._configuration & 1
        self._configuration = value
        self._status = enabled | (8 if value >> 14 & 3 else 0)  # ready; shutdown complete
        if enabled != was:
            self._controller.note("enabled" if enabled else "disabled")
        if enabled and not was:
            sizes = self._admin_sizes
            self._submission = {0: _SubmissionQueue(self._admin_submission, (sizes & 0xFFF) + 1, 0)}
            completion = _CompletionQueue(self._admin_completion, (sizes >> 16 & 0xFFF) + 1, 0)
            self._completion = {0: completion}
        elif not enabled:
            self._submission, self._completion = {}, {}
            self._controller.disable()

    # --- queues

    def _doorbell(self, number: int, tail: int) -> None:
        queue = self._submission.get(number)
        while queue is not None and queue.head != tail % queue.size:
            entry = bytes(self.guest(queue.base + 64 * queue.head, 64))
            queue.head = (queue.head + 1) % queue.size
            self._command(number, queue, entry)

    def _command(self, number: int, queue: _SubmissionQueue, entry: bytes) -> None:
        if number == 0 and entry[0] in (_DELETE_SQ, _CREATE_SQ, _DELETE_CQ, _CREATE_CQ):
            self._complete(number, queue, entry[2:4], self._change_queue(entry), 0)
            return
        to_controller, length = self._controller.transfer(number == 0, entry)
        parts = list(self._parts(entry, length)) if length else []
        data = b"".join(parts) if to_controller else b""

        def done(status: int, answer: Buffer, result: int) -> None:
            with self.lock:
                view = memoryview(answer)
                at = 0
                for part in parts if len(view) else ():
                    step = min(len(part), len(view) - at)
                    part[:step] = view[at : at + step]
                    at += step
                self._complete(number, queue, entry[2:4], status, result)

        self._controller.execute(number == 0, entry, data, done)

    def _change_queue(self, entry: bytes) -> int:
        opcode = entry[0]
        (base,) = struct.unpack_from("<Q", entry, 24)
        number, size, flags = struct.unpack_from("<HHI", entry, 40)
        match opcode:
            case 5:
                self._completion[number] = _CompletionQueue(base, size + 1, flags >> 16)
            case 1 if flags >> 16 in self._completion:
                self._submission[number] = _SubmissionQueue(base, size + 1, flags >> 16)
            case 1:
                return _INVALID_QUEUE
            case 0:
                self._submission.pop(number, None)
            case _:
                self._completion.pop(number, None)
        return 0

    def _complete(
        self, number: int, queue: _SubmissionQueue, command: bytes, status: int, result: int
    ) -> None:
        """Post a completion; nothing when the queue is no more."""
        if self._submission.get(number) is not queue:
            return
        target = self._completion[queue.answers_to]
        entry = struct.pack(
            "<IIHH2sH", result, 0, queue.head, number, command, status << 1 | target.phase
        )
        self.guest(target.base + 16 * target.tail, 16)[:] = entry
        target.tail += 1
        if target.tail == target.size:
            target.tail, target.phase = 0, target.phase ^ 1
        self.interrupt(target.vector)

    def _parts(self, entry: bytes, length: int) -> Iterator[memoryview]:
        """The guest's buffers of a command: two pages by address, or a list of pages (PRP)."""
        first, second = struct.unpack_from("<QQ", entry, 24)
        step = min(length, _PAGE - first % _PAGE)
        yield self.guest(first, step)
        length -= step
        if 0 < length <= _PAGE:
            yield self.guest(second, length)
            return
        while length > 0:
            room = (_PAGE - second % _PAGE) // 8
            needed = -(-length // _PAGE)
            addresses = struct.unpack(
                f"<{min(room, needed)}Q", self.guest(second, 8 * min(room, needed))
            )
            if needed > room:  # the last entry of a full list names the next list
                second = addresses[-1]
                addresses = addresses[:-1]
            for address in addresses:
                step = min(length, _PAGE)
                yield self.guest(address, step)
                length -= step


def _half(register: int, offset: int, value: int, wide: bool) -> int:
    """A 64-bit register that was written whole, or its lower or (offset 4) upper half."""
    if wide:
        return value
    if offset:
        return register & 0xFFFFFFFF | value << 32
    return register & ~0xFFFFFFFF | value
