"""One emulator a session on a port of its own; every test begins with an empty one."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.google.settings import GoogleSettings
from tests.infra.google.emulator import Google, running

ADA = "ada@demo.example"
BEN = "ben@demo.example"


@pytest.fixture(scope="session")
def google_url() -> Iterator[str]:
    """Start the emulator; it pushes nowhere and has quota for any test."""
    settings = GoogleSettings(push_endpoint=None, units_per_minute=10_000_000)
    with running(settings) as url:
        yield url


@pytest.fixture
def google(google_url: str) -> Google:
    """Return an emulator without mailboxes, faults or grants."""
    found = Google(google_url)
    found.reset()
    return found


@pytest.fixture
def ada(google: Google) -> str:
    """Return the address of an empty mailbox."""
    return google.mailbox(ADA)


@pytest.fixture
def ben(google: Google) -> str:
    """Return the address of another empty mailbox."""
    return google.mailbox(BEN)


@pytest.fixture
def users(google: Google, ada: str) -> Any:
    """Return Ada's official client."""
    return google.client(ada)
