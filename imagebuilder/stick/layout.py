"""The partitions of a written stick, and their fresh identities.

p1 first, so that an old Windows, which shows only the first partition of a removable medium,
shows the right one; p3 holds GRUB's core for BIOS. Reads and writes nothing.
"""

import uuid
from dataclasses import dataclass

MIB = 2**20
SECTOR_BYTES = 512

# Partition types (UEFI specification, 5.3.3, and their owners' lists).
_BASIC_DATA = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
_EFI_SYSTEM = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
_BIOS_BOOT = "21686148-6449-6E6F-744E-656564454649"
_LINUX_DATA = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """A partition: number, type, GPT name, unique GUID (lower case), place in MiB."""

    number: int
    kind: str
    name: str
    guid: str
    start_mib: int
    size_mib: int

    @property
    def offset_bytes(self) -> int:
        """Where it begins on the medium."""
        return self.start_mib * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A whole stick. `total_mib` includes the backup partition table."""

    guid: str
    data: Partition
    system: Partition
    bios: Partition
    state: Partition
    total_mib: int

    def table(self) -> str:
        """The partition table as sfdisk's script (sfdisk(8))."""
        lines = ["label: gpt", f"label-id: {self.guid}", "first-lba: 34"]
        for part in (self.data, self.system, self.bios, self.state):
            start, size = (mib * MIB // SECTOR_BYTES for mib in (part.start_mib, part.size_mib))
            lines.append(
                f'{part.number}: start={start}, size={size}, type={part.kind}, name="{part.name}", '
                f"uuid={part.guid}"
            )
        return "\n".join(lines) + "\n"


def stick_layout(*, data_mib: int, system_mib: int, state_mib: int) -> Layout:
    """A layout with new random identities. p2's name is its own GUID: the kernel shows names."""
    bios = _partition(3, _BIOS_BOOT, "tajdeed-bios", 1, 1)
    data = _partition(1, _BASIC_DATA, "TAJDEED", 2, data_mib)
    state = _partition(4, _LINUX_DATA, "tajdeed-state", data.start_mib + data_mib, state_mib)
    start_mib = state.start_mib + state_mib
    guid = str(uuid.uuid4())
    system = Partition(
        number=2, kind=_EFI_SYSTEM, name=guid, guid=guid, start_mib=start_mib, size_mib=system_mib
    )
    return Layout(
        guid=str(uuid.uuid4()),
        data=data,
        system=system,
        bios=bios,
        state=state,
        total_mib=start_mib + system_mib + 1,
    )


def _partition(number: int, kind: str, name: str, start_mib: int, size_mib: int) -> Partition:
    return Partition(
        number=number,
        kind=kind,
        name=name,
        guid=str(uuid.uuid4()),
        start_mib=start_mib,
        size_mib=size_mib,
    )
