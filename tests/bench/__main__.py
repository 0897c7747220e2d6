"""`python -m tests.bench`: measure everything, print it, write the report and its chart.

`--quick` is for looking whether all of it runs; `--only backfill,push` leaves parts out. Only a
whole run at full size writes `tests/bench/README.md`.
"""

import argparse
import asyncio
import importlib
import tempfile
import time
import traceback
from pathlib import Path

from tests.bench.figures import Figure, table
from tests.bench.report import write
from tests.bench.scale import QUICK, Scale

MEASURES = (
    "backfill",
    "cpu",
    "push",
    "own_syncs",
    "delta",
    "cold_start",
    "whole_cold_start",
    "agents",
    "console",
    "throughput",
    "sending",
    "bulk_sending",
    "google_server",
    "peak",
)


async def measured(name: str, scale: Scale) -> list[Figure]:
    """Run one part in a directory of its own; a part that fails is named, and the rest goes on."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        try:
            module = importlib.import_module(f"tests.bench.{name}")
            figures: list[Figure] = await module.measure(Path(directory), scale)
        except Exception:  # noqa: BLE001  whatever it is, the other parts are still worth having
            traceback.print_exc()
            print(f"FAILED: {name}")
            return []
    print(f"\n{table(figures)}({name}: {time.perf_counter() - began:.0f} s)", flush=True)
    return figures


async def run(names: list[str], scale: Scale) -> list[Figure]:
    """Run the parts one after the other: they share the machine's cores."""
    figures: list[Figure] = []
    for name in names:
        figures += await measured(name, scale)
    return figures


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--only", default=",".join(MEASURES))
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    names = chosen.only.split(",")
    began = time.perf_counter()
    figures = asyncio.run(run(names, QUICK if chosen.quick else Scale()))
    missed = [figure.name for figure in figures if figure.met is False]
    if names == list(MEASURES) and not chosen.quick:
        write(figures, time.perf_counter() - began)
    print(f"{len(figures)} figures; aims missed: {', '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
