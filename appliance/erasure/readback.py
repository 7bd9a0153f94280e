"""Reading a drive back and saying exactly which blocks do not hold what they should.

`verify_source` compares with the stream or pattern that was written (`Check` kind
`keyed-stream` or `pattern`), `verify_constant` looks for blocks of nothing but zeros or
ones after a firmware command (kind `constant`); both over the whole drive or over the
ranges of a sample. Open with O_RDONLY or O_RDWR, and O_DIRECT; what this host had cached
is dropped first. What cannot be excluded from here: the drive answering from its own
cache, which for a whole drive is far too small to matter, but not for a few blocks; and
spare or remapped cells, which no reading reaches. Only what was read and found right
counts; unreadable blocks make a check incomplete, never good. Nothing is written.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from appliance.erasure.device import (
    Geometry,
    aligned_buffer,
    answers,
    drop_host_cache,
    error_name,
    geometry,
    is_gone,
)
from appliance.erasure.judging import AnythingJudge, ConstantJudge, Judge, SourceJudge
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
from appliance.erasure.ranges import Cursor, ErrorRanges, merged, total_bytes
from appliance.erasure.stream import Keystream, Source
from appliance.model import ByteRange, Check, Facts

_LONGEST_SKIP_BYTES = 1 << 30
_SUSPICIOUS_BLOCKS = 16
"""After so many unreadable blocks in a row, ask whether anything answers at all."""


def verify_source(
    fd: int,
    source: Source,
    *,
    ranges: Sequence[ByteRange] | None = None,
    shape: Geometry | None = None,
    report: Report = no_report,
    cancelled: Callable[[], bool] = never,
    block_bytes: int = BLOCK_BYTES,
    lanes: int = LANES,
    patience_s: float = PATIENCE_S,
    give_up_s: float = GIVE_UP_S,
) -> Check:
    """Read the whole device (or `ranges`) and compare it with `source`.

    Never raises for what the drive does: `Check.good` is false then. Mismatches have kind
    `mismatch` (detail `zeros`, `ones`, `other`: what stood there instead) or `unreadable`
    (detail: the error). `detail["end"]` says how the reading ended.
    """
    shape = shape or geometry(fd)
    kind = "keyed-stream" if isinstance(source, Keystream) else "pattern"
    reading = _Reading(fd, shape, ranges, block_bytes, Patience(patience_s, give_up_s))
    return reading.check(
        kind,
        lambda: SourceJudge(source, shape.logical_block_bytes),
        report=report,
        cancelled=cancelled,
        lanes=lanes,
    )


def verify_constant(
    fd: int,
    *,
    allowed: Sequence[int] = (0x00, 0xFF),
    ranges: Sequence[ByteRange] | None = None,
    shape: Geometry | None = None,
    report: Report = no_report,
    cancelled: Callable[[], bool] = never,
    block_bytes: int = BLOCK_BYTES,
    lanes: int = LANES,
    patience_s: float = PATIENCE_S,
    give_up_s: float = GIVE_UP_S,
) -> Check:
    """Read the whole device (or `ranges`): each logical block must be one byte repeated.

    `allowed` are those bytes; `detail["bytes_00"]` and the like count how much held each.
    Mismatches have kind `not-constant` or `unreadable`.
    """
    shape = shape or geometry(fd)
    reading = _Reading(fd, shape, ranges, block_bytes, Patience(patience_s, give_up_s))
    judges: list[ConstantJudge] = []

    def judge() -> ConstantJudge:
        judges.append(ConstantJudge(allowed, shape.logical_block_bytes))
        return judges[-1]

    check = reading.check("constant", judge, report=report, cancelled=cancelled, lanes=lanes)
    for value in allowed:
        found = sum(one.found_bytes[value] for one in judges)
        check.detail[f"bytes_{value:02x}"] = found
    return check


def verify_after_erase(
    fd: int,
    *,
    constant: bool,
    ranges: Sequence[ByteRange] | None = None,
    shape: Geometry | None = None,
    report: Report = no_report,
    cancelled: Callable[[], bool] = never,
    block_bytes: int = BLOCK_BYTES,
    lanes: int = LANES,
    patience_s: float = PATIENCE_S,
    give_up_s: float = GIVE_UP_S,
) -> Check:
    """Read the whole device (or `ranges`) after a firmware's own erase (kind `after-erase`).

    `constant`: the drive declares that erased blocks read as one byte repeated, so every
    block must be zeros or ones. Without such a promise anything may be there but old data,
    which samples and canaries look for; this reading then shows that every block can be read,
    and `detail` counts what it held.
    """
    shape = shape or geometry(fd)
    if constant:
        check = verify_constant(
            fd,
            ranges=ranges,
            shape=shape,
            report=report,
            cancelled=cancelled,
            block_bytes=block_bytes,
            lanes=lanes,
            patience_s=patience_s,
            give_up_s=give_up_s,
        )
        return replace(check, kind="after-erase", detail={**check.detail, "declared": "constant"})
    reading = _Reading(fd, shape, ranges, block_bytes, Patience(patience_s, give_up_s))
    judges: list[AnythingJudge] = []

    def judge() -> AnythingJudge:
        judges.append(AnythingJudge(shape.logical_block_bytes))
        return judges[-1]

    check = reading.check("after-erase", judge, report=report, cancelled=cancelled, lanes=lanes)
    check.detail["declared"] = "anything"
    for looks in ("zeros", "ones", "other"):
        check.detail[f"bytes_{looks}"] = sum(one.found_bytes[looks] for one in judges)
    return check


class _Reading:
    """One check under way: what its lanes share.

    First all blocks in order, jumping ahead of bad places in growing steps, so that a
    scratch does not keep us from the good rest; then what was jumped over; then the bad
    blocks in small pieces, as long as patience lasts.
    """

    def __init__(
        self,
        fd: int,
        shape: Geometry,
        ranges: Sequence[ByteRange] | None,
        block_bytes: int,
        patience: Patience,
    ) -> None:
        whole = ByteRange(offset=0, length=shape.size_bytes)
        self._fd = fd
        self._shape = shape
        self._scope = "full" if ranges is None else "sampled"
        self._ranges = (whole,) if ranges is None else merged(ranges)
        for one in self._ranges:
            unit = shape.logical_block_bytes
            if one.offset % unit or one.length % unit or one.end > shape.size_bytes:
                raise ValueError(f"{one} is not made of blocks of the drive")
        self._block_bytes = block_bytes
        self._patience = patience
        self._errors = ErrorRanges()
        self._pace = Pace(total_bytes(self._ranges))
        self._lock = threading.Lock()
        self._read_bytes = 0
        self._wrong_bytes = 0
        self._failed_in_row = 0
        self._bad: list[ByteRange] = []
        self._skipped: list[ByteRange] = []

    def check(
        self,
        kind: str,
        judge: Callable[[], Judge],
        *,
        report: Report,
        cancelled: Callable[[], bool],
        lanes: int,
    ) -> Check:
        began = time.monotonic()
        drop_error = ""
        try:
            drop_host_cache(self._fd)
        except OSError as error:
            drop_error = error_name(error)
        judges = [judge() for _ in range(lanes)]
        buffers = [aligned_buffer(self._block_bytes) for _ in range(lanes)]

        def run(ranges: Sequence[ByteRange], action: str, threads: int) -> End:
            cursor = Cursor(ranges, self._block_bytes)
            do = {"ahead": self._ahead, "back": self._back, "pieces": self._pieces}[action]

            def lane(number: int) -> Callable[[ByteRange], None]:
                return lambda block: do(cursor, block, buffers[number], judges[number])

            return sweep(
                cursor,
                [lane(number) for number in range(threads)],
                pace=self._pace,
                errors=self._errors,
                report=report,
                cancelled=cancelled,
            )

        end = run(self._ranges, "ahead", lanes)
        if end is End.COMPLETE and self._skipped:
            end = run(merged(self._skipped), "back", 1)
        if end is End.COMPLETE and self._bad:
            end = run(merged(self._bad), "pieces", 1)
        if end is not End.COMPLETE:
            for block in merged(self._bad):
                self._errors.add("unreadable", block, "not-retried")
        planned = total_bytes(self._ranges)
        detail: Facts = {
            "end": end.value,
            "elapsed_s": round(time.monotonic() - began, 3),
            "mismatch_bytes": self._wrong_bytes,
        }
        if self._errors.gap_bytes:
            detail["error_gap_bytes"] = self._errors.gap_bytes
        if drop_error:
            detail["host_cache_error"] = drop_error
        return Check(
            kind=kind,
            scope=self._scope,
            planned_bytes=planned,
            read_bytes=self._read_bytes,
            expected_bytes=self._read_bytes - self._wrong_bytes,
            complete=end is End.COMPLETE and self._read_bytes == planned and not drop_error,
            mismatches=tuple(self._errors),
            detail=detail,
        )

    def _ahead(self, cursor: Cursor, block: ByteRange, buffer: memoryview, judge: Judge) -> None:
        """First round: read, and jump ahead if it fails, twice as far each time."""
        if self._try(block, buffer, judge):
            return
        with self._lock:
            far = min(self._block_bytes << self._failed_in_row, _LONGEST_SKIP_BYTES)
            self._bad.append(block)
            self._skipped += cursor.skip(far)

    def _back(self, cursor: Cursor, block: ByteRange, buffer: memoryview, judge: Judge) -> None:
        """Second round: what was jumped over, as long as patience lasts."""
        if not self._patience.left:
            self._give_up(block, "not-read")
        elif not self._try(block, buffer, judge):
            with self._lock:
                self._bad.append(block)

    def _pieces(self, cursor: Cursor, block: ByteRange, buffer: memoryview, judge: Judge) -> None:
        """Third round: the bad blocks in small pieces."""

        def attempt(piece: ByteRange) -> str:
            error = self._read(piece, buffer[: piece.length])
            if not error:
                self._judge(piece, buffer[: piece.length], judge)
            return error

        steps = piece_steps(self._shape)
        for piece, error in in_pieces(block, steps, attempt, self._patience):
            if error:
                self._give_up(piece, error)

    def _try(self, block: ByteRange, buffer: memoryview, judge: Judge) -> bool:
        since = time.monotonic()
        if not self._read(block, buffer[: block.length]):
            self._judge(block, buffer[: block.length], judge)
            with self._lock:
                self._failed_in_row = 0
            return True
        self._patience.spend(since)
        with self._lock:
            self._failed_in_row += 1
            in_doubt = self._failed_in_row % _SUSPICIOUS_BLOCKS == 0
        if in_doubt and not answers(self._fd, self._shape):
            raise Stopped(End.DEVICE_GONE)
        return False

    def _read(self, block: ByteRange, buffer: memoryview) -> str:
        try:
            moved = os.preadv(self._fd, [buffer], block.offset)
        except OSError as error:
            if is_gone(self._fd, self._shape.size_bytes, error):
                raise Stopped(End.DEVICE_GONE) from error
            return error_name(error)
        if moved == block.length:
            return ""
        if geometry(self._fd).size_bytes < self._shape.size_bytes:
            raise Stopped(End.DEVICE_GONE)
        return "short-read"

    def _judge(self, block: ByteRange, data: memoryview, judge: Judge) -> None:
        wrong = 0
        for where, looks in judge.differences(data, block.offset):
            self._errors.add(judge.kind, where, looks)
            wrong += where.length
        with self._lock:
            self._read_bytes += block.length
            self._wrong_bytes += wrong
        self._pace.add(block.length)

    def _give_up(self, block: ByteRange, error: str) -> None:
        self._errors.add("unreadable", block, error)
        self._pace.add(block.length)
