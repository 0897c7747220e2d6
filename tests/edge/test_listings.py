"""What a narrow key lists is the same whatever others do: rows, page sizes and cursors alike."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.domain.connect.connection import Connection
from shared.domain.cursor import page_token_of
from shared.domain.events.event import EventState
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.keys.approval import ApprovalState
from shared.domain.operation import OperationState
from shared.edge.composition.container import AutowiredContainer
from shared.edge.table import api_routes
from shared.edge.web.routes import Tenant
from shared.ports.access import Approvals
from shared.ports.events import Operations, Outbox
from tests.contracts.samples import approval, event, operation
from tests.harness.clock import START
from tests.harness.samples import CONNECTION, OTHER, a_key

Stores = Callable[[AutowiredContainer, int, ConnectionId], Awaitable[Any]]
PAGES = [
    one
    for one in api_routes()
    if one.method == "GET"
    and one.tenant is Tenant.OPTIONAL
    and one.query is not None
    and "limit" in one.query.model_fields
]
"""Every page of what belongs to connections that a key may name or leave out."""


async def _approval(container: AutowiredContainer, number: int, owner: ConnectionId) -> None:
    at = START + timedelta(minutes=number // 2)  # every second one shares its moment
    state = ApprovalState.PENDING if number % 3 else ApprovalState.REJECTED
    await container.use(Approvals).create(
        approval(f"apr_{number:032x}", owner, created_at=at, state=state)
    )


async def _operation(container: AutowiredContainer, number: int, owner: ConnectionId) -> None:
    at = START + timedelta(minutes=number)
    state = OperationState.OK if number % 3 else OperationState.FAILED
    await container.use(Operations).append(
        operation(f"op_{number}", owner, started_at=at, state=state)
    )


async def _event(container: AutowiredContainer, number: int, owner: ConnectionId) -> None:
    at = START + timedelta(minutes=number)
    state = EventState.PENDING if number % 3 else EventState.DEAD
    payload = {"from": "postroom", "type": "sync"}
    await container.use(Outbox).create(
        event(f"e{number}", owner, created_at=at, state=state, payload=payload)
    )


STORED: Mapping[str, tuple[Stores, str]] = {
    "/approvals": (_approval, "state=rejected"),
    "/operations": (_operation, "state=failed"),
    "/events": (_event, "state=dead"),
}


def test_no_page_is_left_out_here() -> None:
    assert {one.path for one in PAGES} == {*STORED}


async def every_page(api: httpx.AsyncClient, key: str, path: str, query: str) -> list[Any]:
    """Follow the cursors to the end; answer every page as it came."""
    pages: list[Any] = []
    cursor = ""
    while True:
        headers = {"Authorization": f"Bearer {key}"}
        answer = await api.get(f"{path}?{query}{cursor}", headers=headers)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        following = pages[-1].get("next_cursor")
        if following is None:
            return pages
        cursor = f"&cursor={following}"


@pytest.mark.parametrize("path", STORED)
async def test_a_narrow_key_cannot_tell_whether_others_have_anything(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection, path: str
) -> None:
    store, filtered = STORED[path]
    key = await a_key(container, "*", connections=frozenset({CONNECTION}))
    queries = [f"limit={limit}" for limit in (1, 2, 3, 5, 100)]
    queries += [f"limit=2&{filtered}", f"limit=3&connection_id={CONNECTION}"]
    queries += [f"limit=3&connection_id={OTHER}"]
    for number in range(10, 20, 2):
        await store(container, number, CONNECTION)
    alone = [await every_page(api, key, path, query) for query in queries]
    for number in (*range(10), *range(11, 20, 2), *range(20, 60)):
        await store(container, number, OTHER)
    beside = [await every_page(api, key, path, query) for query in queries]
    assert beside == alone
    found = dict(zip(queries, beside, strict=True))
    assert len(found["limit=100"][0][path.removeprefix("/")]) == 5
    assert not any(page[path.removeprefix("/")] for page in found[queries[-1]])


@pytest.mark.parametrize(
    "cursor",
    [
        f"{'9' * 18}.apr_{'0' * 32}",
        "AAAA",
        "no cursor",
        page_token_of(CONNECTION, START, MessageId(f"apr_{'0' * 32}")),
    ],
)
async def test_a_cursor_of_anything_else_is_refused(api: httpx.AsyncClient, cursor: str) -> None:
    answer = await api.get("/approvals", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_query_params")
