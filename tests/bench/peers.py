"""Others on the same mailbox, in an environment of their own that the bench makes."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local.functions import ROOT
from tests.bench.figures import Figure
from tests.bench.google_account import access_token
from tests.bench.laptop import EMAIL, Laptop
from tests.bench.scale import Scale

ENVIRONMENT = ROOT / ".local" / "bench"
REQUIREMENTS = ROOT / "tests" / "bench" / "requirements-bench.txt"
LIEER = "lieer==1.6"
"""Installed without notmuch2, which needs a C library: only its Gmail half is measured."""
NAMES = {
    "single": "google-api-python-client, one get after the other",
    "batch": "google-api-python-client, batches of 50",
    "lieer": "lieer 1.6 (its Gmail half, without its index)",
}
TIME_LIMIT_S = 240
AT_ONCE = 15


class NoEnvironmentError(Exception):
    """The environment of the others could not be made; the message says why."""


async def environment() -> Path:
    """Return the interpreter of the others' environment, made if it is not there."""
    return await made_environment(ENVIRONMENT, REQUIREMENTS, LIEER)


async def made_environment(folder: Path, requirements: Path, *alone: str) -> Path:
    """Return the interpreter of an environment with these packages; `alone` come by themselves.

    Raises NoEnvironmentError.
    """
    python = folder / "bin" / "python"
    if python.exists():
        return python
    uv = str(Path(sys.executable).parent / "uv")
    await _run((uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)))
    install = (uv, "pip", "install", "-q", "--python", str(python))
    try:
        await _run((*install, "-r", str(requirements)))
        if alone:
            await _run((*install, "--no-deps", *alone))
    except NoEnvironmentError:
        python.unlink(missing_ok=True)
        raise
    return python


async def run_program(python: Path, program: Path, *arguments: str) -> bytes:
    """Run a program of the bench there; answer what it printed. Raises NoEnvironmentError."""
    return await _run((str(python), str(program), *arguments))


async def _run(command: Sequence[str]) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(TIME_LIMIT_S):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise NoEnvironmentError(f"{command[0]} took too long") from None
    if process.returncode:
        raise NoEnvironmentError(err.decode(errors="replace")[-600:])
    return out


async def read_by_others(machine: Laptop, scale: Scale, our_rate: float) -> list[Figure]:
    """Let each read the mailbox; one that fails is named loudly and left out."""
    try:
        python = await environment()
    except NoEnvironmentError as error:
        print(f"SKIPPED: nobody to compare with: {error}")
        return []
    figures: list[Figure] = []
    for mode, name in NAMES.items():
        count = scale.single_messages if mode == "single" else scale.peer_messages
        try:
            figures += await _read_by(machine, python, mode, count, our_rate)
        except NoEnvironmentError as error:
            print(f"SKIPPED: {name}: {error}")
    return figures


async def _read_by(
    machine: Laptop, python: Path, mode: str, count: int, our_rate: float
) -> list[Figure]:
    token = await access_token(machine.google, EMAIL, machine.callback)
    await _drained(machine, token)
    before = await machine.stats()
    program = Path(__file__).with_name("peer_programs.py")
    out = await run_program(python, program, machine.google_url, token, mode, str(count))
    said = json.loads(out.splitlines()[-1])
    after = await machine.stats()
    units, refused = (after[name] - before[name] for name in ("units", "refused"))
    rate, name = said["messages"] / said["seconds"], NAMES[mode]
    return [
        Figure("peers", f"{name}: units per message", units / said["messages"]),
        Figure("peers", f"{name}: messages a second", rate),
        Figure("peers", f"{name}: how many times faster Postroom is", our_rate / rate, "x"),
        Figure("peers", f"{name}: refused calls per 1,000", 1e3 * refused / count),
        Figure("peers", f"{name}: CPU per message", said["cpu"] / said["messages"] * 1e3, "ms"),
    ]


async def _drained(machine: Laptop, token: str) -> None:
    """Spend the minute of quota that lies saved up: what counts is what the quota sustains.

    `stop` is dear and has no effect here; `watch` would send a push each time (FACTS 1.3, 2.2).
    """
    headers = {"authorization": f"Bearer {token}"}
    spent = False

    async def spend() -> None:
        nonlocal spent
        while not spent:
            answer = await machine.google.post("/gmail/v1/users/me/stop", headers=headers)
            spent = spent or not answer.is_success

    await asyncio.gather(*(spend() for _ in range(AT_ONCE)))
