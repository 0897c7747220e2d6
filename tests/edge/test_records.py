"""GET /records and PATCH /records/prune."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.domain.connect.connection import Connection
from shared.domain.ids import LabelId, SequenceNumber
from shared.domain.sync.records.record import LastAction
from shared.edge.api.mail import records
from shared.edge.composition.container import AutowiredContainer
from shared.ports.connections import Connections
from tests.harness.samples import (
    NOW,
    OTHER,
    a_connection,
    a_record,
    error_of,
    store_records,
    tenant,
)


@pytest.fixture
async def five(container: AutowiredContainer, connected: Connection) -> None:
    await store_records(container, *(a_record(number) for number in range(1, 6)))


async def page(api: httpx.AsyncClient, **query: Any) -> Any:
    answer = await api.get("/records", params={"model": "EmailMessage", **query}, headers=tenant())
    assert answer.status_code == 200, answer.text
    return answer.json()


def subjects(answer: Any) -> list[str]:
    return [record["subject"] for record in answer["records"]]


async def test_following_the_cursor_shows_each_record_once_in_commit_order(
    api: httpx.AsyncClient, five: None
) -> None:
    first = await page(api, limit=2)
    second = await page(api, limit=2, cursor=first["next_cursor"])
    third = await page(api, limit=2, cursor=second["next_cursor"])
    seen = [*subjects(first), *subjects(second), *subjects(third)]
    assert seen == [f"Letter {number}" for number in range(1, 6)]
    assert third["next_cursor"] is None


async def test_a_record_is_the_message_with_its_metadata(
    api: httpx.AsyncClient, five: None
) -> None:
    record = (await page(api, limit=1))["records"][0]
    assert record["id"] == f"{1:016x}"
    assert record["labelIds"] == ["INBOX", "UNREAD"]
    assert (record["isUnread"], record["isSent"]) == (True, False)
    assert record["_nango_metadata"]["last_action"] == "ADDED"
    assert record["_nango_metadata"]["deleted_at"] is None


async def test_the_last_records_own_cursor_continues_after_it(
    api: httpx.AsyncClient, container: AutowiredContainer, five: None
) -> None:
    everything = await page(api)
    kept = everything["records"][-1]["_nango_metadata"]["cursor"]
    assert (await page(api, cursor=kept))["records"] == []
    await store_records(container, a_record(6))
    assert subjects(await page(api, cursor=kept)) == ["Letter 6"]


async def test_the_official_clients_trailing_slash_and_spellings_work(
    api: httpx.AsyncClient, five: None
) -> None:
    query = "model=Message&variant=base&filter=Added,updated&limit=3&delta=2026-01-01T00:00:00Z"
    answer = await api.get(f"/records/?{query}", headers=tenant())
    assert len(answer.json()["records"]) == 3


async def test_filters_pass_over_without_losing_the_place(
    api: httpx.AsyncClient, container: AutowiredContainer, five: None
) -> None:
    gone = a_record(2, sequence=SequenceNumber(6))
    gone = replace(gone, head=gone.head.tombstone(SequenceNumber(6), NOW))
    await store_records(container, gone)
    assert [r["id"] for r in (await page(api, filter="deleted"))["records"]] == [f"{2:016x}"]
    assert len((await page(api, filter="added"))["records"]) == 4
    assert (await page(api, filter="updated"))["records"] == []
    for empty in ("", ","):
        assert len((await page(api, filter=empty))["records"]) == 5


async def test_a_deleted_record_is_a_tombstone_with_its_last_content(
    api: httpx.AsyncClient, container: AutowiredContainer, five: None
) -> None:
    gone = a_record(2)
    await store_records(container, replace(gone, head=gone.head.tombstone(SequenceNumber(6), NOW)))
    (tombstone,) = (await page(api, filter="DELETED"))["records"]
    assert tombstone["subject"] == "Letter 2"
    assert tombstone["_nango_metadata"]["last_action"] == LastAction.DELETED
    assert tombstone["_nango_metadata"]["deleted_at"] is not None


async def test_modified_after_and_ids_narrow_the_stream(api: httpx.AsyncClient, five: None) -> None:
    after = (NOW + timedelta(minutes=3, seconds=1)).isoformat()
    assert subjects(await page(api, modified_after=after)) == ["Letter 4", "Letter 5"]
    some = await page(api, ids=[f"{1:016x}", f"{5:016x}", "f" * 16])
    assert subjects(some) == ["Letter 1", "Letter 5"]


async def test_a_screen_is_newest_first_with_its_own_page_token(
    api: httpx.AsyncClient, five: None
) -> None:
    first = await page(api, order="date_desc", limit=2)
    second = await page(api, order="date_desc", limit=2, before=first["next_before"])
    assert subjects(first) + subjects(second) == ["Letter 5", "Letter 4", "Letter 3", "Letter 2"]
    assert first["next_cursor"] is None


async def test_a_screen_filters_by_label_and_by_thread(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    starred = frozenset({LabelId("STARRED")})
    await store_records(container, a_record(1, label_ids=starred), a_record(2))
    assert subjects(await page(api, label="STARRED")) == ["Letter 1"]
    assert subjects(await page(api, thread_id=f"{2:016x}")) == ["Letter 2"]


async def test_a_screen_of_several_labels_shows_what_has_all_of_them(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    read = frozenset({LabelId("INBOX")})
    rows = [a_record(n, label_ids=read) if n % 2 else a_record(n) for n in range(1, 9)]
    await store_records(container, *rows)
    query = {"label": ["UNREAD", "INBOX"], "limit": 3}
    first = await page(api, **query)
    rest = await page(api, **query, before=first["next_before"])
    assert subjects(first) == ["Letter 8", "Letter 6", "Letter 4"]
    assert (subjects(rest), rest["next_before"]) == (["Letter 2"], None)
    assert subjects(await page(api, label=["UNREAD", "STARRED"])) == []
    one = await page(api, label=["UNREAD", "INBOX"], thread_id=f"{4:016x}")
    assert subjects(one) == ["Letter 4"]
    assert len(subjects(await page(api, label=["", "INBOX"]))) == 8


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense"},
        {"cursor": "¤"},
        {"limit": 0},
        {"limit": 10_001},
        {"filter": "changed"},
        {"model": "Contact"},
        {"variant": "other"},
        {"modified_after": "yesterday"},
        {"ids": ["x"] * 101},
        {"before": "nonsense"},
        {"order": "date_desc", "filter": "added"},
        {"order": "size"},
    ],
)
async def test_a_wrong_query_is_refused(
    api: httpx.AsyncClient, connected: Connection, query: dict[str, Any]
) -> None:
    answer = await api.get("/records", params=query, headers=tenant())
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_query_params")


async def test_a_cursor_of_another_connection_is_refused(
    api: httpx.AsyncClient, container: AutowiredContainer, five: None
) -> None:
    await container.use(Connections).create(a_connection(OTHER))
    cursor = (await page(api, limit=1))["next_cursor"]
    answer = await api.get("/records", params={"cursor": cursor}, headers=tenant(OTHER))
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_query_params")


async def test_an_unknown_connection_and_none_at_all_are_told_apart(
    api: httpx.AsyncClient, connected: Connection
) -> None:
    unknown = await api.get("/records", headers=tenant(OTHER))
    impossible = await api.get("/records", headers=tenant("../" * 5))
    none = await api.get("/records")
    assert (unknown.status_code, error_of(unknown)["code"]) == (404, "unknown_connection")
    assert (impossible.status_code, error_of(impossible)["code"]) == (404, "unknown_connection")
    assert (none.status_code, error_of(none)["code"]) == (400, "invalid_headers")


async def test_a_large_answer_ends_early_and_goes_on_at_its_cursor(
    api: httpx.AsyncClient, five: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "ANSWER_BYTES", 1)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await page(api, **({"cursor": cursor} if cursor else {}))
        seen += subjects(answer)
        cursor = answer["next_cursor"]
    assert seen == [f"Letter {number}" for number in range(1, 6)]


async def test_pruning_empties_content_up_to_a_cursor_and_keeps_the_records(
    api: httpx.AsyncClient, five: None
) -> None:
    until = (await page(api, limit=3))["next_cursor"]
    body = {"model": "EmailMessage", "until_cursor": until, "limit": 2}
    first = await api.patch("/records/prune", json=body, headers=tenant())
    rest = await api.patch("/records/prune", json=body, headers=tenant())
    assert first.json() == {"count": 2, "has_more": True}
    assert rest.json() == {"count": 1, "has_more": False}
    after = (await page(api))["records"]
    assert len(after) == 5
    assert ["subject" in record for record in after] == [False, False, False, True, True]
    assert after[0]["_nango_metadata"]["pruned_at"] is not None


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"subject": "\u202e"}, "subject: there is no word"),
        ({"page": "g.x"}, "page: this one goes with the `q`"),
        ({"page": "x"}, "This page is damaged"),
    ],
)
async def test_a_refused_query_has_the_code_of_a_query(
    api: httpx.AsyncClient, connected: Connection, query: dict[str, str], said: str
) -> None:
    answer = await api.get("/records/search", params=query, headers=tenant())
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_query_params")
    assert error_of(answer)["message"].startswith(said)
