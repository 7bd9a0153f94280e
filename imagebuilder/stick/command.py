"""`stick`: builds `dist/tajdeed.img`, and the parts that personal sticks are made from."""

import argparse
import hashlib
from pathlib import Path

from imagebuilder import room
from imagebuilder.console import say
from imagebuilder.stick.application import REPOSITORY, application_layer
from imagebuilder.stick.base import stick_base
from imagebuilder.stick.initrd import initrd
from imagebuilder.stick.writer import Parts, write_stick

# The goals for the system with firmware, and for what is in use when the drives are listed.
SYSTEM_GOAL_MIB = 350
MEMORY_GOAL_MIB = 250


def stick_parts() -> Parts:
    """Base (cached), application layer and initramfs of the repository as it is now."""
    base = stick_base()
    return Parts(
        base=base,
        app=application_layer(base, REPOSITORY / "build/stick"),
        initrd=initrd(base),
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`stick [--output FILE]`."""
    parser.add_argument("--output", type=Path, default=REPOSITORY / "dist/tajdeed.img")


def command(args: argparse.Namespace) -> int:
    """Build the stick that belongs to nobody yet: no settings, no trust, no images."""
    room.warn("stick")
    written = write_stick(args.output, stick_parts())
    size_mib = written.system_bytes / 2**20
    say(f"{args.output}: system {size_mib:.0f} MiB (goal: at most {SYSTEM_GOAL_MIB})")
    with args.output.open("rb") as stream:
        say(f"SHA-256 {hashlib.file_digest(stream, 'sha256').hexdigest()}")
    return 0
