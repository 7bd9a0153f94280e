"""`python -m tests.drivelab.guardbench NAME DIRECTORY`: a drive erased by the product that stands
in the current directory, without a virtual PC; what came of it, as JSON.

For a product without one of its guards (see `guards`): a process of its own, for the patched
modules must be the only ones. A stall is waited for one second.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from appliance.erasure.watching import Patience
from tests.drivelab.atabench import AtaBench
from tests.drivelab.donor import left_bytes


def main(name: str, directory: Path) -> None:
    """Erase it and say how that ended."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "appliance.erasure.atasanitize.patience",
            lambda site: Patience(poll_s=0.02, stall_s=1.0),
        )
        bench = AtaBench(name, directory, patch)
        result = bench.erase()
        bench.close()
    found = {
        "outcome": result.outcome.value,
        "level": result.level.value,
        "method": result.attempts[-1].method if result.attempts else "",
        "left_bytes": left_bytes(directory / f"{name}.0.medium"),
    }
    print(json.dumps(found), flush=True)
    # The simulated drive's clock is a thread that never ends.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
