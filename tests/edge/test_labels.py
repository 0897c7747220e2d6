"""GET /labels: stored messages counted by label."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import SEND
from shared.domain.ids import LabelId, SequenceNumber
from shared.edge.composition.container import AutowiredContainer
from shared.ports.connections import Connections
from shared.usecases.mail import count_labels
from tests.harness.samples import CONNECTION, NOW, a_record, error_of, store_records, tenant

INBOX, UNREAD, WORK = LabelId("INBOX"), LabelId("UNREAD"), LabelId("Label_7")


async def counted(api: httpx.AsyncClient) -> Any:
    answer = await api.get("/labels", headers=tenant())
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_label_is_counted_with_what_is_unread_under_it(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    gone = a_record(4)
    await store_records(
        container,
        a_record(1),
        a_record(2, label_ids=frozenset({INBOX, WORK})),
        a_record(3, label_ids=frozenset({WORK, UNREAD})),
        replace(gone, head=gone.head.tombstone(SequenceNumber(4), NOW)),
    )
    assert await counted(api) == {
        "labels": [
            {"id": "INBOX", "total": 2, "unread": 1},
            {"id": "Label_7", "total": 2, "unread": 1},
            {"id": "UNREAD", "total": 2, "unread": 2},
        ],
        "messages": 3,
        "unread": 2,
        "complete": True,
    }


async def test_a_mailbox_without_stored_mail_has_no_labels(
    api: httpx.AsyncClient, connected: Connection
) -> None:
    found = await counted(api)
    assert found == {"labels": [], "messages": 0, "unread": 0, "complete": True}


async def test_of_a_large_mailbox_the_newest_are_counted_and_it_says_so(
    api: httpx.AsyncClient,
    container: AutowiredContainer,
    connected: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(count_labels, "MOST_COUNTED", 1_000)
    await store_records(container, *(a_record(number) for number in range(1, 1_001)))
    assert (await counted(api))["complete"] is True
    await store_records(container, a_record(1_001))
    found = await counted(api)
    assert (found["messages"], found["complete"]) == (1_000, False)


async def test_a_connection_that_only_sends_has_no_mail_to_count(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    connections = container.use(Connections)
    was = await connections.get(CONNECTION)
    assert was is not None
    await connections.swap(was, replace(was.value, scopes=frozenset({"openid", "email", SEND})))
    answer = await api.get("/labels", headers=tenant())
    assert (answer.status_code, error_of(answer)["code"]) == (403, "not_granted")
