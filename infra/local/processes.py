"""The demo's processes: started with a log file each, watched, and stopped in order."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.local.functions import ROOT
from infra.local.loopback import loopback_client

START_S = 60.0
STOP_S = 10.0
LOOK_S = 0.05
WATCHDOG = "infra.local.parent_watchdog"


class DemoError(Exception):
    """The demo cannot go on; the message tells a person what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process of ours: `python -m module arguments`, alive once `url` answers."""

    name: str
    module: str
    arguments: Sequence[str]
    url: str


@dataclass(frozen=True, slots=True)
class Running:
    """A started program; its output goes to `log`."""

    program: Program
    process: asyncio.subprocess.Process
    log: Path

    async def wait_for_end(self) -> str:
        """Wait for the process to end by itself; return what to tell a person."""
        code = await self.process.wait()
        return f"{self.program.name} stopped with exit code {code}. {self.last_words()}"

    def last_words(self) -> str:
        """Return the end of the log, and where the rest is."""
        lines = self.log.read_text(errors="replace").strip().splitlines()[-8:]
        return "\n".join([f"The end of {self.log}:", *(f"  {line}" for line in lines)])


@asynccontextmanager
async def running(program: Program, logs: Path) -> AsyncIterator[Running]:
    """Run a program for the block's length. Raises DemoError if it does not come up.

    `logs` is an existing directory. The process gets a session of its own,
    so that Ctrl-C reaches the demo alone and the stop has an order; where the demo is killed,
    its watchdog ends it.
    """
    log = logs / f"{program.name}.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", WATCHDOG, program.module, *program.arguments),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    started = Running(program, process, log)
    try:
        await _up(started)
        yield started
    finally:
        await asyncio.shield(_stop(process))


async def _up(started: Running) -> None:
    async with loopback_client(timeout=2) as client:
        with suppress(TimeoutError):
            async with asyncio.timeout(START_S):
                while started.process.returncode is None:
                    with suppress(httpx.HTTPError):
                        await client.get(started.program.url)
                        return
                    await asyncio.sleep(LOOK_S)
    raise DemoError(f"{started.program.name} did not start. {started.last_words()}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
