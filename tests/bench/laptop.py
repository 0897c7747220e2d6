"""The demo's two processes without its pauses, for measuring: real HTTP between real processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from infra.local.connecting import connect
from infra.local.environment import API_KEY
from infra.local.processes import Running, running
from infra.local.programs import DemoSettings, programs
from tests.harness.ports import free_ports

EMAIL = "ada@acme.example"
UNLIMITED = 10**9


@dataclass(frozen=True, slots=True)
class Laptop:
    """Postroom and an emulated Google, as processes of their own."""

    api: httpx.AsyncClient
    google: httpx.AsyncClient
    process: psutil.Process
    postroom_url: str
    google_url: str

    @property
    def callback(self) -> str:
        """A redirect URI that the emulated Google knows."""
        return f"{self.postroom_url}/oauth/callback"

    @property
    def cpu_s(self) -> float:
        """CPU seconds that Postroom has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    @property
    def memory_mb(self) -> float:
        """Postroom's resident memory."""
        return float(self.process.memory_info().rss) / 1e6

    async def control(self, path: str, body: dict[str, Any]) -> None:
        """Use the emulated Google's control API."""
        (await self.google.post(f"/_control{path}", json=body)).raise_for_status()

    async def stats(self) -> dict[str, Any]:
        """Return the emulated Google's count of calls, units and refusals so far."""
        found: dict[str, Any] = (await self.google.get("/_control/stats")).json()
        return found

    async def connect(self, email: str = EMAIL) -> str:
        """Connect the mailbox; answer the connection id."""
        return await connect(self.api, self.google, email)

    async def sync(self, connection: str) -> dict[str, Any]:
        """Return the sync's status."""
        query = {"provider_config_key": "google-mail", "connection_id": connection}
        answer = await self.api.get("/sync/status", params=query)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()["syncs"][0]
        return found

    async def deliver(self, number: int, email: str = EMAIL) -> str:
        """Deliver a mail; answer its id."""
        mail = f"From: bob@x.example\r\nTo: {email}\r\nSubject: Number {number}\r\n\r\nHello.\r\n"
        path = f"/_control/mailboxes/{email}/messages"
        answer = await self.google.post(path, content=mail.encode())
        return str(answer.json()["id"])


def with_bytecode(directory: Path) -> dict[str, str]:
    """Return the variables by which a process finds what an earlier one compiled, ours too.

    The platform's build compiles everything; a variable of this machine's may forbid it here.
    """
    return {
        "PYTHONPYCACHEPREFIX": str(directory / "bytecode"),
        "PYTHONDONTWRITEBYTECODE": "",
    }


@asynccontextmanager
async def laptop(directory: Path, units_per_minute: int = UNLIMITED) -> AsyncIterator[Laptop]:
    """Run both for the block's length, with their files in `directory`."""
    postroom_port, google_port, product_port = free_ports(3)
    settings = DemoSettings(
        postroom_port, google_port, product_port, directory, 0, units_per_minute
    )
    where = settings.addresses
    key = {"Authorization": f"Bearer {API_KEY}"}
    google, postroom = programs(settings)[:2]
    async with (
        running(google, directory),
        running(postroom, directory) as started,
        httpx.AsyncClient(base_url=where.postroom, headers=key, timeout=60) as api,
        httpx.AsyncClient(base_url=where.google, timeout=300) as control,
    ):
        yield Laptop(api, control, _process(started), where.postroom, where.google)


def _process(started: Running) -> psutil.Process:
    return psutil.Process(started.process.pid)
