"""`python -m tests.bench.jobs`: ten jobs of an agent, by calls, tokens, units and seconds."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.jobs.measure import measured
from tests.bench.jobs.table import written

PAGE = Path(__file__).with_name("README.md")


def main() -> int:
    """Measure, print the table, and write it down."""
    with TemporaryDirectory() as folder:
        page = written(asyncio.run(measured(Path(folder))))
    print(page)
    PAGE.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
