"""The lay-down task of a worker: the image onto its drive, and what that left to state."""

from __future__ import annotations

import os
from pathlib import Path

from appliance.erasure.pace import Headway
from appliance.erasure.site import open_drive
from appliance.errors import JournalError, TajdeedError
from appliance.imaging.deploy import Order, deploy
from appliance.imaging.laydown import Progress as LayDownProgress
from appliance.job.eventlog import Writer
from appliance.job.task import Task
from appliance.job.worker import Progress, reason_of
from appliance.model import Reason, to_json

_PHASES = {"check": "checking-image", "write": "laying-down", "read-back": "checking-image"}


def lay_down(task: Task, log: Writer) -> None:
    """Lay the task's image down; the log ends with `laid-down` or `lay-down-failed`."""
    drive, image = task.plan.drive, task.image
    if image is None:
        raise RuntimeError("a lay-down task without an image")
    begun = any(event.event == "lay-down-started" for event in log.events)
    log.add("lay-down-started", drive=to_json(drive.identity), image=to_json(image), resume=begun)
    screen = Progress(Path(task.progress))
    durable = 0

    def report(progress: LayDownProgress) -> None:
        nonlocal durable
        if progress.phase == "write" and progress.durable_frames > durable:
            durable = progress.durable_frames
            log.add("frames-durable", frames=durable)
        screen.write(_PHASES[progress.phase], _headway(progress))

    def waits(reason: Reason | None) -> None:
        log.add("image-waits", reason=to_json(reason))

    order = Order(
        drive=drive.identity,
        path=drive.path,
        drive_bytes=drive.parts[0].size_bytes,
        open_drive=lambda: open_drive(drive),
        image=image,
        trusted=tuple(file.read_bytes() for file in sorted(Path(task.image_keys).glob("*.pem"))),
        asset_tag=task.asset_tag,
        kept_partitions=task.kept_partitions,
        bios=not os.path.exists("/sys/firmware/efi"),
        read_back=task.read_back,
        zeros_everywhere=task.policy.final_fill == "zeros-everywhere",
        blank=task.blank,
        resume=begun,
        relay=Path(task.relay),
        waits=waits,
    )
    try:
        deployment = deploy(order, report)
    except JournalError:
        # The stick's failure and not the drive's: our log cannot say any more how it went.
        raise
    except (TajdeedError, OSError) as error:
        facts = reason_of(error) if isinstance(error, TajdeedError) else _unforeseen(error)
        log.add("lay-down-failed", reason=to_json(facts))
        return
    log.add("laid-down", deployment=to_json(deployment))


def _unforeseen(error: OSError) -> object:
    return reason_of(TajdeedError("image-write-failed", offset=0, problem=str(error)))


def _headway(progress: LayDownProgress) -> Headway:
    rate = progress.done_bytes / progress.elapsed_s if progress.elapsed_s > 0 else 0.0
    left = progress.total_bytes - progress.done_bytes
    return Headway(
        done_bytes=progress.done_bytes,
        total_bytes=progress.total_bytes,
        rate_bytes_s=rate,
        left_s=left / rate if rate > 0 else None,
        error_ranges=0,
        resume_at=0,
    )
