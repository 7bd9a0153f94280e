"""What would be done with a drive, and why not otherwise: pure functions of plain data.

A drive is refused by a list of reasons; a method is ruled out by a list of reasons; empty
lists mean yes. No plan reaches a level that its methods cannot give.
"""

from __future__ import annotations

from collections import Counter

from appliance import schemes
from appliance.erasure.psid import tcg_preparations, tcg_refusals
from appliance.erasure.standards import METHODS, Method
from appliance.hardware.hidden import (
    PRESENT,
    UNSURE,
    beyond_adapter,
    capped,
    hidden_areas,
    hidden_blocks,
)
from appliance.model import (
    AtaFacts,
    Bus,
    Controller,
    Drive,
    DrivePlan,
    Facts,
    Holder,
    Level,
    Machine,
    Media,
    MethodOption,
    NvmeFacts,
    Policy,
    Reason,
    RuledOut,
)

_BLOCK_BYTES = (512, 4096)
# Holders that the stick must never take down: they carry the running system.
_SYSTEM_MOUNTS = ("/", "/usr", "/boot", "/boot/efi", "/run/tajdeed/data", "/var/lib/tajdeed")
# Where sticks are mounted that images are read from.
IMAGE_MOUNTS = "/run/tajdeed-usb/"

# The HPA first: a drive refuses to restore its configuration while one is set.
_UNCOVERED_BY = (("hpa", "remove-hpa"), ("ama", "remove-ama"), ("dco", "restore-dco"))


# Makers of PCs with a way of their own to the switch from RAID to AHCI: endings of codes.
_AHCI_AT = {
    "dell": "-dell",
    "hewlett": "-hp",
    "hp": "-hp",
    "lenovo": "-lenovo",
    "acer": "-acer",
    "asus": "-asus",
    "fujitsu": "-fujitsu",
}
# PCI class codes (PCI Code and ID Assignment 1.11, 1.2) by their first digits. An administrative
# controller of NVMe (010803) has no namespaces.
_RAID, _SATA, _SAS, _NVME, _NVME_ADMIN = "0104", "0106", "0107", "0108", "010803"
# Drivers of host adapters that know no volumes, whatever the class of the card; "vmd" and none are
# judged by themselves.
_SHOWS_DRIVES = frozenset((None, "vmd", "mvsas", "isci", "pm80xx"))
# Drivers whose controllers make volumes out of drives, under whatever class they call themselves,
# and in a mode without volumes do not tell of all drives either.
_MAKES_VOLUMES = frozenset(
    (
        *("3w-9xxx", "3w-sas", "3w-xxxx", "aacraid", "arcmsr", "hpsa", "hptiop", "ipr", "ips"),
        *("megaraid", "megaraid_sas", "mpi3mr", "mvumi", "myrb", "myrs", "pata_it821x", "pmcraid"),
        *("smartpqi", "stex"),
    )
)


def reason(code: str, **facts: str | int | float) -> Reason:
    return Reason(code=code, facts=facts)


def drive_plan(drive: Drive, machine: Machine, policy: Policy) -> DrivePlan:
    """Methods in order of preference, those ruled out, and what speaks against the drive."""
    refusals = drive_refusals(drive, machine, policy)
    options, ruled_out = _sorted_out(drive, policy)
    if not refusals and not options:
        refusals = (
            reason("no-method", level=policy.level.value, fallback=policy.fallback.value),
            *destruction(policy),
        )
    return DrivePlan(
        drive=drive,
        methods=() if refusals else options,
        ruled_out=ruled_out,
        refusals=refusals,
        preparations=() if refusals else preparations(drive),
        release=tuple(release_steps(drive.holders)),
        notes=_notes(drive, machine) + _preset_notes(policy),
    )


def drive_refusals(drive: Drive, machine: Machine, policy: Policy) -> tuple[Reason, ...]:
    """Why this drive is left alone; empty: it may be erased."""
    found: list[Reason] = []
    if drive.is_stick:
        return (reason("is-the-stick"),)
    # Where nobody knows which disk is the stick, any of them may be it.
    found += [item for item in machine.warnings if item.code == "stick-unknown"]
    if drive.bus not in policy.buses:
        found.append(
            reason(
                "bus-not-allowed",
                bus=drive.bus.value,
                allowed=", ".join(bus.value for bus in policy.buses),
            )
        )
    if any(warning.code == "drive-silent" for warning in drive.warnings):
        found.append(reason("drive-does-not-answer"))
    # Where the drive itself says why, the kernel's zero bytes need no other word.
    found += _scsi_refusals(drive) or ([] if _closed(drive) else _empty_refusals(drive))
    if not drive.identity.serial:
        found.append(reason("no-serial"))
    twins = Counter((item.identity.model, item.identity.serial) for item in machine.drives)
    if twins[(drive.identity.model, drive.identity.serial)] > 1:
        found.append(reason("identity-not-unique", serial=drive.identity.serial))
    sizes = {one.logical_block_bytes for one in drive.nvme.namespaces} if drive.nvme else set()
    for block_bytes in sorted({drive.logical_block_bytes, *sizes} - {0, *_BLOCK_BYTES}):
        found.append(reason("block-size", bytes=block_bytes))
    if beyond := beyond_adapter(drive):
        found.append(reason("adapter-shows-less", bytes=beyond))
    if drive.read_only_medium:
        found.append(reason("read-only-medium"))
    found += _ata_refusals(drive.ata, drive.bus) if drive.ata else ()
    found += _nvme_refusals(drive.nvme) if drive.nvme else ()
    found += tcg_refusals(drive)
    found += [
        reason("holds-images", mountpoint=place)
        for holder in _all_holders(drive.holders)
        for place in holder.mountpoints
        if place.startswith(IMAGE_MOUNTS)
    ]
    found += [
        reason("carries-the-system", path=holder.path, mountpoint=place)
        for holder in _all_holders(drive.holders)
        for place in holder.mountpoints
        if place in _SYSTEM_MOUNTS
    ]
    return tuple(found)


def _empty_refusals(drive: Drive) -> list[Reason]:
    return [reason("no-medium")] if drive.size_bytes == 0 else []


def _scsi_refusals(drive: Drive) -> list[Reason]:
    """What the drive itself says where the kernel shows a disk of zero bytes at most."""
    if drive.scsi is None:
        return []
    found = []
    if drive.bus != Bus.SAS and drive.scsi.state == "running":
        found.append(reason("sanitize-runs"))
    if drive.bus != Bus.SAS and drive.scsi.state == "failed":
        found.append(reason("sanitize-failed-before"))
    block = drive.scsi.block_bytes
    if block is not None and block not in _BLOCK_BYTES:
        found.append(reason("block-size", bytes=block))
    return found


def _ata_refusals(ata: AtaFacts, bus: Bus) -> list[Reason]:
    # With a try left, the known password is one of the preparations: an earlier run of any of
    # our sticks may have been cut in the middle of an erase. Never through a USB bridge.
    closed = ata.security_frozen or ata.security_tries_over
    if ata.security_locked and bus != Bus.SATA:
        return [reason("ata-locked")]
    if ata.security_locked and closed:
        return [reason("ata-locked-closed")]
    if ata.security_enabled and (closed or bus != Bus.SATA):
        return [reason("ata-password-set")]
    return []


def preparations(drive: Drive) -> tuple[Reason, ...]:
    """What is done before any method, in order; each code is a row of `erasure.preparing`.

    First the drive is opened, then what it hides is uncovered.
    """
    found = []
    sanitize = _sanitize_state(drive)
    if sanitize == "running":
        found.append(reason("wait-for-sanitize"))
    if sanitize == "failed":
        found.append(reason("leave-failed-sanitize"))
    found += tcg_preparations(drive)
    if drive.bus == Bus.SATA and drive.ata and _in_use(drive.ata):
        found.append(reason("unlock-known-password"))
    if drive.mmc is not None and drive.mmc.boot_bytes:
        found.append(reason("erase-boot-areas", bytes=drive.mmc.boot_bytes))
    there = {area.kind for area in hidden_areas(drive) if area.state == PRESENT}
    found += [
        reason(code, blocks=hidden_blocks(drive, kind))
        for kind, code in _UNCOVERED_BY
        if kind in there and drive.bus == Bus.SATA
    ]
    return tuple(found)


def _sanitize_state(drive: Drive) -> str | None:
    """What a sanitize of an earlier run does on a drive that we can wait for."""
    if drive.nvme is not None:
        return drive.nvme.sanitize
    if drive.scsi is not None and drive.bus == Bus.SAS:
        return drive.scsi.state
    return drive.ata.sanitize_state if drive.ata and drive.bus == Bus.SATA else None


def _in_use(ata: AtaFacts) -> bool:
    """Whether a password is set, ours or another."""
    return ata.security_enabled or ata.security_locked


def _nvme_refusals(nvme: NvmeFacts) -> list[Reason]:
    """A command of the controller would reach namespaces that nobody can look into afterwards."""
    unseen = sum(1 for one in nvme.namespaces if not one.path or not one.size_bytes)
    found = [reason("namespace-unseen", count=unseen)] if unseen else []
    if nvme.detached:
        found.append(reason("namespaces-detached", count=nvme.detached))
    return found


def _sorted_out(
    drive: Drive, policy: Policy
) -> tuple[tuple[MethodOption, ...], tuple[RuledOut, ...]]:
    least = accepted_level(policy)
    # Areas that are there are removed first; what cannot be excluded stays so.
    areas = tuple(area for area in hidden_areas(drive) if area.state != PRESENT)
    # A drive that a sanitize, a password or its own locks close is asked again once it is open;
    # what it says then decides.
    cap = Level.DESTROY if _closed(drive) else capped(areas)
    options: list[MethodOption] = []
    ruled_out: list[RuledOut] = []
    for method in METHODS:
        if drive.bus not in method.buses:
            continue
        against = method_reasons(method, drive, policy)
        level = min(method.levels.get(drive.media, Level.NONE), cap, key=lambda one: one.rank)
        if not against and level.rank < least.rank:
            against = (reason("level-too-low", level=level.value, asked=least.value),)
        if against:
            ruled_out.append(RuledOut(method=method.id, reasons=against))
        else:
            options.append(
                MethodOption(
                    method=method.id, level=level, notes=_method_notes(method, drive, policy)
                )
            )
    options.sort(key=lambda option: -option.level.rank)
    return tuple(options), tuple(ruled_out)


def _closed(drive: Drive) -> bool:
    """Whether the drive refuses most commands until its preparations are done."""
    if drive.bus == Bus.SAS:
        return drive.scsi is not None and drive.scsi.state in ("running", "failed")
    ata = drive.ata
    if drive.tcg is not None and drive.tcg.closed:
        return True
    return (
        ata is not None
        and drive.bus == Bus.SATA
        and (ata.security_locked or ata.sanitize_state in ("running", "failed"))
    )


def accepted_level(policy: Policy) -> Level:
    """The least level that the policy takes; without a fallback, the level that it aims at."""
    if policy.fallback == Level.NONE or policy.fallback.rank > policy.level.rank:
        return policy.level
    return policy.fallback


def method_reasons(method: Method, drive: Drive, policy: Policy) -> tuple[Reason, ...]:
    """Why a method is out for this drive; empty: it can be used."""
    found: list[Reason] = []
    if drive.media not in method.levels:
        found.append(reason("method-not-for-medium", medium=drive.media.value))
    missing = [need for need in method.needs if need not in features(drive)]
    if missing:
        found.append(reason("drive-lacks", feature=", ".join(missing)))
    elif not method.built:
        found.append(reason("method-not-built"))
    if drive.ata is not None and not missing:
        if method.id.startswith("ata-erase") and drive.ata.security_frozen:
            found.append(reason("security-frozen"))
        if method.id.startswith("ata-sanitize") and drive.ata.sanitize_frozen:
            found.append(reason("sanitize-frozen"))
    if method.vendors_word and not policy.crypto_erase_alone:
        found.append(reason("makers-word-alone"))
    found += _nvme_method_reasons(method, drive.nvme) if drive.nvme else ()
    return tuple(found)


def _nvme_method_reasons(method: Method, nvme: NvmeFacts) -> list[Reason]:
    """Sanitize reaches every namespace that there is; a Format does, if the controller takes it
    for all at once (FNA bit 3), and may, if all have one block format, which it would change."""
    several = len(nvme.namespaces) > 1
    alike = len({one.lba_format for one in nvme.namespaces}) == 1
    if method.id.startswith("nvme-format") and several and (nvme.fna & 1 << 3 or not alike):
        return [reason("several-namespaces", count=len(nvme.namespaces))]
    return []


def features(drive: Drive) -> frozenset[str]:
    """What the drive says that it can do, by the names in `Method.needs`."""
    found: dict[str, bool] = {}
    if drive.ata is not None:
        ata = drive.ata
        found |= {
            "ata-sanitize-crypto": ata.sanitize_supported and ata.sanitize_crypto,
            "ata-sanitize-block": ata.sanitize_supported and ata.sanitize_block,
            "ata-sanitize-overwrite": ata.sanitize_supported and ata.sanitize_overwrite,
            "ata-erase": ata.security_supported,
            "ata-erase-enhanced": ata.security_supported and ata.enhanced_erase_supported,
        }
    if drive.nvme is not None:
        nvme = drive.nvme
        found |= {
            "nvme-sanitize-crypto": bool(nvme.sanicap & 1 << 0),
            "nvme-sanitize-block": bool(nvme.sanicap & 1 << 1),
            "nvme-format": nvme.format_supported,
            "nvme-format-crypto": nvme.format_supported and bool(nvme.fna & 1 << 2),
        }
    if drive.scsi is not None:
        scsi = drive.scsi
        # A sanitize after which nothing can be read cannot be proven by reading.
        kinds = scsi.sanitize or ()
        if scsi.sanitize is None and _closed(drive):
            # It cannot say so now; what it does not have it will refuse.
            kinds = ("block", "crypto", "overwrite")
        found |= {f"scsi-sanitize-{kind}": kind not in scsi.needs_writing for kind in kinds}
    if drive.mmc is not None:
        mmc = drive.mmc
        found["mmc-sanitize"] = mmc.sanitize and (mmc.secure_erase or mmc.trim)
    return frozenset(name for name, there in found.items() if there)


def _method_notes(method: Method, drive: Drive, policy: Policy) -> tuple[Reason, ...]:
    notes = []
    if method.id.startswith("ata-erase") and drive.ata is not None:
        enhanced = method.id == "ata-erase-enhanced"
        minutes = drive.ata.enhanced_erase_minutes if enhanced else drive.ata.erase_minutes
        notes.append(
            reason(
                "ata-password-used",
                password=policy.ata_password,
                minutes="???" if minutes is None else minutes,
            )
        )
    if method.id == "overwrite":
        passes = ", ".join(schemes.resolved(policy.scheme.passes))
        facts = {"scheme": policy.scheme.name, "passes": passes, "verify": policy.scheme.verify}
        notes.append(reason("scheme", **facts))
    if method.id == "overwrite" and drive.media != Media.MAGNETIC:
        notes.append(reason("spare-cells-not-reached"))
    if method.id == "overwrite" and drive.media == Media.MAGNETIC:
        notes.append(reason("reallocated-not-reached", count=_reallocated(drive)))
    return tuple(notes)


def _reallocated(drive: Drive) -> str | int:
    known = drive.smart.reallocated if drive.smart else None
    return "???" if known is None else known


def _notes(drive: Drive, machine: Machine) -> tuple[Reason, ...]:
    notes = list(drive.warnings)
    if drive.arrays:
        notes.append(reason("array-member", arrays=", ".join(drive.arrays)))
    if drive.serial_source == "bridge":
        notes.append(reason("serial-from-bridge"))
    if drive.usb is not None and drive.usb.ata_commands == "eaten":
        notes.append(reason("bridge-eats-commands", bridge=drive.usb.name or drive.usb.ids))
    if drive.smart and drive.smart.healthy is False:
        notes.append(reason("smart-failing"))
    if drive.nvme and len(drive.nvme.namespaces) > 1:
        listed = ", ".join(f"{one.path} ({one.size_bytes} B)" for one in drive.nvme.namespaces)
        notes.append(
            reason("erases-namespaces", count=len(drive.nvme.namespaces), namespaces=listed)
        )
    if drive.ata and (drive.ata.security_frozen or drive.ata.sanitize_frozen):
        slept = any(item.code == "machine-slept" for item in machine.warnings)
        notes.append(reason("ata-frozen-still") if slept else reason("ata-frozen"))
    unsure = [area.kind.upper() for area in hidden_areas(drive) if area.state == UNSURE]
    if unsure:
        notes.append(reason("hidden-area-not-excluded", kind=", ".join(unsure)))
    return tuple(notes)


def _preset_notes(policy: Policy) -> tuple[Reason, ...]:
    if policy.preset == "none":
        return ()
    return (reason("purge-or-destruction", preset=policy.preset),)


def destruction(policy: Policy) -> tuple[Reason, ...]:
    """What a statement of a drive that failed says under a preset that accepts nothing less."""
    return () if policy.preset == "none" else (reason("destroy-the-drive", preset=policy.preset),)


def _all_holders(holders: tuple[Holder, ...]) -> list[Holder]:
    return [item for holder in holders for item in (holder, *_all_holders(holder.holders))]


def release_steps(holders: tuple[Holder, ...]) -> list[str]:
    """What must be taken down before the drive is free, from the top of the tree downwards.

    A step is `kind path`: `umount /mnt`, `swapoff /dev/sda2`, `lvm /dev/dm-0`, ...
    """
    steps: list[str] = []
    for holder in holders:
        steps += release_steps(holder.holders)
        steps += [f"umount {place}" for place in reversed(holder.mountpoints)]
        if holder.kind in ("swap",):
            steps.append(f"swapoff {holder.path}")
        elif holder.kind in ("lvm", "crypt", "md", "dm", "holder"):
            steps.append(f"{holder.kind} {holder.path}")
    return steps


def reached(options: tuple[MethodOption, ...]) -> Level:
    """The best level that a plan's methods can give."""
    return max(
        (option.level for option in options), key=lambda level: level.rank, default=Level.NONE
    )


def machine_blockers(machine: Machine) -> tuple[Reason, ...]:
    """What forbids to certify the machine as a whole: drives may be there that we do not see."""
    name = machine.maker.casefold()
    at = next((ending for maker, ending in _AHCI_AT.items() if name.startswith(maker)), "")
    found = [item for one in machine.controllers for item in _hidden_behind(one, at)]
    found += [item for item in machine.warnings if item.code == "stick-unknown"]
    return tuple(found)


def _hidden_behind(controller: Controller, ahci_at: str) -> list[Reason]:
    """What a controller keeps from us; empty where it shows all drives that it has.

    A port of libata is one drive's, in RAID mode as well: with nothing on it nothing is hidden.
    """
    facts: Facts = {"address": controller.address, "name": controller.name}
    kind, driver = controller.pci_class[:4], controller.driver
    if controller.remapped_nvme:
        count = controller.remapped_nvme
        return [Reason(code="nvme-remapped" + ahci_at, facts={**facts, "count": count})]
    unknown_raid = kind == _RAID and driver not in _SHOWS_DRIVES and not controller.ata_ports
    if driver in _MAKES_VOLUMES or controller.raid_volumes or unknown_raid:
        return [Reason(code="volumes-not-drives", facts=facts)]
    if controller.drives:
        return []
    if driver == "vmd" or (kind == _RAID and driver is None):
        return [Reason(code="controller-without-drives" + ahci_at, facts=facts)]
    if (driver == "nvme" or kind == _NVME) and controller.pci_class != _NVME_ADMIN:
        return [Reason(code="nvme-without-drive", facts=facts)]
    if kind in (_SATA, _SAS) and driver is None:
        return [Reason(code="controller-without-driver", facts=facts)]
    return []
