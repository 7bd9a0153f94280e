"""Personalities dealt out over few guest boots, and one such boot: drives in, rows out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from imagebuilder.vm import ConsoleTimeout, Machine, MachineError, MachineSpec, stick_drive
from imagebuilder.vm.qmp import QmpError
from tests.drivelab.guest import erase_all
from tests.drivelab.laboratory import Laboratory
from tests.drivelab.matrix import Row, row
from tests.drivelab.personality import Personality

# SeaBIOS keeps room for 16 disks; with more, one boot in seven did not find the stick.
_DRIVES_A_BOOT = 9
_ERASING_S = 1500
# What says that a boot was lost, and nothing of its drives.
LOST = (ConsoleTimeout, MachineError, QmpError, LookupError)


def in_boots(everyone: Sequence[Personality]) -> Iterator[Sequence[Personality]]:
    """In the order given, as many as one boot takes; those that the PC sleeps for are apart."""
    for sleeps in (False, True):
        some = [one for one in everyone if one.sleeps is sleeps]
        for first in range(0, len(some), _DRIVES_A_BOOT):
            yield some[first : first + _DRIVES_A_BOOT]


def pc(stick: Path, laboratory: Laboratory) -> MachineSpec:
    """The virtual PC that such drives are plugged into."""
    return MachineSpec(
        name="lab",
        drives=(stick_drive(stick),),
        memory_mib=1536,
        shared_memory=True,
        extra=laboratory.arguments,
    )


def boot(stick: Path, personalities: Sequence[Personality], directory: Path) -> list[Row]:
    """One virtual PC with these drives, erased; media, journals and statements (`NAME.jws`) are
    in `directory`/drives then."""
    with Laboratory(personalities, directory / "drives") as laboratory:
        with Machine(pc(stick, laboratory), directory / "pc") as machine:
            found = erase_all(machine, laboratory, _ERASING_S)
        if laboratory.complaints():
            raise RuntimeError(laboratory.complaints())
        for name, one in found.items():
            (laboratory.directory / f"{name}.jws").write_bytes(one.signed)
        return [
            row(
                personality.name,
                personality.title,
                personality.expected,
                planned=found[personality.name].planned,
                statement=found[personality.name].statement,
                left_bytes=laboratory.left_bytes(personality),
                size_bytes=laboratory.size_bytes(personality),
            )
            for personality in personalities
        ]
