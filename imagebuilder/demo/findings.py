"""What the demo finds out by itself after the job: raw disks, documents, verdicts.

Nothing here believes the appliance: markers are searched on the raw files, statements come from
the server and go through `tajdeed verify`, un-imaged blocks through `tajdeed recheck`.
"""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from imagebuilder.console import say
from imagebuilder.demo.job import Target, Told
from imagebuilder.demo.markers import Hit, outside, search
from imagebuilder.demo.office import Office, tajdeed


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveFindings:
    """One drive afterwards. `rechecked`: exit status and text, None where it is not for it."""

    name: str
    serial: str
    left_after: tuple[Hit, ...]
    extents: tuple[tuple[int, int], ...]
    failed_ranges: tuple[tuple[int, int], ...]
    rechecked: tuple[int, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that was found; `problems` are the promises that were not kept, as sentences."""

    drives: tuple[DriveFindings, ...]
    documents: dict[str, Path]
    verdicts: dict[str, tuple[int, str]]
    decoy_unchanged: bool
    problems: tuple[str, ...]

    def but(self, problem: str) -> "Findings":
        """The same with one more promise that was not kept."""
        return replace(self, problems=(*self.problems, problem))


def look(
    told: Told, targets: tuple[Target, ...], office: Office, output: Path, decoy_unchanged: bool
) -> Findings:
    """Fetch, search, verify, re-read. A drive that failed is told, and is no problem by itself."""
    problems = [] if decoy_unchanged else ["the decoy has changed"]
    documents = _documents(told, office, output / "statements", problems)
    verdicts = {}
    for name, path in documents.items():
        status, text = tajdeed("verify", path, "--trust", office.trust)
        verdicts[name] = (status, text)
        say(f"verify {path.name}: {status}")
        if status:
            problems.append(f"`tajdeed verify {path.name}` says {status}")
    drives = tuple(_drive(told, target, documents, office, problems) for target in targets)
    if not told.delivery.get("registered"):
        problems.append("the central server acknowledged nothing")
    elif told.delivery["waiting"]:
        problems.append(f"{told.delivery['waiting']} statements did not reach the server")
    return Findings(
        drives=drives,
        documents=documents,
        verdicts=verdicts,
        decoy_unchanged=decoy_unchanged,
        problems=tuple(problems),
    )


def _documents(told: Told, office: Office, directory: Path, problems: list[str]) -> dict[str, Path]:
    """Every statement as the server has it, and the certificate's PDF; by a short name."""
    directory.mkdir(parents=True, exist_ok=True)
    serials = {event["key"]: serial for serial, event in told.drives.items()}
    found = {}
    for event in told.statements:
        serial = serials.get(event["drive"], "")
        name = f"{event['type']}-{serial}" if serial else str(event["type"])
        kinds = ("jws", "pdf") if event["type"] == "machine" else ("jws",)
        for kind in kinds:
            path = directory / f"{name}.{kind}"
            try:
                path.write_bytes(office.get(f"/api/v1/statements/{event['id']}.{kind}"))
            except requests.RequestException as error:
                problems.append(f"the server does not give {path.name}: {error}")
                continue
            found[path.name] = path
    if not told.statement("machine"):
        problems.append("there is no machine certificate")
    return found


def _drive(
    told: Told,
    target: Target,
    documents: dict[str, Path],
    office: Office,
    problems: list[str],
) -> DriveFindings:
    serial = target.serial
    statement = documents.get(f"drive-{serial}.jws")
    deployment = documents.get(f"deployment-{serial}.jws")
    if statement is None:
        problems.append(f"{serial}: there is no drive statement")
    extents = _ranges(payload(deployment)["body"]["written"]) if deployment else ()
    failed = failed_ranges(payload(statement)["body"]) if statement else ()
    with_markers = told.left.get(serial)
    with ThreadPoolExecutor(1) as beside:
        searching = beside.submit(search, target.raw)
        rechecked = _recheck(target, statement, deployment, office)
        left_after = tuple(outside(searching.result(), extents))
    if with_markers is None:
        problems.append(f"{serial}: it was not decided")
    for when, hits in (("when it was decided", with_markers or ()), ("at the end", left_after)):
        # Old data in a range that the certificate names is what a failed drive is about.
        unnamed = outside(list(hits), failed)
        if unnamed:
            problems.append(f"{serial}: {len(unnamed)} markers {when} that no statement names")
    outcome = told.drives.get(serial, {}).get("outcome")
    if rechecked is not None and rechecked[0] and outcome in ("purged", "cleared"):
        problems.append(f"`tajdeed recheck` of {serial} says {rechecked[0]}: {rechecked[1]}")
    return DriveFindings(
        name=target.drive.name,
        serial=serial,
        left_after=left_after,
        extents=extents,
        failed_ranges=failed,
        rechecked=rechecked,
    )


def _recheck(
    target: Target, statement: Path | None, deployment: Path | None, office: Office
) -> tuple[int, str] | None:
    """What `tajdeed recheck` says of a drive whose overwrite can be computed again."""
    if statement is None or not has_stream(payload(statement)["body"]):
        return None
    later: list[str | Path] = ["--deployment", deployment] if deployment else []
    status, text = tajdeed("recheck", statement, target.raw, *later, "--trust", office.trust)
    say(f"recheck {target.serial}: {status}")
    return status, text


def payload(path: Path) -> dict[str, Any]:
    """A statement's payload, unverified: `verify` has its say elsewhere."""
    part = path.read_text().strip().split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def failed_ranges(body: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    """Every range in which a drive statement says that something went wrong."""
    found: list[dict[str, Any]] = []
    for attempt in body["attempts"]:
        found += attempt["errors"]
        for check in attempt["checks"]:
            found += check["mismatches"]
    return _ranges([error["range"] for error in found])


def has_stream(body: dict[str, Any]) -> bool:
    """Whether the drive's last attempt was an overwrite that can be computed again."""
    attempts = body["attempts"]
    return bool(attempts and attempts[-1].get("stream"))


def _ranges(listed: list[dict[str, Any]]) -> tuple[tuple[int, int], ...]:
    return tuple((item["offset"], item["length"]) for item in listed)
