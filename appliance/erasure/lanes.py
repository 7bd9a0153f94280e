"""Several threads that each take a block, deal with it, and take the next.

More than one request is at the drive at any time, and while one waits for it another
makes cipher text or compares. The caller's thread only watches: it reports, and passes a
cancellation on. An exception in a lane stops all of them and comes out of `sweep`.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

from appliance.erasure.device import Geometry
from appliance.erasure.pace import REPORT_EVERY_S, Pace, Report
from appliance.erasure.ranges import Cursor, ErrorRanges, cut
from appliance.model import ByteRange

LANES = 3
"""Two requests at the drive and one block in the making."""
BLOCK_BYTES = 4 << 20
PIECE_BYTES = 64 << 10
_SECTOR_BYTES = 4096
PATIENCE_S = 600.0
"""What all failing requests of a pass may cost together before no more are repeated,"""
GIVE_UP_S = 1800.0
"""and before the pass ends: at 30 s for each bad block a drive could hold us for weeks."""

Action = Callable[[ByteRange], None]


class End(StrEnum):
    """How a pass ended. Only after `COMPLETE` was every block of it tried."""

    COMPLETE = "complete"
    CANCELLED = "cancelled"
    DEVICE_GONE = "device-gone"
    REFUSES_WRITES = "refuses-writes"
    GAVE_UP = "gave-up"


class Stopped(Exception):
    """Raised by an action: the rest of the pass makes no sense, for this reason."""

    def __init__(self, end: End) -> None:
        self.end = end
        super().__init__(end.value)


def never() -> bool:
    """The `cancelled` of callers who do not cancel."""
    return False


class Patience:
    """The time that failing requests have cost, against what they may cost in all.

    A drive that answers each bad block after 30 s of its own retries must not hold the
    job for days; blocks that got no second try are listed as they are.
    """

    def __init__(self, limit_s: float, give_up_s: float) -> None:
        self._limit_s = limit_s
        self._give_up_s = give_up_s
        self._spent_s = 0.0
        self._lock = threading.Lock()

    def spend(self, since: float) -> None:
        """Count the time since a moment of `time.monotonic()`; `Stopped` at the very end."""
        with self._lock:
            self._spent_s += time.monotonic() - since
            spent_s = self._spent_s
        if spent_s > self._give_up_s:
            raise Stopped(End.GAVE_UP)

    @property
    def left(self) -> bool:
        """Whether a failed request may still be repeated."""
        with self._lock:
            return self._spent_s < self._limit_s


def in_pieces(
    block: ByteRange,
    steps: Sequence[int],
    attempt: Callable[[ByteRange], str],
    patience: Patience,
) -> Iterator[tuple[ByteRange, str]]:
    """Try a block that failed again in smaller and smaller pieces: (piece, error or "").

    `steps` are the sizes of the pieces in falling order; `attempt` gives the error's name.
    When patience ends, what is left comes as `not-retried`.
    """
    for piece in cut([block], steps[0]):
        if not patience.left:
            yield piece, "not-retried"
            continue
        since = time.monotonic()
        error = attempt(piece)
        if error:
            patience.spend(since)
        if error and len(steps) > 1 and piece.length > steps[1]:
            yield from in_pieces(piece, steps[1:], attempt, patience)
        else:
            yield piece, error


def piece_steps(shape: Geometry) -> tuple[int, ...]:
    """The sizes for `in_pieces`, down to what the medium keeps as one: 4 KiB at most.

    On a drive of 4 KiB sectors that speaks of 512-byte blocks, a bad sector is bad as a
    whole, and each of its blocks would cost the drive's own retries again.
    """
    smallest = max(shape.logical_block_bytes, min(shape.physical_block_bytes, _SECTOR_BYTES))
    return (PIECE_BYTES, smallest)


def sweep(
    cursor: Cursor,
    actions: Sequence[Action],
    *,
    pace: Pace,
    errors: ErrorRanges,
    report: Report,
    cancelled: Callable[[], bool],
) -> End:
    """Run each action in a thread of its own until the cursor is empty.

    Returns when every thread has ended. A thread inside the kernel cannot be stopped:
    cancelling takes as long as the slowest request under way.
    """
    stop = threading.Event()
    finished: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def lane(action: Action) -> None:
        try:
            while not stop.is_set():
                block = cursor.take()
                if block is None:
                    break
                action(block)
                cursor.close(block)
        except BaseException as error:  # handed to the caller's thread, which raises it
            stop.set()
            finished.put(error)
        else:
            finished.put(None)

    threads = [threading.Thread(target=lane, args=(action,)) for action in actions]
    failure: BaseException | None = None
    was_cancelled = False
    running = 0
    try:
        for thread in threads:
            thread.start()
            running += 1
        due = time.monotonic() + REPORT_EVERY_S
        while running:
            try:
                ended = finished.get(timeout=max(0.0, due - time.monotonic()))
            except queue.Empty:
                due = time.monotonic() + REPORT_EVERY_S
                report(pace.headway(len(errors), cursor.low_water))
                if not was_cancelled and cancelled():
                    was_cancelled = True
                    stop.set()
            else:
                running -= 1
                failure = failure or ended
    finally:
        stop.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
    report(pace.headway(len(errors), cursor.low_water))
    if isinstance(failure, Stopped):
        return failure.end
    if failure is not None:
        raise failure
    return End.CANCELLED if was_cancelled else End.COMPLETE
