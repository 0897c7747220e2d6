"""The emulated Google and one connection's Gmail, for the tests of the Google adapters."""

from collections.abc import AsyncIterator, Iterator

import pytest

from infra.local.google.settings import GoogleSettings
from shared.adapters.gmail.client import HttpGmail
from tests.contracts.google.emulated_google import ADA, HeldTokens, opened
from tests.infra.google.emulator import Google, running


@pytest.fixture(scope="module")
def google_url() -> Iterator[str]:
    with running(GoogleSettings(push_endpoint=None, units_per_minute=10_000_000)) as url:
        yield url


@pytest.fixture
def google(google_url: str) -> Google:
    found = Google(google_url)
    found.reset()
    found.mailbox(ADA)
    return found


@pytest.fixture
async def gmail(google: Google) -> AsyncIterator[HttpGmail]:
    async with opened(google, HeldTokens([google.token(ADA)])) as found:
        yield found
