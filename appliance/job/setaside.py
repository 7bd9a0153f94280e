"""Jobs of earlier starts that cannot be gone on with: set aside, and said at every start.

Nothing is deleted: the folder keeps everything under another name (`JOB.broken`) beside the
reason, until the office has taken it away. Nothing that such a job had not certified before
is ever certified, and no other machine has to wait for it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable

from appliance.errors import TajdeedError
from appliance.job.eventlog import Event, readable
from appliance.job.store import Store
from appliance.model import Facts, Reason, RecordError, from_json, to_json
from appliance.statement import durable

_WHY = "set-aside.json"


def set_aside(store: Store, job: str, error: Exception) -> None:
    """Put a job out of the way of all others; OSError where the stick takes no more."""
    facts: Facts = {**told_of(readable(store.job_log(job))), "problem": problem(error)}
    target = store.broken_job(job)
    with contextlib.suppress(OSError):
        # Without it the folder's name says all that is needed.
        durable.write(
            store.jobs / job / _WHY,
            json.dumps(to_json(Reason(code="job-set-aside", facts=facts))).encode(),
        )
    (store.jobs / job).rename(target)
    durable.sync_directory(store.jobs)


def told(store: Store) -> tuple[Reason, ...]:
    """What every screen must say of the jobs that were set aside on this stick."""
    found = []
    for folder in store.broken_jobs():
        try:
            reason = from_json(Reason, json.loads((folder / _WHY).read_bytes()))
        except (OSError, ValueError, RecordError):
            reason = Reason(code="job-set-aside", facts={})
        found.append(Reason(code=reason.code, facts={**reason.facts, "folder": folder.name}))
    return tuple(found)


def told_of(events: Iterable[Event]) -> Facts:
    """Which machine a job was for, as far as its log can be read, whatever version wrote it."""
    facts: Facts = {"machine": "???", "asset_tag": "???"}
    for event in events:
        with contextlib.suppress(KeyError, TypeError, AttributeError):
            if event.event == "job":
                facts["asset_tag"] = str(event.data["asset_tag"])
            elif event.event == "plan":
                machine = event.data["plan"]["machine"]
                words = (machine["maker"], machine["model"], machine["serial"])
                facts["machine"] = " ".join(filter(None, words))
            elif event.event == "consent" and event.data["consent"]["asset_tag"]:
                facts["asset_tag"] = str(event.data["consent"]["asset_tag"])
    return facts


def problem(error: Exception) -> str:
    """An error in a few words, for a fact: ours by its code, a defect by its kind."""
    text = str(error)
    return (text if isinstance(error, TajdeedError) else f"{type(error).__name__}: {text}")[:200]
