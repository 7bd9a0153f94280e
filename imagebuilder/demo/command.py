"""`demo`: from nothing to a certified, reinstalled PC, and a look at all of it afterwards.

Exit status: 0 as the demo promises; 1 a drive failed (as `--bad-drive` makes it do) or something
is not as promised, which is printed.
"""

import argparse
import hashlib
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import get_args

from appliance.imaging.manifest import MANIFEST_NAME, Manifest, read_file
from imagebuilder import room
from imagebuilder.catalogues import compile_catalogues
from imagebuilder.console import say, step
from imagebuilder.demo.baddrive import BadDrive, remembered_range
from imagebuilder.demo.desktop import Desktop, family_desktop
from imagebuilder.demo.donated import DECOY, MIB, NVME, SATA, Donated, donated_disks
from imagebuilder.demo.findings import Findings, look
from imagebuilder.demo.firststart import Family
from imagebuilder.demo.job import Target, Told, donated_pc, run_job
from imagebuilder.demo.markers import search
from imagebuilder.demo.office import REPOSITORY, Office
from imagebuilder.demo.summary import summary
from imagebuilder.images.build import build_image
from imagebuilder.images.keys import default_key_path, image_key
from imagebuilder.stick.command import stick_parts
from imagebuilder.stick.writer import Personal, write_stick
from imagebuilder.vm import Drive
from imagebuilder.vm.kvm import kernel_words
from imagebuilder.vm.machine import Firmware

BUILD, OUTPUT = REPOSITORY / "build", REPOSITORY / "dist/demo"
SATA_SERIAL, NVME_SERIAL, DECOY_SERIAL = "WD-WCC4N7DONOR1", "S3EVNX0DONOR2", "4C530001DECOY3"
_PROFILE = "family-light"
# Who gets the PC; the name is typed as she would write it.
_LOG_IN = "tamr-99"
_FAMILIES = {
    "ar": Family(name="نورة العتيبي", password=_LOG_IN, language="ar"),
    "en": Family(name="Noura Alotaibi", password=_LOG_IN, language="en"),
}

_STATION = """\
# The demo's station: no person is there, a ticket of the office stands in for consent.
station:
  organisation: {{ar: جمعية تجديد للأجهزة, en: Tajdeed Demo Charity}}
  site: Demo workshop
  technicians: [Demo technician]
language: {language}
policy: {{level: purge, fallback: clear, verify: full, buses: [sata, nvme]}}
image: {{choose: auto, allow: [{profile}], final_fill: image-extent}}
batch: {{enabled: true, countdown_s: 5, at_end: poweroff, ticket: batch.jws}}
lot: DEMO-1
donor: Example Bank
servers: [{{url: "{url}", token: {token}}}]
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`demo [--bad-drive] [--firmware F] [--language L]`."""
    parser.add_argument("--bad-drive", action="store_true", help="a disk that gives back old data")
    parser.add_argument("--firmware", choices=get_args(Firmware), default="secureboot")
    parser.add_argument("--language", choices=("ar", "en"), default="ar", help="of the screen")


def command(args: argparse.Namespace) -> int:
    """Run the demo; everything that it leaves is in `dist/demo/`."""
    room.warn("demo")
    with step("demo"):
        shutil.rmtree(OUTPUT, ignore_errors=True)
        OUTPUT.mkdir(parents=True)
        compile_catalogues()
        image = build_image(_PROFILE)
        key = image_key(default_key_path())
        manifest = read_file(image / MANIFEST_NAME, (key.public_pem,)).manifest
        parts = stick_parts()
        write_stick(REPOSITORY / "dist/tajdeed.img", parts)
        disks = _disks(manifest)
        with ExitStack() as stack:
            with step("central server"):
                office = stack.enter_context(Office(OUTPUT / "server"))
                ticket = office.ticket(OUTPUT / "batch.jws")
            public = OUTPUT / "image-key.pem"
            public.write_bytes(key.public_pem)
            config = OUTPUT / "station.yaml"
            config.write_text(
                _STATION.format(
                    language=args.language,
                    profile=_PROFILE,
                    url=office.guest_url,
                    token=office.token(),
                )
            )
            stick = OUTPUT / "stick.img"
            personal = Personal(
                config=config,
                images=[image],
                trust=office.certificates,
                image_keys=[public],
                files={"batch.jws": ticket.read_bytes()},
                command_line=f"tajdeed.mode=batch tajdeed.console=ttyS0 {kernel_words()}",
            )
            write_stick(stick, parts, personal)
            bad = stack.enter_context(_bad_drive(disks)) if args.bad_drive else None
            targets = _targets(disks, bad)
            decoy = _decoy(disks)
            decoy_before = _sha256(disks.path(DECOY))
            spec = donated_pc(args.firmware, stick, targets, decoy)
            with step("donated PC: from power-on to power-off"):
                told = run_job(spec, targets, manifest, OUTPUT / "pc")
            with step("looking at what is left"):
                unchanged = _sha256(disks.path(DECOY)) == decoy_before
                findings = look(told, targets, office, OUTPUT, unchanged)
            family = _FAMILIES[args.language]
            desktop = _desktop(args.firmware, targets, told, family)
            if desktop is not None and [each.full_name for each in desktop.people] != [family.name]:
                findings = findings.but("the family's account is not the only one")
            text = summary(told, findings, desktop, disks, OUTPUT, office, bad)
        (OUTPUT / "summary.txt").write_text(text)
        (OUTPUT / "verdicts.txt").write_text(_verdicts(findings))
        say(text)
        return _status(told, findings, desktop)


def _disks(manifest: Manifest) -> Donated:
    sata_mib = max(manifest.needs.disk_gib * 1024, -(-manifest.disk_bytes // MIB), 3072)
    originals = donated_disks(BUILD, sata_mib=sata_mib)
    with step("copies of the disks for this run"):
        return originals.copied_to(OUTPUT / "disks", SATA, NVME, DECOY)


def _bad_drive(disks: Donated) -> BadDrive:
    raw = disks.path(SATA)
    offset = remembered_range(search(raw), 1400 * MIB)
    return BadDrive(raw, offset, OUTPUT / "bad-drive.log")


def _targets(disks: Donated, bad: BadDrive | None) -> tuple[Target, ...]:
    sata = Drive(
        name="sata",
        source=bad.source if bad else disks.path(SATA),
        bus="sata",
        serial=SATA_SERIAL,
        model="DONOR WD10EZEX",
        wwn=0x50014EE2B0C0DE01,
        rotation_rate=7200,
    )
    nvme = Drive(name="nvme", source=disks.path(NVME), bus="nvme", serial=NVME_SERIAL)
    return (
        Target(serial=SATA_SERIAL, raw=disks.path(SATA), drive=sata),
        Target(serial=NVME_SERIAL, raw=disks.path(NVME), drive=nvme),
    )


def _decoy(disks: Donated) -> Drive:
    return Drive(
        name="decoy", source=disks.path(DECOY), bus="usb", serial=DECOY_SERIAL, removable=True
    )


def _desktop(
    firmware: Firmware, targets: tuple[Target, ...], told: Told, family: Family
) -> Desktop | None:
    """The family's first start, where an image was laid down; the drives without the stick."""
    laid = [
        item
        for item in targets
        if told.drives.get(item.serial, {}).get("image_outcome") == "laid-down"
    ]
    if not laid:
        return None
    with step("the family's PC: from power-on to the desktop"):
        drives = tuple(item.drive for item in targets)
        return family_desktop(drives, firmware, OUTPUT / "family", family)


def _verdicts(findings: Findings) -> str:
    """What `verify` and `recheck` said, in full."""
    said = {f"tajdeed verify {name}": found for name, found in findings.verdicts.items()}
    for drive in findings.drives:
        if drive.rechecked is not None:
            said[f"tajdeed recheck {drive.serial}"] = drive.rechecked
    return "\n".join(f"{name}: {status}\n{text}\n" for name, (status, text) in said.items())


def _status(told: Told, findings: Findings, desktop: Desktop | None) -> int:
    """0 where all is as the demo promises."""
    good = told.exit == 0 and not findings.problems and desktop is not None
    return 0 if good else 1


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
