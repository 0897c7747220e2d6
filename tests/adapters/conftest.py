"""Sinks' counterparts: Google's official Pub/Sub emulator, and an SQS and STS over real HTTP."""

from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """Return the address of moto's SQS and STS (FACTS 16.7)."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
