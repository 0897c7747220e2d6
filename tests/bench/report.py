"""The report: tables in README.md between two marks, and a chart beside it."""

import asyncio
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.bench.figures import Figure, table
from tests.bench.peers import NoEnvironmentError, environment, run_program

HERE = Path(__file__).parent
README = HERE / "README.md"
CHART = HERE / "report.png"
BEGIN, END = "<!-- figures begin -->", "<!-- figures end -->"


def machine() -> str:
    """Return what kind of machine this is, not which one."""
    memory = psutil.virtual_memory().total / 2**30
    cores = os.cpu_count()
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    load = os.getloadavg()[2]
    return f"{cores} cores (load {load:.0f}), {memory:.0f} GB, {system}"


def write(figures: Sequence[Figure], took_s: float) -> None:
    """Put the figures into the report and draw the chart."""
    day = datetime.now(UTC).date().isoformat()
    head = f"Measured {day} on {machine()}, in {took_s / 60:.0f} minutes."
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n{head}\n\n{table(figures)}{END}{after}")
    try:
        asyncio.run(_draw(figures))
    except NoEnvironmentError as error:
        print(f"SKIPPED: no chart: {error}")


async def _draw(figures: Sequence[Figure]) -> None:
    python = await environment()
    drawn = [asdict(figure) for figure in figures]
    await run_program(python, HERE / "chart.py", json.dumps(drawn), str(CHART))
