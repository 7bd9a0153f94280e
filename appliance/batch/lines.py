"""What the batch face says, as events, and how an event is written on a line.

With `--json` each event is one line `@tajdeed {json}` on the console, for a program that
reads the serial line. The mark may stand anywhere in a line (a screen may share the line)
and the object ends at the end of the line. Every object has `event` and `up_s` (seconds
since power-on, as the kernel counts):

| event | other members |
| --- | --- |
| attached | job, phase |
| phase | phase |
| machine | maker, model, serial, asset_tag, drives: [{key, path, model, serial, size_bytes, bus,
  erases, methods, image, image_source, refusals}], image_reasons: [{code, facts}] |
| sleep | the machine sleeps for seconds, to free frozen drives |
| countdown | left_s |
| consented | |
| refused | code, facts, text: the ticket was not accepted; nothing was touched |
| problem | code, facts, text: something stands in the way of the whole job, or of the machine's
  certificate |
| drive | key, path, model, serial, phase, method, outcome, level, statement_id, image_outcome,
  deployment_id, reasons: a drive's phase or outcome has changed |
| progress | drives: [{key, phase, done_bytes, total_bytes, rate_bytes_s, left_s,
  error_ranges}]; at most one a second |
| statement | id, type, drive, outcome |
| delivery | waiting, registered, held, refused, online |
| engine-gone | problem |
| finished | outcome: every drive is decided and every image is laid down or given up |
| end | exit, power: "off" or "stay"; the last line |
"""

from __future__ import annotations

import json
from typing import Any

from appliance.i18n import _
from appliance.model import to_json
from appliance.tui import words
from appliance.tui.first import uptime_s
from appliance.tui.text import isolated, visual

MARK = "@tajdeed "
Event = dict[str, Any]


def machine_line(event: Event) -> str:
    """An event as a program reads it."""
    record = {"event": event["event"], "up_s": uptime_s(), **event}
    text = json.dumps(to_json(record), ensure_ascii=True, separators=(",", ":"))
    return f"{MARK}{text}"


def human_line(event: Event) -> str:
    """An event as a person reads it in a journal; empty for one that says nothing to them."""
    match event["event"]:
        case "attached":
            text = _("Batch: attached to the engine, job {job}.").format(job=event["job"])
        case "countdown":
            text = _("Batch: erasing starts in {n} s. Pull the stick to prevent it.").format(
                n=event["left_s"]
            )
        case "sleep":
            text = _("Batch: the machine sleeps for some seconds to free frozen drives.")
        case "consented":
            text = _("Batch: the ticket was accepted; the erasure starts.")
        case "problem":
            text = event["text"]
        case "refused":
            text = _("Batch: not started, nothing was touched. {why}").format(why=event["text"])
        case "drive":
            state = words.outcome(event["outcome"])[0] if event["outcome"] else ""
            name = " ".join(isolated(event[part]) for part in ("model", "serial", "path"))
            text = f"{name}: {words.phase(event['phase'])} {state}".rstrip()
        case "engine-gone":
            text = _("Batch: the engine does not answer; trying again.")
        case "finished":
            text = _("Batch: finished, {outcome}.").format(
                outcome=words.outcome(event["outcome"])[0]
            )
        case "end":
            text = _("Batch: exit code {code}.").format(code=event["exit"])
        case _:
            return ""
    return visual(text, False)
