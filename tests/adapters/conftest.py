"""Sinks, and what they reach: the Pub/Sub emulator, SQS and STS over HTTP, a loopback port."""

from collections.abc import AsyncIterator, Iterator

import pytest
from moto.server import ThreadedMotoServer

from shared.adapters.sinks.webhook import WebhookHttp
from shared.domain.events.addresses import AllowedHosts
from tests.adapters.listener import Listener, listening
from tests.adapters.webhook_parcels import TIMEOUT_S


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """Return the address of moto's SQS and STS (FACTS 16.7)."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening(Listener()) as opened:
        yield opened


@pytest.fixture
async def sink() -> AsyncIterator[WebhookHttp]:
    """Return a sink for which this machine is allowed."""
    made = WebhookHttp(AllowedHosts(frozenset({"127.0.0.1", "::1"})), timeout_s=TIMEOUT_S)
    yield made
    await made.aclose()
