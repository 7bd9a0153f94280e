"""Write the frames of a signed image to an open drive, and read back what was written.

Reading, decompressing, hashing and writing overlap over a bounded queue; frames are begun
in order, and only after their SHA-256 was found to be the signed one. Two are on their way
to the drive at once, so that it never waits for us between them. The first
MiB is zeroed at the start and not written here at all: whoever gave the order writes it
last, so a drive whose lay-down was cut short never boots. Every byte of the image's extent
but that MiB is written, holes as zeros; only where the drive is known to read as zeros are
the holes left, and then the read-back, which covers them, is not optional. The descriptor
is the caller's: opened, checked, O_DIRECT where the drive is a block device.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.imaging.blocks import aligned, drop_cache, read_all, write_all
from appliance.imaging.errors import ImageTrustError, LayDownError, LayDownStoppedError
from appliance.imaging.frames import Frames
from appliance.imaging.manifest import FIRST_BYTES, Manifest
from appliance.imaging.source import Source

_WORKERS = 4
_AT_DRIVE = 2
_CHECKPOINT_BYTES = 256 << 20
_REPORT_EVERY_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is. phase: `check` (what an interrupted run has left), `write` or `read-back`.

    `durable_frames`: frames 0..n-1 were written and flushed to the medium; a lay-down that
    was cut short may go on from there.
    """

    phase: str
    done_bytes: int
    total_bytes: int
    durable_frames: int
    elapsed_s: float


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The frames are on the medium; `first` is the image's first MiB, which is not yet.

    `resumed_from`: frames 0..n-1 were not written by this run, but found good on the drive.
    """

    first: bytes
    written_bytes: int
    read_back: bool
    write_s: float
    read_back_s: float
    resumed_from: int | None = None


def lay_down(
    fd: int,
    source: Source,
    manifest: Manifest,
    *,
    drive_bytes: int,
    report: Report,
    resume: bool = False,
    read_back: bool = True,
    blank: bool = False,
    stop: threading.Event | None = None,
) -> Written:
    """Write all frames, then read every frame back and compare its SHA-256. `resume`: after a
    run that was interrupted; what it has left is read first, and all from the first frame on
    that is not as signed is written, but nothing at all where the drive's first MiB is not the
    zeros that the run began with. `blank`: the whole drive was read after its erasure and held
    nothing but zeros; then holes are not written, and the read-back is done whatever
    `read_back` says.

    ImageTrustError `image-frame-bad` or `image-truncated`; LayDownError `image-too-large` or
    `image-other-data-since` (nothing was written), `image-write-failed`,
    `image-read-back-failed`; LayDownStoppedError `image-stopped` when `stop` was set.
    """
    if manifest.disk_bytes > drive_bytes:
        raise LayDownError(
            "image-too-large", image=manifest.profile, needs=manifest.disk_bytes, has=drive_bytes
        )
    work = _LayDown(fd, source, manifest, report, stop or threading.Event(), blank)
    return work.run(resume=resume, read_back=read_back or blank)


class _LayDown:
    """One lay-down: its threads, the frame whose turn it is, and the first failure."""

    def __init__(
        self,
        fd: int,
        source: Source,
        manifest: Manifest,
        report: Report,
        stop: threading.Event,
        blank: bool,
    ) -> None:
        self._fd, self._source, self._manifest = fd, source, manifest
        self._report, self._stop = report, stop
        self._condition = threading.Condition()
        self._telling = threading.Lock()
        self._numbers: list[int] = []
        self._turn = self._at_drive = self._in_row = 0
        self._ended: set[int] = set()
        self._flushing = False
        self._failure: BaseException | None = None
        self._first = b""
        self._begun = self._reported = time.monotonic()
        self._from = self._durable = 0
        self._resumed_from: int | None = None
        self._not_good = len(manifest.frames)
        self._unflushed = 0
        self._frames = Frames(manifest, holes=not blank)

    def run(self, *, resume: bool, read_back: bool) -> Written:
        if resume:
            self._from = self._resumed_from = self._good_frames()
        try:
            write_all(self._fd, aligned(FIRST_BYTES), 0)
            os.fsync(self._fd)
        except OSError as error:
            raise LayDownError("image-write-failed", offset=0, problem=str(error)) from error
        begun = time.monotonic()
        frames = range(len(self._manifest.frames))
        self._durable = self._from
        self._in_turns([number for number in frames if number >= self._from], "write")
        self._checkpoint(len(frames))
        written = sum(
            part.length for n in frames if n >= self._from for part in self._frames.parts(n)
        )
        write_s, begun = time.monotonic() - begun, time.monotonic()
        if read_back:
            try:
                drop_cache(self._fd)
            except OSError as error:
                raise LayDownError("image-write-failed", offset=0, problem=str(error)) from error
            self._in_turns(list(frames), "read-back")
        return Written(
            first=self._first,
            written_bytes=written,
            read_back=read_back,
            write_s=write_s,
            read_back_s=time.monotonic() - begun,
            resumed_from=self._resumed_from,
        )

    def _good_frames(self) -> int:
        """How many frames from the first on are on the drive as signed; at most all but one.

        What the drive holds counts, not what the interrupted run has noted: more may have come
        through, and finishing may have begun to change some.
        """
        found = aligned(FIRST_BYTES)
        with memoryview(found) as view:
            self._get(view, 0)
        if bytes(found) != bytes(FIRST_BYTES):
            raise LayDownError("image-other-data-since", image=self._manifest.profile)
        # The first MiB of frame 0 is not on the drive: it comes from the image.
        extent = self._manifest.frame_range(0)
        with memoryview(aligned(extent.length)) as view:
            self._frames.unpack(0, self._compressed(0), view)
            self._first = bytes(view[:FIRST_BYTES])
        count = len(self._manifest.frames)
        self._in_turns(list(range(count)), "check")
        return min(self._not_good, count - 1)

    def _in_turns(self, numbers: list[int], phase: str) -> None:
        """Hand the frames to the workers; the part that touches the drive goes in order."""
        work: queue.Queue[tuple[int, int, bytes] | None] = queue.Queue(maxsize=_WORKERS + 1)
        self._numbers = numbers
        self._turn = self._at_drive = self._in_row = 0
        self._ended = set()
        self._begun = time.monotonic()
        target = {
            "write": self._write_one,
            "check": self._check_one,
            "read-back": self._read_one,
        }[phase]

        def worker() -> None:
            buffer = aligned(self._manifest.frame_bytes)
            while (item := work.get()) is not None:
                if self._failure is not None:
                    continue
                try:
                    target(item[0], item[1], item[2], buffer)
                except BaseException as error:
                    self._fail(error)

        threads = [threading.Thread(target=worker, name=f"{phase}-{n}") for n in range(_WORKERS)]
        for thread in threads:
            thread.start()
        try:
            for place, number in enumerate(numbers):
                if self._failure is not None or (phase == "check" and self._not_good < number):
                    break
                if self._stop.is_set():
                    raise LayDownStoppedError("image-stopped", frame=number)
                work.put((place, number, self._compressed(number) if phase == "write" else b""))
        except BaseException as error:
            self._fail(error)
        for _thread in threads:
            work.put(None)
        for thread in threads:
            thread.join()
        if self._failure is not None:
            raise self._failure

    def _compressed(self, number: int) -> bytes:
        frame = self._manifest.frames[number]
        try:
            data = self._source.read_at(frame.offset, frame.length)
        except OSError as error:
            raise ImageTrustError(
                "image-unreadable", image=self._manifest.profile, frame=number, problem=str(error)
            ) from error
        if len(data) != frame.length:
            raise ImageTrustError("image-truncated", image=self._manifest.profile, frame=number)
        return data

    def _fail(self, error: BaseException) -> None:
        with self._condition:
            if self._failure is None:
                self._failure = error
            self._condition.notify_all()

    @contextlib.contextmanager
    def _my_turn(self, place: int) -> Iterator[bool]:
        """Wait until earlier frames have begun and there is room; gives whether all is well."""
        with self._condition:
            self._condition.wait_for(
                lambda: (
                    self._failure is not None
                    or (self._turn == place and self._at_drive < _AT_DRIVE)
                )
            )
            well = self._failure is None
            self._turn += 1
            self._at_drive += 1
            self._condition.notify_all()
        try:
            yield well
        finally:
            with self._condition:
                self._at_drive -= 1
                self._condition.notify_all()

    def _end(self, place: int, phase: str) -> None:
        """A frame has come through; flush when enough have come through without a gap."""
        with self._condition:
            self._ended.add(place)
            while self._in_row in self._ended:
                self._ended.remove(self._in_row)
                self._in_row += 1
            frames = self._numbers[self._in_row - 1] + 1 if self._in_row else 0
            due = self._unflushed >= _CHECKPOINT_BYTES and not self._flushing
            self._flushing = self._flushing or due
        if not due:
            self._tell(phase, frames)
            return
        try:
            self._checkpoint(frames)
        finally:
            self._flushing = False

    def _write_one(self, place: int, number: int, data: bytes, buffer: mmap.mmap) -> None:
        extent = self._manifest.frame_range(number)
        with memoryview(buffer) as whole, whole[: extent.length] as view:
            self._frames.unpack(number, data, view)
            if number == 0:
                self._first = bytes(view[:FIRST_BYTES])
            with self._my_turn(place) as well:
                if not well:
                    return
                for part in self._frames.parts(number):
                    at = part.offset - extent.offset
                    self._put(view[at : at + part.length], part.offset)
                    with self._condition:
                        self._unflushed += part.length
        self._end(place, "write")

    def _put(self, view: memoryview, offset: int) -> None:
        try:
            write_all(self._fd, view, offset)
        except OSError as error:
            raise LayDownError("image-write-failed", offset=offset, problem=str(error)) from error

    def _checkpoint(self, frames: int) -> None:
        """Flush; `frames` were written before, all from the first on."""
        with self._condition:
            self._unflushed = 0
        try:
            os.fsync(self._fd)
        except OSError as error:
            raise LayDownError("image-write-failed", offset=0, problem=str(error)) from error
        self._durable = max(self._durable, frames)
        self._tell("write", frames, now=True)

    def _read_one(self, place: int, number: int, _data: bytes, buffer: mmap.mmap) -> None:
        same = self._is_on_drive(place, number, buffer)
        if same is False:
            raise LayDownError(
                "image-read-back-failed",
                offset=self._manifest.frame_range(number).offset,
                problem="other bytes than written",
            )
        if same:
            self._end(place, "read-back")

    def _check_one(self, place: int, number: int, _data: bytes, buffer: mmap.mmap) -> None:
        same = self._is_on_drive(place, number, buffer)
        with self._condition:
            if same is False:
                self._not_good = min(self._not_good, number)
        self._end(place, "check")

    def _is_on_drive(self, place: int, number: int, buffer: mmap.mmap) -> bool | None:
        """Whether the drive holds the frame as signed; None where others have failed already."""
        extent = self._manifest.frame_range(number)
        start = FIRST_BYTES if number == 0 else 0
        with memoryview(buffer) as whole, whole[: extent.length] as view:
            with self._my_turn(place) as well:
                if not well:
                    return None
                self._get(view[start:], extent.offset + start)
            if number == 0:
                view[:FIRST_BYTES] = self._first
            return self._frames.holds(number, view)

    def _get(self, view: memoryview, offset: int) -> None:
        try:
            read_all(self._fd, view, offset)
        except OSError as error:
            raise LayDownError(
                "image-read-back-failed", offset=offset, problem=str(error)
            ) from error

    def _tell(self, phase: str, frames: int, *, now: bool = False) -> None:
        with self._telling:
            moment = time.monotonic()
            if not now and moment - self._reported < _REPORT_EVERY_S:
                return
            self._reported = moment
            self._report(
                Progress(
                    phase=phase,
                    done_bytes=min(frames * self._manifest.frame_bytes, self._manifest.disk_bytes),
                    total_bytes=self._manifest.disk_bytes,
                    durable_frames=self._durable,
                    elapsed_s=moment - self._begun,
                )
            )
