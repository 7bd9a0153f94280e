"""Zeros onto what an image leaves of its drive, for policies that ask for them.

The descriptor is the caller's: opened, checked, O_DIRECT where the drive is a block device.
It decides nothing and knows no image; the deployment statement says what it wrote.
"""

from __future__ import annotations

import os
import threading
import time

from appliance.imaging.blocks import aligned, drop_cache, read_all, write_all
from appliance.imaging.errors import LayDownError, LayDownStoppedError
from appliance.imaging.laydown import Progress, Report
from appliance.model import ByteRange

_PIECE = 8 << 20
_REPORT_EVERY_S = 0.5


def zero_rest(
    fd: int,
    rest: ByteRange,
    *,
    report: Report,
    read_back: bool,
    stop: threading.Event | None = None,
) -> None:
    """Write zeros over the range, and read them back where that is asked.

    LayDownError `image-write-failed` or `image-read-back-failed` with the byte offset;
    LayDownStoppedError `image-stopped` when `stop` was set.
    """
    zeros, found = aligned(_PIECE), aligned(_PIECE)
    nothing = bytes(zeros)
    for phase in ("write", "read-back") if read_back else ("write",):
        begun = told = time.monotonic()
        at = rest.offset
        while at < rest.end:
            if stop is not None and stop.is_set():
                raise LayDownStoppedError("image-stopped", frame=-1)
            count = min(_PIECE, rest.end - at)
            try:
                if phase == "write":
                    write_all(fd, memoryview(zeros)[:count], at)
                else:
                    read_all(fd, memoryview(found)[:count], at)
            except OSError as error:
                code = "image-write-failed" if phase == "write" else "image-read-back-failed"
                raise LayDownError(code, offset=at, problem=str(error)) from error
            if phase == "read-back" and found[:count] != nothing[:count]:
                raise LayDownError(
                    "image-read-back-failed", offset=at, problem="other bytes than zeros"
                )
            at += count
            now = time.monotonic()
            if now - told >= _REPORT_EVERY_S or at == rest.end:
                told = now
                report(
                    Progress(
                        phase=phase,
                        done_bytes=at - rest.offset,
                        total_bytes=rest.length,
                        durable_frames=0,
                        elapsed_s=now - begun,
                    )
                )
        try:
            os.fsync(fd)
            drop_cache(fd)
        except OSError as error:
            raise LayDownError("image-write-failed", offset=rest.end, problem=str(error)) from error
