"""Every store contract runs over SQLite and over Firestore's official emulator."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.ports.store import Store
from tests.contracts.backends import Backend, FirestoreBackend, SqliteBackend
from tests.harness.samples import empty_store


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulators)])
async def backend(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Backend]:
    """One empty database."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        path.write_bytes(empty_store())
        opened: Backend = SqliteBackend(path)
    else:
        host = request.getfixturevalue("firestore_emulator")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        opened = FirestoreBackend(f"test-{secrets.token_hex(8)}")
    yield opened
    await opened.close()


@pytest.fixture
async def store(backend: Backend) -> Store:
    """Open a store over that database."""
    return backend.open()
