"""Whether this machine's KVM really runs a PC, found out once and remembered.

`/dev/kvm` can exist, even create a virtual machine, and then hang a stock kernel in its first
second (nested set-ups do that). So a kernel is started under it and must speak within seconds.
`TAJDEED_KVM=0` or `1` overrides.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from imagebuilder.cache import cache_dir
from imagebuilder.console import say
from imagebuilder.toolsroot import in_tools

_PROBE_S = 12.0


def acceleration(wanted: bool | None = None) -> list[str]:
    """QEMU's arguments for the accelerator and the processor."""
    if kvm_usable() if wanted is None else wanted:
        return ["-accel", "kvm", "-cpu", "host"]
    return ["-accel", "tcg,thread=multi", "-cpu", "max"]


def kernel_words() -> str:
    """Words for the kernel's command line of a stick that starts in a virtual PC of this machine.

    An emulated processor does not speculate, so there is nothing that the kernel's mitigations
    (Documentation/admin-guide/hw-vuln) could protect; each of their indirect jumps and barriers
    costs QEMU a search for translated code (measured: a fifth of a stick's start).
    """
    return "" if kvm_usable() else "mitigations=off"


def kvm_usable() -> bool:
    """The override, what was remembered since this boot of this machine, or the probe's answer."""
    override = os.environ.get("TAJDEED_KVM", "")
    if override in ("0", "1"):
        return override == "1"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    machine = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    memory = cache_dir() / "kvm"
    if memory.exists():
        known, _, answer = memory.read_text().partition(" ")
        if known == machine:
            return answer == "1"
    answer = "1" if _probe() else "0"
    say(f"KVM of this machine is {'used' if answer == '1' else 'unusable: emulating instead'}")
    memory.write_text(f"{machine} {answer}")
    return answer == "1"


def _probe() -> bool:
    """Start the stick's kernel under KVM: does it reach the point where it speaks?"""
    from imagebuilder.stick.base import stick_base  # the kernel is made where QEMU is not needed

    kernel = stick_base() / "vmlinuz"
    with tempfile.TemporaryDirectory(prefix="tajdeed-kvm-") as directory:
        output = Path(directory) / "serial"
        process = subprocess.Popen(
            in_tools(
                [
                    *["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none"],
                    *["-machine", "q35", "-accel", "kvm", "-cpu", "host", "-smp", "2"],
                    *[
                        "-m",
                        "512",
                        "-kernel",
                        str(kernel),
                        "-serial",
                        f"file:{output}",
                        "-no-reboot",
                    ],
                    *["-append", "console=ttyS0 panic=-1", "-run-with", "exit-with-parent=on"],
                ],
                cwd=Path("/"),
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + _PROBE_S
            while time.monotonic() < deadline and process.poll() is None:
                # Without a root file system the kernel must come to its panic by itself.
                if output.exists() and b"Unable to mount root" in output.read_bytes():
                    return True
                time.sleep(0.1)
            return output.exists() and b"Unable to mount root" in output.read_bytes()
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
