"""Does the ten jobs with each server, and counts what each call takes and brings."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcp.client import Client
from mcp_types import TextContent

from infra.local.connecting import connect
from infra.local.functions import ROOT
from infra.local.system import LocalSystem
from tests.bench.jobs import servers
from tests.bench.jobs.mailbox import ADA, SEEDED, Facts, prepared
from tests.bench.jobs.scripts import SCRIPTS, Calls
from tests.bench.peers import NoEnvironmentError, made_environment
from tests.harness.whole import whole_system

HERE = Path(__file__).parent
Opened = AbstractAsyncContextManager[Client]


@dataclass(slots=True)
class Job:
    """What one job took; texts are counted in tokens when all is done."""

    calls: int = 0
    units: int = 0
    seconds: float = 0.0
    sent: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    tokens_out: int = 0
    tokens_in: int = 0


@dataclass(slots=True)
class Server:
    """A server's tools as a model is given them, and its ten jobs."""

    name: str
    tools: str
    jobs: list[Job]
    count: int
    tokens: int = 0


async def measured(folder: Path) -> list[Server]:
    """Return what each server took; one that cannot be had is named loudly and left out."""
    python = await made_environment(ROOT / ".local" / "bench-jobs", HERE / "requirements.txt")
    found: list[Server] = []
    for number, name in enumerate(SCRIPTS):
        place = folder / str(number)
        place.mkdir()
        async with whole_system(place / "system", {ADA: SEEDED}) as system:
            connection = await connect(system.client, system.google, ADA)
            await system.settle()
            facts = await prepared(system, connection)
            opened = _openers(system, facts, place, python)[name]
            try:
                async with opened() as client:
                    found.append(await _done(name, system, client, SCRIPTS[name](facts)))
            except NoEnvironmentError as error:
                print(f"SKIPPED: {name}: {error}", file=sys.stderr)
    _count(found, python)
    return found


def _openers(
    system: LocalSystem, facts: Facts, folder: Path, python: Path
) -> Mapping[str, Callable[[], Opened]]:
    ours, *others = SCRIPTS
    return {
        ours: lambda: servers.postroom(system, facts),
        others[0]: lambda: servers.workspace(system, facts, folder, python),
        others[1]: lambda: servers.gongrzhe(system, facts, folder),
    }


async def _done(name: str, system: LocalSystem, client: Client, script: list[Calls]) -> Server:
    listed = (await client.list_tools()).tools
    shown = [
        {"name": one.name, "description": one.description, "parameters": one.input_schema}
        for one in listed
    ]
    jobs = [await _job(system, client, calls) for calls in script]
    return Server(name, json.dumps(shown, ensure_ascii=False), jobs, len(listed))


async def _job(system: LocalSystem, client: Client, calls: Calls) -> Job:
    job, before = Job(), await _units(system)
    for name, given in calls:
        began = time.perf_counter()
        result = await client.call_tool(name, {**given})
        job.seconds += time.perf_counter() - began
        text = "\n".join(one.text for one in result.content if isinstance(one, TextContent))
        job.calls += 1
        job.sent.append(json.dumps({"name": name, "arguments": given}, ensure_ascii=False))
        job.told.append(text)
        if result.is_error or text.lower().startswith("error"):
            job.refused.append(f"{name}: {text[:200]}")
    job.units = await _units(system) - before
    return job


async def _units(system: LocalSystem) -> int:
    await system.settle()
    stats: Mapping[str, Any] = (await system.google.get("/_control/stats")).json()
    return int(stats["units"])


def _count(found: Sequence[Server], python: Path) -> None:
    """Count all texts in one go, by a tokenizer that brings its vocabulary in its package."""
    texts = [text for one in found for text in _texts(one)]
    command = [str(python), str(HERE / "count_tokens.py")]
    ended = subprocess.run(
        command, input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    counts = iter(json.loads(ended.stdout))
    for one in found:
        one.tokens = next(counts)
        for job in one.jobs:
            job.tokens_out, job.tokens_in = next(counts), next(counts)


def _texts(server: Server) -> list[str]:
    jobs = [text for job in server.jobs for text in ("\n".join(job.sent), "\n".join(job.told))]
    return [server.tools, *jobs]
