"""The two boot partitions of an eMMC: areas of their own that no erase of the drive reaches.

Overwritten with a keyed stream and read back in full, before any method. Write protection of the
kernel (`force_ro`) is lifted for that and put back; protection in the device itself stays, and
what could not be erased is said to be there still. RPMB is never touched.
"""

from __future__ import annotations

import os
from pathlib import Path

from appliance.erasure.device import geometry
from appliance.erasure.overwrite import overwrite
from appliance.erasure.readback import verify_source
from appliance.erasure.reasons import check_reasons
from appliance.erasure.site import Site
from appliance.erasure.stream import Keystream
from appliance.hardware import descriptor
from appliance.hardware.mmc import rpmb_area
from appliance.hardware.sysfs import SYS
from appliance.model import HiddenArea, Reason, to_json


def erase_boot_areas(site: Site, preparation: Reason) -> None:
    """Erase both; the log's `hidden-areas` says of each whether it is `erased` or `present`."""
    facts = site.drive.mmc
    if facts is None:
        raise RuntimeError("boot partitions without an eMMC")
    found = []
    for number in (0, 1):
        node = f"{site.drive.path}boot{number}"
        site.confirm_identity()
        problem = _erased(site, Path(node))
        found.append(
            HiddenArea(
                kind=f"boot{number}",
                state="present" if problem else "erased",
                detail=problem or f"{facts.boot_bytes} bytes overwritten and read back",
            )
        )
    site.say("hidden-areas", areas=to_json((*found, *rpmb_area(facts))))


def _erased(site: Site, node: Path) -> str:
    """Erase one; empty, or what went wrong."""
    sysfs = SYS / "class/block" / node.name
    ours = SYS / "class/block" / Path(site.drive.path).name
    try:
        # The kernel makes them children of the user area's disk.
        if (sysfs / "device").resolve(strict=True) != ours.resolve(strict=True):
            return f"{node} belongs to another device"
        (sysfs / "force_ro").write_text("0")
        try:
            return _overwritten(site, node)
        finally:
            (sysfs / "force_ro").write_text("1")
    except OSError as error:
        return f"{node}: {error.strerror or error}"


def _overwritten(site: Site, node: Path) -> str:
    fd = os.open(node, os.O_RDONLY | os.O_CLOEXEC)
    try:
        descriptor.set_read_only(fd, False)
    finally:
        os.close(fd)
    fd = os.open(node, os.O_RDWR | os.O_EXCL | os.O_DIRECT | os.O_CLOEXEC)
    try:
        shape = geometry(fd)
        if site.drive.mmc is None or shape.size_bytes != site.drive.mmc.boot_bytes:
            return f"{node} has {shape.size_bytes} bytes"
        stream = Keystream.fresh("aes-256-ctr" if site.cipher == "aes-256-ctr" else "chacha20")
        site.say("boot-area-pass", node=str(node), stream=to_json(stream.record))
        written = overwrite(fd, stream, shape=shape)
        check = verify_source(fd, stream, shape=shape)
        site.say("boot-area-checked", node=str(node), check=to_json(check))
        wrong = (*written.reasons, *check_reasons(check))
        return f"{node}: {wrong[0].code}" if wrong else ""
    finally:
        os.close(fd)
