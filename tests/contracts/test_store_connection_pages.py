"""A listing of connections that goes on after a place, on both stores."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from shared.adapters.documents.connection_terms import terms_asked
from shared.adapters.sqlite.store import open_store
from shared.adapters.system_clock import AdjustableClock
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.ports.connections import ConnectionQuery
from shared.ports.store import Store
from tests.contracts.samples import connection
from tests.harness.clock import START

COUNT = 9


async def some(store: Store) -> list[Connection]:
    """Store connections, three of each moment, every second one of team blue; newest first."""
    made = [
        connection(
            str(UUID(int=number)),
            f"person{number}@example.com",
            created_at=START + timedelta(minutes=number // 3),
            tags={"team": "blue" if number % 2 else "red"},
            status=ConnectionStatus.ACTIVE,
        )
        for number in range(COUNT)
    ]
    for one in made:
        await store.connections.create(one)
    return sorted(made, key=lambda one: (one.created_at, one.id), reverse=True)


async def walked(store: Store, limit: int, **filters: object) -> list[str]:
    """Return the ids of all pages, each asked for by the place of the one before."""
    ids: list[str] = []
    after = None
    while True:
        query = ConnectionQuery(limit=limit, after=after, **filters)  # type: ignore[arg-type]
        page = await store.connections.find(query)
        ids += [one.id for one in page]
        if len(page) < limit:
            return ids
        after = (page[-1].created_at, page[-1].id)


@pytest.mark.parametrize("limit", [1, 2, 4, COUNT])
async def test_pages_after_a_place_make_up_the_whole_in_its_order(store: Store, limit: int) -> None:
    made = await some(store)
    assert await walked(store, limit) == [one.id for one in made]


async def test_pages_after_a_place_hold_what_is_filtered_for(store: Store) -> None:
    blue = [one.id for one in await some(store) if one.tags["team"] == "blue"]
    assert await walked(store, 2, tags={"team": "blue"}) == blue
    both = {"tags": {"team": "blue"}, "search": "person", "status": ConnectionStatus.ACTIVE}
    assert await walked(store, 2, **both) == blue


async def test_what_came_since_does_not_shift_a_later_page(store: Store) -> None:
    """An offset would show one connection twice; a place does not."""
    made = await some(store)
    first = await store.connections.find(ConnectionQuery(limit=3))
    await store.connections.create(
        connection(str(UUID(int=99)), "new@example.com", created_at=START + timedelta(days=1))
    )
    place = (first[-1].created_at, first[-1].id)
    second = await store.connections.find(ConnectionQuery(limit=3, after=place))
    assert [one.id for one in (*first, *second)] == [one.id for one in made[:6]]


async def test_a_file_of_an_earlier_version_is_listed_in_order_too(tmp_path: Path) -> None:
    """Its terms had no time beside them."""
    path = tmp_path / "store.db"
    before = open_store(path, AdjustableClock())
    made = await some(before)
    await before.close()
    with closing(sqlite3.connect(path)) as old:
        for index in ("connection_terms_newest", "connection_terms_undated"):
            old.execute(f"DROP INDEX {index}")
        old.execute("ALTER TABLE connection_terms DROP COLUMN created_us")
    after = open_store(path, AdjustableClock())
    blue = [one.id for one in made if one.tags["team"] == "blue"]
    assert await walked(after, 2, tags={"team": "blue"}) == blue
    await after.close()


@pytest.mark.parametrize(
    ("query", "leading"),
    [
        (ConnectionQuery(search="p", status=ConnectionStatus.PAUSED), "status:paused"),
        (ConnectionQuery(search="person7", status=ConnectionStatus.PAUSED), "start:person7"),
        (ConnectionQuery(search="p", status=ConnectionStatus.ACTIVE), "start:p"),
        (ConnectionQuery(status=ConnectionStatus.ACTIVE), "status:active"),
        (ConnectionQuery(search="p", tags={"team": "blue"}), "tag:team=blue"),
    ],
)
def test_the_filter_that_finds_fewest_leads(query: ConnectionQuery, leading: str) -> None:
    assert terms_asked(query)[0] == leading
