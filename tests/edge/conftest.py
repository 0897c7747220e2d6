"""A deployment's settings and wiring on a fresh SQLite file, and a client of its routes."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from shared.edge.http.app import build_app
from shared.edge.http.routes import Route
from shared.edge.settings import Settings, settings_from
from shared.edge.wiring import Wiring

API_KEY = "postroom-local-key"
ENVIRON = {
    "POSTROOM_PUBLIC_URL": "http://127.0.0.1:8080",
    "POSTROOM_TASKS_SERVICE_ACCOUNT": "tasks@demo.iam.gserviceaccount.com",
    "POSTROOM_PUSH_SERVICE_ACCOUNT": "gmail-push@demo.iam.gserviceaccount.com",
    "POSTROOM_SCHEDULER_SERVICE_ACCOUNT": "scheduler@demo.iam.gserviceaccount.com",
    "POSTROOM_GMAIL_TOPIC": "projects/demo/topics/gmail",
    "POSTROOM_OAUTH_CLIENT_ID": "postroom-local.apps.googleusercontent.com",
    "POSTROOM_OAUTH_CLIENT_SECRET": "postroom-local-secret",
    "POSTROOM_GOOGLE_URL": "http://127.0.0.1:8085",
    "POSTROOM_PRODUCT_ORIGINS": "http://127.0.0.1:8090",
    "POSTROOM_API_KEYS": sha256(API_KEY.encode()).hexdigest(),
}

ClientOf = Callable[[Sequence[Route]], httpx.AsyncClient]


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    return {
        **ENVIRON,
        "POSTROOM_STORE": f"sqlite:{tmp_path / 'postroom.sqlite'}",
        "POSTROOM_KEYRING": f"file:{tmp_path / 'keyring.json'}",
    }


@pytest.fixture
def settings(environ: Mapping[str, str]) -> Settings:
    return settings_from(environ)


@pytest.fixture
def wiring(settings: Settings) -> Wiring:
    return Wiring(settings)


@pytest.fixture
async def client_of(wiring: Wiring) -> AsyncIterator[ClientOf]:
    """Answer a client of an app made of the given routes; it carries the root API key."""
    async with AsyncExitStack() as opened:

        def client(routes: Sequence[Route]) -> httpx.AsyncClient:
            app = build_app("api", routes, wiring)
            made = httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://127.0.0.1:8080",
                headers={"Authorization": f"Bearer {API_KEY}"},
            )
            opened.push_async_callback(made.aclose)
            return made

        yield client
