"""An agent's calls through the mcp function, beside the bare SDK with as many tools."""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from infra.local.environment import API_KEY, environment
from infra.local.functions import ROOT
from tests.bench.cold_start import ROUNDS, answered, started
from tests.bench.figures import Figure
from tests.bench.laptop import EMAIL, Laptop, laptop, with_bytecode
from tests.bench.scale import Scale
from tests.bench.test_local_speed import backfilled
from tests.harness.ports import free_ports

BARE = Path(__file__).with_name("bare_mcp.py")
CALLS = 300
STORED = 1_000
SEARCH = {"name": "search-mail", "arguments": {"labels": ["INBOX"], "limit": 25}}
VERSION = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientCapabilities": {},
}
Ask = Callable[[], Awaitable[httpx.Response]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one call takes: CPU of the server, and time until the answer."""

    cpu_ms: float
    median_ms: float


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Measure calls while the laptop runs, then cold starts on the state it leaves."""
    async with laptop(directory) as machine:
        await machine.control("/mailboxes", {"email": EMAIL, "messages": STORED})
        connection = await machine.connect()
        await backfilled(machine, connection)
        headers = {
            "Authorization": f"Bearer {API_KEY}",
            "connection-id": connection,
            "provider-config-key": "google-mail",
        }
        warm = await _warm(machine, headers)
    return [*await _cold(directory, headers), *warm]


async def _cold(directory: Path, headers: Mapping[str, str]) -> list[Figure]:
    """From the process's start to the first answer that the SDK gave; the fastest of each."""
    values = environment_of(directory)
    sources = {"bare": BARE, "mcp": ROOT / "functions" / "mcp" / "main.py"}
    best = dict.fromkeys(sources, float("inf"))
    for _ in range(ROUNDS):
        for name, source in sources.items():
            took = await started(name, source, values, message("tools/list", headers))
            best[name] = min(best[name], took * 1e3)
    ours, bare = best["mcp"], best["bare"]
    return [
        Figure("mcp", "cold start of the bare SDK as a function, tools listed", bare, "ms"),
        Figure("mcp", "cold start of mcp, tools listed", ours, "ms", round(1.5 * bare)),
    ]


def environment_of(directory: Path) -> Mapping[str, str]:
    """Return the settings that find the laptop's files again."""
    from infra.local.environment import Addresses  # noqa: PLC0415  beside its one use

    return {**environment(Addresses(), directory), **with_bytecode(directory)}


async def _warm(machine: Laptop, headers: Mapping[str, str]) -> list[Figure]:
    async with bare_sdk() as (url, process), httpx.AsyncClient(timeout=60) as client:
        profile = {"name": "get-profile", "arguments": {}}
        mcp = f"{machine.postroom_url}/mcp"
        rest = f"{machine.postroom_url}/action/trigger"

        def rested() -> Awaitable[httpx.Response]:
            asked = {"action_name": "get-profile", "input": {}}
            return client.post(rest, json=asked, headers=dict(headers))

        bare_call = await cost(process, asking(client, url, "tools/call", {}, name="tool-1"))
        bare_list = await cost(process, asking(client, url, "tools/list", {}))
        action = await cost(machine.process, rested)
        call = await cost(machine.process, asking(client, mcp, "tools/call", headers, **profile))
        search = await cost(machine.process, asking(client, mcp, "tools/call", headers, **SEARCH))
        listed = await cost(machine.process, asking(client, mcp, "tools/list", headers))
        thread = await cost(machine.process, await _thread_page(machine, client, headers))
    beyond = call.cpu_ms - action.cpu_ms
    return [
        Figure("mcp", "the bare SDK: CPU of a call", bare_call.cpu_ms, "ms"),
        Figure("mcp", "the bare SDK: median of that call", bare_call.median_ms, "ms"),
        Figure("mcp", "get-profile by POST /action/trigger: CPU", action.cpu_ms, "ms"),
        Figure("mcp", "get-profile by POST /mcp: CPU", call.cpu_ms, "ms"),
        Figure("mcp", "get-profile by POST /mcp: median", call.median_ms, "ms"),
        Figure("mcp", "what MCP adds to the action, in calls of the bare SDK",
               beyond / bare_call.cpu_ms, "x", 2.5),
        Figure("mcp", f"search-mail, 25 of {STORED:,} stored: median", search.median_ms, "ms", 50),
        Figure("mcp", f"a thread's page of {STORED:,} stored: median", thread.median_ms, "ms", 30),
        Figure("mcp", "tools/list, 30 small tools of the bare SDK: CPU", bare_list.cpu_ms, "ms"),
        Figure("mcp", "tools/list, the whole registry: CPU", listed.cpu_ms, "ms"),
    ]  # fmt: skip


async def _thread_page(
    machine: Laptop, client: httpx.AsyncClient, headers: Mapping[str, str]
) -> Ask:
    """Return what asks for the messages of one thread."""
    url, given = f"{machine.postroom_url}/records", dict(headers)
    first = await client.get(url, params={"limit": 1}, headers=given)
    query = {"thread_id": first.raise_for_status().json()["records"][0]["threadId"]}
    return lambda: client.get(url, params=query, headers=given)


def message(method: str, headers: Mapping[str, str], **params: Any) -> Mapping[str, Any]:
    """Return the keyword arguments of a POST with one message of the stateless era."""
    own = {"MCP-Protocol-Version": VERSION, "Mcp-Method": method, "Accept": "application/json"}
    if "name" in params:
        own["Mcp-Name"] = params["name"]
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": META}}
    return {"json": body, "headers": {**headers, **own}}


def asking(
    client: httpx.AsyncClient, url: str, method: str, headers: Mapping[str, str], **params: Any
) -> Ask:
    """Return what sends that message once."""
    sent = message(method, headers, **params)
    return lambda: client.post(url, **sent)


async def cost(process: psutil.Process, ask: Ask) -> Cost:
    """Ask one after the other; the first few, which load and open things, do not count."""
    for _ in range(10):
        (await ask()).raise_for_status()
    took: list[float] = []
    before = _cpu_s(process)
    for _ in range(CALLS):
        began = time.perf_counter()
        answer = await ask()
        took.append(time.perf_counter() - began)
        if not answer.is_success or "error" in answer.json():
            raise RuntimeError(answer.text)
    cpu = (_cpu_s(process) - before) / CALLS
    return Cost(cpu * 1e3, statistics.median(took) * 1e3)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@asynccontextmanager
async def bare_sdk() -> AsyncIterator[tuple[str, psutil.Process]]:
    """Run the bare SDK as a process of its own; yield the address of its /mcp."""
    (port,) = free_ports(1)
    where = ("--app-dir", str(BARE.parent), "--port", str(port), "--log-level", "warning")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "uvicorn", "bare_mcp:app", *where
    )
    try:
        url = f"http://127.0.0.1:{port}/mcp"
        await answered(url, lambda: process.returncode is not None, message("tools/list", {}))
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        await process.wait()
