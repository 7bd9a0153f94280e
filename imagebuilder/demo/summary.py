"""The demo's last page: outcomes, what was found on the raw disks, verdicts, where things lie."""

from pathlib import Path

from imagebuilder.console import elapsed
from imagebuilder.demo.baddrive import RANGE_BYTES, BadDrive
from imagebuilder.demo.desktop import Desktop
from imagebuilder.demo.donated import Donated
from imagebuilder.demo.findings import DriveFindings, Findings
from imagebuilder.demo.job import Told
from imagebuilder.demo.office import Office

_RECHECK = {0: "as stated", 1: "something differs", 2: "not possible"}


def summary(
    told: Told,
    findings: Findings,
    desktop: Desktop | None,
    disks: Donated,
    output: Path,
    office: Office,
    bad: BadDrive | None,
) -> str:
    """The page as text."""
    lines = ["", f"Donated PC: {elapsed(told.elapsed_s)} from power-on to power-off", ""]
    for drive in findings.drives:
        lines += _drive(told, drive, disks.markers[drive.name])
    decoy = "unchanged" if findings.decoy_unchanged else "CHANGED"
    lines += [f"Decoy (USB disk beside them): SHA-256 {decoy}", ""]
    lines.append("tajdeed verify (0: genuine and trusted):")
    lines += [f"  {name}: {status}" for name, (status, _) in sorted(findings.verdicts.items())]
    lines.append("")
    if bad is not None:
        lines += [f"The bad drive gave back old data in {_range(bad.offset, RANGE_BYTES)}.", ""]
    lines += _family(desktop)
    lines += [
        f"Certificate: {findings.documents.get('machine.pdf', 'none')}",
        f"Statements: {output / 'statements'}; what was said of them: {output / 'verdicts.txt'}",
        f"Pictures of the screen: {output / 'pc'}",
        f"The server's page of this machine: ./build.sh central --data {office.data}",
    ]
    if findings.problems:
        lines += ["", "NOT AS PROMISED:", *[f"  {problem}" for problem in findings.problems]]
    return "\n".join(lines)


def _drive(told: Told, drive: DriveFindings, planted: int) -> list[str]:
    event = told.drives.get(drive.serial, {})
    level = f" ({event['level']})" if event.get("level") else ""
    before = told.left.get(drive.serial)
    begun = ", the image had begun" if told.image_begun.get(drive.serial) else ""
    lines = [
        f"{event.get('model', '?')} {drive.serial}: {event.get('outcome') or 'undecided'}{level}",
        f"  markers on the raw disk: {planted} planted; "
        f"{'not searched' if before is None else len(before)} when it was decided{begun}; "
        f"{len(drive.left_after)} at the end outside the image",
    ]
    for begin, length in drive.failed_ranges:
        lines.append(f"  named on the certificate as failed: {_range(begin, length)}")
    if drive.rechecked is not None:
        status, _ = drive.rechecked
        lines.append(f"  tajdeed recheck of what no image covers: {status} ({_RECHECK[status]})")
    if event.get("image_outcome"):
        lines.append(f"  image: {event['image_outcome']}")
    return [*lines, ""]


def _family(desktop: Desktop | None) -> list[str]:
    """The first start of what was laid down, from power-on."""
    if desktop is None:
        return ["No system was laid down, so there is no desktop."]
    first = desktop.first_start
    people = ", ".join(f"{each.full_name} ({each.login})" for each in desktop.people)
    return [
        f"The family's PC: assistant after {elapsed(first.shown_s)}, answered by keyboard after "
        f"{elapsed(first.answered_s)}, desktop after {elapsed(desktop.after_s)}",
        f"  as {desktop.hostname}, root of {desktop.root_bytes / 1e9:.1f} GB; "
        f"who can log in: {people or 'nobody'}",
        f"  pictures: {desktop.picture.parent}",
    ]


def _range(begin: int, length: int) -> str:
    return f"{length} bytes from byte {begin} (LBA {begin // 512} to {(begin + length) // 512 - 1})"
