"""Room on the stick's state partition: what may be taken away, and when a job may begin.

Taken away is only what is elsewhere for certain: from the outbox what every server has, reading
copies that lie on the partition that every PC opens, and, when room is short, the oldest
finished jobs of which each statement is registered. What waits, what was refused, what could not
be signed and what was set aside stays. Below `LEAST_BYTES` no job begins: so much is kept for
the records of a job, and for the receipts that make room again.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
from collections.abc import Callable

from appliance.delivery.outbox import Outbox
from appliance.job.eventlog import readable
from appliance.job.record import JobRecord, job_record
from appliance.job.store import Store

MIB = 1 << 20
# A job takes half a MiB, of an old drive with thousands of errors some MiB.
LEAST_BYTES = 16 * MIB
# Logs of finished jobs are kept as long as there is so much room.
ENOUGH_BYTES = 64 * MIB


def free_bytes(store: Store) -> int:
    """What files of the stick's state may still take."""
    found = os.statvfs(store.root)
    return found.f_bavail * found.f_frsize


def make_room(
    store: Store, registered: Callable[[str], bool], free: Callable[[Store], int] = free_bytes
) -> None:
    """Take away what is elsewhere; what the stick does not let go of stays for another time."""
    with contextlib.suppress(OSError):
        Outbox(store.outbox, store.courier).prune(registered)
    for copy in sorted(store.copies.glob("*")):
        with contextlib.suppress(OSError):
            if filecmp.cmp(copy, store.certificates / copy.name, shallow=False):
                copy.unlink()
    for job in store.job_ids():
        if free(store) >= ENOUGH_BYTES:
            return
        with contextlib.suppress(OSError):
            _take_away(store, job, registered)


def is_kept_elsewhere(record: JobRecord, registered: Callable[[str], bool]) -> bool:
    """Whether nothing of a job is on this stick alone: it is over, and each of its statements,
    the certificate among them, is registered."""
    return (
        record.outcome is not None
        and record.statement("machine") is not None
        and all(ref.is_signed and registered(ref.id) for ref in record.statements)
    )


def _take_away(store: Store, job: str, registered: Callable[[str], bool]) -> None:
    try:
        record = job_record(readable(store.job_log(job)))
    except (ValueError, KeyError, TypeError):
        return
    if not is_kept_elsewhere(record, registered):
        return
    for ref in record.statements:
        (store.statements / f"{ref.id}.jws").unlink(missing_ok=True)
    shutil.rmtree(store.job_log(job).parent)
