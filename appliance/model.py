"""The nouns of Tajdeed: frozen records with a JSON form, and nothing that does I/O.

What is unknown is `None` or an `unknown` member, never an empty string that reads as
"nothing there". Sizes are bytes, times are RFC 3339 UTC strings or seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from appliance.record import RecordError, canonical, digest, from_json, to_json

__all__ = ["RecordError", "canonical", "digest", "from_json", "to_json"]

Facts = dict[str, str | int | float]


class Bus(StrEnum):
    """How the drive is attached, as the kernel names the transport."""

    SATA = "sata"
    SAS = "sas"
    NVME = "nvme"
    MMC = "mmc"
    USB = "usb"
    VIRTIO = "virtio"
    UNKNOWN = "unknown"


class Media(StrEnum):
    """What the bits are kept on; decides which methods mean anything."""

    MAGNETIC = "magnetic"
    FLASH = "flash"
    UNKNOWN = "unknown"


class Level(StrEnum):
    """NIST SP 800-88 Rev. 2 sanitization categories, in rising order."""

    NONE = "none"
    CLEAR = "clear"
    PURGE = "purge"
    DESTROY = "destroy"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


class Outcome(StrEnum):
    """How it ended for one drive (and, as the worst of its drives, for a machine)."""

    PURGED = "purged"
    CLEARED = "cleared"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_ATTEMPTED = "not-attempted"
    DESTROYED = "destroyed"
    NO_MEDIA = "no-media"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something was decided: a stable code of `appliance.texts` and the facts it quotes."""

    code: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRange:
    """`length` bytes from `offset`, counted from the first byte of the drive."""

    offset: int
    length: int

    @property
    def end(self) -> int:
        return self.offset + self.length


# --- the machine ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What makes a drive this drive. Size is not in it: removing a hidden area changes it."""

    model: str
    serial: str
    wwn: str | None = None

    @property
    def last4(self) -> str:
        """What a technician types to consent: the last four characters of the serial."""
        return self.serial[-4:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Something that uses the drive or a part of it (mount, swap, LVM, md, dm-crypt...)."""

    path: str
    kind: str
    label: str = ""
    mountpoints: tuple[str, ...] = ()
    holders: tuple[Holder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Smart:
    """What smartctl said; `healthy` is None where the drive does not tell."""

    healthy: bool | None = None
    power_on_hours: int | None = None
    reallocated: int | None = None
    pending: int | None = None
    uncorrectable: int | None = None
    percent_used: int | None = None
    host_written_bytes: int | None = None
    temperature_c: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtaFacts:
    """From the raw IDENTIFY DEVICE words (ACS-5), never from a tool's prose.

    `sanitize_state` is SANITIZE STATUS EXT's own: idle, running, failed, succeeded; None where
    the drive has no such feature set or did not answer. Minutes are the drive's own estimates.

    The last block of each area, where it could be learnt: accessible now, native (HPA), of the
    factory (DCO), native (AMA); see `hardware.hidden`.
    """

    security_supported: bool
    security_enabled: bool
    security_locked: bool
    security_frozen: bool
    enhanced_erase_supported: bool
    sanitize_supported: bool
    sanitize_crypto: bool
    sanitize_block: bool
    sanitize_overwrite: bool
    hpa_supported: bool
    native_max_lba: int | None = None
    accessible_max_lba: int | None = None
    security_tries_over: bool = False
    erase_minutes: int | None = None
    enhanced_erase_minutes: int | None = None
    master_password_id: int | None = None
    zeros_after_trim: bool = False
    sanitize_state: str | None = None
    sanitize_frozen: bool = False
    dco_supported: bool = False
    dco_max_lba: int | None = None
    ama_supported: bool = False
    ama_max_lba: int | None = None
    logical_block_bytes: int = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class NvmeNamespace:
    """One namespace of a controller; `path` is empty where the kernel shows no node for it.

    `deallocated_reads`: what its blocks read as once deallocated, by DLFEAT: zeros, ones, or
    unknown. `lba_format`: the index of its format, which a Format must not change.
    """

    nsid: int
    path: str
    size_bytes: int
    logical_block_bytes: int
    wwn: str | None
    lba_format: int
    deallocated_reads: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NvmeFacts:
    """From Identify Controller/Namespace (NVM Express Base): raw fields SANICAP, FNA, and more.

    `namespaces`: those that are active on this controller, by rising NSID. `detached`: how many
    more are allocated, that no read or write of ours can reach. `sanitize`: what its sanitize
    log said at detection: idle, running, success, failed; unknown where it tells nothing.
    """

    controller: str
    controller_id: int
    namespaces: tuple[NvmeNamespace, ...]
    sanicap: int
    fna: int
    format_supported: bool
    detached: int = 0
    sanitize: str = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class TcgFacts:
    """From Level 0 Discovery (TCG Storage Core 2.01, 3.3.6): self-encryption and its locks.

    `ssc`: the subsystem classes that the drive announces, such as `opal2`, `pyrite1`; empty for
    one that announces none. `locked`: at least one range takes no reads or no writes.
    `sid_blocked`: its owner's authority was blocked, as some firmware does at start-up.
    """

    ssc: tuple[str, ...]
    locking_supported: bool = False
    locking_enabled: bool = False
    locked: bool = False
    media_encryption: bool = False
    mbr_enabled: bool = False
    mbr_done: bool = False
    sid_blocked: bool = False

    @property
    def shadowed(self) -> bool:
        """The first blocks read as a shadow (the MBR table), not as what lies there."""
        return self.mbr_enabled and not self.mbr_done

    @property
    def closed(self) -> bool:
        """What is read from or written to the drive is not, or not everywhere, its own blocks."""
        return self.locked or self.shadowed


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivePart:
    """A node that holds some of a drive's blocks; `wwn` is the namespace's own name."""

    path: str
    wwn: str | None
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScsiFacts:
    """From VPD pages, READ CAPACITY(16) and REPORT SUPPORTED OPERATION CODES (SPC-5, SBC-4).

    `protocol`: of the target port (6: SAS). `sanitize`: of `overwrite`, `block`, `crypto`; None
    where the drive does not answer that question. `zeros_after_erase`: it declares that erased
    blocks read as zeros (LBPRZ). `needs_writing`: sanitizes after which blocks must be written
    before they can be read (WABEREQ, WACEREQ). `state`: of SANITIZE, as at detection: `idle`,
    `running`, `failed`.
    """

    protocol: int | None
    block_bytes: int | None
    rotation_rpm: int | None
    sanitize: tuple[str, ...] | None
    zeros_after_erase: bool = False
    needs_writing: tuple[str, ...] = ()
    state: str = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class MmcFacts:
    """From EXT_CSD (JESD84-B51 7.4); `kind`: `MMC`, or `SD`, of which nothing else is known.

    `boot_bytes`: of each of the two boot partitions. `erased_byte`: what erased blocks read as.
    """

    kind: str
    revision: int = 0
    secure_erase: bool = False
    trim: bool = False
    sanitize: bool = False
    erased_byte: int = 0
    boot_bytes: int = 0
    rpmb_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbFacts:
    """The USB device through which a drive is reached: a stick, or the bridge of a case.

    `ids`: vendor and product, hexadecimal. `serial`: the USB device's own. `ata_commands`: `pass`
    (they reach a drive), `refused`, or `eaten`: answered as done, and never done.
    """

    ids: str
    name: str
    serial: str
    driver: str
    ata_commands: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """A whole physical storage device, as it was found. `arrays`: RAID and volume managers that
    it was a member of."""

    key: str
    path: str
    identity: Identity
    bus: Bus
    media: Media
    size_bytes: int
    logical_block_bytes: int
    physical_block_bytes: int
    firmware: str = ""
    rotation_rpm: int | None = None
    removable: bool = False
    read_only_medium: bool = False
    is_stick: bool = False
    serial_source: str = "drive"
    nodes: tuple[str, ...] = ()
    sysfs: str = ""
    holders: tuple[Holder, ...] = ()
    arrays: tuple[str, ...] = ()
    smart: Smart | None = None
    ata: AtaFacts | None = None
    nvme: NvmeFacts | None = None
    scsi: ScsiFacts | None = None
    mmc: MmcFacts | None = None
    usb: UsbFacts | None = None
    tcg: TcgFacts | None = None
    warnings: tuple[Reason, ...] = ()

    @property
    def label(self) -> str:
        """Model, serial and path: how every message names a drive."""
        return f"{self.identity.model} {self.identity.serial} ({self.path})"

    @property
    def parts(self) -> tuple[DrivePart, ...]:
        """What must be opened to reach every block: the namespaces of an NVMe controller, in
        the order of their NSIDs; of any other drive the one node. The drive's bytes are those
        of its parts, one after the other."""
        several = self.nvme.namespaces if self.nvme is not None else ()
        if len(several) > 1:
            return tuple(
                DrivePart(path=one.path, wwn=one.wwn, size_bytes=one.size_bytes) for one in several
            )
        return (DrivePart(path=self.path, wwn=self.identity.wwn, size_bytes=self.size_bytes),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A drive that was there, as the kernel names it without asking the drive.

    `place`: the directory of its block device in sysfs, which stays when its name changes.
    `removable`: a medium that people take out. `key`: of the drive in the machine that was
    looked at, where it stood in that list.
    """

    identity: Identity
    path: str
    place: str
    usb: bool = False
    removable: bool = False
    key: str = ""

    @property
    def label(self) -> str:
        """Model, serial and path, as `Drive.label`."""
        return f"{self.identity.model} {self.identity.serial or '???'} ({self.path})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """A storage controller on PCI and the drives that the kernel shows behind it.

    `ata_ports`: of libata, each of which is one drive's. `raid_volumes`: block devices that its
    driver calls volumes of a RAID. `remapped_nvme`: NVMe drives that it keeps behind itself
    (Intel RST), none of which the kernel shows.
    """

    address: str
    pci_class: str
    name: str
    driver: str | None
    drives: tuple[str, ...] = ()
    ata_ports: int = 0
    raid_volumes: int = 0
    remapped_nvme: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    name: str
    percent: int | None
    health_percent: int | None
    cycles: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic:
    name: str
    mac: str
    kind: str
    driver: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySlot:
    """A place for memory (SMBIOS type 17); `size_mib` 0: empty, None: the firmware does not say.

    `form`: DIMM, SODIMM, soldered, or empty where unknown. `kind`: DDR3 and the like, or empty.
    """

    name: str
    size_mib: int | None
    form: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The donated PC."""

    maker: str
    model: str
    serial: str
    uuid: str
    donor_asset_tag: str
    chassis: str
    firmware_kind: str
    secure_boot: bool | None
    firmware_version: str
    cpu: str
    cpu_threads: int
    cpu_aes: bool
    ram_mib: int
    drives: tuple[Drive, ...]
    controllers: tuple[Controller, ...] = ()
    batteries: tuple[Battery, ...] = ()
    nics: tuple[Nic, ...] = ()
    modaliases: tuple[str, ...] = ()
    memory_slots: tuple[MemorySlot, ...] = ()
    warnings: tuple[Reason, ...] = ()

    def drive(self, key: str) -> Drive:
        """The drive of that key; KeyError where there is none."""
        for drive in self.drives:
            if drive.key == key:
                return drive
        raise KeyError(key)


# --- policy and plan -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How an overwrite is done: passes in order, each `keyed-stream`, `zeros`, `ones`,
    `byte-5a` (any byte in hex) or `complement` (of the pass before). `verify`: which of them
    are read back over the whole drive, `last` or `all`."""

    name: str = "one-pass"
    passes: tuple[str, ...] = ("keyed-stream",)
    verify: str = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the charity asks for; station.yaml `policy`, `image` and `batch` in one record."""

    level: Level = Level.PURGE
    fallback: Level = Level.CLEAR
    crypto_erase_alone: bool = False
    verify: str = "full"
    scheme: Scheme = field(default_factory=Scheme)
    preset: str = "none"
    on_failure: str = "stop"
    buses: tuple[Bus, ...] = (Bus.SATA, Bus.SAS, Bus.NVME, Bus.MMC)
    image_choose: str = "auto"
    image_allow: tuple[str, ...] = ()
    final_fill: str = "image-extent"
    at_end: str = "stay"
    ata_password: str = "tajdeed-erasure"  # noqa: S105 - documented, no secret
    stall_minutes: int = 30
    suspend_frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOffer:
    """An image whose manifest's signature was found good.

    `source`: `stick`, `usb` and the second stick's partition, or the address of an images
    directory; `path`: the directory with the manifest; `file_bytes`: what must be read.
    """

    profile: str
    version: str
    title_ar: str
    title_en: str
    manifest_digest: str
    path: str
    disk_bytes: int
    needs_ram_mib: int
    needs_disk_bytes: int
    built_at: str
    support_until: str
    sector_sizes: tuple[int, ...] = (512,)
    source: str = "stick"
    file_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodOption:
    """One way to sanitize this drive, and the level that it would reach here."""

    method: str
    level: Level
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledOut:
    method: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivePlan:
    """`methods` in order of preference; empty together with `refusals` means: left alone.

    `preparations`: what is done to the drive before them, in order (a hidden area removed, a
    running sanitize waited for); each code is a row of `erasure.preparing`.
    """

    drive: Drive
    methods: tuple[MethodOption, ...]
    ruled_out: tuple[RuledOut, ...]
    refusals: tuple[Reason, ...]
    preparations: tuple[Reason, ...] = ()
    release: tuple[str, ...] = ()
    image: ImageOffer | None = None
    notes: tuple[Reason, ...] = ()

    @property
    def erases(self) -> bool:
        return not self.refusals and bool(self.methods)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """What would be done. What runs is the plan consented to, by `digest(plan)`."""

    machine: Machine
    policy: Policy
    drives: tuple[DrivePlan, ...]
    blockers: tuple[Reason, ...] = ()
    image_reasons: tuple[Reason, ...] = ()
    cipher: str = "chacha20"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Who agreed to which plan, and how: typed serials, or a batch ticket's statement id.

    `asset_tag` is the machine's, where it was scanned or stands on a list; else empty.
    """

    plan_digest: str
    technician: str
    typed: dict[str, str] = field(default_factory=dict)
    ticket: str | None = None
    given_at: str = ""
    asset_tag: str = ""


# --- what was measured ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeError:
    """Blocks that could not be written or read, or that held something else."""

    kind: str
    range: ByteRange
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One reading-back: what was looked for, how much was read, and what was found.

    kind: `keyed-stream`, `pattern`, `canaries`, `old-samples`, `after-erase`, or `pass-2` for a
    pass before the last. `complete` is true only when everything that it set out to read was read.
    """

    kind: str
    scope: str
    planned_bytes: int
    read_bytes: int
    expected_bytes: int
    complete: bool
    mismatches: tuple[RangeError, ...] = ()
    detail: Facts = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return (
            self.complete
            and self.planned_bytes > 0
            and self.read_bytes == self.planned_bytes == self.expected_bytes
            and not self.mismatches
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The keyed overwrite stream; of no use to anybody once the pass is over."""

    cipher: str
    seed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRun:
    """An external program as it was run on the drive."""

    argv: tuple[str, ...]
    status: int | None
    started_at: str
    elapsed_s: float
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A firmware command that erases by itself, as it was seen to begin and to end.

    `seen`: `progress` (it was seen running), `log-changed` (its log is another one than before),
    `completion` (a synchronous command: it ended only when the erase had), empty: none.
    `reported`, by the drive at the end: `success`, `failed`, `idle` (it knows of no such
    command), `unknown` (it stalled, or fell silent). `estimate_s` is the drive's own.
    """

    command: str
    accepted: bool
    seen: str
    reported: str
    started_at: str
    elapsed_s: float
    estimate_s: float | None = None
    problem: str = ""

    @property
    def good(self) -> bool:
        """Accepted, seen, and reported as a success: an idle log alone is none."""
        return self.accepted and bool(self.seen) and self.reported == "success"


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenArea:
    """kind: hpa, dco, ama; boot0, boot1, rpmb of an eMMC.

    state: none, removed, erased, present, could-not-be-excluded.
    """

    kind: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassDone:
    """One pass of an overwrite: what it wrote (`zeros`, `byte-5a`, `keyed-stream`), how much,
    and whether the drive was read back after it."""

    name: str
    written_bytes: int
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One method tried on the drive. result: done, failed, unknown.

    `scheme` and `passes` are an overwrite's; `written_bytes` and `stream` its last pass's.
    """

    method: str
    result: str
    level: Level
    started_at: str
    ended_at: str
    written_bytes: int = 0
    reasons: tuple[Reason, ...] = ()
    errors: tuple[RangeError, ...] = ()
    checks: tuple[Check, ...] = ()
    stream: Stream | None = None
    orders: tuple[Order, ...] = ()
    scheme: str = ""
    passes: tuple[PassDone, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveResult:
    """Everything that a drive statement says, as folded from the drive's event log.

    `reverted`: the drive's own locks were removed with its PSID before anything else.
    """

    drive: Drive
    outcome: Outcome
    level: Level
    attempts: tuple[Attempt, ...]
    exceptions: tuple[Reason, ...]
    hidden_areas: tuple[HiddenArea, ...]
    smart_before: Smart | None
    smart_after: Smart | None
    commands: tuple[CommandRun, ...]
    size_before_bytes: int
    size_after_bytes: int
    started_at: str
    ended_at: str
    zeroed: tuple[ByteRange, ...] = ()
    discarded: tuple[ByteRange, ...] = ()
    not_recorded: tuple[str, ...] = ()
    log_head: str = ""
    reverted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What was laid down where; the body of a deployment statement is made from it."""

    drive: Identity
    image: ImageOffer
    target_path: str
    written: tuple[ByteRange, ...]
    read_back: bool
    asset_tag: str
    hostname: str
    disk_guid: str
    checks: tuple[str, ...]
    started_at: str
    ended_at: str
    warnings: tuple[str, ...] = ()
