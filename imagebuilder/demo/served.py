"""A drive that nbdkit serves to QEMU on a Unix socket, by a plugin of ours in Python.

The raw file below stays what the drive "really" holds, so that whoever made it can look at it.
Owns its nbdkit process; ends it with the `with` statement, or with `end` before.
"""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from imagebuilder.toolsroot import in_tools


class ServedDrive:
    """The disk `path` as the plugin gives it with these parameters; `source` is for QEMU."""

    def __init__(self, path: Path, plugin: Path, parameters: dict[str, str], log: Path) -> None:
        self._words = [str(plugin.resolve()), f"disk={path.resolve()}"]
        self._words += [f"{key}={value}" for key, value in parameters.items()]
        self._log = log
        self._directory = Path(tempfile.mkdtemp(prefix="tajdeed-nbd-", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def source(self) -> str:
        """The address as QEMU takes it."""
        return f"nbd+unix:///?socket={self._directory / 'nbd'}"

    def __enter__(self) -> Self:
        socket = self._directory / "nbd"
        words = ["nbdkit", "--foreground", "--exit-with-parent", "--unix", str(socket), "python"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                in_tools([*words, *self._words], cwd=Path("/")),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            )
        deadline = time.monotonic() + 20
        while not socket.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise OSError(f"nbdkit did not start: {self._log.read_text(errors='replace')}")
            time.sleep(0.05)
        return self

    def end(self) -> None:
        """End the server; the plugin's last words are done when this returns."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def __exit__(self, *_: object) -> None:
        self.end()
        shutil.rmtree(self._directory, ignore_errors=True)
