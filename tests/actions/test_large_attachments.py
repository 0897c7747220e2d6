"""25 MB through the API, over real sockets, with the emulated Google in a process of its own."""

import asyncio
import gc
import socket
import subprocess
import sys
import tracemalloc
from base64 import encodebytes
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random

import httpx
import psutil
import pytest

from infra.local.loopback import loopback_client
from infra.local.serving import LoopServer, listener
from shared.adapters.keys.local import create_keyring
from shared.domain.connect.scopes import MODIFY
from shared.domain.ids import ConnectionId
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import settings_from
from shared.edge.table import api_routes
from shared.edge.web.app import build_app
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from tests.harness.acting import connect
from tests.harness.google import EMAIL
from tests.harness.samples import API_KEY, ENVIRON, tenant
from tests.infra.google.emulator import Google

SIZE = 25_000_000
FLAT = 4_000_000
"""Bytes this process may allocate while 25 MB pass through it, client included."""


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    command = (sys.executable, "-m", "infra.local.google", f"--port={port}",
               "--units-per-minute=1000000000")  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Emulated Google")
            found = Google(f"http://127.0.0.1:{port}")
            # It says so just before it listens: a connection refused is tried again.
            found.http = httpx.Client(
                base_url=found.url, timeout=60, transport=httpx.HTTPTransport(retries=8)
            )
            found.mailbox(EMAIL)
            yield found
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def content() -> bytes:
    return Random(1).randbytes(SIZE)


@pytest.fixture(scope="module")
def message(google: Google, content: bytes) -> str:
    head = b"Subject: Large\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    text = b"--b\r\nContent-Type: text/plain\r\n\r\nHere.\r\n"
    file = (
        b"--b\r\nContent-Type: application/zip; name=large.zip\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return google.deliver(EMAIL, head + text + file + encodebytes(content) + b"\r\n--b--\r\n")["id"]


@dataclass
class Service:
    client: httpx.AsyncClient
    container: AutowiredContainer


@pytest.fixture
async def service(google: Google, tmp_path: Path) -> AsyncIterator[Service]:
    create_keyring(tmp_path / "keyring.json")
    environ = {
        **ENVIRON,
        "POSTROOM_STORE": f"sqlite:{tmp_path / 'postroom.sqlite'}",
        "POSTROOM_KEYRING": f"file:{tmp_path / 'keyring.json'}",
        "POSTROOM_GOOGLE_URL": google.url,
    }
    container = AutowiredContainer(settings_from(environ))
    issued = google.token(EMAIL)

    async def token(connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        return issued

    container.bind(AccessTokens, token)
    await connect(container, [MODIFY])
    server = LoopServer(build_app("api", api_routes(), container), listener())
    await server.open()
    headers = {"Authorization": f"Bearer {API_KEY}", **tenant()}
    async with loopback_client(base_url=server.address, headers=headers, timeout=60) as client:
        yield Service(client, container)
    await server.close()
    await container.close()


async def test_a_large_attachment_passes_through_in_flat_memory(
    service: Service, message: str, content: bytes
) -> None:
    digest, size, process = sha256(), 0, psutil.Process()
    await service.client.get(f"/attachments/{message}/1", headers={"Range": "bytes=0-0"})
    gc.collect()
    before = process.memory_info().rss
    tracemalloc.start()
    try:
        async with service.client.stream("GET", f"/attachments/{message}/1") as answer:
            assert answer.headers["content-length"] == str(SIZE)
            async for piece in answer.aiter_bytes():
                digest.update(piece)
                size += len(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    grown = process.memory_info().rss - before
    print(f"25 MB streamed: {peak / 1e6:.2f} MB allocated at most, RSS {grown / 1e6:+.1f} MB")
    assert (size, digest.digest()) == (SIZE, sha256(content).digest())
    assert peak < FLAT


async def test_a_range_far_inside_needs_no_more(
    service: Service, message: str, content: bytes
) -> None:
    headers = {"Range": "bytes=24000000-24000999"}
    answer = await service.client.get(f"/attachments/{message}/1", headers=headers)
    assert (answer.status_code, answer.content) == (206, content[24_000_000:24_001_000])


async def test_readers_that_leave_or_dawdle_keep_nobody_waiting(
    service: Service, message: str
) -> None:
    async with asyncio.timeout(60):
        for _ in range(2):
            async with service.client.stream("GET", f"/attachments/{message}/1") as answer:
                await anext(aiter(answer.aiter_raw()))
        slow = [service.client.stream("GET", f"/attachments/{message}/1") for _ in range(6)]
        opened = [await one.__aenter__() for one in slow]
        assert {one.status_code for one in opened} == {200}
        profile = {"action_name": "get-profile", "input": {}}
        quick = await service.client.post("/action/trigger", json=profile)
        assert quick.status_code == 200
        for one in slow:
            await one.__aexit__(None, None, None)
