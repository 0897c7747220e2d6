"""Run a command as a person does, in a process of its own, or by a call, which takes a tenth."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from unittest.mock import patch

from infra.archives import ROOT
from shared.commands.__main__ import main


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


async def started(environ: Mapping[str, str], *arguments: str) -> Said:
    """Run it in a process of its own, in which nothing but the command logs or prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.commands", *arguments),
        cwd=ROOT,
        env=_environ(environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Said(process.returncode or 0, out.decode(), err.decode())


async def called(environ: Mapping[str, str], *arguments: str) -> Said:
    """Run it in a thread: it has a loop of its own, and the system it asks answers in ours."""
    out, err, mask = StringIO(), StringIO(), os.umask(0o077)
    with (
        patch.dict(os.environ, _environ(environ), clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            code = await asyncio.to_thread(main, arguments)
        finally:
            os.umask(mask)
    return Said(code, out.getvalue(), err.getvalue())


def _environ(environ: Mapping[str, str]) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if "POSTROOM" not in name}
    return {**clean, **environ}
