"""Reading copies of this job's statements, made beside the job by units of their own.

A page takes seconds and memory on an old machine; that it fails changes no result. The
copies land in the state partition and from there on the partition that every PC opens.
"""

from __future__ import annotations

import time

from appliance.errors import ToolError
from appliance.job.state import StatementRef
from appliance.job.store import Store
from appliance.settings import STATION_FILE
from appliance.tools import systemd

_PATIENCE_S = 180.0


class Copies:
    """Orders copies; `finish` gives those under way a last chance before the power goes."""

    def __init__(self, store: Store, url: str) -> None:
        self._store, self._url = store, url
        self._units: list[str] = []

    def order(self, ref: StatementRef, machine: str) -> None:
        """Have a signed statement's copies made, and of a deployment the handover sheet, which
        names the machine; unsigned records have none."""
        file = self._store.statements / f"{ref.id}.jws"
        if not file.exists():
            return
        unit = f"tajdeed-render-{ref.id[:16]}.service"
        words = [systemd.PROGRAM, "render", str(file), "--into", str(self._store.copies)]
        words += ["--url", self._url, "--trust", str(self._store.trust)]
        words += ["--config", str(STATION_FILE), "--machine", machine]
        try:
            systemd.start_transient(unit, systemd.copy_properties(str(self._store.copies)), words)
        except ToolError:
            return
        self._units.append(unit)

    def finish(self) -> None:
        """Wait for copies that are being made, then have them put on the data partition."""
        deadline = time.monotonic() + _PATIENCE_S
        for unit in self._units:
            while time.monotonic() < deadline and systemd.is_running(unit):
                time.sleep(0.5)
        systemd.start("tajdeed-copies.service")
