"""Which hardware the image's kernel can drive: modaliases of modules whose firmware is there.

Read from the tree itself: modules.alias, modules.dep, the modules' own `.modinfo`, and the files
below usr/lib/firmware. A Wi-Fi or AMD graphics module none of whose firmware files is shipped
drives nothing; other drivers do without theirs. What comes out stands in the signed manifest,
and the appliance holds the machine's hardware against it (`appliance.imaging.forecast`).
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

# Where the drivers lie whose absence a family would notice.
_NETWORK = "kernel/drivers/net/"
_NOTICED = (_NETWORK, "kernel/drivers/gpu/drm/", "kernel/sound/")
# Below these a module is of no use without firmware.
_NEEDS_FIRMWARE = (
    "kernel/drivers/net/wireless/",
    "kernel/drivers/gpu/drm/amd/",
    "kernel/drivers/gpu/drm/radeon/",
)
# Buses that such hardware sits on in a donated PC.
_BUSES = ("pci:", "usb:", "sdio:")
# A module that offers itself to every device of a class knows none of them (Broadcom's wl).
_ANY_MAKER = "pci:v*"
_FIRMWARE = re.compile(rb"(?<![!-~])firmware=([!-~]+)\0")

# Wi-Fi chips of Broadcom (PCI vendor 14e4) whose PCI device another module takes first, or whose
# driver names no device. Device ids: bcma's and ssb's tables in Linux, brcmsmac's and b43's lists
# of supported chips on wireless.docs.kernel.org, and the README of broadcom-sta.
# fmt: off
_BROADCOM = {
    "brcmsmac": ("0576", "4353", "4357", "4727"),
    "b43": (
        "4311", "4312", "4315", "4318", "4319", "4320", "4322", "4324", "4328", "4329",
        "432a", "432b", "432c", "4331", "4350", "43a9", "43aa",
    ),
    "wl": (
        "4311", "4312", "4313", "4315", "4328", "4329", "432a", "432b", "432c", "432d",
        "4331", "4353", "4357", "4358", "4359", "4365", "4727", "43a0", "43b1",
    ),
}
# fmt: on


@dataclass(frozen=True, slots=True)
class _Kernel:
    """The modules below one directory of usr/lib/modules, by name with `_` for `-`."""

    directory: Path
    files: dict[str, str]
    needs: dict[str, tuple[str, ...]]
    aliases: tuple[tuple[str, str], ...]


def modaliases(tree: Path) -> tuple[str, ...]:
    """Patterns (fnmatch, as in modules.alias) of network, graphics and sound hardware that the
    tree can drive."""
    patterns: set[str] = set()
    for directory in sorted((tree / "usr/lib/modules").iterdir()):
        if (directory / "modules.dep").is_file():
            patterns.update(_patterns(_kernel(directory), tree / "usr/lib/firmware"))
    return tuple(sorted(patterns))


def _kernel(directory: Path) -> _Kernel:
    files, needs = {}, {}
    for line in (directory / "modules.dep").read_text().splitlines():
        file, _, others = line.partition(":")
        files[_name(file)] = file
        needs[_name(file)] = tuple(map(_name, others.split()))
    words = (line.split() for line in (directory / "modules.alias").read_text().splitlines())
    aliases = tuple((found[1], found[2].replace("-", "_")) for found in words if len(found) == 3)
    return _Kernel(directory, files, needs, aliases)


def _name(file: str) -> str:
    return Path(file).name.partition(".ko")[0].replace("-", "_")


def _patterns(kernel: _Kernel, firmware: Path) -> Iterator[str]:
    works: dict[str, bool] = {}
    for pattern, module in kernel.aliases:
        file = kernel.files.get(module, "")
        if not pattern.startswith(_BUSES) or not file.startswith(_NOTICED):
            continue
        if pattern.startswith(_ANY_MAKER) and file.startswith(_NETWORK):
            continue
        if module not in works:
            works[module] = _has_firmware(kernel, module, firmware)
        if works[module]:
            yield pattern
    for module, devices in _BROADCOM.items():
        if module in kernel.files and _has_firmware(kernel, module, firmware):
            yield from (f"pci:v000014E4d0000{device.upper()}sv*sd*bc*sc*i*" for device in devices)


def _has_firmware(kernel: _Kernel, module: str, firmware: Path) -> bool:
    """Whether this module, and each that it stands on, finds a firmware file where it needs one."""
    for name in (module, *kernel.needs[module]):
        file = kernel.files.get(name, "")
        if not file.startswith(_NEEDS_FIRMWARE):
            continue
        wanted = _firmware_of(kernel.directory / file)
        if wanted and not any(_is_shipped(firmware / one) for one in wanted):
            return False
    return True


def _firmware_of(module: Path) -> tuple[str, ...]:
    """The firmware files that a module names (`modinfo -F firmware`)."""
    data = module.read_bytes()
    if module.suffix == ".xz":
        data = lzma.decompress(data)
    elif module.suffix == ".zst":
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return tuple(found.decode("ascii") for found in _FIRMWARE.findall(data))


def _is_shipped(file: Path) -> bool:
    """Whether a firmware file (a module may name it with wildcards) is there, packed or not."""
    if "*" in file.name:
        return next(file.parent.glob(file.name + "*"), None) is not None
    return any(file.with_name(file.name + end).exists() for end in ("", ".xz", ".zst"))
