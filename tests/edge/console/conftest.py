"""A deployment with a console: a keyring for its sessions, and who may come in."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.adapters.keys.local import create_keyring
from shared.edge.composition.container import AutowiredContainer
from shared.edge.table import console_routes
from tests.edge.conftest import ClientOf
from tests.edge.console.people import CONSOLE, Person, an_operator


@pytest.fixture
def environ(environ: Mapping[str, str], tmp_path: Path) -> Mapping[str, str]:
    create_keyring(tmp_path / "keyring.json")
    return {**environ, **CONSOLE}


@pytest.fixture
async def operator(client_of: ClientOf, container: AutowiredContainer) -> Person:
    return await an_operator(client_of(console_routes()), container)
