"""`tajdeed plan [--json]`: what would be done with this machine, and why; touches nothing."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance import settings, texts
from appliance.erasure.standards import BY_ID
from appliance.hardware.machine import machine
from appliance.i18n import N_, _, language, translator
from appliance.imaging.shelf import ages
from appliance.job.images import images, origin
from appliance.job.planning import job_plan
from appliance.job.store import Store
from appliance.model import DrivePlan, JobPlan, Reason, digest, to_json

_JSON_HELP = N_("Print JSON, with every reason in Arabic and English")
_FROM = N_("{size} from {source}")
_CONFIG_HELP = N_("The station.yaml to plan by")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=_(_JSON_HELP))
    parser.add_argument("--config", type=Path, default=settings.STATION_FILE, help=_(_CONFIG_HELP))


def run(args: argparse.Namespace) -> int:
    """Print the plan; 0, also where it would erase nothing."""
    asked = settings.read(args.config)
    store = Store()
    found = images(asked, store)
    told = found.reasons + ages(found.images, datetime.now(UTC))
    plan = job_plan(machine(), settings.policy(asked), found.images, told, found.drivers)
    if args.json:
        json.dump(explained(plan), sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        sys.stdout.write("\n".join(lines(plan, language())) + "\n")
    return 0


def explained(plan: JobPlan) -> dict[str, Any]:
    """The plan's JSON form, its digest, and beside every reason its two texts."""
    record: dict[str, Any] = _with_texts(to_json(plan))
    for drive in record["drives"]:
        for option in drive["methods"] + drive["ruled_out"]:
            title = BY_ID[option["method"]].title
            option["title"] = {name: translator(name)(title) for name in ("ar", "en")}
    return {"digest": digest(plan), "plan": record}


def _with_texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_texts(item) for item in value]
    if isinstance(value, dict):
        deeper = {key: _with_texts(item) for key, item in value.items()}
        if set(value) == {"code", "facts"}:
            deeper["text"] = texts.explained(Reason(code=value["code"], facts=value["facts"]))
        return deeper
    return value


def lines(plan: JobPlan, tongue: str) -> list[str]:
    """The plan for a person."""
    shown: list[str] = [texts.explained(reason)[tongue] for reason in plan.blockers]
    for item in plan.drives:
        shown += ["", item.drive.label, *("  " + line for line in _drive_lines(item, tongue))]
    shown += ["", *(texts.explained(reason)[tongue] for reason in plan.image_reasons)]
    return shown


def _drive_lines(item: DrivePlan, tongue: str) -> list[str]:
    say = translator(tongue)
    shown = [f"{say('left alone')}: {texts.short(reason, tongue)}" for reason in item.refusals]
    shown += [texts.short(reason, tongue) for reason in (*item.preparations, *item.notes)]
    shown += [
        f"{number}. {say(BY_ID[option.method].title)} ({option.level})"
        for number, option in enumerate(item.methods, 1)
    ]
    if item.image is not None:
        title = item.image.title_ar if tongue == "ar" else item.image.title_en
        gigabytes = f"{item.image.file_bytes / 1e9:.2f} GB"
        place = say(_FROM).format(size=gigabytes, source=origin(item.image, tongue))
        shown.append(f"{say('image')}: {title} {item.image.version}, {place}")
    for out in item.ruled_out:
        why = "; ".join(texts.short(reason, tongue) for reason in out.reasons)
        shown.append(f"- {say(BY_ID[out.method].title)}: {why}")
    return shown
