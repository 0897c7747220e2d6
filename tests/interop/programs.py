"""Small programs that are written for Nango, each run with an address and a key of Postroom's."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.environment import API_KEY
from tests.interop.packages import HERE, installed

TIMEOUT_S = 60
PROGRAMS = HERE / "programs"


@dataclass(frozen=True)
class Program:
    """A program that runs, and what it says line by line."""

    process: asyncio.subprocess.Process

    async def said(self) -> Any:
        """Return the next thing that it did; fails where it ended or says nothing."""
        assert self.process.stdout is not None
        async with asyncio.timeout(TIMEOUT_S):
            line = await self.process.stdout.readline()
        assert line, (await self._errors()).decode()
        return json.loads(line)

    async def rest(self) -> list[Any]:
        """Return what it did until it ended well."""
        assert self.process.stdout is not None
        async with asyncio.timeout(TIMEOUT_S):
            lines = (await self.process.stdout.read()).splitlines()
            status = await self.process.wait()
        assert status == 0, (await self._errors()).decode()
        return [json.loads(line) for line in lines]

    async def _errors(self) -> bytes:
        assert self.process.stderr is not None
        return await self.process.stderr.read()


@asynccontextmanager
async def running(name: str, *arguments: str, host: str, **environ: str) -> AsyncIterator[Program]:
    """Run one program; `environ` is what it has of its own, host and key are ours."""
    installed()
    node = shutil.which("node")
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        node,
        str(Path("programs") / f"{name}.mjs"),
        *arguments,
        cwd=HERE,
        env={**os.environ, **environ, "NANGO_HOST": host, "NANGO_SECRET_KEY": API_KEY},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
