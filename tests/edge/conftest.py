"""A deployment's settings and container on a fresh SQLite file, and a client of its routes."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from shared.domain.connect.connection import Connection
from shared.domain.ids import HistoryId
from shared.domain.sync.state import SyncState
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import Settings, settings_from
from shared.edge.table import api_routes, whole_table
from shared.edge.web.app import build_app
from shared.edge.web.routes import Route
from shared.ports.connections import Connections
from shared.ports.sync_store import SyncStates
from tests.conformity import check_answer
from tests.harness import samples
from tests.harness.samples import API_KEY, CONNECTION, a_connection

ClientOf = Callable[[Sequence[Route]], httpx.AsyncClient]


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    return samples.environ_in_memory(tmp_path)


@pytest.fixture
def settings(environ: Mapping[str, str]) -> Settings:
    return settings_from(environ)


@pytest.fixture
def container(settings: Settings) -> AutowiredContainer:
    return AutowiredContainer(settings)


@pytest.fixture
async def client_of(container: AutowiredContainer) -> AsyncIterator[ClientOf]:
    """Return a client of an app made of the given routes; it carries the root API key."""
    async with AsyncExitStack() as opened:

        def client(routes: Sequence[Route]) -> httpx.AsyncClient:
            app = build_app("api", routes, container)
            made = httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://127.0.0.1:8080",
                headers={"Authorization": f"Bearer {API_KEY}"},
                event_hooks={"response": [check_answer] if _ours(routes) else []},
            )
            opened.push_async_callback(made.aclose)
            return made

        yield client


def _ours(routes: Sequence[Route]) -> bool:
    """Whether they are the deployment's: what a test makes up is nowhere described."""
    table = {id(route) for route in whole_table()}
    return all(id(route) in table for route in routes)


@pytest.fixture
def api(client_of: ClientOf) -> httpx.AsyncClient:
    """Return a client of the `api` function."""
    return client_of(api_routes())


@pytest.fixture
async def connected(container: AutowiredContainer) -> Connection:
    """Return a stored connection that syncs."""
    connection = (await container.use(Connections).create(a_connection())).value
    await container.use(SyncStates).create(SyncState(CONNECTION, checkpoint=HistoryId(1000)))
    return connection
