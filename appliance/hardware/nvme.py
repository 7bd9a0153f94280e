"""Facts out of NVMe Identify data and log pages, by admin commands that only read.

The parsers are pure functions of bytes, after NVM Express Base 2.0; the askers send them
through an open descriptor of the controller or of one of its namespaces. What a controller
does not tell is `unknown`. Sends nothing that changes a drive.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from appliance.hardware.descriptor import nvme_admin_read, nvme_identify, nvme_name
from appliance.hardware.sysfs import SYS, number
from appliance.model import NvmeFacts, NvmeNamespace

_GET_LOG_PAGE, _SANITIZE_LOG = 0x02, 0x81
_EVERY_NAMESPACE = 0xFFFFFFFF
_NO_ESTIMATE = 0xFFFFFFFF
# Optional Admin Command Support (OACS): Format NVM; Namespace Management.
_OACS_FORMAT, _OACS_MANAGEMENT = 1 << 1, 1 << 3
_DEALLOCATED = {1: "zeros", 2: "ones"}
State = Literal["idle", "running", "success", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SanitizeLog:
    """Log page 81h. `progress` from 0 to 1 while it runs; `order`: dword 10 of the latest
    Sanitize command; `status` the raw SSTAT, which also tells whether anything was written
    since. The estimates are the drive's own, in seconds, None where it makes none."""

    state: State
    progress: float | None
    status: int
    order: int
    block_s: float | None
    crypto_s: float | None


def parsed_sanitize_log(raw: bytes) -> SanitizeLog:
    """The fields of log page 81h (5.14.1.17); OSError for a status that is in no standard."""
    progress, status, order, _overwrite, block, crypto = struct.unpack_from("<HHIIII", raw)
    states: dict[int, State] = {0: "idle", 1: "success", 2: "running", 3: "failed", 4: "success"}
    state = states.get(status & 7)
    if state is None:
        raise OSError(5, f"sanitize status {status:#x}")
    return SanitizeLog(
        state=state,
        progress=progress / 65536 if state == "running" else None,
        status=status,
        order=order,
        block_s=None if block == _NO_ESTIMATE else float(block),
        crypto_s=None if crypto == _NO_ESTIMATE else float(crypto),
    )


def sanitize_log(fd: int) -> SanitizeLog:
    """What the controller says of its latest sanitize; OSError where it says nothing."""
    dwords = 512 // 4 - 1
    raw = nvme_admin_read(
        fd, _GET_LOG_PAGE, 512, nsid=_EVERY_NAMESPACE, cdw10=_SANITIZE_LOG | dwords << 16
    )
    return parsed_sanitize_log(raw)


def format_left(fd: int, nsid: int) -> float | None:
    """How much of a Format is still to do, from 1 to 0 (FPI, Identify Namespace byte 32).

    None where the namespace does not report it (before NVM Express 1.4 it was optional).
    """
    indicator = nvme_identify(fd, 0, nsid)[32]
    return (indicator & 0x7F) / 100 if indicator & 0x80 else None


def parsed_namespace(
    raw: bytes, *, nsid: int, path: str, size_bytes: int, logical_block_bytes: int
) -> NvmeNamespace:
    """Identify Namespace data (5.15.2.1 of 1.4, NVM command set 4.1.5.1), and its node's size."""
    # FLBAS: bits 3:0 and, with more than 16 formats, 6:5 of the format's index.
    lba_format = raw[26] & 15 | (raw[26] >> 5 & 3) << 4 if raw[25] > 15 else raw[26] & 15
    return NvmeNamespace(
        nsid=nsid,
        path=path,
        size_bytes=size_bytes,
        logical_block_bytes=logical_block_bytes,
        wwn=nvme_name(raw),
        lba_format=lba_format,
        deallocated_reads=_DEALLOCATED.get(raw[33] & 7, "unknown"),
    )


def identifiers(raw: bytes) -> tuple[int, ...]:
    """A namespace list (CNS 02h, 10h): up to 1024 NSIDs in rising order."""
    return tuple(item for item in struct.unpack("<1024I", raw) if item)


def facts(fd: int, controller: str, nodes: dict[int, str]) -> NvmeFacts:
    """Everything that decides a plan. `nodes`: the kernel's name for each NSID it shows."""
    data = nvme_identify(fd, 1)
    active = identifiers(nvme_identify(fd, 2))
    oacs = int.from_bytes(data[256:258], "little")
    return NvmeFacts(
        controller=controller,
        controller_id=int.from_bytes(data[78:80], "little"),
        namespaces=tuple(_namespace(fd, nsid, nodes.get(nsid, "")) for nsid in active),
        sanicap=int.from_bytes(data[328:332], "little"),
        fna=data[524],
        format_supported=bool(oacs & _OACS_FORMAT),
        detached=_detached(fd, active) if oacs & _OACS_MANAGEMENT else 0,
        sanitize=_state(fd),
    )


def _namespace(fd: int, nsid: int, name: str) -> NvmeNamespace:
    sysfs = SYS / "block" / name
    return parsed_namespace(
        nvme_identify(fd, 0, nsid),
        nsid=nsid,
        path=f"/dev/{name}" if name else "",
        size_bytes=(number(sysfs / "size") or 0) * 512 if name else 0,
        logical_block_bytes=(number(sysfs / "queue/logical_block_size") or 0) if name else 0,
    )


def _detached(fd: int, active: tuple[int, ...]) -> int:
    """Namespaces that exist and are attached to no controller, or to another one (CNS 10h)."""
    try:
        allocated = identifiers(nvme_identify(fd, 0x10))
    except OSError:
        return 0
    return len(set(allocated) - set(active))


def _state(fd: int) -> str:
    try:
        return sanitize_log(fd).state
    except OSError:
        return "unknown"
