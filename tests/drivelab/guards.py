"""Every guard of the product can be taken away, and then a drive that lies gets away with it.

A guard is taken away by patching the stick's own copy of the sources, through the overlay that
only a test harness appends to the initramfs: the product has no switch for it. A patch names the
exact text that it replaces, so a guard that moves or changes breaks the table, not the proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.drivelab.matrix import Row, cell

_REPOSITORY = Path(__file__).resolve().parents[2]
_ON_THE_STICK = "usr/lib/tajdeed"
_CACHE_TAG = "cpython-313"  # Debian 13's Python


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """`before`, which stands in the file once, becomes `after`."""

    file: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """`without`: what the product does with the guard taken away. `drives`: personalities that
    it protects against; one of them at least must turn red then."""

    name: str
    without: str
    patches: tuple[Patch, ...]
    drives: tuple[str, ...]


GUARDS: tuple[Guard, ...] = (
    Guard(
        name="canaries and old samples",
        without="neither is looked for after a firmware's erase",
        patches=(
            Patch(
                file="appliance/erasure/canaries.py",
                before="            if block == planted[offset - where.offset :][: len(block)]\n",
                after="            if block == planted and not planted\n",
            ),
            Patch(
                file="appliance/erasure/samples.py",
                before="            if offset in self._macs\n",
                after="            if offset in ()\n",
            ),
        ),
        drives=(
            *("security-erase-liar", "liar", "crypto-keeps-key"),
            *("nvme-sanitize-liar", "nvme-crypto-keeps-key"),
        ),
    ),
    Guard(
        name="in-progress seen",
        without="a command that was accepted counts, also when nobody saw it run",
        patches=(
            Patch(
                file="appliance/model.py",
                before="        return self.accepted and bool(self.seen) and self.reported == "
                '"success"\n',
                after='        return self.accepted and self.reported in ("success", "idle")\n',
            ),
            Patch(
                file="appliance/erasure/firmware.py",
                before='    if order.reported == "idle":\n',
                after='    if order.reported == "idle" and not order.accepted:\n',
            ),
            Patch(
                file="appliance/erasure/firmware.py",
                before="    if not order.seen:\n",
                after="    if not order.seen and not order.accepted:\n",
            ),
        ),
        drives=("sanitize-idle-log", "nvme-sanitize-idle-log"),
    ),
    Guard(
        name="identity check",
        without="whoever answers is taken for the drive of the plan",
        patches=(
            Patch(
                file="appliance/erasure/site.py",
                before="    planned = replace(drive.identity, wwn=part.wwn)\n",
                after="    planned = found.identity\n",
            ),
        ),
        drives=("identity-changes", "swaps-names-one", "swaps-names-other"),
    ),
    Guard(
        name="hidden-area re-read",
        without="a hidden area counts as removed once that was ordered",
        patches=(
            Patch(
                file="appliance/erasure/uncovering.py",
                before="    return hidden.since(hidden.hidden_areas(before), "
                "hidden.hidden_areas(site.drive))\n",
                after="    return hidden.since(hidden.hidden_areas(before), ())\n",
            ),
        ),
        drives=("hpa-keeps-the-rest", "hpa-locked"),
    ),
    Guard(
        name="full verification",
        without="what is read back is not compared",
        patches=(
            Patch(
                file="appliance/erasure/readback.py",
                before="        for where, looks in judge.differences(data, block.offset):\n",
                after="        for where, looks in ():\n",
            ),
        ),
        drives=("ignores-writes", "gives-back-old-data", "fake-capacity", "write-cache-lies"),
    ),
    Guard(
        name="exit states",
        without="a command that stalls, or falls silent, has succeeded",
        patches=(
            Patch(
                file="appliance/erasure/watching.py",
                before='    reported: str = "unknown"\n',
                after='    reported: str = "success"\n',
            ),
        ),
        drives=("sanitize-stuck-readable",),
    ),
    Guard(
        name="plausibility",
        without="a claim that physics forbids is believed",
        patches=(
            Patch(
                file="appliance/erasure/plausibility.py",
                before="    if drive.media is Media.MAGNETIC and writes_all and",
                after="    if drive.media is Media.FLASH and writes_all and",
            ),
        ),
        drives=("implausibly-quick-overwrite",),
    ),
)


def patched(guard: Guard) -> dict[str, str]:
    """The patched files; ValueError where a patch does not fit the sources any more."""
    sources: dict[str, str] = {}
    for patch in guard.patches:
        text = sources.get(patch.file) or (_REPOSITORY / patch.file).read_text()
        if text.count(patch.before) != 1:
            raise ValueError(
                f"{guard.name}: {patch.before!r} stands {text.count(patch.before)} times in "
                f"{patch.file}"
            )
        sources[patch.file] = text.replace(patch.before, patch.after)
    return sources


def taken_away(guard: Guard) -> dict[str, tuple[bytes, int]]:
    """The same as files of the stick's overlay."""
    files = {}
    for name, text in patched(guard).items():
        path = Path(_ON_THE_STICK, name)
        files[str(path)] = (text.encode(), 0o644)
        # The stick never compares its compiled code with the sources; an empty file is none.
        compiled = path.parent / "__pycache__" / f"{path.stem}.{_CACHE_TAG}.pyc"
        files[str(compiled)] = (b"", 0o644)
    return files


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """What became of the drives with a guard taken away."""

    guard: str
    without: str
    rows: tuple[Row, ...]

    @property
    def red(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.problems)


def guards_report(runs: Sequence[Without], elapsed_s: float) -> str:
    """The guards' table, in Markdown."""
    lines = [
        "## The guards carry weight",
        "",
        "Each guard was taken away from the stick's own copy of the product, and the drives that",
        "it protects against were erased again. A guard that nothing turns red for is decoration.",
        "",
        "| guard taken away | then | drives | what went wrong |",
        "| --- | --- | --- | --- |",
    ]
    for run in runs:
        wrong = "; ".join(f"`{row.name}`: {'; '.join(row.problems)}" for row in run.red)
        drives = ", ".join(f"`{row.name}`" for row in run.rows)
        cells = (run.guard, run.without, drives, wrong or "**nothing**")
        lines.append("| " + " | ".join(map(cell, cells)) + " |")
    red = sum(bool(run.red) for run in runs)
    lines += ["", f"{red} of {len(runs)} guards turn the matrix red, {elapsed_s:.0f} s."]
    return "\n".join(lines) + "\n"
