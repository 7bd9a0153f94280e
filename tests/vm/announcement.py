"""Lets a laid-down system tell about itself, though nothing in it was made for tests.

systemd takes units from credentials (systemd-debug-generator(8), `systemd.extra-unit.*`), and
QEMU hands credentials over by SMBIOS. So the image stays the product's own, byte for byte.
"""

from __future__ import annotations

import base64

# A script in a unit file would need quoting for systemd and for the shell: it goes encoded.
_UNIT = """\
[Unit]
After=display-manager.service

[Service]
ExecStart=/bin/sh -c 'echo {encoded} | base64 -d | sh >/dev/ttyS0 2>&1'
"""

# What the desktop consists of; then time for it to draw itself.
_SCRIPT = """\
running() { grep -lx "$1" /proc/[0-9]*/comm 2>/dev/null | head -n 1; }
while [ -z "$(running xfce4-panel)" ] || [ -z "$(running xfdesktop)" ]; do sleep 1; done
echo "@family desktop $(cut -d. -f1 /proc/uptime)"
sleep SETTLE_S
desktop=$(running xfdesktop)
echo "@family language $(tr '\\0' '\\n' < "${desktop%comm}environ" | grep ^LANG=)"
echo "@family failed $(systemctl --failed --plain --no-legend | cut -d' ' -f1 | tr '\\n' ' ')"
echo "@family available-kb $(grep ^MemAvailable: /proc/meminfo | tr -dc 0-9)"
echo "@family total-kb $(grep ^MemTotal: /proc/meminfo | tr -dc 0-9)"
echo "@family root $(findmnt -bno SIZE /)"
echo "@family hostname $(cat /proc/sys/kernel/hostname)"
echo "@family told"
"""


def announcing(settle_s: int) -> tuple[str, ...]:
    """QEMU's arguments that make a family's system tell when its desktop stands."""
    script = _SCRIPT.replace("SETTLE_S", str(settle_s))
    unit = _UNIT.format(encoded=base64.b64encode(script.encode()).decode())
    wanted = "[Unit]\nWants=announce.service\n"
    return (
        *_credential("systemd.extra-unit.announce.service", unit),
        *_credential("systemd.unit-dropin.graphical.target~announce", wanted),
    )


def _credential(name: str, text: str) -> tuple[str, str]:
    value = base64.b64encode(text.encode()).decode()
    return "-smbios", f"type=11,value=io.systemd.credential.binary:{name}={value}"
