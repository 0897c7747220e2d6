"""Cold start: each function under the real framework, beside one that does nothing."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from infra.local.environment import Addresses, environment
from infra.local.functions import ROOT
from shared.adapters.keys.local import create_keyring
from shared.edge.settings.functions import FUNCTIONS
from tests.bench.figures import Figure
from tests.bench.laptop import with_bytecode
from tests.bench.scale import Scale
from tests.harness.ports import free_ports

ROUNDS = 3
HOT = {"gmail_push", "sync_mailbox", "send"}
TIMED = [one for one in FUNCTIONS if one.name != "mcp"]
"""What loads all it needs for its first answer; `agents.py` asks mcp what loads its SDK."""
BARE = """
import functions_framework.aio

@functions_framework.aio.http
async def bare(request):
    return "ok"
"""


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Start everything some times in turn; the fastest of each counts, the first compiles."""
    (directory / "bare.py").write_text(BARE)
    store = directory / "bare_store.py"
    store.write_text("import google.cloud.firestore\n" + BARE)
    values = {**environment(Addresses(), directory), **with_bytecode(directory)}
    create_keyring(directory / "keyring.json")
    sources = {"bare": directory / "bare.py", "bare_store": store}
    sources |= {one.name: ROOT / "functions" / one.name / "main.py" for one in TIMED}
    paths = {one.name: one.prefixes[0] for one in TIMED} | {"api": "/health"}
    best = dict.fromkeys(sources, float("inf"))
    for _ in range(ROUNDS):
        for name, source in sources.items():
            target = "bare" if name == "bare_store" else name
            took = await started(target, source, values, path=paths.get(name, "/"))
            best[name] = min(best[name], took)
    return _figures(best)


def _figures(best: Mapping[str, float]) -> list[Figure]:
    bare = best["bare"]
    allowed = 2 * bare  # No store is opened before the first answer: its import is not allowed for.
    return [
        Figure("cold", "a function that does nothing", bare * 1e3, "ms"),
        Figure("cold", "the same with Firestore's client imported", best["bare_store"] * 1e3, "ms"),
        *(
            Figure("cold", one.name, best[one.name] * 1e3, "ms", _aim(one.name, allowed))
            for one in TIMED
        ),
    ]


def _aim(name: str, allowed: float) -> float | None:
    return round(allowed * 1e3) if name in HOT else None


async def started(
    target: str,
    source: Path,
    values: Mapping[str, str],
    message: Mapping[str, Any] | None = None,
    *,
    path: str = "/mcp",
) -> float:
    """Return the seconds from the process's start to its first answer, a refusal also.

    With a `message`, POSTed to `path`, only an answer that is a success counts.
    """
    (port,) = free_ports(1)
    framework = str(Path(sys.executable).parent / "functions-framework-python")
    arguments = ("--target", target, "--source", str(source), "--port", str(port), "--asgi")
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: ASYNC220  an asyncio child would need the loop meanwhile
        (framework, *arguments, "--host", "127.0.0.1"),
        env={**os.environ, **values, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}{path}"
        await answered(url, lambda: process.poll() is not None, message)
        return time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


async def answered(
    url: str, ended: Callable[[], bool], message: Mapping[str, Any] | None = None
) -> None:
    """Ask until there is an answer. Raises RuntimeError where the process ends without one.

    Raises httpx.HTTPStatusError where it is a failure.
    """
    async with httpx.AsyncClient(timeout=30) as client, asyncio.timeout(60):
        while not ended():
            try:
                answer = await (client.get(url) if message is None else client.post(url, **message))
            except httpx.TransportError:
                await asyncio.sleep(0.005)
            else:
                if message is not None or answer.is_server_error:
                    answer.raise_for_status()
                return
    raise RuntimeError(f"{url} never answered")
