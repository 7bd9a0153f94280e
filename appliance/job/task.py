"""What the engine orders a worker to do: one file, read once, quoted in the drive's log."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from appliance.model import DrivePlan, ImageOffer, Policy, from_json, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An erase (`kind="erase"`) or, once that drive is decided, a lay-down (`"lay-down"`).

    `kept_partitions`: the PARTUUIDs of all that stay in the machine. `relay`: the courier's
    socket, for an image from a server. `psid_file`: where the drive's PSID lies, if one was
    given; it stands in no task.
    """

    kind: str
    job: str
    plan_digest: str
    plan: DrivePlan
    policy: Policy
    cipher: str
    log: str
    progress: str
    image: ImageOffer | None = None
    image_keys: str = ""
    relay: str = ""
    read_back: bool = True
    blank: bool = False
    asset_tag: str = ""
    hostname: str = ""
    kept_partitions: tuple[str, ...] = ()
    psid_file: str = ""


def write(path: Path, task: Task) -> None:
    """Write a task so that a cut leaves either all of it or nothing."""
    written = path.with_suffix(".tmp")
    with written.open("w") as file:
        json.dump(to_json(task), file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    written.replace(path)


def read(path: Path) -> Task:
    """The task of a file; RecordError names the field that does not fit."""
    return from_json(Task, json.loads(path.read_text()), "task")
