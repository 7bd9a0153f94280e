"""Waiting between tries: longer after each failure, and not all sticks at once."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(slots=True)
class Patience:
    """Waiting that doubles after each failure, with a random part so that sticks spread out."""

    first_s: float
    longest_s: float = 300.0
    failures: int = 0
    next_at: float = 0.0

    def due(self, now: float) -> bool:
        return now >= self.next_at

    def failed(self, now: float) -> None:
        wait = min(self.longest_s, self.first_s * 2**self.failures)
        self.failures = min(self.failures + 1, 30)
        # Spreading load, nothing secret.
        self.next_at = now + wait * random.uniform(0.7, 1.3)  # noqa: S311

    def worked(self) -> None:
        self.failures, self.next_at = 0, 0.0
