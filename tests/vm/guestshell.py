"""A root shell on the second serial line of a laid-down system in which nothing is made for tests.

systemd takes units from credentials (systemd-debug-generator(8), `systemd.extra-unit.*`), and
QEMU hands credentials over by SMBIOS. So the image stays the product's own, byte for byte.
"""

from __future__ import annotations

import base64
import time

from imagebuilder.vm import Machine

# A script in a unit file would need quoting for systemd and for the shell: it goes encoded.
_UNIT = """\
[Unit]
Description=Test shell on the second serial line

[Service]
ExecStart=/bin/sh -c 'echo {encoded} | base64 -d >/run/test-shell && exec sh /run/test-shell'
Restart=always
RestartSec=0.2
KillMode=process
"""

_SCRIPT = """\
exec <>/dev/ttyS1 >&0 2>&1
stty 115200 -echo -onlcr raw opost cols 250
export PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 HOME=/root
cd /
exec sh
"""


def shell_by_credential() -> tuple[str, ...]:
    """QEMU's arguments that make `Machine.shell` answer in any system of ours."""
    unit = _UNIT.format(encoded=base64.b64encode(_SCRIPT.encode()).decode())
    wanted = "[Unit]\nWants=test-shell.service\n"
    return (
        *_credential("systemd.extra-unit.test-shell.service", unit),
        *_credential("systemd.unit-dropin.multi-user.target~test-shell", wanted),
    )


def wait_until(machine: Machine, command: str, timeout_s: float) -> str:
    """Run a command in the guest until it succeeds; what it printed then."""
    deadline = time.monotonic() + timeout_s
    while True:
        status, text = machine.shell.run(command)
        if status == 0:
            return text
        if time.monotonic() > deadline:
            machine.screenshot(machine.workdir / "timeout.png")
            raise AssertionError(f"in the guest, not within {timeout_s:g} s: {command}\n{text}")
        time.sleep(2)


def wait_until_idle(machine: Machine, program: str, timeout_s: float) -> None:
    """Wait until a program that has begun has nothing to do: its window is whole, its keys taken.

    The guest's own seconds of processor tell; a picture stands still too while a busy host has no
    time for the guest.
    """
    spent = f"awk '{{print $14 + $15}}' /proc/$(pgrep -o {program})/stat"
    idle = f"begun=$({spent}) && sleep {_IDLE_S} && [ $(($({spent}) - begun)) -lt {_IDLE_TICKS} ]"
    wait_until(machine, idle, timeout_s)


# A cursor that blinks takes less than a twentieth of the processor.
_IDLE_S = 5
_IDLE_TICKS = 25


def _credential(name: str, text: str) -> tuple[str, str]:
    value = base64.b64encode(text.encode()).decode()
    return "-smbios", f"type=11,value=io.systemd.credential.binary:{name}={value}"
