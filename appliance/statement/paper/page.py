"""What stands on the page of a statement: plain data for the template, nothing judged anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.i18n import N_
from appliance.statement.paper import words
from appliance.statement.paper.words import Both, both, counted, word

MAX_EXCEPTIONS = 12
MAX_RANGES = 6

TITLES = {
    "machine": N_("Certificate of data erasure"),
    "drive": N_("Data erasure of one drive"),
    "deployment": N_("Laying down of a system image"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A label and its value; `arabic` where that is in words."""

    label: Both
    value: str
    arabic: str = ""

    @property
    def words(self) -> Both:
        return Both(ar=self.arabic, en=self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One check, as the page tells it."""

    lines: tuple[Both, ...]
    good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveRow:
    """One drive in the table."""

    model: str
    serial: str
    size: str
    bus: str
    media: Both
    method: str
    technique: Both
    level: Both
    outcome: Both
    outcome_code: str
    evidence: tuple[Evidence, ...]
    statement: str
    exceptions: tuple[Both, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole page."""

    kind: str
    title: Both
    organisation: Both
    outcome: Both
    outcome_code: str
    meaning: Both
    level: Both
    issued: str
    hijri: str
    facts: tuple[Line, ...]
    drives: tuple[DriveRow, ...]
    left_alone: tuple[DriveRow, ...]
    exceptions: tuple[Both, ...]
    not_recorded: tuple[Both, ...]
    persons: tuple[Line, ...]
    grade: Both
    registered: str
    technical: tuple[Line, ...]


def page(payload: dict[str, Any], statement_id: str, receipt: dict[str, Any] | None) -> Page:
    """The page of a machine, drive or deployment statement."""
    body, kind = payload["body"], payload["type"]
    outcome = body.get("outcome", "")
    organisation = body.get("organisation", {"ar": "", "en": ""})
    standard = body.get("standard")
    technical = [
        _line(N_("Statement"), statement_id),
        _line(N_("Station"), f"{payload['station']}  #{payload['seq']}"),
        _line(N_("Job"), payload["job"]),
    ]
    if standard:
        technical.append(_line(N_("Standard"), f"{standard['governing']}; {standard['mapping']}"))
    stream = body["attempts"][-1]["stream"] if body.get("attempts") else None
    if passes := body["attempts"][-1].get("passes") if body.get("attempts") else None:
        scheme = body["attempts"][-1]["scheme"]
        listed = ", ".join(one["name"] for one in passes)
        technical.append(_line(N_("Overwrite scheme"), f"{scheme}: {listed}"))
    if stream:
        technical.append(_line(N_("Stream"), f"{stream['cipher']} {stream['seed']}"))
    tool = body["tool"]
    technical.append(
        _line(N_("Program"), f"Tajdeed {tool['version']} {tool['commit'][:12]}".strip())
    )
    registered = words.clock_time(receipt["registered_at"]) if receipt else ""
    return Page(
        kind=kind,
        title=both(TITLES[kind]),
        organisation=Both(organisation["ar"], organisation["en"]),
        outcome=word(words.OUTCOMES, outcome) if outcome else Both("", ""),
        outcome_code=outcome,
        meaning=both(words.MEANINGS[outcome]) if outcome and kind == "machine" else Both("", ""),
        level=word(words.LEVELS, body.get("level", "none")),
        issued=words.clock_time(payload["issued_at"]),
        hijri=words.hijri(payload["issued_at"]),
        facts=tuple(_facts(payload)),
        drives=tuple(_drives(payload, statement_id)),
        left_alone=tuple(_left_alone(item) for item in body.get("left_alone", ())),
        exceptions=tuple(map(words.reason, body.get("exceptions", ())))[:MAX_EXCEPTIONS],
        not_recorded=tuple(word(words.NOT_RECORDED, name) for name in body.get("not_recorded", ())),
        persons=tuple(_person(person) for person in body.get("persons", ())),
        grade=both(N_("Registered with the central server"))
        if receipt
        else both(N_("Signed, not yet registered with the central server")),
        registered=registered,
        technical=tuple(technical),
    )


def _line(label: str, value: object, arabic: str = "") -> Line:
    return Line(label=both(label), value=str(value), arabic=arabic)


def _facts(payload: dict[str, Any]) -> list[Line]:
    body = payload["body"]
    if payload["type"] == "machine":
        machine = body["machine"]
        return [
            _line(N_("Maker"), machine["maker"] or "-"),
            _line(N_("Model"), machine["model"] or "-"),
            _line(N_("Serial number"), machine["serial"] or "-"),
            _line(N_("Asset tag"), body["asset_tag"] or "-"),
            _line(N_("Donor"), body["donor"] or "-"),
            _line(N_("Donor's tag"), machine["donor_asset_tag"] or "-"),
            _line(N_("Lot"), body["lot"] or "-"),
            _line(N_("Site"), body["site"] or "-"),
        ]
    drive = body["drive"]
    lines = [
        _line(N_("Model"), drive["model"]),
        _line(N_("Serial number"), drive["serial"]),
    ]
    if payload["type"] == "drive":
        lines += [
            _line(N_("Firmware"), drive["firmware"] or "-"),
            _line(N_("WWN"), drive["wwn"] or "-"),
            _line(N_("Began"), words.clock_time(body["started_at"])),
            _line(N_("Ended"), words.clock_time(body["ended_at"])),
        ]
        if body["hidden_areas"]:
            states = [(item["kind"].upper(), item["state"]) for item in body["hidden_areas"]]
            found = [(kind, word(words.HIDDEN, state)) for kind, state in states]
            english = "; ".join(f"{kind} {state.en}" for kind, state in found)
            arabic = "؛ ".join(f"{words.ltr(kind)} {state.ar}" for kind, state in found)
            lines.append(_line(N_("Hidden areas"), english, arabic))
        if "own_locks" in body:
            locks = body["own_locks"]
            state = "closed" if locks["locked"] or locks["shadowed"] else "open"
            state = "reverted" if locks["reverted"] else state
            found_so = word(words.OWN_LOCKS, state)
            classes = ", ".join(locks["classes"])
            lines.append(
                _line(
                    N_("Own locks (TCG)"),
                    f"{classes}: {found_so.en}",
                    f"{words.ltr(classes)}: {found_so.ar}",
                )
            )
        return lines
    image = body["image"]
    return [
        *lines,
        _line(N_("Image"), f"{image['profile']} {image['version']}"),
        _line(N_("Asset tag"), body["asset_tag"] or "-"),
        _line(N_("Computer name"), body["hostname"] or "-"),
        _line(N_("Written"), words.size(sum(item["length"] for item in body["written"]))),
        _line(N_("Erasure statement"), body["erasure"]),
    ]


def _drives(payload: dict[str, Any], statement_id: str) -> list[DriveRow]:
    body = payload["body"]
    if payload["type"] == "machine":
        return [_row(item, item["verification"], item["statement"]) for item in body["drives"]]
    if payload["type"] == "drive":
        checks = [
            {**check, "bad_ranges": [bad["range"] for bad in check["mismatches"]]}
            for check in (body["attempts"][-1]["checks"] if body["attempts"] else ())
        ]
        return [_row(body, checks, statement_id)]
    return []


def _row(item: dict[str, Any], checks: list[dict[str, Any]], statement: str) -> DriveRow:
    drive = item["drive"]
    return DriveRow(
        model=drive["model"],
        serial=drive["serial"],
        size=words.size(drive["size_after_bytes"]),
        bus=drive["bus"].upper(),
        media=word(words.MEDIA, drive["media"]),
        method=item["method"],
        technique=word(words.TECHNIQUES, item["technique"]),
        level=word(words.LEVELS, item["level"]),
        outcome=word(words.OUTCOMES, item["outcome"]),
        outcome_code=item["outcome"],
        evidence=tuple(_evidence(check) for check in checks),
        statement=statement,
        exceptions=tuple(map(words.reason, item["exceptions"]))[:MAX_EXCEPTIONS],
    )


def _left_alone(item: dict[str, Any]) -> DriveRow:
    drive = item["drive"]
    return DriveRow(
        model=drive["model"],
        serial=drive["serial"],
        size=words.size(drive["size_after_bytes"]),
        bus=drive["bus"].upper(),
        media=word(words.MEDIA, drive["media"]),
        method="",
        technique=Both("–", "–"),
        level=Both("–", "–"),
        outcome=both(N_("left alone")),
        outcome_code="not-attempted" if item["belongs"] else "left-alone",
        evidence=(),
        statement="",
        exceptions=tuple(map(words.reason, item["reasons"]))[:MAX_EXCEPTIONS],
    )


def _evidence(check: dict[str, Any]) -> Evidence:
    planned, read = check["planned_bytes"], check["read_bytes"]
    kind = "pass" if check["kind"].startswith("pass-") else check["kind"]
    bad = check["bad_ranges"]
    if check["complete"] and not bad and 0 < planned == read == check["expected_bytes"]:
        said = words.FOUND_GOOD.get(kind, N_("{read} read, all as it must be"))
        return Evidence(lines=(both(said, read=words.size(read)),), good=True)
    lines = [word(words.CHECKS, kind)]
    if planned == 0:
        lines.append(both(N_("not possible on this drive")))
    elif bad:
        lines.append(counted(N_("{count} range differs"), "{count} ranges differ", len(bad)))
        lines += [
            both(
                N_("bytes {first} to {last}"),
                first=item["offset"],
                last=item["offset"] + item["length"] - 1,
            )
            for item in bad[:MAX_RANGES]
        ]
    else:
        sizes = {"read": words.size(read), "planned": words.size(planned)}
        lines.append(both(N_("incomplete: {read} of {planned}"), **sizes))
    return Evidence(lines=tuple(lines), good=False)


def _person(person: dict[str, Any]) -> Line:
    parts = (person["title"], person["location"], person["contact"])
    date = words.clock_time(person["date"]) if _is_time(person["date"]) else person["date"]
    told = " · ".join(filter(None, (person["name"], *parts, date)))
    return Line(label=word(words.ROLES, person["role"]), value=told)


def _is_time(text: str) -> bool:
    try:
        return words.moment(text) is not None
    except ValueError:
        return False
