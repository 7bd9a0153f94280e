"""Small files that others have put there: a stick that anybody may have written, the courier.

Whoever reads them must not be led elsewhere, held up by a pipe, or filled up.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def plain_bytes(path: Path, most_bytes: int) -> bytes:
    """A regular file's bytes; OSError where it is missing, is none, or is larger than that."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most_bytes:
            raise OSError(0, "too large, or no file")
        return file.read(most_bytes)
