"""One virtual PC as one QEMU process of the tools root, owned by whoever started it.

Sockets live in a short-lived directory below /tmp (their paths must be short), logs and pictures
in the caller's directory. The process ends with the machine's `stop`, and with its parent.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from imagebuilder.toolsroot import in_tools, tools_root
from imagebuilder.vm.console import Console, ConsoleTimeout, Shell
from imagebuilder.vm.drive import Drive
from imagebuilder.vm.keys import Layout, key_presses
from imagebuilder.vm.kvm import acceleration
from imagebuilder.vm.qmp import Qmp, QmpError

Firmware = Literal["bios", "uefi", "secureboot", "ia32"]

_OVMF = Path("usr/share/OVMF")
# Code and variables of each UEFI flavour; the 32-bit one needs SMM, or it dies with "#UD".
_FLASH: dict[str, tuple[str, str, bool]] = {
    "uefi": ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd", False),
    "secureboot": ("OVMF_CODE_4M.ms.fd", "OVMF_VARS_4M.ms.fd", True),
    "ia32": ("OVMF32_CODE_4M.secboot.fd", "OVMF32_VARS_4M.fd", True),
}


class MachineError(Exception):
    """The virtual PC could not be started, has ended by itself, or did not do what it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSpec:
    """A virtual PC. `network`: a NIC on a private network where the host is 10.0.2.2.

    `hotplug_ports` are PCIe slots for NVMe and virtio drives that come later (USB needs none).
    `shared_memory`: for devices that live in other processes (vfio-user). `dmi`: SMBIOS type 1
    fields (manufacturer, product, serial). `kvm`: None decides by probing. `extra`: arguments
    for QEMU. `keep_variables`: the firmware's variables survive in the work directory.
    """

    name: str = "pc"
    firmware: Firmware = "bios"
    drives: tuple[Drive, ...] = ()
    memory_mib: int = 2048
    cpus: int = 2
    network: bool = False
    serials: int = 2
    hotplug_ports: int = 0
    shared_memory: bool = False
    dmi: tuple[tuple[str, str], ...] = ()
    kvm: bool | None = None
    display: str = "none"
    keep_variables: bool = False
    extra: tuple[str, ...] = ()


class Machine:
    """A running virtual PC; use it in a `with` statement.

    Start it in a thread that lives as long as the machine: QEMU ends with its parent thread.
    """

    def __init__(self, spec: MachineSpec, workdir: Path) -> None:
        self.spec = spec
        self.workdir = workdir
        self.serial: list[Console] = []
        self.started_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._sockets: Path | None = None
        self._qmp: Qmp | None = None
        self._shell: Shell | None = None
        self._plugged = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """QEMU's process id."""
        return self._running().pid

    @property
    def qmp(self) -> Qmp:
        """The machine protocol's connection."""
        if self._qmp is None:
            raise MachineError(f"{self.spec.name}: not started")
        return self._qmp

    @property
    def shell(self) -> Shell:
        """The test shell on the second serial line (only guests with the test overlay have it)."""
        if self._shell is None:
            self._shell = Shell(self.serial[1], self.check_alive)
        return self._shell

    def start(self) -> None:
        """Power on. Returns when the processor has begun to run."""
        self.workdir.mkdir(parents=True, exist_ok=True)
        self._sockets = Path(tempfile.mkdtemp(prefix="tajdeed-vm-", dir="/tmp"))
        log = self.workdir / "qemu.log"
        env = {
            **os.environ,
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "TMPDIR": str(self.workdir.resolve()),
        }
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                in_tools(self._arguments(self._sockets), cwd=Path("/")),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                env=env,
            )
        try:
            self._connect(self._sockets)
        except (QmpError, OSError) as error:
            self.stop()
            words = log.read_text(errors="replace")[-2000:]
            raise MachineError(f"{self.spec.name}: QEMU did not start: {words}") from error
        except BaseException:
            self.stop()
            raise
        self.started_at = time.monotonic()
        self.qmp.command("cont")

    def stop(self) -> None:
        """Pull the plug: end QEMU, whatever the guest does, and clean up."""
        if self._process is not None and self._process.poll() is None:
            try:
                if self._qmp is not None:
                    self._qmp.command("quit", timeout_s=5)
                    self._process.wait(10)
            except (QmpError, OSError, subprocess.TimeoutExpired):
                pass
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
        for console in self.serial:
            console.close()
        if self._qmp is not None:
            self._qmp.close()
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)

    @property
    def elapsed_s(self) -> float:
        """Seconds since power-on."""
        return time.monotonic() - self.started_at

    def running(self) -> bool:
        """Whether QEMU still runs and the guest has not switched itself off."""
        return self._running().poll() is None and self.qmp.event("SHUTDOWN") is None

    def check_alive(self) -> None:
        """Raise `MachineError` if QEMU has ended."""
        process = self._running()
        if process.poll() is not None:
            words = (self.workdir / "qemu.log").read_text(errors="replace")[-2000:]
            raise MachineError(f"{self.spec.name}: QEMU ended ({process.returncode}): {words}")

    def wait_for(self, pattern: str, timeout_s: float, *, serial: int = 0) -> float:
        """Wait for text on a serial line; seconds since power-on. A picture is kept on failure."""
        try:
            self.serial[serial].wait_for(pattern, timeout_s, alive=self.check_alive)
        except ConsoleTimeout:
            picture = self.workdir / "timeout.png"
            self.screenshot(picture)
            raise
        return self.elapsed_s

    def wait_off(self, timeout_s: float) -> str:
        """Wait until the guest has powered off; the reason as QEMU reports it."""
        deadline = time.monotonic() + timeout_s
        while self._running().poll() is None:
            if time.monotonic() > deadline:
                self.screenshot(self.workdir / "timeout.png")
                raise MachineError(f"{self.spec.name}: still running after {timeout_s:g} s")
            event = self.qmp.event("SHUTDOWN")
            if event is not None:
                return str(event["data"]["reason"])
            time.sleep(0.2)
        # QEMU may have ended between two looks: its last words are still in the socket.
        event = self.qmp.event("SHUTDOWN")
        if event is None:
            self.check_alive()
            raise MachineError(f"{self.spec.name}: QEMU ended without a shutdown of the guest")
        return str(event["data"]["reason"])

    def screenshot(self, path: Path) -> Path:
        """What the screen shows, as a PNG file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.qmp.command("screendump", filename=str(path.resolve()), format="png")
        return path

    def press(self, *keys: str) -> None:
        """Press keys one after the other, each by QEMU's name (`ret`, `f2`) or as `ctrl-alt-f2`."""
        for key in keys:
            codes = [{"type": "qcode", "data": code} for code in key.split("-")]
            self.qmp.command("send-key", keys=codes)
            time.sleep(0.08)

    def type_text(self, text: str, layout: Layout = "us") -> None:
        """Type text on a keyboard that has this layout in use."""
        self.press(*key_presses(text, layout))

    def plug(self, drive: Drive) -> None:
        """Hot-plug a drive (USB, virtio, NVMe or SCSI; QEMU's AHCI cannot)."""
        device = drive.device(position=20)
        if drive.bus in ("nvme", "virtio"):
            if self._plugged == self.spec.hotplug_ports:
                raise MachineError(f"{drive.name}: the machine has no hot-plug port left")
            device["bus"] = f"hotplug{self._plugged}"
            self._plugged += 1
        self.qmp.execute({"execute": "blockdev-add", "arguments": drive.block_node()})
        self.qmp.execute({"execute": "device_add", "arguments": device})

    def unplug(self, name: str, timeout_s: float = 20) -> None:
        """Pull out a drive; returns when the guest has let it go."""
        self.qmp.command("device_del", id=f"{name}-device")
        deadline = time.monotonic() + timeout_s
        while not any(
            event.get("event") == "DEVICE_DELETED"
            and event["data"].get("device") == f"{name}-device"
            for event in self.qmp.events
        ):
            self.qmp.poll()
            if time.monotonic() > deadline:
                raise MachineError(f"{name}: still plugged in after {timeout_s:g} s")
            time.sleep(0.05)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise MachineError(f"{self.spec.name}: not started")
        return self._process

    def _connect(self, sockets: Path) -> None:
        names = ["qmp", *[f"serial{n}" for n in range(self.spec.serials)]]
        deadline = time.monotonic() + 60
        while not all((sockets / name).exists() for name in names):
            self.check_alive()
            if time.monotonic() > deadline:
                raise MachineError(f"{self.spec.name}: QEMU did not come up within a minute")
            time.sleep(0.02)
        self.serial = [Console(sockets / name, f"{self.spec.name} {name}") for name in names[1:]]
        self._qmp = Qmp(sockets / "qmp")

    def _arguments(self, sockets: Path) -> list[str]:
        spec = self.spec
        machine = "q35"
        arguments: list[str] = []
        if spec.firmware != "bios":
            code, variables, secure = _FLASH[spec.firmware]
            if secure:
                machine += ",smm=on"
                arguments += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
                arguments += ["-global", "ICH9-LPC.disable_s3=1"]
            store = self.workdir / "variables.fd"
            if not (spec.keep_variables and store.exists()):
                shutil.copyfile(tools_root() / _OVMF / variables, store)
            flash = "if=pflash,format=raw"
            arguments += ["-drive", f"{flash},unit=0,readonly=on,file=/{_OVMF}/{code}"]
            arguments += ["-drive", f"{flash},unit=1,file={store.resolve()}"]
        if spec.shared_memory:
            machine += ",memory-backend=ram"
            size = f"{spec.memory_mib}M"
            arguments += ["-object", f"memory-backend-memfd,id=ram,size={size},share=on"]
        for number in range(spec.serials):
            path = sockets / f"serial{number}"
            log = (self.workdir / f"serial{number}.log").resolve()
            channel = f"socket,id=serial{number},path={path},server=on,wait=off,logfile={log}"
            arguments += ["-chardev", channel, "-serial", f"chardev:serial{number}"]
        for number in range(spec.hotplug_ports):
            port = f"pcie-root-port,id=hotplug{number},chassis={number + 1},slot={number + 1}"
            arguments += ["-device", port]
        arguments += ["-device", "qemu-xhci,id=usb,p2=8,p3=8"]
        if any(drive.bus == "scsi" for drive in spec.drives):
            arguments += ["-device", "virtio-scsi-pci,id=scsi"]
        if spec.network:
            arguments += ["-netdev", "user,id=net,ipv6=off"]
            arguments += ["-device", "e1000e,netdev=net,romfile="]
        if spec.dmi:
            fields = ",".join(f"{key}={value.replace(',', ',,')}" for key, value in spec.dmi)
            arguments += ["-smbios", f"type=1,{fields}"]
        positions: dict[str, int] = {}
        for drive in spec.drives:
            position = positions.setdefault(drive.bus, 0)
            positions[drive.bus] += 1
            arguments += [*drive.backend(), "-device", json.dumps(drive.device(position))]
        return [
            "qemu-system-x86_64",
            *["-name", spec.name, "-nodefaults", "-no-user-config", "-no-reboot", "-S"],
            *["-run-with", "exit-with-parent=on"],
            *["-machine", machine, *acceleration(spec.kvm)],
            *["-smp", str(spec.cpus), "-m", str(spec.memory_mib)],
            *["-vga", "std", "-display", spec.display],
            *["-rtc", "base=utc", "-device", "virtio-rng-pci"],
            *["-qmp", f"unix:{sockets / 'qmp'},server=on,wait=off"],
            *arguments,
            *spec.extra,
        ]
