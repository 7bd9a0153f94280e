"""Connections to the Unix sockets that QEMU opens."""

import socket
import time
from pathlib import Path

_COMES_S = 30.0


def connected(path: Path) -> socket.socket:
    """A connection to QEMU's socket at `path`.

    The file is there a moment before anybody listens at it (bind(2), listen(2)); on a busy machine
    that moment can be met. OSError where nobody listens in the end.
    """
    deadline = time.monotonic() + _COMES_S
    while True:
        plug = socket.socket(socket.AF_UNIX)
        try:
            plug.connect(str(path))
        except ConnectionRefusedError:
            plug.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        except BaseException:
            plug.close()
            raise
        else:
            return plug
