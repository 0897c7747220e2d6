"""GET /records for who takes gzip: the same bytes, whoever inflates them."""

import asyncio
import gzip
import shutil
import urllib.request
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import aiohttp
import httpx
import pytest
from isal import isal_zlib

from infra.local.serving import LoopServer, listener
from shared.domain.connect.connection import Connection
from shared.domain.packed import unpack_object
from shared.domain.sync.records.record import EndReason, LastAction, Record
from shared.edge.composition.container import AutowiredContainer
from shared.edge.table import api_routes
from shared.edge.web.answers import takes_gzip
from shared.edge.web.app import build_app
from tests.harness.samples import API_KEY, NOW, a_record, store_records, tenant

HEADERS = {"Authorization": f"Bearer {API_KEY}", **tenant()}
GZIP = {**HEADERS, "Accept-Encoding": "gzip"}
PAGES = ("limit=100", "limit=2", "order=date_desc", "limit=1&filter=DELETED")


def as_packed_before(record: Record) -> Record:
    """Return a record whose payload was stored by an earlier release."""
    return replace(record, payload=isal_zlib.compress(unpack_object(record.payload)))


@pytest.fixture
async def server(container: AutowiredContainer, connected: Connection) -> AsyncIterator[LoopServer]:
    """Serve six records: packed now and before, a tombstone, and one that was emptied."""
    gone = a_record(3, deleted_at=NOW, last_action=LastAction.DELETED, reason=EndReason.DELETED)
    emptied = replace(a_record(4, pruned_at=NOW), payload=b"")
    old = map(as_packed_before, (a_record(2), a_record(5)))
    await store_records(container, a_record(1), *old, gone, emptied, a_record(6))
    served = LoopServer(build_app("api", api_routes(), container), listener())
    await served.open()
    yield served
    await served.close()


async def plain(url: str) -> bytes:
    async with httpx.AsyncClient() as client:
        answer = await client.get(url, headers={**HEADERS, "Accept-Encoding": "identity"})
    assert answer.status_code == 200, answer.text
    assert "content-encoding" not in answer.headers
    return answer.content


async def raw(url: str) -> bytes:
    async with httpx.AsyncClient() as client, client.stream("GET", url, headers=GZIP) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        return b"".join([piece async for piece in answer.aiter_raw()])


async def by_httpx(url: str) -> bytes:
    async with httpx.AsyncClient() as client:
        return (await client.get(url, headers=GZIP)).content


async def by_aiohttp(url: str) -> bytes:
    async with aiohttp.ClientSession() as session, session.get(url, headers=GZIP) as answer:
        return await answer.read()


async def by_urllib(url: str) -> bytes:
    def read() -> bytes:
        asked = urllib.request.Request(url, headers=GZIP)
        with urllib.request.urlopen(asked) as answer:
            found: bytes = gzip.decompress(answer.read())
            return found

    return await asyncio.to_thread(read)


async def by_zlib(url: str) -> bytes:
    return zlib.decompress(await raw(url), 31)


async def by_curl(url: str) -> bytes:
    named = [part for name, value in HEADERS.items() for part in ("-H", f"{name}: {value}")]
    return await _printed("curl", "-sS", "--fail", "--compressed", *named, url)


async def by_node(url: str) -> bytes:
    script = (
        "const [url, headers] = process.argv.slice(1);"
        "fetch(url, {headers: JSON.parse(headers)}).then(answer => answer.arrayBuffer())"
        ".then(body => process.stdout.write(Buffer.from(body)))"
    )
    headers = httpx.Response(200, json=GZIP).text
    return await _printed("node", "-e", script, url, headers)


async def _printed(name: str, *arguments: str) -> bytes:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not on this machine: no page was read by it")
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed


@pytest.mark.parametrize(
    "read",
    [by_zlib, by_httpx, by_aiohttp, by_urllib, by_curl, by_node],
    ids=lambda one: one.__name__,
)
async def test_a_page_is_the_same_to_every_client(
    server: LoopServer, read: Callable[[str], Awaitable[bytes]]
) -> None:
    for query in PAGES:
        url = f"{server.address}/records?{query}"
        assert await read(url) == await plain(url)


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, identity", False),
        ("identity", False),
        ("*", False),
        ("", False),
        ("deflate, x-gzip", False),
    ],
)
def test_gzip_is_for_who_names_it(header: str, taken: bool) -> None:
    assert takes_gzip(header) is taken
