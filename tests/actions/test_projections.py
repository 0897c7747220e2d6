"""A deployment's own model, read through the API like EmailMessage."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from shared.domain.ids import HistoryId, LabelId, SequenceNumber
from shared.domain.mail.reading.email_message import EmailMessage
from shared.domain.sync.records.projection import Projection
from shared.domain.sync.records.record import Record
from shared.ports.sync_store import Batch, Records, SyncStates
from tests.harness.acting import ActionHarness
from tests.harness.samples import CONNECTION, NOW, a_record, store_records


class Unread(BaseModel):
    subject: str


def unread(message: EmailMessage) -> Unread | None:
    return Unread(subject=message["subject"]) if message["isUnread"] else None


RECORDS = "shared.edge.api.mail.records"
UNREAD = Projection(Unread, unread, "find-unread", "What nobody has read yet.")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("shared.actions.catalogue", "shared.edge.api.mail.records",
                   "shared.edge.api.mail.records", "shared.edge.api.syncs",
                   "shared.edge.api.mail.sync_models"):  # fmt: skip
        monkeypatch.setattr(f"{module}.projections", lambda *_: {UNREAD.name: UNREAD})


async def page(harness: ActionHarness, status: int = 200, **query: Any) -> Any:
    answer = await harness.api.get("/records", params={"model": "Unread", **query})
    assert answer.status_code == status, answer.text
    return answer.json()


def shown(found: Mapping[str, Any]) -> dict[str, str]:
    return {one["id"][-2:]: one["_nango_metadata"]["last_action"] for one in found["records"]}


def read(number: int, sequence: int) -> Record:
    labels = frozenset({LabelId("INBOX")})
    was = a_record(number)
    head = was.head.with_labels(labels, HistoryId(2_000), SequenceNumber(sequence), NOW)
    return replace(was, head=head)


def never_unread(number: int) -> Record:
    return a_record(number, label_ids=frozenset({LabelId("INBOX")}))


async def test_its_records_page_filter_and_end_like_the_messages_do(harness: ActionHarness) -> None:
    await store_records(harness.container, *(a_record(one) for one in (1, 2)), never_unread(3))
    first = await page(harness, limit=1)
    assert shown(first) == {"01": "ADDED"}
    assert first["records"][0]["subject"] == "Letter 1"
    rest = await page(harness, cursor=first["next_cursor"])
    assert shown(rest) == {"02": "ADDED"}
    assert rest["next_cursor"] is None

    await store_records(harness.container, read(1, 7))
    news = await page(harness, cursor=rest["records"][-1]["_nango_metadata"]["cursor"])
    assert shown(news) == {"01": "DELETED"}
    assert news["records"][0]["_nango_metadata"]["deleted_at"] == "2026-10-01T12:00:00.000Z"
    assert shown(await page(harness, filter="deleted")) == {"01": "DELETED"}
    assert shown(await page(harness, filter="added")) == {"02": "ADDED"}
    assert shown(await page(harness, ids=[f"{2:016x}", f"{3:016x}"])) == {"02": "ADDED"}
    assert shown(await page(harness, modified_after="2026-10-01T12:01:30Z")) == {"02": "ADDED"}


async def test_a_screen_shows_what_is_there_now(harness: ActionHarness) -> None:
    await store_records(harness.container, *map(a_record, range(1, 6)), never_unread(6))
    first = await page(harness, order="date_desc", limit=3)
    assert [one["subject"] for one in first["records"]] == ["Letter 5", "Letter 4", "Letter 3"]
    rest = await page(harness, order="date_desc", limit=3, before=first["next_before"])
    assert [one["subject"] for one in rest["records"]] == ["Letter 2", "Letter 1"]
    assert rest["next_before"] is None


async def test_a_page_that_keeps_nothing_still_leads_on(
    harness: ActionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.edge.api.mail.projected_records.MOST_READ", 3)
    await store_records(harness.container, *map(never_unread, range(1, 6)), a_record(6))
    first = await page(harness)
    assert first["records"] == []
    assert shown(await page(harness, cursor=first["next_cursor"])) == {"06": "ADDED"}


async def test_it_is_listed_where_the_messages_are(harness: ActionHarness) -> None:
    (config,) = (await harness.api.get("/scripts/config")).json()
    (own,) = [one for one in config["syncs"] if one["name"] == "find-unread"]
    assert own["returns"] == ["Unread"]
    for schema in own["json_schema"]["definitions"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    everything = (await harness.api.get("/sync/status")).json()["syncs"]
    assert [one["name"] for one in everything] == ["fetch-messages", "find-unread"]
    one = (await harness.api.get("/sync/status", params={"syncs": "find-unread"})).json()["syncs"]
    assert [it["name"] for it in one] == ["find-unread"]
    body = {"provider_config_key": "google-mail", "syncs": ["find-unread"]}
    assert (await harness.api.post("/sync/trigger", json=body)).json() == {"success": True}


async def test_a_model_or_sync_that_is_not_there_is_named(harness: ActionHarness) -> None:
    answer = await harness.api.get("/records", params={"model": "Invoice"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_query_params")
    assert "Unread" in answer.text
    status = await harness.api.get("/sync/status", params={"syncs": "nothing"})
    assert status.status_code == 404


async def test_only_the_messages_can_be_emptied(harness: ActionHarness) -> None:
    body = {"model": "Unread", "until_cursor": "x"}
    answer = await harness.api.patch("/records/prune", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_body")


async def test_one_that_raises_stops_its_reader_and_nobody_else(
    harness: ActionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(message: EmailMessage) -> Unread | None:
        raise KeyError(message["subject"])

    broken = replace(UNREAD, project=breaks)
    monkeypatch.setattr(
        "shared.edge.api.mail.records.projections", lambda *_: {UNREAD.name: broken}
    )
    await store_records(harness.container, a_record(1))
    error = (await page(harness, status=424))["error"]
    assert error["code"] == "projection_failed"
    assert "Letter" not in error["message"]
    assert "KeyError at shared/domain/sync/records/projection.py:" in error["message"]
    assert len((await harness.api.get("/records")).json()["records"]) == 1


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt, GeneratorExit])
async def test_a_projection_that_exits_ends_its_answer_and_not_the_process(
    harness: ActionHarness, monkeypatch: pytest.MonkeyPatch, end: type[BaseException]
) -> None:
    def leaves(message: EmailMessage) -> Unread | None:
        raise end

    broken = replace(UNREAD, project=leaves)
    monkeypatch.setattr(
        "shared.edge.api.mail.records.projections", lambda *_: {UNREAD.name: broken}
    )
    await store_records(harness.container, a_record(1))
    assert (await page(harness, status=424))["error"]["code"] == "projection_failed"


async def test_the_past_of_a_record_survives_the_store(harness: ActionHarness) -> None:
    changed = read(1, 9)
    await store_records(harness.container, a_record(1))
    was = await harness.container.use(SyncStates).get(CONNECTION)
    assert was is not None
    state = replace(was.value, sequence=SequenceNumber(9))
    await harness.container.use(SyncStates).commit(was, state, Batch(heads=[changed.head]))
    stored = await harness.container.use(Records).get(CONNECTION, changed.head.message_id)
    assert stored is not None
    assert stored.head == changed.head
    assert [one.live for one in stored.head.earlier] == [True]
