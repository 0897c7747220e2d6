"""How many messages the emulated Google hands out, by the CPU that it takes for them."""

import asyncio
from pathlib import Path

import httpx
import psutil

from infra.local.processes import running
from infra.local.programs import DemoSettings, programs
from tests.bench.figures import Figure
from tests.bench.google_account import access_token
from tests.bench.laptop import EMAIL, UNLIMITED
from tests.bench.scale import Scale
from tests.harness.ports import free_ports

GETS, AT_ONCE, MESSAGES = 20_000, 8, 200
LEAST = 5_000


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Get messages over and over; `scale` only makes it fewer."""
    postroom, port, product = free_ports(3)
    settings = DemoSettings(postroom, port, product, directory, 0, UNLIMITED)
    program = programs(settings)[0]
    gets = GETS if scale.messages > MESSAGES * 10 else GETS // 10
    async with (
        running(program, directory) as started,
        httpx.AsyncClient(base_url=settings.addresses.google, timeout=300) as google,
    ):
        seed = {"email": EMAIL, "messages": MESSAGES}
        (await google.post("/_control/mailboxes", json=seed)).raise_for_status()
        callback = f"{settings.addresses.postroom}/oauth/callback"
        token = await access_token(google, EMAIL, callback)
        paths = await _paths(google, token)
        process = psutil.Process(started.process.pid)
        await _get(port, token, paths, gets // 10)  # what only the first answers cost
        figures = []
        for form in ("minimal", "full"):
            before = _cpu_s(process)
            await _get(port, token, [f"{path}?format={form}" for path in paths], gets)
            rate = gets / (_cpu_s(process) - before)
            least = LEAST if form == "minimal" else None
            name = f"messages.get, format={form}, a second of one core"
            figures.append(Figure("google", name, rate, "", least, at_least=True))
    return figures


async def _paths(google: httpx.AsyncClient, token: str) -> list[str]:
    headers = {"authorization": f"Bearer {token}"}
    base = "/gmail/v1/users/me/messages"
    answer = await google.get(f"{base}?maxResults={MESSAGES}", headers=headers)
    return [f"{base}/{one['id']}" for one in answer.raise_for_status().json()["messages"]]


async def _get(port: int, token: str, paths: list[str], count: int) -> None:
    """Ask over a few connections, kept open; nothing is parsed, to leave the CPU to the server."""
    await asyncio.gather(
        *(_ask(port, token, paths[place::AT_ONCE], count // AT_ONCE) for place in range(AT_ONCE))
    )


async def _ask(port: int, token: str, paths: list[str], count: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(count):
        path = paths[number % len(paths)]
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        writer.write(head.encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert answer.startswith(b"http/1.1 200"), answer
        length = int(answer.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
