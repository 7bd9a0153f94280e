"""What the courier has found on the servers of `image.sources`: files that the engine reads.

For each server, by its place among the sources, a folder with the manifests as they came, and
what else was learnt in `found.json`. Nobody has judged anything yet: whoever reads them checks
signature and length.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from appliance.imaging.files import plain_bytes
from appliance.imaging.relay import NAME
from appliance.model import Reason, RecordError, from_json

FOUND_NAME = "found.json"
# A text file of an images directory on a server: one image's name a line.
INDEX_NAME = "index.txt"
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One server's answer. `lengths`: the data's bytes by image, -1 where it was not told.

    `asking`: nothing is known yet, and there is hope. `reasons`: what it does not give, and why.
    """

    source: str
    asking: bool = True
    lengths: dict[str, int]
    reasons: tuple[Reason, ...] = ()


def folder(root: Path, place: int) -> Path:
    """Where the manifests of the source at that place of the settings lie."""
    return root / "images" / str(place)


def found(root: Path, place: int, source: str) -> Found:
    """What is known of a source; still asking where the courier has said nothing about it."""
    nothing = Found(source=source, lengths={})
    try:
        said = from_json(
            Found, json.loads(plain_bytes(folder(root, place) / FOUND_NAME, _MOST_BYTES))
        )
    except (OSError, ValueError, RecordError):
        return nothing
    names_fit = all(NAME.fullmatch(name) for name in said.lengths)
    return said if said.source == source and names_fit else nothing
