"""What a file in `personalities/` is: one drive with a character, and what must be said of it.

A personality is a Python module, in the repository or anywhere else, with
- a docstring: its first line is the drive's title in the matrix;
- `BUS`: "sata", "nvme", "sas", "mmc" or "usb";
- `EXPECTED`: an `Expected`: what an honest certificate says of such a drive;
- `build(bench) -> Drive`: the drive (an `AtaDrive`, `NvmeController`, `ScsiDisk`, `Emmc` or
  `UsbDevice`, as the bus asks for), on a medium of `bench`;
- where it is wanted, `SLEEPS = True`: the PC is put to sleep before its plan is made;
- where it is wanted, `PSID`: what the technician reads on the drive's label and types at consent.

The medium comes filled with a donor's data, each block with a marker: see `donor.py`. Nothing of
it is known to the product; the drive's truth is what lies in its `Store` at the end.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal, get_args

from tests.drivelab.ata import AtaDrive
from tests.drivelab.clock import Clock
from tests.drivelab.donor import fill
from tests.drivelab.emmc import Emmc
from tests.drivelab.media import Store
from tests.drivelab.nvme import NvmeController
from tests.drivelab.scsi import ScsiDisk
from tests.drivelab.usb import UsbDevice

PERSONALITIES = Path(__file__).parent / "personalities"

Bus = Literal["sata", "nvme", "sas", "mmc", "usb"]
BUSES: tuple[Bus, ...] = get_args(Bus)
Truth = Literal["gone", "left", "untouched"]
Drive = AtaDrive | NvmeController | ScsiDisk | Emmc | UsbDevice


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the statement must say, and what must be true of the medium then.

    `outcome`, `level`, `method` (the last one tried; empty: none) as in the statement; `reason`:
    a code that its exceptions must hold, empty for none at all. `truth`: the donor's data is
    `gone` from the medium, some of it is `left`, or the medium is `untouched`. `honest`: the
    drive does what it says, so anything less than its best level is a false failure.
    """

    outcome: str
    level: str
    method: str
    reason: str = ""
    truth: Truth = "gone"
    honest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a personality builds its drive with. `directory` None: media in memory."""

    clock: Clock
    name: str
    directory: Path | None = None

    def store(self, mib: int = 48, block_bytes: int = 512, number: int = 0) -> Store:
        """A medium full of a donor's data; `number` for drives with several."""
        path = self.directory / f"{self.name}.{number}.medium" if self.directory else None
        store = Store((mib << 20) // block_bytes, block_bytes, path)
        fill(store)
        return store


@dataclass(frozen=True, slots=True, kw_only=True)
class Personality:
    """A loaded personality; `source` is its file."""

    name: str
    title: str
    source: Path
    bus: Bus
    expected: Expected
    build: Callable[[Bench], Drive]
    sleeps: bool = False
    psid: str = ""


def load(name_or_path: str) -> Personality:
    """A personality by name (`honest-ssd`), or by the path of its file (`./my-drive.py`).

    ValueError that says what is wrong with it.
    """
    source = Path(name_or_path)
    if source.suffix != ".py":
        source = PERSONALITIES / f"{name_or_path}.py"
    if not source.is_file():
        known = ", ".join(names())
        raise ValueError(f"{name_or_path}: no such personality, and no such file; known: {known}")
    module = _module(source.resolve())
    missing = [one for one in ("BUS", "EXPECTED", "build") if not hasattr(module, one)]
    if missing or not module.__doc__:
        what = ", ".join(missing) or "a docstring"
        raise ValueError(f"{source}: a personality needs {what}; see {__name__}")
    if module.BUS not in BUSES:
        raise ValueError(f"{source}: BUS is {module.BUS!r}, which is none of {', '.join(BUSES)}")
    return Personality(
        name=source.stem,
        title=module.__doc__.strip().splitlines()[0].rstrip("."),
        source=source.resolve(),
        bus=module.BUS,
        expected=module.EXPECTED,
        build=module.build,
        sleeps=getattr(module, "SLEEPS", False),
        psid=getattr(module, "PSID", ""),
    )


def names() -> tuple[str, ...]:
    """The repository's own personalities."""
    return tuple(sorted(path.stem for path in PERSONALITIES.glob("*.py")))


def _module(source: Path) -> ModuleType:
    name = f"tests.drivelab.personalities.{source.stem.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, source)
    if spec is None or spec.loader is None:
        raise ValueError(f"{source}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
