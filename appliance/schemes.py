"""Overwrite schemes as data: what is written over a drive, pass by pass, and what is read back.

A scheme changes what a contract asks for, not the level: an overwrite of addressable blocks is
Clear with one pass as with seven (NIST SP 800-88 Rev. 2). A donor's contract adds one in
station.yaml. Only a keyed stream as the last pass can be read again by somebody else later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from appliance.model import Scheme

KEYED, ZEROS, ONES, COMPLEMENT, BYTE = "keyed-stream", "zeros", "ones", "complement", "byte-"
FORM = "^(keyed-stream|zeros|ones|complement|byte-[0-9a-f]{2})$"
MOST_PASSES = 35

SCHEMES = (
    Scheme(name="one-pass", passes=(KEYED,), verify="last"),
    Scheme(name="zeros", passes=(ZEROS,), verify="last"),
    # DoD 5220.22-M, 8-306: a character, its complement, then random data, verified.
    Scheme(name="dod-3", passes=(ZEROS, COMPLEMENT, KEYED), verify="last"),
)
NAMES = tuple(scheme.name for scheme in SCHEMES)


def named(name: str, added: Iterable[Mapping[str, Any]] = ()) -> Scheme | None:
    """The scheme of a name, of ours or of station.yaml's; None where there is none."""
    known = {scheme.name: scheme for scheme in SCHEMES}
    known |= {one.name: one for one in map(from_settings, added)}
    return known.get(name)


def from_settings(entry: Mapping[str, Any]) -> Scheme:
    """A scheme as station.yaml writes it: name, passes, verify (last by default)."""
    return Scheme(
        name=entry["name"], passes=tuple(entry["passes"]), verify=entry.get("verify", "last")
    )


def problem(scheme: Scheme) -> str:
    """What is wrong with a scheme that has the right form; empty: nothing."""
    if scheme.name in NAMES:
        return "name"
    before = ""
    for one in scheme.passes:
        if one == COMPLEMENT and not constant(before):
            return "complement"
        before = _resolved(one, before)
    return ""


def constant(name: str) -> bool:
    """Whether a pass writes one byte everywhere."""
    return name in (ZEROS, ONES) or name.startswith(BYTE)


def resolved(passes: Iterable[str]) -> tuple[str, ...]:
    """The passes with every complement named by the byte that it writes."""
    found: list[str] = []
    for one in passes:
        found.append(_resolved(one, found[-1] if found else ""))
    return tuple(found)


def byte_of(name: str) -> int:
    """The byte that a constant pass writes; ValueError for another pass."""
    if not constant(name):
        raise ValueError(f"{name} writes no constant byte")
    if name.startswith(BYTE):
        return int(name.removeprefix(BYTE), 16)
    return 0x00 if name == ZEROS else 0xFF


def _resolved(name: str, before: str) -> str:
    if name != COMPLEMENT:
        return name
    value = byte_of(before) ^ 0xFF
    return {0x00: ZEROS, 0xFF: ONES}.get(value, f"{BYTE}{value:02x}")
