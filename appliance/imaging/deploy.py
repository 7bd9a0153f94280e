"""One lay-down from the order to the record that a deployment statement is made from.

Opens the drive by the opener that the worker hands in (which checks the drive's identity
on the descriptor), checks the signature again, writes, finishes, and puts the firmware's boot
entries right: those of systems that are gone go, the new one comes. Returns only what was done
and read back; every other end is an error and a drive that does not boot.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import ToolError
from appliance.imaging import identity as identities
from appliance.imaging.blocks import sector_bytes
from appliance.imaging.errors import ImageTrustError, LayDownError
from appliance.imaging.fill import zero_rest
from appliance.imaging.finish import Finished, finish
from appliance.imaging.laydown import Report, Written, lay_down
from appliance.imaging.manifest import (
    MANIFEST_NAME,
    SECTOR_BYTES,
    Manifest,
    SignedManifest,
    read_file,
)
from appliance.imaging.relay import RELAY_DIR, SOCKET_NAME
from appliance.imaging.source import opened
from appliance.model import ByteRange, Deployment, Identity, ImageOffer, Reason
from appliance.tools import efibootmgr, utc_now

LOADER = r"\EFI\debian\shimx64.efi"
MAX_SAID = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What goes where. `open_drive()` gives a checked read-write descriptor of `path`,
    O_DIRECT for a real drive; `zeros_everywhere` fills what the image leaves of the drive;
    `kept_partitions`: the PARTUUIDs of all that stay in the machine; empty: not known;
    `blank`: all of the drive was read after its erasure and held zeros; `resume`: a run that
    was interrupted has left a part of the image. `relay`: the courier's socket, for an image
    from a server; `waits` hears why nothing comes from there."""

    drive: Identity
    path: str
    drive_bytes: int
    open_drive: Callable[[], int]
    image: ImageOffer
    trusted: tuple[bytes, ...]
    asset_tag: str
    bios: bool
    kept_partitions: tuple[str, ...] = ()
    read_back: bool = True
    zeros_everywhere: bool = False
    blank: bool = False
    resume: bool = False
    relay: Path = Path(RELAY_DIR) / SOCKET_NAME
    waits: Callable[[Reason | None], None] = lambda reason: None


def deploy(order: Order, report: Report, stop: threading.Event | None = None) -> Deployment:
    """Lay the image down and make it bootable; the errors are those of `lay_down`, `finish`
    and the manifest's (`image-changed` where it is not the one that was planned)."""
    started_at = utc_now()
    signed = _planned_manifest(order)
    system = identities.fresh(signed.manifest, order.asset_tag)
    with opened(
        order.image, signed.manifest, order.waits, order.relay, resume=order.resume
    ) as source:
        fd = order.open_drive()
        try:
            sector = sector_bytes(fd)
            _check_fit(signed.manifest, sector, order)
            written = lay_down(
                fd,
                source,
                signed.manifest,
                drive_bytes=order.drive_bytes,
                report=report,
                resume=order.resume,
                read_back=order.read_back,
                blank=order.blank,
                stop=stop,
            )
            if order.zeros_everywhere:
                zero_rest(
                    fd,
                    ByteRange(
                        offset=signed.manifest.disk_bytes,
                        length=order.drive_bytes - signed.manifest.disk_bytes,
                    ),
                    report=report,
                    read_back=order.read_back,
                    stop=stop,
                )
            finished = finish(
                fd,
                order.path,
                signed.manifest,
                written.first,
                system,
                drive_bytes=order.drive_bytes,
                bios=order.bios,
            )
        finally:
            os.close(fd)
    entries, warnings = ((), ()) if order.bios else _boot_entries(order, signed, finished)
    return Deployment(
        drive=order.drive,
        image=order.image,
        target_path=order.path,
        written=_written(order, finished),
        read_back=written.read_back,
        asset_tag=order.asset_tag,
        hostname=system.hostname,
        disk_guid=finished.disk_guid,
        checks=(*_checks(written, signed, order, sector), *entries),
        started_at=started_at,
        ended_at=utc_now(),
        warnings=warnings,
    )


def _written(order: Order, finished: Finished) -> tuple[ByteRange, ...]:
    if order.zeros_everywhere:
        return (ByteRange(offset=0, length=order.drive_bytes),)
    return finished.written


def planned_extents(
    image: ImageOffer, drive_bytes: int, sector: int = SECTOR_BYTES
) -> tuple[ByteRange, ...]:
    """What laying this image down will write on a drive of that size, known beforehand."""
    from appliance.imaging import gpt

    start = gpt.backup_offset(drive_bytes, sector)
    return (
        ByteRange(offset=0, length=image.disk_bytes),
        ByteRange(offset=start, length=drive_bytes - start),
    )


def _check_fit(manifest: Manifest, sector: int, order: Order) -> None:
    """Nothing is touched where the plan was made with another sector than the drive has now."""
    if sector not in manifest.sector_sizes:
        raise LayDownError("image-sector-size", has=sector, drive=order.path)
    if sector != SECTOR_BYTES and order.bios:
        raise LayDownError("image-needs-uefi", has=sector, drive=order.path)


def _planned_manifest(order: Order) -> SignedManifest:
    path = Path(order.image.path) / MANIFEST_NAME
    signed = read_file(path, order.trusted)
    if signed.digest != order.image.manifest_digest:
        raise ImageTrustError("image-changed", image=order.image.profile, file=str(path))
    return signed


def _boot_entries(
    order: Order, signed: SignedManifest, finished: Finished
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Put the firmware's entries right; what was done, and what went wrong as warnings: the
    drive boots without. Entries that stay are no reason to leave ours out: it comes before
    them in the boot order, and without it the donor's dead ones would be first.
    """
    if not efibootmgr.available():
        return (), ("boot-entry-no-variables",)
    done, warnings = _old_entries_removed(order)
    esp = signed.manifest.partition("esp")
    label = f"Debian {signed.manifest.profile}"
    try:
        efibootmgr.add_entry(order.path, esp.number, finished.esp_guid, label, LOADER)
        done = (*done, "boot-entry")
    except ToolError as error:
        warnings = (*warnings, "boot-entry-failed", brief(error))
    return done, warnings


def _old_entries_removed(order: Order) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not order.kept_partitions:
        return (), ("boot-entries-not-told-apart",)
    try:
        cleared = efibootmgr.remove_entries(frozenset(order.kept_partitions))
    except ToolError as error:
        return (), ("boot-entries-unread", brief(error))
    done = (f"boot-entries-removed:{cleared.removed}",) if cleared.removed else ()
    if cleared.problem is None:
        return done, ()
    return done, (f"boot-entries-left:{cleared.left}", brief(cleared.problem))


def brief(error: ToolError) -> str:
    """A tool's failure as a warning: its last words, without its arguments. The statement's
    schema allows 400 characters a text."""
    words = " ".join(str(error.facts.get("problem", "")).split())
    said = "".join(letter for letter in words if letter.isprintable())[-MAX_SAID:]
    return f"{error.code}: {said}" if said else error.code


def _checks(written: Written, signed: SignedManifest, order: Order, sector: int) -> tuple[str, ...]:
    """What was checked, as codes: the statement and the screen say them in words."""
    frames = len(signed.manifest.frames)
    checks = ["manifest-signature", f"frames-sha256:{frames}"]
    if written.read_back:
        checks.append(f"read-back-sha256:{frames}")
    if order.zeros_everywhere:
        checks.append("zeros-everywhere-read-back" if order.read_back else "zeros-everywhere")
    if order.blank:
        checks.append("holes-left-zero")
    checks += ["unique-ids", "backup-gpt", "first-mib"]
    if sector != SECTOR_BYTES:
        checks.append(f"fitted-to-sectors:{sector}")
    if written.resumed_from is not None:
        checks.append(f"resumed-from-frame:{written.resumed_from}")
    return tuple(checks)
