"""Sparse files: copying only what is there, and telling how much that is."""

import os
from pathlib import Path

from imagebuilder.demo.markers import data_extents


def make_sparse(path: Path, size_bytes: int) -> Path:
    """An empty file of that size which takes no room."""
    with path.open("wb") as stream:
        stream.truncate(size_bytes)
    return path


def copy_sparse(source: Path, target: Path, offset: int = 0) -> None:
    """Copy the parts of `source` that are no holes into the existing file `target` at `offset`."""
    with source.open("rb", buffering=0) as reader, target.open("r+b", buffering=0) as writer:
        for begin, end in data_extents(reader.fileno()):
            while begin < end:
                copied = os.copy_file_range(
                    reader.fileno(), writer.fileno(), end - begin, begin, offset + begin
                )
                if not copied:
                    raise OSError(f"{source}: ends before {end}")
                begin += copied
