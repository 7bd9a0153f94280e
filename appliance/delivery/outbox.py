"""The outbox: files only. What the engine puts in, and what the courier made of it.

The engine writes `outbox/`, the courier writes its own directory, and neither ever writes
the other's: a statement is registered when its receipt lies there, held or refused when
the courier noted so, and waiting otherwise. Nothing is deleted by being sent.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from appliance.statement import durable
from appliance.tools.boot import boot_id

OUTBOX_DIR = Path("/var/lib/tajdeed/outbox")
COURIER_DIR = Path("/var/lib/tajdeed/courier")
ENROLMENT = "enrol.json"


class State(StrEnum):
    """Where a statement stands on its way."""

    WAITING = "waiting"
    REGISTERED = "registered"
    HELD = "held"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One statement of the outbox; `note` is what the courier wrote down about it."""

    id: str
    state: State
    path: Path
    note: dict[str, Any] = field(default_factory=dict)


class Notes:
    """The courier's directory for one server: receipts, what is held, what was refused."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.receipts = root / "receipts"
        self.held = root / "held"
        self.refused = root / "refused"

    def make(self) -> None:
        for directory in (self.root, self.receipts, self.held, self.refused):
            directory.mkdir(mode=0o750, parents=True, exist_ok=True)

    def state(self, statement_id: str) -> State:
        """Where a statement stands with this server."""
        if (self.receipts / f"{statement_id}.jws").exists():
            return State.REGISTERED
        if (self.refused / f"{statement_id}.json").exists():
            return State.REFUSED
        if (self.held / f"{statement_id}.json").exists():
            return State.HELD
        return State.WAITING

    def note(self, statement_id: str, state: State) -> dict[str, Any]:
        """What was written down about a held or refused statement."""
        directory = {State.HELD: self.held, State.REFUSED: self.refused}.get(state)
        if directory is None:
            return {}
        try:
            note = json.loads((directory / f"{statement_id}.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def registered(self, statement_id: str, receipt: bytes) -> None:
        """Keep a receipt; the statement needs nothing more."""
        durable.write(self.receipts / f"{statement_id}.jws", receipt)
        durable.remove(self.held / f"{statement_id}.json")

    def hold(self, statement_id: str, note: dict[str, Any]) -> None:
        """Note that the server keeps the statement until its office has decided."""
        durable.write(self.held / f"{statement_id}.json", json.dumps(note).encode())

    def refuse(self, statement_id: str, note: dict[str, Any]) -> None:
        """Note that the server refused the statement, and why: it is not sent again."""
        durable.write(self.refused / f"{statement_id}.json", json.dumps(note).encode())

    def tell(self, name: str, word: dict[str, Any]) -> None:
        """Leave a word for the engine of this boot."""
        data = json.dumps({"boot": boot_id(), **word}).encode()
        durable.write(self.root / name, data, 0o644)

    def told(self, name: str) -> dict[str, Any]:
        """The courier's word of this boot; empty where there is none.

        What it said in another machine, whose clock and network were others, counts for
        nothing here: the stick moves on, its files with it.
        """
        try:
            word = json.loads((self.root / name).read_bytes())
        except (OSError, ValueError):
            return {}
        if not isinstance(word, dict) or word.pop("boot", None) != boot_id():
            return {}
        return word

    def forget(self, statement_id: str) -> None:
        """Let a held or refused statement be sent again."""
        durable.remove(self.held / f"{statement_id}.json")
        durable.remove(self.refused / f"{statement_id}.json")


class Outbox:
    """The statements of this station and where each stands with the first server."""

    def __init__(self, root: Path = OUTBOX_DIR, courier: Path = COURIER_DIR) -> None:
        self.root = root
        self.notes = Notes(courier)

    def ids(self) -> tuple[str, ...]:
        """The ids in the outbox, oldest file first."""
        try:
            entries = [entry for entry in os.scandir(self.root) if _is_statement(entry.name)]
        except FileNotFoundError:
            return ()
        ordered = sorted(entries, key=lambda entry: (entry.stat().st_mtime_ns, entry.name))
        return tuple(entry.name.removesuffix(".jws") for entry in ordered)

    def entries(self) -> tuple[Entry, ...]:
        """Every statement with its state."""
        found = []
        for statement_id in self.ids():
            state = self.notes.state(statement_id)
            note = self.notes.note(statement_id, state)
            path = self.root / f"{statement_id}.jws"
            found.append(Entry(id=statement_id, state=state, path=path, note=note))
        return tuple(found)

    def marks(self) -> tuple[int, ...]:
        """When names were last added or taken away, ns since the epoch; 0 where there are none.

        The states hang on names alone: while these marks stand still, so do the states.
        """
        notes = self.notes
        found = []
        for directory in (self.root, notes.receipts, notes.held, notes.refused):
            try:
                found.append(directory.stat().st_mtime_ns)
            except OSError:
                found.append(0)
        return tuple(found)

    def put(self, statement_id: str, data: bytes) -> None:
        """Add a statement durably; the same one twice is one."""
        self.root.mkdir(mode=0o750, parents=True, exist_ok=True)
        durable.write(self.root / f"{statement_id}.jws", data)

    def put_enrolment(self, request: bytes, token: str) -> None:
        """Ask the courier to get a certificate for this request (PKCS #10, PEM)."""
        self.root.mkdir(mode=0o750, parents=True, exist_ok=True)
        wish = json.dumps({"csr": request.decode("ascii"), "token": token}).encode()
        file = self.root / ENROLMENT
        if not file.exists() or file.read_bytes() != wish:
            durable.write(file, wish)

    def certificate(self) -> bytes | None:
        """The certificate (PEM) that the courier brought; the engine judges and adopts it."""
        try:
            return (self.notes.root / "certificate.pem").read_bytes()
        except FileNotFoundError:
            return None

    def mirror(self, url: str) -> Notes:
        """The notes of one of the servers after the first."""
        return Notes(self.notes.root / "mirrors" / re.sub(r"[^a-z0-9.]+", "-", url))

    def prune(self, registered: Callable[[str], bool]) -> int:
        """Remove what is registered from the outbox (it stays in statements/); returns how many.

        For the engine only: the courier may not write here. `registered` is asked beside the
        courier's own note, for receipts are only believed by their signature.
        """
        done = [
            entry
            for entry in self.entries()
            if entry.state is State.REGISTERED and registered(entry.id)
        ]
        for entry in done:
            durable.remove(entry.path)
        return len(done)


def _is_statement(name: str) -> bool:
    stem = name.removesuffix(".jws")
    return name.endswith(".jws") and len(stem) == 64 and not set(stem) - set("0123456789abcdef")
