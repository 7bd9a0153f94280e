"""Files that whole-machine tests add to a started stick: a root shell on the second serial line.

Appended to the initramfs by the harness only; no stick that is built for people has it.
"""

from imagebuilder.stick.initrd import overlay_archive

_SHELL = """\
#!/bin/sh
exec <>/dev/ttyS1 >&0 2>&1
stty 115200 -echo -onlcr raw opost cols 250
export PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 HOME=/root
cd /
exec sh
"""

_UNIT = """\
[Unit]
Description=Test shell on the second serial line
DefaultDependencies=no

[Service]
ExecStart=/usr/lib/tajdeed-test/shell
Restart=always
RestartSec=0.2
KillMode=process
"""


def shell_overlay(extra: dict[str, tuple[bytes, int]] | None = None) -> bytes:
    """The archive for `Personal.initrd_extra`; `extra`: more files, path to content and mode."""
    unit = "etc/systemd/system/tajdeed-test-shell.service"
    wants = "etc/systemd/system/sysinit.target.d/test.conf"
    return overlay_archive(
        {
            "usr/lib/tajdeed-test/shell": (_SHELL.encode(), 0o755),
            unit: (_UNIT.encode(), 0o644),
            wants: (b"[Unit]\nWants=tajdeed-test-shell.service\n", 0o644),
            **(extra or {}),
        }
    )
