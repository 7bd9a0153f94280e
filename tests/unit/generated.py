"""Machines, policies and event sequences of every kind, for property tests (hypothesis)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from appliance import schemes
from appliance.erasure.standards import METHODS
from appliance.job.eventlog import Event
from appliance.model import (
    AtaFacts,
    Attempt,
    Bus,
    ByteRange,
    Check,
    CommandRun,
    Controller,
    Drive,
    HiddenArea,
    Holder,
    Identity,
    Level,
    Machine,
    Media,
    MmcFacts,
    NvmeFacts,
    NvmeNamespace,
    Order,
    PassDone,
    Policy,
    RangeError,
    Reason,
    ScsiFacts,
    Smart,
    Stream,
    TcgFacts,
    to_json,
)
from appliance.settings import PRESETS
from tests.unit.machines import disk, machine, nvme

AT = "2026-11-24T10:00:00.000Z"
SIZES = (0, 512, 1 << 20, 2 << 30)
_FLAGS = st.booleans()
_TEXT = st.sampled_from(("", "LABX1", "قرص-٩", "a" * 40))


def namespaces() -> st.SearchStrategy[tuple[NvmeNamespace, ...]]:
    one = st.builds(
        NvmeNamespace,
        nsid=st.integers(1, 9),
        path=st.sampled_from(("", "/dev/nvme0n1", "/dev/nvme0n2")),
        size_bytes=st.sampled_from(SIZES),
        logical_block_bytes=st.sampled_from((0, 512, 520, 4096)),
        wwn=st.sampled_from((None, "eui.1", "eui.2")),
        lba_format=st.integers(0, 1),
        deallocated_reads=st.sampled_from(("zeros", "ones", "unknown")),
    )
    return st.lists(one, min_size=1, max_size=3).map(tuple)


def nvmes() -> st.SearchStrategy[NvmeFacts]:
    return st.builds(
        NvmeFacts,
        controller=st.just("nvme0"),
        controller_id=st.just(1),
        namespaces=namespaces(),
        sanicap=st.integers(0, 7),
        fna=st.integers(0, 15),
        format_supported=_FLAGS,
        detached=st.integers(0, 1),
        sanitize=st.sampled_from(("idle", "running", "success", "failed", "unknown")),
    )


def atas() -> st.SearchStrategy[AtaFacts]:
    """Every combination of what IDENTIFY and the logs may say, all states of a sanitize."""
    return st.builds(
        AtaFacts,
        sanitize_state=st.sampled_from((None, "idle", "running", "failed", "succeeded")),
        **dict.fromkeys(
            ("native_max_lba", "accessible_max_lba", "dco_max_lba", "ama_max_lba"),
            st.sampled_from((None, 1000, 2000)),
        ),
        **dict.fromkeys(
            (
                *("security_tries_over", "zeros_after_trim", "sanitize_frozen"),
                *("dco_supported", "ama_supported"),
            ),
            _FLAGS,
        ),
    )


def scsis() -> st.SearchStrategy[ScsiFacts]:
    return st.builds(
        ScsiFacts,
        protocol=st.sampled_from((None, 6)),
        block_bytes=st.sampled_from((None, 512, 520)),
        rotation_rpm=st.sampled_from((None, 0, 7200)),
        sanitize=st.none()
        | st.lists(st.sampled_from(("overwrite", "block", "crypto")), unique=True).map(tuple),
        zeros_after_erase=_FLAGS,
        needs_writing=st.sampled_from(((), ("block",), ("crypto",))),
        state=st.sampled_from(("idle", "running", "failed")),
    )


def mmcs() -> st.SearchStrategy[MmcFacts]:
    return st.builds(
        MmcFacts,
        kind=st.sampled_from(("MMC", "SD")),
        revision=st.integers(0, 8),
        secure_erase=_FLAGS,
        trim=_FLAGS,
        sanitize=_FLAGS,
        boot_bytes=st.sampled_from((0, 1 << 20)),
        rpmb_bytes=st.sampled_from((0, 1 << 20)),
    )


def tcgs() -> st.SearchStrategy[TcgFacts]:
    """Every class that sedutil reverts, one that it does not, none; every state of the locks."""
    return st.builds(
        TcgFacts,
        ssc=st.sampled_from(((), ("opal1",), ("opal2",), ("enterprise",), ("pyrite1",))),
        **dict.fromkeys(
            (
                *("locking_supported", "locking_enabled", "locked", "media_encryption"),
                *("mbr_enabled", "mbr_done", "sid_blocked"),
            ),
            _FLAGS,
        ),
    )


@st.composite
def drives(draw: st.DrawFn) -> Drive:
    """A drive of any bus, with the facts that are asked for on that bus, or with none."""
    drive = draw(_drives())
    own: dict[Bus, tuple[str, st.SearchStrategy[Any]]] = {
        Bus.SATA: ("ata", atas()),
        Bus.USB: ("ata", atas()),
        Bus.NVME: ("nvme", nvmes()),
        Bus.SAS: ("scsi", scsis()),
        Bus.MMC: ("mmc", mmcs()),
    }
    if drive.bus not in own:
        return drive
    name, facts = own[drive.bus]
    found: dict[str, Any] = {name: draw(st.none() | facts), "tcg": draw(st.none() | tcgs())}
    return replace(drive, **found)


def _drives() -> st.SearchStrategy[Drive]:
    """Also such as no factory would make: a plan must be sound for what firmware claims."""
    return st.builds(
        Drive,
        key=st.uuids().map(str),
        path=st.just("/dev/sdx"),
        identity=st.builds(
            Identity, model=_TEXT, serial=_TEXT, wwn=st.sampled_from((None, "naa.5"))
        ),
        bus=st.sampled_from(list(Bus)),
        media=st.sampled_from(list(Media)),
        size_bytes=st.sampled_from(SIZES),
        logical_block_bytes=st.sampled_from((512, 520, 4096)),
        physical_block_bytes=st.sampled_from((512, 4096)),
        removable=_FLAGS,
        read_only_medium=_FLAGS,
        is_stick=_FLAGS,
        serial_source=st.sampled_from(("drive", "bridge", "none")),
        holders=st.sampled_from(
            ((), (Holder(path="/dev/sdx1", kind="mount", mountpoints=("/", "/mnt")),))
        ),
        smart=st.sampled_from((None, Smart(healthy=False, reallocated=7))),
        warnings=st.sampled_from(
            ((), (Reason(code="drive-silent", facts={"path": "/dev/sdx", "problem": "EIO"}),))
        ),
    )


def policies() -> st.SearchStrategy[Policy]:
    plain = st.builds(
        Policy,
        level=st.sampled_from((Level.CLEAR, Level.PURGE)),
        fallback=st.sampled_from((Level.NONE, Level.CLEAR)),
        crypto_erase_alone=_FLAGS,
        verify=st.sampled_from(("full", "sampled")),
        scheme=st.sampled_from(schemes.SCHEMES),
        on_failure=st.sampled_from(("stop", "continue")),
        buses=st.lists(st.sampled_from(list(Bus)), unique=True).map(tuple),
    )
    fixed = PRESETS["sa-government"]
    government = Policy(
        level=Level(fixed["policy.level"]),
        fallback=Level(fixed["policy.fallback"]),
        verify=fixed["policy.verify"],
        preset="sa-government",
        buses=tuple(Bus),
    )
    return plain | st.just(government)


def machines() -> st.SearchStrategy[Machine]:
    controller = Controller(
        address="0000:00:17.0", pci_class="010400", name="RST", driver=None, drives=()
    )
    return st.builds(
        lambda some, hidden, lost: machine(
            *some,
            controllers=(controller,) if hidden else (),
            warnings=(Reason(code="stick-unknown"),) if lost else (),
        ),
        st.lists(drives(), max_size=3),
        _FLAGS,
        _FLAGS,
    )


# --- what a worker may have written down, true or not --------------------------------------


def orders() -> st.SearchStrategy[Order]:
    good = {"accepted": True, "seen": "progress", "reported": "success"}
    return st.builds(
        Order,
        command=st.sampled_from(("Sanitize, block erase", "OVERWRITE EXT")),
        accepted=_mostly(good["accepted"], _FLAGS),
        seen=_mostly(good["seen"], st.sampled_from(("", "log-changed", "completion"))),
        reported=_mostly(good["reported"], st.sampled_from(("failed", "idle", "unknown"))),
        started_at=st.just(AT),
        elapsed_s=st.sampled_from((0.001, 60.0)),
    )


def checks(size_bytes: int, kind: str) -> st.SearchStrategy[Check]:
    """Mostly a good one over the whole drive."""
    count = _mostly(size_bytes, st.sampled_from((0, 512, size_bytes - 512)))
    wrong = RangeError(kind="mismatch", range=ByteRange(offset=0, length=512))
    return st.builds(
        Check,
        kind=st.just(kind),
        scope=_mostly("full", st.just("sampled")),
        planned_bytes=count,
        read_bytes=count,
        expected_bytes=count,
        complete=_mostly(True, st.just(False)),
        mismatches=_mostly((), st.just((wrong,))),
    )


@st.composite
def attempts(draw: st.DrawFn, drive: Drive, size_bytes: int) -> Attempt:
    """An attempt that has nearly everything its method owes, or not."""
    # Of both levels alike: most methods are for a Purge.
    wanted = draw(st.sampled_from((Level.CLEAR, Level.PURGE)))
    fitting = tuple(one for one in METHODS if one.levels.get(drive.media) is wanted)
    method = draw(st.sampled_from(fitting if draw(_mostly(True, st.just(False))) else METHODS))
    owes = draw(_mostly(method.owes, st.just(method.owes[:-1])))
    kinds = owes if method.id != "overwrite" else draw(st.sampled_from((owes, ("pattern",))))
    count = draw(_mostly(method.orders, st.integers(0, 2)))
    wrote = draw(_mostly(size_bytes, st.just(size_bytes - 512)))
    scheme = draw(_mostly(schemes.SCHEMES[0], st.sampled_from(schemes.SCHEMES)))
    names = schemes.resolved(scheme.passes)
    host = "keyed-stream" in method.owes
    stream = draw(_mostly(Stream(cipher="chacha20", seed="00" * 32), st.none()))
    return Attempt(
        method=draw(_mostly(method.id, st.just("no-such-method"))),
        result=draw(_mostly("done", st.sampled_from(("failed", "unknown")))),
        level=draw(
            _mostly(method.levels.get(drive.media, Level.PURGE), st.sampled_from(list(Level)))
        ),
        started_at=AT,
        ended_at=AT,
        written_bytes=wrote if host else 0,
        reasons=draw(_mostly((), st.just((Reason(code="flush-failed"),)))),
        errors=draw(
            _mostly(
                (),
                st.just((RangeError(kind="write", range=ByteRange(offset=0, length=512)),)),
            )
        ),
        checks=tuple(draw(checks(size_bytes, kind)) for kind in kinds),
        stream=stream if host else None,
        orders=tuple(draw(orders()) for _ in range(count)),
        scheme=scheme.name if host else "",
        passes=tuple(PassDone(name=n, written_bytes=wrote, verified=True) for n in names)
        if host
        else (),
    )


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    """A drive's log: a task, then anything that a worker may say, in nearly any order."""
    drive = draw(
        st.sampled_from(
            (
                nvme(sanicap=3),
                disk(media=Media.FLASH),
                disk(),
                disk(bus=Bus.SAS, ata=None),
                disk(bus=Bus.MMC, ata=None, media=Media.FLASH),
            )
        )
    )
    policy = draw(policies())
    steps: list[tuple[str, dict[str, Any]]] = [
        ("task", {"drive": to_json(drive), "policy": to_json(policy)})
    ]
    size = drive.size_bytes
    for _ in range(draw(st.integers(0, 6))):
        match draw(st.integers(0, 8)):
            case 0:
                areas = draw(
                    st.lists(
                        st.builds(
                            HiddenArea,
                            kind=st.sampled_from(("hpa", "dco", "ama")),
                            state=_mostly(
                                "none",
                                st.sampled_from(("removed", "present", "could-not-be-excluded")),
                            ),
                        ),
                        max_size=3,
                    )
                )
                steps.append(("hidden-areas", {"areas": to_json(tuple(areas))}))
            case 1:
                size = draw(st.sampled_from((drive.size_bytes, drive.size_bytes * 2)))
                steps.append(("size-now", {"size_bytes": size}))
            case 2 if draw(_FLAGS):
                reason = to_json(Reason(code="revert-locked-drive"))
                steps.append(("preparation-started", {"preparation": reason}))
                steps.append(("revert-given", {}))
                steps.append((draw(st.sampled_from(("reverted", "revert-refused"))), {}))
            case 2:
                reason = to_json(Reason(code="wait-for-sanitize"))
                steps.append(("preparation-started", {"preparation": reason}))
            case 3:
                run = CommandRun(argv=("nvme",), status=0, started_at=AT, elapsed_s=1.0)
                steps.append(("command", {"run": to_json(run)}))
            case 7:
                reason = to_json(Reason(code="drive-gone"))
                steps.append(("exception", {"reason": reason}))
            case 8:
                steps.append(("rescanned", {"size_bytes": size}))
                steps.append(("found-again", {"path": "/dev/sdy", "nodes": ["/dev/sdy"]}))
            case 4 if draw(_FLAGS):
                steps.append(("refused", {"reason": to_json(Reason(code="identity-changed"))}))
            case _:
                attempt = draw(attempts(drive, draw(_mostly(size, st.just(drive.size_bytes)))))
                steps.append(("attempt-started", {"method": attempt.method, "level": "clear"}))
                if draw(_mostly(True, st.just(False))):
                    steps.append(("attempt-ended", {"attempt": to_json(attempt)}))
    if draw(_mostly(True, st.just(False))):
        after = draw(_mostly(size, st.sampled_from((0, drive.size_bytes))))
        steps.append(("decided", {"size_after": after, "smart": None}))
    return [
        Event(n=n, at=AT, event=name, data=data, prev="") for n, (name, data) in enumerate(steps)
    ]


def _mostly(usual: Any, rare: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The usual value nearly always: an attempt has some thirty of them, and all must be so
    for a pass."""
    return st.integers(0, 39).flatmap(lambda place: rare if place == 39 else st.just(usual))
