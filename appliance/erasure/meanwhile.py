"""Something that looks on while a program that blocks has its order carried out."""

from __future__ import annotations

import threading
from typing import Self


class Meanwhile:
    """`look` runs in a thread of its own for the length of a `with` block, until `over` is set."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self._thread = threading.Thread(target=self.look, daemon=True)

    def look(self) -> None:
        """What is done meanwhile: a loop over `while not self.over.wait(...)`."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._thread.join()
