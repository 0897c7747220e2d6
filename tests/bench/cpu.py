"""CPU per message: the whole path beside fetching and parsing alone."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import orjson

from shared.adapters.google.http_client import new_http_client
from tests.bench.figures import Figure
from tests.bench.google_account import access_token
from tests.bench.laptop import EMAIL, Laptop, laptop
from tests.bench.scale import Scale
from tests.bench.tls import before

AT_ONCE = 5
WARM = 200
"""Messages of another mailbox read first, so that start-up is not counted."""


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Backfill without limits and count Postroom's CPU; then fetch the same messages bare."""
    async with laptop(directory) as machine:
        await machine.control("/mailboxes", {"email": "warm@acme.example", "messages": WARM})
        await finished(machine, await machine.connect("warm@acme.example"))
        await machine.control("/mailboxes", {"email": EMAIL, "messages": scale.cpu_messages})
        used, began = machine.cpu_s, time.perf_counter()
        await finished(machine, await machine.connect())
        ours = (machine.cpu_s - used) / scale.cpu_messages * 1e3
        rate = scale.cpu_messages / (time.perf_counter() - began)
        token = await access_token(machine.google, EMAIL, machine.callback)
        ids = await _ids(machine, min(scale.cpu_messages, 1_000))
        plain = machine.google_url
        floor = await _bare(plain, token, ids, httpx.AsyncClient(timeout=60), json.loads)
        tuned = await _bare(plain, token, ids, new_http_client(), orjson.loads)
        async with before(plain, directory) as (secure, client):
            encrypted = await _bare(secure, token, ids, client, orjson.loads)
    whole = ours + encrypted - tuned
    return [
        Figure("cpu", "fetch, decode, normalise, compress, commit", ours, "ms a message"),
        Figure("cpu", "floor: httpx GET and json, nothing else", floor, "ms a message"),
        Figure("cpu", "the whole path against that floor", ours / floor, "x", 2.5),
        Figure("cpu", "our own transport and orjson, nothing else", tuned, "ms a message"),
        Figure("cpu", "the same over TLS", encrypted, "ms a message"),
        Figure("cpu", "the whole path over TLS", whole, "ms a message"),
        Figure(
            "cpu", "the whole path against our transport, over TLS", whole / encrypted, "x", 1.5
        ),
        Figure("cpu", "backfill without limits", rate, "messages a second"),
    ]


async def finished(machine: Laptop, connection: str) -> None:
    """Wait until a backfill is done."""
    async with asyncio.timeout(300):
        while True:
            progress = (await machine.sync(connection))["progress"] or {}
            if progress.get("finished_at"):
                return
            await asyncio.sleep(0.3)


async def _ids(machine: Laptop, count: int) -> list[str]:
    held = (await machine.google.get(f"/_control/mailboxes/{EMAIL}/messages")).json()
    return [one["id"] for one in held["messages"][:count]]


async def _bare(
    google_url: str,
    token: str,
    ids: list[str],
    client: httpx.AsyncClient,
    parse: Callable[[bytes], Any],
) -> float:
    """Return this process's CPU ms for a message fetched and parsed."""
    waiting = iter(ids)
    address = f"{google_url}/gmail/v1/users/me/messages"
    headers = {"authorization": f"Bearer {token}", "accept-encoding": "gzip"}

    async def worker() -> None:
        for id in waiting:
            answer = await client.get(f"{address}/{id}?prettyPrint=false", headers=headers)
            parse(answer.raise_for_status().content)

    async with client:
        await worker_once(client, address, headers)
        began = time.process_time()
        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
        return (time.process_time() - began) / len(ids) * 1e3


async def worker_once(client: httpx.AsyncClient, address: str, headers: dict[str, str]) -> None:
    """Open the connection before anything is counted."""
    (await client.get(f"{address}?maxResults=1", headers=headers)).raise_for_status()
