"""One emulated Google in the test's own event loop."""

from collections.abc import AsyncIterator

import httpx
import pytest

from infra.local.google.app import create_app
from infra.local.google.parts import Google
from infra.local.google.settings import GoogleSettings
from tests.infra.google.endpoints.visitor import ADA, Endpoint, Visitor


@pytest.fixture
def settings() -> GoogleSettings:
    return GoogleSettings()


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
async def visitor(settings: GoogleSettings, endpoint: Endpoint) -> AsyncIterator[Visitor]:
    """Return a client of a Google in which Ada has an empty mailbox."""
    pushing = httpx.AsyncClient(transport=httpx.ASGITransport(endpoint))
    app = create_app(settings, push_client=pushing)
    google: Google = app.state.google
    google.store.create_mailbox(ADA)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://google.test") as http:
        yield Visitor(http, google)
    await google.pushes.aclose()
    await pushing.aclose()
    google.close()


@pytest.fixture
async def token(visitor: Visitor) -> str:
    """Return Ada's access token, full but for permanent deletion."""
    return str((await visitor.sign_in())["access_token"])
