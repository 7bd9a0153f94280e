"""`run`: boots the stick in a virtual PC, its screen on this terminal, to try things by hand.

The terminal is the machine's serial console; the PC's real screen is offered by VNC. Ctrl-] ends
it. The stick's writes are lost; the drives are kept below build/run. A drive may be a character
of the drive laboratory (tests/drivelab): those are new each time, their journals lie there, too.
"""

import argparse
import os
import select
import shutil
import sys
import termios
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from imagebuilder.console import say
from imagebuilder.stick.application import REPOSITORY
from imagebuilder.stick.command import stick_parts
from imagebuilder.stick.writer import Personal, write_stick
from imagebuilder.vm import Drive, Machine, MachineSpec, stick_drive
from imagebuilder.vm.drive import Bus

_DRIVES = "BUS:SIZE, BUS:PATH, a simulated drive (honest-ssd, ignores-writes, ./mine.py), ..."
_END = b"\x1d"
_UNITS = {"M": 2**20, "G": 2**30}
_BUSES: dict[str, Bus] = {"sata": "sata", "nvme": "nvme", "usb": "usb", "virtio": "virtio"}


def drive_from_text(text: str, number: int, directory: Path) -> Drive:
    """A drive from `BUS:SIZE` (a fresh or kept file, `sata:4G`) or `BUS:PATH` (a raw image).

    Raises `ValueError` with what is wrong.
    """
    bus, _, what = text.partition(":")
    if bus not in _BUSES or not what:
        raise ValueError(f"{text!r}: not BUS:SIZE or BUS:PATH with BUS of {', '.join(_BUSES)}")
    source = Path(what)
    if what[:-1].isdigit() and what[-1] in _UNITS:
        source = directory / f"drive{number}-{bus}.img"
        size_bytes = int(what[:-1]) * _UNITS[what[-1]]
        if not source.exists() or source.stat().st_size != size_bytes:
            with source.open("wb") as stream:
                stream.truncate(size_bytes)
    elif not source.is_file():
        raise ValueError(f"{source}: no such drive image")
    return Drive(
        name=f"drive{number}",
        source=source,
        bus=_BUSES[bus],
        serial=f"TRY{bus.upper()}{number:04d}",
    )


@contextmanager
def simulated(texts: Sequence[str], directory: Path) -> Iterator[tuple[str, ...]]:
    """QEMU's arguments for drives of the laboratory, by name or by path, while they run.

    Raises `ValueError` for one that is not known.
    """
    if not texts:
        yield ()
        return
    # The laboratory belongs to the tests; only who asks for its drives needs it.
    from tests.drivelab.laboratory import Laboratory
    from tests.drivelab.personality import load

    shutil.rmtree(directory, ignore_errors=True)
    with Laboratory([load(text) for text in texts], directory) as laboratory:
        yield laboratory.arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`run [--drives D,...] [--firmware F] [--memory MIB] [--stick FILE]`."""
    parser.add_argument("--drives", default="sata:2G,nvme:2G", help=_DRIVES)
    parser.add_argument(
        "--firmware", default="secureboot", choices=("bios", "uefi", "secureboot", "ia32")
    )
    parser.add_argument("--memory", type=int, default=2048, help="MiB")
    parser.add_argument("--stick", type=Path, help="a stick that was written already")
    parser.add_argument("--words", default="", help="more words for the kernel command line")


def command(args: argparse.Namespace) -> int:
    """Boot and attach; returns when the PC is switched off or Ctrl-] is pressed."""
    directory = REPOSITORY / "build/run"
    directory.mkdir(parents=True, exist_ok=True)
    texts = [text for text in args.drives.split(",") if text]
    try:
        drives = [
            drive_from_text(text, number, directory)
            for number, text in enumerate(texts, 1)
            if ":" in text
        ]
        with simulated([text for text in texts if ":" not in text], directory / "lab") as extra:
            _boot(args, drives, extra, directory)
    except ValueError as error:
        say(str(error))
        return 2
    return 0


def _boot(
    args: argparse.Namespace, drives: Sequence[Drive], extra: tuple[str, ...], directory: Path
) -> None:
    stick = args.stick
    if stick is None:
        stick = directory / "stick.img"
        words = f"tajdeed.console=ttyS0 {args.words}"
        write_stick(stick, stick_parts(), Personal(command_line=words))
    vnc = directory / "screen.vnc"
    spec = MachineSpec(
        name="try",
        firmware=args.firmware,
        memory_mib=args.memory,
        network=True,
        drives=(stick_drive(stick), *drives),
        display=f"vnc=unix:{vnc}",
        shared_memory=bool(extra),
        extra=extra,
    )
    with Machine(spec, directory) as machine:
        say(f"The PC's own screen: VNC on the socket {vnc}. Ctrl-] switches it off.")
        _attach(machine)


def _attach(machine: Machine) -> None:
    """This terminal becomes the machine's serial console."""
    shown = 0
    interactive = os.isatty(sys.stdin.fileno())
    before = termios.tcgetattr(sys.stdin) if interactive else None
    if interactive:
        tty.setraw(sys.stdin)
    try:
        while machine.running():
            raw = machine.serial[0].raw
            if len(raw) > shown:
                sys.stdout.buffer.write(raw[shown:])
                sys.stdout.buffer.flush()
                shown = len(raw)
            readable, _, _ = select.select([sys.stdin] if interactive else [], [], [], 0.05)
            if readable:
                keys = os.read(sys.stdin.fileno(), 1024)
                if _END in keys:
                    return
                machine.serial[0].send(keys.decode(errors="replace"))
    finally:
        if before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
            sys.stdout.write("\x1b[0m\x1b[?25h\r\n")
