"""Overwriting a whole drive, and telling exactly which blocks did not take it.

`overwrite(fd, source, ...)` writes what a `Source` holds over every addressable block.
The descriptor comes opened (O_RDWR | O_DIRECT | O_EXCL) and checked from the worker.
Nothing is believed here: a pass without errors says only that the drive accepted the
writes and a flush; what the drive really holds is for `readback` to find out.

First all blocks in order, jumping ahead of bad places in growing steps, so that the good
rest is erased while the drive still lives; then what was jumped over; then the bad blocks in
small pieces; at last the bad pieces once more, backwards, for some heads come better to a bad
track from behind. A write that succeeded in the end is no error; one block that did not
take its data is, and so is a flush that failed, for then nobody knows what was kept.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

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
from appliance.erasure.ranges import Cursor, ErrorRanges, merged
from appliance.erasure.stream import Prepared, Source
from appliance.model import ByteRange, RangeError, Reason

_SUSPICIOUS_BLOCKS = 16
"""After so many blocks in a row that were not taken, ask whether the drive takes any."""
_LONGEST_SKIP_BYTES = 1 << 30


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
    logical_block_bytes: int = 512

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
                "blocks": -(-missed // self.logical_block_bytes),
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
    pass_ = _Pass(fd, shape, Pace(shape.size_bytes, start_offset), Patience(patience_s, give_up_s))
    workers = [_Lane(pass_, source, block_bytes) for _ in range(lanes)]
    resume_at = start_offset

    def run(ranges: Sequence[ByteRange], action: str, threads: int) -> End:
        nonlocal resume_at
        cursor = Cursor(ranges, block_bytes)
        do = [getattr(worker, action) for worker in workers[:threads]]
        ended = sweep(
            cursor,
            [partial(one, cursor) for one in do],
            pace=pass_.pace,
            errors=pass_.errors,
            report=report,
            cancelled=cancelled,
        )
        if action == "ahead":
            resume_at = cursor.low_water
        return ended

    end = run([planned], "ahead", lanes)
    if end is End.COMPLETE and pass_.skipped:
        end = run(merged(pass_.skipped), "back", 1)
    if end is End.COMPLETE and pass_.bad:
        end = run(merged(pass_.bad), "pieces", 1)
    if end is End.COMPLETE and pass_.bad_pieces:
        end = run(tuple(reversed(pass_.bad_pieces)), "backwards", 1)
    pass_.give_up_rest(end)
    flush_error = _flush(fd)
    return OverwriteResult(
        end=end,
        start_offset=start_offset,
        planned_bytes=planned.length,
        written_bytes=pass_.written_bytes,
        resume_at=resume_at if end is End.COMPLETE else pass_.untried(resume_at),
        errors=tuple(pass_.errors),
        error_gap_bytes=pass_.errors.gap_bytes,
        flush_error=flush_error,
        elapsed_s=time.monotonic() - began,
        logical_block_bytes=shape.logical_block_bytes,
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
        self.bad: list[ByteRange] = []
        self.skipped: list[ByteRange] = []
        self.bad_pieces: list[ByteRange] = []
        self._causes: dict[int, str] = {}
        self._failed_in_row = 0
        self._lock = threading.Lock()

    def wrote(self, block: ByteRange) -> None:
        with self._lock:
            self.written_bytes += block.length
            self._failed_in_row = 0
        self.pace.add(block.length)

    def failed(self, block: ByteRange, cursor: Cursor | None, block_bytes: int) -> bool:
        """Keep a block for later and jump ahead of it (with a cursor), twice as far each time;
        True when so many failed that the drive is in doubt."""
        with self._lock:
            self.bad.append(block)
            if cursor is not None:
                far = min(block_bytes << self._failed_in_row, _LONGEST_SKIP_BYTES)
                self.skipped += cursor.skip(far)
            self._failed_in_row += 1
            return self._failed_in_row % _SUSPICIOUS_BLOCKS == 0

    def keep_piece(self, piece: ByteRange, cause: str) -> None:
        """A piece that did not take its data: it gets one more try, from behind."""
        self.bad_pieces.append(piece)
        self._causes[piece.offset] = cause

    def cause(self, piece: ByteRange) -> str:
        return self._causes[piece.offset]

    def missed(self, piece: ByteRange, cause: str) -> None:
        """Nothing more is tried for it."""
        self.errors.add("write", piece, cause)
        self._causes.pop(piece.offset, None)
        self.pace.add(piece.length)

    def untried(self, low_water: int) -> int:
        """Below this byte every block was tried and nothing waits for another try."""
        return min([low_water, *(one.offset for one in (*self.bad, *self.skipped))])

    def give_up_rest(self, end: End) -> None:
        """List what a pass that ended early had found bad and not tried again."""
        if end is not End.COMPLETE:
            for piece in self.bad_pieces:
                if piece.offset in self._causes:
                    self.errors.add("write", piece, self._causes[piece.offset])


class _Lane:
    """One thread's buffer and its ways of writing a block."""

    def __init__(self, pass_: _Pass, source: Source, block_bytes: int) -> None:
        self._pass = pass_
        self._source = source
        self._block_bytes = block_bytes
        self._data = Prepared(source, aligned_buffer(block_bytes))

    def ahead(self, cursor: Cursor, block: ByteRange) -> None:
        """First round: write, and jump ahead if it fails."""
        if self._try(block) and self._pass.failed(block, cursor, self._block_bytes):
            self._look_for_life()

    def back(self, _cursor: Cursor, block: ByteRange) -> None:
        """Second round: what was jumped over."""
        if self._try(block) and self._pass.failed(block, None, self._block_bytes):
            self._look_for_life()

    def pieces(self, _cursor: Cursor, block: ByteRange) -> None:
        """Third round: the bad blocks in small pieces."""
        shared = self._pass
        data = self._data.at(block.offset, block.length)

        def attempt(piece: ByteRange) -> str:
            start = piece.offset - block.offset
            return self._write(piece, data[start : start + piece.length])

        for piece, error in in_pieces(block, shared.steps, attempt, shared.patience):
            if not error:
                shared.wrote(piece)
            elif shared.patience.left:
                shared.keep_piece(piece, error)
            else:
                shared.missed(piece, error)

    def backwards(self, _cursor: Cursor, piece: ByteRange) -> None:
        """Last round: the bad pieces from the last to the first."""
        shared = self._pass
        cause = shared.cause(piece)
        if shared.patience.left:
            cause = self._try(piece)
        if cause:
            shared.missed(piece, cause)

    def _try(self, block: ByteRange) -> str:
        """One write of a whole block, counted; the error's name, or ""."""
        since = time.monotonic()
        error = self._write(block, self._data.at(block.offset, block.length))
        if error:
            self._pass.patience.spend(since)
        else:
            self._pass.wrote(block)
        return error

    def _write(self, where: ByteRange, data: memoryview) -> str:
        shared = self._pass
        try:
            write_block(shared.fd, data, where.offset)
        except OSError as error:
            if is_gone(shared.fd, shared.shape.size_bytes, error):
                raise Stopped(End.DEVICE_GONE) from error
            return _cause(error)
        return ""

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
