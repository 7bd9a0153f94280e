"""What of this machine will not work under an image: its hardware against the image's drivers.

The image's signed manifest lists patterns of the network, graphics and sound hardware that its
kernel can drive, firmware included; the machine lists its devices. Pure. It warns and never
decides: an image with a missing driver is laid down all the same, and the plan says what to
give with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from appliance.model import Reason

_PCI = re.compile(r"pci:v0000(?P<vendor>[0-9A-F]{4})d0000(?P<device>[0-9A-F]{4})sv.*")
_SDIO = re.compile(r"sdio:c..v(?P<vendor>[0-9A-F]{4})d(?P<device>[0-9A-F]{4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClass:
    """Devices that people have one word for; `modalias` is a pattern of the whole class."""

    code: str
    modalias: str


# Class codes: PCI Code and ID Assignment Specification, 1.2; SDIO 3.00, table 16-2.
CLASSES = (
    DeviceClass(code="forecast-wifi", modalias="pci:v*bc02sc80i*"),
    DeviceClass(code="forecast-wifi", modalias="sdio:c07v*"),
    DeviceClass(code="forecast-network", modalias="pci:v*bc02sc00i*"),
    DeviceClass(code="forecast-graphics", modalias="pci:v*bc03sc*i*"),
    DeviceClass(code="forecast-sound", modalias="pci:v*bc04sc01i*"),
    DeviceClass(code="forecast-sound", modalias="pci:v*bc04sc03i*"),
)


def driver_forecast(
    modaliases: Sequence[str], covered: Sequence[str], image: str
) -> tuple[Reason, ...]:
    """A reason for each device that the image cannot drive; `covered`: the manifest's patterns.

    Without any pattern nothing is known of the image, and nothing is said.
    """
    if not covered:
        return ()
    reasons = []
    for modalias in modaliases:
        kind = next((one for one in CLASSES if fnmatchcase(modalias, one.modalias)), None)
        if kind is None or _is_covered(modalias, covered):
            continue
        reason = Reason(code=kind.code, facts={"device": _ids(modalias), "image": image})
        if reason not in reasons:
            reasons.append(reason)
    order = [one.code for one in CLASSES]
    return tuple(sorted(reasons, key=lambda reason: order.index(reason.code)))


def _is_covered(modalias: str, covered: Sequence[str]) -> bool:
    # Most of the thousands of patterns are another maker's, and fnmatch is slow.
    start = modalias[: len("pci:v00008086")]
    return any(
        fnmatchcase(modalias, pattern)
        for pattern in covered
        if pattern.startswith(start) or "*" in pattern[: len(start)]
    )


def _ids(modalias: str) -> str:
    """Vendor and device, as lspci -n has them."""
    found = _PCI.fullmatch(modalias) or _SDIO.match(modalias)
    return f"{found['vendor']}:{found['device']}".lower() if found else modalias
