"""Boots what was laid down, without the stick: the family's first start, log-in and desktop.

The image stays as it is: a unit that reports on the serial line is handed to its systemd through
SMBIOS (systemd.system-credentials(7), `systemd.extra-unit.*`), which only a virtual PC can do.
"""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from imagebuilder.console import say
from imagebuilder.demo.firststart import Family, FirstStart, first_start
from imagebuilder.demo.office import PC_DMI
from imagebuilder.demo.screen import settled_picture, share_of
from imagebuilder.vm import Drive, Machine, MachineSpec
from imagebuilder.vm.machine import Firmware

# A script in a unit file would need quoting for systemd and for the shell: it goes encoded.
_UNIT = """\
[Unit]
Description=Tells the demo when log-in and desktop are there, and whose the PC is

[Service]
ExecStart=/bin/sh -c 'echo {encoded} | base64 -d | sh >/dev/ttyS0 2>&1'
"""

# Xfce's panel shows itself when its plugins have been loaded, each in a process of its own. Names
# of processes are cut at 15 characters. The desktop stands when those that draw it have next to
# nothing to do; the welcome page's browser, which goes on for minutes without KVM, is not one.
_REPORT = r"""
running() { grep -qsx "$1" /proc/[0-9]*/comm; }
until running lightdm-gtk-gre; do sleep 2; done
echo @log-in
until running wrapper-2.0 && running xfdesktop && running xfwm4; do sleep 2; done
grep -E ':/[a-z/]*/(ba|da|z)?sh$' /etc/passwd | sed 's/^/@account /'
echo "@desktop $(hostname) $(df -B1 --output=size / | tail -n 1)"
ticks() {
  cat /proc/[0-9]*/stat 2>/dev/null | awk '
    $2 ~ /^\((xfce4-panel|wrapper-2.0|xfdesktop|xfwm4)\)$/ { sum += $14 + $15 }
    END { print sum + 0 }'
}
quiet() {
  before=$(ticks)
  sleep 4
  [ $(($(ticks) - before)) -lt $(($(getconf CLK_TCK) * 4 / 10)) ]
}
tries=0
until quiet || [ $((tries += 1)) = 45 ]; do :; done
echo @drawn
"""
# As the board's style sheet has it, and the most that a screen of 16 bits a pixel is off.
_BUTTON, _NEAR = (0xFB, 0xF9, 0xF4), 8
_ACCOUNT = re.compile(r"@account ([^:\s]+):[^:]*:(\d+):\d+:([^:,]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who can log in: a login name and a person's name."""

    login: str
    full_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """The family's first desktop: after how many seconds, under which name, how much root.

    `people`: everybody who has an account with a shell, but the system's own.
    """

    first_start: FirstStart
    after_s: float
    hostname: str
    root_bytes: int
    people: tuple[Account, ...]
    picture: Path


def family_desktop(
    drives: tuple[Drive, ...],
    firmware: Firmware,
    directory: Path,
    family: Family,
    timeout_s: float = 1800,
) -> Desktop:
    """Start the PC from its own drive and do what a family does, without a mouse and the net.

    Raises MachineError or ConsoleTimeout when a page, the log-in or the desktop does not come.
    """
    spec = MachineSpec(
        name="family",
        firmware=firmware,
        drives=drives,
        memory_mib=2048,
        dmi=PC_DMI,
        extra=tuple(_credentials()),
    )
    with Machine(spec, directory) as machine:
        begun = first_start(machine, family, directory, timeout_s)
        machine.wait_for("@log-in", 600)
        settled_picture(machine, directory / "log-in.png", 300, 1)
        machine.type_text(family.password)
        machine.press("ret")
        say("the family logs in")
        machine.wait_for(r"@desktop (\S+) +(\d+)[\r\n]", timeout_s)
        after_s = machine.elapsed_s
        told = machine.serial[0].text
        words = told.rpartition("@desktop ")[2].split()
        machine.wait_for("@drawn", timeout_s)
        # Xfce's key for a look at the desktop, over which the welcome page may have opened.
        machine.press("ctrl-alt-d")
        picture = settled_picture(machine, directory / "desktop.png", 300, 2, has_board)
    return Desktop(
        first_start=begun,
        after_s=after_s,
        hostname=words[0],
        root_bytes=int(words[1]),
        people=accounts(told),
        picture=picture,
    )


def has_board(picture: Path) -> bool:
    """Whether the family's tasks stand on the screen, of which their buttons take up half."""
    return share_of(picture, _BUTTON, _NEAR) > 0.25


def accounts(told: str) -> tuple[Account, ...]:
    """The people among the accounts that a system told of: all but those of the system."""
    return tuple(
        Account(login=login, full_name=name)
        for login, number, name in _ACCOUNT.findall(told)
        if int(number) >= 1000
    )


def _credentials() -> list[str]:
    """QEMU's arguments for the reporting unit and what starts it."""
    unit = _UNIT.format(encoded=base64.b64encode(_REPORT.encode()).decode())
    wants = "[Unit]\nWants=tajdeed-demo.service\n"
    values = {
        "systemd.extra-unit.tajdeed-demo.service": unit,
        "systemd.unit-dropin.multi-user.target": wants,
    }
    arguments = []
    for name, text in values.items():
        encoded = base64.b64encode(text.encode()).decode()
        value = f"io.systemd.credential.binary:{name}={encoded}"
        arguments += ["-smbios", f"type=11,value={value}"]
    return arguments
