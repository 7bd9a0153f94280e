"""Overwriting a whole drive, and telling exactly which blocks did not take it.

`overwrite(fd, source, ...)` writes what a `Source` holds over every addressable block.
The descriptor comes opened (O_RDWR | O_DIRECT | O_EXCL) and checked from the worker.
Nothing is believed here: a pass without errors says only that the drive accepted the
writes and a flush; what the drive really holds is for `readback` to find out. A write
that failed and then succeeded in smaller pieces is no error; one block that did not take
its data is, and so is a flush that failed, for then nobody knows what was kept.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from appliance.erasure.device import (
    Geometry,
    aligned_buffer,
    answers,
    error_name,
    geometry,
    is_gone,
)
from appliance.erasure.lanes import (
    BLOCK_BYTES,
    GIVE_UP_S,
    LANES,
    PATIENCE_S,
    End,
    Patience,
    Stopped,
    in_pieces,
    never,
    piece_steps,
    sweep,
)
from appliance.erasure.pace import Pace, Report, no_report
from appliance.erasure.ranges import Cursor, ErrorRanges
from appliance.erasure.stream import Prepared, Source
from appliance.model import ByteRange, RangeError, Reason

_SUSPICIOUS_BLOCKS = 16
"""After so many blocks in a row that took nothing, ask whether the drive takes any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverwriteResult:
    """What became of one pass. `planned_bytes` counts from `start_offset` to the end.

    `resume_at`: every block below was tried; a pass that was cut short may go on there,
    and is then worth no more than the full verification that follows it.
    """

    end: End
    start_offset: int
    planned_bytes: int
    written_bytes: int
    resume_at: int
    errors: tuple[RangeError, ...]
    error_gap_bytes: int
    flush_error: str
    elapsed_s: float

    @property
    def good(self) -> bool:
        """Every block was accepted, and the drive said that it keeps them."""
        return (
            self.end is End.COMPLETE
            and self.planned_bytes > 0
            and self.written_bytes == self.planned_bytes
            and not self.errors
            and not self.flush_error
        )

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why it is not good; empty when it is."""
        found = []
        if self.end is not End.COMPLETE:
            code = f"overwrite-{self.end}"
            found.append(Reason(code=code, facts={"resume_at": self.resume_at}))
        if self.errors:
            missed = self.planned_bytes - self.written_bytes
            first = self.errors[0].range.offset
            facts: dict[str, str | int | float] = {
                "ranges": len(self.errors),
                "missed_bytes": missed,
                "first_offset": first,
            }
            found.append(Reason(code="write-errors", facts=facts))
        if self.flush_error:
            found.append(Reason(code="flush-failed", facts={"error": self.flush_error}))
        if not found and not self.good:
            facts = {"written_bytes": self.written_bytes, "planned_bytes": self.planned_bytes}
            found.append(Reason(code="overwrite-incomplete", facts=facts))
        return tuple(found)


def overwrite(
    fd: int,
    source: Source,
    *,
    shape: Geometry | None = None,
    start_offset: int = 0,
    report: Report = no_report,
    cancelled: Callable[[], bool] = never,
    block_bytes: int = BLOCK_BYTES,
    lanes: int = LANES,
    patience_s: float = PATIENCE_S,
    give_up_s: float = GIVE_UP_S,
) -> OverwriteResult:
    """Write `source` over the device from `start_offset` (bytes) to its end, then flush.

    `shape` is what the drive should be (its size was consented to); by default what the
    kernel says now. Never raises for what the drive does: that is in the result. Raises
    ValueError for sizes that are no multiple of the logical block, and whatever `report`
    or `cancelled` raise, after every thread has ended.
    """
    shape = shape or geometry(fd)
    if start_offset % shape.logical_block_bytes or shape.size_bytes % shape.logical_block_bytes:
        raise ValueError(f"offset {start_offset} or size {shape.size_bytes} is no whole block")
    if not 0 <= start_offset <= shape.size_bytes:
        raise ValueError(f"offset {start_offset} is beyond the end ({shape.size_bytes})")
    began = time.monotonic()
    planned = ByteRange(offset=start_offset, length=shape.size_bytes - start_offset)
    cursor = Cursor([planned], block_bytes)
    pass_ = _Pass(fd, shape, Pace(shape.size_bytes, start_offset), Patience(patience_s, give_up_s))
    end = sweep(
        cursor,
        [_Lane(pass_, source, block_bytes).write for _ in range(lanes)],
        pace=pass_.pace,
        errors=pass_.errors,
        report=report,
        cancelled=cancelled,
    )
    flush_error = _flush(fd)
    return OverwriteResult(
        end=end,
        start_offset=start_offset,
        planned_bytes=planned.length,
        written_bytes=pass_.written_bytes,
        resume_at=cursor.low_water,
        errors=tuple(pass_.errors),
        error_gap_bytes=pass_.errors.gap_bytes,
        flush_error=flush_error,
        elapsed_s=time.monotonic() - began,
    )


def _flush(fd: int) -> str:
    """Tell the drive to keep what it has (FLUSH CACHE); the error's name, or ""."""
    try:
        os.fsync(fd)
    except OSError as error:
        return error_name(error)
    return ""


def write_block(fd: int, data: memoryview, offset: int, flags: int = 0) -> None:
    """One write; OSError if it fails, and also if the device takes only a part of it."""
    written = os.pwritev(fd, [data], offset, flags)
    if written != len(data):
        raise ShortTransfer(written, len(data))


class ShortTransfer(OSError):
    """The kernel moved fewer bytes than asked without naming an error."""

    def __init__(self, moved: int, asked: int) -> None:
        super().__init__(f"{moved} of {asked} bytes")


class _Pass:
    """What the lanes of one pass share."""

    def __init__(self, fd: int, shape: Geometry, pace: Pace, patience: Patience) -> None:
        self.fd = fd
        self.shape = shape
        self.pace = pace
        self.patience = patience
        self.errors = ErrorRanges()
        self.steps = piece_steps(shape)
        self.written_bytes = 0
        self._empty_blocks = 0
        self._lock = threading.Lock()

    def wrote(self, count: int) -> None:
        with self._lock:
            self.written_bytes += count

    def block_done(self, block: ByteRange, written: int) -> bool:
        """Count the block; True when so many took nothing that the drive is in doubt."""
        self.pace.add(block.length)
        with self._lock:
            self._empty_blocks = 0 if written else self._empty_blocks + 1
            return self._empty_blocks > 0 and self._empty_blocks % _SUSPICIOUS_BLOCKS == 0


class _Lane:
    """One thread's buffer and its way of writing a block."""

    def __init__(self, pass_: _Pass, source: Source, block_bytes: int) -> None:
        self._pass = pass_
        self._source = source
        self._data = Prepared(source, aligned_buffer(block_bytes))

    def write(self, block: ByteRange) -> None:
        shared = self._pass
        data = self._data.at(block.offset, block.length)
        since = time.monotonic()
        try:
            write_block(shared.fd, data, block.offset)
        except OSError as error:
            shared.patience.spend(since)
            if is_gone(shared.fd, shared.shape.size_bytes, error):
                raise Stopped(End.DEVICE_GONE) from error
            written = self._write_pieces(block, data)
        else:
            written = block.length
            shared.wrote(written)
        if shared.block_done(block, written):
            self._look_for_life()

    def _write_pieces(self, block: ByteRange, data: memoryview) -> int:
        shared = self._pass
        written = 0

        def attempt(piece: ByteRange) -> str:
            start = piece.offset - block.offset
            try:
                write_block(shared.fd, data[start : start + piece.length], piece.offset)
            except OSError as error:
                if is_gone(shared.fd, shared.shape.size_bytes, error):
                    raise Stopped(End.DEVICE_GONE) from error
                return _cause(error)
            return ""

        for piece, error in in_pieces(block, shared.steps, attempt, shared.patience):
            if error:
                shared.errors.add("write", piece, error)
            else:
                written += piece.length
                shared.wrote(piece.length)
        return written

    def _look_for_life(self) -> None:
        """Write a block at start, middle and end; stop the pass if none of them is taken.

        They get what this pass writes there anyway, so this spoils nothing.
        """
        shared = self._pass
        unit = shared.shape.physical_block_bytes
        buffer = aligned_buffer(unit)
        last = shared.shape.size_bytes // unit - 1
        for index in {0, last // 2, last}:
            self._source.fill(buffer, index * unit)
            try:
                write_block(shared.fd, buffer, index * unit)
            except OSError:
                continue
            return
        raise Stopped(End.REFUSES_WRITES if answers(shared.fd, shared.shape) else End.DEVICE_GONE)


def _cause(error: OSError) -> str:
    return "short-write" if isinstance(error, ShortTransfer) else error_name(error)
