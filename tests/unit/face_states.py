"""States of a job as an engine would send them, for the tests of the faces.

One donated PC: a SATA disk that is in use, an NVMe drive, a USB disk that policy leaves
alone, and the boot stick.
"""

from __future__ import annotations

from dataclasses import replace

from appliance.job.state import (
    Delivery,
    DrivePhase,
    DriveState,
    JobPhase,
    JobState,
    StatementRef,
    StationInfo,
)
from appliance.model import (
    Battery,
    Bus,
    Drive,
    DrivePlan,
    Holder,
    Identity,
    ImageOffer,
    JobPlan,
    Level,
    Machine,
    Media,
    MethodOption,
    Nic,
    Outcome,
    Policy,
    Reason,
    RuledOut,
    TcgFacts,
    digest,
)

GB = 1000**3

STATION = StationInfo(
    id="7f3a",
    organisation_ar="جمعية ارتقاء",
    organisation_en="Ertiqa",
    site="Riyadh",
    technicians=("Khalid Al-Harbi", "نورة القحطاني", "Sami"),
    enrolled=True,
)


def drive(
    key: str,
    path: str,
    model: str,
    serial: str,
    size_bytes: int,
    bus: Bus = Bus.SATA,
    media: Media = Media.MAGNETIC,
    *,
    is_stick: bool = False,
    holders: tuple[Holder, ...] = (),
) -> Drive:
    """A drive as detection would describe it."""
    return Drive(
        key=key,
        path=path,
        identity=Identity(model=model, serial=serial),
        bus=bus,
        media=media,
        size_bytes=size_bytes,
        logical_block_bytes=512,
        physical_block_bytes=4096,
        firmware="0003SDM1",
        is_stick=is_stick,
        holders=holders,
    )


SATA = drive(
    "sata",
    "/dev/sda",
    "ST500LM012 HN-M500MBB",
    "S2ZZJ9AB706134",
    500107862016,
    holders=(
        Holder(
            path="/dev/sda5",
            kind="lvm",
            label="vg0",
            holders=(Holder(path="/dev/dm-0", kind="dm", mountpoints=("/media/old",)),),
        ),
    ),
)
NVME = drive(
    "nvme",
    "/dev/nvme0n1",
    "SAMSUNG MZVLB256HBHQ-000L7",
    "S4ELNX0N123456",
    256060514304,
    Bus.NVME,
    Media.FLASH,
)
DECOY = drive("usb", "/dev/sdb", "WD Elements 2621", "WX11A1234567", 2000 * GB, Bus.USB)
STICK = drive(
    "stick",
    "/dev/sdc",
    "SanDisk Ultra",
    "4C530001230",
    31 * GB,
    Bus.USB,
    Media.FLASH,
    is_stick=True,
)

MACHINE = Machine(
    maker="LENOVO",
    model="20L6S3VP00",
    serial="PF12AB34",
    uuid="b0c6f8ac-7a0f-4f5a-9a40-4a1a2f7b1234",
    donor_asset_tag="KFUPM-00412",
    chassis="notebook",
    firmware_kind="uefi",
    secure_boot=True,
    firmware_version="N24ET61W",
    cpu="Intel(R) Core(TM) i5-8350U CPU @ 1.70GHz",
    cpu_threads=8,
    cpu_aes=True,
    ram_mib=8192,
    drives=(SATA, NVME, DECOY, STICK),
    batteries=(Battery(name="BAT0", percent=71, health_percent=83, cycles=310),),
    nics=(Nic(name="enp0s31f6", mac="8c:16:45:11:22:33", kind="ethernet", driver="e1000e"),),
)

IMAGE = ImageOffer(
    profile="family-light",
    version="2026.11",
    title_ar="نظام العائلة الخفيف",
    title_en="Family system, light",
    manifest_digest="ab" * 32,
    path="images/family-light",
    disk_bytes=6 * GB,
    needs_ram_mib=2048,
    needs_disk_bytes=16 * GB,
    built_at="2026-11-20T10:00:00Z",
    support_until="2030-06-30",
    file_bytes=1_940_000_000,
)

PLAN = JobPlan(
    machine=MACHINE,
    policy=Policy(),
    drives=(
        DrivePlan(
            drive=SATA,
            methods=(MethodOption(method="overwrite", level=Level.CLEAR),),
            ruled_out=(
                RuledOut(method="ata-sanitize-block", reasons=(Reason(code="not-supported"),)),
            ),
            refusals=(),
        ),
        DrivePlan(
            drive=NVME,
            methods=(
                MethodOption(method="nvme-sanitize-block", level=Level.PURGE),
                MethodOption(method="overwrite", level=Level.CLEAR),
            ),
            ruled_out=(),
            refusals=(),
            image=IMAGE,
        ),
        DrivePlan(
            drive=DECOY,
            methods=(),
            ruled_out=(),
            refusals=(Reason(code="bus-not-allowed", facts={"bus": "usb"}),),
        ),
        DrivePlan(drive=STICK, methods=(), ruled_out=(), refusals=(Reason(code="boot-stick"),)),
    ),
)

DETECTING = JobState(phase=JobPhase.DETECTING, job="j1", station=STATION)

BLOCKED = JobState(
    phase=JobPhase.BLOCKED,
    job="j1",
    station=STATION,
    problems=(
        Reason(
            code="config-unknown-key",
            facts={"file": "/run/tajdeed/data/station.yaml", "line": 4, "key": "policies"},
        ),
    ),
)

CONSENT = JobState(
    phase=JobPhase.CONSENT,
    job="j1",
    station=STATION,
    machine=MACHINE,
    plan=PLAN,
    plan_digest=digest(PLAN),
    asset_tag="TJ-004127-8",
)

SCANNING = replace(CONSENT, station=replace(STATION, scans_tag=True))

_BARE = replace(MACHINE, drives=(STICK,))
NO_DRIVES = replace(
    CONSENT,
    machine=_BARE,
    plan=replace(PLAN, machine=_BARE, drives=()),
    plan_digest="none",
)

RUNNING = replace(
    CONSENT,
    phase=JobPhase.RUNNING,
    drives=(
        DriveState(
            key="sata",
            phase=DrivePhase.ERASING,
            method="overwrite",
            step=1,
            steps=2,
            done_bytes=261_556_411_834,
            total_bytes=500107862016,
            rate_bytes_s=112.4e6,
            left_s=2121,
            error_ranges=3,
        ),
        DriveState(
            key="nvme",
            phase=DrivePhase.LAYING_DOWN,
            method="nvme-sanitize-block",
            done_bytes=1 * GB,
            total_bytes=6 * GB,
            rate_bytes_s=240e6,
            left_s=21,
            outcome=Outcome.PURGED,
            level=Level.PURGE,
            statement_id="c0ffee" * 10 + "beef",
        ),
        DriveState(
            key="usb",
            phase=DrivePhase.LEFT_ALONE,
            outcome=Outcome.NOT_ATTEMPTED,
            reasons=(Reason(code="bus-not-allowed", facts={"bus": "usb"}),),
        ),
    ),
    delivery=Delivery(waiting=1, registered=0, server="https://central.example", online=True),
)

# Every drive is decided; one that is slow to come would still be seen.
LATE_DRIVES = replace(
    RUNNING,
    drives=tuple(
        replace(item, phase=DrivePhase.DECIDED, outcome=Outcome.CLEARED)
        for item in RUNNING.drives[:2]
    ),
    late_drives_s=70,
)

FINISHED = replace(
    RUNNING,
    phase=JobPhase.FINISHED,
    outcome=Outcome.FAILED,
    drives=(
        replace(
            RUNNING.drives[0],
            phase=DrivePhase.FINISHED,
            outcome=Outcome.FAILED,
            reasons=(Reason(code="verify-mismatch", facts={"offset": 65536, "length": 65536}),),
            statement_id="0123456789abcdef" * 4,
        ),
        replace(RUNNING.drives[1], phase=DrivePhase.FINISHED, image_outcome="laid-down"),
        RUNNING.drives[2],
    ),
    statements=(StatementRef(id="fedcba9876543210" * 4, type="machine", outcome=Outcome.FAILED),),
)

REGISTERED = replace(
    FINISHED,
    outcome=Outcome.CLEARED,
    drives=(
        replace(FINISHED.drives[0], outcome=Outcome.CLEARED, level=Level.CLEAR, reasons=()),
        *FINISHED.drives[1:],
    ),
    delivery=Delivery(registered=4, online=True),
)

HOSTILE = "\x1b[2J\x1b]0;x\x07\u202egnp\u2066\x00\x9b31m日本\u0301"


def with_notes(*codes: str) -> JobState:
    """The state before consent, with these notes on the first drive."""
    first, *rest = PLAN.drives
    noted = replace(first, notes=tuple(Reason(code=code) for code in codes))
    return replace(CONSENT, plan=replace(PLAN, drives=(noted, *rest)))


def with_locks(code: str) -> JobState:
    """The state before consent, with a use for the first drive's PSID."""
    first, *rest = PLAN.drives
    tcg = TcgFacts(ssc=("opal2",), locking_supported=True, locking_enabled=True, locked=True)
    asked = replace(
        first,
        drive=replace(first.drive, tcg=tcg),
        preparations=(Reason(code=code, facts={"ssc": "opal2"}),),
    )
    return replace(CONSENT, plan=replace(PLAN, drives=(asked, *rest)))
