"""Boots what was laid down, without the stick, and waits for the family's desktop.

The image stays as it is: a unit that reports on the serial line is handed to its systemd through
SMBIOS (systemd.system-credentials(7), `systemd.extra-unit.*`), which only a virtual PC can do.
"""

import base64
from dataclasses import dataclass
from pathlib import Path

from imagebuilder.demo.office import PC_DMI
from imagebuilder.demo.screen import settled_picture
from imagebuilder.vm import Drive, Machine, MachineSpec
from imagebuilder.vm.machine import Firmware

# Xfce's panel shows itself when its plugins have been loaded, each in a process of its own; the
# picture then tells the rest.
_REPORT = """\
[Unit]
Description=Tells the demo when the desktop is there

[Service]
StandardOutput=tty
TTYPath=/dev/ttyS0
ExecStart=sh -c 'until grep -qsxE "$$PANEL" /proc/[0-9]*/comm; do sleep 1; done; \\
echo "@desktop $$(hostname) $$(df -B1 --output=size / | tail -n 1)"'
Environment="PANEL=wrapper-2.0|lxqt-panel|gnome-shell|plasmashell|mate-panel"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """The family's first desktop: after how many seconds, under which name, how much root."""

    after_s: float
    hostname: str
    root_bytes: int
    picture: Path


def family_desktop(
    drives: tuple[Drive, ...], firmware: Firmware, directory: Path, timeout_s: float = 900
) -> Desktop:
    """Start the PC from its own drive. Raises MachineError or ConsoleTimeout when none comes."""
    spec = MachineSpec(
        name="family",
        firmware=firmware,
        drives=drives,
        memory_mib=2048,
        network=True,
        dmi=PC_DMI,
        extra=tuple(_credentials()),
    )
    with Machine(spec, directory) as machine:
        machine.wait_for(r"@desktop (\S+) +(\d+)", timeout_s)
        after_s = machine.elapsed_s
        words = machine.serial[0].text.rpartition("@desktop ")[2].split()
        picture = settled_picture(machine, directory / "desktop.png", 300, 10)
    return Desktop(after_s=after_s, hostname=words[0], root_bytes=int(words[1]), picture=picture)


def _credentials() -> list[str]:
    """QEMU's arguments for the reporting unit and what starts it."""
    wants = "[Unit]\nWants=tajdeed-demo.service\n"
    values = {
        "systemd.extra-unit.tajdeed-demo.service": _REPORT,
        "systemd.unit-dropin.multi-user.target": wants,
    }
    arguments = []
    for name, text in values.items():
        encoded = base64.b64encode(text.encode()).decode()
        value = f"io.systemd.credential.binary:{name}={encoded}"
        arguments += ["-smbios", f"type=11,value={value}"]
    return arguments
