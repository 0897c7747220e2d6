"""Others on the same mailbox, in an environment of their own that the bench makes."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.functions import ROOT
from tests.bench.figures import Figure
from tests.bench.google_account import access_token
from tests.bench.laptop import EMAIL, Laptop
from tests.bench.scale import Scale
from tests.interop.packages import HERE, NoPackagesError, node_modules

ENVIRONMENT = ROOT / ".local" / "bench"
REQUIREMENTS = ROOT / "tests" / "bench" / "requirements-bench.txt"
LIEER = "lieer==1.6"
"""Installed without notmuch2, which needs a C library: only its Gmail half is measured."""
NAMES = {
    "single": "google-api-python-client, one get after the other",
    "batch": "google-api-python-client, batches of 50",
    "lieer": "lieer 1.6 (its Gmail half, without its index)",
}
TEMPLATES = ("messages", "fetch-messages", "emails", "fetch-emails")
"""What Nango has called its template that saves a mailbox's messages, the newest name first."""
TIME_LIMIT_S = 240
AT_ONCE = 15
PACKAGES = HERE / "dryrun"
TEMPLATE_RUNNER = Path(__file__).with_name("template_runner.mjs")


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


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the mailbox: `program`, called with an address, a token and `arguments`.

    It prints a line of JSON: how many `messages` in how many `seconds`, and its `cpu` in seconds.
    """

    name: str
    count: int
    program: Sequence[str]
    arguments: Sequence[str]


async def read_by_others(machine: Laptop, scale: Scale, our_rate: float) -> list[Figure]:
    """Let each read the mailbox; one that fails is named loudly and left out."""
    figures: list[Figure] = []
    for reader in [*await _clients(scale), *_templates(scale)]:
        try:
            figures += await _read_by(machine, reader, our_rate)
        except NoEnvironmentError as error:
            print(f"SKIPPED: {reader.name}: {error}")
    return figures


async def _clients(scale: Scale) -> list[Reader]:
    """Return Python's own clients, if their environment can be made."""
    try:
        python = await environment()
    except NoEnvironmentError as error:
        print(f"SKIPPED: no Python client to compare with: {error}")
        return []
    program = (str(python), str(Path(__file__).with_name("peer_programs.py")))
    counts = dict.fromkeys(NAMES, scale.peer_messages) | {"single": scale.single_messages}
    return [
        Reader(name, counts[mode], program, (mode, str(counts[mode])))
        for mode, name in NAMES.items()
    ]


def _templates(scale: Scale) -> list[Reader]:
    """Return Nango's template of the mailbox's messages, from a folder that `TEMPLATES` names."""
    folder = Path(os.environ.get("TEMPLATES", ""))
    found = (
        [file for name in TEMPLATES for file in folder.rglob(f"google-mail/syncs/{name}.ts")]
        if folder.name
        else []
    )
    if not found:
        print("SKIPPED: Nango's template: TEMPLATES=DIR holds no google-mail/syncs/messages.ts")
        return []
    try:
        modules = node_modules(PACKAGES)
    except NoPackagesError as error:
        print(f"SKIPPED: {found[0].name}: {error}")
        return []
    count = scale.single_messages
    name = f"Nango's template {found[0].stem}, one get after the other"
    arguments = (str(count), str(modules), str(found[0].absolute()))
    return [Reader(name, count, ("node", str(TEMPLATE_RUNNER)), arguments)]


async def _read_by(machine: Laptop, reader: Reader, our_rate: float) -> list[Figure]:
    token = await access_token(machine.google, EMAIL, machine.callback)
    await _drained(machine, token)
    before = await machine.stats()
    out = await _run((*reader.program, machine.google_url, token, *reader.arguments))
    said = json.loads(out.splitlines()[-1])
    after = await machine.stats()
    units, refused = (after[name] - before[name] for name in ("units", "refused"))
    rate, name = said["messages"] / said["seconds"], reader.name
    return [
        Figure("peers", f"{name}: units per message", units / said["messages"]),
        Figure("peers", f"{name}: messages a second", rate),
        Figure("peers", f"{name}: how many times faster Postroom is", our_rate / rate, "x"),
        Figure("peers", f"{name}: refused calls per 1,000", 1e3 * refused / reader.count),
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
