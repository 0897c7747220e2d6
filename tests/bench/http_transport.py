"""CPU per request of the HTTP transports that could lie under `httpx.AsyncClient`.

Run it with `python -m tests.bench.http_transport`. A stand-in server in a process of its own
answers every GET with the same 41 kB JSON message (FACTS 17), plain or gzipped; what is measured is
this process's CPU time: request, answer, decompression and `orjson`. The table in
`shared/DECISIONS.md` comes from here.
"""

import asyncio
import gzip
import multiprocessing
import random
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
import httpx
import orjson
import uvloop
from httpx_aiohttp import AiohttpTransport

from shared.adapters.google.http_client import new_http_client

REQUESTS: Final = 2_000
AT_ONCE: Final = 5
ROUNDS: Final = 3
HEADERS: Final = {"authorization": "Bearer " + "t" * 180, "user-agent": "postroom (gzip)"}
Fetch = Callable[[str, dict[str, str]], Awaitable[bytes]]


def message() -> bytes:
    """Make JSON of a message's size that compresses about as well as mail."""
    rng = random.Random(7)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(700)]
    body = " ".join(rng.choices(words, k=5_800))
    return orjson.dumps({"id": "18c0000000000001", "payload": {"body": {"data": body}}})


def serve(bound: socket.socket) -> None:
    """Return on the socket until the process is ended."""
    plain = message()
    packed = gzip.compress(plain, 6)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
    answers = {
        False: head % len(plain) + b"\r\n" + plain,
        True: head % len(packed) + b"content-encoding: gzip\r\n\r\n" + packed,
    }

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                asked = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            writer.write(answers[b"accept-encoding: gzip" in asked.lower()])

    async def run() -> None:
        server = await asyncio.start_server(converse, sock=bound)
        await server.serve_forever()

    uvloop.run(run())


def through(client: httpx.AsyncClient) -> Fetch:
    """Fetch through httpx, as the Gmail adapter does."""

    async def fetch(url: str, headers: dict[str, str]) -> bytes:
        return (await client.get(url, headers=headers)).content

    return fetch


async def measure(name: str, fetch: Fetch, url: str, encoding: str) -> None:
    """Print CPU ms and requests a second, the best of some rounds."""
    headers = {**HEADERS, "accept-encoding": encoding}
    best_cpu, best_rate = float("inf"), 0.0

    async def worker() -> None:
        for _ in range(REQUESTS // AT_ONCE):
            orjson.loads(await fetch(url, headers))

    for _ in range(ROUNDS):
        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
        best_cpu = min(best_cpu, (time.process_time() - cpu) / REQUESTS * 1_000)
        best_rate = max(best_rate, REQUESTS / (time.perf_counter() - wall))
    print(f"{name:<34}{encoding:<10}{best_cpu:>8.3f} ms{best_rate:>8.0f}/s")


async def compare(url: str) -> None:
    """Run every transport, plain and gzipped."""
    own = httpx.AsyncClient()
    under = httpx.AsyncClient(transport=AiohttpTransport())
    chosen = new_http_client()
    bare = aiohttp.ClientSession()

    async def fetch_bare(url: str, headers: dict[str, str]) -> bytes:
        async with bare.get(url, headers=headers) as answer:
            return await answer.read()

    for encoding in ("identity", "gzip"):
        await measure("httpx, its own transport", through(own), url, encoding)
        await measure("httpx over httpx-aiohttp", through(under), url, encoding)
        await measure("httpx over new_http_client", through(chosen), url, encoding)
        await measure("aiohttp without httpx", fetch_bare, url, encoding)
    for client in (own, under, chosen):
        await client.aclose()
    await bare.close()


def main() -> None:
    """Start the stand-in, compare, stop it."""
    bound = socket.create_server(("127.0.0.1", 0))
    server = multiprocessing.Process(target=serve, args=(bound,), daemon=True)
    server.start()
    port = bound.getsockname()[1]
    try:
        uvloop.run(compare(f"http://127.0.0.1:{port}/gmail/v1/users/me/messages/18c?format=full"))
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
