"""The job inside the guest, led through the engine's own protocol, as a face would.

A script of the test overlay does it there (`plan`, `consent`, `finished`); here its answers become
data. Neither the engine nor a worker knows of a test.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagebuilder.stick.command import stick_parts
from imagebuilder.stick.writer import Personal, write_stick
from imagebuilder.vm import ConsoleTimeout, Machine
from imagebuilder.vm.kvm import kernel_words
from tests.drivelab.laboratory import Laboratory
from tests.drivelab.personality import Personality
from tests.vm.overlay import shell_overlay

# Two minutes on a quiet machine; some run this beside other work.
_READY_S = 600
_PACKED_AT = "/run/fetched.gz"
_SLICE_BYTES, _TRIES, _QUICK_S = 3000, 6, 30
_SCRIPT_AT = "usr/lib/tajdeed-test/job"
_SCRIPT = """\
#!/usr/bin/python3 -I
import json, sys, time
sys.path += ["/usr/lib/tajdeed", "/usr/lib/tajdeed/vendor", "/usr/lib/python3/dist-packages"]
from appliance.job.protocol import EngineGone, call, subscribe
from appliance.job.state import JobPhase, JobState, advanced
from appliance.model import Consent, to_json

def states():
    while True:
        try:
            for news in subscribe():
                state = news if isinstance(news, JobState) else advanced(state, news)
                yield state
        except EngineGone:  # not there yet, or started again: a face waits, too
            time.sleep(0.5)

def plan(wanted):
    for state in states():
        if state.phase is JobPhase.CONSENT and len(state.plan.drives) > int(wanted):
            return {"drives": to_json(state.plan.drives)}

def consent(*psids):
    state = next(states())
    typed = {one.drive.key: one.drive.identity.last4 for one in state.plan.drives if one.erases}
    given = Consent(plan_digest=state.plan_digest, technician="Tester", typed=typed)
    found = dict(one.split("=") for one in psids)
    return call("Consent", consent=to_json(given), psids=found)

def sleep(*_):
    call("Suspend", technician="Tester")
    for state in states():
        told = [one.code for one in state.machine.warnings if "sle" in one.code]
        if state.phase is JobPhase.CONSENT and told:
            return told

def finished(*_):
    for state in states():
        if state.phase is JobPhase.FINISHED:
            return {"statements": to_json(state.statements)}

steps = {"plan": plan, "consent": consent, "finished": finished, "sleep": sleep}
with open("/run/answer.json", "w") as stream:
    json.dump(steps[sys.argv[1]](*sys.argv[2:]), stream)
"""

_STATION = """\
station: {organisation: {ar: مختبر الأقراص, en: Drive laboratory}, technicians: [Tester]}
language: en
policy:
  level: purge
  fallback: clear
  verify: full
  buses: [sata, sas, nvme, mmc, usb]
  stall_minutes: 1
image: {choose: none}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the product said of a personality's drive.

    `planned`: its entry in the plan. `statement`: the body of its drive statement; None when it
    was left alone. `signed`: the statement as it was signed.
    """

    planned: dict[str, Any]
    statement: dict[str, Any] | None
    signed: bytes = b""


def laboratory_stick(
    directory: Path,
    more: dict[str, tuple[bytes, int]] | None = None,
    *,
    station: str = _STATION,
    mode: str = "tui",
    ticket: Path | None = None,
    trust: Sequence[Path] = (),
) -> Path:
    """A stick without images, with the test shell and `more` files of its system; without an
    office, but for whom `trust` says."""
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "station.yaml"
    config.write_text(station)
    personal = Personal(
        config=config,
        trust=list(trust),
        files={} if ticket is None else {"batch.jws": ticket.read_bytes()},
        command_line=f"tajdeed.mode={mode} tajdeed.console=ttyS0 {kernel_words()}",
        initrd_extra=shell_overlay({_SCRIPT_AT: (_SCRIPT.encode(), 0o755), **(more or {})}),
    )
    write_stick(directory / "stick.img", stick_parts(), personal)
    return directory / "stick.img"


def erase_all(machine: Machine, laboratory: Laboratory, timeout_s: float) -> dict[str, Found]:
    """Wait for the plan, consent to it, wait for the end; what was said, by personality.

    Raises LookupError when a simulated drive is not in the plan.
    """
    machine.shell.ready(_READY_S)
    wanted = len(laboratory.personalities)
    plan = _job(machine, f"plan {wanted}", 300)
    if any(one.sleeps for one in laboratory.personalities):
        slept = _job(machine, "sleep", 180)
        if slept != ["machine-slept"]:
            raise LookupError(f"the machine did not sleep: {slept}")
        plan = _job(machine, f"plan {wanted}", 300)
    laboratory.moment("consent")
    _job(machine, " ".join(("consent", *_psids(plan, laboratory))), 60)
    state = _job(machine, "finished", timeout_s)
    ids = {one["drive"]: one["id"] for one in state["statements"] if one["type"] == "drive"}
    found = {}
    for planned in plan["drives"]:
        personality = laboratory.whose(planned["drive"]["sysfs"])
        if personality is not None:
            key = planned["drive"]["key"]
            signed = _signed(machine, ids[key]) if key in ids else b""
            found[personality.name] = Found(
                planned=planned, statement=_body(signed) if signed else None, signed=signed
            )
    missing = {one.name for one in laboratory.personalities} - set(found)
    if missing:
        raise LookupError(f"not in the plan: {', '.join(sorted(missing))}")
    return found


def consent_to_all(machine: Machine, laboratory: Laboratory) -> None:
    """Wait for the plan and consent to it; the drives hear nothing of that moment."""
    machine.shell.ready(_READY_S)
    _job(machine, f"plan {len(laboratory.personalities)}", 300)
    _job(machine, "consent", 60)


def wait_for_end(machine: Machine, timeout_s: float) -> None:
    """Wait until the job in the guest is finished, whoever began it."""
    _job(machine, "finished", timeout_s)


def drive_statements(machine: Machine) -> list[dict[str, Any]]:
    """The bodies of every drive statement that the stick holds."""
    listed = machine.shell.check("ls /var/lib/tajdeed/statements")
    bodies = [
        _body(_signed(machine, name.removesuffix(".jws")))
        for name in listed.split()
        if name.endswith(".jws")
    ]
    return [body for body in bodies if "drive" in body and "attempts" in body]


def _psids(plan: dict[str, Any], laboratory: Laboratory) -> list[str]:
    """KEY=PSID of every drive whose label was read."""
    return [
        f"{one['drive']['key']}={found.psid}"
        for one in plan["drives"]
        if (found := laboratory.whose(one["drive"]["sysfs"])) is not None and found.psid
    ]


def last_words(laboratory: Laboratory, personality: Personality, lines: int = 20) -> str:
    """The end of a drive's journal, for messages."""
    return "\n".join(laboratory.journal(personality)[-lines:])


def _job(machine: Machine, words: str, timeout_s: float) -> Any:
    machine.shell.check(f"/{_SCRIPT_AT} {words}", timeout_s)
    return json.loads(_fetched(machine, "/run/answer.json"))


def _signed(machine: Machine, name: str) -> bytes:
    return _fetched(machine, f"/var/lib/tajdeed/statements/{name}.jws")


def _body(signed: bytes) -> dict[str, Any]:
    encoded = signed.split(b".")[1]
    payload = base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
    return dict(json.loads(payload)["body"])


def _fetched(machine: Machine, path: str) -> bytes:
    """A file of the guest, packed, in slices: beyond some ten thousand characters the serial line
    can stand still until something is typed, and of a busy host it can garble."""
    for _attempt in range(3):
        size = int(_asked(machine, f"gzip -9c {path} > {_PACKED_AT}; stat -c %s {_PACKED_AT}"))
        packed = b"".join(
            _slice(machine, at, min(_SLICE_BYTES, size - at)) for at in range(0, size, _SLICE_BYTES)
        )
        try:
            return gzip.decompress(packed)
        except (OSError, EOFError, zlib.error):
            continue
    raise LookupError(f"{path} did not come over the serial line whole")


def _slice(machine: Machine, at: int, length: int) -> bytes:
    words = f"tail -c +{at + 1} {_PACKED_AT} | head -c {length} | base64 -w 200"
    for _attempt in range(_TRIES):
        try:
            data = base64.b64decode(_asked(machine, words), validate=False)
        except ValueError:
            continue
        if len(data) == length:
            return data
    raise LookupError(f"{length} bytes did not come over the serial line whole")


def _asked(machine: Machine, words: str) -> str:
    """What a command says that may be run again: where the line stands still, typing wakes it."""
    for _attempt in range(_TRIES):
        try:
            return machine.shell.check(words, _QUICK_S)
        except ConsoleTimeout:
            continue
    raise LookupError(f"no answer over the serial line: {words}")
