"""Machines and drives for tests of pure functions."""

from dataclasses import replace
from typing import Any

from appliance.model import (
    AtaFacts,
    Bus,
    Drive,
    Identity,
    Machine,
    Media,
    NvmeFacts,
    NvmeNamespace,
)

GIB = 1 << 30


def ata_facts(**changes: Any) -> AtaFacts:
    plain = AtaFacts(
        security_supported=True,
        security_enabled=False,
        security_locked=False,
        security_frozen=False,
        enhanced_erase_supported=False,
        sanitize_supported=False,
        sanitize_crypto=False,
        sanitize_block=False,
        sanitize_overwrite=False,
        hpa_supported=False,
        native_max_lba=None,
        accessible_max_lba=8 * GIB // 512 - 1,
    )
    return replace(plain, **changes)


def disk(serial: str = "WD-1234", **changes: Any) -> Drive:
    """A SATA hard disk of 8 GiB."""
    plain = Drive(
        key=f"key-{serial}",
        path="/dev/sda",
        identity=Identity(model="WDC WD80", serial=serial, wwn="naa.5000000000000001"),
        bus=Bus.SATA,
        media=Media.MAGNETIC,
        size_bytes=8 * GIB,
        logical_block_bytes=512,
        physical_block_bytes=4096,
        nodes=("/dev/sda",),
        ata=ata_facts(),
    )
    return replace(plain, **changes)


def namespace(nsid: int = 1, **changes: Any) -> NvmeNamespace:
    """A namespace of 2 GiB that reads as zeros where it is deallocated."""
    plain = NvmeNamespace(
        nsid=nsid,
        path=f"/dev/nvme0n{nsid}",
        size_bytes=2 * GIB,
        logical_block_bytes=512,
        wwn=f"eui.00000000000000{nsid:02x}",
        lba_format=0,
        deallocated_reads="zeros",
    )
    return replace(plain, **changes)


def nvme_facts(*namespaces: NvmeNamespace, **changes: Any) -> NvmeFacts:
    """A controller that can format, and nothing else."""
    plain = NvmeFacts(
        controller="nvme0",
        controller_id=1,
        namespaces=namespaces or (namespace(),),
        sanicap=0,
        fna=0,
        format_supported=True,
        sanitize="idle",
    )
    return replace(plain, **changes)


def nvme(
    serial: str = "NV-9",
    *,
    fna: int = 0,
    sanicap: int = 0,
    facts: NvmeFacts | None = None,
    **changes: Any,
) -> Drive:
    """An NVMe drive of 2 GiB that can be formatted."""
    facts = facts or nvme_facts(fna=fna, sanicap=sanicap)
    return disk(
        serial,
        **{
            "path": facts.namespaces[0].path,
            "identity": Identity(model="LAB NVME", serial=serial, wwn=facts.namespaces[0].wwn),
            "bus": Bus.NVME,
            "media": Media.FLASH,
            "size_bytes": sum(one.size_bytes for one in facts.namespaces),
            "nvme": facts,
            "ata": None,
            **changes,
        },
    )


def machine(*drives: Drive, **changes: Any) -> Machine:
    plain = Machine(
        maker="LENOVO",
        model="ThinkCentre",
        serial="PC1",
        uuid="u",
        donor_asset_tag="",
        chassis="desktop",
        firmware_kind="uefi64",
        secure_boot=True,
        firmware_version="1",
        cpu="CPU",
        cpu_threads=2,
        cpu_aes=True,
        ram_mib=2048,
        drives=drives,
    )
    return replace(plain, **changes)
