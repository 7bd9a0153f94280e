"""What a benchmark says: one row a figure, with the goal, and `missed` where it was missed.

A benchmark is a module (or package) of `tests.bench` with `measure() -> Iterable[Figure]`
and a docstring whose first line says what it measures.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`met` is None where there is no goal; texts come with their units."""

    what: str
    ours: str
    peer: str = ""
    ratio: str = ""
    limit: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return "" if self.met is None else ("met" if self.met else "MISSED")


_HEADINGS = ("what", "ours", "peer", "ratio", "limit", "")


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned text."""
    rows = [_HEADINGS] + [
        (one.what, one.ours, one.peer, one.ratio, one.limit, one.verdict) for one in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def machine() -> str:
    """CPU and load, without which no figure means anything."""
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{model}, {os.cpu_count()} CPUs, load {load}"


def save(results: dict[str, Iterable[Figure]], path: Path) -> None:
    """The same figures for programs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {
        "machine": machine(),
        "figures": {name: [asdict(one) for one in found] for name, found in results.items()},
    }
    path.write_text(json.dumps(data, indent=2) + "\n")
