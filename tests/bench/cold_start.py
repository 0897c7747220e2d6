"""Cold start: each function under the real framework, beside one that does nothing."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from infra.local.environment import Addresses, environment
from infra.local.functions import ROOT
from shared.adapters.local_keyring import create_keyring
from shared.edge.functions import FUNCTIONS
from tests.bench.figures import Figure
from tests.bench.laptop import free_ports
from tests.bench.scale import Scale

ROUNDS = 3
HOT = {"gmail_push", "sync_mailbox", "send"}
BARE = """
import functions_framework.aio

@functions_framework.aio.http
async def bare(request):
    return "ok"
"""


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Start everything some times in turn; the fastest start of each counts."""
    (directory / "bare.py").write_text(BARE)
    store = directory / "bare_store.py"
    store.write_text("import google.cloud.firestore\n" + BARE)
    values = environment(Addresses(), directory)
    create_keyring(directory / "keyring.json")
    sources = {"bare": directory / "bare.py", "bare_store": store}
    sources |= {one.name: ROOT / "functions" / one.name / "main.py" for one in FUNCTIONS}
    paths = {one.name: one.prefixes[0] for one in FUNCTIONS} | {"api": "/health"}
    best = dict.fromkeys(sources, float("inf"))
    for _ in range(ROUNDS):
        for name, source in sources.items():
            target = "bare" if name == "bare_store" else name
            took = await _started(target, source, paths.get(name, "/"), values)
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
            for one in FUNCTIONS
        ),
    ]


def _aim(name: str, allowed: float) -> float | None:
    return round(allowed * 1e3) if name in HOT else None


async def _started(target: str, source: Path, path: str, values: Mapping[str, str]) -> float:
    """Answer the seconds from the process's start to its first answer of any kind."""
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
        await _answered(f"http://127.0.0.1:{port}{path}", process)
        return time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


async def _answered(url: str, process: "subprocess.Popen[bytes]") -> None:
    async with httpx.AsyncClient(timeout=5) as client, asyncio.timeout(60):
        while process.poll() is None:
            try:
                await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.005)
            else:
                return
    raise RuntimeError(f"{url} never answered")
