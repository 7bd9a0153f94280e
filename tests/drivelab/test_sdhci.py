"""The SD host controller over its socket, with this test in QEMU's place."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivelab.clock import ManualClock
from tests.drivelab.emmc import Emmc, EmmcTraits
from tests.drivelab.media import Store
from tests.drivelab.sdhci import SdhciFunction
from tests.drivelab.test_transports import Host
from tests.drivelab.vfiouser import INTX

OLD = b"\xd1" * 512
TABLE, DATA = 0x3000, 0x10000
COMPLETE, TRANSFERRED, TIMEOUT = 1, 2, 1 << 16
NO_ANSWER, R1, R1_BUSY, R2 = 0, 2, 3, 1


class Reader(Host):
    """A driver for the slot, as simple as they come."""

    def __init__(self, function: SdhciFunction, path: Path) -> None:
        super().__init__(function, path, INTX)
        self.write(0, 0x34, 0xFFFFFFFF)
        self.write(0, 0x38, 0xFFFFFFFF)

    def command(self, index: int, argument: int = 0, response: int = R1) -> int:
        """Issue a command without data; the status that it left, cleared."""
        self.write(0, 0x08, argument)
        self.write(0, 0x0E, index << 8 | response, 2)
        return self.told()

    def told(self) -> int:
        status = self.read(0, 0x30)
        self.write(0, 0x30, status)
        return status

    def data(
        self, index: int, argument: int, blocks: int, data: bytes = b"", mode: int = 3
    ) -> bytes | None:
        """Issue a command with data; what came, or None when it was refused."""
        self.put(TABLE, struct.pack("<HHI", 0x23, 512 * blocks, DATA))
        self.put(DATA, data.ljust(512 * blocks, b"\xee"))
        self.write(0, 0x58, TABLE)
        self.write(0, 0x04, blocks << 16 | 512)
        self.write(0, 0x08, argument)
        self.write(0, 0x0C, index << 24 | 0x20 << 16 | R1 << 16 | mode)
        done = self.told() & 0xFFFF == COMPLETE | TRANSFERRED
        return bytes(self.memory[DATA : DATA + 512 * blocks]) if done else None


@pytest.fixture
def slot(tmp_path: Path) -> Iterator[tuple[Reader, Emmc, ManualClock]]:
    clock = ManualClock()
    media = [Store(1024), Store(256), Store(256)]
    for one in media:
        one.write(0, OLD * one.blocks)
    card = Emmc(clock, media, EmmcTraits(name="LABX", serial=0x1234))
    found = Reader(SdhciFunction(card), tmp_path / "socket")
    yield found, card, clock
    found.close()


def test_an_emmc_answers_and_what_it_does_not_know_times_out(
    slot: tuple[Reader, Emmc, ManualClock],
) -> None:
    pc, _, _ = slot
    assert pc.command(0, response=NO_ANSWER) == COMPLETE
    assert pc.command(8, 0x1AA) & TIMEOUT, "an SD card would answer"
    assert pc.command(1) == COMPLETE and pc.read(0, 0x10) == 0xC0FF8080
    assert pc.command(2, response=R2) == COMPLETE
    cid = b"".join(pc.read(0, 0x10 + 4 * word).to_bytes(4, "little") for word in range(4))
    assert cid[::-1][1:].find(b"LABX  ") == 3
    assert pc.command(3, 1 << 16) == COMPLETE
    assert pc.command(7, 1 << 16) == COMPLETE
    assert pc.interrupted()


def test_blocks_and_ext_csd_move_by_descriptors(slot: tuple[Reader, Emmc, ManualClock]) -> None:
    pc, card, _ = slot
    raw = pc.data(8, 0, 1)
    assert raw is not None and struct.unpack_from("<I", raw, 212) == (1024,)
    assert pc.data(18, 3, 2) == OLD * 2
    new = b"\x5a" * 1024
    assert pc.data(25, 4, 2, new) is not None
    assert card.read(3, 4) == OLD + new + OLD
    assert pc.data(18, 1023, 2) is None
    assert pc.data(18, 3, 2, mode=2) is None, "without DMA"


def test_a_sanitize_holds_the_data_line_until_it_is_over(
    slot: tuple[Reader, Emmc, ManualClock],
) -> None:
    pc, card, clock = slot
    pc.command(35, 0)
    pc.command(36, 1023)
    assert pc.command(38, 1, R1_BUSY) == COMPLETE
    assert not pc.read(0, 0x24) & 1 << 20
    clock.advance(10)
    assert pc.told() == TRANSFERRED and pc.read(0, 0x24) & 1 << 20
    assert pc.command(6, 3 << 24 | 165 << 16 | 1 << 8, R1_BUSY) == COMPLETE
    clock.advance(179)
    assert pc.command(13) == COMPLETE and pc.read(0, 0x10) >> 9 & 15 == 7
    clock.advance(2)
    assert pc.told() == TRANSFERRED
    assert bytes(card._areas[0].medium.read(0, 1024)) == bytes(512 * 1024)
