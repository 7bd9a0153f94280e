"""`python -m tests.bench [NAME...]`: run benchmarks and print ours, peer, ratio, limit.

Exit status 0 when everything was measured, whether the goals were met or not (they are
printed as MISSED); 1 when something could not be measured; 2 for an unknown name.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import traceback
from pathlib import Path

import tests.bench
from tests.bench.figures import Figure, machine, save, table

_NO_BENCHMARKS = {"__main__", "contest", "figures"}


def names() -> list[str]:
    """The benchmarks that there are."""
    found = {module.name for module in pkgutil.iter_modules(tests.bench.__path__)}
    return sorted(found - _NO_BENCHMARKS)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}")
    parser.add_argument("--report", type=Path, default=Path("dist/reports/bench.json"))
    wanted = parser.parse_args(arguments)
    unknown = sorted(set(wanted.names) - set(names()))
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    results: dict[str, list[Figure]] = {}
    failed = False
    for name in wanted.names or names():
        module = importlib.import_module(f"tests.bench.{name}")
        first_line = (module.__doc__ or name).splitlines()[0]
        print(f"{name}: {first_line}\n  on {machine()}", flush=True)
        try:
            results[name] = list(module.measure())
        except Exception:  # one benchmark that fails must not hide the others
            traceback.print_exc()
            failed = True
            continue
        print(f"{table(results[name])}\n", flush=True)
    save(dict(results), wanted.report)
    missed = [one.what for found in results.values() for one in found if one.met is False]
    print(f"goals missed: {len(missed)}" + "".join(f"\n  {what}" for what in missed))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
