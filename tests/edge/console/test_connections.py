"""The list of connections: found by index however many there are, told as it is."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from shared.adapters.sqlite.connections import SqliteConnections, statement
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId, HistoryId
from shared.domain.sync.mailbox import Mailbox
from shared.domain.sync.state import Audit, SyncState
from shared.edge.composition.container import AutowiredContainer
from shared.edge.console.connections.listing import A_PAGE
from shared.ports.clock import Clock
from shared.ports.connections import ConnectionQuery, Connections, Mailboxes
from shared.ports.sync_store import SyncStates
from tests.edge.console.people import Person, problem_of, words
from tests.harness.samples import NOW, a_connection

MANY = 3 * A_PAGE + 5


def number(value: int) -> ConnectionId:
    return ConnectionId(str(UUID(int=value)))


async def many(container: AutowiredContainer) -> list[Connection]:
    """Store connections a minute apart; answer them newest first."""
    made = [
        a_connection(
            number(one),
            email=f"person{one}@example.com",
            created_at=NOW + timedelta(minutes=one),
            tags={"team": "blue" if one % 10 == 0 else "red"},
        )
        for one in range(MANY)
    ]
    for one in made:
        await container.use(Connections).create(one)
    return made[::-1]


def emails(page: httpx.Response) -> list[str]:
    """Return the mailboxes that a page lists, in order."""
    marked = page.text.split('href="/console/connections/')[1:]
    return [one.partition(">")[2].partition("<")[0] for one in marked]


def following(page: httpx.Response) -> str | None:
    before, found, _ = page.text.partition("<span>Older connections")
    return before.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&") if found else None


async def test_pages_follow_each_other_to_the_end(
    operator: Person, container: AutowiredContainer
) -> None:
    made = await many(container)
    seen: list[str] = []
    way: str | None = "/console/connections"
    pages = 0
    while way:
        page = await operator.get(way)
        seen += emails(page)
        way, pages = following(page), pages + 1
    assert seen == [one.email for one in made]
    assert pages == 4


async def test_filters_stay_while_paging_and_live(
    operator: Person, container: AutowiredContainer
) -> None:
    await many(container)
    first = await operator.get("/console/connections?search=PERSON&tags=team%3Dred&status=active")
    assert len(emails(first)) == A_PAGE
    way = following(first)
    assert way is not None
    for part in ("search=person", "tags=team%3Dred", "status=active", "after="):
        assert part.lower() in way.lower()
    assert emails(await operator.get(way, live=True)) == emails(await operator.get(way))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("search=person7", 1 + 10),
        ("search=person77@example.com", 1),
        (f"search={UUID(int=5)}", 1),
        ("tags=team=blue", MANY // 10),
        ("tags=team=blue,plan=pro", 0),
        ("status=paused", 0),
        ("status=nonsense", A_PAGE),
        ("search=nobody", 0),
    ],
)
async def test_connections_are_found_by_how_they_begin_by_tag_and_by_status(
    operator: Person, container: AutowiredContainer, query: str, count: int
) -> None:
    await many(container)
    page = await operator.get(f"/console/connections?{query}")
    assert len(emails(page)) == count
    assert ("No connection fits" in words(page)) == (count == 0)


@pytest.mark.parametrize("query", ["tags=blue", "after=xyz"])
async def test_a_filter_that_cannot_be_read_is_refused_in_words(
    operator: Person, query: str
) -> None:
    page = await operator.get(f"/console/connections?{query}")
    assert page.status_code == 400
    assert problem_of(page) is not None


async def test_a_page_reads_no_more_than_it_shows(
    operator: Person, container: AutowiredContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted where documents are parsed: at the start, in the middle, and under every filter."""
    made = await many(container)
    parsed: list[str] = []
    parse = SqliteConnections.parse_document

    def counted(self: SqliteConnections, id: str, text: str) -> dict[str, object]:
        parsed.append(id)
        return parse(self, id, text)

    monkeypatch.setattr(SqliteConnections, "parse_document", counted)
    deep = following(await operator.get("/console/connections"))
    for way in (
        "/console/connections",
        deep or "",
        "/console/connections?status=active",
        "/console/connections?search=person&status=active&tags=team%3Dred",
        f"/console/connections?search={made[-1].id}",
        "/console/connections?search=nobody",
    ):
        parsed.clear()
        await operator.get(way)
        assert len(parsed) <= A_PAGE + 1, way


@pytest.mark.parametrize(
    "query",
    [
        ConnectionQuery(),
        ConnectionQuery(after=(NOW, "x")),
        ConnectionQuery(search="person"),
        ConnectionQuery(search="person", status=ConnectionStatus.ACTIVE, after=(NOW, "x")),
        ConnectionQuery(tags={"team": "red"}, status=ConnectionStatus.ACTIVE),
    ],
)
def test_every_listing_is_led_by_an_index_in_its_order(
    container: AutowiredContainer, query: ConnectionQuery
) -> None:
    connections = container.use(Connections)
    assert isinstance(connections, SqliteConnections)
    sql, values = statement(query)
    plan = [row[3] for row in connections.database.rows(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert not [step for step in plan if "TEMP B-TREE" in step]
    scans = [step for step in plan if step.startswith("SCAN") and "USING INDEX" not in step]
    assert scans == []


async def test_a_line_says_how_the_mailbox_stands(
    operator: Person, container: AutowiredContainer
) -> None:
    now = container.use(Clock).now()
    made = a_connection()
    await container.use(Connections).create(made)
    audited = Audit(now, finished_at=now, listed=1000, missing=1)
    state = SyncState(made.id, checkpoint=HistoryId(1), hint=HistoryId(2), live_records=12_345)
    await container.use(SyncStates).create(
        replace(state, audit=audited, last_delta_at=now - timedelta(minutes=7))
    )
    await container.use(Mailboxes).create(
        Mailbox(
            made.mailbox_id,
            frozenset({made.id}),
            watch_expires_at=now + timedelta(days=3, minutes=5),
            last_push_at=now - timedelta(minutes=9),
        )
    )
    said = words(await operator.get("/console/connections"))
    for part in ("ada@example.com", "team=blue", "Behind", "7 min", "in 3 d", "99.9 %", "12 345"):
        assert part in said.replace("\N{NARROW NO-BREAK SPACE}", " "), part
