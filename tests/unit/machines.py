"""Machines and drives for tests of pure functions."""

from dataclasses import replace
from typing import Any

from appliance.model import AtaFacts, Bus, Drive, Identity, Machine, Media, NvmeFacts

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


def nvme(serial: str = "NV-9", *, fna: int = 0, sanicap: int = 0, **changes: Any) -> Drive:
    """An NVMe drive of 2 GiB that can be formatted."""
    facts = NvmeFacts(
        controller="nvme0",
        controller_id=1,
        nsid=1,
        namespaces=(1,),
        sanicap=sanicap,
        fna=fna,
        format_supported=True,
    )
    return disk(
        serial,
        **{
            "path": "/dev/nvme0n1",
            "bus": Bus.NVME,
            "media": Media.FLASH,
            "size_bytes": 2 * GIB,
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
