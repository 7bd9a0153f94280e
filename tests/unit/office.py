"""A small office for tests: a machine with drives, results, a CA, stations with keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.model import (
    Attempt,
    Bus,
    ByteRange,
    Check,
    CommandRun,
    Deployment,
    Drive,
    DriveResult,
    HiddenArea,
    Identity,
    ImageOffer,
    Level,
    Machine,
    Media,
    Outcome,
    RangeError,
    Reason,
    Smart,
    Stream,
)
from appliance.statement import keys
from appliance.statement.build import build_drive
from appliance.statement.certificate import Papers, Person, build_machine
from appliance.statement.document import Statement, Tool
from appliance.statement.keys import Authority
from appliance.statement.signer import Signer
from appliance.statement.trust import Trust

TOOL = Tool(version="0.1.0", commit="0123abc")
JOB = "20261124-101500-ab12"
HEAD = "ab" * 32
GIB = 1 << 30
SEED = "00112233445566778899aabbccddeeff" * 2
PAPERS = Papers(
    organisation_ar="جمعية تجديد الخيرية",
    organisation_en="Tajdeed Charity",
    site="الرياض",
    asset_tag="TJD-00042-7",
    lot="LOT-2026-11",
    donor="شركة الواحة",
    persons=(Person(role="sanitizing", name="سارة القحطاني", title="فنية", location="الرياض"),),
)


def drive(serial: str = "S3Z1NB0K123456", bus: Bus = Bus.SATA, size: int = 8 * GIB) -> Drive:
    return Drive(
        key=serial,
        path="/dev/sda",
        identity=Identity(model="Samsung SSD 860 EVO 500GB", serial=serial, wwn="5002538e40a1b2c3"),
        bus=bus,
        media=Media.FLASH,
        size_bytes=size,
        logical_block_bytes=512,
        physical_block_bytes=4096,
        firmware="RVT04B6Q",
    )


def result(
    of: Drive, *, outcome: Outcome = Outcome.CLEARED, seed: str = SEED, cipher: str = "aes-256-ctr"
) -> DriveResult:
    good = outcome is Outcome.CLEARED
    bad = RangeError(kind="mismatch", range=ByteRange(offset=1 << 20, length=65536), detail="old")
    check = Check(
        kind="keyed-stream",
        scope="full",
        planned_bytes=of.size_bytes,
        read_bytes=of.size_bytes,
        expected_bytes=of.size_bytes if good else of.size_bytes - 65536,
        complete=True,
        mismatches=() if good else (bad,),
    )
    attempt = Attempt(
        method="overwrite",
        result="done" if good else "failed",
        level=Level.CLEAR if good else Level.NONE,
        started_at="2026-11-24T10:15:00Z",
        ended_at="2026-11-24T10:40:00Z",
        written_bytes=of.size_bytes,
        checks=(check,),
        stream=Stream(cipher=cipher, seed=seed),
    )
    return DriveResult(
        drive=of,
        outcome=outcome,
        level=attempt.level,
        attempts=(attempt,),
        exceptions=() if good else (Reason(code="read-back-differs", facts={"bytes": 65536}),),
        hidden_areas=(HiddenArea(kind="hpa", state="none"),),
        smart_before=Smart(healthy=True, power_on_hours=12345),
        smart_after=None,
        commands=(),
        size_before_bytes=of.size_bytes,
        size_after_bytes=of.size_bytes,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        log_head=HEAD,
    )


def large_result(serial: str) -> DriveResult:
    """A result whose statement has more than a server keeps of a station that it does not know."""
    made = result(drive(serial))
    command = CommandRun(
        argv=("hdparm", *["x" * 350] * 8), status=0, started_at=made.started_at, elapsed_s=0.1
    )
    return replace(made, commands=(command,) * 300)


def machine(*drives: Drive) -> Machine:
    return Machine(
        maker="Dell Inc.",
        model="OptiPlex 7050",
        serial="7XK2PM2",
        uuid="4c4c4544-0058-4b10-8032-b7c04f504d32",
        donor_asset_tag="WAHA-1881",
        chassis="desktop",
        firmware_kind="uefi",
        secure_boot=True,
        firmware_version="1.24.0",
        cpu="Intel Core i5-7500",
        cpu_threads=4,
        cpu_aes=True,
        ram_mib=8192,
        drives=drives,
    )


def image() -> ImageOffer:
    return ImageOffer(
        profile="family-light",
        version="2026.11",
        title_ar="نظام العائلة",
        title_en="Family system",
        manifest_digest="cd" * 32,
        path="images/family-light",
        disk_bytes=6 * GIB,
        needs_ram_mib=2048,
        needs_disk_bytes=8 * GIB,
        built_at="2026-11-20T00:00:00Z",
        support_until="2030-06-30",
    )


def deployment(of: Drive, *written: ByteRange) -> Deployment:
    return Deployment(
        drive=of.identity,
        image=image(),
        target_path=of.path,
        written=written,
        read_back=True,
        asset_tag="TJD-00042-7",
        hostname="tjd-00042-7",
        disk_guid="11111111-2222-4333-8444-555555555555",
        checks=("frames", "gpt"),
        started_at="2026-11-24T10:41:00Z",
        ended_at="2026-11-24T10:45:00Z",
    )


class Office:
    """A CA, an enrolled station and the trust that pins the CA."""

    def __init__(self, directory: Path, name: str = "Tajdeed Charity") -> None:
        self.directory = directory
        self.authority = Authority.create(name)
        self.trust = Trust((self.authority.certificate,))
        self.trust_dir = directory / "trust"
        self.trust_dir.mkdir(parents=True)
        (self.trust_dir / "ca.pem").write_bytes(keys.chain_pem([self.authority.certificate]))
        self.server_key = keys.new_key()
        self.server_chain = (
            self.authority.issue(
                self.server_key.public_key(), "server", "central", life=keys.CA_LIFE
            ),
        )

    def station(self, name: str = "station", *, enrolled: bool = True) -> Signer:
        home = self.directory / name
        signer = Signer.open(home / "station", (home / "outbox", home / "statements"))
        if enrolled:
            public: Any = signer.chain[0].public_key()
            signer.adopt(
                keys.chain_pem([self.authority.issue(public, "station", signer.name)]), self.trust
            )
        return signer

    def drive_statement(self, signer: Signer | None = None, **options: Any) -> Statement:
        signer = signer or self.station()
        return signer.sign(build_drive(result(drive(), **options), job=JOB, tool=TOOL))

    def certificate(self, signer: Signer | None = None) -> Statement:
        signer = signer or self.station()
        statement = self.drive_statement(signer)
        draft = build_machine(
            machine(drive()), [statement], papers=PAPERS, job=JOB, log_head=HEAD, tool=TOOL
        )
        return signer.sign(draft)


def now() -> datetime:
    return datetime.now(UTC)
