"""The place where whole-machine tests work: an office with its server, sticks, donated disks.

One for each test session; sticks and disks are written for each test. The machines' own course is
told by the batch face on the first serial line; a root shell of the test overlay is on the second.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.imaging.manifest import MANIFEST_NAME, Manifest, read_file
from imagebuilder.demo.donated import AWKWARD, DECOY, NVME, SATA, Donated, donated_disks
from imagebuilder.demo.job import Target
from imagebuilder.demo.office import PC_DMI, REPOSITORY, Office
from imagebuilder.demo.watch import Event
from imagebuilder.images.build import build_image
from imagebuilder.images.keys import image_key
from imagebuilder.stick.command import stick_parts
from imagebuilder.stick.writer import Parts, Personal, write_stick
from imagebuilder.toolsroot import run_tool
from imagebuilder.vm import Drive, Machine, MachineSpec, stick_drive
from imagebuilder.vm.kvm import kernel_words
from imagebuilder.vm.machine import Firmware
from tests.vm.overlay import shell_overlay

SMALL = "test-small"
SERIALS = {
    SATA: "TESTSATA0001",
    NVME: "TESTNVME0002",
    DECOY: "TESTUSB00003",
    AWKWARD: "TESTSATA0004",
}

DONORS_ESP = "d0d0d0d0-1111-4222-8333-444455556666"

STATION = """\
station:
  organisation: {{ar: جمعية الاختبار, en: Test Charity}}
  technicians: [Tester]
language: en
policy: {{level: purge, fallback: clear, verify: full, buses: [sata, nvme]}}
image: {{choose: {image}}}
batch: {{enabled: true, countdown_s: 1, at_end: poweroff}}
lot: TEST-1
servers: [{{url: "{url}", token: {token}}}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What every test shares."""

    office: Office
    parts: Parts
    image: Path
    image_key: Path
    manifest: Manifest
    disks: Donated

    def station(self, *, image: str = SMALL, office: Office | None = None) -> str:
        """A station.yaml that is fit for batch runs, with a fresh token of the office."""
        office = office or self.office
        return STATION.format(image=image, url=office.guest_url, token=office.token())

    def stick(
        self,
        directory: Path,
        *,
        station: str,
        ticket: Path | None = None,
        mode: str = "batch",
        files: dict[str, bytes] | None = None,
        images: Sequence[Path] | None = None,
        office: Office | None = None,
    ) -> Path:
        """A personal stick of this office, with the test shell; `images`: others than the small
        one's directory."""
        directory.mkdir(parents=True, exist_ok=True)
        config = directory / "station.yaml"
        config.write_text(station)
        more = dict(files or {})
        if ticket is not None:
            more["batch.jws"] = ticket.read_bytes()
        personal = Personal(
            config=config,
            images=[self.image] if images is None else images,
            trust=(office or self.office).certificates,
            image_keys=[self.image_key],
            files=more,
            command_line=f"tajdeed.mode={mode} tajdeed.console=ttyS0 {kernel_words()}",
            initrd_extra=shell_overlay(),
        )
        write_stick(directory / "stick.img", self.parts, personal)
        return directory / "stick.img"

    def drives(self, directory: Path, *names: str) -> dict[str, Target]:
        """Copies of donated disks, as drives."""
        copies = self.disks.copied_to(directory, *names)
        return {name: _target(name, copies.path(name)) for name in names}


def make_workshop(directory: Path, office: Office) -> Workshop:
    """Build what is not there yet: stick, small image, disks."""
    key = image_key(directory / "image-key.pem")
    image = build_image(SMALL, key_path=directory / "image-key.pem", images=directory / "images")
    public = directory / "image-key.pub.pem"
    public.write_bytes(key.public_pem)
    return Workshop(
        office=office,
        parts=stick_parts(),
        image=image,
        image_key=public,
        manifest=read_file(image / MANIFEST_NAME, (key.public_pem,)).manifest,
        disks=donated_disks(REPOSITORY / "build", sata_mib=3072, nvme_mib=768),
    )


def donated(
    firmware: Firmware, stick: Path, drives: Sequence[Target], *, network: bool = True
) -> MachineSpec:
    """A donated PC with these drives and the stick, whose writes stay."""
    return MachineSpec(
        name="donated",
        firmware=firmware,
        drives=(stick_drive(stick, persistent=True), *(item.drive for item in drives)),
        memory_mib=1536,
        network=network,
        dmi=PC_DMI,
    )


def small_nvme(
    directory: Path, serial: str, size_mib: int = 1152, block_bytes: int = 512
) -> Target:
    """An NVMe drive, as small as can take the small image, with a system partition of a donor's."""
    directory.mkdir(parents=True, exist_ok=True)
    raw = directory / f"{serial}.raw"
    with raw.open("wb") as stream:
        stream.truncate(size_mib << 20)
    start, size = (1 << 20) // block_bytes, (64 << 20) // block_bytes
    script = f"label: gpt\nstart={start}, size={size}, type=uefi, uuid={DONORS_ESP}\n"
    words = ["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel"]
    run_tool([*words, "--sector-size", str(block_bytes), raw], stdin=script.encode())
    drive = Drive(name="nvme", source=raw, bus="nvme", serial=serial, block_bytes=block_bytes)
    return Target(serial=serial, raw=raw, drive=drive)


def statements(workshop: Workshop, said: Sequence[Event], directory: Path) -> list[Path]:
    """Every statement that a job told of, as the server has it."""
    directory.mkdir(parents=True, exist_ok=True)
    papers = []
    for event in said:
        if event["event"] == "statement":
            papers.append(directory / f"{event['type']}-{event['id'][:8]}.jws")
            papers[-1].write_bytes(workshop.office.get(f"/api/v1/statements/{event['id']}.jws"))
    return papers


def digests(drives: Sequence[Target]) -> dict[str, str]:
    """The SHA-256 of each drive's medium, by serial number."""
    found = {}
    for item in drives:
        with item.raw.open("rb") as stream:
            found[item.serial] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def node_of(machine: Machine, serial: str) -> str:
    """The device node that the guest gave to the drive of that serial number.

    Read from the plan that the test has left in /run/plan.json.
    """
    code = (
        "import json; plan = json.load(open('/run/plan.json'))['plan']; "
        "print(*(drive['path'] for drive in plan['machine']['drives'] "
        f"if drive['identity']['serial'] == '{serial}'))"
    )
    node = machine.shell.check(f'python3 -I -c "{code}"').strip()
    assert node.startswith("/dev/"), f"{serial} is not in the plan"
    return node


def _target(name: str, raw: Path) -> Target:
    serial = SERIALS[name]
    if name == NVME:
        drive = Drive(name=name, source=raw, bus="nvme", serial=serial)
    elif name == DECOY:
        drive = Drive(name=name, source=raw, bus="usb", serial=serial, removable=True)
    else:
        model = "DONOR WD10EZEX" if name == SATA else "DONOR ST3500"
        drive = Drive(
            name=name, source=raw, bus="sata", serial=serial, model=model, rotation_rate=7200
        )
    return Target(serial=serial, raw=raw, drive=drive)
