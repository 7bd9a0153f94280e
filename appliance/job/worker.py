"""`tajdeed worker TASK`: erase one drive, or lay an image on it; confined by the kernel.

Runs as a transient unit that may open this drive's nodes and no others, has no network and
no key. It writes the drive's event log and a progress file, and exits 0 whatever the drive
did: the log says how it went. What it could not finish is visible in the log, too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
from dataclasses import asdict
from pathlib import Path

from appliance.erasure.pace import Headway
from appliance.erasure.preparing import prepare
from appliance.erasure.site import Site, open_parts
from appliance.erasure.uncovering import accessible_bytes, look_again, scan_again
from appliance.errors import DriveError, JournalError, TajdeedError
from appliance.hardware.smart import smart
from appliance.i18n import N_, _
from appliance.job import psids
from appliance.job import task as tasks
from appliance.job.eventlog import Writer
from appliance.job.fold import proven
from appliance.model import Attempt, Drive, Facts, Level, MethodOption, Reason, from_json, to_json
from appliance.tools import utc_now
from appliance.tools.boot import boot_id

TASK_HELP = N_("The task's file, as the engine wrote it")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", type=Path, metavar="TASK", help=_(TASK_HELP))


def run(args: argparse.Namespace) -> int:
    """Do the task; 0 when the log says how it went."""
    task = tasks.read(args.task)
    log = Writer(Path(task.log))
    try:
        if task.kind == "lay-down":
            from appliance.job.laying import lay_down

            lay_down(task, log)
        else:
            erase(task, log)
    finally:
        log.close()
    return 0


def erase(task: tasks.Task, log: Writer) -> None:
    """Prepare the drive, then try the plan's methods in order until one reaches its level.

    A preparation that changed the drive's size ends the log with `rescanned`: the engine then
    orders the rest from a worker that may open the drive where it stands now.
    """
    drive = task.plan.drive
    before = drive
    prepared = bool(log.events)
    if prepared:
        before = from_json(Drive, log.events[0].data["drive"])
        log.add("found-again", path=drive.path, nodes=list(drive.nodes))
    else:
        log.add(
            "task",
            drive=to_json(drive),
            policy=to_json(task.policy),
            plan_digest=task.plan_digest,
            job=task.job,
            boot=boot_id(),
        )
    try:
        parts = open_parts(drive)
    except DriveError as error:
        log.add("refused", reason=to_json(reason_of(error)))
        return
    try:
        site = Site(
            fd=parts[0],
            others=parts[1:],
            drive=drive,
            policy=task.policy,
            cipher=task.cipher,
            say=log.add,
            progress=Progress(Path(task.progress)).write,
            psid=psids.read(task.psid_file),
        )
        if prepared:
            known = _same_or_larger(site, before)
        else:
            log.add("smart", smart=to_json(smart(drive.path)))
            known = _prepared(site, task)
        if not known:
            return
        if not site.rescan:
            _sanitize(site, task, before)
        size_bytes = accessible_bytes(site) if site.rescan else 0
    finally:
        for fd in parts:
            os.close(fd)
    if site.rescan:
        scan_again(drive, size_bytes)
        log.add("rescanned", size_bytes=size_bytes)


def _prepared(site: Site, task: tasks.Task) -> bool:
    try:
        prepare(site, task.plan.preparations)
    except DriveError as error:
        site.say("refused", reason=to_json(reason_of(error)))
        return False
    return True


def _same_or_larger(site: Site, before: Drive) -> bool:
    """What was taken away hid something: a drive that is smaller now is refused."""
    now = site.drive.size_bytes
    if now < before.size_bytes:
        facts: Facts = {"drive": before.label, "planned": before.size_bytes, "found": now}
        site.say("refused", reason=to_json(Reason(code="size-changed", facts=facts)))
        return False
    if now != before.size_bytes:
        site.resized(now)
    return True


def _sanitize(site: Site, task: tasks.Task, before: Drive) -> None:
    """Look at the hidden areas once more, then the methods, then what the drive is afterwards."""
    look_again(site, before)
    for option in task.plan.methods:
        attempt = attempted(site, option)
        site.say("attempt-ended", attempt=to_json(attempt))
        # Unknown is never a pass, and nothing else starts while it may still run.
        done = proven(attempt, site.drive, task.policy) != Level.NONE
        if done or attempt.result == "unknown":
            break
    site.say("decided", size_after=size_now(site), smart=to_json(smart(site.drive.path)))


def attempted(site: Site, option: MethodOption) -> Attempt:
    """One method; a drive that changed or vanished in between makes it failed or unknown."""
    # Imported here: ciphers are heavy, and a refused drive needs none.
    from appliance.erasure.methods import PERFORMERS

    started_at = utc_now()
    site.say("attempt-started", method=option.method, level=option.level.value)
    try:
        return PERFORMERS[option.method](site, option)
    except JournalError:
        # Nothing more can be recorded: the log says "begun", and that is read as unknown.
        raise
    except TajdeedError as error:
        return Attempt(
            method=option.method,
            result="unknown" if error.code in ("tool-timeout", "drive-gone") else "failed",
            level=option.level,
            started_at=started_at,
            ended_at=utc_now(),
            reasons=(reason_of(error),),
        )


def reason_of(error: TajdeedError) -> Reason:
    return Reason(code=error.code, facts=error.facts)


def size_now(site: Site) -> int:
    """The drive's size at the end, in bytes; 0 where it is gone or is another one by now."""
    try:
        return site.confirm_identity()
    except DriveError as error:
        site.say("exception", reason=to_json(reason_of(error)))
        return int(error.facts["found"]) if error.code == "size-changed" else 0


class Progress:
    """The latest headway in a file of its own, for whoever wants to look; never waited for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, phase: str, headway: Headway) -> None:
        written = self._path.with_suffix(".tmp")
        # The screen may miss a number; a wipe may not stop for it.
        with contextlib.suppress(OSError):
            written.write_text(json.dumps({"phase": phase, **asdict(headway)}))
            written.replace(self._path)
