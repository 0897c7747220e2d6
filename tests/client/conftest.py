"""A client on a whole laptop system: whatever it asks and hears is held to the description."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from infra.local.connecting import connect
from infra.local.environment import API_KEY
from infra.local.loopback import loopback_client
from infra.local.system import LocalSystem
from shared.client import Postroom
from tests.conformity import check_answer, check_request
from tests.harness.whole import whole_system

ADA = "ada@acme.example"
SEEDED = 5


@dataclass
class ClientHarness:
    """A product with one connected mailbox, and the operations that its client asked for."""

    system: LocalSystem
    postroom: Postroom
    connection_id: str
    asked: set[str] = field(default_factory=set)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ClientHarness]:
    asked: set[str] = set()

    async def note(request: httpx.Request) -> None:
        asked.add(check_request(request))

    async with (
        whole_system(tmp_path, {ADA: SEEDED}) as system,
        loopback_client(
            base_url=system.url,
            headers={"Authorization": f"Bearer {API_KEY}", "Provider-Config-Key": "google-mail"},
            event_hooks={"request": [note], "response": [check_answer]},
            timeout=60,
        ) as http,
    ):
        id = await connect(system.client, system.google, ADA)
        await system.settle()
        yield ClientHarness(system, Postroom.over(http), id, asked)
