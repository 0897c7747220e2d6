"""Cold starts in turn, each function a process of its own on Firestore's emulator.

What is compared is CPU: an instance has one, and a start waits for nothing else for long.
Bytecode is there, as on the platform, whose build compiles everything: the first start of each
writes it and does not count.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

from infra.archives import ROOT
from infra.local.emulators import HOST_VARIABLE, emulator, missing_programs
from infra.local.environment import HOST
from infra.local.system import LocalSystem
from tests.bench.figures import Figure
from tests.bench.laptop import with_bytecode
from tests.bench.scale import Scale
from tests.bench.whole_cold_start.asked import Asked, connected
from tests.harness.ports import free_ports

HERE = Path(__file__).parent
ROUNDS = 4
PARTS = ("import", "compose", "connect", "serve")
HOT, LARGE = 1.6, 2.2
AIMS: Mapping[str, float | None] = {
    "gmail_push": HOT,
    "sync_mailbox": HOT,
    "send": HOT,
    "deliver_event": HOT,
    "renew_watches": None,
    "api": LARGE,
    "console": LARGE,
}
"""How many times the reference's CPU each may take."""


async def measure(directory: Path, _scale: Scale) -> list[Figure]:
    """Start everything some times in turn; the start of least CPU counts, for each."""
    if missing := missing_programs():
        print(f"SKIPPED: {', '.join(missing)} not found: no cold start on Firestore was measured")
        return []
    with firestore():
        best = await _best(directory)
    for name, parts in best.items():
        split = ", ".join(f"{part} {took:.0f}" for part, took in zip(PARTS, parts, strict=True))
        print(f"{name:<14} {sum(parts):6.0f} ms ({split})")
    reference = sum(best.pop("reference"))
    return [
        Figure("whole", "framework, Firestore's client, a document read: CPU", reference, "ms"),
        *(
            Figure("whole", name, sum(parts) / reference, "x", AIMS[name])
            for name, parts in best.items()
        ),
    ]


@contextmanager
def firestore() -> Iterator[None]:
    """Run Firestore's emulator, found by this process's Firestore clients and those it starts."""
    (port,) = free_ports(1)
    variable, host = HOST_VARIABLE["firestore"], f"{HOST}:{port}"
    before = os.environ.get(variable)
    with emulator("firestore", host):
        os.environ[variable] = host
        try:
            yield
        finally:
            del os.environ[variable]
            if before is not None:
                os.environ[variable] = before


async def _best(directory: Path) -> dict[str, list[float]]:
    environ = {
        "POSTROOM_STORE": f"firestore:demo-{uuid4().hex[:12]}/(default)",
        "POSTROOM_QUEUE": f"sqlite:{directory / 'queue.sqlite'}",
    }
    best: dict[str, list[float]] = {}
    async with LocalSystem.start(directory, environ=environ, jobs=()) as system:
        asked = Asked(system, await connected(system))
        for name in ("reference", *AIMS):
            await started(system, name, await asked.request(name))
        for _ in range(ROUNDS):
            for name in ("reference", *AIMS):
                parts = await started(system, name, await asked.request(name))
                best[name] = min(best.get(name, parts), parts, key=sum)
    return best


async def started(system: LocalSystem, name: str, request: Mapping[str, Any] | None) -> list[float]:
    """Return the CPU milliseconds of each part. Raises RuntimeError for a refusal or a crash."""
    program = ("reference.py",) if request is None else ("function.py", name, json.dumps(request))
    environ = {**os.environ, **system.environ, **with_bytecode(system.directory)}
    environ |= {"PYTHONPATH": str(ROOT), "K_SERVICE": name}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(HERE / program[0]), *program[1:]),
        cwd=ROOT,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, errors = await process.communicate()
    told = json.loads(printed.splitlines()[-1]) if process.returncode == 0 else {}
    if not 0 < told.get("status", 0) < 300:
        raise RuntimeError(f"{name}: {printed.decode()}{errors.decode()[-2_000:]}")
    return [(after - before) * 1e3 for before, after in pairwise([0.0, *told["at"]])]
