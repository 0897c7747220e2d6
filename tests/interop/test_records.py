"""The live copy of a mailbox through Nango's Node client: pages, filters, ids, pruning."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

import pytest

from infra.local.environment import INTEGRATION
from infra.local.system import LocalSystem
from tests.chaos.owner import Owner
from tests.functions.test_main_job import ADA, live, truth
from tests.interop.conftest import SEEDED
from tests.interop.nango import Nango

pytestmark = pytest.mark.asyncio(loop_scope="module")
MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Hi\r\n\r\nHello!"


def model(connection: str, **more: Any) -> dict[str, Any]:
    named = {"providerConfigKey": INTEGRATION, "connectionId": connection}
    return {**named, "model": "EmailMessage", **more}


async def everything(
    nango: Nango, connection: str, cursor: str | None = None, **more: Any
) -> list[dict[str, Any]]:
    """Loop on `next_cursor`, as the client's users do."""
    found: list[dict[str, Any]] = []
    while True:
        page = await nango.listRecords(model(connection, cursor=cursor, **more))
        found += page["records"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_a_loop_on_next_cursor_reads_each_message_once(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    found = await everything(nango, connection, limit=7)
    assert len(found) == len({one["id"] for one in found}) == SEEDED
    assert live(found) == await truth(system, ADA)
    first = await nango.listRecords(model(connection, limit=7))
    assert [one["id"] for one in first["records"]] == [one["id"] for one in found[:7]]
    assert all(one["_nango_metadata"]["last_action"] == "ADDED" for one in found)


async def test_a_record_is_the_message_as_gmail_has_it(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    record = (await everything(nango, connection))[0]
    gmail = await nango.get(
        {
            "endpoint": f"/gmail/v1/users/me/messages/{record['id']}",
            "providerConfigKey": INTEGRATION,
            "connectionId": connection,
        }
    )
    message = gmail["data"]
    headers = {one["name"].lower(): one["value"] for one in message["payload"]["headers"]}
    same = ("threadId", "internalDate", "sizeEstimate")
    assert {name: record[name] for name in same} == {name: message[name] for name in same}
    assert record["snippet"] == unescape(message["snippet"])
    assert set(record["labelIds"]) == set(message["labelIds"])
    assert record["messageId"] == headers["message-id"]
    assert record["from"]["email"] in headers["from"]
    assert datetime.fromisoformat(record["date"]) == parsedate_to_datetime(headers["date"])


async def test_filters_tell_added_updated_and_deleted_apart(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    before = (await everything(nango, connection))[-1]["_nango_metadata"]["cursor"]
    star, trash = [one["id"] for one in (await everything(nango, connection))[:2]]
    proxied = {"providerConfigKey": INTEGRATION, "connectionId": connection}
    path = "/gmail/v1/users/me/messages"
    starred = await nango.post(
        {**proxied, "endpoint": f"{path}/{star}/modify", "data": {"addLabelIds": ["STARRED"]}}
    )
    assert "STARRED" in starred["data"]["labelIds"]
    Owner(system.emulated.store, ADA, system.clock).delete([trash])
    delivered = await system.google.post(f"/_control/mailboxes/{ADA}/messages", content=MAIL)
    await system.settle()
    new = delivered.json()["id"]

    async def ids(filter: str) -> list[str]:
        found = await everything(nango, connection, cursor=before, filter=filter)
        return [one["id"] for one in found]

    assert await ids("added") == [new]
    assert await ids("UPDATED") == [star]
    assert await ids("deleted") == [trash]
    assert set(await ids("added,updated")) == {new, star}
    (gone,) = await everything(nango, connection, filter="DELETED")
    assert gone["_nango_metadata"]["deleted_at"] is not None


async def test_ids_and_modified_after_select(nango: Nango, connection: str) -> None:
    wanted = [one["id"] for one in (await everything(nango, connection))[3:6]]
    found = await nango.listRecords(model(connection, ids=[*wanted, "00000000deadbeef"]))
    assert {one["id"] for one in found["records"]} == set(wanted)
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert await everything(nango, connection, modifiedAfter=later) == []
    earlier = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert len(await everything(nango, connection, delta=earlier)) >= SEEDED


async def test_the_alias_of_the_model_and_its_variant_are_the_same_records(
    nango: Nango, connection: str
) -> None:
    own = await nango.listRecords(model(connection, limit=5))
    alias = await nango.listRecords(model(connection, limit=5, model="Message", variant="base"))
    assert alias == own


async def test_pruning_empties_payloads_up_to_a_cursor_and_keeps_the_records(
    nango: Nango, connection: str
) -> None:
    found = await everything(nango, connection)
    cursor = found[19]["_nango_metadata"]["cursor"]
    asked = {"providerConfigKey": INTEGRATION, "connectionId": connection, "model": "EmailMessage"}
    first = await nango.pruneRecords({**asked, "untilCursor": cursor, "limit": 15})
    assert first == {"count": 15, "has_more": True}
    rest = await nango.pruneRecords({**asked, "untilCursor": cursor})
    assert rest == {"count": 5, "has_more": False}
    after = await everything(nango, connection)
    assert [one["id"] for one in after] == [one["id"] for one in found]
    pruned = [one["id"] for one in after if one["_nango_metadata"]["pruned_at"]]
    assert pruned == [one["id"] for one in found[:20]]
    assert all(one.get("text") is None and one.get("subject") is None for one in after[:20])
    assert after[20:] == found[20:]
