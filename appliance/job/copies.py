"""Reading copies of this job's statements, made beside the job by units of their own.

A page takes seconds and memory on an old machine; that it fails changes no result. Two processes
at most make them, each for all statements that wait when it begins: nine drives that end together
do not ask for nine times the memory. The copies land in the state partition and from there on the
partition that every PC opens.
"""

from __future__ import annotations

import time
from pathlib import Path

from appliance.errors import ToolError
from appliance.job.state import StatementRef
from appliance.job.store import Store
from appliance.settings import STATION_FILE
from appliance.tools import systemd

_PATIENCE_S = 180.0
_AT_ONCE = 2


class Copies:
    """Orders copies; `finish` gives those not yet made a last chance before the power goes."""

    def __init__(self, store: Store, url: str) -> None:
        self._store, self._url = store, url
        self._waiting: list[tuple[Path, str]] = []
        self._units: list[str] = []

    def order(self, ref: StatementRef, machine: str) -> None:
        """Have a signed statement's copies made, and of a deployment the handover sheet, which
        names the machine; unsigned records have none."""
        file = self._store.statements / f"{ref.id}.jws"
        if file.exists():
            self._waiting.append((file, machine))
            self.go_on()

    def go_on(self) -> None:
        """Begin with what waits when a process may start; every round of the engine asks."""
        self._units = [unit for unit in self._units if systemd.has_processes(unit)]
        if not self._waiting or len(self._units) == _AT_ONCE:
            return
        machine = self._waiting[0][1]
        files = [file for file, about in self._waiting if about == machine and file.exists()]
        self._waiting = [item for item in self._waiting if item[1] != machine]
        if not files:
            return
        unit = f"tajdeed-render-{files[0].stem[:16]}.service"
        words = [systemd.PROGRAM, "render", *map(str, files), "--into", str(self._store.copies)]
        words += ["--url", self._url, "--trust", str(self._store.trust)]
        words += ["--config", str(STATION_FILE), "--machine", machine]
        try:
            systemd.start_transient(unit, systemd.copy_properties(str(self._store.copies)), words)
        except ToolError:
            return
        self._units.append(unit)

    def finish(self) -> None:
        """Wait for copies that are not made yet, then have them put on the data partition."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            self.go_on()
            if not self._waiting and not any(map(systemd.is_running, self._units)):
                break
            time.sleep(0.5)
        systemd.start("tajdeed-copies.service")
