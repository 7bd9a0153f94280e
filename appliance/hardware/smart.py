"""Drive health, through pySMART (which runs smartctl): what was said, or None."""

from __future__ import annotations

from typing import Any

from appliance.model import Smart


def smart(path: str) -> Smart | None:
    """SMART facts of a drive; None where the drive or the bridge does not tell."""
    import logging

    logging.getLogger("pySMART").setLevel(logging.CRITICAL)
    from pySMART import Device

    try:
        device = Device(path)
    # pySMART parses prose of many smartctl versions: health must never stop a detection.
    except Exception:
        return None
    return smart_facts(device)


def smart_facts(device: Any) -> Smart | None:
    """The record out of a pySMART device."""
    if device.interface is None or device.model is None:
        return None
    verdict = {"PASS": True, "WARN": True, "FAIL": False}.get(device.assessment or "")
    if device.interface == "nvme" and device.if_attributes is not None:
        facts = device.if_attributes
        written = facts.bytesWritten
        return Smart(
            healthy=verdict,
            power_on_hours=_whole(facts.powerOnHours),
            percent_used=_whole(facts.percentageUsed),
            host_written_bytes=_whole(written),
            uncorrectable=_whole(facts.integrityErrors),
            temperature_c=_whole(device.temperature),
        )
    return Smart(
        healthy=verdict,
        power_on_hours=_raw(device, 9),
        reallocated=_raw(device, 5),
        pending=_raw(device, 197),
        uncorrectable=_raw(device, 198),
        temperature_c=_whole(device.temperature),
    )


def _raw(device: Any, number: int) -> int | None:
    for attribute in device.attributes or ():
        if attribute is not None and _whole(attribute.num) == number:
            return _whole(attribute.raw_int if attribute.raw_int is not None else attribute.raw)
    return None


def _whole(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
